"""From what the user asked for to a wire that a stream can be spoken on.

There are four ways: TCP for clients, with STARTTLS or direct TLS; TCP for components; WebSocket
at an address that was given or that the domain names; and that as the last resort where TCP
cannot be had. Every step is told as an event.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from xmppshell.protocol import dialects
from xmppshell.protocol.dialects import Dialect
from xmppshell.protocol.events import (
    ConnectAttemptFailed,
    Connected,
    Connecting,
    Event,
    Notice,
)
from xmppshell.protocol.problem import Problem
from xmppshell.protocol.redirects import Redirect

from .discovery import DIRECT_TLS_PORT, STARTTLS_PORT, Target, TlsMode, discover
from .failures import ConnectionFailed
from .hostname import ip_address, is_localhost
from .tcp import Wire, connect

if TYPE_CHECKING:
    from .tls import ServerTlsSettings, TlsFacts, TlsSettings
    from .websocket import WebSocketUrl

XMPP_CLIENT_ALPN: Final = "xmpp-client"
COMPONENT_PORT: Final = 5347
"""The port that components have by custom; XEP-0114 names none."""

FIND_WEBSOCKET: Final = "auto"
"""What stands for an address to be found by host-meta."""

_NO_TCP: Final = frozenset({"dns", "refused", "timeout", "unreachable"})
_FALLBACK_SECONDS: Final = 5.0


class AnyWire(Protocol):
    """What a session needs of a wire: `tcp.Wire`, or `websocket.WebSocketWire`."""

    peer: str
    truncated: bool

    @property
    def tls(self) -> TlsFacts | None:
        """What the TLS handshake agreed on, None without TLS."""

    async def read(self) -> bytes:
        """Wait for bytes, or for a message; b"" at the end."""

    def write(self, data: bytes) -> None:
        """Queue bytes, or one message."""

    async def drain(self) -> None:
        """Wait until the queue is short enough."""

    async def start_tls(
        self,
        context: TlsSettings | ServerTlsSettings,
        server_name: str,
        *,
        server_side: bool = False,
        timeout: float = 15.0,  # noqa: ASYNC109 - as in `Wire`
    ) -> TlsFacts:
        """Do the TLS handshake, where TLS can be started."""

    def write_eof(self) -> None:
        """Say that nothing more will be written."""

    async def close(self, *, abort: bool = False) -> None:
        """Close in order, or at once."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where to go and how.

    `domain` is the one to verify. `host`, `port` and `tls` are the user's choice, None where DNS
    or custom decides. `resume_at` is where the server wants its stream resumed, which is tried
    first (XEP-0198 5). `websocket` is the address of a WebSocket, or `FIND_WEBSOCKET`; None for
    TCP. `ca_file` and `insecure` are as in `TlsSettings`; `timeout` is in seconds, for one
    attempt.
    """

    domain: str
    host: str | None = None
    port: int | None = None
    tls: TlsMode | None = None
    websocket: str | None = None
    component: bool = False
    ca_file: str | None = None
    insecure: bool = False
    timeout: float = 15.0
    resume_at: Redirect | None = None

    def check(self) -> None:
        """Raise ConnectionFailed (kind "route") if the choices do not go together."""
        if self.component and self.websocket is not None:
            raise ConnectionFailed("route", _COMPONENT_BY_WEBSOCKET)
        if self.component and self.tls is TlsMode.STARTTLS:
            raise ConnectionFailed("route", _COMPONENT_WITH_STARTTLS)
        if self.websocket is not None and (self.host, self.port) != (None, None):
            raise ConnectionFailed("route", _TWO_PLACES)

    @property
    def may_fall_back(self) -> bool:
        """True if nothing was said of the way, so that another may be tried."""
        chosen = (self.host, self.port, self.tls, self.websocket) != (None, None, None, None)
        local = is_localhost(self.domain) or ip_address(self.domain) is not None
        return not (chosen or local or self.component)


_COMPONENT_BY_WEBSOCKET: Final = Problem(
    "a component does not go by WebSocket",
    "components connect to a TCP port of their server",
    "leave out --websocket",
    "XEP-0114 3",
)
_COMPONENT_WITH_STARTTLS: Final = Problem(
    "a component does not use STARTTLS",
    "the protocol of components is older and has no stream features",
    "--tls direct where the server has a port for it; otherwise leave out --tls",
    "XEP-0114 3",
)
_TWO_PLACES: Final = Problem(
    "--host and --port do not go with --websocket",
    "the address of the WebSocket says where to go",
    "write host and port into the address: wss://HOST:PORT/PATH",
)


@dataclass(frozen=True, slots=True)
class Transport:
    """A wire, the dialect to speak on it, and whether STARTTLS has to come first."""

    wire: AnyWire
    dialect: Dialect
    starttls: bool


Secure = Callable[[Wire, str, tuple[str, ...]], Awaitable[None]]
"""Does TLS on a wire: for a domain to verify, with ALPN names to offer."""


class Dialler:
    """Finds the way for one `route`; `publish` is told each step, `secure` does TLS."""

    def __init__(self, route: Route, publish: Callable[[Event], None], secure: Secure) -> None:
        self._route = route
        self._publish = publish
        self._secure = secure

    async def dial(self) -> Transport:
        """Return the first transport that can be had. Raises ConnectionFailed."""
        route = self._route
        route.check()
        if route.websocket is not None:
            transport = await self._by_websocket(route.websocket)
        elif route.component:
            transport = await self._by_tcp([self._component_target()], dialects.COMPONENT)
        else:
            transport = await self._as_client()
        if transport.wire.tls is None and not transport.starttls:
            self._warn(transport)
        return transport

    def _warn(self, transport: Transport) -> None:
        peer = transport.wire.peer.rpartition(":")[0]
        here = peer == "[::1]" or peer.startswith("127.")
        if self._route.component:
            text = "unencrypted, as components usually are"
            risk = "" if here else ": anyone on the way can read and change what is sent"
            self._publish(Notice(text + risk, warning=not here))
        else:
            text = "unencrypted, as asked: anyone on the way can read and change it"
            self._publish(Notice(text, warning=True))

    # TCP.

    async def _as_client(self) -> Transport:
        route = self._route
        try:
            targets = await discover(route.domain, host=route.host, port=route.port, tls=route.tls)
            resumed = await self._where_to_resume(targets[0].direct_tls)
            if resumed is not None:
                return resumed
            return await self._by_tcp(targets, dialects.CLIENT)
        except ConnectionFailed as failure:
            if failure.kind not in _NO_TCP or not route.may_fall_back:
                raise
            self._publish(Notice("TCP cannot be had, so a WebSocket is looked for by host-meta"))
            try:
                return await self._by_websocket(FIND_WEBSOCKET, _FALLBACK_SECONDS)
            except ConnectionFailed as second:
                self._publish(Notice(second.problem.what))
                raise failure from second

    async def _where_to_resume(self, direct_tls: bool) -> Transport | None:
        """Return a transport to where the server wants its stream resumed; None if that fails."""
        wanted = self._route.resume_at
        if wanted is None:
            return None
        port = wanted.port or (DIRECT_TLS_PORT if direct_tls else STARTTLS_PORT)
        target = Target(wanted.host, port, direct_tls, "the server wants its stream resumed here")
        try:
            return await self._by_tcp([target], dialects.CLIENT)
        except ConnectionFailed:
            return None  # It was told already; the usual way remains.

    def _component_target(self) -> Target:
        route = self._route
        direct = route.tls is TlsMode.DIRECT
        why = "as given" if route.host is not None else "components run beside their server"
        return Target(route.host or "localhost", route.port or COMPONENT_PORT, direct, why)

    async def _by_tcp(self, targets: list[Target], dialect: Dialect) -> Transport:
        failure: ConnectionFailed | None = None
        for target in targets:
            self._publish(Connecting(target.host, target.port, target.direct_tls, target.why))
            try:
                wire = await self._connect(target)
                if target.direct_tls:
                    alpn = () if self._route.component else (XMPP_CLIENT_ALPN,)
                    await self._secured(wire, self._route.domain, alpn)
            except ConnectionFailed as error:
                failure = error
                self._publish(ConnectAttemptFailed(target.host, target.port, error.problem))
                if error.kind == "certificate":
                    break
            else:
                plain = target.direct_tls or self._route.tls is TlsMode.NONE
                return Transport(wire, dialect, starttls=not plain and not self._route.component)
        assert failure is not None, "there is at least one target"
        raise failure

    async def _connect(self, target: Target) -> Wire:
        began = time.monotonic()
        wire = await connect(target, timeout=self._route.timeout)
        seconds = time.monotonic() - began
        self._publish(Connected(wire.peer, target.host, target.port, target.why, seconds))
        return wire

    async def _secured(self, wire: Wire, name: str, alpn: tuple[str, ...]) -> None:
        try:
            await self._secure(wire, name, alpn)
        except ConnectionFailed:
            await wire.close(abort=True)
            raise

    # WebSocket.

    async def _by_websocket(self, address: str, seconds: float | None = None) -> Transport:
        """Return a WebSocket at `address`; `seconds` is how long each file may take to look up."""
        if address != FIND_WEBSOCKET:
            return await self._open_websocket(address, f"{address}, as given")
        from .host_meta import find_websockets
        from .tls import TlsSettings

        route = self._route
        settings = TlsSettings(ca_file=route.ca_file, insecure=route.insecure)
        addresses = await find_websockets(route.domain, settings, timeout=seconds or route.timeout)
        failure: ConnectionFailed | None = None
        for found in addresses:
            try:
                return await self._open_websocket(found, f"{found}, host-meta of {route.domain}")
            except ConnectionFailed as error:
                failure = error
                if error.kind == "certificate":
                    break
        assert failure is not None, "host-meta gives at least one address or raises"
        raise failure

    async def _open_websocket(self, address: str, why: str) -> Transport:
        from .websocket import HTTP_ALPN, WebSocketUrl
        from .websocket_failures import unencrypted_url

        url = WebSocketUrl.parse(address)
        if not url.secure and self._route.tls is not TlsMode.NONE:
            raise unencrypted_url(address)
        target = Target(url.host, url.port, url.secure, why)
        self._publish(Connecting(target.host, target.port, target.direct_tls, target.why))
        try:
            wire = await self._connect(target)
            if url.secure:
                await self._secured(wire, url.host, (HTTP_ALPN,))
            websocket = await self._upgraded(wire, url)
        except ConnectionFailed as error:
            self._publish(ConnectAttemptFailed(target.host, target.port, error.problem))
            raise
        return Transport(websocket, dialects.WEBSOCKET, starttls=False)

    async def _upgraded(self, wire: Wire, url: WebSocketUrl) -> AnyWire:
        from .websocket import open_websocket

        try:
            return await open_websocket(wire, url, timeout=self._route.timeout)
        except ConnectionFailed:
            await wire.close(abort=True)
            raise
