"""A proxy on loopback that makes the network slow, and counts the flights of a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Self


class DelayingProxy:
    """Passes one connection at a time on to `address` and `port`, each way `delay` seconds later.

    A connection on loopback is there at once; that its SYN takes a round trip, too, is made up for
    by holding the client's first bytes that much longer. `round_trips` is that one, and one for
    each time that the client spoke after the server, or first.
    """

    def __init__(self, address: str, port: int, delay: float) -> None:
        self._target = address, port
        self._delay = delay
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_speaker = ""
        self.round_trips = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.round_trips, self._last_speaker = 1, ""
        onward_reader, onward_writer = await asyncio.open_connection(*self._target)
        both = [
            self._carry(reader, onward_writer, "client", 3 * self._delay),
            self._carry(onward_reader, writer, "server", self._delay),
        ]
        for work in both:
            self._keep(work)

    def _keep(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        speaker: str,
        first_delay: float,
    ) -> None:
        """Pass bytes on in their order; those that come while others wait are not held longer."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._keep(self._deliver(queue, writer))
        delay = first_delay
        while data := await reader.read(65536):
            if self._last_speaker != speaker == "client":
                self.round_trips += 1
            self._last_speaker = speaker
            await queue.put((loop.time() + delay, data))
            delay = self._delay
        await queue.put((loop.time() + delay, b""))

    @staticmethod
    async def _deliver(
        queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                writer.close()
                return
            writer.write(data)
