"""Moves as text for the prompt, with their secrets left out, and the secrets put back."""

from __future__ import annotations

import re

from ..protocol.moves import BeginTls, GiveUp, Move, Send
from ..transcript.redaction import redact

_PAYLOAD = re.compile(r">([^<]+)<")
_REDACTED = "[redacted]"


def draft(move: Move) -> str:
    """Return the text of a move for the prompt, with `$sasl` in the place of a secret payload."""
    if isinstance(move, Send):
        return redact(move.data.decode()).replace(_REDACTED, "$sasl")
    if isinstance(move, BeginTls):
        return "(the TLS handshake)"
    if isinstance(move, GiveUp) and move.problem is not None:
        return f"(give up: {move.problem.what})"
    return ""


def secret_payload(move: Move | None) -> str:
    """Return what `$sasl` stands for while `move` is the one proposed, or ""."""
    if not isinstance(move, Send) or _REDACTED not in redact(move.data.decode()):
        return ""
    payload = _PAYLOAD.search(move.data.decode())
    return payload.group(1) if payload else ""
