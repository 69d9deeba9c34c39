"""In-band registration on a stream that is not signed in, the server's side (XEP-0077 3.1, 8).

A client needs nothing of this here: registering is a request like others, made by the user.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import namespaces as ns
from ..moves import Move, MoveFamily, Send
from ..registration import QUERY
from ..states import Speaker, State, Token
from .base import escape

if TYPE_CHECKING:
    from lxml import etree

    from ..events import Event
    from ..stream import Stream


class Register:
    """The feature, for one connection."""

    def __init__(self) -> None:
        self._replies: list[tuple[str, str]] = []

    def offer(self, stream: Stream) -> str:
        """Announce registration where it is open."""
        return f"<register xmlns='{ns.REGISTER_FEATURE}'/>" if self.is_open(stream) else ""

    def is_open(self, stream: Stream) -> bool:
        """Say whether a server takes registrations on this stream now: not unencrypted ones."""
        if stream.is_client or stream.server.register is None or stream.authenticated:
            return False
        return stream.secured or not stream.tls_required

    def takes(self, stream: Stream, element: etree._Element) -> bool:
        """Say whether `element` of a client is a request that may come before signing in."""
        asks = element.get("type") in ("get", "set") and bool(element.get("id"))
        fits = str(element.tag) == f"{{{ns.CLIENT}}}iq" and element.find(QUERY) is not None
        return asks and fits and stream.state is State.FEATURES and self.is_open(stream)

    def client_move(self, stream: Stream) -> Move | None:
        """Return None: nobody is registered unasked."""
        return None

    def server_move(self, stream: Stream) -> Move | None:
        """Answer the oldest request."""
        if not self._replies:
            return None
        return Send(
            "register",
            MoveFamily.REPLY,
            "the client asked to register",
            "XEP-0077 3.1",
            data=self._replies[0][1].encode(),
        )

    def observe(
        self, stream: Stream, speaker: Speaker, token: Token, element: etree._Element
    ) -> Iterable[Event]:
        """Take a request, or note that it was answered."""
        if stream.is_client:
            return ()
        if speaker is Speaker.CLIENT:
            if self.takes(stream, element):
                self._replies.append((element.get("id", ""), self._reply(stream, element)))
        elif self._replies and element.get("id") == self._replies[0][0]:
            self._replies.pop(0)
        return ()

    def _reply(self, stream: Stream, element: etree._Element) -> str:
        assert stream.server.register is not None, "requests are taken where registration is open"
        answer = stream.server.register(element)
        head = f"id='{escape(element.get('id', ''))}' from='{escape(stream.served_domain)}'"
        if isinstance(answer, str):
            return f"<iq type='result' {head}>{answer}</iq>"
        said = (
            f"<text xmlns='{ns.STANZA_ERRORS}' xml:lang='en'>{escape(answer.text)}</text>"
            if answer.text
            else ""
        )
        return (
            f"<iq type='error' {head}><error type='{answer.type}'>"
            f"<{answer.condition} xmlns='{ns.STANZA_ERRORS}'/>{said}</error></iq>"
        )
