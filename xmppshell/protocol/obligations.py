"""What a client owes the network: the automatic answers, as moves (RFC 6120 8.2.3, RFC 6121).

Each kind of answer has a `Policy`. The core proposes; whoever holds the session sends.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from . import namespaces as ns
from .features.base import escape
from .jid import JID, JIDError
from .moves import MoveFamily, Send
from .stanza import Stanza
from .xml import add_attribute

if TYPE_CHECKING:
    from lxml import etree


class Policy(enum.Enum):
    """What happens with one kind of answer."""

    ON = "on"
    STEP = "step"
    DECLINE = "decline"
    OFF = "off"

    @property
    def meaning(self) -> str:
        """Say in words what the policy does."""
        return _POLICY_MEANINGS[self]


_POLICY_MEANINGS: Final = {
    Policy.ON: "answered at once",
    Policy.STEP: "proposed, for you to send",
    Policy.DECLINE: "answered with service-unavailable",
    Policy.OFF: "left to you, nothing is sent",
}


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of answer: what calls for it, its policy to begin with, and where it is written.

    `declinable` says that it can be answered with an error instead.
    """

    name: str
    what: str
    default: Policy
    reference: str
    declinable: bool = True


DUTIES: Final = (
    Duty("ping", "an XMPP ping", Policy.ON, "XEP-0199 3"),
    Duty("disco-info", "a question what this client can do", Policy.ON, "XEP-0030 3.1"),
    Duty("roster-push", "a change of the roster", Policy.ON, "RFC 6121 2.1.6"),
    Duty("block-push", "a change of the block list", Policy.ON, "XEP-0191 3.3"),
    Duty("version", "a question for the software's version", Policy.DECLINE, "XEP-0092 2"),
    Duty("time", "a question for the local time", Policy.DECLINE, "XEP-0202 2"),
    Duty("last", "a question for the idle time", Policy.DECLINE, "XEP-0012 4"),
    Duty("unknown-iq", "any other request", Policy.ON, "RFC 6120 8.4"),
    Duty("sm-ack", "a request to acknowledge stanzas", Policy.ON, "XEP-0198 4", False),
    Duty("sm-request", "stanzas that wait to be acknowledged", Policy.ON, "XEP-0198 4", False),
)
"""Every duty, in the order in which they are shown."""

_BY_NAME: Final = {duty.name: duty for duty in DUTIES}
_BY_PAYLOAD: Final = {
    ("get", f"{{{ns.PING}}}ping"): "ping",
    ("get", f"{{{ns.DISCO_INFO}}}query"): "disco-info",
    ("set", f"{{{ns.ROSTER}}}query"): "roster-push",
    ("set", f"{{{ns.BLOCKING}}}block"): "block-push",
    ("set", f"{{{ns.BLOCKING}}}unblock"): "block-push",
    ("get", f"{{{ns.VERSION}}}query"): "version",
    ("get", f"{{{ns.TIME}}}time"): "time",
    ("get", f"{{{ns.LAST}}}query"): "last",
}
_PUSHES: Final = frozenset({"roster-push", "block-push"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What only the world outside the core knows, for the answers that need it.

    `utc` is the time as XEP-0082 writes it, `offset` the zone's ("+01:00"); `idle` is seconds.
    """

    version: str
    utc: str
    offset: str
    idle: int


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that is due: the move, and whether it is to be made or only proposed."""

    move: Send
    policy: Policy


def default_policies() -> dict[str, Policy]:
    """Return the policy of each duty to begin with."""
    return {duty.name: duty.default for duty in DUTIES}


def owed(
    stanza: Stanza,
    element: etree._Element,
    me: JID | None,
    policies: Mapping[str, Policy],
    facts: Facts,
    *,
    component: bool = False,
) -> Owed | None:
    """Return the answer that a received `stanza` calls for, or None.

    `me` is the bound JID. Results and errors are never answered, nor are messages and presence.
    A `component` answers from the address that was asked: not every server adds it (XEP-0114 3).
    """
    if not stanza.is_request or stanza.id is None:
        return None
    duty = _BY_PAYLOAD.get((stanza.type or "", stanza.payload or ""), "unknown-iq")
    if duty in _PUSHES and (component or not _from_own_account(stanza.sender, me)):
        duty = "unknown-iq"
    policy = policies[duty]
    if policy is Policy.DECLINE:
        duty, policy = "unknown-iq", policies["unknown-iq"]
    if policy is Policy.OFF:
        return None
    reply = _reply(duty, stanza, element, policies, facts, component)
    if component and stanza.to is not None:
        reply = add_attribute(reply, "from", stanza.to)
    known = _BY_NAME[duty]
    move = Send(
        duty,
        MoveFamily.REPLY,
        f"{known.what} is owed an answer",
        known.reference,
        data=reply.encode(),
    )
    return Owed(move, policy)


def _from_own_account(sender: str | None, me: JID | None) -> bool:
    """Say whether a push may be believed (RFC 6121 2.1.6)."""
    if sender is None:
        return True
    try:
        return me is not None and JID.parse(sender) == me.bare
    except JIDError:
        return False


def _reply(
    duty: str,
    stanza: Stanza,
    element: etree._Element,
    policies: Mapping[str, Policy],
    facts: Facts,
    component: bool,
) -> str:
    if duty == "unknown-iq":
        return _error(stanza, "cancel", "service-unavailable")
    if duty == "disco-info" and element[0].get("node"):
        return _error(stanza, "cancel", "item-not-found")
    payloads = {
        "disco-info": lambda: _disco_info(policies, component),
        "version": lambda: (
            f"<query xmlns='{ns.VERSION}'><name>xmppshell</name>"
            f"<version>{escape(facts.version)}</version></query>"
        ),
        "time": lambda: (
            f"<time xmlns='{ns.TIME}'><tzo>{facts.offset}</tzo><utc>{facts.utc}</utc></time>"
        ),
        "last": lambda: f"<query xmlns='{ns.LAST}' seconds='{facts.idle}'/>",
    }
    payload = payloads[duty]() if duty in payloads else ""
    return _iq(stanza, "result", payload)


def _disco_info(policies: Mapping[str, Policy], component: bool) -> str:
    features = [ns.DISCO_INFO]
    for name, feature in (
        ("ping", ns.PING),
        ("version", ns.VERSION),
        ("time", ns.TIME),
        ("last", ns.LAST),
    ):
        if policies[name] is Policy.ON:
            features.append(feature)
    identity = (
        "category='component' type='generic'" if component else "category='client' type='console'"
    )
    listed = "".join(f"<feature var='{feature}'/>" for feature in features)
    return f"<query xmlns='{ns.DISCO_INFO}'><identity {identity} name='xmppshell'/>{listed}</query>"


def _error(stanza: Stanza, error_type: str, condition: str) -> str:
    return _iq(
        stanza,
        "error",
        f"<error type='{error_type}'><{condition} xmlns='{ns.STANZA_ERRORS}'/></error>",
    )


def _iq(stanza: Stanza, kind: str, payload: str) -> str:
    to = "" if stanza.sender is None else f" to='{escape(stanza.sender)}'"
    head = f"<iq type='{kind}' id='{escape(stanza.id or '')}'{to}"
    return f"{head}>{payload}</iq>" if payload else f"{head}/>"
