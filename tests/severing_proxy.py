"""A TCP proxy whose line can be cut: at once, silently, or after so many bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

UP, DOWN = "up", "down"


class SeveringProxy:
    """Carries connections to one server; `up` is what goes to the server, `down` what comes back.

    `mute` keeps the line open and lets nothing through any more, so that both sides believe in it;
    what is sent meanwhile is gone. `cut` breaks every connection. `cut_after` does so when so many
    more bytes have passed in one direction, in the middle of what comes then. `passed` counts the
    bytes of the present connection.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = host, port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._limits: dict[str, int] = {}
        self._muted = False
        self.port = 0
        self.connections = 0
        self.passed = {UP: 0, DOWN: 0}

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def mute(self) -> None:
        """Swallow everything on the present connections, in both directions."""
        self._muted = True

    def cut(self) -> None:
        """Break the present connections with a reset; later ones work again."""
        self._muted = False
        self._limits.clear()
        for writer in list(self._writers):
            writer.transport.abort()
        self._writers.clear()

    def cut_after(self, direction: str, count: int) -> None:
        """Break the line when `count` more bytes have passed in a direction."""
        self._limits[direction] = self.passed[direction] + count

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self.target)
        self.connections += 1
        self.passed = {UP: 0, DOWN: 0}
        self._writers |= {writer, back}
        for direction, source, sink in ((UP, reader, back), (DOWN, there, writer)):
            task = asyncio.create_task(self._carry(direction, source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(
        self, direction: str, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if self._muted or sink not in self._writers:
                    continue
                limit = self._limits.get(direction)
                rest = len(data) if limit is None else limit - self.passed[direction]
                sink.write(data[:rest])
                self.passed[direction] += len(data[:rest])
                await sink.drain()
                if limit is not None and self.passed[direction] >= limit:
                    await asyncio.sleep(0.01)  # let what passed arrive before the reset
                    self.cut()
                    return
            if sink in self._writers and not self._muted:
                sink.write_eof()


@asynccontextmanager
async def severing_proxy(host: str, port: int) -> AsyncIterator[SeveringProxy]:
    """Run a proxy on a free port of loopback."""
    proxy = SeveringProxy(host, port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
