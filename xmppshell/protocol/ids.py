"""Stanza ids that a person can read aloud: a short prefix and a number that counts up."""

from __future__ import annotations

from collections.abc import Collection


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


def distinct_prefix(name: str, taken: Collection[str]) -> str:
    """Return a prefix for a session called `name` that is not in `taken`.

    It is the shortest beginning of the name that is free. Prefixes have no digits, so that the
    ids of two counters can never be the same.
    """
    letters = "".join(c for c in name.lower() if c.isascii() and c.isalpha()) or "x"
    for length in range(1, len(letters) + 1):
        if letters[:length] not in taken:
            return letters[:length]
    while letters in taken:
        letters += "x"
    return letters
