"""Where a message goes: the rules of RFC 6121 8.5 for users of this server."""

from __future__ import annotations

from collections.abc import Container

from ..protocol.jid import JID
from .directory import Delivery, Directory
from .envelope import Envelope


class Messages:
    """Delivers messages to the resources of `users`, the bare JIDs that have an account."""

    def __init__(
        self, directory: Directory, domains: Container[str], users: Container[JID]
    ) -> None:
        self._directory = directory
        self._domains = domains
        self._users = users

    def take(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Deliver a message that is for `to`."""
        if to.domain not in self._domains:
            return envelope.error("cancel", "remote-server-not-found")
        if not to.local or to.bare not in self._users:
            return envelope.error("cancel", "service-unavailable")
        if to.is_full:
            resource = self._directory.at(to)
            if resource is not None:
                return [Delivery(resource, envelope.data)]
            if envelope.stanza.type != "chat":
                return envelope.error("cancel", "service-unavailable")
        return self._to_account(envelope, to)

    def _to_account(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Deliver to whichever resource of the account is right (RFC 6121 8.5.2.1.1)."""
        kind = envelope.stanza.type
        if kind == "error":
            return []
        if kind == "headline":
            resources = self._directory.not_negative(to)
            return [Delivery(resource, envelope.data) for resource in resources]
        if kind == "groupchat":
            return envelope.error("cancel", "service-unavailable")
        resources = self._directory.most_available(to)
        if not resources:
            return envelope.error("cancel", "service-unavailable")
        return [Delivery(resource, envelope.data) for resource in resources]
