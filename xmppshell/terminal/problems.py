"""Problems and error conditions in lines for people: what happened, why, what to try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol.errors import condition
from ..protocol.problem import Problem
from .columns import wrapped
from .safe_text import safe_line

if TYPE_CHECKING:
    from ..protocol.errors import StanzaError
    from .theme import Theme


def problem_lines(problem: Problem, theme: Theme, width: int) -> str:
    """Return `problem` as the program's last word on something, for a terminal of `width`."""
    return _block(problem, theme, width, "xmppshell: ", "  ")


def problem_block(problem: Problem, theme: Theme, width: int) -> str:
    """Return `problem` as it stands among the lines of a session."""
    return _block(problem, theme, width, "  ! ", "    ")


def _block(problem: Problem, theme: Theme, width: int, head: str, margin: str) -> str:
    reference = f" ({problem.reference})" if problem.reference else ""
    what = wrapped(safe_line(problem.what) + safe_line(reference), width, head, margin)
    lines = [theme.style("error", what)]
    for label, text in (("usually: ", problem.cause), ("try: ", problem.cure)):
        if text:
            lines.append(wrapped(safe_line(text), width, margin + label, margin + "  "))
    return "\n".join(lines)


def stanza_error_lines(error: StanzaError, theme: Theme, width: int, *, briefly: bool) -> str:
    """Return what an error that a stanza carries means (RFC 6120 8.3).

    `briefly` leaves out why it usually happens and what to try.
    """
    known = condition("stanza", error.condition)
    name = error.condition or "an error without a condition"
    kind = f" ({error.type})" if error.type else ""
    parts = [f"{name}{kind}: {known.meaning if known else 'not a condition of RFC 6120'}"]
    if error.text:
        parts.append(f"it says “{error.text}”")
    if error.detail:
        parts.append(error.detail)
    if error.by:
        parts.append(f"raised by {error.by}")
    if known is None or briefly:
        return _block(Problem(" · ".join(parts)), theme, width, "  ! ", "    ")
    problem = Problem(" · ".join(parts), known.cause, known.cure, known.reference)
    return _block(problem, theme, width, "  ! ", "    ")


def warning_lines(text: str, theme: Theme, width: int) -> str:
    """Return a warning in one paragraph."""
    return theme.style("warning", wrapped(safe_line(text), width, "  ! ", "    "))
