"""What is said in a room: to all, in private, and as its subject; voice; iqs between occupants."""

from __future__ import annotations

import pytest
from room_driver import MUC, ROOM, Party, codes, item, nick_of, refused
from stage_driver import parsed, receivers

from xmppshell.practice.rooms import passing

BODY = "{jabber:client}body"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"
OCCUPANT_ID = "{urn:xmpp:occupant-id:0}occupant-id"
PING = "<ping xmlns='urn:xmpp:ping'/>"
VERSION = "<query xmlns='jabber:iq:version'/>"


# To all (7.4).


def test_a_message_is_reflected_to_all_with_its_id_and_one_of_the_room():
    party = Party()
    party.open("romeo/b", "nurse/c")
    said = party.say(
        "romeo/b",
        f"<message to='{ROOM}' id='m1' type='groupchat'><body>a &amp; b</body><x:y xmlns:x='u'/>"
        "</message>",
    )
    assert sorted(receivers(said)) == ["juliet/a", "nurse/c", "romeo/b"]
    stanzas = [parsed(text) for _, text in said]
    assert {each.get("id") for each in stanzas} == {"m1"}
    assert {each.get("from") for each in stanzas} == {f"{ROOM}/Rom"}
    (stanza_id,) = {each.find(STANZA_ID).get("id") for each in stanzas}
    assert stanza_id
    assert all(each.find(STANZA_ID).get("by") == ROOM for each in stanzas)
    assert all("<body>a &amp; b</body><x:y xmlns:x='u'/>" in text for _, text in said)


def test_an_occupant_keeps_its_id_over_visits_and_shares_it_with_nobody():
    party = Party()
    party.open("romeo/b", "nurse/c")

    def id_in(said):
        return parsed(said[0][1]).find(OCCUPANT_ID).get("id")

    first = id_in(party.speak("romeo/b", "one"))
    assert id_in(party.speak("nurse/c", "two")) != first
    party.say("romeo/b", f"<presence type='unavailable' to='{ROOM}/Rom'/>")
    again = party.join("romeo/b", "Other")
    assert party.only(again, "romeo/b", "presence")[-1].find(OCCUPANT_ID).get("id") == first


def test_what_only_the_room_may_say_is_taken_out_of_a_message():
    party = Party()
    party.open("romeo/b")
    said = party.say(
        "romeo/b",
        f"<message to='{ROOM}' type='groupchat'><stanza-id xmlns='urn:xmpp:sid:0' id='f' "
        f"by='{ROOM}'/><stanza-id xmlns='urn:xmpp:sid:0' id='k' by='elsewhere'/>"
        "<stanza-id xmlns='urn:xmpp:sid:0' id='j' by='JULIET@localhost'/>"
        "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='f'><a/></occupant-id><body>b</body>"
        f"<x xmlns='{MUC}#user'><status code='104'/></x></message>",
    )
    message = parsed(said[0][1])
    assert [each.get("by") for each in message.findall(STANZA_ID)] == ["elsewhere", ROOM]
    assert [each.get("id") for each in message.findall(STANZA_ID)][1] != "f"
    assert [each.get("id") != "f" for each in message.findall(OCCUPANT_ID)] == [True]
    assert codes(message) == []


def test_only_occupants_speak():
    party = Party()
    party.open()
    assert refused(party.speak("romeo/b", "hi"), "romeo/b") == ("modify", "not-acceptable")
    said = party.speak("romeo/b", "hi", "nowhere@rooms.localhost")
    assert refused(said, "romeo/b") == ("cancel", "item-not-found")


def test_a_message_to_the_room_of_another_type_is_refused():
    party = Party()
    party.open("romeo/b")
    said = party.say("romeo/b", f"<message type='chat' to='{ROOM}'><body>hi</body></message>")
    assert refused(said, "romeo/b") == ("modify", "bad-request")


def test_visitors_have_no_voice():
    party = Party()
    party.open("romeo/b", moderatedroom="1")
    assert refused(party.speak("romeo/b", "hi"), "romeo/b") == ("auth", "forbidden")
    party.admin("juliet/a", "<item nick='Rom' role='participant'/>")
    assert sorted(receivers(party.speak("romeo/b", "hi"))) == ["juliet/a", "romeo/b"]


