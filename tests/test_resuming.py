"""Sessions whose line is cut, over real sockets: nothing is lost and nothing comes twice.

Each test runs against the practice server, Prosody and ejabberd, old and new.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from severing_proxy import DOWN, UP, SeveringProxy, severing_proxy

from xmppshell.network.discovery import TlsMode
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.server import PracticeServer
from xmppshell.protocol.events import (
    AuthenticationFailed,
    Connecting,
    Direction,
    Disconnected,
    ElementSeen,
    Event,
    ManagementEnabled,
    Online,
    Reconnecting,
    Resumed,
    ResumeFailed,
    StreamErrorSeen,
)
from xmppshell.protocol.jid import JID
from xmppshell.protocol.obligations import Policy
from xmppshell.protocol.problem import ProblemError
from xmppshell.reconnect import BackOff
from xmppshell.session import Session
from xmppshell.settings import Settings

SM = "urn:xmpp:sm:3"
PLACES = {
    "practice": [],
    "prosody": [pytest.mark.real_server],
    "ejabberd": [pytest.mark.real_server],
    "prosody13": [pytest.mark.real_server, pytest.mark.debian13],
    "ejabberd24": [pytest.mark.real_server, pytest.mark.debian13],
}
WAIT = 15.0


@dataclass
class Place:
    """A server with juliet and romeo, and a line to it that can be cut."""

    name: str
    port: int
    ca_file: Path
    passwords: dict[str, str]
    proxy: SeveringProxy

    def person(self, user: str, *, through_proxy: bool = False, **options: object) -> Person:
        given = {
            "host": "127.0.0.1",
            "port": self.proxy.port if through_proxy else self.port,
            "tls": TlsMode.STARTTLS,
            "ca_file": str(self.ca_file),
            "sm": True,
            **options,
        }
        jid = JID.parse(f"{user}@localhost/{user}-here")
        settings = Settings(jid, password=self.passwords[user], **given)  # type: ignore[arg-type]
        return Person(Session(user, settings))


@dataclass
class Person:
    """Somebody with a session: what they said and what they heard, in order."""

    session: Session
    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session.feed.subscribe(lambda record: self._note(record.event))

    def _note(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, ElementSeen) and event.direction is Direction.RECEIVED:
            body = event.element.findtext("{jabber:client}body")
            if body and event.element.get("type") != "error":
                self.heard.append(body)

    def seen(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    async def enter(self) -> None:
        await self.session.open()
        await self.send("<presence/>")
        await until(lambda: bool(self.seen(ManagementEnabled)))

    async def send(self, text: str) -> None:
        assert self.session.stream is not None
        await self.session.send(self.session.stream.dialect.complete(text.encode()))

    async def say(self, other: Person) -> None:
        """Say something, unless the connection is known to be lost."""
        text = f"{self.session.name} {len(self.said)}"
        to = other.session.jid
        data = f"<message type='chat' to='{to}' id='{self.session.ids.next()}'><body>{text}</body>"
        try:
            await self.send(f"{data}</message>")
        except ProblemError:
            return
        self.said.append(text)

    async def lost(self) -> None:
        await until(lambda: not self.session.connected)


async def until(condition: Callable[[], bool], seconds: float = WAIT) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - it may be anything
            await asyncio.sleep(0.01)


@asynccontextmanager
async def place(name: str, request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Place]:
    if name == "practice":
        practice = PracticeServer(parts=())
        await practice.start()
        ca_file = folder / "ca.pem"
        ca_file.write_bytes(practice.ca_pem)
        passwords = dict.fromkeys(("juliet", "romeo"), PRACTICE_PASSWORD)
        try:
            async with severing_proxy("127.0.0.1", practice.port) as proxy:
                yield Place(name, practice.port, ca_file, passwords, proxy)
        finally:
            await practice.stop()
        return
    server = request.getfixturevalue(name)
    async with severing_proxy("127.0.0.1", server.c2s_port) as proxy:
        yield Place(name, server.c2s_port, server.ca_file, server.accounts, proxy)


@pytest.fixture(params=[pytest.param(name, marks=marks) for name, marks in PLACES.items()])
def where(request: pytest.FixtureRequest) -> str:
    if request.param != "practice":
        request.getfixturevalue(request.param)
    return str(request.param)


async def close_all(*people: Person) -> None:
    for person in people:
        await person.session.close()


async def test_both_sides_speak_while_the_line_is_cut(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    await speak_while_cut(where, request, tmp_path)


@pytest.mark.real_server
@pytest.mark.debian13
@pytest.mark.parametrize("where", ["prosody13", "ejabberd24"])
async def test_both_sides_speak_while_the_line_is_cut_with_sasl2(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Then the stream is enabled and resumed within the login."""
    await speak_while_cut(where, request, tmp_path, sasl2=True)


