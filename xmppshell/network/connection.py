"""One TCP connection as an asyncio protocol, with flow control both ways."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable

from . import failures
from .hostname import host_and_port

RECEIVE_LIMIT = 1024 * 1024
"""How many received bytes are kept before the peer has to wait."""

_READ_SIZE = 64 * 1024
_HURRIED_READS = 64


class Connection(asyncio.Protocol):
    """Bytes to and from one socket; what `Wire` puts TLS on.

    `on_open` is called with the connection once it is open.
    """

    def __init__(self, on_open: Callable[[Connection], None] | None = None) -> None:
        self._on_open = on_open
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._reading_paused = False
        self._discarding = False
        self._ended = asyncio.Event()
        self._error: failures.ConnectionFailed | None = None
        self._reader: asyncio.Future[None] | None = None
        self._drainers: list[asyncio.Future[None]] = []
        self._writing_paused = False
        self._closed = False
        self._hurried = 0
        self._gone = asyncio.Event()
        self.peer = ""
        """The numeric address and port of the other side."""

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the open transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        address = transport.get_extra_info("peername")
        # None if the peer was gone before it could be asked.
        self.peer = host_and_port(address[0], address[1]) if address else ""
        if self._on_open is not None:
            self._on_open(self)

    def data_received(self, data: bytes) -> None:
        """Keep `data` for the reader and wake it."""
        if self._discarding:
            return
        if self._hurried < _HURRIED_READS:
            self._hurried += 1
            self._acknowledge_at_once()
        self._received += data
        if len(self._received) > RECEIVE_LIMIT and not self._reading_paused:
            self._transport.pause_reading()
            self._reading_paused = True
        self._wake_reader()

    def _acknowledge_at_once(self) -> None:
        """Send the TCP acknowledgement now; the kernel forgets the option after each read.

        A server that waits for it before its next small packet (Nagle's algorithm, RFC 896)
        loses 40 ms in each round of the negotiation otherwise.
        """
        if hasattr(socket, "TCP_QUICKACK"):
            own: socket.socket = self._transport.get_extra_info("socket")
            with contextlib.suppress(OSError):  # The connection may be gone already.
                own.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def eof_received(self) -> bool:
        """Note the end; the transport stays open for what this side still has to say."""
        self._ended.set()
        self._wake_reader()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the loss and wake everyone who waits."""
        self._ended.set()
        self._closed = True
        if isinstance(exc, OSError):
            self._error = failures.lost(exc)
            self._rescue()
        self._wake_reader()
        self.resume_writing()
        self._gone.set()

    def _rescue(self) -> None:
        """Take what the peer said before it cut the connection.

        The event loop stops reading when a write fails, and the reason for the cut, such as a
        stream error, may still lie in the socket.
        """
        sock = self._transport.get_extra_info("socket")
        if sock is None or self._discarding:
            return
        with contextlib.suppress(OSError), sock.dup() as spare:
            spare.setblocking(False)
            while data := spare.recv(_READ_SIZE):
                self._received += data

    def pause_writing(self) -> None:
        """Make `drain` wait."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """Let `drain` go on."""
        self._writing_paused = False
        for waiter in self._drainers:
            if not waiter.done():
                waiter.set_result(None)
        self._drainers.clear()

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    # What the wire calls.

    @property
    def unread(self) -> int:
        """How many bytes were received and not yet read."""
        return len(self._received)

    @property
    def writable(self) -> bool:
        """Whether the connection still takes bytes to write."""
        return not self._closed

    async def read(self) -> bytes:
        """Wait for bytes and return at most 64 KiB of them; b"" at the end.

        Raises ConnectionFailed if the connection is broken and everything received has been read.
        """
        if self._reader is not None:
            raise RuntimeError("two tasks read from one connection")
        if self._received:
            await asyncio.sleep(0)  # a flood must not keep other tasks from running
        while not self._received:
            if self._ended.is_set():
                if self._error is not None:
                    raise self._error
                return b""
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        data = bytes(self._received[:_READ_SIZE])
        del self._received[:_READ_SIZE]
        if self._reading_paused and len(self._received) <= RECEIVE_LIMIT // 2:
            self._reading_paused = False
            self._transport.resume_reading()
        return data

    def write(self, data: bytes) -> None:
        """Queue `data`. Raises ConnectionFailed if the connection is broken or closed."""
        if self._closed:
            raise self._error or failures.closed()
        self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the queue is short enough. Raises ConnectionFailed if the connection broke."""
        if self._writing_paused:
            waiter = self._loop.create_future()
            self._drainers.append(waiter)
            await waiter
        if self._error is not None:
            raise self._error

    def write_eof(self) -> None:
        """Send FIN after what is queued; nothing can be written afterwards."""
        if not self._closed:
            self._closed = True
            # If the peer has cut the connection there is nothing left to end; `read` tells of it.
            with contextlib.suppress(OSError):
                self._transport.write_eof()

    async def linger(self, seconds: float) -> None:
        """Wait at most `seconds` for the peer's end, dropping what it still sends, then close.

        To close with bytes unread would reset the connection and could take back the last words.
        """
        self._discarding = True
        self._received.clear()
        self._transport.resume_reading()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        self.close()

    def close(self) -> None:
        """Close after what is queued has been sent."""
        self._closed = True
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection at once; the peer sees a reset."""
        self._closed = True
        sock = self._transport.get_extra_info("socket")
        if sock is not None and not self._transport.is_closing():
            with contextlib.suppress(OSError):  # the peer was faster
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    async def gone(self, seconds: float) -> None:
        """Wait until the socket is closed; cut it if what is queued is not sent in `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._gone.wait()
        self._transport.abort()
        await self._gone.wait()
