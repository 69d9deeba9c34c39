"""Where something stands in a transcript, and what is said of a mistake there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..protocol.problem import Problem, ProblemError


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A character of a file; `line` and `column` count from 1, the column in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place("", 0, 0)
"""The place of what was not read from a file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: where, what, and the `source` line with the `width` of what is marked in it."""

    place: Place
    problem: Problem
    source: str = ""
    width: int = 1

    def __str__(self) -> str:
        told = [f"{self.place}: {self.problem.what}"]
        if self.source:
            told += marked(self.source, self.place, self.width)
        told += [f"  {text}" for text in (self.problem.cause, self.problem.cure) if text]
        return "\n".join(told)


def marked(source: str, place: Place, width: int) -> list[str]:
    """Return two lines: a line of a file with its number, and a caret under each marked character.

    A tab before the mark stays a tab below, so that the carets stand right at any width of tabs.
    """
    before = source[: place.column - 1]
    space = "".join("\t" if c == "\t" else " " for c in before)
    carets = "^" * max(1, min(width, len(source) - len(before)))
    return [f"{place.line:5} | {source}", f"{'':5} | {space}{carets}"]


class ScriptError(ProblemError):
    """A transcript that cannot be read; `faults` are its mistakes, in the order of their lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        more = len(self.faults) - 1
        also = f" (and {more} more)" if more else ""
        super().__init__(
            Problem(
                f"{first.place}: {first.problem.what}{also}",
                first.problem.cause,
                first.problem.cure,
                first.problem.reference,
            )
        )

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


@dataclass(slots=True)
class Source:
    """The lines of one file while it is read, and the faults that were found in it."""

    file: str
    lines: list[str]
    faults: list[Fault] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    """Lines that are never shown, since a secret may stand there; numbers count from 1."""

    @classmethod
    def of(cls, text: str, file: str) -> Source:
        """Divide `text` into lines at line feeds, with or without a carriage return."""
        lines = text.removeprefix("\ufeff").split("\n")
        return cls(file, [line.removesuffix("\r") for line in lines])

    def place(self, line: int, column: int = 1) -> Place:
        """Return a place in this file."""
        return Place(self.file, line, column)

    def fault(self, line: int, column: int, problem: Problem, width: int = 1) -> None:
        """Note a mistake in `line` at `column`."""
        known = 0 < line <= len(self.lines) and line not in self.hidden
        source = self.lines[line - 1] if known else ""
        self.faults.append(Fault(self.place(line, column), problem, source, width))
