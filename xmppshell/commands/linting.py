"""Judging what is typed, sent and received by the rules of `knowledge.lint`, and the command.

The rules are loaded when something is to be judged, and not before.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..protocol import dialects
from ..protocol import namespaces as ns
from ..protocol.events import Direction, ElementSeen, WireEvent
from ..protocol.problem import Problem
from ..protocol.states import State
from .lint_secrets import without_secrets
from .registry import Argument, Call, Command, CommandError

if TYPE_CHECKING:
    from lxml import etree

    from ..feed import Record
    from ..knowledge.lint import Finding, Phase, Setting
    from ..protocol.stream import Stream
    from ..session import Session
    from .desk import Desk

_OPEN_NAME = re.compile(r"(?<=[</])‹[^›]*›")
"""A field of a template that stands for the name of an element."""
_MAX_BYTES = "{urn:xmpp:stream-limits:0}limits/{urn:xmpp:stream-limits:0}max-bytes"
_MECHANISM = f"{{{ns.SASL}}}mechanisms/{{{ns.SASL}}}mechanism"


class Linter:
    """Judges for one desk; what it finds in a stanza is shown with it (`ViewChoices.remarks`)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._sent: dict[str, list[Finding]] = {}
        self._told: dict[int, list[Finding]] = {}

    def typed(self, session: Session | None, xml: str) -> list[Finding]:
        """Return what is certainly wrong in what is typed to `session` so far."""
        from ..knowledge.lint import lint

        setting = replace(self.setting(session), blanks=True, stamped=True, typing=True)
        return lint(_OPEN_NAME.sub(lambda found: "_" * len(found[0]), xml), setting)

    def sending(self, session: Session, xml: str) -> None:
        """Judge what the user sends now, to be told with the first stanza of it."""
        from ..knowledge.lint import lint

        if self._desk.view.lint:
            found = lint(xml, self.setting(session))
            self._sent[session.name] = without_secrets(xml, found)[1]

    def remarks(self, record: Record) -> list[Finding]:
        """Return what there is to say of a record as it comes: nothing, if the lint is off.

        What the console sends by itself is not judged.
        """
        found = self._remarks(record)
        if found and record.number is not None:
            self._told.setdefault(record.number, found)
        return found

    def told(self, record: Record) -> list[Finding]:
        """Return what was said of a record as it came, or was sent."""
        return [] if record.number is None else self._told.get(record.number, [])

    def _remarks(self, record: Record) -> list[Finding]:
        event = record.event
        if not self._desk.view.lint or not isinstance(event, WireEvent):
            return []
        if event.direction is Direction.SENT:
            return self._sent.pop(record.session, []) if record.move is None else []
        if not isinstance(event, ElementSeen):
            return []
        from ..knowledge.lint import lint_element

        session = self._desk.sessions.get(record.session)
        text = event.data.decode()
        found = lint_element(event.element, text, self._received(session, record))
        return without_secrets(text, found)[1]

    def again(self, record: Record) -> tuple[str, list[Finding]]:
        """Return the text of an earlier record, and what is wrong in it whenever it was sent."""
        from ..knowledge.lint import ANYWHERE, lint

        event = record.event
        assert isinstance(event, WireEvent)
        session = self._desk.sessions.get(record.session)
        setting = replace(ANYWHERE, direction=event.direction)
        if session is not None:
            setting = replace(setting, me=session.jid, component=session.settings.component)
            if session.stream is not None:
                setting = replace(setting, context=session.stream.context(event.direction))
        text = event.data.decode("utf-8", "replace")
        return text, lint(event.data, setting)

    # The setting.

    def setting(self, session: Session | None) -> Setting:
        """Return the setting of what is sent on `session` now."""
        from ..knowledge.lint import ANYWHERE

        known = self._desk.known
        setting = replace(ANYWHERE, services=known.room_services, joined=known.rooms)
        if session is None or session.stream is None or not session.connected:
            return setting
        stream, waiting = session.stream, session.exchanges.waiting
        management = stream.management
        over_websocket = stream.dialect is dialects.WEBSOCKET
        return replace(
            setting,
            phase=phase_of(stream),
            me=session.jid or session.settings.jid,
            component=session.settings.component,
            context=None if over_websocket else stream.context(Direction.SENT),
            encrypted=stream.secured,
            mechanisms=_mechanisms(stream),
            managed=management.enabled or management.being_enabled,
            countable=management.ledger.received if management.enabled else None,
            waiting=frozenset(p.stanza.id for p in waiting() if p.stanza.id),
            asked=frozenset(p.stanza.id for p in waiting(Direction.RECEIVED) if p.stanza.id),
            limit=_limit(stream.features),
        )

    def _received(self, session: Session | None, record: Record) -> Setting:
        """Return the setting of what came on `session`."""
        from ..knowledge.lint import ANYWHERE

        setting = replace(ANYWHERE, direction=Direction.RECEIVED)
        if session is None or session.stream is None:
            return setting
        ids = (p.stanza.id for p in session.exchanges.waiting())
        management = session.stream.management
        return replace(
            setting,
            me=session.jid,
            component=session.settings.component,
            countable=management.ledger.sent if management.enabled else None,
            asked=None if record.answers is not None else frozenset(i for i in ids if i),
            unmatched=record.answers is None,
        )


