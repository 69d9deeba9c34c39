"""Service discovery: what the server and its accounts say that they are and can do (XEP-0030).

Each facility adds to the answers what it is good for; the capabilities that the server announces
of itself are the hash of the same answer (XEP-0115).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ... import __version__
from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..contacts.roster import Rosters
from ..directory import Delivery
from ..envelope import Envelope
from ..facilities import Facility, Host
from .capabilities import Identity, Info, form_field, verification

SERVER_NAME: Final = "xmppshell practice server"
"""The name of the software."""

SERVER_IDENTITY: Final = f"{SERVER_NAME}: a teaching instrument, all in memory"
"""The name by which the server introduces itself."""

CAPS_NODE: Final = "urn:xmppshell:practice"
"""What the server's capabilities are announced under (XEP-0115 4)."""

SOFTWARE_INFO: Final = "urn:xmpp:dataforms:softwareinfo"
"""The form that says which software it is (XEP-0232)."""

_FEATURES = (ns.DISCO_INFO, ns.DISCO_ITEMS, ns.PING, ns.ROSTER, ns.TIME, ns.VERSION)
_ACCOUNT_FEATURES = (ns.DISCO_INFO, ns.DISCO_ITEMS, ns.PING)


class Discovery:
    """The answers to disco#info and disco#items of the server and of accounts.

    With `registration` the server says that accounts can be registered.
    """

    def __init__(
        self,
        rosters: Rosters,
        facilities: Sequence[Facility],
        hosts: Sequence[Host],
        *,
        registration: bool,
    ) -> None:
        self._rosters = rosters
        self._facilities = facilities
        self._hosts = hosts
        self._server = server_info(facilities, registration=registration)

    def server_info(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Answer what the server is, also under the node of its capabilities (XEP-0115 6.2)."""
        node = node_of(envelope)
        if node in ("", f"{CAPS_NODE}#{verification(self._server)}"):
            return envelope.result(info_query(self._server, node))
        return self._node_info(envelope, to)

    def server_items(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Answer which services there are beside the server, and what facilities add."""
        if node_of(envelope):
            return self._node_items(envelope, to)
        hosts = (f"<item jid={quoted(h.domain)} name={quoted(h.name)}/>" for h in self._hosts)
        return envelope.result(items_query([*hosts, *self._offered(envelope, to)]))

    def account_info(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Answer what an account is, to those who may see its presence."""
        if node_of(envelope):
            return self._node_info(envelope, to)
        if not self._rosters.sees(envelope.sender.jid, to):
            return envelope.error("cancel", "service-unavailable")
        facilities = self._facilities
        identities = [Identity("account", "registered")]
        identities += (each for f in facilities for each in f.account_identities)
        offered = (feature for f in facilities for feature in f.account_features)
        features = tuple(dict.fromkeys((*_ACCOUNT_FEATURES, *offered)))
        return envelope.result(info_query(Info(tuple(identities), features), ""))

    def account_items(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Answer which nodes of an account the asker may see (XEP-0163 6.2).

        A stranger who may see none learns no more than of an account that does not exist.
        """
        if node_of(envelope):
            return self._node_items(envelope, to)
        items = self._offered(envelope, to)
        if not items and not self._rosters.sees(envelope.sender.jid, to):
            return envelope.error("cancel", "service-unavailable")
        return envelope.result(items_query(items))

    def _offered(self, envelope: Envelope, to: JID) -> list[str]:
        asker = envelope.sender.jid
        return [item for f in self._facilities for item in f.items(asker, to)]

    def _node_info(self, envelope: Envelope, to: JID) -> list[Delivery]:
        for facility in self._facilities:
            answer = facility.node_info(envelope, to, node_of(envelope))
            if answer is not None:
                return answer
        return envelope.error("cancel", "item-not-found", "there is no such node")

    def _node_items(self, envelope: Envelope, to: JID) -> list[Delivery]:
        for facility in self._facilities:
            answer = facility.node_items(envelope, to, node_of(envelope))
            if answer is not None:
                return answer
        return envelope.error("cancel", "item-not-found", "there is no such node")


def server_info(facilities: Sequence[Facility], *, registration: bool) -> Info:
    """Return what the server says of itself."""
    more = (ns.REGISTER,) if registration else ()
    offered = (feature for f in facilities for feature in f.server_features)
    form = (
        form_field("FORM_TYPE", SOFTWARE_INFO),
        form_field("software", SERVER_NAME),
        form_field("software_version", __version__),
    )
    features = tuple(dict.fromkeys((*_FEATURES, *more, *offered)))
    identities = [Identity("server", "im", SERVER_IDENTITY)]
    identities += (each for f in facilities for each in f.server_identities)
    return Info(tuple(identities), features, (form,))


def caps_feature(facilities: Sequence[Facility], *, registration: bool) -> str:
    """Return the stream feature that announces the server's capabilities (XEP-0115 6.3)."""
    version = verification(server_info(facilities, registration=registration))
    return f"<c xmlns='{ns.CAPS}' hash='sha-1' node={quoted(CAPS_NODE)} ver={quoted(version)}/>"


def node_of(envelope: Envelope) -> str:
    """Return the node that a query is about, or ""."""
    return envelope.element[0].get("node") or ""


def info_query(info: Info, node: str) -> str:
    """Return the payload of a disco#info result; `node` is that of the question."""
    listed = "".join(f"<feature var={quoted(feature)}/>" for feature in info.features)
    identities = "".join(identity.xml() for identity in info.identities)
    forms = "".join(
        f"<x xmlns='{ns.DATA_FORM}' type='result'>{''.join(f.xml() for f in form)}</x>"
        for form in info.forms
    )
    return f"<query xmlns='{ns.DISCO_INFO}'{_node(node)}>{identities}{listed}{forms}</query>"


def items_query(items: Sequence[str], node: str = "") -> str:
    """Return the payload of a disco#items result with these `<item/>`s; `node` as above."""
    head = f"<query xmlns='{ns.DISCO_ITEMS}'{_node(node)}"
    return f"{head}>{''.join(items)}</query>" if items else f"{head}/>"


def _node(node: str) -> str:
    return f" node={quoted(node)}" if node else ""
