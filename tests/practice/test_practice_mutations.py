"""Ordinary stanzas, spoilt at random: nothing raises, and every request is answered once."""

from __future__ import annotations

import copy
import random

import pytest
from lxml import etree
from practice.comparison_steps import PARIS, ROSALINE, STEPS
from practice.stage_driver import House, parsed

HERE = (f"{PARIS}/first", f"{ROSALINE}/second", f"{PARIS}/third")
STANZAS = ("iq", "message", "presence")
ROUNDS, LENGTH = 6, 3000

VALUES = (
    *(
        "",
        "x",
        "-1",
        "0",
        "9" * 21,
        "NaN",
        "٣",
        "true",
        "😀",
        "\u202e",
        "a" * 1100,
        "<&>\"'",
        "\t\n ",
    ),
    *(
        "get",
        "set",
        "result",
        "error",
        "chat",
        "groupchat",
        "unavailable",
        "subscribe",
        "subscribed",
    ),
    *(
        f"{PARIS}@localhost",
        f"{ROSALINE}@localhost/second",
        "nobody@localhost",
        "localhost",
        "[::1]",
    ),
    *(
        "garden@rooms.localhost",
        "garden@rooms.localhost/P",
        "rooms.localhost",
        "localhost/x",
        "a@@b",
    ),
    *(
        "owner",
        "none",
        "outcast",
        "visitor",
        "moderator",
        "both",
        "remove",
        "urn:example:n",
        "current",
    ),
    *("2020-13-45", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"),
)
NAMES = ("to", "type", "id", "jid", "node", "nick", "role", "affiliation", "var", "subscription")


MUC, PUBSUB = "http://jabber.org/protocol/muc", "http://jabber.org/protocol/pubsub"


def _filled(kind: str, var: str, value: str) -> str:
    return (
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
        f"<value>{kind}</value></field><field var='{var}'><value>{value}</value></field></x>"
    )


MORE = (
    "<iq type='set' id='q' to='garden@ROOMS'><query xmlns='{MUC}#owner'>"
    + _filled(f"{MUC}#roomconfig", "muc#roomconfig_membersonly", "1")
    + "</query></iq>",
    "<message to='garden@ROOMS'><x xmlns='{MUC}#user'><invite to='rosaline@localhost'/></x>"
    "</message>",
    "<message to='garden@ROOMS'>"
    + _filled(f"{MUC}#request", "muc#role", "participant")
    + "</message>",
    "<presence to='garden@ROOMS/P'><x xmlns='{MUC}'><history since='2020-01-01T00:00:00Z'/></x>"
    "</presence>",
    "<iq type='set' id='q'><pubsub xmlns='{PUBSUB}'><publish node='n'><item><a xmlns='b'/></item>"
    "</publish><publish-options>"
    + _filled(f"{PUBSUB}#publish-options", "pubsub#access_model", "whitelist")
    + "</publish-options></pubsub></iq>",
    "<iq type='set' id='q'><pubsub xmlns='{PUBSUB}#owner'><configure node='n'>"
    + _filled(f"{PUBSUB}#node_config", "pubsub#max_items", "3")
    + "</configure></pubsub></iq>",
    "<iq type='set' id='q'><pubsub xmlns='{PUBSUB}#owner'><affiliations node='n'>"
    "<affiliation jid='rosaline@localhost' affiliation='publisher'/></affiliations></pubsub></iq>",
    "<iq type='set' id='q'><prefs xmlns='urn:xmpp:mam:2' default='roster'><always>"
    "<jid>rosaline@localhost</jid></always><never><jid>x</jid></never></prefs></iq>",
    "<iq type='set' id='q' to='localhost'><command xmlns='http://jabber.org/protocol/commands' "
    "node='uptime' action='execute'/></iq>",
    "<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/>"
    "</presence>",
)


def originals() -> list[etree._Element]:
    texts = [step.text for step in STEPS]
    texts += (text.replace("{MUC}", MUC).replace("{PUBSUB}", PUBSUB) for text in MORE)
    return [etree.fromstring(text.replace("ROOMS", "rooms.localhost")) for text in texts]


def spoil(element: etree._Element, others: list[etree._Element], choose: random.Random) -> None:
    """Change one thing somewhere in the element."""
    node = choose.choice(list(element.iter()))
    parent = node.getparent()
    ways = [
        lambda: node.set(choose.choice(NAMES), choose.choice(VALUES)),
        lambda: setattr(node, "text", choose.choice(VALUES)),
        lambda: element.set("to", choose.choice(VALUES)),
        lambda: node.append(copy.deepcopy(choose.choice(list(choose.choice(others).iter())))),
    ]
    if node.attrib:
        name = choose.choice(list(node.attrib))
        ways += [lambda: node.attrib.pop(name), lambda: node.set(name, choose.choice(VALUES))]
    if parent is not None:
        ways += [lambda: parent.append(copy.deepcopy(node)), lambda: parent.remove(node)]
    choose.choice(ways)()


def answers_to(request: etree._Element, sender: str, said: list[tuple[str, str]]) -> list[str]:
    """Return what answers a request, and what hands it on to who is asked."""
    answers = []
    for who, text in said:
        told = parsed(text)
        same = told.tag == "{jabber:client}iq" and told.get("id") == request.get(
            "id", told.get("id")
        )
        answer = who == sender and told.get("type") in ("result", "error")
        if same and (answer or told.get("type") == request.get("type")):
            answers.append(text)
    # A push may have the id of the request by chance, but no answer comes beside it.
    replies = [text for text in answers if parsed(text).get("type") in ("result", "error")]
    return replies or answers[:1]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_nothing_raises_and_requests_are_answered_once(seed: int) -> None:
    choose = random.Random(seed)
    ordinary = originals()
    house = House(users=(PARIS, ROSALINE), friends=())
    for who in HERE:
        house.enter(who, 0)
    for _ in range(LENGTH):
        sender = choose.choice(HERE)
        element = copy.deepcopy(choose.choice(ordinary))
        for _ in range(choose.choice((0, 1, 1, 2, 3))):
            spoil(element, ordinary, choose)
        text = etree.tostring(element, encoding="unicode")
        said = house.say(sender, text)
        if element.tag == "iq" and element.get("type") in ("get", "set"):
            assert len(answers_to(element, sender, said)) == 1, (text, said)
