from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import pytest

from xmppshell.network import happy_eyeballs
from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.happy_eyeballs import open_socket

SIX, FOUR = socket.AF_INET6, socket.AF_INET


@pytest.fixture
def listener() -> Any:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def look_up_gives(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[Any, Any]) -> None:
    async def fake(name: str, port: int) -> list[Any]:
        return list(addresses)

    monkeypatch.setattr(happy_eyeballs, "_look_up", fake)


async def test_a_refused_address_gives_way_to_the_next_at_once(
    listener: socket.socket, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happy_eyeballs, "DELAY", 5.0)
    refused = (FOUR, ("127.0.0.1", unused_tcp_port))
    look_up_gives(monkeypatch, refused, (FOUR, listener.getsockname()))
    started = time.perf_counter()
    with await open_socket("example.org", 5222) as sock:
        assert sock.getpeername() == listener.getsockname()
    assert time.perf_counter() - started < 1


async def test_a_silent_address_is_overtaken(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(happy_eyeballs, "DELAY", 0.05)
    real = happy_eyeballs._try
    cancelled = []

    async def slow(family: Any, address: Any) -> socket.socket:
        if address == "silent":
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                cancelled.append(address)
                raise
        return await real(family, address)

    monkeypatch.setattr(happy_eyeballs, "_try", slow)
    look_up_gives(monkeypatch, (SIX, "silent"), (FOUR, listener.getsockname()))
    started = time.perf_counter()
    with await open_socket("example.org", 5222):
        elapsed = time.perf_counter() - started
    await asyncio.sleep(0)
    assert 0.04 < elapsed < 1
    assert cancelled == ["silent"]


@pytest.mark.parametrize("late", ["in the same turn", "in spite of being cancelled"])
async def test_only_the_winners_socket_stays_open(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    made: list[socket.socket] = []
    both_made = asyncio.Event()
    real = happy_eyeballs._try

    async def meet(family: Any, address: Any) -> socket.socket:
        sock = await real(family, listener.getsockname())
        made.append(sock)
        if len(made) == 2:
            both_made.set()
        try:
            await both_made.wait()
            if late == "in spite of being cancelled" and address == "second":
                await asyncio.sleep(30)
        except asyncio.CancelledError:
            pass
        return sock

    monkeypatch.setattr(happy_eyeballs, "_try", meet)
    monkeypatch.setattr(happy_eyeballs, "DELAY", 0.001)
    look_up_gives(monkeypatch, (FOUR, "first"), (FOUR, "second"))
    with await open_socket("example.org", 5222) as winner:
        await asyncio.sleep(0.01)
        assert len(made) == 2
        assert [sock for sock in made if sock.fileno() != -1] == [winner]


async def test_the_most_telling_error_is_reported(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(family: Any, address: Any) -> socket.socket:
        raise address

    monkeypatch.setattr(happy_eyeballs, "_try", fail)
    unreachable = (SIX, OSError(101, "Network is unreachable"))
    refused = (FOUR, ConnectionRefusedError(111, "refused"))
    timeout = (FOUR, TimeoutError(110, "timed out"))
    for addresses, kind in (
        ((unreachable, refused, timeout), "refused"),
        ((unreachable, timeout), "timeout"),
        ((unreachable,), "unreachable"),
    ):
        look_up_gives(monkeypatch, *addresses)
        with pytest.raises(ConnectionFailed) as caught:
            await open_socket("example.org", 5222)
        assert caught.value.kind == kind
        assert "example.org:5222" in caught.value.problem.what


def test_families_take_turns() -> None:
    addresses: list[Any] = [(SIX, 1), (SIX, 2), (SIX, 3), (FOUR, 4), (FOUR, 5)]
    order = [address for _, address in happy_eyeballs._interleave(addresses)]
    assert order == [1, 4, 2, 5, 3]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "there is no host named"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "Temporary"),
    ],
)
async def test_a_look_up_that_fails(
    error: socket.gaierror, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConnectionFailed) as caught:
        await open_socket("example.org", 5222)
    assert caught.value.kind == "dns"
    assert words in caught.value.problem.what


def test_leaving_does_not_wait_for_slow_name_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    real = socket.getaddrinfo

    def slow(name: str, *args: Any, **options: Any) -> Any:
        if options.get("flags") == socket.AI_NUMERICHOST:
            return real(name, *args, **options)
        release.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "slow")

    monkeypatch.setattr(socket, "getaddrinfo", slow)

    async def give_up() -> None:
        async with asyncio.timeout(0.05):
            await open_socket("example.org", 5222)

    started = time.perf_counter()
    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert time.perf_counter() - started < 2
    release.set()


async def test_the_addresses_of_a_host_are_given_as_numbers() -> None:
    assert await happy_eyeballs.numeric_addresses("localhost") == ["::1", "127.0.0.1"]
    assert await happy_eyeballs.numeric_addresses("127.0.0.2") == ["127.0.0.2"]
    with pytest.raises(ConnectionFailed) as caught:
        await happy_eyeballs.numeric_addresses("a..b")
    assert caught.value.kind == "dns"
