"""The server's side of SASL2 (XEP-0388): what is offered, who is let in, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from .. import namespaces as ns
from ..mechanisms import SaslRefusedError, ServerMechanism
from ..moves import Move, MoveFamily, Send
from ..problem import Problem
from ..states import State, Token
from .base import escape
from .bind2 import Bind2
from .fast import Fast
from .payloads import decode, encode
from .sasl2_elements import client_id_of, payload_of
from .sasl_server import begin_mechanism, failure_text, offered_by

if TYPE_CHECKING:
    from ..stream import Stream


class Sasl2Server:
    """One server's exchanges on one connection."""

    def __init__(self, bind2: Bind2, fast: Fast) -> None:
        self._bind2 = bind2
        self._fast = fast
        self._mechanism: ServerMechanism | None = None
        self._request: etree._Element | None = None
        self._reply: Move | None = None
        self._features_due = False

    def offer(self, stream: Stream) -> str:
        """Offer the mechanisms, and what may be asked for with them, under TLS."""
        if not stream.server.sasl2 or stream.authenticated or not stream.secured:
            return ""
        names = offered_by(stream).mechanisms
        if not names:
            return ""
        mechanisms = "".join(f"<mechanism>{name}</mechanism>" for name in names)
        inline = self._bind2.offer() + self._fast.offer(stream)
        return (
            f"<authentication xmlns='{ns.SASL2}'>{mechanisms}<inline>{inline}</inline>"
            "</authentication>"
        )

    def move(self, stream: Stream) -> Move | None:
        """Return the next answer, or the features that follow a success with a resource."""
        if stream.state is State.BOUND and self._features_due:
            return Send(
                "features",
                MoveFamily.NEGOTIATION,
                "the features of the stream that is signed in follow at once",
                "XEP-0388",
                data=stream.offer(),
            )
        return self._reply if stream.state in (State.SASL2, State.FEATURES) else None

    def heard(self, stream: Stream, token: Token, element: etree._Element) -> None:
        """Take what the client said and get the answer ready."""
        if token not in (Token.AUTHENTICATE, Token.SASL2_RESPONSE):
            self._reply = _failure("aborted")
            return
        try:
            if token is Token.AUTHENTICATE:
                self._begin(stream, element)
            self._reply = self._answer(stream, payload_of(element))
        except SaslRefusedError as error:
            self._reply = _failure(error.condition)

    def said(self, token: Token) -> None:
        """Note that the answer is out."""
        self._reply = None
        self._features_due = token is Token.SASL2_BOUND
        if token is Token.SASL2_FAILURE:
            self._mechanism = self._request = None

    def _begin(self, stream: Stream, element: etree._Element) -> None:
        self._mechanism = None
        self._request = element
        if not stream.secured:
            raise SaslRefusedError(Problem("TLS first"), "encryption-required")
        name = element.get("mechanism") or ""
        self._mechanism = self._fast.begin(stream, element, client_id_of(element))
        if self._mechanism is not None:
            return
        self._mechanism = begin_mechanism(stream, name)

    def _answer(self, stream: Stream, payload: str | None) -> Move:
        if self._mechanism is None or self._request is None:
            raise SaslRefusedError(Problem("no exchange has begun"), "malformed-request")
        if payload is None:
            return _send("challenge", f"<challenge xmlns='{ns.SASL2}'/>")
        reply = self._mechanism.receive(decode(payload))
        data = "" if reply.data is None else encode(reply.data)
        if not reply.done:
            return _send("challenge", f"<challenge xmlns='{ns.SASL2}'>{data}</challenge>")
        stream.username = self._mechanism.username
        return self._success(stream, self._request, data)

    def _success(self, stream: Stream, request: etree._Element, data: str) -> Move:
        client_id = client_id_of(request)
        # First what may still fail; a resource is bound for those who are let in.
        token = self._fast.grant(stream, request, client_id)
        address, bound = self._bind2.grant(stream, request, client_id)
        address = address or f"{stream.username}@{stream.served_domain}"
        said = f"<additional-data>{data}</additional-data>" if data else ""
        return _send(
            "success",
            f"<success xmlns='{ns.SASL2}'>{said}"
            f"<authorization-identifier>{escape(address)}</authorization-identifier>"
            f"{bound}{token}</success>",
        )


def _send(name: str, xml: str) -> Move:
    return Send(name, MoveFamily.NEGOTIATION, "the exchange goes on", "XEP-0388", data=xml.encode())


def _failure(condition: str) -> Move:
    said = failure_text(condition)
    xml = f"<failure xmlns='{ns.SASL2}'><{condition} xmlns='{ns.SASL}'/>{said}</failure>"
    return _send("failure", xml)
