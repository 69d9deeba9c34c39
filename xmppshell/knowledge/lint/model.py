"""What a rule is, what it finds, and the setting in which a text is judged."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass, field, replace

from ...protocol.events import Direction
from ...protocol.jid import JID
from ...protocol.namespaces import CLIENT
from ...protocol.xml import Context


class Severity(enum.Enum):
    """How bad it is: an error breaks a rule of the protocol, a warning is wrong in most cases."""

    ERROR = "E"
    WARNING = "W"


class Phase(enum.IntEnum):
    """How far the stream has come when a text is sent on it."""

    START = 0
    """There is no stream header yet."""
    FEATURES = 1
    """The stream is open; nobody has signed in."""
    SASL = 2
    """The client is signing in."""
    UNBOUND = 3
    """The client has signed in and has no resource."""
    BOUND = 4
    """Stanzas may flow."""

    @property
    def in_words(self) -> str:
        """What a person calls it."""
        return _PHASES[self]


_PHASES = {
    Phase.START: "before the stream header",
    Phase.FEATURES: "before signing in",
    Phase.SASL: "while signing in",
    Phase.UNBOUND: "before a resource is bound",
    Phase.BOUND: "on a stream with a resource",
}


@functools.cache
def _client_context() -> Context:
    return Context.for_namespace(CLIENT)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rules must know beside the text; None where nobody knows.

    The text was written by this side if `direction` is SENT, and by its server otherwise. This
    side is a client, or with `component` a component (XEP-0114); `me` is its address. `context`
    is what is in scope for the text, None for what a client's stream usually has.

    `encrypted` and `mechanisms` (those offered) matter while signing in. `managed` says whether
    stream management is enabled and `countable` how many stanzas the writer may acknowledge, modulo
    2^32. `waiting` has the ids of the writer's iqs that are not answered, `asked` those of the
    iqs that wait for an answer by the writer; an answer that is known to match none of them, by its
    sender, is `unmatched`. `limit` is how many bytes the server takes for one
    stanza. `services` are domains of rooms and `joined` the bare addresses of rooms that this side
    is in.

    `blanks` says that values may be left open, to be filled in later, as `$me`, `{id}` and `‹to›`
    are at the prompt; `stamped` that stanzas without an id get one; `typing` that the text may not
    be finished; `partial` that it says a part of what came, as a transcript does, so that nothing
    is missing.
    """

    direction: Direction = Direction.SENT
    phase: Phase | None = None
    me: JID | None = None
    component: bool = False
    context: Context | None = None
    encrypted: bool | None = None
    mechanisms: frozenset[str] | None = None
    managed: bool | None = None
    countable: int | None = None
    waiting: frozenset[str] = frozenset()
    asked: frozenset[str] | None = None
    unmatched: bool = False
    limit: int | None = None
    services: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    blanks: bool = False
    stamped: bool = False
    typing: bool = False
    partial: bool = False

    @property
    def sent(self) -> bool:
        """True if this side wrote the text."""
        return self.direction is Direction.SENT

    @property
    def scope(self) -> Context:
        """What is in scope for the text."""
        return self.context or _client_context()


ANYWHERE = Setting()
"""Where nothing is known of the stream: a text of its own, sent by a client."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text with the setting it holds in."""

    text: str | bytes
    setting: Setting = ANYWHERE


def sent(text: str | bytes, **known: object) -> Example:
    """Return an example of what a client sends; `known` are fields of its setting."""
    return Example(text, replace(ANYWHERE, **known))  # type: ignore[arg-type]


def received(text: str | bytes, **known: object) -> Example:
    """Return an example of what a server sends to its client."""
    return sent(text, direction=Direction.RECEIVED, **known)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; its examples are its proof: each of `bad` breaks it alone, and `good` break none.

    `name` is in kebab-case, `title` a sentence without a full stop, `explanation` says what
    happens otherwise and why the rule is there.
    """

    name: str
    severity: Severity
    title: str
    reference: str
    explanation: str
    bad: tuple[Example, ...] = field(repr=False)
    good: tuple[Example, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a text breaks a rule.

    `what` says so of this text and `cure` what to write instead, or "". `offset` counts characters
    from 0; `line` and `column` from 1, a line ending with U+000A.
    """

    rule: Rule
    what: str
    cure: str
    offset: int
    line: int
    column: int
    reference: str

    @property
    def name(self) -> str:
        """The name of the rule."""
        return self.rule.name

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.rule.severity

    @property
    def is_error(self) -> bool:
        """True for an error, false for a warning."""
        return self.rule.severity is Severity.ERROR

    @property
    def sentence(self) -> str:
        """What is wrong, where that is written, and the cure."""
        said = f"{self.what} ({self.reference})"
        return f"{said} · {self.cure}" if self.cure else said


def error(
    name: str,
    title: str,
    reference: str,
    explanation: str,
    bad: tuple[Example, ...],
    good: tuple[Example, ...],
) -> Rule:
    """Return a rule whose breach is an error."""
    return Rule(name, Severity.ERROR, title, reference, explanation, bad, good)


def warning(
    name: str,
    title: str,
    reference: str,
    explanation: str,
    bad: tuple[Example, ...],
    good: tuple[Example, ...],
) -> Rule:
    """Return a rule whose breach is a warning."""
    return Rule(name, Severity.WARNING, title, reference, explanation, bad, good)
