"""Opening a session again after its connection was lost: when, how soon, and when never.

The reconnector reads the session's feed like everyone else. It goes by what happened last: a
network that broke or a server that restarts is worth another attempt; a refusal is not.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from .network.failures import ConnectionFailed
from .protocol.errors import PASSING_STREAM_ERRORS
from .protocol.events import (
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
from .protocol.problem import Problem, ProblemError

if TYPE_CHECKING:
    from .feed import Feed, Record
    from .protocol.redirects import Redirect

STEADY_SECONDS: Final = 60.0
"""How long a stream has to stay online before the next loss counts as the first one again."""

UNSAFE: Final = frozenset({"certificate", "tls", "alpn", "file"})
"""The kinds of `ConnectionFailed` after which nothing is tried again alone."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait before each attempt: `first` seconds, twice as long each time, to `limit`.

    Up to the part `jitter` of it is left out at random, so that the clients of a server that
    restarts do not all come back at once.
    """

    first: float = 1.0
    limit: float = 60.0
    jitter: float = 0.5

    def seconds(self, attempt: int, chance: float) -> float:
        """Return the wait before `attempt` (from 1), with `chance` from 0 to 1."""
        # Bounded, since a float has an end and an attempt number has none.
        whole = min(self.first * 2.0 ** min(attempt - 1, 60), self.limit)
        return whole * (1 - self.jitter * chance)


class Line(Protocol):
    """What there is to know and to do about a connection: `session.Session`."""

    @property
    def feed(self) -> Feed:
        """Where everything is told."""

    @property
    def connected(self) -> bool:
        """True while the transport is open."""

    @property
    def wants_reconnecting(self) -> bool:
        """True if a lost connection is to be opened again."""

    @property
    def gave_up(self) -> bool:
        """True if this side ended the last connection, since nothing safe could follow."""

    @property
    def redirect(self) -> Redirect | None:
        """Where the server wants its client instead, if it said so."""

    def publish(self, event: Event) -> None:
        """Tell what happened."""

    async def open(self) -> None:
        """Connect and negotiate; raises ProblemError."""

    async def wait_closed(self) -> None:
        """Wait until the last connection is over."""


class Reconnector:
    """Opens one session again after a loss, while it wants that.

    It does so after a stream was online, and never when the user closed it or when the server's
    last word would be the same the next time: a conflict, bad credentials, another host, a broken
    rule, a certificate that is wrong. `sleep` and `chance` are for tests.
    """

    def __init__(
        self,
        line: Line,
        *,
        back_off: BackOff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._line = line
        self.back_off = back_off or BackOff()
        self._sleep = sleep
        self._chance = chance
        self._task: asyncio.Task[None] | None = None
        self._attempt = 0
        self._online_at: float | None = None
        self._loss: Problem | None = None
        self._refusal = ""
        self._passing = False
        line.feed.subscribe(self._observe)

    @property
    def active(self) -> bool:
        """True while it waits for the next attempt, or makes one."""
        return self._task is not None and not self._task.done()

    @property
    def refusal(self) -> str:
        """Why it would not connect again after what happened last, or ""."""
        return self._refusal

    def take_up(self) -> None:
        """Begin with the attempts after a loss that was not taken up when it came."""
        if self._loss is not None and not self._refusal and not self._line.connected:
            self.start(self._loss.what)

    def start(self, why: str) -> None:
        """Begin with the attempts, if that is wanted; `why` says what happened."""
        if self._line.wants_reconnecting and not self.active:
            self._task = asyncio.get_running_loop().create_task(self._keep_trying(why))

    async def stop(self) -> None:
        """Give up the attempts, also one under way."""
        task, self._task, self._loss = self._task, None, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait([task])

    # What happens.

    def _observe(self, record: Record) -> None:
        event = record.event
        if isinstance(event, Connecting):
            self._refusal, self._passing, self._loss = "", False, None
        elif isinstance(event, Online):
            self._online_at = record.at
        elif isinstance(event, Disconnected):
            self._ended(event.problem, record.at)
        else:
            self._refusal = self._refusal or self._refusal_of(event)

    def _refusal_of(self, event: Event) -> str:
        """Return why `event` speaks against connecting again, or ""."""
        if isinstance(event, StreamErrorSeen) and event.direction is Direction.RECEIVED:
            passing = event.condition in PASSING_STREAM_ERRORS
            return "" if passing else f"the server said {event.condition}"
        if isinstance(event, AuthenticationFailed):
            self._passing = event.condition == "temporary-auth-failure"
            return "" if self._passing else f"signing in failed with {event.condition}"
        if isinstance(event, BindFailed):
            return f"binding failed with {event.condition}"
        if isinstance(event, Violation):
            return "the server broke a rule, and would again"
        return ""

    def _ended(self, problem: Problem | None, at: float) -> None:
        """Take the end of a connection; one that was online and was lost is opened again."""
        online_at, self._online_at = self._online_at, None
        if online_at is None:
            return
        if at - online_at >= STEADY_SECONDS:
            self._attempt = 0
        self._loss = problem
        if problem is None:
            return
        if not self._refusal and self._line.redirect is not None:
            self._refusal = "the server sends its clients elsewhere"
        if not self._refusal:
            self.start(problem.what)
        elif self._line.wants_reconnecting:
            self._say_no()

    async def _keep_trying(self, why: str) -> None:
        while True:
            self._attempt += 1
            seconds = self.back_off.seconds(self._attempt, self._chance())
            self._line.publish(Reconnecting(self._attempt, seconds, why))
            await self._sleep(seconds)
            await self._line.wait_closed()
            try:
                await self._line.open()
            except ProblemError as error:
                self._refusal = self._refusal or self._refusal_in(error)
                if self._refusal:
                    self._say_no()
                    return
                why = error.problem.what
            else:
                return

    def _refusal_in(self, error: ProblemError) -> str:
        """Return why an attempt that failed with `error` is the last one, or ""."""
        if isinstance(error, ConnectionFailed):
            return error.problem.what if error.kind in UNSAFE else ""
        if self._line.redirect is not None:
            return "the server sends its clients elsewhere"
        return error.problem.what if self._line.gave_up and not self._passing else ""

    def _say_no(self) -> None:
        self._line.publish(Notice(f"not connecting again: {self._refusal}", warning=True))
