"""What a SASL exchange says and what it proves: payloads field by field, and the sums redone.

`explain` takes a payload apart; `check` computes SCRAM's values again from the password, apart
from the library that made them, and compares (RFC 5802 3). Secret values are masked here, so
that no caller can show them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .saslprep import saslprep
from .states import Speaker

MASK: Final = "[hidden]"


@dataclass(frozen=True, slots=True)
class Field:
    """One part of a payload: its name as the standard has it, its value, and what it is for.

    A secret value is `MASK`.
    """

    name: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was computed again: `right` says whether it agrees with the exchange."""

    what: str
    right: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Payload:
    """One decoded payload of an exchange, and who sent it."""

    speaker: Speaker
    data: bytes


_SCRAM_FIELDS: Final = {
    "a": ("authzid", "the identity to act as, when it is not the user's own", False),
    "n": ("user name", "whose password this is about", False),
    "m": ("extension", "an extension that must be understood", False),
    "r": ("nonce", "fresh random text of both sides: makes each exchange its own", False),
    "s": ("salt", "makes equal passwords differ in the server's store", False),
    "i": ("iterations", "how many rounds of PBKDF2 slow down whoever guesses", False),
    "c": ("channel binding", "the first header again, and what ties this to the TLS", False),
    "p": ("client proof", "proves that the client knows the password, without saying it", True),
    "v": ("server signature", "proves that the server knows it too", False),
    "e": ("error", "why the server refuses", False),
    "h": ("offer hash", "a hash of all that was offered: shows a downgrade (XEP-0474)", False),
}
_CHANNEL_BINDING: Final = {
    "n": "the client does not bind to the TLS channel",
    "y": "the client could bind, and believes that the server cannot",
    "p": "the client binds to the TLS channel with this type",
}


