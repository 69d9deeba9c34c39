"""`xmppshell lint`: files judged without a session, as text for people or as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..commands.lint_secrets import without_secrets
from ..exit_status import ExitStatus
from ..knowledge.lint import ANYWHERE, Finding, Setting, lint
from ..knowledge.lint.report import (
    WORDS,
    excerpt,
    finding_lines,
    rule_lines,
    rule_list,
    rule_named,
)
from ..protocol.events import Direction
from ..protocol.namespaces import COMPONENT_ACCEPT
from ..protocol.problem import Problem, ProblemError
from ..protocol.xml import Context
from .safe_text import safe

if TYPE_CHECKING:
    from ..environment import Environment
    from ..transcript.passages import Passage

STANDARD_INPUT = "-"
_COMPONENT = re.compile(r"^\[Component\] (\S.*?)\s*$", re.MULTILINE)


class Unusable(ProblemError):
    """A file that cannot be read, or a rule that there is not."""


@dataclass(frozen=True, slots=True)
class Place:
    """A finding with the file, and the line and column there, from 1.

    `text` is the passage without secrets, and the finding is at its place in that.
    """

    file: str
    line: int
    column: int
    text: str
    finding: Finding


def lint_files(
    environment: Environment, files: Sequence[str], *, as_json: bool, strict: bool
) -> ExitStatus:
    """Judge `files`, `-` being standard input, and print what is wrong.

    The status is ERROR if there are errors, or with `strict` warnings. Raises `Unusable` for a
    file that cannot be read.
    """
    found = [place for file in files for place in findings_in(file, environment)]
    text = _as_json(found) if as_json else _as_text(found)
    print(safe(text) if environment.stdout.isatty() else text, file=environment.stdout)
    fatal = any(place.finding.is_error or strict for place in found)
    return ExitStatus.ERROR if fatal else ExitStatus.OK


def findings_in(file: str, environment: Environment) -> Iterator[Place]:
    """Give what is wrong in one file; raises `Unusable` if it cannot be read."""
    from ..transcript.capture import CaptureError
    from ..transcript.passages import is_capture, is_transcript, passages_of

    data = _data_of(file, environment)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        found = lint(data)
        shown, harmless = without_secrets(_readable(data), found)
        for finding, told in zip(found, harmless, strict=True):
            yield Place(file, finding.line, finding.column, shown, told)
        return
    try:
        passages = passages_of(text, file)
    except CaptureError as error:
        raise Unusable(error.problem) from error
    by_line = is_capture(text, file)
    script = is_transcript(text, file) and not by_line
    components = _components(text, passages)
    for passage in passages:
        setting = _setting(passage, script=script, capture=by_line)
        if passage.actor in components:
            setting = replace(setting, component=True, context=_component_context())
        found = lint(passage.text, setting)
        shown, harmless = without_secrets(passage.text, found)
        for finding, told in zip(found, harmless, strict=True):
            first = finding.line == 1
            line = passage.line + (0 if by_line else finding.line - 1)
            column = finding.column + (passage.column - 1 if first else 0)
            yield Place(file, line, column, shown, told)


def _components(text: str, passages: Sequence[Passage]) -> set[str]:
    """Return the actors that are components: by the cast, or by the headers of their streams."""
    cast = {match[1] for match in _COMPONENT.finditer(text)}
    header = re.compile(rf"<stream:stream\b[^>]*{COMPONENT_ACCEPT}")
    return cast | {passage.actor for passage in passages if header.search(passage.text)}


def _component_context() -> Context:
    return Context.for_namespace(COMPONENT_ACCEPT)


def _setting(passage: Passage, *, script: bool, capture: bool) -> Setting:
    """Return what a file tells of the stream: which way a passage went, and what it leaves out."""
    direction = passage.direction or Direction.SENT
    partial = script and direction is Direction.RECEIVED
    return replace(ANYWHERE, direction=direction, blanks=script or capture, partial=partial)


def _data_of(file: str, environment: Environment) -> bytes:
    if file == STANDARD_INPUT:
        return environment.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        what = f"{file} cannot be read: {error.strerror}"
        raise Unusable(Problem(what, "", "check the path")) from error


def _readable(data: bytes) -> str:
    """Return bytes that are not all text with a mark for each that is none."""
    return data.decode("utf-8", "replace")


def _as_text(found: list[Place]) -> str:
    lines = [
        line
        for place in found
        for line in finding_lines(
            place.text, place.finding, f"{place.file}:{place.line}:{place.column}"
        )
    ]
    errors = sum(place.finding.is_error for place in found)
    counts = [_counted(errors, "error"), _counted(len(found) - errors, "warning")]
    return "\n".join([*lines, ", ".join(filter(None, counts)) or "nothing is wrong"])


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""


def _as_json(found: list[Place]) -> str:
    rows = [
        {
            "file": place.file,
            "line": place.line,
            "column": place.column,
            "severity": WORDS[place.finding.severity],
            "rule": place.finding.name,
            "what": place.finding.what,
            "cure": place.finding.cure,
            "reference": place.finding.reference,
            "excerpt": excerpt(place.text, place.finding)[0],
        }
        for place in found
    ]
    return json.dumps(rows, indent=2)


def show_rules(environment: Environment, name: str) -> ExitStatus:
    """Print all rules, or explain the one called `name`; raises `Unusable` if there is none."""
    if not name:
        print("\n".join(rule_list()), file=environment.stdout)
        return ExitStatus.OK
    rule = rule_named(name)
    if isinstance(rule, str):
        cure = f"did you mean {rule}?" if rule else "--rules lists them"
        raise Unusable(Problem(f"{name} is no rule", "", cure))
    print("\n".join(rule_lines(rule)), file=environment.stdout)
    return ExitStatus.OK
