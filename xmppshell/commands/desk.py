"""What the shell's commands work on: the session, the log, the view, and a screen to speak to.

The desk knows no terminal. Whoever shows things implements `Screen`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lxml import etree

from ..configuration.layers import Preferences
from ..fast_tokens import keep_tokens, with_token
from ..pilot import Negotiation
from ..protocol.events import (
    Authenticated,
    AuthenticationFailed,
    BrokenBytesSeen,
    Direction,
    ElementSeen,
)
from ..protocol.jid import JID
from ..protocol.namespaces import CLIENT, DISCO_INFO
from ..protocol.problem import Problem
from ..remembered import MechanismMemory, keep_mechanisms, with_floor
from ..session import Session, SessionError
from ..settings import Settings
from ..templates.shelf import Shelf
from .known_entities import KnownEntities
from .linting import Linter
from .log import Log
from .registry import CommandError, Registry
from .roll import Roll, is_over, split_address
from .typed import send_composed, session_variables

if TYPE_CHECKING:
    from ..feed import Record
    from ..knowledge.explanation import Answer, Branch, Card
    from ..knowledge.lint import Finding
    from ..transcript.capture import CaptureWriter
    from .filters import Filter
    from .keepalive import Keepalive


class Screen(Protocol):
    """What commands ask of whoever shows things to the user."""

    def say(self, text: str, role: str = "text") -> None:
        """Show lines of plain text; `role` names how, as in the theme."""

    def problem(self, problem: Problem) -> None:
        """Show what went wrong, why, and what to try."""

    def show(self, record: Record, *, raw: bool = False) -> None:
        """Show one record in full, folded or filtered or not."""

    def explain(self, explanation: Branch | Card | Answer, head: str = "") -> None:
        """Show an explanation; `head` says of what a tree is."""

    def record(self, record: Record) -> None:
        """Take a record off the feed and show it as the view says."""

    async def ask_password(self, account: str) -> str | None:
        """Ask for a password without echo; None if the user does not give one."""

    async def ask(self, question: str, *, default: str = "", secret: bool = False) -> str | None:
        """Ask for one line, without echo if `secret`; None if the user backs out."""

    def offer(self, text: str) -> None:
        """Put `text` into the prompt, to be edited or sent."""

    def leave(self) -> None:
        """End the shell after the current command."""

    def editing(self, mode: str | None) -> str:
        """Set the editing keys to "vi" or "emacs" if given; return which are in use."""

    def colour(self, wanted: bool | None) -> bool:
        """Switch colour if asked to; return whether there is any."""

    def switched(self, session: Session) -> None:
        """Take note that another session is the current one."""

    def typed(self) -> Sequence[str]:
        """Return what was typed, oldest first, without secrets."""


@dataclass
class ViewChoices:
    """How records are shown; the commands change it, the view reads it.

    `several_sessions` says that lines need the name of their session. `session_number` gives the
    place of a name among all that there were, which stands for its colour. `lint` says whether
    what is wrong is told, and `remarks` gives it for a record.
    """

    raw: bool = False
    timestamps: bool = False
    negotiation: bool = False
    filter: Filter | None = None
    hidden: int = 0
    several_sessions: bool = False
    lint: bool = True
    remarks: Callable[[Record], list[Finding]] = lambda _: []
    session_number: Callable[[str], int] = field(default_factory=lambda: Roll().number)


@dataclass
class Desk:
    """The state of one shell.

    `open_capture` begins the capture of a new session.
    """

    registry: Registry
    screen: Screen
    open_capture: Callable[[Settings], CaptureWriter]
    settings: Settings | None = None
    sessions: Roll = field(default_factory=Roll)
    preferences: Preferences = field(default_factory=Preferences)
    templates: Shelf = field(default_factory=Shelf)
    log: Log = field(default_factory=Log)
    view: ViewChoices = field(default_factory=ViewChoices)
    seen_jids: dict[str, None] = field(default_factory=dict)
    seen_namespaces: dict[str, None] = field(default_factory=dict)
    known: KnownEntities = field(default_factory=KnownEntities)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    keepalives: dict[str, Keepalive] = field(default_factory=dict)
    memory: MechanismMemory | None = None
    tokens_folder: Path | None = None
    _passwords: dict[JID, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.view.session_number = self.sessions.number
        self.linter = Linter(self)
        self.view.remarks = self.linter.remarks

    @property
    def session(self) -> Session | None:
        """The current session, open or closed; None before the first."""
        return self.sessions.current

    # Connecting.

    async def connect(self, settings: Settings, name: str = "") -> None:
        """Open a session with `settings` and make it the current one; raises ProblemError.

        A session of the same account that was closed is opened again. Otherwise there is a new
        one beside those that are open, called `name` or after the account; if the current one
        was closed, it takes its place.
        """
        session = self._closed(settings.jid.bare, name) or self._new_session(settings, name)
        await session.reconnector.stop()
        session.reconnects = None
        settings = self.with_token(settings)
        session.settings = settings if self.memory is None else with_floor(settings, self.memory)
        self.use(session)
        self.settings = settings
        if settings.negotiation is not Negotiation.AUTO or settings.until is not None:
            self.view.negotiation = True
        await session.open()

    def with_token(self, settings: Settings) -> Settings:
        """Return the settings with the FAST token that is kept for them, if there is one."""
        if self.tokens_folder is None:
            return settings
        return with_token(settings, self.tokens_folder, self.screen.problem)

    def _closed(self, account: JID, name: str) -> Session | None:
        """Return the session of that account, and name if there is one, that can be opened."""
        current = self.session
        for session in (current, *self.sessions.others) if current is not None else ():
            same = session.settings.jid.bare == account and name in ("", session.name)
            if same and not session.connected:
                return session
        return None

    def _new_session(self, settings: Settings, name: str) -> Session:
        account = settings.jid.bare
        previous = self.session
        if previous is not None and is_over(previous):
            self.sessions.remove(previous.name)
        wanted = name or settings.jid.local or settings.jid.domain
        session = Session(self.sessions.free_name(wanted, account), settings, numbers=self.numbers)
        if previous is not None:
            session.policies.update(previous.policies)
        if self.memory is not None:
            keep_mechanisms(session, self.memory, self.screen.problem)
        if self.tokens_folder is not None:
            keep_tokens(session, self.tokens_folder, self.screen.problem)
        session.feed.subscribe(self._observe)
        session.feed.subscribe(self.screen.record)
        session.feed.subscribe(self.open_capture(settings).write)
        self.sessions.add(session, account)
        return session

    async def close_all(self) -> None:
        """Close every session properly; raises ProblemError if one cannot be."""
        await asyncio.gather(*(session.close() for session in self.sessions))

    def use(self, session: Session) -> None:
        """Make `session` the current one."""
        if session is not self.session:
            self.settings = replace(session.settings, password=None)
        self.sessions.use(session.name)
        self.view.several_sessions = len(self.sessions) > 1
        self.screen.switched(session)

    def use_next(self) -> None:
        """Make the next open session the current one, if there is another."""
        names = self.sessions.names
        at = names.index(self.session.name) if self.session is not None else 0
        for name in (*names[at + 1 :], *names[:at]):
            session = self.sessions.get(name)
            if session is not None and not is_over(session):
                self.use(session)
                return

    # Passwords.

    def password_for(self, settings: Settings) -> str | None:
        """Return the password of the settings, or the one that this shell signed in with before."""
        return settings.password or self._passwords.get(settings.jid.bare)

    def keep_password(self, account: JID, password: str | None) -> None:
        """Keep the password that an account was given, for the next connection; None forgets it."""
        self._passwords.pop(account.bare, None)
        if password is not None:
            self._passwords[account.bare] = password
        if self.settings is not None and self.settings.jid.bare == account.bare:
            self.settings = replace(self.settings, password=password)

    def _note_password(self, session: Session, right: bool) -> None:
        """Keep a password that was right for the next time; forget one that was wrong."""
        password = session.settings.password if right else None
        if password is not None or not right:
            self.keep_password(session.settings.jid, password)

    # What happens.

    def _observe(self, record: Record) -> None:
        self.log.add(record)
        self.known.observe(record)
        event = record.event
        session = self.sessions.get(record.session)
        by_token = isinstance(event, Authenticated) and event.token  # The password was not tried.
        judged = isinstance(event, Authenticated | AuthenticationFailed) and not by_token
        if session is not None and judged:
            self._note_password(session, isinstance(event, Authenticated))
        if isinstance(event, ElementSeen) and event.stanza is not None:
            if event.direction is Direction.RECEIVED:
                self.sessions.came(record.session)
            for address in (event.stanza.sender, event.stanza.to):
                if address:
                    self.seen_jids[address] = None
            self._note_namespaces(event.element)

    def _note_namespaces(self, element: etree._Element) -> None:
        """Remember what may be asked for: payload namespaces, and features found by disco."""
        for child in element.iter(etree.Element):
            namespace = etree.QName(child).namespace
            if namespace and namespace != CLIENT:
                self.seen_namespaces[namespace] = None
            if namespace == DISCO_INFO and child.get("var"):
                self.seen_namespaces[child.get("var", "")] = None

    # Which session.

    @property
    def live(self) -> Session:
        """The current session, which is open; raises `CommandError` if there is none."""
        return self._open(self.session)

    def open_session(self, name: str | None) -> Session:
        """Return the open session of that name, or the current one; raises `CommandError`."""
        return self.live if name is None else self._open(self.sessions.find(name))

    def _open(self, session: Session | None) -> Session:
        if session is not None and not session.connected and session.reconnector.active:
            what = f"{session.name} is not connected, and connecting again"
            raise CommandError(
                Problem(what, "nothing was sent", "wait, or /resume or /connect at once")
            )
        if session is not None and not session.connected and session.resumable:
            raise CommandError(
                Problem(
                    f"{session.name} is not connected",
                    "nothing was sent: the line is cut, and the stream waits to be resumed",
                    "/resume goes on with it; /sm shows what waits",
                )
            )
        if session is None or not session.connected:
            several = session is not None and len(self.sessions) > 1
            raise CommandError(
                Problem(
                    f"{session.name} is not connected"
                    if session is not None and several
                    else "there is no connection",
                    "it was closed, or never opened",
                    "/connect JID, or /sessions" if several else "/connect JID, or /help",
                )
            )
        return session

    def addressed(self, text: str) -> tuple[Session | None, str]:
        """Divide `@NAME <xml/>` into the session and the XML; other text is for the current one.

        Raises `CommandError` if there is no such session.
        """
        name, xml = split_address(text)
        return (self.sessions.find(name) if name else self.session), xml

    def addressee(self, text: str) -> tuple[Session | None, str]:
        """Divide what is still being typed as `addressed` does.

        A name that is not finished, or wrong, counts as that of the current session.
        """
        try:
            return self.addressed(text)
        except CommandError:
            return self.session, split_address(text)[1]

    # Sending.

    def variables(self, session: Session | None = None) -> dict[str, str]:
        """Return the values of the `$` variables that have one now, on the current session."""
        values: dict[str, str] = {}
        session = session or self.session
        if session is None:
            return values
        values = session_variables(session)
        for record in self.log.stanzas(Direction.RECEIVED, session.name):
            event = record.event
            assert isinstance(event, ElementSeen)
            if event.stanza is not None and event.stanza.sender:
                values["from"] = event.stanza.sender
                break
        return values

    async def send(self, text: str) -> None:
        """Fill in and send what was typed; raises ProblemError and then sends nothing.

        `@NAME` before the XML sends it on another session than the current one.
        """
        named, xml = self.addressed(text)
        session = self._open(named)
        if not session.online and session.stream is not None and session.stream.ended:
            raise SessionError(
                Problem("the stream is closing", "", "wait for the end, then /connect")
            )
        await send_composed(session, xml, self.variables(session), self.linter.sending)

    async def send_raw(self, data: bytes) -> None:
        """Send exactly `data`, however broken, and say what of it is unfinished."""
        session = self.live
        stream = session.stream
        assert stream is not None
        seen = len(self.log.records)
        await session.send(data)
        told = any(isinstance(r.event, BrokenBytesSeen) for r in self.log.records[seen:])
        rest = stream.unfinished(Direction.SENT)
        if rest and not told:
            self.screen.say(
                f"{len(data)} bytes sent; {len(rest)} of them form nothing whole yet", "dim"
            )

    # Small helpers for commands.

    def number(self, text: str) -> Record:
        """Return the record that a typed number names; raises `CommandError`."""
        record = self.log.get(int(text)) if text.isdecimal() else None
        if record is None:
            last = self.log.last_number
            raise CommandError(
                Problem(
                    f"there is no number {text}",
                    "",
                    f"numbers go from 1 to {last}" if last else "nothing has been sent or received",
                )
            )
        return record


def path_of(text: str) -> Path:
    """Return the path that a user typed, with `~` expanded."""
    return Path(text).expanduser()
