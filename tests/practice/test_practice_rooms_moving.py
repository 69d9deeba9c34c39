"""Being in a room: presence, nicknames, several clients, going, and being found gone."""

from __future__ import annotations

import pytest
from room_driver import MUC, ROOM, Party, codes, item, nick_of, refused
from stage_driver import parsed, receivers

from xmppshell.practice.directory import Resource
from xmppshell.protocol.jid import JID
from xmppshell.protocol.stanza import stanza_of
from xmppshell.protocol.xml import Context, parse_element

STATUS = "{jabber:client}status"


def test_other_presence_is_shown_to_all():
    party = Party()
    party.open("romeo/b")
    said = party.say("romeo/b", f"<presence id='p2' to='{ROOM}/Rom'><show>dnd</show></presence>")
    assert receivers(said) == ["juliet/a", "romeo/b"]
    assert all(parsed(text).findtext("{jabber:client}show") == "dnd" for _, text in said)
    assert [codes(parsed(text)) for _, text in said] == [[], ["110"]]
    assert parsed(said[1][1]).get("id") == "p2"
    # It is not the answer to p2 that newcomers get.
    shown = party.only(party.join("nurse/c"), "nurse/c")[1]
    assert (shown.findtext("{jabber:client}show"), shown.get("id")) == ("dnd", None)


def test_presence_that_is_none_is_refused():
    party = Party()
    party.open("romeo/b")
    for who in ("romeo/b", "nurse/c"):
        said = party.join(who, more="<show>online</show>")
        assert refused(said, who) == ("modify", "bad-request")
    large = f"<status>{'x' * 10_000}</status>"
    for nick in ("Rom", "Montague"):
        said = party.say("romeo/b", f"<presence to='{ROOM}/{nick}'>{large}</presence>")
        assert refused(said, "romeo/b") == ("modify", "policy-violation")


# Nicknames (7.6).


def test_a_new_nickname_is_told_by_two_presences():
    party = Party()
    party.open("romeo/b")
    said = party.say("romeo/b", f"<presence to='{ROOM}/Montague'/>")
    for who, own in (("juliet/a", []), ("romeo/b", ["110"])):
        gone, come = party.only(said, who)
        assert (gone.get("type"), nick_of(gone)) == ("unavailable", "Rom")
        assert item(gone)["nick"] == "Montague"
        assert codes(gone) == [*own, "303"]
        assert (come.get("type"), nick_of(come)) == (None, "Montague")
        assert codes(come) == own
    assert party.nicks == {"Jule", "Montague"}
    assert receivers(party.join("nurse/c", "Rom"))


def test_a_nickname_of_somebody_else_is_not_to_be_had():
    party = Party()
    party.open("romeo/b")
    said = party.say("romeo/b", f"<presence to='{ROOM}/Jule'/>")
    assert refused(said, "romeo/b") == ("cancel", "conflict")
    said = party.say("romeo/b", f"<presence to='{ROOM}/ '/>")
    assert refused(said, "romeo/b") == ("modify", "jid-malformed")
    assert party.nicks == {"Jule", "Rom"}


def test_the_role_stays_with_the_occupant():
    party = Party()
    party.open("romeo/b")
    party.admin("juliet/a", "<item nick='Rom' role='moderator'/>")
    said = party.say("romeo/b", f"<presence to='{ROOM}/Montague'/>")
    assert [item(each)["role"] for each in party.only(said, "juliet/a")] == ["moderator"] * 2


# Several clients of one user (7.2.8).


def two_clients() -> Party:
    party = Party()
    party.open("romeo/b")
    party.enter("romeo/phone", 1)
    return party


def test_two_clients_of_one_user_share_a_nickname():
    party = two_clients()
    said = party.join("romeo/phone", "Rom")
    mine = party.only(said, "romeo/phone", "presence")
    assert [(nick_of(each), codes(each)) for each in mine] == [("Jule", []), ("Rom", ["110"])]
    assert [codes(each) for each in party.only(said, "romeo/b")] == [["110"]]
    assert party.nicks == {"Jule", "Rom"}
    assert sorted(receivers(party.speak("romeo/phone", "hi"))) == [
        "juliet/a", "romeo/b", "romeo/phone",
    ]  # fmt: skip
    whisper = party.say(
        "juliet/a", f"<message type='chat' to='{ROOM}/Rom'><body>b</body></message>"
    )
    assert sorted(receivers(whisper)) == ["romeo/b", "romeo/phone"]


