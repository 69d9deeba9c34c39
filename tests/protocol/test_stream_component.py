"""The core as a component and as its server (XEP-0114), and see-other-host on any stream."""

from __future__ import annotations

import pytest
from linked_streams import Link, client_stream, server_stream

from xmppshell.protocol.credentials import Credentials
from xmppshell.protocol.dialects import COMPONENT
from xmppshell.protocol.events import (
    Authenticated,
    Bound,
    Direction,
    ElementSeen,
    StreamErrorSeen,
    Violation,
)
from xmppshell.protocol.features.component import proof
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import GiveUp, Send
from xmppshell.protocol.redirects import Redirect
from xmppshell.protocol.states import State
from xmppshell.protocol.stream import Stream
from xmppshell.protocol.stream_options import ClientOptions, ServerOptions

DOMAIN = "component.localhost"
SECRET = "a secret"
HEADER = (
    b"<stream:stream xmlns='jabber:component:accept' id='3BF96D32' from='component.localhost' "
    b"xmlns:stream='http://etherx.jabber.org/streams'>"
)


def component(secret: str | None = SECRET, domain: str = DOMAIN) -> Stream:
    credentials = None if secret is None else Credentials("", secret)
    return Stream(ClientOptions(JID.parse(domain), credentials, tls=False, dialect=COMPONENT))


def server() -> Stream:
    offered = server_stream().server
    options = ServerOptions(
        frozenset({DOMAIN}),
        offered.accounts,
        (),
        False,
        offered.assign_resource,
        lambda: "s1",
        dialect=COMPONENT,
        secrets={DOMAIN: SECRET},
    )
    return Stream(options)


def opened(**options: str | None) -> Stream:
    stream = component(**options)  # type: ignore[arg-type]
    stream.data_sent(stream.moves()[0].data)  # type: ignore[attr-defined]
    stream.receive_data(HEADER)
    return stream


def test_the_proof_is_sha_1_of_id_and_secret() -> None:
    # Computed with sha1sum.
    assert proof("3BF96D32", "example") == "0dc52b32587d2ddaf3e81042098c6226b6c81c2e"


def test_the_handshake() -> None:
    link = Link(component(), server()).run()
    assert link.made("client") == ["open", "handshake"]
    assert link.made("server") == ["open", "handshake"]
    for end in link.ends.values():
        assert end.state is State.BOUND
        assert end.online
        assert end.jid == JID.parse(DOMAIN)
    assert link.seen("client", Authenticated) == [
        Authenticated("component handshake", False, DOMAIN)
    ]
    assert link.seen("client", Bound) == [Bound(JID.parse(DOMAIN))]


def test_the_header_has_neither_version_nor_language() -> None:
    (move,) = component().moves()
    assert isinstance(move, Send)
    assert move.data == (
        b"<?xml version='1.0'?><stream:stream to='component.localhost' "
        b"xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>"
    )


def test_stanzas_flow_afterwards_and_not_before() -> None:
    link = Link(component(), server()).run()
    link.deliver("client", b"<message from='a@component.localhost' to='b@localhost'/>")
    link.run()
    (seen,) = [e for e in link.seen("server", ElementSeen) if e.stanza is not None]
    assert seen.stanza is not None
    assert seen.stanza.sender == "a@component.localhost"

    early = Link(component(secret=None), server()).run()
    early.deliver("client", b"<message from='a@component.localhost' to='b@localhost'/>")
    early.run()
    assert [e.condition for e in early.seen("server", Violation)] == ["not-authorized"]


def test_without_a_secret_nothing_is_proved() -> None:
    assert opened(secret=None).moves() == []


@pytest.mark.parametrize("secret", ["another secret", "", "ä"])
def test_a_wrong_secret_is_told_as_such(secret: str) -> None:
    link = Link(component(secret), server()).run()
    (error,) = link.seen("client", StreamErrorSeen)
    assert error.condition == "not-authorized"
    assert "does not accept the secret" in error.problem.what
    assert DOMAIN in error.problem.what
    assert not link.seen("client", Authenticated)
    assert not link.ends["server"].authenticated


