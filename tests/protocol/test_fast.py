"""FAST, at both ends: asking for a token, signing in with it, and being refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from linked_flights import Flights
from linked_streams import PASSWORD, Link, client_stream, server_stream

from xmppshell.practice.fast_tokens import LIFETIME, ROTATION, Tokens
from xmppshell.protocol.channel import Channel, ChannelBinding
from xmppshell.protocol.credentials import FastToken
from xmppshell.protocol.events import (
    Authenticated,
    AuthenticationFailed,
    ElementSeen,
    FastTokenReceived,
    FastTokenRefused,
)
from xmppshell.protocol.features.sasl2 import Sasl2Wishes
from xmppshell.protocol.moves import GiveUp, Send
from xmppshell.protocol.stream import Stream
from xmppshell.transcript.redaction import redact

CLIENT_ID = "d4565fa7-4d72-4749-b3d3-740edbf87770"
HEADER = (
    "<stream:stream id='s' from='localhost' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
NONE, EXPR = "HT-SHA-256-NONE", "HT-SHA-256-EXPR"
EXPORTER = Channel((ChannelBinding("tls-exporter", b"x" * 32),))
OTHER = Channel((ChannelBinding("tls-exporter", b"y" * 32),))


class House:
    """A server's memory for tokens, and the time there."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 14, tzinfo=UTC)
        self.tokens = Tokens(lambda: self.now)

    def server(self, **more: object) -> Stream:
        tokens = self.tokens.at(lambda: "localhost")
        return server_stream(sasl2=True, tokens=tokens, **more)  # type: ignore[arg-type]

    def link(
        self,
        token: FastToken | None = None,
        *,
        password: str | None = PASSWORD,
        channels: tuple[Channel, Channel] = (Channel(), Channel()),
        client_id: str = CLIENT_ID,
        **more: object,
    ) -> Link:
        wishes = Sasl2Wishes(client_id, fast=True, token=token)
        return Link(
            client_stream(password, sasl2=wishes), self.server(**more), channels=channels
        ).run()

    def given(self, **more: object) -> FastToken:
        """Sign in with the password, and return the token that this brings."""
        (event,) = self.link(**more).seen("client", FastTokenReceived)  # type: ignore[arg-type]
        assert isinstance(event, FastTokenReceived)
        assert event.mechanism == event.token.mechanism
        return event.token


@pytest.fixture
def house() -> House:
    return House()


def data_of(stream: Stream) -> bytes:
    """Return what the stream proposes to send."""
    (move, *_) = stream.moves()
    assert isinstance(move, Send), move
    return move.data


def requests(link: Link) -> list[str]:
    return [
        move.data.decode()
        for move in link.moves["client"]
        if isinstance(move, Send) and move.name == "authenticate"
    ]


def test_a_login_brings_a_token_and_the_next_one_uses_it(house: House) -> None:
    token = house.given()
    assert token.mechanism == NONE
    assert token.expiry == "2026-04-04T00:00:00Z"
    link = house.link(token, password=None)
    assert link.ends["client"].online
    assert link.made("client")[-2:] == ["open", "authenticate"]
    (event,) = link.seen("client", Authenticated)
    assert event == Authenticated(NONE, True, "juliet", sasl2=True, token=True)
    (request,) = requests(link)
    assert "<fast xmlns='urn:xmpp:fast:0'/>" in request
    assert token.token not in request
    assert link.seen("client", FastTokenReceived) == []


def test_the_best_mechanism_is_asked_for(house: House) -> None:
    assert house.given(channels=(EXPORTER, EXPORTER)).mechanism == EXPR
    assert house.given(channels=(Channel(), EXPORTER)).mechanism == NONE


def test_a_bound_token_signs_in_on_its_channel_only(house: House) -> None:
    token = house.given(channels=(EXPORTER, EXPORTER))
    link = house.link(token, password=None, channels=(EXPORTER, EXPORTER))
    (event,) = link.seen("client", Authenticated)
    assert event == Authenticated(
        EXPR, True, "juliet", sasl2=True, token=True, channel_binding="tls-exporter"
    )
    relayed = house.link(token, channels=(EXPORTER, OTHER))
    assert relayed.seen("client", FastTokenRefused) == [FastTokenRefused(EXPR, "not-authorized")]


def test_a_token_without_binding_is_exchanged_for_one_with(house: House) -> None:
    token = house.given()
    link = house.link(token, password=None, channels=(EXPORTER, EXPORTER))
    (event,) = link.seen("client", FastTokenReceived)
    assert isinstance(event, FastTokenReceived)
    assert event.mechanism == EXPR
    assert house.link(event.token, password=None, channels=(EXPORTER, EXPORTER)).seen(
        "client", Authenticated
    )


