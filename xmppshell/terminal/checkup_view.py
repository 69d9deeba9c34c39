"""A check-up in columns: a mark that needs no colour, what it is about, and what was found."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from ..checkup.findings import Level
from .columns import LEAST_WIDTH, wrapped
from .safe_text import safe_line
from .theme import Role, Theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..checkup.facts import Facts
    from ..checkup.findings import Finding

MARKS: Final[dict[Level, tuple[str, Role]]] = {
    Level.OK: ("ok", "ok"),
    Level.NOTE: ("note", "dim"),
    Level.WARNING: ("WARN", "warning"),
    Level.FAILURE: ("FAIL", "error"),
}

_TOPIC: Final = 16
_JOINT: Final = "\0"
"""Stands for a space at which no line is broken."""

_INDENT: Final = 2 + 4 + 2 + _TOPIC + 2


def checkup_lines(facts: Facts, found: list[Finding], theme: Theme, width: int) -> str:
    """Return the report for a terminal of `width` columns."""
    head = f"{safe_line(facts.domain)}, checked {facts.at:%Y-%m-%d %H:%M} UTC"
    lines = [theme.style("heading", wrapped(head, width, "", "  "))]
    for group, members in groupby(found, key=lambda finding: finding.group):
        lines += ["", theme.style("heading", wrapped(safe_line(group), width))]
        topic = ""
        for finding in members:
            lines += _finding(finding, finding.topic != topic, theme, max(width, LEAST_WIDTH))
            topic = finding.topic
    lines += ["", _sum(facts, found, theme)]
    return "\n".join(lines)


def _finding(finding: Finding, named: bool, theme: Theme, width: int) -> Iterator[str]:
    mark, role = MARKS[finding.level]
    head = f"  {mark.ljust(4)}  {(finding.topic if named else '').ljust(_TOPIC)}  "
    rest = " " * _INDENT
    reference = f" ({finding.reference})" if finding.reference else ""
    why = safe_line(finding.why)
    text = _wrapped(safe_line(finding.what), "" if why else reference, width, head, rest)
    yield f"  {theme.style(role, mark.ljust(4))}{text[6:]}"
    if why:
        yield theme.style("dim", _wrapped(why, reference, width, rest, rest))


def _wrapped(text: str, reference: str, width: int, first: str, rest: str) -> str:
    """Return the text broken into lines, with the reference after it in one piece."""
    piece = reference.strip().replace(" ", _JOINT)
    return wrapped(f"{text} {piece}", width, first, rest).replace(_JOINT, " ")


def _sum(facts: Facts, found: list[Finding], theme: Theme) -> str:
    failures = sum(finding.level is Level.FAILURE for finding in found)
    warnings = sum(finding.level is Level.WARNING for finding in found)
    if not facts.reachable:
        return theme.style("error", f"{safe_line(facts.domain)} could not be reached")
    if not failures and not warnings:
        return theme.style("ok", "all is well")
    parts = []
    if failures:
        parts.append(f"{failures} failure{'s' if failures > 1 else ''}")
    if warnings:
        parts.append(f"{warnings} warning{'s' if warnings > 1 else ''}")
    return theme.style("error" if failures else "warning", " and ".join(parts))
