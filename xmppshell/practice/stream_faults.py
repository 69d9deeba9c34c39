"""What the server does wrong on a running stream, as bytes to write instead of honest ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..protocol import namespaces as ns
from ..protocol.features.base import escape
from ..protocol.xml.tokens import quoted
from .misbehaviour import Armed

if TYPE_CHECKING:
    from ..protocol.jid import JID
    from ..protocol.stanza import Stanza

BAD_UTF8: Final = b"<message><body>caf\xe9</body></message>"
"""Latin-1 where UTF-8 should be."""

NOT_WELL_FORMED: Final = b"<message><body>this & that</body></message>"
"""A bare ampersand."""

STREAM_ERRORS: Final = {
    "policy-violation": "a fault on demand",
    "system-shutdown": "a fault on demand: this server only pretends",
}
"""The faults that end the stream with an error of the same name, and its text."""


def injection(armed: Armed, to: JID, handled: int) -> bytes:
    """Return what the fault says to the session at `to`, or nothing if it says nothing.

    `handled` is the number of stanzas that were taken from the session.
    """
    name, value = armed.kind.name, armed.value
    if name == "bad-utf8":
        return BAD_UTF8
    if name == "not-well-formed":
        return NOT_WELL_FORMED
    if name == "huge":
        return _message(to, f"<body>{'x' * int(value)}</body>")
    if name == "deep":
        levels = int(value)
        return _message(
            to, "<deep xmlns='urn:example:deep'>" + "<a>" * levels + "</a>" * levels + "</deep>"
        )
    if name == "wrong-h":
        return f"<a xmlns='{ns.STREAM_MANAGEMENT}' h='{handled + int(value)}'/>".encode()
    if name == "forged-carbon":
        return _forged_carbon(to, value)
    if name == "see-other-host":
        return see_other_host(value)
    return b""


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
