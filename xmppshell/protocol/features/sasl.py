"""SASL negotiation (RFC 6120 6): choosing a mechanism, the exchange, and its end."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import namespaces as ns
from ..errors import problem_for
from ..events import Authenticated, AuthenticationFailed, Event
from ..mechanisms import (
    PREFERENCE,
    ClientMechanism,
    Reply,
    SaslRefusedError,
    ServerMechanism,
    client_mechanism,
    server_mechanism,
)
from ..moves import GiveUp, Move, MoveFamily, Send
from ..problem import Problem
from ..states import Speaker, State, Token
from .base import text_of

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream

_MECHANISMS = f"{{{ns.SASL}}}mechanisms"
_MECHANISM = f"{{{ns.SASL}}}mechanism"


class Sasl:
    """The feature, for one connection.

    As a client it answers each challenge of the exchange that it began. If the user typed an
    exchange of their own, it watches and keeps silent.
    """

    def __init__(self) -> None:
        self._client: ClientMechanism | None = None
        self._server: ServerMechanism | None = None
        self._pending: bytes | None = None
        self._proposed_auth: bytes | None = None
        self._named = ""
        self._ours = False
        self._refusal: Problem | None = None
        self._server_reply: Move | None = None

    # The client's side.

    def client_move(self, stream: Stream) -> Move | None:
        """Choose a mechanism and authenticate, or answer the challenge that came."""
        if self._refusal is not None:
            return GiveUp(
                "sasl-refused",
                MoveFamily.NEGOTIATION,
                "authentication cannot go on",
                "RFC 6120 6",
                problem=self._refusal,
            )
        if stream.state is State.SASL and self._ours and self._pending is not None:
            return Send(
                "response",
                MoveFamily.NEGOTIATION,
                f"the server challenged, and {self._named} answers",
                "RFC 6120 6.4.3",
                data=f"<response xmlns='{ns.SASL}'>{_encode(self._pending)}</response>".encode(),
            )
        if stream.state is not State.FEATURES or stream.authenticated:
            return None
        if not stream.secured and stream.tls_wanted:
            return None
        return self._auth_move(stream)

    def _auth_move(self, stream: Stream) -> Move | None:
        offered = mechanisms_of(stream.features)
        if stream.credentials is None or not offered:
            return self._no_mechanisms(stream, offered)
        if self._proposed_auth is None:
            name = _choose(offered, stream.wanted_mechanism)
            if name is None:
                return self._no_mechanisms(stream, offered)
            try:
                self._client = client_mechanism(name, stream.credentials)
            except SaslRefusedError as error:
                return self._refuse(error.problem)
            first = self._client.first()
            payload = "" if first is None else (_encode(first) or "=")
            self._proposed_auth = (
                f"<auth xmlns='{ns.SASL}' mechanism='{name}'>{payload}</auth>".encode()
            )
        assert self._client is not None
        return Send(
            "auth",
            MoveFamily.NEGOTIATION,
            f"{self._client.name} is the strongest mechanism that both sides know"
            if stream.wanted_mechanism is None
            else f"{self._client.name} was asked for",
            "RFC 6120 6.4.2",
            data=self._proposed_auth,
        )

    def _refuse(self, problem: Problem) -> Move:
        self._refusal = problem
        return GiveUp(
            "sasl-refused",
            MoveFamily.NEGOTIATION,
            "authentication cannot go on",
            "RFC 6120 6",
            problem=problem,
        )

    def _no_mechanisms(self, stream: Stream, offered: tuple[str, ...]) -> Move | None:
        if stream.credentials is None:
            return None
        if not offered:
            problem = Problem(
                "the server offers no way to sign in",
                "the features hold no SASL mechanisms: authentication is off or wants TLS first",
                "try --tls starttls or --tls direct; look at /features",
                "RFC 6120 6.3.3",
            )
        else:
            wanted = stream.wanted_mechanism
            names = ", ".join(offered)
            problem = Problem(
                f"no common mechanism: the server offers {names}"
                + (f", and {wanted} was asked for" if wanted else ""),
                "the server offers only mechanisms that are not known here"
                if wanted is None
                else "the mechanism that was asked for is not offered",
                f"known here are {', '.join(PREFERENCE)}",
                "RFC 6120 6.3.3",
            )
        return GiveUp(
            "no-mechanism",
            MoveFamily.NEGOTIATION,
            "no mechanism can be used",
            "RFC 6120 6.3.3",
            problem=problem,
        )

    # The server's side.

    def offer(self, stream: Stream) -> str:
        """Offer the mechanisms of the server until the client is authenticated."""
        tls_first = stream.tls_required and not stream.secured
        if stream.authenticated or tls_first or not stream.server_mechanisms:
            return ""
        names = "".join(f"<mechanism>{name}</mechanism>" for name in stream.server_mechanisms)
        return f"<mechanisms xmlns='{ns.SASL}'>{names}</mechanisms>"

    def server_move(self, stream: Stream) -> Move | None:
        """Send the next challenge, success or failure; a failure also out of turn."""
        return self._server_reply if stream.state in (State.SASL, State.FEATURES) else None

    # Both.

    def observe(
        self, stream: Stream, speaker: Speaker, token: Token, element: etree._Element
    ) -> Iterable[Event]:
        """Follow the exchange."""
        if speaker is Speaker.CLIENT:
            if stream.is_client:
                self._client_spoke(token, element)
            else:
                self._serve(stream, token, element)
            return
        if token is Token.CHALLENGE:
            self._challenged(stream, element)
        elif token is Token.SUCCESS:
            yield from self._succeeded(stream, element)
        elif token is Token.SASL_FAILURE:
            yield self._failed(stream, element)

    def _client_spoke(self, token: Token, element: etree._Element) -> None:
        if token is Token.AUTH:
            self._named = element.get("mechanism") or "no mechanism"
            payload = text_of(element)
            proposed = self._proposed_auth or b""
            self._ours = bool(payload) and f">{payload}<".encode() in proposed
            self._pending = None
        elif token is Token.RESPONSE:
            self._ours = self._ours and self._pending == _decode_quietly(text_of(element))
            self._pending = None

    def _challenged(self, stream: Stream, element: etree._Element) -> None:
        if not stream.is_client:
            self._server_reply = None
            return
        if not self._ours or self._client is None:
            return
        try:
            self._pending = self._client.respond(_decode(text_of(element)))
        except SaslRefusedError as error:
            self._refusal = error.problem

    def _succeeded(self, stream: Stream, element: etree._Element) -> Iterable[Event]:
        verified = False
        if stream.is_client and self._ours and self._client is not None:
            text = text_of(element)
            try:
                verified = self._client.finish(None if not text else _decode(text))
            except SaslRefusedError as error:
                self._refusal = error.problem
                stream.fail(error.problem)
                return
        if self._server is not None:
            stream.username = self._server.username
        self._server_reply = None
        stream.mechanism = self._named
        yield Authenticated(self._named, verified, stream.username)

    def _failed(self, stream: Stream, element: etree._Element) -> Event:
        condition, text = "undefined-condition", ""
        for child in element:
            name = str(child.tag).rpartition("}")[2]
            if name == "text":
                text = text_of(child)
            else:
                condition = name
        problem = problem_for("sasl", condition, text)
        if stream.is_client and self._ours:
            self._refusal = problem
        self._proposed_auth, self._client, self._ours = None, None, False
        self._server, self._server_reply = None, None
        return AuthenticationFailed(self._named, condition, text, problem)

    def _serve(self, stream: Stream, token: Token, element: etree._Element) -> None:
        if token is Token.ABORT:
            self._server_reply = _failure("aborted")
            return
        if token not in (Token.AUTH, Token.RESPONSE):
            return
        try:
            if token is Token.AUTH:
                self._begin(stream, element)
            self._server_reply = self._answer(text_of(element), token)
        except SaslRefusedError as error:
            self._server_reply = _failure(error.condition)

    def _begin(self, stream: Stream, element: etree._Element) -> None:
        self._named = element.get("mechanism") or ""
        if stream.tls_required and not stream.secured:
            raise SaslRefusedError(Problem("TLS first"), "encryption-required")
        if stream.accounts is None or self._named not in stream.server_mechanisms:
            raise SaslRefusedError(Problem("no such mechanism"), "invalid-mechanism")
        self._server = server_mechanism(self._named, stream.accounts)

    def _answer(self, payload: str, token: Token) -> Move:
        if self._server is None:
            raise SaslRefusedError(Problem("no exchange has begun"), "malformed-request")
        if token is Token.AUTH and not payload:
            return _server_send("challenge", f"<challenge xmlns='{ns.SASL}'/>")
        reply: Reply = self._server.receive(_decode(payload))
        data = "" if reply.data is None else _encode(reply.data)
        name = "success" if reply.done else "challenge"
        body = f">{data}</{name}>" if data else "/>"
        return _server_send(name, f"<{name} xmlns='{ns.SASL}'{body}")


def mechanisms_of(features: etree._Element) -> tuple[str, ...]:
    """Return the names of the SASL mechanisms in `<stream:features/>`, in their order."""
    holder = features.find(_MECHANISMS)
    if holder is None:
        return ()
    return tuple(text_of(child) for child in holder.iterfind(_MECHANISM))


def _choose(offered: tuple[str, ...], wanted: str | None) -> str | None:
    usable = [name for name in PREFERENCE if name in offered]
    if wanted is not None:
        return wanted if wanted in usable else None
    return usable[0] if usable else None


def _encode(payload: bytes) -> str:
    return base64.b64encode(payload).decode("ascii")


def _decode(text: str) -> bytes:
    """Decode strict base64 where `=` stands for nothing (RFC 6120 6.4.2)."""
    if text in ("", "="):
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SaslRefusedError(
            Problem(
                "a SASL payload is not base64",
                "white space or a wrong character inside it",
                "encode the payload without line breaks",
                "RFC 6120 6.5.5",
            ),
            "incorrect-encoding",
        ) from error


def _decode_quietly(text: str) -> bytes | None:
    try:
        return _decode(text)
    except SaslRefusedError:
        return None


def _server_send(name: str, xml: str) -> Move:
    return Send(
        name, MoveFamily.NEGOTIATION, "the exchange goes on", "RFC 6120 6.4", data=xml.encode()
    )


def _failure(condition: str) -> Move:
    return _server_send("failure", f"<failure xmlns='{ns.SASL}'><{condition}/></failure>")
