"""What all rooms of one service share: the way to people, the clock, ids, and the rooms."""

from __future__ import annotations

import hashlib
from collections.abc import Container

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..clockwork import Clockwork
from ..directory import Delivery, Directory, Resource
from ..facilities import Post
from ..markup import rewrite
from ..messages.archive import Archive
from .room import Room


class Service:
    """One service of rooms at `domain`; `accounts` are the users of `user_domain`.

    `post` writes to users who need not be in a room; before it is set, nothing arrives.
    """

    def __init__(
        self,
        domain: str,
        user_domain: str,
        accounts: Container[JID],
        directory: Directory,
        clockwork: Clockwork,
    ) -> None:
        self.domain = domain
        self.rooms: dict[JID, Room] = {}
        self.clockwork = clockwork
        self.post: Post = _nowhere
        self._user_domain = user_domain
        self._accounts = accounts
        self._directory = directory
        self._secret = ""

    def exists(self, jid: JID) -> bool:
        """Say whether there may be somebody at `jid`: a user, or any address elsewhere."""
        return jid.domain != self._user_domain or jid.bare in self._accounts

    def has_account(self, jid: JID) -> bool:
        """Say whether `jid` is the bare JID of a user of the server."""
        return jid.is_bare and jid in self._accounts

    def deliver(self, jid: JID, data: bytes) -> list[Delivery]:
        """Return the delivery of a stanza to a full JID, `to` included, if it is connected."""
        data = rewrite(data, {"to": str(jid)})
        resource = self._directory.at(jid)
        if resource is not None:
            return [Delivery(resource, data)]
        component = self._directory.at(JID("", jid.domain, ""))
        if component is None:
            return []
        # Its streams have another default namespace.
        return [Delivery(component, rewrite(data, {"xmlns": None}))]

    def write(self, sender: JID, data: bytes) -> tuple[list[Delivery], list[bytes]]:
        """Send a stanza to whoever it is for, wherever they are; return also what is answered."""
        room = Resource(sender)
        delivered = self.post(room, data)
        others = [delivery for delivery in delivered if delivery.to is not room]
        return others, [delivery.data for delivery in delivered if delivery.to is room]

    def new_room(self, jid: JID, owner: JID) -> Room:
        """Return a new room, which is not among the `rooms` yet."""
        return Room(jid, owner, Archive(self.clockwork.new_id))

    def occupant_id(self, room: Room, jid: JID) -> str:
        """Return the id of a user in a room: the same at every visit, and no other's (XEP-0421)."""
        if not self._secret:
            self._secret = self.clockwork.new_id()
        text = "\0".join((self._secret, str(room.jid), str(jid.bare)))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def delay(self, room: Room) -> bytes:
        """Return the `<delay/>` of a room for what is said now and sent later (XEP-0203)."""
        stamp = self.clockwork.stamp()
        return f"<delay xmlns='{ns.DELAY}' from={quoted(str(room.jid))} stamp='{stamp}'/>".encode()


def _nowhere(sender: Resource, data: bytes) -> list[Delivery]:
    return []
