"""The wide session of two people, which real servers pass, on the practice server."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lxml import etree
from practice.venue import venue
from wide_session import Person, play_wide_session

from xmppshell.protocol.errors import stanza_error
from xmppshell.protocol.events import Direction, ElementSeen

EXPECTED = {
    "juliet": {
        "message body from nobody@localhost: service-unavailable": 1,
        "iq nonsense from localhost: service-unavailable": 1,
        "iq services from localhost: service-unavailable": 1,  # no such facility (XEP-0215)
        "iq command from localhost: item-not-found": 1,  # there is no command to ping
        "iq pubsub: item-not-found": 1,  # the node was never made
        "iq query from upload.localhost: remote-server-not-found": 2,
        "iq request from upload.localhost: remote-server-not-found": 1,
        "iq query from pubsub.localhost: remote-server-not-found": 2,
    },
    "romeo": {
        "presence x from orchard@rooms.localhost/Jule: conflict": 1,
        "message body from orchard@rooms.localhost: not-acceptable": 1,  # he was kicked
    },
}
"""The errors that each of the two is answered, and how often."""


def errors_of(person: Person) -> Counter[str]:
    """Count the errors that a person was answered: what kind, from whom, which."""
    found: Counter[str] = Counter()
    for record in person.records:
        event = record.event
        if not isinstance(event, ElementSeen) or event.direction is not Direction.RECEIVED:
            continue
        error = stanza_error(event.element)
        if error is not None:
            kind, payload = (etree.QName(e).localname for e in (event.element, event.element[0]))
            sender = event.element.get("from")
            place = f" from {sender}" if sender else ""
            found[f"{kind} {payload}{place}: {error.condition}"] += 1
    return found


async def test_two_people_meet_nothing_unexpected(tmp_path: Path) -> None:
    async with venue(tmp_path) as server:
        people = await play_wide_session(server)  # type: ignore[arg-type]
        assert {p.session.name: errors_of(p) for p in people} == EXPECTED


async def test_it_may_be_played_again(tmp_path: Path) -> None:
    async with venue(tmp_path) as server:
        first = await play_wide_session(server)  # type: ignore[arg-type]
        again = await play_wide_session(server)  # type: ignore[arg-type]
        assert [errors_of(p) for p in first] == [errors_of(p) for p in again]
