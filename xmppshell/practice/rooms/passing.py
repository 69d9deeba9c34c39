"""Iqs that one occupant sends another through the room (XEP-0045 16.4, XEP-0410)."""

from __future__ import annotations

from typing import Final, NamedTuple

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ..directory import Delivery
from ..envelope import Envelope
from ..markup import rewrite
from .limits import MAX_REQUESTS
from .names import VCARD
from .room import Room
from .service import Service

_PING: Final = f"{{{ns.PING}}}ping"
_VCARD: Final = f"{{{VCARD}}}vCard"
_DISCO: Final = (f"{{{ns.DISCO_INFO}}}query", f"{{{ns.DISCO_ITEMS}}}query")


class _Key(NamedTuple):
    """How a reply is known: who gives it, to which address, with which id."""

    responder: JID
    address: JID
    id: str


class _Waiting(NamedTuple):
    """Who waits for a reply, and the occupant JID that was asked."""

    asker: JID
    asked: JID


class Passing:
    """Passes iqs to occupants, and their replies back to the client that asked.

    Neither learns the other's real address by it.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._waiting: dict[_Key, _Waiting] = {}

    def request(self, room: Room, envelope: Envelope, to: JID) -> list[Delivery]:
        """Pass a request on to the occupant JID `to`, or answer it."""
        stanza = envelope.stanza
        occupant = room.occupant(envelope.sender.jid)
        if occupant is None and stanza.payload in _DISCO:
            text = "only occupants may ask each other"
            return envelope.error("modify", "bad-request", text)
        if occupant is None:
            return envelope.error("modify", "not-acceptable", "you are not in this room")
        target = room.occupants.get(to.resource)
        if target is None:
            text = "nobody in the room has that nickname"
            return envelope.error("cancel", "item-not-found", text)
        if target is occupant and stanza.payload == _PING:
            # XEP-0410 lets the room itself answer, instead of another client of the user.
            return envelope.result()
        asker = room.address(occupant.nick)
        if stanza.payload == _VCARD and stanza.type == "get":
            return self._of_account(envelope, asker, target.account, to)
        key = _Key(target.jid, asker, stanza.id or "")
        if key in self._waiting:
            text = "a request with this id is under way"
            return envelope.error("cancel", "conflict", text)
        self._waiting[key] = _Waiting(envelope.sender.jid, to)
        if len(self._waiting) > MAX_REQUESTS:
            del self._waiting[next(iter(self._waiting))]
        data = rewrite(envelope.data, {"from": str(asker)})
        delivered = self._service.deliver(target.jid, data)
        if not delivered:
            del self._waiting[key]
            text = "the occupant cannot be reached"
            return envelope.error("wait", "recipient-unavailable", text)
        return delivered

    def reply(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Pass a result or an error back to who asked; one that nobody waits for is dropped."""
        key = _Key(envelope.sender.jid, to, envelope.stanza.id or "")
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return []
        data = rewrite(envelope.data, {"from": str(waiting.asked)})
        return self._service.deliver(waiting.asker, data)

    def _of_account(
        self, envelope: Envelope, asker: JID, account: JID, asked: JID
    ) -> list[Delivery]:
        """Ask the account behind an occupant, whose server answers for it (XEP-0054)."""
        data = rewrite(envelope.data, {"from": str(asker), "to": str(account)})
        others, answers = self._service.write(asker, data)
        for answer in answers:
            reply = rewrite(answer, {"from": str(asked)})
            others += self._service.deliver(envelope.sender.jid, reply)
        return others
