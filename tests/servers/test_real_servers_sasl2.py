"""SASL2, Bind 2, FAST and sending ahead, on the real servers."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from servers.real_server import RealServer

from xmppshell.feed import Record
from xmppshell.network.discovery import TlsMode
from xmppshell.protocol.credentials import FastToken
from xmppshell.protocol.events import (
    Authenticated,
    AuthenticationFailed,
    Bound,
    Connected,
    Direction,
    ElementSeen,
    Event,
    FastTokenReceived,
    FastTokenRefused,
    ManagementEnabled,
    Notice,
    Resumed,
    StreamHeaderSeen,
)
from xmppshell.protocol.jid import JID
from xmppshell.session import Session, SessionError
from xmppshell.settings import Settings

CLIENT_ID = "d4565fa7-4d72-4749-b3d3-740edbf87770"
PING = b"<iq type='get' id='p1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


def settings(server: RealServer, **more: object) -> Settings:
    defaults: dict[str, object] = {
        "host": server.address,
        "port": server.c2s_port,
        "tls": TlsMode.STARTTLS,
        "ca_file": str(server.ca_file),
        "client_id": CLIENT_ID,
    }
    return Settings(
        JID.parse("juliet@localhost/balcony"),
        server.accounts["juliet"],
        **(defaults | more),  # type: ignore[arg-type]
    )


class Login:
    """One session from its opening to its end, and what happened."""

    def __init__(self, given: Settings) -> None:
        self.session = Session("juliet", given)
        self.events: list[Event] = []
        self.session.feed.subscribe(self._observe)
        self._answered = asyncio.Event()

    async def __aenter__(self) -> Login:
        await self.session.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.session.close()

    def seen(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def signed_in(self) -> Authenticated:
        (event,) = self.seen(Authenticated)
        assert isinstance(event, Authenticated)
        return event

    @property
    def token(self) -> FastToken:
        (event,) = self.seen(FastTokenReceived)
        assert isinstance(event, FastTokenReceived)
        return event.token

    async def ping(self) -> None:
        """See that stanzas flow."""
        stream = self.session.stream
        assert stream is not None
        await self.session.send(stream.dialect.complete(PING))
        async with asyncio.timeout(5):
            await self._answered.wait()

    def _observe(self, record: Record) -> None:
        self.events.append(record.event)
        event = record.event
        if isinstance(event, ElementSeen) and event.direction is Direction.RECEIVED:
            stanza = event.stanza
            if stanza is not None and stanza.id == "p1":
                self._answered.set()


async def token_for(server: RealServer, **more: object) -> FastToken:
    async with Login(settings(server, sasl2=True, **more)) as login:
        return login.token


class TestSasl2:
    async def test_one_exchange_signs_in_and_binds(self, modern_server: RealServer) -> None:
        async with Login(settings(modern_server, sasl2=True, fast=False)) as login:
            signed_in = login.signed_in
            assert signed_in.sasl2
            assert signed_in.server_verified
            assert signed_in.mechanism.startswith("SCRAM-")
            # The headers before and after TLS, and none after the login.
            assert len(login.seen(StreamHeaderSeen)) == 4
            (bound,) = login.seen(Bound)
            assert isinstance(bound, Bound)
            # Prosody puts ~ between the tag and its own part, ejabberd a full stop.
            assert re.fullmatch(r"balcony[~.].+", bound.jid.resource)
            assert login.seen(FastTokenReceived) == []
            await login.ping()

    async def test_the_server_chooses_a_resource(self, modern_server: RealServer) -> None:
        given = settings(modern_server, sasl2=True, fast=False)
        async with Login(replace(given, jid=JID.parse("juliet@localhost"))) as login:
            assert login.session.jid is not None
            assert login.session.jid.resource
            await login.ping()

    async def test_channel_binding(self, modern_server: RealServer) -> None:
        given = settings(
            modern_server,
            sasl2=True,
            mechanism="SCRAM-SHA-256-PLUS",
            channel_binding="tls-exporter",
        )
        async with Login(given) as login:
            assert login.signed_in.channel_binding == "tls-exporter"

    async def test_session_features_come_with_the_resource(self, modern_server: RealServer) -> None:
        given = settings(modern_server, sasl2=True, session_features=("carbons",))
        async with Login(given) as login:
            sent = b"".join(e.data for e in login.seen(ElementSeen))  # type: ignore[attr-defined]
            assert b"<enable xmlns='urn:xmpp:carbons:2'/>" in sent
            await login.ping()

    async def test_a_wrong_password(self, modern_server: RealServer) -> None:
        given = replace(settings(modern_server, sasl2=True), password="guess")
        login = Login(given)
        with pytest.raises(SessionError):
            await login.session.open()
        (event,) = login.seen(AuthenticationFailed)
        assert isinstance(event, AuthenticationFailed)
        assert event.condition == "not-authorized"

    async def test_sasl_is_used_where_there_is_nothing_else(self, real_server: RealServer) -> None:
        async with Login(settings(real_server, sasl2=True)) as login:
            assert not login.signed_in.sasl2
            await login.ping()


class TestStreamManagement:
    async def test_it_is_enabled_inline_and_a_stream_resumed(
        self, modern_server: RealServer
    ) -> None:
        login = Login(settings(modern_server, sasl2=True, sm=True))
        session = login.session
        await session.open()
        (enabled,) = login.seen(ManagementEnabled)
        assert isinstance(enabled, ManagementEnabled)
        first = session.jid
        assert first is not None
        if not enabled.resumable:
            pytest.skip("the server does not let this stream be resumed")
        await session.drop()
        await session.open()
        assert login.seen(Resumed)
        assert session.jid == first
        await login.ping()
        await session.close()


class TestFast:
    async def test_the_token_of_one_login_is_that_of_the_next(
        self, modern_server: RealServer
    ) -> None:
        token = await token_for(modern_server)
        assert token.mechanism == "HT-SHA-256-EXPR"
        given = replace(settings(modern_server, sasl2=True, fast_token=token), password=None)
        async with Login(given) as login:
            assert login.signed_in.token
            assert login.signed_in.server_verified
            assert login.signed_in.channel_binding == "tls-exporter"
            await login.ping()

    async def test_a_token_without_channel_binding(self, modern_server: RealServer) -> None:
        # With TLS 1.2, and what Python has by itself.
        token = await token_for(modern_server, tls_version="1.2")
        given = settings(modern_server, sasl2=True, fast_token=token, tls_version="1.2")
        async with Login(given) as login:
            assert login.signed_in.token

    async def test_a_session_takes_its_own_token_for_the_next_time(
        self, modern_server: RealServer
    ) -> None:
        login = Login(settings(modern_server, sasl2=True))
        await login.session.open()
        await login.session.close()
        await login.session.open()
        assert [event.token for event in login.seen(Authenticated)] == [False, True]  # type: ignore[attr-defined]
        await login.session.close()

    async def test_a_refused_token_is_dropped_and_the_password_is_next(
        self, modern_server: RealServer
    ) -> None:
        wrong = FastToken("HT-SHA-256-EXPR", "not a token", "2040-01-01T00:00:00Z")
        async with Login(settings(modern_server, sasl2=True, fast_token=wrong)) as login:
            assert login.seen(FastTokenRefused) == [
                FastTokenRefused("HT-SHA-256-EXPR", "not-authorized")
            ]
            assert not login.signed_in.token
            assert login.signed_in.sasl2
            assert login.token != wrong
            # Prosody proves another list of mechanisms after that, so it is asked afresh.
            fresh = 2 if modern_server.name == "prosody13" else 1
            assert len(login.seen(Connected)) == fresh
            await login.ping()

    async def test_a_refused_token_without_a_password(self, modern_server: RealServer) -> None:
        wrong = FastToken("HT-SHA-256-NONE", "not a token", "2040-01-01T00:00:00Z")
        given = replace(settings(modern_server, sasl2=True, fast_token=wrong), password=None)
        login = Login(given)
        with pytest.raises(SessionError) as error:
            await login.session.open()
        assert "refused the token" in error.value.problem.what
        assert login.seen(FastTokenRefused)

    async def test_a_token_of_another_client_is_refused(self, modern_server: RealServer) -> None:
        token = await token_for(modern_server)
        given = settings(
            modern_server,
            sasl2=True,
            fast_token=token,
            client_id="00000000-4d72-4749-b3d3-740edbf87770",
        )
        async with Login(given) as login:
            assert login.seen(FastTokenRefused)


class TestSendingAhead:
    @pytest.mark.parametrize("tls", [TlsMode.STARTTLS, TlsMode.DIRECT])
    async def test_every_server_takes_what_is_sent_ahead(
        self, every_server: RealServer, tls: TlsMode
    ) -> None:
        port = every_server.c2s_port if tls is TlsMode.STARTTLS else every_server.direct_tls_port
        async with Login(settings(every_server, pipeline=True, tls=tls, port=port)) as login:
            assert login.signed_in.mechanism == "SCRAM-SHA-256"
            assert len(login.seen(Connected)) == 1
            assert login.seen(Notice) == []
            assert str(login.session.jid) == "juliet@localhost/balcony"
            await login.ping()

    async def test_a_mechanism_that_is_not_there_costs_no_connection(
        self, every_server: RealServer
    ) -> None:
        async with Login(settings(every_server, pipeline=True, floor="SCRAM-SHA-1")) as login:
            # The ejabberds have it; the Prosodys have SCRAM-SHA-256 alone.
            assert login.signed_in.mechanism.startswith("SCRAM-SHA-")
            assert len(login.seen(Connected)) == 1
            assert bool(login.seen(Notice)) is (login.signed_in.mechanism != "SCRAM-SHA-1")
            await login.ping()

    async def test_sasl2_ahead(self, modern_server: RealServer) -> None:
        async with Login(settings(modern_server, sasl2=True, pipeline=True)) as login:
            assert login.signed_in.sasl2
            assert len(login.seen(Connected)) == 1
            assert login.token.mechanism == "HT-SHA-256-EXPR"
            await login.ping()

    async def test_a_token_ahead(self, modern_server: RealServer) -> None:
        token = await token_for(modern_server)
        given = settings(modern_server, sasl2=True, pipeline=True, fast_token=token)
        async with Login(given) as login:
            assert login.signed_in.token
            await login.ping()

    async def test_a_refused_token_ahead(self, modern_server: RealServer) -> None:
        wrong = FastToken("HT-SHA-256-EXPR", "not a token", "2040-01-01T00:00:00Z")
        given = settings(modern_server, sasl2=True, pipeline=True, fast_token=wrong)
        async with Login(given) as login:
            assert login.seen(FastTokenRefused)
            await login.ping()

    async def test_sasl2_that_an_old_server_does_not_have(self, real_server: RealServer) -> None:
        async with Login(settings(real_server, sasl2=True, pipeline=True)) as login:
            assert not login.signed_in.sasl2
            assert len(login.seen(Connected)) == 2
            assert any("a step at a time" in event.text for event in login.seen(Notice))  # type: ignore[attr-defined]
            await login.ping()


class TestByWebSocket:
    @pytest.mark.parametrize("sasl2", [False, True])
    @pytest.mark.parametrize("pipeline", [False, True])
    async def test_it_works_there_as_well(
        self, modern_server: RealServer, sasl2: bool, pipeline: bool
    ) -> None:
        given = replace(
            settings(modern_server, sasl2=sasl2, pipeline=pipeline),
            host=None,
            port=None,
            tls=None,
            websocket=modern_server.websocket_tls_url,
        )
        async with Login(given) as login:
            # ejabberd offers SASL2 by TCP alone.
            offered = modern_server.name == "prosody13"
            assert login.signed_in.sasl2 is (sasl2 and offered)
            again = sasl2 and pipeline and not offered
            assert len(login.seen(Connected)) == (2 if again else 1)
            await login.ping()
