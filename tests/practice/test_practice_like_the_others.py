"""Good and bad exchanges are answered as by Prosody and ejabberd, or as a rule decides.

    PYTHONPATH=.:tests python tests/practice/test_practice_like_the_others.py

prints every difference with what the three answer and the rule that decides for ours, as a table
in Markdown.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from practice.comparison import Answer, play
from practice.comparison_steps import PARIS, ROSALINE, STEPS
from practice.venue import venue
from servers.ejabberd import Ejabberd
from servers.prosody import Prosody
from servers.real_server import RealServer
from servers.requirement import require

SERVERS: dict[str, type[RealServer]] = {"prosody": Prosody, "ejabberd": Ejabberd}
PASSWORD = "two households"


class Difference(NamedTuple):
    """Who answers otherwise than the practice server, and why that answers as it does."""

    servers: tuple[str, ...]
    rule: str


def _prosody(rule: str) -> Difference:
    return Difference(("prosody",), rule)


def _ejabberd(rule: str) -> Difference:
    return Difference(("ejabberd",), rule)


def _both(rule: str) -> Difference:
    return Difference(("prosody", "ejabberd"), rule)


FAULTY_PRESENCE = "RFC 6121 4.7.2: the values are limited, so it is bad-request (RFC 6120 8.3.3.1)"
NO_UNAVAILABLE = "RFC 6121 3.1.2, 3.1.3: asking for a subscription changes no presence"
NO_CHANGE = "RFC 6121 A.2: nothing changed, so nothing is pushed or sent"
CHANGED_ROSTER = "RFC 6121 3.1.3: a request that waits is not pushed to who is asked"
PRIVACY_LISTS = "XEP-0016 is deprecated; blocks are pushed as XEP-0191 3.3 to 3.5 have it"
ROOM_PRESENCE = "XEP-0045 7.2.2: presence comes from occupants; the room has none of its own"
NEW_PRESENCE = "XEP-0045 7.6, 7.7: the presence that was sent last is the one that is shown"
NO_SUBSCRIPTION = "XEP-0030 8: who may not see the presence is told service-unavailable"
NOT_ALLOWED = "RFC 6120 8.3.3.4: who lacks the permission is told forbidden"
NO_CARD = "XEP-0054 3.1, 3.3: item-not-found or an empty card; nobody's is service-unavailable"
OWN_FIELDS = "XEP-0054: the card is given as it was stored"

DIFFERENCES: dict[str, Difference] = {
    # Messages.
    "message, no type, to a lost resource": _both(
        "RFC 6121 8.5.3.2.1: a normal message is ignored or answered with service-unavailable"
    ),
    "message, headline, to a lost resource": _both(
        "RFC 6121 8.5.3.2.1: a headline is ignored or answered with service-unavailable"
    ),
    "message to an unknown domain": _both(
        "RFC 6120 8.3.3.16: a domain that cannot be reached is remote-server-not-found"
    ),
    "message to a bad address": _ejabberd("RFC 6120 8.3.3.8: the address is malformed"),
    "message of an unknown type": _ejabberd(
        "RFC 6121 5.2.2: it is the recipient who takes it as normal; the text stays as it is"
    ),
    # Requests.
    "ping nobody": _both("RFC 6121 8.5.1: requests to nobody are service-unavailable"),
    "version": _both("XEP-0092: <os/> is optional"),
    "last of a stranger": _ejabberd("XEP-0012 3: a stranger is told forbidden"),
    "disco#info": _prosody("XEP-0128: a form with more information is optional"),
    "disco#info at an unknown node": _ejabberd("XEP-0030 7: an unknown node is item-not-found"),
    "disco#info of a stranger": _ejabberd(NO_SUBSCRIPTION),
    "disco#info of nobody": _ejabberd(NO_SUBSCRIPTION),
    # Rosters.
    "roster set of a bad jid": _both("RFC 6120 8.3.3.8: the address is malformed"),
    "roster set of nothing": _ejabberd("RFC 6121 2.3.3: not exactly one item is bad-request"),
    "roster set with a group twice": _prosody("RFC 6121 2.3.3: a group twice is bad-request"),
    "roster set with an empty group": _both(
        "RFC 6121 2.3.3: a group without a name is not-acceptable"
    ),
    "roster remove of who is not there": _ejabberd("RFC 6121 2.5.3: it is item-not-found"),
    "roster get of a stranger": _prosody(NOT_ALLOWED),
    "roster set of a stranger": _prosody("RFC 6121 2.3.3: who may not is told forbidden"),
    # Presence and subscriptions.
    "priority out of range": _both(FAULTY_PRESENCE),
    "priority that is no number": _prosody(FAULTY_PRESENCE),
    "unknown show": _prosody(FAULTY_PRESENCE),
    "subscribe": _prosody(NO_UNAVAILABLE),
    "subscribe again": _both(NO_CHANGE),
    "subscribe to nobody": _prosody(NO_UNAVAILABLE),
    "subscribed again": _prosody(NO_CHANGE),
    "subscribe back": _both(f"{NO_UNAVAILABLE}; {CHANGED_ROSTER}"),
    "subscribed back": _prosody("RFC 6121 3.1.5: the presence goes to who subscribed"),
    "unsubscribe": _prosody("RFC 6121 3.3.3: who unsubscribed is sent unavailable presence"),
    "unsubscribe again": _prosody(NO_CHANGE),
    "unsubscribed": _ejabberd("RFC 6121 3.2.2: the order of the two is open"),
    "unavailable": _both(
        "RFC 6121 4.5.2, 4.6.3: all resources of the user hear it, and who was sent presence "
        "directly, unless that was taken back by a block before"
    ),
    # Blocking.
    "block": _both(
        f"XEP-0191 3.3: the blocked contact is sent unavailable presence; {PRIVACY_LISTS}"
    ),
    "message to who is blocked": _ejabberd("XEP-0191 3.3: not-acceptable is of type cancel"),
    "unblock": _ejabberd(PRIVACY_LISTS),
    "unblock all": _ejabberd(PRIVACY_LISTS),
    # Rooms.
    "enter without a nickname": _prosody("XEP-0045 7.2.1: without a nickname it is jid-malformed"),
    "enter a new hall": _ejabberd(ROOM_PRESENCE),
    "enter a locked room": _ejabberd("XEP-0045 7.2: a locked room is item-not-found"),
    "leave the hall": _both("XEP-0045 10.1.3, 10.9: a room that was never unlocked is destroyed"),
    "leave the hall, too": _both("who was not let in has nothing to leave"),
    "enter a new room": _ejabberd(ROOM_PRESENCE),
    "talk from outside": _prosody("XEP-0045 7.4: not-acceptable is of type modify"),
    "whisper from outside": _prosody("XEP-0045 7.5: not-acceptable is of type modify"),
    "enter": _ejabberd(ROOM_PRESENCE),
    "change the nickname": _ejabberd(NEW_PRESENCE),
    "subject, not allowed": _ejabberd("XEP-0045 8.1: moderators set the subject, by default"),
    "disco#items of a room": _prosody("XEP-0045 6.5: a room may list its occupants"),
    "disco#items of the rooms": _prosody("XEP-0045 6.3: a public room is listed"),
    "kick, not allowed": _both(NOT_ALLOWED),
    "make a member": _ejabberd(NEW_PRESENCE),
    "an unknown affiliation": _prosody("RFC 6120 8.3.3.1: what breaks the schema is bad-request"),
    "no longer the last owner": _ejabberd("XEP-0045 10.4: the last owner is told conflict"),
    "take the voice": _ejabberd(NEW_PRESENCE),
    "kick": _ejabberd(ROOM_PRESENCE),
    "kick who is gone": _both("RFC 6120 8.3.3.7: it is item-not-found, of type cancel"),
    "enter again": _ejabberd(f"XEP-0045 5.1: roles end with the visit; {ROOM_PRESENCE}"),
    "ban": _ejabberd(ROOM_PRESENCE),
    "enter, banned": _ejabberd("XEP-0045 7.2, 9.1: who is banned is told forbidden"),
    "leave": _ejabberd("what differs follows from the ban"),
    "enter a vault": _ejabberd(ROOM_PRESENCE),
    "close it": _both("XEP-0045 10.2.1: changes are told; the first configuration changes nothing"),
    "invite": _both(
        "XEP-0045 7.8.2: the invitation needs no body, nor a second one in it; 9.3: that somebody "
        "who is not there becomes a member may be told"
    ),
    "enter, invited": _ejabberd(ROOM_PRESENCE),
    "no longer a member": _ejabberd(ROOM_PRESENCE),
    "a password instead": _ejabberd(ROOM_PRESENCE),
    "enter with the password": _ejabberd(ROOM_PRESENCE),
    "destroy": _both("XEP-0045 10.9: everybody leaves with no affiliation and no role"),
    # Archives.
    "archive after an unknown id": _both("XEP-0059 2.4, XEP-0313: it is item-not-found"),
    "archive of a stranger": _both(NOT_ALLOWED),
    # Nodes.
    "publish": _ejabberd("XEP-0163 4: who asked for no notifications by caps gets none"),
    "publish for a stranger": _ejabberd("XEP-0060 7.1.3.1: who may not is told forbidden"),
    "items of a stranger": _prosody(
        "XEP-0060 6.5.9: without a presence subscription it is not-authorized"
    ),
    # What is kept.
    "no card": _both(NO_CARD),
    "card": _prosody(OWN_FIELDS),
    "card of another": _prosody(OWN_FIELDS),
    "set another's card": _both("XEP-0054 3.2: another's card is forbidden or not-allowed"),
    "card of nobody": _both(NO_CARD),
    "keep nothing": _both("XEP-0049: an element in a namespace of its own is needed"),
    "read another's": _prosody("XEP-0049: what others keep is forbidden"),
    # Commands.
    "an unknown command": _prosody("XEP-0050 4.4: an unknown node is item-not-found"),
    "the command ping": _both("there is no such command here, so it is item-not-found"),
}
"""Where the practice server's answer is not that of the others, by the name of the step."""


