"""The practice server's other doors: WebSocket, components, and the way to another host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from practice.raw_client import HEADER, Stand, plain, practice
from practice.stage_driver import House, error_of

from xmppshell.commands.all_commands import build_registry, run_command
from xmppshell.commands.desk import Desk
from xmppshell.network.discovery import TlsMode
from xmppshell.network.failures import ConnectionFailed
from xmppshell.pilot import Negotiation, Stage
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.directory import Resource
from xmppshell.practice.server import TlsOffer
from xmppshell.protocol.events import (
    BrokenBytesSeen,
    Connected,
    Direction,
    Disconnected,
    ElementSeen,
    Resumed,
    StreamErrorSeen,
    StreamHeaderSeen,
)
from xmppshell.protocol.features.component import proof
from xmppshell.protocol.jid import JID
from xmppshell.protocol.problem import Problem, ProblemError
from xmppshell.protocol.redirects import Redirect
from xmppshell.protocol.stanza import stanza_of
from xmppshell.protocol.states import State
from xmppshell.protocol.xml import Context, parse_element
from xmppshell.session import Session, SessionError
from xmppshell.settings import Settings

DOMAIN, SECRET = "component.localhost", "a secret"
RECEIVED = Direction.RECEIVED


class Guest:
    """A session on the practice server, and what it heard."""

    def __init__(self, settings: Settings) -> None:
        self.session = Session(settings.jid.local or "component", settings)
        self.events: list[object] = []
        self.session.feed.subscribe(lambda record: self.events.append(record.event))

    async def say(self, text: str) -> None:
        await self.session.send(text.encode())

    async def hear(self, text: str) -> str:
        async with asyncio.timeout(5):
            while True:
                for event in self.events:
                    came = isinstance(event, ElementSeen) and event.direction is RECEIVED
                    if came and text.encode() in event.data:
                        return event.data.decode()
                await asyncio.sleep(0.01)

    async def ended(self) -> Problem | None:
        async with asyncio.timeout(5):
            await self.session.wait_closed()
        return self.session.problem


@asynccontextmanager
async def inside(settings: Settings) -> AsyncIterator[Guest]:
    guest = Guest(settings)
    await guest.session.open()
    try:
        yield guest
    finally:
        await guest.session.close()
    assert not any(isinstance(event, BrokenBytesSeen) for event in guest.events)


def by_tcp(stand: Stand, user: str = "juliet", **options: object) -> Settings:
    given = {
        "password": PRACTICE_PASSWORD,
        "host": stand.server.address,
        "port": stand.server.port,
        "ca_file": str(stand.ca_file),
        **options,
    }
    return Settings(JID.parse(f"{user}@localhost"), **given)  # type: ignore[arg-type]


def by_websocket(stand: Stand, user: str = "juliet", **options: object) -> Settings:
    given = {"host": None, "port": None, "websocket": stand.server.websocket_url, **options}
    return by_tcp(stand, user, **given)


def as_component(stand: Stand, secret: str = SECRET, domain: str = DOMAIN) -> Settings:
    return Settings(
        JID.parse(domain),
        password=secret,
        host=stand.server.address,
        port=stand.server.component_port,
        component=True,
    )


@asynccontextmanager
async def doors(folder: Path, **options: object) -> AsyncIterator[Stand]:
    given = {"components": {DOMAIN: SECRET}, "parts": (), **options}
    async with practice(folder, websocket_port=0, component_port=0, **given) as stand:  # type: ignore[arg-type]
        yield stand


class TestWebSocket:
    async def test_a_visit_over_tls(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand, inside(by_websocket(stand)) as juliet:
            assert str(juliet.session.jid) == "juliet@localhost/balcony"
            assert juliet.session.tls is not None
            assert juliet.session.tls.verified
            await juliet.say("<iq type='get' id='r' xmlns='jabber:client'>"
                             "<query xmlns='jabber:iq:roster'/></iq>")  # fmt: skip
            assert "romeo@localhost" in await juliet.hear("id='r'")
            await juliet.session.close()
            assert juliet.session.problem is None
            assert Disconnected(True) in juliet.events

    async def test_without_tls(self, tmp_path: Path) -> None:
        async with doors(tmp_path, tls=TlsOffer.NONE) as stand:
            assert stand.server.websocket_url.startswith("ws://")
            async with inside(by_websocket(stand, tls=TlsMode.NONE)) as juliet:
                assert juliet.session.online

    async def test_stanzas_between_both_kinds_of_stream(self, tmp_path: Path) -> None:
        async with (
            doors(tmp_path) as stand,
            inside(by_websocket(stand)) as juliet,
            inside(by_tcp(stand, "romeo")) as romeo,
        ):
            await juliet.say("<presence xmlns='jabber:client'/>")
            await romeo.say("<presence/>")
            await romeo.hear("from='juliet@localhost/balcony'")
            await juliet.hear("from='romeo@localhost/orchard'")
            await juliet.say(
                "<message xmlns='jabber:client' to='romeo@localhost' type='chat'>"
                "<body>art thou not</body></message>"
            )
            await romeo.hear("art thou not")
            await romeo.say("<message to='juliet@localhost/balcony'><body>neither</body></message>")
            assert "xmlns='jabber:client'" in await juliet.hear("neither")

    async def test_a_wrong_element_ends_the_stream_in_order(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand:
            juliet = Guest(by_websocket(stand))
            await juliet.session.open()
            await juliet.say("<presence/>")
            problem = await juliet.ended()
            assert problem is not None
            assert "unsupported-stanza-type" in problem.what

    async def test_a_conflict_and_a_shutdown_are_told(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand:
            first = Guest(by_websocket(stand, "juliet"))
            await first.session.open()
            resource = f"juliet@localhost/{first.session.jid.resource}"  # type: ignore[union-attr]
            second = Guest(replace(by_websocket(stand), jid=JID.parse(resource)))
            await second.session.open()
            assert "conflict" in str(await first.ended())
            await stand.server.stop()
            assert "shutting down" in str(await second.ended())

    async def test_too_large_a_stanza(self, tmp_path: Path) -> None:
        async with doors(tmp_path, max_stanza_bytes=10_000) as stand:
            juliet = Guest(by_websocket(stand))
            await juliet.session.open()
            await juliet.say(
                f"<message xmlns='jabber:client'><body>{'x' * 20_000}</body></message>"
            )
            assert "policy-violation" in str(await juliet.ended())

    async def test_a_wrong_path(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand:
            address = stand.server.websocket_url + "/not"
            with pytest.raises(ConnectionFailed) as caught:
                await Guest(by_websocket(stand, websocket=address)).session.open()
            assert "404" in caught.value.problem.what


class TestFasterOverWebSocket:
    @pytest.mark.parametrize(
        "ways", [{"sasl2": True}, {"pipeline": True}, {"sasl2": True, "pipeline": True}]
    )
    async def test_other_ways_to_sign_in(self, tmp_path: Path, ways: dict[str, bool]) -> None:
        async with (
            doors(tmp_path, sasl2=True) as stand,
            inside(by_websocket(stand, **ways)) as juliet,
        ):
            assert juliet.session.online
            await juliet.session.close()
            await juliet.session.open()
            assert juliet.session.online


class TestByHand:
    async def test_signing_in_over_websocket(self, tmp_path: Path) -> None:
        opening = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>"
        async with (
            doors(tmp_path) as stand,
            inside(by_websocket(stand, negotiation=Negotiation.MANUAL)) as juliet,
        ):
            assert not any(isinstance(event, StreamHeaderSeen) for event in juliet.events)
            await juliet.say(opening)
            await juliet.hear("<mechanism>PLAIN</mechanism>")
            await juliet.say(plain("juliet"))
            await juliet.hear("<success")
            await juliet.say(opening)
            await juliet.hear("<bind")
            await juliet.say(
                "<iq xmlns='jabber:client' type='set' id='b'>"
                "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
            )
            await juliet.hear("id='b'")
            assert juliet.session.online

    async def test_the_handshake_of_a_component(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand:
            settings = replace(as_component(stand), until=Stage.FEATURES)
            async with inside(settings) as bot:
                assert bot.session.stream is not None
                assert bot.session.stream.state is State.COMPONENT_OPENED
                secret = proof(bot.session.stream.stream_id, SECRET)
                await bot.say(f"<handshake>{secret}</handshake>")
                await bot.hear("<handshake/>")
                assert bot.session.online

    async def test_a_lost_websocket_is_resumed(self, tmp_path: Path) -> None:
        async with (
            doors(tmp_path) as stand,
            inside(by_websocket(stand, sm=True)) as juliet,
            inside(by_tcp(stand, "romeo")) as romeo,
        ):
            await juliet.hear("<enabled")
            await juliet.say("<presence xmlns='jabber:client'/>")
            await juliet.hear("<presence")
            assert juliet.session.connection is not None
            await juliet.session.connection.cut()
            await juliet.ended()
            await romeo.say(
                "<message to='juliet@localhost' type='chat'><body>late</body></message>"
            )
            await juliet.session.open()
            await juliet.hear("late")
            assert any(isinstance(event, Resumed) for event in juliet.events)


class TestComponents:
    async def test_a_visit(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand, inside(as_component(stand)) as bot:
            assert str(bot.session.jid) == DOMAIN
            await bot.say(
                f"<iq type='get' id='p' from='{DOMAIN}' to='localhost'>"
                "<ping xmlns='urn:xmpp:ping'/></iq>"
            )
            assert f"to='{DOMAIN}'" in await bot.hear("id='p'")

    @pytest.mark.parametrize("way", [by_tcp, by_websocket])
    async def test_it_answers_for_all_of_its_domain(self, tmp_path: Path, way: object) -> None:
        async with (
            doors(tmp_path) as stand,
            inside(as_component(stand)) as bot,
            inside(way(stand)) as juliet,  # type: ignore[operator]
        ):
            await juliet.say(
                f"<iq xmlns='jabber:client' type='get' id='d' to='who@{DOMAIN}/x'>"
                "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
            )
            answer = await juliet.hear("id='d'")
            assert "category='component'" in answer
            assert f"from='who@{DOMAIN}/x'" in answer
            asked = await bot.hear("disco#info")
            assert "xmlns='jabber:client'" not in asked
            assert "from='juliet@localhost/balcony'" in asked

    async def test_messages_both_ways(self, tmp_path: Path) -> None:
        async with (
            doors(tmp_path) as stand,
            inside(as_component(stand)) as bot,
            inside(by_tcp(stand)) as juliet,
        ):
            await juliet.say(f"<message to='bot@{DOMAIN}'><body>who is there</body></message>")
            await bot.hear("who is there")
            await bot.say(
                f"<message xmlns='jabber:component:accept' from='bot@{DOMAIN}' "
                "to='juliet@localhost/balcony'><body>a bot</body></message>"
            )
            assert "jabber:component" not in await juliet.hear("a bot")

    async def test_a_message_to_nobody_comes_back_to_it(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand, inside(as_component(stand)) as bot:
            await bot.say(f"<message from='bot@{DOMAIN}' to='nobody@localhost'/>")
            assert f"to='bot@{DOMAIN}'" in await bot.hear("service-unavailable")

    async def test_a_wrong_secret(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand:
            bot = Guest(as_component(stand, "wrong"))
            with pytest.raises(SessionError) as caught:
                await bot.session.open()
            assert "does not accept the secret" in caught.value.problem.what

    async def test_an_unknown_one(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand:
            with pytest.raises(SessionError) as caught:
                await Guest(as_component(stand, domain="other.localhost")).session.open()
            assert "no component other.localhost" in caught.value.problem.what

    async def test_twice(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand, inside(as_component(stand)) as bot:
            with pytest.raises(SessionError) as caught:
                await Guest(as_component(stand)).session.open()
            assert "connected already" in caught.value.problem.what
            assert bot.session.online

    @pytest.mark.parametrize(
        ("stanza", "condition"),
        [
            ("<message to='juliet@localhost'/>", "improper-addressing"),
            (f"<message from='{DOMAIN}'/>", "improper-addressing"),
            ("<message from='@' to='juliet@localhost'/>", "improper-addressing"),
            ("<message from='romeo@localhost' to='juliet@localhost'/>", "invalid-from"),
        ],
    )
    async def test_addresses_are_its_own_business_but_not_others(
        self, tmp_path: Path, stanza: str, condition: str
    ) -> None:
        async with doors(tmp_path) as stand:
            bot = Guest(as_component(stand))
            await bot.session.open()
            await bot.say(stanza)
            problem = await bot.ended()
            assert problem is not None
            assert condition in problem.what
            assert "a component writes `from`" in problem.cause

    async def test_after_it_left_its_domain_is_as_unknown_as_any(self, tmp_path: Path) -> None:
        async with doors(tmp_path) as stand, inside(by_tcp(stand)) as juliet:
            async with inside(as_component(stand)):
                pass
            await juliet.say(f"<iq type='get' id='q' to='{DOMAIN}'><q xmlns='urn:q'/></iq>")
            assert "remote-server-not-found" in await juliet.hear("id='q'")


class TestRoutingToComponents:
    def enter(self, house: House) -> None:
        house.resources["component"] = Resource(JID.parse(DOMAIN))
        house.stage.enter(house.resources["component"])

    def from_component(self, house: House, text: str) -> list[tuple[str, str]]:
        element = parse_element(text.encode(), Context.for_namespace("jabber:component:accept"))
        stanza = stanza_of(element)
        assert stanza is not None
        component = house.resources["component"]
        return house._named(
            house.stage.take_from_component(component, text.encode(), stanza, element)
        )

    def test_an_iq_must_be_one(self) -> None:
        house = House()
        self.enter(house)
        house.enter("juliet/balcony", 0)
        said = house.say("juliet/balcony", f"<iq type='get' id='i' to='{DOMAIN}'/>")
        assert error_of(said) == ("juliet/balcony", "modify", "bad-request")

    def test_a_subscription_is_asked_for_and_granted(self) -> None:
        house = House()
        self.enter(house)
        house.enter("juliet/balcony", 0)
        house.say("juliet/balcony", "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        said = house.say("juliet/balcony", f"<presence type='subscribe' to='bot@{DOMAIN}'/>")
        assert [who for who, _ in said] == ["juliet/balcony", "/"]
        assert "ask='subscribe'" in said[0][1]
        said = self.from_component(
            house, f"<presence type='subscribed' from='bot@{DOMAIN}' to='juliet@localhost'/>"
        )
        assert any("subscription='to'" in text for _, text in said)


class FakeScreen:
    """Takes what commands say."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str, role: str = "text") -> None:
        self.said.append(text)

    def problem(self, problem: Problem) -> None:
        self.said.append(problem.what)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


