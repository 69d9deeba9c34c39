"""Commands for streams that outlive their connection: acknowledging, resuming, reconnecting."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ..protocol.events import Direction, Disconnected, ElementSeen
from ..protocol.problem import Problem
from ..transcript.redaction import redact
from .registry import Argument, Call, Command, CommandError

if TYPE_CHECKING:
    from ..protocol.acknowledgements import Ledger
    from ..session import Session
    from .desk import Desk

SHOWN: Final = 60
"""How many characters of a waiting stanza are shown."""


async def stream_management(desk: Desk, call: Call) -> None:
    """Show what is counted, or do what is asked for."""
    what = call.get("what") or "show"
    await _ACTIONS[what](desk)


async def _show(desk: Desk) -> None:
    session = _session(desk)
    ledger = session.ledger
    assert session.stream is not None
    if ledger is None or not (ledger.id or session.stream.management.enabled or ledger.lost):
        offered = session.connected and session.stream.management.offered(session.stream)
        how = "/sm enable asks for it" if offered else "the server does not offer it now"
        desk.screen.say(f"stream management is off: nothing is counted; {how}")
        return
    desk.screen.say("\n".join(_lines(desk, session, ledger)))


def _lines(desk: Desk, session: Session, ledger: Ledger) -> list[str]:
    rows = [
        ("resumable", _resumable(desk, session, ledger)),
        ("received", f"{ledger.received} handled here (the h of the next <a/>)"),
        ("sent", f"{ledger.sent}, {ledger.acknowledged} of them acknowledged"),
    ]
    if ledger.id:
        rows.insert(0, ("stream", ledger.id))
    lines = [f"  {name:<10} {value}" for name, value in rows]
    lines += _stanzas(
        desk,
        "waiting to be acknowledged",
        ((str(stanza.number), stanza.data) for stanza in ledger.unacknowledged),
    )
    lines += _stanzas(desk, "to be sent again", (("", data) for data in ledger.undelivered))
    lines += _stanzas(
        desk,
        "of unknown fate: /sm resend sends them once more, /sm forget lets them go",
        (("", data) for data in ledger.lost),
    )
    return lines


def _resumable(desk: Desk, session: Session, ledger: Ledger) -> str:
    if not ledger.resumable:
        return "no"
    waits = session.stream is not None and session.stream.management.waiting_to_resume
    if session.connected and not waits:
        return "after a loss" if ledger.seconds is None else f"for {ledger.seconds} s after a loss"
    lost = _lost_at(desk, session)
    if ledger.seconds is None or lost is None:
        return "as long as the server keeps it: /resume"
    until = lost + timedelta(seconds=ledger.seconds)
    left = (until - datetime.now().astimezone()).total_seconds()
    if left <= 0:
        return f"until {until:%H:%M:%S}, which is over; /resume may still try"
    return f"until {until:%H:%M:%S}, {left:.0f} s from now: /resume"


def _lost_at(desk: Desk, session: Session) -> datetime | None:
    """Return when a session was online last."""
    for record in reversed(desk.log.records):
        if record.session == session.name and isinstance(record.event, Disconnected):
            return record.wall
    return None


def _stanzas(desk: Desk, title: str, stanzas: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return lines about waiting stanzas: their counts, their records, how they begin."""
    lines = []
    for count, data in stanzas:
        text = " ".join(redact(data).decode("utf-8", "backslashreplace").split())
        shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
        lines.append(f"    {count:>4} {_record(desk, data):>6}  {shown}")
    return [f"  {title}", *lines] if lines else []


def _record(desk: Desk, data: bytes) -> str:
    """Return the number of the record that a stanza was sent as, with an arrow, or ""."""
    for record in desk.log.stanzas(Direction.SENT):
        if isinstance(record.event, ElementSeen) and record.event.data == data:
            return f"→ {record.number}"
    return ""


async def _enable(desk: Desk) -> None:
    session = desk.live
    assert session.stream is not None
    management = session.stream.management
    if management.enabled or management.being_enabled:
        raise CommandError(Problem("stream management is enabled already", "", "/sm shows it"))
    if not session.online:
        raise CommandError(
            Problem("no resource is bound yet", "it is enabled after that", "/state shows more")
        )
    if not management.offered(session.stream):
        raise CommandError(
            Problem(
                "the server does not offer stream management",
                "its features do not have <sm xmlns='urn:xmpp:sm:3'/>",
                "type <enable xmlns='urn:xmpp:sm:3' resume='true'/> to see what it says",
                "XEP-0198 2",
            )
        )
    await session.make(management.enable_move())


