"""What the server does wrong on a running stream, when it is told to (`misbehaviour`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from ...protocol import namespaces as ns
from ...protocol.features.base import escape
from ...protocol.xml.tokens import quoted
from .misbehaviour import Armed, Faults, Moment

if TYPE_CHECKING:
    from ...protocol.jid import JID
    from ...protocol.stanza import Stanza

BAD_UTF8: Final = b"<message><body>caf\xe9</body></message>"
"""Latin-1 where UTF-8 should be."""

NOT_WELL_FORMED: Final = b"<message><body>this & that</body></message>"
"""A bare ampersand."""

STREAM_ERRORS: Final = {
    "policy-violation": "a fault on demand",
    "system-shutdown": "a fault on demand: this server only pretends",
}
"""The faults that end the stream with an error of the same name, and its text."""


class Victim(Protocol):
    """The connection on which something goes wrong."""

    @property
    def handled(self) -> int:
        """How many stanzas were taken since stream management was enabled."""

    def send(self, data: bytes) -> None:
        """Queue a piece of the stream."""

    def inject(self, data: bytes) -> None:
        """Queue bytes that are no piece of a stream."""

    def end(self) -> None:
        """Close the stream."""

    def cut(self) -> None:
        """Close the connection, but not the stream."""

    def dismiss(self, condition: str, text: str) -> None:
        """End the stream with an error."""


def strike(faults: Faults, victim: Victim, jid: JID, note: Callable[[str], None]) -> None:
    """Do what is to go wrong at once for the session at `jid`; `note` is told."""
    for armed in faults.strike(Moment.AT_ONCE, jid):
        note(f"{armed.kind.name} strikes {jid}")
        _misbehave(armed, victim, jid)


def _misbehave(armed: Armed, victim: Victim, jid: JID) -> None:
    name = armed.kind.name
    if name in STREAM_ERRORS:
        victim.dismiss(name, STREAM_ERRORS[name])
    elif name == "drop":
        victim.cut()
    elif name == "close":
        victim.end()
    elif name == "see-other-host":
        victim.send(see_other_host(armed.value))
        victim.end()
    elif name == "forged-carbon":
        victim.send(_forged_carbon(jid, armed.value))
    else:
        victim.inject(_injection(armed, jid, victim.handled))


def manner_of_writing(faults: Faults, jid: JID) -> tuple[float, bool]:
    """Return how many seconds to wait before writing, and whether to write byte by byte."""
    if not faults.waiting:
        return 0.0, False
    struck = faults.strike(Moment.WRITING, jid)
    wait = sum(int(armed.value) for armed in struck if armed.kind.name == "slow") / 1000
    return wait, any(armed.kind.name == "split" for armed in struck)


def _injection(armed: Armed, to: JID, handled: int) -> bytes:
    """Return what the fault says to the session at `to` that no server should say."""
    name, value = armed.kind.name, armed.value
    if name == "huge":
        return _message(to, f"<body>{'x' * int(value)}</body>")
    if name == "deep":
        levels = int(value)
        content = "<a>" * levels + "</a>" * levels
        return _message(to, f"<deep xmlns='urn:example:deep'>{content}</deep>")
    if name == "wrong-h":
        return f"<a xmlns='{ns.STREAM_MANAGEMENT}' h='{handled + int(value)}'/>".encode()
    return {"bad-utf8": BAD_UTF8, "not-well-formed": NOT_WELL_FORMED}[name]


def forged_result(armed: Armed, request: Stanza, to: JID) -> bytes:
    """Return an answer to `request` that is not from whom it was sent to."""
    head = f"<iq type='result' id={quoted(request.id or '')} from={quoted(armed.value)}"
    return f"{head} to={quoted(str(to))}/>".encode()


def see_other_host(place: str) -> bytes:
    """Return the stream error that sends a client to `place`."""
    error = f"<see-other-host xmlns='{ns.STREAM_ERRORS}'>{escape(place)}</see-other-host>"
    return f"<stream:error>{error}</stream:error>".encode()


def _message(to: JID, content: str) -> bytes:
    return (
        f"<message from={quoted(to.domain)} to={quoted(str(to))} id='fault'>{content}</message>"
    ).encode()


def _forged_carbon(to: JID, sender: str) -> bytes:
    """Return a copy (XEP-0280) that does not come from the account of `to`."""
    inner = (
        f"<message xmlns='{ns.CLIENT}' type='chat' from={quoted(f'romeo@{to.domain}/orchard')} "
        f"to={quoted(str(to))} id='forged'><body>Meet me at the crypt, and bring gold.</body>"
        "</message>"
    )
    return (
        f"<message from={quoted(sender)} to={quoted(str(to))} type='chat'>"
        f"<received xmlns='{ns.CARBONS}'><forwarded xmlns='{ns.FORWARD}'>{inner}</forwarded>"
        "</received></message>"
    ).encode()
