"""Roles and affiliations, asked for and changed (XEP-0045 8, 9, 10.3 to 10.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ...protocol.jid import JID, JIDError
from ...protocol.xml.tokens import quoted
from ..contacts.roster import escape_text
from ..directory import Delivery
from ..envelope import Envelope
from ..refusals import Refused
from . import invitations, moving, notices
from .changes import KICKED, change_affiliation
from .limits import MAX_ITEMS, MAX_STANDINGS, MAX_TEXT
from .names import ADMIN
from .ranks import Affiliation, Role
from .room import Occupant, Room, Standing
from .service import Service

if TYPE_CHECKING:
    from lxml import etree

_ITEM: Final = f"{{{ADMIN}}}item"
_REASON: Final = f"{{{ADMIN}}}reason"


class _RoleChange(NamedTuple):
    occupant: Occupant
    role: Role
    reason: str


class _AffiliationChange(NamedTuple):
    jid: JID
    standing: Standing


# Lists.


def list_people(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Answer a request for all with one role or one affiliation."""
    try:
        return envelope.result(f"<query xmlns='{ADMIN}'>{_listed(room, envelope)}</query>")
    except Refused as refused:
        return _answer(envelope, refused)


def _listed(room: Room, envelope: Envelope) -> str:
    items = envelope.element[0].findall(_ITEM)
    if len(items) != 1:
        raise Refused("bad-request", "modify", "a list is asked for by exactly one <item/>")
    role, affiliation = _wanted(items[0])
    asker = envelope.sender.jid
    if role is not None:
        _check_list_of_role(room, asker, role)
        return "".join(
            _item(Standing(room.affiliation(each.account)), each.jid, each.nick, each.role)
            for each in room.occupants.values()
            if each.role is role
        )
    assert affiliation is not None, "an item has one of both"
    _check_list_of_affiliation(room, asker, affiliation)
    return "".join(
        _item(standing, jid, _nick(room, jid, affiliation))
        for jid, standing in room.standing_as(affiliation)
    )


def _check_list_of_role(room: Room, asker: JID, role: Role) -> None:
    if role is Role.NONE:
        raise Refused("bad-request", "modify", "who has no role is not in the room")
    if role is Role.MODERATOR:
        _demand(room, asker, Affiliation.ADMIN, "admins and owners")
    elif not _moderates(room, asker):
        raise Refused("forbidden", "auth", "this is for moderators")


def _check_list_of_affiliation(room: Room, asker: JID, affiliation: Affiliation) -> None:
    if affiliation is Affiliation.NONE:
        raise Refused("bad-request", "modify", "there is no list of those without affiliation")
    # Where all see all addresses there is less to hide (9.5, 10.5, 10.8).
    insider = room.occupant(asker) or room.affiliation(asker) >= Affiliation.MEMBER
    if room.configuration.non_anonymous and insider and affiliation >= Affiliation.MEMBER:
        return
    if affiliation >= Affiliation.ADMIN:
        _demand(room, asker, Affiliation.OWNER, "owners")
    else:
        _demand(room, asker, Affiliation.ADMIN, "admins and owners")


def _nick(room: Room, jid: JID, affiliation: Affiliation) -> str:
    if affiliation is Affiliation.OUTCAST:
        return ""
    return next((each.nick for each in room.occupants.values() if each.account == jid), "")


def _item(standing: Standing, jid: JID, nick: str, role: Role | None = None) -> str:
    with_nick = f" nick={quoted(nick)}" if nick else ""
    with_role = "" if role is None else f" role='{role.word}'"
    head = f"<item affiliation='{standing.affiliation.word}' jid={quoted(str(jid))}"
    reason = f"<reason>{escape_text(standing.reason)}</reason>" if standing.reason else ""
    return (
        f"{head}{with_nick}{with_role}>{reason}</item>"
        if reason
        else (f"{head}{with_nick}{with_role}/>")
    )


# Changes.


