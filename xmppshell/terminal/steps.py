"""The milestones of a session in aligned lines: connected, secured, signed in, and what failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..network.hostname import host_and_port
from ..protocol.events import (
    Authenticated,
    AuthenticationFailed,
    BindFailed,
    Bound,
    ConnectAttemptFailed,
    Connected,
    Connecting,
    Direction,
    Disconnected,
    FastTokenReceived,
    FastTokenRefused,
    ManagementEnabled,
    ManagementFailed,
    MoveProposed,
    Notice,
    Online,
    Reconnecting,
    Resumed,
    ResumeFailed,
    Secured,
    StreamErrorSeen,
    Violation,
)
from .columns import cells, wrapped
from .problems import problem_block, warning_lines
from .safe_text import safe, safe_line

if TYPE_CHECKING:
    from ..feed import Record
    from ..protocol.problem import Problem
    from .theme import Role, Theme

MARGIN: Final = "  "
LABEL_COLUMNS: Final = 12
TIME_COLUMN: Final = 80
"""Where times end, on terminals that are wide enough."""
GAP: Final = 2

NOT_VERIFIED: Final = (
    "the certificate is NOT VERIFIED: whoever is at the other end, or between, may read and change"
    " everything, the password too"
)


def duration(seconds: float) -> str:
    """Return a time that passed, in few digits: `0.8 ms`, `41 ms`, `1.2 s`."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s"


class Steps:
    """Turns what is not on the wire into lines.

    It remembers when the last step of each session was, for the time that the next one took, and
    which problem was told last, so that none is told twice for one connection.
    """

    def __init__(self, theme: Theme, width: Callable[[], int]) -> None:
        self._theme = theme
        self._width = width
        self._previous: dict[str, float] = {}
        self._told: dict[str, Problem] = {}

    def told(self, problem: Problem) -> bool:
        """Say whether `problem` was told last of a session, since its last attempt to connect."""
        return problem in self._told.values()

    def render(self, record: Record) -> str | None:
        """Return the lines for `record`, or None if its event has none."""
        if isinstance(record.event, Connecting):
            self._told.pop(record.session, None)
        since = record.at - self._previous.get(record.session, record.at)
        lines = self._lines(record, since)
        if lines is not None and not isinstance(record.event, Notice):
            self._previous[record.session] = record.at
        return lines

    def _lines(self, record: Record, since: float) -> str | None:
        match record.event:
            case Connecting() as event:
                where = f"{host_and_port(event.host, event.port)}, {event.why}"
                return self._step("connecting", where, None, "dim")
            case Violation(problem=problem) if problem == self._told.get(record.session):
                return None
            case StreamErrorSeen(direction=Direction.SENT) as event:
                said = f", “{event.text}”" if event.text else ""
                return self._step("ended", f"by this side: {event.condition}{said}", None, "dim")
            case (
                ConnectAttemptFailed(problem=problem)
                | AuthenticationFailed(problem=problem)
                | BindFailed(problem=problem)
                | ManagementFailed(problem=problem)
                | ResumeFailed(problem=problem)
                | StreamErrorSeen(problem=problem)
                | Violation(problem=problem)
            ):
                return self._problem(problem, record)
            case Connected(peer=peer, seconds=seconds):
                return self._step("connected", peer, seconds, "step")
            case Secured() as event:
                return self._secured(event)
            case Authenticated() as event:
                return self._signed_in(event, since)
            case FastTokenReceived(mechanism=mechanism):
                given = f"given for the next login, for {mechanism}"
                return self._step("token", given, None, "step")
            case FastTokenRefused() as event:
                return self._step(
                    "token",
                    f"refused ({event.condition}), and dropped: it is of no more use",
                    None,
                    "warning",
                )
            case Bound(jid=jid):
                return self._step("bound", str(jid), since, "step")
            case ManagementEnabled() as event:
                return self._step("managed", _managed(event), None, "step")
            case Resumed() as event:
                return self._step("resumed", _resumed(event), since, "step")
            case Reconnecting(attempt=attempt, seconds=seconds):
                when = f"in {duration(seconds)}, attempt {attempt}"
                return self._step("reconnect", when, None, "dim")
            case Online(seconds=seconds):
                return self._step("online", "ready for stanzas", seconds, "step")
            case MoveProposed(move=move):
                reference = f" ({move.reference})" if move.reference else ""
                proposal = f"{move.name}: {move.reason}{reference}"
                return self._step("your move", proposal, None, "auto")
            case Notice(text=text, warning=True):
                return warning_lines(text, self._theme, self._width())
            case Notice(text=text):
                return self._theme.style("dim", "  · " + safe(text).replace("\n", "\n    "))
            case Disconnected() as event:
                return self._closed(event, record)
        return None

    def _secured(self, event: Secured) -> str:
        facts = [event.version, event.cipher, f"{event.subject} ({event.issuer})"]
        detail = ", ".join(fact for fact in facts if fact)
        role: Role = "step" if event.verified else "warning"
        line = self._step("secured", detail, event.seconds, role)
        if event.verified:
            return line
        return f"{line}\n{warning_lines(NOT_VERIFIED, self._theme, self._width())}"

    def _signed_in(self, event: Authenticated, since: float) -> str:
        facts = [f"{event.mechanism} (SASL2)" if event.sasl2 else event.mechanism]
        if event.token:
            facts.append("by the token of an earlier login")
        if event.channel_binding:
            facts.append(f"bound to TLS by {event.channel_binding}")
        if event.server_verified:
            proof = "the server has it, too" if event.token else "server's signature verified"
            facts.append(proof)
        return self._step("signed in", ", ".join(facts), since, "step")

    def _closed(self, event: Disconnected, record: Record) -> str:
        if event.problem is not None and event.problem != self._told.get(record.session):
            return self._problem(event.problem, record)
        said = "both sides closed the stream" if event.clean else "the connection is closed"
        return self._step("closed", said, None, "dim" if event.clean else "error")

    def was_told(self, problem: Problem, record: Record) -> None:
        """Note that `problem` was shown with the record, so that no step tells it again."""
        self._told[record.session] = problem

    def _problem(self, problem: Problem, record: Record) -> str:
        self.was_told(problem, record)
        return problem_block(problem, self._theme, self._width())

    def _step(self, label: str, detail: str, seconds: float | None, role: Role) -> str:
        """Return one aligned line, or more where `detail` is long; `seconds` is its time."""
        head = f"{MARGIN}{label:<{LABEL_COLUMNS}}"
        width = self._width()
        lines = wrapped(safe_line(detail), width, head, " " * cells(head))
        if seconds is not None:
            time = duration(seconds)
            end = cells(lines.rpartition("\n")[2])
            if end + GAP + len(time) > width:
                lines, end = f"{lines}\n", 0
            gap = max(min(width, TIME_COLUMN) - end - len(time), GAP)
            lines += " " * gap + self._theme.style("time", time)
        return MARGIN + self._theme.style(role, label) + lines[len(MARGIN) + len(label) :]


def _managed(event: ManagementEnabled) -> str:
    if not event.resumable:
        return "stanzas are acknowledged; the stream cannot be resumed"
    how_long = "" if event.seconds is None else f" for {event.seconds} s"
    where = f", at {event.location}" if event.location else ""
    return f"stanzas are acknowledged; resumable{how_long} after a loss{where}"


def _resumed(event: Resumed) -> str:
    again = "nothing" if not event.again else f"{event.again} more"
    had = "1 stanza" if event.handled == 1 else f"{event.handled} stanzas"
    return f"{event.jid}; the server had {had}, {again} to send again"
