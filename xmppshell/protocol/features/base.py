"""What every stream feature has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

    from ..events import Event
    from ..moves import Move
    from ..states import Speaker, Token
    from ..stream import Stream


class StreamFeature(Protocol):
    """One feature of a stream, for both roles; its state is that of one connection."""

    def offer(self, stream: Stream) -> str:
        """Return the XML that a server puts into `<stream:features/>` now, or ""."""

    def client_move(self, stream: Stream) -> Move | None:
        """Return what a client should do next for this feature, if anything."""

    def server_move(self, stream: Stream) -> Move | None:
        """Return what a server should do next for this feature, if anything."""

    def observe(
        self, stream: Stream, speaker: Speaker, token: Token, element: etree._Element
    ) -> Iterable[Event]:
        """Take an element that one side sent, after the state table has moved."""


def text_of(element: etree._Element) -> str:
    """Return the text directly in `element`, without white space at its ends."""
    return (element.text or "").strip()


def escape(text: str) -> str:
    """Return `text` made safe for an attribute in single quotes and for element text."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&apos;")
    )