async def _request(desk: Desk) -> None:
    session = desk.live
    assert session.stream is not None
    if not session.stream.management.enabled:
        raise CommandError(_NOT_ENABLED)
    await session.send(session.stream.management.request_move().data)


async def _resend(desk: Desk) -> None:
    session, lost = desk.live, _lost(desk)
    for data in list(lost):
        await session.send(data)


async def _forget(desk: Desk) -> None:
    lost = _lost(desk)
    desk.screen.say(f"{len(lost)} let go")
    lost.clear()


async def resume(desk: Desk, call: Call) -> None:
    """Connect again and go on with the stream of the last connection."""
    name = call.get("session")
    session = _session(desk) if name is None else desk.sessions.find(name)
    if session.connected:
        raise CommandError(
            Problem(f"{session.name} is connected", "", "/drop cuts the line, then /resume")
        )
    if not session.resumable:
        raise CommandError(
            Problem(
                "there is no stream to resume",
                "stream management was not enabled, or the stream was closed properly",
                "/connect opens a new one; /connect --sm makes it resumable",
                "XEP-0198 5",
            )
        )
    await session.reconnector.stop()
    desk.use(session)
    await session.open()


async def reconnect(desk: Desk, call: Call) -> None:
    """Show or switch whether a lost connection is opened again."""
    session, state = _session(desk), call.get("state")
    if state is not None:
        session.reconnects = state == "on"
        if desk.settings is not None and desk.settings.jid.bare == session.settings.jid.bare:
            desk.settings = replace(desk.settings, reconnect=state == "on")
        if state == "on":
            session.reconnector.take_up()
        else:
            await session.reconnector.stop()
    desk.screen.say(_reconnecting(session))


def _reconnecting(session: Session) -> str:
    if not session.wants_reconnecting:
        return "off: a lost connection stays lost until /connect or /resume"
    if session.reconnector.active:
        return "on, and at it now; /resume or /connect does not wait"
    if session.reconnector.refusal and not session.connected:
        return f"on, but not after this: {session.reconnector.refusal}"
    return "on: a lost connection is opened again, waiting longer each time"


def _session(desk: Desk) -> Session:
    """Return the current session, open or closed; raises `CommandError` if there was none."""
    if desk.session is None or desk.session.stream is None:
        raise CommandError(Problem("nothing was connected yet", "", "/connect JID --sm"))
    return desk.session


def _lost(desk: Desk) -> deque[bytes]:
    """Return the list of what is of unknown fate; raises `CommandError` if that is nothing."""
    ledger = _session(desk).ledger
    if ledger is None or not ledger.lost:
        raise CommandError(Problem("nothing is of unknown fate", "", "/sm shows what waits"))
    return ledger.lost


_NOT_ENABLED: Final = Problem(
    "stream management is not enabled", "nobody asked for it on this stream", "/sm enable"
)
_ACTIONS: Final = {
    "show": _show,
    "enable": _enable,
    "request": _request,
    "resend": _resend,
    "forget": _forget,
}

COMMANDS = (
    Command(
        "sm",
        "stream",
        "show which stanzas are acknowledged, or ask for it (stream management)",
        stream_management,
        (
            Argument(
                "what",
                "show; enable it; request an acknowledgement; resend or forget what was lost",
                optional=True,
                choices=tuple(_ACTIONS),
            ),
        ),
        details=(
            "Only iqs, messages and presence count. /auto sm-ack and /auto sm-request rule who "
            "answers <r/> and who sends it. --sm on /connect enables it from the start."
        ),
        examples=("/sm", "/sm enable", "/sm request"),
    ),
    Command(
        "resume",
        "stream",
        "go on with the stream of a lost connection on a new one",
        resume,
        (Argument("session", "which session, if not this one", True, suggest="sessions"),),
        details=(
            "What the server had not handled is sent again, and it sends what was missed here. "
            "To see it: /sm enable, /drop, then /resume. Where the server has forgotten the "
            "stream, a resource is bound anew."
        ),
    ),
    Command(
        "reconnect",
        "stream",
        "show or switch whether a lost connection is opened again",
        reconnect,
        (Argument("state", "on or off", optional=True, choices=("on", "off")),),
        details=(
            "It waits a second, then longer each time, up to a minute. It never does so after a "
            "conflict, a failed login or a redirect, nor after /close."
        ),
        examples=("/reconnect on",),
    ),
)
