"""Commands that users run on the server, with forms where there is something to ask (XEP-0050).

A command is a row of forms and what is done with the answers. Whoever has something to offer
adds a `Command`; sessions, actions and errors are dealt with here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from ...protocol import namespaces as ns
from ...protocol.data_forms import Form, answered, faults
from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..clockwork import Clockwork
from ..contacts.roster import escape_text
from ..directory import Delivery, Resource
from ..envelope import Envelope
from ..facilities import Facility
from .capabilities import Identity, Info
from .discovery import info_query, items_query
from .forms import form_xml, submitted, values_of

if TYPE_CHECKING:
    from lxml import etree

COMMANDS: Final = "http://jabber.org/protocol/commands"

LIFETIME: Final = timedelta(minutes=10)
"""How long a session waits for the next step."""

MAX_SESSIONS: Final = 500
"""How many sessions there can be; the oldest ends for a new one."""

MAX_OWN_SESSIONS: Final = 10
"""How many sessions one resource can have; its oldest ends for a new one."""

MAX_ANSWERS: Final = 16 * 1024
"""How long the answers of one stage can be together, in characters."""

_ACTIONS: Final = ("execute", "cancel", "prev", "next", "complete")


@dataclass(frozen=True, slots=True)
class Run:
    """A command that `asker` runs, with the answers to the forms so far by their fields."""

    asker: Resource
    answers: Mapping[str, tuple[str, ...]]

    def text(self, var: str) -> str:
        """Return the answer to a field, "" without one; several are lines."""
        return "\n".join(self.answers.get(var, ()))

    def is_true(self, var: str) -> bool:
        """Say whether the answer to a boolean field is yes."""
        return self.text(var) in ("1", "true")


@dataclass(frozen=True, slots=True)
class Note:
    """What is said about a command that is done; `type` is "info", "warn" or "error"."""

    text: str
    type: str = "info"

    def xml(self) -> str:
        """Return the `<note/>`."""
        return f"<note type='{self.type}'>{escape_text(self.text)}</note>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command: notes, a form of type result, and what is delivered to others.

    A command that failed has a note of type error.
    """

    notes: tuple[Note, ...] = ()
    form: Form | None = None
    deliveries: tuple[Delivery, ...] = ()


Stage: TypeAlias = Callable[[Run], Form]
"""Gives the form of one stage, which may depend on earlier answers."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its node, its name for people, the forms it asks, and what is done at the end.

    `allowed` says who may run it, by bare JID; others do not see it either.
    """

    node: str
    name: str
    finish: Callable[[Run], Outcome]
    stages: tuple[Stage, ...] = ()
    allowed: Callable[[JID], bool] = lambda jid: True


@dataclass(slots=True)
class _Session:
    id: str
    command: Command
    asker: Resource
    expires: datetime
    stage: int = 0
    answers: list[dict[str, tuple[str, ...]]] = field(default_factory=list)

    @property
    def run(self) -> Run:
        merged = {var: values for stage in self.answers for var, values in stage.items()}
        return Run(self.asker, merged)

    @property
    def form(self) -> Form:
        """The form of this stage, with the answers of an earlier visit if there was one."""
        earlier = Run(self.asker, _merged(self.answers[: self.stage]))
        form = self.command.stages[self.stage](earlier)
        remembered = self.answers[self.stage] if self.stage < len(self.answers) else {}
        return answered(form, remembered)

    @property
    def is_last(self) -> bool:
        return self.stage == len(self.command.stages) - 1

    @property
    def actions(self) -> tuple[str, ...]:
        """What can be done at this stage, the default last (XEP-0050 3.4)."""
        onward = "complete" if self.is_last else "next"
        return ("prev", onward) if self.stage else (onward,)


