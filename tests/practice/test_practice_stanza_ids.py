"""Ids of messages: who gave them, and who only claims so (XEP-0359)."""

from __future__ import annotations

import pytest
from room_driver import ROOM, Party

from xmppshell.practice.messages.stanza_ids import claimed_ids, with_stanza_id
from xmppshell.protocol.jid import JID
from xmppshell.protocol.xml import Context, parse_element

ROMEO = JID.parse("romeo@localhost")
FORGED = "<stanza-id xmlns='urn:xmpp:sid:0' by='{}' id='forged'/>"


def test_an_id_goes_to_the_end() -> None:
    assert with_stanza_id(b"<message><body/></message>", "a'b", ROMEO) == (
        b"<message><body/><stanza-id xmlns='urn:xmpp:sid:0' by='romeo@localhost' "
        b"id='a&apos;b'/></message>"
    )


@pytest.mark.parametrize(
    ("by", "stays"),
    [
        ("romeo@localhost", False),
        ("Romeo@LOCALHOST", False),
        ("romeo@localhost/orchard", True),
        ("juliet@localhost", True),
        ("@", True),
    ],
)
def test_claims_are_found(by: str, stays: bool) -> None:
    data = f"<message>a<body>x</body>{FORGED.format(by)}</message>".encode()
    element = parse_element(data, Context.for_namespace())
    assert claimed_ids(element, ROMEO) == ([] if stays else [1])


@pytest.mark.parametrize(("to", "kind"), [(ROOM, "groupchat"), (f"{ROOM}/Rom", "chat")])
def test_also_on_the_way_through_a_room(to: str, kind: str) -> None:
    party = Party()
    party.open("romeo/b")
    forged = FORGED.format("romeo@localhost")
    text = f"<message type='{kind}' to='{to}'><body>x</body>{forged}</message>"
    said = dict(party.say("juliet/a", text))
    assert "<body>x</body>" in said["romeo/b"]
    assert "forged" not in said["romeo/b"]


def test_nor_for_those_who_come_later() -> None:
    party = Party()
    party.open()
    forged = FORGED.format("romeo@localhost")
    party.say("juliet/a", f"<message type='groupchat' to='{ROOM}'><body>x</body>{forged}</message>")
    assert "forged" not in str(party.join("romeo/b"))