def explain(mechanism: str, speaker: Speaker, step: int, data: bytes) -> tuple[Field, ...]:
    """Return the fields of a decoded payload; `step` counts this speaker's payloads from 0.

    What cannot be read is one field that says so; nothing is raised.
    """
    if not data:
        return (Field("empty", "", "nothing is said in this step"),)
    if mechanism.startswith("HT-"):
        return _hashed_token(speaker, data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return (Field("bytes", MASK, f"{len(data)} bytes that are not UTF-8"),)
    if mechanism.startswith("SCRAM-"):
        return _scram(text, client_first=speaker is Speaker.CLIENT and step == 0)
    if speaker is Speaker.SERVER:
        return (
            (Field("text", text, "what the server adds"),)
            if mechanism != "OAUTHBEARER"
            else (_oauth_error(text))
        )
    readers = {"PLAIN": _plain, "OAUTHBEARER": _oauth, "EXTERNAL": _external}
    if mechanism in readers:
        return readers[mechanism](text)
    if mechanism == "ANONYMOUS":
        return (Field("trace", text, "any word by which the guest may be told apart"),)
    return (Field("payload", MASK, f"{len(data)} bytes; {mechanism} is not known here"),)


def _plain(text: str) -> tuple[Field, ...]:
    parts = text.split("\0")
    if len(parts) != 3:
        return (Field("payload", MASK, "not three parts divided by NUL, as PLAIN has them"),)
    return (
        Field("authzid", parts[0], "the identity to act as; empty for the user's own"),
        Field("user name", parts[1], "who signs in"),
        Field("password", MASK, "readable by whoever reads the stream: base64 hides nothing"),
    )


def _hashed_token(speaker: Speaker, data: bytes) -> tuple[Field, ...]:
    if speaker is Speaker.SERVER:
        return (Field("proof", MASK, "an HMAC with the token: the server has it, too"),)
    name, nul, _ = data.partition(b"\0")
    if not nul:
        return (Field("payload", MASK, "not two parts divided by NUL, as HT mechanisms have them"),)
    return (
        Field("user name", name.decode("utf-8", "replace"), "who signs in"),
        Field("proof", MASK, "an HMAC with the token and the channel binding, if there is one"),
    )


def _external(text: str) -> tuple[Field, ...]:
    return (Field("authzid", text, "the identity to act as; the certificate proves it"),)


def _oauth(text: str) -> tuple[Field, ...]:
    fields = []
    for part in text.split("\x01"):
        key, equals, _ = part.partition("=")
        if part.startswith(("n,", "y,", "p=")):
            fields.append(Field("gs2 header", part, "channel binding and identity to act as"))
        elif key == "auth":
            fields.append(Field("auth", MASK, "the bearer token: whoever has it is let in"))
        elif equals:
            fields.append(Field(key, part[len(key) + 1 :], "where the token is meant for"))
    return tuple(fields) or (Field("payload", "\\x01", "the client ends a failed exchange"),)


def _oauth_error(text: str) -> tuple[Field, ...]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return (Field("text", text, "what the server adds"),)
    return tuple(
        Field(str(key), str(value), "why the token was refused (RFC 7628 3.2.2)")
        for key, value in found.items()
    )


def _scram(text: str, *, client_first: bool) -> tuple[Field, ...]:
    fields: list[Field] = []
    if client_first:
        flag, _, rest = text.partition(",")
        authzid, _, text = rest.partition(",")
        meaning = _CHANNEL_BINDING.get(flag[:1], "not a gs2 header")
        fields.append(Field("gs2 flag", flag, meaning))
        if authzid:
            fields.append(Field("a: authzid", authzid[2:], _SCRAM_FIELDS["a"][1]))
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals or key not in _SCRAM_FIELDS:
            fields.append(Field(key or "?", value, "not a known attribute of SCRAM"))
            continue
        name, meaning, secret = _SCRAM_FIELDS[key]
        fields.append(Field(f"{key}: {name}", MASK if secret else _shown(key, value), meaning))
    return tuple(fields)


def _shown(key: str, value: str) -> str:
    if key != "c":
        return value
    try:
        header, comma, binding = base64.b64decode(value, validate=True).partition(b",,")
    except (binascii.Error, ValueError):
        return value
    bound = f" and {len(binding)} bytes of channel binding" if binding else ""
    return (header + comma).decode("utf-8", "replace") + bound


# The sums of SCRAM, done again.


def check(mechanism: str, payloads: Sequence[Payload], password: str) -> tuple[Check, ...]:
    """Compute the proof and the signature of a SCRAM exchange again and compare them.

    Takes the payloads in order, as far as the exchange came; gives nothing for other mechanisms
    or too few payloads.
    """
    digest = _digest(mechanism)
    texts = [payload.data.decode("utf-8", "replace") for payload in payloads]
    if digest is None or len(texts) < 3:
        return ()
    client_first, server_first, client_final, *rest = texts
    bare = client_first.split(",", 2)[-1]
    without_proof, _, proof = client_final.rpartition(",p=")
    first, final = _attributes(server_first), _attributes(client_final)
    mine = _attributes(bare).get("r", "")
    checks = [
        Check(
            "the nonces",
            bool(mine)
            and first.get("r", "").startswith(mine)
            and first.get("r") != mine
            and first.get("r") == final.get("r"),
            "the server's nonce goes on where the client's ends: no old exchange is played again",
        )
    ]
    try:
        salted = hashlib.pbkdf2_hmac(
            digest,
            _prepared(password),
            base64.b64decode(first["s"], validate=True),
            int(first["i"]),
        )
    except (KeyError, ValueError):
        return tuple(checks)
    message = f"{bare},{server_first},{without_proof}".encode()
    client_key = hmac.digest(salted, b"Client Key", digest)
    stored_key = hashlib.new(digest, client_key).digest()
    signature = hmac.digest(stored_key, message, digest)
    expected = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    checks.append(
        Check(
            "the client proof",
            _same(proof, expected),
            "ClientKey XOR HMAC(StoredKey, AuthMessage): only who knows the password makes it",
        )
    )
    server_final = next((t for t in rest if t.startswith("v=")), None)
    if server_final is not None:
        server_key = hmac.digest(salted, b"Server Key", digest)
        checks.append(
            Check(
                "the server signature",
                _same(server_final[2:].split(",")[0], hmac.digest(server_key, message, digest)),
                "HMAC(ServerKey, AuthMessage): the server has this account's keys",
            )
        )
    return tuple(checks)


def _digest(mechanism: str) -> str | None:
    name = mechanism.removesuffix("-PLUS")
    return {
        "SCRAM-SHA-1": "sha1",
        "SCRAM-SHA-256": "sha256",
        "SCRAM-SHA-512": "sha512",
    }.get(name)


def _attributes(message: str) -> dict[str, str]:
    parts = (part.partition("=") for part in message.split(","))
    return {key: value for key, _, value in parts}


def _prepared(password: str) -> bytes:
    """Return the password as SCRAM hashes it (SASLprep, RFC 4013)."""
    return saslprep(password).encode()


def _same(text: str, expected: bytes) -> bool:
    try:
        return hmac.compare_digest(base64.b64decode(text, validate=True), expected)
    except (binascii.Error, ValueError):
        return False
