"""One element of a stanza taken out of it, with every byte as it was typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..protocol.xml import TokenKind, tokenise
from .markup import attribute_names, rewrite

if TYPE_CHECKING:
    from lxml import etree

    from .envelope import Envelope

_OPENING = (TokenKind.START_TAG, TokenKind.EMPTY_TAG)
_PREFIX = re.compile(r"[<\s]([^\s:=<>/'\"]+):")
_DEFAULT = re.compile(r"\sxmlns\s*=")
_NAME = re.compile(r"<([^\s/>!][^\s/>]*)")


def excerpt(envelope: Envelope, element: etree._Element) -> str:
    """Return the text of `element`, which is somewhere within the stanza of `envelope`.

    Namespaces that it only inherited, prefixes included, are declared on it, so that it can stand
    elsewhere; everything else is byte for byte as it came.
    """
    path: list[int] = []
    inner = element
    while inner is not envelope.element:
        outer = inner.getparent()
        assert outer is not None, "the element is within the stanza"
        path.insert(0, outer.index(inner))
        inner = outer
    pieces = _pieces(envelope.data.decode(), path)
    parent = element.getparent()
    scope = {} if parent is None else parent.nsmap
    wanted = {f"xmlns:{p}" if p else "xmlns": scope[p] for p in _used(pieces) if p in scope}
    data = "".join(pieces).encode()
    present = attribute_names(data)
    missing: dict[str, str | None] = {n: uri for n, uri in wanted.items() if n not in present}
    return (rewrite(data, missing) if missing else data).decode()


def _pieces(text: str, path: Sequence[int]) -> list[str]:
    """Return the tokens of the element that the child numbers of `path` lead to from the root."""
    wanted = [0, *path]
    trail: list[int] = []
    following = [0]
    found: list[str] = []
    for token in tokenise(text):
        if token.kind in _OPENING:
            number = following[-1]
            following[-1] += 1
            begins = not found and len(trail) == len(path) and [*trail, number] == wanted
            if begins or found:
                found.append(token.text)
            if token.kind is TokenKind.START_TAG:
                trail.append(number)
                following.append(0)
            elif begins:
                return found
            continue
        if found:
            found.append(token.text)
        if token.kind is TokenKind.END_TAG:
            trail.pop()
            following.pop()
            if found and len(trail) == len(path):
                return found
    raise ValueError("the path leads nowhere")


def _used(pieces: Sequence[str]) -> list[str | None]:
    """Return the prefixes that the tags among `pieces` may use, None for no prefix."""
    used: dict[str | None, None] = {}
    for piece in dict.fromkeys(pieces):
        name = _NAME.match(piece)
        if name is None:
            continue
        if ":" not in name[1] and not _DEFAULT.search(piece):
            used[None] = None
        used.update(dict.fromkeys(_PREFIX.findall(piece)))
    return list(used)
