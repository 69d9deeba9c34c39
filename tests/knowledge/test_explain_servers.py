"""Whatever a real server sends is explained, and nearly all of its elements are known."""

from __future__ import annotations

import asyncio
import functools

import pytest
from lxml import etree
from servers.real_server import RealServer
from wide_session import Person, play_wide_session

from xmppshell.commands.explanations import explained_record
from xmppshell.commands.log import Log
from xmppshell.feed import Record
from xmppshell.knowledge.coverage import coverage
from xmppshell.knowledge.explanation import Branch, More, Run
from xmppshell.protocol.events import Direction, ElementSeen, WireEvent
from xmppshell.terminal.explain_view import ExplainView
from xmppshell.terminal.theme import Theme

LEAST_SHARE = 0.95


@functools.cache
def session_on(server: RealServer) -> list[Person]:
    return asyncio.run(play_wide_session(server))


@pytest.fixture
def people(every_server: RealServer) -> list[Person]:
    return session_on(every_server)


def log_of(records: list[Record]) -> Log:
    log = Log()
    for record in records:
        log.add(record)
    return log


def silent(branch: Branch | Run | More, said: set[str]) -> list[str]:
    """Name the elements of a tree of which nothing is said, there or of an earlier one."""
    if isinstance(branch, More):
        return []
    found = []
    if branch.why or branch.remarks:
        said.add(branch.name)
    elif branch.name not in said:
        found.append(branch.name)
    if isinstance(branch, Branch):
        found += [name for child in branch.children for name in silent(child, said)]
    return found


def test_everything_that_a_server_sends_is_explained(people: list[Person]) -> None:
    view = ExplainView(Theme(False), 80)
    count = 0
    for person in people:
        log = log_of(person.records)
        for record in person.records:
            event = record.event
            if not isinstance(event, WireEvent) or event.direction is not Direction.RECEIVED:
                continue
            tree = explained_record(log, record)
            assert tree.why, event.data
            assert not silent(tree, set()), event.data
            assert view.tree(tree).count("\n") >= 1
            count += 1
    assert count > 100


def test_nearly_all_elements_are_known(people: list[Person]) -> None:
    elements: list[etree._Element] = [
        record.event.element
        for person in people
        for record in person.records
        if isinstance(record.event, ElementSeen)
    ]
    found = coverage(elements)
    print(found.share_of_distinct, found.share_of_occurrences, found.unknown)
    assert found.occurrences > 1000
    assert found.share_of_distinct >= LEAST_SHARE, found.unknown
    assert found.share_of_occurrences >= LEAST_SHARE, found.unknown


def test_an_error_of_a_server_is_explained_by_the_request(people: list[Person]) -> None:
    """The session asks for an unknown namespace; each server answers service-unavailable."""
    log = log_of(people[0].records)
    wanted = "urn:example:unknown"
    asked = next(log.grep(wanted))
    assert asked.number is not None
    answer = log.answer_to(asked.number)
    assert answer is not None
    shown = ExplainView(Theme(False), 100).tree(explained_record(log, answer))
    assert f"in the request, xmlns='{wanted}': likely nobody serves this namespace" in shown
    assert "usually: " in shown
    assert "try: " in shown


def test_no_secret_of_the_session_is_shown(people: list[Person]) -> None:
    view = ExplainView(Theme(False), 100)
    for person in people:
        password = person.session.settings.password
        assert password
        log = log_of(person.records)
        for record in person.records:
            if isinstance(record.event, WireEvent):
                assert password not in view.tree(explained_record(log, record, whole=True))
