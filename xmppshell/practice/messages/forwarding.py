"""Messages inside of messages (XEP-0297), and when they were sent (XEP-0203)."""

from __future__ import annotations

from ...protocol import namespaces as ns
from ...protocol.xml.tokens import quoted
from ..markup import standing_alone


def delay(stamp: str, sender: str = "") -> str:
    """Return a `<delay/>` that says when a stanza was sent, by the word of `sender` if not ""."""
    source = f" from={quoted(sender)}" if sender else ""
    return f"<delay xmlns='{ns.DELAY}'{source} stamp={quoted(stamp)}/>"


def forwarded(data: bytes, note: str = "") -> str:
    """Return the message `data`, unchanged but for its namespace, in a `<forwarded/>`.

    `note` is XML to go before it, such as a delay.
    """
    text = standing_alone(data).decode()
    return f"<forwarded xmlns='{ns.FORWARD}'>{note}{text}</forwarded>"
