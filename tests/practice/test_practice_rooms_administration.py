"""Roles and affiliations: who may list and change them, and what follows for whom."""

from __future__ import annotations

import pytest
from room_driver import MUC, ROOM, Party, codes, item, nick_of, refused
from stage_driver import parsed, receivers

from xmppshell.practice.rooms import administration

ITEM = f"{{{MUC}#admin}}item"
ACTOR = f".//{{{MUC}#user}}actor"
REASON = f".//{{{MUC}#user}}reason"


def listed(party: Party, who: str, attribute: str) -> list[dict[str, str]]:
    said = party.admin(who, f"<item {attribute}/>", "get")
    ((to, text),) = said
    assert to == who
    assert parsed(text).get("type") == "result", text
    return [dict(each.attrib) for each in parsed(text).iter(ITEM)]  # type: ignore[arg-type]


def crowd(**fields: str) -> Party:
    """Let all in: Juliet owns the room, Romeo is an admin, the nurse a member, Mercutio nothing."""
    party = Party()
    party.open("romeo/b", "nurse/c", "mercutio/d", **fields)
    party.admin(
        "juliet/a",
        "<item jid='romeo@localhost' affiliation='admin'/>"
        "<item jid='nurse@localhost' affiliation='member'/>",
    )
    return party


# Kicking (8.2).


def test_who_is_kicked_learns_it_first_then_the_moderator_then_all():
    party = crowd()
    said = party.admin("juliet/a", "<item nick='Merc' role='none'><reason>a plague</reason></item>")
    assert receivers(said) == ["mercutio/d", "juliet/a", "juliet/a", "romeo/b", "nurse/c"]
    assert parsed(said[1][1]).get("type") == "result"
    for number, (_, text) in enumerate(said):
        presence = parsed(text)
        if number == 1:
            continue
        assert (presence.get("type"), nick_of(presence)) == ("unavailable", "Merc")
        assert codes(presence) == (["110", "307"] if number == 0 else ["307"])
        assert item(presence)["role"] == "none"
        assert presence.find(ACTOR).get("nick") == "Jule"
        assert presence.findtext(REASON) == "a plague"
    assert party.nicks == {"Jule", "Rom", "Nurse"}
    assert codes(party.only(party.join("mercutio/d"), "mercutio/d", "presence")[-1]) == ["110"]


def test_nobody_kicks_somebody_of_higher_affiliation():
    party = crowd()
    assert refused(party.admin("romeo/b", "<item nick='Jule' role='none'/>"), "romeo/b") == (
        "cancel",
        "not-allowed",
    )
    party.admin("juliet/a", "<item nick='Merc' role='moderator'/>")
    said = party.admin("mercutio/d", "<item nick='Nurse' role='none'/>")
    assert refused(said, "mercutio/d") == ("cancel", "not-allowed")


def test_only_moderators_kick():
    party = crowd()
    said = party.admin("nurse/c", "<item nick='Merc' role='none'/>")
    assert refused(said, "nurse/c") == ("auth", "forbidden")
    said = party.admin("juliet/a", "<item nick='Nobody' role='none'/>")
    assert refused(said, "juliet/a") == ("cancel", "item-not-found")


def test_one_may_kick_oneself():
    party = crowd()
    said = party.admin("romeo/b", "<item nick='Rom' role='none'/>")
    assert codes(party.only(said, "romeo/b", "presence")[0]) == ["110", "307"]


# Voice and moderators (8.3 to 8.5, 9.6 to 9.8).


def test_voice_is_given_and_taken():
    party = crowd(moderatedroom="1")
    said = party.admin("romeo/b", "<item nick='Merc' role='participant'/>")
    assert receivers(said)[0] == "romeo/b"
    assert sorted(receivers(said[1:])) == ["juliet/a", "mercutio/d", "nurse/c", "romeo/b"]
    assert {item(parsed(text))["role"] for _, text in said[1:]} == {"participant"}
    assert codes(party.only(said, "mercutio/d")[0]) == ["110"]
    said = party.admin("romeo/b", "<item nick='Merc' role='visitor'/>")
    assert item(party.only(said, "nurse/c")[0])["role"] == "visitor"
    assert refused(party.speak("mercutio/d", "hi"), "mercutio/d") == ("auth", "forbidden")


