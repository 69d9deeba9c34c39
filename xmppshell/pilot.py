"""Who makes the moves that the core proposes: the autopilot, the user step by step, or the user.

The same policy serves the negotiation, the automatic answers and the closing of a stream.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from .protocol.moves import BeginTls, Disconnect, Move, MoveFamily
from .protocol.states import State
from .protocol.stream import Stream


class Negotiation(enum.Enum):
    """The three speeds."""

    AUTO = "auto"
    STEP = "step"
    MANUAL = "manual"

    @property
    def meaning(self) -> str:
        """Say in words what this speed does."""
        return {
            Negotiation.AUTO: "the console makes the moves",
            Negotiation.STEP: "each move is put into the prompt, to be edited or sent",
            Negotiation.MANUAL: "nothing is sent but what you type; /hint and /do help",
        }[self]


class Stage(enum.Enum):
    """Where `--until` stops the autopilot and hands over."""

    CONNECTED = "connected"
    FEATURES = "features"
    TLS = "tls"
    LOGIN = "login"
    AUTHENTICATED = "authenticated"
    BOUND = "bound"

    def reached(self, stream: Stream) -> bool:
        """Say whether `stream` has come so far."""
        if self is Stage.CONNECTED:
            return True
        if self is Stage.FEATURES:
            return len(stream.features) > 0 or stream.state in _CHOOSING
        if self is Stage.TLS:
            return stream.secured
        if self is Stage.LOGIN:
            return _may_sign_in(stream)
        if self is Stage.AUTHENTICATED:
            return stream.authenticated
        return stream.online


def _may_sign_in(stream: Stream) -> bool:
    """Say whether the features are there among which the mechanisms are: those after TLS."""
    if stream.authenticated:
        return True
    return stream.state in _CHOOSING and (stream.secured or not stream.tls_wanted)


_CHOOSING = (State.FEATURES, State.COMPONENT_OPENED)
"""Where the client's move is due; a component has no features, and its handshake instead."""


class Verdict(enum.Enum):
    """What becomes of a proposed move."""

    MAKE = enum.auto()
    PROPOSE = enum.auto()
    LEAVE = enum.auto()


@dataclass
class Pilot:
    """The policy of one session; `until` makes an autopilot hand over at a stage."""

    negotiation: Negotiation = Negotiation.AUTO
    until: Stage | None = None
    _last: Move | None = field(default=None, repr=False)

    def judge(self, move: Move, stream: Stream) -> Verdict:
        """Say what becomes of `move`; each proposal is made once."""
        if isinstance(move, BeginTls | Disconnect):
            return Verdict.MAKE  # What is under way already cannot be left undone.
        if move.family is MoveFamily.NEGOTIATION:
            self._hand_over_at_the_stage(stream)
        if self.negotiation is Negotiation.AUTO:
            return Verdict.MAKE
        if self.negotiation is Negotiation.MANUAL or move == self._last:
            return Verdict.LEAVE
        self._last = move
        return Verdict.PROPOSE

    def hands_over(self, stream: Stream) -> bool:
        """Say whether the user is to have the stream now, online or not.

        A stage that is reached makes the pilot hand over, whether or not a move is proposed.
        """
        self._hand_over_at_the_stage(stream)
        return self.negotiation is not Negotiation.AUTO

    def _hand_over_at_the_stage(self, stream: Stream) -> None:
        if (
            self.negotiation is Negotiation.AUTO
            and self.until not in (None, Stage.BOUND)
            and self.until.reached(stream)
        ):
            self.negotiation = Negotiation.MANUAL

    def switch(self, negotiation: Negotiation) -> None:
        """Change the speed from now on; a stage that was reached no longer stops it."""
        self.negotiation, self.until, self._last = negotiation, None, None
