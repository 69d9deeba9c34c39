"""What a client sends ahead of the features, and what becomes of it."""

from __future__ import annotations

import pytest
from linked_flights import Flights
from linked_streams import JULIET, PASSWORD, client_stream, server_stream

from xmppshell.protocol.channel import Channel, ChannelBinding
from xmppshell.protocol.events import Authenticated, AuthenticationFailed, Notice
from xmppshell.protocol.features.sasl2 import Sasl2Wishes
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import GiveUp, Send
from xmppshell.protocol.states import State
from xmppshell.protocol.stream import Stream

HEADER = (
    b"<?xml version='1.0'?><stream:stream id='s' from='localhost' version='1.0' "
    b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
PLAIN_OFFERED = (
    f"<stream:features><mechanisms xmlns='{SASL}'><mechanism>PLAIN</mechanism></mechanisms>"
    "</stream:features>"
).encode()
SUCCESS = f"<success xmlns='{SASL}'/>".encode()
EXPORTER = Channel((ChannelBinding("tls-exporter", b"x" * 32),))


def pipelining(password: str | None = PASSWORD, **options: object) -> Stream:
    return client_stream(password, pipeline=True, **options)  # type: ignore[arg-type]


def direct(password: str | None = PASSWORD, **options: object) -> Stream:
    return pipelining(password, secured=True, tls=False, **options)


def send_all(stream: Stream) -> list[str]:
    """Make every move that is to send something; give the names."""
    names = []
    while moves := stream.moves():
        move = moves[0]
        if not isinstance(move, Send):
            break
        names.append(move.name)
        stream.data_sent(move.data)
    return names


class TestRoundTrips:
    """Counted without TCP's one; the handshake of TLS is one when it is by STARTTLS."""

    @pytest.mark.parametrize(("pipeline", "count"), [(False, 8), (True, 5)])
    def test_starttls(self, pipeline: bool, count: int) -> None:
        flights = Flights(client_stream(pipeline=pipeline), server_stream()).run()
        assert flights.client.online
        assert flights.client.jid == JULIET
        assert flights.round_trips == count

    @pytest.mark.parametrize(("pipeline", "count"), [(False, 5), (True, 3)])
    def test_direct_tls(self, pipeline: bool, count: int) -> None:
        client = client_stream(secured=True, tls=False, pipeline=pipeline)
        flights = Flights(client, server_stream(secured=True)).run()
        assert flights.client.online
        assert flights.round_trips == count

    @pytest.mark.parametrize(("pipeline", "count"), [(False, 3), (True, 2)])
    def test_sasl2(self, pipeline: bool, count: int) -> None:
        client = client_stream(secured=True, tls=False, pipeline=pipeline, sasl2=Sasl2Wishes("id"))
        flights = Flights(client, server_stream(secured=True, sasl2=True)).run()
        assert flights.client.online
        assert flights.round_trips == count

    def test_flights_hold_what_belongs_together(self) -> None:
        flights = Flights(pipelining(), server_stream()).run()
        assert flights.names() == [
            *["open", "starttls", "tls"],
            *["open", "auth", "response"],
            *["open", "bind"],
        ]
        assert [flight.count(b"<stream:stream") for flight in flights.sent] == [1, 1, 0, 1]


class TestAssumptions:
    @pytest.mark.parametrize(
        ("options", "assumed"),
        [
            ({}, "SCRAM-SHA-256"),
            ({"mechanism": "PLAIN"}, "PLAIN"),
            ({"floor": "SCRAM-SHA-512"}, "SCRAM-SHA-512"),
            ({"mechanism": "SCRAM-SHA-1", "floor": "SCRAM-SHA-512"}, "SCRAM-SHA-1"),
            ({"jid": JID("", "localhost", "")}, "ANONYMOUS"),
        ],
    )
    def test_the_mechanism_that_is_sent_ahead(
        self, options: dict[str, object], assumed: str
    ) -> None:
        stream = direct(**options)
        assert send_all(stream) == ["open", "auth"]
        assert stream.sasl_exchange is not None
        assert stream.sasl_exchange.mechanism == assumed

    def test_the_binding_of_the_last_login_is_used_again(self) -> None:
        server = Stream(
            server_stream(mechanisms=("SCRAM-SHA-256-PLUS", "PLAIN")).server,
            secured=True,
            channel=EXPORTER,
        )
        client = Stream(direct(floor="SCRAM-SHA-256-PLUS").client, secured=True, channel=EXPORTER)
        flights = Flights(client, server).run()
        (event,) = flights.seen(Authenticated)
        assert isinstance(event, Authenticated)
        assert event.channel_binding == "tls-exporter"
        assert flights.round_trips == 3

    def test_what_cannot_be_done_here_waits_for_the_features(self) -> None:
        stream = direct(floor="SCRAM-SHA-256-PLUS")
        assert send_all(stream) == ["open"]

    def test_without_credentials_nothing_is_sent_ahead(self) -> None:
        assert send_all(direct(None)) == ["open"]

    def test_a_wrong_guess_costs_a_round_trip_and_no_more(self) -> None:
        flights = Flights(direct(), server_stream(secured=True, mechanisms=("SCRAM-SHA-1",))).run()
        client = flights.client
        assert client.online
        assert client.mechanism == "SCRAM-SHA-1"
        assert flights.seen(AuthenticationFailed) == []
        (notice,) = flights.seen(Notice)
        assert isinstance(notice, Notice)
        assert "SCRAM-SHA-256 was sent ahead" in notice.text
        assert flights.round_trips == 4

    def test_a_wrong_guess_in_sasl2(self) -> None:
        client = direct(sasl2=Sasl2Wishes("id"))
        server = server_stream(secured=True, sasl2=True, mechanisms=("SCRAM-SHA-1",))
        flights = Flights(client, server).run()
        assert client.online
        assert flights.names() == ["open", "authenticate", "authenticate", "response"]
        assert flights.seen(AuthenticationFailed) == []

    def test_a_wrong_password_is_no_wrong_guess(self) -> None:
        flights = Flights(direct("guess"), server_stream(secured=True)).run()
        assert isinstance(flights.moves[-1], GiveUp)
        assert len(flights.seen(AuthenticationFailed)) == 1


class TestSafety:
    def test_nothing_secret_goes_ahead_of_tls(self) -> None:
        stream = pipelining(mechanism="PLAIN")
        assert send_all(stream) == ["open", "starttls"]

    def test_a_stripped_offer_of_tls_is_seen_at_once(self) -> None:
        stream = pipelining()
        send_all(stream)
        stream.receive_data(HEADER + b"<stream:features/>")
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)
        assert move.name == "no-tls"
        assert not stream.ahead.refused

    def test_bytes_after_proceed_are_no_refusal(self) -> None:
        stream = pipelining()
        send_all(stream)
        tls = b"urn:ietf:params:xml:ns:xmpp-tls"
        stream.receive_data(
            HEADER + b"<stream:features><starttls xmlns='" + tls + b"'/></stream:features>"
            b"<proceed xmlns='" + tls + b"'/><message/>"
        )
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)
        assert not stream.refused_ahead

    def test_without_the_wish_nothing_is_sent_ahead(self) -> None:
        stream = client_stream()
        assert send_all(stream) == ["open"]

    def test_a_user_may_send_ahead_by_hand(self) -> None:
        stream = client_stream(secured=True, tls=False)
        assert send_all(stream) == ["open"]
        auth = f"<auth xmlns='{SASL}' mechanism='PLAIN'>AGp1bGlldABwZW5jaWw=</auth>"
        stream.data_sent(auth.encode())
        assert stream.state is State.OPENING
        stream.receive_data(HEADER + PLAIN_OFFERED)
        assert stream.state is State.SASL
        stream.receive_data(SUCCESS)
        assert stream.authenticated


