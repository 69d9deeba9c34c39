"""Asking for voice in a moderated room, and getting it (XEP-0045 7.13, 8.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.data_forms import Field, FieldType, Form, parse_form
from ...protocol.xml.tokens import quoted
from ..directory import Delivery
from ..envelope import Envelope
from ..services.forms import form_xml
from . import notices
from .names import REQUEST
from .ranks import Role
from .room import Room
from .service import Service

if TYPE_CHECKING:
    from lxml import etree

_X: Final = f"{{{ns.DATA_FORM}}}x"
_ROLE: Final = "muc#role"
_NICK: Final = "muc#roomnick"
_ALLOW: Final = "muc#request_allow"


def request_in(element: etree._Element) -> Form | None:
    """Return the request for voice, or the answer to one, that a message has, or None."""
    for found in element.iterfind(_X):
        form = parse_form(found)
        if form.type == "submit" and form.form_type == REQUEST:
            return form
    return None


def take_request(service: Service, room: Room, envelope: Envelope, form: Form) -> list[Delivery]:
    """Take a visitor's request to the moderators, or a moderator's answer to it."""
    occupant = room.occupant(envelope.sender.jid)
    if occupant is None:
        return envelope.error("modify", "not-acceptable", "you are not in this room")
    if form.get(_ALLOW) is not None:
        if occupant.role is not Role.MODERATOR:
            return envelope.error("auth", "forbidden", "this is for moderators")
        return _grant(service, room, envelope, form, occupant.nick)
    if _value(form, _ROLE) != Role.PARTICIPANT.word:
        text = f"what can be asked for is the {_ROLE} {Role.PARTICIPANT.word}"
        return envelope.error("modify", "bad-request", text)
    if occupant.role is not Role.VISITOR:
        return envelope.error("modify", "bad-request", "you have voice already")
    question = form_xml(
        Form(
            "form",
            (
                Field("FORM_TYPE", FieldType.HIDDEN, values=(REQUEST,)),
                Field(_ROLE, label="Role", values=(Role.PARTICIPANT.word,)),
                Field(
                    "muc#jid",
                    FieldType.JID_SINGLE,
                    label="Address",
                    values=(str(occupant.jid),),
                ),
                Field(_NICK, label="Nickname", values=(occupant.nick,)),
                Field(_ALLOW, FieldType.BOOLEAN, label="Let them speak?", values=("0",)),
            ),
            "Somebody asks to speak",
        )
    )
    data = (
        f"<message from={quoted(str(room.jid))} id={quoted(service.clockwork.new_id())}>"
        f"{question}</message>"
    ).encode()
    return [
        delivery
        for jid, each in room.sessions()
        if each.role is Role.MODERATOR
        for delivery in service.deliver(jid, data)
    ]


def _grant(
    service: Service, room: Room, envelope: Envelope, form: Form, moderator: str
) -> list[Delivery]:
    if _value(form, _ALLOW) not in ("1", "true"):
        return []
    occupant = room.occupants.get(_value(form, _NICK))
    if occupant is None:
        return envelope.error("cancel", "item-not-found", "nobody in the room has that nickname")
    if occupant.role is not Role.VISITOR:
        return []
    occupant.role = Role.PARTICIPANT
    return notices.update(service, room, occupant, actor=moderator)


def _value(form: Form, var: str) -> str:
    field = form.get(var)
    return "" if field is None else field.text