@cache
def answers_of_ours() -> dict[str, Answer]:
    """Play it all on a practice server, once for all tests."""

    async def played(folder: Path) -> dict[str, Answer]:
        async with venue(folder, (PARIS, ROSALINE)) as server:
            return await play(server, server.ca_file, STEPS)

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(played(Path(folder)))


@cache
def answers_of(name: str) -> dict[str, Answer]:
    """Play it all on another server, once for all tests."""
    with SERVERS[name]() as server:
        for user in (PARIS, ROSALINE):
            server.register(user, PASSWORD)
        return asyncio.run(play(server, server.ca_file, STEPS))


def test_every_step_and_every_difference_has_a_name_of_its_own() -> None:
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names) >= 120
    assert DIFFERENCES.keys() <= set(names)
    assert all(difference.servers for difference in DIFFERENCES.values())


@pytest.mark.real_server
@pytest.mark.parametrize("name", SERVERS)
def test_only_what_is_listed_differs(name: str) -> None:
    require(SERVERS[name])
    ours, theirs = answers_of_ours(), answers_of(name)
    differing = {step for step in ours if ours[step] != theirs[step]}
    listed = {step for step, difference in DIFFERENCES.items() if name in difference.servers}
    unlisted = {step: (ours[step], theirs[step]) for step in sorted(differing - listed)}
    assert (unlisted, sorted(listed - differing)) == ({}, [])


def _shown(answer: Answer) -> str:
    return "; ".join(answer) or "nothing"


def print_table() -> None:
    """Print the differences, and how many there are."""
    played = {"ours": answers_of_ours(), **{name: answers_of(name) for name in SERVERS}}
    print("| step | " + " | ".join(played) + " | decided by |")
    print("| --- " * (len(played) + 2) + "|")
    for step in STEPS:
        difference = DIFFERENCES.get(step.name)
        if difference is None:
            continue
        cells = [
            _shown(answers[step.name])
            if name == "ours" or name in difference.servers
            else "as ours"
            for name, answers in played.items()
        ]
        print(f"| {step.name} | {' | '.join(cells)} | {difference.rule} |")
    print(f"\n{len(STEPS)} steps, {len(STEPS) - len(DIFFERENCES)} answered alike by all three")


if __name__ == "__main__":
    sys.exit(print_table())
