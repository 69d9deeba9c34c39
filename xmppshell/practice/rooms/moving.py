"""Being in a room: other presence, another nickname, and going (XEP-0045 7.6, 7.7, 7.14)."""

from __future__ import annotations

from ...protocol.jid import JID
from ..directory import Delivery
from ..envelope import Envelope
from ..markup import rewrite
from .limits import MAX_PRESENCE_BYTES
from .notices import (
    GONE,
    Item,
    Notice,
    Viewer,
    own_first,
    own_last,
    plain_presence,
    viewers,
)
from .ranks import Role
from .room import Occupant, Room
from .service import Service

_NEW_NICK = 303


def change_presence(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Show new presence of an occupant to all."""
    occupant = _occupant(room, envelope)
    if len(envelope.data) > MAX_PRESENCE_BYTES:
        return _too_large(envelope)
    occupant.show(envelope.sender.jid, plain_presence(envelope.data, envelope.element))
    return _show(service, room, occupant, envelope.stanza.id)


def change_nick(service: Service, room: Room, envelope: Envelope, nick: str) -> list[Delivery]:
    """Let an occupant go on under the nickname `nick`, if nobody else has it."""
    occupant = _occupant(room, envelope)
    if not nick.strip():
        return envelope.error("modify", "jid-malformed", "a nickname is not white space only")
    if len(envelope.data) > MAX_PRESENCE_BYTES:
        return _too_large(envelope)
    taken = room.occupants.get(nick)
    if taken is not None and taken.account != occupant.account:
        text = "somebody else in the room has that nickname"
        return envelope.error("cancel", "conflict", text)
    jid = envelope.sender.jid
    item = Item(room.affiliation(jid), occupant.role, jid, nick=nick)
    audience = [each for each in viewers(room, occupant) if not each.own or each.jid == jid]
    if len(occupant.sessions) > 1:
        # Others go on seeing the old nickname, which further clients of the same user have.
        audience = [each for each in audience if each.own]
    notice = Notice(item, (_NEW_NICK,))
    deliveries = notice.shown(service, room, occupant, GONE, own_last(audience))
    room.release(jid)
    presence = plain_presence(envelope.data, envelope.element)
    renamed = room.admit(nick, jid, occupant.role, occupant.id, presence)
    return deliveries + _show(service, room, renamed, envelope.stanza.id)


def leave(service: Service, room: Room, jid: JID, presence: bytes = GONE) -> list[Delivery]:
    """Take a client out that goes with this unavailable `presence`, and tell all."""
    return _take_out(service, room, jid, presence, ())


def drop(service: Service, room: Room, jid: JID) -> list[Delivery]:
    """Take a client out that cannot be reached any longer (XEP-0045 17.1.2)."""
    return _take_out(service, room, jid, GONE, (333,))


def remove(
    service: Service,
    room: Room,
    occupant: Occupant,
    code: int,
    *,
    actor: str = "",
    reason: str = "",
) -> tuple[list[Delivery], list[Delivery]]:
    """Take an occupant out with all its clients.

    Return what it is told itself, and what the others are told.
    """
    item = Item(
        room.affiliation(occupant.account),
        Role.NONE,
        occupant.jid,
        actor=actor,
        reason=reason,
    )
    audience = viewers(room, occupant)
    for jid in tuple(occupant.sessions):
        room.release(jid)
    notice = Notice(item, (code,))
    own = [each for each in audience if each.own]
    others = [each for each in audience if not each.own]
    return (
        notice.shown(service, room, occupant, GONE, own),
        notice.shown(service, room, occupant, GONE, others),
    )


def _take_out(
    service: Service, room: Room, jid: JID, presence: bytes, codes: tuple[int, ...]
) -> list[Delivery]:
    occupant = room.occupant(jid)
    assert occupant is not None, "only who is in a room leaves it"
    item = Item(room.affiliation(jid), Role.NONE, jid)
    audience = own_first([e for e in viewers(room, occupant) if not e.own or e.jid == jid])
    room.release(jid)
    if not occupant.sessions:
        return Notice(item, codes).shown(service, room, occupant, presence, audience)
    # The nickname stays, with the presence of the clients that are left.
    own = [each for each in audience if each.own]
    deliveries = Notice(item, codes).shown(service, room, occupant, presence, own)
    return deliveries + _show(service, room, occupant, None)


def _show(
    service: Service, room: Room, occupant: Occupant, stanza_id: str | None
) -> list[Delivery]:
    presence = rewrite(occupant.presence, {"id": stanza_id})
    audience: list[Viewer] = own_last(viewers(room, occupant))
    notice = Notice(Item.of(room, occupant))
    return notice.shown(service, room, occupant, presence, audience)


def _occupant(room: Room, envelope: Envelope) -> Occupant:
    occupant = room.occupant(envelope.sender.jid)
    assert occupant is not None, "only occupants change what they are"
    return occupant


def _too_large(envelope: Envelope) -> list[Delivery]:
    text = f"presence in a room has at most {MAX_PRESENCE_BYTES} bytes"
    return envelope.error("modify", "policy-violation", text)
