"""The service of rooms: which stanza is for what (XEP-0045)."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

from ...protocol import namespaces as ns
from ...protocol.errors import stanza_error
from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..clockwork import Clockwork
from ..contacts.presence import read_presence
from ..directory import Delivery, Directory
from ..envelope import Envelope
from ..facilities import Post
from ..markup import rewrite
from ..messages.archive_queries import METADATA, QUERY
from . import (
    administration,
    archiving,
    discovery,
    entering,
    invitations,
    moving,
    ownership,
    talking,
    voice,
)
from .names import ADMIN, OWNER
from .notices import plain_presence
from .passing import Passing
from .ranks import Affiliation
from .room import Room
from .service import Service

_PING: Final = ("get", f"{{{ns.PING}}}ping")
_INFO: Final = ("get", f"{{{ns.DISCO_INFO}}}query")
_ITEMS: Final = ("get", f"{{{ns.DISCO_ITEMS}}}query")

_UNREACHABLE: Final = frozenset(
    {
        "gone",
        "item-not-found",
        "recipient-unavailable",
        "redirect",
        "remote-server-not-found",
        "remote-server-timeout",
    }
)
"""The errors that tell a room that an occupant is not there any longer (XEP-0045 17.1.2)."""

_NO_ROOM: Final = "there is no such room"
_LOCKED: Final = "the room is locked until its owner has configured it"


class Rooms:
    """The rooms at `domain`, for the users of `user_domain` and of components.

    `accounts` are the users who can be invited; `directory` has who is connected.
    """

    name = discovery.SERVICE_NAME

    def __init__(
        self,
        domain: str,
        user_domain: str,
        accounts: Container[JID],
        directory: Directory,
        clockwork: Clockwork,
    ) -> None:
        self.service = Service(domain, user_domain, accounts, directory, clockwork)
        self._passing = Passing(self.service)
        self._for_room: dict[
            tuple[str, str], Callable[[Service, Room, Envelope], list[Delivery]]
        ] = {
            ("get", f"{{{ADMIN}}}query"): administration.list_people,
            ("set", f"{{{ADMIN}}}query"): administration.change_people,
            ("get", f"{{{OWNER}}}query"): ownership.show_form,
            ("set", f"{{{OWNER}}}query"): ownership.take_owners_wish,
            ("get", QUERY): archiving.show_fields,
            ("set", QUERY): archiving.look_up,
            ("get", METADATA): archiving.show_ends,
        }

    @property
    def domain(self) -> str:
        """The domain of the service."""
        return self.service.domain

    def connect(self, post: Post) -> None:
        """Take note of the way to users who are not in a room."""
        self.service.post = post

    def take(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Take one stanza for the service, a room or an occupant."""
        kind = envelope.stanza.kind
        if not to.local:
            return self._to_service(envelope)
        if kind == "presence":
            deliveries = self._presence(envelope, to)
        elif kind == "message":
            deliveries = self._message(envelope, to)
        else:
            deliveries = self._iq(envelope, to)
        return deliveries + self._tidy(to.bare)

    def removed(self, account: JID) -> None:
        """Let an account that was cancelled be nothing to any room."""
        for room in self.service.rooms.values():
            room.forget(account.bare)

    def _tidy(self, jid: JID) -> list[Delivery]:
        """End a room that nobody is in, unless it is to stay (XEP-0045 7.14, 10.1.3)."""
        room = self.service.rooms.get(jid)
        if room is None:
            return []
        deserted = not room.occupants and not room.configuration.persistent
        given_up = room.locked and not any(
            room.affiliation(each.account) is Affiliation.OWNER for each in room.occupants.values()
        )
        return ownership.destroy_room(self.service, room) if deserted or given_up else []

    # The service itself.

    def _to_service(self, envelope: Envelope) -> list[Delivery]:
        stanza = envelope.stanza
        if stanza.kind == "iq":
            if stanza.is_reply:
                return []
            key = (stanza.type or "", stanza.payload or "")
            if key == _INFO:
                return discovery.service_info(envelope)
            if key == _ITEMS:
                return discovery.service_items(self.service, envelope)
            if key == _PING:
                return envelope.result()
            return envelope.error("cancel", "service-unavailable")
        if stanza.kind == "presence" and stanza.type is not None:
            return []
        text = "this is the service: a room has an address such as room@" + self.domain
        return envelope.error("cancel", "service-unavailable", text)

    # Presence.

    def _presence(self, envelope: Envelope, to: JID) -> list[Delivery]:
        kind = envelope.stanza.type
        room = self.service.rooms.get(to.bare)
        if kind is None:
            return self._available(envelope, to, room)
        inside = None if room is None else room.occupant(envelope.sender.jid)
        if kind == "subscribe":
            return _unsubscribed(envelope, to)
        if kind not in ("unavailable", "error", "probe", *_ANSWERS):
            return envelope.error("modify", "bad-request", "there is no such presence type")
        if room is None or inside is None:
            return []
        if kind == "unavailable":
            if room.locked and len(inside.sessions) == len(list(room.sessions())) == 1:
                # It never came to be (10.1.3).
                return ownership.destroy_room(self.service, room)
            presence = plain_presence(envelope.data, envelope.element)
            presence = rewrite(presence, {"id": envelope.stanza.id})
            return moving.leave(self.service, room, envelope.sender.jid, presence)
        if kind == "error":
            return self._returned(envelope, room)
        return []

    def _available(self, envelope: Envelope, to: JID, room: Room | None) -> list[Delivery]:
        if not to.resource:
            text = f"a nickname is missing: write {to}/nickname"
            return envelope.error("modify", "jid-malformed", text)
        fault, _ = read_presence(envelope.element)
        if fault:
            return envelope.error("modify", "bad-request", fault)
        asks = entering.asks_to_enter(envelope.element)
        occupant = None if room is None else room.occupant(envelope.sender.jid)
        if room is None or occupant is None:
            if asks:
                return entering.enter(self.service, envelope, to)
            return entering.put_right(self.service, envelope, to)
        if to.resource != occupant.nick:
            return moving.change_nick(self.service, room, envelope, to.resource)
        if asks:
            return entering.synchronise(self.service, room, envelope)
        return moving.change_presence(self.service, room, envelope)

    def _returned(self, envelope: Envelope, room: Room) -> list[Delivery]:
        """Take an error that comes back for what the room sent: somebody may be gone."""
        error = stanza_error(envelope.element)
        if error is None or error.condition not in _UNREACHABLE:
            return []
        return moving.drop(self.service, room, envelope.sender.jid)

    # Messages.

    def _message(self, envelope: Envelope, to: JID) -> list[Delivery]:
        service, element = self.service, envelope.element
        room = service.rooms.get(to.bare)
        if envelope.stanza.type == "error":
            inside = room is not None and room.occupant(envelope.sender.jid) is not None
            return self._returned(envelope, room) if inside and room is not None else []
        if room is None or room.locked:
            text = _NO_ROOM if room is None else _LOCKED
            return envelope.error("cancel", "item-not-found", text)
        if to.resource:
            return talking.whisper(service, room, envelope, to.resource)
        if envelope.stanza.type == "groupchat":
            return talking.speak(service, room, envelope)
        if element.find(invitations.INVITE) is not None:
            return invitations.invite(service, room, envelope)
        if element.find(invitations.DECLINE) is not None:
            return invitations.decline(service, room, envelope)
        form = voice.request_in(element)
        if form is not None:
            return voice.take_request(service, room, envelope, form)
        text = "a message to all in a room has the type groupchat"
        return envelope.error("modify", "bad-request", text)

    # Iqs.

    def _iq(self, envelope: Envelope, to: JID) -> list[Delivery]:
        stanza = envelope.stanza
        if stanza.is_reply:
            return self._passing.reply(envelope, to)
        room = self.service.rooms.get(to.bare)
        affiliation = Affiliation.NONE if room is None else room.affiliation(envelope.sender.jid)
        if room is None or (room.locked and affiliation is not Affiliation.OWNER):
            text = _NO_ROOM if room is None else _LOCKED
            return envelope.error("cancel", "item-not-found", text)
        if to.resource:
            return self._passing.request(room, envelope, to)
        key = (stanza.type or "", stanza.payload or "")
        if key == _INFO:
            return discovery.room_info(room, envelope)
        if key == _ITEMS:
            return discovery.room_items(room, envelope)
        if key == _PING:
            return envelope.result()
        handler = self._for_room.get(key)
        if handler is None:
            return envelope.error("cancel", "service-unavailable")
        if stanza.payload == f"{{{OWNER}}}query" and affiliation is not Affiliation.OWNER:
            return envelope.error("auth", "forbidden", "this is for owners of the room")
        return handler(self.service, room, envelope)


_ANSWERS: Final = ("subscribed", "unsubscribe", "unsubscribed")


def _unsubscribed(envelope: Envelope, to: JID) -> list[Delivery]:
    """Refuse a subscription: presence of rooms is only for those inside."""
    data = (
        f"<presence type='unsubscribed' from={quoted(str(to.bare))} "
        f"to={quoted(str(envelope.sender.jid.bare))}/>"
    )
    return [Delivery(envelope.sender, data.encode())]
