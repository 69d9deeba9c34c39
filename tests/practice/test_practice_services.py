"""What the server answers itself."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, parsed

from xmppshell import __version__

FULL = "juliet@localhost/balcony"


@pytest.fixture
def house() -> House:
    house = House()
    house.enter("juliet/balcony", 0)
    return house


def ask(house: House, payload: str, to: str = "", kind: str = "get") -> str:
    address = f" to='{to}'" if to else ""
    ((who, text),) = house.say(
        "juliet/balcony", f"<iq type='{kind}' id='i'{address}>{payload}</iq>"
    )
    assert who == "juliet/balcony"
    element = parsed(text)
    assert element.get("id") == "i"
    assert element.get("from") == (to or None)
    assert element.get("to") == FULL
    return text


def refused(house: House, payload: str, to: str = "", kind: str = "get") -> str:
    address = f" to='{to}'" if to else ""
    said = house.say("juliet/balcony", f"<iq type='{kind}' id='i'{address}>{payload}</iq>")
    return error_of(said)[2]


@pytest.mark.parametrize("to", ["", "localhost", "juliet@localhost", "romeo@localhost"])
def test_ping(house: House, to: str) -> None:
    assert "type='result'" in ask(house, "<ping xmlns='urn:xmpp:ping'/>", to)


def test_version(house: House) -> None:
    text = ask(house, "<query xmlns='jabber:iq:version'/>", "localhost")
    assert f"<version>{__version__}</version>" in text
    assert "<name>xmppshell practice server</name>" in text


def test_time_is_that_of_the_clock(house: House) -> None:
    text = ask(house, "<time xmlns='urn:xmpp:time'/>", "localhost")
    assert "<tzo>+00:00</tzo><utc>2026-11-22T12:00:00Z</utc>" in text


INFO = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
ITEMS = "<query xmlns='http://jabber.org/protocol/disco#items'/>"


def test_disco_info_of_the_server_names_what_it_answers(house: House) -> None:
    text = ask(house, INFO, "localhost")
    assert "<identity category='server' type='im' " in text
    query = parsed(text)[0]
    features = {item.get("var") for item in query if item.get("var")}
    assert {"urn:xmpp:ping", "jabber:iq:version", "urn:xmpp:time", "jabber:iq:roster"} <= features


@pytest.mark.parametrize("to", ["", "juliet@localhost", "romeo@localhost"])
def test_disco_info_of_an_account(house: House, to: str) -> None:
    assert "<identity category='account' type='registered'/>" in ask(house, INFO, to)


@pytest.mark.parametrize("to", ["mercutio@localhost", "nobody@localhost"])
def test_a_stranger_and_nobody_look_the_same(house: House, to: str) -> None:
    assert refused(house, INFO, to) == "service-unavailable"


@pytest.mark.parametrize("to", ["", "romeo@localhost"])
def test_disco_items_of_an_account(house: House, to: str) -> None:
    assert "<query xmlns='http://jabber.org/protocol/disco#items'/>" in ask(house, ITEMS, to)


def test_disco_items_of_the_server_are_its_services(house: House) -> None:
    items = parsed(ask(house, ITEMS, "localhost"))[0]
    assert "rooms.localhost" in [item.get("jid") for item in items]


@pytest.mark.parametrize("payload", [INFO, ITEMS])
@pytest.mark.parametrize("to", ["", "localhost"])
def test_an_unknown_node(house: House, payload: str, to: str) -> None:
    assert refused(house, payload.replace("<query", "<query node='x'"), to) == "item-not-found"


def test_the_old_session_is_granted(house: House) -> None:
    session = "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"
    assert "type='result'" in ask(house, session, kind="set")


@pytest.mark.parametrize(
    ("payload", "to", "kind"),
    [
        ("<query xmlns='urn:example:nope'/>", "", "get"),
        ("<ping xmlns='urn:xmpp:ping'/>", "localhost", "set"),
        ("<ping xmlns='jabber:client'/>", "localhost", "get"),
        ("<query xmlns='jabber:iq:version'/>", "", "get"),
        ("<query xmlns='jabber:iq:roster'/>", "localhost", "get"),
    ],
)
def test_everything_else_is_unavailable(house: House, payload: str, to: str, kind: str) -> None:
    assert refused(house, payload, to, kind) == "service-unavailable"


def test_a_resource_is_bound_only_once(house: House) -> None:
    bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
    assert refused(house, bind, kind="set") == "not-allowed"
