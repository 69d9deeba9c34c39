"""All that a practice server does besides routing, put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .accounts import Accounts
    from .clockwork import Clockwork
    from .directory import Directory
    from .facilities import Facility, Host
    from .roster import Rosters


def repertoire(
    domains: Sequence[str],
    accounts: Accounts,
    rosters: Rosters,
    directory: Directory,
    clockwork: Clockwork,
) -> tuple[list[Facility], list[Host]]:
    """Return the facilities for the users of `domains`, and the hosts beside them."""
    return [], []
