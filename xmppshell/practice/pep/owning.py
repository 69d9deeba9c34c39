"""What the owner does with nodes: making, configuring, emptying, ending them (XEP-0060 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..clockwork import Clockwork
from ..directory import Delivery
from ..services.forms import submitted
from .config import Config
from .events import Events
from .nodes import AFFILIATIONS, MAX_SUBSCRIPTIONS, Node, Nodes
from .requests import Request, Step, listing
from .vocabulary import OWNER, PUBSUB, Refused, unsupported

if TYPE_CHECKING:
    from lxml import etree


class Owning:
    """Serves the account itself, and nobody else."""

    def __init__(self, nodes: Nodes, events: Events, clockwork: Clockwork) -> None:
        self._nodes = nodes
        self._events = events
        self._clockwork = clockwork

    def steps(self) -> dict[tuple[str, str, str], Step]:
        """Return what is done, by type of iq, namespace and action."""
        return {
            ("set", PUBSUB, "create"): self._create,
            ("get", OWNER, "default"): self._default,
            ("get", OWNER, "configure"): self._configuration,
            ("set", OWNER, "configure"): self._configure,
            ("set", OWNER, "purge"): self._purge,
            ("set", OWNER, "delete"): self._delete,
            ("get", OWNER, "subscriptions"): self._subscriptions,
            ("set", OWNER, "subscriptions"): self._subscribe,
            ("get", OWNER, "affiliations"): self._affiliations,
            ("set", OWNER, "affiliations"): self._affiliate,
        }

    # Making and configuring (8.1 to 8.3).

    def _create(self, request: Request) -> list[Delivery]:
        request.owner_only()
        name = request.optional_node
        form = request.form("configure")
        config = Config() if form is None else Config().changed(form)
        if name and self._nodes.get(request.account, name) is not None:
            raise Refused("cancel", "conflict", "there is a node of that name already")
        made = self._nodes.create(request.account, name or self._clockwork.new_id(), config)
        return request.result("" if name else f"<create node={quoted(made.name)}/>")

    def _default(self, request: Request) -> list[Delivery]:
        request.owner_only()
        return request.result(f"<default>{Config().xml()}</default>")

    def _configuration(self, request: Request) -> list[Delivery]:
        node = self._node(request)
        return request.result(
            f"<configure node={quoted(node.name)}>{node.config.xml()}</configure>"
        )

    def _configure(self, request: Request) -> list[Delivery]:
        node = self._node(request)
        form = submitted(request.action)
        if form is None:
            raise Refused("modify", "bad-request", "the form is missing")
        if form.type == "cancel":
            return request.result()
        node.config = node.config.changed(form)
        node.trim()
        self._events.prune(node)
        told = self._events.configured(node) if node.config.on("notify_config") else []
        return request.result() + told

    # Emptying and ending (8.4, 8.5).

    def _purge(self, request: Request) -> list[Delivery]:
        node = self._node(request)
        if not node.config.on("persist_items"):
            raise unsupported("persistent-items")
        node.items.clear()
        told = self._events.purged(node) if node.config.on("notify_retract") else []
        return request.result() + told

    def _delete(self, request: Request) -> list[Delivery]:
        node = self._node(request)
        redirect = next((each.get("uri", "") for each in request.children("redirect")), "")
        self._nodes.delete(node)
        told = self._events.deleted(node, redirect) if node.config.on("notify_delete") else []
        return request.result() + told

    # Who is what to a node (8.8, 8.9).

    def _subscriptions(self, request: Request) -> list[Delivery]:
        node = self._node(request)
        self._events.prune(node)
        entries = [subscription(jid) for jid in node.subscribers]
        return request.result(listing("subscriptions", node.name, entries))

    def _subscribe(self, request: Request) -> list[Delivery]:
        node = self._node(request)
        wanted = self._read(request, "subscription", ("subscribed", "none"))
        if len({*node.subscribers, *wanted}) > MAX_SUBSCRIPTIONS:
            raise Refused("wait", "policy-violation", "too many", "too-many-subscriptions")
        for jid, state in wanted.items():
            if state == "none":
                node.subscribers.pop(jid, None)
            else:
                node.subscribers[jid] = None
        return request.result()

    def _affiliations(self, request: Request) -> list[Delivery]:
        node = self._node(request)
        known = {node.account: "owner", **node.affiliations}
        entries = [
            f"<affiliation jid={quoted(str(jid))} affiliation='{name}'/>"
            for jid, name in known.items()
        ]
        return request.result(listing("affiliations", node.name, entries))

    def _affiliate(self, request: Request) -> list[Delivery]:
        node = self._node(request)
        wanted = self._read(request, "affiliation", AFFILIATIONS)
        if any(jid.bare == node.account for jid in wanted):
            raise Refused("modify", "not-acceptable", "an account owns its nodes for good")
        if len({*node.affiliations, *wanted}) > MAX_SUBSCRIPTIONS:
            raise Refused("wait", "resource-constraint", "too many affiliations")
        for jid, name in wanted.items():
            node.affiliations.pop(jid.bare, None)
            if name != "none":
                node.affiliations[jid.bare] = name
        self._events.prune(node)
        return request.result()

    def _read(self, request: Request, name: str, known: tuple[str, ...]) -> dict[JID, str]:
        """Return what is said of each address: the attribute `name` of the elements `name`."""
        entries = [(request.address(each), each) for each in request.children(name)]
        if not entries:
            raise Refused("modify", "bad-request", f"there is no <{name}/> to change")
        return {jid: _one_of(each, name, known) for jid, each in entries}

    def _node(self, request: Request) -> Node:
        name = request.node
        request.owner_only()
        return self._nodes.existing(request.account, name)


def subscription(jid: JID, node: str = "") -> str:
    """Return the `<subscription/>` of somebody who is subscribed."""
    about = f" node={quoted(node)}" if node else ""
    return f"<subscription{about} jid={quoted(str(jid))} subscription='subscribed'/>"


def _one_of(element: etree._Element, name: str, known: tuple[str, ...]) -> str:
    value = element.get(name, "")
    if value not in known:
        raise Refused("modify", "not-acceptable", f"{name} is one of {', '.join(known)}")
    return value
