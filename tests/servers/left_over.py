"""What a server may have left behind, for tests that it leaves nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def processes_of(home: str) -> list[str]:
    """Find the living processes that were started with this home."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"HOME={home}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def wait_until(condition: Callable[[], bool], timeout: float = 10.0) -> bool:
    """Whether the condition comes true within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
