"""The messages of SCRAM, taken apart and put together (RFC 5802 5, 7)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

_ATTRIBUTE_AND_EQUALS = 2


@dataclass(frozen=True, slots=True)
class ServerFirst:
    """What a server answers first; `hash` is the attribute `h` of XEP-0474, if there is one.

    `iterations` is the text of the count: a number of any length is no reason to compute it.
    """

    nonce: str
    salt: bytes
    iterations: str
    hash: str | None


class ScramMessageError(ValueError):
    """A message is not as the grammar of RFC 5802 7 has it; the text says what is wrong."""


def attributes(message: str) -> dict[str, str]:
    """Return the attributes of a message in their order; raises `ScramMessageError`."""
    found: dict[str, str] = {}
    for part in message.split(","):
        name, value = part[:1], part[_ATTRIBUTE_AND_EQUALS:]
        if not (name.isascii() and name.isalpha() and part[1:2] == "=" and value):
            raise ScramMessageError("it is not a list of attributes with values")
        if name in found:
            raise ScramMessageError(f"it has the attribute {name} twice")
        if name == "m":
            raise ScramMessageError("it needs an extension that is not known here (m)")
        found[name] = value
    return found


def read_server_first(message: str) -> ServerFirst:
    """Take the server's first message apart; raises `ScramMessageError`."""
    found = _expected(message, "rsi")
    return ServerFirst(found["r"], unbase64(found["s"]), found["i"], found.get("h"))


def read_signature(message: str) -> bytes:
    """Return the signature in the server's final message; raises `ScramMessageError`."""
    return unbase64(_expected(message, "v")["v"])


def read_client_final(message: str) -> tuple[str, dict[str, str]]:
    """Return the client's final message without its proof, and all of its attributes.

    Raises `ScramMessageError`.
    """
    found = _expected(message, "cr")
    if list(found)[-1] != "p":
        raise ScramMessageError("it does not end with a proof")
    return message.rpartition(",")[0], found


def _expected(message: str, begins: str) -> dict[str, str]:
    found = attributes(message)
    if "e" in found:
        raise ScramMessageError(f"it is the error {found['e']}")
    if "".join(found)[: len(begins)] != begins:
        wanted = ", ".join(begins)
        raise ScramMessageError(f"it does not begin with {wanted}")
    return found


def base64_text(data: bytes) -> str:
    """Return the base64 of `data`."""
    return base64.b64encode(data).decode("ascii")


def unbase64(text: str) -> bytes:
    """Return what strict base64 stands for; raises `ScramMessageError`."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScramMessageError("a value is not base64") from error


def is_nonce(text: str) -> bool:
    """Say whether `text` is a nonce by the grammar: printable ASCII without a comma."""
    return bool(text) and all("!" <= character <= "~" and character != "," for character in text)
