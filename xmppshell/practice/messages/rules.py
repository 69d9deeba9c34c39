"""What kind of message one is: what becomes of it at its address, and whether it is worth keeping.

The rules are those of RFC 6121 8.5 with its choices made: where several resources share the
highest priority all of them get what is for the most available ones, messages wait for those who
are away, and what cannot be delivered is returned rather than dropped.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns

if TYPE_CHECKING:
    from lxml import etree

    from ...protocol.stanza import Stanza

KINDS: Final = ("normal", "chat", "groupchat", "headline", "error")
"""The types of messages (RFC 6121 5.2.2)."""


ELSEWHERE: Final = "this server knows no other domains than its own"
"""What senders to other servers are told."""

UNREACHABLE: Final = "nobody can be reached at this address"
"""What senders are told, whether there is no such user or nobody is to know (RFC 6121 8.5.1)."""


class Fate(enum.Enum):
    """What becomes of a message at an account."""

    MOST_AVAILABLE = "it goes to the resources with the highest priority"
    ALL = "it goes to every resource whose priority is not negative"
    KEEP = "it waits until somebody is there"
    RETURN = "it goes back as an error"
    DROP = "nothing: nobody is told"


_TO_BARE: Final = {
    "normal": (Fate.MOST_AVAILABLE, Fate.KEEP),
    "chat": (Fate.MOST_AVAILABLE, Fate.KEEP),
    "groupchat": (Fate.RETURN, Fate.RETURN),
    "headline": (Fate.ALL, Fate.DROP),
    "error": (Fate.DROP, Fate.DROP),
}
_TO_FULL: Final = {
    "normal": (Fate.RETURN, Fate.RETURN),
    "chat": (Fate.MOST_AVAILABLE, Fate.KEEP),
    "groupchat": (Fate.RETURN, Fate.RETURN),
    "headline": (Fate.RETURN, Fate.RETURN),
    "error": (Fate.DROP, Fate.DROP),
}


def kind_of(stanza: Stanza) -> str:
    """Return the type of a message: normal if it says none or an unknown one (RFC 6121 5.2.2)."""
    return stanza.type if stanza.type in KINDS else "normal"


def fate_of(kind: str, *, full: bool, somebody: bool) -> Fate:
    """Return what becomes of a message whose `to` matches no resource (RFC 6121 8.5.4, Table 1).

    `full` says that it is for a full JID, and `somebody` that the account has a resource whose
    priority is not negative.
    """
    fates = (_TO_FULL if full else _TO_BARE)[kind]
    return fates[0] if somebody else fates[1]


def has_hint(element: etree._Element, *names: str) -> bool:
    """Say whether a message carries one of these processing hints (XEP-0334)."""
    return any(element.find(f"{{{ns.HINTS}}}{name}") is not None for name in names)


def has_body(element: etree._Element) -> bool:
    """Say whether a message has a body."""
    return element.find(f"{{{ns.CLIENT}}}body") is not None


def is_worth_keeping(element: etree._Element) -> bool:
    """Say whether a message holds more than what matters for a moment or for its way only.

    Chat states pass (XEP-0160 3), and so do a thread, hints, ids and delays by themselves.
    """
    return any(_is_content(child) for child in element)


_PASSING: Final = (ns.CHAT_STATES, ns.HINTS, ns.STANZA_ID, ns.DELAY, ns.CARBONS)


def _is_content(child: etree._Element) -> bool:
    namespace, _, name = str(child.tag).rpartition("}")
    namespace = namespace.lstrip("{")
    return namespace not in _PASSING and (namespace, name) != (ns.CLIENT, "thread")
