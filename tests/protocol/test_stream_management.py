"""Stream management on cores without a network: counting, resuming, and what goes wrong."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linked_streams import JULIET, PASSWORD, Link, client_stream, server_stream

from xmppshell.protocol.acknowledgements import COUNTS, Ledger
from xmppshell.protocol.deviations import Deviation
from xmppshell.protocol.events import (
    Direction,
    ElementSeen,
    Event,
    ManagementEnabled,
    ManagementFailed,
    Resumed,
    ResumeFailed,
    StreamErrorSeen,
    Violation,
)
from xmppshell.protocol.features.stream_management import ManagementOptions
from xmppshell.protocol.moves import GiveUp, Send
from xmppshell.protocol.states import State
from xmppshell.protocol.stream import STREAM_END, Stream

SM = "urn:xmpp:sm:3"
ENABLE = f"<enable xmlns='{SM}' resume='true'/>".encode()
R = f"<r xmlns='{SM}'/>".encode()


def a(h: object) -> bytes:
    return f"<a xmlns='{SM}' h='{h}'/>".encode()


def message(text: object) -> bytes:
    return f"<message id='{text}'><body>{text}</body></message>".encode()


@dataclass
class House:
    """A server's streams that can be resumed, by id."""

    ledgers: dict[str, Ledger] = field(default_factory=dict)
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    ask_after: int = 1
    deviations: frozenset[Deviation] = frozenset()

    def take_over(self, username: str, previous_id: str) -> Ledger | None:
        assert username == "juliet"
        return self.ledgers.get(previous_id)

    def stream(self, **options: object) -> Stream:
        management = ManagementOptions(
            lambda: f"sm<{next(self.ids)}>", self.take_over, 300, ask_after=self.ask_after
        )
        mine: dict[str, object] = {"management": management, "deviations": self.deviations}
        given = {**mine, **options}
        return server_stream(mechanisms=("PLAIN",), tls=False, secured=True, **given)  # type: ignore[arg-type]

    def remember(self, server: Stream) -> None:
        ledger = server.management.ledger
        self.ledgers[ledger.id] = ledger


def client(password: str = PASSWORD, **options: object) -> Stream:
    return client_stream(password, secured=True, **options)


def linked(house: House | None = None, *, sm: bool = True, **options: object) -> Link:
    """Return two cores that are signed in, with stream management if `sm`."""
    return Link(client(management=sm, **options), (house or House()).stream()).run()


def resumed(house: House, first: Link) -> Link:
    """Cut the line of `first` and return the link on which the client goes on."""
    house.remember(first.ends["server"])
    return linked(house, ledger=first.ends["client"].management.ledger)


def books(link: Link) -> tuple[Ledger, Ledger]:
    return link.ends["client"].management.ledger, link.ends["server"].management.ledger


def bodies(link: Link, end: str) -> list[str]:
    """Return what an end received in messages, in order."""
    return [
        event.element.findtext("{jabber:client}body") or ""
        for event in link.events[end]
        if isinstance(event, ElementSeen)
        and event.direction is Direction.RECEIVED
        and event.stanza is not None
        and event.stanza.kind == "message"
    ]