@pytest.mark.parametrize("condition", ["not-authorized", "credentials-expired"])
def test_a_refused_token_is_dropped_and_the_password_is_next(house: House, condition: str) -> None:
    token = house.given()
    if condition == "credentials-expired":
        house.now += LIFETIME
    else:
        house.tokens.clear()
    link = house.link(token)
    client = link.ends["client"]
    assert client.online
    assert link.seen("client", FastTokenRefused) == [FastTokenRefused(NONE, condition)]
    assert link.seen("client", AuthenticationFailed) == []
    first, second = requests(link)
    assert f"mechanism='{NONE}'" in first
    assert "mechanism='SCRAM-SHA-256'" in second
    assert "<request-token" in second
    (event,) = link.seen("client", FastTokenReceived)
    assert isinstance(event, FastTokenReceived)
    assert event.token != token
    (signed_in,) = link.seen("client", Authenticated)
    assert isinstance(signed_in, Authenticated)
    assert not signed_in.token


@pytest.mark.parametrize(("refused", "confused"), [(True, True), (False, False)])
def test_a_server_that_a_refused_token_confuses_is_told_apart(
    refused: bool, confused: bool
) -> None:
    """Prosody 13 proves another list of mechanisms after that than it offered."""
    token = FastToken(NONE, "wrong", "") if refused else None
    stream = client_stream(secured=True, tls=False, sasl2=Sasl2Wishes(CLIENT_ID, token=token))
    offer = (
        "<stream:features><authentication xmlns='urn:xmpp:sasl:2'>"
        "<mechanism>SCRAM-SHA-256</mechanism><inline><fast xmlns='urn:xmpp:fast:0'>"
        f"<mechanism>{NONE}</mechanism></fast></inline></authentication></stream:features>"
    )
    failure = (
        "<failure xmlns='urn:xmpp:sasl:2'>"
        "<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"
    )
    for answer in (HEADER + offer, *([failure] if refused else [])):
        stream.data_sent(data_of(stream))
        stream.receive_data(answer.encode())
    first = data_of(stream)
    stream.data_sent(first)
    sent = first.partition(b"<initial-response>")[2].partition(b"<")[0]
    nonce = base64.b64decode(sent).decode().rpartition("r=")[2]
    wrong = base64.b64encode(b"x" * 32).decode()
    message = f"r={nonce}y,s=c2FsdCBvZiB0aGUgdGVzdA==,i=4096,h={wrong}"
    challenge = base64.b64encode(message.encode()).decode()
    stream.receive_data(f"<challenge xmlns='urn:xmpp:sasl:2'>{challenge}</challenge>".encode())
    (move, *_) = stream.moves()
    assert isinstance(move, GiveUp)
    assert stream.confused is confused


def test_a_refused_token_without_a_password_ends_it(house: House) -> None:
    token = house.given()
    house.tokens.clear()
    link = house.link(token, password=None)
    assert link.seen("client", FastTokenRefused)
    (move,) = [move for move in link.moves["client"] if isinstance(move, GiveUp)]
    assert move.problem is not None
    assert "refused the token" in move.problem.what


def test_a_token_that_cannot_be_used_without_a_password_ends_it(house: House) -> None:
    token = house.given(channels=(EXPORTER, EXPORTER))
    link = house.link(token, password=None)
    (move,) = [move for move in link.moves["client"] if isinstance(move, GiveUp)]
    assert move.problem is not None
    assert "cannot be used here" in move.problem.what
    assert requests(link) == []


def test_a_token_that_cannot_be_used_waits_for_another_time(house: House) -> None:
    token = house.given(channels=(EXPORTER, EXPORTER))
    link = house.link(token)
    assert link.ends["client"].online
    assert link.seen("client", FastTokenRefused) == []


def test_a_server_gives_another_token_in_time(house: House) -> None:
    token = house.given()
    house.now += ROTATION
    # The first answer with a new one is lost.
    for _ in range(2):
        (event,) = house.link(token, password=None).seen("client", FastTokenReceived)
        assert isinstance(event, FastTokenReceived)
        assert event.mechanism == NONE
        assert event.token.token != token.token
    assert house.link(event.token, password=None).ends["client"].online
    assert house.link(token).seen("client", FastTokenRefused)


