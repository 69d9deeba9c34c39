"""/sm, /resume, /reconnect, /drop and /auto on a session of the practice server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from xmppshell.commands.all_commands import build_registry, run_command
from xmppshell.commands.desk import Desk
from xmppshell.feed import Record
from xmppshell.network.discovery import TlsMode
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.server import PracticeServer
from xmppshell.protocol.events import Event, ManagementEnabled, Reconnecting, Resumed, ResumeFailed
from xmppshell.protocol.jid import JID
from xmppshell.protocol.obligations import Policy
from xmppshell.protocol.problem import Problem, ProblemError
from xmppshell.session import Session
from xmppshell.settings import Settings

HELLO = "<message to='romeo@localhost' type='chat'><body>hello</body></message>"


class Screen:
    """Keeps what is said, and what the feed brings."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.events: list[Event] = []

    def say(self, text: str, role: str = "text") -> None:
        self.said.append(text)

    def problem(self, problem: Problem) -> None:
        self.said.append(problem.what)

    def show(self, record: Record, *, raw: bool = False) -> None:
        raise AssertionError("nothing is shown")

    def record(self, record: Record) -> None:
        self.events.append(record.event)

    async def ask_password(self, account: str) -> str | None:
        return PRACTICE_PASSWORD

    async def ask(self, question: str, *, default: str = "", secret: bool = False) -> str | None:
        return None

    def leave(self) -> None:
        """Stay."""

    def editing(self, mode: str | None) -> str:
        return "emacs"

    def colour(self, wanted: bool | None) -> bool:
        return False

    def switched(self, session: Session) -> None:
        """Nothing to note."""

    def typed(self) -> Sequence[str]:
        return ()


class Capture:
    def write(self, record: Record) -> None:
        """Keep nothing."""


class Shell:
    """A desk without a terminal; `run` gives what a command says."""

    def __init__(self, server: PracticeServer, ca_file: Path) -> None:
        self.screen = Screen()
        self.desk = Desk(build_registry(), self.screen, lambda settings: Capture())  # type: ignore[arg-type, return-value]
        self.settings = Settings(
            JID.parse("juliet@localhost/balcony"),
            password=PRACTICE_PASSWORD,
            host=server.address,
            port=server.port,
            tls=TlsMode.STARTTLS,
            ca_file=str(ca_file),
        )

    @property
    def session(self) -> Session:
        assert self.desk.session is not None
        return self.desk.session

    async def run(self, line: str) -> str:
        """Run a command; return what it says, or its problem after an exclamation mark."""
        before = len(self.screen.said)
        try:
            await run_command(self.desk, line)
        except ProblemError as error:
            return f"! {error.problem.what} · {error.problem.cure}"
        await asyncio.sleep(0.1)
        return "\n".join(self.screen.said[before:])

    def seen(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.screen.events if isinstance(event, kind)]


@asynccontextmanager
async def shell(folder: Path, **options: object) -> AsyncIterator[Shell]:
    server = PracticeServer(**options)  # type: ignore[arg-type]
    await server.start()
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(server.ca_pem)
    made = Shell(server, ca_file)
    try:
        await made.desk.connect(made.settings)
        yield made
    finally:
        await made.desk.close_all()
        await server.stop()


