"""Explicit subscriptions to a node, and what an entity is to the nodes (XEP-0060 5.6, 6)."""

from __future__ import annotations

from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..directory import Delivery
from .access import Access
from .events import Events
from .nodes import MAX_SUBSCRIPTIONS, Node, Nodes
from .owning import subscription
from .requests import Request, Step, listing
from .vocabulary import PUBSUB, Refused, unsupported


class Subscribing:
    """Serves anybody who may read."""

    def __init__(self, nodes: Nodes, access: Access, events: Events) -> None:
        self._nodes = nodes
        self._access = access
        self._events = events

    def steps(self) -> dict[tuple[str, str, str], Step]:
        """Return what is done, by type of iq, namespace and action."""
        return {
            ("set", PUBSUB, "subscribe"): self._subscribe,
            ("set", PUBSUB, "unsubscribe"): self._unsubscribe,
            ("get", PUBSUB, "subscriptions"): self._subscriptions,
            ("get", PUBSUB, "affiliations"): self._affiliations,
            ("get", PUBSUB, "options"): self._options,
            ("set", PUBSUB, "options"): self._options,
        }

    def _subscribe(self, request: Request) -> list[Delivery]:
        """Take a subscription; one that there is already stays as it is (6.1)."""
        jid = self._own(request, "invalid-jid", "bad-request", "modify")
        node = self._nodes.existing(request.account, request.node)
        if request.child("options") is not None:
            raise unsupported("subscription-options")
        denial = self._access.denial(node, request.asker)
        if denial is not None:
            raise denial
        answer = request.result(subscription(jid, node.name))
        if jid in node.subscribers:
            return answer
        if len(node.subscribers) >= MAX_SUBSCRIPTIONS:
            text = "the node has too many subscribers"
            raise Refused("wait", "policy-violation", text, "too-many-subscriptions")
        node.subscribers[jid] = None
        return answer + self._events.last_to(node, jid)

    def _unsubscribe(self, request: Request) -> list[Delivery]:
        """End a subscription (6.2)."""
        jid = self._own(request, "", "forbidden", "auth")
        node = self._nodes.existing(request.account, request.node)
        if jid not in node.subscribers:
            text = f"{jid} is not subscribed here"
            raise Refused("cancel", "unexpected-request", text, "not-subscribed")
        if request.action.get("subid"):
            text = "subscriptions have no ids here"
            raise Refused("modify", "not-acceptable", text, "invalid-subid")
        del node.subscribers[jid]
        return request.result()

    def _subscriptions(self, request: Request) -> list[Delivery]:
        """List the subscriptions of the asker, at one node or at all (5.6)."""
        asker = request.asker.bare
        entries = [
            subscription(jid, node.name)
            for node in self._nodes_asked(request)
            for jid in node.subscribers
            if jid.bare == asker
        ]
        return request.result(listing("subscriptions", request.optional_node, entries))

    def _affiliations(self, request: Request) -> list[Delivery]:
        """List what the asker is to one node, or to all (5.7)."""
        known = ((n.name, n.affiliation(request.asker)) for n in self._nodes_asked(request))
        entries = [
            f"<affiliation node={quoted(name)} affiliation='{affiliation}'/>"
            for name, affiliation in known
            if affiliation != "none"
        ]
        return request.result(listing("affiliations", request.optional_node, entries))

    def _options(self, request: Request) -> list[Delivery]:
        raise unsupported("subscription-options")

    def _own(self, request: Request, detail: str, condition: str, error_type: str) -> JID:
        """Return the address that is to be subscribed or not any longer; it is the asker's."""
        jid = request.address(request.action)
        if jid.bare != request.asker.bare:
            text = "one subscribes one's own addresses, by bare or full JID"
            raise Refused(error_type, condition, text, detail)
        return jid

    def _nodes_asked(self, request: Request) -> list[Node]:
        nodes = self._nodes.of(request.account)
        if request.optional_node:
            nodes = [self._nodes.existing(request.account, request.node)]
        for node in nodes:
            self._events.prune(node)
        return nodes
