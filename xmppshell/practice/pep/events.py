"""Telling those who are interested what happens at a node (XEP-0163 4, XEP-0060 7, 8).

Who sees the presence of an account is subscribed to all its nodes, and its resources choose by
their capabilities what they are told. Others subscribe to a node explicitly.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..clockwork import Clockwork
from ..contacts.blocklists import Blocklists
from ..contacts.roster import Rosters
from ..directory import Delivery, Directory, Resource
from ..facilities import Post
from ..services.caps import Caps
from .access import Access
from .nodes import Item, Node, Nodes
from .vocabulary import ADDRESS, DELAY, EVENT, NOTIFY


class Events:
    """Writes the notifications of all nodes.

    Resources that are here get them at once, if nobody blocks anybody; other addresses by way of
    `post`.
    """

    def __init__(
        self,
        nodes: Nodes,
        access: Access,
        rosters: Rosters,
        directory: Directory,
        blocklists: Blocklists,
        caps: Caps,
        clockwork: Clockwork,
    ) -> None:
        self._nodes = nodes
        self._access = access
        self._rosters = rosters
        self._directory = directory
        self._blocklists = blocklists
        self._caps = caps
        self._clockwork = clockwork
        self._wanted: dict[Resource, tuple[frozenset[str], frozenset[str]]] = {}
        self.post: Post = lambda sender, data: []

    # What happens at a node.

    def published(self, node: Node, item: Item | None) -> list[Delivery]:
        """Tell of an item that was published, or of a publication without one."""
        if not node.config.on("deliver_notifications"):
            return []
        return self._tell(node, _items(node, self._shown(node, item)), item)

    def retracted(self, node: Node, item_ids: Sequence[str]) -> list[Delivery]:
        """Tell that items were removed."""
        gone = "".join(f"<retract id={quoted(item_id)}/>" for item_id in item_ids)
        return self._tell(node, _items(node, gone))

    def purged(self, node: Node) -> list[Delivery]:
        """Tell that all items were removed."""
        return self._tell(node, f"<purge node={quoted(node.name)}/>")

    def deleted(self, node: Node, redirect: str) -> list[Delivery]:
        """Tell that a node is no more; `redirect` is the URI of what takes its place, or ""."""
        inside = f"<redirect uri={quoted(redirect)}/>" if redirect else ""
        return self._tell(node, f"<delete node={quoted(node.name)}>{inside}</delete>")

    def configured(self, node: Node) -> list[Delivery]:
        """Tell that a node is configured in another way."""
        form = node.config.xml() if node.config.on("deliver_payloads") else ""
        form = form.replace(" type='form'", " type='result'", 1)
        return self._tell(node, f"<configuration node={quoted(node.name)}>{form}</configuration>")

    def last_to(self, node: Node, subscriber: JID) -> list[Delivery]:
        """Send the last item to somebody who has just subscribed (XEP-0060 6.1.7)."""
        if node.config.text("send_last_published_item") == "never":
            return []
        return self._last(node, subscriber)

    # Who comes.

    def heard(self, resource: Resource) -> list[Delivery]:
        """Send the last items that a resource wants and did not want before (XEP-0163 4.3.3).

        Of other accounts it wants none while its priority is negative.
        """
        features = self._caps.features(resource)
        wanted = frozenset(f[: -len(NOTIFY)] for f in features if f.endswith(NOTIFY))
        others = frozenset() if (resource.priority or 0) < 0 else wanted
        old_wanted, old_others = self._wanted.get(resource, (frozenset(), frozenset()))
        self._wanted[resource] = wanted, others
        deliveries = self._lasts(resource.jid.bare, resource, wanted - old_wanted)
        if others - old_others:
            for item in self._rosters.of(resource.jid):
                if item.to:
                    deliveries += self._lasts(item.jid, resource, others - old_others)
        return deliveries

    def gone(self, resource: Resource) -> None:
        """Forget a resource."""
        self._wanted.pop(resource, None)

    def shown(self, watcher: JID, account: JID) -> list[Delivery]:
        """Send the last items of an account to who may see its presence from now on."""
        return [
            delivery
            for resource in self._directory.available(watcher)
            for delivery in self._lasts(
                account, resource, self._wanted.get(resource, (frozenset(), frozenset()))[1]
            )
        ]

    def _lasts(self, account: JID, resource: Resource, wanted: frozenset[str]) -> list[Delivery]:
        return [
            delivery
            for node in (self._nodes.of(account) if wanted else [])
            if node.name in wanted
            and node.config.text("send_last_published_item") == "on_sub_and_presence"
            and self._access.denial(node, resource.jid) is None
            for delivery in self._last(node, resource.jid)
        ]

    # Messages.

    def _last(self, node: Node, to: JID) -> list[Delivery]:
        item = node.last
        if item is None or not node.config.on("deliver_notifications"):
            return []
        delay = f"<delay xmlns='{DELAY}' stamp='{item.stamp}'/>"
        return self._send(node, to, _items(node, self._shown(node, item)), item, delay)

    def _shown(self, node: Node, item: Item | None) -> str:
        return "" if item is None else item.xml(payload=node.config.on("deliver_payloads"))

    def _tell(self, node: Node, event: str, item: Item | None = None) -> list[Delivery]:
        return [
            delivery
            for to in self._audience(node)
            for delivery in self._send(node, to, event, item)
        ]

    def _audience(self, node: Node) -> list[JID]:
        """Return whom to write to: resources by capabilities, then who subscribed explicitly.

        Nobody is told twice: an explicit subscription gives nothing to who is told by the other
        way.
        """
        account = node.account
        contacts = [i.jid for i in self._rosters.of(account) if i.from_]
        resources = self._directory.available(account)
        for contact in contacts:
            if self._access.denial(node, contact) is None:
                resources += self._directory.not_negative(contact)
        feature = node.name + NOTIFY
        told = {r.jid: None for r in resources if feature in self._caps.features(r)}
        accounts = {jid.bare for jid in told}
        self.prune(node)
        told.update((each, None) for each in node.subscribers if each not in accounts)
        return list(told)

    def prune(self, node: Node) -> None:
        """End the subscriptions of those who may not read the node any longer (XEP-0163 7.1)."""
        for subscriber in tuple(node.subscribers):
            if self._access.denial(node, subscriber) is not None:
                del node.subscribers[subscriber]

    def _send(
        self, node: Node, to: JID, event: str, item: Item | None = None, more: str = ""
    ) -> list[Delivery]:
        kind = node.config.text("notification_type")
        reply_to = ""
        if item is not None and self._access.sees(node, to):
            # Whoever sees the presence knows the resources.
            publisher = quoted(str(item.publisher))
            reply_to = f"<address type='replyto' jid={publisher}/>"
            reply_to = f"<addresses xmlns='{ADDRESS}'>{reply_to}</addresses>"
        text = (
            f"<message from={quoted(str(node.account))} to={quoted(str(to))}"
            f" type='{kind}' id={quoted(self._clockwork.new_id())}>"
            f"<event xmlns='{EVENT}'>{event}</event>{reply_to}{more}</message>"
        ).encode()
        resource = self._directory.at(to)
        if resource is not None and to.is_full:
            return [] if self._blocklists.between(node.account, to) else [Delivery(resource, text)]
        sender = Resource(node.account)
        return [d for d in self.post(sender, text) if d.to is not sender]


def _items(node: Node, inside: str) -> str:
    head = f"<items node={quoted(node.name)}"
    return f"{head}>{inside}</items>" if inside else f"{head}/>"
