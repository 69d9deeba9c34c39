"""The embedded practice server: real sockets on loopback, everything else in memory."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ..network.hostname import host_and_port, is_loopback
from ..network.tcp import Listener, Wire, listen
from ..protocol import dialects
from ..protocol.dialects import Dialect
from ..protocol.events import ElementSeen
from ..protocol.jid import JID
from ..protocol.mechanisms import MECHANISMS
from ..protocol.stream_options import Refusal, ServerOptions
from .accounts import PRACTICE_PASSWORD, Accounts, default_accounts
from .actors import PARTS, Actor, Part
from .clockwork import Clockwork
from .conduct.conduct import Conduct
from .conduct.faults import Fault, faulty_maker, refusing_maker, weakened
from .conduct.misbehaviour import Faults, Moment
from .conduct.profiles import Profile
from .conduct.stream_faults import forged_result
from .connection import CLOSE_SECONDS, WEBSOCKET_PATH, ClientConnection
from .contacts.roster import VERSIONING, Rosters
from .directory import Delivery, Directory, Resource
from .fast_tokens import Tokens
from .hibernation import Hibernation, returned
from .registration import Registrar
from .repertoire import repertoire
from .services.commands import COMMANDS
from .services.control_commands import control_commands
from .services.discovery import caps_feature
from .stage import Stage

if TYPE_CHECKING:
    from ..network.tls import ServerTlsSettings
    from ..protocol.acknowledgements import Ledger
    from ..protocol.stanza import Stanza
    from .certificates import Certificates

__all__ = ["PRACTICE_PASSWORD", "PracticeServer", "TlsOffer"]

MAX_STANZA_BYTES: Final = 256 * 1024
"""The largest stanza that is taken."""

NEGOTIATION_SECONDS: Final = 60.0
"""How long a client has from its connection to its resource."""

RESUME_SECONDS: Final = 300
"""How long a resource waits for a client whose connection was lost."""

FRIENDS: Final = (("juliet", "romeo"), ("juliet", "nurse"))
"""Who is in whose roster at the start, both ways."""

COMMAND: Final = f"{{{COMMANDS}}}command"
"""The payload of a command, which is answered whatever goes wrong."""

_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class TlsOffer(enum.Enum):
    """What the server says of STARTTLS on its plain port."""

    REQUIRED = "required"
    OFFERED = "offered"
    NONE = "none"


class PracticeServer:
    """An XMPP server for one process, with users that answer.

    `domains` are the domains that it serves; `accounts` who may sign in (default: the users of
    `default_accounts`); `parts` who is played by an actor while nobody signs in as them.
    `mechanisms` are those to offer, best first; -PLUS and EXTERNAL are offered only where TLS has
    what they need. With `exporter` that includes tls-exporter; `announce_bindings` says whether
    channel bindings are announced (XEP-0440), `faults` what to do wrong while clients sign in, and
    `profile` whose answers to give. With `registration`
    clients may make accounts, change their passwords and cancel them (XEP-0077). A stream can be
    resumed for `resume_seconds`, at `resume_at` if that is not "" (XEP-0198). `sasl2` offers SASL2
    under TLS, with Bind 2 and FAST; `fast_tokens` are those given out. `components` has the secret
    of each component that may connect, by domain. While `redirect_to` is not "", clients
    are sent there: a host with or without a port, or the address of a WebSocket for those who
    came by one. `clockwork` gives the time and fresh ids. `on_note` is told in words who came,
    signed in and left; the texts hold what clients sent, so they must be made safe before they are
    shown.
    """

    def __init__(
        self,
        domains: Sequence[str] = ("localhost",),
        accounts: Accounts | None = None,
        *,
        tls: TlsOffer = TlsOffer.REQUIRED,
        parts: Iterable[Part] = PARTS,
        mechanisms: tuple[str, ...] = MECHANISMS,
        exporter: bool = False,
        announce_bindings: bool = True,
        faults: Iterable[Fault] = (),
        profile: Profile = Profile.RFC,
        registration: bool = False,
        components: Mapping[str, str] | None = None,
        redirect_to: str = "",
        resume_seconds: int = RESUME_SECONDS,
        resume_at: str = "",
        sasl2: bool = False,
        negotiation_seconds: float = NEGOTIATION_SECONDS,
        max_stanza_bytes: int = MAX_STANZA_BYTES,
        clockwork: Clockwork | None = None,
        on_note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.domains = tuple(JID.parse(domain).domain for domain in domains)
        self.accounts = default_accounts(self.domains) if accounts is None else accounts
        self._accounts_at_start = self.accounts.copy()
        self._parts = tuple(parts)
        self._removed: list[JID] = []
        self._registration = registration
        self._resume_seconds = resume_seconds
        self._resume_at = resume_at
        self.tls_offer = tls
        self.tls: ServerTlsSettings | None = None
        self.negotiation_seconds = negotiation_seconds
        self.address = ""
        self.port = 0
        self.direct_tls_port: int | None = None
        self.websocket_port: int | None = None
        self.component_port: int | None = None
        self.redirect_to = redirect_to
        self.components = {JID.parse(d).domain: s for d, s in (components or {}).items()}
        self.ca_pem = b""
        self.faults = Faults(faults, self._fault_armed)
        self.conduct = Conduct(profile)
        self._certificates: Certificates | None = None
        self._time = clockwork or Clockwork()
        self._clockwork = clockwork = Clockwork.exchangeable(lambda: self._time)
        self._sasl2 = sasl2
        self._mechanisms = mechanisms
        self._exporter = exporter
        self._announce_bindings = announce_bindings
        self._max_stanza_bytes = max_stanza_bytes
        self._on_note = on_note
        self.registrar = Registrar(self.accounts, self._removed.append)
        self._furnish()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[Listener] = []
        self._connections: dict[ClientConnection, asyncio.Task[object]] = {}
        self._by_resource: dict[Resource, ClientConnection] = {}
        self._hibernation = Hibernation(self._expired)
        self._waiting: dict[ClientConnection, None] = {}

    def _furnish(self) -> None:
        """Make all that there is at the start, but for the accounts."""
        clockwork = self._clockwork
        self.rosters = Rosters()
        self._befriend()
        self.fast_tokens = Tokens(clockwork.now)
        played = repertoire(self.domains, self.accounts, self.rosters, Directory(), clockwork)
        for command in control_commands(self):
            played.commands.add(command)
        self._caps = caps_feature(played.facilities, registration=self._registration)
        self.stage = Stage(
            self.domains,
            self.accounts,
            [Actor(part, d, clockwork.now) for d in self.domains for part in self._parts],
            self.rosters,
            clockwork,
            played,
            self.registrar if self._registration else None,
        )

    def _befriend(self) -> None:
        for domain in self.domains:
            for one, other in FRIENDS:
                pair = JID.of(one, domain), JID.of(other, domain)
                if pair[0] in self.accounts and pair[1] in self.accounts:
                    self.rosters.befriend(*pair)

    # Starting and stopping.

    async def start(
        self,
        address: str = "127.0.0.1",
        port: int = 0,
        direct_tls_port: int | None = None,
        websocket_port: int | None = None,
        component_port: int | None = None,
    ) -> None:
        """Listen on `address` and `port` (0: any free one), and on the other ports if given.

        The WebSocket has TLS, unless TLS is not offered at all; components have none. Sets
        `address`, the ports, and `ca_pem`, the authority to trust. Raises ConnectionFailed if a
        port cannot be had.
        """
        tls = self.tls_offer is not TlsOffer.NONE
        if tls or direct_tls_port is not None:
            self._make_certificates(address)
        try:
            self.port = await self._listen(address, port)
            if direct_tls_port is not None:
                self.direct_tls_port = await self._listen(address, direct_tls_port, direct_tls=True)
            if websocket_port is not None:
                self.websocket_port = await self._listen(
                    address, websocket_port, direct_tls=tls, dialect=dialects.WEBSOCKET
                )
            if component_port is not None:
                self.component_port = await self._listen(
                    address, component_port, dialect=dialects.COMPONENT
                )
        except BaseException:
            await self.stop()
            raise

    async def _listen(
        self,
        address: str,
        port: int,
        *,
        direct_tls: bool = False,
        dialect: Dialect = dialects.CLIENT,
    ) -> int:
        """Serve a kind of connection at `port`, and return which that is."""
        listener = await listen(
            address, port, lambda wire: self._serve(wire, direct_tls=direct_tls, dialect=dialect)
        )
        self._listeners.append(listener)
        self.address = listener.address
        return listener.port

    @property
    def websocket_url(self) -> str:
        """The address of the WebSocket, which `start` was given a port for."""
        assert self.websocket_port is not None, "the server has no WebSocket"
        scheme = "ws" if self.tls_offer is TlsOffer.NONE else "wss"
        return f"{scheme}://{host_and_port(self.address, self.websocket_port)}{WEBSOCKET_PATH}"

    def _make_certificates(self, address: str) -> None:
        from ..network.tls import ServerTlsSettings
        from .certificates import make_certificates

        names = [*self.domains, *_LOCAL_NAMES, *([address] if address else [])]
        self._certificates = made = make_certificates(names)
        self.ca_pem = made.ca_pem
        self.tls = ServerTlsSettings(
            made.cert_pem, made.key_pem, client_ca_pem=made.ca_pem, exporter=self._exporter
        )

    def client_certificate(self, jid: JID) -> bytes:
        """Return a certificate for `jid` and its key, PEM, with which it signs in by EXTERNAL.

        The server must have started with TLS.
        """
        from .certificates import make_client_certificate

        assert self._certificates is not None, "there is no authority yet"
        return make_client_certificate(self._certificates, jid)

    async def stop(self) -> None:
        """Say system-shutdown to every client, wait a moment for them, and close."""
        self._hibernation.end()
        for connection in tuple(self._connections):
            connection.dismiss("system-shutdown", "the practice server stops")
        if self._connections:
            await asyncio.wait(self._connections.values(), timeout=CLOSE_SECONDS)
        for listener in self._listeners:
            await listener.close()
        self._listeners.clear()

    async def _serve(self, wire: Wire, *, direct_tls: bool, dialect: Dialect) -> None:
        connection = ClientConnection(self, wire, direct_tls=direct_tls, dialect=dialect)
        task = asyncio.current_task()
        assert task is not None, "the listener runs each connection in a task"
        self._connections[connection] = task
        try:
            await connection.run()
        finally:
            del self._connections[connection]

    # What can be changed while it runs (`control_commands.Controlled`).

    @property
    def private(self) -> bool:
        """True if the server listens on loopback only, so that all its users are one person."""
        return is_loopback(self.address)

    def use_profile(self, profile: Profile) -> None:
        """Answer as the RFCs say, or as a server in use does, from now on."""
        self.conduct.profile = profile

    def use_clock(self, *, fixed: bool) -> None:
        """Stop the clock and count the ids from 1, or let both be real."""
        self._time = Clockwork.fixed() if fixed else Clockwork()

    def reset(self) -> None:
        """Send everybody away and have everything as at the start: accounts, rosters, rooms, all.

        The profile stays, and what is armed is disarmed.
        """
        self.faults.disarm()
        self._hibernation.end()
        for connection in tuple(self._connections):
            connection.dismiss("reset", "the practice server begins anew")
        self._by_resource.clear()
        self.accounts.become(self._accounts_at_start)
        self._time = self._time.afresh()
        self._furnish()

    def reset_soon(self) -> None:
        """Begin anew once the answer to the present request is out."""
        asyncio.get_running_loop().call_soon(self.reset)

    # Faults on demand.

    def _fault_armed(self) -> None:
        """Let what strikes at once do so, after what is being answered."""
        with contextlib.suppress(RuntimeError):  # It waits if the server has not started.
            asyncio.get_running_loop().call_soon(self._strike)

    def _strike(self) -> None:
        for connection in tuple(self._by_resource.values()):
            connection.strike()
        task = asyncio.get_running_loop().create_task(self.flush())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stays_silent(self, connection: ClientConnection, stanza: Stanza) -> bool:
        """Do what strikes a request; say whether it gets no answer."""
        assert connection.resource is not None
        jid = connection.resource.jid
        if not stanza.is_request or stanza.payload == COMMAND:
            return False
        silent = False
        for armed in self.faults.strike(Moment.REQUEST, jid):
            self.note(f"{armed.kind.name} strikes {jid}")
            if armed.kind.name == "forged-result":
                connection.send(forged_result(armed, stanza, jid))
            else:
                silent = True
        return silent

    # What connections ask for (`connection.House`).

    def options(self, connection: ClientConnection) -> ServerOptions:
        """Return what to offer on a connection."""
        if connection.dialect is dialects.COMPONENT:
            return self._component_options()
        websocket = connection.dialect is dialects.WEBSOCKET  # It has its TLS already.
        wrong = connection.wrong
        return ServerOptions(
            domains=frozenset(self.domains),
            accounts=self.accounts.at(lambda: connection.stream.served_domain),
            mechanisms=weakened(self._mechanisms) if Fault.STRIPPED in wrong else self._mechanisms,
            announce_bindings=self._announce_bindings and Fault.STRIPPED not in wrong,
            make_mechanism=self.conduct.maker(
                refusing_maker(self.faults.refusal, faulty_maker(wrong, self._mechanisms))
            ),
            deviations=self.conduct,
            tls=self.tls_offer is not TlsOffer.NONE and not websocket,
            tls_required=self.tls_offer is TlsOffer.REQUIRED,
            assign_resource=connection.assign_resource,
            new_stream_id=self._clockwork.new_id,
            extra_features=VERSIONING + self._caps,
            max_size=self._max_stanza_bytes,
            dialect=connection.dialect,
            management=connection.management(
                self._clockwork.new_id, self._resume_seconds, self._resume_at
            ),
            register=connection.register if self._registration else None,
            sasl2=self._sasl2,
            client_state=True,
            tokens=self.fast_tokens.at(lambda: connection.stream.served_domain)
            if self._sasl2
            else None,
        )

    def _component_options(self) -> ServerOptions:
        """Return what a component meets: no features, only its handshake."""
        return ServerOptions(
            domains=frozenset(self.components),
            accounts=self.accounts.at(lambda: ""),
            mechanisms=(),
            tls=False,
            assign_resource=lambda username, requested: Refusal("not-allowed", "cancel"),
            new_stream_id=self._clockwork.new_id,
            max_size=self._max_stanza_bytes,
            dialect=dialects.COMPONENT,
            secrets=self.components,
        )

    def is_taken(self, domain: str) -> bool:
        """Say whether a component is connected for `domain`."""
        return any(str(resource.jid) == domain for resource in self._by_resource)

    def elsewhere(self, connection: ClientConnection) -> str:
        """Return where the client has to go instead, or ""."""
        websocket = connection.dialect is dialects.WEBSOCKET
        return self.redirect_to if websocket or "://" not in self.redirect_to else ""

    def entered(self, connection: ClientConnection, resource: Resource) -> None:
        """Take in a resource; one of the same name is sent away (RFC 6120 7.7.2.2)."""
        replaced, told = self.stage.enter(resource)
        self._by_resource[resource] = connection
        if replaced is not None:
            told += returned(self.stage, self._hibernation.forget(replaced))
        old = self._by_resource.pop(replaced, None) if replaced is not None else None
        if old is not None:
            old.dismiss("conflict", "another connection has taken this resource")
        self._deliver(told)

    def deliver(self, connection: ClientConnection, event: ElementSeen) -> None:
        """Route a stanza that came on a connection with a resource."""
        assert connection.resource is not None
        assert event.stanza is not None
        resource, stage = connection.resource, self.stage
        if connection.dialect is dialects.COMPONENT:
            take = stage.take_from_component
            self._deliver(take(resource, event.data, event.stanza, event.element))
        elif self.faults.waiting and self._stays_silent(connection, event.stanza):
            return
        else:
            self._deliver(self.conduct.take(resource, event, stage.take))
        while self._removed:
            self._dismiss_account(self._removed.pop())
        if self.faults.waiting:
            connection.strike()

    def _dismiss_account(self, account: JID) -> None:
        """End the sessions of an account that was cancelled (XEP-0077 3.2)."""
        self.fast_tokens.forget(account)
        for resource, connection in tuple(self._by_resource.items()):
            if resource.jid.bare == account:
                connection.dismiss("not-authorized", "the account was deleted")
        for resource in self._hibernation.of(account):
            self._gone(resource, self._hibernation.forget(resource))

    def take_over(
        self, connection: ClientConnection, account: JID, stream_id: str
    ) -> tuple[Resource, Ledger] | None:
        """Give the connection what belongs to an earlier stream of `account`, if that can be.

        Should the stream still have its connection, that is sent away (XEP-0198 5).
        """
        found = self._hibernation.wake(account, stream_id)
        for resource, old in tuple(self._by_resource.items()):
            management = old.stream.management
            same = management.resumable and management.ledger.id == stream_id
            if same and old is not connection and resource.jid.bare == account:
                found = resource, management.hand_over()
                old.dismiss("conflict", "another connection goes on with this stream")
        if found is not None:
            self._by_resource[found[0]] = connection
        return found

    def left(self, connection: ClientConnection) -> None:
        """Take out the resource of a connection that is over, or let it wait for its client."""
        resource = connection.resource
        if resource is None or self._by_resource.get(resource) is not connection:
            return
        del self._by_resource[resource]
        ledger = connection.stream.management.hand_over()
        if ledger.resumable:
            self._hibernation.sleep(resource, ledger)
            self.note(f"{resource.jid} may come back")
        else:
            self._gone(resource, ledger.abandoned().lost)

    def _gone(self, resource: Resource, undelivered: Iterable[bytes]) -> None:
        """Take out a resource for good; what it did not acknowledge goes elsewhere."""
        self._deliver(self.stage.leave(resource) + returned(self.stage, undelivered))
        self.accounts.dismiss_guest(resource.jid)

    async def _expired(self, resource: Resource, undelivered: list[bytes]) -> None:
        self.note(f"{resource.jid} did not come back")
        self._gone(resource, undelivered)
        await self.flush()

    def output_waits(self, connection: ClientConnection) -> None:
        """Remember that there is something to write to a client."""
        self._waiting[connection] = None

    async def flush(self) -> None:
        """Write what waits, then let slow readers catch up."""
        connections, self._waiting = tuple(self._waiting), {}
        for connection in connections:
            connection.write()
        for connection in connections:
            await connection.drain()

    def note(self, text: str) -> None:
        """Pass a remark on."""
        self._on_note(text)

    def _deliver(self, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            connection = self._by_resource.get(delivery.to)
            if connection is not None:
                connection.send(delivery.data)
                if self.faults.waiting and delivery.data.startswith(b"<message"):
                    for _ in self.faults.strike(Moment.DELIVERY, delivery.to.jid):
                        connection.send(delivery.data)
            else:
                self._hibernation.deliver(delivery)
