"""Trying versions of TLS on servers that accept some and not others."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from xmppshell.network.discovery import Target
from xmppshell.network.tcp import connect
from xmppshell.network.tls_versions import VERSIONS, Acceptance, Trial, try_version

NUMBERS = dict(zip(VERSIONS, list(ssl.TLSVersion)[2:6], strict=True))


@pytest.fixture(scope="module")
def key_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("server") / "key.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(path))
    return str(path)


@asynccontextmanager
async def server(key_file: str, oldest: str, newest: str) -> AsyncIterator[int]:
    """Run a TLS server that speaks the versions from `oldest` to `newest`; give its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key_file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["xmpp-client"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = NUMBERS[oldest], NUMBERS[newest]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


async def trial(port: int, version: str, **options: object) -> Trial:
    wire = await connect(Target("127.0.0.1", port, True, "test"))
    try:
        return await try_version(wire, version, "localhost", **options)  # type: ignore[arg-type]
    finally:
        await wire.close(abort=True)


@pytest.mark.parametrize(
    ("oldest", "newest"),
    [("1.0", "1.3"), ("1.0", "1.0"), ("1.2", "1.3"), ("1.2", "1.2"), ("1.3", "1.3")],
)
async def test_each_version_is_accepted_or_refused(key_file: str, oldest: str, newest: str) -> None:
    async with server(key_file, oldest, newest) as port:
        found = {version: await trial(port, version) for version in VERSIONS}
    spoken = [version for version in VERSIONS if oldest <= version <= newest]
    for version, each in found.items():
        wanted = Acceptance.ACCEPTED if version in spoken else Acceptance.REFUSED
        assert each.acceptance is wanted, each
        assert each.detail


async def test_alpn_is_offered(key_file: str) -> None:
    async with server(key_file, "1.2", "1.3") as port:
        assert (await trial(port, "1.3", alpn=("xmpp-client",))).acceptance is Acceptance.ACCEPTED


async def test_a_server_that_closes_has_refused() -> None:
    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    running = await asyncio.start_server(slam, "127.0.0.1", 0)
    async with running:
        found = await trial(running.sockets[0].getsockname()[1], "1.3")
    assert found.acceptance is Acceptance.REFUSED


async def test_silence_is_no_answer() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    running = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with running:
        found = await trial(running.sockets[0].getsockname()[1], "1.3", timeout=0.1)
    assert found == Trial("1.3", Acceptance.UNKNOWN, "no answer within 0.1 s")


async def test_what_this_machine_cannot_speak_is_untestable(
    key_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible(version: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
        raise ValueError("Unsupported protocol version 0x301")

    monkeypatch.setattr("xmppshell.network.tls_versions._context", impossible)
    async with server(key_file, "1.0", "1.3") as port:
        found = await trial(port, "1.0")
    assert found.acceptance is Acceptance.UNTESTABLE