class TestRefusal:
    @pytest.mark.parametrize(
        ("answer", "refused"),
        [
            ("<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
             "</stream:error>", True),
            ("<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
             "</stream:error>", False),
            ("</stream:stream>", True),
            ("", True),
        ],
    )  # fmt: skip
    def test_an_end_without_an_answer(self, answer: str, refused: bool) -> None:
        stream = direct()
        send_all(stream)
        stream.receive_data(HEADER + b"<stream:features/>" + answer.encode())
        assert stream.refused_ahead is refused

    def test_an_end_after_the_answer_is_another_matter(self) -> None:
        stream = direct(mechanism="PLAIN")
        send_all(stream)
        stream.receive_data(HEADER + PLAIN_OFFERED + SUCCESS)
        assert not stream.refused_ahead

    def test_sasl2_that_is_not_offered_is_not_waited_for(self) -> None:
        stream = direct(sasl2=Sasl2Wishes("id"))
        assert send_all(stream) == ["open", "authenticate"]
        stream.receive_data(HEADER + b"<stream:features/>")
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)
        assert move.problem is not None
        assert "SASL2 was sent ahead" in move.problem.what
        assert stream.refused_ahead

    def test_a_bind_that_was_sent_ahead_and_failed(self) -> None:
        stream = direct(mechanism="PLAIN")
        send_all(stream)
        stream.receive_data(HEADER + PLAIN_OFFERED + SUCCESS)
        assert send_all(stream) == ["open", "bind"]
        assert stream.state is State.OPENING
        stream.receive_data(
            HEADER + b"<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
            b"</stream:features>"
        )
        assert stream.state is State.BINDING
        assert stream.moves() == []
