"""Invitations through the room, declining them, and those that go past it."""

from __future__ import annotations

import pytest
from room_driver import MUC, ROOM, Party, codes, refused
from stage_driver import parsed, receivers

from xmppshell.practice.rooms import invitations

USER = f"{{{MUC}#user}}"


def invite(party: Party, who: str, *invites: str, more: str = ""):
    return party.say(
        who,
        f"<message id='i' to='{ROOM}'><x xmlns='{MUC}#user'>{''.join(invites)}{more}</x></message>",
    )


def one(to: str, inside: str = "") -> str:
    return f"<invite to='{to}'>{inside}</invite>"


def decline(party: Party, who: str, to: str):
    reason = "<reason>too busy</reason>"
    return party.say(
        who,
        f"<message to='{ROOM}'><x xmlns='{MUC}#user'><decline to='{to}'>{reason}</decline></x>"
        "</message>",
    )


def test_an_invitation_comes_from_the_room_and_says_who_invites():
    party = Party()
    party.open()
    inside = "<reason>a &lt; b</reason><continue thread='t'/>"
    ((who, text),) = invite(party, "juliet/a", one("romeo@localhost", inside))
    message = parsed(text)
    assert who == "romeo/b"
    assert (message.get("from"), message.get("to")) == (ROOM, "romeo@localhost")
    found = message.find(f"{USER}x/{USER}invite")
    assert found.get("from") == "juliet@localhost"
    assert found.get("to") is None
    assert found.findtext(f"{USER}reason") == "a < b"
    assert found.find(f"{USER}continue").get("thread") == "t"
    assert message.find(f"{USER}x/{USER}password") is None


def test_several_are_invited_at_once_and_get_the_password():
    party = Party()
    party.open(passwordprotectedroom="1", roomsecret="ivy")
    said = invite(party, "juliet/a", one("romeo@localhost/b"), one("nurse@localhost"))
    assert receivers(said) == ["romeo/b", "nurse/c"]
    assert {parsed(text).findtext(f"{USER}x/{USER}password") for _, text in said} == {"ivy"}


def test_an_invitation_for_nobody_is_refused():
    party = Party()
    party.open()
    said = invite(party, "juliet/a", one("tybalt@localhost"))
    assert refused(said, "juliet/a") == ("cancel", "item-not-found")
    said = invite(party, "juliet/a", one("@"))
    assert refused(said, "juliet/a") == ("modify", "jid-malformed")
    said = invite(party, "juliet/a", *[one("romeo@localhost")] * 101)
    assert refused(said, "juliet/a") == ("modify", "policy-violation")


def test_that_somebody_is_away_is_not_told():
    party = Party()
    party.open()
    party.leave("romeo/b")
    assert invite(party, "juliet/a", one("romeo@localhost")) == []
    assert invite(party, "juliet/a", one("romeo@elsewhere.example")) == []


def test_who_is_away_finds_the_invitation_on_coming_back():
    party = Party()
    party.open()
    party.leave("romeo/b")
    invite(party, "juliet/a", one("romeo@localhost"))
    said = party.enter("romeo/b", 1)
    (message,) = party.only(said, "romeo/b", "message")
    assert message.get("from") == ROOM
    assert message.find(f"{USER}x/{USER}invite").get("from") == "juliet@localhost"


def test_only_occupants_invite():
    party = Party()
    party.open()
    said = invite(party, "romeo/b", one("nurse@localhost"))
    assert refused(said, "romeo/b") == ("modify", "not-acceptable")


@pytest.mark.parametrize(("fields", "may"), [({}, False), ({"allowinvites": "1"}, True)])
def test_members_invite_into_a_room_for_members_only_where_they_may(fields, may):
    party = Party()
    party.open(membersonly="1", **fields)
    party.admin("juliet/a", "<item jid='romeo@localhost' affiliation='member'/>")
    party.join("romeo/b")
    said = invite(party, "romeo/b", one("nurse@localhost"))
    if may:
        assert receivers(said) == ["nurse/c"]
        assert codes(party.only(party.join("nurse/c"), "nurse/c", "presence")[-1]) == ["110"]
    else:
        assert refused(said, "romeo/b") == ("auth", "forbidden")


def test_who_is_invited_into_an_open_room_does_not_become_a_member():
    party = Party()
    party.open()
    invite(party, "juliet/a", one("nurse@localhost"))
    said = party.admin("juliet/a", "<item affiliation='member'/>", "get")
    assert "nurse" not in said[0][1]


def test_whoever_invited_learns_that_it_is_declined():
    party = Party()
    party.open()
    invite(party, "juliet/a", one("romeo@localhost"))
    ((who, text),) = decline(party, "romeo/b", "juliet@localhost")
    message = parsed(text)
    assert who == "juliet/a"
    assert message.get("from") == ROOM
    found = message.find(f"{USER}x/{USER}decline")
    assert found.get("from") == "romeo@localhost"
    assert found.findtext(f"{USER}reason") == "too busy"
    again = decline(party, "romeo/b", "juliet@localhost")
    assert refused(again, "romeo/b") == ("cancel", "item-not-found")


def test_a_decline_may_name_the_occupant_or_a_resource():
    for to in (f"{ROOM}/Jule", "juliet@localhost/a"):
        party = Party()
        party.open()
        invite(party, "juliet/a", one("romeo@localhost"))
        assert receivers(decline(party, "romeo/b", to)) == ["juliet/a"]


def test_nobody_declines_what_they_were_not_invited_to():
    party = Party()
    party.open()
    said = decline(party, "romeo/b", "juliet@localhost")
    assert refused(said, "romeo/b") == ("cancel", "item-not-found")
    assert refused(decline(party, "romeo/b", "@"), "romeo/b") == ("modify", "jid-malformed")
    assert refused(decline(party, "romeo/b", f"{ROOM}/No"), "romeo/b")[1] == "item-not-found"


def test_the_room_forgets_the_oldest_of_too_many_invitations(monkeypatch):
    monkeypatch.setattr(invitations, "MAX_INVITATIONS", 1)
    party = Party()
    party.open()
    invite(party, "juliet/a", one("romeo@localhost"), one("nurse@localhost"))
    said = decline(party, "romeo/b", "juliet@localhost")
    assert refused(said, "romeo/b") == ("cancel", "item-not-found")
    assert receivers(decline(party, "nurse/c", "juliet@localhost")) == ["juliet/a"]


def test_a_direct_invitation_goes_past_the_room():
    party = Party()
    party.open()
    text = f"<x xmlns='jabber:x:conference' jid='{ROOM}'/>"
    ((who, said),) = party.say("juliet/a", f"<message to='romeo@localhost'>{text}</message>")
    assert who == "romeo/b"
    assert text in said
