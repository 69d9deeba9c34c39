"""SASL payloads as XML carries them: strict base64, where `=` stands for nothing."""

from __future__ import annotations

import base64
import binascii

from ..mechanisms import SaslRefusedError
from ..problem import Problem


def encode(payload: bytes) -> str:
    """Return the base64 of `payload`, "" for nothing."""
    return base64.b64encode(payload).decode("ascii")


def encode_initial(payload: bytes | None) -> str:
    """Return an initial response: "" for none, `=` for one of no bytes (RFC 6120 6.4.2)."""
    return "" if payload is None else encode(payload) or "="


def decode(text: str) -> bytes:
    """Return what `text` stands for; raises `SaslRefusedError` if it is not base64."""
    if text in ("", "="):
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SaslRefusedError(
            Problem(
                "a SASL payload is not base64",
                "white space or a wrong character inside it",
                "encode the payload without line breaks",
                "RFC 6120 6.5.5",
            ),
            "incorrect-encoding",
        ) from error


def decode_optional(text: str) -> bytes | None:
    """Return what `text` stands for, or None if it is empty or not base64."""
    if not text:
        return None
    try:
        return decode(text)
    except SaslRefusedError:
        return None