class TestEnabling:
    def test_a_quiet_stream_is_the_default(self) -> None:
        link = linked(sm=False)
        assert "enable" not in link.made("client")
        assert not link.ends["client"].management.enabled
        assert link.ends["client"].online

    def test_it_is_enabled_where_it_is_wanted(self) -> None:
        link = linked()
        assert link.made("client")[-1] == "enable"
        (event,) = link.seen("client", ManagementEnabled)
        assert event == ManagementEnabled("sm<1>", True, 300, "")
        here, there = books(link)
        assert here.jid == there.jid == JULIET
        assert here.resumable
        assert there.resumable

    def test_the_bind_is_not_counted(self) -> None:
        here, there = books(linked())
        assert (here.sent, here.received, there.sent, there.received) == (0, 0, 0, 0)

    def test_typed_by_hand_it_works_just_as_well(self) -> None:
        link = linked(sm=False)
        link.deliver("client", ENABLE)
        link.run()
        assert link.ends["client"].management.enabled
        link.deliver("client", message(1))
        assert books(link)[0].sent == books(link)[1].received == 1

    def test_without_resumption(self) -> None:
        link = linked(sm=False)
        link.deliver("client", f"<enable xmlns='{SM}'/>".encode())
        link.run()
        (event,) = link.seen("client", ManagementEnabled)
        assert event == ManagementEnabled("", False, None, "")
        assert not link.ends["client"].management.resumable

    def test_the_shorter_time_is_granted(self) -> None:
        link = linked(sm=False)
        link.deliver("client", f"<enable xmlns='{SM}' resume='1' max='60'/>".encode())
        link.run()
        (event,) = link.seen("client", ManagementEnabled)
        assert event == ManagementEnabled("sm<1>", True, 60, "")

    def test_what_is_sent_before_the_answer_counts(self) -> None:
        """The client counts from its request on, the server from when it came."""
        link = linked(sm=False)
        link.deliver("client", ENABLE + message(1))
        link.run()
        here, there = books(link)
        assert (here.sent, there.received) == (1, 1)
        assert [stanza.data for stanza in here.unacknowledged] == [message(1)]

    def test_not_offered_is_not_proposed(self) -> None:
        link = Link(client(management=True), House().stream(management=None)).run()
        assert link.ends["client"].online
        assert "enable" not in link.made("client")

    def test_a_second_time_ends_the_stream(self) -> None:
        link = linked()
        link.deliver("client", ENABLE)
        link.run()
        (event,) = link.seen("client", StreamErrorSeen)
        assert isinstance(event, StreamErrorSeen)
        assert event.condition == "policy-violation"
        assert "enabled already" in event.text

    def test_a_second_time_may_be_refused_and_changes_nothing(self) -> None:
        link = linked(House(deviations=frozenset({Deviation.SECOND_ENABLE_FAILS})))
        link.deliver("client", message(1))
        link.deliver("client", ENABLE)
        link.run()
        (event,) = link.seen("client", ManagementFailed)
        assert isinstance(event, ManagementFailed)
        assert event.condition == "unexpected-request"
        assert "enabled already" in event.problem.cause
        here, there = books(link)
        assert (here.sent, there.received) == (1, 1)
        assert link.ends["client"].management.enabled

    def test_refused_means_not_counting(self) -> None:
        stream = client(management=True)
        for data in _signed_in(stream):
            stream.data_sent(data)
        stream.data_sent(ENABLE + message(1))
        stream.receive_data(
            f"<failed xmlns='{SM}'><internal-server-error "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>".encode()
        )
        assert not stream.management.enabled
        assert not stream.management.ledger.unacknowledged
        assert stream.moves() == []

    def test_too_early_is_refused_by_the_server(self) -> None:
        link = Link(client(), House().stream())
        for _ in range(7):
            link._step("client", "server")
            link._step("server", "client")
            if link.ends["client"].state is State.FEATURES:
                break
        link.deliver("client", ENABLE)
        link.run()
        (event,) = link.seen("client", ManagementFailed)
        assert isinstance(event, ManagementFailed)
        assert event.condition == "unexpected-request"
        assert link.ends["client"].online