def test_only_messages_with_a_body_become_history():
    party = Party()
    party.open()
    state = "<active xmlns='http://jabber.org/protocol/chatstates'/>"
    party.say("juliet/a", f"<message type='groupchat' to='{ROOM}'>{state}</message>")
    party.speak("juliet/a", "said")
    messages = party.only(party.join("romeo/b"), "romeo/b", "message")
    assert [each.findtext(BODY) for each in messages] == ["said", None]


def test_what_an_owner_quotes_keeps_its_time():
    party = Party()
    party.open()
    quoted = "<delay xmlns='urn:xmpp:delay' from='juliet@localhost' stamp='2004-09-29T01:54:37Z'/>"
    party.say("juliet/a", f"<message type='groupchat' to='{ROOM}'><body>b</body>{quoted}</message>")
    message = party.only(party.join("romeo/b"), "romeo/b", "message")[0]
    assert [e.get("stamp") for e in message.iter("{urn:xmpp:delay}delay")] == [
        "2004-09-29T01:54:37Z"
    ]


# The subject (8.1, 7.2.15).


def subject(party: Party, who: str, content: str):
    return party.say(who, f"<message id='s' type='groupchat' to='{ROOM}'>{content}</message>")


def test_a_moderator_sets_the_subject():
    party = Party()
    party.open("romeo/b")
    said = subject(party, "juliet/a", "<subject>Roses</subject>")
    assert sorted(receivers(said)) == ["juliet/a", "romeo/b"]
    assert {nick_of(parsed(text)) for _, text in said} == {"Jule"}
    subject(party, "juliet/a", "<subject/>")
    last = party.only(party.join("nurse/c"), "nurse/c")[-1]
    assert last.findtext("{jabber:client}subject") == ""
    assert last.find("{urn:xmpp:delay}delay") is not None


def test_others_set_it_only_where_they_may():
    party = Party()
    party.open("romeo/b")
    said = subject(party, "romeo/b", "<subject>Ivy</subject>")
    assert refused(said, "romeo/b") == ("auth", "forbidden")
    party.configure(changesubject="1")
    assert len(subject(party, "romeo/b", "<subject>Ivy</subject>")) == 2


def test_visitors_never_set_it():
    party = Party()
    party.open("romeo/b", moderatedroom="1", changesubject="1")
    said = subject(party, "romeo/b", "<subject>Ivy</subject>")
    assert refused(said, "romeo/b") == ("auth", "forbidden")


@pytest.mark.parametrize("more", ["<body>b</body>", "<thread>t</thread>"])
def test_a_message_that_has_more_than_a_subject_sets_none(more):
    party = Party()
    party.open("romeo/b")
    assert len(subject(party, "romeo/b", f"<subject>Ivy</subject>{more}")) == 2
    assert party.only(party.join("nurse/c"), "nurse/c")[-1].findtext("{jabber:client}subject") == ""


def test_a_subject_has_a_limit():
    party = Party()
    party.open()
    said = subject(party, "juliet/a", f"<subject>{'x' * 2001}</subject>")
    assert refused(said, "juliet/a") == ("modify", "policy-violation")


# In private (7.5).


def test_a_private_message_goes_to_one_occupant():
    party = Party()
    party.open("romeo/b", "nurse/c")
    said = party.say(
        "romeo/b", f"<message id='p' type='chat' to='{ROOM}/Nurse'><body>b</body></message>"
    )
    ((who, text),) = said
    message = parsed(text)
    assert who == "nurse/c"
    assert (message.get("from"), message.get("to")) == (f"{ROOM}/Rom", "nurse@localhost/c")
    assert message.get("id") == "p"
    assert len(message.findall(f"{{{MUC}#user}}x")) == 1
    assert message.find(STANZA_ID) is None


def test_an_invitation_cannot_be_forged_by_a_private_message():
    party = Party()
    party.open("romeo/b")
    said = party.say(
        "romeo/b",
        f"<message to='{ROOM}/Jule'><x xmlns='{MUC}#user'><invite from='nurse@localhost'/></x>"
        "</message>",
    )
    (x,) = parsed(said[0][1]).findall(f"{{{MUC}#user}}x")
    assert len(x) == 0


