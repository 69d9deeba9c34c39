"""The pilot: which moves it makes, and where it hands the stream over."""

from __future__ import annotations

import pytest
from linked_streams import Link, client_stream, server_stream

from xmppshell.pilot import Negotiation, Pilot, Stage, Verdict
from xmppshell.protocol.states import State
from xmppshell.protocol.stream import Stream

WAY = ["open", "starttls", "tls", "open", "auth", "response", "open", "bind"]


class _Piloted(Link):
    """A link whose client makes only the moves that its pilot allows."""

    def __init__(self, client: Stream, server: Stream, pilot: Pilot) -> None:
        super().__init__(client, server)
        self.pilot = pilot

    def _step(self, name: str, other: str) -> bool:
        if name == "client":
            moves = self.ends[name].moves()
            if moves and self.pilot.judge(moves[0], self.ends[name]) is not Verdict.MAKE:
                return False
        elif self.pilot.hands_over(self.ends["client"]):
            return False  # What the server would say next is not waited for.
        return super()._step(name, other)


def flown(until: Stage | None, password: str | None = "pencil", **options: object) -> _Piloted:
    link = _Piloted(
        client_stream(password, **options),  # type: ignore[arg-type]
        server_stream(mechanisms=("SCRAM-SHA-256",), tls=bool(options.get("tls", True))),
        Pilot(until=until),
    )
    link.run()
    return link


@pytest.mark.parametrize(
    ("until", "moves", "state"),
    [
        (Stage.CONNECTED, 0, State.START),
        (Stage.FEATURES, 1, State.FEATURES),
        (Stage.TLS, 3, State.START),
        (Stage.LOGIN, 4, State.FEATURES),
        (Stage.AUTHENTICATED, 6, State.START),
        (Stage.BOUND, 8, State.BOUND),
        (None, 8, State.BOUND),
    ],
)
def test_each_stage_is_where_the_autopilot_stops(
    until: Stage | None, moves: int, state: State
) -> None:
    link = flown(until)
    assert link.made("client") == WAY[:moves]
    assert link.ends["client"].state is state
    stops = until not in (None, Stage.BOUND)
    assert link.pilot.negotiation is (Negotiation.MANUAL if stops else Negotiation.AUTO)
    assert link.pilot.hands_over(link.ends["client"]) is stops


def test_the_stream_is_handed_over_for_signing_in_though_no_move_is_left() -> None:
    link = flown(Stage.LOGIN, password=None)
    client = link.ends["client"]
    assert client.moves() == []
    assert client.secured
    assert link.pilot.hands_over(client)
    assert link.pilot.negotiation is Negotiation.MANUAL


def test_without_tls_one_may_sign_in_at_the_first_features() -> None:
    link = flown(Stage.LOGIN, tls=False)
    assert link.made("client") == ["open"]
    assert link.ends["client"].state is State.FEATURES


def test_a_stage_that_lies_behind_stops_no_more_once_the_speed_was_changed() -> None:
    link = flown(Stage.LOGIN)
    link.pilot.switch(Negotiation.AUTO)
    link.run()
    assert link.ends["client"].online
    assert link.made("client") == WAY


def test_step_mode_proposes_each_move_once() -> None:
    pilot, stream = Pilot(Negotiation.STEP), client_stream()
    (move,) = stream.moves()
    assert pilot.judge(move, stream) is Verdict.PROPOSE
    assert pilot.judge(move, stream) is Verdict.LEAVE


def test_manual_mode_makes_none() -> None:
    stream = client_stream()
    assert Pilot(Negotiation.MANUAL).judge(stream.moves()[0], stream) is Verdict.LEAVE
