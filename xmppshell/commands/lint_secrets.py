"""Findings of the lint as they may be shown: without the secrets of the text they are about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..transcript.redaction import REDACTED, secrets_in

if TYPE_CHECKING:
    from ..knowledge.lint import Finding

_QUOTED: Final = re.compile("“[^”]*”")


def without_secrets(text: str, found: Sequence[Finding]) -> tuple[str, list[Finding]]:
    """Return `text` as `redact` leaves it, and the findings in it with their places there."""
    secrets = secrets_in(text) if found else []
    if not secrets:
        return text, list(found)
    pieces = []
    at = 0
    for start, end in secrets:
        pieces += [text[at:start], REDACTED]
        at = end
    shown = "".join([*pieces, text[at:]])
    return shown, [_moved(finding, text, shown, secrets) for finding in found]


def _moved(finding: Finding, text: str, shown: str, secrets: Sequence[tuple[int, int]]) -> Finding:
    """Return the finding at its place in `shown`, and with nothing of a secret in its words."""
    offset, place, what = finding.offset, finding.offset, finding.what
    for start, end in secrets:
        if start <= offset < end:
            place -= offset - start
            what = _QUOTED.sub(f"“{REDACTED}”", what)
        elif end <= offset:
            place -= end - start - len(REDACTED)
        what = _unquoted(what, text[start:end])
    before = shown[:place]
    line = before.count("\n") + 1
    column = place - (before.rfind("\n") + 1) + 1
    return replace(finding, what=what, offset=place, line=line, column=column)


def _unquoted(what: str, secret: str) -> str:
    """Return the words without what they quote of the secret, which may be its beginning."""

    def hidden(found: re.Match[str]) -> str:
        part = found[0][1:-1].removesuffix("…")
        return f"“{REDACTED}”" if part.strip() and part in secret else found[0]

    return _QUOTED.sub(hidden, what)
