"""The publish-subscribe service that every account is (XEP-0163)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..clockwork import Clockwork
from ..contacts.blocklists import Blocklists
from ..contacts.roster import Rosters
from ..directory import Delivery, Directory, Resource
from ..envelope import Envelope
from ..facilities import Facility, Post
from ..services.capabilities import Identity, Info
from ..services.caps import Caps
from ..services.discovery import info_query, items_query
from .access import Access
from .events import Events
from .nodes import Node, Nodes
from .owning import Owning
from .publishing import Publishing
from .requests import Request, Step
from .subscribing import Subscribing
from .vocabulary import FEATURES, OWNER, PUBSUB, Refused

if TYPE_CHECKING:
    from lxml import etree


class Pep(Facility):
    """The nodes of all accounts; `caps` knows which resources want to be told what."""

    account_features = FEATURES
    account_identities = (Identity("pubsub", "pep"),)
    # The accounts are the services, but older clients ask the server.
    server_identities = (Identity("pubsub", "pep"),)

    def __init__(
        self,
        rosters: Rosters,
        directory: Directory,
        blocklists: Blocklists,
        caps: Caps,
        clockwork: Clockwork,
    ) -> None:
        self._nodes = Nodes()
        self._access = Access(rosters)
        self._events = Events(
            self._nodes, self._access, rosters, directory, blocklists, caps, clockwork
        )
        caps.listen(self._events.heard)
        self._steps: dict[tuple[str, str, str], Step] = {
            **Publishing(self._nodes, self._access, self._events, clockwork).steps(),
            **Subscribing(self._nodes, self._access, self._events).steps(),
            **Owning(self._nodes, self._events, clockwork).steps(),
        }
        self.for_account = {
            (kind, f"{{{namespace}}}pubsub"): self._take
            for kind in ("get", "set")
            for namespace in (PUBSUB, OWNER)
        }

    def connect(self, post: Post) -> None:
        """Take note of the way out for notifications."""
        self._events.post = post

    def gone(self, resource: Resource) -> list[Delivery]:
        """Forget what a resource wanted to be told."""
        self._events.gone(resource)
        return []

    def shown(self, watcher: JID, account: JID) -> list[Delivery]:
        """Send the last items of an account to who may see its presence from now on."""
        return self._events.shown(watcher, account)

    def removed(self, account: JID) -> None:
        """Forget the nodes of an account, and its subscriptions."""
        self._nodes.forget(account)

    # Requests.

    def _take(self, envelope: Envelope, to: JID) -> list[Delivery]:
        pubsub = envelope.element[0]
        kind, outer = envelope.stanza.type or "", _split(pubsub)[0]
        for action in pubsub:
            namespace, name = _split(action)
            step = self._steps.get((kind, namespace, name))
            if step is not None and namespace == outer:
                break
        else:
            text = f"an iq of type {kind} cannot ask for any of this in the namespace {outer}"
            return envelope.error("modify", "bad-request", text)
        request = Request(envelope, to.bare, pubsub, action)
        try:
            return step(request)
        except Refused as refused:
            detail = refused.detail_xml
            return envelope.error(refused.type, refused.condition, refused.text, detail)

    # Discovery (XEP-0060 5).

    def items(self, asker: JID, to: JID) -> list[str]:
        """Return the nodes of an account that `asker` may see."""
        return [_node_item(node) for node in self._visible(asker, to)] if to.local else []

    def node_info(self, envelope: Envelope, to: JID, node: str) -> list[Delivery] | None:
        """Say what a node is, and how it is configured."""
        found = self._found(envelope, to, node)
        if found is None:
            return None
        identities = (Identity("pubsub", "leaf", found.config.text("title")),)
        query = info_query(Info(identities, (PUBSUB,)), node)
        meta_data = found.config.meta_data(str(found.account))
        end = query.rindex("</query>")
        return envelope.result(query[:end] + meta_data + query[end:])

    def node_items(self, envelope: Envelope, to: JID, node: str) -> list[Delivery] | None:
        """Say which items a node has, by their ids."""
        found = self._found(envelope, to, node)
        if found is None:
            return None
        account = quoted(str(found.account))
        items = [f"<item jid={account} name={quoted(item_id)}/>" for item_id in found.items]
        return envelope.result(items_query(items, node))

    def _found(self, envelope: Envelope, to: JID, name: str) -> Node | None:
        visible = self._visible(envelope.sender.jid, to)
        return next((node for node in visible if node.name == name), None)

    def _visible(self, asker: JID, to: JID) -> list[Node]:
        return [n for n in self._nodes.of(to.bare) if self._access.denial(n, asker) is None]


def _node_item(node: Node) -> str:
    title = node.config.text("title")
    name = f" name={quoted(title)}" if title else ""
    return f"<item jid={quoted(str(node.account))} node={quoted(node.name)}{name}/>"


def _split(element: etree._Element) -> tuple[str, str]:
    """Return namespace and name of an element."""
    namespace, _, name = str(element.tag).rpartition("}")
    return namespace.lstrip("{"), name
