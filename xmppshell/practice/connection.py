"""One client's connection to the practice server: bytes, core, stage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from ..network.failures import ConnectionFailed
from ..protocol import dialects
from ..protocol import namespaces as ns
from ..protocol.acknowledgements import Ledger
from ..protocol.deviations import Deviation
from ..protocol.dialects import Dialect
from ..protocol.errors import problem_for
from ..protocol.events import (
    Authenticated,
    AuthenticationFailed,
    Bound,
    Direction,
    ElementIgnored,
    ElementSeen,
    Event,
    Resumed,
    StreamHeaderSeen,
)
from ..protocol.features.base import escape
from ..protocol.features.stream_management import ManagementOptions
from ..protocol.jid import JID, JIDError
from ..protocol.moves import BeginTls, GiveUp, Send
from ..protocol.states import State
from ..protocol.stream import Stream
from ..protocol.stream_options import Refusal, ServerOptions
from .conduct.faults import INJECTED, Fault
from .conduct.lax_xml import LaxXml
from .conduct.misbehaviour import Faults
from .conduct.stream_faults import BAD_UTF8, manner_of_writing, see_other_host, strike
from .directory import Resource
from .output import Output

if TYPE_CHECKING:
    from lxml import etree

    from ..network.tcp import Wire
    from ..network.tls import ServerTlsSettings
    from ..network.transports import AnyWire
    from ..protocol.channel import Channel
    from .conduct.conduct import Conduct
    from .registration import Registrar
    from .stage import Stage

WEBSOCKET_PATH: Final = "/xmpp-websocket"
"""Where the WebSocket is, as in Prosody."""

MAX_FAILURES: Final = 3
"""How often a client may fail to sign in on one connection (RFC 6120 6.4.5)."""

CLOSE_SECONDS: Final = 1.0
"""How long a client that is sent away has to close its side."""

LATE_SECONDS: Final = 5.0
"""How long what is written late may take after the end of a connection."""

STALL_SECONDS: Final = 10.0
"""How long a client may leave what it is sent unread, while that holds others up."""


class House(Protocol):
    """What a connection needs of its server."""

    @property
    def stage(self) -> Stage:
        """Where stanzas go."""

    @property
    def tls(self) -> ServerTlsSettings | None:
        """How to do TLS, if at all."""

    @property
    def conduct(self) -> Conduct:
        """How to deviate from the RFCs, if at all."""

    @property
    def faults(self) -> Faults:
        """What to do wrong."""

    @property
    def negotiation_seconds(self) -> float:
        """How long a client has from its connection to its resource."""

    @property
    def registrar(self) -> Registrar:
        """Who makes accounts, if clients may have them made."""

    def options(self, connection: ClientConnection) -> ServerOptions:
        """Return what to offer on a connection."""

    def entered(self, connection: ClientConnection, resource: Resource) -> None:
        """Take the resource in that the connection has bound."""

    def deliver(self, connection: ClientConnection, event: ElementSeen) -> None:
        """Route a stanza that came on a connection with a resource."""

    def take_over(
        self, connection: ClientConnection, account: JID, stream_id: str
    ) -> tuple[Resource, Ledger] | None:
        """Give the connection the resource and the ledger of an earlier stream of `account`."""

    def left(self, connection: ClientConnection) -> None:
        """Take out the resource of a connection that is over."""

    def is_taken(self, domain: str) -> bool:
        """Say whether a component is connected for `domain`."""

    def elsewhere(self, connection: ClientConnection) -> str:
        """Return where the client has to go instead, or ""."""

    def output_waits(self, connection: ClientConnection) -> None:
        """Remember that there is something to write to a client."""

    async def flush(self) -> None:
        """Write what waits for any client."""

    def note(self, text: str) -> None:
        """Tell whoever runs the server what happened."""


class ClientConnection:
    """Carries one stream from its first byte to its end; `resource` is set once it is bound."""

    def __init__(
        self, house: House, wire: Wire, *, direct_tls: bool, dialect: Dialect = dialects.CLIENT
    ) -> None:
        self._house = house
        self._tcp = wire
        self._wire: AnyWire = wire
        self._direct_tls = direct_tls
        self.dialect = dialect
        self._securing = False
        self._tls_due = False
        self._over = False
        self._failures = 0
        self._lax: LaxXml | None = None
        self._output = Output()
        self._cut: asyncio.Task[None] | None = None
        self._outbox: list[bytes] = []
        self._limit = asyncio.timeout(house.negotiation_seconds)
        self.resource: Resource | None = None
        is_component = dialect is dialects.COMPONENT
        self.wrong = frozenset() if is_component else house.faults.signing_in()
        self.stream = Stream(house.options(self), secured=direct_tls)

    @property
    def peer(self) -> str:
        """The numeric address and port of the client."""
        return self._wire.peer

    def assign_resource(self, username: str, requested: str) -> JID | Refusal:
        """Return the full JID for a user: with the resource asked for, even if it is taken."""
        try:
            user = JID.of(username, self.stream.served_domain)
            free = self._house.stage.free_name(user)
            if Deviation.BAD_RESOURCE_REPLACED in self._house.conduct:
                requested = requested if _may_be_resource(requested) else ""
            return user.with_resource(requested or free)
        except JIDError as error:
            return Refusal("bad-request", "modify", error.problem.what)

    def register(self, iq: etree._Element) -> str | Refusal:
        """Answer a client that asks to register before it signs in."""
        return self._house.registrar.strangers_iq(iq, self.stream.served_domain)

    def management(
        self, new_id: Callable[[], str], seconds: int, location: str
    ) -> ManagementOptions:
        """Return how to do stream management: for how many `seconds`, and to resume where."""
        return ManagementOptions(new_id, self._take_over, seconds, location)

    def _take_over(self, username: str, stream_id: str) -> Ledger | None:
        try:
            account = JID.of(username, self.stream.served_domain)
        except JIDError:
            return None
        found = self._house.take_over(self, account, stream_id)
        if found is None:
            return None
        self.resource, ledger = found
        return ledger

    # The life of the connection.

    async def run(self) -> None:
        """Serve the client until the stream is over; the wire is left to be closed."""
        house = self._house
        house.note(f"{self.peer} connected")
        end = "left"
        try:
            async with self._limit:
                if self._direct_tls:
                    self.stream.channel = await self._secure()
                if self.dialect is dialects.WEBSOCKET:
                    await self._upgrade()
                await self._converse()
        except TimeoutError:
            self._send_away("connection-timeout", "the negotiation took too long")
        except ConnectionFailed as failure:
            end = f"is gone: {failure.problem.what}"
        finally:
            self._over = True
            house.left(self)
            house.note(f"{self._who()} {end}")
            await house.flush()
            await self._output.finish(LATE_SECONDS)

    async def _converse(self) -> None:
        while not self._over:
            data = await self._wire.read()
            if not data:
                break
            self._receive(self._as_read(data))
            await self._house.flush()
            if self._tls_due:
                self._tls_due = False
                self.stream.tls_established(await self._secure())

    async def _upgrade(self) -> None:
        """Agree to speak in WebSocket messages from here on."""
        from ..network.websocket import accept_websocket

        self._wire = await accept_websocket(
            self._tcp, WEBSOCKET_PATH, timeout=self._house.negotiation_seconds
        )

    async def _secure(self) -> Channel:
        settings = self._house.tls
        assert settings is not None, "TLS is offered only where it can be done"
        self._securing = True
        facts = await self._wire.start_tls(
            settings, "", server_side=True, timeout=self._house.negotiation_seconds
        )
        self._securing = False
        return facts.channel

    def _who(self) -> str:
        return f"{self.resource.jid} ({self.peer})" if self.resource else self.peer

    # What comes in.

    def _receive(self, data: bytes) -> None:
        """Answer each piece of the stream before the next is looked at."""
        if self._over:
            return
        for events in self.stream.receive_steps(data):
            for event in events:
                self._handle(event)
            self._make_moves()
            if self._over:
                break

    def _as_read(self, data: bytes) -> bytes:
        """Return the bytes that the server reads instead of those that came."""
        conduct = self._house.conduct
        if Deviation.ENCODING_IGNORED in conduct or Deviation.COMMENTS_DROPPED in conduct:
            self._lax = self._lax or LaxXml(comments=True, encoding=True)
        return data if self._lax is None else self._lax.feed(data)

    def _handle(self, event: Event) -> None:
        if isinstance(event, ElementIgnored):
            self.send(self._house.conduct.answer_to_ignored(event))
        elif isinstance(event, ElementSeen):
            if event.direction is Direction.RECEIVED and event.stanza is not None:
                self._stanza(event)
        elif isinstance(event, StreamHeaderSeen):
            if event.direction is Direction.RECEIVED:
                self._greet()
        elif isinstance(event, Bound):
            self._bound(event.jid)
        elif isinstance(event, Resumed):
            self._resumed()
        elif isinstance(event, Authenticated):
            self._house.note(f"{self.peer} signed in as {event.identity} with {event.mechanism}")
        elif isinstance(event, AuthenticationFailed):
            self._house.note(f"{self.peer} failed to sign in: {event.condition}")
            self._failures += 1
            endless = Deviation.ENDLESS_ATTEMPTS in self._house.conduct
            if self._failures >= MAX_FAILURES and not endless:
                self._fail("policy-violation", "too many failed attempts to sign in")

    def _greet(self) -> None:
        """Send a client elsewhere where that is wanted, or a component that is here already."""
        elsewhere = self._house.elsewhere(self)
        stream = self.stream
        if stream.failure is not None:
            return
        if self.dialect is dialects.COMPONENT:
            if self._house.is_taken(stream.served_domain):
                self._fail("conflict", "this component is connected already")
        elif elsewhere and (stream.secured or not stream.tls_available):
            self._send_elsewhere(elsewhere)

    def _send_elsewhere(self, target: str) -> None:
        """Open the stream and end it with the place where the client has to go."""
        opening = self.stream.moves()[0]
        assert isinstance(opening, Send), "the server opens first"
        self.send(opening.data)
        place = escape(target)
        if "://" in target:
            self.send(f"<close xmlns='{ns.FRAMING}' see-other-uri='{place}'/>".encode())
        else:
            self.send(see_other_host(target))
            self.send(self.dialect.end)
        self._limit.reschedule(asyncio.get_running_loop().time() + CLOSE_SECONDS)

    def _stanza(self, event: ElementSeen) -> None:
        stream = self.stream
        if self.resource is None or stream.failure is not None or stream.state is not State.BOUND:
            return
        assert event.stanza is not None
        if self.dialect is dialects.COMPONENT:
            condition, text = self._house.stage.router.component_fault(self.resource, event.stanza)
            if condition:
                self._fail(condition, text)
            else:
                self._house.deliver(self, event)
            return
        checked = Deviation.ANY_SENDER not in self._house.conduct
        router = self._house.stage.router
        if checked and not router.may_be_from(self.resource, event.stanza.sender):
            self._fail("invalid-from", f"this stream is that of {self.resource.jid}")
            return
        self._house.deliver(self, event)

    def _bound(self, jid: JID) -> None:
        self._limit.reschedule(None)
        self.resource = Resource(jid, *self._scope())
        self._house.entered(self, self.resource)
        how = self._wire.tls.version if self._wire.tls else "no TLS"
        self._house.note(f"{jid} is here ({self.peer}, {how})")

    def _resumed(self) -> None:
        self._limit.reschedule(None)
        assert self.resource is not None
        self.resource.declarations, self.resource.lang = self._scope()
        self._house.note(f"{self.resource.jid} is back ({self.peer})")

    def _scope(self) -> tuple[dict[str, str], str | None]:
        """Return the prefixes and the language that the client's header puts in scope."""
        header = self.stream.headers[Direction.RECEIVED]
        usual = (ns.STREAM, "stream")
        declarations = {
            prefix: namespace
            for prefix, namespace in header.prefixes.items()
            if prefix not in (None, "xml") and (namespace, prefix) != usual
        }
        return declarations, header.lang

    # What goes out.

    def send(self, data: bytes) -> None:
        """Queue `data`, one piece of the stream; it is written when the server flushes."""
        if Direction.SENT in self.stream.ended or not data:
            return
        data = self.dialect.complete(data)
        if not self._outbox:
            self._house.output_waits(self)
        self._outbox.append(data)
        for event in self.stream.data_sent(data):
            self._handle(event)

    def write(self) -> None:
        """Write what is queued; that a connection is lost, its reader notices."""
        if not self._outbox or self._securing:
            return
        if self.stream.management.enabled:
            self._make_moves()
        pieces, self._outbox = self._outbox, []
        wait, split = 0.0, False
        if self.resource is not None:
            wait, split = manner_of_writing(self._house.faults, self.resource.jid)
            # What is written to a WebSocket is a message each time, and cannot be cut.
            split = split and self.dialect is not dialects.WEBSOCKET
        for data in self.dialect.packed(*pieces):
            self._output.write(self._wire, data, wait=wait, split=split)

    async def drain(self) -> None:
        """Wait until the client has read enough; cut it off if it reads nothing for long."""
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._wire.drain()
        except TimeoutError:
            self._house.note(f"{self._who()} does not read what it is sent")
            await self._wire.close(abort=True)
        except ConnectionFailed:
            pass  # the reader of this connection notices, too

    def _make_moves(self) -> None:
        """Make what the core proposes until it waits for the client."""
        while not self._over:
            moves = self.stream.moves()
            if not moves:
                break
            move = moves[0]
            if isinstance(move, Send):
                self.send(move.data)
                if move.name == "proceed" and Fault.AFTER_PROCEED in self.wrong:
                    self._outbox.append(INJECTED)
            elif isinstance(move, BeginTls):
                self._tls_due = True
                break
            else:
                if isinstance(move, GiveUp):
                    for data in self.dialect.packed(move.data, self.dialect.end):
                        self.send(data)
                self._over = True

    def _fail(self, condition: str, text: str) -> None:
        self.stream.fail(problem_for("stream", condition, text), condition, text)

    def _send_away(self, condition: str, text: str) -> None:
        """Say the stream error `condition` and the closing tag, where XML can be spoken."""
        handshaking = self._securing or self.stream.state is State.HANDSHAKE
        if not self._over and not handshaking:
            self._fail(condition, text)
            self._make_moves()
        self._over = True

    # What goes wrong on demand (`stream_faults.Victim`).

    def strike(self) -> None:
        """Do at once what is to go wrong on this connection."""
        if not self._over and self.resource is not None and not self.stream.is_component:
            strike(self._house.faults, self, self.resource.jid, self._house.note)

    @property
    def handled(self) -> int:
        """How many stanzas were taken since stream management was enabled."""
        return self.stream.management.ledger.received

    def cut(self) -> None:
        """Close the connection, but not the stream."""
        self.write()
        self._over = True
        self._cut = asyncio.get_running_loop().create_task(self._wire.close())

    def end(self) -> None:
        """Say the closing tag; the client has a moment to do so, too."""
        self.send(self.dialect.end)
        self._limit.reschedule(asyncio.get_running_loop().time() + CLOSE_SECONDS)

    def inject(self, data: bytes) -> None:
        """Queue bytes that the core is not to see, because they are no stream."""
        if not self._outbox:
            self._house.output_waits(self)
        whole = self.dialect is dialects.WEBSOCKET and data != BAD_UTF8
        self._outbox.append(self.dialect.complete(data) if whole else data)

    def dismiss(self, condition: str, text: str) -> None:
        """End the stream from outside with a stream error; the client has a moment to close."""
        if self._over:
            return
        self._send_away(condition, text)
        self.write()
        if not self._output.is_late:
            self._wire.write_eof()
        self._limit.reschedule(asyncio.get_running_loop().time() + CLOSE_SECONDS)


def _may_be_resource(text: str) -> bool:
    try:
        JID.of("a", "localhost", text or "a")
    except JIDError:
        return False
    return True
