"""OAUTHBEARER (RFC 7628): an OAuth 2.0 access token instead of a password."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ..problem import Problem
from .base import Accounts, ClientMechanism, Reply, SaslRefusedError
from .gs2 import Gs2Header, split_header

if TYPE_CHECKING:
    from ..credentials import Credentials

SEPARATOR: Final = "\x01"
"""What divides the parts of the payload; alone, it acknowledges the server's error."""

_SCHEME: Final = "auth=Bearer "
_REFERENCE: Final = "RFC 7628 3.2.2"


class OAuthBearerClient(ClientMechanism):
    """The client's end; the password of `credentials` is the token, `identity` the bare JID."""

    name = "OAUTHBEARER"

    def __init__(self, credentials: Credentials, identity: str) -> None:
        self._token = credentials.password
        self._identity = identity
        self._failure: Problem | None = None

    def first(self) -> bytes | None:
        """Return the token with the identity (RFC 7628 3.1)."""
        header = Gs2Header(authzid=self._identity)
        return SEPARATOR.join([str(header), _SCHEME + self._token, "", ""]).encode()

    def respond(self, challenge: bytes) -> bytes:
        """Take the server's error and acknowledge it, which the server needs before it fails."""
        if not challenge:
            first = self.first()
            assert first is not None
            return first
        self._failure = _explained(challenge)
        return SEPARATOR.encode()

    def failure(self, condition: str, text: str = "") -> Problem | None:
        """Say what the server's error object said."""
        return self._failure


class OAuthBearerServer:
    """The server's end; what is wrong with a token is told as a challenge, in JSON."""

    name = "OAUTHBEARER"

    def __init__(self, accounts: Accounts, domain: str) -> None:
        self._accounts = accounts
        self._domain = domain
        self._refused = False
        self.username = ""

    def receive(self, response: bytes) -> Reply:
        """Check the token; raises `SaslRefusedError` after the client acknowledged the error."""
        if self._refused:
            raise SaslRefusedError(Problem("the token is not valid"))
        try:
            header, rest = split_header(response.decode())
            pairs = rest.strip(SEPARATOR).split(SEPARATOR)
            (token,) = [pair.removeprefix(_SCHEME) for pair in pairs if pair.startswith(_SCHEME)]
        except ValueError as error:
            raise SaslRefusedError(
                Problem("the OAUTHBEARER payload has no bearer token"), "malformed-request"
            ) from error
        owner = self._accounts.token_owner(token)
        if owner is None:
            self._refused = True
            return Reply(json.dumps({"status": "invalid_token"}).encode())
        if header.authzid not in ("", owner, f"{owner}@{self._domain}"):
            raise SaslRefusedError(Problem("the token is somebody else's"), "invalid-authzid")
        self.username = owner
        return Reply(None, done=True)


def _explained(challenge: bytes) -> Problem:
    """Put the server's error object into words (RFC 7628 3.2.2)."""
    try:
        told = json.loads(challenge)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return Problem(
            "the server refused the token, and its reason is not the JSON object that is due",
            "a broken server, or not OAUTHBEARER at all",
            "look at the exchange with /show",
            _REFERENCE,
        )
    status = str(told.get("status", "no status"))
    extras = [f"{key} {told[key]}" for key in ("scope", "openid-configuration") if told.get(key)]
    return Problem(
        f"the server refused the token: {status}" + "".join(f" ({each})" for each in extras),
        "the token has expired, was revoked, or lacks a scope"
        if status in ("invalid_token", "insufficient_scope")
        else "the word is the server's own",
        "get a new token; it is taken from where passwords come from (--password-command)",
        _REFERENCE,
    )
