"""The first address of a host that takes a connection (RFC 8305)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
from typing import Any

from . import failures
from .hostname import is_localhost, to_ascii

DELAY = 0.25
"""Seconds until the next address is tried beside those still trying (RFC 8305 8)."""

Address = tuple[socket.AddressFamily, Any]


async def open_socket(host: str, port: int) -> socket.socket:
    """Look up `host` and return the connected, non-blocking socket of the first to answer.

    Raises ConnectionFailed (kind "dns" or that of the most telling refusal).
    """
    return await _race(host, port, await _addresses(host, port))


async def numeric_addresses(host: str) -> list[str]:
    """Return the IP addresses of `host`, each once. Raises ConnectionFailed (kind "dns")."""
    return list(dict.fromkeys(address[0] for _, address in await _addresses(host, 0)))


async def _addresses(host: str, port: int) -> list[Address]:
    try:
        name = to_ascii(host)
    except ValueError:
        raise failures.bad_name(host) from None
    try:
        return await _look_up(name, port)
    except OSError as error:
        raise failures.lookup_failed(host, error) from error


async def _look_up(name: str, port: int) -> list[Address]:
    if is_localhost(name):
        # Not a matter for DNS (RFC 6761 6.3), and not every resolver knows that.
        return [(socket.AF_INET6, ("::1", port)), (socket.AF_INET, ("127.0.0.1", port))]
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = await _getaddrinfo(name, port)
    return _interleave([(family, address) for family, _, _, _, address in found])


async def _getaddrinfo(name: str, port: int) -> list[Any]:
    """Ask the system in a thread of its own.

    Not in the loop's executor: leaving the program would then wait for slow name servers.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def settle(result: list[Any] | OSError) -> None:
        if answer.done():
            return
        if isinstance(result, OSError):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    def ask() -> None:
        result: list[Any] | OSError
        try:
            result = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except OSError as error:
            result = error
        with contextlib.suppress(RuntimeError):  # nobody waits any more: the loop is closed
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=ask, name=f"look up {name}", daemon=True).start()
    return await answer


def _interleave(addresses: list[Address]) -> list[Address]:
    """Alternate the address families, keeping the order within each (RFC 8305 4)."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    second = [address for address in addresses if address[0] != addresses[0][0]]
    pairs = itertools.zip_longest(first, second)
    return [address for pair in pairs for address in pair if address is not None]


async def _race(host: str, port: int, addresses: list[Address]) -> socket.socket:
    waiting = list(addresses)
    trying: set[asyncio.Task[socket.socket]] = set()
    errors: list[OSError] = []
    winner: socket.socket | None = None
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.create_task(_try(*waiting.pop(0))))
            done, trying = await asyncio.wait(
                trying,
                timeout=DELAY if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                error = task.exception()
                if error is None and winner is None:
                    winner = task.result()
                elif error is None:
                    task.result().close()
                elif isinstance(error, OSError):
                    errors.append(error)
                else:
                    raise error
            if winner is not None:
                return winner
    finally:
        for task in trying:
            task.cancel()
            task.add_done_callback(_close_late)
    raise failures.connect_failed(host, port, errors)


def _close_late(task: asyncio.Task[socket.socket]) -> None:
    """Close the socket of an attempt that succeeded just as another had won."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def _try(family: socket.AddressFamily, address: Any) -> socket.socket:
    # With the protocol spelled out asyncio sets TCP_NODELAY, and only then.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock
