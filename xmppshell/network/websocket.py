"""WebSocket as a wire: messages over TCP and TLS, both sides (RFC 6455, RFC 7395 3.1, 3.2).

Imported only where a WebSocket is wanted, since it takes a library to load.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from websockets.client import ClientProtocol
from websockets.exceptions import (
    InvalidHandshake,
    InvalidMessage,
    InvalidState,
    InvalidStatus,
    InvalidURI,
    PayloadTooBig,
)
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from xmppshell.protocol.framing import MAX_SIZE

from . import failures
from . import websocket_failures as ws_failures
from .hostname import to_ascii

if TYPE_CHECKING:
    from .tcp import Wire
    from .tls import ServerTlsSettings, TlsFacts, TlsSettings

SUBPROTOCOL: Final = Subprotocol("xmpp")
HTTP_ALPN: Final = "http/1.1"
"""The ALPN protocol name of what a WebSocket over TLS begins with (RFC 7301 6)."""

_CLOSE_SECONDS: Final = 1.0
_ORDERLY: Final = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RCVD)


@dataclass(frozen=True, slots=True)
class WebSocketUrl:
    """The address of a WebSocket: `text` as it was given, `secure` for wss, host and port."""

    text: str
    secure: bool
    host: str
    port: int
    uri: WebSocketURI

    @classmethod
    def parse(cls, text: str) -> WebSocketUrl:
        """Read an address; raises ConnectionFailed (kind "websocket")."""
        try:
            uri = parse_uri(text)
            host = to_ascii(uri.host)
        except InvalidURI as error:
            raise ws_failures.bad_url(text, error.msg) from error
        except ValueError as error:
            raise ws_failures.bad_url(text, str(error)) from error
        if uri.user_info is not None:
            raise ws_failures.bad_url(
                text.replace(text.partition("//")[2].rpartition("@")[0], "...", 1),
                "it holds a user name and a password, which have no place there",
            )
        return cls(text, uri.secure, host, uri.port, uri)


class WebSocketWire:
    """One WebSocket, used as `tcp.Wire` is: each read gives a whole message, each write sends one.

    Pings are answered. `peer`, `tls` and `truncated` are as in `Wire`.
    """

    def __init__(self, wire: Wire, protocol: ClientProtocol | ServerProtocol) -> None:
        self._wire = wire
        self._protocol = protocol
        self._messages: deque[bytes] = deque()
        self._parts: list[bytes] = []
        self._reading = False
        self._ended = asyncio.Event()
        self._failure: failures.ConnectionFailed | None = None
        self.peer = wire.peer
        self.truncated = False
        self.take()  # what came along with the end of the handshake

    @property
    def tls(self) -> TlsFacts | None:
        """What the TLS handshake agreed on, None without TLS."""
        return self._wire.tls

    @property
    def unread(self) -> int:
        """How many bytes were received and not yet handed out by `read`, as far as is known."""
        return self._wire.unread + sum(len(message) for message in self._messages)

    async def read(self) -> bytes:
        """Wait for a message and return it; b"" at the end.

        Raises ConnectionFailed if the connection breaks, or if the peer closes it for a reason or
        breaks the rules, after every message before that has been read.
        """
        self._reading = True
        try:
            while not self._messages and not self._ended.is_set():
                await self._receive()
        finally:
            self._reading = False
        if self._messages:
            return self._messages.popleft()
        if self._failure is not None:
            raise self._failure
        return b""

    async def _receive(self) -> None:
        """Take what comes next off the wire."""
        try:
            data = await self._wire.read()
        except failures.ConnectionFailed as failure:
            self._end(failure)
            return
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self.take()
        if not data and not self._ended.is_set():
            self.truncated = True
            self._end(None)

    def take(self) -> None:
        """Take what the protocol has found in the bytes so far, and send what it has to say."""
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frame(event)
        self._flush()
        error = self._protocol.parser_exc
        if isinstance(error, PayloadTooBig):
            self._end(ws_failures.too_large(MAX_SIZE))
        elif error is not None and not isinstance(error, EOFError):
            self._end(ws_failures.broken(str(error)))

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            close = self._protocol.close_rcvd
            if close is None or close.code in _ORDERLY:
                self._end(None)
            else:
                self._end(ws_failures.closed_with(close.code, close.reason))
        elif frame.opcode is Opcode.BINARY:
            self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "XMPP is text")
            self._end(ws_failures.binary())
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT) and not self._ended.is_set():
            self._parts.append(bytes(frame.data))
            if frame.fin:
                message = b"".join(self._parts)
                self._parts = []
                if message:
                    self._messages.append(message)

    def _end(self, failure: failures.ConnectionFailed | None) -> None:
        """Note that nothing more will be read, and why if not in order; the first word counts."""
        if not self._ended.is_set():
            self._failure = failure
            self._ended.set()

    def _flush(self) -> None:
        """Send what the protocol says by itself; if it cannot be sent, the reader notices."""
        for data in self._protocol.data_to_send():
            if not data:
                self._wire.write_eof()
                continue
            with contextlib.suppress(failures.ConnectionFailed):
                self._wire.write(data)

    def write(self, data: bytes) -> None:
        """Queue `data` as one text message, whether it is UTF-8 or not.

        Raises ConnectionFailed if the connection is broken or closed.
        """
        try:
            self._protocol.send_text(data)
        except InvalidState:
            raise self._failure or failures.closed() from None
        for piece in self._protocol.data_to_send():
            self._wire.write(piece)

    async def drain(self) -> None:
        """Wait until the queue of `write` is short enough. Raises ConnectionFailed on a break."""
        await self._wire.drain()

    async def start_tls(
        self,
        context: TlsSettings | ServerTlsSettings,
        server_name: str,
        *,
        server_side: bool = False,
        timeout: float = 15.0,  # noqa: ASYNC109 - as in `Wire`
    ) -> TlsFacts:
        """Raise RuntimeError: TLS comes before WebSocket or not at all (RFC 7395 3.9)."""
        raise RuntimeError("TLS cannot be started inside a WebSocket")

    def write_eof(self) -> None:
        """Say that nothing more will be written: the WebSocket's own closing frame."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
        self._flush()

    async def close(self, *, abort: bool = False) -> None:
        """Close in order: the closing frames, then as `Wire.close` does; raises nothing.

        With `abort` the connection is cut at once.
        """
        if not abort:
            self.write_eof()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    while not self._ended.is_set():
                        await (self._ended.wait() if self._reading else self._receive())
        self._end(None)
        await self._wire.close(abort=abort)


async def open_websocket(
    wire: Wire,
    url: WebSocketUrl,
    *,
    timeout: float = 15.0,  # noqa: ASYNC109 - becomes a failure with a reason
) -> WebSocketWire:
    """Agree with the server on `wire`, TLS included, to speak XMPP in WebSocket messages.

    Raises ConnectionFailed (kind "websocket" or "timeout") and leaves the wire to be closed.
    """
    protocol = ClientProtocol(
        url.uri, subprotocols=[SUBPROTOCOL], extensions=None, max_size=MAX_SIZE
    )
    protocol.send_request(protocol.connect())
    try:
        async with asyncio.timeout(timeout):
            await _shake_hands(wire, protocol)
    except TimeoutError:
        raise ws_failures.timed_out(url.text, timeout) from None
    if protocol.handshake_exc is not None:
        raise _refusal(url, protocol.handshake_exc)
    if protocol.subprotocol != SUBPROTOCOL:
        raise ws_failures.no_subprotocol(url.text)
    return WebSocketWire(wire, protocol)


async def _shake_hands(wire: Wire, protocol: ClientProtocol) -> None:
    while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
        for data in protocol.data_to_send():
            wire.write(data)
        data = await wire.read()
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()


def _refusal(url: WebSocketUrl, error: Exception) -> failures.ConnectionFailed:
    if isinstance(error, InvalidStatus):
        response = error.response
        location = response.headers.get("Location")
        return ws_failures.refused(url.text, response.status_code, response.reason_phrase, location)
    if isinstance(error, InvalidMessage):
        cause = error.__cause__
        closed = isinstance(cause, EOFError)
        detail = "it closed the connection" if closed else "its answer is not HTTP"
        return ws_failures.not_http(url.text, detail)
    return ws_failures.not_http(url.text, str(error))


async def accept_websocket(
    wire: Wire,
    path: str,
    *,
    timeout: float = 15.0,  # noqa: ASYNC109 - becomes a failure with a reason
) -> WebSocketWire:
    """Serve one WebSocket at `path` to the client on `wire`, and nothing else.

    Raises ConnectionFailed if the client wants something else; it was told so then, and the wire
    is only there to be closed.
    """
    protocol = ServerProtocol(subprotocols=[SUBPROTOCOL], extensions=None, max_size=MAX_SIZE)
    try:
        async with asyncio.timeout(timeout):
            await _answer_request(wire, protocol, path)
    except TimeoutError:
        raise ws_failures.timed_out(path, timeout) from None
    if protocol.handshake_exc is not None or protocol.state is not State.OPEN:
        reason = protocol.handshake_exc or InvalidHandshake(f"there is nothing but {path}")
        raise ws_failures.not_http(wire.peer, str(reason))
    return WebSocketWire(wire, protocol)


async def _answer_request(wire: Wire, protocol: ServerProtocol, path: str) -> None:
    while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
        data = await wire.read()
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
        for event in protocol.events_received():
            if isinstance(event, Request):
                here = event.path.partition("?")[0] == path
                response = protocol.accept(event) if here else protocol.reject(404, f"try {path}\n")
                protocol.send_response(response)
        for data in protocol.data_to_send():
            if data:
                wire.write(data)
        if protocol.close_expected():
            return
