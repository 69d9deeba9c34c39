"""What rooms and their service tell about themselves (XEP-0045 6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...protocol import namespaces as ns
from ...protocol.data_forms import Field, FieldType, Form
from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..directory import Delivery
from ..envelope import Envelope
from ..messages.archive_queries import FEATURES as ARCHIVE_FEATURES
from ..services.discovery import items_query, node_of
from ..services.forms import form_xml
from .names import (
    INFORMATION,
    MUC,
    OCCUPANT_ID,
    REQUEST,
    RESERVED_NICK,
    SELF_PING,
    STABLE_ID,
    TRAFFIC,
)
from .ranks import Affiliation
from .room import Room
from .service import Service

SERVICE_NAME: Final = "Rooms of the practice server"

_COMMON: Final = (ns.DISCO_INFO, ns.DISCO_ITEMS, ns.PING, MUC, STABLE_ID, SELF_PING, OCCUPANT_ID)


def service_info(envelope: Envelope) -> list[Delivery]:
    """Say what the service is and can."""
    if node_of(envelope):
        return envelope.error("cancel", "item-not-found", "there is no such node")
    return _info(envelope, SERVICE_NAME, _COMMON)


def service_items(service: Service, envelope: Envelope) -> list[Delivery]:
    """List the rooms that everybody may know of, and those that the asker belongs to."""
    if node_of(envelope):
        return envelope.error("cancel", "item-not-found", "there is no such node")
    rooms = [each for each in service.rooms.values() if _may_know(each, envelope.sender.jid)]
    return _items(envelope, ((each.jid, each.name) for each in rooms))


def room_info(room: Room, envelope: Envelope) -> list[Delivery]:
    """Say what a room is like."""
    node = node_of(envelope)
    if node == RESERVED_NICK:
        text = "nicknames are not reserved here"
        return envelope.error("cancel", "feature-not-implemented", text)
    if node == TRAFFIC:
        return envelope.error("cancel", "service-unavailable", "everything may be sent here")
    if node:
        return envelope.error("cancel", "item-not-found", "there is no such node")
    return _info(envelope, room.name, _features(room), form_xml(_information(room)))


def room_items(room: Room, envelope: Envelope) -> list[Delivery]:
    """List the occupants, where everybody may know of them."""
    if node_of(envelope):
        return envelope.error("cancel", "item-not-found", "there is no such node")
    known = room.configuration.public or room.occupant(envelope.sender.jid) is not None
    nicks = room.occupants if known else ()
    return _items(envelope, ((room.address(nick), "") for nick in nicks))


def _may_know(room: Room, jid: JID) -> bool:
    if room.configuration.public and not room.locked:
        return True
    return room.occupant(jid) is not None or room.affiliation(jid) >= Affiliation.MEMBER


def _features(room: Room) -> list[str]:
    c = room.configuration
    return [
        *_COMMON,
        *ARCHIVE_FEATURES,
        ns.STANZA_ID,
        REQUEST,
        "muc_public" if c.public else "muc_hidden",
        "muc_persistent" if c.persistent else "muc_temporary",
        "muc_membersonly" if c.members_only else "muc_open",
        "muc_moderated" if c.moderated else "muc_unmoderated",
        "muc_passwordprotected" if c.password else "muc_unsecured",
        "muc_nonanonymous" if c.non_anonymous else "muc_semianonymous",
    ]


def _information(room: Room) -> Form:
    c = room.configuration
    changes = "1" if c.anyone_changes_subject else "0"
    prefix = "muc#roominfo_"
    return Form(
        "result",
        (
            Field("FORM_TYPE", FieldType.HIDDEN, values=(INFORMATION,)),
            _text(f"{prefix}description", "Description", c.description),
            _text(f"{prefix}lang", "Language", c.language),
            _text(f"{prefix}occupants", "Number of occupants", str(len(room.occupants))),
            _text(f"{prefix}subject", "Subject", room.subject.text if room.subject else ""),
            Field(
                f"{prefix}changesubject",
                FieldType.BOOLEAN,
                "Participants may change the subject",
                values=(changes,),
            ),
            _text("muc#maxhistoryfetch", "Most messages shown to who enters", str(c.history)),
        ),
    )


def _text(var: str, label: str, value: str) -> Field:
    return Field(var, FieldType.TEXT_SINGLE, label, values=(value,))


def _info(envelope: Envelope, name: str, features: Iterable[str], form: str = "") -> list[Delivery]:
    identity = f"<identity category='conference' type='text' name={quoted(name)}/>"
    listed = "".join(f"<feature var={quoted(each)}/>" for each in features)
    return envelope.result(f"<query xmlns='{ns.DISCO_INFO}'>{identity}{listed}{form}</query>")


def _items(envelope: Envelope, found: Iterable[tuple[JID, str]]) -> list[Delivery]:
    items = [
        f"<item jid={quoted(str(jid))}" + (f" name={quoted(name)}/>" if name else "/>")
        for jid, name in found
    ]
    return envelope.result(items_query(items))
