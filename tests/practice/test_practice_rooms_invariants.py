"""Whatever is sent to rooms, in whatever order: nothing raises, and what must hold always does."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from room_driver import MUC, ROOM, Party, codes
from stage_driver import parsed

from xmppshell.practice.rooms import Rooms
from xmppshell.practice.rooms.ranks import Affiliation
from xmppshell.practice.rooms.room import Room

PEOPLE = ("juliet/a", "juliet/b", "romeo/c", "nurse/d")
NICKS = ("One", "Two", "Three")

USERS = ("juliet@localhost", "romeo@localhost", "nurse@localhost", "localhost", "@")
SEATS = tuple(f"{ROOM}/{nick}" for nick in NICKS)
DATA = "jabber:x:data"
DISCO = "http://jabber.org/protocol/disco"
JOIN = f"<x xmlns='{MUC}'/>"
FORGED = f"<x xmlns='{MUC}#user'><status code='110'/><item role='moderator'/></x>"
REQUEST = f"<field var='FORM_TYPE'><value>{MUC}#request</value></field>"
ROLE = "<field var='muc#role'><value>participant</value></field>"
GRANT = "".join(
    f"<field var='muc#{name}'><value>{value}</value></field>"
    for name, value in (("roomnick", "Two"), ("request_allow", "1"))
)


def submit(*fields: str) -> str:
    return f"<x xmlns='{DATA}' type='submit'>{''.join(fields)}</x>"


def chosen(name: str, *values: str) -> str:
    told = "".join(f"<value>{value}</value>" for value in values)
    return f"<field var='muc#roomconfig_{name}'>{told}</field>"


PRESENCES = [
    f"<presence to='{to}'{kind}>{inside}</presence>"
    for to in SEATS
    for kind, inside in (
        ("", JOIN), ("", JOIN), ("", "<show>away</show>"), ("", FORGED + JOIN),
        ("", f"<x xmlns='{MUC}'><history maxstanzas='1'/><password>p</password></x>"),
        ("", f"<x xmlns='{MUC}'><history since='now'/></x>"),
        (" type='unavailable'", "<status>bye</status>"),
    )
] + [
    f"<presence to='{to}'{kind}>{JOIN}</presence>"
    for to in (ROOM, "rooms.localhost", f"{ROOM}/ ", "x@rooms.localhost/One")
    for kind in ("", " type='unavailable'", " type='subscribe'", " type='x'")
]  # fmt: skip

MESSAGES = [
    f"<message id='m' to='{ROOM}' type='groupchat'>{inside}</message>"
    for inside in (
        "<body>b</body>", "<body>b</body>", f"<body>b</body>{FORGED}", "<subject>s</subject>",
        "<subject/>", "<subject>s</subject><thread>t</thread>", "",
    )
] + [
    f"<message id='m' to='{ROOM}'>{inside}</message>"
    for inside in (
        submit(REQUEST, ROLE), submit(REQUEST, GRANT), submit(REQUEST), "<body>b</body>",
        *(f"<x xmlns='{MUC}#user'><{what} to='{to}'/></x>"
          for what in ("invite", "decline") for to in USERS),
    )
] + [
    f"<message id='m' to='{to}' type='{kind}'><body>b</body>{FORGED}</message>"
    for to in SEATS for kind in ("chat", "groupchat")
]  # fmt: skip

ERRORS = [
    f"<{kind} type='error' id='q' to='{to}'><error type='cancel'><{condition} "
    f"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></{kind}>"
    for kind in ("message", "presence", "iq")
    for to in (ROOM, *SEATS)
    for condition in ("gone", "forbidden")
]

ITEMS = [
    *(f"<item jid='{jid}' affiliation='{word}'/>"
      for jid in USERS for word in ("owner", "admin", "member", "none", "outcast", "king")),
    *(f"<item nick='{nick}' role='{word}'/>"
      for nick in (*NICKS, "Four", " ")
      for word in ("moderator", "participant", "visitor", "none", "king")),
    "<item jid='juliet@localhost' affiliation='none'/><item nick='Two' role='none'/>",
    "<item jid='romeo@localhost' affiliation='owner'/>"
    "<item jid='juliet@localhost' affiliation='none'/>",
]  # fmt: skip
CHOICES = [
    *(chosen(flag, value)
      for flag in ("membersonly", "moderatedroom", "persistentroom", "publicroom", "changesubject")
      for value in ("0", "1")),
    chosen("whois", "anyone"), chosen("whois", "moderators"), chosen("maxusers", "10"),
    chosen("passwordprotectedroom", "1") + chosen("roomsecret", "p"),
    chosen("passwordprotectedroom", "0"), chosen("passwordprotectedroom", "perhaps"),
    chosen("roomowners", USERS[0], USERS[1]), chosen("roomowners", USERS[2]),
    chosen("roomowners"), chosen("roomadmins", USERS[1]), chosen("roomadmins"), "",
]  # fmt: skip
IQS = [
    *(f"<iq id='q' type='set' to='{ROOM}'><query xmlns='{MUC}#admin'>{item}</query></iq>"
      for item in ITEMS),
    *(f"<iq id='q' type='get' to='{ROOM}'><query xmlns='{MUC}#admin'><item {what}/></query></iq>"
      for what in ("affiliation='owner'", "affiliation='outcast'", "role='moderator'", "")),
    *(f"<iq id='q' type='set' to='{ROOM}'><query xmlns='{MUC}#owner'>{what}</query></iq>"
      for what in (*map(submit, CHOICES), "<destroy/>", f"<x xmlns='{DATA}' type='cancel'/>")),
    *(f"<iq id='q' type='{kind}' to='{to}'>{payload}</iq>"
      for to in (ROOM, *SEATS, "rooms.localhost")
      for kind in ("get", "result")
      for payload in (
          f"<query xmlns='{MUC}#owner'/>", "<ping xmlns='urn:xmpp:ping'/>",
          f"<query xmlns='{DISCO}#info'/>", f"<query xmlns='{DISCO}#items'/>",
          "<vCard xmlns='vcard-temp'/>",
      )),
]  # fmt: skip

says = st.one_of(*map(st.sampled_from, (PRESENCES, MESSAGES, IQS, IQS, ERRORS)))
steps = st.tuples(
    st.sampled_from(["juliet/a", *PEOPLE]),
    st.one_of(says, says, says, st.sampled_from(["enter", "leave"])),
)

openings = st.lists(
    st.sampled_from(["persistentroom", "persistentroom", "moderatedroom", "changesubject"]),
    max_size=3,
).map(
    lambda flags: [
        ("juliet/a", f"<presence to='{ROOM}/One'><x xmlns='{MUC}'/></presence>"),
        (
            "juliet/a",
            f"<iq id='q' type='set' to='{ROOM}'><query xmlns='{MUC}#owner'>"
            "<x xmlns='jabber:x:data' type='submit'>"
            + "".join(
                f"<field var='muc#roomconfig_{flag}'><value>1</value></field>" for flag in flags
            )
            + "</x></query></iq>",
        ),
        ("juliet/b", f"<presence to='{ROOM}/One'><x xmlns='{MUC}'/></presence>"),
        ("romeo/c", f"<presence to='{ROOM}/Two'><x xmlns='{MUC}'/></presence>"),
        ("nurse/d", f"<presence to='{ROOM}/Three'><x xmlns='{MUC}'/></presence>"),
    ]
)
"""Juliet's room, with all in it."""


