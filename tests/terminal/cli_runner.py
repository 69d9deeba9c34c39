"""The program as scripts run it: without a terminal, with folders of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "prince of cats"


@dataclass
class Done:
    status: int
    out: str
    err: str


async def run(folder: Path, *arguments: str, password: str | None = PASSWORD) -> Done:
    """Run `xmppshell ARGUMENTS` without a terminal, with its state in `folder`."""
    environment = {**os.environ, "XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    environment |= {} if password is None else {"XMPPSHELL_PASSWORD": password}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "xmppshell",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=ROOT,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())
