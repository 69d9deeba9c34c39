"""On which line of a TOML file each key stands, which tomllib does not tell.

The scanner knows the grammar of keys, strings, brackets and comments (TOML 1.0) and nothing of
values. It is for texts that tomllib has read without complaint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

KeyPath = tuple[str, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # the most quotes that can end it, one or two being content
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SPACE = re.compile(r"[ \t]*")
_PLAIN = re.compile(r"""[^\[\]{},"'#\n]+""")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, on which each table and key of `text` first stands, by its path.

    Keys within an array have no line of their own; those of an inline table have.
    """
    return _Scanner(text).scan()


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    """Return the line of `path`, or of the nearest thing around it that has one; 1 at last."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _header(self) -> KeyPath:
        """Read `[table]` or `[[array of tables]]`; return its path."""
        start = self._at
        while self._text[self._at] == "[":
            self._at += 1
        path = self._key(())
        self._note(path, start)
        while self._peek() in ("]", " ", "\t"):
            self._at += 1
        return path

    def _pair(self, table: KeyPath) -> None:
        """Read `key = value`."""
        start = self._at
        path = self._key(table)
        for length in range(len(table) + 1, len(path) + 1):
            self._note(path[:length], start)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _key(self, table: KeyPath) -> KeyPath:
        """Read a dotted key; stop before what follows it."""
        path = table
        while True:
            self._skip(_SPACE)
            path = (*path, self._part())
            self._skip(_SPACE)
            if self._peek() != ".":
                return path
            self._at += 1

    def _part(self) -> str:
        """Read one part of a key, bare or quoted."""
        bare = _BARE.match(self._text, self._at)
        if bare is not None:
            self._at = bare.end()
            return bare.group()
        start = self._at
        self._string()
        return _unquoted(self._text[start : self._at])

    def _value(self, path: KeyPath) -> None:
        if self._peek() == "{":
            self._inline_table(path)
        elif self._peek() == "[":
            self._array()
        elif self._peek() in ("'", '"'):
            self._string()
        else:
            self._skip(_PLAIN)

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while True:
            self._skip(_BLANK)
            if self._peek() in (",",):
                self._at += 1
            elif self._peek() in ("}", ""):
                self._at += 1
                return
            else:
                self._pair(path)

    def _array(self) -> None:
        """Skip an array with everything in it."""
        depth = 0
        while self._skip(_BLANK) < len(self._text):
            character = self._text[self._at]
            if character in ("'", '"'):
                self._string()
                continue
            depth += (character in "[{") - (character in "]}")
            self._at += 1
            if depth == 0:
                return

    def _string(self) -> None:
        found = _STRING.match(self._text, self._at)
        self._at = found.end() if found is not None else len(self._text)

    def _skip(self, pattern: re.Pattern[str]) -> int:
        """Go past what `pattern` matches here; return where that is."""
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found is not None else self._at
        return self._at

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _note(self, path: KeyPath, position: int) -> None:
        self._found.setdefault(path, self._text.count("\n", 0, position) + 1)


def _unquoted(text: str) -> str:
    """Return what a quoted key stands for."""
    import tomllib

    return next(iter(tomllib.loads(f"{text} = 0")))
