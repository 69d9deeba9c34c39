"""Faults on demand: what the server can be told to do wrong, and what waits to be done.

`KINDS` is the registry. A fault is armed for one user, one session or anybody, and strikes as
often as was asked for. What strikes is done by `stream_faults`, while signing in by `faults`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ...protocol.conditions import SASL_CONDITIONS
from ...protocol.jid import JID
from ...protocol.problem import Problem, ProblemError
from .faults import Fault

MAX_ARMED: Final = 100
"""How many faults may wait to strike."""

FOREVER: Final = 0
"""The count of a fault that strikes until it is disarmed."""


class Moment(enum.Enum):
    """When a fault strikes."""

    SIGNING_IN = "when somebody signs in"
    AT_ONCE = "at once, or with the next stanza of the session"
    REQUEST = "with the next request of the session"
    DELIVERY = "with the next message to the session"
    WRITING = "with whatever is written to the session"


@dataclass(frozen=True, slots=True)
class Option:
    """What else may be said of a fault: a number up to `most`, or a text if that is 0."""

    name: str
    meaning: str
    default: str
    most: int = 0
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One fault: what the server does, what a client should do about it, and who says so."""

    name: str
    moment: Moment
    meaning: str
    client: str
    reference: str
    option: Option | None = None
    signing_in: Fault | None = None


def _signing_in(name: str, fault: Fault, client: str, reference: str) -> FaultKind:
    return FaultKind(name, Moment.SIGNING_IN, fault.value, client, reference, signing_in=fault)


_END_SCRAM: Final = "not trust the server: end the exchange and the stream"

KINDS: Final = {
    kind.name: kind
    for kind in (
        _signing_in("wrong-signature", Fault.WRONG_SIGNATURE, _END_SCRAM, "RFC 5802 5"),
        _signing_in("no-signature", Fault.NO_SIGNATURE, _END_SCRAM, "RFC 5802 5"),
        _signing_in("truncated-nonce", Fault.TRUNCATED_NONCE, _END_SCRAM, "RFC 5802 5.1"),
        _signing_in(
            "pbkdf2-bomb", Fault.PBKDF2_BOMB, "refuse more rounds than it can do", "RFC 5802 9"
        ),
        _signing_in("few-rounds", Fault.FEW_ROUNDS, "refuse fewer than 4096", "RFC 7677 4"),
        _signing_in(
            "stripped", Fault.STRIPPED, "remember what was offered before, and refuse", "XEP-0474"
        ),
        _signing_in(
            "after-proceed",
            Fault.AFTER_PROCEED,
            "discard what came before TLS, or give up",
            "RFC 6120 5.4.3.3",
        ),
        FaultKind(
            "sasl-failure",
            Moment.SIGNING_IN,
            "refuses whoever signs in",
            "say what the condition means, and not try the same again",
            "RFC 6120 6.5",
            Option(
                "condition", "the condition", "temporary-auth-failure", 0, tuple(SASL_CONDITIONS)
            ),
        ),
        FaultKind(
            "close",
            Moment.AT_ONCE,
            "closes the stream in order, without a reason",
            "close its side, and tell what was not answered",
            "RFC 6120 4.4",
        ),
        FaultKind(
            "drop",
            Moment.AT_ONCE,
            "closes the connection without closing the stream",
            "tell it from a proper end; resume where that is possible",
            "RFC 6120 4.5, XEP-0198 5",
        ),
        FaultKind(
            "see-other-host",
            Moment.AT_ONCE,
            "sends the client to another host",
            "verify the certificate for the domain it wanted, and not go round in circles",
            "RFC 6120 4.9.3.19",
            Option("host", "the host, with or without a port", "[::1]:9"),
        ),
        FaultKind(
            "policy-violation",
            Moment.AT_ONCE,
            "ends the stream with policy-violation",
            "tell why, and not connect again at once",
            "RFC 6120 4.9.3.14",
        ),
        FaultKind(
            "system-shutdown",
            Moment.AT_ONCE,
            "ends the stream with system-shutdown",
            "wait before it connects again, longer each time",
            "RFC 6120 4.9.3.20, 3.3",
        ),
        FaultKind(
            "slow",
            Moment.WRITING,
            "waits before each thing it writes",
            "stay usable, and match answers to requests by their ids",
            "RFC 6120 8.1.3",
            Option("ms", "how long, in milliseconds", "500", 60_000),
        ),
        FaultKind(
            "split",
            Moment.WRITING,
            "writes byte by byte, but for WebSockets",
            "put the pieces together again, whole characters included",
            "RFC 6120 11.6",
        ),
        FaultKind(
            "no-answer",
            Moment.REQUEST,
            "does not answer a request",
            "stop waiting after a while, and say so",
            "RFC 6120 8.2.3",
        ),
        FaultKind(
            "forged-result",
            Moment.REQUEST,
            "lets somebody else answer first, with the right id",
            "match answers by the sender as well as the id",
            "RFC 6120 8.1.2.1, 8.2.3",
            Option("sender", "who answers", "mallory@evil.example/x"),
        ),
        FaultKind(
            "forged-carbon",
            Moment.AT_ONCE,
            "brings a copy of a message that was never said, from another JID",
            "believe copies from its own bare JID only",
            "XEP-0280 11",
            Option("sender", "who sends it", "mallory@evil.example/x"),
        ),
        FaultKind(
            "duplicate",
            Moment.DELIVERY,
            "delivers a message twice",
            "show it once, by its id or stanza id",
            "XEP-0359 3.1",
        ),
        FaultKind(
            "huge",
            Moment.AT_ONCE,
            "sends a message with a very long body",
            "have a limit, and end the stream with policy-violation",
            "RFC 6120 13.12",
            Option("size", "how long, in bytes", "11000000", 64_000_000),
        ),
        FaultKind(
            "deep",
            Moment.AT_ONCE,
            "sends a message that is nested very deep",
            "have a limit, and not recurse without one",
            "RFC 6120 13.12",
            Option("levels", "how deep", "5000", 100_000),
        ),
        FaultKind(
            "bad-utf8",
            Moment.AT_ONCE,
            "sends bytes that are not UTF-8",
            "end the stream with unsupported-encoding",
            "RFC 6120 4.9.3.22, 11.6",
        ),
        FaultKind(
            "not-well-formed",
            Moment.AT_ONCE,
            "sends XML that is not well-formed",
            "end the stream with not-well-formed",
            "RFC 6120 4.9.3.13, 11.3",
        ),
        FaultKind(
            "wrong-h",
            Moment.AT_ONCE,
            "acknowledges stanzas that the client has not sent",
            "end the stream with undefined-condition",
            "XEP-0198 4",
            Option("more", "how many too many", "100", 1_000_000),
        ),
    )
}
"""Every fault by its name."""


