"""What a room tells its occupants of each other: presence with the room's own facts added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..contacts.roster import escape_text
from ..directory import Delivery
from ..markup import append_child, rewrite, without_children
from .names import MUC, OCCUPANT_ID, USER
from .ranks import Affiliation, Role
from .room import Occupant, Room
from .service import Service

if TYPE_CHECKING:
    from lxml import etree

SELF: Final = 110
"""The status of presence about its receiver (XEP-0045 7.2.2)."""

GONE: Final = b"<presence type='unavailable'/>"
"""What is shown of somebody who is taken out."""


class Viewer(NamedTuple):
    """A client in the room, and what it may see of one occupant.

    `own` is true if it is that occupant itself; `sees_jid` if it may see the real address.
    """

    jid: JID
    own: bool
    sees_jid: bool


def viewers(room: Room, occupant: Occupant) -> list[Viewer]:
    """Return all clients in the room as viewers of `occupant`."""
    everybody = room.configuration.non_anonymous
    return [
        Viewer(jid, each is occupant, everybody or each.role is Role.MODERATOR)
        for jid, each in room.sessions()
    ]


@dataclass(frozen=True, slots=True)
class Item:
    """What a room says of an occupant (XEP-0045 7.2.2).

    `jid` is the real address, for those who may see it; `nick` a new nickname; `actor` the
    nickname of whoever changed something, and `reason` why; "" where there is none.
    """

    affiliation: Affiliation
    role: Role
    jid: JID | None = None
    nick: str = ""
    actor: str = ""
    reason: str = ""

    @classmethod
    def of(cls, room: Room, occupant: Occupant, role: Role | None = None) -> Item:
        """Return what there is to say of `occupant` now, or with another role."""
        affiliation = room.affiliation(occupant.account)
        return cls(affiliation, occupant.role if role is None else role, occupant.jid)

    def xml(self, *, sees_jid: bool) -> str:
        """Return the `<item/>`."""
        jid = f" jid={quoted(str(self.jid))}" if sees_jid and self.jid is not None else ""
        nick = f" nick={quoted(self.nick)}" if self.nick else ""
        head = f"<item affiliation='{self.affiliation.word}' role='{self.role.word}'{jid}{nick}"
        actor = f"<actor nick={quoted(self.actor)}/>" if self.actor else ""
        reason = f"<reason>{escape_text(self.reason)}</reason>" if self.reason else ""
        return f"{head}>{actor}{reason}</item>" if actor or reason else f"{head}/>"


@dataclass(frozen=True, slots=True)
class Notice:
    """Presence of an occupant as the room shows it.

    `codes` are the statuses for everybody, `own_codes` those for the occupant besides `SELF`;
    `more` is further XML for the room's own element.
    """

    item: Item
    codes: tuple[int, ...] = ()
    own_codes: tuple[int, ...] = ()
    more: str = ""

    def shown(
        self,
        service: Service,
        room: Room,
        occupant: Occupant,
        presence: bytes,
        audience: Iterable[Viewer],
    ) -> list[Delivery]:
        """Return `presence`, which has no addresses, from `occupant` to each of the audience."""
        sender = str(room.address(occupant.nick))
        mark = f"<occupant-id xmlns='{OCCUPANT_ID}' id='{occupant.id}'/>".encode()
        base = append_child(rewrite(presence, {"from": sender}), mark)
        texts: dict[tuple[bool, bool], bytes] = {}
        deliveries = []
        for viewer in audience:
            key = (viewer.own, viewer.sees_jid)
            if key not in texts:
                texts[key] = append_child(base, self._extension(viewer).encode())
            deliveries += service.deliver(viewer.jid, texts[key])
        return deliveries

    def _extension(self, viewer: Viewer) -> str:
        codes = {*self.codes, *((SELF, *self.own_codes) if viewer.own else ())}
        statuses = "".join(f"<status code='{code}'/>" for code in sorted(codes))
        item = self.item.xml(sees_jid=viewer.sees_jid)
        return f"<x xmlns='{USER}'>{item}{self.more}{statuses}</x>"


def update(
    service: Service,
    room: Room,
    occupant: Occupant,
    *,
    actor: str = "",
    reason: str = "",
) -> list[Delivery]:
    """Tell all what an occupant is now, as after a change of role or affiliation."""
    item = Item(
        room.affiliation(occupant.account),
        occupant.role,
        occupant.jid,
        actor=actor,
        reason=reason,
    )
    audience = own_last(viewers(room, occupant))
    return Notice(item).shown(service, room, occupant, occupant.presence, audience)


def own_last(audience: list[Viewer]) -> list[Viewer]:
    """Return the audience with the occupant itself after the others."""
    return sorted(audience, key=lambda viewer: viewer.own)


def own_first(audience: list[Viewer]) -> list[Viewer]:
    """Return the audience with the occupant itself before the others."""
    return sorted(audience, key=lambda viewer: not viewer.own)


def plain_presence(data: bytes, element: etree._Element) -> bytes:
    """Return presence without its addresses, its id, and what only the room itself may say."""
    unwanted = [place for place, child in enumerate(element) if child.tag in _FOR_THE_ROOM]
    data = without_children(data, unwanted) if unwanted else data
    return rewrite(data, {"from": None, "to": None, "id": None})


_FOR_THE_ROOM: Final = (f"{{{MUC}}}x", f"{{{USER}}}x", f"{{{OCCUPANT_ID}}}occupant-id")


def room_message(service: Service, room: Room, codes: Iterable[int]) -> list[Delivery]:
    """Tell all in the room, in its own name, that something changed (XEP-0045 10.2.1)."""
    statuses = "".join(f"<status code='{code}'/>" for code in codes)
    data = (
        f"<message from={quoted(str(room.jid))} type='groupchat' "
        f"id={quoted(service.clockwork.new_id())}><x xmlns='{USER}'>{statuses}</x></message>"
    ).encode()
    return [delivery for jid, _ in room.sessions() for delivery in service.deliver(jid, data)]
