"""The nodes of an account, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from .config import Config
from .vocabulary import Refused, node_missing

MAX_NODES: Final = 100
"""How many nodes an account can have."""

MAX_PAYLOAD: Final = 128 * 1024
"""How long a payload can be, in characters."""

MAX_ACCOUNT: Final = 512 * 1024
"""How long the payloads and ids of an account can be together, in characters."""

MAX_SUBSCRIPTIONS: Final = 100
"""How many explicit subscriptions a node can have, and how many affiliations."""

MAX_NAME: Final = 1023
"""How long the name of a node or item can be, in characters."""

AFFILIATIONS: Final = ("owner", "publisher", "member", "none", "outcast")
"""What an entity can be to a node (XEP-0060 4.1), from the most to the least."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its id, its payload as it was typed ("" for none), who published it and when.

    `stamp` is the time as XEP-0082 writes it.
    """

    id: str
    payload: str
    publisher: JID
    stamp: str

    @property
    def size(self) -> int:
        """How long it is, in characters."""
        return len(self.payload) + len(self.id)

    def xml(self, *, payload: bool = True) -> str:
        """Return the `<item/>`, with its payload or without."""
        head = f"<item id={quoted(self.id)}"
        return f"{head}>{self.payload}</item>" if payload and self.payload else f"{head}/>"


@dataclass(slots=True)
class Node:
    """One node: its items from the oldest to the newest, and who is what to it.

    `subscribers` are those who subscribed by themselves, by bare or full JID; those who are
    subscribed by their presence are not among them. The account itself is always its owner.
    """

    name: str
    account: JID
    config: Config = field(default_factory=Config)
    items: dict[str, Item] = field(default_factory=dict)
    subscribers: dict[JID, None] = field(default_factory=dict)
    affiliations: dict[JID, str] = field(default_factory=dict)

    def affiliation(self, jid: JID) -> str:
        """Return what `jid` is to the node, by its bare JID."""
        if jid.bare == self.account:
            return "owner"
        return self.affiliations.get(jid.bare, "none")

    def is_subscribed(self, jid: JID) -> bool:
        """Say whether somebody subscribed explicitly, by whichever address."""
        return any(subscriber.bare == jid.bare for subscriber in self.subscribers)

    @property
    def last(self) -> Item | None:
        """The item that was published last."""
        return next(reversed(self.items.values()), None)

    @property
    def size(self) -> int:
        """How long all items are together."""
        return sum(item.size for item in self.items.values())

    def put(self, item: Item) -> None:
        """Take an item in, in place of one with the same id; the oldest make room."""
        self.items.pop(item.id, None)
        self.items[item.id] = item
        self.trim()

    def trim(self) -> None:
        """Drop the oldest items that are more than the configuration allows."""
        while len(self.items) > self.config.max_items:
            del self.items[next(iter(self.items))]


class Nodes:
    """The nodes of all accounts, by name."""

    def __init__(self) -> None:
        self._accounts: dict[JID, dict[str, Node]] = {}

    def of(self, account: JID) -> list[Node]:
        """Return the nodes of an account, in the order in which they were made."""
        return list(self._accounts.get(account, {}).values())

    def get(self, account: JID, name: str) -> Node | None:
        """Return a node, or None."""
        return self._accounts.get(account, {}).get(name)

    def existing(self, account: JID, name: str) -> Node:
        """Return a node; raise Refused if there is none of that name."""
        node = self.get(account, name)
        if node is None:
            raise node_missing()
        return node

    def create(self, account: JID, name: str, config: Config) -> Node:
        """Make a node; raise Refused if the account has too many."""
        nodes = self._accounts.setdefault(account, {})
        if len(nodes) >= MAX_NODES:
            text = f"an account can have {MAX_NODES} nodes"
            raise Refused("wait", "resource-constraint", text, "max-nodes-exceeded")
        node = nodes[name] = Node(name, account, config)
        return node

    def delete(self, node: Node) -> None:
        """Forget a node."""
        self._accounts.get(node.account, {}).pop(node.name, None)

    def forget(self, account: JID) -> None:
        """Forget an account, and what it is to the nodes of others."""
        self._accounts.pop(account, None)
        for nodes in self._accounts.values():
            for node in nodes.values():
                node.affiliations.pop(account, None)
                for subscriber in [s for s in node.subscribers if s.bare == account]:
                    del node.subscribers[subscriber]

    def check_room(self, account: JID, node: Node | None, item: Item) -> None:
        """Raise Refused if an item is too long, or the account full without what it replaces."""
        if len(item.payload) > MAX_PAYLOAD:
            text = f"a payload can have {MAX_PAYLOAD} characters"
            raise Refused("modify", "not-acceptable", text, "payload-too-big")
        used = sum(each.size for each in self.of(account))
        if node is not None:
            freed = list(node.items.values())[: len(node.items) + 1 - node.config.max_items]
            replaced = node.items.get(item.id)
            used -= replaced.size if replaced else sum(i.size for i in freed)
        if used + item.size > MAX_ACCOUNT:
            text = f"all items of an account can have {MAX_ACCOUNT} characters together"
            raise Refused("modify", "not-acceptable", text, "payload-too-big")
