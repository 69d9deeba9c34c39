"""The sums of SCRAM (RFC 5802 3): from a password to keys, and from keys to proof and signature.

SaltedPassword = PBKDF2-HMAC(password, salt, iterations)
ClientKey      = HMAC(SaltedPassword, "Client Key")     StoredKey = H(ClientKey)
ServerKey      = HMAC(SaltedPassword, "Server Key")
ClientProof    = ClientKey XOR HMAC(StoredKey, AuthMessage)
ServerSignature = HMAC(ServerKey, AuthMessage)
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from ..saslprep import saslprep

DIGESTS: Final = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
"""The hash function of each mechanism, by its name without -PLUS."""


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """What a client makes of its password for one salt and iteration count."""

    digest: str
    client_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    @property
    def stored_key(self) -> bytes:
        """What a server keeps instead of the client key: its hash."""
        return hashlib.new(self.digest, self.client_key).digest()

    def proof(self, auth_message: bytes) -> bytes:
        """Return the proof that the client knows the password."""
        return _xor(self.client_key, sign(self.digest, self.stored_key, auth_message))


def client_keys(digest: str, password: str, salt: bytes, iterations: int) -> ClientKeys:
    """Return the keys; takes time by the iterations. Raises ValueError as `saslprep` does."""
    salted = hashlib.pbkdf2_hmac(digest, saslprep(password).encode(), salt, iterations)
    return ClientKeys(
        digest, sign(digest, salted, b"Client Key"), sign(digest, salted, b"Server Key")
    )


def sign(digest: str, key: bytes, message: bytes) -> bytes:
    """Return the HMAC of `message`; with the server key, that is the server's signature."""
    return hmac.digest(key, message, digest)


def proof_is_right(digest: str, stored_key: bytes, auth_message: bytes, proof: bytes) -> bool:
    """Say whether a client's proof belongs to the stored key."""
    signature = sign(digest, stored_key, auth_message)
    if len(proof) != len(signature):
        return False
    client_key = _xor(proof, signature)
    return hmac.compare_digest(hashlib.new(digest, client_key).digest(), stored_key)


def server_keys(
    mechanism: str, password: str, salt: bytes, iterations: int
) -> tuple[bytes, bytes, bytes, int]:
    """Return what a server keeps of a password: salt, stored key, server key, iterations.

    `mechanism` is one of `DIGESTS`. Raises ValueError as `saslprep` does.
    """
    keys = client_keys(DIGESTS[mechanism], password, salt, iterations)
    return salt, keys.stored_key, keys.server_key, iterations


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