def _sign_in(stream: Stream) -> None:
    """Bring a client's core alone, answered as a server would, to the features after PLAIN."""
    features = "<stream:features>{}</stream:features>"
    header = (
        "<?xml version='1.0'?><stream:stream id='x' from='localhost' version='1.0' "
        "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
    plain = f"<mechanisms xmlns='{sasl}'><mechanism>PLAIN</mechanism></mechanisms>"
    bind = f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm xmlns='{SM}'/>"
    for answer in (
        header + features.format(plain),
        f"<success xmlns='{sasl}'/>",
        header + features.format(bind),
    ):
        (move, *_) = stream.moves()
        assert isinstance(move, Send)
        stream.data_sent(move.data)
        stream.receive_data(answer.encode())


def _signed_in(stream: Stream) -> list[bytes]:
    """Bring a client's core alone to its resource; return nothing that is left to send."""
    _sign_in(stream)
    (move, *_) = stream.moves()
    assert isinstance(move, Send)
    if move.name != "bind":
        return []
    stream.data_sent(move.data)
    stream.receive_data(
        b"<iq type='result' id='x1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        b"<jid>juliet@localhost/balcony</jid></bind></iq>"
    )
    assert stream.online
    return []


class TestCounting:
    def test_stanzas_count_and_nothing_else(self) -> None:
        link = linked()
        for data in (b" ", message(1), R, b"<presence/>", a(0), b"<iq type='get' id='q'/>", b"\n"):
            link.deliver("client", data)
        assert books(link)[0].sent == books(link)[1].received == 3

    def test_a_request_is_answered_with_the_count(self) -> None:
        link = linked()
        link.deliver("client", message(1) + message(2) + R)
        assert link.ends["server"].moves()[0].name == "sm-ack"
        link.run()
        assert not books(link)[0].unacknowledged
        assert "sm-ack" not in [move.name for move in link.ends["server"].moves()]

    def test_typed_by_hand_the_answer_counts_as_well(self) -> None:
        link = linked()
        link.deliver("server", message(1))
        link.run()
        assert link.made("server")[-1] == "sm-request"
        assert len(books(link)[1].unacknowledged) == 1
        link.deliver("client", a(1))
        assert not books(link)[1].unacknowledged

    def test_what_a_client_answers(self) -> None:
        link = linked()
        stream = link.ends["client"]
        link.deliver("server", message(1) + message(2))
        link.deliver("server", R)
        element = next(e.element for e in reversed(link.events["client"]) if _is_r(e))  # type: ignore[attr-defined]
        move = stream.management.answer_to(element)
        assert move is not None
        assert move.data == a(2)

    def test_a_client_asks_when_five_wait_and_once(self) -> None:
        link = linked(House(ask_after=100))
        management = link.ends["client"].management
        for number in range(4):
            link.deliver("client", message(number))
        assert management.request() is None
        link.deliver("client", message(4))
        move = management.request()
        assert move is not None
        assert move.data == R
        link.ends["client"].data_sent(R)
        link.deliver("client", message(5))
        assert management.request() is None

    def test_half_a_stanza_does_not_count(self) -> None:
        link = linked()
        link.deliver("client", message(1)[:-3])
        assert books(link)[0].sent == books(link)[1].received == 0
        link.deliver("client", message(1)[-3:])
        assert books(link)[0].sent == books(link)[1].received == 1

    @pytest.mark.parametrize("end", ["client", "server"])
    def test_a_count_that_is_too_high_ends_the_stream(self, end: str) -> None:
        link = linked(House(ask_after=100))
        other = "server" if end == "client" else "client"
        link.deliver(other, message(1))
        link.deliver(end, a(3))
        (violation,) = link.seen(other, Violation)
        assert isinstance(violation, Violation)
        assert "acknowledged 3 stanzas, and 1 were sent" in violation.problem.what
        (move,) = link.ends[other].moves()
        assert isinstance(move, GiveUp)
        assert b"<undefined-condition" in move.data
        detail = f"<handled-count-too-high xmlns='{SM}' h='3' send-count='1'/>"
        assert detail.encode() in move.data
        assert not link.ends[other].management.resumable

    @pytest.mark.parametrize("h", ["0", "x", "-1", ""])
    def test_a_count_that_cannot_be_is_explained(self, h: str) -> None:
        link = linked(House(ask_after=100))
        link.deliver("client", message(1))
        link.deliver("server", a(1))
        link.deliver("server", a(h))
        (violation,) = link.seen("client", Violation)
        assert isinstance(violation, Violation)
        assert violation.problem.reference == "XEP-0198 4"
        (move,) = link.ends["client"].moves()
        assert isinstance(move, GiveUp)
        assert b"handled-count-too-high" not in move.data

    @pytest.mark.parametrize("data", [R, a(0)])
    def test_without_enabling_the_server_refuses(self, data: bytes) -> None:
        link = linked(sm=False)
        link.deliver("client", data)
        link.run()
        (event,) = link.seen("client", ManagementFailed)
        assert isinstance(event, ManagementFailed)
        assert event.condition == "unexpected-request"

    def test_a_last_acknowledgement_before_leaving(self) -> None:
        link = linked(House(ask_after=100))
        management = link.ends["client"].management
        assert management.farewell() is None
        link.deliver("server", message(1))
        move = management.farewell()
        assert move is not None
        assert move.data == a(1)
        link.deliver("client", move.data)
        assert management.farewell() is None


def _is_r(event: Event) -> bool:
    return isinstance(event, ElementSeen) and event.data == R


class TestResuming:
    def test_the_stream_goes_on_where_it_was(self) -> None:
        house = House()
        first = linked(house)
        first.deliver("client", message(1))
        first.deliver("client", message(2))
        # The line is cut: neither hears of what comes now.
        first.ends["client"].data_sent(message(3))
        first.ends["server"].data_sent(message("a"))
        second = resumed(house, first)
        assert "bind" not in second.made("client")
        assert second.ends["client"].state is State.BOUND
        assert second.ends["client"].online
        assert second.ends["client"].jid == JULIET
        assert second.ends["server"].jid == JULIET
        assert second.seen("client", Resumed) == [Resumed(JULIET, "sm<1>", 2, 1)]
        assert second.seen("server", Resumed) == [Resumed(JULIET, "sm<1>", 0, 1)]
        assert bodies(second, "server") == ["3"]
        assert bodies(second, "client") == ["a"]

    def test_numbers_go_on(self) -> None:
        house = House()
        first = linked(house)
        first.deliver("client", message(1))
        second = resumed(house, first)
        second.deliver("client", message(2))
        here, there = books(second)
        assert here.sent == there.received == 2
        assert [stanza.number for stanza in here.unacknowledged] == [2]

    def test_a_count_that_wraps(self) -> None:
        house = House()
        first = linked(house)
        for book in books(first):
            book.sent = book.received = COUNTS - 1
        first.deliver("client", message(1))
        first.ends["client"].data_sent(message(2))
        second = resumed(house, first)
        assert bodies(second, "server") == ["2"]
        assert books(second)[0].sent == books(second)[1].received == 1

    def test_it_is_asked_for_after_sending_again(self) -> None:
        house = House()
        first = linked(house)
        first.ends["client"].data_sent(message(1))
        second = resumed(house, first)
        management = second.ends["client"].management
        assert management.request() is not None
        second.deliver("client", R)
        second.run()
        assert not management.ledger.unacknowledged
        assert management.request() is None

    def test_typed_by_hand(self) -> None:
        house = House()
        first = linked(house)
        first.deliver("server", message(1))
        first.ends["client"].data_sent(message("mine"))
        house.remember(first.ends["server"])
        ledger = first.ends["client"].management.ledger
        stream = client(ledger=ledger)
        _signed_in(stream)
        assert stream.moves()[0].name == "resume"
        assert stream.moves()[1].name == "bind"
        stream.data_sent(f"<resume xmlns='{SM}' previd='sm&lt;1>' h='1'/>".encode())
        assert stream.state is State.RESUMING
        events = stream.receive_data(f"<resumed xmlns='{SM}' previd='sm&lt;1>' h='0'/>".encode())
        assert Resumed(JULIET, "sm<1>", 0, 1) in events
        (move,) = stream.moves()
        assert move.name == "resend"
        stream.data_sent(message("mine"))
        assert stream.moves() == []

    def test_a_stream_of_another_program(self) -> None:
        """All that is known is what the user typed and what the server says."""
        stream = client()
        _signed_in_to_features(stream)
        stream.data_sent(f"<resume xmlns='{SM}' previd='theirs' h='7'/>".encode())
        stream.receive_data(f"<resumed xmlns='{SM}' previd='theirs' h='12'/>".encode())
        assert stream.online
        ledger = stream.management.ledger
        assert (ledger.sent, ledger.received) == (12, 7)
        stream.data_sent(message(1))
        assert [stanza.number for stanza in ledger.unacknowledged] == [13]

    def test_a_lower_count_claimed_by_hand_is_what_counts(self) -> None:
        house = House()
        first = linked(house)
        ledger = first.ends["client"].management.ledger
        ledger.received = 5
        stream = client(ledger=ledger)
        _signed_in_to_features(stream)
        stream.data_sent(f"<resume xmlns='{SM}' previd='sm&lt;1>' h='3'/>".encode())
        stream.receive_data(f"<resumed xmlns='{SM}' previd='sm&lt;1>' h='0'/>".encode())
        assert stream.management.ledger.received == 3

    def test_an_unknown_stream_goes_on_to_bind_and_keeps_what_is_lost(self) -> None:
        house = House()
        first = linked(house)
        first.deliver("client", message(1))
        first.ends["client"].data_sent(message(2))
        second = linked(House(), ledger=first.ends["client"].management.ledger)
        assert second.made("client")[-3:] == ["resume", "bind", "enable"]
        (event,) = second.seen("client", ResumeFailed)
        assert isinstance(event, ResumeFailed)
        assert (event.condition, event.handled, event.lost) == ("item-not-found", None, 2)
        assert "2 stanzas were not acknowledged" in event.problem.cure
        assert bodies(second, "server") == []
        here = books(second)[0]
        assert list(here.lost) == [message(1), message(2)]
        assert here.sent == 0
        # They are sent again only by the user, and then they are lost no more.
        second.deliver("client", message(1))
        assert list(here.lost) == [message(2)]

    def test_what_was_lost_once_is_never_sent_again_by_itself(self) -> None:
        house = House()
        first = linked(house)
        first.ends["client"].data_sent(message(1))
        second = linked(House(), ledger=first.ends["client"].management.ledger)
        second.ends["client"].data_sent(message(2))
        house.remember(second.ends["server"])
        third = linked(house, ledger=second.ends["client"].management.ledger)
        assert bodies(third, "server") == ["2"]
        assert list(books(third)[0].lost) == [message(1)]

    def test_a_failure_that_tells_the_count(self) -> None:
        house = House()
        first = linked(house)
        first.deliver("client", message(1))
        first.ends["client"].data_sent(message(2))
        stream = client(ledger=first.ends["client"].management.ledger)
        _signed_in_to_features(stream)
        stream.data_sent(stream.moves()[0].data)  # type: ignore[attr-defined]
        (event,) = [
            event
            for event in stream.receive_data(
                f"<failed xmlns='{SM}' h='1'><item-not-found "
                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>".encode()
            )
            if isinstance(event, ResumeFailed)
        ]
        assert (event.handled, event.lost) == (1, 1)
        assert list(stream.management.ledger.lost) == [message(2)]
        assert stream.state is State.FEATURES
        assert stream.moves()[0].name == "bind"

    def test_binding_by_hand_gives_the_stream_up(self) -> None:
        house = House()
        first = linked(house)
        first.ends["client"].data_sent(message(1))
        stream = client(ledger=first.ends["client"].management.ledger)
        _signed_in_to_features(stream)
        events = stream.data_sent(stream.moves()[1].data)  # type: ignore[attr-defined]
        (event,) = [event for event in events if isinstance(event, ResumeFailed)]
        assert (event.condition, event.lost) == ("", 1)
        assert not stream.management.waiting_to_resume

    def test_a_server_that_does_not_offer_it_any_more(self) -> None:
        house = House()
        first = linked(house)
        stream = client(ledger=first.ends["client"].management.ledger, management=True)
        second = Link(stream, house.stream(management=None)).run()
        assert stream.online
        assert len(second.seen("client", ResumeFailed)) == 1

    def test_a_count_that_is_too_high_resumes_nothing(self) -> None:
        house = House()
        first = linked(house)
        house.remember(first.ends["server"])
        first.ends["client"].management.ledger.received = 9
        second = linked(house, ledger=first.ends["client"].management.ledger)
        assert second.seen("client", Resumed) == []
        assert "give-up" in second.made("server")
        (violation,) = second.seen("server", Violation)
        assert isinstance(violation, Violation)
        assert "acknowledged 9 stanzas, and 0 were sent" in violation.problem.what

    def test_a_login_that_fails_leaves_the_stream_resumable(self) -> None:
        house = House()
        first = linked(house)
        house.remember(first.ends["server"])
        ledger = first.ends["client"].management.ledger
        second = Link(client(password="wrong", ledger=ledger), house.stream()).run()
        assert "sasl-refused" in second.made("client")
        assert second.ends["client"].management.resumable
        third = linked(house, ledger=second.ends["client"].management.ledger)
        assert len(third.seen("client", Resumed)) == 1

    def test_a_server_that_claims_too_much(self) -> None:
        house = House()
        first = linked(house)
        stream = client(ledger=first.ends["client"].management.ledger)
        _signed_in_to_features(stream)
        stream.data_sent(stream.moves()[0].data)  # type: ignore[attr-defined]
        events = stream.receive_data(f"<resumed xmlns='{SM}' previd='sm&lt;1>' h='4'/>".encode())
        assert [type(event) for event in events] == [ElementSeen, Violation]
        assert isinstance(stream.moves()[0], GiveUp)
        assert not stream.management.resumable

    def test_before_signing_in_it_is_refused(self) -> None:
        house = House()
        link = Link(client(), house.stream())
        link._step("client", "server")
        link._step("server", "client")
        link._step("server", "client")
        assert link.ends["client"].state is State.FEATURES
        assert not link.ends["server"].authenticated
        link.deliver("client", f"<resume xmlns='{SM}' previd='x' h='0'/>".encode())
        link.run()
        assert link.ends["client"].online
        (event,) = link.seen("client", ManagementFailed)
        assert isinstance(event, ManagementFailed)
        assert event.condition == "unexpected-request"


def _signed_in_to_features(stream: Stream) -> None:
    """Bring a client's core alone to where it may bind or resume."""
    if not stream.management.waiting_to_resume:
        stream._bind.client_move = lambda stream: None  # type: ignore[method-assign]
    _sign_in(stream)
    assert stream.state is State.FEATURES


class TestEnds:
    def test_a_closed_stream_cannot_be_resumed(self) -> None:
        link = linked()
        link.deliver("client", message(1))
        link.deliver("client", STREAM_END)
        link.run()
        for end in link.ends.values():
            assert not end.management.resumable
        assert not books(link)[0].unacknowledged

    def test_closed_by_the_peer_the_rest_is_of_unknown_fate(self) -> None:
        link = linked(House(ask_after=100))
        link.ends["client"].data_sent(message(1))
        link.deliver("server", STREAM_END)
        assert not link.ends["client"].management.resumable
        later = client(ledger=link.ends["client"].management.ledger)
        assert list(later.management.ledger.lost) == [message(1)]

    @pytest.mark.parametrize(
        ("condition", "resumable"),
        [("system-shutdown", True), ("connection-timeout", True), ("conflict", False)],
    )
    def test_errors_that_pass_and_errors_that_do_not(self, condition: str, resumable: bool) -> None:
        link = linked()
        link.deliver(
            "server",
            f"<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "</stream:error></stream:stream>".encode(),
        )
        link.run()
        assert link.ends["client"].management.resumable is resumable


# Whatever happens to the line.


class Line:
    """A client and a server whose line can be cut anywhere, and who go on each time.

    What is sent travels in two queues of bytes; `cut` throws away what is in them. The server may
    learn of a cut, or find out only when the client comes back.
    """

    def __init__(self) -> None:
        self.house = House()
        self.client: Stream | None = None
        self.ledger: Ledger | None = None
        self.server: Stream | None = None
        self.way: dict[str, bytearray] = {"client": bytearray(), "server": bytearray()}
        self.heard: dict[str, list[str]] = {"client": [], "server": []}
        self.said: dict[str, list[str]] = {"client": [], "server": []}

    def connect(self) -> None:
        self.client = client(management=True, ledger=self.ledger)
        old, self.server = self.server, self.house.stream()
        if old is not None and old.management.resumable:
            self.house.remember(old)
        self.act("client")

    def cut(self, *, noticed: bool) -> None:
        if self.client is None:
            return
        self.ledger, self.client = self.client.management.ledger, None
        for queue in self.way.values():
            queue.clear()
        if noticed and self.server is not None and self.server.management.resumable:
            self.house.remember(self.server)
            self.server = None

    def say(self, end: str) -> None:
        stream = self.client if end == "client" else self.server
        text = f"{end}{len(self.said[end])}"
        if stream is not None and stream.online and stream.management.enabled:
            self.write(end, message(text))
        elif end == "server" and self.house.ledgers:
            list(self.house.ledgers.values())[-1].undelivered.append(message(text))
        else:
            return
        self.said[end].append(text)

    def write(self, end: str, data: bytes) -> None:
        stream = self.client if end == "client" else self.server
        assert stream is not None
        self.observe(end, stream.data_sent(data))
        other = "server" if end == "client" else "client"
        if self.client is not None:
            self.way[other] += data

    def act(self, end: str) -> None:
        stream = self.client if end == "client" else self.server
        while stream is not None and (moves := stream.moves()):
            (move, *_) = moves
            assert isinstance(move, Send), move
            self.write(end, move.data)
        if end == "client" and stream is not None:
            asks = stream.management.request()
            if asks is not None:
                self.write(end, asks.data)

    def carry(self, end: str, count: int) -> None:
        """Let `count` bytes arrive at `end`."""
        stream = self.client if end == "client" else self.server
        queue = self.way[end]
        data = bytes(queue[:count])
        del queue[:count]
        if stream is None or not data:
            return
        for events in stream.receive_steps(data):
            self.observe(end, events)
            self.act(end)

    def observe(self, end: str, events: list[Event]) -> None:
        for event in events:
            assert not isinstance(event, Violation | ResumeFailed), event
            if not isinstance(event, ElementSeen) or event.direction is Direction.SENT:
                continue
            if event.stanza is not None and event.stanza.kind == "message":
                self.heard[end].append(event.element.findtext("{jabber:client}body") or "")
            elif end == "client":
                assert self.client is not None
                answer = self.client.management.answer_to(event.element)
                if answer is not None:
                    self.write("client", answer.data)

    def settle(self) -> None:
        """Let everything arrive."""
        while self.client is not None and any(self.way.values()):
            for end in ("server", "client"):
                self.carry(end, 1 << 20)


ENDS = st.sampled_from(["client", "server"])
STEPS = st.one_of(
    st.tuples(st.just("say"), ENDS),
    st.tuples(st.just("carry"), ENDS, st.integers(1, 200)),
    st.tuples(st.just("settle")),
    st.tuples(st.just("cut"), st.booleans()),
    st.tuples(st.just("connect")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_every_message_arrives_once_and_in_order(steps: list[tuple[object, ...]]) -> None:
    line = Line()
    line.connect()
    line.settle()
    for name, *arguments in steps:
        if name == "say":
            line.say(str(arguments[0]))
        elif name == "carry":
            line.carry(str(arguments[0]), int(str(arguments[1])))
        elif name == "settle":
            line.settle()
        elif name == "cut":
            line.cut(noticed=bool(arguments[0]))
        elif line.client is None:
            line.connect()
    line.cut(noticed=True)
    line.connect()
    line.settle()
    assert line.client is not None
    assert line.client.online
    assert line.heard["server"] == line.said["client"]
    assert line.heard["client"] == line.said["server"]
    assert not line.client.management.ledger.undelivered
