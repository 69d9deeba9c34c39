"""Where a message goes, and who keeps or gets a copy of it (RFC 6121 8.5)."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ..directory import Delivery, Directory, Resource
from ..envelope import Envelope
from .archives import Archives
from .carbons import Carbons
from .offline import Offline
from .rules import ELSEWHERE, UNREACHABLE, Fate, fate_of, kind_of

if TYPE_CHECKING:
    from lxml import etree

NO_ROOM: Final = "a message of type groupchat is for a room, and this is a user"
"""What senders of type groupchat are told."""


class Messages:
    """Delivers messages to the resources of `users`, the bare JIDs that have an account.

    `offline` keeps what comes for those who are away, and `carbons` copies what others wrote or
    got to the resources that want it; `archives` hold them for longer.
    """

    def __init__(
        self,
        directory: Directory,
        domains: Container[str],
        users: Container[JID],
        offline: Offline,
        carbons: Carbons,
        archives: Archives,
    ) -> None:
        self._directory = directory
        self._domains = domains
        self._users = users
        self._offline = offline
        self._carbons = carbons
        self._archives = archives

    def sent(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Do for the sender's account what is due when it sends a message, to whomever."""
        account = envelope.sender.jid.bare
        if account not in self._users or to.bare == account:
            return []
        return self._carbons.sent(envelope, self._archives.archived(envelope, account, to))

    def take(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Deliver a message that is for `to`."""
        return self._to_domain(envelope, to, again=False)

    def again(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Deliver a message once more whose resource is gone without having confirmed it.

        It was copied when it came first; what it carries is left as it is.
        """
        return self._to_domain(envelope, to, again=True)

    def _to_domain(self, envelope: Envelope, to: JID, *, again: bool) -> list[Delivery]:
        if to.domain not in self._domains:
            return envelope.error("cancel", "remote-server-not-found", ELSEWHERE)
        if not to.local or to.bare not in self._users:
            return envelope.error("cancel", "service-unavailable", UNREACHABLE)
        kind = kind_of(envelope.stanza)
        match = self._directory.at(to) if to.is_full else None
        if match is not None:
            return self._deliver(envelope, to.bare, [match], again=again)
        somebody = bool(self._directory.not_negative(to))
        fate = fate_of(kind, full=to.is_full, somebody=somebody)
        if fate is Fate.RETURN:
            text = NO_ROOM if kind == "groupchat" and to.is_bare else UNREACHABLE
            return envelope.error("cancel", "service-unavailable", text)
        if fate is Fate.KEEP:
            return self._keep(envelope, to.bare, again=again)
        if fate is Fate.DROP:
            return []
        find = self._directory.not_negative if fate is Fate.ALL else self._directory.most_available
        return self._deliver(envelope, to.bare, find(to), again=again)

    def _deliver(
        self, envelope: Envelope, account: JID, resources: list[Resource], *, again: bool
    ) -> list[Delivery]:
        if again:
            return [Delivery(resource, envelope.data) for resource in resources]
        data = self._accepted(envelope, account)
        deliveries = [Delivery(resource, data) for resource in resources]
        return deliveries + self._carbons.received(
            envelope, data, account, (*resources, envelope.sender)
        )

    def _keep(self, envelope: Envelope, account: JID, *, again: bool) -> list[Delivery]:
        """Keep a message for who is away, or return it (RFC 6121 8.5.2.2.1)."""
        fault = self._offline.fault(account, envelope.data, envelope.element)
        if fault:
            return envelope.error("cancel", "service-unavailable", fault)
        if again:
            self._offline.keep(account, envelope.sender.jid, envelope.data, again=True)
            return []
        data = self._accepted(envelope, account)
        self._offline.keep(account, envelope.sender.jid, data)
        return self._carbons.received(envelope, data, account, (envelope.sender,))

    def _accepted(self, envelope: Envelope, account: JID) -> bytes:
        """Return a message as `account` gets it, once it is archived."""
        unwanted = _unwanted(envelope.element)
        return self._archives.archived(envelope, account, envelope.sender.jid, unwanted)


def _unwanted(element: etree._Element) -> list[int]:
    """Return the places of what is not passed on: the wish for no copies (XEP-0280)."""
    private = f"{{{ns.CARBONS}}}private"
    return [place for place, child in enumerate(element) if child.tag == private]
