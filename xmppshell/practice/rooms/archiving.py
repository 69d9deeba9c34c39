"""The archive of a room, for all who may come in (XEP-0313)."""

from __future__ import annotations

from ...protocol.jid import JID
from ..directory import Delivery
from ..envelope import Envelope
from ..messages.archive_queries import answer_form, answer_metadata, answer_query
from .ranks import Affiliation
from .room import Room
from .service import Service


def look_up(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Answer a query to the archive."""
    if not _may_read(room, envelope.sender.jid):
        return _forbidden(envelope)
    return answer_query(envelope, room.archive, room.jid)


def show_fields(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Say by which fields can be asked."""
    return answer_form(envelope)


def show_ends(service: Service, room: Room, envelope: Envelope) -> list[Delivery]:
    """Say which message is the first, which the last."""
    if not _may_read(room, envelope.sender.jid):
        return _forbidden(envelope)
    return answer_metadata(envelope, room.archive)


def _may_read(room: Room, jid: JID) -> bool:
    """Say whether somebody is in the room, or would be let in if they came now."""
    affiliation = room.affiliation(jid)
    if room.occupant(jid) is not None or affiliation >= Affiliation.ADMIN:
        return True
    configuration = room.configuration
    if affiliation is Affiliation.OUTCAST or configuration.password:
        return False
    return affiliation >= Affiliation.MEMBER or not configuration.members_only


def _forbidden(envelope: Envelope) -> list[Delivery]:
    text = "the archive of a room is for those who are in it, or may come in"
    return envelope.error("auth", "forbidden", text)
