"""A failure as a person needs it told: what happened, why it usually does, what to try."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure in three short sentences, without a trailing full stop needed.

    `what` says what happened, `cause` the usual reason, `cure` what to try next; `reference`
    names where it is written ("RFC 6120 4.9.3.6"), or is empty.
    """

    what: str
    cause: str = ""
    cure: str = ""
    reference: str = ""

    def __str__(self) -> str:
        return self.what


class ProblemError(Exception):
    """An exception that carries a `Problem`; every error meant for a person derives from it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem
