"""Small servers on loopback: HTTPS with fixed answers, and WebSockets good and bad."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.tcp import Listener, Wire, listen
from xmppshell.network.tls import ServerTlsSettings
from xmppshell.network.websocket import WebSocketWire, accept_websocket

PATH = "/xmpp-websocket"


@asynccontextmanager
async def serving(handler: Callable[[Wire], Awaitable[None]]) -> AsyncIterator[Listener]:
    """Serve each wire with `handler`; what it raises fails the test, a lost client does not."""
    errors: list[Exception] = []
    listener = await listen("127.0.0.1", 0, handler, on_error=errors.append)
    try:
        yield listener
    finally:
        await listener.close()
    assert [error for error in errors if not isinstance(error, ConnectionFailed)] == []


@dataclass
class Site:
    """An HTTPS server: its port, and the paths that it was asked for."""

    port: int = 0
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def https_site(
    settings: ServerTlsSettings, pages: Mapping[str, bytes | tuple[str, str]]
) -> AsyncIterator[Site]:
    """Serve `pages` by path: a body, or the status line's end and a Location header."""
    site = Site()

    async def serve(wire: Wire) -> None:
        await wire.start_tls(settings, "", server_side=True)
        request = b""
        while b"\r\n\r\n" not in request:
            data = await wire.read()
            if not data:
                return
            request += data
        path = request.split(b" ", 2)[1].decode()
        site.asked.append(path)
        page = pages.get(path, ("404 Not Found", ""))
        status, location, body = "200 OK", "", b""
        if isinstance(page, bytes):
            body = page
        else:
            status, location = page
        more = f"Location: {location}\r\n" if location else ""
        head = (
            f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
        )
        wire.write(head.encode() + body)
        await wire.drain()

    async with serving(serve) as listener:
        site.port = listener.port
        yield site


@asynccontextmanager
async def websocket_server(
    handler: Callable[[WebSocketWire], Awaitable[None]],
    settings: ServerTlsSettings | None = None,
) -> AsyncIterator[Listener]:
    """Serve WebSockets at `PATH`, over TLS with `settings`."""

    async def serve(wire: Wire) -> None:
        if settings is not None:
            await wire.start_tls(settings, "", server_side=True)
        websocket = await accept_websocket(wire, PATH)
        await handler(websocket)
        await websocket.close()

    async with serving(serve) as listener:
        yield listener


async def echo(websocket: WebSocketWire) -> None:
    """Send every message back."""
    while message := await websocket.read():
        websocket.write(message)
