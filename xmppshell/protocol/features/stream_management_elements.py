"""The elements of stream management: how each is written, read, and told to a person (XEP-0198).

Each function that makes an element gives the whole move; `stream_management` knows when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import namespaces as ns
from ..acknowledgements import CountError, Ledger, count_of
from ..errors import condition as known_condition
from ..events import ResumeFailed
from ..moves import MoveFamily, Send
from ..problem import Problem
from .base import escape

if TYPE_CHECKING:
    from lxml import etree

ACK: Final = "sm-ack"
"""The name of the move that answers a request for an acknowledgement, and of its policy."""

REQUEST: Final = "sm-request"
"""The name of the move that asks for an acknowledgement, and of its policy."""

RESEND: Final = "resend"
"""The name of the move that sends a stanza again after a resume."""

ENABLE: Final = f"<enable xmlns='{ns.STREAM_MANAGEMENT}' resume='true'/>"
"""What asks for stream management, with resumption."""

NAMESPACE: Final = f"{{{ns.STREAM_MANAGEMENT}}}"
"""How the Clark names of all these elements begin."""

TRUE: Final = ("true", "1")
"""How a boolean attribute says yes."""

# What the client asks for, and the server's answers.


def enable() -> Send:
    """Return the request for stream management, with resumption."""
    reason = "stanzas are to be acknowledged, and the stream to outlive its connection"
    return _negotiates("enable", reason, 3, ENABLE)


def enabled(stream_id: str, seconds: int, location: str) -> Send:
    """Return the answer to it; with "" for `stream_id` the stream cannot be resumed."""
    attributes = ""
    if stream_id:
        attributes = f" id='{escape(stream_id)}' resume='true' max='{seconds}'"
    if stream_id and location:
        attributes += f" location='{escape(location)}'"
    xml = f"<enabled xmlns='{ns.STREAM_MANAGEMENT}'{attributes}/>"
    return _negotiates("enabled", "the client asked for stream management", 3, xml)


def resume_request(ledger: Ledger) -> str:
    """Return the element that asks to go on with the stream of `ledger`."""
    return _with_count("resume", ledger)


def resume(ledger: Ledger) -> Send:
    """Return the request to go on with the stream of `ledger`."""
    reason = "the stream whose connection was lost can be gone on with"
    return _negotiates("resume", reason, 5, resume_request(ledger))


def resumed(ledger: Ledger) -> Send:
    """Return the answer that the stream of `ledger` goes on."""
    reason = "the client goes on with an earlier stream"
    return _negotiates("resumed", reason, 5, _with_count("resumed", ledger))


def failed(condition: str, text: str) -> Send:
    """Return the answer that it cannot be done, with a stanza error's condition, and why."""
    xml = (
        f"<failed xmlns='{ns.STREAM_MANAGEMENT}'><{condition} xmlns='{ns.STANZA_ERRORS}'/>"
        f"<text xmlns='{ns.STANZA_ERRORS}' xml:lang='en'>{escape(text)}</text></failed>"
    )
    return _negotiates("sm-failed", "what the client asked for cannot be done", 6, xml)


def _negotiates(name: str, reason: str, section: int, xml: str) -> Send:
    family, reference = MoveFamily.NEGOTIATION, f"XEP-0198 {section}"
    return Send(name, family, reason, reference, data=xml.encode())


def _with_count(name: str, ledger: Ledger) -> str:
    return (
        f"<{name} xmlns='{ns.STREAM_MANAGEMENT}' h='{ledger.received}' "
        f"previd='{escape(ledger.id)}'/>"
    )


# Acknowledging.


def ack(count: int, reason: str) -> Send:
    """Return the acknowledgement of `count` stanzas."""
    xml = f"<a xmlns='{ns.STREAM_MANAGEMENT}' h='{count}'/>"
    return Send(ACK, MoveFamily.REPLY, reason, "XEP-0198 4", data=xml.encode())


def request(waiting: int) -> Send:
    """Return the request to acknowledge the stanzas that are `waiting` for it."""
    reason = f"{waiting} stanza{'' if waiting == 1 else 's'} not acknowledged yet"
    data = f"<r xmlns='{ns.STREAM_MANAGEMENT}'/>".encode()
    return Send(REQUEST, MoveFamily.DELIVERY, reason, "XEP-0198 4", data=data)


def resend(data: bytes) -> Send:
    """Return the move that sends a stanza again."""
    reason = "the peer had not handled this when the connection was lost"
    return Send(RESEND, MoveFamily.DELIVERY, reason, "XEP-0198 5", data=data)


def too_high(error: CountError) -> str:
    """Return what a stream error has to say of a count that was too high, "" for another fault."""
    if not error.too_high:
        return ""
    return (
        f"<handled-count-too-high xmlns='{ns.STREAM_MANAGEMENT}' h='{error.told}' "
        f"send-count='{error.sent}'/>"
    )


# What a refusal means.


def condition_of(element: etree._Element) -> tuple[str, str]:
    """Return the condition and the text in `<failed/>`, "" where there is none."""
    condition, text = "", ""
    for child in element:
        name = str(child.tag).rpartition("}")[2]
        if name == "text":
            text = (child.text or "").strip()
        else:
            condition = condition or name
    return condition, text


def refused(condition: str, text: str) -> Problem:
    """Return what to tell of a refusal that costs nothing but what was asked for."""
    causes = {
        "unexpected-request": "it is enabled already, or no resource is bound yet",
        "item-not-found": "the server does not know the stream to resume",
        "feature-not-implemented": "the server does not do it, or not for this account",
    }
    return Problem(
        f"the server refuses stream management: {condition or 'without a reason'}{_said(text)}",
        causes.get(condition, "the server's policy, or its load"),
        "/features shows whether it is offered, /sm whether it is enabled",
        "XEP-0198 6",
    )


def not_resumed(condition: str, text: str, told: str | None, lost: int) -> ResumeFailed:
    """Return the event of a resume that was refused; `told` is the count that came with it."""
    what = "the earlier stream could not be resumed"
    if known_condition("stanza", condition) is not None:
        what += f": {condition}"
    problem = Problem(
        what + _said(text),
        "its time ran out, or the server was restarted",
        _what_is_lost(lost),
        "XEP-0198 5",
    )
    return ResumeFailed(condition, count_of(told), lost, problem)


def not_tried(lost: int) -> ResumeFailed:
    """Return the event of a stream that was given up without a try."""
    problem = Problem(
        "the earlier stream was not resumed, and a new one takes its place",
        "the server does not offer it now, or a resource was bound by hand",
        _what_is_lost(lost),
        "XEP-0198 5",
    )
    return ResumeFailed("", None, lost, problem)


def _said(text: str) -> str:
    return f' (the server says: "{text}")' if text else ""


def _what_is_lost(count: int) -> str:
    if not count:
        return "nothing was on its way, so nothing is lost"
    stanzas = "1 stanza was" if count == 1 else f"{count} stanzas were"
    return f"{stanzas} not acknowledged: /sm shows them, and /sm resend sends them once more"
