"""`xmppshell serve` as a process of its own, and one-shot use of it, without any terminal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent.parent
XMPPSHELL = [sys.executable, "-m", "xmppshell"]
PASSWORD = "verona"
TIMEOUT = 30


def environment(state: Path, **variables: str) -> dict[str, str]:
    """Make an environment in which nothing is kept but under `state`."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("XMPPSHELL")},
        "HOME": str(state),
        "XDG_STATE_HOME": str(state / "state"),
        "XDG_CONFIG_HOME": str(state / "config"),
        **variables,
    }


class Served:
    """The practice server on a free port of loopback, with its CA's certificate in a file."""

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "ca.pem"
        self._folder = folder
        self._process = subprocess.Popen(
            [*XMPPSHELL, "serve", "--listen", "127.0.0.1:0", "--ca-file", str(self.ca_file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=environment(folder),
        )
        assert self._process.stdout is not None
        self.said = ""
        while "xmppshell connect" not in self.said:
            line = self._process.stdout.readline()
            assert line, f"the server ended\n{self.said}"
            self.said += line
        found = re.search(r"127\.0\.0\.1:(\d+)", self.said)
        assert found is not None
        self.port = int(found[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The process of the server."""
        return self._process.pid

    def kill(self) -> None:
        """End the server as a crash would."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def pause(self) -> None:
        """Let the server do nothing more, without its connections noticing."""
        self._process.send_signal(signal.SIGSTOP)

    def interrupt(self) -> tuple[int, str]:
        """End the server as Ctrl-C does; give its status and what it said since it started."""
        self._process.send_signal(signal.SIGINT)
        said, _ = self._process.communicate(timeout=TIMEOUT)
        return self._process.returncode, said

    def arguments(self, *options: str, user: str = "juliet") -> list[str]:
        """Return the command that connects to it."""
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--ca-file", str(self.ca_file)]
        return [*XMPPSHELL, "connect", f"{user}@localhost", *where, *options]

    def start(self, *options: str, user: str = "juliet") -> subprocess.Popen[str]:
        """Start one-shot use with pipes on all sides."""
        return subprocess.Popen(
            self.arguments(*options, user=user),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            env=environment(self._folder, XMPPSHELL_PASSWORD=PASSWORD),
        )

    def run(
        self, *options: str, stdin: str | bytes = "", user: str = "juliet"
    ) -> subprocess.CompletedProcess[str]:
        """Run one-shot use to its end."""
        return run(
            self.arguments(*options, user=user),
            stdin,
            environment(self._folder, XMPPSHELL_PASSWORD=PASSWORD),
        )


def run(
    argv: Sequence[str], stdin: str | bytes, variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    done = subprocess.run(
        argv,
        input=stdin if isinstance(stdin, bytes) else stdin.encode(),
        capture_output=True,
        timeout=TIMEOUT,
        cwd=ROOT,
        env=variables,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return subprocess.CompletedProcess(
        argv, done.returncode, done.stdout.decode(), done.stderr.decode()
    )
