"""The XML in a file, piece by piece, with who said it: of transcripts, captures and bare stanzas.

This is for reading over what was said (lint, coverage). It does not judge the script around it:
of one with mistakes, it gives what can be found. What is sent raw, broken on purpose, is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..protocol.events import Direction
from ..protocol.namespaces import CLIENT
from ..protocol.problem import Problem
from ..protocol.xml.parsing import Context
from ..protocol.xml.wellformed import scan
from .capture import CaptureError
from .reading import read_leniently
from .script import Block, Receives, ReceivesStream, Sends
from .variables import VARIABLE, BadValue, Wildcard, parts_of

_CAST = re.compile(r"\[(?:Client|Component|Server)\] \S")
_MARKER = re.compile(r"\sscansion:\w+\s*=\s*(?:'[^']*'|\"[^\"]*\")")


@dataclass(frozen=True, slots=True)
class Passage:
    """One element, stream header or stream end of a file, or what could not be told apart.

    `text` is as it stands in the file, but for what only a script can say: a variable gives way
    to an address of the same length, and `scansion:` attributes to spaces. Wildcards stay, see
    `is_wildcard`. `line` and `column` are where it starts, from 1; its later lines begin at the
    first column. In a capture each line is one passage, and the column is that of its data.
    `direction` is None, and `actor` "", where the file does not say.
    """

    text: str
    line: int
    column: int
    direction: Direction | None = None
    actor: str = ""


def is_wildcard(value: str) -> bool:
    """Say whether a value of a transcript stands for any value, such as `{scansion:any}`."""
    try:
        return any(isinstance(part, Wildcard) for part in parts_of(value, wild=True))
    except BadValue:
        return False


def passages_of(text: str, name: str) -> list[Passage]:
    """Return the passages of a file's `text` in order; `name` is the file's, for its ending.

    A capture has `.ndjson` or begins as one does; a transcript has `.scs` or a cast. Everything
    else is stanzas. Raises `CaptureError` for a capture with a broken line.
    """
    if is_capture(text, name):
        return list(_of_capture(text, name))
    if is_transcript(text, name):
        return list(_of_transcript(text, name))
    return list(_divided(text, 1, None, ""))


def is_capture(text: str, name: str) -> bool:
    """Say whether a file called `name` is a capture."""
    return name.endswith(".ndjson") or text.startswith('{"v":')


def is_transcript(text: str, name: str) -> bool:
    """Say whether a file called `name` is a transcript."""
    return name.endswith(".scs") or any(_CAST.match(line) for line in text.splitlines())


def _of_capture(text: str, name: str) -> Iterator[Passage]:
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = json.loads(line)
            data = entry.get("data")
            if isinstance(data, str) and not data.isspace():
                direction = Direction(entry["dir"])
                yield Passage(data, number, 1, direction, str(entry.get("session", "")))
        except (ValueError, KeyError, AttributeError) as error:
            if number == text.count("\n") + 1:
                return  # A crash may leave an unfinished last line.
            raise CaptureError(
                Problem(
                    f"{name}:{number}: this is not a line of a capture",
                    "another kind of file, or one that was edited",
                    "give a file of the captures folder",
                )
            ) from error


def _of_transcript(text: str, name: str) -> Iterator[Passage]:
    for step in read_leniently(text, name)[0].steps:
        if isinstance(step, Sends):
            yield from _of_block(step.block, Direction.SENT, step.actor)
        elif isinstance(step, Receives | ReceivesStream) and step.block is not None:
            yield from _of_block(step.block, Direction.RECEIVED, step.actor)


def _of_block(block: Block, direction: Direction, actor: str) -> Iterator[Passage]:
    """Give the passages of a block, each line as long as it is in the file."""
    first, *rest = block.lines
    before = " " * (block.place.column - 1) if block.inline else block.indent
    lines = [before + first, *(block.indent + line for line in rest)]
    yield from _divided(_as_xml("\n".join(lines)), block.place.line, direction, actor)


def _as_xml(text: str) -> str:
    """Return a block as XML, each character in its place."""
    text = _MARKER.sub(lambda found: " " * len(found.group()), text)
    return VARIABLE.sub(lambda found: _address(found.group()), text)


def _address(variable: str) -> str:
    """Return an address as long as `variable`, full if that says so."""
    if "full" in variable:
        return "a@b/".ljust(len(variable), "c")
    return "a@".ljust(len(variable), "b")[: len(variable)]


def _divided(text: str, line: int, direction: Direction | None, actor: str) -> Iterator[Passage]:
    """Give each element and header of `text`, which begins in `line`, and then what is left."""
    found = scan(text, Context.for_namespace(CLIENT).prefixes, headers=True)
    end = 0
    for start, stop in sorted([*found.elements, *found.headers]):
        if text[end:start].strip():
            break
        yield _passage(text, start, stop, line, direction, actor)
        end = stop
    rest = text[end:]
    if rest.strip():
        start = end + len(rest) - len(rest.lstrip())
        yield _passage(text, start, len(text.rstrip()), line, direction, actor)


def _passage(
    text: str, start: int, stop: int, line: int, direction: Direction | None, actor: str
) -> Passage:
    column = start - text.rfind("\n", 0, start)
    return Passage(text[start:stop], line + text.count("\n", 0, start), column, direction, actor)
