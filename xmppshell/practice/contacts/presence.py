"""Presence: who is told that a resource is there, changed or gone (RFC 6121 4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..directory import Delivery, Directory, Resource
from ..envelope import Envelope
from ..markup import rewrite
from .blocklists import Blocklists
from .roster import Rosters

if TYPE_CHECKING:
    from lxml import etree

_PRIORITY = re.compile(r"[+-]?[0-9]{1,4}")
_SHOWS: Final = ("away", "chat", "dnd", "xa")


class Presence:
    """The presence of all local users; subscriptions decide who sees whom.

    Nothing passes between those of whom one blocks the other (`blocklists`). `left_elsewhere` is
    told who leaves an address that is no user's: who, which, and the presence.
    """

    def __init__(
        self,
        directory: Directory,
        rosters: Rosters,
        blocklists: Blocklists,
        left_elsewhere: Callable[[Resource, JID, bytes], list[Delivery]],
    ) -> None:
        self._directory = directory
        self._rosters = rosters
        self._blocklists = blocklists
        self._left_elsewhere = left_elsewhere

    # Presence for everyone who is subscribed.

    def broadcast(self, envelope: Envelope) -> list[Delivery]:
        """Take presence without `to`: available or unavailable (RFC 6121 4.2, 4.4, 4.5)."""
        if envelope.stanza.type == "unavailable":
            return self._unavailable(envelope.sender, envelope.data)
        fault, priority = read_presence(envelope.element)
        if fault:
            return envelope.error("modify", "bad-request", fault)
        sender = envelope.sender
        initial = not sender.available
        sender.priority = priority
        sender.presence = envelope.data
        deliveries = addressed(envelope.data, self._audience(sender))
        if initial:
            deliveries += self._present_to(sender)
        return deliveries

    def gone(self, resource: Resource) -> list[Delivery]:
        """Take leave for a resource whose stream is over (RFC 6121 4.5.2)."""
        text = f"<presence type='unavailable' from={quoted(str(resource.jid))}/>"
        return [
            delivery
            for delivery in self._unavailable(resource, text.encode())
            if delivery.to is not resource
        ]

    def _unavailable(self, sender: Resource, data: bytes) -> list[Delivery]:
        audience = self._audience(sender) if sender.available else []
        told = {watcher for watcher, _ in audience}
        for jid in sender.directed:
            audience += [(r, jid) for r in self._targets(sender, jid) if r not in told]
        elsewhere = [d for jid in sender.directed for d in self._left_elsewhere(sender, jid, data)]
        sender.priority = None
        sender.presence, sender.parting = b"", data
        sender.directed.clear()
        return addressed(data, audience) + elsewhere

    def _audience(self, sender: Resource) -> list[tuple[Resource, JID]]:
        """Return who sees the presence of `sender`, each with the address to write: own first."""
        jid = sender.jid
        own = [(resource, jid.bare) for resource in self._directory.available(jid)]
        contacts = [item.jid for item in self._rosters.of(jid) if item.from_]
        return own + [(r, contact) for contact in contacts for r in self._open(sender, contact)]

    def _open(self, resource: Resource, jid: JID) -> list[Resource]:
        """Return the available resources of `jid` that no block separates from `resource`."""
        others = self._directory.available(jid)
        return [r for r in others if not self._blocklists.between(resource.jid, r.jid)]

    def _present_to(self, newcomer: Resource) -> list[Delivery]:
        """Tell a newly available resource who else is there, and what waits (RFC 6121 4.3.2)."""
        roster = self._rosters.of(newcomer.jid)
        others = [r for r in self._directory.available(newcomer.jid) if r is not newcomer]
        for item in roster:
            if item.to:
                others += self._open(newcomer, item.jid)
        present = [_to(newcomer, resource.presence) for resource in others]
        requests = [
            Delivery(newcomer, item.request)
            for item in roster
            if item.request and not self._blocklists.between(newcomer.jid, item.jid)
        ]
        return present + requests

    # Presence for one address.

    def direct(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Take available or unavailable presence with a `to` (RFC 6121 4.6)."""
        fault, _ = read_presence(envelope.element)
        if fault and envelope.stanza.type is None:
            return envelope.error("modify", "bad-request", fault)
        if envelope.stanza.type == "unavailable":
            envelope.sender.directed.pop(to, None)
        else:
            envelope.sender.directed[to] = None
        return [
            Delivery(resource, envelope.data) for resource in self._targets(envelope.sender, to)
        ]

    def probe(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Answer a probe that a client sent itself, though its server does (RFC 6121 4.3)."""
        sender = envelope.sender
        if not self._rosters.sees(sender.jid, to):
            return [_short(sender, to.bare, "unsubscribed")]
        present = self._open(sender, to)
        if not present:
            return [_short(sender, to.bare, "unavailable")]
        return [_to(sender, resource.presence) for resource in present]

    def shown_to(self, watcher: JID, user: JID) -> list[Delivery]:
        """Show the presence of `user` to `watcher`, who has just been allowed to see it."""
        return [
            delivery
            for resource in self._directory.available(user)
            for delivery in addressed(
                resource.presence, [(w, watcher) for w in self._open(resource, watcher)]
            )
        ]

    def hidden_from(self, watcher: JID, user: JID) -> list[Delivery]:
        """Let `user` look gone to `watcher`, who may not see the presence any longer."""
        deliveries = []
        for resource in self._directory.available(user):
            gone = f"<presence type='unavailable' from={quoted(str(resource.jid))}/>".encode()
            watchers = [(each, watcher) for each in self._open(resource, watcher)]
            deliveries += addressed(gone, watchers)
        return deliveries

    def _targets(self, sender: Resource, to: JID) -> list[Resource]:
        """Return the resources that presence of `sender` directed to `to` reaches."""
        if to.is_bare:
            return self._open(sender, to)
        resource = self._directory.at(to)
        if resource is None or self._blocklists.between(sender.jid, to):
            return []
        return [resource]


def read_presence(element: etree._Element) -> tuple[str, int]:
    """Return what is wrong with available presence, or "", and its priority (RFC 6121 4.7)."""
    priorities = element.findall(f"{{{ns.CLIENT}}}priority")
    shows = element.findall(f"{{{ns.CLIENT}}}show")
    if len(priorities) > 1 or len(shows) > 1:
        return "there may be one <priority/> and one <show/>", 0
    if shows and (shows[0].text or "").strip() not in _SHOWS:
        return f"<show/> is one of {', '.join(_SHOWS)}, or left out", 0
    if not priorities:
        return "", 0
    text = (priorities[0].text or "").strip()
    if not _PRIORITY.fullmatch(text) or not -128 <= int(text) <= 127:
        return "<priority/> is an integer from -128 to 127", 0
    return "", int(text)


def addressed(data: bytes, audience: list[tuple[Resource, JID]]) -> list[Delivery]:
    """Return `data` for each of the audience, with the address that belongs to it as `to`."""
    texts: dict[JID, bytes] = {}
    for _, address in audience:
        if address not in texts:
            texts[address] = rewrite(data, {"to": str(address)})
    return [Delivery(resource, texts[address]) for resource, address in audience]


def _to(resource: Resource, data: bytes) -> Delivery:
    return Delivery(resource, rewrite(data, {"to": str(resource.jid)}))


def _short(resource: Resource, sender: JID, kind: str) -> Delivery:
    text = f"<presence type='{kind}' from={quoted(str(sender))} to={quoted(str(resource.jid))}/>"
    return Delivery(resource, text.encode())
