"""Nothing is said of ordinary sessions on real servers: of what goes, and of what comes."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from lxml import etree
from servers.real_server import RealServer
from wide_session import Person, play_wide_session

from xmppshell.knowledge.lint import ANYWHERE, Finding, Phase, Setting, lint, lint_element
from xmppshell.protocol.events import Direction, ElementSeen, Online, WireEvent
from xmppshell.protocol.xml import Context


@functools.cache
def session_on(server: RealServer) -> list[Person]:
    return asyncio.run(play_wide_session(server))


@pytest.fixture
def people(every_server: RealServer) -> list[Person]:
    return session_on(every_server)


def pieces(people: list[Person]) -> Iterator[tuple[WireEvent, Setting]]:
    """Give all that was on the wire, with what is known of the stream by then."""
    for person in people:
        waiting: set[str] = set()
        owed: set[str] = set()
        phase = None
        for record in person.records:
            event = record.event
            if isinstance(event, Online):
                phase = Phase.BOUND
            if not isinstance(event, WireEvent):
                continue
            sent = event.direction is Direction.SENT
            setting = replace(ANYWHERE, direction=event.direction, me=person.session.jid)
            if sent:
                setting = replace(setting, phase=phase, waiting=frozenset(waiting))
                setting = replace(setting, asked=frozenset(owed))
            elif record.answers is None:
                setting = replace(setting, asked=frozenset())
            yield event, setting
            stanza = event.stanza if isinstance(event, ElementSeen) else None
            if stanza is not None and stanza.id and stanza.kind == "iq":
                ours, theirs = (waiting, owed) if sent else (owed, waiting)
                (ours.add if stanza.is_request else theirs.discard)(stanza.id)


def alarms(found: list[tuple[WireEvent, list[Finding]]]) -> list[str]:
    """Say what was found, but that Juliet asks for bookmarks in the old way, which is true."""
    return [
        f"{event.direction.value}: {finding.name}: {finding.what}: {event.data.decode()[:200]}"
        for event, findings in found
        for finding in findings
        if finding.name != "obsolete-namespace" or event.data.count(b"storage:bookmarks") != 1
    ]


def test_an_ordinary_session_has_no_findings(people: list[Person]) -> None:
    found = [(event, lint(event.data, setting)) for event, setting in pieces(people)]
    assert sum(event.direction is Direction.SENT for event, _ in found) > 50
    assert sum(event.direction is Direction.RECEIVED for event, _ in found) > 100
    assert alarms(found) == []


def test_what_was_parsed_before_is_judged_alike(people: list[Person]) -> None:
    found = [
        (event, lint_element(event.element, event.data.decode(), setting))
        for event, setting in pieces(people)
        if isinstance(event, ElementSeen)
    ]
    assert alarms(found) == []


def test_a_fault_put_into_the_same_session_is_found(people: list[Person]) -> None:
    """The session is not clean because nothing is looked at."""
    context = Context.for_namespace()
    wrong = 0
    for event, setting in pieces(people):
        if isinstance(event, ElementSeen) and event.stanza is not None:
            element = etree.fromstring(etree.tostring(event.element))
            element.set("type", "nonsense")
            data = etree.tostring(element)
            assert lint(data, replace(setting, context=context)), data
            wrong += 1
    assert wrong > 100
