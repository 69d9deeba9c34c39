"""Wires over real sockets on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import certificate_shop as shop
import pytest
import trustme

from xmppshell.network import tls
from xmppshell.network.connection import RECEIVE_LIMIT
from xmppshell.network.discovery import Target
from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.tcp import Listener, Wire, connect, listen
from xmppshell.network.tls import ServerTlsSettings, TlsSettings

NAME = "example.org"
Handler = Callable[[Wire], Awaitable[None]]


@pytest.fixture(scope="module")
def good(authority: trustme.CA) -> ServerTlsSettings:
    return shop.issued(authority, NAME)


@pytest.fixture(params=["TLS 1.2", "TLS 1.3"])
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with each version of TLS."""
    if request.param == "TLS 1.2":
        real = tls.client_context

        def old(settings: TlsSettings) -> ssl.SSLContext:
            context = real(settings)
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            return context

        monkeypatch.setattr(tls, "client_context", old)
    return str(request.param)


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[Target]:
    """Serve with `handler`; what it raises fails the test."""
    errors: list[Exception] = []
    listener = await listen("127.0.0.1", 0, handler, on_error=errors.append)
    try:
        yield target(listener)
    finally:
        await listener.close()
    assert errors == []


@asynccontextmanager
async def raw_peer(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[Target]:
    """Serve with asyncio's own streams, for peers that a wire would not play."""
    tasks = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    try:
        yield Target(*server.sockets[0].getsockname()[:2], direct_tls=False, why="")
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def target(listener: Listener) -> Target:
    return Target(listener.address, listener.port, direct_tls=False, why="")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


async def read_all(wire: Wire) -> bytes:
    pieces = []
    while piece := await wire.read():
        pieces.append(piece)
    return b"".join(pieces)


async def read_exactly(wire: Wire, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = await wire.read()
        assert piece, f"the end came after {len(data)} bytes"
        data += piece
    return data


async def echo(wire: Wire) -> None:
    while data := await wire.read():
        wire.write(data)
        await wire.drain()


def echo_over_tls(settings: ServerTlsSettings) -> Handler:
    async def handle(wire: Wire) -> None:
        await wire.start_tls(settings, "", server_side=True)
        await echo(wire)

    return handle


# Plain TCP.


async def test_bytes_go_both_ways_and_end() -> None:
    async with listening(echo) as there:
        wire = await connect(there)
        assert wire.peer == f"127.0.0.1:{there.port}"
        assert wire.tls is None
        wire.write(b"<a/>")
        assert await wire.read() == b"<a/>"
        wire.write(b"<b/>")
        wire.write_eof()
        assert await read_all(wire) == b"<b/>"
        assert await wire.read() == b""
        await wire.close()
        with pytest.raises(ConnectionFailed) as caught:
            wire.write(b"too late")
        assert caught.value.kind == "closed"


async def test_small_writes_are_not_held_back() -> None:
    seen: list[int] = []

    async def handle(wire: Wire) -> None:
        sock = wire._connection._transport.get_extra_info("socket")
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await echo(wire)

    async with listening(handle) as there:
        wire = await connect(there)
        sock = wire._connection._transport.get_extra_info("socket")
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await wire.close()
    assert [bool(each) for each in seen] == [True, True]


async def test_a_round_trip_is_quick() -> None:
    async with listening(echo) as there:
        wire = await connect(there)
        started = time.perf_counter()
        for _ in range(200):
            wire.write(b"<r/>")
            await wire.read()
        assert time.perf_counter() - started < 1.0
        await wire.close()


async def test_unread_counts_what_has_come_and_was_not_read() -> None:
    async def handle(wire: Wire) -> None:
        wire.write(b"<proceed/><injected/>")
        await wire.read()

    async with listening(handle) as there:
        wire = await connect(there)
        assert await wire.read() == b"<proceed/><injected/>"
        assert wire.unread == 0
        await wire.close()


async def test_bytes_that_come_while_nobody_reads_are_unread() -> None:
    more = asyncio.Event()

    async def handle(wire: Wire) -> None:
        wire.write(b"<proceed/>")
        await more.wait()
        wire.write(b"<injected/>")
        await wire.read()

    async with listening(handle) as there:
        wire = await connect(there)
        assert await wire.read() == b"<proceed/>"
        more.set()
        await until(lambda: wire.unread == len(b"<injected/>"))
        await wire.close()


async def test_a_cancelled_read_loses_nothing() -> None:
    async with listening(echo) as there:
        wire = await connect(there)
        for number in range(50):
            reading = asyncio.create_task(wire.read())
            await asyncio.sleep(0)
            data = b"<n>%d</n>" % number
            wire.write(data)
            if number % 2:
                await asyncio.sleep(0.0005)
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                assert await reading == data
                continue
            assert await wire.read() == data
        await wire.close()


async def test_two_readers_are_refused() -> None:
    async with listening(echo) as there:
        wire = await connect(there)
        reading = asyncio.create_task(wire.read())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await wire.read()
        wire.write(b"x")
        assert await reading == b"x"
        await wire.close()


# Flow control.


async def test_a_flood_is_held_back_until_it_is_read() -> None:
    flood = os.urandom(12 * RECEIVE_LIMIT)
    sent = asyncio.Event()

    async def handle(wire: Wire) -> None:
        wire.write(flood)
        await wire.drain()
        sent.set()

    async with listening(handle) as there:
        wire = await connect(there)
        await asyncio.sleep(0.2)
        assert not sent.is_set()
        assert RECEIVE_LIMIT <= wire.unread <= 2 * RECEIVE_LIMIT
        assert await read_exactly(wire, len(flood)) == flood
        await asyncio.wait_for(sent.wait(), 5)
        await wire.close()


async def test_a_flood_lets_other_tasks_run() -> None:
    async def handle(wire: Wire) -> None:
        wire.write(bytes(RECEIVE_LIMIT))
        await wire.read()

    async with listening(handle) as there:
        wire = await connect(there)
        await until(lambda: wire.unread >= RECEIVE_LIMIT)
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        await read_exactly(wire, RECEIVE_LIMIT)
        assert turns >= 10
        counting.cancel()
        await wire.close()


async def test_five_megabytes_both_ways_through_tls(
    ca_file: str, good: ServerTlsSettings, version: str
) -> None:
    data = os.urandom(5_000_000)
    async with listening(echo_over_tls(good)) as there:
        wire = await connect(there)
        await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)

        async def send() -> None:
            for start in range(0, len(data), 700_000):
                wire.write(data[start : start + 700_000])
                await wire.drain()

        sending = asyncio.create_task(send())
        assert await read_exactly(wire, len(data)) == data
        await sending
        await wire.close()


# TLS.


async def test_start_tls(ca_file: str, good: ServerTlsSettings, version: str) -> None:
    async def handle(wire: Wire) -> None:
        assert await wire.read() == b"<starttls/>"
        wire.write(b"<proceed/>")
        await wire.start_tls(good, "", server_side=True)
        await echo(wire)
        assert not wire.truncated

    async with listening(handle) as there:
        wire = await connect(there)
        wire.write(b"<starttls/>")
        assert await wire.read() == b"<proceed/>"
        facts = await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
        assert wire.tls is facts
        assert facts.version == version
        assert facts.verified
        wire.write(b"<a/>")
        assert await wire.read() == b"<a/>"
        wire.write_eof()
        assert await read_all(wire) == b""
        assert not wire.truncated
        await wire.close()


async def test_a_client_hello_that_is_there_before_the_server_is_ready(
    ca_file: str, good: ServerTlsSettings
) -> None:
    seen = 0

    async def handle(wire: Wire) -> None:
        nonlocal seen
        await until(lambda: wire.unread > 0)
        seen = wire.unread
        await wire.start_tls(good, "", server_side=True)
        await echo(wire)

    async with listening(handle) as there:
        wire = await connect(there)
        assert (await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)).verified
        assert seen > 100
        await wire.close()


