"""The core in the client's role: alone with a script of bytes, and joined to a server's core."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linked_streams import JULIET, PASSWORD, Link, client_stream, server_stream

from xmppshell.protocol.events import (
    Authenticated,
    AuthenticationFailed,
    BindFailed,
    Bound,
    BrokenBytesSeen,
    Direction,
    ElementSeen,
    StreamEndSeen,
    StreamErrorSeen,
    StreamHeaderSeen,
    TextSeen,
    Violation,
    WhitespaceSeen,
)
from xmppshell.protocol.jid import JID
from xmppshell.protocol.mechanisms import MAX_ITERATIONS
from xmppshell.protocol.moves import BeginTls, Disconnect, GiveUp, Send
from xmppshell.protocol.states import State
from xmppshell.protocol.stream import Stream
from xmppshell.protocol.stream_options import Refusal

HEADER = (
    b"<?xml version='1.0'?><stream:stream id='s' from='localhost' version='1.0' "
    b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)
STARTTLS = (
    b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
    b"</stream:features>"
)
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"


def mechanisms(*names: str) -> bytes:
    inner = "".join(f"<mechanism>{name}</mechanism>" for name in names)
    return (
        f"<stream:features><mechanisms xmlns='{SASL}'>{inner}</mechanisms></stream:features>"
    ).encode()


def send_move(stream: Stream) -> bytes:
    """Make the one move that the core proposes, which must be to send something."""
    (move,) = stream.moves()
    assert isinstance(move, Send), move
    stream.data_sent(move.data)
    return move.data


def opened(features: bytes, **options: object) -> Stream:
    stream = client_stream(**options)  # type: ignore[arg-type]
    send_move(stream)
    stream.receive_data(HEADER + features)
    return stream


def payload(element: bytes) -> str:
    return base64.b64decode(element.partition(b">")[2].partition(b"<")[0]).decode()


class TestWholeNegotiation:
    @pytest.mark.parametrize(
        "mechanism", ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    )
    def test_each_mechanism_leads_to_a_bound_resource(self, mechanism: str) -> None:
        link = Link(client_stream(), server_stream(mechanisms=(mechanism,))).run()
        client = link.ends["client"]
        assert client.online
        assert client.jid == JULIET
        assert link.ends["server"].online
        (event,) = link.seen("client", Authenticated)
        assert event == Authenticated(mechanism, mechanism != "PLAIN", "juliet")
        assert link.seen("client", Bound) == [Bound(JULIET)]
        assert link.tls == 1

    def test_moves_come_in_the_order_of_the_rfc(self) -> None:
        link = Link(client_stream(), server_stream()).run()
        expected = "open starttls tls open auth response open bind"
        assert link.made("client") == expected.split()

    def test_direct_tls_needs_no_starttls(self) -> None:
        client = client_stream(secured=True, tls=False)
        link = Link(client, server_stream(secured=True)).run()
        assert client.online
        assert "starttls" not in link.made("client")

    def test_the_strongest_common_mechanism_is_chosen(self) -> None:
        link = Link(
            client_stream(), server_stream(mechanisms=("PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-512"))
        ).run()
        assert link.ends["client"].mechanism == "SCRAM-SHA-512"

    def test_a_mechanism_that_was_asked_for_is_used(self) -> None:
        link = Link(client_stream(mechanism="PLAIN"), server_stream()).run()
        assert link.ends["client"].mechanism == "PLAIN"

    @settings(deadline=None, max_examples=25)
    @given(st.randoms(use_true_random=False))
    def test_any_cut_of_the_bytes_ends_the_same(self, chance: random.Random) -> None:
        def cut(data: bytes) -> list[bytes]:
            places = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(6)))
            return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]

        link = Link(client_stream(), server_stream(), cut).run()
        assert link.ends["client"].online
        assert link.ends["server"].online

    def test_wrong_password(self) -> None:
        link = Link(client_stream("guess"), server_stream()).run()
        (event,) = link.seen("client", AuthenticationFailed)
        assert isinstance(event, AuthenticationFailed)
        assert event.condition == "not-authorized"
        move = link.moves["client"][-2]
        assert isinstance(move, GiveUp)
        assert move.problem is not None
        assert "password" in move.problem.what
        assert "guess" not in str(link.events)

    def test_a_conflict_at_binding_is_told(self) -> None:
        server = server_stream(refusal=Refusal("conflict", "cancel"))
        link = Link(client_stream(), server).run()
        (event,) = link.seen("client", BindFailed)
        assert isinstance(event, BindFailed)
        assert event.condition == "conflict"
        assert any(isinstance(move, GiveUp) for move in link.moves["client"])

    def test_closing_is_answered_and_ends_the_connection(self) -> None:
        link = Link(client_stream(), server_stream()).run()
        link.deliver("client", b"</stream:stream>")
        link.run()
        assert link.ends["client"].state is State.CLOSED
        assert isinstance(link.moves["client"][-1], Disconnect)
        assert link.ends["client"].closed_properly
        assert link.ends["client"].end_problem() is None


class TestStartTls:
    def test_the_handshake_is_proposed_after_proceed(self) -> None:
        stream = opened(STARTTLS)
        assert b"<starttls" in send_move(stream)
        stream.receive_data(PROCEED)
        (move,) = stream.moves()
        assert isinstance(move, BeginTls)

    @pytest.mark.parametrize("rest", [b"<injected/>", b" ", b"<unfinished", b"\xff", b"<!-- -->"])
    def test_bytes_after_proceed_are_refused(self, rest: bytes) -> None:
        stream = opened(STARTTLS)
        send_move(stream)
        events = stream.receive_data(PROCEED + rest)
        assert any(isinstance(event, Violation) for event in events)
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)

    def test_a_missing_offer_is_refused(self) -> None:
        stream = opened(mechanisms("PLAIN"))
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)
        assert move.name == "no-tls"

    def test_plaintext_is_used_only_when_it_was_asked_for(self) -> None:
        stream = opened(mechanisms("PLAIN"), tls=False)
        assert b"mechanism='PLAIN'" in send_move(stream)

    def test_the_header_names_the_account_only_under_tls(self) -> None:
        stream = client_stream()
        assert b"from=" not in send_move(stream)
        stream.receive_data(HEADER + STARTTLS)
        send_move(stream)
        stream.receive_data(PROCEED)
        stream.tls_established()
        assert b"from='juliet@localhost'" in send_move(stream)

    def test_a_refusal_is_explained(self) -> None:
        stream = opened(STARTTLS)
        send_move(stream)
        stream.receive_data(b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>")
        problem = stream.end_problem()
        assert problem is not None
        assert "refused STARTTLS" in problem.what


class TestSasl:
    def test_no_common_mechanism(self) -> None:
        stream = opened(mechanisms("GSSAPI", "X-OAUTH2"), tls=False)
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)
        assert move.problem is not None
        assert "GSSAPI, X-OAUTH2" in move.problem.what

    def test_a_mechanism_that_is_not_offered(self) -> None:
        stream = opened(mechanisms("PLAIN"), tls=False, mechanism="SCRAM-SHA-1")
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)
        assert "SCRAM-SHA-1 was asked for" in str(move.problem)

    def scram(self, server_first: str) -> Stream:
        stream = opened(mechanisms("SCRAM-SHA-256"), tls=False)
        nonce = payload(send_move(stream)).rpartition("r=")[2]
        text = base64.b64encode(server_first.format(nonce=nonce).encode()).decode()
        stream.receive_data(f"<challenge xmlns='{SASL}'>{text}</challenge>".encode())
        return stream

    @pytest.mark.parametrize(
        ("server_first", "word"),
        [
            ("r=other,s=c2FsdCBvZiB0aGUgdGVzdA==,i=4096", "nonce"),
            ("r={nonce},s=c2FsdCBvZiB0aGUgdGVzdA==,i=4096", "nonce"),
            (f"r={{nonce}}x,s=c2FsdCBvZiB0aGUgdGVzdA==,i={MAX_ITERATIONS + 1}", "PBKDF2"),
            ("r={nonce}x,s=c2FsdCBvZiB0aGUgdGVzdA==,i=1", "only 1 PBKDF2"),
            ("e=unknown-user", "cannot be used"),
            ("not scram", "cannot be used"),
        ],
    )
    def test_a_bad_challenge_is_refused(self, server_first: str, word: str) -> None:
        (move,) = self.scram(server_first).moves()
        assert isinstance(move, GiveUp)
        assert word in str(move.problem)

    def test_a_challenge_that_is_not_base64(self) -> None:
        stream = opened(mechanisms("SCRAM-SHA-256"), tls=False)
        send_move(stream)
        stream.receive_data(f"<challenge xmlns='{SASL}'>$$$</challenge>".encode())
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)

    @pytest.mark.parametrize(
        "final", ["", base64.b64encode(b"v=" + base64.b64encode(b"wrong")).decode()]
    )
    def test_success_without_the_right_signature_is_refused(self, final: str) -> None:
        stream = self.scram("r={nonce}x,s=c2FsdCBvZiB0aGUgdGVzdA==,i=4096")
        send_move(stream)
        events = stream.receive_data(f"<success xmlns='{SASL}'>{final}</success>".encode())
        assert not any(isinstance(event, Authenticated) for event in events)
        assert not stream.authenticated
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)

    def test_success_before_the_exchange_is_refused(self) -> None:
        stream = opened(mechanisms("SCRAM-SHA-256"), tls=False)
        send_move(stream)
        stream.receive_data(f"<success xmlns='{SASL}'/>".encode())
        assert not stream.authenticated
        assert isinstance(stream.moves()[0], GiveUp)

    def test_an_exchange_typed_by_hand_is_left_to_the_user(self) -> None:
        stream = opened(mechanisms("PLAIN"), tls=False)
        typed = base64.b64encode(f"\0juliet\0{PASSWORD}".encode()).decode()
        stream.data_sent(f'<auth xmlns="{SASL}" mechanism="PLAIN">{typed}</auth>'.encode())
        assert stream.state is State.SASL
        stream.receive_data(f"<success xmlns='{SASL}'/>".encode())
        assert stream.authenticated
        assert stream.mechanism == "PLAIN"

    def test_the_password_is_in_no_representation(self) -> None:
        stream = client_stream()
        assert PASSWORD not in repr(stream.client)
        assert PASSWORD not in repr(stream.credentials)


class TestBind:
    def bound(self, features: str, resource: str = "") -> Stream:
        jid = JID("juliet", "localhost", resource)
        stream = opened(mechanisms("PLAIN"), tls=False, jid=jid)
        send_move(stream)
        stream.receive_data(f"<success xmlns='{SASL}'/>".encode())
        send_move(stream)
        stream.receive_data(HEADER + f"<stream:features>{features}</stream:features>".encode())
        return stream

    BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
    RESULT = (
        b"<iq type='result' id='x1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        b"<jid>juliet@localhost/given</jid></bind></iq>"
    )

    def test_without_a_resource_the_server_chooses(self) -> None:
        stream = self.bound(self.BIND)
        assert b"<resource>" not in send_move(stream)
        stream.receive_data(self.RESULT)
        assert str(stream.jid) == "juliet@localhost/given"
        assert stream.online

    def test_a_proposal_keeps_its_id(self) -> None:
        stream = self.bound(self.BIND)
        assert stream.moves() == stream.moves()

    def test_a_resource_is_escaped(self) -> None:
        stream = self.bound(self.BIND, "a<b&c")
        assert b"<resource>a&lt;b&amp;c</resource>" in send_move(stream)

    @pytest.mark.parametrize(("optional", "due"), [("<optional/>", False), ("", True)])
    def test_the_legacy_session_is_skipped_when_optional(self, optional: str, due: bool) -> None:
        session = f"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'>{optional}</session>"
        stream = self.bound(self.BIND + session)
        send_move(stream)
        stream.receive_data(self.RESULT)
        assert stream.online is not due
        if due:
            assert b"xmpp-session" in send_move(stream)
            stream.receive_data(b"<iq type='result' id='x2'/>")
            assert stream.online

    def test_a_result_with_a_bad_jid_is_refused(self) -> None:
        stream = self.bound(self.BIND)
        send_move(stream)
        stream.receive_data(self.RESULT.replace(b"juliet@localhost/given", b"@"))
        assert isinstance(stream.moves()[0], GiveUp)


class TestWire:
    def test_every_byte_is_in_an_event(self) -> None:
        stream = client_stream()
        send_move(stream)
        data = HEADER + b"<stream:features/> text <a xmlns='u'>&#x41;</a>\n</stream:stream>"
        events = stream.receive_data(data)
        assert b"".join(getattr(event, "data", b"") for event in events) == data
        kinds = {type(event) for event in events}
        assert {TextSeen, WhitespaceSeen, StreamEndSeen} <= kinds

    @pytest.mark.parametrize(
        ("data", "condition"),
        [
            (b"<!DOCTYPE x><a/>", "restricted-xml"),
            (b"<!-- c -->", "restricted-xml"),
            (b"<a>&undefined;</a>", "not-well-formed"),
            (b"<p:a/>", "not-well-formed"),
            (b"<a>\xff</a>", "unsupported-encoding"),
        ],
    )
    def test_what_cannot_be_read_ends_the_stream(self, data: bytes, condition: str) -> None:
        stream = opened(b"<stream:features/>")
        events = stream.receive_data(data)
        assert any(isinstance(event, BrokenBytesSeen) for event in events)
        (violation,) = [event for event in events if isinstance(event, Violation)]
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)
        assert condition.encode() in move.data
        assert violation.condition == condition

    def test_a_second_header_with_any_attributes_is_honoured(self) -> None:
        stream = opened(STARTTLS)
        again = HEADER.replace(b"version='1.0' ", b"version='7.0' odd='yes' ", 1)
        (event,) = stream.data_sent(again)
        assert isinstance(event, StreamHeaderSeen)
        assert (event.data, event.header.attributes["odd"]) == (again, "yes")
        assert stream.state is State.FEATURES
        assert any(isinstance(e, ElementSeen) for e in stream.data_sent(b"<a xmlns='u'/>"))

    def test_broken_bytes_that_were_sent_are_shown_and_blamed_on_nobody(self) -> None:
        stream = opened(b"<stream:features/>")
        events = stream.data_sent(b"<a></b>")
        assert [type(event) for event in events] == [BrokenBytesSeen]
        assert stream.failure is None

    def test_a_stream_error_is_explained_and_ends_the_stream(self) -> None:
        stream = opened(b"<stream:features/>")
        (event,) = [
            event
            for event in stream.receive_data(
                b"<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                b"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>not here</text></stream:error>"
                b"</stream:stream>"
            )
            if isinstance(event, StreamErrorSeen)
        ]
        assert (event.direction, event.condition) == (Direction.RECEIVED, "host-unknown")
        assert event.text == "not here"
        assert send_move(stream) == b"</stream:stream>"
        assert stream.end_problem() == event.problem

    def test_another_protocol_on_the_port(self) -> None:
        stream = client_stream()
        send_move(stream)
        stream.receive_data(b"<html><body>hello</body></html>")
        assert isinstance(stream.moves()[0], GiveUp)

    @pytest.mark.parametrize(
        ("given_so_far", "word"),
        [(b"", "header"), (HEADER, "features"), (HEADER + STARTTLS, "without a word")],
    )
    def test_a_silent_end_names_where_it_happened(self, given_so_far: bytes, word: str) -> None:
        stream = client_stream()
        send_move(stream)
        stream.receive_data(given_so_far)
        problem = stream.end_problem()
        assert problem is not None
        assert word in problem.what
