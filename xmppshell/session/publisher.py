"""From events to records: numbers, times, and which request a reply answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..feed import Feed, Record
from ..protocol.events import (
    Bound,
    ElementSeen,
    Event,
    Resumed,
    ResumeFailed,
    WhitespaceSeen,
    WireEvent,
)
from ..protocol.exchanges import Exchanges
from ..protocol.features.stream_management_elements import RESEND
from ..protocol.moves import Move
from .clock import Clock


class Publisher:
    """Tells what happens in the session `name`; its records get their numbers from `numbers`."""

    def __init__(self, name: str, clock: Clock, numbers: Iterator[int]) -> None:
        self.feed = Feed()
        self.exchanges = Exchanges()
        self._name = name
        self._clock = clock
        self._numbers = numbers

    def publish(self, event: Event, move: Move | None = None) -> None:
        """Tell every reader of the feed an event, with the move that brought it about."""
        at = self._clock.age
        number = None
        answers = None
        if isinstance(event, WireEvent) and not isinstance(event, WhitespaceSeen):
            number = next(self._numbers)
            again = move is not None and move.name == RESEND
            if isinstance(event, ElementSeen) and event.stanza is not None and not again:
                answers = self.exchanges.observe(event.stanza, event.direction, number, at)
        wall = datetime.now().astimezone()
        self.feed.publish(Record(number, self._name, at, wall, event, move, answers))
        if isinstance(event, Bound | Resumed):
            self.exchanges.me = event.jid
        elif isinstance(event, ResumeFailed):
            self.exchanges.forget()
