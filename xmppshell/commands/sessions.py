"""Commands for several sessions in one shell: which there are, and which one is typed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol.problem import Problem
from .registry import Argument, Call, Command, CommandError
from .roll import is_over

if TYPE_CHECKING:
    from ..session import Session
    from .desk import Desk


async def sessions(desk: Desk, call: Call) -> None:
    """List the sessions, the current one marked."""
    if not len(desk.sessions):
        desk.screen.say("no sessions yet; /connect JID opens one", "dim")
        return
    rows = [_row(desk, session) for session in desk.sessions]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for session, row in zip(desk.sessions, rows, strict=True):
        mark = "▸" if session is desk.session else " "
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        role = "dim" if is_over(session) else "text"
        desk.screen.say(f"{mark} {'  '.join(cells).rstrip()}", role)


def _row(desk: Desk, session: Session) -> tuple[str, ...]:
    waiting, unread = len(session.exchanges.waiting()), desk.sessions.unread(session.name)
    return (
        session.name,
        str(session.jid or session.settings.jid),
        standing(session),
        f"{waiting} pending" if waiting else "",
        f"{unread} new" if unread else "",
    )


def standing(session: Session) -> str:
    """Return in a word or two how a session stands."""
    if session.connected and session.stream is not None:
        return session.stream.state.value
    if session.reconnector.active:
        return "connecting again"
    return "lost" if session.problem is not None else "closed"


async def use(desk: Desk, call: Call) -> None:
    """Make another session the current one: the one that is named, or the next."""
    name = call.get("session")
    before = desk.session
    if name is None:
        desk.use_next()
    else:
        desk.use(desk.sessions.find(name))
    now = desk.session
    if now is None:
        raise CommandError(Problem("there are no sessions", "", "/connect JID opens one"))
    if now is before and name is None:
        desk.screen.say("there is no other open session", "dim")
        return
    desk.screen.say(f"now {now.name}: {now.jid or now.settings.jid}, {standing(now)}")


COMMANDS = (
    Command(
        "sessions",
        "stream",
        "list the sessions of this shell, and what came on each since it was used",
        sessions,
    ),
    Command(
        "use",
        "stream",
        "type to another session, or to the next one (F2)",
        use,
        (Argument("session", "its name, or how it begins", True, suggest="sessions"),),
        details="@NAME before XML sends it on another session without going there.",
        examples=("/use romeo", "@romeo <presence/>"),
    ),
)
