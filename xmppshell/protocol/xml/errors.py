"""What is wrong with a piece of XML, and where."""

from __future__ import annotations

from ..problem import Problem, ProblemError


class XmlError(ProblemError):
    """Text that is not well-formed, or not what was asked for.

    `line` and `column` are 1-based, in characters of the text that was given; a line ends with
    U+000A.
    """

    def __init__(self, problem: Problem, line: int, column: int) -> None:
        super().__init__(problem)
        self.line = line
        self.column = column

    @classmethod
    def at(cls, problem: Problem, text: str, offset: int) -> XmlError:
        """Make the error for the character of `text` at `offset`, which counts from 0."""
        line = text.count("\n", 0, offset) + 1
        column = offset - text.rfind("\n", 0, offset)
        return cls(problem, line, column)