def test_voice_is_not_taken_from_equals_nor_from_admins_and_owners():
    party = crowd()
    party.admin("juliet/a", "<item nick='Nurse' role='moderator'/>")
    party.admin("juliet/a", "<item nick='Merc' role='moderator'/>")
    for who, nick in (("juliet/a", "Rom"), ("juliet/a", "Jule"), ("romeo/b", "Jule")):
        for role in ("visitor", "participant"):
            said = party.admin(who, f"<item nick='{nick}' role='{role}'/>")
            assert refused(said, who) == ("cancel", "not-allowed")
    party.admin("juliet/a", "<item nick='Nurse' role='participant'/>")
    said = party.admin("mercutio/d", "<item nick='Nurse' role='visitor'/>")
    assert refused(said, "mercutio/d") == ("cancel", "not-allowed")


def test_only_admins_make_moderators_and_unmake_them():
    party = crowd()
    said = party.admin("romeo/b", "<item nick='Merc' role='moderator'/>")
    assert item(party.only(said, "nurse/c")[0])["role"] == "moderator"
    for role in ("moderator", "participant"):
        said = party.admin("mercutio/d", f"<item nick='Nurse' role='{role}'/>")
        expected = "result" if role == "participant" else "error"
        assert parsed(said[0][1]).get("type") == expected
    said = party.admin("mercutio/d", "<item nick='Nurse' role='moderator'/>")
    assert refused(said, "mercutio/d") == ("auth", "forbidden")
    party.admin("juliet/a", "<item nick='Nurse' role='moderator'/>")
    said = party.admin("mercutio/d", "<item nick='Nurse' role='participant'/>")
    assert refused(said, "mercutio/d") == ("auth", "forbidden")
    assert receivers(party.admin("romeo/b", "<item nick='Nurse' role='participant'/>"))[1:]


def test_a_moderator_sees_real_addresses_from_then_on():
    party = crowd()
    party.admin("juliet/a", "<item nick='Merc' role='moderator'/>")
    said = party.say("nurse/c", f"<presence to='{ROOM}/Nurse'><show>xa</show></presence>")
    assert item(party.only(said, "mercutio/d")[0])["jid"] == "nurse@localhost/c"


# Affiliations (9.1 to 9.5, 10.3 to 10.8).


def test_a_ban_takes_the_user_out_and_keeps_them_out():
    party = crowd()
    said = party.admin(
        "romeo/b",
        "<item jid='mercutio@localhost/x' affiliation='outcast'><reason>r</reason></item>",
    )
    assert receivers(said)[:2] == ["romeo/b", "mercutio/d"]
    assert codes(party.only(said, "mercutio/d")[0]) == ["110", "301"]
    assert item(party.only(said, "mercutio/d")[0]) == {"affiliation": "outcast", "role": "none"}
    assert party.only(said, "mercutio/d")[0].findtext(REASON) == "r"
    assert codes(party.only(said, "nurse/c")[0]) == ["301"]
    assert refused(party.join("mercutio/d"), "mercutio/d") == ("auth", "forbidden")
    assert listed(party, "romeo/b", "affiliation='outcast'") == [
        {"affiliation": "outcast", "jid": "mercutio@localhost"}
    ]
    party.admin("romeo/b", "<item jid='mercutio@localhost' affiliation='none'/>")
    assert len(party.only(party.join("mercutio/d"), "mercutio/d", "presence")) == 4


def test_a_whole_domain_can_be_banned_but_not_ones_own():
    party = crowd()
    party.admin("juliet/a", "<item jid='elsewhere.example' affiliation='outcast'/>")
    assert listed(party, "juliet/a", "affiliation='outcast'")[0]["jid"] == "elsewhere.example"
    said = party.admin("juliet/a", "<item jid='localhost' affiliation='outcast'/>")
    assert refused(said, "juliet/a") == ("cancel", "conflict")
    said = party.admin("juliet/a", "<item jid='elsewhere.example' affiliation='member'/>")
    assert refused(said, "juliet/a") == ("modify", "not-acceptable")


