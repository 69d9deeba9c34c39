"""What the shell's commands work on: the session, the log, the view, and a screen to speak to.

The desk knows no terminal. Whoever shows things implements `Screen`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lxml import etree

from ..pilot import Negotiation
from ..protocol import dialects
from ..protocol.events import (
    Authenticated,
    AuthenticationFailed,
    BrokenBytesSeen,
    Direction,
    ElementSeen,
)
from ..protocol.jid import JID, JIDError
from ..protocol.namespaces import CLIENT, DISCO_INFO
from ..protocol.problem import Problem
from ..protocol.xml import Context
from ..remembered import MechanismMemory, keep_mechanisms, with_floor
from ..session import Session, SessionError, Settings
from .compose import Composition, compose
from .drafts import secret_payload
from .log import Log
from .registry import CommandError, Registry

if TYPE_CHECKING:
    from ..feed import Record
    from ..transcript.capture import CaptureWriter
    from .filters import Filter


class Screen(Protocol):
    """What commands ask of whoever shows things to the user."""

    def say(self, text: str, role: str = "text") -> None:
        """Show lines of plain text; `role` names how, as in the theme."""

    def problem(self, problem: Problem) -> None:
        """Show what went wrong, why, and what to try."""

    def show(self, record: Record, *, raw: bool = False) -> None:
        """Show one record in full, folded or filtered or not."""

    def record(self, record: Record) -> None:
        """Take a record off the feed and show it as the view says."""

    async def ask_password(self, account: str) -> str | None:
        """Ask for a password without echo; None if the user does not give one."""

    async def ask(self, question: str, *, default: str = "", secret: bool = False) -> str | None:
        """Ask for one line, without echo if `secret`; None if the user backs out."""

    def leave(self) -> None:
        """End the shell after the current command."""

    def editing(self, mode: str | None) -> str:
        """Set the editing keys to "vi" or "emacs" if given; return which are in use."""

    def typed(self) -> Sequence[str]:
        """Return what was typed, oldest first, without secrets."""


@dataclass
class ViewChoices:
    """How records are shown; the commands change it, the view reads it."""

    raw: bool = False
    timestamps: bool = False
    negotiation: bool = False
    filter: Filter | None = None
    hidden: int = 0


@dataclass
class Desk:
    """The state of one shell.

    `open_capture` begins the capture of a new session.
    """

    registry: Registry
    screen: Screen
    open_capture: Callable[[Settings], CaptureWriter]
    settings: Settings | None = None
    session: Session | None = None
    log: Log = field(default_factory=Log)
    view: ViewChoices = field(default_factory=ViewChoices)
    seen_jids: dict[str, None] = field(default_factory=dict)
    seen_namespaces: dict[str, None] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    memory: MechanismMemory | None = None
    _passwords: dict[JID, str] = field(default_factory=dict, repr=False)

    # Connecting.

    async def connect(self, settings: Settings) -> None:
        """Open a session with `settings`; raises ProblemError if it cannot be.

        The old session must be closed.
        """
        self.need_no_session()
        previous = self.session
        guarded = settings if self.memory is None else with_floor(settings, self.memory)
        session = Session(settings.jid.local or settings.jid.domain, guarded, numbers=self.numbers)
        if previous is not None:
            session.policies = dict(previous.policies)
            if previous.settings.jid.local == settings.jid.local:
                session.ids = previous.ids
        self.session, self.settings = session, settings
        if settings.negotiation is not Negotiation.AUTO or settings.until is not None:
            self.view.negotiation = True
        if self.memory is not None:
            keep_mechanisms(session, self.memory, self.screen.problem)
        session.feed.subscribe(self._observe)
        session.feed.subscribe(self.screen.record)
        session.feed.subscribe(self.open_capture(settings).write)
        await session.open()

    def need_no_session(self) -> None:
        """Raise `CommandError` if there is an open session."""
        if self.session is not None and self.session.connected:
            raise CommandError(
                Problem("there is a session already", "", "/close it first, then /connect")
            )

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

    def _note_password(self, right: bool) -> None:
        """Keep a password that was right for the next time; forget one that was wrong."""
        assert self.settings is not None
        account, password = self.settings.jid.bare, self.settings.password
        if right and password is not None:
            self._passwords[account] = password
        elif not right:
            self._passwords.pop(account, None)
            self.settings = replace(self.settings, password=None)

    def _observe(self, record: Record) -> None:
        self.log.add(record)
        event = record.event
        if isinstance(event, Authenticated | AuthenticationFailed):
            self._note_password(isinstance(event, Authenticated))
        if isinstance(event, ElementSeen) and event.stanza is not None:
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

    @property
    def live(self) -> Session:
        """The open session; raises `CommandError` if there is none."""
        if self.session is None or not self.session.connected:
            raise CommandError(
                Problem(
                    "there is no connection",
                    "it was closed, or never opened",
                    "/connect JID, or /help",
                )
            )
        return self.session

    # Sending.

    @property
    def context(self) -> Context:
        """The namespaces in scope for what is typed."""
        session = self.session
        if session is None or session.stream is None:
            return Context.for_namespace(CLIENT)
        return session.stream.context(Direction.SENT)

    def variables(self) -> dict[str, str]:
        """Return the values of the `$` variables that have one now."""
        values: dict[str, str] = {}
        session = self.session
        if session is not None:
            me = session.jid or session.settings.jid
            values = {"me": str(me), "bare": str(me.bare), "domain": me.domain}
            values |= {"user": me.local, "resource": me.resource}
            values["last"] = session.ids.last
            values["sasl"] = secret_payload(session.proposal())
        for record in self.log.stanzas(Direction.RECEIVED):
            event = record.event
            assert isinstance(event, ElementSeen)
            if event.stanza is not None and event.stanza.sender:
                values["from"] = event.stanza.sender
                break
        return {name: value for name, value in values.items() if value}

    def compose(self, text: str) -> Composition:
        """Fill in what was typed, as `compose.compose` does, for the current session."""
        session = self.live
        dialect = dialects.CLIENT if session.stream is None else session.stream.dialect
        return compose(text, self.variables(), session.ids.next, self.context, dialect)

    async def send(self, text: str) -> None:
        """Fill in and send what was typed; raises ProblemError and then sends nothing."""
        session = self.live
        if not session.online and session.stream is not None and session.stream.ended:
            raise SessionError(
                Problem("the stream is closing", "", "wait for the end, then /connect")
            )
        composition = self.compose(text)
        if composition.ids:
            session.ids.last = composition.ids[-1]
        for message in composition.messages:
            await session.send(message.encode())

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

    def with_jid(self, text: str) -> Settings:
        """Return the present settings for another account; raises `CommandError`."""
        try:
            jid = JID.parse(text)
        except JIDError as error:
            raise CommandError(error.problem) from error
        if self.settings is None:
            return Settings(jid)
        same = self.settings.jid.domain == jid.domain
        if not same:
            return Settings(jid)
        return replace(self.settings, jid=jid, password=None, redirects=())


def path_of(text: str) -> Path:
    """Return the path that a user typed, with `~` expanded."""
    return Path(text).expanduser()
