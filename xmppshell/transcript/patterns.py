"""Stanzas as a transcript has them: trees of elements, each part with its place in the file.

They are made from the exact text, not by a parser of XML: only so is it known where a thing
stands, and whether `&#36;{` was written or `${`.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..protocol import namespaces
from ..protocol.problem import Problem
from ..protocol.xml.tokens import Token, TokenKind, attributes_of, tokenise
from ..protocol.xml.wellformed import scan
from .places import NOWHERE, Place
from .variables import VARIABLE, BadValue, Literal, Part, Value, parts_of

SCANSION = "urn:xmppshell:scansion"
"""The namespace that the prefix `scansion` stands for in a script, which never declares it."""

PREFIXES: dict[str | None, str] = {
    None: namespaces.CLIENT,
    "stream": namespaces.STREAM,
    "scansion": SCANSION,
}
"""What is in scope in every block."""

MAX_DEPTH = 100
"""How deep elements may be nested; servers close a stream at less."""

_STRICT = f"{{{SCANSION}}}strict"
_NAME = re.compile(r"</?[^\s/>]+")
_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class AttributePattern:
    """An expected attribute; `name` is a Clark name, `written` as it stands in the file."""

    name: str
    written: str
    value: Value
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ElementPattern:
    """An expected element; `name` is a Clark name, `written` as it stands in the file.

    `text` is None if no text is asked for. `strict` says whether attributes and children are to
    be just these: what the script says, or else what follows from the namespace.
    """

    name: str
    written: str
    attributes: tuple[AttributePattern, ...] = ()
    children: tuple[ElementPattern, ...] = ()
    text: Value | None = None
    strict: bool = False
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def values(self) -> Iterator[Value]:
        """Give all its values, in the order of the file."""
        for attribute in self.attributes:
            yield attribute.value
        if self.text is not None:
            yield self.text
        for child in self.children:
            yield from child.values()


@dataclass(frozen=True, slots=True)
class BlockFault:
    """A mistake in a text, `offset` characters from its start."""

    offset: int
    width: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a text: where it is, and what it is a pattern of."""

    start: int
    end: int
    pattern: ElementPattern


class Positions:
    """Turns offsets in a text into places; `starts` has the place of each line's beginning."""

    def __init__(self, text: str, starts: list[Place]) -> None:
        self._starts = starts
        self._offsets = [0, *(found.end() for found in re.finditer("\n", text))]

    def place(self, offset: int) -> Place:
        """Return the place of the character at `offset`."""
        line = bisect.bisect_right(self._offsets, offset) - 1
        start = self._starts[min(line, len(self._starts) - 1)]
        return Place(start.file, start.line, start.column + offset - self._offsets[line])


def patterns_of(
    text: str, positions: Positions, *, wild: bool, header: bool = False
) -> tuple[list[Cut], list[BlockFault]]:
    """Return the elements of `text`, and what is wrong with it.

    `wild` says that wildcards are read; `header`, that the text is a stream header: a start tag
    that nothing closes. What comes before the first fault of the XML is read all the same.
    """
    masked = VARIABLE.sub(lambda found: re.sub(r"[\"'&<>]", "_", found[0]), text)
    if header:
        masked, text = _closed(masked), _closed(text)
    builder = _Builder(text, positions, wild)
    found = scan(masked, PREFIXES)
    end = found.fault.offset if found.fault is not None else len(masked)
    builder.build(tokenise(masked), end)
    faults = builder.faults
    if found.fault is not None:
        # A second time, with the lines before it, since the problem may name a line.
        above = "\n" * (positions.place(0).line - 1)
        again = scan(above + masked, PREFIXES).fault or found.fault
        faults.append(BlockFault(end, 1, again.problem))
    elif found.unfinished:
        start = max(masked.rfind("<"), masked.rfind("&"), 0)
        faults.append(BlockFault(start, 1, Problem("this is not finished", "", "complete the XML")))
    elif found.open_tags:
        name, start = builder.innermost or (found.open_tags[-1], 0)
        problem = Problem(f"<{name}> is not closed", "", f"add </{name}>")
        faults.append(BlockFault(start, len(name) + 1, problem))
    return builder.cuts, sorted(faults, key=lambda fault: fault.offset)


def _closed(text: str) -> str:
    """Return a start tag as an empty-element tag, each character in its place."""
    end = len(text.rstrip())
    if text[:end].endswith(">") and not text[:end].endswith("/>"):
        return f"{text[: end - 1]}/>{text[end:]}"
    return text


@dataclass(slots=True)
class _Open:
    """An element that is being read."""

    start: int
    pattern: ElementPattern
    scope: dict[str | None, str]
    children: list[ElementPattern] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    text_at: int | None = None


