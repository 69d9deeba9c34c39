"""PLAIN (RFC 4616): identity, name and password in one payload, readable to the peer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..problem import Problem
from .base import Accounts, ClientMechanism, Reply, SaslRefusedError

if TYPE_CHECKING:
    from ..credentials import Credentials


class PlainClient(ClientMechanism):
    """The client's end: one payload, and nothing that the server proves."""

    name = "PLAIN"

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def first(self) -> bytes | None:
        """Return `authzid NUL username NUL password`."""
        parts = (
            self._credentials.authzid,
            self._credentials.username,
            self._credentials.password,
        )
        return "\0".join(parts).encode()


class PlainServer:
    """The server's end."""

    name = "PLAIN"

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self.username = ""

    def receive(self, response: bytes) -> Reply:
        """Check the password; raises `SaslRefusedError` with the condition to answer."""
        try:
            authzid, username, password = response.decode().split("\0")
        except ValueError as error:
            raise SaslRefusedError(
                Problem("the PLAIN payload is not three parts divided by NUL"),
                "malformed-request",
            ) from error
        if authzid and authzid.partition("@")[0] != username:
            raise SaslRefusedError(Problem("one user asked to act as another"), "invalid-authzid")
        if not self._accounts.password_is(username, password):
            raise SaslRefusedError(Problem("the name or the password is wrong"))
        self.username = username
        return Reply(None, done=True)
