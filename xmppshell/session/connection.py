"""One connection and the stream on it: the bytes, and the moves that the pilot allows.

`Connection.run` is the only reader of its wire.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from ..network.failures import ConnectionFailed
from ..network.transports import AnyWire
from ..pilot import Negotiation, Pilot, Verdict
from ..protocol.events import Direction, Disconnected, ElementSeen, Event, MoveProposed, Online
from ..protocol.moves import BeginTls, Disconnect, GiveUp, Move, Send
from ..protocol.problem import Problem, ProblemError
from ..protocol.states import State
from ..protocol.stream import Stream
from ..reconnect import UNSAFE
from .clock import Clock
from .duties import Duties
from .errors import LEFT_EARLY, SessionError
from .publisher import Publisher

STEP_SECONDS = 20.0
"""How long a server may be silent during the negotiation."""

AHEAD_SECONDS = 5.0
"""How long a server may be silent about what was sent ahead; some throw it away unread."""


class Connection:
    """One connection of a session, from the wire that was dialled to its end.

    `open` is True until the end, and `problem` then says why it was a bad one. `verdict` is why
    this side gave up, and `unsafe` that nothing safe could follow on the line. `announced` says
    that stanzas could flow. `leaving` takes the end, when it comes, for what was asked for.
    `ready` is done when stanzas may flow or the pilot hands over, and raises `SessionError` at an
    end before that.
    """

    def __init__(
        self,
        wire: AnyWire,
        stream: Stream,
        pilot: Pilot,
        *,
        duties: Duties,
        publisher: Publisher,
        clock: Clock,
        secure: Callable[[AnyWire, str], Awaitable[None]],
        pipelines: bool,
    ) -> None:
        """Take up a wire; `secure` does TLS on it for a domain.

        `pipelines` says that much is sent ahead of the features; silence about it ends sooner.
        """
        self.stream = stream
        self.open = True
        self.problem: Problem | None = None
        self.verdict: Problem | None = None
        self.unsafe = False
        self.announced = False
        self.leaving = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wire = wire
        self._pilot = pilot
        self._duties = duties
        self._publisher = publisher
        self._clock = clock
        self._secure = secure
        self._pipelines = pipelines
        self._outbox: list[bytes] = []

    async def run(self) -> None:
        """Make moves and take in what comes, until the end."""
        problem: Problem | None = None
        stream = self.stream
        try:
            await self.make_moves()
            while not self._over:
                data = await self._read()
                if not data:
                    break
                self._take(stream.receive_data(data))
                await self.make_moves()
            problem = None if self.leaving else self.verdict or stream.end_problem()
        except ProblemError as error:
            # What the stream said before counts more than the connection that broke on our answer.
            problem = None if self.leaving else stream.failure or error.problem
            self.unsafe = isinstance(error, ConnectionFailed) and error.kind in UNSAFE
        finally:
            await self._end(problem)

    @property
    def _over(self) -> bool:
        return self.stream.state is State.CLOSED or not self.open or self.verdict is not None

    async def _read(self) -> bytes:
        autopilot = self._pilot.negotiation is Negotiation.AUTO
        ahead = self._pipelines and self.stream.ahead.unanswered
        limit = AHEAD_SECONDS if ahead else STEP_SECONDS
        try:
            async with asyncio.timeout(None if self.stream.online or not autopilot else limit):
                return await self._wire.read()
        except TimeoutError:
            raise SessionError(
                Problem(
                    f"the server said nothing for {limit:.0f} seconds ({self.stream.state.value})",
                    "the server hangs, or something between drops its answers",
                    "try again; look at the server's log",
                )
            ) from None

    async def _end(self, problem: Problem | None) -> None:
        """Close the transport and tell everyone."""
        stream = self.stream
        self.open = False
        self.problem = problem
        await self._wire.close(abort=problem is not None and not stream.ended)
        if not stream.management.ledger.resumable:
            self._publisher.exchanges.forget()
        self._publisher.publish(Disconnected(stream.closed_properly and problem is None, problem))
        if not self.ready.done():
            self.ready.set_exception(SessionError(problem or LEFT_EARLY))

    async def cut(self) -> None:
        """Close the transport at once, without a word."""
        await self._wire.close(abort=True)

    # Moves.

    async def make(self, move: Move) -> None:
        """Make one move, whoever decided it, and what it leads to."""
        if await self._perform(move):
            await self._wire.close()
        else:
            await self.make_moves()

    async def go_on(self) -> None:
        """Make what moves the pilot allows now."""
        await self.make_moves()
        if self.verdict is not None and self.open:
            await self._wire.close()

    async def make_moves(self) -> None:
        """Make the recommended moves until the core waits for the peer, or the pilot for us."""
        stream = self.stream
        while self.open and self.verdict is None:
            moves = stream.moves()
            if not moves:
                break
            verdict = self._pilot.judge(moves[0], stream)
            if verdict is Verdict.PROPOSE:
                self._publisher.publish(MoveProposed(moves[0]))
            if verdict is not Verdict.MAKE or await self._perform(moves[0]):
                break
        self._flush()
        if stream.online and not self.announced:
            assert stream.jid is not None
            self.announced = True
            self._publisher.publish(Online(stream.jid, self._clock.opening))
        if stream.online or self._pilot.hands_over(stream):
            self._set_ready()
        await self._wire.drain()

    def _set_ready(self) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    async def _perform(self, move: Move) -> bool:
        """Make one move; return True if the stream is over with it."""
        stream = self.stream
        if isinstance(move, BeginTls):
            self._flush()
            await self._secure(self._wire, stream.client.jid.domain)
            tls = self._wire.tls
            stream.tls_established(tls.channel if tls is not None else None)
        elif isinstance(move, Send):
            self._outbox.append(move.data)
            self._take(stream.data_sent(move.data), move)
        elif isinstance(move, GiveUp):
            if Direction.SENT in stream.headers and Direction.SENT not in stream.ended:
                for data in stream.dialect.packed(move.data, stream.dialect.end):
                    self.write(data, move)
            self.verdict = move.problem or LEFT_EARLY
            return True
        elif isinstance(move, Disconnect):
            return True
        return False

    # Events.

    def _take(self, events: list[Event], move: Move | None = None) -> None:
        broken: ProblemError | None = None
        for event in events:
            self._publisher.publish(event, move)
            try:
                self._react(event)
            except ProblemError as error:
                broken = broken or error  # What came with it counts as handled: it has to be told.
        if broken is not None:
            raise broken

    def _react(self, event: Event) -> None:
        if isinstance(event, ElementSeen):
            self._do(self._duties.called_for(event, self.stream, self._pilot.negotiation))

    def _do(self, due: Send | None) -> None:
        if due is not None:
            self.write(due.data, due)

    # Writing.

    def write(self, data: bytes, move: Move | None = None) -> None:
        """Send exactly `data`: what the user typed, or a `move` that is not the negotiation's."""
        assert self.open
        self._clock.said()
        self._flush()
        self._wire.write(data)
        self._take(self.stream.data_sent(data), move)

    async def drain(self) -> None:
        """Wait until most is on its way; that the line broke, `run` tells."""
        with contextlib.suppress(ConnectionFailed):
            await self._wire.drain()

    def _flush(self) -> None:
        """Write the moves that were made in one go: one TCP segment, or one TLS record."""
        if self._outbox and self.open:
            pieces, self._outbox = self._outbox, []
            for data in self.stream.dialect.packed(*pieces):
                self._wire.write(data)

    def say_goodbye(self) -> None:
        """Send the closing tag, and before it the count of stanzas, unless it was sent."""
        stream = self.stream
        if Direction.SENT not in stream.ended and Direction.SENT in stream.headers:
            self._do(self._duties.farewell(stream, self._pilot.negotiation))
            self.write(stream.dialect.end)
