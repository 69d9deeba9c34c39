"""The practice server over real sockets on loopback, with TLS that is verified."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from practice.raw_client import HEADER, PING, STARTTLS, RawClient, Stand, plain, practice

from xmppshell.network.discovery import TlsMode
from xmppshell.network.failures import ConnectionFailed
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.server import PracticeServer, TlsOffer
from xmppshell.protocol.events import (
    Authenticated,
    AuthenticationFailed,
    Direction,
    ElementSeen,
    StreamErrorSeen,
)
from xmppshell.protocol.jid import JID
from xmppshell.session import Session, SessionError
from xmppshell.settings import Settings

ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"


def session_on(stand: Stand, user: str = "juliet", **options: object) -> Session:
    given = {"password": PRACTICE_PASSWORD, "tls": TlsMode.STARTTLS, "port": stand.server.port}
    settings = Settings(
        JID.parse(f"{user}@localhost"),
        host=stand.server.address,
        ca_file=str(stand.ca_file),
        **{**given, **options},  # type: ignore[arg-type]
    )
    return Session(user, settings)


class TestSessions:
    """The console's own session on the practice server."""

    @pytest.mark.parametrize(
        "mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]
    )
    async def test_signing_in(self, tmp_path: Path, mechanism: str) -> None:
        async with practice(tmp_path) as stand:
            session = session_on(stand, mechanism=mechanism)
            seen: list[object] = []
            session.feed.subscribe(lambda record: seen.append(record.event))
            await session.open()
            assert str(session.jid) == "juliet@localhost/balcony"
            assert session.tls is not None
            assert session.tls.verified
            verified = mechanism != "PLAIN"
            assert Authenticated(mechanism, verified, "juliet") in seen
            await session.close()
            assert session.problem is None

    async def test_the_strongest_mechanism_comes_first(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            session = session_on(stand)
            await session.open()
            assert session.stream is not None
            assert session.stream.mechanism == "SCRAM-SHA-512-PLUS"
            await session.close()

    @pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN"])
    async def test_a_wrong_password_and_nobody_look_the_same(
        self, tmp_path: Path, mechanism: str
    ) -> None:
        async def failure(user: str, password: str) -> tuple[list[str], str]:
            session = session_on(stand, user, password=password, mechanism=mechanism)
            names: list[str] = []
            conditions: list[str] = []

            def note(record: object) -> None:
                event = record.event  # type: ignore[attr-defined]
                names.append(type(event).__name__)
                if isinstance(event, AuthenticationFailed):
                    conditions.append(event.condition)

            session.feed.subscribe(note)
            with pytest.raises(SessionError):
                await session.open()
            return names, conditions[0]

        async with practice(tmp_path) as stand:
            wrong = await failure("juliet", "guess")
            nobody = await failure("nobody", PRACTICE_PASSWORD)
            assert wrong == nobody
            assert wrong[1] == "not-authorized"

    async def test_direct_tls(self, tmp_path: Path) -> None:
        async with practice(tmp_path, direct_tls_port=0) as stand:
            port = stand.server.direct_tls_port
            assert port
            session = session_on(stand, port=port, tls=TlsMode.DIRECT)
            await session.open()
            assert session.tls is not None
            assert session.tls.alpn == "xmpp-client"
            await session.close()

    async def test_romeo_answers(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            session = session_on(stand)
            heard: asyncio.Queue[bytes] = asyncio.Queue()

            def note(record: object) -> None:
                event = record.event  # type: ignore[attr-defined]
                if isinstance(event, ElementSeen) and event.direction is Direction.RECEIVED:
                    heard.put_nowait(event.data)

            await session.open()
            session.feed.subscribe(note)
            await session.send(
                b"<message to='romeo@localhost' id='j9'><body>Hello</body></message>"
            )
            data = await asyncio.wait_for(heard.get(), 5)
            assert b"from='romeo@localhost/orchard'" in data
            assert b"the id j9" in data
            await session.close()

    async def test_conflict_ends_the_older_session(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            old = session_on(stand)
            errors: list[str] = []

            def note(record: object) -> None:
                event = record.event  # type: ignore[attr-defined]
                if isinstance(event, StreamErrorSeen):
                    errors.append(event.condition)

            old.feed.subscribe(note)
            await old.open()
            new = session_on(stand)
            new.settings = Settings(
                JID.parse("juliet@localhost/balcony"),
                PRACTICE_PASSWORD,
                host=stand.server.address,
                port=stand.server.port,
                ca_file=str(stand.ca_file),
            )
            await new.open()
            await asyncio.wait_for(old.wait_closed(), 5)
            assert errors == ["conflict"]
            assert new.online
            assert str(new.jid) == "juliet@localhost/balcony"
            await new.close()


class TestStreamErrors:
    @pytest.mark.parametrize(
        ("text", "condition"),
        [
            (HEADER.replace("to='localhost' ", ""), "improper-addressing"),
            (HEADER.replace("localhost", "nope.example"), "host-unknown"),
            (HEADER.replace("jabber:client", "jabber:server"), "invalid-namespace"),
            (HEADER.replace(" version='1.0' xmlns", " xmlns"), "unsupported-version"),
            ("GET / HTTP/1.0\r\n\r\n", "not-well-formed"),
            (HEADER + "<!-- -->", "restricted-xml"),
            (HEADER + "<message/>", "not-authorized"),
            (HEADER + "<foo/>", "unsupported-stanza-type"),
            (HEADER + STARTTLS + PING, "policy-violation"),
        ],
    )
    async def test_before_signing_in(self, tmp_path: Path, text: str, condition: str) -> None:
        async with practice(tmp_path) as stand:
            client = await stand.connect()
            await client.say(text)
            said = await client.hear_all()
            assert f"<stream:error><{condition} xmlns='{ERRORS}'/>" in said
            assert said.endswith("</stream:error></stream:stream>")
            assert said.count("<stream:stream ") == 1
            assert "<proceed" not in said

    @pytest.mark.parametrize(
        ("text", "condition"),
        [
            ("<message from='romeo@localhost' to='romeo@localhost'/>", "invalid-from"),
            ("<message from='juliet@localhost/other' to='romeo@localhost'/>", "invalid-from"),
            ("<foo/>", "unsupported-stanza-type"),
            ("<message>&</message>", "not-well-formed"),
            (b"<message>\xff</message>", "unsupported-encoding"),
            ("hello", "bad-format"),
            (f"<message>{'x' * 300_000}", "policy-violation"),
            ("<a>" * 300, "policy-violation"),
        ],
    )
    async def test_online(self, tmp_path: Path, text: str | bytes, condition: str) -> None:
        async with practice(tmp_path) as stand:
            client = await stand.enter("juliet")
            await client.say(text)
            said = await client.hear_all()
            assert said.startswith(f"<stream:error><{condition} xmlns='{ERRORS}'/>")
            assert said.endswith("</stream:error></stream:stream>")

    async def test_what_follows_an_error_is_not_heard(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            juliet = await stand.enter("juliet", "balcony")
            nurse = await stand.enter("nurse", "chamber")
            to_nurse = "<message to='nurse@localhost/chamber' id='{}'/>"
            await juliet.say(to_nurse.format("before") + "<foo/>" + to_nurse.format("after"))
            await juliet.hear_all()
            heard = await nurse.so_far()
            assert "id='before'" in heard
            assert "id='after'" not in heard

    async def test_three_failures_are_enough(self, tmp_path: Path) -> None:
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            client = await stand.connect()
            await client.ask(HEADER, "</stream:features>")
            for _ in range(2):
                said = await client.ask(plain("juliet", "guess"), "</failure>")
                assert "<not-authorized/>" in said
            await client.say(plain("juliet", "guess") + plain("juliet"))
            said = await client.hear_all()
            assert said.startswith("<failure ")
            assert "<stream:error><policy-violation" in said
            assert "<success" not in said

    async def test_who_dawdles_is_sent_away(self, tmp_path: Path) -> None:
        async with practice(tmp_path, negotiation_seconds=0.2) as stand:
            silent = await stand.connect()
            slow = await stand.connect()
            await slow.ask(HEADER, "</stream:features>")
            in_tls = await stand.connect()
            await in_tls.ask(HEADER, "</stream:features>")
            await in_tls.ask(STARTTLS, "<proceed[^>]*>")
            for client in (silent, slow):
                assert "<connection-timeout" in await client.hear_all()
            assert await in_tls.hear_all() == ""

    async def test_who_is_online_may_dawdle(self, tmp_path: Path) -> None:
        async with practice(tmp_path, negotiation_seconds=0.3, tls=TlsOffer.NONE) as stand:
            client = await stand.connect()
            await client.ask(HEADER, "</stream:features>")
            await client.ask(plain("juliet"), "<success[^>]*>")
            await client.ask(HEADER, "</stream:features>")
            await client.bind()
            await asyncio.sleep(0.4)
            assert await client.so_far() == ""

    async def test_stopping_says_so(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            online = await stand.enter("juliet")
            fresh = await stand.connect()
            await online.so_far()

            async def to_the_end(client: RawClient) -> str:
                said = await client.hear_all()
                await client.wire.close()
                return said

            waiting = [asyncio.create_task(to_the_end(client)) for client in (online, fresh)]
            await asyncio.sleep(0.05)
            await stand.server.stop()
            for said in await asyncio.gather(*waiting):
                assert f"<stream:error><system-shutdown xmlns='{ERRORS}'/>" in said
                assert said.endswith("</stream:stream>")
            with pytest.raises(ConnectionFailed):
                await stand.connect()


class TestTls:
    async def test_required(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            client = await stand.connect()
            features = await client.ask(HEADER, "</stream:features>")
            assert "<required/>" in features
            assert "<mechanisms" not in features
            assert "<encryption-required/>" in await client.ask(plain("juliet"), "</failure>")

    async def test_offered(self, tmp_path: Path) -> None:
        async with practice(tmp_path, tls=TlsOffer.OFFERED) as stand:
            client = await stand.connect()
            features = await client.ask(HEADER, "</stream:features>")
            assert "<starttls" in features
            assert "<required/>" not in features
            assert "<success" in await client.ask(plain("juliet"), "<success[^>]*>")
            other = await stand.connect()
            assert await other.sign_in("romeo")

    async def test_none(self, tmp_path: Path) -> None:
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            assert stand.server.ca_pem == b""
            client = await stand.connect()
            assert "<starttls" not in await client.ask(HEADER, "</stream:features>")
            said = await client.ask(STARTTLS, "</stream:stream>")
            assert said == "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"

    async def test_a_client_that_does_not_trust_is_no_trouble(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            stand.ca_file = tmp_path / "other.pem"
            stand.ca_file.write_bytes(_other_ca())
            client = await stand.connect()
            await client.ask(HEADER, "</stream:features>")
            await client.ask(STARTTLS, "<proceed[^>]*>")
            with pytest.raises(ConnectionFailed):
                await client.secure()
            stand.ca_file = tmp_path / "ca.pem"
            assert await stand.enter("juliet")
            await until(lambda: any("is gone" in note for note in stand.notes))


def _other_ca() -> bytes:
    from xmppshell.practice.certificates import make_certificates

    return make_certificates(["localhost"]).ca_pem


async def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to be")


class TestConversations:
    async def test_what_one_types_the_other_reads(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            juliet = await stand.enter("juliet", "balcony")
            romeo = await stand.enter("romeo", "orchard")
            await juliet.so_far()
            body = "<body>caf\u00e9 \U0001f339 &#x27;</body>"
            typed = f'<message to="romeo@localhost/orchard" type="headline">{body}</message>'
            await juliet.say(typed)
            heard = await romeo.hear("</message>")
            stamped = typed.replace('line">', "line\" from='juliet@localhost/balcony'>", 1)
            assert heard == stamped

    async def test_the_prefixes_of_a_stream_header_travel_along(self, tmp_path: Path) -> None:
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            nurse = await plain_client(stand, "nurse")
            juliet = await plain_client(
                stand, "juliet", HEADER.replace("<stream:stream", "<stream:stream xmlns:x='urn:x'")
            )
            await juliet.say("<message to='nurse@localhost/r'><x:a/></message>")
            assert "xmlns:x='urn:x'" in await nurse.hear("</message>")

    async def test_a_client_that_disappears_is_seen_to_go(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            romeo = await stand.enter("romeo", "orchard")
            juliet = await stand.enter("juliet", "balcony")
            await romeo.so_far()
            await juliet.wire.close(abort=True)
            heard = await romeo.hear("<presence[^>]*>")
            assert "type='unavailable' from='juliet@localhost/balcony'" in heard
            said = await romeo.ask("<message to='juliet@localhost' type='chat'/>", "</message>")
            assert "<service-unavailable" in said

    async def test_closing_in_order(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            romeo = await stand.enter("romeo", "orchard")
            juliet = await stand.enter("juliet", "balcony")
            await romeo.so_far()
            await juliet.say("</stream:stream>")
            assert await juliet.hear_all() == "</stream:stream>"
            assert "unavailable" in await romeo.hear("<presence[^>]*>")

    async def test_resources_that_nobody_asked_for(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            names = [await (await stand.connect()).sign_in("juliet") for _ in range(3)]
            assert names == [f"juliet@localhost/{n}" for n in ("balcony", "orchard", "garden")]

    async def test_a_resource_that_is_none(self, tmp_path: Path) -> None:
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            client = await plain_client(stand, "juliet", bind=False)
            assert await client.bind("\u200e\u200f") == ""
            assert await client.bind("chapel") == "juliet@localhost/chapel"

    async def test_a_reader_who_stops_reading_slows_the_writer(self, tmp_path: Path) -> None:
        """A client that does not read must not make the server keep everything."""
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            lazy = await plain_client(stand, "nurse")
            busy = await plain_client(stand, "juliet")
            piece = "<message to='nurse@localhost/r'>" + "x" * 100_000 + "</message>"
            written = 0

            async def flood() -> None:
                nonlocal written
                for _ in range(400):
                    await busy.say(piece)
                    written += 1

            task = asyncio.create_task(flood())
            await asyncio.sleep(0.5)
            stuck = written
            assert stuck < 400
            async with asyncio.timeout(5):
                seen = 0
                while seen < 400:
                    seen += (await lazy.hear("</message>")).count("</message>")
                await task

    async def test_a_reader_who_never_reads_is_cut_off(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("xmppshell.practice.connection.STALL_SECONDS", 0.1)
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            await plain_client(stand, "nurse")
            busy = await plain_client(stand, "juliet")
            piece = "<message to='nurse@localhost/r'>" + "x" * 100_000 + "</message>"
            for _ in range(200):
                await busy.say(piece)
            assert "<service-unavailable" in await busy.hear("</message>")
            assert any("does not read" in note for note in stand.notes)

    async def test_notes_tell_who_came_and_went(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            juliet = await stand.enter("juliet", "balcony")
            await juliet.say("</stream:stream>")
            await juliet.hear_all()
            await until(lambda: any(note.endswith("left") for note in stand.notes))
            text = "\n".join(stand.notes)
            for expected in ("connected", "signed in as juliet with PLAIN", "TLS 1.3", "left"):
                assert expected in text
            assert PRACTICE_PASSWORD not in text

    async def test_two_domains(self, tmp_path: Path) -> None:
        domains = ("capulet.example", "montague.example")
        async with practice(tmp_path, tls=TlsOffer.NONE, domains=domains) as stand:
            juliet = await plain_client(stand, "juliet", HEADER.replace("localhost", domains[0]))
            romeo = await plain_client(stand, "romeo", HEADER.replace("localhost", domains[1]))
            await juliet.say(f"<message to='romeo@{domains[1]}/r'/>")
            assert f"from='juliet@{domains[0]}/r'" in await romeo.hear("<message[^>]*>")


async def plain_client(
    stand: Stand, username: str, header: str = HEADER, *, bind: bool = True
) -> RawClient:
    """Sign in without TLS, with the resource `r`."""
    client = await stand.connect()
    await client.ask(header, "</stream:features>")
    await client.ask(plain(username), "<success[^>]*>")
    await client.ask(header, "</stream:features>")
    if bind:
        assert await client.bind("r")
    return client


async def test_a_port_in_use(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        other = PracticeServer()
        with pytest.raises(ConnectionFailed):
            await other.start(port=stand.server.port)
        with pytest.raises(ConnectionFailed):
            await other.start(direct_tls_port=stand.server.port)
        await other.stop()
