"""A page of the manual, which is Markdown, as it is shown in a terminal.

Headings, code and examples are told apart by style and by indentation, not by marks. What is not
shown in a terminal stays Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .theme import Theme

_CODE = re.compile(r"`([^`]+)`")
_HEADING = re.compile(r"#+ (.+)")
_FENCE = "```"
_INDENT = "    "


def page(markdown: str, theme: Theme) -> str:
    """Return a page of Markdown for a terminal."""
    return "\n".join(_lines(markdown, theme))


def _lines(markdown: str, theme: Theme) -> Iterator[str]:
    example = False
    for line in markdown.splitlines():
        heading = _HEADING.fullmatch(line)
        if line.startswith(_FENCE):
            example = not example
        elif example:
            yield _INDENT + _example(line, theme) if line else ""
        elif heading is not None:
            yield theme.style("heading", heading[1])
        else:
            text = line.replace(":   ", _INDENT, 1) if line.startswith(":   ") else line
            yield _CODE.sub(lambda found: theme.style("command", found[1]), text)


def _example(line: str, theme: Theme) -> str:
    comment = line.startswith(("#", "//", "--"))
    return theme.style("comment", line) if comment else line