async def test_data_in_the_same_flight_as_the_end_of_the_handshake(
    ca_file: str, good: ServerTlsSettings, version: str
) -> None:
    async def handle(wire: Wire) -> None:
        await wire.start_tls(good, "", server_side=True)
        wire.write(b"<greeting/>")
        await wire.read()

    async with listening(handle) as there:
        for _ in range(10):
            wire = await connect(there)
            await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
            assert await wire.read() == b"<greeting/>"
            await wire.close()


@pytest.mark.parametrize("wrong", ["name", "expired", "unknown authority", "self-signed"])
async def test_a_certificate_that_is_not_accepted_ends_the_connection(
    authority: trustme.CA, ca_file: str, version: str, wrong: str
) -> None:
    server = {
        "name": lambda: shop.issued(authority, "other.example"),
        "expired": lambda: shop.expired(authority, NAME),
        "unknown authority": lambda: shop.issued(trustme.CA(), NAME),
        "self-signed": lambda: shop.self_signed(NAME, []),
    }[wrong]()
    seen: list[str] = []

    async def handle(wire: Wire) -> None:
        try:
            await wire.start_tls(server, "", server_side=True)
            await wire.read()
        except ConnectionFailed as error:
            seen.append(error.problem.what)

    async with listening(handle) as there:
        wire = await connect(there)
        with pytest.raises(ConnectionFailed) as caught:
            await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
        assert caught.value.kind == "certificate"
        with pytest.raises(ConnectionFailed):
            wire.write(b"<auth>secret</auth>")
        await wire.close()
        await until(lambda: bool(seen))
    assert seen == ["the peer did not accept the certificate that this side showed"]


