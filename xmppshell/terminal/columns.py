"""Text in columns: how wide it is on a terminal, cut, and wrapped."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LEAST_WIDTH: Final = 20
"""Narrower terminals are treated as if they were this wide."""

_GAP: Final = re.compile(r"(?<=\S) {2,}(?=\S)")


def cells(text: str) -> int:
    """Return how many columns `text`, one line without colour codes, takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def shortened(text: str, width: int) -> str:
    """Return `text`, one line, cut to `width` columns with `…` where it is longer."""
    if cells(text) <= width:
        return text
    kept, used = [], 1
    for character in text:
        used += _cells_of(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + "…"


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> str:
    """Return `text` broken between words into lines of at most `width` columns.

    `first` begins the first line and `rest` the others. A word that is too long for a line
    stands alone on one.
    """
    lines, line, begun = [], first, False
    for word in text.split():
        if begun and cells(line) + 1 + cells(word) > max(width, LEAST_WIDTH):
            lines.append(line)
            line, begun = rest, False
        line += f" {word}" if begun else word
        begun = True
    return "\n".join([*lines, line])


def fitted(text: str, width: int) -> str:
    """Return `text` with the lines that are longer than `width` columns broken between words.

    A line in columns, which have two spaces or more between them, goes on under its last column,
    any other line a little to the right of where it began. A last column that is one long word
    is broken inside it.
    """
    return "\n".join(_fitted_line(line, width) for line in text.split("\n"))


def _fitted_line(line: str, width: int) -> str:
    if cells(line) <= width:
        return line
    margin = len(line) - len(line.lstrip(" "))
    gaps = [found.end() for found in _GAP.finditer(line) if found.end() <= width // 2]
    start = gaps[-1] if gaps else margin
    indent = start if gaps else margin + 2
    room = width - start
    if gaps and " " not in line[start:] and room > 0:  # A fingerprint, a nonce.
        pieces = [line[at : at + room] for at in range(start, len(line), room)]
        return line[:start] + f"\n{' ' * indent}".join(pieces)
    return wrapped(line[start:], width, line[:start], " " * indent)