class _Builder:
    """Makes patterns of the tokens of well-formed elements."""

    def __init__(self, text: str, positions: Positions, wild: bool) -> None:
        self._text = text
        self._positions = positions
        self._wild = wild
        self._open: list[_Open] = []
        self.cuts: list[Cut] = []
        self.faults: list[BlockFault] = []

    @property
    def innermost(self) -> tuple[str, int] | None:
        """The innermost element that is still open: its name and where it begins."""
        last = self._open[-1] if self._open else None
        return None if last is None else (last.pattern.written, last.start)

    def build(self, tokens: list[Token], sound: int) -> None:
        """Read the `tokens` up to the offset `sound`, before which the XML is well-formed."""
        at = 0
        for kind, masked in tokens:
            end = at + len(masked)
            if end > sound:
                break
            if len(self._open) > MAX_DEPTH:
                problem = Problem(f"elements are nested deeper than {MAX_DEPTH}")
                self.faults.append(BlockFault(at, 1, problem))
                break
            self._token(kind, masked, at, end)
            at = end

    def _token(self, kind: TokenKind, masked: str, at: int, end: int) -> None:
        if kind in (TokenKind.START_TAG, TokenKind.EMPTY_TAG):
            self._open.append(self._start(masked, at))
            if kind is TokenKind.EMPTY_TAG:
                self._close(end)
        elif kind is TokenKind.END_TAG and self._open:
            self._close(end)
        elif kind is TokenKind.TEXT and self._open:
            self._add_text(self._text[at:end], at, self._parts(self._text[at:end], at))
        elif kind is TokenKind.CDATA and self._open:
            content = self._text[at:end].removeprefix("<![CDATA[").removesuffix("]]>")
            self._add_text(content, at, (Literal(content),))

    def _start(self, masked: str, at: int) -> _Open:
        name = _NAME.match(masked)
        written = name[0][1:] if name is not None else ""
        offset = at + len(written) + 1
        scope = dict(self._open[-1].scope) if self._open else dict(PREFIXES)
        found: list[tuple[str, int, str, int]] = []
        for space, key, equals, quoted in attributes_of(masked):
            key_at = offset + len(space)
            value_at = key_at + len(key) + len(equals) + 1
            offset = value_at + len(quoted) - 1
            source = self._text[value_at : offset - 1]
            if key == "xmlns" or key.startswith("xmlns:"):
                scope[key[6:] or None] = "".join(
                    part.text for part in self._parts(source, value_at) if isinstance(part, Literal)
                )
            else:
                found.append((key, key_at, source, value_at))
        explicit = re.search(r"\sxmlns\s*=", masked) is not None
        return _Open(at, self._element(written, at, found, scope, explicit), scope)

    def _element(
        self,
        written: str,
        at: int,
        found: list[tuple[str, int, str, int]],
        scope: dict[str | None, str],
        explicit: bool,
    ) -> ElementPattern:
        name = _clark(written, scope, default=scope.get(None, ""))
        attributes = []
        strict = _is_strict(name) or (explicit and bool(self._open))
        for key, key_at, source, value_at in found:
            key_name = _clark(key, scope, default="")
            if key_name == _STRICT:
                strict = self._strict(source, value_at)
            elif key_name.startswith(f"{{{SCANSION}}}"):
                problem = Problem(
                    f"there is no attribute {key}", "", "scansion:strict is the only one"
                )
                self.faults.append(BlockFault(key_at, len(key), problem))
            else:
                # XML reads white space inside a value as spaces.
                parts = self._parts(re.sub(r"[\t\r\n]", " ", source), value_at)
                value = Value(parts, source, self._positions.place(value_at))
                place = self._positions.place(key_at)
                attributes.append(AttributePattern(key_name, key, value, place))
        place = self._positions.place(at)
        return ElementPattern(name, written, tuple(attributes), strict=strict, place=place)

    def _strict(self, source: str, at: int) -> bool:
        if source not in ("true", "false", "1", "0"):
            problem = Problem(f"scansion:strict is true or false, not {source!r}")
            self.faults.append(BlockFault(at, len(source), problem))
        return source in ("true", "1")

    def _parts(self, source: str, at: int) -> tuple[Part, ...]:
        try:
            return parts_of(source, wild=self._wild)
        except BadValue as error:
            self.faults.append(BlockFault(at + error.offset, error.width, error.problem))
            return (Literal(source),)

    def _add_text(self, source: str, at: int, parts: tuple[Part, ...]) -> None:
        inside = self._open[-1]
        if inside.text_at is None and source.strip(_SPACE):
            inside.text_at = at + len(source) - len(source.lstrip(_SPACE))
        inside.parts += parts
        inside.source.append(source)

    def _close(self, end: int) -> None:
        closed = self._open.pop()
        parts = _trimmed(closed.parts)
        text = None
        if parts:
            place = self._positions.place(
                closed.start if closed.text_at is None else closed.text_at
            )
            text = Value(parts, "".join(closed.source).strip(_SPACE), place)
        pattern = replace(closed.pattern, children=tuple(closed.children), text=text)
        if self._open:
            self._open[-1].children.append(pattern)
        else:
            self.cuts.append(Cut(closed.start, end, pattern))


def _is_strict(name: str) -> bool:
    """Say whether an element is strict by its namespace: all but stanzas and the stream itself."""
    return not name.startswith((f"{{{namespaces.CLIENT}}}", f"{{{namespaces.STREAM}}}"))


def _clark(written: str, scope: dict[str | None, str], default: str) -> str:
    prefix, _, local = written.rpartition(":")
    scope = {**scope, "xml": namespaces.XML}
    namespace = scope.get(prefix, "") if prefix else default
    return f"{{{namespace}}}{local}" if namespace else local


def _trimmed(parts: list[Part]) -> tuple[Part, ...]:
    """Return the parts of a text without white space at its ends; neighbours that are text join."""
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Literal) and isinstance(last, Literal):
            joined[-1] = Literal(last.text + part.text)
        else:
            joined.append(part)
    if joined and isinstance(joined[0], Literal):
        joined[0] = Literal(joined[0].text.lstrip(_SPACE))
    if joined and isinstance(joined[-1], Literal):
        joined[-1] = Literal(joined[-1].text.rstrip(_SPACE))
    return tuple(part for part in joined if part != Literal(""))
