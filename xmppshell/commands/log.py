"""The log of the shell: every record of every session, whatever the screen shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol.events import Direction, ElementSeen, WireEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..feed import Record


class Log:
    """Keeps all records in order and finds them by number and by what they say."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._by_number: dict[int, Record] = {}
        self._answers: dict[int, Record] = {}

    def add(self, record: Record) -> None:
        """Take the next record of the feed."""
        self.records.append(record)
        if record.number is not None:
            self._by_number[record.number] = record
        if record.answers is not None:
            self._answers[record.answers.request] = record

    def get(self, number: int) -> Record | None:
        """Return the record of that number, or None."""
        return self._by_number.get(number)

    def answer_to(self, number: int) -> Record | None:
        """Return the record that answers the one of that number, if it came."""
        return self._answers.get(number)

    @property
    def last_number(self) -> int:
        """The highest number so far, 0 if there is none."""
        return max(self._by_number, default=0)

    def stanzas(
        self, direction: Direction | None = None, session: str | None = None
    ) -> Iterator[Record]:
        """Give the records of stanzas, newest first, of one direction or session, or of all."""
        for record in reversed(self.records):
            event = record.event
            if (
                isinstance(event, ElementSeen)
                and event.stanza is not None
                and direction in (None, event.direction)
                and session in (None, record.session)
            ):
                yield record

    def grep(self, words: str) -> Iterator[Record]:
        """Give the wire records whose text holds `words`, in any case, oldest first."""
        wanted = words.casefold()
        for record in self.records:
            event = record.event
            if isinstance(event, WireEvent) and record.number is not None:
                text = event.data.decode("utf-8", "replace")
                if wanted in text.casefold():
                    yield record
