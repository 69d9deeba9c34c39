"""One client session: what commands ask of it, from opening it to leaving.

Whoever wants to know what happens subscribes to `Session.feed`; whoever wants to say something
calls `Session.send`. A session outlives its connections: it can be opened again. The parts have
modules of their own:

    opening      where the next connection goes, and with what
    connection   one connection: the core, the pipes, and the moves that the pilot allows
    duties       the automatic answers and counts, by their policies
    publisher    from events to the records of the feed
    clock        how long ago things were
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..network.transports import AnyWire, Dialler
from ..pilot import Negotiation, Pilot
from ..protocol import dialects
from ..protocol.acknowledgements import Ledger
from ..protocol.events import Connected, Event, Notice, Secured
from ..protocol.ids import IdCounter, prefix_for
from ..protocol.jid import JID
from ..protocol.moves import Move, MoveFamily, Send
from ..protocol.obligations import Policy
from ..protocol.problem import Problem, ProblemError
from ..protocol.redirects import Redirect, check
from ..protocol.states import State
from ..protocol.stream import Stream
from ..reconnect import Reconnector
from ..settings import Settings
from .clock import Clock
from .connection import Connection
from .duties import Duties
from .errors import NOT_CONNECTED, SessionError
from .opening import Opening
from .publisher import Publisher

if TYPE_CHECKING:
    from ..network.tls_layer import TlsFacts

CLOSE_SECONDS = 5.0
"""How long the peer has to answer our closing tag."""


class Session:
    """One client session; `name` tells it from others in the same shell.

    `numbers` is where its records get their numbers; sessions of one shell share it. `stream`,
    `tls` and `peer` are those of the last connection until there is another; `connection` is None
    while one is being dialled.
    """

    def __init__(
        self, name: str, settings: Settings, *, numbers: Iterator[int] | None = None
    ) -> None:
        self.name = name
        self.settings = settings
        self.ids = IdCounter(prefix_for(settings.jid.local))
        self.stream: Stream | None = None
        self.tls: TlsFacts | None = None
        self.peer = ""
        self.pilot = Pilot()
        self.connection: Connection | None = None
        self.reconnects: bool | None = None
        self._clock = Clock()
        self._publisher = Publisher(
            name, self._clock, numbers if numbers is not None else itertools.count(1)
        )
        self.feed = self._publisher.feed
        self.exchanges = self._publisher.exchanges
        self._duties = Duties(self.publish, self._clock)
        self._opening = Opening()
        self.feed.subscribe(self._opening.observe)
        self._pump: asyncio.Task[None] | None = None
        self._problem: Problem | None = None
        self.reconnector = Reconnector(self)

    # What others ask.

    @property
    def connected(self) -> bool:
        """True while the transport is open."""
        return self.connection is not None and self.connection.open

    @property
    def online(self) -> bool:
        """True while stanzas may flow."""
        return self.connected and self.stream is not None and self.stream.online

    @property
    def jid(self) -> JID | None:
        """The full JID that the server bound, if any."""
        return None if self.stream is None else self.stream.jid

    @property
    def age(self) -> float:
        """Seconds since the session began: the clock of its records."""
        return self._clock.age

    @property
    def silent_for(self) -> float:
        """Seconds since this side last said anything."""
        return self._clock.silent

    @property
    def problem(self) -> Problem | None:
        """Why the last connection ended badly, or None."""
        if self._problem is None and self.connection is not None:
            return self.connection.problem
        return self._problem

    @property
    def wants_reconnecting(self) -> bool:
        """True if a lost connection is to be opened again: as said last, or in the settings."""
        return self.settings.reconnect if self.reconnects is None else self.reconnects

    @property
    def gave_up(self) -> bool:
        """True if this side ended the last connection, since nothing safe could follow."""
        last = self.connection
        return last is not None and (last.verdict is not None or last.unsafe)

    @property
    def ledger(self) -> Ledger | None:
        """What stream management has counted, on this connection or the last; None before one."""
        return None if self.stream is None else self.stream.management.ledger

    @property
    def resumable(self) -> bool:
        """True if another connection could go on with the stream."""
        return self.ledger is not None and self.ledger.resumable

    @property
    def policies(self) -> dict[str, Policy]:
        """What becomes of each duty, by its name; to be changed in place."""
        return self._duties.policies

    @property
    def owed(self) -> list[Send]:
        """The answers and counts that wait for the user to make them."""
        return self._duties.owed

    @property
    def redirect(self) -> Redirect | None:
        """Where the server wants its client instead, if it said so and nobody went there yet."""
        return None if self.stream is None else self.stream.redirect

    def redirected(self, redirect: Redirect) -> Settings:
        """Return the settings that follow `redirect`: another place, and nothing else.

        Raises `RedirectError` if the way leads in a circle or is too long.
        """
        assert self.stream is not None
        arrived = self.connection is not None and self.connection.announced
        before = () if arrived else self.settings.redirects
        check(redirect, tuple(earlier.target for earlier in before))
        over_tcp = self.stream.dialect is not dialects.WEBSOCKET
        direct = over_tcp and self.tls is not None and not self.stream.client.tls
        step = replace(redirect, direct_tls=direct)
        return replace(self.settings, redirects=(*before, step))

    # Opening.

    async def open(self) -> None:
        """Connect and negotiate until stanzas may flow, or until the pilot hands over.

        Raises `ConnectionFailed` or `SessionError`, whose problem says at which step and why.
        """
        self._clock.opens()
        self._opening.begin(self.settings)
        while True:
            try:
                return await self._enter()
            except ProblemError as error:
                reason = self._reason_for_another(error)
                if not reason:
                    self._problem = self.problem or error.problem
                    raise
                self.publish(Notice(reason, True))

    def _reason_for_another(self, error: ProblemError) -> str:
        """Return why a fresh connection may do better, or "" if not or if the user left."""
        last = self.connection
        if self.stream is None or (last is not None and last.leaving):
            return ""
        gave_up = last is not None and last.verdict is not None
        return self._opening.reason_for_another(error, self.stream, gave_up)

    async def _enter(self) -> None:
        """Connect once and negotiate."""
        self.connection, self._problem = None, None
        self._duties.forget()
        settings = self.settings
        self.pilot = Pilot(settings.negotiation, settings.until)
        route = self._opening.route(settings, self.ledger, self.tls)
        transport = await Dialler(route, self._note_step, self._secure).dial()
        wire = transport.wire
        self.stream = Stream(
            self._opening.options(settings, transport, self.ledger),
            secured=wire.tls is not None,
            channel=wire.tls.channel if wire.tls is not None else None,
            ids=self.ids,
        )
        self.connection = Connection(
            wire,
            self.stream,
            self.pilot,
            duties=self._duties,
            publisher=self._publisher,
            clock=self._clock,
            secure=self._secure,
            pipelines=self._opening.pipelines,
        )
        self._pump = asyncio.create_task(self._run(self.connection))
        try:
            await self.connection.ready
        except asyncio.CancelledError:
            await self.drop()
            raise

    def _note_step(self, event: Event) -> None:
        if isinstance(event, Connected):
            self.peer = event.peer
        self.publish(event)

    async def _secure(self, wire: AnyWire, name: str, alpn: tuple[str, ...] = ()) -> None:
        """Do TLS on `wire` with a certificate for `name`."""
        began = time.monotonic()
        settings = self.settings.tls_settings(alpn)
        facts = await wire.start_tls(settings, name, timeout=self.settings.timeout)
        self.tls = facts
        self.publish(
            Secured(
                facts.version,
                facts.cipher,
                facts.subject,
                facts.issuer,
                facts.verified,
                facts.not_after,
                time.monotonic() - began,
            )
        )

    async def _run(self, connection: Connection) -> None:
        """Run a connection to its end, and say if the stream can go on over another."""
        try:
            await connection.run()
        finally:
            lost = connection.problem is not None
            if lost and self.resumable and not self.reconnector.active:
                self.publish(Notice("the stream can be resumed: /resume goes on with it"))

    # The speeds.

    def proposal(self) -> Move | None:
        """Return the move that the core recommends now, made or not, or None."""
        moves = self.stream.moves() if self.connected and self.stream is not None else []
        return next(iter([*moves, *self.owed]), None)

    async def make(self, move: Move) -> None:
        """Make `move`, which the core proposed, now (`proposal`)."""
        connection = self._live
        self._duties.done(move)
        await connection.make(move)

    async def switch(self, negotiation: Negotiation) -> None:
        """Change who makes the moves; as an autopilot, go on at once."""
        self.pilot.switch(negotiation)
        if negotiation is Negotiation.AUTO:
            for move in list(self.owed):
                await self.make(move)
        if self.connection is not None and self.connection.open:
            await self.connection.go_on()

    # Saying something.

    @property
    def _live(self) -> Connection:
        """The connection, which is open; raises `SessionError` if there is none."""
        if self.connection is None or not self.connection.open:
            raise SessionError(NOT_CONNECTED)
        return self.connection

    async def send(self, data: bytes) -> None:
        """Send exactly `data`, whatever it is, as something that the user typed.

        Raises `SessionError` without a connection, or while a TLS handshake is under way.
        """
        connection = self._live
        if connection.stream.state is State.HANDSHAKE:
            raise SessionError(_HANDSHAKE)
        self._clock.typed()
        connection.write(data)
        await connection.drain()
        if self.pilot.negotiation is not Negotiation.MANUAL and not self.online:
            await connection.make_moves()

    async def keep_alive(self) -> None:
        """Send one space between stanzas (RFC 6120 4.6.1).

        Raises `SessionError` where white space is not allowed: before stanzas may flow, and over
        WebSocket, which has frames of its own for it (RFC 7395 3.8).
        """
        connection = self._live
        if not connection.stream.online:
            raise SessionError(_NO_SPACE_YET)
        if connection.stream.dialect is dialects.WEBSOCKET:
            raise SessionError(_NO_SPACE_IN_FRAMES)
        connection.write(KEEPALIVE.data, KEEPALIVE)
        await connection.drain()

    def publish(self, event: Event) -> None:
        """Tell everyone an event that is not on the wire."""
        self._publisher.publish(event)

    # Leaving.

    async def close(self) -> None:
        """Close the stream as RFC 6120 4.4 has it; wait a few seconds for the peer's tag."""
        await self.reconnector.stop()
        if self.connection is None or not self.connection.open or self._pump is None:
            return
        self.connection.say_goodbye()
        _, waiting = await asyncio.wait([self._pump], timeout=CLOSE_SECONDS)
        if waiting:
            self.publish(
                Notice(f"the server did not close its side within {CLOSE_SECONDS:.0f} s", True)
            )
            await self.drop()

    async def drop(self) -> None:
        """Cut the connection without a word, as a broken network would."""
        if self.connection is None or not self.connection.open or self._pump is None:
            return
        self.connection.leaving = True
        await self.connection.cut()
        await asyncio.wait([self._pump], timeout=1)
        if not self._pump.done():
            self._pump.cancel()
            await asyncio.wait([self._pump])

    def expect_end(self, expected: bool = True) -> None:
        """Take the end of the connection, when it comes, for what was asked for: no problem."""
        if self.connection is not None:
            self.connection.leaving = expected

    async def wait_closed(self) -> None:
        """Wait until the connection is over."""
        if self._pump is not None:
            await asyncio.wait([self._pump])


KEEPALIVE = Send(
    "keepalive",
    MoveFamily.REPLY,
    "a space keeps an idle connection open",
    "RFC 6120 4.6.1",
    data=b" ",
)
_NO_SPACE_YET = Problem(
    "white space is not allowed while the stream is negotiated",
    "the other side could take it for the beginning of TLS or of a payload",
    "wait until the stream is ready for stanzas",
    "RFC 6120 4.6.1",
)
_NO_SPACE_IN_FRAMES = Problem(
    "over WebSocket no white space is sent between stanzas",
    "each frame is one element",
    "the ping frames of WebSocket do the same",
    "RFC 7395 3.8",
)
_HANDSHAKE = Problem(
    "the TLS handshake is under way", "nothing but TLS may be sent now", "wait a moment"
)
