"""The archive of a room: what is in it, by whom it is said, and who may ask."""

from __future__ import annotations

import pytest
from lxml import etree
from room_driver import ROOM, Party, nick_of, refused
from stage_driver import parsed

MAM = "urn:xmpp:mam:2"
RESULT = f"{{{MAM}}}result"
FORWARDED = "{urn:xmpp:forward:0}forwarded"
MESSAGE = f"{RESULT}/{FORWARDED}/{{jabber:client}}message"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"


def look_up(party: Party, who: str, content: str = "") -> list[etree._Element]:
    """Return the results and, as the last, the answer; they come to `who` alone."""
    said = party.ask(who, f"<query xmlns='{MAM}' queryid='q'>{content}</query>", "set")
    assert {to for to, _ in said} == {who}
    return [parsed(text) for _, text in said]


def test_what_was_said_is_found_again_under_its_id():
    party = Party()
    party.open("romeo/b")
    said = [parsed(party.speak(who, "said")[0][1]) for who in ("juliet/a", "romeo/b")]
    *results, answer = look_up(party, "romeo/b")
    assert answer.find(f"{{{MAM}}}fin") is not None
    assert [each.get("from") for each in results] == [ROOM, ROOM]
    ids = [each.find(STANZA_ID).get("id") for each in said]
    assert [each.find(RESULT).get("id") for each in results] == ids
    messages = [each.find(MESSAGE) for each in results]
    assert [nick_of(each) for each in messages] == ["Jule", "Rom"]
    assert [each.get("to") for each in messages] == [None, None]
    assert [each.get("type") for each in messages] == ["groupchat", "groupchat"]
    assert "@localhost" not in etree.tostring(results[1].find(RESULT), encoding="unicode")


def test_the_subject_is_archived_and_what_passes_is_not():
    party = Party()
    party.open("romeo/b")
    for content in (
        "<subject>Roses</subject>",
        "<active xmlns='http://jabber.org/protocol/chatstates'/>",
        "<body>b</body><no-store xmlns='urn:xmpp:hints'/>",
    ):
        party.say("juliet/a", f"<message type='groupchat' to='{ROOM}'>{content}</message>")
    party.say("romeo/b", f"<message type='chat' to='{ROOM}/Jule'><body>private</body></message>")
    *results, _ = look_up(party, "romeo/b")
    assert [each.find(MESSAGE).findtext("{jabber:client}subject") for each in results] == ["Roses"]


def test_what_is_not_to_be_kept_is_no_history_either():
    party = Party()
    party.open()
    hint = "<no-store xmlns='urn:xmpp:hints'/>"
    party.say("juliet/a", f"<message type='groupchat' to='{ROOM}'><body>b</body>{hint}</message>")
    assert len(party.only(party.join("romeo/b"), "romeo/b", "message")) == 1


def test_it_can_be_paged():
    party = Party()
    party.open()
    for text in "123":
        party.speak("juliet/a", text)
    page = "<set xmlns='http://jabber.org/protocol/rsm'><max>1</max><before/></set>"
    *results, _ = look_up(party, "juliet/a", page)
    assert [each.find(MESSAGE).findtext("{jabber:client}body") for each in results] == ["3"]


def test_the_fields_and_the_ends_can_be_asked_for():
    party = Party()
    party.open()
    party.speak("juliet/a", "said")
    ((_, text),) = party.ask("juliet/a", f"<query xmlns='{MAM}'/>")
    assert "jabber:x:data" in text
    ((_, text),) = party.ask("juliet/a", f"<metadata xmlns='{MAM}'/>")
    assert parsed(text).find(f"{{{MAM}}}metadata/{{{MAM}}}start") is not None


@pytest.mark.parametrize(
    ("fields", "items", "may"),
    [
        ({}, "", True),
        ({}, "<item jid='romeo@localhost' affiliation='outcast'/>", False),
        ({"membersonly": "1"}, "", False),
        ({"membersonly": "1"}, "<item jid='romeo@localhost' affiliation='member'/>", True),
        ({"passwordprotectedroom": "1", "roomsecret": "ivy"}, "", False),
        (
            {"passwordprotectedroom": "1", "roomsecret": "ivy"},
            "<item jid='romeo@localhost' affiliation='admin'/>",
            True,
        ),
    ],
)
def test_who_may_come_in_may_ask(fields, items, may):
    party = Party()
    party.open(**fields)
    if items:
        party.admin("juliet/a", items)
    for payload, kind in (
        (f"<query xmlns='{MAM}'/>", "set"),
        (f"<metadata xmlns='{MAM}'/>", "get"),
    ):
        said = party.ask("romeo/b", payload, kind)
        if may:
            assert parsed(said[-1][1]).get("type") == "result"
        else:
            assert refused(said, "romeo/b") == ("auth", "forbidden")


def test_who_is_inside_may_ask_though_a_password_was_set_since():
    party = Party()
    party.open("romeo/b")
    party.configure(passwordprotectedroom="1", roomsecret="ivy")
    assert look_up(party, "romeo/b")[-1].get("type") == "result"


def test_a_room_says_that_it_has_an_archive():
    party = Party()
    party.open()
    said = party.ask("romeo/b", "<query xmlns='http://jabber.org/protocol/disco#info'/>")
    assert f"<feature var='{MAM}'/>" in said[0][1]
