"""A desk with a practice server behind it, and a screen that keeps what it is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from xmppshell.commands.all_commands import build_registry, run_command
from xmppshell.commands.desk import Desk
from xmppshell.configuration.layers import Preferences
from xmppshell.configuration.reading import read
from xmppshell.feed import Record
from xmppshell.knowledge.explanation import Answer, Branch, Card
from xmppshell.practice.server import PRACTICE_PASSWORD, PracticeServer
from xmppshell.protocol.events import Direction, ElementSeen, Event
from xmppshell.protocol.jid import JID
from xmppshell.protocol.problem import Problem, ProblemError
from xmppshell.session import Session
from xmppshell.settings import Settings


@dataclass
class KeepingScreen:
    """Keeps what is said, and what the feed brings; passwords come from `passwords`."""

    said: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    current: str = ""
    left: bool = False
    offered: list[str] = field(default_factory=list)
    keys: str = "emacs"
    coloured: bool = True
    explained: list[tuple[Branch | Card | Answer, str]] = field(default_factory=list)

    def say(self, text: str, role: str = "text") -> None:
        self.said.append(text)

    def problem(self, problem: Problem) -> None:
        self.problems.append(problem)

    def show(self, record: Record, *, raw: bool = False) -> None:
        self.records.append(record)

    def explain(self, explanation: Branch | Card | Answer, head: str = "") -> None:
        self.explained.append((explanation, head))

    def record(self, record: Record) -> None:
        self.records.append(record)

    async def ask_password(self, account: str) -> str | None:
        self.asked.append(account)
        return self.passwords.get(account)

    async def ask(self, question: str, *, default: str = "", secret: bool = False) -> str | None:
        return None

    def offer(self, text: str) -> None:
        self.offered.append(text)

    def leave(self) -> None:
        self.left = True

    def editing(self, mode: str | None) -> str:
        self.keys = mode or self.keys
        return self.keys

    def colour(self, wanted: bool | None) -> bool:
        self.coloured = self.coloured if wanted is None else wanted
        return self.coloured

    def switched(self, session: Session) -> None:
        self.current = session.name

    def typed(self) -> list[str]:
        return []


class Capture:
    """Keeps the sessions whose records it was given."""

    def __init__(self) -> None:
        self.sessions: set[str] = set()

    def write(self, record: Record) -> None:
        self.sessions.add(record.session)


class Stage:
    """A desk whose accounts live on a practice server; `enter` types a line."""

    def __init__(self, port: int, ca_file: Path, configuration: str = "") -> None:
        self.port, self.ca_file = port, ca_file
        self.server: PracticeServer | None = None
        self.screen = KeepingScreen(
            passwords={f"{name}@localhost": PRACTICE_PASSWORD for name in ("juliet", "romeo")}
        )
        self.captures: list[Capture] = []
        self.configuration = configuration
        self.desk = Desk(
            build_registry(),
            self.screen,
            self._open_capture,  # type: ignore[arg-type]
            preferences=Preferences(lambda: read(self.configuration)),
        )

    def _open_capture(self, settings: Settings) -> Capture:
        self.captures.append(Capture())
        return self.captures[-1]

    async def enter(self, line: str) -> list[str]:
        """Do what the line says; return what was said, or the problem, by then."""
        before = len(self.screen.said)
        try:
            if line.startswith("/"):
                await run_command(self.desk, line)
            else:
                await self.desk.send(line)
        except ProblemError as error:
            return [error.problem.what, error.problem.cause, error.problem.cure]
        return self.screen.said[before:]

    async def connect(self, jid: str, options: str = "") -> list[str]:
        where = f"--host 127.0.0.1 --port {self.port} --ca-file {self.ca_file}"
        return await self.enter(f"/connect {jid} {where} {options}")

    @property
    def names(self) -> list[str]:
        return list(self.desk.sessions.names)

    @property
    def now(self) -> str:
        """The name of the current session."""
        assert self.desk.session is not None
        return self.desk.session.name

    def session(self, name: str) -> Session:
        found = self.desk.sessions.get(name)
        assert found is not None
        return found

    def events(self, name: str) -> list[Event]:
        return [record.event for record in self.screen.records if record.session == name]

    def sent(self, name: str) -> Iterator[str]:
        """Give the stanzas that the user sent on a session."""
        for record in self.screen.records:
            event = record.event
            typed = record.session == name and record.move is None
            if typed and isinstance(event, ElementSeen) and event.direction is Direction.SENT:
                yield event.data.decode()


@asynccontextmanager
async def stage(folder: Path, configuration: str = "") -> AsyncIterator[Stage]:
    """Run a practice server with a desk on it; `$PORT` and `$CA` of `configuration` are its."""
    server = PracticeServer(parts=())
    await server.start()
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(server.ca_pem)
    text = configuration.replace("$PORT", str(server.port)).replace("$CA", str(ca_file))
    set_up = Stage(server.port, ca_file, text)
    set_up.server = server
    try:
        yield set_up
    finally:
        await set_up.desk.close_all()
        await server.stop()


JULIET = JID.parse("juliet@localhost")
ROMEO = JID.parse("romeo@localhost")
