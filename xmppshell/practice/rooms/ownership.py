"""What owners do with a room: configure it, unlock it, destroy it (XEP-0045 10.1, 10.2, 10.9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.data_forms import Form, parse_form
from ...protocol.jid import JID, JIDError
from ...protocol.xml.tokens import quoted
from ..contacts.roster import escape_text
from ..directory import Delivery
from ..envelope import Envelope
from ..services.forms import form_xml
from .changes import change_affiliation, give_voice, put_out_strangers
from .configuration import ADMINS, OWNERS, Configuration, configured, fault, form, people
from .limits import MAX_STANDINGS, MAX_TEXT
from .names import OWNER
from .notices import GONE, Item, Notice, Viewer, room_message
from .ranks import Affiliation, Role
from .room import Room, Standing
from .service import Service

if TYPE_CHECKING:
    from lxml import etree

_X: Final = f"{{{ns.DATA_FORM}}}x"
_DESTROY: Final = f"{{{OWNER}}}destroy"

_NOW_NON_ANONYMOUS = 172
_NOW_SEMI_ANONYMOUS = 173
_RECONFIGURED = 104


def show_form(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Send the configuration form."""
    return envelope.result(f"<query xmlns='{OWNER}'>{form_xml(_form(room))}</query>")


def take_owners_wish(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Take a form that was filled in or cancelled, or the wish to destroy the room."""
    query = envelope.element[0]
    destroy = query.find(_DESTROY)
    if destroy is not None:
        return _destroy_on_wish(service, room, envelope, destroy)
    filled = query.find(_X)
    kind = None if filled is None else filled.get("type")
    if filled is None or kind not in ("submit", "cancel"):
        text = "a <destroy/> is expected here, or a data form of type submit or cancel"
        return envelope.error("modify", "bad-request", text)
    if kind == "cancel":
        gone = destroy_room(service, room) if room.locked else []
        return envelope.result() + gone
    return _configure(service, room, envelope, parse_form(filled))


def _form(room: Room) -> Form:
    owners, admins = (
        [jid for jid, _ in room.standing_as(each)]
        for each in (Affiliation.OWNER, Affiliation.ADMIN)
    )
    return form(room.configuration, room.name, owners, admins)


# Configuration.


def _configure(service: Service, room: Room, envelope: Envelope, submitted: Form) -> list[Delivery]:
    asked = _form(room)
    wrong = fault(asked, submitted)
    if wrong:
        return envelope.error("modify", "not-acceptable", wrong)
    standings = _standings(room, submitted)
    after = {**dict(_affiliations(room)), **dict(standings)}
    if Affiliation.OWNER not in after.values():
        text = "a room has at least one owner"
        return envelope.error("cancel", "conflict", text)
    if len(after) > MAX_STANDINGS:
        text = f"a room keeps at most {MAX_STANDINGS} affiliations"
        return envelope.error("wait", "resource-constraint", text)
    before, first = room.configuration, room.locked
    room.configuration = configured(before, asked, submitted)
    room.locked = False
    deliveries = envelope.result()
    if not first:
        codes = _codes(before, room.configuration)
        deliveries += room_message(service, room, codes) if codes else []
    for jid, affiliation in standings:
        if room.standings.get(jid, Standing(Affiliation.NONE)).affiliation is not affiliation:
            deliveries += change_affiliation(service, room, jid, Standing(affiliation))
    if room.configuration.members_only:
        deliveries += put_out_strangers(service, room)
    if before.moderated and not room.configuration.moderated:
        deliveries += give_voice(service, room)
    return deliveries


def _codes(before: Configuration, after: Configuration) -> list[int]:
    """Return the statuses that tell all what changed (XEP-0045 10.2.1)."""
    codes = []
    if replace(before, non_anonymous=after.non_anonymous) != after:
        codes.append(_RECONFIGURED)
    if before.non_anonymous is not after.non_anonymous:
        codes.append(_NOW_NON_ANONYMOUS if after.non_anonymous else _NOW_SEMI_ANONYMOUS)
    return codes


def _affiliations(room: Room) -> list[tuple[JID, Affiliation]]:
    return [(jid, standing.affiliation) for jid, standing in room.standings.items()]


def _standings(room: Room, submitted: Form) -> list[tuple[JID, Affiliation]]:
    """Return who becomes what by the full lists of owners and admins that were submitted.

    Who was an owner and is in neither list becomes an admin if the list of admins was left out.
    """
    owners, admins = people(submitted, OWNERS), people(submitted, ADMINS)
    changed: dict[JID, Affiliation] = {}
    if owners is not None:
        for jid, _ in room.standing_as(Affiliation.OWNER):
            changed[jid] = Affiliation.ADMIN if admins is None else Affiliation.NONE
    if admins is not None:
        for jid, _ in room.standing_as(Affiliation.ADMIN):
            changed[jid] = Affiliation.NONE
        changed |= dict.fromkeys(admins, Affiliation.ADMIN)
    if owners is None:
        owners = [jid for jid, _ in room.standing_as(Affiliation.OWNER)]
    changed |= dict.fromkeys(owners, Affiliation.OWNER)
    # Rises first, so that the room is never without an owner.
    return sorted(changed.items(), key=lambda each: -each[1])


# The end.


def _destroy_on_wish(
    service: Service, room: Room, envelope: Envelope, destroy: etree._Element
) -> list[Delivery]:
    """Destroy a room as its owner asks; all occupants are told first (XEP-0045 10.9)."""
    venue = destroy.get("jid") or ""
    reason = destroy.findtext(f"{{{OWNER}}}reason") or ""
    password = destroy.findtext(f"{{{OWNER}}}password") or ""
    if max(len(reason), len(password)) > MAX_TEXT:
        text = f"a reason has at most {MAX_TEXT} characters"
        return envelope.error("modify", "policy-violation", text)
    try:
        jid = str(JID.parse(venue)) if venue else ""
    except JIDError as error:
        return envelope.error("modify", "jid-malformed", error.problem.what)
    return destroy_room(service, room, jid, reason, password) + envelope.result()


def destroy_room(
    service: Service, room: Room, venue: str = "", reason: str = "", password: str = ""
) -> list[Delivery]:
    """End a room: take everybody out, and tell each of them, of themselves only."""
    jid = f" jid={quoted(venue)}" if venue else ""
    words = f"<reason>{escape_text(reason)}</reason>" if reason else ""
    secret = f"<password>{escape_text(password)}</password>" if password else ""
    content = secret + words
    more = f"<destroy{jid}>{content}</destroy>" if content else f"<destroy{jid}/>"
    notice = Notice(Item(Affiliation.NONE, Role.NONE), more=more)
    deliveries = []
    for session, occupant in room.sessions():
        me = [Viewer(session, True, False)]
        deliveries += notice.shown(service, room, occupant, GONE, me)
        room.release(session)
    service.rooms.pop(room.jid, None)
    return deliveries
