"""Findings and rules as lines of text, for the command line and for the shell alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from . import RULES, rules_by_topic
from .model import Example, Finding, Rule, Severity
from .work import near, printable

WORDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning"}
_EXCERPT: Final = 72


def excerpt(text: str, finding: Finding) -> tuple[str, str]:
    """Return the line of `text` that is wrong, or the part of it around the place, and a caret."""
    line = text.split("\n")[finding.line - 1]
    at = finding.column - 1
    start = max(0, at - _EXCERPT * 2 // 3) if len(line) > _EXCERPT else 0
    before, after = printable(line[start:at]), printable(line[at : start + _EXCERPT])
    return before + after, " " * len(before) + "^"


def finding_lines(text: str, finding: Finding, place: str = "") -> Iterator[str]:
    """Give a finding in `text` with its place, its rule, and an excerpt with a caret under it."""
    where = place or f"{finding.line}:{finding.column}"
    yield f"{where}: {WORDS[finding.severity]}: {printable(finding.sentence)} [{finding.name}]"
    for line in excerpt(text, finding):
        yield f"    {line}"


def rule_list() -> Iterator[str]:
    """Give every rule under its topic, a line each."""
    width = max(map(len, RULES))
    for topic, rules in rules_by_topic().items():
        yield topic
        for rule in rules:
            yield f"  {rule.severity.value}  {rule.name:{width}}  {rule.title}"


def rule_named(name: str) -> Rule | str:
    """Return the rule of that name, or the name of the one that is most like it, or ""."""
    return RULES.get(name) or near(name, RULES)


def rule_lines(rule: Rule) -> Iterator[str]:
    """Give all that there is to say about a rule."""
    yield f"{rule.name}: {rule.title}"
    yield f"  {WORDS[rule.severity]} · {rule.reference}"
    yield f"  {rule.explanation}"
    for title, examples in (("wrong", rule.bad), ("right", rule.good)):
        yield f"  {title}:"
        for example in examples:
            yield f"    {_shown(example)}"


def _shown(example: Example) -> str:
    text = example.text
    plain = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    shown = printable(plain)
    if len(shown) > _EXCERPT * 4:
        shown = f"{shown[: _EXCERPT * 2]}…{shown[-_EXCERPT:]}"
    known = _known(example)
    return f"{shown}   ({known})" if known else shown


def _known(example: Example) -> str:
    """Say what has to be known of the stream for an example."""
    setting, said = example.setting, []
    if not setting.sent:
        said.append("from the server")
    if setting.phase is not None:
        said.append(setting.phase.in_words)
    if setting.component:
        said.append("of a component")
    if setting.me is not None:
        said.append(f"of {setting.me}")
    if setting.managed is not None:
        said.append(f"stream management {'on' if setting.managed else 'off'}")
    if setting.countable is not None:
        said.append(f"after {setting.countable} stanzas")
    if setting.waiting:
        said.append(f"while {', '.join(sorted(setting.waiting))} waits for an answer")
    if setting.asked is not None:
        asked = ", ".join(sorted(setting.asked)) or "nothing"
        said.append(f"when {asked} was asked")
    if setting.mechanisms is not None:
        said.append(f"offered: {', '.join(sorted(setting.mechanisms))}")
    if setting.encrypted is not None:
        said.append("inside TLS" if setting.encrypted else "without TLS")
    if setting.limit is not None:
        said.append(f"the server takes {setting.limit:,} bytes")
    if setting.services:
        said.append(f"rooms at {', '.join(sorted(setting.services))}")
    if setting.joined:
        said.append(f"in {', '.join(sorted(setting.joined))} already")
    return "; ".join(said)
