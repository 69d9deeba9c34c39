"""The event feed of a session: each event with its place and time, given to equal readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .protocol.events import Event

if TYPE_CHECKING:
    from .protocol.exchanges import Answer
    from .protocol.moves import Move


@dataclass(frozen=True, slots=True)
class Record:
    """One event with what the session knows about it.

    `number` counts the wire elements of the shell from 1 and is what a person says to `/show`;
    it is None for events that are not on the wire. `at` is seconds since the session began and
    `wall` the local time with its zone. `move` is set on what the console sent by itself, and
    `answers` on a reply whose request is known.
    """

    number: int | None
    session: str
    at: float
    wall: datetime
    event: Event
    move: Move | None = None
    answers: Answer | None = None


Reader = Callable[[Record], None]


class Feed:
    """Hands each record to every reader, in the order of subscription."""

    def __init__(self) -> None:
        self._readers: list[Reader] = []

    def subscribe(self, reader: Reader) -> Callable[[], None]:
        """Give every later record to `reader`; call what is returned to stop."""
        self._readers.append(reader)
        return lambda: self._readers.remove(reader)

    def publish(self, record: Record) -> None:
        """Give `record` to all readers."""
        for reader in tuple(self._readers):
            reader(record)
