"""Presence subscriptions: asking, allowing, refusing, taking back (RFC 6121 3, Appendix A).

Both sides of a subscription live on this server. Each stanza takes its step on the side of who
sends it (Appendix A.2), and if it goes out, on the side of who it is for (Appendix A.3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...protocol.ids import IdCounter
from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..directory import Delivery, Directory
from ..markup import rewrite
from .presence import Presence
from .roster import Item, Rosters, push

TYPES: Final = frozenset({"subscribe", "subscribed", "unsubscribe", "unsubscribed"})
"""The presence types that manage subscriptions."""


class Subscriptions:
    """The subscriptions between the users of this server, and the roster pushes they cause.

    `reaches` says whether what a user says, the first bare JID, comes to where the subscriptions
    of a contact, the second one, are kept.
    """

    def __init__(
        self,
        directory: Directory,
        rosters: Rosters,
        presence: Presence,
        reaches: Callable[[JID, JID], bool],
    ) -> None:
        self._directory = directory
        self._rosters = rosters
        self._presence = presence
        self._reaches = reaches
        self._push_ids = IdCounter("push")

    def send(self, kind: str, data: bytes, user: JID, contact: JID) -> list[Delivery]:
        """Let `user` send presence of type `kind` (one of `TYPES`) to `contact`.

        Both are bare JIDs; `data` is the stanza, which goes out from and to them.
        """
        data = rewrite(data, {"from": str(user), "to": str(contact)})
        item = self._rosters.of(user).get(contact)
        if item is None:
            item = self._rosters.of(user).item(contact) if kind == "subscribe" else Item(contact)
        was_seen = item.from_
        goes_out, changed = _OUTBOUND[kind](item)
        deliveries = self.push(user, item) if changed else []
        if goes_out and self._reaches(user, contact):
            deliveries += self._arrive(kind, data, user, contact)
        if was_seen and not item.from_:
            deliveries += self._presence.hidden_from(contact, user)
        return deliveries

    def push(self, user: JID, item: Item, *, removed: bool = False) -> list[Delivery]:
        """Tell every interested resource of `user` about a roster item (RFC 6121 2.1.6)."""
        version = self._rosters.of(user).changed()
        return [
            Delivery(
                resource,
                push(item, self._push_ids.next(), resource.jid, version, removed=removed),
            )
            for resource in self._directory.of(user)
            if resource.interested
        ]

    def end(self, user: JID, contact: JID) -> list[Delivery]:
        """End what there is between two, because `user` removes `contact` (RFC 6121 2.5.2)."""
        item = self._rosters.of(user).item(contact)
        deliveries = []
        if item.to or item.ask:
            data = _presence("unsubscribe", user, contact)
            deliveries += self.send("unsubscribe", data, user, contact)
        if item.from_ or item.request:
            data = _presence("unsubscribed", user, contact)
            deliveries += self.send("unsubscribed", data, user, contact)
        return deliveries

    # On the side of who it is for (Appendix A.3).

    def _arrive(self, kind: str, data: bytes, sender: JID, user: JID) -> list[Delivery]:
        step = {
            "subscribe": self._asked,
            "subscribed": self._allowed,
            "unsubscribe": self._left,
            "unsubscribed": self._refused,
        }[kind]
        return step(data, sender, user)

    def _asked(self, data: bytes, sender: JID, user: JID) -> list[Delivery]:
        """Somebody wants to see the user's presence (RFC 6121 3.1.3)."""
        roster = self._rosters.of(user)
        if roster.is_full and roster.get(sender) is None:
            return []
        item = roster.item(sender)
        if item.from_:
            return self._allowed(_presence("subscribed", user, sender), user, sender)
        if item.request:
            return []
        item.request = data
        return [Delivery(resource, data) for resource in self._directory.available(user)]

    def _allowed(self, data: bytes, sender: JID, user: JID) -> list[Delivery]:
        """Somebody lets the user see their presence, who asked for it (RFC 6121 3.1.6)."""
        item = self._rosters.of(user).get(sender)
        if item is None or not item.ask:
            return []
        item.ask, item.to = False, True
        deliveries = self._to_interested(user, data) + self.push(user, item)
        return deliveries + self._presence.shown_to(user, sender)

    def _left(self, data: bytes, sender: JID, user: JID) -> list[Delivery]:
        """Somebody no longer wants to see the user's presence (RFC 6121 3.3.3)."""
        item = self._rosters.of(user).get(sender)
        if item is None or not (item.from_ or item.request):
            return []
        was_seen = item.from_
        item.from_, item.request = False, b""
        deliveries = self._to_interested(user, data)
        if was_seen:
            deliveries += self.push(user, item) + self._presence.hidden_from(sender, user)
        return deliveries

    def _refused(self, data: bytes, sender: JID, user: JID) -> list[Delivery]:
        """Somebody does not let the user see their presence, or no longer (RFC 6121 3.2.3)."""
        item = self._rosters.of(user).get(sender)
        if item is None or not (item.to or item.ask):
            return []
        item.to = item.ask = False
        return self._to_interested(user, data) + self.push(user, item)

    def _to_interested(self, user: JID, data: bytes) -> list[Delivery]:
        return [Delivery(r, data) for r in self._directory.of(user) if r.interested]


# On the side of who sends it (Appendix A.2): each says whether the stanza goes out, and whether
# the item changed for those who see it.


def _ask(item: Item) -> tuple[bool, bool]:
    changed = not (item.to or item.ask)
    if changed:
        item.ask = item.listed = True
    return True, changed


def _allow(item: Item) -> tuple[bool, bool]:
    if not item.request:
        return False, False
    item.request = b""
    item.from_ = item.listed = True
    return True, True


def _leave(item: Item) -> tuple[bool, bool]:
    changed = item.to or item.ask
    item.to = item.ask = False
    return True, changed


def _refuse(item: Item) -> tuple[bool, bool]:
    goes_out, changed = item.from_ or bool(item.request), item.from_
    item.from_, item.request = False, b""
    return goes_out, changed


_OUTBOUND: Final[dict[str, Callable[[Item], tuple[bool, bool]]]] = {
    "subscribe": _ask,
    "subscribed": _allow,
    "unsubscribe": _leave,
    "unsubscribed": _refuse,
}


def _presence(kind: str, sender: JID, to: JID) -> bytes:
    return f"<presence type='{kind}' from={quoted(str(sender))} to={quoted(str(to))}/>".encode()
