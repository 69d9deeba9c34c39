"""Whatever is sent to rooms, in whatever order: nothing raises, and what must hold always does."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from room_driver import MUC, ROOM, Party, codes
from stage_driver import parsed

from xmppshell.practice.rooms import Rooms
from xmppshell.practice.rooms.excerpts import without
from xmppshell.practice.rooms.ranks import Affiliation
from xmppshell.practice.rooms.room import Room
from xmppshell.protocol.xml import Context, parse_element

PEOPLE = ("juliet/a", "juliet/b", "romeo/c", "nurse/d")
NICKS = ("One", "Two", "Three")

people = st.sampled_from(PEOPLE)
users = st.sampled_from(
    ["juliet@localhost", "romeo@localhost", "nurse@localhost", "localhost", "@"]
)
nicks = st.sampled_from([*NICKS, " "])
places = st.sampled_from(
    [ROOM, *(f"{ROOM}/{nick}" for nick in NICKS), "rooms.localhost", f"{ROOM}/ "]
)
affiliations = st.sampled_from(["owner", "admin", "member", "none", "outcast", "king"])
roles = st.sampled_from(["moderator", "participant", "visitor", "none", "king"])
flags = st.sampled_from(["0", "1", "perhaps"])

presences = st.builds(
    lambda to, kind, inside: f"<presence to='{to}'{kind}>{inside}</presence>",
    places,
    st.sampled_from(["", "", "", " type='unavailable'", " type='probe'", " type='x'"]),
    st.sampled_from(
        [
            "", f"<x xmlns='{MUC}'/>", f"<x xmlns='{MUC}'/>", "<show>away</show>",
            f"<x xmlns='{MUC}'><history maxstanzas='1'/></x>",
            f"<x xmlns='{MUC}'><password>p</password></x>",
            f"<x xmlns='{MUC}#user'><status code='110'/></x><x xmlns='{MUC}'/>",
        ]
    ),
)  # fmt: skip

messages = st.builds(
    lambda to, kind, inside: f"<message id='m' to='{to}'{kind}>{inside}</message>",
    places,
    st.sampled_from(["", " type='groupchat'", " type='groupchat'", " type='chat'", " type='x'"]),
    st.one_of(
        st.sampled_from(
            [
                "", "<body>b</body>", "<subject>s</subject>", "<subject/>",
                f"<body>b</body><x xmlns='{MUC}#user'><status code='110'/></x>",
                "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
                f"{MUC}#request</value></field><field var='muc#role'><value>participant</value>"
                "</field></x>",
            ]
        ),
        st.builds(
            lambda what, to: f"<x xmlns='{MUC}#user'><{what} to='{to}'/></x>",
            st.sampled_from(["invite", "decline"]),
            users,
        ),
    ),
)  # fmt: skip

errors = st.builds(
    lambda kind, to, condition: (
        f"<{kind} type='error' id='e' to='{to}'><error type='cancel'><{condition} "
        f"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></{kind}>"
    ),
    st.sampled_from(["message", "presence", "iq"]),
    places,
    st.sampled_from(["gone", "forbidden", "item-not-found", "nonsense"]),
)

items = st.one_of(
    st.builds(lambda j, a: f"<item jid='{j}' affiliation='{a}'/>", users, affiliations),
    st.builds(lambda n, r: f"<item nick='{n}' role='{r}'/>", nicks, roles),
    st.sampled_from(["<item/>", "<x xmlns='y'/>", "<item affiliation='member'/>"]),
)
fields = st.builds(
    lambda name, value: (
        f"<field var='muc#roomconfig_{name}'><value>{value}</value></field>"
    ),
    st.sampled_from(
        ["membersonly", "moderatedroom", "persistentroom", "publicroom", "whois", "maxusers",
         "passwordprotectedroom", "roomsecret", "roomowners", "roomadmins", "changesubject"]
    ),
    st.one_of(flags, users, st.sampled_from(["anyone", "moderators", "10", "p"])),
)  # fmt: skip
payloads = st.one_of(
    st.lists(items, max_size=3).map(
        lambda each: f"<query xmlns='{MUC}#admin'>{''.join(each)}</query>"
    ),
    st.lists(fields, max_size=3).map(
        lambda each: (
            f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'>{''.join(each)}</x>"
            "</query>"
        )
    ),
    st.sampled_from(
        [
            f"<query xmlns='{MUC}#owner'/>",
            f"<query xmlns='{MUC}#owner'><destroy/></query>",
            f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='cancel'/></query>",
            "<ping xmlns='urn:xmpp:ping'/>",
            "<query xmlns='http://jabber.org/protocol/disco#info'/>",
            "<query xmlns='http://jabber.org/protocol/disco#items'/>",
            "<vCard xmlns='vcard-temp'/>",
        ]
    ),
)  # fmt: skip
iqs = st.builds(
    lambda kind, to, payload: f"<iq id='q' type='{kind}' to='{to}'>{payload}</iq>",
    st.sampled_from(["get", "set", "set", "result"]),
    places,
    payloads,
)
says = st.tuples(people, st.one_of(presences, presences, messages, iqs, errors))
steps = st.one_of(says, says, says, st.tuples(people, st.sampled_from(["leave", "enter"])))


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
@given(st.lists(steps, max_size=40))
def test_no_order_of_stanzas_breaks_a_room(script: list[tuple[str, str]]) -> None:
    party = Party()
    for who in ("juliet/a", "romeo/b", "nurse/c", "mercutio/d"):
        party.leave(who)
    online: set[str] = set()
    watches: dict[str, Watch] = {}
    for who in PEOPLE:
        party.enter(who, 1)
        online.add(who)
        watches[who] = Watch()
    opening = [
        ("juliet/a", f"<presence to='{ROOM}/One'><x xmlns='{MUC}'/></presence>"),
        (
            "juliet/a",
            f"<iq id='q' type='set' to='{ROOM}'><query xmlns='{MUC}#owner'>"
            "<x xmlns='jabber:x:data' type='submit'/></query></iq>",
        ),
    ]
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
        rooms = rooms_of(party).service.rooms
        for room in rooms.values():
            check_room(room, online)
        # What clients were told of themselves is what is so.
        inside = {
            f"{jid.local}/{jid.resource}": occupant.nick
            for room in rooms.values()
            if str(room.jid) == ROOM
            for jid, occupant in room.sessions()
        }
        assert {w: watches[w].nick for w in online if watches[w].nick} == inside


# Taking children out of a text.

children = st.lists(
    st.sampled_from(
        ["<a/>", "<b><a/>t</b>", "t", "<c x='>'/>", "<![CDATA[<a/>]]>", "<a></a>", "\n"]
    ),
    max_size=6,
)


@given(children, st.sets(st.sampled_from("abc")))
def test_only_what_is_unwanted_is_taken_out(parts: list[str], unwanted: set[str]) -> None:
    def kept(part: str) -> bool:
        return part[1:2] not in unwanted or not part.startswith("<") or part.startswith("<!")

    text = f"<m at='/'>{''.join(parts)}</m>"
    element = parse_element(text.encode(), Context.for_namespace())
    made = without(text.encode(), element, lambda child: str(child.tag)[-1] in unwanted)
    assert made.decode() == f"<m at='/'>{''.join(filter(kept, parts))}</m>"
