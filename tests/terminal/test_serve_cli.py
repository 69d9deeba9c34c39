"""`xmppshell serve` and its options, as a process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from practice.edge_inputs import header
from terminal.cli_runner import Done, run
from terminal.served import ROOT, XMPPSHELL, environment

from xmppshell.cli.practice import PROFILES
from xmppshell.practice.conduct.profiles import Profile
from xmppshell.practice.server import PracticeServer
from xmppshell.terminal.serving import Serving, introduce

STREAM = "<stream:stream to='{}' xmlns='{}' xmlns:stream='http://etherx.jabber.org/streams'>"
CLIENT = header(version=" version='1.0'")


@dataclass
class Server:
    """A server at work; `said` is what it said so far."""

    process: asyncio.subprocess.Process
    said: str = ""
    ports: dict[str, int] = field(default_factory=dict)

    async def until(self, pattern: str) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while not re.search(pattern, self.said):
                line = await self.process.stdout.readline()
                assert line, self.said
                self.said += line.decode()
        return self.said


@asynccontextmanager
async def served(folder: Path, *options: str, **variables: str) -> AsyncIterator[Server]:
    """Run `xmppshell serve` with `options` until it listens."""
    process = await asyncio.create_subprocess_exec(
        *XMPPSHELL,
        "serve",
        "--listen",
        "127.0.0.1:0",
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
        env=environment(folder, **variables),
    )
    server = Server(process)
    try:
        await server.until("xmppshell connect")
        yield server
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def port_of(said: str, what: str) -> int:
    found = re.search(what + r".*?127\.0\.0\.1:(\d+)", said)
    assert found is not None, said
    return int(found[1])


async def ask(port: int, text: str, end: str) -> str:
    """Say something on a connection of its own, and return what comes until `end`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(text.encode())
        async with asyncio.timeout(10):
            return (await reader.readuntil(end.encode())).decode()
    finally:
        writer.close()


def test_the_profiles_have_their_names() -> None:
    assert tuple(profile.value for profile in Profile) == PROFILES


async def test_the_other_doors(tmp_path: Path) -> None:
    async with served(tmp_path, "--direct-tls", "0", "--websocket", "0") as server:
        assert port_of(server.said, "direct TLS on")
        assert "WebSocket at wss://127.0.0.1:" in server.said
        for port in (port_of(server.said, "direct TLS on"), port_of(server.said, "WebSocket")):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()


@pytest.mark.parametrize("source", ["variable", "file", "default"])
async def test_a_component(tmp_path: Path, source: str) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("s3cret\n")
    more = ["--secret-file", str(file)] if source == "file" else []
    variables = {"XMPPSHELL_COMPONENT_SECRET": "s3cret"} if source == "variable" else {}
    secret = "verona" if source == "default" else "s3cret"
    options = ["--component", "bot.localhost", "--component-port", "0", *more]
    async with served(tmp_path, *options, **variables) as server:
        port = port_of(server.said, "component bot.localhost on")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(STREAM.format("bot.localhost", "jabber:component:accept").encode())
        head = (await asyncio.wait_for(reader.readuntil(b"streams'>"), 10)).decode()
        stream_id = head.partition(" id='")[2].partition("'")[0]
        proof = hashlib.sha1((stream_id + secret).encode()).hexdigest()
        writer.write(f"<handshake>{proof}</handshake>".encode())
        await asyncio.wait_for(reader.readuntil(b"<handshake/>"), 10)
        writer.close()
        assert secret not in server.said or source == "default"


async def test_the_profile(tmp_path: Path) -> None:
    async with served(tmp_path, "--profile", "prosody") as server:
        port = port_of(server.said, "practice server")
        assert "answered as prosody does" in server.said
        await ask(port, header(version=""), "</stream:features>")


async def test_the_clock_stands_still(tmp_path: Path) -> None:
    async with served(tmp_path, "--fixed") as server:
        port = port_of(server.said, "practice server")
        assert "<stream:stream id='1'" in await ask(port, CLIENT, "</stream:features>")
        assert "<stream:stream id='2'" in await ask(port, CLIENT, "</stream:features>")


async def connected(folder: Path, server: Server) -> Done:
    """Run a client that sends presence and leaves."""
    port = port_of(server.said, "practice server")
    return await run(
        folder,
        *("connect", "juliet@localhost", "--host", "127.0.0.1", "--port", str(port)),
        *("--insecure", "--execute", "<presence/>"),
        password="verona",
    )


async def test_a_fault_on_the_stream(tmp_path: Path) -> None:
    async with served(tmp_path, "--fault", "policy-violation") as server:
        assert "fault policy-violation: the server ends the stream" in server.said
        done = await connected(tmp_path, server)
        assert "policy-violation" in done.err
        assert "policy-violation strikes juliet@localhost" in await server.until("strikes")


async def test_a_fault_of_signing_in(tmp_path: Path) -> None:
    async with served(tmp_path, "--fault", "stripped", "--fault", "few-rounds") as server:
        done = await connected(tmp_path, server)
        assert done.status == 3


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--fault", "nope"], "there is no fault “nope”"),
        (["--direct-tls", "x"], "x is not a port"),
        (["--profile", "other"], "invalid choice: 'other'"),
        (["--component", "bot.localhost", "--secret-file", "/nowhere/s"], "/nowhere/s"),
    ],
)
async def test_what_cannot_be_served(tmp_path: Path, options: list[str], what: str) -> None:
    done = await run(tmp_path, "serve", "--listen", "127.0.0.1:0", *options)
    assert done.status in (1, 2)
    assert what in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(("address", "warns"), [("192.0.2.1", True), ("127.0.0.1", False)])
def test_a_warning_where_others_can_reach_it(address: str, warns: bool) -> None:
    server = PracticeServer()
    server.address = address
    said: list[str] = []
    introduce(server, Serving(), said.append)
    assert any("everybody who can reach this machine" in line for line in said) is warns
    assert server.private is not warns
