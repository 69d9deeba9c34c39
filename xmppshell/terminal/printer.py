"""The one way to the screen: text in batches above the prompt, a flood folded.

The first blocks are written at once, so that an answer is seen as soon as it is there. While
more keep coming they are written in batches, since each write redraws the prompt. When more
comes than a person can read, the rest of it is counted and not shown until it ends; the log has
it all. What the user does and what answers it is counted apart, so that it stays in sight.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

BATCH_SECONDS = 0.05
"""The time between two writes while output keeps coming."""

BURST_WRITES = 4
"""How many writes there may be at once before they are batched."""

BURST_BLOCKS = 60
"""How many records are shown at once before folding begins."""

BLOCKS_PER_SECOND = 20
"""How many more may come each second without being a flood."""

PAUSE_SECONDS = 0.3
"""A flood is over when nothing came for so long."""

COUNT_SECONDS = 1.0
"""How often a flood that goes on says how much it was."""

Runner = Callable[[Callable[[], None]], Awaitable[None]]


class Allowance:
    """How many blocks may still be shown: a burst, and so many more each second."""

    def __init__(self) -> None:
        self._left = float(BURST_BLOCKS)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Take one; False if there is none left."""
        now = time.monotonic()
        self._left = min(BURST_BLOCKS, self._left + (now - self._at) * BLOCKS_PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Printer:
    """Writes blocks of finished text, each ending without a newline.

    `write` puts text on the terminal. Until `above` is given a runner, which lets a function
    write while the prompt is out of the way, blocks are written at once.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._runner: Runner | None = None
        self._queue: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._due = 0.0
        self._own, self._others = Allowance(), Allowance()
        self._folded: list[int] = []
        self._flood: asyncio.TimerHandle | None = None
        self._came = self._counted = 0.0

    def above(self, runner: Runner | None) -> None:
        """Write through `runner` from now on, or directly again if it is None."""
        self._runner = runner

    def block(self, text: str, number: int | None = None, *, own: bool = False) -> None:
        """Show `text`; with the `number` of a record it may be folded in a flood.

        `own` says that the record is of the user's making.
        """
        if number is not None and self._runner is not None and self._folds(own):
            self._folded.append(number)
            self._came = time.monotonic()
            return
        self._count()
        self._queue.append(text)
        self._schedule()

    def flush(self) -> None:
        """Write everything now, without a prompt in the way."""
        self._count()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._write_queue()

    async def settle(self) -> None:
        """Wait until everything is written."""
        if self._writing is not None and not self._writing.done():
            await self._writing
        self.flush()

    def _folds(self, own: bool) -> bool:
        """Say whether a record is folded, because a flood goes on or begins with it."""
        if self._own.take() if own else self._flood is None and self._others.take():
            return False
        if self._flood is None:
            self._counted = time.monotonic()
            self._watch()
        return True

    def _watch(self) -> None:
        self._flood = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._look)

    def _look(self) -> None:
        """Say what was folded if the flood is over, or goes on for long."""
        self._flood = None
        now = time.monotonic()
        over = now - self._came >= PAUSE_SECONDS
        if over or now - self._counted >= COUNT_SECONDS:
            self._count()
            self._schedule()
        if not over:
            self._watch()

    def _count(self) -> None:
        """Say how many were folded since this was said last."""
        self._counted = time.monotonic()
        if self._folded:
            first, last, count = self._folded[0], self._folded[-1], len(self._folded)
            where = f"/show {first}" if count == 1 else f"/show {first}-{last}"
            self._queue.append(f"… {count} more · {where}")
            self._folded = []

    def _schedule(self) -> None:
        if self._runner is None:
            self.flush()
        elif self._timer is None and (self._writing is None or self._writing.done()):
            early = (BURST_WRITES - 1) * BATCH_SECONDS
            wait = max(0.0, self._due - early - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._start_writing)

    def _start_writing(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().create_task(self._write_above())

    async def _write_above(self) -> None:
        if self._queue and self._runner is not None:
            await self._runner(self._write_queue)
            self._due = max(self._due, time.monotonic()) + BATCH_SECONDS
        self._writing = None
        if self._queue:
            self._schedule()

    def _write_queue(self) -> None:
        if self._queue:
            text = "\n".join(self._queue) + "\n"
            self._queue = []
            self._write(text)
