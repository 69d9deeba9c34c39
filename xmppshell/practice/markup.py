"""Small exact edits on the text of a stanza, and the replies made from it.

A server forwards what a client typed: it stamps the sender's address into the start tag and
leaves every other byte as it is. An error reply is the stanza itself with its addresses turned
round and an `<error/>` at its end (RFC 6120 8.3.1).
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from ..protocol import namespaces as ns
from ..protocol.features.base import escape
from ..protocol.xml.tokens import TokenKind, quoted, tokenise

_START_TAG = re.compile(rb"""<([^\s/>]++)([^"'>]*+(?:"[^"]*+"[^"'>]*+|'[^']*+'[^"'>]*+)*+)>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")


def rewrite(data: bytes, changes: Mapping[str, str | None]) -> bytes:
    """Return the element `data` with attributes of its start tag set, or removed where None.

    An attribute that is there keeps its place; a new one goes to the end of the tag. Names are as
    written, prefix included; values are plain text. Everything else stays byte for byte.
    """
    tag = _start_tag(data)
    left = {name.encode(): value for name, value in changes.items()}
    pieces = []
    position = 0
    for attribute in _ATTRIBUTE.finditer(data, tag.start(2), tag.end(2)):
        name = attribute[1]
        if name not in left:
            continue
        value = left.pop(name)
        start = attribute.start() if value is None else attribute.start(2)
        pieces.append(data[position:start])
        if value is not None:
            pieces.append(quoted(value).encode())
        position = attribute.end()
    added = "".join(
        f" {name.decode()}={quoted(value)}" for name, value in left.items() if value is not None
    )
    inside = tag[2].rstrip()
    if inside.endswith(b"/"):
        inside = inside[:-1].rstrip()
    end = tag.start(2) + len(inside)
    return b"".join([*pieces, data[position:end], added.encode(), data[max(position, end) :]])


def attribute_names(data: bytes) -> set[str]:
    """Return the names of the attributes of the element `data`, as written."""
    tag = _start_tag(data)
    found = _ATTRIBUTE.finditer(data, tag.start(2), tag.end(2))
    return {attribute[1].decode() for attribute in found}


def append_child(data: bytes, child: bytes) -> bytes:
    """Return the element `data` with one more child, or other content, at its end."""
    tag = _start_tag(data)
    if tag.end() == len(data):
        return data[:-2].rstrip() + b">" + child + b"</" + tag[1] + b">"
    end = data.rindex(b"</")
    return data[:end] + child + data[end:]


def without_children(data: bytes, places: Container[int]) -> bytes:
    """Return the element `data` without those of its child elements, counted from 0."""
    kept = []
    depth, place = 0, -1
    for kind, text in tokenise(data.decode()):
        if depth == 1 and kind in (TokenKind.START_TAG, TokenKind.EMPTY_TAG):
            place += 1
        inside = depth > 1 or (depth == 1 and kind in (TokenKind.START_TAG, TokenKind.EMPTY_TAG))
        if not (inside and place in places):
            kept.append(text)
        depth += (kind is TokenKind.START_TAG) - (kind is TokenKind.END_TAG)
    return "".join(kept).encode()


def standing_alone(data: bytes) -> bytes:
    """Return the stanza `data` as it can stand inside another element: with its namespace said."""
    if "xmlns" in attribute_names(data):
        return data
    return rewrite(data, {"xmlns": ns.CLIENT})


def declare(data: bytes, declarations: Mapping[str, str]) -> bytes:
    """Return `data` with the namespace prefixes declared that it uses and does not declare.

    `declarations` are what the stream header put in scope for it.
    """
    wanted = {
        f"xmlns:{prefix}": namespace
        for prefix, namespace in declarations.items()
        if f"{prefix}:".encode() in data
    }
    if not wanted:
        return data
    present = attribute_names(data)
    return rewrite(data, {name: value for name, value in wanted.items() if name not in present})


def error_reply(
    data: bytes,
    sender: str | None,
    to: str,
    error_type: str,
    condition: str,
    text: str = "",
    detail: str = "",
) -> bytes:
    """Return the stanza `data` as an error that comes from `sender` and goes `to` who sent it.

    `error_type` and `condition` are those of RFC 6120 8.3.2 and 8.3.3; `text` explains, in
    English, and `detail` is the XML of an application's own condition (8.3.4).
    """
    said = f"<text xmlns='{ns.STANZA_ERRORS}' xml:lang='en'>{escape(text)}</text>" if text else ""
    # A stanza that is written with a prefix may have any default namespace.
    default = "" if b":" not in _start_tag(data)[1] else f" xmlns='{ns.CLIENT}'"
    error = (
        f"<error{default} type='{error_type}'><{condition} xmlns='{ns.STANZA_ERRORS}'/>"
        f"{said}{detail}</error>"
    )
    turned = rewrite(data, {"type": "error", "from": sender, "to": to})
    return append_child(turned, error.encode())


def result_reply(iq_id: str, sender: str | None, to: str, payload: str = "") -> bytes:
    """Return an iq result with the id of the request; `payload` is XML."""
    source = "" if sender is None else f" from={quoted(sender)}"
    head = f"<iq type='result' id={quoted(iq_id)}{source} to={quoted(to)}"
    return (f"{head}>{payload}</iq>" if payload else f"{head}/>").encode()


def _start_tag(data: bytes) -> re.Match[bytes]:
    tag = _START_TAG.match(data)
    if tag is None:
        raise ValueError("not an element")
    return tag
