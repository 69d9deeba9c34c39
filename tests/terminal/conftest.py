"""Fixtures of the tests in a terminal."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest


class SilentServer:
    """Listens on `port` of loopback, accepts every connection and never says a word."""

    def __init__(self) -> None:
        self._accepted: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                self._accepted.append(self._listener.accept()[0])
            except OSError:
                return

    def hang_up(self) -> None:
        """Close every connection."""
        while self._accepted:
            self._accepted.pop().close()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self.hang_up()


@pytest.fixture
def silent_server() -> Iterator[SilentServer]:
    """Run a server that says nothing."""
    server = SilentServer()
    yield server
    server.stop()
