"""Faults on demand, as clients meet them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from xml.sax.saxutils import unescape

import pytest
from practice.raw_client import HEADER, PING, RawClient, Stand, plain, practice

from xmppshell.network.discovery import TlsMode
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.conduct.faults import Fault
from xmppshell.practice.conduct.misbehaviour import FOREVER, KINDS, MAX_ARMED, Faults, Moment
from xmppshell.practice.server import PracticeServer, TlsOffer
from xmppshell.protocol.events import ManagementEnabled
from xmppshell.protocol.jid import JID
from xmppshell.protocol.problem import ProblemError
from xmppshell.session import Session, SessionError
from xmppshell.settings import Settings

JULIET = JID.parse("juliet@localhost/balcony")
COMMANDS = "http://jabber.org/protocol/commands"
SM = "urn:xmpp:sm:3"
MESSAGE = "<message to='romeo@localhost/orchard' id='{}'><body>x</body></message>"


def plainly(folder: Path, **options: object):  # type: ignore[no-untyped-def]
    return practice(folder, tls=TlsOffer.NONE, **{"parts": (), **options})


async def entered(stand: Stand, user: str = "juliet", resource: str = "balcony") -> RawClient:
    """Let a user in without TLS, and available."""
    client = await stand.connect()
    await client.ask(HEADER, "</stream:features>")
    await client.ask(plain(user), "<success[^>]*>")
    await client.ask(HEADER, "</stream:features>")
    await client.bind(resource)
    await client.say("<presence/>")
    await client.so_far()
    return client


async def session_on(stand: Stand, **options: object) -> Session:
    given: dict[str, object] = {"password": PRACTICE_PASSWORD, "tls": TlsMode.NONE}
    given |= {"host": stand.server.address, "port": stand.server.port}
    settings = Settings(JID.parse("juliet@localhost"), **(given | options))  # type: ignore[arg-type]
    session = Session("juliet", settings)
    enabled = asyncio.Event()

    def note(record: object) -> None:
        if isinstance(record.event, ManagementEnabled):  # type: ignore[attr-defined]
            enabled.set()

    session.feed.subscribe(note)
    await session.open()
    if options.get("sm"):
        await asyncio.wait_for(enabled.wait(), 5)
    return session


class TestArming:
    def test_it_strikes_as_often_as_asked(self) -> None:
        faults = Faults()
        faults.arm("no-answer", "juliet@localhost", 2)
        strikes = [len(faults.strike(Moment.REQUEST, JULIET)) for _ in range(3)]
        assert strikes == [1, 1, 0]
        assert not faults.waiting

    def test_it_may_strike_until_it_is_disarmed(self) -> None:
        faults = Faults()
        faults.arm("no-answer", count=FOREVER)
        for _ in range(5):
            assert faults.strike(Moment.REQUEST, JULIET)
        assert faults.disarm("no-answer") == 1
        assert not faults.strike(Moment.REQUEST, JULIET)

    @pytest.mark.parametrize(
        ("jid", "struck"),
        [
            (None, True),
            ("juliet@localhost", True),
            ("juliet@localhost/balcony", True),
            ("juliet@localhost/other", False),
            ("romeo@localhost", False),
        ],
    )
    def test_whom_it_strikes(self, jid: str | None, struck: bool) -> None:
        faults = Faults()
        faults.arm("close", jid)
        assert bool(faults.strike(Moment.AT_ONCE, JULIET)) is struck

    @pytest.mark.parametrize(
        ("name", "options", "what"),
        [
            ("nope", {}, "there is no fault"),
            ("close", {"ms": 1}, "close has no option"),
            ("slow", {"ms": "soon"}, "no value for ms"),
            ("slow", {"ms": 60_001}, "no value for ms"),
            ("huge", {"size": 10**12}, "no value for size"),
            ("huge", {"size": 0}, "no value for size"),
            ("sasl-failure", {"condition": "nope"}, "no condition"),
        ],
    )
    def test_what_cannot_be_armed(self, name: str, options: dict[str, int], what: str) -> None:
        with pytest.raises(ProblemError, match=what):
            Faults().arm(name, **options)

    def test_not_too_many_wait(self) -> None:
        faults = Faults()
        for _ in range(MAX_ARMED):
            faults.arm("close")
        with pytest.raises(ProblemError, match="cannot be armed"):
            faults.arm("close")
        with pytest.raises(ProblemError, match="cannot be armed"):
            Faults().arm("close", count=-1)

    def test_each_says_what_a_client_should_do(self) -> None:
        for kind in KINDS.values():
            assert kind.meaning
            assert kind.client
            assert kind.reference.startswith(("RFC ", "XEP-"))

    def test_those_of_signing_in_have_names(self) -> None:
        assert {kind.signing_in for kind in KINDS.values()} - {None} == set(Fault)


class TestOnTheStream:
    @pytest.mark.parametrize(
        ("name", "options", "end"),
        [
            ("close", {}, "</stream:stream>"),
            ("policy-violation", {}, "<policy-violation "),
            ("system-shutdown", {}, "<system-shutdown "),
            ("see-other-host", {"host": "other.example:5299"}, ">other.example:5299<"),
        ],
    )
    async def test_ends(self, tmp_path: Path, name: str, options: dict[str, str], end: str) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            stand.server.faults.arm(name, "juliet@localhost", **options)
            heard = await client.hear_all()
            assert end in heard
            assert heard.endswith("</stream:stream>")

    async def test_close_is_a_proper_end_for_a_session(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            session = await session_on(stand)
            stand.server.faults.arm("close")
            await asyncio.wait_for(session.wait_closed(), 5)
            assert session.problem is None

    async def test_drop(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            stand.server.faults.arm("drop")
            assert await client.hear_all() == ""

    async def test_a_dropped_session_can_be_resumed(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            session = await session_on(stand, sm=True)
            stand.server.faults.arm("drop")
            await asyncio.wait_for(session.wait_closed(), 5)
            assert session.problem is not None
            assert session.resumable
            await session.open()
            assert any("is back" in note for note in stand.notes)
            await session.close()

    @pytest.mark.parametrize(
        ("name", "options", "condition"),
        [
            ("huge", {}, "policy-violation"),
            ("deep", {}, "policy-violation"),
            ("bad-utf8", {}, "unsupported-encoding"),
            ("not-well-formed", {}, "not-well-formed"),
        ],
    )
    async def test_a_session_ends_what_it_cannot_take(
        self, tmp_path: Path, name: str, options: dict[str, int], condition: str
    ) -> None:
        async with plainly(tmp_path) as stand:
            session = await session_on(stand)
            stand.server.faults.arm(name, **options)
            await asyncio.wait_for(session.wait_closed(), 10)
            assert session.problem is not None
            said = session.stream
            assert said is not None
            assert said.failure is not None
            assert any("localhost" in note and name in note for note in stand.notes), stand.notes

    @pytest.mark.parametrize(("name", "size"), [("huge", 20_000), ("deep", 200)])
    async def test_what_it_can_take_is_a_message(
        self, tmp_path: Path, name: str, size: int
    ) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            option = KINDS[name].option
            assert option is not None
            stand.server.faults.arm(name, **{option.name: size})
            heard = await client.hear("</message>")
            assert heard.count("x" if name == "huge" else "<a>") >= size

    async def test_a_wrong_count_ends_the_session(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            session = await session_on(stand, sm=True)
            stand.server.faults.arm("wrong-h", more=7)
            await asyncio.wait_for(session.wait_closed(), 5)
            assert session.problem is not None
            assert "7" in session.problem.what

    async def test_slow(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            stand.server.faults.arm("slow", ms=150)
            for _ in range(2):
                began = time.monotonic()
                await client.ask(PING.format("p"), "<iq type='result' id='p'[^>]*>")
                assert time.monotonic() - began >= 0.15
            stand.server.faults.disarm("slow")
            stand.server.faults.arm("slow", ms=60_000)
            stand.server.faults.disarm("slow")
            await asyncio.wait_for(client.so_far(), 30)

    async def test_slow_answers_stay_in_order(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            stand.server.faults.arm("slow", count=1, ms=100)
            await client.say(PING.format("p1"))
            await client.say(PING.format("p2"))
            heard = await client.hear("<iq type='result' id='p2'[^>]*>")
            assert "id='p1'" in heard

    async def test_split(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            stand.server.faults.arm("split")
            await client.say("<message to='juliet@localhost'><body>caf\u00e9</body></message>")
            pieces = []
            while b"</message>" not in b"".join(pieces):
                pieces.append(await client.wire.read())
            assert "caf\u00e9" in b"".join(pieces).decode()
            assert len(pieces) > 3

    async def test_no_answer(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            stand.server.faults.arm("no-answer", count=2)
            await client.say(PING.format("p1"))
            await client.say(PING.format("p2"))
            heard = await client.ask(PING.format("p3"), "<iq type='result' id='p3'[^>]*>")
            assert "p1" not in heard
            assert "p2" not in heard

    async def test_a_forged_result_comes_before_the_real_one(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            stand.server.faults.arm("forged-result", sender="eve@evil.example")
            heard = await client.ask(PING.format("p1"), "id='p1' from='localhost'[^>]*>")
            assert "id='p1' from='eve@evil.example'" in heard

    async def test_a_session_does_not_take_a_forged_result(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            session = await session_on(stand)
            answers: asyncio.Queue[object] = asyncio.Queue()

            def note(record: object) -> None:
                if getattr(record, "answers", None) is not None:
                    answers.put_nowait(record.event.stanza.sender)  # type: ignore[attr-defined]

            session.feed.subscribe(note)
            stand.server.faults.arm("forged-result")
            await session.send(PING.format("p1").encode())
            assert await asyncio.wait_for(answers.get(), 5) == "localhost"
            assert answers.empty()
            await session.close()

    async def test_a_forged_carbon(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            stand.server.faults.arm("forged-carbon", JULIET)
            heard = await client.hear("</received></message>")
            assert "<message from='mallory@evil.example/x' to='juliet@localhost/balcony'" in heard
            assert "<received xmlns='urn:xmpp:carbons:2'>" in heard

    async def test_what_is_forged_does_not_confuse_the_counts(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            session = await session_on(stand, sm=True)
            stand.server.faults.arm("forged-carbon", count=1)
            stand.server.faults.arm("forged-result", count=1)
            await session.send(PING.format("p1").encode())
            await session.send(PING.format("p2").encode())
            await asyncio.sleep(0.1)
            assert session.connected
            await session.close()
            assert session.problem is None

    async def test_duplicate(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            romeo = await entered(stand, "romeo", "orchard")
            juliet = await entered(stand)
            stand.server.faults.arm("duplicate", "romeo@localhost")
            await juliet.say(MESSAGE.format("m1") + MESSAGE.format("m2"))
            await juliet.so_far()
            heard = await romeo.so_far()
            assert heard.count("id='m1'") == 2
            assert heard.count("id='m2'") == 1

    async def test_others_are_left_alone(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            romeo = await entered(stand, "romeo", "orchard")
            stand.server.faults.arm("policy-violation", "juliet@localhost")
            await romeo.so_far()
            juliet = await stand.connect()
            await juliet.ask(HEADER, "</stream:features>")
            await juliet.ask(plain("juliet"), "<success[^>]*>")
            await juliet.ask(HEADER, "</stream:features>")
            await juliet.bind("balcony")
            await juliet.say("<presence/>")
            assert "<policy-violation" in await juliet.hear_all()
            assert "type='unavailable'" in await romeo.so_far()


class TestSigningIn:
    async def test_every_failure_on_demand(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            stand.server.faults.arm("sasl-failure", condition="account-disabled", count=1)
            client = await stand.connect()
            await client.ask(HEADER, "</stream:features>")
            assert "<account-disabled/>" in await client.ask(plain("juliet"), "</failure>")
            await client.ask(plain("juliet"), "<success[^>]*>")

    async def test_those_of_signing_in_can_be_armed_later(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            (await session_on(stand)).expect_end()
            stand.server.faults.arm("wrong-signature")
            with pytest.raises(SessionError):
                await session_on(stand)
            stand.server.faults.disarm()
            await (await session_on(stand)).close()

    @pytest.mark.parametrize(
        "name", [name for name, kind in KINDS.items() if kind.moment is Moment.SIGNING_IN]
    )
    async def test_who_asks_for_one_can_sign_in_afterwards(self, tmp_path: Path, name: str) -> None:
        async with plainly(tmp_path) as stand:
            juliet = await entered(stand)
            said = await run(juliet, "fault", fault=name)
            assert f"{name}: the server {KINDS[name].meaning}, when somebody signs in" in (
                unescape(said, {"&apos;": "'"})
            )
            client = await stand.connect()
            await client.ask(HEADER, "</stream:features>")
            if name == "sasl-failure":
                await client.ask(plain("juliet"), "</failure>")
            assert not stand.server.faults.waiting
            await entered(stand, resource="again")


def command(node: str, inside: str = "", session: str = "", action: str = "execute") -> str:
    more = f" sessionid='{session}'" if session else ""
    return (
        f"<iq type='set' id='c{action}' to='localhost'><command xmlns='{COMMANDS}' node='{node}' "
        f"action='{action}'{more}>{inside}</command></iq>"
    )


async def run(client: RawClient, node: str, **answers: str) -> str:
    """Run a command to its end; return the last answer."""
    first = await client.ask(command(node), "</iq>")
    if "status='executing'" not in first:
        return first
    session = first.partition("sessionid='")[2].partition("'")[0]
    fields = "".join(
        f"<field var='{var}'><value>{value}</value></field>" for var, value in answers.items()
    )
    form = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"
    return await client.ask(command(node, form, session, "complete"), "id='ccomplete'.*</iq>")


class TestCommands:
    async def test_a_fault(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            said = await run(client, "fault", fault="policy-violation")
            assert "A client should tell why, and not connect again at once" in said
            assert "<policy-violation " in await client.hear_all()

    async def test_a_fault_with_its_options(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            await run(client, "fault", fault="huge", value="3000", count="2")
            for _ in range(2):
                assert "x" * 3000 in await client.hear("</message>")

    @pytest.mark.parametrize(
        ("answers", "fault"),
        [
            ({"fault": "slow", "value": "soon"}, "no value for ms"),
            ({"fault": "close", "count": "often"}, "is not how often"),
            ({"fault": "close", "value": "x"}, "close has no option"),
            ({"fault": "nope"}, "bad-payload"),
        ],
    )
    async def test_what_is_refused(
        self, tmp_path: Path, answers: dict[str, str], fault: str
    ) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            assert fault in await run(client, "fault", **answers)
            assert not stand.server.faults.waiting

    async def test_commands_are_answered_whatever_goes_wrong(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            stand.server.faults.arm("no-answer", count=FOREVER)
            assert "1 fault is" in await run(client, "disarm", fault="all")
            await client.so_far()

    async def test_the_profile(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            assert "profile prosody" in await run(client, "profile", profile="prosody")
            ask = "<message to='x@nope.example' id='m'><body/></message>"
            assert "<not-allowed" in await client.ask(ask, "</message>")

    async def test_the_clock(self, tmp_path: Path) -> None:
        time_of = "<iq type='get' id='t' to='localhost'><time xmlns='urn:xmpp:time'/></iq>"
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            await run(client, "clock", clock="fixed")
            assert "<utc>2026-01-01T12:00:00Z</utc>" in await client.ask(time_of, "</iq>")
            await run(client, "clock", clock="real")
            assert "<utc>2026-01-01T12:00:00Z</utc>" not in await client.ask(time_of, "</iq>")

    async def test_strangers_have_faults_of_their_own_only(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(PracticeServer, "private", False)
        async with plainly(tmp_path) as stand:
            client = await entered(stand)
            for node in ("reset", "clock", "profile", "disarm"):
                assert "<forbidden" in await client.ask(command(node), "</iq>")
            said = await run(client, "fault", fault="close", jid="romeo@localhost")
            assert "type='error'" not in said
            assert "</stream:stream>" in await client.hear_all()
            other = await entered(stand, resource="other")
            said = await run(other, "fault", fault="sasl-failure")
            assert "everybody" in said


class TestReset:
    async def test_everything_is_as_at_the_start(self, tmp_path: Path) -> None:
        async with plainly(tmp_path, registration=True) as stand:
            server = stand.server
            juliet = await entered(stand)
            server.accounts.add(JID.parse("tybalt@localhost"), "x")
            server.accounts.remove(JID.parse("mercutio@localhost"))
            item = "<query xmlns='jabber:iq:roster'><item jid='tybalt@localhost'/></query>"
            await juliet.ask(f"<iq type='set' id='r'>{item}</iq>", "id='r'")
            await juliet.say(command("reset"))
            heard = await juliet.hear_all()
            assert "status='completed'" in heard
            assert "<reset xmlns" in heard
            assert JID.parse("mercutio@localhost") in server.accounts
            assert JID.parse("tybalt@localhost") not in server.accounts
            juliet = await entered(stand)
            roster = "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>"
            heard = await juliet.ask(roster, "</iq>")
            assert "romeo@localhost" in heard
            assert "tybalt" not in heard

    async def test_what_is_waiting_is_forgotten(self, tmp_path: Path) -> None:
        async with plainly(tmp_path) as stand:
            juliet = await entered(stand)
            await juliet.ask(f"<enable xmlns='{SM}' resume='true'/>", "<enabled[^>]*>")
            stand.server.faults.arm("drop")
            await juliet.hear_all()
            stand.server.faults.arm("no-answer", count=FOREVER)
            stand.server.reset()
            assert not stand.server.faults.waiting
            romeo = await entered(stand, "romeo", "orchard")
            assert "juliet" not in await romeo.so_far()

    async def test_rooms_and_messages_are_gone(self, tmp_path: Path) -> None:
        join = (
            "<presence to='square@rooms.localhost/j'>"
            "<x xmlns='http://jabber.org/protocol/muc'/></presence>"
        )
        rooms = (
            "<iq type='get' id='i' to='rooms.localhost'>"
            "<query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
        )
        unlock = (
            "<iq type='set' id='o' to='square@rooms.localhost'>"
            "<query xmlns='http://jabber.org/protocol/muc#owner'>"
            "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
        )
        async with plainly(tmp_path) as stand:
            juliet = await entered(stand)
            await juliet.ask(join, "code='201'")
            await juliet.ask(unlock, "id='o'[^>]*>")
            await juliet.say("<message to='mercutio@localhost'><body>wait</body></message>")
            assert "square@rooms.localhost" in await juliet.ask(rooms, "</iq>")
            stand.server.reset()
            await juliet.hear_all()
            juliet = await entered(stand)
            heard = await juliet.ask(rooms, "id='i'.*</iq>|id='i'[^>]*/>|<query [^>]*/>")
            assert "square" not in heard
            mercutio = await entered(stand, "mercutio", "courtyard")
            assert "wait" not in await mercutio.so_far()

    async def test_the_actors_are_back(self, tmp_path: Path) -> None:
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            texts = []
            for _ in range(2):
                juliet = await entered(stand)
                await juliet.say("<message to='romeo@localhost' id='m'><body>Hi</body></message>")
                texts.append(await juliet.hear("</message>"))
                stand.server.reset()
                await juliet.hear_all()
            assert "I hoped it would be you" in texts[0]
            said = [text.partition("<body>")[2].partition("</body>")[0] for text in texts]
            assert said[0] == said[1]


class TestByWebSocket:
    @pytest.mark.parametrize(
        "name",
        [n for n, k in KINDS.items() if k.moment is Moment.AT_ONCE and n != "forged-carbon"],
    )
    async def test_the_session_ends(self, tmp_path: Path, name: str) -> None:
        async with plainly(tmp_path, websocket_port=0) as stand:
            address = stand.server.websocket_url
            session = await session_on(stand, websocket=address, host=None, port=None, sm=True)
            stand.server.faults.arm(name)
            await asyncio.wait_for(session.wait_closed(), 20)
            assert any(f"{name} strikes" in note for note in stand.notes)

    async def test_slow_messages_are_whole(self, tmp_path: Path) -> None:
        async with plainly(tmp_path, websocket_port=0) as stand:
            address = stand.server.websocket_url
            session = await session_on(stand, websocket=address, host=None, port=None)
            answers: asyncio.Queue[object] = asyncio.Queue()

            def note(record: object) -> None:
                if getattr(record, "answers", None) is not None:
                    answers.put_nowait(record)

            session.feed.subscribe(note)
            stand.server.faults.arm("slow", ms=50)
            stand.server.faults.arm("split")
            await session.send(
                PING.replace("<iq ", "<iq xmlns='jabber:client' ").format("p").encode()
            )
            await asyncio.wait_for(answers.get(), 5)
            await session.close()
