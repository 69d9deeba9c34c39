"""Stream management (XEP-0198): acknowledged stanzas, and streams that outlive a connection.

The feature counts the stanzas of both directions whoever sent them, keeps what is not acknowledged
(`acknowledgements.Ledger`), and goes on with a ledger of an earlier connection after a resume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .. import namespaces as ns
from ..acknowledgements import CountError, Ledger, count_of
from ..deviations import Deviation
from ..errors import problem_for
from ..events import (
    Direction,
    Event,
    ManagementEnabled,
    ManagementFailed,
    Resumed,
    Violation,
)
from ..moves import Move, Send
from ..states import Speaker, State, Token
from . import stream_management_elements as elements
from .stream_management_elements import ACK, NAMESPACE, REQUEST, TRUE

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream

ASK_AFTER: Final = 5
"""How many stanzas a client lets wait before it asks for an acknowledgement."""

_FEATURE: Final = f"{NAMESPACE}sm"
_NOT_OFFERED: Final = "this server does no stream management"
_NOT_ENABLED: Final = "stream management is not enabled"


@dataclass(frozen=True, slots=True)
class ManagementOptions:
    """How a server does stream management.

    `new_id` gives an id that nobody can guess; `take_over` takes a user name and the id of an
    earlier stream, cuts its connection off if it still has one, and gives its ledger, or None.
    `seconds` is how long a stream can be resumed, `location` where ("" for anywhere). The server
    asks for an acknowledgement when `ask_after` stanzas wait for one.
    """

    new_id: Callable[[], str]
    take_over: Callable[[str, str], Ledger | None]
    seconds: int
    location: str = ""
    ask_after: int = 1


class StreamManagement:
    """The feature, for one connection.

    `wanted` makes a client propose to enable it; `ledger` is that of the stream's last connection.
    """

    def __init__(
        self, *, wanted: bool = False, ledger: Ledger | None = None, ask_after: int = ASK_AFTER
    ) -> None:
        self.enabled = False
        self._wanted = wanted
        self._ask_after = ask_after
        self._earlier = ledger if ledger is not None and ledger.resumable else None
        fresh = ledger is None or self._earlier is not None
        self._ledger = Ledger() if fresh or ledger is None else ledger.abandoned()
        self._counting: set[Direction] = set()
        self._enabling = False
        self._claim: tuple[str, str | None] | None = None
        self._asked = False
        self._ack_due = False
        self._sent_again = False
        self._told = 0
        self._reply: Send | None = None

    # What the readers ask.

    @property
    def ledger(self) -> Ledger:
        """What has been counted: on this stream, or on the one that waits to be resumed."""
        return self._ledger if self._earlier is None else self._earlier

    @property
    def resumable(self) -> bool:
        """True if another connection could go on with this stream."""
        return self.ledger.resumable

    @property
    def waiting_to_resume(self) -> bool:
        """True if a stream of an earlier connection is neither resumed nor given up."""
        return self._earlier is not None

    @property
    def being_enabled(self) -> bool:
        """True while the server's answer to `<enable/>` is due."""
        return self._enabling

    def offered(self, stream: Stream) -> bool:
        """Say whether the server's features have stream management."""
        return stream.features.find(_FEATURE) is not None

    def concerns(self, element: etree._Element) -> bool:
        """Say whether `element` is one of stream management."""
        return str(element.tag).startswith(NAMESPACE)

    def name_of(self, element: etree._Element) -> str:
        """Return the name of the move that `element` would be: `ACK`, `REQUEST`, or ""."""
        return {f"{NAMESPACE}a": ACK, f"{NAMESPACE}r": REQUEST}.get(str(element.tag), "")

    # Moves of the client.

    def client_move(self, stream: Stream) -> Move | None:
        """Resume where that is possible; enable it once online, where that is wanted."""
        if stream.state is State.FEATURES:
            return self._resume_move(stream)
        if not stream.online:
            return None
        if self.enabled:
            return self._resend_move()
        if self._wanted and not self._enabling and self.offered(stream):
            return self.enable_move()
        return None

    def enable_move(self) -> Send:
        """Return the move that asks the server for stream management, with resumption."""
        return elements.enable()

    def _resume_move(self, stream: Stream) -> Move | None:
        if self._earlier is None or not stream.authenticated or not self.offered(stream):
            return None
        return elements.resume(self._earlier)

    def resume_request(self) -> str:
        """Return the element that asks to go on with the earlier stream, or ""."""
        return "" if self._earlier is None else elements.resume_request(self._earlier)

    def _resend_move(self) -> Send | None:
        due = self._ledger.undelivered
        return elements.resend(due[0]) if due else None

    # Moves of both.

    def answer_to(self, element: etree._Element) -> Send | None:
        """Return the acknowledgement that `element` asks for, if it does (XEP-0198 4)."""
        if self.enabled and element.tag == f"{NAMESPACE}r":
            return self._ack_move("the peer asks how many stanzas were handled")
        return None

    def _ack_move(self, reason: str) -> Send:
        return elements.ack(self._ledger.received, reason)

    def request(self) -> Send | None:
        """Return a request for an acknowledgement if it is time for one.

        That is when `ask_after` stanzas wait for one and none was asked for, and after stanzas
        were sent again.
        """
        waiting = len(self._ledger.unacknowledged)
        due = waiting >= self._ask_after or (waiting and self._sent_again)
        if not self.enabled or self._asked or not due or self._ledger.undelivered:
            return None
        return self.request_move()

    def request_move(self) -> Send:
        """Return the move that asks for an acknowledgement now."""
        return elements.request(len(self._ledger.unacknowledged))

    def farewell(self) -> Send | None:
        """Return the last acknowledgement, before the closing tag, if it would tell anything.

        Without it the peer may take stanzas for lost that have arrived (XEP-0198 7).
        """
        if not self.enabled or self._told == self._ledger.received:
            return None
        return self._ack_move("the peer should know what arrived before the stream closes")

    # Moves of the server.

    def offer(self, stream: Stream) -> str:
        """Offer stream management after authentication."""
        if not stream.authenticated or stream.server.management is None:
            return ""
        return f"<sm xmlns='{ns.STREAM_MANAGEMENT}'/>"

    def server_move(self, stream: Stream) -> Move | None:
        """Answer what the client asked for; send again what it missed; ask for counts."""
        if self._reply is not None:
            return self._reply
        if not self.enabled or not stream.online:
            return None
        if self._ledger.undelivered:
            return self._resend_move()
        if self._ack_due:
            return self._ack_move("the client asks how many stanzas were handled")
        return self.request()

    # What passes on the stream.

    def count(self, direction: Direction, data: bytes) -> None:
        """Take a stanza that passed, in its exact bytes; all else is not counted."""
        if direction in self._counting:
            if direction is Direction.SENT:
                self._ledger.note_sent(data)
            else:
                self._ledger.note_received()
        elif direction is Direction.SENT:
            self._ledger.note_sent_again(data)

    def observe(
        self, stream: Stream, speaker: Speaker, token: Token, element: etree._Element
    ) -> Iterable[Event]:
        """Follow what is said of stream management, and a bind that takes a resume's place."""
        by_client = speaker is Speaker.CLIENT
        if not self.concerns(element):
            if token is Token.BIND and stream.is_client and self._earlier is not None:
                yield elements.not_tried(self._give_up(None))
            return
        name = str(element.tag).removeprefix(NAMESPACE)
        ours = by_client is stream.is_client
        if name == "r":
            self._r_passed(stream, ours)
        elif name == "a":
            yield from self._a_passed(stream, element, ours)
        elif name == "enable" and by_client:
            self._enable_passed(stream, element, ours)
        elif name == "resume" and by_client:
            yield from self._resume_passed(stream, element, ours)
        elif not by_client:
            yield from self._answer_passed(stream, name, element)

    def _answer_passed(self, stream: Stream, name: str, element: etree._Element) -> Iterator[Event]:
        """Take the server's answer to a request to enable or to resume."""
        self._reply = None
        if name == "enabled":
            yield from self._enabled_passed(stream, element)
        elif name == "resumed":
            yield from self._resumed_passed(stream, element)
        elif name == "failed":
            yield from self._failed_passed(stream, element)

    def hand_over(self) -> Ledger:
        """Give the ledger away, for another connection to go on with; count no more on this one."""
        ledger, self._ledger = self.ledger, Ledger()
        self._earlier, self.enabled = None, False
        self._counting.clear()
        return ledger

    def ended(self, stream: Stream, direction: Direction) -> None:
        """Note a closing tag: a stream that was closed cannot be resumed (XEP-0198 7).

        One that waits to be resumed is not concerned.
        """
        if stream.failure is None:
            answered = direction is Direction.RECEIVED and Direction.SENT in stream.ended
            self._ledger.end(orderly=answered)

    def broken(self) -> None:
        """Note an error after which the stream cannot be resumed; not one that waits for that."""
        self._ledger.end(orderly=False)

    # Acknowledging.

    def _r_passed(self, stream: Stream, ours: bool) -> None:
        if ours:
            self._asked, self._sent_again = True, False
        elif self.enabled:
            self._ack_due = True
        elif not stream.is_client:
            self._refuse_early(stream)

    def _refuse_early(self, stream: Stream) -> None:
        """Answer a request that comes before stream management is enabled (XEP-0198 6)."""
        if Deviation.EARLY_REQUEST_UNKNOWN in stream.server.deviations:
            what = _NOT_ENABLED
            problem = problem_for("stream", "unsupported-stanza-type", what)
            stream.fail(problem, "unsupported-stanza-type", what)
        else:
            self._reply = elements.failed("unexpected-request", _NOT_ENABLED)

    def _a_passed(self, stream: Stream, element: etree._Element, ours: bool) -> Iterator[Event]:
        told = element.get("h")
        if ours:
            self._ack_due = False
            said = count_of(told)
            self._told = self._told if said is None else said
            return
        if not self.enabled:
            if not stream.is_client:
                self._reply = elements.failed("unexpected-request", _NOT_ENABLED)
            return
        self._asked = False
        try:
            self._ledger.acknowledge(told)
        except CountError as error:
            yield self._miscounted(stream, error)

    def _miscounted(self, stream: Stream, error: CountError) -> Event:
        """End the stream for a count that cannot be (XEP-0198 4)."""
        self.ledger.end(orderly=False)
        what, detail = error.problem.what, elements.too_high(error)
        stream.fail(error.problem, "undefined-condition", what, detail)
        return Violation(Direction.RECEIVED, "undefined-condition", error.problem)

    # Enabling.

    def _enable_passed(self, stream: Stream, element: etree._Element, ours: bool) -> None:
        resume = element.get("resume") in TRUE
        if ours:
            if not (self.enabled or self._enabling):
                self._enabling = True
                self._begin(self._ledger.abandoned(), Direction.SENT)
            return
        options = stream.server.management
        if options is None:
            self._reply = elements.failed("feature-not-implemented", _NOT_OFFERED)
        elif stream.state is not State.BOUND:
            self._reply = elements.failed(
                "unexpected-request", "a stream is managed once a resource is bound"
            )
        elif self.enabled or self._enabling:
            self._refuse_second(stream)
        else:
            self._enabling = True
            self._ask_after = options.ask_after
            self._begin(Ledger(), Direction.RECEIVED)
            self._reply = _granted(options, element.get("max"), resume)

    def _refuse_second(self, stream: Stream) -> None:
        """End the stream of a client that enables it twice (XEP-0198 3)."""
        if Deviation.SECOND_ENABLE_FAILS in stream.server.deviations:
            self._reply = elements.failed(
                "unexpected-request", "stream management is enabled already"
            )
            return
        what = "stream management is enabled already"
        stream.fail(problem_for("stream", "policy-violation", what), "policy-violation", what)

    def _begin(self, ledger: Ledger, direction: Direction) -> None:
        """Start counting one direction (XEP-0198 4): each side's request or answer starts one."""
        self._ledger = ledger
        self._counting = {direction}

    def _enabled_passed(self, stream: Stream, element: etree._Element) -> Iterator[Event]:
        if not self._enabling:
            return
        self._enabling, self.enabled = False, True
        self._counting = set(Direction)
        ledger = self._ledger
        ledger.id = element.get("id") or ""
        ledger.resumable = element.get("resume") in TRUE and bool(ledger.id)
        ledger.seconds = count_of(element.get("max"))
        ledger.location = element.get("location") or ""
        ledger.jid = stream.jid
        yield ManagementEnabled(ledger.id, ledger.resumable, ledger.seconds, ledger.location)

    # Resuming.

    def _resume_passed(
        self, stream: Stream, element: etree._Element, ours: bool
    ) -> Iterator[Event]:
        previous_id, told = element.get("previd") or "", element.get("h")
        self._claim = (previous_id, told)
        if ours:
            return
        options = stream.server.management
        if options is None:
            self._reply = elements.failed("feature-not-implemented", _NOT_OFFERED)
            return
        if not stream.authenticated or stream.state is not State.RESUMING:
            self._reply = elements.failed(
                "unexpected-request",
                "a stream is resumed after signing in, before a resource is bound",
            )
            return
        ledger = options.take_over(stream.username, previous_id)
        if ledger is None:
            self._reply = elements.failed(
                "item-not-found", "there is no such stream, or it is over"
            )
            return
        self._ask_after = options.ask_after
        self._earlier = ledger
        try:
            ledger.resume(told)
        except CountError as error:
            yield self._miscounted(stream, error)
            return
        self._reply = elements.resumed(ledger)

    def _resumed_passed(self, stream: Stream, element: etree._Element) -> Iterator[Event]:
        if self._claim is None or stream.state is not State.BOUND:
            return
        (previous_id, claimed), self._claim = self._claim, None
        ledger = self._earlier
        if ledger is None or ledger.id != previous_id:
            ledger = self._unknown_to_us(stream, previous_id, element)
        if stream.is_client:
            try:
                ledger.resume(element.get("h"))
            except CountError as error:
                yield self._miscounted(stream, error)
                return
            # The user may have claimed another count by hand; the server goes by what it was told.
            count = count_of(claimed)
            ledger.received = ledger.received if count is None else count
        ledger.restate(stream.dialect.complete)
        self._ledger, self._earlier = ledger, None
        self.enabled, self._counting = True, set(Direction)
        self._told = ledger.received
        self._sent_again = bool(ledger.undelivered)
        stream.jid = ledger.jid
        if ledger.jid is not None:
            yield Resumed(ledger.jid, ledger.id, ledger.acknowledged, len(ledger.undelivered))

    def _unknown_to_us(self, stream: Stream, previous_id: str, element: etree._Element) -> Ledger:
        """Return a ledger for a stream that was resumed by hand and began somewhere else."""
        sent = count_of(element.get("h")) or 0
        lost = self._earlier.abandoned().lost if self._earlier is not None else self._ledger.lost
        return Ledger(id=previous_id, resumable=True, jid=stream.client.jid, sent=sent, lost=lost)

    def _failed_passed(self, stream: Stream, element: etree._Element) -> Iterator[Event]:
        condition, text = elements.condition_of(element)
        # Inline in SASL2, a resource is bound by the time that the resume is known to have failed.
        if self._claim is not None and (self._earlier or stream.state is not State.BOUND):
            self._claim = None
            if self._earlier is not None:
                told = element.get("h")
                yield elements.not_resumed(condition, text, told, self._give_up(told))
                return
        elif self._enabling:
            self._enabling, self._counting = False, set()
            self._wanted = False
            self._ledger = Ledger(lost=self._ledger.lost)
        if stream.is_client:
            yield ManagementFailed(condition, text, elements.refused(condition, text))

    def _give_up(self, told: str | None) -> int:
        """Let go of the earlier stream; return how many stanzas are lost with it."""
        assert self._earlier is not None
        self._ledger = self._earlier.abandoned(told)
        self._earlier = None
        return len(self._ledger.lost)


def _granted(options: ManagementOptions, asked: str | None, resume: bool) -> Send:
    seconds = min(options.seconds, count_of(asked) or options.seconds)
    return elements.enabled(options.new_id() if resume else "", seconds, options.location)