def test_the_nickname_stays_until_the_last_client_goes():
    party = two_clients()
    party.join("romeo/phone", "Rom", more="<show>away</show>")
    said = party.say("romeo/phone", f"<presence type='unavailable' to='{ROOM}/Rom'/>")
    (gone,) = party.only(said, "romeo/phone")
    assert (gone.get("type"), codes(gone)) == ("unavailable", ["110"])
    (still,) = party.only(said, "juliet/a")
    assert (still.get("type"), still.find("{jabber:client}show")) == (None, None)
    said = party.leave("romeo/b")
    assert [each.get("type") for each in party.only(said, "juliet/a")] == ["unavailable"]
    assert party.nicks == {"Jule"}


def test_one_client_takes_another_nickname_and_the_other_keeps_its_own():
    party = two_clients()
    party.join("romeo/phone", "Rom")
    said = party.say("romeo/phone", f"<presence to='{ROOM}/Montague'/>")
    assert [codes(each) for each in party.only(said, "romeo/phone")] == [["110", "303"], ["110"]]
    assert [nick_of(each) for each in party.only(said, "juliet/a")] == ["Montague"]
    assert party.nicks == {"Jule", "Rom", "Montague"}
    # And back.
    said = party.say("romeo/phone", f"<presence to='{ROOM}/Rom'/>")
    assert [codes(each) for each in party.only(said, "juliet/a")] == [["303"], []]
    assert party.nicks == {"Jule", "Rom"}


def test_a_kick_takes_all_clients_out():
    party = two_clients()
    party.join("romeo/phone", "Rom")
    said = party.admin("juliet/a", "<item nick='Rom' role='none'/>")
    for who in ("romeo/b", "romeo/phone"):
        assert [codes(each) for each in party.only(said, who)] == [["110", "307"]]


def test_clients_that_share_a_nickname_are_limited():
    party = two_clients()
    for number in range(9):
        party.enter(f"romeo/{number}")
        party.join(f"romeo/{number}", "Rom")
    said = party.join("romeo/phone", "Rom")
    assert refused(said, "romeo/phone") == ("wait", "resource-constraint")


# Going (7.14).


def test_who_leaves_is_told_first_and_their_last_words_are_passed_on():
    party = Party()
    party.open("romeo/b")
    said = party.say(
        "romeo/b",
        f"<presence id='u' type='unavailable' to='{ROOM}/Rom'><status>adieu</status></presence>",
    )
    assert receivers(said) == ["romeo/b", "juliet/a"]
    for (_, text), own in zip(said, (["110"], []), strict=True):
        presence = parsed(text)
        assert presence.get("type") == "unavailable"
        assert presence.findtext(STATUS) == "adieu"
        assert presence.get("id") == "u"
        assert item(presence)["role"] == "none"
        assert codes(presence) == own
    assert party.nicks == {"Jule"}


def test_unavailable_presence_of_one_who_is_not_inside_is_ignored():
    party = Party()
    party.open()
    assert party.say("romeo/b", f"<presence type='unavailable' to='{ROOM}/Jule'/>") == []
    assert party.nicks == {"Jule"}


def test_going_offline_is_leaving():
    party = Party()
    party.open("romeo/b", "nurse/c")
    said = party.say("romeo/b", "<presence type='unavailable'><status>bye</status></presence>")
    assert [p.findtext(STATUS) for p in party.only(said, "juliet/a", "presence")] == ["bye"]
    assert codes(party.only(said, "romeo/b")[-1]) == ["110"]
    said = party.leave("nurse/c")
    assert [nick_of(each) for each in party.only(said, "juliet/a")] == ["Nurse"]
    assert party.nicks == {"Jule"}


def test_going_offline_after_a_change_of_nickname_is_leaving_once():
    party = Party()
    party.open("romeo/b")
    party.say("romeo/b", f"<presence to='{ROOM}/Montague'/>")
    said = party.leave("romeo/b")
    assert [nick_of(each) for each in party.only(said, "juliet/a")] == ["Montague"]


def test_being_replaced_by_the_same_resource_is_leaving():
    party = Party()
    party.open("romeo/b")
    said = party.enter("romeo/b")
    assert [each.get("type") for each in party.only(said, "juliet/a")] == ["unavailable"]
    assert party.nicks == {"Jule"}


def test_a_temporary_room_ends_with_its_last_occupant_and_a_persistent_one_stays():
    party = Party()
    party.open()
    party.speak("juliet/a", "said")
    party.leave("juliet/a")
    assert codes(party.only(party.join("romeo/b"), "romeo/b")[0]) == ["110", "201"]

    party = Party()
    party.open(persistentroom="1")
    party.speak("juliet/a", "said")
    party.leave("juliet/a")
    said = party.only(party.join("romeo/b"), "romeo/b")
    assert item(said[0])["affiliation"] == "none"
    assert said[1].findtext("{jabber:client}body") == "said"


