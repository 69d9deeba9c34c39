"""One live stream: the core, the pipes, a policy for moves, and the one event feed.

The session carries bytes between the wire and the core, makes the moves that its policy allows,
and publishes everything that happens. Whoever wants to know subscribes to `Session.feed`;
whoever wants to say something calls `Session.send`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import __version__
from .feed import Feed, Record
from .network.failures import ConnectionFailed
from .network.transports import AnyWire, Dialler, Route
from .pilot import Negotiation, Pilot, Verdict
from .protocol import dialects
from .protocol.acknowledgements import Ledger
from .protocol.credentials import FastToken
from .protocol.events import (
    Bound,
    Connected,
    Direction,
    Disconnected,
    ElementSeen,
    Event,
    FastTokenReceived,
    FastTokenRefused,
    MoveProposed,
    Notice,
    Online,
    Resumed,
    ResumeFailed,
    Secured,
    WhitespaceSeen,
    WireEvent,
)
from .protocol.exchanges import Exchanges
from .protocol.features.sasl2 import Sasl2Wishes
from .protocol.features.stream_management_elements import REQUEST, RESEND
from .protocol.ids import IdCounter, prefix_for
from .protocol.jid import JID
from .protocol.moves import BeginTls, Disconnect, GiveUp, Move, MoveFamily, Send
from .protocol.obligations import Facts, Policy, default_policies, owed
from .protocol.problem import Problem, ProblemError
from .protocol.redirects import Redirect, check, parse_host
from .protocol.states import State
from .protocol.stream import Stream
from .protocol.stream_options import ClientOptions
from .reconnect import UNSAFE, Reconnector
from .settings import Settings

if TYPE_CHECKING:
    from .network.tls_layer import TlsFacts

STEP_SECONDS = 20.0
"""How long a server may be silent during the negotiation."""

AHEAD_SECONDS = 5.0
"""How long a server may be silent about what was sent ahead; some throw it away unread."""

CLOSE_SECONDS = 5.0
"""How long the peer has to answer our closing tag."""


class SessionError(ProblemError):
    """The session could not be opened, was lost, or is not there to send on."""


class Session:
    """One client session; `name` tells it from others in the same shell.

    `numbers` is where its records get their numbers; sessions of one shell share it.
    """

    def __init__(
        self, name: str, settings: Settings, *, numbers: Iterator[int] | None = None
    ) -> None:
        self.name = name
        self.settings = settings
        self.feed = Feed()
        self.ids = IdCounter(prefix_for(settings.jid.local))
        self.exchanges = Exchanges()
        self.policies: dict[str, Policy] = default_policies()
        self.stream: Stream | None = None
        self.tls: TlsFacts | None = None
        self.peer = ""
        self._numbers = numbers if numbers is not None else itertools.count(1)
        self._began = time.monotonic()
        self._last_typed = self._began
        self._said_at = self._began
        self._wire: AnyWire | None = None
        self._pump: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._opened_at = 0.0
        self.pilot = Pilot()
        self.owed: list[Send] = []
        self._outbox: list[bytes] = []
        self._problem: Problem | None = None
        self._verdict: Problem | None = None
        self._unsafe = False
        self._leaving = False
        self._announced = False
        self._resumes_elsewhere = False
        self.reconnects: bool | None = None
        self._pipelines = False
        self._fast_token: FastToken | None = None
        self._opened_with: Settings | None = None
        self.reconnector = Reconnector(self)

    # What others ask.

    @property
    def connected(self) -> bool:
        """True while the transport is open."""
        return self._wire is not None

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
        return time.monotonic() - self._began

    @property
    def problem(self) -> Problem | None:
        """Why the last connection ended badly, or None."""
        return self._problem

    @property
    def wants_reconnecting(self) -> bool:
        """True if a lost connection is to be opened again: as said last, or in the settings."""
        return self.settings.reconnect if self.reconnects is None else self.reconnects

    @property
    def gave_up(self) -> bool:
        """True if this side ended the last connection, since nothing safe could follow."""
        return self._verdict is not None or self._unsafe

    @property
    def ledger(self) -> Ledger | None:
        """What stream management has counted, on this connection or the last; None before one."""
        return None if self.stream is None else self.stream.management.ledger

    @property
    def resumable(self) -> bool:
        """True if another connection could go on with the stream."""
        return self.ledger is not None and self.ledger.resumable

    @property
    def redirect(self) -> Redirect | None:
        """Where the server wants its client instead, if it said so and nobody went there yet."""
        return None if self.stream is None else self.stream.redirect

    def redirected(self, redirect: Redirect) -> Settings:
        """Return the settings that follow `redirect`: another place, and nothing else.

        Raises `RedirectError` if the way leads in a circle or is too long.
        """
        assert self.stream is not None
        before = () if self._announced else self.settings.redirects
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
        self._opened_at = time.monotonic()
        if self.settings is not self._opened_with:
            # With the same ones, what was learnt holds: a newer token, a server to be slow with.
            self._opened_with = self.settings
            self._pipelines = self.settings.pipeline
            self._fast_token = self.settings.fast_token
        while True:
            try:
                return await self._enter()
            except ProblemError as error:
                reason = self._reason_for_another(error)
                if not reason:
                    self._problem = self._problem or error.problem
                    raise
                self._publish(Notice(reason, True))

    def _reason_for_another(self, error: ProblemError) -> str:
        """Return why a fresh connection may do better, or ""; each reason comes once at most."""
        stream = self.stream
        if stream is None or self._leaving:
            return ""
        if self._resumes_elsewhere:
            return _NOT_THERE
        if not isinstance(error, SessionError):
            return ""
        if stream.confused and self._fast_token is None:
            return _CONFUSED
        refused = self._verdict is None and stream.refused_ahead
        if self._pipelines and (stream.ahead.refused or refused):
            self._pipelines = False
            return _NOT_AHEAD
        return ""

    async def _enter(self) -> None:
        """Connect once and negotiate."""
        self._problem, self._verdict = None, None
        self._unsafe, self._leaving, self._announced = False, False, False
        self.owed, self._outbox = [], []
        settings = self.settings
        self.pilot = Pilot(settings.negotiation, settings.until)
        transport = await Dialler(self._route(), self._note_step, self._secure).dial()
        wire = transport.wire
        self.stream = Stream(
            ClientOptions(
                settings.jid,
                settings.credentials,
                tls=transport.starttls,
                mechanism=settings.mechanism,
                channel_binding=settings.channel_binding,
                floor=settings.floor,
                dialect=transport.dialect,
                management=settings.sm or self.resumable,
                ledger=self.ledger,
                sasl2=self._sasl2_wishes(),
                pipeline=self._pipelines and settings.until is None,
            ),
            secured=wire.tls is not None,
            channel=wire.tls.channel if wire.tls is not None else None,
            ids=self.ids,
        )
        self._wire = wire
        self._ready = asyncio.get_running_loop().create_future()
        self._pump = asyncio.create_task(self._run(wire, self.stream))
        try:
            await self._ready
        except asyncio.CancelledError:
            await self.drop()
            raise

    def _route(self) -> Route:
        """Return where to connect: first to where the server wants its stream resumed, if it does.

        Only a server that has proved who it is may say so; the domain to verify stays the same.
        """
        _check_component(self.settings)
        route, ledger, failed_there = self.settings.route, self.ledger, self._resumes_elsewhere
        self._resumes_elsewhere = False
        if ledger is None or not ledger.resumable or not ledger.location or failed_there:
            return route
        if self.tls is None or not self.tls.verified:
            return route
        self._resumes_elsewhere = True
        return replace(route, resume_at=parse_host(ledger.location))

    def _sasl2_wishes(self) -> Sasl2Wishes | None:
        settings = self.settings
        if not settings.sasl2 or settings.component:
            return None
        return Sasl2Wishes(
            settings.client_id,
            fast=settings.wants_fast,
            token=self._fast_token if settings.wants_fast else None,
            session_features=settings.session_features,
        )

    def _note_step(self, event: Event) -> None:
        if isinstance(event, Connected):
            self.peer = event.peer
        self._publish(event)

    async def _secure(self, wire: AnyWire, name: str, alpn: tuple[str, ...] = ()) -> None:
        """Do TLS on `wire` with a certificate for `name`."""
        began = time.monotonic()
        settings = self.settings.tls_settings(alpn)
        facts = await wire.start_tls(settings, name, timeout=self.settings.timeout)
        self.tls = facts
        self._publish(
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

    # The pump: the only reader of the wire.

    async def _run(self, wire: AnyWire, stream: Stream) -> None:
        problem: Problem | None = None
        try:
            await self._make_moves(wire, stream)
            while not self._over(stream):
                data = await self._read(wire, stream)
                if not data:
                    break
                self._take(stream.receive_data(data))
                await self._make_moves(wire, stream)
            problem = None if self._leaving else self._verdict or stream.end_problem()
        except ProblemError as error:
            # What the stream said before counts more than the connection that broke on our answer.
            problem = None if self._leaving else stream.failure or error.problem
            self._unsafe = isinstance(error, ConnectionFailed) and error.kind in UNSAFE
        finally:
            await self._end(wire, stream, problem)

    def _over(self, stream: Stream) -> bool:
        return stream.state is State.CLOSED or self._wire is None or self._verdict is not None

    async def _read(self, wire: AnyWire, stream: Stream) -> bytes:
        autopilot = self.pilot.negotiation is Negotiation.AUTO
        ahead = self._pipelines and stream.ahead.unanswered
        limit = AHEAD_SECONDS if ahead else STEP_SECONDS
        try:
            async with asyncio.timeout(None if stream.online or not autopilot else limit):
                return await wire.read()
        except TimeoutError:
            raise SessionError(
                Problem(
                    f"the server said nothing for {limit:.0f} seconds ({stream.state.value})",
                    "the server hangs, or something between drops its answers",
                    "try again; look at the server's log",
                )
            ) from None

    async def _end(self, wire: AnyWire, stream: Stream, problem: Problem | None) -> None:
        """Close the transport and tell everyone; runs once for each connection."""
        self._wire = None
        self._problem = problem
        await wire.close(abort=problem is not None and not stream.ended)
        if not self.resumable:
            self.exchanges.forget()
        self._publish(Disconnected(stream.closed_properly and problem is None, problem))
        if self.resumable and problem is not None and not self.reconnector.active:
            self._publish(Notice("the stream can be resumed: /resume goes on with it"))
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(SessionError(problem or _LEFT_EARLY))

    async def _make_moves(self, wire: AnyWire, stream: Stream) -> None:
        """Make the recommended moves until the core waits for the peer, or the pilot for us."""
        while self._wire is wire and self._verdict is None:
            moves = stream.moves()
            if not moves:
                break
            verdict = self.pilot.judge(moves[0], stream)
            if verdict is Verdict.PROPOSE:
                self._publish(MoveProposed(moves[0]))
            if verdict is not Verdict.MAKE or await self._perform(moves[0], wire, stream):
                break
        self._flush()
        if stream.online and not self._announced:
            assert stream.jid is not None
            self._announced, self._resumes_elsewhere = True, False
            self._publish(Online(stream.jid, time.monotonic() - self._opened_at))
        if stream.online or self.pilot.hands_over(stream):
            self._set_ready()
        await wire.drain()

    def _set_ready(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    async def _perform(self, move: Move, wire: AnyWire, stream: Stream) -> bool:
        """Make one move; return True if the stream is over with it."""
        if isinstance(move, BeginTls):
            self._flush()
            await self._secure(wire, self.settings.jid.domain)
            stream.tls_established(self.tls.channel if self.tls is not None else None)
        elif isinstance(move, Send):
            self._outbox.append(move.data)
            self._take(stream.data_sent(move.data), move)
        elif isinstance(move, GiveUp):
            if Direction.SENT in stream.headers and Direction.SENT not in stream.ended:
                for data in stream.dialect.packed(move.data, stream.dialect.end):
                    self._write(data, move)
            self._verdict = move.problem or _LEFT_EARLY
            return True
        elif isinstance(move, Disconnect):
            return True
        return False

    # The speeds.

    def proposal(self) -> Move | None:
        """Return the move that the core recommends now, made or not, or None."""
        moves = self.stream.moves() if self.connected and self.stream is not None else []
        return next(iter([*moves, *self.owed]), None)

    async def make(self, move: Move) -> None:
        """Make `move`, which the core proposed, now (`proposal`)."""
        if self._wire is None or self.stream is None:
            raise SessionError(_NOT_CONNECTED)
        if move in self.owed:
            self.owed = [other for other in self.owed if other is not move]
        if await self._perform(move, self._wire, self.stream):
            await self._wire.close()
        else:
            await self._make_moves(self._wire, self.stream)

    async def switch(self, negotiation: Negotiation) -> None:
        """Change who makes the moves; as an autopilot, go on at once."""
        self.pilot.switch(negotiation)
        if negotiation is Negotiation.AUTO:
            for move in list(self.owed):
                await self.make(move)
        if self._wire is not None and self.stream is not None:
            await self._make_moves(self._wire, self.stream)
            if self._verdict is not None and self._wire is not None:
                await self._wire.close()

    def _take(self, events: list[Event], move: Move | None = None) -> None:
        broken: ProblemError | None = None
        for event in events:
            self._publish(event, move)
            try:
                self._react(event)
            except ProblemError as error:
                broken = broken or error  # What came with it counts as handled: it has to be told.
        if broken is not None:
            raise broken

    def _react(self, event: Event) -> None:
        if isinstance(event, Bound | Resumed):
            self.exchanges.me = event.jid
        elif isinstance(event, ResumeFailed):
            self.exchanges.forget()
        elif isinstance(event, FastTokenReceived):
            self._fast_token = event.token
        elif isinstance(event, FastTokenRefused):
            self._fast_token = None
        elif isinstance(event, ElementSeen):
            if event.direction is Direction.RECEIVED:
                self._pay(event)
            else:
                self._settle(event)

    def _pay(self, event: ElementSeen) -> None:
        """Answer what is owed an answer (`protocol.obligations`, XEP-0198 4)."""
        if not self.online:
            return
        assert self.stream is not None
        if event.stanza is None:
            self._count(self.stream.management.answer_to(event.element))
            return
        if not event.stanza.is_request:
            return  # Nothing else is owed an answer; the facts are not gathered for a flood.
        answer = owed(
            event.stanza,
            event.element,
            self.jid,
            self.policies,
            self._facts(),
            component=self.settings.component,
        )
        if answer is not None:
            self._owe(self.stream.spoken(answer.move), answer.policy)

    def _owe(self, move: Send, policy: Policy) -> None:
        """Make a move that is owed, or leave it to the user."""
        if self.pilot.negotiation is Negotiation.AUTO and policy is not Policy.STEP:
            self._write(move.data, move)
            return
        self.owed.append(move)
        if self.pilot.negotiation is not Negotiation.MANUAL:
            self._publish(MoveProposed(move))

    def _count(self, move: Send | None) -> None:
        """Tell a count or ask for one, as the policy has it; ask once at a time."""
        if move is None or (move.name == REQUEST and any(m.name == REQUEST for m in self.owed)):
            return
        policy = self.policies[move.name]
        if policy in (Policy.ON, Policy.STEP):
            self._owe(move, policy)

    def _settle(self, event: ElementSeen) -> None:
        """Drop the owed answer that was just given, in whoever's words; ask for a count in time."""
        assert self.stream is not None
        stanza, management = event.stanza, self.stream.management
        if stanza is None:
            name = management.name_of(event.element)
            self.owed = [move for move in self.owed if move.name != name]
            return
        if stanza.is_reply and self.owed:
            end = f" id='{stanza.id}'".encode()
            self.owed = [move for move in self.owed if end not in move.data]
        self._count(management.request())

    def _facts(self) -> Facts:
        now = datetime.now().astimezone()
        offset = now.strftime("%z")
        return Facts(
            version=__version__,
            utc=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            offset=f"{offset[:3]}:{offset[3:5]}",
            idle=int(time.monotonic() - self._last_typed),
        )

    # Saying something.

    async def send(self, data: bytes) -> None:
        """Send exactly `data`, whatever it is, as something that the user typed.

        Raises `SessionError` without a connection, or while a TLS handshake is under way.
        """
        if self._wire is None or self.stream is None:
            raise SessionError(_NOT_CONNECTED)
        if self.stream.state is State.HANDSHAKE:
            raise SessionError(_HANDSHAKE)
        self._last_typed = time.monotonic()
        self._write(data, None)
        with contextlib.suppress(ConnectionFailed):  # It was sent; that it broke, the pump tells.
            await self._wire.drain()
        if self.pilot.negotiation is not Negotiation.MANUAL and not self.online:
            await self._make_moves(self._wire, self.stream)

    @property
    def silent_for(self) -> float:
        """Seconds since this side last said anything."""
        return time.monotonic() - self._said_at

    async def keep_alive(self) -> None:
        """Send one space between stanzas (RFC 6120 4.6.1).

        Raises `SessionError` where white space is not allowed: before stanzas may flow, and over
        WebSocket, which has frames of its own for it (RFC 7395 3.8).
        """
        if self._wire is None or self.stream is None or not self.online:
            raise SessionError(_NO_SPACE_YET if self.connected else _NOT_CONNECTED)
        if self.stream.dialect is dialects.WEBSOCKET:
            raise SessionError(_NO_SPACE_IN_FRAMES)
        self._write(KEEPALIVE.data, KEEPALIVE)
        with contextlib.suppress(ConnectionFailed):  # That the line broke, the pump tells.
            await self._wire.drain()

    def _write(self, data: bytes, move: Move | None) -> None:
        assert self._wire is not None
        assert self.stream is not None
        self._said_at = time.monotonic()
        self._flush()
        self._wire.write(data)
        self._take(self.stream.data_sent(data), move)

    def _flush(self) -> None:
        """Write the moves that were made in one go: one TCP segment, or one TLS record."""
        if self._outbox and self._wire is not None:
            assert self.stream is not None
            pieces, self._outbox = self._outbox, []
            for data in self.stream.dialect.packed(*pieces):
                self._wire.write(data)

    # Leaving.

    async def close(self) -> None:
        """Close the stream as RFC 6120 4.4 has it; wait a few seconds for the peer's tag."""
        await self.reconnector.stop()
        if self._wire is None or self.stream is None or self._pump is None:
            return
        if Direction.SENT not in self.stream.ended and Direction.SENT in self.stream.headers:
            self._count(self.stream.management.farewell())
            self._write(self.stream.dialect.end, None)
        _, waiting = await asyncio.wait([self._pump], timeout=CLOSE_SECONDS)
        if waiting:
            self._publish(
                Notice(f"the server did not close its side within {CLOSE_SECONDS:.0f} s", True)
            )
            await self.drop()

    async def drop(self) -> None:
        """Cut the connection without a word, as a broken network would."""
        if self._wire is None or self._pump is None:
            return
        self._leaving = True
        await self._wire.close(abort=True)
        await asyncio.wait([self._pump], timeout=1)
        if not self._pump.done():
            self._pump.cancel()
            await asyncio.wait([self._pump])

    def expect_end(self, expected: bool = True) -> None:
        """Take the end of the connection, when it comes, for what was asked for: no problem."""
        self._leaving = expected

    async def wait_closed(self) -> None:
        """Wait until the connection is over."""
        if self._pump is not None:
            await asyncio.wait([self._pump])

    def publish(self, event: Event) -> None:
        """Tell everyone an event that is not on the wire."""
        self._publish(event)

    def _publish(self, event: Event, move: Move | None = None) -> None:
        at = self.age
        number = None
        answers = None
        if isinstance(event, WireEvent) and not isinstance(event, WhitespaceSeen):
            number = next(self._numbers)
            again = move is not None and move.name == RESEND
            if isinstance(event, ElementSeen) and event.stanza is not None and not again:
                answers = self.exchanges.observe(event.stanza, event.direction, number, at)
        wall = datetime.now().astimezone()
        self.feed.publish(Record(number, self.name, at, wall, event, move, answers))


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


def _check_component(settings: Settings) -> None:
    """Raise `SessionError` for a component whose address is not just a domain."""
    jid = settings.jid
    if settings.component and jid != JID.parse(jid.domain):
        raise SessionError(
            Problem(
                f"{jid} is not the address of a component",
                "a component is a domain, such as component.example.org",
                f"leave out all but {jid.domain}",
                "XEP-0114",
            )
        )


_NOT_CONNECTED = Problem(
    "there is no connection to send on", "the stream is closed or was never opened", "/connect JID"
)
_HANDSHAKE = Problem(
    "the TLS handshake is under way", "nothing but TLS may be sent now", "wait a moment"
)
_CONFUSED = "the refused token confused the server: once more without it, on a fresh connection"
_NOT_AHEAD = (
    "the server does not take what is sent ahead of its features: once more, a step at a time"
)
_NOT_THERE = "the stream cannot be resumed where the server said: once more, the usual way"
_LEFT_EARLY = Problem(
    "the stream was closed before it was ready",
    "it was closed by hand, or by the server without a reason",
    "/connect to try again",
)
