"""When a lost connection is opened again, how soon, and when never."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from xmppshell.feed import Feed, Record
from xmppshell.network.failures import ConnectionFailed
from xmppshell.protocol.events import (
    AuthenticationFailed,
    BindFailed,
    Connecting,
    Direction,
    Disconnected,
    Event,
    Notice,
    Online,
    Reconnecting,
    StreamErrorSeen,
    Violation,
)
from xmppshell.protocol.jid import JID
from xmppshell.protocol.problem import Problem, ProblemError
from xmppshell.protocol.redirects import Redirect
from xmppshell.reconnect import STEADY_SECONDS, BackOff, Reconnector

LOST = Problem("the line broke")
JULIET = JID.parse("juliet@localhost/balcony")
Step = Callable[["Line"], None]


@dataclass
class Line:
    """A connection that does what the test wants: each attempt takes the next of `outcomes`."""

    outcomes: list[Step] = field(default_factory=list)
    wants_reconnecting: bool = True
    connected: bool = False
    gave_up: bool = False
    redirect: Redirect | None = None
    now: float = 0.0

    def __post_init__(self) -> None:
        self.feed = Feed()
        self.told: list[Event] = []
        self.slept: list[float] = []
        self.attempts = 0
        self.reconnector = Reconnector(self, sleep=self.sleep, chance=lambda: 0.0)

    def publish(self, event: Event) -> None:
        self.told.append(event)
        self.feed.publish(Record(None, "line", self.now, datetime.now(UTC), event))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    async def open(self) -> None:
        self.attempts += 1
        self.publish(Connecting("localhost", 5222, False, ""))
        self.outcomes.pop(0)(self)

    async def wait_closed(self) -> None:
        """Nothing is left of the last connection."""

    def online(self) -> None:
        self.connected = True
        self.publish(Online(JULIET, 0.1))

    def lose(self, problem: Problem | None = LOST) -> None:
        self.connected = False
        self.publish(Disconnected(False, problem))

    async def settled(self) -> None:
        async with asyncio.timeout(5):
            while self.reconnector.active:  # noqa: ASYNC110 - it has no event to wait for
                await asyncio.sleep(0)

    def notices(self) -> list[str]:
        return [event.text for event in self.told if isinstance(event, Notice)]


def success(line: Line) -> None:
    line.online()


def refused(line: Line) -> None:
    raise ConnectionFailed("refused", Problem("nobody listens"))


def wrong_certificate(line: Line) -> None:
    raise ConnectionFailed("certificate", Problem("the certificate is for somebody else"))


def failed_login(condition: str) -> Step:
    def step(line: Line) -> None:
        problem = Problem(f"SASL failure {condition}")
        line.publish(AuthenticationFailed("PLAIN", condition, "", problem))
        line.gave_up = True
        line.publish(Disconnected(False, problem))
        raise ProblemError(problem)

    return step


def gave_up(line: Line) -> None:
    line.gave_up = True
    raise ProblemError(Problem("the server does not offer STARTTLS"))


def stream_error(line: Line, condition: str) -> None:
    problem = Problem(f"stream error {condition}")
    line.publish(StreamErrorSeen(Direction.RECEIVED, condition, "", "", problem))
    line.lose(problem)


async def test_a_lost_connection_is_opened_again() -> None:
    line = Line([success])
    line.online()
    line.lose()
    assert line.reconnector.active
    await line.settled()
    assert line.connected
    assert line.told[2] == Reconnecting(1, 1.0, "the line broke")


async def test_only_where_it_is_wanted() -> None:
    line = Line(wants_reconnecting=False)
    line.online()
    line.lose()
    assert not line.reconnector.active
    line.wants_reconnecting = True
    line.outcomes = [success]
    line.reconnector.take_up()
    await line.settled()
    assert line.connected


async def test_each_attempt_waits_longer_to_a_limit() -> None:
    line = Line([*[refused] * 9, success])
    line.online()
    line.lose()
    await line.settled()
    assert line.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    attempts = [event.attempt for event in line.told if isinstance(event, Reconnecting)]
    assert attempts == list(range(1, 11))
    reasons = [event.why for event in line.told if isinstance(event, Reconnecting)]
    assert reasons[:2] == ["the line broke", "nobody listens"]


def test_chance_shortens_the_wait() -> None:
    back_off = BackOff(first=2.0, limit=10.0, jitter=0.5)
    assert back_off.seconds(1, 0.0) == 2.0
    assert back_off.seconds(1, 1.0) == 1.0
    assert back_off.seconds(9, 0.5) == 7.5
    assert back_off.seconds(10**6, 0.0) == 10.0


async def test_a_line_that_comes_and_goes_is_not_hammered() -> None:
    line = Line([success] * 4)
    line.online()
    for _ in range(3):
        line.now += 5
        line.lose()
        await line.settled()
    assert line.slept == [1, 2, 4]
    line.now += STEADY_SECONDS
    line.lose()
    await line.settled()
    assert line.slept == [1, 2, 4, 1]


@pytest.mark.parametrize(
    "condition", ["system-shutdown", "connection-timeout", "reset", "resource-constraint"]
)
async def test_stream_errors_that_pass(condition: str) -> None:
    line = Line([success])
    line.online()
    stream_error(line, condition)
    await line.settled()
    assert line.connected


@pytest.mark.parametrize(
    "condition",
    ["conflict", "see-other-host", "not-authorized", "policy-violation", "undefined-condition"],
)
async def test_stream_errors_that_would_come_again(condition: str) -> None:
    line = Line()
    line.online()
    stream_error(line, condition)
    assert not line.reconnector.active
    assert line.notices() == [f"not connecting again: the server said {condition}"]
    line.reconnector.take_up()
    assert not line.reconnector.active


@pytest.mark.parametrize(
    "event",
    [
        BindFailed("conflict", "", LOST),
        Violation(Direction.RECEIVED, "undefined-condition", LOST),
    ],
)
async def test_other_refusals(event: Event) -> None:
    line = Line()
    line.online()
    line.publish(event)
    line.lose()
    assert not line.reconnector.active
    assert line.reconnector.refusal


async def test_bad_credentials_end_the_attempts() -> None:
    line = Line([refused, failed_login("not-authorized")])
    line.online()
    line.lose()
    await line.settled()
    assert line.attempts == 2
    assert line.notices() == ["not connecting again: signing in failed with not-authorized"]


async def test_a_login_that_fails_for_now_does_not() -> None:
    line = Line([failed_login("temporary-auth-failure"), success])
    line.online()
    line.lose()
    await line.settled()
    assert line.connected


@pytest.mark.parametrize("outcome", [wrong_certificate, gave_up])
async def test_what_is_not_safe_ends_the_attempts(outcome: Step) -> None:
    line = Line([outcome])
    line.online()
    line.lose()
    await line.settled()
    assert line.attempts == 1
    assert len(line.notices()) == 1


async def test_a_redirect_is_never_followed_alone() -> None:
    line = Line(redirect=Redirect(uri="wss://elsewhere.example/ws"))
    line.online()
    line.lose()
    assert not line.reconnector.active
    assert "elsewhere" in line.reconnector.refusal


async def test_a_close_by_hand_is_final() -> None:
    line = Line()
    line.online()
    line.lose(None)
    assert not line.reconnector.active
    line.reconnector.take_up()
    assert not line.reconnector.active


async def test_a_first_connection_that_fails_is_not_tried_again() -> None:
    line = Line()
    line.publish(Connecting("localhost", 5222, False, ""))
    line.lose()
    assert not line.reconnector.active


async def test_stopping_ends_an_attempt_under_way() -> None:
    line = Line()
    line.online()
    line.lose()
    await line.reconnector.stop()
    assert not line.reconnector.active
    assert line.attempts == 0
