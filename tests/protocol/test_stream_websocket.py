"""The core over WebSocket: frames that stand alone, `<open/>` and `<close/>`, no STARTTLS."""

from __future__ import annotations

import pytest
from linked_streams import Link, client_stream, server_stream

from xmppshell.protocol.dialects import WEBSOCKET
from xmppshell.protocol.events import (
    Authenticated,
    Bound,
    BrokenBytesSeen,
    Direction,
    ElementSeen,
    StreamEndSeen,
    StreamErrorSeen,
    StreamHeaderSeen,
    Violation,
    WireEvent,
)
from xmppshell.protocol.moves import Disconnect, GiveUp, Send
from xmppshell.protocol.redirects import Redirect
from xmppshell.protocol.states import State
from xmppshell.protocol.stream import Stream
from xmppshell.protocol.xml import Context, parse_element

FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
OPEN = f"<open xmlns='{FRAMING}' id='s' from='localhost' version='1.0'/>".encode()


def client(**options: object) -> Stream:
    options = {"secured": True, "tls": False, **options}
    return client_stream(dialect=WEBSOCKET, **options)  # type: ignore[arg-type]


def server(**options: object) -> Stream:
    options = {"secured": True, "tls": False, **options}
    return server_stream(dialect=WEBSOCKET, **options)  # type: ignore[arg-type]


def opened() -> Stream:
    stream = client()
    (move,) = stream.moves()
    assert isinstance(move, Send)
    stream.data_sent(move.data)
    stream.receive_data(OPEN)
    return stream


def test_a_whole_negotiation() -> None:
    link = Link(client(), server()).run()
    assert all(end.state is State.BOUND for end in link.ends.values())
    assert link.made("client") == ["open", "auth", "response", "open", "bind"]
    assert link.tls == 0
    assert [str(event.jid) for event in link.seen("client", Bound)] == ["juliet@localhost/balcony"]
    (signed_in,) = link.seen("client", Authenticated)
    assert signed_in.server_verified


def test_every_message_is_one_element_that_stands_alone() -> None:
    link = Link(client(), server()).run()
    said = [move.data for end in ("client", "server") for move in link.moves[end]]
    for data in said:
        element = parse_element(data, Context({}))
        assert str(element.tag).startswith("{"), data
    assert not any(link.seen(end, BrokenBytesSeen) for end in ("client", "server"))


def test_the_stream_opens_anew_after_authentication() -> None:
    link = Link(client(), server()).run()
    assert len(link.seen("client", StreamHeaderSeen)) == 4
    assert len(link.seen("server", StreamHeaderSeen)) == 4


def test_starttls_is_not_offered_and_asking_for_it_fails() -> None:
    link = Link(client(password=None), server()).run()
    offered = [e.data for e in link.seen("client", ElementSeen) if b"features" in e.data]
    assert offered
    assert not any(b"starttls" in data for data in offered)
    link.deliver("client", b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    link.run()
    sent = [event.data for event in link.seen("server", WireEvent)]
    assert b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" in sent
    assert f"<close xmlns='{FRAMING}'/>".encode() in sent


def test_closing_is_a_close_element_each_way() -> None:
    link = Link(client(), server()).run()
    link.deliver("client", f"<close xmlns='{FRAMING}'/>".encode())
    link.run()
    assert all(end.state is State.CLOSED for end in link.ends.values())
    assert all(end.closed_properly for end in link.ends.values())
    assert isinstance(link.moves["client"][-1], Disconnect)
    assert len(link.seen("client", StreamEndSeen)) == 2


@pytest.mark.parametrize(
    ("message", "condition"),
    [
        (b"<message xmlns='jabber:client'/>", "not-authorized"),
        (b"<message/>", "unsupported-stanza-type"),
        (b"<a/><b/>", "bad-format"),
        (b"<a", "not-well-formed"),
        (b"text", "bad-format"),
        (b"<stream:stream to='localhost'>", "not-well-formed"),
    ],
)
def test_what_a_server_refuses_gets_a_stream_error_and_a_close(
    message: bytes, condition: str
) -> None:
    link = Link(client(password=None), server()).run()
    link.deliver("client", message)
    link.run()
    (error,) = link.seen("client", StreamErrorSeen)
    assert error.condition == condition
    assert [e.condition for e in link.seen("server", Violation)] == [condition]
    assert link.seen("client", StreamEndSeen)


def test_a_wrong_open_is_refused() -> None:
    stream = server()
    stream.receive_data(f"<open xmlns='{FRAMING}' version='1.0'/>".encode())
    assert [move.name for move in stream.moves()] == ["open"]
    assert stream.failure is not None
    assert "improper-addressing" in stream.failure.what


def test_what_inherits_from_nothing_is_no_stanza() -> None:
    stream = opened()
    (event,) = stream.receive_data(b"<message/>")
    assert isinstance(event, ElementSeen)
    assert event.stanza is None
    (event,) = stream.receive_data(b"<message xmlns='jabber:client'/>")
    assert isinstance(event, ElementSeen)
    assert event.stanza is not None


def test_the_tag_of_tcp_is_told_apart() -> None:
    stream = client()
    stream.data_sent(stream.moves()[0].data)  # type: ignore[attr-defined]
    events = stream.receive_data(b"<stream:stream xmlns='jabber:client' id='s'>")
    assert isinstance(events[0], BrokenBytesSeen)
    assert "<stream:stream> tag" in events[0].problem.what
    assert isinstance(stream.moves()[0], GiveUp)


def test_broken_bytes_that_the_user_sent_do_not_hide_what_follows() -> None:
    stream = opened()
    (event,) = stream.data_sent(b"<message")
    assert isinstance(event, BrokenBytesSeen)
    (event,) = stream.data_sent(b"<presence xmlns='jabber:client'/>")
    assert isinstance(event, ElementSeen)


def test_an_open_typed_twice_is_seen() -> None:
    stream = opened()
    (event,) = stream.data_sent(f"<open xmlns='{FRAMING}' to='localhost'/>".encode())
    assert isinstance(event, StreamHeaderSeen)


class TestSeeOtherUri:
    def close(self, uri: str) -> Stream:
        stream = opened()
        stream.receive_data(f"<close xmlns='{FRAMING}' see-other-uri='{uri}'/>".encode())
        return stream

    def test_it_is_noted_and_told(self) -> None:
        stream = self.close("wss://other.example/ws")
        assert stream.redirect == Redirect(uri="wss://other.example/ws")
        problem = stream.end_problem()
        assert problem is not None
        assert "wss://other.example/ws" in problem.what

    def test_the_close_is_answered(self) -> None:
        stream = self.close("wss://other.example/ws")
        (move,) = stream.moves()
        assert isinstance(move, Send)
        assert move.data == WEBSOCKET.end

    def test_it_does_not_lead_off_tls(self) -> None:
        stream = self.close("ws://other.example/ws")
        assert stream.redirect is None
        problem = stream.end_problem()
        assert problem is not None
        assert "must not go" in problem.what

    def test_a_server_follows_nobody(self) -> None:
        stream = server()
        close = f"<close xmlns='{FRAMING}' see-other-uri='wss://x/'/>".encode()
        stream.receive_data(close)
        assert stream.redirect is None
        assert Direction.RECEIVED in stream.ended
