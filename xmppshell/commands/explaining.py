"""The commands that explain: what was sent and received, what is being typed, and words.

The library is loaded when something is to be explained, and not before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..protocol.problem import Problem
from .desk import Desk
from .help import in_full
from .registry import Argument, Call, Command, CommandError, split_name
from .templates import in_full as template_in_full

if TYPE_CHECKING:
    from ..feed import Record

_NUMBER = re.compile(r"(\d+)( all)?")


async def explain(desk: Desk, call: Call) -> None:
    """Explain the last stanza, a record by its number, XML, or a term."""
    what = call.get("what")
    if what is None or what == "all":
        explain_last(desk, whole=what == "all")
        return
    number = _NUMBER.fullmatch(what)
    record = desk.log.get(int(number[1])) if number is not None else None
    if number is not None and record is not None:
        explain_record(desk, record, whole=bool(number[2]))
    elif what.startswith("<"):
        explain_typed(desk, what, len(what))
    else:
        explain_term(desk, what)


def explain_last(desk: Desk, *, whole: bool = False) -> None:
    """Explain the last stanza of the current session; raises `CommandError` if there is none."""
    name = None if desk.session is None else desk.session.name
    record = next(desk.log.stanzas(session=name), None)
    if record is None:
        cure = "/explain TERM explains a word, such as /explain presence"
        raise CommandError(Problem("no stanza was sent or received yet", "", cure))
    explain_record(desk, record, whole=whole)


def explain_record(desk: Desk, record: Record, *, whole: bool = False) -> None:
    """Explain what was on the wire in one record; with `whole` nothing of it is left out."""
    from .explanations import explained_record

    desk.screen.explain(explained_record(desk.log, record, whole=whole), _head(record))


def explain_term(desk: Desk, term: str) -> None:
    """Explain a word."""
    from ..knowledge.explain import explain_term

    desk.screen.explain(explain_term(term))


def explain_typed(desk: Desk, text: str, position: int) -> None:
    """Explain what is typed: all of a whole stanza, the element at `position` of another.

    A command is explained by its help, or by the template that it names. Without text it is the
    last stanza. Raises `CommandError` if there is nothing to explain.
    """
    stripped = text.strip()
    if not stripped:
        explain_last(desk)
    elif stripped.startswith("/"):
        _explain_command(desk, stripped)
    elif "<" not in stripped:
        explain_term(desk, stripped)
    else:
        from .explanations import explained_draft

        session, xml = desk.addressee(text)
        found = explained_draft(session, xml, max(position - (len(text) - len(xml)), 0))
        if not found:
            cure = "move the cursor into an element"
            raise CommandError(Problem("there is no element at the cursor", "", cure))
        for explanation in found:
            desk.screen.explain(explanation)


def _explain_command(desk: Desk, line: str) -> None:
    name, rest = split_name(line)
    command = desk.registry.find(name)
    template = rest.partition(" ")[0]
    if command.handler is explain and rest.strip():
        explain_term(desk, rest)
    elif command.group == "templates" and template in desk.templates.names():
        desk.screen.say(template_in_full(desk, template))
    else:
        desk.screen.say(in_full(command))


def _head(record: Record) -> str:
    answers = record.answers
    return f"{record.number}" + (f", which answers {answers.request}" if answers else "")


COMMANDS = (
    Command(
        "explain",
        "view",
        "explain a stanza, or anything that has a name in XMPP",
        explain,
        (
            Argument(
                "what",
                "a number, XML, or a term; the last stanza without",
                optional=True,
                rest=True,
                suggest="terms",
            ),
        ),
        details=(
            "Each element comes with what it is for and where that is written; an error with its "
            "usual causes, and with what in the request provoked it. NUMBER all leaves nothing "
            "out.\n"
            "A term is an element (ping, muc x, stream:features), an attribute (message@type), a "
            "value (groupchat), a namespace, an error condition, a SASL mechanism, a status code "
            "of rooms, a feature, a document (xep 198), or words of its title.\n"
            "F1 explains what is at the cursor, or without any input the last stanza."
        ),
        examples=("/explain", "/explain 12", "/explain 110", "/explain message@type"),
    ),
)
