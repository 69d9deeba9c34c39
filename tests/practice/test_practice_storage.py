"""vCards and private XML (XEP-0054, XEP-0049)."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, parsed

from xmppshell.practice.services.storage import MAX_PRIVATE, MAX_VCARD

CARD = "<vCard xmlns='vcard-temp'>\n  <FN>Juliet  Capulet</FN><N/></vCard>"
PREFS = "<prefs xmlns='urn:example:prefs' a=\"1\"><x/></prefs>"


@pytest.fixture
def house() -> House:
    house = House()
    house.enter("juliet/balcony", 0)
    house.enter("mercutio/courtyard", 0)
    return house


def iq(house: House, payload: str, kind: str = "get", *, who: str = "juliet", to: str = "") -> str:
    resource = {"juliet": "juliet/balcony", "mercutio": "mercutio/courtyard"}[who]
    address = f" to='{to}'" if to else ""
    ((receiver, text),) = house.say(resource, f"<iq type='{kind}' id='i'{address}>{payload}</iq>")
    assert receiver == resource
    return text


def refused(house: House, payload: str, kind: str, **more: str) -> tuple[str, str]:
    text = iq(house, payload, kind, **more)
    return error_of([("", text)])[1:]


def test_a_vcard_is_for_everybody(house: House) -> None:
    assert refused(house, "<vCard xmlns='vcard-temp'/>", "get") == ("cancel", "item-not-found")
    # To others, a user without a vCard looks like no user at all.
    for nobody in ("juliet@localhost", "nobody@localhost"):
        assert refused(house, "<vCard xmlns='vcard-temp'/>", "get", who="mercutio", to=nobody) == (
            "cancel",
            "service-unavailable",
        )
    assert "type='result'" in iq(house, CARD, "set")
    assert CARD in iq(house, "<vCard xmlns='vcard-temp'/>")
    text = iq(house, "<vCard xmlns='vcard-temp'/>", who="mercutio", to="juliet@localhost")
    assert CARD in text
    assert parsed(text).get("from") == "juliet@localhost"
    iq(house, "<vCard xmlns='vcard-temp'><FN>J</FN></vCard>", "set", to="juliet@localhost")
    assert "Capulet" not in iq(house, "<vCard xmlns='vcard-temp'/>")


def test_nobody_changes_the_vcard_of_another(house: House) -> None:
    assert refused(house, CARD, "set", who="mercutio", to="juliet@localhost") == (
        "auth",
        "forbidden",
    )


def test_a_vcard_has_an_end(house: House) -> None:
    long = f"<vCard xmlns='vcard-temp'><DESC>{'x' * MAX_VCARD}</DESC></vCard>"
    assert refused(house, long, "set") == ("modify", "not-acceptable")


def test_a_vcard_with_a_prefix_stays_one(house: House) -> None:
    house.say(
        "juliet/balcony",
        "<iq type='set' id='i' xmlns:v='vcard-temp'><v:vCard><v:FN>J</v:FN></v:vCard></iq>",
    )
    card = parsed(iq(house, "<vCard xmlns='vcard-temp'/>"))[0]
    assert card.findtext("{vcard-temp}FN") == "J"


def private(inside: str) -> str:
    return f"<query xmlns='jabber:iq:private'>{inside}</query>"


def test_private_xml(house: House) -> None:
    wanted = private("<prefs xmlns='urn:example:prefs'/>")
    assert wanted in iq(house, wanted)
    other = "<o:other xmlns:o='urn:example:o'/>"
    assert "type='result'" in iq(house, private(PREFS + other), "set")
    assert private(PREFS) in iq(house, wanted)
    assert private(other) in iq(house, private("<other xmlns='urn:example:o'/>"))
    iq(house, private("<prefs xmlns='urn:example:prefs'>new</prefs>"), "set")
    assert "new</prefs>" in iq(house, wanted)
    assert private(other) in iq(house, private("<other xmlns='urn:example:o'/>"))
    # It is nobody else's.
    text = iq(house, wanted, who="mercutio")
    assert wanted in text


@pytest.mark.parametrize(
    ("kind", "inside", "condition"),
    [
        ("get", "", "bad-request"),
        ("get", "<a xmlns='urn:a'/><b xmlns='urn:b'/>", "bad-request"),
        ("set", "", "not-acceptable"),
        ("set", "<a/>", "not-acceptable"),
        ("set", "<a xmlns=''/>", "not-acceptable"),
        ("get", "<a/>", "not-acceptable"),
        ("set", f"<a xmlns='urn:a'>{'x' * MAX_PRIVATE}</a>", "not-acceptable"),
    ],
)
def test_what_is_no_private_xml(house: House, kind: str, inside: str, condition: str) -> None:
    assert refused(house, private(inside), kind) == ("modify", condition)


@pytest.mark.parametrize("kind", ["get", "set"])
def test_private_xml_of_another(house: House, kind: str) -> None:
    assert refused(house, private(PREFS), kind, to="romeo@localhost") == ("auth", "forbidden")
