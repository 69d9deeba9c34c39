"""Stanza ids that a person can read aloud: a short prefix and a number that counts up."""

from __future__ import annotations


class IdCounter:
    """Gives `j1`, `j2`, `j3` ... ; one counter serves a session for its whole life.

    `last` is the id given most recently, or "".
    """

    def __init__(self, prefix: str = "x") -> None:
        self._prefix = prefix
        self._count = 0
        self.last = ""

    def next(self) -> str:
        """Return the next id."""
        self._count += 1
        self.last = f"{self._prefix}{self._count}"
        return self.last


def prefix_for(localpart: str) -> str:
    """Return the first letter of a localpart in lower case if it is plain ASCII, else `x`."""
    first = localpart[:1].lower()
    return first if first.isascii() and first.isalpha() else "x"
