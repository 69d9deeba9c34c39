"""What happened on a session, as frozen values: the one vocabulary of the event feed.

The core makes the wire events and the milestones from bytes; the session adds what only it can
know (connections, TLS, moves made). Every reader of the feed, the screen, the capture and a
replay alike, sees the same values and nothing else.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

    from .credentials import FastToken
    from .jid import JID
    from .moves import Move
    from .problem import Problem
    from .stanza import Stanza
    from .xml import StreamHeader


class Direction(enum.Enum):
    """Which way bytes went, seen from this side."""

    SENT = "sent"
    RECEIVED = "received"

    @property
    def arrow(self) -> str:
        """`→` for sent and `←` for received."""
        return "→" if self is Direction.SENT else "←"


@dataclass(frozen=True, slots=True)
class Event:
    """The base of everything on the feed."""


# What was on the wire. Each keeps the exact bytes.


@dataclass(frozen=True, slots=True)
class WireEvent(Event):
    """Bytes that were sent or received; `data` is exactly what was on the wire."""

    direction: Direction
    data: bytes


@dataclass(frozen=True, slots=True)
class StreamHeaderSeen(WireEvent):
    """A stream header, with the XML declaration if there was one (RFC 6120 4.7)."""

    header: StreamHeader


@dataclass(frozen=True, slots=True)
class ElementSeen(WireEvent):
    """One complete top-level element; `stanza` is set if it is an iq, message or presence."""

    element: etree._Element = field(repr=False)
    stanza: Stanza | None = None


@dataclass(frozen=True, slots=True)
class ElementIgnored(ElementSeen):
    """An element that a server neither takes nor ends the stream for, as some deviate."""


@dataclass(frozen=True, slots=True)
class StreamEndSeen(WireEvent):
    """The closing stream tag (RFC 6120 4.4)."""


@dataclass(frozen=True, slots=True)
class WhitespaceSeen(WireEvent):
    """White space between elements: a keepalive (RFC 6120 4.6.1)."""


@dataclass(frozen=True, slots=True)
class TextSeen(WireEvent):
    """Text directly under the stream root, which RFC 6120 does not allow."""


@dataclass(frozen=True, slots=True)
class BrokenBytesSeen(WireEvent):
    """Bytes that cannot be framed or parsed, kept as they came; `problem` says why."""

    problem: Problem


# What it meant.


@dataclass(frozen=True, slots=True)
class FeaturesOffered(Event):
    """The receiving entity sent its stream features; `names` are their Clark names, in order."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Authenticated(Event):
    """SASL succeeded; `server_verified` is true if the server proved that it knows the secret.

    `sasl2` tells XEP-0388 from RFC 6120, `token` whether a FAST token was the secret (XEP-0484).
    `channel_binding` is the type of the channel binding that was used, or "".
    """

    mechanism: str
    server_verified: bool
    identity: str = ""
    sasl2: bool = False
    token: bool = False
    channel_binding: str = ""


@dataclass(frozen=True, slots=True)
class AuthenticationFailed(Event):
    """SASL failed; `condition` is the SASL error condition, `text` what the server added."""

    mechanism: str
    condition: str
    text: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class FastTokenReceived(Event):
    """The server gave a token to sign in with next time (XEP-0484); nobody but its holder sees it.

    Who keeps tokens takes `token` from here; `mechanism` is what it is for.
    """

    mechanism: str
    token: FastToken = field(repr=False)


@dataclass(frozen=True, slots=True)
class FastTokenRefused(Event):
    """The server refused the token that was kept: it is of no more use, and to be dropped."""

    mechanism: str
    condition: str


@dataclass(frozen=True, slots=True)
class Bound(Event):
    """A resource was bound; `jid` is the full JID that the server gave (RFC 6120 7)."""

    jid: JID


@dataclass(frozen=True, slots=True)
class BindFailed(Event):
    """The server refused to bind a resource."""

    condition: str
    text: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class ManagementEnabled(Event):
    """Stanzas are acknowledged from here on (XEP-0198 3).

    With `resumable`, `id` names the stream to a later connection; `seconds` is how long after a
    loss (None: the server did not say) and `location` where ("" for anywhere).
    """

    id: str
    resumable: bool
    seconds: int | None
    location: str


@dataclass(frozen=True, slots=True)
class ManagementFailed(Event):
    """The server refused what was asked of stream management; the stream goes on without."""

    condition: str
    text: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """A stream goes on on another connection (XEP-0198 5).

    `jid` is its resource, `id` its name, `handled` how many stanzas of this side the peer has
    handled, `again` how many it has not, which are sent again.
    """

    jid: JID
    id: str
    handled: int
    again: int


@dataclass(frozen=True, slots=True)
class ResumeFailed(Event):
    """An earlier stream is not gone on with; `condition` is "" if that was not tried.

    `handled` is how many stanzas the peer says it had handled, None if it does not say; `lost` is
    how many are of unknown fate.
    """

    condition: str
    handled: int | None
    lost: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class StreamErrorSeen(Event):
    """A stream error passed in `direction`; it ends the stream (RFC 6120 4.9)."""

    direction: Direction
    condition: str
    text: str
    detail: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Violation(Event):
    """Something that must not be: the peer broke a rule so that this side cannot go on safely.

    `condition` is the stream error condition that names it.
    """

    direction: Direction
    condition: str
    problem: Problem


# What only the session knows.


@dataclass(frozen=True, slots=True)
class Connecting(Event):
    """A connection attempt starts; `why` says where host and port came from."""

    host: str
    port: int
    direct_tls: bool
    why: str


@dataclass(frozen=True, slots=True)
class ConnectAttemptFailed(Event):
    """One address did not answer; others may follow."""

    host: str
    port: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Connected(Event):
    """The transport is open; `peer` is the numeric address and port."""

    peer: str
    host: str
    port: int
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Secured(Event):
    """The TLS handshake is done; `seconds` is how long it took."""

    version: str
    cipher: str
    subject: str
    issuer: str
    verified: bool
    not_after: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Online(Event):
    """Negotiation is complete; `seconds` counts from the first connection attempt."""

    jid: JID
    seconds: float


@dataclass(frozen=True, slots=True)
class MoveProposed(Event):
    """A move that the policy leaves to the user."""

    move: Move


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """A remark of the console itself, such as a warning."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Reconnecting(Event):
    """The connection was lost, and attempt number `attempt` to open it follows in `seconds`."""

    attempt: int
    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Disconnected(Event):
    """The transport is closed.

    `clean` is true after both closing stream tags; otherwise `problem` says what happened.
    """

    clean: bool
    problem: Problem | None = None
