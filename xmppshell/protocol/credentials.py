"""What a client proves itself with, kept out of every representation."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name (the localpart), its password, and the identity to act as, if another.

    The password never shows in `repr`, so that no traceback or log can hold it.
    """

    username: str
    password: str = field(repr=False)
    authzid: str = ""
