"""The ranks of people in a room: what they are to it, and what they may do in it now."""

from __future__ import annotations

import enum


class Affiliation(enum.IntEnum):
    """What a user is to a room, for as long as the room stands (XEP-0045 5.2)."""

    OUTCAST = 0
    NONE = 1
    MEMBER = 2
    ADMIN = 3
    OWNER = 4

    @property
    def word(self) -> str:
        """The word for it in a stanza."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Affiliation | None:
        """Return the affiliation that `word` is, or None."""
        return next((each for each in cls if each.word == word), None)


class Role(enum.IntEnum):
    """What an occupant may do, until it leaves (XEP-0045 5.1)."""

    NONE = 0
    VISITOR = 1
    PARTICIPANT = 2
    MODERATOR = 3

    @property
    def word(self) -> str:
        """The word for it in a stanza."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Role | None:
        """Return the role that `word` is, or None."""
        return next((each for each in cls if each.word == word), None)


def first_role(affiliation: Affiliation, *, moderated: bool) -> Role:
    """Return the role with which somebody enters (XEP-0045 5.1)."""
    if affiliation >= Affiliation.ADMIN:
        return Role.MODERATOR
    if affiliation is Affiliation.NONE and moderated:
        return Role.VISITOR
    return Role.PARTICIPANT
