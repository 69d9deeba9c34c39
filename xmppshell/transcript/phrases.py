"""Reading the words of a step: the verb, and what stands between it and the block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..knowledge.nearness import listed, near
from ..protocol.problem import Problem
from .script import StreamPart

VERBS = ("connects", "disconnects", "drops", "sends", "receives")

_WORD = re.compile(r"[^\s:]+")
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_RECEIVED = (
    "within TIME",
    "unordered",
    "optionally",
    "nothing",
    "header",
    "features",
    "stream error",
    "close",
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line; `column` counts from 1."""

    text: str
    column: int


class BadPhrase(ValueError):
    """Words that a step cannot have: where the mistake is, and the problem."""

    def __init__(self, word: Word, problem: Problem) -> None:
        super().__init__(problem.what)
        self.word = word
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Line:
    """A step's line, divided: its verb, the words after it, and the XML at `column`."""

    verb: Word
    words: tuple[Word, ...]
    inline: str
    column: int


def divide(line: str, start: int) -> Line | None:
    """Divide a line whose name ends at the offset `start`; None if there is no verb."""
    found = _WORD.search(line, start)
    if found is None or line[start : found.start()].strip():
        return None
    verb = Word(found[0], found.start() + 1)
    end = found.end()
    raw = re.compile(r"\s+raw\s*(?::\s*|$|(?=<))").match(line, end)
    if verb.text == "sends" and raw is not None:
        word = Word("raw", end + line[end:].index("raw") + 1)
        return Line(verb, (word,), line[raw.end() :], raw.end() + 1)
    xml = line.find("<", end)
    xml = len(line) if xml < 0 else xml
    words = (Word(word[0], word.start() + 1) for word in _WORD.finditer(line, end, xml))
    return Line(verb, tuple(words), line[xml:].rstrip(), xml + 1)


@dataclass(slots=True)
class Reception:
    """What the words after `receives` say."""

    unordered: bool = False
    optionally: bool = False
    within: float | None = None
    nothing: bool = False
    seconds: float | None = None
    part: StreamPart | None = None
    condition: str = ""


def reception(words: tuple[Word, ...]) -> Reception:
    """Read the words after `receives`; raises `BadPhrase`."""
    found = Reception()
    rest = iter(words)
    for word in rest:
        if word.text == "within":
            found.within = _duration(rest, word)
        elif word.text == "unordered":
            found.unordered = True
        elif word.text == "optionally":
            found.optionally = True
        elif word.text == "nothing":
            found.nothing = True
            _nothing(found, rest)
        elif word.text in ("header", "features", "close"):
            found.part = StreamPart(word.text)
        elif word.text == "stream":
            _stream_error(found, rest, word)
        else:
            raise BadPhrase(word, unexpected(word.text, _RECEIVED))
    _check_together(found, words)
    return found


def _nothing(found: Reception, rest: Iterator[Word]) -> None:
    word = next(rest, None)
    if word is None:
        return
    if word.text != "for":
        raise BadPhrase(word, unexpected(word.text, ("for TIME",)))
    found.seconds = _duration(rest, word)


def _stream_error(found: Reception, rest: Iterator[Word], stream: Word) -> None:
    word = next(rest, None)
    if word is None or word.text != "error":
        told = "" if word is None else word.text
        raise BadPhrase(word or stream, unexpected(told, ("stream error",)))
    found.part = StreamPart.ERROR
    condition = next(rest, None)
    if condition is None:
        return
    if condition.text == "within":
        found.within = _duration(rest, condition)
        condition = next(rest, None)
        if condition is None:
            return
    from ..protocol.errors import STREAM_CONDITIONS

    if condition.text not in STREAM_CONDITIONS:
        close = near(condition.text, STREAM_CONDITIONS)
        cure = f"near: {listed(close)}" if close else "RFC 6120 4.9.3 lists them"
        problem = Problem(f"there is no stream error {condition.text}", "", cure)
        raise BadPhrase(condition, problem)
    found.condition = condition.text


def _check_together(found: Reception, words: tuple[Word, ...]) -> None:
    if not words:
        return
    alone = found.nothing or found.part is not None
    if found.nothing and (found.part is not None or found.within is not None):
        raise BadPhrase(words[0], Problem("nothing cannot be expected together with something"))
    if alone and (found.unordered or found.optionally):
        problem = Problem("unordered and optionally are for stanzas", "", "leave the word out")
        raise BadPhrase(words[0], problem)


def _duration(rest: Iterator[Word], before: Word) -> float:
    word = next(rest, None)
    found = None if word is None else _DURATION.fullmatch(word.text)
    if found is None or float(found[1]) == 0:
        what = f"{word.text} is no time" if word is not None else "a time is missing"
        raise BadPhrase(word or before, Problem(what, "", "expected is 10s, 0.5s, 500ms or 2m"))
    return round(float(found[1]) * _UNITS[found[2]], 6)


def unexpected(word: str, expected: tuple[str, ...]) -> Problem:
    """Return the problem for a word that is not one of those `expected`."""
    what = f"{word!r} was not expected here" if word else "a word is missing"
    first = {name.partition(" ")[0]: name for name in expected}
    close = near(word, first) if word else ()
    meant = f"; {first[close[0]]} is near" if close else ""
    return Problem(what, "", f"expected is {listed(expected)}{meant}")
