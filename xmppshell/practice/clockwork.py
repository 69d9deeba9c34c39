"""Time and fresh ids, the two things that make one run of the server differ from the next."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

FIXED_TIME: Final = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
"""What a stopped clock shows."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clockwork:
    """`now` gives the present as an aware time, `new_id` an id that was not given before.

    Ids of the real one cannot be guessed; those of `fixed` count from 1, and its time stands
    still, so that the same conversation always reads the same.
    """

    now: Callable[[], datetime] = _now
    new_id: Callable[[], str] = lambda: secrets.token_urlsafe(12)
    is_fixed: bool = False

    @classmethod
    def fixed(cls, at: datetime = FIXED_TIME) -> Clockwork:
        """Return one whose time is always `at`, and whose ids are `1`, `2`, `3` ..."""
        numbers = itertools.count(1)
        return cls(lambda: at, lambda: str(next(numbers)), True)

    def afresh(self) -> Clockwork:
        """Return one as this was at its beginning: a fixed one counts from 1 again."""
        return Clockwork.fixed(self.now()) if self.is_fixed else self

    @classmethod
    def exchangeable(cls, source: Callable[[], Clockwork]) -> Clockwork:
        """Return one that is always what `source` gives."""
        return cls(lambda: source().now(), lambda: source().new_id())

    def stamp(self) -> str:
        """Return the present as XEP-0082 writes it, in UTC and without fractions."""
        return f"{self.now().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
