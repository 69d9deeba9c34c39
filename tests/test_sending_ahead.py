"""Sessions that send ahead, on servers that take it and on servers that do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from xmppshell.network.discovery import TlsMode
from xmppshell.network.tcp import Wire
from xmppshell.pilot import Negotiation, Stage
from xmppshell.practice.server import PRACTICE_PASSWORD, PracticeServer, TlsOffer
from xmppshell.protocol.events import (
    Authenticated,
    AuthenticationFailed,
    Connected,
    Event,
    FastTokenReceived,
    MoveProposed,
    Notice,
    Online,
)
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import Send
from xmppshell.session import Session, SessionError
from xmppshell.session import connection as connection_module
from xmppshell.settings import Settings

HEADER = (
    "<stream:stream id='s' from='localhost' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
MECHANISMS = (
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
    "<mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:features>"
)
ERROR = "<stream:error><{} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"

Answer = Callable[[asyncio.StreamWriter], None]


class Gate:
    """Stands before a server: the first connection gets `answer`, the next ones pass."""

    def __init__(self, server: PracticeServer, answer: Answer) -> None:
        self._server = server
        self._answer = answer
        self.first_flights: list[bytes] = []
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flight = await reader.read(65536)
        self.first_flights.append(flight)
        if len(self.first_flights) == 1:
            self._answer(writer)
            await reader.read()
            writer.close()
            return
        inner_reader, inner_writer = await asyncio.open_connection(
            self._server.address, self._server.port
        )
        inner_writer.write(flight)
        back = asyncio.create_task(self._carry(inner_reader, writer))
        self._tasks.add(back)
        await self._carry(reader, inner_writer)
        await back

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()


@asynccontextmanager
async def gated(answer: Answer) -> AsyncIterator[Gate]:
    server = PracticeServer(tls=TlsOffer.NONE)
    await server.start()
    gate = Gate(server, answer)
    listener = await asyncio.start_server(gate.accept, "127.0.0.1", 0)
    gate.port = listener.sockets[0].getsockname()[1]
    try:
        yield gate
    finally:
        listener.close()
        await server.stop()


def settings(port: int, **more: object) -> Settings:
    defaults: dict[str, object] = {"tls": TlsMode.NONE, "pipeline": True}
    return Settings(
        JID.parse("juliet@localhost/balcony"),
        PRACTICE_PASSWORD,
        host="127.0.0.1",
        port=port,
        **(defaults | more),  # type: ignore[arg-type]
    )


class Watched:
    """A session, and what happened on it."""

    def __init__(self, given: Settings) -> None:
        self.session = Session("juliet", given)
        self.events: list[Event] = []
        self.session.feed.subscribe(lambda record: self.events.append(record.event))

    def seen(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]


def says(text: str, *, close: bool = False) -> Answer:
    def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(text.encode())
        if close:
            writer.close()

    return answer


REFUSALS = {
    "a cut": says("", close=True),
    "a cut after the header": says(HEADER, close=True),
    "a cut after the features": says(HEADER + MECHANISMS, close=True),
    "a stream error": says(HEADER + MECHANISMS + ERROR.format("policy-violation"), close=True),
    "a closing tag": says(HEADER + MECHANISMS + "</stream:stream>", close=True),
    "silence": says(HEADER + MECHANISMS),
}


@pytest.mark.parametrize("answer", REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_is_followed_by_a_step_at_a_time(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "AHEAD_SECONDS", 0.2)
    async with gated(answer) as gate:
        watched = Watched(settings(gate.port))
        await watched.session.open()
        assert watched.session.online
        assert any("a step at a time" in text for text in watched.notices)
        assert len(watched.seen(Connected)) == 2
        assert [b"<auth" in flight for flight in gate.first_flights] == [True, False]
        await watched.session.close()
        # What was learnt holds for the session's next connection.
        await watched.session.open()
        assert b"<auth" not in gate.first_flights[2]
        await watched.session.close()


async def test_an_error_that_would_come_anyway_is_final() -> None:
    async with gated(says(HEADER + ERROR.format("host-unknown"), close=True)) as gate:
        watched = Watched(settings(gate.port))
        with pytest.raises(SessionError):
            await watched.session.open()
        assert len(watched.seen(Connected)) == 1


async def test_a_stripped_offer_of_tls_is_final() -> None:
    async with gated(says(HEADER + MECHANISMS)) as gate:
        watched = Watched(settings(gate.port, tls=TlsMode.STARTTLS))
        with pytest.raises(SessionError) as error:
            await watched.session.open()
        assert "does not offer STARTTLS" in error.value.problem.what
        assert len(watched.seen(Connected)) == 1
        assert b"<starttls" in gate.first_flights[0]
        assert b"<auth" not in gate.first_flights[0]


@asynccontextmanager
async def practice(folder: Path, **options: object) -> AsyncIterator[tuple[PracticeServer, Path]]:
    server = PracticeServer(**options)  # type: ignore[arg-type]
    await server.start(direct_tls_port=0)
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(server.ca_pem)
    try:
        yield server, ca_file
    finally:
        await server.stop()


class TestOnThePracticeServer:
    async def test_flights_leave_in_one_go(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written: list[bytes] = []
        write = Wire.write
        monkeypatch.setattr(
            Wire, "write", lambda wire, data: (written.append(data), write(wire, data))[1]
        )
        async with practice(tmp_path) as (server, ca_file):
            watched = Watched(settings(server.port, tls=TlsMode.STARTTLS, ca_file=str(ca_file)))
            await watched.session.open()
            ours = [data for data in written if b"<stream:stream to='localhost'" in data]
            assert [name in data for data, name in zip(ours, NAMES, strict=True)] == [True] * 3
            await watched.session.close()

    async def test_a_wrong_guess_is_made_good_on_the_same_connection(self, tmp_path: Path) -> None:
        async with practice(tmp_path, mechanisms=("SCRAM-SHA-1",)) as (server, ca_file):
            watched = Watched(settings(server.port, tls=TlsMode.STARTTLS, ca_file=str(ca_file)))
            await watched.session.open()
            (signed_in,) = watched.seen(Authenticated)
            assert isinstance(signed_in, Authenticated)
            assert signed_in.mechanism == "SCRAM-SHA-1"
            assert len(watched.seen(Connected)) == 1
            assert any("was sent ahead" in text for text in watched.notices)
            await watched.session.close()

    async def test_a_wrong_password_is_final(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as (server, ca_file):
            given = settings(server.port, tls=TlsMode.STARTTLS, ca_file=str(ca_file))
            object.__setattr__(given, "password", "guess")
            watched = Watched(given)
            with pytest.raises(SessionError):
                await watched.session.open()
            assert len(watched.seen(AuthenticationFailed)) == 1
            assert len(watched.seen(Connected)) == 1

    async def test_sasl2_that_is_not_there_is_not_sent_ahead_twice(self, tmp_path: Path) -> None:
        async with practice(tmp_path, sasl2=False) as (server, ca_file):
            watched = Watched(
                settings(server.port, tls=TlsMode.STARTTLS, ca_file=str(ca_file), sasl2=True)
            )
            await watched.session.open()
            assert len(watched.seen(Connected)) == 2
            (signed_in,) = watched.seen(Authenticated)
            assert isinstance(signed_in, Authenticated)
            assert not signed_in.sasl2
            await watched.session.close()

    async def test_a_stage_to_stop_at_means_a_step_at_a_time(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as (server, ca_file):
            watched = Watched(
                settings(
                    server.port,
                    tls=TlsMode.STARTTLS,
                    ca_file=str(ca_file),
                    until=Stage.FEATURES,
                )
            )
            await watched.session.open()
            stream = watched.session.stream
            assert stream is not None
            assert len(stream.features) > 0
            assert not stream.secured
            await watched.session.close()

    async def test_a_user_who_goes_by_steps_is_offered_to_send_ahead(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as (server, ca_file):
            watched = Watched(
                settings(
                    server.port,
                    tls=TlsMode.STARTTLS,
                    ca_file=str(ca_file),
                    negotiation=Negotiation.STEP,
                )
            )
            await watched.session.open()
            for _ in range(2):
                move = watched.session.proposal()
                assert move is not None
                await watched.session.make(move)
            names = [each.move.name for each in watched.seen(MoveProposed)]  # type: ignore[attr-defined]
            assert names[:2] == ["open", "starttls"]
            await watched.session.drop()

    async def test_sasl2_a_step_at_a_time_by_the_user(self, tmp_path: Path) -> None:
        async with practice(tmp_path, sasl2=True) as (server, ca_file):
            watched = Watched(
                settings(
                    server.port,
                    tls=TlsMode.STARTTLS,
                    ca_file=str(ca_file),
                    pipeline=False,
                    sasl2=True,
                    client_id="d4565fa7-4d72-4749-b3d3-740edbf87770",
                    negotiation=Negotiation.STEP,
                )
            )
            session = watched.session
            await session.open()
            async with asyncio.timeout(5):
                while not session.online:
                    move = session.proposal()
                    if isinstance(move, Send):  # The handshake is not left to the user.
                        await session.make(move)
                    await asyncio.sleep(0.01)
            names = [each.move.name for each in watched.seen(MoveProposed)]  # type: ignore[attr-defined]
            assert names == ["open", "starttls", "open", "authenticate", "response"]
            assert len(watched.seen(FastTokenReceived)) == 1
            await session.close()

    async def test_it_is_quicker(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as (server, ca_file):
            assert server.direct_tls_port is not None
            watched = Watched(
                settings(server.direct_tls_port, tls=TlsMode.DIRECT, ca_file=str(ca_file))
            )
            await watched.session.open()
            assert len(watched.seen(Online)) == 1
            await watched.session.close()


NAMES = (b"<starttls", b"<auth", b"<bind")
"""What goes with each of the three stream headers."""
