"""Owners: the configuration form, what changes are announced, and the end of a room."""

from __future__ import annotations

import pytest
from room_driver import MUC, ROOM, Party, codes, item, nick_of, refused
from stage_driver import parsed, receivers

from xmppshell.protocol.data_forms import faults, find_form

DESTROY = f".//{{{MUC}#user}}destroy"


def form_of(party: Party, who: str = "juliet/a"):
    said = party.owner(who, "", "get")
    form = find_form(parsed(said[0][1]))
    assert form is not None
    return form


def values(party: Party, name: str) -> tuple[str, ...]:
    field = form_of(party).get(name)
    assert field is not None
    return field.values


# The form (10.1.3, 10.2).


def test_the_form_is_whole_and_its_defaults_do():
    party = Party()
    party.join("juliet/a")
    form = form_of(party)
    assert form.form_type == "http://jabber.org/protocol/muc#roomconfig"
    assert faults(form) == {}
    assert all(each.label for each in form.asked)
    assert values(party, "muc#roomconfig_roomowners") == ("juliet@localhost",)


def test_what_was_chosen_is_what_the_form_shows():
    party = Party()
    party.open(roomname="The orchard", maxusers="none", allowpm="moderators", moderatedroom="true")
    assert values(party, "muc#roomconfig_roomname") == ("The orchard",)
    assert values(party, "muc#roomconfig_maxusers") == ("none",)
    assert values(party, "muc#roomconfig_allowpm") == ("moderators",)
    assert values(party, "muc#roomconfig_moderatedroom") == ("1",)
    party.configure(roomdesc="Under the balcony")
    assert values(party, "muc#roomconfig_roomname") == ("The orchard",)
    party.configure(roomname="")
    assert values(party, "muc#roomconfig_roomname") == ()


def test_only_owners_see_the_form_and_submit_it():
    party = Party()
    party.open("romeo/b")
    for said in (party.owner("romeo/b", "", "get"), party.configure("romeo/b", publicroom="0")):
        assert refused(said, "romeo/b") == ("auth", "forbidden")
    nowhere = party.ask("juliet/a", f"<query xmlns='{MUC}#owner'/>", to="x@rooms.localhost")
    assert refused(nowhere, "juliet/a") == ("cancel", "item-not-found")


@pytest.mark.parametrize(
    "fields",
    [
        {"moderatedroom": "maybe"},
        {"whois": "nobody"},
        {"maxusers": "7"},
        {"passwordprotectedroom": "1"},
        {"passwordprotectedroom": "1", "roomsecret": ""},
        {"roomowners": "@"},
        {"roomname": "x" * 1001},
        {"roomname": "one|two"},
        {"publicroom": "1|0"},
    ],
)
def test_choices_that_are_none_are_refused_and_change_nothing(fields):
    party = Party()
    party.open("romeo/b")
    before = form_of(party)
    said = party.configure(**fields, persistentroom="1")
    assert refused(said, "juliet/a") == ("modify", "not-acceptable")
    assert form_of(party) == before


@pytest.mark.parametrize("history", ["-1", "51", "many", "", "0000000000009"])
def test_the_amount_of_history_is_a_small_number(history):
    party = Party()
    party.open()
    field = f"<field var='muc#maxhistoryfetch'><value>{history}</value></field>"
    said = party.owner("juliet/a", f"<x xmlns='jabber:x:data' type='submit'>{field}</x>")
    if history == "":
        assert parsed(said[0][1]).get("type") == "result"
        assert values(party, "muc#maxhistoryfetch") == ("20",)
    else:
        assert refused(said, "juliet/a") == ("modify", "not-acceptable")


@pytest.mark.parametrize(
    "content",
    ["", "<x xmlns='jabber:x:data'/>", "<x xmlns='jabber:x:data' type='form'/>", "<y/>",
     "<x type='submit'/>"],
)  # fmt: skip
def test_an_owner_who_sends_no_form_is_told_so(content):
    party = Party()
    party.open()
    assert refused(party.owner("juliet/a", content), "juliet/a") == ("modify", "bad-request")


def test_a_form_for_something_else_is_refused():
    party = Party()
    party.open()
    field = "<field var='FORM_TYPE'><value>jabber:iq:register</value></field>"
    said = party.owner("juliet/a", f"<x xmlns='jabber:x:data' type='submit'>{field}</x>")
    assert refused(said, "juliet/a") == ("modify", "not-acceptable")


def test_cancelling_later_changes_nothing():
    party = Party()
    party.open("romeo/b")
    said = party.owner("juliet/a", "<x xmlns='jabber:x:data' type='cancel'/>")
    assert [parsed(text).get("type") for _, text in said] == ["result"]
    assert party.nicks == {"Jule", "Rom"}


# Changes are announced (10.2.1).


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"roomname": "x"}, ["104"]),
        ({"whois": "anyone"}, ["172"]),
        ({"whois": "anyone", "roomname": "x"}, ["104", "172"]),
        ({}, None),
        ({"publicroom": "1"}, None),
    ],
)
def test_all_are_told_that_the_room_changed(fields, expected):
    party = Party()
    party.open("romeo/b")
    said = party.configure(**fields)
    assert parsed(said[0][1]).get("type") == "result"
    messages = [parsed(text) for _, text in said[1:]]
    if expected is None:
        assert messages == []
        return
    assert sorted(receivers(said[1:])) == ["juliet/a", "romeo/b"]
    assert {each.get("from") for each in messages} == {ROOM}
    assert {each.get("type") for each in messages} == {"groupchat"}
    assert [codes(each) for each in messages] == [expected, expected]