def test_a_token_is_bound_to_its_client(house: House) -> None:
    token = house.given()
    link = house.link(token, client_id="00000000-4d72-4749-b3d3-740edbf87770")
    assert link.seen("client", FastTokenRefused)


def test_without_an_id_there_are_no_tokens(house: House) -> None:
    link = house.link(FastToken(NONE, "t", ""), client_id="")
    assert link.ends["client"].online
    (request,) = requests(link)
    assert "fast" not in request
    assert link.seen("client", FastTokenReceived) == []


def test_without_tls_there_are_no_tokens(house: House) -> None:
    wishes = Sasl2Wishes(CLIENT_ID, fast=True, token=FastToken(NONE, "t", ""))
    link = Link(client_stream(tls=False, sasl2=wishes), house.server(tls=False)).run()
    assert link.ends["client"].online
    assert requests(link) == []


def test_a_token_of_an_unknown_mechanism_is_left_alone(house: House) -> None:
    link = house.link(FastToken("HT-BLAKE-NONE", "t", ""))
    assert link.ends["client"].online
    assert link.seen("client", FastTokenRefused) == []


def test_success_without_proof_of_the_token_is_refused(house: House) -> None:
    wishes = Sasl2Wishes(CLIENT_ID, token=FastToken(NONE, "t", ""))
    client = client_stream(None, secured=True, tls=False, sasl2=wishes)
    offer = (
        "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><inline>"
        f"<fast xmlns='urn:xmpp:fast:0'><mechanism>{NONE}</mechanism></fast></inline>"
        "</authentication></stream:features>"
    )
    for answer in (HEADER + offer, "<success xmlns='urn:xmpp:sasl:2'/>"):
        client.data_sent(data_of(client))
        client.receive_data(answer.encode())
    (move,) = client.moves()
    assert isinstance(move, GiveUp)
    assert move.problem is not None
    assert "knows the token" in move.problem.what
    assert not client.authenticated


def test_a_token_can_be_taken_back_by_using_it(house: House) -> None:
    token = house.given()
    wishes = Sasl2Wishes(CLIENT_ID, token=token)
    client, server = client_stream(None, sasl2=wishes), house.server()
    link = Link(client, server)
    while not requests(link):
        link._step("client", "server") | link._step("server", "client")
        (move, *_) = client.moves() or [None]
        if isinstance(move, Send) and move.name == "authenticate":
            taking_back = move.data.replace(b":fast:0'/>", b":fast:0' invalidate='true'/>")
            link.deliver("client", taking_back)
            break
    link.run()
    assert client.online
    assert house.link(token).seen("client", FastTokenRefused)


@pytest.mark.parametrize(
    ("xml", "condition"),
    [
        ("<fast xmlns='urn:xmpp:fast:0'/>", "malformed-request"),
        (f"<user-agent id='{CLIENT_ID}'/><fast xmlns='urn:xmpp:fast:0'/>", "invalid-mechanism"),
    ],
)
def test_a_server_refuses_what_is_no_token(house: House, xml: str, condition: str) -> None:
    link = Link(client_stream(None), house.server()).run()
    link.deliver(
        "client",
        f"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='X'>{xml}</authenticate>".encode(),
    )
    link.run()
    (event,) = link.seen("client", AuthenticationFailed)
    assert isinstance(event, AuthenticationFailed)
    assert event.condition == condition


def test_nothing_shows_a_token(house: House) -> None:
    link = house.link()
    (event,) = link.seen("client", FastTokenReceived)
    assert isinstance(event, FastTokenReceived)
    secrets = (event.token.token, event.token.expiry)
    with_token = house.link(event.token, password=None)
    shown = [redact(each.data).decode() for each in link.seen("client", ElementSeen)]  # type: ignore[attr-defined]
    for text in (
        *shown,
        repr(event),
        repr(with_token.ends["client"].client),
        *(repr(each) for each in link.events["client"] if not isinstance(each, ElementSeen)),
        *(repr(vars(end)) for end in with_token.ends.values()),
        repr(with_token.ends["client"].sasl_exchange),
    ):
        assert not any(secret in text for secret in secrets)


def test_the_round_trips_of_fast(house: House) -> None:
    token = house.given()
    wishes = Sasl2Wishes(CLIENT_ID, fast=True, token=token)
    counts = []
    for pipeline in (False, True):
        client = client_stream(None, secured=True, tls=False, sasl2=wishes, pipeline=pipeline)
        server = house.server(secured=True)
        flights = Flights(client, server).run()
        assert flights.client.online
        counts.append(flights.round_trips)
    # TCP and TLS have gone before.
    assert counts == [2, 1]