@pytest.mark.parametrize(
    ("who", "jid", "affiliation", "expected"),
    [
        ("romeo/b", "juliet", "outcast", ("cancel", "not-allowed")),
        ("romeo/b", "romeo", "outcast", ("cancel", "conflict")),
        ("juliet/a", "juliet", "outcast", ("cancel", "conflict")),
        ("juliet/a", "juliet", "admin", ("cancel", "conflict")),
        ("juliet/a", "juliet", "none", ("cancel", "conflict")),
        ("romeo/b", "nurse", "admin", ("auth", "forbidden")),
        ("romeo/b", "nurse", "owner", ("auth", "forbidden")),
        ("romeo/b", "romeo", "none", ("auth", "forbidden")),
        ("romeo/b", "juliet", "member", ("auth", "forbidden")),
        ("nurse/c", "mercutio", "member", ("auth", "forbidden")),
        ("mercutio/d", "mercutio", "owner", ("auth", "forbidden")),
    ],
)
def test_what_is_not_for_them_is_refused(who, jid, affiliation, expected):
    party = crowd()
    text = f"<item jid='{jid}@localhost' affiliation='{affiliation}'/>"
    assert refused(party.admin(who, text), who) == expected


@pytest.mark.parametrize(
    ("affiliation", "role"),
    [("owner", "moderator"), ("admin", "moderator"), ("member", "participant")],
)
def test_all_are_told_of_a_rise(affiliation, role):
    party = crowd(moderatedroom="1")
    said = party.admin("juliet/a", f"<item jid='mercutio@localhost' affiliation='{affiliation}'/>")
    assert parsed(said[0][1]).get("type") == "result"
    assert sorted(receivers(said[1:])) == ["juliet/a", "mercutio/d", "nurse/c", "romeo/b"]
    for _, text in said[1:]:
        assert item(parsed(text))["affiliation"] == affiliation
        assert item(parsed(text))["role"] == role


def test_who_is_no_admin_any_longer_is_no_moderator():
    party = crowd()
    said = party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='member'/>")
    assert item(party.only(said, "romeo/b")[0]) == {"affiliation": "member", "role": "participant"}


def test_an_owner_may_go_if_there_is_another():
    party = crowd()
    party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='owner'/>")
    said = party.admin("juliet/a", "<item jid='juliet@localhost' affiliation='none'/>")
    assert item(party.only(said, "nurse/c")[0])["role"] == "participant"
    assert refused(party.owner("juliet/a", "", "get"), "juliet/a") == ("auth", "forbidden")


def test_who_is_no_member_any_longer_leaves_a_room_for_members():
    party = Party()
    party.open(membersonly="1")
    party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='member'/>")
    party.join("romeo/b")
    said = party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='none'/>")
    (gone,) = party.only(said, "romeo/b")
    assert (gone.get("type"), codes(gone)) == ("unavailable", ["110", "321"])
    assert [codes(each) for each in party.only(said, "juliet/a", "presence")] == [["321"]]


def test_who_becomes_a_member_of_a_room_for_members_is_invited():
    party = Party()
    party.open(membersonly="1", passwordprotectedroom="1", roomsecret="ivy")
    said = party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='member'/>")
    assert receivers(said) == ["juliet/a", "romeo/b"]
    invitation = parsed(said[1][1])
    assert invitation.find(f".//{{{MUC}#user}}invite").get("from") == "juliet@localhost"
    assert invitation.findtext(f".//{{{MUC}#user}}password") == "ivy"
    again = party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='member'/>")
    assert receivers(again) == ["juliet/a"]


def test_a_change_to_what_is_already_so_is_no_news():
    party = crowd()
    for same in ("jid='nurse@localhost' affiliation='member'", "nick='Nurse' role='participant'"):
        assert receivers(party.admin("juliet/a", f"<item {same}/>")) == ["juliet/a"]


