"""What a session does of its duties by itself, and what it leaves to the user."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from linked_streams import Link, client_stream, server_stream

from xmppshell.pilot import Negotiation
from xmppshell.protocol.events import ElementSeen, Event, MoveProposed
from xmppshell.protocol.moves import Send
from xmppshell.protocol.obligations import Policy
from xmppshell.session.clock import Clock
from xmppshell.session.duties import Duties

AUTO, STEP, MANUAL = Negotiation.AUTO, Negotiation.STEP, Negotiation.MANUAL
PING = b"<iq type='get' id='p' from='romeo@localhost/o'><ping xmlns='urn:xmpp:ping'/></iq>"
PONG = b"<iq type='result' id='p' to='romeo@localhost/o'/>"


class Owing:
    """Duties on a stream that is online."""

    def __init__(self) -> None:
        self.stream = client_stream()
        Link(self.stream, server_stream()).run()
        assert self.stream.online
        self.told: list[Event] = []
        self.duties = Duties(self.told.append, Clock())

    def comes(self, data: bytes, speed: Negotiation = AUTO) -> Send | None:
        return self._seen(self.stream.receive_data(data), speed)

    def goes(self, data: bytes, speed: Negotiation = AUTO) -> Send | None:
        return self._seen(self.stream.data_sent(data), speed)

    def _seen(self, events: Iterable[Event], speed: Negotiation) -> Send | None:
        (seen,) = (event for event in events if isinstance(event, ElementSeen))
        return self.duties.called_for(seen, self.stream, speed)

    @property
    def proposed(self) -> list[bytes]:
        return [e.move.data for e in self.told if isinstance(e, MoveProposed)]


def data_of(moves: Iterable[Send]) -> list[bytes]:
    return [move.data for move in moves]


def test_the_autopilot_answers_at_once() -> None:
    owing = Owing()
    due = owing.comes(PING)
    assert due is not None
    assert (due.data, owing.duties.owed, owing.told) == (PONG, [], [])


@pytest.mark.parametrize(("speed", "proposed"), [(STEP, [PONG]), (MANUAL, [])])
def test_without_it_the_answer_waits_for_the_user(
    speed: Negotiation, proposed: list[bytes]
) -> None:
    owing = Owing()
    assert owing.comes(PING, speed) is None
    assert data_of(owing.duties.owed) == [PONG]
    assert owing.proposed == proposed


def test_a_policy_makes_the_autopilot_wait() -> None:
    owing = Owing()
    owing.duties.policies["ping"] = Policy.STEP
    assert owing.comes(PING) is None
    assert owing.proposed == data_of(owing.duties.owed) == [PONG]


def test_what_is_never_answered() -> None:
    owing = Owing()
    assert owing.comes(b"<message from='romeo@localhost'><body>hi</body></message>") is None
    assert owing.comes(b"<iq type='result' id='x'/>") is None
    assert owing.duties.owed == []


def test_an_answer_in_other_words_is_no_longer_owed() -> None:
    owing = Owing()
    owing.comes(PING, MANUAL)
    owing.comes(PING.replace(b"'p'", b"'q'"), MANUAL)
    owing.goes(b"<iq type='error' id='p' to='romeo@localhost/o'/>", MANUAL)
    assert data_of(owing.duties.owed) == [PONG.replace(b"'p'", b"'q'")]


def test_a_move_that_is_made_is_no_longer_owed() -> None:
    owing = Owing()
    owing.comes(PING, MANUAL)
    owing.duties.done(owing.duties.owed[0])
    assert owing.duties.owed == []


def test_another_connection_owes_nothing() -> None:
    owing = Owing()
    owing.comes(PING, MANUAL)
    owing.duties.policies["time"] = Policy.OFF
    owing.duties.forget()
    assert owing.duties.owed == []
    assert owing.duties.policies["time"] is Policy.OFF
