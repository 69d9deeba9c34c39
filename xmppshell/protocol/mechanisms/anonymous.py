"""ANONYMOUS (RFC 4505): no credentials; the server makes up who it is (XEP-0175)."""

from __future__ import annotations

from .base import Accounts, ClientMechanism, Reply


class AnonymousClient(ClientMechanism):
    """The client's end; it leaves no trace information."""

    name = "ANONYMOUS"

    def first(self) -> bytes | None:
        """Return nothing, as the initial response."""
        return b""


class AnonymousServer:
    """The server's end: everybody is let in as somebody new."""

    name = "ANONYMOUS"

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self.username = ""

    def receive(self, response: bytes) -> Reply:
        """Take the trace information, which is not used, and let the client in."""
        self.username = self._accounts.guest()
        return Reply(None, done=True)
