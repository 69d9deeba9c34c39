"""Subscriptions state by state: every table of RFC 6121 Appendix A, without a network.

Juliet is the user and Romeo the contact. Where she sends, only her side is looked at, and where he
sends, only hers again, so that each side is right whatever the other one believes.
"""

from __future__ import annotations

import pytest
from practice.stage_driver import House, parsed

from xmppshell.practice.contacts.roster import Item
from xmppshell.protocol.jid import JID

JULIET, ROMEO = JID("juliet", "localhost", ""), JID("romeo", "localhost", "")
REQUEST = b"<presence type='subscribe' from='romeo@localhost' to='juliet@localhost'/>"

# N none, O pending out, I pending in, T to, F from, B both (Appendix A.1).
STATES = ("N", "NO", "NI", "NOI", "T", "TI", "F", "FO", "B")

# For each stanza: whether it is routed or delivered, and the new state, for each state in order.
OUTBOUND = {
    "subscribe": ("yes " * 9, "NO NO NOI NOI T TI FO FO B"),
    "unsubscribe": ("yes " * 9, "N N NI NI N NI F F F"),
    "subscribed": ("no no yes yes no yes no no no", "N NO F FO T B F FO B"),
    "unsubscribed": ("no no yes yes no yes yes yes yes", "N NO N NO T T N NO T"),
}
INBOUND = {
    "subscribe": ("yes yes no no yes no no no no", "NI NOI NI NOI TI TI F FO B"),
    "unsubscribe": ("no no yes yes no yes yes yes yes", "N NO N NO T T N NO T"),
    "subscribed": ("no yes no yes no no no yes no", "N T NI TI T TI F B B"),
    "unsubscribed": ("no yes no yes yes yes no yes yes", "N N NI NI N NI F F F"),
}


def cells(tables: dict[str, tuple[str, str]]) -> list[tuple[str, str, bool, str]]:
    return [
        (kind, state, goes == "yes", new)
        for kind, (passed, states) in tables.items()
        for state, goes, new in zip(STATES, passed.split(), states.split(), strict=True)
    ]


def put(house: House, owner: JID, contact: JID, state: str) -> None:
    item: Item = house.rosters.of(owner).item(contact)
    item.listed = True
    item.to, item.from_ = state[0] in "TB", state[0] in "FB"
    item.ask = "O" in state
    item.request = REQUEST if "I" in state else b""


def state_of(house: House) -> str:
    item = house.rosters.of(JULIET).get(ROMEO)
    assert item is not None
    subscription = {"none": "N", "to": "T", "from": "F", "both": "B"}[item.subscription]
    return subscription + "O" * item.ask + "I" * bool(item.request)


def stage(state: str) -> House:
    house = House(friends=())
    for who in ("juliet/balcony", "romeo/orchard"):
        house.enter(who, 0)
        house.say(who, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
    put(house, JULIET, ROMEO, state)
    return house


def told(said: list[tuple[str, str]], who: str, kind: str) -> bool:
    return any(
        text.startswith("<presence") and parsed(text).get("type") == kind
        for receiver, text in said
        if receiver == who
    )


# What Romeo's side must believe for a stanza of Juliet's to be delivered to him.
OPEN_TO = {"subscribe": "N", "unsubscribe": "F", "subscribed": "NO", "unsubscribed": "T"}


@pytest.mark.parametrize(("kind", "state", "routed", "new"), cells(OUTBOUND))
def test_outbound(kind: str, state: str, routed: bool, new: str) -> None:
    house = stage(state)
    put(house, ROMEO, JULIET, OPEN_TO[kind])
    before = house.rosters.of(JULIET).get(ROMEO)
    assert before is not None
    visible = (before.subscription, before.ask)
    said = house.say("juliet/balcony", f"<presence type='{kind}' to='romeo@localhost/x'/>")
    assert told(said, "romeo/orchard", kind) is routed
    assert state_of(house) == new
    after = house.rosters.of(JULIET).get(ROMEO)
    assert after is not None
    pushed = [text for who, text in said if who == "juliet/balcony" and text.startswith("<iq")]
    assert bool(pushed) is (visible != (after.subscription, after.ask))
    for text in said:
        if text[0] == "romeo/orchard" and f"type='{kind}'" in text[1]:
            assert "from='juliet@localhost'" in text[1], "subscriptions are between bare JIDs"
            assert "to='romeo@localhost'" in text[1]


# What Romeo's side must believe to send a stanza of each kind at all.
ABLE_TO = {"subscribe": "N", "unsubscribe": "T", "subscribed": "NI", "unsubscribed": "F"}


@pytest.mark.parametrize(("kind", "state", "delivered", "new"), cells(INBOUND))
def test_inbound(kind: str, state: str, delivered: bool, new: str) -> None:
    house = stage(state)
    put(house, ROMEO, JULIET, ABLE_TO[kind])
    said = house.say("romeo/orchard", f"<presence type='{kind}' to='juliet@localhost'/>")
    assert told(said, "juliet/balcony", kind) is delivered
    assert state_of(house) == new


@pytest.mark.parametrize("state", ["F", "FO", "B"])
def test_who_may_see_already_is_told_at_once(state: str) -> None:
    """A.3.1: the user's server answers a request for what is granted in the user's stead."""
    house = stage(state)
    put(house, ROMEO, JULIET, "N")
    said = house.say("romeo/orchard", "<presence type='subscribe' to='juliet@localhost'/>")
    assert told(said, "romeo/orchard", "subscribed")


@pytest.mark.parametrize("resource", ["silent", "uninterested"])
def test_who_is_told(resource: str) -> None:
    """Requests go to available resources, answers to those that asked for the roster."""
    house = stage("NO")
    put(house, ROMEO, JULIET, "NI")
    house.enter(f"juliet/{resource}", 0 if resource == "uninterested" else None)
    if resource == "silent":
        house.say("juliet/silent", "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
    said = house.say("romeo/orchard", "<presence type='subscribed' to='juliet@localhost'/>")
    assert told(said, f"juliet/{resource}", "subscribed") is (resource == "silent")
    said = house.say("romeo/orchard", "<presence type='subscribe' to='juliet@localhost'/>")
    assert told(said, f"juliet/{resource}", "subscribe") is (resource == "uninterested")