def test_groupchat_is_not_for_one_occupant():
    party = Party()
    party.open("romeo/b")
    said = party.speak("romeo/b", "hi", f"{ROOM}/Jule")
    assert refused(said, "romeo/b") == ("modify", "bad-request")


def test_a_private_message_needs_both_inside():
    party = Party()
    party.open("romeo/b")
    said = party.say("romeo/b", f"<message type='chat' to='{ROOM}/Nobody'><body>b</body></message>")
    assert refused(said, "romeo/b") == ("cancel", "item-not-found")
    said = party.say("nurse/c", f"<message type='chat' to='{ROOM}/Jule'><body>b</body></message>")
    assert refused(said, "nurse/c") == ("modify", "not-acceptable")


@pytest.mark.parametrize(
    ("least", "may"),
    [
        ("anyone", ["visitor", "participant", "moderator"]),
        ("participants", ["participant", "moderator"]),
        ("moderators", ["moderator"]),
        ("none", []),
    ],
)
def test_private_messages_may_be_restricted(least, may):
    party = Party()
    party.open("romeo/b", moderatedroom="1", allowpm=least)
    for role in ("visitor", "participant", "moderator"):
        party.admin("juliet/a", f"<item nick='Rom' role='{role}'/>")
        text = f"<message type='chat' to='{ROOM}/Jule'><body>b</body></message>"
        said = party.say("romeo/b", text)
        if role in may:
            assert receivers(said) == ["juliet/a"]
        else:
            assert refused(said, "romeo/b") == ("auth", "forbidden")


# Asking for voice (7.13, 8.6).


def voice(party: Party, who: str, **fields: str):
    form = "".join(
        f"<field var='{name.replace('_', '#', 1)}'><value>{value}</value></field>"
        for name, value in {"FORM_TYPE": f"{MUC}#request", **fields}.items()
    ).replace("FORM#TYPE", "FORM_TYPE")
    return party.say(
        who, f"<message to='{ROOM}'><x xmlns='jabber:x:data' type='submit'>{form}</x></message>"
    )


def test_a_visitor_asks_for_voice_and_a_moderator_gives_it():
    party = Party()
    party.open("romeo/b", "nurse/c", moderatedroom="1")
    ((who, text),) = voice(party, "romeo/b", muc_role="participant")
    assert who == "juliet/a"
    assert "romeo@localhost/b" in text
    assert voice(party, "juliet/a", muc_roomnick="Rom", muc_request_allow="0") == []
    said = voice(party, "juliet/a", muc_roomnick="Rom", muc_request_allow="1")
    assert receivers(said) == ["juliet/a", "nurse/c", "romeo/b"]
    assert item(party.only(said, "romeo/b")[0])["role"] == "participant"


def test_requests_for_voice_that_make_no_sense_are_refused():
    party = Party()
    party.open("romeo/b", "nurse/c", moderatedroom="1")
    asked = voice(party, "romeo/b", muc_role="moderator")
    assert refused(asked, "romeo/b") == ("modify", "bad-request")
    asked = voice(party, "juliet/a", muc_role="participant")
    assert refused(asked, "juliet/a") == ("modify", "bad-request")
    asked = voice(party, "mercutio/d", muc_role="participant")
    assert refused(asked, "mercutio/d") == ("modify", "not-acceptable")
    given = voice(party, "nurse/c", muc_roomnick="Nurse", muc_request_allow="1")
    assert refused(given, "nurse/c") == ("auth", "forbidden")
    given = voice(party, "juliet/a", muc_roomnick="Nobody", muc_request_allow="1")
    assert refused(given, "juliet/a") == ("cancel", "item-not-found")


# Iqs between occupants (16.4), and self-ping (XEP-0410).


def test_an_iq_passes_both_ways_without_telling_real_addresses():
    party = Party()
    party.open("romeo/b")
    ((who, text),) = party.ask("romeo/b", VERSION, to=f"{ROOM}/Jule")
    request = parsed(text)
    assert who == "juliet/a"
    assert (request.get("from"), request.get("id")) == (f"{ROOM}/Rom", "ask")
    assert "romeo@" not in text
    ((who, text),) = party.ask("juliet/a", VERSION, "result", f"{ROOM}/Rom")
    assert who == "romeo/b"
    assert parsed(text).get("from") == f"{ROOM}/Jule"
    assert "juliet@" not in text
    assert party.ask("juliet/a", VERSION, "result", f"{ROOM}/Rom") == []


