"""STARTTLS: turn a plain stream into an encrypted one (RFC 6120 5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import namespaces as ns
from ..moves import BeginTls, GiveUp, Move, MoveFamily, Send
from ..problem import Problem
from ..states import Speaker, State, Token

if TYPE_CHECKING:
    from lxml import etree

    from ..events import Event
    from ..stream import Stream

_FEATURE = f"{{{ns.TLS}}}starttls"


class StartTls:
    """The feature, for one connection."""

    def offer(self, stream: Stream) -> str:
        """Offer STARTTLS until the stream is secured."""
        if stream.secured or not stream.tls_available:
            return ""
        required = "<required/>" if stream.tls_required else ""
        return f"<starttls xmlns='{ns.TLS}'>{required}</starttls>"

    def client_move(self, stream: Stream) -> Move | None:
        """Ask for TLS whenever it is offered; give up if it is wanted and is not."""
        if stream.state is State.HANDSHAKE:
            return BeginTls(
                "tls",
                MoveFamily.NEGOTIATION,
                "the server said <proceed/>: the next bytes are TLS",
                "RFC 6120 5.4.2.3",
            )
        sent_ahead = stream.client.pipeline and stream.state is State.STARTTLS
        if not (stream.may_choose or sent_ahead) or stream.secured or not stream.tls_wanted:
            return None
        if not stream.sends_ahead and stream.features.find(_FEATURE) is None:
            return GiveUp(
                "no-tls",
                MoveFamily.NEGOTIATION,
                "the server does not offer STARTTLS",
                "RFC 6120 5.3.1",
                problem=Problem(
                    "the server does not offer STARTTLS, and nothing secret is sent without TLS",
                    "TLS is not set up on the server, or somebody in between removed the offer",
                    "try --tls direct; --tls none goes on unencrypted, on this machine only",
                    "RFC 6120 5.3.1",
                ),
            )
        if sent_ahead:
            return None
        return Send(
            "starttls",
            MoveFamily.NEGOTIATION,
            "TLS is asked for before the server could offer it"
            if stream.sends_ahead
            else "the server offers TLS, and all that follows should be encrypted",
            "RFC 6120 5.4.2.1",
            data=f"<starttls xmlns='{ns.TLS}'/>".encode(),
        )

    def server_move(self, stream: Stream) -> Move | None:
        """Let the client proceed, then begin the handshake."""
        if stream.state is State.HANDSHAKE:
            return BeginTls(
                "tls", MoveFamily.NEGOTIATION, "the client may start TLS now", "RFC 6120 5.4.2.3"
            )
        if stream.state is not State.STARTTLS:
            return None
        if stream.secured or not stream.tls_available:
            return Send(
                "tls-failure",
                MoveFamily.NEGOTIATION,
                "TLS was asked for where it is not offered",
                "RFC 6120 5.4.2.2",
                data=f"<failure xmlns='{ns.TLS}'/>".encode(),
            )
        return Send(
            "proceed",
            MoveFamily.NEGOTIATION,
            "the client asked for TLS",
            "RFC 6120 5.4.2.3",
            data=f"<proceed xmlns='{ns.TLS}'/>".encode(),
        )

    def observe(
        self, stream: Stream, speaker: Speaker, token: Token, element: etree._Element
    ) -> Iterable[Event]:
        """Record a refusal; everything else is the state table's."""
        if token is Token.TLS_FAILURE and speaker is Speaker.SERVER:
            stream.fail(
                Problem(
                    "the server refused STARTTLS",
                    "its certificate or TLS set-up is broken, or TLS was asked for twice",
                    "look at the server's log, or try --tls direct",
                    "RFC 6120 5.4.2.2",
                )
            )
        return ()
