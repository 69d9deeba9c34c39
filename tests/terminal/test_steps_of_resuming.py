"""Stream management and reconnecting in lines, and what of it the view leaves to the steps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xmppshell.commands.desk import ViewChoices
from xmppshell.feed import Record
from xmppshell.protocol.events import (
    Direction,
    ElementSeen,
    Event,
    ManagementEnabled,
    ManagementFailed,
    Reconnecting,
    Resumed,
    ResumeFailed,
)
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import Move, MoveFamily, Send
from xmppshell.protocol.problem import Problem
from xmppshell.protocol.xml import Context, parse_element
from xmppshell.terminal.steps import Steps
from xmppshell.terminal.theme import Theme
from xmppshell.terminal.view import View

SM = "urn:xmpp:sm:3"
JULIET = JID.parse("juliet@localhost/balcony")
PROBLEM = Problem("it broke", "it always does", "try again")


def record(event: Event, move: Move | None = None) -> Record:
    return Record(1, "juliet", 0.0, datetime(2025, 1, 2, tzinfo=UTC), event, move)


def step(event: Event) -> str:
    return Steps(Theme(colour=False), lambda: 100).render(record(event)) or ""


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            ManagementEnabled("x", True, 300, ""),
            "  managed     stanzas are acknowledged; resumable for 300 s after a loss",
        ),
        (
            ManagementEnabled("x", True, None, "[::1]:5222"),
            "  managed     stanzas are acknowledged; resumable after a loss, at [::1]:5222",
        ),
        (
            ManagementEnabled("", False, None, ""),
            "  managed     stanzas are acknowledged; the stream cannot be resumed",
        ),
        (Reconnecting(3, 4.25, "lost"), "  reconnect   in 4.2 s, attempt 3"),
    ],
)
def test_a_step(event: Event, line: str) -> None:
    assert step(event) == line


def test_a_resume_says_what_goes_again() -> None:
    shown = step(Resumed(JULIET, "x", 7, 0))
    assert "juliet@localhost/balcony; the server had 7 stanzas, nothing to send again" in shown
    assert "the server had 7 stanzas, 2 more to send again" in step(Resumed(JULIET, "x", 7, 2))


@pytest.mark.parametrize(
    "event", [ManagementFailed("conflict", "", PROBLEM), ResumeFailed("", None, 1, PROBLEM)]
)
def test_a_failure_says_what_why_and_what_to_try(event: Event) -> None:
    assert step(event) == "  ! it broke\n    usually: it always does\n    try: try again"


def shown(xml: str, way: Direction, move: Move | None = None) -> str | None:
    element = parse_element(xml.encode(), Context.for_namespace())
    view = View(Theme(colour=False), lambda: 80, ViewChoices())
    return view.render(record(ElementSeen(way, xml.encode(), element), move))


def test_what_the_steps_tell_is_not_shown_again() -> None:
    enable = f"<enable xmlns='{SM}' resume='true'/>"
    move = Send("enable", MoveFamily.NEGOTIATION, "asked for", "", enable.encode())
    assert shown(enable, Direction.SENT, move) is None
    assert shown(enable, Direction.SENT) is not None
    for name in ("enabled", "resumed", "failed"):
        assert shown(f"<{name} xmlns='{SM}'/>", Direction.RECEIVED) is None


def test_counts_are_shown_as_they_pass() -> None:
    assert "← 1 r" in (shown(f"<r xmlns='{SM}'/>", Direction.RECEIVED) or "")
    ack = f"<a xmlns='{SM}' h='4'/>"
    move = Send("sm-ack", MoveFamily.REPLY, "the peer asks", "", ack.encode())
    assert "[auto] the peer asks" in (shown(ack, Direction.SENT, move) or "")
