"""Pairing of requests and replies by id, sender and kind."""

from __future__ import annotations

import pytest
from lxml import etree

from xmppshell.protocol.events import Direction
from xmppshell.protocol.exchanges import Answer, Exchanges
from xmppshell.protocol.jid import JID
from xmppshell.protocol.stanza import Stanza, stanza_of

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED


def stanza(xml: str) -> Stanza:
    found = stanza_of(etree.fromstring(xml.replace(" ", " xmlns='jabber:client' ", 1)))
    assert found is not None
    return found


def exchanges() -> Exchanges:
    table = Exchanges()
    table.me = JID.parse("juliet@localhost/balcony")
    return table


@pytest.mark.parametrize(
    ("to", "sender", "answers"),
    [
        ("to='romeo@localhost/orchard'", "from='romeo@localhost/orchard'", True),
        ("to='Romeo@LOCALHOST/orchard'", "from='romeo@localhost/orchard'", True),
        ("to='romeo@localhost/orchard'", "from='mallory@localhost/x'", False),
        ("to='romeo@localhost/orchard'", "", False),
        ("to='localhost'", "from='localhost'", True),
        ("to='localhost'", "from='romeo@localhost'", False),
        ("", "", True),
        ("", "from='juliet@localhost'", True),
        ("", "from='juliet@localhost/balcony'", True),
        ("", "from='localhost'", True),
        ("", "from='mallory@localhost'", False),
    ],
)
def test_a_reply_counts_only_from_where_the_request_went(
    to: str, sender: str, answers: bool
) -> None:
    table = exchanges()
    table.observe(stanza(f"<iq type='get' id='a' {to}><ping/></iq>"), SENT, 7, 1.0)
    answer = table.observe(stanza(f"<iq type='result' id='a' {sender}/>"), RECEIVED, 8, 1.5)
    assert answer == (Answer(7, 0.5) if answers else None)
    assert len(table.waiting()) == (0 if answers else 1)


def test_a_reply_with_another_id_or_in_the_same_direction_is_none() -> None:
    table = exchanges()
    table.observe(stanza("<iq type='get' id='a'><ping/></iq>"), SENT, 1, 0.0)
    assert table.observe(stanza("<iq type='result' id='b'/>"), RECEIVED, 2, 0.0) is None
    assert table.observe(stanza("<iq type='result' id='a'/>"), SENT, 3, 0.0) is None
    assert [pending.number for pending in table.waiting()] == [1]


def test_one_id_for_two_addressees_is_kept_apart() -> None:
    table = exchanges()
    table.observe(stanza("<iq type='get' id='a' to='x@h'><ping/></iq>"), SENT, 1, 0.0)
    table.observe(stanza("<iq type='get' id='a' to='y@h'><ping/></iq>"), SENT, 2, 0.0)
    answer = table.observe(stanza("<iq type='result' id='a' from='y@h'/>"), RECEIVED, 3, 0.0)
    assert answer == Answer(2, 0.0)


def test_requests_that_were_received_wait_for_ours() -> None:
    table = exchanges()
    table.observe(stanza("<iq type='get' id='a' from='x@h'><ping/></iq>"), RECEIVED, 1, 0.0)
    assert [pending.number for pending in table.waiting(RECEIVED)] == [1]
    answer = table.observe(stanza("<iq type='result' id='a' to='x@h'/>"), SENT, 2, 0.25)
    assert answer == Answer(1, 0.25)


def test_an_error_finds_its_message() -> None:
    table = exchanges()
    table.observe(stanza("<message id='m' to='nobody@localhost'><body/></message>"), SENT, 4, 0.0)
    error = stanza("<message type='error' id='m' from='nobody@localhost'/>")
    assert table.observe(error, RECEIVED, 5, 0.1) == Answer(4, 0.1)


def test_memory_of_messages_is_bounded_and_forget_empties() -> None:
    table = Exchanges(memory=2)
    for number in range(3):
        table.observe(stanza(f"<message id='m{number}' to='a@b'/>"), SENT, number, 0.0)
    error = "<message type='error' id='{}' from='a@b'/>"
    assert table.observe(stanza(error.format("m0")), RECEIVED, 9, 0.0) is None
    assert table.observe(stanza(error.format("m1")), RECEIVED, 9, 0.0) is not None
    table.observe(stanza("<iq type='get' id='q'><ping/></iq>"), SENT, 10, 0.0)
    table.forget()
    assert table.waiting() == []
