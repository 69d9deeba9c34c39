"""SASL negotiation (RFC 6120 6) as a stream feature, for both roles.

The client's side is in `sasl_client`, the server's in `sasl_server`; what both see is here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import problem_for
from ..events import Authenticated, AuthenticationFailed, Event, Notice
from ..moves import Move
from ..sasl_exchange import SaslExchange
from ..states import Speaker, Token
from .base import text_of
from .payloads import decode_optional
from .sasl_client import SaslClient, advertised_by
from .sasl_server import SaslServer, offered_by

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream


class Sasl:
    """The feature, for one connection; `exchange` is the last one, whoever made it."""

    def __init__(self) -> None:
        self.exchange: SaslExchange | None = None
        self._client = SaslClient()
        self._server = SaslServer()

    def client_move(self, stream: Stream) -> Move | None:
        """Choose a mechanism and authenticate, or answer the challenge that came."""
        return self._client.move(stream)

    def offer(self, stream: Stream) -> str:
        """Offer the mechanisms of the server until the client is authenticated."""
        return self._server.offer(stream)

    def server_move(self, stream: Stream) -> Move | None:
        """Send the next challenge, success or failure; a failure also out of turn."""
        return self._server.move(stream)

    def observe(
        self, stream: Stream, speaker: Speaker, token: Token, element: etree._Element
    ) -> Iterable[Event]:
        """Follow the exchange."""
        if token is Token.AUTH:
            self._begin(stream, element)
        if token in (Token.AUTH, Token.RESPONSE, Token.CHALLENGE, Token.SUCCESS):
            self._note(speaker, element)
        if speaker is Speaker.CLIENT:
            if stream.is_client:
                self._client.spoke(stream, token, element)
            else:
                self._server.heard(stream, token, element)
            self._note_binding()
        elif token is Token.CHALLENGE:
            self._challenged(stream, element)
        elif token is Token.SUCCESS:
            yield from self._succeeded(stream, element)
        elif token is Token.SASL_FAILURE:
            yield self._failed(stream, element)

    # The record of the exchange.

    def _begin(self, stream: Stream, element: etree._Element) -> None:
        offer = advertised_by(stream.features) if stream.is_client else offered_by(stream)
        self.exchange = SaslExchange(element.get("mechanism") or "no mechanism", offer)

    def _note(self, speaker: Speaker, element: etree._Element) -> None:
        if self.exchange is not None:
            self.exchange.add(speaker, decode_optional(text_of(element)))

    def _note_binding(self) -> None:
        if self.exchange is not None and self._client.mechanism is not None:
            self.exchange.binding = self._client.mechanism.binding

    @property
    def _named(self) -> str:
        return self.exchange.mechanism if self.exchange is not None else "no mechanism"

    # What the server says.

    def _challenged(self, stream: Stream, element: etree._Element) -> None:
        if not stream.is_client:
            self._server.said()
            return
        self._client.challenged(stream, text_of(element))
        exchange, mechanism = self.exchange, self._client.mechanism
        if exchange is None or mechanism is None:
            return
        exchange.advertised = mechanism.advertised or exchange.advertised
        exchange.list_verified = mechanism.list_verified
        if self._client.refusal is not None:
            exchange.outcome = f"refused here: {self._client.refusal.what}"

    def _succeeded(self, stream: Stream, element: etree._Element) -> Iterable[Event]:
        verified = False
        if stream.is_client:
            verified = self._client.succeeded(text_of(element))
            if self._client.refusal is not None:
                stream.fail(self._client.refusal)
                if self.exchange is not None:
                    self.exchange.outcome = f"refused here: {self._client.refusal.what}"
                return
        else:
            stream.username = self._server.username
            self._server.said()
        binding = ""
        if self.exchange is not None:
            self.exchange.outcome = "success"
            self.exchange.server_verified = verified
            binding = self.exchange.binding.type if self.exchange.binding is not None else ""
        stream.mechanism = self._named
        yield Authenticated(self._named, verified, stream.username, channel_binding=binding)

    def _failed(self, stream: Stream, element: etree._Element) -> Event:
        guess = self._client.guessed_wrong(stream) if stream.is_client else ""
        if guess:
            return Notice(f"{guess} was sent ahead, and the server does not have it")
        condition, text = "undefined-condition", ""
        for child in element:
            name = str(child.tag).rpartition("}")[2]
            if name == "text":
                text = text_of(child)
            else:
                condition = name
        problem = problem_for("sasl", condition, text)
        if stream.is_client:
            problem = self._client.failed(condition, text, problem)
        else:
            self._server.forget()
        if self.exchange is not None and not self.exchange.outcome:
            self.exchange.outcome = f"failure: {condition}"
        return AuthenticationFailed(self._named, condition, text, problem)
