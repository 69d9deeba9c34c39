"""What follows for everybody when somebody's affiliation changes (XEP-0045 9, 10)."""

from __future__ import annotations

from ...protocol.jid import JID
from ..directory import Delivery
from . import moving, notices
from .ranks import Affiliation, Role
from .room import Room, Standing
from .service import Service

BANNED = 301
KICKED = 307
_NO_LONGER_AFFILIATED = 321
_MEMBERS_ONLY = 322


def change_affiliation(
    service: Service, room: Room, jid: JID, standing: Standing, actor: str = ""
) -> list[Delivery]:
    """Give the bare `jid` another affiliation and tell all, if it is in the room.

    `actor` is the nickname of whoever did it, or "".
    """
    concerned = [(each, room.affiliation(each.account)) for each in room.occupants_of(jid)]
    room.grant(jid, standing)
    deliveries: list[Delivery] = []
    for occupant, before in concerned:
        after = room.affiliation(occupant.account)
        if after is before:
            continue
        if after is Affiliation.OUTCAST:
            code = BANNED
        elif after is Affiliation.NONE and room.configuration.members_only:
            code = _NO_LONGER_AFFILIATED
        else:
            occupant.role = _role_after(occupant.role, room.first_role(occupant.account), before)
            deliveries += notices.update(
                service, room, occupant, actor=actor, reason=standing.reason
            )
            continue
        own, others = moving.remove(
            service, room, occupant, code, actor=actor, reason=standing.reason
        )
        deliveries += own + others
    return deliveries


def _role_after(role: Role, first: Role, before: Affiliation) -> Role:
    """Return the role after a change: who was admin or owner is a moderator by that alone."""
    return first if before >= Affiliation.ADMIN else max(role, first)


def put_out_strangers(service: Service, room: Room) -> list[Delivery]:
    """Take out who may not stay since the room is for members only (XEP-0045 10.2)."""
    deliveries: list[Delivery] = []
    for occupant in tuple(room.occupants.values()):
        if room.affiliation(occupant.account) < Affiliation.MEMBER:
            own, others = moving.remove(service, room, occupant, _MEMBERS_ONLY)
            deliveries += own + others
    return deliveries


def give_voice(service: Service, room: Room) -> list[Delivery]:
    """Let all speak since the room is not moderated any longer."""
    deliveries: list[Delivery] = []
    for occupant in tuple(room.occupants.values()):
        if occupant.role is Role.VISITOR:
            occupant.role = Role.PARTICIPANT
            deliveries += notices.update(service, room, occupant)
    return deliveries
