"""What need not be loaded is not: start-up is part of the interface."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.server import PracticeServer

ROOT = Path(__file__).resolve().parent.parent

HEAVY = {
    "OpenSSL",
    "asyncio",
    "cryptography",
    "dns",
    "idna",
    "lxml",
    "platformdirs",
    "precis_i18n",
    "prompt_toolkit",
    "pygments",
    "service_identity",
    "websockets",
    "ssl",
}

NOT_FOR_SIGNING_IN = {"OpenSSL", "cryptography", "dns", "prompt_toolkit", "service_identity"}
"""What the usual way to a server does without: verified TLS, SCRAM, a channel binding."""

SCRIPT = """\
import json, runpy, sys
before = set(sys.modules)
sys.argv = ["xmppshell", *{arguments!r}]
status = 0
try:
    runpy.run_module("xmppshell", run_name="__main__")
except SystemExit as end:
    status = end.code or 0
loaded = sorted({{name.split(".")[0] for name in set(sys.modules) - before}})
print()
print(json.dumps([status, loaded]))
"""


def loaded_by(*arguments: str) -> set[str]:
    """Run the program in a Python of its own and name the packages that it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(arguments=list(arguments))],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    status, loaded = json.loads(done.stdout.splitlines()[-1])
    assert status == 0, done.stderr
    assert "xmppshell" in loaded
    return set(loaded)


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("connect", "--help")])
def test_saying_what_it_is_loads_nothing_heavy(arguments):
    assert not loaded_by(*arguments) & HEAVY


@pytest.mark.parametrize(
    ("options", "needed"),
    [((), set()), (("--channel-binding", "tls-exporter"), {"OpenSSL", "service_identity"})],
)
async def test_signing_in_loads_only_what_it_uses(
    options: tuple[str, ...],
    needed: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("XMPPSHELL_PASSWORD", PRACTICE_PASSWORD)
    server = PracticeServer(exporter=True)
    await server.start()
    try:
        ca_file = tmp_path / "ca.pem"
        ca_file.write_bytes(server.ca_pem)
        where = ("--host", server.address, "--port", str(server.port), "--ca-file", str(ca_file))
        arguments = ("connect", "juliet@localhost", *where, *options, "-e", "<presence/>")
        loaded = await asyncio.to_thread(loaded_by, *arguments)
    finally:
        await server.stop()
    assert loaded & NOT_FOR_SIGNING_IN >= needed
    assert needed or not loaded & NOT_FOR_SIGNING_IN