async def test_from_nothing_to_resumed(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        assert "stream management is off" in await here.run("/sm")
        assert "/sm enable" in await here.run("/sm")
        await here.run("/sm enable")
        assert here.seen(ManagementEnabled)
        await here.desk.send("<presence/>")
        await here.desk.send(HELLO)
        await asyncio.sleep(0.2)
        shown = await here.run("/sm")
        assert "sent       2, 0 of them acknowledged" in shown
        assert "for 300 s after a loss" in shown
        assert "waiting to be acknowledged" in shown
        assert "→" in shown
        assert "<message to='romeo@localhost'" in shown
        await here.run("/sm request")
        assert "sent       2, 2 of them acknowledged" in await here.run("/sm")
        assert "/resume" in await here.run("/drop")
        assert "s from now: /resume" in await here.run("/sm")
        await here.run("/resume")
        assert here.seen(Resumed)
        assert here.session.online
        assert "for 300 s after a loss" in await here.run("/sm")


async def test_connect_resumes_as_well(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        await here.run("/sm enable")
        numbers = here.desk.log.last_number
        session = here.session
        await here.run("/drop")
        await here.run("/connect")
        assert here.seen(Resumed)
        assert here.session is session
        assert here.desk.log.last_number > numbers


async def test_what_was_lost_is_offered_and_never_sent_alone(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        await here.run("/sm enable")
        await here.desk.send(HELLO)
        await here.run("/drop")
        assert here.session.ledger is not None
        here.session.ledger.id = "unknown"
        await here.run("/resume")
        assert here.seen(ResumeFailed)
        assert len(here.seen(ManagementEnabled)) == 2
        shown = await here.run("/sm")
        assert "of unknown fate" in shown
        assert "<body>hell…" in shown
        sent = here.session.ledger.sent
        await here.run("/sm resend")
        assert here.session.ledger.sent == sent + 1
        assert "of unknown fate" not in await here.run("/sm")
        assert "nothing is of unknown fate" in await here.run("/sm resend")


async def test_what_was_lost_can_be_let_go(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        await here.run("/sm enable")
        await here.desk.send(HELLO)
        await here.run("/drop")
        assert here.session.ledger is not None
        here.session.ledger.id = "unknown"
        await here.run("/connect")
        assert await here.run("/sm forget") == "1 let go"
        assert "of unknown fate" not in await here.run("/sm")


async def test_secrets_are_not_shown(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        await here.run("/sm enable")
        await here.desk.send(
            "<iq type='set'><query xmlns='jabber:iq:register'><password>hush</password></query>"
            "</iq>"
        )
        shown = await here.run("/sm")
        assert "jabber:iq:register" in shown
        assert "hush" not in shown


async def test_what_cannot_be_done_is_explained(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        assert await here.run("/sm request") == "! stream management is not enabled · /sm enable"
        assert "! juliet is connected" in await here.run("/resume")
        await here.run("/sm enable")
        assert "enabled already" in await here.run("/sm enable")
        await here.run("/close")
        assert "! there is no stream to resume" in await here.run("/resume")


async def test_while_the_line_is_cut_nothing_is_sent(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        await here.run("/sm enable")
        await here.run("/drop")
        with pytest.raises(ProblemError, match="not connected") as raised:
            await here.desk.send(HELLO)
        assert "/resume" in raised.value.problem.cure


async def test_reconnecting(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        assert (await here.run("/reconnect")).startswith("off")
        assert (await here.run("/reconnect on")).startswith("on")
        await here.run("/sm enable")
        await here.run("/drop")
        assert here.seen(Reconnecting)
        assert "at it now" in await here.run("/reconnect")
        with pytest.raises(ProblemError, match="connecting again"):
            await here.desk.send(HELLO)
        # One need not wait for it.
        await here.run("/resume")
        assert here.session.online
        assert not here.session.reconnector.active
        await here.run("/drop")
        assert (await here.run("/reconnect off")).startswith("off")
        assert not here.session.reconnector.active


async def test_closing_ends_the_attempts(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        await here.run("/reconnect on")
        await here.run("/drop")
        await here.run("/close")
        assert not here.session.reconnector.active
        assert not here.session.connected


async def test_who_answers_is_a_matter_of_policy(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        assert "a request to acknowledge stanzas" in await here.run("/auto")
        assert "cannot be declined" in await here.run("/auto sm-ack decline")
        await here.run("/auto all decline")
        assert here.session.policies["sm-ack"] is Policy.ON
        assert here.session.policies["ping"] is Policy.DECLINE
        await here.run("/auto sm-ack step")
        await here.run("/sm enable")
        await here.desk.send("<presence/>")
        await asyncio.sleep(0.2)
        move = here.session.proposal()
        assert move is not None
        assert move.name == "sm-ack"
        await here.desk.send("<a xmlns='urn:xmpp:sm:3' h='1'/>")
        assert here.session.proposal() is None


async def test_five_that_wait_are_asked_for(tmp_path: Path) -> None:
    async with shell(tmp_path) as here:
        await here.run("/sm enable")
        for _ in range(5):
            await here.desk.send("<presence to='nurse@localhost'/>")
        await asyncio.sleep(0.2)
        assert here.session.ledger is not None
        assert not here.session.ledger.unacknowledged
        await here.run("/auto sm-request off")
        for _ in range(6):
            await here.desk.send("<presence to='nurse@localhost'/>")
        await asyncio.sleep(0.2)
        assert len(here.session.ledger.unacknowledged) == 6
