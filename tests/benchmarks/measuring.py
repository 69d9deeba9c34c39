"""What the benchmarks share: the commands to measure, and how a time is taken and told."""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

if TYPE_CHECKING:
    from terminal.pty_driver import PtyShell


def xmppshell(*arguments: str) -> list[str]:
    """Give the command as it is installed beside this Python, or else the checkout's module."""
    script = Path(sys.executable).with_name("xmppshell")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "xmppshell"]
    return [*command, *arguments]


def clean_environment(**more: str) -> dict[str, str]:
    """Give an environment in which the checkout is found and byte code is cached as usual."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def shown_after(shell: PtyShell, began: float, pattern: bytes, after: int = 0) -> float:
    """Wait until the pattern was printed after the offset; give the seconds since `began`.

    The time is that at which the last byte of the match was read, so that what the emulator does
    with the output does not count.
    """
    wanted = re.compile(pattern, re.DOTALL)
    found: list[re.Match[bytes]] = []

    def look() -> bool:
        match = wanted.search(shell.raw_output, after)
        found.extend([match] if match else [])
        return bool(match)

    shell.wait_until(look, f"{pattern!r}")
    return shell.time_of(found[0].end() - 1) - began


def now() -> float:
    """Give the time on the clock that `PtyShell` notes its reads by, in seconds."""
    return time.perf_counter()


def report(name: str, seconds: Sequence[float]) -> float:
    """Print the median with the range, in milliseconds; give the median in seconds."""
    median = statistics.median(seconds)
    low, high = min(seconds), max(seconds)
    print(
        f"{name:<28} median {median * 1000:8.1f} ms   "
        f"({low * 1000:.1f} to {high * 1000:.1f}, n={len(seconds)})"
    )
    return median
