"""Sessions through every door of real servers: WebSocket, component, plain TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from servers.real_server import RealServer

from xmppshell.feed import Record
from xmppshell.network import host_meta
from xmppshell.network.discovery import TlsMode
from xmppshell.network.failures import ConnectionFailed
from xmppshell.protocol.events import (
    BrokenBytesSeen,
    Direction,
    Disconnected,
    ElementSeen,
    Event,
    Notice,
    StreamEndSeen,
    StreamErrorSeen,
    StreamHeaderSeen,
    WireEvent,
)
from xmppshell.protocol.jid import JID
from xmppshell.protocol.problem import ProblemError
from xmppshell.protocol.states import State
from xmppshell.session import Session, SessionError
from xmppshell.settings import Settings

PING = "<iq type='get' id='ping'{}><ping xmlns='urn:xmpp:ping'/></iq>"
CLIENT = " xmlns='jabber:client'"


class Visit:
    """A session and what it told."""

    def __init__(self, settings: Settings) -> None:
        self.session = Session("visit", settings)
        self.records: list[Record] = []
        self.session.feed.subscribe(self.records.append)

    def told(self, kind: type[Event]) -> list[Event]:
        return [record.event for record in self.records if isinstance(record.event, kind)]

    async def say(self, text: str) -> None:
        await self.session.send(text.encode())

    async def until(self, what: type[Event] | str) -> Event:
        """Wait for the first event of a kind, or for the first that was received with a text."""
        async with asyncio.timeout(10):
            while True:
                for event in (record.event for record in self.records):
                    if fits(event, what):
                        return event
                await asyncio.sleep(0.01)


def fits(event: Event, what: type[Event] | str) -> bool:
    if not isinstance(what, str):
        return isinstance(event, what)
    came = isinstance(event, WireEvent) and event.direction is Direction.RECEIVED
    return came and what.encode() in event.data


@asynccontextmanager
async def visiting(settings: Settings) -> AsyncIterator[Visit]:
    visit = Visit(settings)
    await visit.session.open()
    try:
        yield visit
    finally:
        await visit.session.close()


def client(server: RealServer, **options: object) -> Settings:
    given = {"password": server.accounts["juliet"], "ca_file": str(server.ca_file), **options}
    return Settings(JID.parse(f"juliet@{server.host}/door"), **given)  # type: ignore[arg-type]


def component(server: RealServer, **options: object) -> Settings:
    given = {
        "password": server.component_secret,
        "component": True,
        "host": server.address,
        "port": server.component_port,
        **options,
    }
    return Settings(JID.parse(server.component_host), **given)  # type: ignore[arg-type]


async def refusal(settings: Settings) -> tuple[Visit, ProblemError]:
    visit = Visit(settings)
    with pytest.raises((SessionError, ConnectionFailed)) as caught:
        await visit.session.open()
    return visit, caught.value


class TestWebSocket:
    async def test_a_visit(self, every_server: RealServer) -> None:
        settings = client(every_server, websocket=every_server.websocket_tls_url)
        async with visiting(settings) as visit:
            assert visit.session.tls is not None
            assert visit.session.tls.verified
            assert str(visit.session.jid) == f"juliet@{every_server.host}/door"
            await visit.say(PING.format(CLIENT))
            await visit.until("id='ping'")
            sent = [e for e in visit.told(ElementSeen) if e.direction is Direction.SENT]
            assert not any("starttls" in e.data.decode() for e in sent)
            headers = visit.told(StreamHeaderSeen)
            assert len(headers) == 4
            assert all(b"<open" in header.data for header in headers)
        assert visit.session.problem is None
        assert len(visit.told(StreamEndSeen)) == 2
        assert visit.told(Disconnected) == [Disconnected(True)]
        assert visit.told(BrokenBytesSeen) == []

    async def test_without_tls(self, every_server: RealServer) -> None:
        settings = client(every_server, websocket=every_server.websocket_url, tls=TlsMode.NONE)
        async with visiting(settings) as visit:
            assert visit.session.tls is None
            assert any(notice.warning for notice in visit.told(Notice))

    async def test_found_by_host_meta(
        self, ejabberd: RealServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(host_meta, "HTTPS_PORT", ejabberd.https_port)
        async with visiting(client(ejabberd, websocket="auto")) as visit:
            assert visit.session.online

    async def test_a_wrong_path(self, real_server: RealServer) -> None:
        address = real_server.websocket_tls_url + "-not"
        _, error = await refusal(client(real_server, websocket=address))
        assert "404" in error.problem.what

    async def test_a_port_without_websocket(self, real_server: RealServer) -> None:
        address = f"ws://{real_server.host}:{real_server.c2s_port}/"
        _, error = await refusal(client(real_server, websocket=address, tls=TlsMode.NONE))
        assert "does not speak WebSocket" in error.problem.what

    async def test_a_wrong_password(self, every_server: RealServer) -> None:
        settings = client(every_server, websocket=every_server.websocket_tls_url, password="no")
        _, error = await refusal(settings)
        assert "not-authorized" in error.problem.what

    async def test_a_stanza_without_its_namespace(self, prosody: RealServer) -> None:
        async with visiting(client(prosody, websocket=prosody.websocket_tls_url)) as visit:
            await visit.say("<presence/>")
            await visit.until(Disconnected)
        (error,) = visit.told(StreamErrorSeen)
        assert error.condition == "unsupported-stanza-type"
        assert visit.session.problem == error.problem

    async def test_a_conflict(self, every_server: RealServer) -> None:
        settings = client(every_server, websocket=every_server.websocket_tls_url)
        async with visiting(settings) as old, visiting(settings):
            await old.until(Disconnected)
        assert old.session.problem is not None
        assert "conflict" in old.session.problem.what


class TestComponents:
    async def test_a_visit(self, every_server: RealServer) -> None:
        async with visiting(component(every_server)) as visit:
            stream = visit.session.stream
            assert stream is not None
            assert stream.state is State.BOUND
            assert str(visit.session.jid) == every_server.component_host
            assert [notice.warning for notice in visit.told(Notice)] == [False]
            sender = f" from='{every_server.component_host}' to='{every_server.host}'"
            await visit.say(PING.format(sender))
            answer = await visit.until("type='result'")
            assert f"to='{every_server.component_host}'".encode() in answer.data
        assert visit.told(Disconnected) == [Disconnected(True)]

    async def test_it_answers_as_who_was_asked(self, every_server: RealServer) -> None:
        tcp = client(every_server, host=every_server.address, port=every_server.c2s_port)
        async with visiting(component(every_server)), visiting(tcp) as juliet:
            to = f"somebody@{every_server.component_host}"
            await juliet.say(PING.format(f" to='{to}'"))
            answer = await juliet.until("id='ping'")
            assert b"type='result'" in answer.data
            assert f"from='{to}'".encode() in answer.data

    async def test_messages_both_ways(self, every_server: RealServer) -> None:
        tcp = client(every_server, host=every_server.address, port=every_server.c2s_port)
        async with visiting(component(every_server)) as bot, visiting(tcp) as juliet:
            await juliet.say("<presence/>")
            to = f"bot@{every_server.component_host}"
            await juliet.say(f"<message to='{to}' id='m1'><body>who is there</body></message>")
            await bot.until("who is there")
            me = f"juliet@{every_server.host}/door"
            await bot.say(f"<message from='{to}' to='{me}'><body>a bot</body></message>")
            await juliet.until("a bot")

    async def test_a_wrong_secret(self, every_server: RealServer) -> None:
        _, error = await refusal(component(every_server, password="no"))
        assert "does not accept the secret" in error.problem.what

    async def test_a_foreign_from(self, every_server: RealServer) -> None:
        async with visiting(component(every_server)) as visit:
            await visit.say(f"<message from='juliet@{every_server.host}' to='romeo@localhost'/>")
            await visit.until(Disconnected)
        assert visit.session.problem is not None
        assert "a component writes `from`" in visit.session.problem.cause

    async def test_no_from(self, ejabberd: RealServer) -> None:
        async with visiting(component(ejabberd)) as visit:
            await visit.say(f"<message to='juliet@{ejabberd.host}'/>")
            await visit.until(Disconnected)
        assert visit.session.problem is not None
        assert "improper-addressing" in visit.session.problem.what
        assert "a component writes `from`" in visit.session.problem.cause

    async def test_twice(self, prosody: RealServer) -> None:
        async with visiting(component(prosody)) as first:
            _, error = await refusal(component(prosody))
            assert "connected already" in error.problem.what
            assert first.session.online

    async def test_the_port_for_clients(self, real_server: RealServer) -> None:
        _, error = await refusal(component(real_server, port=real_server.c2s_port))
        assert "5347" in error.problem.cure or "jabber:component:accept" in error.problem.cause

    async def test_more_than_a_domain(self, real_server: RealServer) -> None:
        settings = component(real_server)
        visit = Visit(Settings(JID.parse("juliet@localhost"), component=True, host=settings.host))
        with pytest.raises(SessionError) as caught:
            await visit.session.open()
        assert "not the address of a component" in caught.value.problem.what


class TestPlainTcp:
    async def test_where_the_server_lets_us(self, real_server_class: type[RealServer]) -> None:
        with real_server_class(require_encryption=False) as server:
            settings = client(server, host=server.address, port=server.c2s_port, tls=TlsMode.NONE)
            async with visiting(settings) as visit:
                assert visit.session.tls is None
                assert not any("starttls xmlns" in text for text in self.sent(visit))
            (notice,) = visit.told(Notice)
            assert notice.warning
            assert "anyone on the way can read and change it" in notice.text

    @staticmethod
    def sent(visit: Visit) -> list[str]:
        events = [e for e in visit.told(WireEvent) if e.direction is Direction.SENT]
        return [event.data.decode() for event in events]

    async def test_where_it_does_not(self, real_server: RealServer) -> None:
        settings = client(
            real_server, host=real_server.address, port=real_server.c2s_port, tls=TlsMode.NONE
        )
        _, error = await refusal(settings)
        assert "no way to sign in" in error.problem.what
        assert "--tls starttls" in error.problem.cure