def test_an_unknown_component() -> None:
    link = Link(component(domain="other.localhost"), server()).run()
    (error,) = link.seen("client", StreamErrorSeen)
    assert error.condition == "host-unknown"
    assert "no component other.localhost" in error.problem.what


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("conflict", "connected already"),
        ("invalid-from", "a component writes `from` on every stanza"),
        ("system-shutdown", "shutting down"),
    ],
)
def test_errors_are_told_in_a_components_words(condition: str, words: str) -> None:
    stream = opened()
    (event, *_) = [
        event
        for event in stream.receive_data(
            f"<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "</stream:error></stream:stream>".encode()
        )
        if isinstance(event, StreamErrorSeen)
    ]
    assert words in event.problem.what + event.problem.cause


def test_a_header_without_an_id_is_the_end() -> None:
    stream = component()
    stream.data_sent(stream.moves()[0].data)  # type: ignore[attr-defined]
    stream.receive_data(HEADER.replace(b" id='3BF96D32'", b""))
    (move,) = stream.moves()
    assert isinstance(move, GiveUp)
    assert move.problem is not None
    assert "no id" in move.problem.what


def test_a_handshake_that_the_user_typed_counts() -> None:
    link = Link(component(secret=None), server()).run()
    typed = f"<handshake>{proof('s1', SECRET)}</handshake>"
    link.deliver("client", typed.encode())
    link.run()
    assert link.ends["client"].online


def test_a_second_handshake_is_refused() -> None:
    link = Link(component(), server()).run()
    link.deliver("client", b"<handshake>x</handshake>")
    link.run()
    assert [e.condition for e in link.seen("server", Violation)] == ["unsupported-stanza-type"]


def test_a_connection_that_ends_during_the_handshake_is_told() -> None:
    stream = opened()
    assert "instead of waiting" in stream.end_problem().what  # type: ignore[union-attr]
    stream.data_sent(stream.moves()[0].data)  # type: ignore[attr-defined]
    assert "instead of answering" in stream.end_problem().what  # type: ignore[union-attr]


class TestSeeOtherHost:
    def redirected(self, text: str) -> tuple[Stream, list[StreamErrorSeen]]:
        link = Link(client_stream(), server_stream()).run()
        stream = link.ends["client"]
        events = stream.receive_data(
            "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"
            f"{text}</see-other-host></stream:error></stream:stream>".encode()
        )
        return stream, [event for event in events if isinstance(event, StreamErrorSeen)]

    def test_it_is_noted_and_told(self) -> None:
        stream, (error,) = self.redirected("[2001:db8::7]:5999")
        assert stream.redirect == Redirect("2001:db8::7", 5999)
        assert "[2001:db8::7]:5999" in error.problem.what
        assert "for localhost" in error.problem.cure
        assert stream.end_problem() == error.problem

    def test_the_stream_is_closed_and_nothing_else_is_done(self) -> None:
        stream, _ = self.redirected("other.example")
        (move,) = stream.moves()
        assert isinstance(move, Send)
        assert move.data == b"</stream:stream>"

    def test_an_unusable_target_leads_nowhere(self) -> None:
        stream, (error,) = self.redirected("a b")
        assert stream.redirect is None
        assert "names none" in error.problem.what

    def test_one_that_this_side_sent_is_no_redirect(self) -> None:
        stream = server_stream()
        stream.data_sent(
            b"<stream:stream xmlns='jabber:client' "
            b"xmlns:stream='http://etherx.jabber.org/streams'><stream:error><see-other-host "
            b"xmlns='urn:ietf:params:xml:ns:xmpp-streams'>h</see-other-host></stream:error>"
        )
        assert stream.redirect is None
        assert Direction.SENT in stream.headers
