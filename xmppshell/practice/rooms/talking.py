"""What is said in a room, to all or in private, and the subject (XEP-0045 7.4, 7.5, 8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ..directory import Delivery
from ..envelope import Envelope
from ..markup import append_child, rewrite, without_children
from ..messages.rules import has_body, has_hint, is_worth_keeping
from ..messages.stanza_ids import ids_claimed_by, with_stanza_id
from .limits import MAX_SUBJECT, MAX_SUBJECT_BYTES
from .names import OCCUPANT_ID, USER
from .ranks import Affiliation, Role
from .room import Occupant, Room, Subject
from .service import Service

if TYPE_CHECKING:
    from lxml import etree

_BODY: Final = f"{{{ns.CLIENT}}}body"
_SUBJECT: Final = f"{{{ns.CLIENT}}}subject"
_FOR_THE_ROOM: Final = (f"{{{USER}}}x", f"{{{OCCUPANT_ID}}}occupant-id")
_THREAD: Final = f"{{{ns.CLIENT}}}thread"


def speak(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Take a message of type groupchat to the room: pass it to all, the sender included."""
    occupant = room.occupant(envelope.sender.jid)
    if occupant is None:
        return envelope.error("modify", "not-acceptable", "you are not in this room")
    subject = _new_subject(envelope.element)
    if subject is not None:
        refused = _may_not_set(room, occupant, envelope, subject)
        if refused:
            return refused
    elif occupant.role < Role.PARTICIPANT:
        return envelope.error("auth", "forbidden", "you have no voice in this room")
    data = _archived(service, room, occupant, envelope)
    if subject is not None:
        room.subject = Subject(append_child(data, service.delay(room)), subject)
    elif has_body(envelope.element) and not _is_passing(envelope.element):
        delayed = envelope.element.find(f"{{{ns.DELAY}}}delay") is not None
        owner = room.affiliation(occupant.account) is Affiliation.OWNER
        # Of what an owner quotes, the true time is said already (7.9).
        past = data if delayed and owner else append_child(data, service.delay(room))
        room.history.keep(past, service.clockwork.now())
    return [delivery for jid, _ in room.sessions() for delivery in service.deliver(jid, data)]


def whisper(service: Service, room: Room, envelope: Envelope, nick: str) -> list[Delivery]:
    """Take a message to the occupant `nick` alone."""
    occupant = room.occupant(envelope.sender.jid)
    if occupant is None:
        return envelope.error("modify", "not-acceptable", "you are not in this room")
    if envelope.stanza.type == "groupchat":
        text = "a message of type groupchat goes to the room, not to one occupant"
        return envelope.error("modify", "bad-request", text)
    target = room.occupants.get(nick)
    if target is None:
        return envelope.error("cancel", "item-not-found", "nobody in the room has that nickname")
    least = room.configuration.least_to_whisper
    if least is None or occupant.role < least:
        text = "private messages are restricted in this room"
        return envelope.error("auth", "forbidden", text)
    data = append_child(
        _from_occupant(service, room, occupant, envelope), f"<x xmlns='{USER}'/>".encode()
    )
    return [delivery for jid in target.sessions for delivery in service.deliver(jid, data)]


def _archived(service: Service, room: Room, occupant: Occupant, envelope: Envelope) -> bytes:
    """Archive a message if it is worth it; return it as all get it, with the room's id."""
    data = _from_occupant(service, room, occupant, envelope)
    if is_worth_keeping(envelope.element) and not _is_passing(envelope.element):
        sender = room.address(occupant.nick)
        uid = room.archive.add(data, sender, service.clockwork.now())
    else:
        uid = service.clockwork.new_id()
    return with_stanza_id(data, uid, room.jid)


def _is_passing(element: etree._Element) -> bool:
    """Say whether the sender wants a message to be kept nowhere (XEP-0334)."""
    return has_hint(element, "no-store", "no-permanent-store")


def _new_subject(element: etree._Element) -> str | None:
    """Return the text of the subject that a message sets, or None if it sets none (8.1)."""
    found = element.find(_SUBJECT)
    if found is None or any(element.find(name) is not None for name in (_BODY, _THREAD)):
        return None
    return found.text or ""


def _may_not_set(
    room: Room, occupant: Occupant, envelope: Envelope, subject: str
) -> list[Delivery]:
    """Refuse a subject from who may not set it, or one that is too long."""
    everybody = room.configuration.anyone_changes_subject
    if occupant.role < (Role.PARTICIPANT if everybody else Role.MODERATOR):
        who = "those who have voice" if everybody else "moderators"
        return envelope.error("auth", "forbidden", f"only {who} may change the subject")
    if len(subject) > MAX_SUBJECT or len(envelope.data) > MAX_SUBJECT_BYTES:
        text = f"a subject has at most {MAX_SUBJECT} characters"
        return envelope.error("modify", "policy-violation", text)
    return []


def _from_occupant(service: Service, room: Room, occupant: Occupant, envelope: Envelope) -> bytes:
    """Return a message as others get it: from the occupant, and with nothing that is forged."""
    element = envelope.element
    forged = [place for place, child in enumerate(element) if child.tag in _FOR_THE_ROOM]
    # Neither the room has given an id yet, nor any account that may get the message, also later.
    forged += ids_claimed_by(element, lambda by: by == room.jid or service.has_account(by))
    data = without_children(envelope.data, forged) if forged else envelope.data
    data = rewrite(data, {"from": str(room.address(occupant.nick)), "to": None})
    mark = f"<occupant-id xmlns='{OCCUPANT_ID}' id='{occupant.id}'/>"
    return append_child(data, mark.encode())
