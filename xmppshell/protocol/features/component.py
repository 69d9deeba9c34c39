"""The handshake of an external component: how it proves its secret (XEP-0114 3)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from ..errors import condition
from ..events import Authenticated, Bound, Event
from ..jid import JID
from ..moves import GiveUp, Move, MoveFamily, Send
from ..problem import Problem
from ..states import Speaker, State, Token
from .base import text_of

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream

MECHANISM: Final = "component handshake"
"""What stands where a client's stream has the name of a SASL mechanism."""

_REFERENCE: Final = "XEP-0114 3"


def proof(stream_id: str, secret: str) -> str:
    """Return what goes into `<handshake/>`: SHA-1 of id and secret, in lower-case hexadecimal."""
    return hashlib.sha1((stream_id + secret).encode(), usedforsecurity=False).hexdigest()


class Component:
    """The handshake, for one connection; the only feature of a component's stream."""

    def __init__(self) -> None:
        self._proved = False

    def offer(self, stream: Stream) -> str:
        """Offer nothing: a component's stream has no features."""
        return ""

    def client_move(self, stream: Stream) -> Move | None:
        """Prove the secret once the server's header with its id is there."""
        if stream.state is not State.COMPONENT_OPENED or stream.credentials is None:
            return None
        stream_id = stream.stream_id
        if not stream_id:
            return GiveUp(
                "no-stream-id",
                MoveFamily.NEGOTIATION,
                "without the id of the stream there is nothing to prove the secret with",
                _REFERENCE,
                problem=Problem(
                    "the server's stream header has no id",
                    "this is no port for components, or the server is broken",
                    "check --port: 5347 is usual",
                    _REFERENCE,
                ),
            )
        return Send(
            "handshake",
            MoveFamily.NEGOTIATION,
            "a component proves its secret with SHA-1 of the stream's id and the secret",
            _REFERENCE,
            data=f"<handshake>{proof(stream_id, stream.credentials.password)}</handshake>".encode(),
        )

    def server_move(self, stream: Stream) -> Move | None:
        """Say yes to a component that proved its secret."""
        if stream.state is not State.COMPONENT_PROVING or not self._proved:
            return None
        return Send(
            "handshake",
            MoveFamily.NEGOTIATION,
            "the component proved its secret",
            _REFERENCE,
            data=b"<handshake/>",
        )

    def observe(
        self, stream: Stream, speaker: Speaker, token: Token, element: etree._Element
    ) -> Iterable[Event]:
        """Judge the component's proof, or take the server's word."""
        if token is not Token.COMPONENT_HANDSHAKE:
            return
        if speaker is Speaker.CLIENT:
            if not stream.is_client and stream.state is State.COMPONENT_PROVING:
                self._judge(stream, text_of(element))
        elif stream.state is State.BOUND and not stream.authenticated:
            stream.authenticated = True
            stream.mechanism = MECHANISM
            stream.jid = JID.parse(stream.component_domain)
            yield Authenticated(MECHANISM, False, stream.component_domain)
            yield Bound(stream.jid)

    def _judge(self, stream: Stream, given: str) -> None:
        expected = proof(stream.stream_id, stream.server.secrets.get(stream.component_domain, ""))
        self._proved = hmac.compare_digest(expected.encode(), given.encode())
        if not self._proved:
            stream.fail(explained("not-authorized", "", stream.component_domain), "not-authorized")


def explained(name: str, text: str, domain: str) -> Problem:
    """Return what the stream error `name` means to the component for `domain`.

    `text` is what the server said in words, or "".
    """
    found = condition("stream", name)
    said = f' (the server says: "{text}")' if text else ""
    meaning, cause, cure = _FOR_COMPONENTS[name]
    what = f"stream error {name}: {meaning.format(domain=domain)}{said}"
    cure = cure.format(domain=domain)
    return Problem(what, cause, cure, _REFERENCE if found is None else found.reference)


_WRITE_FROM: Final = (
    "a component writes `from` on every stanza: its domain, or an address at its domain; not "
    "every server forgives it where it is missing",
    "connect again and write from='{domain}' and a `to` on what you send",
)
_FOR_COMPONENTS: Final = {
    "not-authorized": (
        "the server does not accept the secret of the component {domain}",
        "the secret here and the one in the server's configuration differ, or the server does "
        "not know this domain as a component and does not say so",
        "compare both with the configuration; of a secret file only the first line counts",
    ),
    "conflict": (
        "the component {domain} is connected already",
        "another process serves this domain, perhaps an older run of this one",
        "stop the other one first: the server takes one connection for a domain",
    ),
    "host-unknown": (
        "the server has no component {domain}",
        "its configuration does not name this domain as a component, or this is the port for "
        "clients",
        "check --port, 5347 is usual; add the component to the server's configuration",
    ),
    "invalid-from": ("a stanza was not from {domain}", *_WRITE_FROM),
    "improper-addressing": ("a stanza lacks `from` or `to`, or one is not a JID", *_WRITE_FROM),
}

COMPONENT_CONDITIONS: Final = frozenset(_FOR_COMPONENTS)
"""The stream errors that mean something else to a component than to a client."""
