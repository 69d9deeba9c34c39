"""The lines of a transcript, put together: which belong to a verb, to an actor, or to nobody."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field

from .places import Source
from .script import Block


class LineKind(enum.Enum):
    """What a line is, by its first character."""

    BLANK = "blank"
    COMMENT = "comment"
    PROSE = "prose"
    INDENTED = "indented"
    HEAD = "head"


def kind_of(line: str) -> LineKind:
    """Return what kind a line is."""
    if not line.strip():
        return LineKind.BLANK
    if line[0] in " \t":
        return LineKind.INDENTED
    if line.startswith(("#", "//", "--")):
        return LineKind.COMMENT
    return LineKind.PROSE if line[0] == ">" else LineKind.HEAD


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line at the first column, with the lines below that belong to it.

    `line` is its number, `gap` how many blank lines are before it. `body` has the indented lines
    and all between them, from the line after `line` on; for prose, its other lines.
    """

    kind: LineKind
    line: int
    text: str
    gap: int
    body: list[str] = field(default_factory=list)


def paragraphs(source: Source) -> Iterator[Paragraph]:
    """Give the paragraphs of a file, in order.

    Comments and blank lines within indented lines belong to these: neither ends a block. Indented
    lines that nothing comes before are a paragraph of their own.
    """
    lines = source.lines
    kinds = [kind_of(line) for line in lines]
    at = gap = 0
    while at < len(lines):
        if kinds[at] is LineKind.BLANK:
            gap += 1
            at += 1
            continue
        end = _end(kinds, at)
        yield Paragraph(kinds[at], at + 1, lines[at], gap, lines[at + 1 : end])
        at, gap = end, 0


def _end(kinds: list[LineKind], start: int) -> int:
    """Return the index after the last line that belongs to the paragraph at `start`."""
    kind = kinds[start]
    end = start + 1
    if kind is LineKind.PROSE:
        while end < len(kinds) and kinds[end] is LineKind.PROSE:
            end += 1
    elif kind in (LineKind.HEAD, LineKind.INDENTED):
        at = end
        while at < len(kinds) and kinds[at] not in (LineKind.HEAD, LineKind.PROSE):
            at += 1
            if kinds[at - 1] is LineKind.INDENTED:
                end = at
    return end


def block_of(source: Source, paragraph: Paragraph, inline: str, column: int) -> Block | None:
    """Return the block of a verb, None if it has none: `inline`, at `column`, and what is below."""
    body = paragraph.body
    comments = tuple(
        (index + bool(inline), line)
        for index, line in enumerate(body)
        if kind_of(line) is LineKind.COMMENT
    )
    below = ["" if kind_of(line) is not LineKind.INDENTED else line for line in body]
    indent = _common_indent(below)
    lines = [line[len(indent) :] for line in below]
    if inline:
        place = source.place(paragraph.line, column)
        return Block((inline, *lines), True, comments, indent=indent or "    ", place=place)
    if not lines:
        return None
    place = source.place(paragraph.line + 1, len(indent) + 1)
    return Block(tuple(lines), False, comments, indent=indent, place=place)


def _common_indent(lines: list[str]) -> str:
    """Return the white space that all lines begin with which are not blank."""
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line]
    if not indents:
        return ""
    first, last = min(indents), max(indents)
    same = zip(first, last, strict=False)
    return first[: next((at for at, (a, b) in enumerate(same) if a != b), len(first))]
