"""Coming in: creating and unlocking, who is let in, and what newcomers are told in which order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from room_driver import MUC, ROOM, Party, codes, item, nick_of, refused

from xmppshell.practice import router
from xmppshell.practice.rooms import entering
from xmppshell.practice.rooms.history import History, Wish, read_wish
from xmppshell.protocol.xml import Context, parse_element

DELAY = "{urn:xmpp:delay}delay"
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


# Creating (10.1).


def test_who_comes_first_owns_a_room_that_is_new():
    party = Party()
    said = party.say(
        "juliet/a", f"<presence id='p1' to='{ROOM}/Jule'><x xmlns='{MUC}'/></presence>"
    )
    presence, subject = party.only(said, "juliet/a")
    assert codes(presence) == ["110", "201"]
    assert item(presence) == {
        "affiliation": "owner",
        "role": "moderator",
        "jid": "juliet@localhost/a",
    }
    assert presence.get("id") == "p1"
    assert presence.get("from") == f"{ROOM}/Jule"
    assert subject.findtext("{jabber:client}subject") == ""
    assert subject.get("from") == ROOM


def test_nobody_else_comes_in_until_it_is_unlocked():
    party = Party()
    party.join("juliet/a")
    assert refused(party.join("romeo/b"), "romeo/b") == ("cancel", "item-not-found")
    disco = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
    assert refused(party.ask("romeo/b", disco), "romeo/b") == ("cancel", "item-not-found")
    said = party.speak("juliet/a", "hello?")
    assert refused(said, "juliet/a") == ("cancel", "item-not-found")
    assert party.configure()[0][1].count("type='result'")
    assert len(party.only(party.join("romeo/b"), "romeo/b", "presence")) == 2


def test_a_room_that_its_creator_leaves_locked_is_destroyed():
    party = Party()
    party.join("juliet/a")
    said = party.say("juliet/a", f"<presence type='unavailable' to='{ROOM}/Jule'/>")
    (gone,) = party.only(said, "juliet/a")
    assert codes(gone) == ["110"]
    assert gone.find(f".//{{{MUC}#user}}destroy") is not None
    # It is a new room, and somebody else's.
    assert codes(party.only(party.join("romeo/b"), "romeo/b")[0]) == ["110", "201"]


def test_a_room_whose_creator_goes_offline_while_it_is_locked_is_destroyed():
    party = Party()
    party.join("juliet/a")
    party.leave("juliet/a")
    assert codes(party.only(party.join("romeo/b"), "romeo/b")[0]) == ["110", "201"]


def test_cancelling_the_first_configuration_destroys_the_room():
    party = Party()
    party.join("juliet/a")
    said = party.owner("juliet/a", "<x xmlns='jabber:x:data' type='cancel'/>")
    result, gone = party.only(said, "juliet/a")
    assert result.get("type") == "result"
    assert gone.get("type") == "unavailable"
    assert gone.find(f".//{{{MUC}#user}}destroy") is not None
    assert codes(party.only(party.join("romeo/b"), "romeo/b")[0]) == ["110", "201"]


def test_there_is_a_limit_to_rooms(monkeypatch):
    monkeypatch.setattr(entering, "MAX_ROOMS", 1)
    party = Party()
    party.open()
    said = party.say("romeo/b", f"<presence to='x@rooms.localhost/R'><x xmlns='{MUC}'/></presence>")
    assert refused(said, "romeo/b") == ("wait", "resource-constraint")


def test_there_is_a_limit_to_the_addresses_that_see_presence(monkeypatch):
    monkeypatch.setattr(router, "MAX_DIRECTED", 1)
    party = Party()
    party.open()
    said = party.say("juliet/a", f"<presence to='{ROOM}/Other'/>")
    assert refused(said, "juliet/a") == ("wait", "resource-constraint")
    assert len(party.say("juliet/a", f"<presence to='{ROOM}/Jule'/>")) == 1
    party.say("juliet/a", f"<presence type='unavailable' to='{ROOM}/Jule'/>")
    assert len(party.only(party.join("juliet/a", "Other"), "juliet/a", "presence")) == 1


# The order of what a newcomer gets (7.2.2, 7.2.13 to 7.2.15).


def test_the_others_come_first_then_oneself_then_history_then_the_subject():
    party = Party()
    party.open("romeo/b")
    party.speak("romeo/b", "first")
    party.say(
        "juliet/a", f"<message type='groupchat' to='{ROOM}'><subject>Roses</subject></message>"
    )
    party.speak("juliet/a", "second")
    said = party.only(party.join("nurse/c"), "nurse/c")
    assert [nick_of(each) for each in said[:3]] == ["Jule", "Rom", "Nurse"]
    assert [codes(each) for each in said[:3]] == [[], [], ["110"]]
    assert [each.findtext("{jabber:client}body") for each in said[3:5]] == ["first", "second"]
    assert all(each.find(DELAY).get("from") == ROOM for each in said[3:6])
    assert said[5].findtext("{jabber:client}subject") == "Roses"
    assert nick_of(said[5]) == "Jule"
    assert len(said) == 6


def test_all_others_learn_of_a_newcomer_and_only_moderators_who_it_is():
    party = Party()
    party.open("romeo/b")
    said = party.join("nurse/c", more="<show>away</show>")
    for who, jid in (("juliet/a", "nurse@localhost/c"), ("romeo/b", None)):
        (presence,) = party.only(said, who)
        assert nick_of(presence) == "Nurse"
        assert item(presence).get("jid") == jid
        assert presence.findtext("{jabber:client}show") == "away"
        assert codes(presence) == []


def test_the_password_and_what_only_the_room_may_say_are_not_passed_on():
    party = Party()
    party.open()
    forged = f"<x xmlns='{MUC}#user'><item affiliation='owner' role='moderator'/></x>"
    said = party.join("romeo/b", inside="<password>pw</password>", more=forged)
    (presence,) = party.only(said, "juliet/a")
    assert "pw" not in said[0][1]
    assert presence.find(f"{{{MUC}}}x") is None
    assert len(presence.findall(f"{{{MUC}#user}}x")) == 1
    assert item(presence)["affiliation"] == "none"


def test_a_room_that_shows_real_addresses_warns_of_it():
    party = Party()
    party.open(whois="anyone")
    said = party.join("romeo/b")
    mine = party.only(said, "romeo/b", "presence")
    assert [codes(each) for each in mine] == [[], ["100", "110"]]
    assert item(mine[0])["jid"] == "juliet@localhost/a"
    assert codes(party.only(said, "juliet/a")[0]) == []


@pytest.mark.parametrize(
    ("fields", "roles"),
    [({}, "participant"), ({"moderatedroom": "1"}, "visitor")],
)
def test_the_first_role_depends_on_the_room(fields, roles):
    party = Party()
    party.open(**fields)
    assert item(party.only(party.join("romeo/b"), "romeo/b")[1])["role"] == roles


# Who is not let in (7.2.5 to 7.2.10).


def test_a_nickname_is_needed():
    party = Party()
    said = party.say("juliet/a", f"<presence to='{ROOM}'><x xmlns='{MUC}'/></presence>")
    assert refused(said, "juliet/a") == ("modify", "jid-malformed")
    said = party.say("juliet/a", f"<presence to='{ROOM}/  '><x xmlns='{MUC}'/></presence>")
    assert refused(said, "juliet/a") == ("modify", "jid-malformed")


def test_a_nickname_belongs_to_one_user():
    party = Party()
    party.open()
    assert refused(party.join("romeo/b", "Jule"), "romeo/b") == ("cancel", "conflict")
    assert party.nicks == {"Jule"}


def test_a_nickname_is_prepared_as_a_resourcepart():
    party = Party()
    party.open()
    decomposed = party.join("romeo/b", "Jule\u0301")
    assert nick_of(party.only(decomposed, "romeo/b", "presence")[-1]) == "Jul\u00e9"
    assert refused(party.join("nurse/c", "Jul\u00e9"), "nurse/c") == ("cancel", "conflict")


def test_only_members_enter_a_room_for_members():
    party = Party()
    party.open(membersonly="1")
    assert refused(party.join("romeo/b"), "romeo/b") == ("auth", "registration-required")
    party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='member'/>")
    assert item(party.only(party.join("romeo/b"), "romeo/b")[1])["affiliation"] == "member"


def test_a_password_is_asked_for():
    party = Party()
    party.open(passwordprotectedroom="1", roomsecret="ivy")
    assert refused(party.join("romeo/b"), "romeo/b") == ("auth", "not-authorized")
    wrong = party.join("romeo/b", inside="<password>oak</password>")
    assert refused(wrong, "romeo/b") == ("auth", "not-authorized")
    right = party.join("romeo/b", inside="<password>ivy</password>")
    assert codes(party.only(right, "romeo/b")[1]) == ["110"]


def test_who_is_banned_stays_out():
    party = Party()
    party.open()
    party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='outcast'/>")
    assert refused(party.join("romeo/b"), "romeo/b") == ("auth", "forbidden")


def test_a_full_room_lets_only_admins_and_owners_in():
    party = Party()
    party.open(maxusers="10")
    for number in range(9):
        party.enter(f"nurse/{number}")
        who = f"nurse/{number}"
        said = party.say(who, f"<presence to='{ROOM}/N{number}'><x xmlns='{MUC}'/></presence>")
        assert party.only(said, who)
    assert refused(party.join("romeo/b"), "romeo/b") == ("wait", "service-unavailable")
    party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='admin'/>")
    assert len(party.only(party.join("romeo/b"), "romeo/b", "presence")) == 11


def test_presence_of_one_who_is_not_inside_puts_them_right():
    party = Party()
    party.open()
    said = party.say("romeo/b", f"<presence to='{ROOM}/Rom'><show>dnd</show></presence>")
    ((who, _),) = said
    (kick,) = party.only(said, "romeo/b")
    assert who == "romeo/b"
    assert kick.get("type") == "unavailable"
    assert codes(kick) == ["110", "307", "333"]
    assert party.nicks == {"Jule"}


def test_presence_that_is_too_large_is_not_kept():
    party = Party()
    party.open()
    said = party.join("romeo/b", more=f"<status>{'x' * 10_000}</status>")
    assert refused(said, "romeo/b") == ("modify", "policy-violation")


# Entering again (16.3).


def test_asking_to_enter_again_tells_all_again():
    party = Party()
    party.open("romeo/b")
    party.speak("romeo/b", "hello")
    said = party.join("romeo/b")
    assert party.only(said, "juliet/a") == []
    again = party.only(said, "romeo/b")
    assert [codes(each) for each in again[:2]] == [[], ["110"]]
    assert [each.tag.rpartition("}")[2] for each in again] == ["presence"] * 2 + ["message"] * 2
    changed = party.join("romeo/b", more="<show>xa</show>")
    assert party.only(changed, "juliet/a")[0].findtext("{jabber:client}show") == "xa"


# History (7.2.14).


def past(party: Party, wish: str) -> list[str]:
    party.say("romeo/b", f"<presence type='unavailable' to='{ROOM}/Rom'/>")
    said = party.join("romeo/b", inside=f"<history {wish}/>")
    messages = party.only(said, "romeo/b", "message")
    return [str(m.findtext("{jabber:client}body")) for m in messages[:-1]]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("", ["1", "2", "3"]),
        ("maxstanzas='2'", ["2", "3"]),
        ("maxstanzas='0'", []),
        ("maxchars='0'", []),
        ("maxchars='100000'", ["1", "2", "3"]),
        ("seconds='10'", ["1", "2", "3"]),
        ("since='2026-11-22T11:59:59Z'", ["1", "2", "3"]),
        ("since='2026-11-22T12:00:00Z'", ["1", "2", "3"]),
        ("since='2026-11-22T13:00:01+01:00'", []),
        ("since='2026-11-22T11:00:00Z' maxstanzas='1'", ["3"]),
    ],
)
def test_newcomers_say_how_much_history_they_want(wish, expected):
    party = Party()
    party.open("romeo/b")
    for text in "123":
        party.speak("juliet/a", text)
    assert past(party, wish) == expected


def test_the_characters_of_the_history_are_those_of_whole_stanzas():
    party = Party()
    party.open()
    for text in "12":
        party.speak("juliet/a", text)
    said = [text for who, text in party.join("romeo/b") if who == "romeo/b" and "<body>" in text]
    assert past(party, f"maxchars='{len(said[0]) + len(said[1])}'") == ["1", "2"]
    assert past(party, f"maxchars='{len(said[0]) + len(said[1]) - 1}'") == ["2"]


@pytest.mark.parametrize(
    "wish",
    [
        "maxstanzas='many'", "maxstanzas='-1'", "maxchars='1.5'", "seconds=''", "since='yesterday'",
        "since='2026-11-22T12:00:00'", "since='2026-13-01T00:00:00Z'", "maxstanzas='٣'",
        "since='0001-01-01T00:00:00+14:00'", f"maxstanzas='{'9' * 5000}'",
    ],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_explained(wish):
    party = Party()
    party.open()
    said = party.join("romeo/b", inside=f"<history {wish}/>")
    assert refused(said, "romeo/b") == ("modify", "bad-request")
    assert party.nicks == {"Jule"}


def test_seconds_count_back_from_now():
    element = parse_element(
        f"<presence><x xmlns='{MUC}'><history seconds='180'/></x></presence>".encode(),
        Context.for_namespace(),
    )
    assert read_wish(element, NOON) == ("", Wish(since=NOON - timedelta(minutes=3)))


def test_a_room_keeps_the_latest_messages_only():
    history = History()
    for number in range(60):
        history.keep(b"%d" % number, NOON)
    assert [past.data for past in history] == [b"%d" % n for n in range(10, 60)]
    history.keep(b"x" * 60_000, NOON)
    history.keep(b"y" * 60_000, NOON)
    assert [past.data[:1] for past in history] == [b"y"]
    history.keep(b"z" * 200_000, NOON)
    assert [past.data[:1] for past in history] == [b"y"]


def test_the_owner_says_how_much_history_there_is():
    party = Party()
    party.join("juliet/a")
    field = "<field var='muc#maxhistoryfetch'><value>1</value></field>"
    party.owner("juliet/a", f"<x xmlns='jabber:x:data' type='submit'>{field}</x>")
    for text in "123":
        party.speak("juliet/a", text)
    assert past(party, "maxstanzas='3'") == ["3"]
