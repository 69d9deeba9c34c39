"""Templates as text for people: the list of them, and one in full."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

from .model import Field, Group, Template

WIDTH: Final = 78
"""How wide the text is, unless the terminal is narrower."""

_COMES_BACK: Final = {
    "result": "an iq result",
    "presence": "a presence",
    "message": "a message",
    "iq set": "an iq set, which is a push",
    "nothing": "nothing",
}
_LEAST_NAME: Final = 21
_MOST_NAME: Final = 32


def listing(groups: Iterable[Group]) -> str:
    """Return a line for each template, below the title of its group."""
    groups = [group for group in groups if group.templates]
    names = [template.name for group in groups for template in group.templates]
    longest = max(map(len, names), default=0)
    width = min(max(longest, _LEAST_NAME), _MOST_NAME)
    lines = []
    for group in groups:
        titled = group.title != group.name
        lines.append(f"{group.title} ({group.name})" if titled else group.name)
        for template in group.templates:
            about = template.summary or f"yours, from {template.source}"
            lines.append(f"  {template.name.ljust(width)}  {about}")
    return "\n".join(lines)


def in_full(template: Template, call: str, *, stands_in: bool = False, width: int = WIDTH) -> str:
    """Return all about one template; `call` is what is written before its name to use it.

    `stands_in` says that it takes the place of one that comes with the program.
    """
    lines = [f"{template.name}: {template.summary}" if template.summary else template.name]
    about = [template.reference, f"group {template.group}"]
    if template.expects:
        about.append(f"usually comes back: {comes_back(template)}")
    lines.append(f"  {' · '.join(part for part in about if part)}")
    if template.source:
        place = ", in the place of the one that comes with xmppshell" if stands_in else ""
        lines.append(f"  yours, from {template.source}{place}")
    for paragraph in template.explanation.splitlines():
        lines += ["", *_wrapped(paragraph, "  ", width)]
    lines += ["", *(f"  {line}" for line in template.xml.splitlines())]
    if template.fields:
        lines.append("")
        column = max(map(len, template.fields))
        for field in template.fields.values():
            lines += _field_lines(field, column, width)
    lines += ["", f"  {usage(template, call)}"]
    return "\n".join(lines)


def comes_back(template: Template) -> str:
    """Return in words what usually comes back."""
    expects = template.expects
    if expects.startswith("error "):
        return f"the error {expects.removeprefix('error ')}"
    return _COMES_BACK.get(expects, f"<{expects}/>")


def usage(template: Template, call: str) -> str:
    """Return how it is used: what has to be given first, in the order of the fields."""
    parts = [call, template.name]
    for name in template.positional:
        field = template.fields[name]
        open_ = field.default is None and not field.optional
        parts.append(name.upper() if open_ else f"[{name.upper()}]")
    return " ".join(parts)


def _field_lines(field: Field, column: int, width: int) -> list[str]:
    """Return what a field is for, and below it what it takes."""
    takes = [field.words]
    if field.default is not None:
        takes.append(f"otherwise {field.default}" if field.default else "otherwise empty")
    if field.optional and field.default is None:
        takes.append("may be left out")
    if field.secret:
        takes.append("typed into the XML, not after the command")
    indent = " " * (column + 4)
    name = f"  {field.name.ljust(column)}  "
    told = _wrapped(field.meaning, indent, width) if field.meaning else []
    lines = [*told, *_wrapped("; ".join(takes), indent, width)]
    return [name + lines[0][len(indent) :], *lines[1:]]


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