def phase_of(stream: Stream) -> Phase | None:
    """Return how far a client's stream has come; None where it is about to end."""
    from ..knowledge.lint import Phase

    state = stream.state
    if state in (State.CLOSING, State.CLOSED):
        return None
    if state is State.BOUND:
        return Phase.BOUND
    if state in (State.START, State.HANDSHAKE):
        return Phase.START
    if state in (State.SASL, State.SASL2):
        return Phase.SASL
    return Phase.UNBOUND if stream.authenticated else Phase.FEATURES


def _mechanisms(stream: Stream) -> frozenset[str] | None:
    """Return the mechanisms that the server offers, while it waits for one to be chosen."""
    if stream.state is not State.FEATURES or stream.authenticated:
        return None
    found = (element.text or "" for element in stream.features.iterfind(_MECHANISM))
    return frozenset(found) or None


def _limit(features: etree._Element) -> int | None:
    """Return how many bytes the server takes for one stanza, if it says so (XEP-0478)."""
    text = (features.findtext(_MAX_BYTES) or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 15 else None


# The command.


async def lint_command(desk: Desk, call: Call) -> None:
    """Judge the last stanza, a record by its number, or XML; or tell of the rules."""
    what = call.get("what")
    if what in ("on", "off"):
        desk.view.lint = what == "on"
        desk.screen.say(f"what is wrong is {'told' if desk.view.lint else 'not told'}")
    elif what is None:
        name = None if desk.session is None else desk.session.name
        record = next(desk.log.stanzas(session=name), None)
        if record is None:
            cure = "/lint <presence/> judges XML without sending it; /lint rules lists the rules"
            raise CommandError(Problem("no stanza was sent or received yet", "", cure))
        _say_of_record(desk, record)
    elif what.startswith(("<", "@")):
        session, xml = desk.addressed(what)
        found = desk.linter.typed(session, xml)
        _say_findings(desk, xml, found, "nothing is wrong in it")
    elif what.isdecimal():
        _say_of_record(desk, desk.number(what))
    else:
        _say_rules(desk, what)


def _say_of_record(desk: Desk, record: Record) -> None:
    text, found = desk.linter.again(record)
    rules = {finding.name for finding in found}
    # What only the stream's state of that moment showed has no place in the text of now.
    then = [finding for finding in desk.linter.told(record) if finding.name not in rules]
    if found or not then:
        _say_findings(desk, text, found, f"nothing is wrong in {record.number}")
    for finding in then:
        _say_finding(desk, finding)


def _say_findings(desk: Desk, text: str, found: list[Finding], otherwise: str) -> None:
    from ..knowledge.lint.report import excerpt

    if not found:
        desk.screen.say(otherwise, "ok")
    text, found = without_secrets(text, found)
    for finding in found:
        _say_finding(desk, finding)
        line, caret = excerpt(text, finding)
        desk.screen.say(f"    {line}\n    {caret}", "dim")


def _say_finding(desk: Desk, finding: Finding) -> None:
    role = "error" if finding.is_error else "warning"
    desk.screen.say(f"  ! {finding.sentence} [{finding.name}]", role)


def _say_rules(desk: Desk, name: str) -> None:
    from ..knowledge.lint.report import rule_lines, rule_list, rule_named

    if name == "rules":
        desk.screen.say("\n".join(rule_list()))
        return
    rule = rule_named(name)
    if isinstance(rule, str):
        cure = f"did you mean /lint {rule}?" if rule else "/lint rules lists them"
        raise CommandError(Problem(f"{name} is no rule, number or XML", "", cure))
    desk.screen.say("\n".join(rule_lines(rule)))


COMMANDS = (
    Command(
        "lint",
        "view",
        "say what is wrong in a stanza, and by which rule",
        lint_command,
        (
            Argument(
                "what",
                "a number, XML, rules, the name of a rule, on or off; the last stanza without",
                True,
                rest=True,
                suggest="rules",
            ),
        ),
        details=(
            "What is typed, sent and received is judged all the time: the toolbar tells of what is "
            "certainly wrong, and Enter stops once at an error. /lint off ends that, /lint on "
            "brings it back.\n"
            "/lint rules lists the rules; with the name of a rule it is explained."
        ),
        examples=("/lint", "/lint 12", "/lint <presence/>", "/lint priority-range"),
    ),
)
