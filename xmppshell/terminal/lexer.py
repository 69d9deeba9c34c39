"""Colours for what is being typed: a lexer that reads one line at a time and remembers lines.

Each line is read from the state in which the line before it ended, and the result is kept by
state and text. A keystroke changes one line, so the others come from memory; only a key that
opens or closes a quote, tag, comment or CDATA section changes the state of those below it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import Final

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from .theme import ROLES, Role

REMEMBERED_LINES: Final = 20_000


class State(enum.IntEnum):
    """What a line of input begins or ends in."""

    START = enum.auto()
    """Nothing but white space so far: `/` begins a command here, and `@` names a session."""
    CONTENT = enum.auto()
    TAG = enum.auto()
    DOUBLE_QUOTED = enum.auto()
    SINGLE_QUOTED = enum.auto()
    CDATA = enum.auto()
    COMMENT = enum.auto()
    DECLARATION = enum.auto()


_VARIABLE: Final = r"(?P<variable>\$\{[^}]*\}|\$[A-Za-z_][\w-]*|\{id\})"
_REFERENCES: Final = rf"""
    {_VARIABLE}
  | (?P<placeholder>‹[A-Za-z_][A-Za-z0-9_.:-]*\??›)
  | (?P<entity>&(?:\#[0-9]+|\#x[0-9A-Fa-f]+|[A-Za-z][\w.-]*);)
"""
_CONTENT: Final = re.compile(
    rf"""(?P<text>[^<&${{‹]+)
  | (?P<tag></?[^\s/>"'<=&!?]+)
  | {_REFERENCES}
  | (?P<opening><!\[CDATA\[|<!--|<\?)
  | (?P<error>[<&])
  | (?P<other>.)""",
    re.VERBOSE,
)
_TAG: Final = re.compile(
    r"""(?P<attribute>\s*[^\s=/>"'<&]+\s*=\s*)(?P<value>"[^"<&${‹]*"|'[^'<&${‹]*')
  | (?P<close>\s*/?>)
  | (?P<name>\s*[^\s=/>"'<&]+(?:\s*=\s*)?)
  | (?P<quote>\s*["'])
  | (?P<space>\s+)
  | (?P<error>.)""",
    re.VERBOSE,
)
_QUOTED: Final = {
    quote: re.compile(rf"{_REFERENCES}|(?P<error>[<&])|(?P<value>[^{quote}<&${{‹]+|[${{‹])", re.X)
    for quote in "\"'"
}
_ARGUMENT: Final = re.compile(rf"{_VARIABLE}|(?P<text>[^<${{]+|[${{])")
_COMMAND: Final = re.compile(r"\s*/[^\s<]*")
_ADDRESS: Final = re.compile(r"\s*@[^\s<]*")
_NAMESPACE_DECLARATION: Final = re.compile(r"\s*xmlns[\s:=]")
_QUOTE_OF: Final = {State.DOUBLE_QUOTED: '"', State.SINGLE_QUOTED: "'"}
_STATE_OF: Final = {
    '"': State.DOUBLE_QUOTED,
    "'": State.SINGLE_QUOTED,
    "<![CDATA[": State.CDATA,
    "<!--": State.COMMENT,
    "<?": State.DECLARATION,
}
_SECTIONS: Final[dict[State, tuple[str, Role, Role]]] = {
    State.CDATA: ("]]>", "cdata", "text"),
    State.COMMENT: ("-->", "comment", "comment"),
    State.DECLARATION: ("?>", "dim", "dim"),
}
"""How a section ends, the role of its marks, and of what stands in it."""

_ROLE_OF: Final[dict[str | None, Role]] = {
    "text": "text",
    "other": "text",
    "space": "text",
    "variable": "variable",
    "entity": "entity",
    "placeholder": "placeholder",
    "error": "error",
    "value": "value",
    "name": "attribute",
}
"""The role of a piece by the name of the group that found it."""

_CLASSES: Final[dict[Role, str]] = {
    role: "" if role == "text" else f"class:{role}" for role in ROLES
}


class InputLexer(Lexer):
    """Colours XML and commands; the style classes are the roles of `theme.PROMPT_STYLES`."""

    def __init__(self) -> None:
        self._known: dict[tuple[State, str], tuple[StyleAndTextTuples, State]] = {}

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """Return a function from a line number (from 0) to the fragments of that line."""
        lines = document.lines
        states = [State.START]
        known = self._known
        if len(known) > REMEMBERED_LINES:
            known.clear()

        def read(number: int) -> tuple[StyleAndTextTuples, State]:
            key = states[number], lines[number]
            result = known.get(key)
            if result is None:
                result = known[key] = lex_line(lines[number], states[number])
            return result

        def fragments(number: int) -> StyleAndTextTuples:
            if number >= len(lines):
                return []
            while len(states) <= number:
                states.append(read(len(states) - 1)[1])
            return read(number)[0]

        return fragments


def lex_line(line: str, state: State) -> tuple[StyleAndTextTuples, State]:
    """Return the fragments of one line that begins in `state`, and the state it ends in."""
    return _LineReader(line, state).read()


class _LineReader:
    """Reads one line; every step takes a piece of it, so it always comes to the end."""

    def __init__(self, line: str, state: State) -> None:
        self._line = line
        self._state = state
        self._position = 0
        self._fragments: StyleAndTextTuples = []

    def read(self) -> tuple[StyleAndTextTuples, State]:
        end = len(self._line)
        if self._state is State.START:
            self._start()
        while self._position < end:
            if self._state is State.CONTENT:
                self._content()
            elif self._state is State.TAG:
                self._tag()
            elif self._state in _QUOTE_OF:
                self._quoted(_QUOTE_OF[self._state])
            else:
                self._section()
        return self._fragments, self._state

    def _take(self, role: Role, end: int) -> None:
        """Give the text up to `end` the look of `role`, together with a like neighbour."""
        style, text = _CLASSES[role], self._line[self._position : end]
        if self._fragments and self._fragments[-1][0] == style:
            text = self._fragments.pop()[1] + text
        self._fragments.append((style, text))
        self._position = end

    def _start(self) -> None:
        if self._line.isspace():
            self._take("text", len(self._line))
        elif self._line:
            self._state = State.CONTENT
            if command := _COMMAND.match(self._line):
                self._take("command", command.end())
                self._arguments()
            elif address := _ADDRESS.match(self._line):
                self._take("command", address.end())

    def _arguments(self) -> None:
        """Read the arguments of a command up to XML, if there is any: `&` is nothing special."""
        while match := _ARGUMENT.match(self._line, self._position):
            self._take(_ROLE_OF[match.lastgroup], match.end())

    def _content(self) -> None:
        match = _match(_CONTENT, self._line, self._position)
        kind = match.lastgroup
        if kind == "tag":
            self._take("tag", match.end())
            self._state = State.TAG
        elif kind == "opening":
            self._state = _STATE_OF[match[0]]
            self._take(_SECTIONS[self._state][1], match.end())
        else:
            self._take(_ROLE_OF[kind], match.end())

    def _tag(self) -> None:
        match = _match(_TAG, self._line, self._position)
        kind = match.lastgroup
        if kind == "value":
            declares = _NAMESPACE_DECLARATION.match(match["attribute"]) is not None
            self._take("namespace" if declares else "attribute", match.end("attribute"))
            self._take("namespace" if declares else "value", match.end())
        elif kind == "close":
            self._take("tag", match.end())
            self._state = State.CONTENT
        elif kind == "quote":
            self._take("value", match.end())
            self._state = _STATE_OF[match[0][-1]]
        else:
            self._take(_ROLE_OF[kind], match.end())

    def _quoted(self, quote: str) -> None:
        if self._line[self._position] == quote:
            self._take("value", self._position + 1)
            self._state = State.TAG
        else:
            match = _match(_QUOTED[quote], self._line, self._position)
            self._take(_ROLE_OF[match.lastgroup], match.end())

    def _section(self) -> None:
        ending, mark, inside = _SECTIONS[self._state]
        found = self._line.find(ending, self._position)
        if found < 0:
            self._take(inside, len(self._line))
            return
        if found > self._position:
            self._take(inside, found)
        self._take(mark, found + len(ending))
        self._state = State.CONTENT


def _match(pattern: re.Pattern[str], line: str, position: int) -> re.Match[str]:
    match = pattern.match(line, position)
    assert match is not None, f"no rule for {line[position]!r}"
    return match
