"""A view of XML for reading: indented, coloured, and true to the text it shows.

An element is broken over lines only where white space means nothing: where it has child elements
and no other text. Text, attribute order, quotes, prefixes and the white space of mixed content
are shown as they stand. Everything passes `safe_text`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from ..protocol.xml import Token, TokenKind, attributes_of, tokenise
from .safe_text import safe
from .theme import Theme

FOLD_GRACE: Final = 3
"""So few lines more than the limit are shown rather than folded."""

_WHITE: Final = " \t\r\n"
_TAG_NAME: Final = re.compile(r"<[^\s/>]*")
_ENTITY: Final = re.compile(r"(&[^;\s]+;)")
_CDATA: Final = re.compile(r"(<!\[CDATA\[)((?s:.*))(\]\]>)")
_PRESERVES: Final = re.compile(r"""\sxml:space\s*=\s*["']preserve["']""")


class Folded(NamedTuple):
    """What is shown of a text, and how many lines, and characters of what is shown, are not."""

    text: str
    more_lines: int
    more_characters: int


def pretty(
    text: str, theme: Theme, indent: int = 2, width: int | None = None, margin: int = 0
) -> str:
    """Return an indented, coloured view of one exact slice, without a newline at the end.

    `indent` is in columns a level, `margin` in columns before each line that the view begins;
    the lines of a text keep their own beginnings. With a `width` in columns, start tags that are
    longer are broken between attributes. Text that is not well-formed is shown as it is.
    """
    return _Layout(_Painter(theme, text), indent, width, margin).folded(tokenise(text)).text


def pretty_folded(
    text: str,
    theme: Theme,
    *,
    max_lines: int,
    max_run: int,
    indent: int = 2,
    width: int | None = None,
    margin: int = 0,
) -> Folded:
    """Return the same view as `pretty`, cut after about `max_lines` lines.

    A text, an attribute value or a line of mixed content longer than about `max_run` characters
    shows its beginning, and says how much more there is.
    """
    painter = _Painter(theme, text, max_run)
    return _Layout(painter, indent, width, margin, max_lines).folded(tokenise(text))


def raw(text: str, theme: Theme) -> str:
    """Return the exact text, coloured and made safe, not indented."""
    painter = _Painter(theme, text)
    return "".join([painter.paint(token) for token in tokenise(text)])


class _Painter:
    """Gives the pieces of one text their colours, without moving them."""

    def __init__(self, theme: Theme, text: str, max_run: int | None = None) -> None:
        self.max_run = max_run
        self.hidden = 0
        self._style = theme.style
        # Most text is clean as a whole; then its pieces need not be looked at again.
        self._safe: Callable[[str], str] = str if safe(text) is text else safe

    def paint(self, token: Token) -> str:
        """Return one token in its colours."""
        kind, text = token
        if kind is TokenKind.TEXT:
            return self._content(text)
        if kind is TokenKind.END_TAG:
            return self._style("tag", self._safe(text))
        if kind is TokenKind.CDATA:
            opening, content, closing = _CDATA.findall(text)[0]
            content = self._style("text", self._run(content))
            return f"{self._style('cdata', opening)}{content}{self._style('cdata', closing)}"
        if kind is TokenKind.DECLARATION:
            return self._style("dim", self._safe(text))
        return self.tag(text)

    def tag(self, text: str, start: int = 0, width: int | None = None) -> str:
        """Return a start or empty-element tag in its colours.

        With a `width`, a tag that begins in column `start` and is too long for it is broken
        between attributes.
        """
        if "=" not in text:
            return self._style("tag", self._safe(text))
        attributes = attributes_of(text)
        name = _TAG_NAME.findall(text)[0]
        length = len(name) + sum([len(a) + len(b) + len(c) + len(d) for a, b, c, d in attributes])
        if text[length:].strip(_WHITE) not in (">", "/>"):
            return self._style("tag", self._safe(text))  # not well-formed: more than attributes
        if width is not None and start + len(text) > width:
            ending = len(text) - length
            attributes = _spread(attributes, start + len(name), width, ending)
        style, clean = self._style, self._safe
        parts = [style("tag", clean(name))]
        for space, key, equals, value in attributes:
            if key == "xmlns" or key.startswith("xmlns:"):
                parts.append(f"{space}{style('namespace', clean(key + equals + value))}")
                continue
            if self.max_run is not None and len(value) > self.max_run:
                value = f"{value[0]}{self._run(value[1:-1])}{value[0]}"
            else:
                value = clean(value)
            parts.append(f"{space}{style('attribute', clean(key))}{equals}{style('value', value)}")
        parts.append(style("tag", text[length:]))
        return "".join(parts)

    def _content(self, text: str) -> str:
        text = self._run(text)
        if "&" not in text:
            return self._style("text", text)
        return "".join(
            self._style("entity" if number % 2 else "text", piece)
            for number, piece in enumerate(_ENTITY.split(text))
        )

    def _run(self, text: str) -> str:
        """Return text made safe, and only the beginning of it where it is too long."""
        limit = self.max_run
        if limit is None or len(text) <= limit:
            return self._safe(text)
        return self._safe(text[:limit]) + self.more(len(text) - limit)

    def more(self, count: int) -> str:
        """Return the mark that stands for `count` characters that are not shown."""
        self.hidden += count
        return f"⟨… {count:,} more characters⟩"


class _Layout:
    """Arranges the tokens of one text in lines."""

    def __init__(
        self,
        painter: _Painter,
        indent: int,
        width: int | None,
        margin: int,
        max_lines: int | None = None,
    ) -> None:
        self._painter = painter
        self._indent = indent
        self._width = width
        self._margin = margin
        self._max_lines = max_lines
        self._lines: list[str] = []
        self._depth = 0
        # The parts of the last line, while an element on it stays as it is; how deep within it.
        self._parts: list[str] = []
        self._inside = 0
        self._room = 0
        self._hidden = 0
        self._more_lines = 0

    def folded(self, tokens: list[Token]) -> Folded:
        """Lay out all tokens, and paint those on the lines that are shown."""
        broken = _broken_elements(tokens)
        for index, token in enumerate(tokens):
            if self._inside:
                self._continue_line(token)
            elif token.kind is not TokenKind.TEXT or token.text.strip(_WHITE):
                self._begin_line(token, index in broken)
        if self._inside:
            self._end_line("")
        text, more = _cut("\n".join(self._lines), self._max_lines, self._more_lines)
        return Folded(text, more, self._painter.hidden)

    def _begin_line(self, token: Token, is_broken: bool) -> None:
        kind, text = token
        if kind is TokenKind.END_TAG and self._depth:
            self._depth -= 1
        start = self._margin + self._depth * self._indent
        if kind is TokenKind.START_TAG:
            if is_broken:
                self._depth += 1
            else:
                self._inside = 1
                self._room = self._painter.max_run or 0
        if self._max_lines is not None and len(self._lines) > self._max_lines + FOLD_GRACE:
            self._more_lines += 1
            return
        if kind is TokenKind.START_TAG or kind is TokenKind.EMPTY_TAG:
            line = " " * start + self._painter.tag(text, start, self._width)
        else:
            line = " " * start + self._painter.paint(token)
        if self._inside:
            self._parts.append(line)
        else:
            self._lines.append(line)

    def _continue_line(self, token: Token) -> None:
        kind, text = token
        if kind is TokenKind.START_TAG:
            self._inside += 1
        elif kind is TokenKind.END_TAG:
            self._inside -= 1
        if not self._parts:
            self._more_lines += text.count("\n")  # the line that it stands on is folded
        elif not self._inside:
            self._end_line(self._painter.paint(token))
        elif self._painter.max_run is not None and self._room <= 0:
            self._hidden += len(text)
        else:
            self._room -= len(text)
            self._parts.append(self._painter.paint(token))

    def _end_line(self, ending: str) -> None:
        if self._hidden:
            self._parts.append(self._painter.more(self._hidden))
            self._hidden = 0
        self._parts.append(ending)
        self._lines.append("".join(self._parts))
        self._parts.clear()


def _spread(
    attributes: list[tuple[str, str, str, str]], column: int, width: int, ending: int
) -> list[tuple[str, str, str, str]]:
    """Break a tag whose name ends at `column` between attributes, as many to a line as fit.

    The last one leaves room for the `ending` characters that end the tag.
    """
    hang = column + 1
    spread = []
    for number, (_, key, equals, value) in enumerate(attributes, start=1):
        length = len(key) + len(equals) + len(value)
        after = ending if number == len(attributes) else 0
        if column >= hang and column + 1 + length + after > width:
            spread.append(("\n" + " " * hang, key, equals, value))
            column = hang + length
        else:
            spread.append((" ", key, equals, value))
            column += 1 + length
    return spread


def _broken_elements(tokens: list[Token]) -> set[int]:
    """Return the indexes of the start tags whose elements are to be broken over lines."""
    broken: set[int] = set()
    # For each open element: the index of its tag, and whether it has children and other text.
    indexes: list[int] = []
    children: list[bool] = []
    texts: list[bool] = []
    for index, (kind, text) in enumerate(tokens):
        if kind is TokenKind.START_TAG:
            if children:
                children[-1] = True
            indexes.append(index)
            children.append(False)
            texts.append("xml:space" in text and _PRESERVES.search(text) is not None)
        elif not indexes:
            continue
        elif kind is TokenKind.EMPTY_TAG:
            children[-1] = True
        elif kind is TokenKind.END_TAG:
            start, has_text = indexes.pop(), texts.pop()
            if children.pop() and not has_text:
                broken.add(start)
        elif text.strip(_WHITE):
            texts[-1] = True
    return broken


def _cut(text: str, max_lines: int | None, more: int) -> tuple[str, int]:
    """Cut painted `text`, after which there would be `more` lines, to about `max_lines`.

    Returns what is left, and how many lines are not in it.
    """
    if max_lines is None:
        return text, 0
    lines = text.split("\n")
    if more + len(lines) <= max_lines + FOLD_GRACE:
        return text, 0
    return "\n".join(lines[:max_lines]), more + len(lines) - max_lines
