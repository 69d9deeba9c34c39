"""One stream, walked by the core's own moves as far as the features before which one signs in.

It is the shortest way to what a server says: nothing is typed, shown or kept, and nobody signs in.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..network.discovery import Target
from ..network.failures import ConnectionFailed
from ..network.tcp import Wire, connect
from ..network.tls_layer import XMPP_CLIENT_ALPN, TlsFacts, TlsSettings
from ..protocol.events import Event, FeaturesOffered
from ..protocol.jid import JID
from ..protocol.moves import BeginTls, Disconnect, GiveUp, Send
from ..protocol.problem import Problem
from ..protocol.states import State
from ..protocol.stream import Stream
from ..protocol.stream_options import ClientOptions
from .offers import Offer, read_offer


@dataclass
class Steps:
    """What was seen on the way: the offers before and after TLS, what TLS agreed on, the end.

    `failure` is why it ended early; `kind` is that of `ConnectionFailed`, "stream" for an end by
    the stream itself.
    """

    before: Offer | None = None
    after: Offer | None = None
    tls: TlsFacts | None = None
    failure: Problem | None = None
    kind: str = ""


class Walk:
    """One connection to `target` as `who`, an account or a domain; each step may take `seconds`.

    `settings` are for the TLS handshake; None stops where TLS would begin, which leaves `wire`
    to be used for something else.
    """

    def __init__(
        self, who: JID, target: Target, settings: TlsSettings | None, seconds: float
    ) -> None:
        self.wire: Wire | None = None
        self.steps = Steps()
        self._who = who
        self._target = target
        self._settings = settings
        self._seconds = seconds

    async def run(self) -> Steps:
        """Go as far as possible; a failure is part of what is returned.

        Raises ConnectionFailed (kind "file") if the settings name a file that cannot be used.
        """
        try:
            await self._go()
        except ConnectionFailed as error:
            if error.kind == "file":
                raise
            self._failed(error.problem, error.kind)
        except TimeoutError:
            self._failed(
                Problem(
                    f"the server said nothing for {self._seconds:g} s",
                    "it hangs, or something between drops its answers",
                    "look at the server's log",
                ),
                "timeout",
            )
        return self.steps

    async def close(self) -> None:
        """Cut the connection."""
        if self.wire is not None:
            await self.wire.close(abort=True)

    async def _go(self) -> None:
        target = self._target
        self.wire = wire = await connect(target, timeout=self._seconds)
        if target.direct_tls:
            if self._settings is None:
                return
            await self._secure(wire)
        stream = Stream(
            ClientOptions(self._named, tls=not target.direct_tls),
            secured=target.direct_tls,
        )
        while not self._arrived(stream):
            if await self._move(wire, stream):
                return
            async with asyncio.timeout(self._seconds):
                data = await wire.read()
            if not data:
                self._ended(stream)
                return
            self._note(stream, stream.receive_data(data))

    @property
    def _named(self) -> JID:
        """Whose stream it is said to be: some servers offer SASL2 only to who says a name."""
        return self._who if self._who.local else JID("check", self._who.domain, "")

    @staticmethod
    def _arrived(stream: Stream) -> bool:
        return stream.secured and stream.state is State.FEATURES

    async def _move(self, wire: Wire, stream: Stream) -> bool:
        """Make the moves that the core proposes; return True if there is no more to do."""
        while moves := stream.moves():
            move = moves[0]
            if isinstance(move, Send):
                wire.write(move.data)
                stream.data_sent(move.data)
            elif isinstance(move, BeginTls):
                if self._settings is None:
                    return True
                await self._secure(wire)
                stream.tls_established()
            elif isinstance(move, GiveUp | Disconnect):
                self._ended(stream, move.problem if isinstance(move, GiveUp) else None)
                return True
        await wire.drain()
        return self._arrived(stream)

    async def _secure(self, wire: Wire) -> None:
        assert self._settings is not None
        name = self._who.domain
        self.steps.tls = await wire.start_tls(self._settings, name, timeout=self._seconds)

    def _note(self, stream: Stream, events: list[Event]) -> None:
        if any(isinstance(event, FeaturesOffered) for event in events):
            offer = read_offer(stream.features)
            if stream.secured:
                self.steps.after = offer
            else:
                self.steps.before = offer

    def _ended(self, stream: Stream, problem: Problem | None = None) -> None:
        self._failed(problem or stream.end_problem() or Problem("the server ended it"), "stream")

    def _failed(self, problem: Problem, kind: str) -> None:
        self.steps.failure, self.steps.kind = problem, kind


def alpn_for(target: Target) -> tuple[str, ...]:
    """Return the ALPN names to offer: those of XEP-0368 on direct TLS, else none."""
    return (XMPP_CLIENT_ALPN,) if target.direct_tls else ()
