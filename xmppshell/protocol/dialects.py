"""How a stream is spoken: what opens and closes it, what its stanzas inherit, how it is cut.

There are three dialects. Clients speak `CLIENT` over TCP (RFC 6120 4) and `WEBSOCKET` over
WebSocket (RFC 7395); components speak `COMPONENT` over TCP (XEP-0114).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final, TypeAlias

from . import namespaces as ns
from .framing import MAX_DEPTH, MAX_SIZE, Framer
from .message_framing import MessageFramer
from .stanza import STANZA_KINDS
from .xml import (
    Context,
    StreamHeader,
    add_attribute,
    attributes_of,
    parse_element,
    parse_header,
    tokenise,
)

AnyFramer: TypeAlias = Framer | MessageFramer

_HEADER_STARTS: Final = (b"<?xml", b"<stream:stream")
_NO_CONTEXT: Final = Context({})


class Dialect(ABC):
    """One way to speak a stream; it has no state.

    `content_namespace` is that of its stanzas and `default_namespace` that of its stream header,
    `root` is the Clark name of the header, `end` what closes the stream.
    """

    content_namespace: str
    default_namespace: str
    root: str
    end: bytes

    @abstractmethod
    def framer(self, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> AnyFramer:
        """Return a framer for one direction of a fresh stream."""

    @abstractmethod
    def context(self, header: StreamHeader | None = None) -> Context:
        """Return what is in scope after `header`, or before there is one."""

    @abstractmethod
    def opening(self, attributes: Mapping[str, str]) -> bytes:
        """Return a stream header with `attributes`, by name and plain value."""

    @abstractmethod
    def parse_opening(self, data: bytes) -> StreamHeader:
        """Return the header that `data` is. Raises XmlError."""

    @abstractmethod
    def begins_anew(self, data: bytes) -> bool:
        """Say whether `data`, sent on an open stream, needs a fresh framer."""

    @abstractmethod
    def complete(self, data: bytes) -> bytes:
        """Return one element with the namespaces that it needs to stand where it does."""

    @abstractmethod
    def packed(self, *pieces: bytes) -> list[bytes]:
        """Return `pieces`, none of which may be torn, as they are handed to the transport.

        Empty ones are left out.
        """


class TagDialect(Dialect):
    """A stream between two tags (RFC 6120 4.2); stanzas inherit what the first one declares."""

    root = f"{{{ns.STREAM}}}stream"
    end = b"</stream:stream>"

    def __init__(self, content_namespace: str) -> None:
        self.content_namespace = self.default_namespace = content_namespace

    def framer(self, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> Framer:
        """Return a framer for bytes."""
        return Framer(max_size=max_size, max_depth=max_depth)

    def context(self, header: StreamHeader | None = None) -> Context:
        """Return what the header declares."""
        if header is None:
            return Context.for_namespace(self.content_namespace)
        return Context.of(header)

    def opening(self, attributes: Mapping[str, str]) -> bytes:
        """Return the XML declaration and the opening tag."""
        tag = _with_attributes("<stream:stream>", attributes)
        tag = add_attribute(tag, "xmlns", self.content_namespace)
        tag = add_attribute(tag, "xmlns:stream", ns.STREAM)
        return f"<?xml version='1.0'?>{tag}".encode()

    def parse_opening(self, data: bytes) -> StreamHeader:
        """Return the header that the opening tag is."""
        return parse_header(data)

    def begins_anew(self, data: bytes) -> bool:
        """Say whether `data` begins a second stream on top of the first."""
        return data.lstrip().startswith(_HEADER_STARTS)

    def complete(self, data: bytes) -> bytes:
        """Return `data`: everything is inherited."""
        return data

    def packed(self, *pieces: bytes) -> list[bytes]:
        """Return all pieces as one: bytes flow together."""
        joined = b"".join(pieces)
        return [joined] if joined else []


class FrameDialect(Dialect):
    """A stream of messages, each one element that inherits nothing (RFC 7395 3.3)."""

    content_namespace = ns.CLIENT
    default_namespace = ns.FRAMING
    root = f"{{{ns.FRAMING}}}open"
    end = f"<close xmlns='{ns.FRAMING}'/>".encode()

    def framer(self, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> MessageFramer:
        """Return a framer for messages."""
        return MessageFramer(max_size=max_size, max_depth=max_depth)

    def context(self, header: StreamHeader | None = None) -> Context:
        """Return a scope without a default namespace; the default language holds for what follows.

        The prefix `stream` is let pass undeclared: Prosody 13 forgets it in stream errors.
        """
        return Context({"stream": ns.STREAM}, None if header is None else header.lang)

    def opening(self, attributes: Mapping[str, str]) -> bytes:
        """Return an `<open/>` element."""
        return _with_attributes(f"<open xmlns='{ns.FRAMING}'/>", attributes).encode()

    def parse_opening(self, data: bytes) -> StreamHeader:
        """Return the header that the `<open/>` element is."""
        element = parse_element(data, _NO_CONTEXT)
        attributes = {str(name): str(value) for name, value in element.attrib.items()}
        return StreamHeader(attributes, dict(element.nsmap), str(element.tag))

    def begins_anew(self, data: bytes) -> bool:
        """Say no: messages stand alone."""
        return False

    def complete(self, data: bytes) -> bytes:
        """Return a stanza with the namespace of clients, and others with the prefix `stream`.

        What declares them itself stays as it is.
        """
        text = data.decode()
        tag = tokenise(text)[0].text
        name = tag.lstrip("<").rstrip("/>").split(maxsplit=1)[0]
        declared = {attribute for _, attribute, _, _ in attributes_of(tag)}
        if name in STANZA_KINDS and "xmlns" not in declared:
            text = add_attribute(text, "xmlns", self.content_namespace)
        if ("<stream:" in text or " stream:" in text) and "xmlns:stream" not in declared:
            text = add_attribute(text, "xmlns:stream", ns.STREAM)
        return text.encode()

    def packed(self, *pieces: bytes) -> list[bytes]:
        """Return each piece by itself, as a message; white space is none."""
        return [piece for piece in pieces if piece.strip()]


def _with_attributes(tag: str, attributes: Mapping[str, str]) -> str:
    for name, value in attributes.items():
        tag = add_attribute(tag, name, value)
    return tag


CLIENT: Final = TagDialect(ns.CLIENT)
COMPONENT: Final = TagDialect(ns.COMPONENT_ACCEPT)
WEBSOCKET: Final = FrameDialect()