@dataclass(slots=True)
class Armed:
    """A fault that waits to strike `left` times, or until it is disarmed if that is `FOREVER`."""

    kind: FaultKind
    jid: JID | None
    left: int
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def value(self) -> str:
        """The value of the option, as asked for or by default."""
        option = self.kind.option
        return "" if option is None else self.options.get(option.name, option.default)

    def concerns(self, jid: JID | None) -> bool:
        """Say whether the session at `jid` is meant; None is a client that has none yet."""
        return self.jid is None or (jid is not None and self.jid in (jid, jid.bare))


class Faults:
    """The faults that are armed on one server.

    `armed` is called after each one, so that what strikes at once can do so.
    """

    def __init__(
        self, signing_in: Iterable[Fault] = (), armed: Callable[[], None] = lambda: None
    ) -> None:
        names = {kind.signing_in: name for name, kind in KINDS.items() if kind.signing_in}
        self._armed: list[Armed] = []
        self._when_armed: Callable[[], None] = lambda: None
        for fault in signing_in:
            self.arm(names[fault])
        self._when_armed = armed

    @property
    def waiting(self) -> tuple[Armed, ...]:
        """What is armed, the oldest first."""
        return tuple(self._armed)

    def arm(
        self,
        name: str,
        jid: JID | str | None = None,
        count: int | None = None,
        **options: str | int,
    ) -> Armed:
        """Let the fault `name` strike `count` times; `FOREVER` is until it is disarmed.

        Without a count it strikes once, or until it is disarmed if it is one of writing or of
        signing in. `jid` says whom: a full JID is a session, a bare one all of a user's, None is
        anybody. Raises ProblemError if there is no such fault or option, or if too many wait
        already.
        """
        kind = KINDS.get(name)
        if kind is None:
            raise ProblemError(
                Problem(f"there is no fault “{name}”", "", f"one of {', '.join(KINDS)}")
            )
        lasts = kind.moment in (Moment.WRITING, Moment.SIGNING_IN)
        if count is None:
            count = FOREVER if lasts else 1
        if count < 0 or len(self._armed) >= MAX_ARMED:
            raise ProblemError(
                Problem(
                    f"{name} cannot be armed {count} times",
                    f"a count is not negative, and at most {MAX_ARMED} faults wait",
                    "disarm others first",
                )
            )
        said = {key: str(value) for key, value in options.items() if str(value)}
        _check(kind, said)
        armed = Armed(kind, JID.parse(jid) if isinstance(jid, str) else jid, count, said)
        self._armed.append(armed)
        self._when_armed()
        return armed

    def disarm(self, name: str = "") -> int:
        """Let go of the faults `name`, or of all; return how many those were."""
        before = len(self._armed)
        self._armed = [armed for armed in self._armed if name and armed.kind.name != name]
        return before - len(self._armed)

    def strike(self, moment: Moment, jid: JID | None) -> list[Armed]:
        """Return what strikes the session at `jid` now; each has one time less from now on."""
        return self._strike(lambda armed: armed.kind.moment is moment and armed.concerns(jid))

    def _strike(self, meant: Callable[[Armed], bool]) -> list[Armed]:
        struck = [armed for armed in self._armed if meant(armed)]
        for armed in struck:
            if armed.left == FOREVER:
                continue
            armed.left -= 1
            if not armed.left:
                self._armed.remove(armed)
        return struck

    def refusal(self) -> str:
        """Return the SASL condition with which somebody who signs in is to be refused, or ""."""
        struck = self._strike(lambda armed: armed.kind.name == "sasl-failure")
        return next((armed.value for armed in struck), "")

    def signing_in(self) -> frozenset[Fault]:
        """Return what goes wrong while the client signs in that has connected now."""
        struck = self._strike(lambda armed: armed.kind.signing_in is not None)
        return frozenset(armed.kind.signing_in for armed in struck if armed.kind.signing_in)


def _check(kind: FaultKind, said: Mapping[str, str]) -> None:
    """Raise ProblemError for options that the fault does not have, or wrong values."""
    option = kind.option
    for name, value in said.items():
        if option is None or name != option.name:
            known = "it has none" if option is None else f"it has {option.name}"
            raise ProblemError(Problem(f"{kind.name} has no option “{name}”", "", known))
        if option.one_of and value not in option.one_of:
            cure = f"one of {', '.join(option.one_of)}"
            raise ProblemError(Problem(f"“{value}” is no {name}", "", cure))
        number = option.most and value.isascii() and value.isdecimal() and len(value) < 10
        if option.most and not (number and 1 <= int(value) <= option.most):
            cure = f"a number from 1 to {option.most}"
            raise ProblemError(Problem(f"“{value}” is no value for {name}", "", cure))
