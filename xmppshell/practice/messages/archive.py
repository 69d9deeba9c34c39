"""An archive of messages (XEP-0313): in the order they came, and found again by who and when."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from ...protocol.jid import JID
from .paging import Place, Places

MAX_ENTRIES: Final = 1000
"""How many messages one archive holds; then the oldest go."""

MAX_BYTES: Final = 1024 * 1024
"""How many bytes of messages one archive holds; then the oldest go."""


class Entry(NamedTuple):
    """An archived message: its UID, number in the archive, time, and whom it was to or from."""

    uid: str
    number: int
    at: datetime
    peer: JID
    data: bytes

    @property
    def stamp(self) -> str:
        """When it was archived, as XEP-0082 writes it."""
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; None where it does not matter.

    `peer` is a full JID, or a bare one for all its resources; `start` and `end` are included,
    `after` and `before`, which are numbers of entries, are not; `uids` are those to choose from.
    """

    peer: JID | None = None
    start: datetime | None = None
    end: datetime | None = None
    after: int | None = None
    before: int | None = None
    uids: frozenset[str] | None = None

    def matches(self, entry: Entry) -> bool:
        """Say whether `entry` is wanted."""
        peer = entry.peer if self.peer is None or self.peer.is_full else entry.peer.bare
        return (
            self.peer in (None, peer)
            and (self.start is None or entry.at >= self.start)
            and (self.end is None or entry.at <= self.end)
            and (self.after is None or entry.number > self.after)
            and (self.before is None or entry.number < self.before)
            and (self.uids is None or entry.uid in self.uids)
        )


class Archive:
    """The messages of one address. `new_id` gives each a UID."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._entries: deque[Entry] = deque()
        self._numbers: dict[str, int] = {}
        self._next = 0
        self._size = 0

    def add(self, data: bytes, peer: JID, at: datetime) -> str:
        """Archive the message `data` that was sent to or by `peer`, and return its UID.

        Its time is kept in UTC and to the second, as it is shown.
        """
        entry = Entry(
            self._new_id(), self._next, at.astimezone(UTC).replace(microsecond=0), peer, data
        )
        self._entries.append(entry)
        self._numbers[entry.uid] = entry.number
        self._next += 1
        self._size += len(data)
        while len(self._entries) > MAX_ENTRIES or self._size > MAX_BYTES:
            oldest = self._entries.popleft()
            del self._numbers[oldest.uid]
            self._size -= len(oldest.data)
        return entry.uid

    @property
    def ends(self) -> tuple[Entry, Entry] | None:
        """The first and the last entry; None if there are none."""
        return (self._entries[0], self._entries[-1]) if self._entries else None

    def number_of(self, uid: str) -> int | None:
        """Return the number of the entry with this UID, or None if there is none."""
        return self._numbers.get(uid)

    def find(self, wanted: Filter) -> list[Entry]:
        """Return the entries that are wanted, oldest first."""
        return [entry for entry in self._entries if wanted.matches(entry)]

    def places_in(self, found: Sequence[Entry]) -> Places:
        """Return how to find the place of any UID of the archive among some of its entries."""
        numbers = [entry.number for entry in found]

        def find(uid: str) -> Place | None:
            number = self._numbers.get(uid)
            if number is None:
                return None
            return Place(bisect_left(numbers, number), bisect_right(numbers, number))

        return find
