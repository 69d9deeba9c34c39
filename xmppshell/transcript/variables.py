"""Values of a transcript: plain text with variables and wildcards in it.

`${Juliet's JID}`, `${Juliet's full JID}` and `${name}`, which was captured, are variables.
Wildcards stand only in what is received; scansion scripts write `{scansion:any}` for `{any}`.
"""

from __future__ import annotations

import enum
import functools
import html
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ..protocol.problem import Problem
from .places import NOWHERE, Place


class Wild(enum.Enum):
    """What a wildcard stands for."""

    ANY = "any"
    CAPTURE = "capture"
    EXPRESSION = "re"
    TIME = "time"
    ID = "id"
    INT = "int"


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that is meant as it is, without any escapes of XML."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable; `name` is what stands between its braces: `Juliet's JID`."""

    name: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A wildcard; `argument` is the name of a capture, or the regular expression."""

    kind: Wild
    argument: str = ""


Part: TypeAlias = Literal | Variable | Wildcard


class UnknownVariable(KeyError):
    """A variable that has no value (yet); its one argument is the name."""


@dataclass(frozen=True, slots=True)
class Value:
    """The value of an attribute, or the text of an element; `source` is how it is written."""

    parts: tuple[Part, ...]
    source: str = field(compare=False)
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    @property
    def variables(self) -> list[str]:
        """The names of the variables in it."""
        return [part.name for part in self.parts if isinstance(part, Variable)]

    @property
    def captures(self) -> list[str]:
        """The names that it captures."""
        return [
            part.argument
            for part in self.parts
            if isinstance(part, Wildcard) and part.kind is Wild.CAPTURE
        ]

    def expected(self, variables: Mapping[str, str]) -> str:
        """Return the value for a person: with the values of variables, wildcards as written."""
        shown = []
        for part in self.parts:
            if isinstance(part, Literal):
                shown.append(part.text)
            elif isinstance(part, Variable):
                shown.append(variables.get(part.name, f"${{{part.name}}}"))
            else:
                shown.append(_written(part))
        return "".join(shown)

    def match(self, text: str, variables: Mapping[str, str]) -> dict[str, str] | None:
        """Return what `text` gives for the captures, or None if it is another value.

        Raises `UnknownVariable`.
        """
        if not any(isinstance(part, Wildcard) for part in self.parts):
            return {} if text == "".join(_plain(self.parts, variables)) else None
        groups: dict[str, str] = {}
        pattern = "".join(_pattern(part, variables, groups) for part in self.parts)
        found = re.fullmatch(pattern, text, re.DOTALL)
        return None if found is None else {name: found[group] for group, name in groups.items()}


def _plain(parts: tuple[Part, ...], variables: Mapping[str, str]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Literal):
            yield part.text
        elif isinstance(part, Variable):
            yield _value(part.name, variables)


def _value(name: str, variables: Mapping[str, str]) -> str:
    try:
        return variables[name]
    except KeyError:
        raise UnknownVariable(name) from None


# XEP-0082 3.2, and the older stamp of XEP-0091.
_TIME = (
    r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
    r"|\d{8}T\d\d:\d\d:\d\d|-?\d{4,}-\d\d-\d\d"
)
_PATTERNS = {
    Wild.ANY: ".*",
    Wild.TIME: f"(?:{_TIME})",
    Wild.ID: r"\S+",
    Wild.INT: r"[+-]?[0-9]+",
}


def _pattern(part: Part, variables: Mapping[str, str], groups: dict[str, str]) -> str:
    if isinstance(part, Literal):
        return re.escape(part.text)
    if isinstance(part, Variable):
        return re.escape(_value(part.name, variables))
    if part.kind is Wild.CAPTURE:
        # Groups of a person's own expressions may not meet these.
        group = f"xmppshell_capture_{len(groups)}"
        groups[group] = part.argument
        return f"(?P<{group}>.*)"
    if part.kind is Wild.EXPRESSION:
        return f"(?:{part.argument})"
    return _PATTERNS[part.kind]


def _written(wildcard: Wildcard) -> str:
    if wildcard.kind in (Wild.CAPTURE, Wild.EXPRESSION):
        return f"{{{wildcard.kind.value}:{wildcard.argument}}}"
    return f"{{{wildcard.kind.value}}}"


# Reading.


class BadValue(ValueError):
    """A value that cannot be read: `offset` and `width` of the mistake in it, and the problem."""

    def __init__(self, offset: int, width: int, problem: Problem) -> None:
        super().__init__(problem.what)
        self.offset = offset
        self.width = width
        self.problem = problem


CAPTURED = re.compile(r"[^\W\d][\w-]*")
"""The name of a captured value."""

VARIABLE = re.compile(r"\$\{([^{}<>\n]*)\}")
"""A variable in the text of a transcript."""

_WILD = re.compile(r"\{(?:scansion:|(?:any|time|id|int)\}|(?:re|capture):)")
_SPECIAL = re.compile(rf"\$\{{|{_WILD.pattern}")
_SIMPLE = {wild.value: wild for wild in (Wild.ANY, Wild.TIME, Wild.ID, Wild.INT)}


@functools.lru_cache(maxsize=1024)
def parts_of(source: str, *, wild: bool) -> tuple[Part, ...]:
    """Return the parts of a value as it is written in XML; with `wild`, wildcards are read.

    Raises `BadValue`.
    """
    parts: list[Part] = []
    part: Part
    at = 0
    while (found := _SPECIAL.search(source, at)) is not None:
        start = found.start()
        if found[0] == "${":
            part, end = _variable(source, start)
        elif wild:
            part, end = _wildcard(source, start)
        else:
            _add_literal(parts, source[at : found.end()])
            at = found.end()
            continue
        _add_literal(parts, source[at:start])
        parts.append(part)
        at = end
    _add_literal(parts, source[at:])
    _check_together(source, parts)
    return tuple(parts)


def _check_together(source: str, parts: list[Part]) -> None:
    """Raise BadValue for regular expressions that are right alone and wrong in one value."""
    if sum(isinstance(part, Wildcard) for part in parts) < 2:
        return
    expression = "".join(_pattern(part, _NO_VALUES, {}) for part in parts)
    try:
        re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        problem = Problem(f"these wildcards do not go together: {error}")
        raise BadValue(0, len(source), problem) from error


_NO_VALUES: Mapping[str, str] = defaultdict(str)


def literal(source: str) -> str:
    """Return text of XML that means the same, with nothing in it for a variable or wildcard."""
    source = _WILD.sub(lambda found: f"&#123;{found[0][1:]}", source)
    return source.replace("${", "&#36;{")


def _add_literal(parts: list[Part], source: str) -> None:
    if not source:
        return
    text = unescape(source)
    if parts and isinstance(parts[-1], Literal):
        text = parts.pop().text + text  # type: ignore[union-attr]
    parts.append(Literal(text))


def unescape(source: str) -> str:
    """Return what text of XML means: its five entities and character references resolved."""
    return _REFERENCE.sub(_meant, source) if "&" in source else source


_REFERENCE = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def _meant(reference: re.Match[str]) -> str:
    entity, decimal, hexadecimal = reference.groups()
    if entity:
        return _ENTITIES[entity]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if code <= sys.maxunicode else reference[0]


def _variable(source: str, start: int) -> tuple[Variable, int]:
    found = VARIABLE.match(source, start)
    if found is None or not found[1].strip():
        problem = Problem(
            "this variable has no end" if found is None else "this variable has no name",
            "",
            "write ${Juliet's JID}, or &#36;{ for the characters themselves",
        )
        raise BadValue(start, 2, problem)
    return Variable(found[1].strip()), found.end()


def _wildcard(source: str, start: int) -> tuple[Wildcard, int]:
    end = _closing_brace(source, start)
    if end < 0:
        raise BadValue(start, 1, Problem("this wildcard has no end", "", "close it with }"))
    inside = source[start + 1 : end - 1].removeprefix("scansion:")
    kind, colon, argument = inside.partition(":")
    argument = unescape(argument)
    wrong = _wildcard_problem(source[start:end], kind, colon, argument)
    if wrong is not None:
        raise BadValue(start, end - start, wrong)
    return Wildcard(_SIMPLE.get(kind) or Wild(kind), argument), end


def _wildcard_problem(written: str, kind: str, colon: str, argument: str) -> Problem | None:
    if kind in _SIMPLE and not colon:
        return None
    if kind == "capture":
        if CAPTURED.fullmatch(argument):
            return None
        cure = "a name has letters, digits, - and _, and begins with a letter"
        return Problem(f"{written} does not name what is captured", "", cure)
    if kind == "re" and colon:
        try:
            re.compile(f"(?:{argument})")
        except (re.error, OverflowError, RecursionError) as error:
            return Problem(
                f"this is no regular expression: {error}",
                "",
                "see Python's module re for the syntax",
            )
        return None
    known = "any, capture:NAME, re:EXPRESSION, time, id or int"
    return Problem(f"there is no wildcard {written}", "", f"after the brace is expected: {known}")


def _closing_brace(source: str, start: int) -> int:
    """Return where the braces that open at `start` end; -1 if they do not."""
    depth = 0
    at = start
    while at < len(source):
        character = source[at]
        if character == "\\":
            at += 1
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return -1


# Filling in.

_CDATA = re.compile(r"(<!\[CDATA\[(?s:.*?)\]\]>)")


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Return XML with the value of each variable in its place, escaped; CDATA sections stay.

    Raises `UnknownVariable`.
    """
    pieces = _CDATA.split(text)
    pieces[::2] = [
        VARIABLE.sub(lambda found: html.escape(_value(found[1].strip(), variables)), piece)
        for piece in pieces[::2]
    ]
    return "".join(pieces)