def test_a_reply_finds_whoever_asked_even_under_another_nickname():
    party = Party()
    party.open("romeo/b")
    party.ask("romeo/b", VERSION, to=f"{ROOM}/Jule")
    party.say("romeo/b", f"<presence to='{ROOM}/Other'/>")
    error = (
        f"<iq type='error' id='ask' to='{ROOM}/Rom'><error type='cancel'><service-unavailable "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )
    assert receivers(party.say("juliet/a", error)) == ["romeo/b"]
    assert party.say("juliet/a", error) == []


def test_replies_that_nobody_asked_for_go_nowhere():
    party = Party()
    party.open("romeo/b")
    assert party.ask("romeo/b", "", "result", f"{ROOM}/Jule") == []
    assert party.ask("romeo/b", "", "result", ROOM) == []
    assert party.ask("romeo/b", "", "result", "rooms.localhost") == []


def test_a_second_request_with_the_same_id_is_not_mixed_up_with_the_first():
    party = Party()
    party.open("romeo/b")
    party.ask("romeo/b", VERSION, to=f"{ROOM}/Jule")
    again = party.ask("romeo/b", VERSION, to=f"{ROOM}/Jule")
    assert refused(again, "romeo/b") == ("cancel", "conflict")


def test_the_room_forgets_the_oldest_of_too_many_requests(monkeypatch):
    monkeypatch.setattr(passing, "MAX_REQUESTS", 1)
    party = Party()
    party.open("romeo/b", "nurse/c")
    party.ask("romeo/b", VERSION, to=f"{ROOM}/Jule")
    party.ask("nurse/c", VERSION, to=f"{ROOM}/Jule")
    assert party.ask("juliet/a", VERSION, "result", f"{ROOM}/Rom") == []
    assert receivers(party.ask("juliet/a", VERSION, "result", f"{ROOM}/Nurse")) == ["nurse/c"]


def test_pinging_oneself_tells_whether_one_is_inside():
    party = Party()
    party.open("romeo/b")
    ((who, text),) = party.ask("romeo/b", PING, to=f"{ROOM}/Rom")
    assert (who, parsed(text).get("type")) == ("romeo/b", "result")
    assert parsed(text).get("from") == f"{ROOM}/Rom"
    outside = party.ask("nurse/c", PING, to=f"{ROOM}/Rom")
    assert refused(outside, "nurse/c") == ("modify", "not-acceptable")
    wrong = party.ask("romeo/b", PING, to=f"{ROOM}/Other")
    assert refused(wrong, "romeo/b") == ("cancel", "item-not-found")
    assert receivers(party.ask("romeo/b", PING, to=f"{ROOM}/Jule")) == ["juliet/a"]


def test_who_is_outside_asks_no_occupant_what_it_can():
    party = Party()
    party.open()
    disco = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
    said = party.ask("romeo/b", disco, to=f"{ROOM}/Jule")
    assert refused(said, "romeo/b") == ("modify", "bad-request")


def test_the_vcard_of_an_occupant_is_that_of_the_account():
    party = Party()
    party.open("romeo/b")
    card = "<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>"
    party.say("juliet/a", f"<iq type='set' id='v'>{card}</iq>")
    ((who, text),) = party.ask("romeo/b", "<vCard xmlns='vcard-temp'/>", to=f"{ROOM}/Jule")
    reply = parsed(text)
    assert (who, reply.get("type"), reply.get("id")) == ("romeo/b", "result", "ask")
    assert (reply.get("from"), reply.get("to")) == (f"{ROOM}/Jule", "romeo@localhost/b")
    assert card in text
    assert "juliet@" not in text
    changed = party.ask("romeo/b", "<vCard xmlns='vcard-temp'/>", "set", f"{ROOM}/Jule")
    assert receivers(changed) == ["juliet/a"]


def test_an_occupant_that_cannot_be_reached_is_said_to_be_so():
    party = Party()
    party.open("romeo/b")
    party.stage.router.directory.remove(party.resources["juliet/a"])
    said = party.ask("romeo/b", VERSION, to=f"{ROOM}/Jule")
    assert refused(said, "romeo/b") == ("wait", "recipient-unavailable")
