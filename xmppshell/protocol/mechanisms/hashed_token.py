"""The Hashed Token mechanisms, with which FAST signs in (draft-schmaus-kitten-sasl-ht-08).

One message each way: the client says its name and an HMAC with the token as the key, the server
answers with another. The hash and the channel binding stand in the mechanism's name, such as
`HT-SHA-256-EXPR`; each token is good for one mechanism only (XEP-0484).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Final

from ..channel import TLS_EXPORTER, TLS_SERVER_END_POINT, TLS_UNIQUE
from ..problem import Problem
from .base import ClientMechanism, Reply, SaslRefusedError

if TYPE_CHECKING:
    from ..channel import ChannelBinding
    from ..credentials import FastToken

BINDINGS: Final = {
    "EXPR": TLS_EXPORTER,
    "UNIQ": TLS_UNIQUE,
    "ENDP": TLS_SERVER_END_POINT,
    "NONE": "",
}
"""The channel bindings by the last part of a mechanism's name, the best first; NONE has none."""

HASHES: Final = {"SHA-256": "sha256", "SHA-512": "sha512", "SHA3-512": "sha3_512"}
"""The hashes by the middle part of a mechanism's name, the preferred first."""

_NAME = re.compile(r"HT-(.+)-([A-Z]+)")
_CLIENT, _SERVER = b"Initiator", b"Responder"


def parts_of(name: str) -> tuple[str, str] | None:
    """Return hash and type of channel binding ("" for none) of a mechanism; None if unknown."""
    match = _NAME.fullmatch(name)
    if match is None or match[1] not in HASHES or match[2] not in BINDINGS:
        return None
    return HASHES[match[1]], BINDINGS[match[2]]


def best_of(offered: Iterable[str], bindings: Collection[str]) -> str | None:
    """Return the best mechanism of those offered, or None.

    `bindings` are the types of channel binding that this connection has; one that binds is better
    than one that does not (XEP-0484, security considerations).
    """
    names = set(offered)
    for binding, kind in BINDINGS.items():
        for hash_name in HASHES:
            name = f"HT-{hash_name}-{binding}"
            if name in names and (not kind or kind in bindings):
                return name
    return None


class HashedTokenClient(ClientMechanism):
    """The client's end; `binding` is the channel binding that the mechanism's name tells of."""

    def __init__(
        self, username: str, token: FastToken, binding: ChannelBinding | None = None
    ) -> None:
        self.name = token.mechanism
        self.binding = binding
        self._username = username
        self._token = token

    def first(self) -> bytes:
        """Return the name, NUL and the proof that this side has the token."""
        return self._username.encode() + b"\0" + self._mac(_CLIENT)

    def finish(self, data: bytes | None) -> bool:
        """Verify that the server has the token, too; raises SaslRefusedError if it has not."""
        if data is None or not hmac.compare_digest(data, self._mac(_SERVER)):
            raise SaslRefusedError(
                Problem(
                    "the server said success without proving that it knows the token",
                    "an impostor, or a server that does not follow the specification",
                    "do not trust this connection; check the certificate with /tls",
                    "XEP-0484",
                )
            )
        return True

    def _mac(self, who: bytes) -> bytes:
        binding = self.binding.data if self.binding is not None else b""
        return proof(self.name, self._token.token, who, binding)


class HashedTokenServer:
    """The server's end.

    `tokens_of` gives the tokens that a user name may sign in with by this mechanism; `binding` is
    the data of the channel binding, empty where there is none. `token` is the one that was used,
    once `receive` has returned.
    """

    def __init__(
        self, name: str, tokens_of: Callable[[str], Iterable[str]], binding: bytes = b""
    ) -> None:
        self.name = name
        self.username = ""
        self.token = ""
        self._tokens_of = tokens_of
        self._binding = binding

    def receive(self, response: bytes) -> Reply:
        """Take the one message; raises SaslRefusedError with the condition to answer."""
        username, separator, claimed = response.partition(b"\0")
        try:
            self.username = username.decode()
        except UnicodeDecodeError:
            separator = b""
        if not (separator and username):
            raise SaslRefusedError(
                Problem("the message is not a name and a proof divided by NUL"),
                "malformed-request",
            )
        for token in self._tokens_of(self.username):
            if hmac.compare_digest(claimed, proof(self.name, token, _CLIENT, self._binding)):
                self.token = token
                return Reply(proof(self.name, token, _SERVER, self._binding), done=True)
        raise SaslRefusedError(Problem("the token is unknown, or bound to another channel"))


def proof(mechanism: str, token: str, who: bytes, binding: bytes) -> bytes:
    """Return the HMAC with which one side, `Initiator` or `Responder`, proves that it has `token`.

    Raises KeyError for a mechanism that is not known here.
    """
    parts = parts_of(mechanism)
    if parts is None:
        raise KeyError(mechanism)
    return hmac.digest(token.encode(), who + binding, parts[0])