def test_hiding_addresses_again_is_told_as_well():
    party = Party()
    party.open("romeo/b", whois="anyone")
    said = party.configure(whois="moderators")
    assert codes(party.only(said, "romeo/b")[0]) == ["173"]


def test_a_room_that_becomes_one_for_members_puts_the_others_out():
    party = Party()
    party.open("romeo/b", "nurse/c")
    party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='member'/>")
    said = party.configure(membersonly="1")
    assert [codes(each) for each in party.only(said, "nurse/c", "presence")] == [["110", "322"]]
    (gone,) = party.only(said, "romeo/b", "presence")
    assert (nick_of(gone), codes(gone)) == ("Nurse", ["322"])
    assert party.nicks == {"Jule", "Rom"}


def test_a_room_that_is_not_moderated_any_longer_gives_voice_to_all():
    party = Party()
    party.open("romeo/b", moderatedroom="1")
    said = party.configure(moderatedroom="0")
    (presence,) = party.only(said, "romeo/b", "presence")
    assert item(presence)["role"] == "participant"
    assert len(party.speak("romeo/b", "at last")) == 2


# Owners and admins by the form.


def test_the_form_has_the_whole_lists_of_owners_and_admins():
    party = Party()
    party.open("romeo/b", "nurse/c")
    said = party.configure(
        roomowners="juliet@localhost|romeo@localhost", roomadmins="nurse@localhost"
    )
    presences = party.only(said, "juliet/a", "presence")
    assert [(nick_of(e), item(e)["affiliation"]) for e in presences] == [
        ("Rom", "owner"),
        ("Nurse", "admin"),
    ]
    said = party.configure(roomowners="juliet@localhost", roomadmins="")
    presences = party.only(said, "romeo/b", "presence")
    assert sorted((nick_of(e), item(e)["affiliation"], item(e)["role"]) for e in presences) == [
        ("Nurse", "none", "participant"),
        ("Rom", "none", "participant"),
    ]


def test_an_owner_left_out_is_an_admin_if_nothing_is_said_of_admins():
    party = Party()
    party.open("romeo/b", roomowners="juliet@localhost|romeo@localhost")
    said = party.configure("romeo/b", roomowners="romeo@localhost")
    (presence,) = party.only(said, "romeo/b", "presence")
    assert (nick_of(presence), item(presence)["affiliation"]) == ("Jule", "admin")
    assert item(presence)["role"] == "moderator"


def test_a_room_has_an_owner():
    party = Party()
    party.open("romeo/b")
    assert refused(party.configure(roomowners=""), "juliet/a") == ("cancel", "conflict")
    assert values(party, "muc#roomconfig_roomowners") == ("juliet@localhost",)


# The end (10.9).


def test_a_destroyed_room_tells_each_occupant_why_and_where_to_go():
    party = Party()
    party.open("romeo/b")
    said = party.owner(
        "juliet/a",
        "<destroy jid='Hall@rooms.localhost'><reason>the lark</reason><password>p</password>"
        "</destroy>",
    )
    assert receivers(said) == ["juliet/a", "romeo/b", "juliet/a"]
    assert parsed(said[-1][1]).get("type") == "result"
    for (_, text), nick in zip(said[:2], ("Jule", "Rom"), strict=True):
        presence = parsed(text)
        assert (presence.get("type"), nick_of(presence)) == ("unavailable", nick)
        assert item(presence) == {"affiliation": "none", "role": "none"}
        assert codes(presence) == ["110"]
        destroy = presence.find(DESTROY)
        assert destroy.get("jid") == "hall@rooms.localhost"
        assert destroy.findtext(f"{{{MUC}#user}}reason") == "the lark"
        assert destroy.findtext(f"{{{MUC}#user}}password") == "p"
    assert codes(party.only(party.join("romeo/b"), "romeo/b")[0]) == ["110", "201"]


def test_only_owners_destroy():
    party = Party()
    party.open("romeo/b")
    party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='admin'/>")
    assert refused(party.owner("romeo/b", "<destroy/>"), "romeo/b") == ("auth", "forbidden")
    bad = party.owner("juliet/a", "<destroy jid='@'/>")
    assert refused(bad, "juliet/a") == ("modify", "jid-malformed")
    long = party.owner("juliet/a", f"<destroy><reason>{'x' * 1001}</reason></destroy>")
    assert refused(long, "juliet/a") == ("modify", "policy-violation")
    assert party.nicks == {"Jule", "Rom"}


def test_an_owner_need_not_be_inside():
    party = Party()
    party.open("romeo/b")
    party.say("juliet/a", f"<presence type='unavailable' to='{ROOM}/Jule'/>")
    said = party.owner("juliet/a", "<destroy/>")
    assert receivers(said) == ["romeo/b", "juliet/a"]
