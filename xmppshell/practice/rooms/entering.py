"""Coming in: who is let in, and what newcomers are told (XEP-0045 7.2, 10.1)."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..directory import Delivery
from ..envelope import Envelope
from ..markup import rewrite
from .history import Wish, read_wish
from .limits import MAX_OCCUPANTS, MAX_PRESENCE_BYTES, MAX_ROOMS, MAX_SESSIONS
from .names import MUC
from .notices import Item, Notice, Viewer, own_last, plain_presence, viewers
from .ranks import Affiliation, Role
from .room import Occupant, Room
from .service import Service

if TYPE_CHECKING:
    from lxml import etree

_REAL_JIDS_SHOWN = 100
_CREATED = 201
_NOT_IN_ROOM = (307, 333)


class Refusal(NamedTuple):
    """Why somebody is not let in: type, condition and text of the error."""

    type: str
    condition: str
    text: str


def asks_to_enter(element: etree._Element) -> bool:
    """Say whether presence is that of somebody who wants to come in (XEP-0045 7.2.1)."""
    return element.find(f"{{{MUC}}}x") is not None


def enter(service: Service, envelope: Envelope, to: JID) -> list[Delivery]:
    """Let somebody in who is not in the room, as the occupant JID `to`, or tell why not."""
    room = service.rooms.get(to.bare)
    wrong, wish = read_wish(envelope.element, service.clockwork.now().astimezone(UTC))
    refusal = _unacceptable(envelope, to, wrong)
    if refusal is None and room is None and len(service.rooms) >= MAX_ROOMS:
        refusal = Refusal("wait", "resource-constraint", "there are too many rooms already")
    if refusal is None and room is not None:
        refusal = _refusal(room, envelope, to.resource)
    if refusal is not None:
        return envelope.error(*refusal)
    codes: tuple[int, ...] = ()
    if room is None:
        room = service.new_room(to.bare, envelope.sender.jid.bare)
        service.rooms[to.bare] = room
        codes = (_CREATED,)
    jid = envelope.sender.jid
    room.admit(
        to.resource,
        jid,
        room.first_role(jid),
        service.occupant_id(room, jid),
        plain_presence(envelope.data, envelope.element),
    )
    return _welcome(service, room, envelope, wish, codes, tell_others=True)


def synchronise(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Tell a client all again that is in the room and asks to come in (XEP-0045 16.3)."""
    occupant = room.occupant(envelope.sender.jid)
    assert occupant is not None, "only occupants are synchronised"
    wrong, wish = read_wish(envelope.element, service.clockwork.now().astimezone(UTC))
    refusal = _unacceptable(envelope, room.address(occupant.nick), wrong)
    if refusal is not None:
        return envelope.error(*refusal)
    presence = plain_presence(envelope.data, envelope.element)
    changed = presence != occupant.presence
    occupant.show(envelope.sender.jid, presence)
    return _welcome(service, room, envelope, wish, (), tell_others=changed)


def put_right(service: Service, envelope: Envelope, to: JID) -> list[Delivery]:
    """Tell a client that it is not in the room for which it sent presence (XEP-0045 7.2.18)."""
    room = service.rooms.get(to.bare) or service.new_room(to.bare, to.bare)
    nobody = Occupant(to.resource, to.bare, Role.NONE, service.occupant_id(room, to.bare))
    item = Item(
        Affiliation.NONE,
        Role.NONE,
        reason=f"you are not in this room: to enter, add <x xmlns='{MUC}'/>",
    )
    audience = [Viewer(envelope.sender.jid, True, False)]
    gone = b"<presence type='unavailable'/>"
    return Notice(item, _NOT_IN_ROOM).shown(service, room, nobody, gone, audience)


def _unacceptable(envelope: Envelope, to: JID, wrong_wish: str) -> Refusal | None:
    """Refuse what would not do for any room."""
    if not to.resource.strip():
        return Refusal("modify", "jid-malformed", "a nickname is not white space only")
    if wrong_wish:
        return Refusal("modify", "bad-request", wrong_wish)
    if len(envelope.data) > MAX_PRESENCE_BYTES:
        text = f"presence in a room has at most {MAX_PRESENCE_BYTES} bytes"
        return Refusal("modify", "policy-violation", text)
    return None