async def speak_while_cut(
    where: str, request: pytest.FixtureRequest, folder: Path, **options: object
) -> None:
    async with place(where, request, folder) as here:
        juliet = here.person("juliet", through_proxy=True, **options)
        romeo = here.person("romeo", **options)
        await juliet.enter()
        await romeo.enter()
        await juliet.say(romeo)
        await romeo.say(juliet)
        await until(lambda: len(juliet.heard) == len(romeo.heard) == 1)
        here.proxy.mute()
        for _ in range(3):
            await juliet.say(romeo)
            await romeo.say(juliet)
        await asyncio.sleep(0.2)
        assert len(juliet.heard) == len(romeo.heard) == 1
        here.proxy.cut()
        await juliet.lost()
        for _ in range(2):
            await romeo.say(juliet)
        bound = juliet.session.jid
        await juliet.session.open()
        assert juliet.session.jid == bound
        (resumed,) = juliet.seen(Resumed)
        assert isinstance(resumed, Resumed)
        assert resumed.again >= 3
        await juliet.say(romeo)
        await romeo.say(juliet)
        await until(lambda: len(juliet.heard) >= 7 and len(romeo.heard) >= 5)
        await asyncio.sleep(0.3)
        assert juliet.heard == romeo.said
        assert romeo.heard == juliet.said
        await close_all(juliet, romeo)
        assert juliet.session.problem is None


@pytest.mark.parametrize("seed", range(3))
async def test_cuts_at_any_byte(
    where: str, request: pytest.FixtureRequest, tmp_path: Path, seed: int
) -> None:
    """Also in the middle of TLS, of the negotiation, and of what is sent again."""
    chance = random.Random(seed)
    async with place(where, request, tmp_path) as here:
        juliet, romeo = here.person("juliet", through_proxy=True), here.person("romeo")
        await juliet.enter()
        await romeo.enter()
        for _ in range(12):
            # A whole login is about 9,000 bytes down and 3,000 up; a message some 200.
            way = chance.choice((UP, DOWN))
            here.proxy.cut_after(way, chance.randrange(1, 1500))
            for _ in range(chance.randrange(1, 8)):
                await juliet.say(romeo)
                await romeo.say(juliet)
                if chance.random() < 0.5:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(chance.random() * 0.05)
            here.proxy.cut()
            await juliet.lost()
            attempts = 0
            while not juliet.session.online:
                if attempts == 0 and chance.random() < 0.5:
                    here.proxy.cut_after(chance.choice((UP, DOWN)), chance.randrange(1, 12000))
                attempts += 1
                try:
                    await juliet.session.open()
                except ProblemError:
                    assert attempts < 3, juliet.session.problem
        assert not juliet.seen(ResumeFailed)
        here.proxy.cut()
        await juliet.lost()
        await juliet.session.open()
        await until(lambda: len(juliet.heard) >= len(romeo.said))
        await until(lambda: len(romeo.heard) >= len(juliet.said))
        await asyncio.sleep(0.3)
        assert juliet.heard == romeo.said
        assert romeo.heard == juliet.said
        assert len(juliet.said) > 20
        await close_all(juliet, romeo)


