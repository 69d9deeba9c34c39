"""The messages that a room keeps for those who enter later (XEP-0045 7.2.13, 7.2.14)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from .limits import MAX_HISTORY, MAX_HISTORY_BYTES
from .names import MUC

if TYPE_CHECKING:
    from lxml import etree


class Past(NamedTuple):
    """A message as those who enter later get it, without `to`, and when it was sent."""

    data: bytes
    at: datetime


class History:
    """The latest messages of one room; the oldest go first when there are too many."""

    def __init__(self) -> None:
        self._messages: deque[Past] = deque()
        self._size = 0

    def __iter__(self) -> Iterator[Past]:
        return iter(tuple(self._messages))

    def keep(self, data: bytes, at: datetime) -> None:
        """Keep one message; one that is too large by itself is not kept."""
        if len(data) > MAX_HISTORY_BYTES:
            return
        self._messages.append(Past(data, at))
        self._size += len(data)
        while len(self._messages) > MAX_HISTORY or self._size > MAX_HISTORY_BYTES:
            self._size -= len(self._messages.popleft().data)


@dataclass(frozen=True, slots=True)
class Wish:
    """How much history somebody wants who enters; None where they set no limit.

    `characters` counts whole stanzas, `to` included.
    """

    stanzas: int | None = None
    characters: int | None = None
    since: datetime | None = None

    def choose(self, messages: list[Past], extra: int, most: int) -> list[Past]:
        """Return the latest of the messages that are within all limits, oldest first.

        `extra` is how many characters each of them grows by its `to`; `most` is the limit of the
        room.
        """
        limit = most if self.stanzas is None else min(most, self.stanzas)
        chosen: list[Past] = []
        characters = 0
        for message in reversed(messages):
            characters += len(message.data.decode()) + extra
            too_old = self.since is not None and message.at < self.since
            too_much = self.characters is not None and characters > self.characters
            if len(chosen) >= limit or too_old or too_much:
                break
            chosen.append(message)
        return chosen[::-1]


def read_wish(element: etree._Element, now: datetime) -> tuple[str, Wish]:
    """Return what is wrong with the `<history/>` of the presence `element`, or "", and the wish."""
    history = element.find(f"{{{MUC}}}x/{{{MUC}}}history")
    if history is None:
        return "", Wish()
    numbers: dict[str, int | None] = {}
    for name in ("maxstanzas", "maxchars", "seconds"):
        text = history.get(name)
        if text is not None and not (text.isascii() and text.isdigit() and len(text) < 10):
            return f"'{name}' of <history/> is a number, not negative", Wish()
        numbers[name] = None if text is None else int(text)
    starts = []
    since = history.get("since")
    if since is not None:
        moment = _moment(since)
        if moment is None:
            return "'since' of <history/> is a date and time such as 2026-02-14T18:30:00Z", Wish()
        starts.append(moment)
    seconds = numbers["seconds"]
    if seconds is not None:
        starts.append(now - timedelta(seconds=seconds))
    start = max(starts, default=None)
    return "", Wish(numbers["maxstanzas"], numbers["maxchars"], start)


def _moment(text: str) -> datetime | None:
    """Return the moment that `text` is by XEP-0082, or None."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
