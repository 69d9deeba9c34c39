"""The client's side of SASL (RFC 6120 6.4): which mechanism, what to answer, when to refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import namespaces as ns
from ..channel import announced_types
from ..mechanisms import (
    Advertised,
    ClientMechanism,
    SaslRefusedError,
    Wishes,
    adopt,
    choose,
    client_mechanism,
)
from ..moves import GiveUp, Move, MoveFamily, Send
from ..problem import Problem
from ..states import State, Token
from .base import text_of
from .payloads import decode, decode_optional, encode, encode_initial

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream

ABORT: Final = f"<abort xmlns='{ns.SASL}'/>".encode()
"""What a client says that does not go on with an exchange (RFC 6120 6.4.4)."""

_MECHANISMS: Final = f"{{{ns.SASL}}}mechanisms"
_MECHANISM: Final = f"{{{ns.SASL}}}mechanism"


class SaslClient:
    """One client's exchanges on one connection, its own and those that its user types.

    `mechanism` is the exchange that can be continued from here; None where the user's cannot.
    `refusal` says why this side does not go on.
    """

    def __init__(self) -> None:
        self.mechanism: ClientMechanism | None = None
        self.refusal: Problem | None = None
        self._proposal: _Proposal | None = None
        self._ours = False
        self._begun = False
        self._pending: bytes | None = None

    def move(self, stream: Stream) -> Move | None:
        """Return what to do next, if anything."""
        if self.refusal is not None:
            return _give_up("sasl-refused", self.refusal, stream)
        if stream.state is State.SASL and self._pending is not None:
            return self._response(self._pending)
        if stream.state is not State.FEATURES or stream.authenticated:
            return None
        if not stream.secured and stream.tls_wanted:
            return None
        return self._auth(stream)

    def _response(self, payload: bytes) -> Move:
        assert self.mechanism is not None
        return Send(
            "response",
            MoveFamily.NEGOTIATION,
            f"the server challenged, and {self.mechanism.name} answers",
            "RFC 6120 6.4.3",
            data=f"<response xmlns='{ns.SASL}'>{encode(payload)}</response>".encode(),
        )

    def _auth(self, stream: Stream) -> Move | None:
        if stream.credentials is None:
            return None
        if self._proposal is None:
            try:
                self._proposal = _propose(stream)
            except SaslRefusedError as error:
                return _give_up("no-mechanism", error.problem, stream)
        return self._proposal.move

    # What was sent.

    def spoke(self, stream: Stream, token: Token, element: etree._Element) -> None:
        """Take an element that this side sent, whoever wrote it."""
        payload = decode_optional(text_of(element))
        if token is Token.AUTH:
            self._began(stream, element.get("mechanism") or "", payload)
        elif token is Token.RESPONSE:
            if self._pending != (payload or b""):
                self.mechanism = None  # The user goes another way.
            self._pending = None
        elif token is Token.ABORT:
            self.mechanism = self._pending = None

    def _began(self, stream: Stream, name: str, payload: bytes | None) -> None:
        self.refusal = self._pending = None
        proposal = self._proposal
        self._begun = payload is not None
        self._ours = proposal is not None and (name, payload) == (
            proposal.mechanism.name,
            proposal.payload,
        )
        if proposal is not None and self._ours:
            self.mechanism = proposal.mechanism
        elif stream.credentials is not None:
            self.mechanism = adopt(
                name,
                payload,
                stream.credentials,
                stream.channel,
                identity=_identity(stream),
            )
        else:
            self.mechanism = None

    # What the server said.

    def challenged(self, stream: Stream, text: str) -> None:
        """Take a challenge and get the response ready."""
        if self.mechanism is None:
            return
        self.mechanism.advertised = advertised_by(stream.features)
        try:
            self._pending = self._answer(self.mechanism, decode(text))
        except SaslRefusedError as error:
            self.refusal = error.problem

    def _answer(self, mechanism: ClientMechanism, challenge: bytes) -> bytes:
        if not self._begun:
            self._begun = True
            first = mechanism.first()
            if first is not None and not challenge:
                return first
        return mechanism.respond(challenge)

    def succeeded(self, text: str) -> bool:
        """Take success; say whether the server proved itself. Sets `refusal` if it did not."""
        if self.mechanism is None:
            return False
        try:
            return self.mechanism.finish(decode(text) if text else None)
        except SaslRefusedError as error:
            self.refusal = error.problem
            return False

    def failed(self, condition: str, problem: Problem) -> Problem:
        """Take failure; return what it means, which may be more than its condition says.

        There is no second try with what was proposed here; what a user typed may be typed anew.
        """
        if self.mechanism is not None:
            problem = self.mechanism.failure(condition) or problem
        if self._ours and self.refusal is None:
            self.refusal = problem
        self.mechanism = self._pending = self._proposal = None
        return problem


class _Proposal:
    """An exchange that was proposed and perhaps not begun: always the same, nonce and all."""

    def __init__(self, mechanism: ClientMechanism, reason: str) -> None:
        self.mechanism = mechanism
        self.payload = mechanism.first()
        text = encode_initial(self.payload)
        self.move = Send(
            "auth",
            MoveFamily.NEGOTIATION,
            reason,
            "RFC 6120 6.4.2",
            data=f"<auth xmlns='{ns.SASL}' mechanism='{mechanism.name}'>{text}</auth>".encode(),
        )


def _propose(stream: Stream) -> _Proposal:
    """Begin with the best mechanism; raises `SaslRefusedError` if there is none."""
    advertised = advertised_by(stream.features)
    if not advertised.mechanisms:
        raise SaslRefusedError(
            Problem(
                "the server offers no way to sign in",
                "the features hold no SASL mechanisms: authentication is off or wants TLS first",
                "try --tls starttls or --tls direct; look at /features",
                "RFC 6120 6.3.3",
            )
        )
    credentials = stream.credentials
    assert credentials is not None
    options = stream.client
    wishes = Wishes(
        options.mechanism or "",
        options.channel_binding or "",
        options.floor,
        password=bool(credentials.password),
        anonymous=not options.jid.local,
    )
    choice = choose(advertised, stream.channel, wishes)
    mechanism = client_mechanism(
        choice.mechanism,
        credentials,
        identity=_identity(stream),
        binding=choice.binding,
        flag=choice.flag,
    )
    return _Proposal(mechanism, choice.reason)


def _identity(stream: Stream) -> str:
    jid = stream.client.jid
    return str(jid.bare) if jid.local else ""


def _give_up(name: str, problem: Problem, stream: Stream) -> Move:
    return GiveUp(
        name,
        MoveFamily.NEGOTIATION,
        "authentication cannot go on",
        problem.reference or "RFC 6120 6",
        problem=problem,
        data=ABORT if stream.state is State.SASL else b"",
    )


def mechanisms_of(features: etree._Element) -> tuple[str, ...]:
    """Return the names of the SASL mechanisms in `<stream:features/>`, in their order."""
    holder = features.find(_MECHANISMS)
    if holder is None:
        return ()
    return tuple(text_of(child) for child in holder.iterfind(_MECHANISM))


def advertised_by(features: etree._Element) -> Advertised:
    """Return what `<stream:features/>` offers for SASL."""
    return Advertised(mechanisms_of(features), announced_types(features))