def change_people(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Change roles and affiliations, all that are asked for or none."""
    try:
        roles, affiliations = _read(room, envelope)
        _check_roles(room, envelope.sender.jid, roles)
        _check_affiliations(room, envelope.sender.jid, affiliations)
    except Refused as refused:
        return _answer(envelope, refused)
    occupant = room.occupant(envelope.sender.jid)
    actor = "" if occupant is None else occupant.nick
    before: list[Delivery] = []
    after: list[Delivery] = []
    for change in roles:
        own, others = _change_role(service, room, change, actor)
        before += own
        after += others
    for jid, standing in affiliations:
        known = room.affiliation(jid) is not Affiliation.NONE
        after += change_affiliation(service, room, jid, standing, actor)
        if standing.affiliation is Affiliation.MEMBER and not known:
            after += invitations.tell_new_member(service, room, jid, envelope.sender.jid)
    # Who is kicked learns it before the moderator does, all else comes after (8.2).
    return before + envelope.result() + after


def _change_role(
    service: Service, room: Room, change: _RoleChange, actor: str
) -> tuple[list[Delivery], list[Delivery]]:
    occupant, role, reason = change
    if occupant.nick not in room.occupants or occupant.role is role:
        return [], []
    if role is Role.NONE:
        return moving.remove(service, room, occupant, KICKED, actor=actor, reason=reason)
    occupant.role = role
    return [], notices.update(service, room, occupant, actor=actor, reason=reason)


def _read(room: Room, envelope: Envelope) -> tuple[list[_RoleChange], list[_AffiliationChange]]:
    items = envelope.element[0].findall(_ITEM)
    if not items:
        raise Refused("bad-request", "modify", "there is no <item/> that says what to change")
    if len(items) > MAX_ITEMS:
        raise Refused("policy-violation", "modify", f"there are more than {MAX_ITEMS} items")
    roles: list[_RoleChange] = []
    affiliations: list[_AffiliationChange] = []
    for item in items:
        role, affiliation = _wanted(item)
        reason = item.findtext(_REASON) or ""
        if len(reason) > MAX_TEXT:
            text = f"a reason has at most {MAX_TEXT} characters"
            raise Refused("policy-violation", "modify", text)
        if role is not None:
            roles.append(_RoleChange(_named(room, item), role, reason))
        elif affiliation is not None:
            affiliations.append(
                _AffiliationChange(_user(room, item), Standing(affiliation, reason))
            )
    return roles, affiliations


def _wanted(item: etree._Element) -> tuple[Role | None, Affiliation | None]:
    """Return the role or the affiliation that an item names: exactly one of them (16.4)."""
    role, affiliation = item.get("role"), item.get("affiliation")
    if (role is None) is (affiliation is None):
        text = "an <item/> has either 'role' or 'affiliation'"
        raise Refused("bad-request", "modify", text)
    found_role = None if role is None else Role.named(role)
    found_affiliation = None if affiliation is None else Affiliation.named(affiliation)
    if found_role is None and found_affiliation is None:
        text = "there is no such role" if role is not None else "there is no such affiliation"
        raise Refused("bad-request", "modify", text)
    return found_role, found_affiliation


def _named(room: Room, item: etree._Element) -> Occupant:
    """Return the occupant whose role an item changes."""
    nick = item.get("nick")
    if not nick:
        raise Refused("bad-request", "modify", "a role is changed by the 'nick' of an occupant")
    try:
        occupant = room.occupants.get(room.jid.with_resource(nick).resource)
    except JIDError as error:
        raise Refused("jid-malformed", "modify", error.problem.what) from error
    if occupant is None:
        raise Refused("item-not-found", "cancel", "nobody in the room has that nickname")
    return occupant


def _user(room: Room, item: etree._Element) -> JID:
    """Return the bare JID whose affiliation an item changes; a nickname will do as well."""
    text = item.get("jid")
    if text is None and item.get("nick"):
        return _named(room, item).account
    if text is None:
        raise Refused("bad-request", "modify", "an affiliation is changed by the bare 'jid'")
    try:
        return JID.parse(text).bare
    except JIDError as error:
        raise Refused("jid-malformed", "modify", error.problem.what) from error


def _check_roles(room: Room, sender: JID, changes: list[_RoleChange]) -> None:
    """Refuse what the sender may not do to others' roles (5.1, 8.2 to 8.5, 9.6 to 9.8)."""
    if changes and not _moderates(room, sender):
        raise Refused("forbidden", "auth", "this is for moderators")
    mine = room.affiliation(sender)
    for occupant, role, _ in changes:
        theirs = room.affiliation(occupant.account)
        if role is Role.NONE:
            if theirs > mine:
                text = "somebody with a higher affiliation cannot be kicked"
                raise Refused("not-allowed", "cancel", text)
            continue
        if occupant.role is role:
            continue
        if role < Role.MODERATOR and theirs >= Affiliation.ADMIN:
            text = "admins and owners stay moderators"
            raise Refused("not-allowed", "cancel", text)
        if Role.MODERATOR in (role, occupant.role):
            _demand(room, sender, Affiliation.ADMIN, "admins and owners")
        elif role is Role.VISITOR and theirs >= mine:
            text = "voice is taken only from somebody with a lower affiliation than one's own"
            raise Refused("not-allowed", "cancel", text)


def _check_affiliations(room: Room, sender: JID, changes: list[_AffiliationChange]) -> None:
    """Refuse what the sender may not do to others' affiliations (9.1 to 9.5, 10.3 to 10.8)."""
    if not changes:
        return
    _demand(room, sender, Affiliation.ADMIN, "admins and owners")
    mine = room.affiliation(sender)
    after = {jid: standing.affiliation for jid, standing in room.standings.items()}
    for jid, (wanted, _) in changes:
        theirs = room.affiliation(jid)
        if wanted is Affiliation.OUTCAST and jid in (sender.bare, JID("", sender.domain, "")):
            raise Refused("conflict", "cancel", "nobody bans themselves")
        if wanted is Affiliation.OUTCAST and mine < Affiliation.OWNER and theirs >= mine:
            text = "only somebody with a lower affiliation than one's own can be banned"
            raise Refused("not-allowed", "cancel", text)
        if max(wanted, theirs) >= Affiliation.ADMIN and mine < Affiliation.OWNER:
            text = "only owners may change the lists of admins and owners"
            raise Refused("forbidden", "auth", text)
        if not jid.local and wanted not in (Affiliation.OUTCAST, Affiliation.NONE):
            text = "a whole domain can be banned, and nothing else"
            raise Refused("not-acceptable", "modify", text)
        after[jid] = wanted
    if Affiliation.OWNER not in after.values():
        raise Refused("conflict", "cancel", "the last owner of a room stays its owner")
    if sum(each is not Affiliation.NONE for each in after.values()) > MAX_STANDINGS:
        text = f"a room keeps at most {MAX_STANDINGS} affiliations"
        raise Refused("resource-constraint", "wait", text)


def _moderates(room: Room, jid: JID) -> bool:
    occupant = room.occupant(jid)
    if occupant is not None and occupant.role is Role.MODERATOR:
        return True
    return room.affiliation(jid) >= Affiliation.ADMIN


def _demand(room: Room, jid: JID, least: Affiliation, who: str) -> None:
    if room.affiliation(jid) < least:
        raise Refused("forbidden", "auth", f"this is for {who} of the room")


def _answer(envelope: Envelope, refused: Refused) -> list[Delivery]:
    refusal = refused.refusal
    return envelope.error(refusal.type, refusal.condition, refusal.text)
