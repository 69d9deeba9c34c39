"""What is typed after the name of a template: values, with the names of their fields or without.

    romeo@localhost body="Good morrow" payload=<ping xmlns='urn:xmpp:ping'/>

Quotes hold a value with spaces together if they begin it; XML holds itself together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..protocol.problem import Problem
from ..protocol.xml import TokenKind, tokenise
from .filling import WrongField
from .model import Template

_NAME: Final = re.compile(r"([a-z][a-z0-9_]*)=")
_QUOTED: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_WORD: Final = re.compile(r"\S*")
_TAG_BEGINS: Final = re.compile(r"<[A-Za-z_]")


@dataclass(frozen=True, slots=True)
class Word:
    """One value, and the name of its field or "" if it was typed without."""

    name: str
    value: str


def split(text: str) -> list[Word]:
    """Return the values that `text` has; raises `WrongField` if a quote is not closed."""
    words = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        named = _NAME.match(text, at)
        start = named.end() if named else at
        value, at = _value(text, start)
        words.append(Word(named[1] if named else "", value))
    return words


def word_of(argument: str) -> Word:
    """Return the value in one argument of a command line, where the shell did the quoting."""
    named = _NAME.match(argument)
    return Word(named[1], argument[named.end() :]) if named else Word("", argument)


def arrange(template: Template, words: Iterable[Word]) -> dict[str, str]:
    """Return the values by field; those without a name go to the fields in order.

    Raises `WrongField` if a field gets two values or there are too many.
    """
    words = list(words)
    values: dict[str, str] = {}
    for word in words:
        if word.name in values:
            raise WrongField(Problem(f"{word.name} has two values", "", "keep one of them"))
        if word.name:
            values[word.name] = word.value
    free = [name for name in template.positional if name not in values]
    for word in words:
        if word.name:
            continue
        if not free:
            raise WrongField(_too_many(template, word.value))
        values[free.pop(0)] = word.value
    return values


def _too_many(template: Template, value: str) -> Problem:
    names = template.positional
    has = f"{template.name} takes {', '.join(names)}" if names else f"{template.name} has no fields"
    texts = [name for name in names if template.fields[name].kind in ("string", "nick")]
    cure = f'a text with spaces stands in quotes: {texts[-1]}="two words"' if texts else ""
    return Problem(f"“{value}” is one value too many", has, cure)


def _value(text: str, start: int) -> tuple[str, int]:
    """Return the value that begins at `start`, and where what follows it begins."""
    quoted = _QUOTED.match(text, start)
    if quoted is not None and text[quoted.end() : quoted.end() + 1].strip() == "":
        return quoted[1] if quoted[1] is not None else quoted[2], quoted.end()
    if text[start : start + 1] in ("'", '"') and quoted is None:
        raise WrongField(Problem("a quote is not closed", text[start:][:40], "close it"))
    if _TAG_BEGINS.match(text, start):
        end = start + _element_length(text[start:])
        return text[start:end], end
    word = _WORD.match(text, start)
    assert word is not None  # It matches the empty text, too.
    return word[0], word.end()


def _element_length(text: str) -> int:
    """Return how long the element is with which `text` begins; all of it, if it is not whole."""
    depth = length = 0
    for kind, piece in tokenise(text):
        length += len(piece)
        depth += (kind is TokenKind.START_TAG) - (kind is TokenKind.END_TAG)
        if depth <= 0:
            return length
    return length
