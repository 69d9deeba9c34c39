"""The shell in a real pseudo-terminal, used as a person would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from terminal.pty_driver import PtyShell

from xmppshell.terminal.safe_text import safe_line

ROOT = Path(__file__).resolve().parent.parent.parent
XMPPSHELL = [sys.executable, "-m", "xmppshell"]

ONLINE = "ready for stanzas"
SGR = re.compile(rb"\x1b\[[0-9;]*m")


class Shell(PtyShell):
    """`xmppshell ARGUMENTS` in a terminal; `enter` types a line and presses Enter."""

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        rows: int = 24,
        columns: int = 80,
    ) -> None:
        queries = {"PROMPT_TOOLKIT_NO_CPR": ""}
        super().__init__([*XMPPSHELL, *arguments], {**queries, **(env or {})}, rows, columns, ROOT)
        # The emulator says where its cursor is, as terminals do: the toolbar depends on it.
        self._screen.write_process_input = self._answer

    def enter(self, text: str, awaited: str | re.Pattern[str] = "", count: int = 1) -> str:
        """Type `text` and Enter, then wait for `awaited` in what comes after; return that.

        `text` is one line, though it may be longer than the terminal is wide.
        """
        typed = "".join(safe_line(text).split())
        first = self._row
        self.send(text)
        self.wait_until(
            lambda: typed in "".join(self._lines(first).split()), f"what was typed: {text}"
        )
        last = self._row
        self.press("enter")
        found = awaited if isinstance(awaited, re.Pattern) else re.compile(re.escape(awaited))
        self.wait_until(
            lambda: len(found.findall(self._lines(last + 1))) >= count, f"{found.pattern!r}"
        )
        return self._lines(last + 1)

    @property
    def _row(self) -> int:
        """The row of the cursor, counted from the first line that ever was on the screen."""
        return self.cursor.row + len(self._screen.scrolled)

    def _lines(self, first: int) -> str:
        return "\n".join(self.text().split("\n")[first:])

    def after(self, mark: str, awaited: str | re.Pattern[str]) -> str:
        """Wait for `awaited` in what stands after the last `mark`; return what does."""
        found = awaited if isinstance(awaited, re.Pattern) else re.compile(re.escape(awaited))
        self.wait_until(
            lambda: found.search(self.text().rpartition(mark)[2]) is not None,
            f"{found.pattern!r} after {mark!r}",
        )
        return self.text().rpartition(mark)[2]

    def leave(self) -> int:
        """Leave with Ctrl-D; return the exit status."""
        self.press("ctrl-d")
        return self.wait_exit()

    def _answer(self, data: str) -> None:
        os.write(self._master, data.encode())

    @property
    def prompt(self) -> str:
        """The line of the screen that the cursor is in."""
        return self.screen_lines()[self.cursor.row]

    @property
    def toolbar(self) -> str:
        """The last line of the screen that is not empty."""
        return next((line for line in reversed(self.screen_lines()) if line.strip()), "")

    @property
    def state(self) -> Path:
        """Where the shell keeps history and captures."""
        return self.home / "state" / "xmppshell"

    def capture(self) -> list[dict[str, object]]:
        """Return the lines of the newest capture, its header first."""
        newest = max((self.state / "captures").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(line) for line in newest.read_text("utf-8").splitlines()]


class Demo(Shell):
    """`xmppshell demo`, online."""

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        rows: int = 24,
        columns: int = 80,
    ) -> None:
        super().__init__("demo", *arguments, env=env, rows=rows, columns=columns)
        try:
            self.wait_for(re.compile("^juliet>", re.M))
        except BaseException:
            self.close()
            raise

    @property
    def port(self) -> int:
        """The port of the practice server."""
        found = re.search(r"127\.0\.0\.1:(\d+)", self.text())
        assert found is not None
        return int(found[1])

    def romeo_sends(self, *stanzas: str) -> None:
        """Let romeo sign in from elsewhere and send these."""
        send_as("romeo", self.port, self.home, *stanzas)


def send_as(user: str, port: int, home: Path, *stanzas: str) -> None:
    """Sign in to the practice server at `port` and send stanzas by one-shot use."""
    argv = [*XMPPSHELL, "connect", f"{user}@localhost", "--host", "127.0.0.1"]
    argv += ["--port", str(port), "--insecure", "-"]
    environment = {**os.environ, "XMPPSHELL_PASSWORD": "verona", "XDG_STATE_HOME": str(home)}
    done = subprocess.run(
        argv,
        input="\n".join(stanzas),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        env=environment,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