def test_all_of_a_request_is_done_or_nothing():
    party = crowd()
    said = party.admin(
        "romeo/b",
        "<item jid='mercutio@localhost' affiliation='outcast'/>"
        "<item jid='juliet@localhost' affiliation='outcast'/>",
    )
    assert refused(said, "romeo/b") == ("cancel", "not-allowed")
    assert listed(party, "romeo/b", "affiliation='outcast'") == []
    assert party.nicks == {"Jule", "Rom", "Nurse", "Merc"}


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("", "bad-request"),
        ("<item/>", "bad-request"),
        ("<item nick='Rom'/>", "bad-request"),
        ("<item role='none'/>", "bad-request"),
        ("<item affiliation='member'/>", "bad-request"),
        ("<item nick='Rom' role='king'/>", "bad-request"),
        ("<item jid='romeo@localhost' affiliation='king'/>", "bad-request"),
        ("<item nick='Rom' jid='romeo@localhost' role='none' affiliation='none'/>", "bad-request"),
        ("<item jid='@' affiliation='member'/>", "jid-malformed"),
        ("<item nick='\u200b' role='none'/>", "jid-malformed"),
        ("<other/>", "bad-request"),
    ],
)
def test_a_request_that_makes_no_sense_is_explained(items, expected):
    party = crowd()
    assert refused(party.admin("juliet/a", items), "juliet/a") == ("modify", expected)


def test_requests_and_lists_are_limited(monkeypatch):
    party = crowd()
    many = "".join(f"<item jid='u{n}@localhost' affiliation='member'/>" for n in range(101))
    assert refused(party.admin("juliet/a", many), "juliet/a") == ("modify", "policy-violation")
    long = f"<item jid='u@localhost' affiliation='outcast'><reason>{'x' * 1001}</reason></item>"
    assert refused(party.admin("juliet/a", long), "juliet/a") == ("modify", "policy-violation")
    monkeypatch.setattr(administration, "MAX_STANDINGS", 3)
    more = "<item jid='mercutio@localhost' affiliation='member'/>"
    assert refused(party.admin("juliet/a", more), "juliet/a") == ("wait", "resource-constraint")


# Lists.


def test_the_lists_are_what_they_should_be():
    party = crowd()
    assert listed(party, "juliet/a", "affiliation='owner'") == [
        {"affiliation": "owner", "jid": "juliet@localhost", "nick": "Jule"}
    ]
    assert [e["jid"] for e in listed(party, "juliet/a", "affiliation='admin'")] == [
        "romeo@localhost"
    ]
    assert [e["jid"] for e in listed(party, "romeo/b", "affiliation='member'")] == [
        "nurse@localhost"
    ]
    assert listed(party, "romeo/b", "role='participant'")[1] == {
        "affiliation": "none",
        "jid": "mercutio@localhost/d",
        "nick": "Merc",
        "role": "participant",
    }
    assert [e["nick"] for e in listed(party, "romeo/b", "role='moderator'")] == ["Jule", "Rom"]
    assert listed(party, "romeo/b", "role='visitor'") == []


@pytest.mark.parametrize(
    ("who", "attribute"),
    [
        ("romeo/b", "affiliation='owner'"), ("romeo/b", "affiliation='admin'"),
        ("nurse/c", "affiliation='member'"), ("nurse/c", "affiliation='outcast'"),
        ("nurse/c", "role='participant'"), ("nurse/c", "role='moderator'"),
    ],
)  # fmt: skip
def test_lists_are_not_for_everybody(who, attribute):
    party = crowd()
    assert refused(party.admin(who, f"<item {attribute}/>", "get"), who) == ("auth", "forbidden")


def test_where_all_see_all_addresses_the_lists_are_open_but_for_the_bans():
    party = crowd(whois="anyone")
    for affiliation in ("owner", "admin", "member"):
        assert listed(party, "mercutio/d", f"affiliation='{affiliation}'")
    said = party.admin("mercutio/d", "<item affiliation='outcast'/>", "get")
    assert refused(said, "mercutio/d") == ("auth", "forbidden")
    party.say("mercutio/d", f"<presence type='unavailable' to='{ROOM}/Merc'/>")
    said = party.admin("mercutio/d", "<item affiliation='member'/>", "get")
    assert refused(said, "mercutio/d") == ("auth", "forbidden")


@pytest.mark.parametrize(
    "items",
    ["", "<item/>", "<item affiliation='none'/>", "<item role='none'/>",
     "<item role='visitor'/><item role='visitor'/>"],
)  # fmt: skip
def test_a_list_that_there_is_not_is_not_given(items):
    party = crowd()
    said = party.admin("juliet/a", items, "get")
    assert refused(said, "juliet/a") == ("modify", "bad-request")
