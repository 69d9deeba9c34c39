"""What the service, a room and an occupant say of themselves."""

from __future__ import annotations

import pytest
from room_driver import MUC, ROOM, SERVICE, Party, refused
from stage_driver import House, parsed, receivers

from xmppshell.practice.accounts import Accounts
from xmppshell.practice.clockwork import Clockwork
from xmppshell.practice.contacts.roster import Rosters
from xmppshell.practice.directory import Directory
from xmppshell.practice.repertoire import repertoire

DISCO = "http://jabber.org/protocol/disco"
INFO = f"<query xmlns='{DISCO}#info'/>"
ITEMS = f"<query xmlns='{DISCO}#items'/>"


def features(text: str) -> set[str]:
    return {str(each.get("var")) for each in parsed(text).iter(f"{{{DISCO}#info}}feature")}


def identity(text: str) -> dict[str, str]:
    (found,) = parsed(text).iter(f"{{{DISCO}#info}}identity")
    return {str(name): str(value) for name, value in found.attrib.items()}


def items(party: House, who: str, to: str) -> dict[str, str | None]:
    ((_, text),) = party.say(who, f"<iq type='get' id='i' to='{to}'>{ITEMS}</iq>")
    found = parsed(text).iter(f"{{{DISCO}#items}}item")
    return {str(each.get("jid")): each.get("name") for each in found}


def test_the_server_names_its_rooms():
    assert SERVICE in items(Party(), "juliet/a", "localhost")


def test_every_domain_has_its_own():
    domains = ("one.example", "two.example", "[::1]")
    hosts = repertoire(domains, Accounts(), Rosters(), Directory(), Clockwork.fixed()).hosts
    names = {host.domain for host in hosts if host.domain.startswith("rooms.")}
    assert names == {"rooms.one.example", "rooms.two.example"}


def test_the_service_says_what_it_is():
    party = Party()
    ((_, text),) = party.ask("juliet/a", INFO, to=SERVICE)
    assert identity(text)["category"] == "conference"
    assert identity(text)["type"] == "text"
    assert {MUC, f"{MUC}#stable_id", f"{DISCO}#info", f"{DISCO}#items"} <= features(text)


def test_a_room_says_what_it_is_like():
    party = Party()
    party.open("romeo/b", roomname="The orchard", roomdesc="below the balcony")
    ((_, text),) = party.ask("nurse/c", INFO)
    assert identity(text) == {"category": "conference", "type": "text", "name": "The orchard"}
    assert {each for each in features(text) if each.startswith("muc_")} == {
        "muc_public", "muc_temporary", "muc_open", "muc_unmoderated", "muc_unsecured",
        "muc_semianonymous",
    }  # fmt: skip
    assert {MUC, "urn:xmpp:occupant-id:0", "urn:xmpp:sid:0"} <= features(text)
    form = {
        str(field.get("var")): field.findtext("{jabber:x:data}value")
        for field in parsed(text).iter("{jabber:x:data}field")
    }
    assert form["FORM_TYPE"] == f"{MUC}#roominfo"
    assert form["muc#roominfo_description"] == "below the balcony"
    assert form["muc#roominfo_occupants"] == "2"
    party.configure(
        publicroom="0", persistentroom="1", membersonly="1", moderatedroom="1", whois="anyone",
        passwordprotectedroom="1", roomsecret="ivy",
    )  # fmt: skip
    ((_, text),) = party.ask("juliet/a", INFO)
    assert {each for each in features(text) if each.startswith("muc_")} == {
        "muc_hidden", "muc_persistent", "muc_membersonly", "muc_moderated",
        "muc_passwordprotected", "muc_nonanonymous",
    }  # fmt: skip
    assert "ivy" not in text


def test_public_rooms_are_listed_and_others_for_those_who_belong_to_them():
    party = Party()
    party.join("juliet/a")
    assert items(party, "romeo/b", SERVICE) == {}
    assert items(party, "juliet/a", SERVICE) == {ROOM: "orchard"}
    party.configure(roomname="The orchard")
    assert items(party, "romeo/b", SERVICE) == {ROOM: "The orchard"}
    party.configure(publicroom="0")
    assert items(party, "romeo/b", SERVICE) == {}
    assert items(party, "juliet/a", SERVICE) == {ROOM: "The orchard"}
    party.join("romeo/b")
    assert items(party, "romeo/b", SERVICE) == {ROOM: "The orchard"}


def test_the_occupants_of_a_public_room_are_listed():
    party = Party()
    party.open("romeo/b")
    assert set(items(party, "nurse/c", ROOM)) == {f"{ROOM}/Jule", f"{ROOM}/Rom"}
    party.configure(publicroom="0")
    assert items(party, "nurse/c", ROOM) == {}
    assert set(items(party, "romeo/b", ROOM)) == {f"{ROOM}/Jule", f"{ROOM}/Rom"}


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("x-roomuser-item", ("cancel", "feature-not-implemented")),
        (f"{MUC}#traffic", ("cancel", "service-unavailable")),
        ("what", ("cancel", "item-not-found")),
    ],
)
def test_nodes_that_there_are_not(node, expected):
    party = Party()
    party.open()
    said = party.ask("juliet/a", f"<query xmlns='{DISCO}#info' node='{node}'/>")
    assert refused(said, "juliet/a") == expected


@pytest.mark.parametrize("kind", ["info", "items"])
@pytest.mark.parametrize("to", [SERVICE, ROOM])
def test_other_nodes_are_not_found(kind, to):
    party = Party()
    party.open()
    said = party.ask("juliet/a", f"<query xmlns='{DISCO}#{kind}' node='n'/>", to=to)
    assert refused(said, "juliet/a") == ("cancel", "item-not-found")


def test_what_is_asked_of_an_occupant_is_passed_on():
    party = Party()
    party.open("romeo/b")
    assert receivers(party.ask("romeo/b", INFO, to=f"{ROOM}/Jule")) == ["juliet/a"]


def test_a_room_that_does_not_exist_says_nothing():
    party = Party()
    said = party.ask("juliet/a", INFO)
    assert refused(said, "juliet/a") == ("cancel", "item-not-found")


@pytest.mark.parametrize("to", [SERVICE, ROOM])
def test_pings_are_answered_and_the_unknown_is_refused(to):
    party = Party()
    party.open()
    ((_, text),) = party.ask("romeo/b", "<ping xmlns='urn:xmpp:ping'/>", to=to)
    assert parsed(text).get("type") == "result"
    ((_, text),) = party.ask("romeo/b", "<query xmlns='jabber:iq:register'/>", to=to)
    assert "service-unavailable" in text


def test_the_service_itself_is_no_room():
    party = Party()
    said = party.say("juliet/a", f"<message to='{SERVICE}'><body>hi</body></message>")
    assert refused(said, "juliet/a") == ("cancel", "service-unavailable")
    said = party.say("juliet/a", f"<presence to='{SERVICE}/n'><x xmlns='{MUC}'/></presence>")
    assert refused(said, "juliet/a") == ("cancel", "service-unavailable")
    assert party.say("juliet/a", f"<presence type='unavailable' to='{SERVICE}'/>") == []
