"""The server's side of SASL (RFC 6120 6.4): what is offered, and who is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import namespaces as ns
from ..channel import announcement
from ..conditions import SASL_CONDITIONS
from ..deviations import Deviation
from ..mechanisms import PLUS, Advertised, Reply, SaslRefusedError, ServerMechanism
from ..moves import Move, MoveFamily, Send
from ..problem import Problem
from ..states import State, Token
from .base import escape, text_of
from .payloads import decode, encode

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream


class SaslServer:
    """One server's exchanges on one connection."""

    def __init__(self) -> None:
        self._mechanism: ServerMechanism | None = None
        self._reply: Move | None = None

    @property
    def username(self) -> str:
        """The localpart that the client is signed in as, or is about to be."""
        return self._mechanism.username if self._mechanism is not None else ""

    def offer(self, stream: Stream) -> str:
        """Offer the mechanisms and channel bindings until the client is authenticated."""
        tls_first = _tls_first(stream)
        advertised = offered_by(stream)
        if stream.authenticated or tls_first or not advertised.mechanisms:
            return ""
        names = "".join(f"<mechanism>{name}</mechanism>" for name in advertised.mechanisms)
        offer = f"<mechanisms xmlns='{ns.SASL}'>{names}</mechanisms>"
        return offer + announcement(advertised.bindings or ())

    def move(self, stream: Stream) -> Move | None:
        """Return the next challenge, success or failure; a failure also out of turn."""
        return self._reply if stream.state in (State.SASL, State.FEATURES) else None

    def heard(self, stream: Stream, token: Token, element: etree._Element) -> None:
        """Take what the client said and get the answer ready."""
        if token is Token.ABORT:
            self._reply = _failure("aborted")
            return
        if token not in (Token.AUTH, Token.RESPONSE):
            return
        try:
            if token is Token.AUTH:
                self._begin(stream, element.get("mechanism") or "")
            self._reply = self._answer(text_of(element), token)
        except SaslRefusedError as error:
            self._reply = _failure(_condition(stream, error))

    def said(self) -> None:
        """Note that the answer is out."""
        self._reply = None

    def forget(self) -> None:
        """End the exchange after a failure; another may follow."""
        self._mechanism = self._reply = None

    def _begin(self, stream: Stream, name: str) -> None:
        if _tls_first(stream):
            raise SaslRefusedError(Problem("TLS first"), "encryption-required")
        self._mechanism = begin_mechanism(stream, name)

    def _answer(self, payload: str, token: Token) -> Move:
        if self._mechanism is None:
            raise SaslRefusedError(Problem("no exchange has begun"), "malformed-request")
        if token is Token.AUTH and not payload:
            return _send("challenge", f"<challenge xmlns='{ns.SASL}'/>")
        reply: Reply = self._mechanism.receive(decode(payload))
        data = "" if reply.data is None else encode(reply.data)
        name = "success" if reply.done else "challenge"
        body = f">{data}</{name}>" if data else "/>"
        return _send(name, f"<{name} xmlns='{ns.SASL}'{body}")


def _tls_first(stream: Stream) -> bool:
    """Say whether nobody can sign in yet, because TLS comes first."""
    waits = stream.tls_required and not stream.secured
    return waits and Deviation.PLAIN_WITHOUT_TLS not in stream.server.deviations


def _condition(stream: Stream, error: SaslRefusedError) -> str:
    vague = Deviation.BAD_BASE64_IS_NOT_AUTHORIZED in stream.server.deviations
    return (
        "not-authorized" if vague and error.condition == "incorrect-encoding" else error.condition
    )


def offered_by(stream: Stream) -> Advertised:
    """Return what a server can offer on this connection."""
    channel = stream.channel
    names = tuple(
        name
        for name in stream.server_mechanisms
        if (channel.bindings or not name.endswith(PLUS))
        and (channel.identities or name != "EXTERNAL")
    )
    announced = channel.types if stream.server.announce_bindings else None
    return Advertised(names, announced or None)


def begin_mechanism(stream: Stream, name: str) -> ServerMechanism:
    """Begin the server's end of an exchange; raises `SaslRefusedError` if it is not offered."""
    offered = offered_by(stream)
    if stream.accounts is None or name not in offered.mechanisms:
        raise SaslRefusedError(Problem("no such mechanism"), "invalid-mechanism")
    return stream.server.make_mechanism(
        name,
        stream.accounts,
        domain=stream.served_domain,
        channel=stream.channel,
        advertised=offered,
    )


def _send(name: str, xml: str) -> Move:
    return Send(
        name, MoveFamily.NEGOTIATION, "the exchange goes on", "RFC 6120 6.4", data=xml.encode()
    )


def _failure(condition: str) -> Move:
    said = failure_text(condition)
    return _send("failure", f"<failure xmlns='{ns.SASL}'><{condition}/>{said}</failure>")


def failure_text(condition: str) -> str:
    """Return what a failure says in words, which is the same whoever fails (RFC 6120 6.5)."""
    known = SASL_CONDITIONS.get(condition)
    return "" if known is None else f"<text xml:lang='en'>{escape(known.meaning)}</text>"
