"""TCP connections with an optional TLS layer: the only transport that reads and writes sockets.

`connect` and `listen` give `Wire`s. A wire reads and writes bytes; after `start_tls` the same calls
pass through TLS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from . import failures
from .connection import Connection
from .happy_eyeballs import open_socket

if TYPE_CHECKING:
    from .discovery import Target
    from .tls_layer import Layer, ServerTlsSettings, TlsFacts, TlsSettings

_CLOSE_SECONDS = 1.0
"""How long an orderly close waits for the peer."""


class Wire:
    """One TCP connection with an optional TLS layer.

    One task at a time may read. `peer` is the numeric address and port of the other side; `tls` is
    set once TLS is up; `truncated` is true if TLS ended without close_notify, so that an attacker
    may have cut the end off (RFC 8446 6.1).
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._layer: Layer | None = None
        self._securing = False
        self.peer = connection.peer
        self.tls: TlsFacts | None = None
        self.truncated = False

    @property
    def unread(self) -> int:
        """How many bytes were received and not yet handed out by `read`."""
        return self._connection.unread + (self._layer.pending if self._layer else 0)

    async def read(self) -> bytes:
        """Wait for bytes and return them, decrypted if TLS is up; b"" at the end.

        Raises ConnectionFailed if the connection breaks, after everything before has been read.
        """
        if self._layer is None:
            return await self._connection.read()
        layer = self._layer
        ciphertext = b""  # the first round takes what came along with the end of the handshake
        while True:
            try:
                plaintext = layer.receive(ciphertext)
            finally:
                self._flush(layer)
            if plaintext or layer.closed_by_peer:
                return plaintext
            ciphertext = await self._connection.read()
            if not ciphertext:
                self.truncated = True
                return b""

    def write(self, data: bytes) -> None:
        """Queue all of `data`, through TLS if it is up.

        Raises ConnectionFailed if the connection is broken, or closed by this side.
        """
        if self._securing:
            raise RuntimeError("write while the TLS handshake is under way")
        self._connection.write(self._layer.send(data) if self._layer else data)

    async def drain(self) -> None:
        """Wait until the queue of `write` is short enough. Raises ConnectionFailed on a break."""
        await self._connection.drain()

    async def start_tls(
        self,
        context: TlsSettings | ServerTlsSettings,
        server_name: str,
        *,
        server_side: bool = False,
        timeout: float = 15.0,  # noqa: ASYNC109 - becomes a failure with a reason
    ) -> TlsFacts:
        """Do the TLS handshake and let everything after it pass through TLS.

        Bytes received and not yet read are taken as the peer's TLS bytes. `server_name` is the
        domain to verify (a server may give ""); `server_side` must agree with the kind of
        `context`. Raises ConnectionFailed if there is no agreement within `timeout` seconds; then
        nothing can be written any more, and the wire is only there to be closed.
        """
        from .tls_layer import ServerTlsSettings, open_layer

        if self._layer is not None or self._securing:
            raise RuntimeError("TLS is already up")
        if server_side != isinstance(context, ServerTlsSettings):
            raise TypeError("a server needs ServerTlsSettings and a client TlsSettings")
        layer = open_layer(context, server_name)
        self._securing = True
        try:
            async with asyncio.timeout(timeout):
                await self._handshake(layer)
            self.tls = layer.facts()
        except TimeoutError:
            self._connection.abort()
            raise failures.handshake_timed_out(timeout) from None
        except failures.ConnectionFailed:
            self._connection.write_eof()  # after the alert that is queued
            raise
        except asyncio.CancelledError:
            self._connection.abort()  # a handshake cannot be taken up again, nor fall back
            raise
        finally:
            self._securing = False
        self._layer = layer
        return self.tls

    async def _handshake(self, layer: Layer) -> None:
        ciphertext = b""
        while True:
            try:
                done = layer.handshake(ciphertext)
            finally:
                self._flush(layer)  # also the alert that tells the peer why
            if done:
                return
            ciphertext = await self._connection.read()
            if not ciphertext:
                raise failures.handshake_cut()

    def _flush(self, layer: Layer) -> None:
        ciphertext = layer.outgoing()
        if ciphertext and self._connection.writable:
            self._connection.write(ciphertext)

    def write_eof(self) -> None:
        """Say that nothing more will be written, with close_notify if TLS is up, then FIN."""
        if self._connection.writable:
            if self._layer is not None:
                self._connection.write(self._layer.close())
            self._connection.write_eof()

    async def close(self, *, abort: bool = False) -> None:
        """Close in order: close_notify, FIN, a short wait for the peer's end; raises nothing.

        With `abort` the connection is cut at once, with a TCP reset.
        """
        if abort:
            self._connection.abort()
        else:
            self.write_eof()
            await self._connection.linger(_CLOSE_SECONDS)
        await self._connection.gone(_CLOSE_SECONDS)


async def connect(
    target: Target,
    *,
    timeout: float = 15.0,  # noqa: ASYNC109 - becomes a failure with a reason
) -> Wire:
    """Connect to `target` within `timeout` seconds and return the wire, without TLS.

    Raises ConnectionFailed (kind "dns", "refused", "timeout", "unreachable").
    """
    try:
        async with asyncio.timeout(timeout):
            sock = await open_socket(target.host, target.port)
    except TimeoutError:
        raise failures.connect_timed_out(target.host, target.port, timeout) from None
    _, connection = await asyncio.get_running_loop().create_connection(Connection, sock=sock)
    return Wire(connection)


class Listener:
    """A listening socket and the wires that came of it; made by `listen`."""

    def __init__(
        self, on_wire: Callable[[Wire], Awaitable[None]], on_error: Callable[[Exception], None]
    ) -> None:
        self._on_wire = on_wire
        self._on_error = on_error
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = ""
        self.port = 0

    async def start(self, address: str, port: int) -> None:
        """Listen on `address` and `port`. Raises ConnectionFailed (kind "listen")."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Connection(self._accept), address, port)
        except OSError as error:
            raise failures.listen_failed(address, port, error) from error
        self.address, self.port = self._server.sockets[0].getsockname()[:2]

    async def close(self) -> None:
        """Stop listening, cancel what handles the open wires, and cut them."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    def _accept(self, connection: Connection) -> None:
        if self._server is None or not self._server.is_serving():
            connection.abort()  # it came in while the listener was being closed
            return
        task = asyncio.get_running_loop().create_task(self._handle(Wire(connection)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, wire: Wire) -> None:
        try:
            try:
                await self._on_wire(wire)
            except Exception as error:  # noqa: BLE001 - reported, whatever it is
                self._on_error(error)
            await wire.close()
        except asyncio.CancelledError:
            await wire.close(abort=True)
            raise


async def listen(
    address: str,
    port: int,
    on_wire: Callable[[Wire], Awaitable[None]],
    *,
    on_error: Callable[[Exception], None] | None = None,
) -> Listener:
    """Listen on the numeric `address` and `port` (0: any free one) and return the listener.

    `on_wire` is awaited in a task of its own for each connection, which is closed when it returns.
    What it raises goes to `on_error`, by default to the event loop's exception handler. Raises
    ConnectionFailed (kind "listen").
    """
    listener = Listener(on_wire, on_error or _report)
    await listener.start(address, port)
    return listener


def _report(error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": "a connection's handler failed", "exception": error}
    )