class NoCapture:
    def write(self, record: object) -> None:
        pass


class TestSeeOtherHost:
    @pytest.fixture
    async def stands(self, tmp_path: Path) -> AsyncIterator[tuple[Stand, Stand]]:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        async with doors(tmp_path / "a") as one, doors(tmp_path / "b") as other:
            # One authority that knows both.
            both = one.ca_file.read_bytes() + other.ca_file.read_bytes()
            one.ca_file.write_bytes(both)
            yield one, other

    def desk(self) -> tuple[Desk, FakeScreen]:
        screen = FakeScreen()
        desk = Desk(build_registry(), screen, lambda settings: NoCapture())  # type: ignore[arg-type, return-value]
        return desk, screen

    async def refused(self, desk: Desk, line: str) -> Problem:
        with pytest.raises(ProblemError) as caught:
            await run_command(desk, line)
        return caught.value.problem

    async def test_it_is_said_after_tls(self, stands: tuple[Stand, Stand]) -> None:
        one, _ = stands
        one.server.redirect_to = "other.example:5299"
        client = await one.connect()
        assert "see-other-host" not in await client.ask(HEADER, "</stream:features>")
        await client.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed[^>]*>")
        await client.secure()
        said = await client.ask(HEADER, "</stream:stream>")
        assert ">other.example:5299</see-other-host>" in said
        assert "features" not in said

    async def test_a_session_stops_and_names_the_target(self, stands: tuple[Stand, Stand]) -> None:
        one, _ = stands
        one.server.redirect_to = "[::1]:5299"
        guest = Guest(by_tcp(one))
        with pytest.raises(SessionError) as caught:
            await guest.session.open()
        assert "[::1]:5299" in caught.value.problem.what
        assert "--host ::1 --port 5299" in caught.value.problem.cure
        assert guest.session.redirect == Redirect("::1", 5299)
        assert sum(isinstance(event, Connected) for event in guest.events) == 1
        assert not any(b"<auth" in getattr(event, "data", b"") for event in guest.events)

    async def test_following_goes_there_for_the_same_domain(
        self, stands: tuple[Stand, Stand]
    ) -> None:
        one, other = stands
        one.server.redirect_to = f"127.0.0.1:{other.server.port}"
        desk, screen = self.desk()
        with pytest.raises(SessionError):
            await desk.connect(by_tcp(one))
        await run_command(desk, "/follow")
        assert desk.session is not None
        assert desk.session.online
        assert desk.session.peer == one.server.redirect_to
        assert desk.session.tls is not None
        assert desk.session.tls.verified
        assert one.server.redirect_to in screen.said[-1]
        await desk.session.close()

    async def test_the_certificate_must_be_for_the_domain(
        self, stands: tuple[Stand, Stand], tmp_path: Path
    ) -> None:
        one, _ = stands
        (tmp_path / "c").mkdir()
        async with practice(tmp_path / "c", domains=("elsewhere.example",)) as impostor:
            # It is good for its own domain, and trusted, but not for localhost.
            from xmppshell.network.tls import ServerTlsSettings
            from xmppshell.practice.certificates import make_certificates

            made = make_certificates(["elsewhere.example"])
            impostor.server.tls = ServerTlsSettings(made.cert_pem, made.key_pem)
            one.ca_file.write_bytes(one.ca_file.read_bytes() + made.ca_pem)
            one.server.redirect_to = f"127.0.0.1:{impostor.server.port}"
            desk, _ = self.desk()
            with pytest.raises(SessionError):
                await desk.connect(by_tcp(one))
            problem = await self.refused(desk, "/follow")
            assert "localhost" in problem.what

    async def test_a_circle_is_refused(self, stands: tuple[Stand, Stand]) -> None:
        one, other = stands
        one.server.redirect_to = f"127.0.0.1:{other.server.port}"
        other.server.redirect_to = f"127.0.0.1:{one.server.port}"
        desk, _ = self.desk()
        with pytest.raises(SessionError):
            await desk.connect(by_tcp(one))
        assert "sends this client" in (await self.refused(desk, "/follow")).what
        assert "sends this client" in (await self.refused(desk, "/follow")).what
        assert "in a circle" in (await self.refused(desk, "/follow")).what

    async def test_connecting_anew_begins_where_it_began(self, stands: tuple[Stand, Stand]) -> None:
        one, other = stands
        one.server.redirect_to = f"127.0.0.1:{other.server.port}"
        desk, _ = self.desk()
        with pytest.raises(SessionError):
            await desk.connect(by_tcp(one))
        await run_command(desk, "/follow")
        await run_command(desk, "/close")
        one.server.redirect_to = ""
        await run_command(desk, "/connect")
        assert desk.session is not None
        assert desk.session.peer == f"127.0.0.1:{one.server.port}"
        await desk.session.close()

    async def test_there_must_be_somewhere_to_go(self) -> None:
        desk, _ = self.desk()
        assert "nowhere to follow" in (await self.refused(desk, "/follow")).what

    async def test_an_address_that_is_none(self, stands: tuple[Stand, Stand]) -> None:
        one, _ = stands
        one.server.redirect_to = "over there"
        desk, _ = self.desk()
        with pytest.raises(SessionError) as caught:
            await desk.connect(by_tcp(one))
        assert "names none" in caught.value.problem.what
        assert "nowhere to follow" in (await self.refused(desk, "/follow")).what

    async def test_another_websocket(self, stands: tuple[Stand, Stand]) -> None:
        one, other = stands
        one.server.redirect_to = other.server.websocket_url
        desk, _ = self.desk()
        with pytest.raises(SessionError) as caught:
            await desk.connect(by_websocket(one))
        assert other.server.websocket_url in caught.value.problem.what
        await run_command(desk, "/follow")
        assert desk.session is not None
        assert desk.session.online
        assert desk.session.peer == f"127.0.0.1:{other.server.websocket_port}"
        await desk.session.close()

    async def test_direct_tls_stays_direct(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        async with (
            practice(tmp_path / "a", direct_tls_port=0) as one,
            practice(tmp_path / "b", direct_tls_port=0) as other,
        ):
            one.ca_file.write_bytes(one.ca_file.read_bytes() + other.ca_file.read_bytes())
            one.server.redirect_to = f"127.0.0.1:{other.server.direct_tls_port}"
            desk, _ = self.desk()
            settings = by_tcp(one, port=one.server.direct_tls_port, tls=TlsMode.DIRECT)
            with pytest.raises(SessionError):
                await desk.connect(settings)
            await run_command(desk, "/follow")
            assert desk.session is not None
            assert desk.session.online
            await desk.session.close()
            assert not any(isinstance(event, StreamErrorSeen) for event in desk.log.records)
