"""A program in a real pseudo-terminal, with a terminal emulator as its screen.

The tests type as a person would and read what a person would see. The emulator (pyte) answers no
queries of the program, so prompt_toolkit is told not to ask for the cursor's position.
"""

from __future__ import annotations

import codecs
import errno
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import pyte

READ_SIZE = 65536
KILL_TIMEOUT = 5.0
TIMEOUT = 10.0

PASTE_START = "\x1b[200~"
PASTE_END = "\x1b[201~"

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift-tab": "\x1b[Z",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "page-up": "\x1b[5~",
    "page-down": "\x1b[6~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "alt-enter": "\x1b\r",
    **{f"ctrl-{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"},
}
"""What a terminal sends for the keys that have names."""

INHERITED = ("PATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")

Pattern = str | re.Pattern[str]


class NotShown(AssertionError):
    """What a test waited for did not come; the text has the screen as it is."""


class Cursor(NamedTuple):
    """Where the cursor stands, from 0."""

    row: int
    column: int


class _Screen(pyte.Screen):
    """A screen that keeps the text of the lines that scroll away at its top."""

    def __init__(self, columns: int, rows: int) -> None:
        self.scrolled: list[str] = []
        super().__init__(columns, rows)

    def index(self) -> None:
        """Move down a line; at the bottom, all lines move up."""
        if self.margins is None and self.cursor.y == self.lines - 1:
            self.scrolled.append(self.line(0))
        super().index()

    def line(self, row: int) -> str:
        """Give the text of a row, without white space at its end."""
        cells = self.buffer[row]
        return "".join(cells[column].data for column in range(self.columns)).rstrip()


class PtyShell:
    """A program under test in a terminal of `rows` by `columns`.

    The program sees a home and XDG folders of its own (under `home`) and, besides what `env` adds
    or replaces, little else of this process's environment. Use it in a `with` block: the program
    and whatever it started in its terminal are killed at the end.
    """

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        rows: int = 24,
        columns: int = 80,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pty-")
        self.home = Path(self._folder.name)
        self._screen = _Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._raw = bytearray()
        self._emulated = 0
        self._reads: list[tuple[int, float]] = []
        self._ended = False
        self._master, slave = os.openpty()
        try:
            os.set_blocking(self._master, False)
            _set_size(slave, rows, columns)
            self._process = subprocess.Popen(
                list(argv),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**isolated_environment(self.home), **(env or {})},
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_take_terminal,
            )
        except BaseException:
            os.close(self._master)
            self._folder.cleanup()
            raise
        finally:
            os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    # Typing.

    def send(self, text: str) -> None:
        """Type the characters as they are; control characters act as their keys."""
        data = memoryview(text.encode())
        deadline = time.monotonic() + TIMEOUT
        while data:
            # The program may be unable to read before we have read what it prints.
            _, writable, _ = select.select([self._master], [self._master], [], 0.05)
            self.pump()
            if writable:
                try:
                    data = data[os.write(self._master, data) :]
                except BlockingIOError:
                    pass
                except OSError as error:
                    raise self._failure(f"the program no longer reads ({error})") from error
            if time.monotonic() > deadline:
                raise self._failure(f"the program read nothing for {TIMEOUT} s")

    def paste(self, text: str) -> None:
        """Paste the text: bracketed, with the line ends that terminals send."""
        self.send(PASTE_START + text.replace("\r\n", "\n").replace("\n", "\r") + PASTE_END)

    def press(self, *keys: str) -> None:
        """Press keys by name (`enter`, `ctrl-c`, `up`, ...)."""
        for key in keys:
            self.send(KEYS[key])

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size, of which the program is told."""
        self._emulate()
        _set_size(self._master, rows, columns)
        self._screen.resize(rows, columns)

    # Reading.

    def pump(self, timeout: float = 0.0) -> bool:
        """Take in what the program has printed, waiting at most `timeout` seconds for something.

        Gives whether anything came.
        """
        came = False
        while not self._ended and select.select([self._master], [], [], timeout)[0]:
            try:
                data = os.read(self._master, READ_SIZE)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                data = b""
            if not data:
                self._ended = True
                break
            self._reads.append((len(self._raw), time.perf_counter()))
            self._raw += data
            came = True
            timeout = 0.0
        return came

    def _emulate(self) -> None:
        """Bring the screen up to date; only when it is looked at, so that reading is never late."""
        self.pump()
        self._stream.feed(self._decoder.decode(self._raw[self._emulated :]))
        self._emulated = len(self._raw)

    @property
    def raw_output(self) -> bytes:
        """Every byte that the program has printed."""
        self.pump()
        return bytes(self._raw)

    def time_of(self, offset: int) -> float:
        """Give the time (of `time.perf_counter`) at which that byte of the output was read."""
        return self._reads[bisect_right(self._reads, (offset, float("inf"))) - 1][1]

    @property
    def cursor(self) -> Cursor:
        """Where the cursor is on the screen."""
        self._emulate()
        return Cursor(self._screen.cursor.y, self._screen.cursor.x)

    def screen_lines(self) -> list[str]:
        """Give the lines of the screen, without white space at their ends."""
        self._emulate()
        return [self._screen.line(row) for row in range(self._screen.lines)]

    def screen_text(self) -> str:
        """Give the screen as text."""
        return "\n".join(self.screen_lines())

    def text(self) -> str:
        """Give the lines that have scrolled away and then those of the screen."""
        lines = self.screen_lines()
        return "\n".join([*self._screen.scrolled, *lines])

    # Waiting.

    def wait_for(self, pattern: Pattern, timeout: float = TIMEOUT, count: int = 1) -> str:
        """Wait until the text is on the screen or above it, `count` times in all.

        A string is looked for as it stands, a compiled pattern as a pattern. Gives the whole text.
        """
        found = re.compile(re.escape(pattern)) if isinstance(pattern, str) else pattern
        what = f"{found.pattern!r}" if count == 1 else f"{count} times {found.pattern!r}"
        self.wait_until(lambda: _occurrences(found, self.text()) >= count, what, timeout)
        return self.text()

    def wait_until(
        self, condition: Callable[[], bool], what: str, timeout: float = TIMEOUT
    ) -> None:
        """Wait until the condition holds; it is asked again after each piece of output."""
        deadline = time.monotonic() + timeout
        while not condition():
            if self._ended:
                raise self._failure(f"the program ended, without {what}")
            if time.monotonic() > deadline:
                raise self._failure(f"no {what} within {timeout} s")
            self.pump(0.05)

    def settle(self, quiet: float = 0.2, timeout: float = TIMEOUT) -> str:
        """Wait until nothing was printed for `quiet` seconds, and give the text.

        It is for showing that something does not come. To wait for something, use `wait_for`.
        """
        deadline = time.monotonic() + timeout
        while self.pump(quiet):
            if time.monotonic() > deadline:
                raise self._failure(f"still printing after {timeout} s")
        return self.text()

    def wait_exit(self, timeout: float = TIMEOUT) -> int:
        """Wait for the program's end; give its exit status, or minus the signal that ended it."""
        deadline = time.monotonic() + timeout
        while (status := self._process.poll()) is None:
            if time.monotonic() > deadline:
                raise self._failure(f"still running after {timeout} s")
            if not self.pump(0.02) and self._ended:
                time.sleep(0.02)
        self.pump()
        return status

    # The process.

    @property
    def pid(self) -> int:
        """The process id of the program."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the program lives."""
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self._process.send_signal(number)

    def close(self) -> None:
        """Kill the program with all that runs in its session, and free the terminal."""
        if self._master < 0:
            return
        # Closing the terminal hangs up on the session; the kill is for what ignores that.
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(KILL_TIMEOUT)
        os.close(self._master)
        self._master = -1
        self._ended = True
        self._folder.cleanup()

    def _failure(self, what: str) -> NotShown:
        self.pump()
        frame = "-" * self._screen.columns
        status = self._process.poll()
        state = "running" if status is None else f"ended with {status}"
        return NotShown(f"{what}; the program is {state}\n{frame}\n{self.text()}\n{frame}")


def isolated_environment(home: Path) -> dict[str, str]:
    """Make the environment of a program that shall see nothing of the user's settings."""
    folders = {
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_RUNTIME_DIR": home / "runtime",
    }
    for folder in folders.values():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        **{name: str(folder) for name, folder in folders.items()},
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }


def _take_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C becomes a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _set_size(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _occurrences(pattern: re.Pattern[str], text: str) -> int:
    return sum(1 for _ in pattern.finditer(text))
