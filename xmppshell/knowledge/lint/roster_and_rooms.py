"""Rules of the roster (RFC 6121 2) and of rooms (XEP-0045)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol.jid import JID
from ...protocol.namespaces import ROSTER
from .model import Rule, error, received, sent, warning
from .stanza import parsed
from .work import Work, short

if TYPE_CHECKING:
    from lxml import etree

MUC: Final = "http://jabber.org/protocol/muc"
_ME: Final = JID("juliet", "capulet.example", "balcony")
_ROOMS: Final = frozenset({"rooms.example.net"})


def _set(items: str, attributes: str = "") -> str:
    return f"<iq type='set' id='1'{attributes}><query xmlns='{ROSTER}'>{items}</query></iq>"


ITEMS = error(
    "roster-set-items",
    "a roster set has exactly one item",
    "RFC 6121 2.1.5",
    "Contacts are added and changed one at a time. Servers refuse none and more than one with "
    "bad-request.",
    (
        sent(_set("<item jid='a@example.net'/><item jid='b@example.net'/>")),
        sent(_set("")),
    ),
    (
        sent(_set("<item jid='a@example.net'/>")),
        sent(f"<iq type='get' id='1'><query xmlns='{ROSTER}'/></iq>"),
    ),
)
ANOTHER = warning(
    "roster-of-another",
    "a client has one roster, its own",
    "RFC 6121 2.1.5",
    "A roster request has no `to`. The roster of somebody else is refused, with forbidden or "
    "service-unavailable.",
    (sent(_set("<item jid='a@example.net'/>", " to='nurse@capulet.example'"), me=_ME),),
    (sent(_set("<item jid='a@example.net'/>"), me=_ME),),
)
TO_OCCUPANT = error(
    "groupchat-to-occupant",
    "a message of type groupchat goes to the room",
    "XEP-0045 7",
    "The bare address is the room; with a nickname it is one occupant, to whom private messages of "
    "type chat go. Rooms answer with bad-request.",
    (
        sent(
            "<message type='groupchat' to='hall@rooms.example.net/romeo'><body>hi</body></message>"
        ),
    ),
    (
        sent("<message type='groupchat' to='hall@rooms.example.net'><body>hi</body></message>"),
        sent("<message type='chat' to='hall@rooms.example.net/romeo'><body>hi</body></message>"),
        received("<message type='groupchat' from='hall@rooms.example.net/romeo'"
                 " to='juliet@capulet.example/balcony'><body>hi</body></message>"),
    ),
)  # fmt: skip
TO_ACCOUNT = warning(
    "groupchat-to-account",
    "a message of type groupchat goes to a room, not to an account",
    "RFC 6121 5.2.2",
    "Rooms have a domain of their own, such as rooms.example.net. The server of an account answers "
    "with service-unavailable.",
    (
        sent(
            "<message type='groupchat' to='nurse@capulet.example'><body>hi</body></message>",
            me=_ME,
        ),
    ),
    (
        sent(
            "<message type='groupchat' to='hall@rooms.example.net'><body>hi</body></message>",
            me=_ME,
        ),
    ),
)
JOIN = warning(
    "join-without-muc",
    "who joins a room says so with <x/> in the namespace of rooms",
    "XEP-0045 7",
    "Without it a room takes the presence for that of a client of the time before XEP-0045, or "
    "for a change of somebody who is in it, and may refuse it.",
    (sent("<presence to='hall@rooms.example.net/juliet'/>", services=_ROOMS),),
    (
        sent(f"<presence to='hall@rooms.example.net/juliet'><x xmlns='{MUC}'/></presence>",
             services=_ROOMS),
        sent("<presence to='hall@rooms.example.net/juliet'/>", services=_ROOMS,
             joined=frozenset({"hall@rooms.example.net"})),
        sent("<presence to='hall@rooms.example.net/juliet' type='unavailable'/>", services=_ROOMS),
    ),
)  # fmt: skip
NICKNAME = error(
    "join-without-nickname",
    "who joins a room does so by a nickname",
    "XEP-0045 7",
    "The nickname is the resource of the address: room@service/nickname. Without one rooms answer "
    "with jid-malformed.",
    (sent(f"<presence to='hall@rooms.example.net'><x xmlns='{MUC}'/></presence>"),),
    (sent(f"<presence to='hall@rooms.example.net/juliet'><x xmlns='{MUC}'/></presence>"),),
)

RULES: Final[tuple[Rule, ...]] = (ITEMS, ANOTHER, TO_OCCUPANT, TO_ACCOUNT, JOIN, NICKNAME)


def check_roster(work: Work, iq: etree._Element) -> None:
    """Judge an iq that is about a roster."""
    query = iq.find(f"{{{ROSTER}}}query")
    if query is None or iq.get("type") not in ("get", "set"):
        return
    items = query.findall(f"{{{ROSTER}}}item")
    if iq.get("type") == "set":
        if len(items) > 1:
            what = f"the roster set has {len(items)} items"
            work.report(ITEMS, what, "send one set for each", items[1])
        elif not items and work.is_complete(query):
            what = "the roster set has no item"
            work.report(ITEMS, what, "put <item jid='...'/> into it", query)
    me, to = work.setting.me, parsed(work, iq, "to")
    if work.setting.sent and me is not None and to is not None and to.bare != me.bare:
        what = f"this asks for the roster of {short(str(to))}"
        work.report(ANOTHER, what, "leave `to` out", iq, "to")


def check_groupchat(work: Work, message: etree._Element) -> None:
    """Judge where a message of type groupchat goes."""
    setting, to = work.setting, parsed(work, message, "to")
    if to is None or not setting.sent or message.get("type") != "groupchat":
        return
    if to.is_full and not setting.component:
        what = f"{short(str(to))} is an occupant, and groupchat is for the room"
        cure = f"write to='{to.bare}', or type='chat' for a private message"
        work.report(TO_OCCUPANT, what, cure, message, "to")
        return
    me = setting.me
    in_room = str(to) in setting.joined or to.domain in setting.services
    if me is not None and me.local and to.local and to.domain == me.domain and not in_room:
        what = f"{short(str(to))} is an account of this server, and groupchat is for rooms"
        work.report(TO_ACCOUNT, what, "type='chat'", message, "to")


def check_join(work: Work, presence: etree._Element) -> None:
    """Judge presence that goes to a room."""
    setting, to = work.setting, parsed(work, presence, "to")
    if to is None or not setting.sent or presence.get("type") is not None:
        return
    joins = presence.find(f"{{{MUC}}}x") is not None
    if joins:
        if not to.is_full:
            what = f"{short(str(to))} has no nickname"
            work.report(NICKNAME, what, f"write to='{to}/NICKNAME'", presence, "to")
        return
    is_occupant = to.is_full and to.local and to.domain in setting.services
    if is_occupant and str(to.bare) not in setting.joined and work.is_complete(presence):
        what = f"to join {short(str(to.bare))}, the presence needs an <x/>"
        work.report(JOIN, what, f"put <x xmlns='{MUC}'/> into it", presence)
