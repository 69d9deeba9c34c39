"""Templates of stanzas and nonzas: shipped and the user's own, filled in and checked."""