async def test_a_peer_that_never_answers_the_handshake(ca_file: str) -> None:
    async with raw_peer(lambda reader, writer: reader.read()) as there:  # type: ignore[arg-type,return-value]
        wire = await connect(there)
        started = time.perf_counter()
        with pytest.raises(ConnectionFailed) as caught:
            await wire.start_tls(TlsSettings(ca_file=ca_file), NAME, timeout=0.1)
        assert time.perf_counter() - started < 2
        assert caught.value.kind == "timeout"
        assert "0.1 s" in caught.value.problem.what
        await wire.close()


async def test_a_peer_that_closes_during_the_handshake(ca_file: str) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write_eof()
        await reader.read()

    async with raw_peer(handle) as there:
        wire = await connect(there)
        with pytest.raises(ConnectionFailed) as caught:
            await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
        assert caught.value.kind == "eof"
        await wire.close()


async def test_a_cancelled_handshake_leaves_nothing_to_write_to(ca_file: str) -> None:
    async with raw_peer(lambda reader, writer: reader.read()) as there:  # type: ignore[arg-type,return-value]
        wire = await connect(there)
        shaking = asyncio.create_task(wire.start_tls(TlsSettings(ca_file=ca_file), NAME))
        await asyncio.sleep(0.02)
        with pytest.raises(RuntimeError):
            wire.write(b"<auth>secret</auth>")
        shaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await shaking
        with pytest.raises(ConnectionFailed):
            wire.write(b"<auth>secret</auth>")
        await wire.close()


async def test_a_plain_text_answer_to_the_handshake(ca_file: str) -> None:
    async def handle(wire: Wire) -> None:
        await wire.read()
        wire.write(b"<stream:error><not-well-formed/></stream:error>")

    async with listening(handle) as there:
        wire = await connect(there)
        with pytest.raises(ConnectionFailed) as caught:
            await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
        assert caught.value.kind == "tls"
        assert "not TLS" in caught.value.problem.what
        await wire.close()


async def test_tls_twice_and_the_wrong_settings_are_mistakes(
    ca_file: str, good: ServerTlsSettings
) -> None:
    async with listening(echo_over_tls(good)) as there:
        wire = await connect(there)
        with pytest.raises(TypeError):
            await wire.start_tls(TlsSettings(), NAME, server_side=True)
        await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
        with pytest.raises(RuntimeError):
            await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
        await wire.close()


# How connections end.


async def test_an_end_without_close_notify_is_an_end_that_is_noted(
    ca_file: str, good: ServerTlsSettings, version: str
) -> None:
    async def handle(wire: Wire) -> None:
        await wire.start_tls(good, "", server_side=True)
        wire.write(b"<last/>")
        wire._connection.write_eof()
        await wire.read()

    async with listening(handle) as there:
        wire = await connect(there)
        await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
        assert await read_all(wire) == b"<last/>"
        assert wire.truncated
        await wire.close()


@pytest.mark.parametrize("secured", [False, True])
async def test_a_reset_is_told_as_one(ca_file: str, good: ServerTlsSettings, secured: bool) -> None:
    async def handle(wire: Wire) -> None:
        if secured:
            await wire.start_tls(good, "", server_side=True)
        assert await wire.read() == b"<a/>"
        await wire.close(abort=True)

    async with listening(handle) as there:
        wire = await connect(there)
        if secured:
            await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
        wire.write(b"<a/>")
        for _ in range(2):
            with pytest.raises(ConnectionFailed) as caught:
                await wire.read()
            assert caught.value.kind == "reset"
        with pytest.raises(ConnectionFailed):
            wire.write(b"<b/>")
        with pytest.raises(ConnectionFailed):
            await wire.drain()
        await wire.close()


async def test_the_last_words_before_a_cut_are_heard_though_a_write_finds_it_first() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(3)
        writer.write(b"<stream:error/>")
        await asyncio.sleep(0.05)  # bytes of ours are unread, so that closing resets

    async with raw_peer(handle) as there:
        wire = await connect(there)
        wire.write(b"<a/><b/>")
        # Without the event loop's turn the wire cannot see what arrives before it writes again.
        await asyncio.sleep(0)
        wire._connection._transport.pause_reading()
        await asyncio.sleep(0.2)
        wire.write(b"<c/>")
        wire.write(b"<d/>")
        assert await wire.read() == b"<stream:error/>"
        with pytest.raises(ConnectionFailed):
            await wire.read()
        await wire.close()


async def test_drain_does_not_wait_for_a_peer_that_is_gone() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(3)
        await asyncio.sleep(0.05)
        writer.transport.abort()

    async with raw_peer(handle) as there:
        wire = await connect(there)
        wire.write(bytes(20_000_000))
        with pytest.raises(ConnectionFailed):
            await asyncio.wait_for(wire.drain(), 5)
        await wire.close()