class Watch:
    """What one client has been told of its own presence in the room."""

    def __init__(self) -> None:
        self.nick: str | None = None

    def see(self, text: str) -> None:
        stanza = parsed(text)
        if stanza.get("type") == "error":
            return
        counted = Counter(codes(stanza))
        assert all(count == 1 for count in counted.values()), text
        if not stanza.tag.endswith("}presence") or "110" not in counted:
            return
        nick = str(stanza.get("from")).partition("/")[2]
        if stanza.get("type") == "unavailable":
            # 333 with 307 puts one right who never was inside.
            self.nick = None if self.nick == nick or "307" in counted else self.nick
        else:
            self.nick = nick


def rooms_of(party: Party) -> Rooms:
    host = party.stage.router._hosts["rooms.localhost"]
    assert isinstance(host, Rooms)
    return host


def check_room(room: Room, online: set[str]) -> None:
    """Check what holds of a room after every step."""
    seen = []
    for nick, occupant in room.occupants.items():
        assert occupant.nick == nick
        assert occupant.sessions, "an occupant without a client"
        for jid in occupant.sessions:
            assert jid.bare == occupant.account
            assert room.occupant(jid) is occupant
            assert f"{jid.local}/{jid.resource}" in online
            seen.append(jid)
        assert room.affiliation(occupant.account) is not Affiliation.OUTCAST
        if room.configuration.members_only:
            assert room.affiliation(occupant.account) >= Affiliation.MEMBER
    assert len(seen) == len(set(seen)), "a client under two nicknames"
    assert len(seen) == len(room._by_jid)
    assert room.standing_as(Affiliation.OWNER), "a room without an owner"
    assert room.occupants or room.configuration.persistent, "a deserted room"


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(openings, st.lists(steps, min_size=20, max_size=60))
def test_no_order_of_stanzas_breaks_a_room(
    opening: list[tuple[str, str]], script: list[tuple[str, str]]
) -> None:
    party = Party()
    for who in ("juliet/a", "romeo/b", "nurse/c", "mercutio/d"):
        party.leave(who)
    online: set[str] = set()
    watches: dict[str, Watch] = {}
    for who in PEOPLE:
        party.enter(who, 1)
        online.add(who)
        watches[who] = Watch()
    for who, text in (*opening, *script):
        if text == "leave" and who in online:
            said = party.leave(who)
            online.discard(who)
            watches[who] = Watch()
        elif text == "enter" and who not in online:
            said = party.enter(who, 1)
            online.add(who)
        elif who in online and text not in ("leave", "enter"):
            said = party.say(who, text)
        else:
            continue
        for to, stanza in said:
            assert to in online
            if f"from='{ROOM}" in stanza:
                watches[to].see(stanza)
        standing = rooms_of(party).service.rooms
        for room in standing.values():
            check_room(room, online)
        # What clients were told of themselves is what is so.
        inside = {
            f"{jid.local}/{jid.resource}": occupant.nick
            for room in standing.values()
            if str(room.jid) == ROOM
            for jid, occupant in room.sessions()
        }
        assert {w: watches[w].nick for w in online if watches[w].nick} == inside
