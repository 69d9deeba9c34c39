"""How pieces of a stream get to a wire: as they are, or late, or byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from ..network.failures import ConnectionFailed

if TYPE_CHECKING:
    from ..network.transports import AnyWire


class Output:
    """Writes to `wire` in order; once something is late, all that follows waits for it."""

    def __init__(self) -> None:
        self._late: deque[tuple[bytes, float, bool]] = deque()
        self._task: asyncio.Task[None] | None = None

    def write(self, wire: AnyWire, data: bytes, *, wait: float = 0.0, split: bool = False) -> None:
        """Write `data` after `wait` seconds, byte by byte if `split`.

        That the connection is lost is for its reader to notice.
        """
        if self._task is None and not wait and not split:
            with contextlib.suppress(ConnectionFailed):
                wire.write(data)
            return
        self._late.append((data, wait, split))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._trickle(wire))

    async def _trickle(self, wire: AnyWire) -> None:
        try:
            while self._late:
                data, wait, split = self._late.popleft()
                await asyncio.sleep(wait)
                for piece in _cut(data) if split else [data]:
                    wire.write(piece)
                    await wire.drain()
                    await asyncio.sleep(0)
        except ConnectionFailed:
            self._late.clear()
        finally:
            self._task = None

    @property
    def is_late(self) -> bool:
        """True while something waits to be written."""
        return self._task is not None

    async def finish(self, seconds: float) -> None:
        """Wait until everything is written, but no longer than `seconds`."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds)
        if self._task is not None:
            self._task.cancel()


def _cut(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]
