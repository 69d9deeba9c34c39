"""The findings of a check-up: how bad each is, and a sheet to write those of one group on."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Level(enum.Enum):
    """How bad a finding is; a note is neither good nor bad."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement.

    `group` is the part of the report it belongs to, as a title; `code` a stable name for
    programs, such as "tls.1.3"; `topic` a short one for people. `what` says what was found,
    `why` what follows from it ("" where that is plain), `reference` where it is written.
    """

    group: str
    code: str
    topic: str
    level: Level
    what: str
    why: str = ""
    reference: str = ""


@dataclass
class Sheet:
    """Takes the findings of one group, in order."""

    group: str
    findings: list[Finding] = field(default_factory=list)

    def add(
        self, level: Level, code: str, topic: str, what: str, why: str = "", reference: str = ""
    ) -> None:
        """Write a finding down."""
        self.findings.append(Finding(self.group, code, topic, level, what, why, reference))

    def ok(self, code: str, topic: str, what: str, reference: str = "") -> None:
        """Write down what is as it should be."""
        self.add(Level.OK, code, topic, what, "", reference)

    def note(self, code: str, topic: str, what: str, why: str = "", reference: str = "") -> None:
        """Write down what is neither good nor bad."""
        self.add(Level.NOTE, code, topic, what, why, reference)

    def warn(self, code: str, topic: str, what: str, why: str, reference: str = "") -> None:
        """Write down what should be better, and why."""
        self.add(Level.WARNING, code, topic, what, why, reference)

    def fail(self, code: str, topic: str, what: str, why: str, reference: str = "") -> None:
        """Write down what is wrong, and why."""
        self.add(Level.FAILURE, code, topic, what, why, reference)


def worst(found: list[Finding]) -> Level:
    """Return the worst level of the findings, OK for none."""
    order = list(Level)
    return max((each.level for each in found), key=order.index, default=Level.OK)
