"""Text in columns: how wide it is on a terminal, cut, and wrapped."""

from __future__ import annotations

import unicodedata
from typing import Final

LEAST_WIDTH: Final = 20
"""Narrower terminals are treated as if they were this wide."""


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
