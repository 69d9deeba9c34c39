"""/practice: have the practice server go wrong, begin anew, or answer as another server does.

The server is told by its commands (XEP-0050), as any client could tell it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ..protocol.data_forms import answered, find_form, submission
from ..protocol.errors import stanza_error
from ..protocol.features.base import escape
from ..protocol.problem import Problem
from .registry import Argument, Call, Command, CommandError, Option
from .requests import request

if TYPE_CHECKING:
    from lxml import etree

    from ..session import Session
    from .desk import Desk

_COMMANDS: Final = "http://jabber.org/protocol/commands"
_COMMAND: Final = f"{{{_COMMANDS}}}command"
_ACTIONS: Final = ("fault", "disarm", "reset", "clock", "profile")


async def practice(desk: Desk, call: Call) -> None:
    """Tell the practice server what to do; without an action show what it can do wrong."""
    action = call.get("action")
    if action is None:
        desk.screen.say(fault_table())
        return
    what, value = call.get("what") or "", call.get("value") or ""
    if action in ("fault", "clock", "profile") and not what:
        cure = f"/practice {action} {_names(action)}"
        raise CommandError(Problem(f"/practice {action} needs to know which", "", cure))
    answers = {
        "fault": {
            "fault": what,
            "value": value,
            "count": call.get("count") or "",
            "jid": call.get("jid") or "",
        },
        "disarm": {"fault": what or "all"},
        "clock": {"clock": what},
        "profile": {"profile": what},
    }.get(action, {})
    node = "fault-by-name" if action == "fault" else action
    for line in await run_command(desk.live, node, answers):
        desk.screen.say(line)


def choices_of(action: str) -> Sequence[str]:
    """Return what can be named after an action, for completion."""
    from ..practice.conduct.misbehaviour import KINDS
    from ..practice.conduct.profiles import Profile

    return {
        "fault": tuple(KINDS),
        "disarm": ("all", *KINDS),
        "clock": ("fixed", "real"),
        "profile": tuple(profile.value for profile in Profile),
    }.get(action, ())


def fault_table() -> str:
    """Return every fault on demand, with what the server does."""
    from ..practice.conduct.misbehaviour import KINDS

    width = max(map(len, KINDS))
    lines = [
        f"  {kind.name.ljust(width)}  {kind.meaning}"
        + (f" ({kind.option.name}: {kind.option.default})" if kind.option else "")
        for kind in KINDS.values()
    ]
    rest = "/practice fault NAME [VALUE] lets one happen; /help practice tells of the rest"
    return "\n".join([*lines, rest])


def _names(action: str) -> str:
    """Return what may stand behind an action, if it is short."""
    return "NAME" if action == "fault" else "|".join(choices_of(action))


async def run_command(session: Session, node: str, answers: Mapping[str, str]) -> list[str]:
    """Run a command of the practice server with `answers` to its form; return what it notes.

    Empty answers are left out. Raises CommandError if there is no such server, or it refuses.
    """
    domain = session.settings.jid.domain
    begun = await _ask(session, domain, _xml(node, "execute"))
    form = find_form(begun)
    if form is None:
        return _notes(begun)
    for name, text in answers.items():
        asked = form.get(name)
        if text and asked is None:
            raise CommandError(
                Problem(f"the server does not ask for {name}", "only servers for one person do")
            )
        allowed = [option.value for option in asked.options] if asked else []
        if text and allowed and text not in allowed:
            cure = f"one of {', '.join(allowed)}"
            raise CommandError(Problem(f"there is no {name} “{text}”", "", cure))
    filled = answered(form, {name: (text,) for name, text in answers.items() if text})
    inside = submission(form, filled)
    session_id = begun.get("sessionid") or ""
    return _notes(await _ask(session, domain, _xml(node, "complete", session_id, inside)))


def _xml(node: str, action: str, session_id: str = "", inside: str = "") -> str:
    known = f" sessionid='{escape(session_id)}'" if session_id else ""
    head = f"<command xmlns='{_COMMANDS}' node='{node}' action='{action}'{known}"
    return f"{head}>{inside}</command>" if inside else f"{head}/>"


async def _ask(session: Session, domain: str, payload: str) -> etree._Element:
    answer = await request(session, "set", payload, domain)
    error = stanza_error(answer)
    if error is not None and error.condition in ("item-not-found", "service-unavailable"):
        raise CommandError(
            Problem(
                f"{domain} is no practice server",
                "only the practice server can be told what to do",
                "xmppshell demo starts one, and xmppshell serve",
            )
        )
    command = answer.find(_COMMAND)
    if error is not None or command is None:
        said = error.text or error.condition if error is not None else "no command in the answer"
        raise CommandError(Problem(f"the server refuses: {said}", "", "", "XEP-0050 4.5"))
    return command


def _notes(command: etree._Element) -> list[str]:
    """Return what the server notes of a command; raises CommandError if it failed."""
    notes = command.findall(f"{{{_COMMANDS}}}note")
    failed = [note.text or "" for note in notes if note.get("type") == "error"]
    if failed:
        raise CommandError(Problem(failed[0], "", "/practice lists the faults"))
    return [note.text or "" for note in notes]


COMMANDS = (
    Command(
        "practice",
        "stream",
        "have the practice server go wrong, begin anew, or answer as another server",
        practice,
        (
            Argument("action", "what to do", optional=True, choices=_ACTIONS),
            Argument(
                "what",
                "which fault, clock (fixed, real) or profile",
                optional=True,
                suggest="practice",
            ),
            Argument("value", "the fault's option, such as milliseconds", optional=True),
        ),
        (
            Option("--count", "how often it happens (0: until it is disarmed)", "N"),
            Option("--jid", "whose session it happens to, if not this one", "JID"),
        ),
        details=(
            "On a practice server only. Alone it lists the faults on demand. A fault happens in "
            "this session, at once or with the next thing that it concerns, and the server says "
            "what a client should do about it. `reset` makes everything as at the start and closes "
            "all connections; `profile` is rfc, prosody or ejabberd."
        ),
        examples=(
            "/practice",
            "/practice fault slow 800",
            "/practice fault no-answer --count 2",
            "/practice disarm",
            "/practice profile prosody",
            "/practice reset",
        ),
    ),
)
