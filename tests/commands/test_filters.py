"""Filters: terms, their negation, and errors that name the wrong one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xmppshell.commands.filters import parse_filter
from xmppshell.commands.log import Log
from xmppshell.commands.registry import CommandError
from xmppshell.feed import Record
from xmppshell.protocol.events import Direction, ElementSeen, Event, Notice
from xmppshell.protocol.exchanges import Answer
from xmppshell.protocol.namespaces import CLIENT
from xmppshell.protocol.stanza import stanza_of
from xmppshell.protocol.xml import Context, parse_element


def record(event: Event, number: int | None = 1, answers: Answer | None = None) -> Record:
    return Record(number, "juliet", 0.0, datetime(2026, 1, 1, tzinfo=UTC), event, None, answers)


def seen(xml: str, direction: Direction = Direction.RECEIVED) -> ElementSeen:
    element = parse_element(xml.encode(), Context.for_namespace(CLIENT))
    return ElementSeen(direction, xml.encode(), element, stanza_of(element))


MESSAGE = seen("<message from='romeo@localhost/o' type='chat'><body>Hi</body></message>")
PRESENCE = seen("<presence to='Romeo@localhost'/>", Direction.SENT)
PING = seen("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>")
NONZA = seen("<r xmlns='urn:xmpp:sm:3'/>")


@pytest.mark.parametrize(
    ("terms", "shown"),
    [
        ("in", {"message", "ping", "nonza"}),
        ("out", {"presence"}),
        ("message", {"message"}),
        ("nonza", {"nonza"}),
        ("-presence", {"message", "ping", "nonza"}),
        ("-presence -nonza", {"message", "ping"}),
        ("jid:romeo@localhost", {"message", "presence"}),
        ("jid:romeo@localhost/o", {"message"}),
        ("jid:romeo@localhost/other", set()),
        ("ns:urn:xmpp:ping", {"ping"}),
        ("type:chat", {"message"}),
        ("//body", {"message"}),
        ("session:juliet", {"message", "presence", "ping", "nonza"}),
        ("-session:romeo message", {"message"}),
        ("session:romeo", set()),
        ("-session:juliet", set()),
        ("//body[.='Hi']", {"message"}),
        ("xpath://ping", {"ping"}),
        ("//c:message[@type='chat']", {"message"}),
        ("/c:iq", {"ping"}),
        ("-//body in", {"ping", "nonza"}),
    ],
)
def test_terms(terms: str, shown: set[str]) -> None:
    chosen = parse_filter(terms)
    events = {"message": MESSAGE, "presence": PRESENCE, "ping": PING, "nonza": NONZA}
    assert {name for name, event in events.items() if chosen.shows(record(event))} == shown


def test_remarks_of_the_console_are_never_hidden() -> None:
    assert parse_filter("message").shows(record(Notice("careful"), None))


@pytest.mark.parametrize("terms", ["nonsense", "jid:@", "//[", "ns:", "//unknown:x"])
def test_a_wrong_term_is_named(terms: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_filter(terms)
    assert caught.value.problem.what


def test_the_log_finds_by_number_answer_direction_and_words() -> None:
    log = Log()
    first = record(PRESENCE, 1)
    second = record(PING, 2, Answer(1, 0.1))
    for each in (first, record(Notice("x"), None), second):
        log.add(each)
    assert log.get(2) is second
    assert log.get(3) is None
    assert log.answer_to(1) is second
    assert list(log.stanzas(Direction.SENT)) == [first]
    assert list(log.grep("URN:xmpp")) == [second]
    assert log.last_number == 2
