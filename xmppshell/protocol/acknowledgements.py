"""Which stanzas the peer has handled: the bookkeeping of stream management (XEP-0198 4, 5).

Each side counts the stanzas that it receives and tells the count as `h`. The other side keeps what
it sent until a count covers it. A `Ledger` is that book for one end of one stream; it outlives the
connection, so that a later one can go on where this one was cut.
"""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from .problem import Problem, ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .jid import JID

COUNTS: Final = 2**32
"""How many values a count has; after the last one it begins at 0 again (XEP-0198 4)."""


def count_of(text: str | None) -> int | None:
    """Return the count that an attribute holds, or None if it holds none (XEP-0198 4)."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > len(str(COUNTS)):
        return None
    return int(text) if int(text) < COUNTS else None


class CountError(ProblemError):
    """The peer told a count that cannot be.

    `too_high` says that it covers stanzas that were never sent; otherwise it went backwards or is
    not a count at all. `told` is the count as it was told, `sent` how many stanzas were sent.
    """

    def __init__(self, problem: Problem, *, told: str, sent: int, too_high: bool = False) -> None:
        super().__init__(problem)
        self.told = told
        self.sent = sent
        self.too_high = too_high


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A stanza that was sent and is not acknowledged.

    `number` is the count that covers it, modulo `COUNTS`; `data` its exact bytes.
    """

    number: int
    data: bytes


@dataclass
class Ledger:
    """What one end has counted on a stream, through all connections that carried it.

    `id`, `seconds` (how long after a loss it can be resumed, None if the server did not say) and
    `location` (where to resume it, or "") are what the server told; `jid` is the resource that the
    stream is bound to. `resumable` is false as soon as the stream has ended for good. `received`
    and `sent` are counts modulo `COUNTS`.

    A stanza that was sent is in `unacknowledged` until a count covers it; after a resume those
    that the peer has not handled are `undelivered` until they are sent again; after a stream that
    could not be resumed nobody knows their fate, and they are `lost`.
    """

    id: str = ""
    resumable: bool = False
    seconds: int | None = None
    location: str = ""
    jid: JID | None = None
    received: int = 0
    sent: int = 0
    unacknowledged: deque[Outstanding] = field(default_factory=deque)
    undelivered: deque[bytes] = field(default_factory=deque)
    lost: deque[bytes] = field(default_factory=deque)

    @property
    def acknowledged(self) -> int:
        """How many of the stanzas sent the peer is known to have handled, modulo `COUNTS`."""
        return (self.sent - len(self.unacknowledged)) % COUNTS

    def note_received(self) -> None:
        """Count a stanza that was received and is handled."""
        self.received = (self.received + 1) % COUNTS

    def note_sent(self, data: bytes) -> None:
        """Count a stanza that was sent, and keep it; one that was due again no longer is."""
        self.sent = (self.sent + 1) % COUNTS
        self.unacknowledged.append(Outstanding(self.sent, data))
        self.note_sent_again(data)

    def note_sent_again(self, data: bytes) -> None:
        """Strike a stanza that was sent off the lists of those that are due, if it is on one."""
        for due in (self.undelivered, self.lost):
            if data in due:
                due.remove(data)
                break

    def restate(self, complete: Callable[[bytes], bytes]) -> None:
        """Let what may be sent again be as `complete` makes it, for another kind of connection."""
        self.unacknowledged = deque(
            replace(stanza, data=complete(stanza.data)) for stanza in self.unacknowledged
        )
        for due in (self.undelivered, self.lost):
            stanzas = [complete(data) for data in due]
            due.clear()
            due.extend(stanzas)

    def acknowledge(self, told: str | None) -> int:
        """Take the peer's count, as it stands in `h`; return how many stanzas it newly covers.

        Raises `CountError` and changes nothing if the count cannot be.
        """
        handled = self._count(told)
        news = (handled - self.acknowledged) % COUNTS
        if news > len(self.unacknowledged):
            raise self._impossible(handled, news)
        for _ in range(news):
            self.unacknowledged.popleft()
        return news

    def resume(self, told: str | None) -> None:
        """Go on on another connection, with the peer's count; what it does not cover is due again.

        Raises `CountError` and changes nothing if the count cannot be.
        """
        self.acknowledge(told)
        again = [stanza.data for stanza in self.unacknowledged]
        self.undelivered.extendleft(reversed(again))
        self.sent = self.acknowledged
        self.unacknowledged.clear()

    def abandoned(self, told: str | None = None) -> Ledger:
        """Return the ledger to begin anew with, when the stream cannot be gone on with.

        `told` is the peer's last count if it is known. Everything that it does not cover is lost.
        """
        if told is not None:
            # The stream is over: a wrong count tells nothing, and harms nothing more.
            with contextlib.suppress(CountError):
                self.acknowledge(told)
        fates: Iterable[bytes] = [stanza.data for stanza in self.unacknowledged]
        return Ledger(lost=deque([*self.lost, *fates, *self.undelivered]))

    def end(self, *, orderly: bool) -> None:
        """Note that the stream is over; after an `orderly` end the peer has handled all."""
        self.resumable = False
        if orderly:
            self.unacknowledged.clear()
            self.undelivered.clear()

    def _count(self, told: str | None) -> int:
        count = count_of(told)
        if count is not None:
            return count
        what = "no count at all" if told is None else f"“{told}”, which is no count"
        raise CountError(
            Problem(
                f"the peer acknowledged {what}",
                "h is a number from 0 to 4294967295 and has to be there",
                "tell whoever wrote the peer; /sm shows the counts on this side",
                "XEP-0198 4",
            ),
            told=told or "",
            sent=self.sent,
        )

    def _impossible(self, handled: int, news: int) -> CountError:
        backwards = (self.acknowledged - handled) % COUNTS
        if backwards < news:
            problem = Problem(
                f"the peer acknowledged {handled} stanzas after {self.acknowledged}: "
                "the count went backwards",
                "it counts wrongly, or takes this stream for another",
                "tell whoever wrote the peer; the counts are of no use from here on",
                "XEP-0198 4",
            )
            return CountError(problem, told=str(handled), sent=self.sent)
        problem = Problem(
            f"the peer acknowledged {handled} stanzas, and {self.sent} were sent",
            "it counts what is not a stanza (such as <r/>, <a/> or white space), or twice",
            "tell whoever wrote the peer; the counts are of no use from here on",
            "XEP-0198 4",
        )
        return CountError(problem, told=str(handled), sent=self.sent, too_high=True)
