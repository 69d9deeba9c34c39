"""Presence subscriptions: asking, allowing, refusing, taking back (RFC 6121 3, Appendix A).

Both sides of a subscription live on this server, so that each request changes two roster items:
that of who sends it, and that of who it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..protocol.ids import IdCounter
from ..protocol.jid import JID
from ..protocol.xml.tokens import quoted
from .directory import Delivery, Directory
from .markup import rewrite
from .presence import Presence
from .roster import Item, Rosters, push

TYPES: Final = frozenset({"subscribe", "subscribed", "unsubscribe", "unsubscribed"})
"""The presence types that manage subscriptions."""


class Subscriptions:
    """The subscriptions between the users of this server, and the roster pushes they cause.

    `is_user` says whether a bare JID has an account here.
    """

    def __init__(
        self,
        directory: Directory,
        rosters: Rosters,
        presence: Presence,
        is_user: Callable[[JID], bool],
    ) -> None:
        self._directory = directory
        self._rosters = rosters
        self._presence = presence
        self._is_user = is_user
        self._push_ids = IdCounter("push")

    def send(self, kind: str, data: bytes, user: JID, contact: JID) -> list[Delivery]:
        """Let `user` send presence of type `kind` (one of `TYPES`) to `contact`.

        Both are bare JIDs; `data` is the stanza, which goes out from and to them.
        """
        data = rewrite(data, {"from": str(user), "to": str(contact)})
        step = {
            "subscribe": self._subscribe,
            "subscribed": self._subscribed,
            "unsubscribe": self._unsubscribe,
            "unsubscribed": self._unsubscribed,
        }[kind]
        return step(data, user, contact)

    def push(self, user: JID, item: Item, *, removed: bool = False) -> list[Delivery]:
        """Tell every interested resource of `user` about a roster item (RFC 6121 2.1.6)."""
        return [
            Delivery(resource, push(item, self._push_ids.next(), resource.jid, removed=removed))
            for resource in self._directory.of(user)
            if resource.interested
        ]

    def end(self, user: JID, contact: JID) -> list[Delivery]:
        """End what there is between two, because `user` removes `contact` (RFC 6121 2.5.2)."""
        item = self._rosters.of(user).item(contact)
        deliveries = []
        if item.to or item.ask:
            deliveries += self._unsubscribe(_presence("unsubscribe", user, contact), user, contact)
        if item.from_ or item.request:
            deliveries += self._unsubscribed(
                _presence("unsubscribed", user, contact), user, contact
            )
        return deliveries

    def _subscribe(self, data: bytes, user: JID, contact: JID) -> list[Delivery]:
        """Ask to see the contact's presence (RFC 6121 3.1)."""
        item = self._rosters.of(user).item(contact)
        deliveries = []
        if not item.to and not item.ask:
            item.ask = item.listed = True
            deliveries += self.push(user, item)
        if not self._is_user(contact):
            return deliveries
        theirs = self._rosters.of(contact).item(user)
        if theirs.from_:
            return deliveries + self._granted(_presence("subscribed", contact, user), user, contact)
        if theirs.request:
            return deliveries
        theirs.request = data
        return deliveries + self._to_available(contact, data)

    def _subscribed(self, data: bytes, user: JID, contact: JID) -> list[Delivery]:
        """Let the contact see the user's presence, if it asked (RFC 6121 3.1.5)."""
        item = self._rosters.of(user).get(contact)
        if item is None or not item.request:
            return []
        item.request = b""
        item.from_ = item.listed = True
        return self.push(user, item) + self._granted(data, contact, user)

    def _granted(self, data: bytes, user: JID, contact: JID) -> list[Delivery]:
        """Let `user` learn that `contact` allowed it, and see the presence (RFC 6121 3.1.6)."""
        item = self._rosters.of(user).get(contact)
        if item is None or not item.ask:
            return []
        item.ask = False
        item.to = True
        deliveries = self._to_available(user, data) + self.push(user, item)
        return deliveries + self._presence.shown_to(user, contact)

    def _unsubscribe(self, data: bytes, user: JID, contact: JID) -> list[Delivery]:
        """No longer want to see the contact's presence (RFC 6121 3.3)."""
        item = self._rosters.of(user).get(contact)
        if item is None or not (item.to or item.ask):
            return []
        item.to = item.ask = False
        deliveries = self.push(user, item)
        theirs = self._rosters.of(contact).get(user) if self._is_user(contact) else None
        if theirs is None or not (theirs.from_ or theirs.request):
            return deliveries
        was_seen = theirs.from_
        theirs.from_, theirs.request = False, b""
        deliveries += self._to_available(contact, data)
        if was_seen:
            deliveries += self.push(contact, theirs)
            deliveries += self._presence.hidden_from(user, contact)
        return deliveries

    def _unsubscribed(self, data: bytes, user: JID, contact: JID) -> list[Delivery]:
        """Refuse a request, or take the permission back (RFC 6121 3.2)."""
        item = self._rosters.of(user).get(contact)
        if item is None or not (item.from_ or item.request):
            return []
        was_seen = item.from_
        item.from_, item.request = False, b""
        deliveries = self.push(user, item) if was_seen else []
        theirs = self._rosters.of(contact).get(user) if self._is_user(contact) else None
        if theirs is None or not (theirs.to or theirs.ask):
            return deliveries
        theirs.to = theirs.ask = False
        deliveries += self._to_available(contact, data) + self.push(contact, theirs)
        if was_seen:
            deliveries += self._presence.hidden_from(contact, user)
        return deliveries

    def _to_available(self, user: JID, data: bytes) -> list[Delivery]:
        return [Delivery(resource, data) for resource in self._directory.available(user)]


def _presence(kind: str, sender: JID, to: JID) -> bytes:
    return f"<presence type='{kind}' from={quoted(str(sender))} to={quoted(str(to))}/>".encode()