async def test_the_connection_comes_back_by_itself(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with place(where, request, tmp_path) as here:
        juliet = here.person("juliet", through_proxy=True, reconnect=True)
        romeo = here.person("romeo")
        juliet.session.reconnector.back_off = BackOff(first=0.05)
        await juliet.enter()
        await romeo.enter()
        for round_ in range(3):
            here.proxy.mute()
            await juliet.say(romeo)
            await romeo.say(juliet)
            here.proxy.cut()
            await until(lambda count=round_: len(juliet.seen(Resumed)) > count)  # type: ignore[misc]
        await until(lambda: len(juliet.heard) == len(romeo.heard) == 3)
        assert [event.attempt for event in juliet.seen(Reconnecting)] == [1, 2, 3]  # type: ignore[attr-defined]
        assert (juliet.heard, romeo.heard) == (romeo.said, juliet.said)
        await close_all(juliet, romeo)
        await asyncio.sleep(0.2)
        assert not juliet.session.connected
        assert len(juliet.seen(Reconnecting)) == 3


async def test_a_request_waits_through_a_resume(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with place(where, request, tmp_path) as here:
        juliet = here.person("juliet", through_proxy=True)
        await juliet.enter()
        here.proxy.mute()
        await juliet.session.send(
            b"<iq type='get' id='version' to='localhost'><query xmlns='jabber:iq:version'/></iq>"
        )
        (waiting,) = juliet.session.exchanges.waiting()
        here.proxy.cut()
        await juliet.lost()
        answers = []
        juliet.session.feed.subscribe(lambda record: answers.append(record.answers))
        await juliet.session.open()
        await until(lambda: not juliet.session.exchanges.waiting())
        assert waiting.number in [answer.request for answer in answers if answer is not None]
        await close_all(juliet)


async def test_a_count_that_is_too_high_is_a_stream_error(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with place(where, request, tmp_path) as here:
        juliet = here.person("juliet")
        await juliet.enter()
        await juliet.session.send(f"<a xmlns='{SM}' h='1000'/>".encode())
        await juliet.lost()
        (error,) = juliet.seen(StreamErrorSeen)
        assert isinstance(error, StreamErrorSeen)
        assert error.condition == "undefined-condition"
        assert not juliet.session.resumable


async def test_enabled_and_resumed_by_hand(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with place(where, request, tmp_path) as here:
        juliet, romeo = here.person("juliet", through_proxy=True, sm=False), here.person("romeo")
        juliet.session.policies["sm-ack"] = Policy.OFF
        await juliet.session.open()
        await juliet.session.send(b"<presence/>")
        assert not juliet.seen(ManagementEnabled)
        await juliet.session.send(f"<enable xmlns='{SM}' resume='true'/>".encode())
        await until(lambda: bool(juliet.seen(ManagementEnabled)))
        await romeo.enter()
        await romeo.say(juliet)
        await until(lambda: len(juliet.heard) == 1)
        ledger = juliet.session.ledger
        assert ledger is not None
        await juliet.session.send(f"<a xmlns='{SM}' h='{ledger.received}'/>".encode())
        here.proxy.mute()
        await juliet.say(romeo)
        here.proxy.cut()
        await juliet.lost()
        await juliet.session.open()
        await until(lambda: len(romeo.heard) == 1)
        assert juliet.seen(Resumed)
        assert (juliet.heard, romeo.heard) == (romeo.said, juliet.said)
        await close_all(juliet, romeo)


async def test_a_stream_that_was_closed_is_not_resumed(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with place(where, request, tmp_path) as here:
        juliet = here.person("juliet")
        await juliet.enter()
        await juliet.session.close()
        assert not juliet.session.resumable
        await juliet.session.open()
        assert len(juliet.seen(Online)) == 2
        assert not juliet.seen(Resumed)
        assert not juliet.seen(ResumeFailed)
        assert [event.problem for event in juliet.seen(Disconnected)] == [None]  # type: ignore[attr-defined]
        await close_all(juliet)


async def test_a_server_that_forgot_the_stream(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Its time is over, or it was resumed elsewhere: a new stream, and nothing sent twice."""
    async with place(where, request, tmp_path) as here:
        juliet, romeo = here.person("juliet", through_proxy=True), here.person("romeo")
        await juliet.enter()
        await romeo.enter()
        here.proxy.mute()
        await juliet.say(romeo)
        here.proxy.cut()
        await juliet.lost()
        assert juliet.session.ledger is not None
        juliet.session.ledger.id = "nobody-knows"
        await juliet.session.open()
        (failed,) = juliet.seen(ResumeFailed)
        assert isinstance(failed, ResumeFailed)
        assert failed.lost >= 1
        assert juliet.session.online
        await asyncio.sleep(0.2)
        assert romeo.heard == []
        ledger = juliet.session.ledger
        assert any(b"juliet 0" in data for data in ledger.lost)
        for data in list(ledger.lost):
            await juliet.session.send(data)
        await until(lambda: romeo.heard == ["juliet 0"])
        assert not ledger.lost
        await close_all(juliet, romeo)


@asynccontextmanager
async def two_doors(folder: Path) -> AsyncIterator[tuple[PracticeServer, Place, SeveringProxy]]:
    """Run a practice server that wants its streams resumed through a second proxy."""
    async with severing_proxy("127.0.0.1", 0) as second:
        server = PracticeServer(parts=(), resume_at=f"127.0.0.1:{second.port}")
        await server.start()
        second.target = "127.0.0.1", server.port
        ca_file = folder / "ca.pem"
        ca_file.write_bytes(server.ca_pem)
        passwords = dict.fromkeys(("juliet", "romeo"), PRACTICE_PASSWORD)
        try:
            async with severing_proxy("127.0.0.1", server.port) as first:
                yield server, Place("practice", server.port, ca_file, passwords, first), second
        finally:
            await server.stop()


def tried(person: Person) -> list[int]:
    """Return the ports that a person's session tried, in order."""
    return [event.port for event in person.seen(Connecting)]  # type: ignore[attr-defined]


class TestWhereToResume:
    async def test_the_servers_place_comes_first(self, tmp_path: Path) -> None:
        async with two_doors(tmp_path) as (_, here, second):
            juliet = here.person("juliet", through_proxy=True)
            await juliet.enter()
            here.proxy.cut()
            await juliet.lost()
            await juliet.session.open()
            assert tried(juliet) == [here.proxy.port, second.port]
            assert second.connections == 1
            assert juliet.seen(Resumed)
            await close_all(juliet)
            # A new stream begins where the user said.
            await juliet.session.open()
            assert tried(juliet)[2:] == [here.proxy.port]
            await close_all(juliet)

    async def test_a_place_that_is_dead_costs_only_time(self, tmp_path: Path) -> None:
        async with two_doors(tmp_path) as (_, here, second):
            juliet = here.person("juliet", through_proxy=True)
            await juliet.enter()
            await second.stop()
            here.proxy.cut()
            await juliet.lost()
            await juliet.session.open()
            assert tried(juliet) == [here.proxy.port, second.port, here.proxy.port]
            assert juliet.seen(Resumed)
            await close_all(juliet)

    async def test_a_place_with_another_certificate_gets_no_password(self, tmp_path: Path) -> None:
        async with two_doors(tmp_path) as (_, here, second):
            notes: list[str] = []
            impostor = PracticeServer(on_note=notes.append)
            await impostor.start()
            second.target = "127.0.0.1", impostor.port
            juliet = here.person("juliet", through_proxy=True)
            await juliet.enter()
            here.proxy.cut()
            await juliet.lost()
            await juliet.session.open()
            assert tried(juliet) == [here.proxy.port, second.port, here.proxy.port]
            assert juliet.seen(Resumed)
            await close_all(juliet)
            assert not any("sign" in note for note in notes)
            await impostor.stop()

    async def test_a_server_that_was_not_verified_is_not_listened_to(self, tmp_path: Path) -> None:
        async with two_doors(tmp_path) as (_, here, _second):
            juliet = here.person("juliet", through_proxy=True, insecure=True, ca_file=None)
            await juliet.enter()
            here.proxy.cut()
            await juliet.lost()
            await juliet.session.open()
            assert tried(juliet) == [here.proxy.port] * 2
            assert juliet.seen(Resumed)
            await close_all(juliet)


async def test_a_conflict_is_the_end(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Two that reconnect would throw each other out for ever."""
    async with place(where, request, tmp_path) as here:
        # Prosody lets a stream that may be resumed live on beside the new one.
        first = here.person("juliet", reconnect=True, sm=False)
        first.session.reconnector.back_off = BackOff(first=0.01)
        await first.session.open()
        assert first.session.jid is not None
        second = here.person("juliet", reconnect=True, sm=False)
        second.session.settings = replace(second.session.settings, jid=first.session.jid)
        await second.session.open()
        await first.lost()
        await asyncio.sleep(0.2)
        (error,) = first.seen(StreamErrorSeen)
        assert isinstance(error, StreamErrorSeen)
        assert error.condition == "conflict"
        assert not first.seen(Reconnecting)
        assert first.session.reconnector.refusal == "the server said conflict"
        await close_all(first, second)


async def test_bad_credentials_are_the_end(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with place(where, request, tmp_path) as here:
        juliet = here.person("juliet", through_proxy=True, reconnect=True)
        juliet.session.reconnector.back_off = BackOff(first=0.01)
        await juliet.enter()
        juliet.session.settings = replace(juliet.session.settings, password="changed meanwhile")
        here.proxy.cut()
        await juliet.lost()
        await until(lambda: bool(juliet.seen(AuthenticationFailed)))
        await until(lambda: not juliet.session.reconnector.active)
        assert len(juliet.seen(Reconnecting)) == 1
        assert "signing in failed" in juliet.session.reconnector.refusal
        assert juliet.session.resumable  # with the right password, by hand


async def test_a_server_that_restarts(tmp_path: Path) -> None:
    """It takes some attempts; then there is a new stream, and what was lost is shown."""
    servers = [PracticeServer(parts=()) for _ in range(2)]
    await servers[0].start()
    async with severing_proxy("127.0.0.1", servers[0].port) as proxy:
        await servers[1].start()
        ca_file = tmp_path / "ca.pem"
        ca_file.write_bytes(servers[0].ca_pem + servers[1].ca_pem)
        passwords = {"juliet": PRACTICE_PASSWORD}
        here = Place("practice", servers[0].port, ca_file, passwords, proxy)
        juliet = here.person("juliet", through_proxy=True, reconnect=True)
        juliet.session.reconnector.back_off = BackOff(first=0.05)
        await juliet.enter()
        await juliet.say(juliet)
        await servers[0].stop()
        await until(lambda: len(juliet.seen(Reconnecting)) >= 3)
        proxy.target = "127.0.0.1", servers[1].port
        await until(lambda: len(juliet.seen(ManagementEnabled)) == 2)
        assert len(juliet.seen(ResumeFailed)) == 1
        assert juliet.session.online
        await close_all(juliet)
    await servers[1].stop()


@pytest.mark.real_server
@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
async def test_over_websocket(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    server = request.getfixturevalue(name)
    async with severing_proxy("127.0.0.1", server.http_port) as proxy:
        here = Place(name, server.c2s_port, server.ca_file, server.accounts, proxy)
        juliet = here.person(
            "juliet",
            host=None,
            port=None,
            tls=TlsMode.NONE,
            websocket=f"ws://localhost:{proxy.port}{server.websocket_path}",
        )
        romeo = here.person("romeo")
        await juliet.enter()
        await romeo.enter()
        proxy.mute()
        await juliet.say(romeo)
        await juliet.say(romeo)
        await romeo.say(juliet)
        proxy.cut()
        await juliet.lost()
        await juliet.session.open()
        assert juliet.seen(Resumed)
        await until(lambda: len(romeo.heard) == 2 and len(juliet.heard) == 1)
        assert (juliet.heard, romeo.heard) == (romeo.said, juliet.said)
        await close_all(juliet, romeo)
