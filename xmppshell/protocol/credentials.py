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


@dataclass(frozen=True, slots=True)
class FastToken:
    """A token that a server gave to be signed in with next time (XEP-0484), as good as a password.

    It belongs to one `mechanism`, such as HT-SHA-256-NONE. `expiry` is when it ends, in the format
    of XEP-0082. Neither it nor the token shows in `repr`.
    """

    mechanism: str
    token: str = field(repr=False)
    expiry: str = field(repr=False)