async def test_close_delivers_everything_though_the_peer_still_talks(
    ca_file: str, good: ServerTlsSettings
) -> None:
    got: list[bytes] = []

    async def handle(wire: Wire) -> None:
        await wire.start_tls(good, "", server_side=True)
        wire.write(bytes(3 * RECEIVE_LIMIT))  # never read by the other side
        got.append(await read_all(wire))
        assert not wire.truncated

    async with listening(handle) as there:
        wire = await connect(there)
        await wire.start_tls(TlsSettings(ca_file=ca_file), NAME)
        await asyncio.sleep(0.05)
        last = os.urandom(300_000)
        wire.write(last)
        started = time.perf_counter()
        await wire.close()
        assert time.perf_counter() - started < 0.8  # it did not run into the time limit
        await wire.close()
    assert got == [last]


async def test_close_does_not_wait_for_a_peer_that_never_does() -> None:
    async with raw_peer(lambda reader, writer: asyncio.sleep(30)) as there:
        wire = await connect(there)
        started = time.perf_counter()
        await wire.close()
        assert time.perf_counter() - started < 2.5


async def test_close_ends_a_read_that_waits() -> None:
    async with listening(echo) as there:
        wire = await connect(there)
        reading = asyncio.create_task(wire.read())
        await asyncio.sleep(0)
        await wire.close()
        assert await asyncio.wait_for(reading, 5) == b""


# Connecting.


async def test_a_refused_connection(unused_tcp_port: int) -> None:
    for host in ("127.0.0.1", "localhost", "xmpp.localhost"):
        with pytest.raises(ConnectionFailed) as caught:
            await connect(Target(host, unused_tcp_port, direct_tls=False, why=""))
        assert caught.value.kind == "refused"
        assert f"{host}:{unused_tcp_port}" in caught.value.problem.what
        assert caught.value.problem.cure


async def test_localhost_and_names_below_it_need_no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_dns(*args: object, **options: object) -> None:
        raise AssertionError("asked for a look-up")

    async with listening(echo) as there:
        monkeypatch.setattr(socket, "getaddrinfo", no_dns)
        for host in ("localhost", "xmpp.localhost", "LOCALHOST."):
            wire = await connect(Target(host, there.port, direct_tls=False, why=""))
            assert wire.peer == f"127.0.0.1:{there.port}"
            await wire.close()


async def test_a_host_that_cannot_be_one() -> None:
    with pytest.raises(ConnectionFailed) as caught:
        await connect(Target("a..b", 5222, direct_tls=False, why=""))
    assert caught.value.kind == "dns"


# Listening.


async def test_a_port_in_use_is_told(unused_tcp_port: int) -> None:
    listener = await listen("127.0.0.1", unused_tcp_port, echo)
    assert (listener.address, listener.port) == ("127.0.0.1", unused_tcp_port)
    with pytest.raises(ConnectionFailed) as caught:
        await listen("127.0.0.1", unused_tcp_port, echo)
    assert caught.value.kind == "listen"
    assert str(unused_tcp_port) in caught.value.problem.what
    await listener.close()


async def test_closing_a_listener_ends_its_wires_and_its_port() -> None:
    ended: list[str] = []

    async def handle(wire: Wire) -> None:
        try:
            await wire.read()
        finally:
            ended.append(wire.peer)

    listener = await listen("127.0.0.1", 0, handle)
    wires = [await connect(target(listener)) for _ in range(3)]
    await asyncio.sleep(0.02)
    await listener.close()
    assert len(ended) == 3
    for wire in wires:
        with pytest.raises(ConnectionFailed):
            await wire.read()
        await wire.close()
    with pytest.raises(ConnectionFailed, match="refused"):
        await connect(target(listener))
    await listener.close()


async def test_what_a_handler_raises_is_not_lost() -> None:
    errors: list[Exception] = []

    async def handle(wire: Wire) -> None:
        raise ValueError("broken handler")

    listener = await listen("127.0.0.1", 0, handle, on_error=errors.append)
    wire = await connect(target(listener))
    assert await wire.read() == b""
    await wire.close()
    await listener.close()
    assert [str(error) for error in errors] == ["broken handler"]


async def test_without_a_taker_the_event_loop_gets_what_a_handler_raises() -> None:
    contexts: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: contexts.append(context))

    async def handle(wire: Wire) -> None:
        raise ValueError("broken handler")

    listener = await listen("127.0.0.1", 0, handle)
    wire = await connect(target(listener))
    assert await wire.read() == b""
    await wire.close()
    await listener.close()
    assert [str(context["exception"]) for context in contexts] == ["broken handler"]
