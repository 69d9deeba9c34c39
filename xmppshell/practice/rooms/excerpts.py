"""Parts of a stanza's text taken out, with every other byte left as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...protocol.xml import TokenKind, tokenise

if TYPE_CHECKING:
    from lxml import etree


def without(
    data: bytes, element: etree._Element, unwanted: Callable[[etree._Element], bool]
) -> bytes:
    """Return the text `data` of `element` without the children that are `unwanted`."""
    dropped = {number for number, child in enumerate(element) if unwanted(child)}
    if not dropped:
        return data
    kept = []
    depth = number = 0
    for token in tokenise(data.decode()):
        if token.kind is TokenKind.END_TAG:
            depth -= 1
        inside = depth > 1 or (depth == 1 and token.kind in _BEGINNINGS | {TokenKind.END_TAG})
        if not (inside and number in dropped):
            kept.append(token.text)
        if token.kind is TokenKind.START_TAG:
            depth += 1
        elif depth == 1 and token.kind in (TokenKind.END_TAG, TokenKind.EMPTY_TAG):
            number += 1
    return "".join(kept).encode()


_BEGINNINGS = frozenset({TokenKind.START_TAG, TokenKind.EMPTY_TAG})
