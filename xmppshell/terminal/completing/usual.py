"""What is typed most, so that it comes first in a menu; all else follows it."""

from __future__ import annotations

from typing import Final

from ...protocol.namespaces import (
    BLOCKING,
    CARBONS,
    CLIENT,
    DATA_FORM,
    DISCO_INFO,
    DISCO_ITEMS,
    LAST,
    PING,
    REGISTER,
    ROSTER,
    STANZA_ERRORS,
    STREAM_MANAGEMENT,
    TIME,
    VERSION,
)

_MUC: Final = "http://jabber.org/protocol/muc"
_PUBSUB: Final = "http://jabber.org/protocol/pubsub"
_CHAT_STATES: Final = "http://jabber.org/protocol/chatstates"

_ELEMENTS: Final = (
    (CLIENT, "message presence iq body subject thread show status priority"),
    (STREAM_MANAGEMENT, "r a enable"),
    (_MUC, "x"),
    (DISCO_INFO, "query identity feature"),
    (DISCO_ITEMS, "query"),
    (ROSTER, "query item group"),
    (PING, "ping"),
    (VERSION, "query"),
    (TIME, "time"),
    (LAST, "query"),
    ("urn:xmpp:mam:2", "query"),
    (_PUBSUB, "pubsub publish items item subscribe retract"),
    ("vcard-temp", "vCard"),
    (f"{_MUC}#admin", "query"),
    (f"{_MUC}#owner", "query"),
    ("http://jabber.org/protocol/commands", "command"),
    (BLOCKING, "blocklist block unblock"),
    (CARBONS, "enable disable"),
    (DATA_FORM, "x field value"),
    (REGISTER, "query"),
    (f"{_MUC}#user", "x"),
    ("urn:xmpp:receipts", "request received"),
    (_CHAT_STATES, "active composing paused inactive gone"),
    ("urn:xmpp:chat-markers:0", "markable displayed"),
    ("urn:xmpp:message-correct:0", "replace"),
    ("urn:xmpp:reactions:0", "reactions reaction"),
    ("urn:xmpp:reply:0", "reply"),
    ("urn:xmpp:hints", "store no-store no-copy"),
    ("http://jabber.org/protocol/caps", "c"),
    ("http://jabber.org/protocol/nick", "nick"),
    ("urn:xmpp:http:upload:0", "request"),
    (STANZA_ERRORS, "item-not-found service-unavailable feature-not-implemented bad-request"),
    (STANZA_ERRORS, "forbidden not-allowed not-authorized conflict text"),
)

USUAL_ELEMENTS: Final[dict[str, int]] = {
    f"{{{namespace}}}{name}": rank * 100 + place
    for rank, (namespace, names) in enumerate(_ELEMENTS)
    for place, name in enumerate(names.split())
}
"""The rank of the usual elements by Clark name, the most usual first."""

_ATTRIBUTES: Final = ("type", "to", "jid", "node", "var", "name", "xml:lang")
_LATE_ATTRIBUTES: Final = ("id", "from")
_VALUES: Final = (
    "get", "set", "result", "chat", "normal", "headline", "groupchat", "unavailable", "subscribe",
    "subscribed", "unsubscribe", "unsubscribed", "submit", "form", "true", "false", "1", "0",
)  # fmt: skip


def attribute_rank(name: str) -> int:
    """Return where an attribute that nothing requires stands in a menu, lowest first.

    `id` and `from` come late: the shell gives stanzas their id, and servers the `from`.
    """
    if name in _LATE_ATTRIBUTES:
        return 2 * len(_ATTRIBUTES)
    return _ATTRIBUTES.index(name) if name in _ATTRIBUTES else len(_ATTRIBUTES)


def value_rank(value: str) -> int:
    """Return where one of several values stands in a menu, lowest first; `error` comes last."""
    if value == "error":
        return 2 * len(_VALUES)
    return _VALUES.index(value) if value in _VALUES else len(_VALUES)