def _refusal(room: Room, envelope: Envelope, nick: str) -> Refusal | None:
    """Return why somebody may not enter a room that exists, or None."""
    configuration = room.configuration
    affiliation = room.affiliation(envelope.sender.jid)
    if room.locked and affiliation is not Affiliation.OWNER:
        text = "the room is locked until its owner has configured it"
        return Refusal("cancel", "item-not-found", text)
    if affiliation is Affiliation.OUTCAST:
        return Refusal("auth", "forbidden", "you are banned from this room")
    if configuration.members_only and affiliation < Affiliation.MEMBER:
        return Refusal("auth", "registration-required", "only members may enter this room")
    password = envelope.element.findtext(f"{{{MUC}}}x/{{{MUC}}}password") or ""
    if configuration.password and password != configuration.password:
        text = "that is not the password" if password else "the room asks for a password"
        return Refusal("auth", "not-authorized", text)
    taken = room.occupants.get(nick)
    if taken is not None:
        if taken.account != envelope.sender.jid.bare:
            return Refusal("cancel", "conflict", "somebody else in the room has that nickname")
        if len(taken.sessions) >= MAX_SESSIONS:
            text = f"at most {MAX_SESSIONS} clients share one nickname"
            return Refusal("wait", "resource-constraint", text)
        return None
    most = MAX_OCCUPANTS
    if affiliation < Affiliation.ADMIN and configuration.max_occupants is not None:
        most = configuration.max_occupants
    if len(room.occupants) >= most:
        text = f"the room is full: {most} occupants are in it"
        return Refusal("wait", "service-unavailable", text)
    return None


def _welcome(
    service: Service,
    room: Room,
    envelope: Envelope,
    wish: Wish,
    codes: tuple[int, ...],
    *,
    tell_others: bool,
) -> list[Delivery]:
    """Tell a client who is in the room, all of its presence, and what was said before.

    The order is that of XEP-0045 7.2: the others, itself, history, subject.
    """
    newcomer = envelope.sender.jid
    occupant = room.occupant(newcomer)
    assert occupant is not None, "the newcomer is in the room"
    sees = room.configuration.non_anonymous or occupant.role is Role.MODERATOR
    me = Viewer(newcomer, False, sees)
    deliveries = []
    for other in room.occupants.values():
        if other is not occupant:
            notice = Notice(Item.of(room, other))
            deliveries += notice.shown(service, room, other, other.presence, [me])
    presence = rewrite(occupant.presence, {"id": envelope.stanza.id})
    others = [each for each in own_last(viewers(room, occupant)) if each.jid != newcomer]
    item = Item.of(room, occupant)
    if tell_others:
        deliveries += Notice(item).shown(service, room, occupant, presence, others)
    if room.configuration.non_anonymous:
        codes = (*codes, _REAL_JIDS_SHOWN)
    own = Notice(item, own_codes=codes)
    deliveries += own.shown(service, room, occupant, presence, [me._replace(own=True)])
    return deliveries + _past(service, room, newcomer, wish) + _subject(service, room, newcomer)


def _past(service: Service, room: Room, newcomer: JID, wish: Wish) -> list[Delivery]:
    extra = len(f" to={quoted(str(newcomer))}")
    chosen = wish.choose(list(room.history), extra, room.configuration.history)
    return [delivery for past in chosen for delivery in service.deliver(newcomer, past.data)]


def _subject(service: Service, room: Room, newcomer: JID) -> list[Delivery]:
    """Send the subject, an empty one if it was never set (XEP-0045 7.2.15)."""
    if room.subject is not None:
        return service.deliver(newcomer, room.subject.data)
    none = f"<message from={quoted(str(room.jid))} type='groupchat'><subject/></message>"
    return service.deliver(newcomer, none.encode())