def test_a_persistent_room_that_is_empty_and_becomes_temporary_ends():
    party = Party()
    party.open(persistentroom="1")
    party.say("juliet/a", f"<presence type='unavailable' to='{ROOM}/Jule'/>")
    assert "type='result'" in party.configure(persistentroom="0")[0][1]
    said = party.speak("romeo/b", "hi")
    assert refused(said, "romeo/b") == ("cancel", "item-not-found")


# Ghosts (17.1.2).

ERROR = "<error type='cancel'><{} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"


@pytest.mark.parametrize("kind", ["message", "presence"])
@pytest.mark.parametrize("condition", ["recipient-unavailable", "item-not-found", "gone"])
def test_an_error_that_tells_of_absence_takes_the_occupant_out(kind, condition):
    party = Party()
    party.open("romeo/b")
    error = ERROR.format(condition)
    said = party.say("romeo/b", f"<{kind} type='error' to='{ROOM}/Jule'>{error}</{kind}>")
    assert [codes(each) for each in party.only(said, "juliet/a")] == [["333"]]
    assert [codes(each) for each in party.only(said, "romeo/b")] == [["110", "333"]]
    assert party.nicks == {"Jule"}


@pytest.mark.parametrize("error", [ERROR.format("not-acceptable"), "", "<error/>"])
def test_another_error_takes_nobody_out(error):
    party = Party()
    party.open("romeo/b")
    assert party.say("romeo/b", f"<message type='error' to='{ROOM}'>{error}</message>") == []
    assert party.nicks == {"Jule", "Rom"}


def test_an_error_of_one_who_is_not_inside_is_ignored():
    party = Party()
    party.open()
    error = ERROR.format("gone")
    assert party.say("romeo/b", f"<message type='error' to='{ROOM}'>{error}</message>") == []
    nowhere = "nowhere@rooms.localhost"
    assert party.say("romeo/b", f"<message type='error' to='{nowhere}'>{error}</message>") == []


# Other presence.


def test_the_presence_of_a_room_is_not_to_be_had_from_outside():
    party = Party()
    party.open()
    ((who, text),) = party.say("romeo/b", f"<presence type='subscribe' to='{ROOM}'/>")
    assert (who, parsed(text).get("type")) == ("romeo/b", "unsubscribed")
    for kind in ("subscribed", "unsubscribe", "unsubscribed", "probe", "error"):
        assert party.say("romeo/b", f"<presence type='{kind}' to='{ROOM}'/>") == []
    said = party.say("juliet/a", f"<presence type='{'available'}' to='{ROOM}/Jule'/>")
    assert refused(said, "juliet/a") == ("modify", "bad-request")


def test_a_probe_is_neither_coming_nor_going():
    party = Party()
    party.open("romeo/b")
    assert party.say("romeo/b", f"<presence type='probe' to='{ROOM}/Rom'/>") == []
    x = f"<x xmlns='{MUC}'/>"
    assert party.say("nurse/c", f"<presence type='probe' to='{ROOM}/N'>{x}</presence>") == []
    assert party.nicks == {"Jule", "Rom"}


# Components (XEP-0114).


def test_somebody_of_a_component_takes_part():
    party = Party()
    party.open()
    component = Resource(JID("", "bots.localhost", ""))
    party.stage.router.directory.add(component)

    def component_says(text: str) -> list[tuple[bool, str]]:
        element = parse_element(text.encode(), Context({None: "jabber:component:accept"}))
        stanza = stanza_of(element)
        assert stanza is not None
        said = party.stage.take_from_component(component, text.encode(), stanza, element)
        return [(delivery.to is component, delivery.data.decode()) for delivery in said]

    join = f"<presence from='echo@bots.localhost/1' to='{ROOM}/Echo'><x xmlns='{MUC}'/></presence>"
    said = component_says(join)
    assert [to_component for to_component, _ in said] == [True, False, True, True]
    assert "status code='110'" in said[2][1]
    assert party.nicks == {"Jule", "Echo"}
    to_all = f"<message xmlns='jabber:client' type='groupchat' to='{ROOM}'><body>b</body></message>"
    copies = [text for to, text in party.say("juliet/a", to_all) if to.startswith("/")]
    assert len(copies) == 1
    assert "to='echo@bots.localhost/1'" in copies[0]
    assert "jabber:client" not in copies[0]
    reply = f"<message from='echo@bots.localhost/1' type='groupchat' to='{ROOM}'>{{}}</message>"
    assert len(component_says(reply.format("<body>b</body>"))) == 2
    # The component is gone, and nothing breaks.
    party.stage.router.directory.remove(component)
    assert receivers(party.speak("juliet/a", "still there?")) == ["juliet/a"]
