"""Items: publishing, reading and removing them (XEP-0060 6.5, 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...protocol.xml.tokens import quoted
from ..clockwork import Clockwork
from ..directory import Delivery
from ..excerpt import excerpt
from .access import Access
from .config import Config
from .events import Events
from .nodes import MAX_NAME, Item, Nodes
from .requests import Request, Step, is_event_wanted, listing
from .vocabulary import PUBSUB, Refused, forbidden, unsupported

if TYPE_CHECKING:
    from lxml import etree


class Publishing:
    """Takes and gives items."""

    def __init__(self, nodes: Nodes, access: Access, events: Events, clockwork: Clockwork) -> None:
        self._nodes = nodes
        self._access = access
        self._events = events
        self._clockwork = clockwork

    def steps(self) -> dict[tuple[str, str, str], Step]:
        """Return what is done, by type of iq, namespace and action."""
        return {
            ("set", PUBSUB, "publish"): self._publish,
            ("set", PUBSUB, "retract"): self._retract,
            ("get", PUBSUB, "items"): self._items,
        }

    # Publishing (7.1).

    def _publish(self, request: Request) -> list[Delivery]:
        node = self._nodes.get(request.account, request.node)
        may = request.asker.bare == request.account
        if not may and (node is None or not self._access.may_publish(node, request.asker)):
            raise forbidden("you may not publish here")
        options = request.form("publish-options")
        config = Config() if node is None else node.config
        if options is not None and node is not None:
            config.check_options(options)
        elif options is not None:
            config = config.for_options(options)
        item = self._item(request, config)
        if item is not None:
            self._nodes.check_room(request.account, node, item)
        if node is None:
            node = self._nodes.create(request.account, request.node, config)
        if item is not None:
            node.put(item)
        entries = [] if item is None else [f"<item id={quoted(item.id)}/>"]
        answer = request.result(listing("publish", node.name, entries))
        return answer + self._events.published(node, item)

    def _item(self, request: Request, config: Config) -> Item | None:
        """Return the item that is to be published, or None for a mere event (7.1.3.6)."""
        items = request.children("item")
        wanted = config.on("persist_items") or config.on("deliver_payloads")
        if len(items) > 1:
            raise Refused("modify", "bad-request", "items are published one at a time")
        if not items and wanted:
            raise Refused("modify", "bad-request", "this node needs an item", "item-required")
        if not items:
            return None
        if not wanted:
            text = "this node keeps no items and delivers none"
            raise Refused("modify", "bad-request", text, "item-forbidden")
        return self._read_item(request, config, items[0])

    def _read_item(self, request: Request, config: Config, element: etree._Element) -> Item:
        payloads = list(element)
        item_id = element.get("id") or self._clockwork.new_id()
        if len(item_id) > MAX_NAME:
            text = f"an item id can have {MAX_NAME} characters"
            raise Refused("modify", "not-acceptable", text)
        if not payloads and config.on("deliver_payloads"):
            text = "the item has no payload, an element in a namespace of its own"
            raise Refused("modify", "bad-request", text, "payload-required")
        if len(payloads) > 1:
            text = "an item has one payload element"
            raise Refused("modify", "bad-request", text, "invalid-payload")
        namespace = config.text("type")
        if payloads and namespace and not str(payloads[0].tag).startswith(f"{{{namespace}}}"):
            text = f"the payload of this node is in the namespace {namespace}"
            raise Refused("modify", "bad-request", text, "invalid-payload")
        payload = excerpt(request.envelope, payloads[0]) if payloads else ""
        return Item(item_id, payload, request.asker, self._clockwork.stamp())

    # Removing (7.2).

    def _retract(self, request: Request) -> list[Delivery]:
        node = self._nodes.existing(request.account, request.node)
        affiliation = node.affiliation(request.asker)
        if affiliation not in ("owner", "publisher"):
            raise forbidden("you may not remove items here")
        if not node.config.on("persist_items"):
            raise unsupported("persistent-items")
        ids = [element.get("id", "") for element in request.children("item")]
        if not ids or not all(ids):
            text = "the item to remove is named by its id"
            raise Refused("modify", "bad-request", text, "item-required")
        known = [node.items.get(item_id) for item_id in ids]
        for item in known:
            if item is None:
                raise Refused("cancel", "item-not-found", "there is no such item")
            if affiliation == "publisher" and item.publisher.bare != request.asker.bare:
                raise forbidden("that item is somebody else's")
        for item_id in ids:
            node.items.pop(item_id, None)
        notify = is_event_wanted(request.action.get("notify")) or node.config.on("notify_retract")
        return request.result() + (self._events.retracted(node, ids) if notify else [])

    # Reading (6.5).

    def _items(self, request: Request) -> list[Delivery]:
        node = self._nodes.existing(request.account, request.node)
        denial = self._access.denial(node, request.asker)
        if denial is not None:
            raise denial
        if request.action.get("subid"):
            text = "subscriptions have no ids here"
            raise Refused("modify", "not-acceptable", text, "invalid-subid")
        wanted = request.children("item")
        items = list(node.items.values())
        if wanted:
            named = [element.get("id", "") for element in wanted]
            items = [item for item in items if item.id in named]
        most = self._most(request)
        items = items if most is None else items[-most:]
        return request.result(listing("items", node.name, [item.xml() for item in items]))

    def _most(self, request: Request) -> int | None:
        """Return how many items are asked for at most, None for all (6.5.7)."""
        text = request.action.get("max_items")
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text)):
            raise Refused("modify", "bad-request", "max_items is a number from 1 up")
        return int(text)
