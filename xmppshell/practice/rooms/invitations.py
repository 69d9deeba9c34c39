"""Invitations that go through the room, and how they are declined (XEP-0045 7.8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol.jid import JID, JIDError
from ...protocol.xml.tokens import quoted
from ..contacts.roster import escape_text
from ..directory import Delivery
from ..envelope import Envelope
from .changes import change_affiliation
from .limits import MAX_INVITATIONS, MAX_ITEMS, MAX_STANDINGS, MAX_TEXT
from .names import USER
from .ranks import Affiliation
from .room import Room, Standing
from .service import Service

if TYPE_CHECKING:
    from lxml import etree

_X: Final = f"{{{USER}}}x"
INVITE: Final = f"{_X}/{{{USER}}}invite"
DECLINE: Final = f"{_X}/{{{USER}}}decline"
_REASON: Final = f"{{{USER}}}reason"
_CONTINUE: Final = f"{{{USER}}}continue"


def invite(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Pass on the invitations in a message to the room."""
    occupant = room.occupant(envelope.sender.jid)
    inviter = envelope.sender.jid.bare
    if occupant is None:
        return envelope.error("modify", "not-acceptable", "you are not in this room")
    configuration = room.configuration
    affiliation = room.affiliation(inviter)
    members_may = configuration.members_invite and affiliation >= Affiliation.MEMBER
    if configuration.members_only and affiliation < Affiliation.ADMIN and not members_may:
        text = "only admins and owners invite into this room, which is for members only"
        return envelope.error("auth", "forbidden", text)
    wanted = envelope.element.findall(INVITE)
    if len(wanted) > MAX_ITEMS:
        text = f"there are more than {MAX_ITEMS} invitations"
        return envelope.error("modify", "policy-violation", text)
    deliveries: list[Delivery] = []
    for element in wanted:
        deliveries += _invite_one(service, room, envelope, inviter, element)
    return deliveries


def _invite_one(
    service: Service, room: Room, envelope: Envelope, inviter: JID, element: etree._Element
) -> list[Delivery]:
    try:
        invitee = JID.parse(element.get("to") or "")
    except JIDError as error:
        return envelope.error("modify", "jid-malformed", error.problem.what)
    if not service.exists(invitee):
        return envelope.error("cancel", "item-not-found", f"there is no {invitee} to invite")
    deliveries: list[Delivery] = []
    if room.configuration.members_only and room.affiliation(invitee) is Affiliation.NONE:
        if len(room.standings) >= MAX_STANDINGS:
            text = f"a room keeps at most {MAX_STANDINGS} affiliations"
            return envelope.error("wait", "resource-constraint", text)
        deliveries += change_affiliation(service, room, invitee.bare, Standing(Affiliation.MEMBER))
    thread = element.find(_CONTINUE)
    carry_on = ""
    if thread is not None:
        name = thread.get("thread")
        carry_on = f"<continue thread={quoted(name)}/>" if name else "<continue/>"
    stanza_id = envelope.stanza.id or service.clockwork.new_id()
    return deliveries + _send(
        service, room, inviter, invitee, stanza_id, _reason(element) + carry_on
    )


def tell_new_member(service: Service, room: Room, member: JID, inviter: JID) -> list[Delivery]:
    """Invite a user who became a member of a room that is for members only (XEP-0045 9.5)."""
    if not (room.configuration.members_only and member.local and service.exists(member)):
        return []
    return _send(service, room, inviter.bare, member, service.clockwork.new_id(), "")


def _send(
    service: Service, room: Room, inviter: JID, invitee: JID, stanza_id: str, content: str
) -> list[Delivery]:
    room.invited.pop((invitee.bare, inviter), None)
    room.invited[invitee.bare, inviter] = None
    if len(room.invited) > MAX_INVITATIONS:
        del room.invited[next(iter(room.invited))]
    password = room.configuration.password
    secret = f"<password>{escape_text(password)}</password>" if password else ""
    body = f"<invite from={quoted(str(inviter))}>{content}</invite>{secret}"
    return _from_room(service, room, invitee, stanza_id, body)


def decline(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Tell whoever invited somebody that they will not come."""
    element = envelope.element.find(DECLINE)
    assert element is not None, "this message declines"
    try:
        inviter = JID.parse(element.get("to") or "")
    except JIDError as error:
        return envelope.error("modify", "jid-malformed", error.problem.what)
    if inviter.bare == room.jid:
        occupant = room.occupants.get(inviter.resource)
        inviter = inviter if occupant is None else occupant.account
    decliner = envelope.sender.jid.bare
    if room.invited.pop((decliner, inviter.bare), ...) is ...:
        text = "there is no such invitation to decline"
        return envelope.error("cancel", "item-not-found", text)
    stanza_id = envelope.stanza.id or service.clockwork.new_id()
    body = f"<decline from={quoted(str(decliner))}>{_reason(element)}</decline>"
    return _from_room(service, room, inviter, stanza_id, body)


def _from_room(
    service: Service, room: Room, to: JID, stanza_id: str, content: str
) -> list[Delivery]:
    data = (
        f"<message from={quoted(str(room.jid))} to={quoted(str(to))} id={quoted(stanza_id)}>"
        f"<x xmlns='{USER}'>{content}</x></message>"
    )
    # Whether somebody is away is nothing that the room tells on.
    delivered, _ = service.write(room.jid, data.encode())
    return delivered


def _reason(element: etree._Element) -> str:
    reason = (element.findtext(_REASON) or "")[:MAX_TEXT]
    return f"<reason>{escape_text(reason)}</reason>" if reason else ""
