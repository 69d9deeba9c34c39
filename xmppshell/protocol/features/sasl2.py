"""SASL2: one request that signs in and says what else the stream is to be (XEP-0388).

There is no second stream header after it: the features of the stream that is signed in follow
at once. Binding a resource (`bind2`) and tokens (`fast`) are parts of the same exchange. The
client's side is in `sasl2_client`, the server's in `sasl2_server`; what both see is here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import namespaces as ns
from ..credentials import FastToken
from ..errors import problem_for
from ..events import Authenticated, AuthenticationFailed, Event, FastTokenRefused, Notice
from ..moves import Move
from ..problem import Problem
from ..sasl_exchange import SaslExchange
from ..states import SASL2_REQUESTS, Speaker, State, Token, token_of
from .bind2 import BIND, BOUND, Bind2
from .fast import Fast
from .payloads import decode_optional
from .sasl2_client import Sasl2Client
from .sasl2_elements import (
    advertised_by,
    failure_of,
    inline_of,
    offer_of,
    payload_of,
    tasks_of,
)
from .sasl2_server import Sasl2Server
from .sasl_server import offered_by

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream


@dataclass(frozen=True, slots=True)
class Sasl2Wishes:
    """What a client wants of SASL2.

    `client_id` is a UUID that is always the same for this client and account, "" to give none;
    without it there are no tokens. `fast` asks for a token, and `token` is the one to sign in
    with. `session_features` are turned on with the resource (`bind2.SESSION_FEATURES`).
    """

    client_id: str = ""
    fast: bool = False
    token: FastToken | None = field(default=None, repr=False)
    session_features: tuple[str, ...] = ()


class Sasl2:
    """The feature, for one connection; `exchange` is the last one, whoever made it."""

    def __init__(self) -> None:
        self.exchange: SaslExchange | None = None
        self._request: etree._Element | None = None
        self._bind2 = Bind2()
        self._fast = Fast()
        self._client = Sasl2Client(self._bind2, self._fast)
        self._server = Sasl2Server(self._bind2, self._fast)

    def client_move(self, stream: Stream) -> Move | None:
        """Sign in with a token or by the best mechanism, or answer the challenge that came."""
        return self._client.move(stream)

    def offer(self, stream: Stream) -> str:
        """Offer SASL2 until the client is authenticated."""
        return self._server.offer(stream)

    def server_move(self, stream: Stream) -> Move | None:
        """Send the next challenge, success or failure; a failure also out of turn."""
        return self._server.move(stream)

    def observe(
        self, stream: Stream, speaker: Speaker, token: Token, element: etree._Element
    ) -> Iterable[Event]:
        """Follow the exchange."""
        if token is Token.FEATURES:
            self._features(stream)
        if speaker is Speaker.CLIENT:
            if token in SASL2_REQUESTS:
                self._client_spoke(stream, token, element)
            return
        if token in _ANSWERS and not stream.is_client:
            self._server.said(token)
        if token is Token.SASL2_CHALLENGE:
            self._challenged(stream, element)
        elif token is Token.CONTINUE:
            self._continued(stream, element)
        elif token in (Token.SASL2_SUCCESS, Token.SASL2_BOUND):
            yield from self._succeeded(stream, element)
        elif token is Token.SASL2_FAILURE:
            yield self._failed(stream, element)

    # What the client says.

    def _client_spoke(self, stream: Stream, token: Token, element: etree._Element) -> None:
        if token is Token.AUTHENTICATE:
            self._request = element
            offer = advertised_by(stream.features)
            if not stream.is_client:
                offer = offered_by(stream)
            self.exchange = SaslExchange(element.get("mechanism") or "no mechanism", offer)
        payload = payload_of(element)
        self._note(Speaker.CLIENT, payload)
        if not stream.is_client:
            self._server.heard(stream, token, element)
            return
        # Nothing, unlike an empty element, is no payload.
        data = decode_optional(payload) if payload else None if payload is None else b""
        if token is Token.AUTHENTICATE:
            self._client.began(stream, element.get("mechanism") or "", data)
        elif token is Token.SASL2_RESPONSE:
            self._client.responded(data)
        elif token is Token.SASL2_ABORT:
            self._client.aborted()
        else:
            self._client.task_taken()
        if self.exchange is not None and self._client.mechanism is not None:
            self.exchange.binding = self._client.mechanism.binding

    def _note(self, speaker: Speaker, payload: str | None) -> None:
        if self.exchange is not None:
            self.exchange.add(speaker, decode_optional(payload or ""))

    @property
    def _named(self) -> str:
        return self.exchange.mechanism if self.exchange is not None else "no mechanism"

    # What the server says.

    def _features(self, stream: Stream) -> None:
        """Judge what was sent ahead by the features that came; a server's are out."""
        if not stream.is_client:
            self._server.said(Token.FEATURES)
            return
        sent_ahead = stream.state is State.SASL2 and stream.ahead.unanswered
        if sent_ahead and stream.client.pipeline and offer_of(stream.features) is None:
            stream.ahead.refused = True
            stream.fail(_NO_SASL2)

    def _challenged(self, stream: Stream, element: etree._Element) -> None:
        self._note(Speaker.SERVER, payload_of(element))
        if not stream.is_client:
            return
        self._client.challenged(stream, payload_of(element) or "")
        exchange, mechanism = self.exchange, self._client.mechanism
        if exchange is None or mechanism is None:
            return
        exchange.advertised = mechanism.advertised or exchange.advertised
        exchange.list_verified = mechanism.list_verified
        self._note_refusal()

    def _note_refusal(self) -> None:
        if self.exchange is not None and self._client.refusal is not None:
            self.exchange.outcome = f"refused here: {self._client.refusal.what}"

    def _continued(self, stream: Stream, element: etree._Element) -> None:
        """Take the demand for another step, which only a person can take."""
        payload = payload_of(element)
        self._note(Speaker.SERVER, payload)
        if stream.is_client:
            self._client.continued(payload or "", tasks_of(element))
            self._note_refusal()

    def _succeeded(self, stream: Stream, element: etree._Element) -> Iterable[Event]:
        payload = payload_of(element)
        self._note(Speaker.SERVER, payload)
        verified = False
        if stream.is_client:
            verified = self._client.succeeded(payload or "")
            if self._client.refusal is not None:
                stream.fail(self._client.refusal)
                self._note_refusal()
                return
        binding = ""
        if self.exchange is not None:
            self.exchange.outcome = "success"
            self.exchange.server_verified = verified
            binding = self.exchange.binding.type if self.exchange.binding is not None else ""
        stream.mechanism = self._named
        if stream.is_client:
            stream.username = stream.username or stream.client.jid.local
        yield Authenticated(
            self._named,
            verified,
            stream.username,
            sasl2=True,
            token=self._client.uses_token,
            channel_binding=binding,
        )
        if stream.is_client:
            inline = inline_of(stream.features)
            yield from self._fast.succeeded(element, inline, self._named)
            yield from self._managed(stream, element)
        else:
            yield from self._bind2.succeeded(stream, element)

    def _managed(self, stream: Stream, success: etree._Element) -> Iterable[Event]:
        """Take what came of a resource, and of stream management that was asked for inline.

        It is as if request and answer had been said one by one, a resume before the resource.
        """
        asked = self._request if self._request is not None else success
        yield from _replayed(stream, asked.find(f"{_SM}resume"), success)
        yield from self._bind2.succeeded(stream, success)
        bound = success.find(BOUND)
        if bound is not None and stream.failure is None:
            yield from stream.management.observe(stream, Speaker.CLIENT, Token.BIND, success)
            yield from _replayed(stream, asked.find(f"{BIND}/{_SM}enable"), bound)

    def _failed(self, stream: Stream, element: etree._Element) -> Event:
        condition, text = failure_of(element)
        if self.exchange is not None and not self.exchange.outcome:
            self.exchange.outcome = f"failure: {condition}"
        problem = problem_for("sasl", condition, text)
        if not stream.is_client:
            return AuthenticationFailed(self._named, condition, text, problem)
        if self._client.token_refused():
            return FastTokenRefused(self._named, condition)
        guess = self._client.guessed_wrong(stream)
        if guess:
            return Notice(f"{guess} was sent ahead, and the server does not have it")
        problem = self._client.failed(condition, text, problem)
        return AuthenticationFailed(self._named, condition, text, problem)


_SM = f"{{{ns.STREAM_MANAGEMENT}}}"


def _replayed(
    stream: Stream, request: etree._Element | None, holder: etree._Element
) -> Iterable[Event]:
    """Hand a request and its answer in `holder` to stream management; nothing without both."""
    answers = (child for child in holder if str(child.tag).startswith(_SM))
    answer = next(answers, None)
    if request is None or answer is None:
        return
    for speaker, element in ((Speaker.CLIENT, request), (Speaker.SERVER, answer)):
        yield from stream.management.observe(stream, speaker, token_of(element), element)


_ANSWERS = frozenset(
    {Token.SASL2_CHALLENGE, Token.SASL2_SUCCESS, Token.SASL2_BOUND, Token.SASL2_FAILURE}
)
_NO_SASL2 = Problem(
    "SASL2 was sent ahead, and the server does not offer it",
    "the server is older than SASL2, or has it turned off",
    "leave out --sasl2, or --pipeline",
    "XEP-0388",
)
