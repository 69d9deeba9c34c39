"""What could be done next, and why: the core proposes moves and never makes one.

Who makes a move is a policy outside the core: the autopilot makes it at once, step mode offers
it for editing, manual mode waits for the user, a replay reads it from its file.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .problem import Problem


class MoveFamily(enum.Enum):
    """What a move is for; policies treat the families differently."""

    NEGOTIATION = "negotiation"
    REPLY = "reply"
    DELIVERY = "delivery"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Move:
    """A proposal: a stable, short `name`, the `reason` for it, and where that is written."""

    name: str
    family: MoveFamily
    reason: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Send(Move):
    """Send exactly `data`."""

    data: bytes = b""


@dataclass(frozen=True, slots=True)
class BeginTls(Move):
    """Start the TLS handshake on the transport now; the next bytes are no longer XML."""


@dataclass(frozen=True, slots=True)
class Disconnect(Move):
    """Close the transport: nothing more can be said on this stream."""


@dataclass(frozen=True, slots=True)
class GiveUp(Move):
    """End the stream, since nothing safe or useful can follow: `problem` says why.

    `data` is what to say before the closing tag, such as a stream error, or empty.
    """

    problem: Problem | None = None
    data: bytes = b""
