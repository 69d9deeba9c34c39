"""Standard input by line, read as it comes and never in the way of leaving."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress

from ..protocol.problem import Problem, ProblemError

_READ_SIZE = 64 * 1024


class StdinLines:
    """Gives the lines that come on a file descriptor, in UTF-8.

    A thread reads, since regular files cannot be waited for and a pipe that others share should
    not be made non-blocking. It does not keep the program from ending while it waits.
    """

    def __init__(self, descriptor: int) -> None:
        self.number = 0
        """How many lines were given."""
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._wanted = threading.Semaphore(0)
        self._came: asyncio.Queue[bytes] = asyncio.Queue()
        self._rest = b""
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    async def next(self) -> str:
        """Return the next line with its line end, if it has one, or "" at the end.

        Raises ProblemError for a line that is not UTF-8.
        """
        pieces = [self._rest]
        while b"\n" not in pieces[-1] and not self._ended:
            self._wanted.release()
            data = await self._came.get()
            self._ended = not data
            pieces.append(data)
        line, newline, self._rest = b"".join(pieces).partition(b"\n")
        self.number += 1
        try:
            return (line + newline).decode()
        except UnicodeDecodeError as error:
            raise ProblemError(
                Problem(
                    f"line {self.number} of standard input is not UTF-8: {error.reason}",
                    "it is in another encoding",
                    "convert it first, with iconv for instance",
                )
            ) from error

    def _read(self) -> None:
        data = b"-"
        while data:
            self._wanted.acquire()
            try:
                data = os.read(self._descriptor, _READ_SIZE)
            except OSError:
                data = b""  # What cannot be read has nothing more to say.
            with suppress(RuntimeError):  # The loop may be closed by now.
                self._loop.call_soon_threadsafe(self._came.put_nowait, data)