class Commands(Facility):
    """The commands of the server, and the sessions in which they are run."""

    server_features = (COMMANDS, ns.DATA_FORM)

    def __init__(self, clockwork: Clockwork) -> None:
        self._clockwork = clockwork
        self._commands: dict[str, Command] = {}
        self._sessions: dict[str, _Session] = {}
        self.for_server = {("set", f"{{{COMMANDS}}}command"): self._take}

    def add(self, command: Command) -> None:
        """Offer one more command; raises ValueError if there is one at its node already."""
        if command.node in self._commands or command.node == COMMANDS:
            raise ValueError(f"there is a command at the node {command.node} already")
        self._commands[command.node] = command

    def sessions(self) -> int:
        """Return how many sessions are open."""
        return len(self._sessions)

    # Discovery (XEP-0050 2.1, 2.2).

    def node_info(self, envelope: Envelope, to: JID, node: str) -> list[Delivery] | None:
        """Say that there is a list of commands, or what one of them is."""
        if to.local:
            return None
        if node == COMMANDS:
            identity = Identity("automation", "command-list", "Commands")
            return envelope.result(info_query(Info((identity,), (COMMANDS,)), node))
        command = self._commands.get(node)
        if command is None:
            return None
        if not command.allowed(envelope.sender.jid.bare):
            return envelope.error("auth", "forbidden", "this command is not for you")
        identity = Identity("automation", "command-node", command.name)
        info = Info((identity,), (COMMANDS, ns.DATA_FORM))
        return envelope.result(info_query(info, node))

    def node_items(self, envelope: Envelope, to: JID, node: str) -> list[Delivery] | None:
        """List the commands that the asker may run."""
        if to.local or (node != COMMANDS and node not in self._commands):
            return None
        if node != COMMANDS:
            return envelope.result(items_query([], node))
        asker = envelope.sender.jid.bare
        items = [
            f"<item jid={quoted(str(to))} node={quoted(c.node)} name={quoted(c.name)}/>"
            for c in self._commands.values()
            if c.allowed(asker)
        ]
        return envelope.result(items_query(items, node))

    # Running (XEP-0050 2.4).

    def _take(self, envelope: Envelope, to: JID) -> list[Delivery]:
        element = envelope.element[0]
        node, action = element.get("node", ""), element.get("action", "execute")
        command = self._commands.get(node)
        if command is None:
            return envelope.error("cancel", "item-not-found", "there is no such command")
        if not command.allowed(envelope.sender.jid.bare):
            return envelope.error("auth", "forbidden", "this command is not for you")
        if action not in _ACTIONS:
            text = f"an action is one of {', '.join(_ACTIONS)}"
            return _refused(envelope, "malformed-action", text)
        session_id = element.get("sessionid")
        if session_id is None:
            if action != "execute":
                text = f"without a session there is nothing to {action}; begin with 'execute'"
                return _refused(envelope, "bad-action", text)
            return self._begin(envelope, command)
        session = self._sessions.get(session_id)
        if session is None or session.asker is not envelope.sender or session.command != command:
            text = "there is no such session of this command, or it is over"
            return _refused(envelope, "bad-sessionid", text)
        now = self._clockwork.now()
        if now > session.expires:
            del self._sessions[session_id]
            text = f"the session waited for more than {LIFETIME.seconds // 60} minutes"
            return envelope.error("cancel", "not-allowed", text, _detail("session-expired"))
        session.expires = now + LIFETIME
        return self._go_on(envelope, session, action)

    def _begin(self, envelope: Envelope, command: Command) -> list[Delivery]:
        """Do a command without forms at once; begin a session for another."""
        expires = self._clockwork.now() + LIFETIME
        session = _Session(self._clockwork.new_id(), command, envelope.sender, expires)
        if not command.stages:
            return self._finish(envelope, session)
        own = [s.id for s in self._sessions.values() if s.asker is envelope.sender]
        if len(own) >= MAX_OWN_SESSIONS:
            del self._sessions[own[0]]
        elif len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[session.id] = session
        return self._show(envelope, session)

    def _go_on(self, envelope: Envelope, session: _Session, action: str) -> list[Delivery]:
        if action == "cancel":
            del self._sessions[session.id]
            return envelope.result(_command(session, "canceled"))
        action = session.actions[-1] if action == "execute" else action
        if action not in session.actions:
            text = f"at this stage one can {' or '.join((*session.actions, 'cancel'))}"
            return _refused(envelope, "bad-action", text)
        if action == "prev":
            session.stage -= 1
            return self._show(envelope, session)
        fault = self._answer(session, envelope.element[0])
        if fault:
            return _refused(envelope, "bad-payload", fault)
        if action == "complete":
            return self._finish(envelope, session)
        session.stage += 1
        return self._show(envelope, session)

    def _answer(self, session: _Session, element: etree._Element) -> str:
        """Take the answers of one stage; return what is wrong with them, or ""."""
        form = submitted(element)
        if form is None:
            return "the form that was asked is missing"
        asked = session.form
        known = {var: v for var, v in values_of(form).items() if asked.get(var) is not None}
        if sum(len(text) for values in known.values() for text in values) > MAX_ANSWERS:
            return f"all answers can have {MAX_ANSWERS} characters"
        filled = answered(asked, known)
        wrong = faults(filled)
        if wrong:
            return "; ".join(f"{var}: {fault}" for var, fault in wrong.items())
        session.answers[session.stage :] = [values_of(filled)]
        return ""

    def _show(self, envelope: Envelope, session: _Session) -> list[Delivery]:
        actions = "".join(f"<{action}/>" for action in session.actions)
        inside = f"<actions execute='{session.actions[-1]}'>{actions}</actions>"
        return envelope.result(_command(session, "executing", inside + form_xml(session.form)))

    def _finish(self, envelope: Envelope, session: _Session) -> list[Delivery]:
        self._sessions.pop(session.id, None)
        outcome = session.command.finish(session.run)
        form = "" if outcome.form is None else form_xml(outcome.form)
        notes = "".join(note.xml() for note in outcome.notes)
        answer = envelope.result(_command(session, "completed", form + notes))
        return [*answer, *outcome.deliveries]


def _merged(answers: list[dict[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    return {var: values for stage in answers for var, values in stage.items()}


def _command(session: _Session, status: str, inside: str = "") -> str:
    head = (
        f"<command xmlns='{COMMANDS}' node={quoted(session.command.node)}"
        f" sessionid={quoted(session.id)} status='{status}' xml:lang='en'"
    )
    return f"{head}>{inside}</command>" if inside else f"{head}/>"


def _refused(envelope: Envelope, detail: str, text: str) -> list[Delivery]:
    """Refuse what was asked in a wrong way, with a condition of XEP-0050."""
    return envelope.error("modify", "bad-request", text, _detail(detail))


def _detail(name: str) -> str:
    return f"<{name} xmlns='{COMMANDS}'/>"
