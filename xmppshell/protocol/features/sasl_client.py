"""The client's side of SASL (RFC 6120 6.4): which mechanism, what to answer, when to refuse."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from .. import namespaces as ns
from ..channel import TLS_EXPORTER, Channel, announced_types
from ..dialects import WEBSOCKET
from ..mechanisms import (
    PLUS,
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

_MECHANISMS: Final = f"{{{ns.SASL}}}mechanisms"
_MECHANISM: Final = f"{{{ns.SASL}}}mechanism"


class SaslClient:
    """One client's exchanges on one connection, its own and those that its user types.

    `mechanism` is the exchange that can be continued from here; None where the user's cannot.
    `refusal` says why this side does not go on. SASL2 is the same in other elements
    (`sasl2_client`).
    """

    exchanging = State.SASL
    namespace = ns.SASL
    reference = "RFC 6120 6.4"

    def __init__(self) -> None:
        self.mechanism: ClientMechanism | None = None
        self.refusal: Problem | None = None
        self._proposal: Proposal | None = None
        self._ours = False
        self._begun = False
        self._pending: bytes | None = None

    def move(self, stream: Stream) -> Move | None:
        """Return what to do next, if anything."""
        if self.refusal is not None:
            return self._give_up("sasl-refused", self.refusal, stream)
        if stream.state is self.exchanging and self._pending is not None:
            return self._response(self._pending)
        if not stream.may_choose or stream.authenticated:
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
            self.reference,
            data=f"<response xmlns='{self.namespace}'>{encode(payload)}</response>".encode(),
        )

    def _auth(self, stream: Stream) -> Move | None:
        if not self._ready(stream):
            return None
        if self._proposal is None or self._proposal.ahead is not stream.sends_ahead:
            try:
                self._proposal = self._propose(stream)
            except SaslRefusedError as error:
                if stream.sends_ahead:
                    return None  # The features will tell.
                return self._give_up("no-mechanism", error.problem, stream)
        return self._proposal.move

    def _give_up(self, name: str, problem: Problem, stream: Stream) -> Move:
        # What a client says that does not go on with an exchange (RFC 6120 6.4.4).
        abort = f"<abort xmlns='{self.namespace}'/>".encode()
        return GiveUp(
            name,
            MoveFamily.NEGOTIATION,
            "authentication cannot go on",
            problem.reference or "RFC 6120 6",
            problem=problem,
            data=abort if stream.state is self.exchanging else b"",
        )

    # What differs between SASL and SASL2.

    def _ready(self, stream: Stream) -> bool:
        """Say whether there is something to sign in with, and it is wanted this way."""
        return stream.credentials is not None

    def _advertised(self, stream: Stream) -> Advertised:
        """Return what the server offers."""
        return advertised_by(stream.features)

    def _propose(self, stream: Stream) -> Proposal:
        """Begin with the best mechanism; raises `SaslRefusedError` if there is none."""
        mechanism, reason = choose_mechanism(stream, self._advertised(stream))
        payload = mechanism.first()
        text = encode_initial(payload)
        move = Send(
            "auth",
            MoveFamily.NEGOTIATION,
            reason,
            self.reference,
            data=f"<auth xmlns='{ns.SASL}' mechanism='{mechanism.name}'>{text}</auth>".encode(),
        )
        return Proposal(mechanism, payload, move, stream.sends_ahead)

    # What was sent.

    def spoke(self, stream: Stream, token: Token, element: etree._Element) -> None:
        """Take an element that this side sent, whoever wrote it."""
        payload = decode_optional(text_of(element))
        if token is Token.AUTH:
            self.began(stream, element.get("mechanism") or "", payload)
        elif token is Token.RESPONSE:
            self.responded(payload)
        elif token is Token.ABORT:
            self.aborted()

    def responded(self, payload: bytes | None) -> None:
        """Take a response that this side sent."""
        if self._pending != (payload or b""):
            self.mechanism = None  # The user goes another way.
        self._pending = None

    def aborted(self) -> None:
        """Take that this side ended the exchange."""
        self.mechanism = self._pending = None

    def began(self, stream: Stream, name: str, payload: bytes | None) -> None:
        """Take the beginning of an exchange: the mechanism's name and the initial response."""
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
        self.mechanism.advertised = self._advertised(stream)
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

    def failed(self, condition: str, text: str, problem: Problem) -> Problem:
        """Take failure; return what it means, which may be more than its condition says.

        There is no second try with what was proposed here; what a user typed may be typed anew.
        """
        if self.mechanism is not None:
            problem = self.mechanism.failure(condition, text) or problem
        if self._ours and self.refusal is None:
            self.refusal = problem
        self.mechanism = self._pending = self._proposal = None
        return problem

    def guessed_wrong(self, stream: Stream) -> str:
        """Return what was sent ahead and is not offered, as the features show by now, or "".

        After that, the best of what is offered is tried.
        """
        proposal = self._proposal
        if not self._ours or proposal is None or not proposal.ahead:
            return ""
        mechanism, advertised = proposal.mechanism, self._advertised(stream)
        if mechanism.name not in advertised.mechanisms:
            guess = mechanism.name
        elif mechanism.binding is not None and mechanism.binding.type not in (
            advertised.bindings or (mechanism.binding.type,)
        ):
            guess = f"{mechanism.name} with {mechanism.binding.type}"
        else:
            return ""
        self.mechanism = self._pending = self._proposal = None
        return guess


@dataclass(frozen=True, slots=True)
class Proposal:
    """An exchange that was proposed and perhaps not begun: always the same, nonce and all.

    `ahead` says that it is for sending before the features are known.
    """

    mechanism: ClientMechanism
    payload: bytes | None = field(repr=False)
    move: Send = field(repr=False)
    ahead: bool


ASSUMED: Final = "SCRAM-SHA-256"
"""What a server is taken to have where nothing is known of it."""


def choose_mechanism(stream: Stream, advertised: Advertised) -> tuple[ClientMechanism, str]:
    """Return the best mechanism of what is advertised, begun, and why it is that.

    What is sent ahead is the one that was asked for, or the one of the last login, or `ASSUMED`.
    Raises `SaslRefusedError` if there is none.
    """
    options, credentials = stream.client, stream.credentials
    assert credentials is not None
    wanted = options.mechanism or ""
    if stream.sends_ahead:
        wanted = wanted or options.floor or (ASSUMED if options.jid.local else "ANONYMOUS")
        advertised = Advertised((wanted,))
    if not advertised.mechanisms:
        raise SaslRefusedError(
            Problem(
                "the server offers no way to sign in",
                "the features hold no SASL mechanisms: authentication is off or wants TLS first",
                "try --tls starttls or --tls direct; look at /features",
                "RFC 6120 6.3.4",
            )
        )
    wishes = Wishes(
        wanted,
        options.channel_binding or "",
        options.floor,
        password=bool(credentials.password),
        anonymous=not options.jid.local,
    )
    choice = choose(advertised, _usable_channel(stream, advertised, bool(wanted)), wishes)
    mechanism = client_mechanism(
        choice.mechanism,
        credentials,
        identity=_identity(stream),
        binding=choice.binding,
        flag=choice.flag,
    )
    if stream.sends_ahead:
        return mechanism, f"{choice.mechanism} is sent before the server could offer it"
    return mechanism, choice.reason


def _usable_channel(stream: Stream, advertised: Advertised, named: bool) -> Channel:
    """Return what TLS has that the server can be expected to know as well.

    `named` says that a mechanism was asked for.
    """
    options, channel = stream.client, stream.channel
    if stream.dialect is WEBSOCKET and not advertised.binds:
        # Their TLS ends before the server proper, and some refuse who says to have looked for it.
        return replace(channel, bindings=())
    asked = named or options.channel_binding or options.floor.endswith(PLUS)
    if options.sasl2 is not None and advertised.bindings is None and not asked:
        # tls-exporter is there for tokens. Some servers that announce no types take others for it.
        kept = tuple(each for each in channel.bindings if each.type != TLS_EXPORTER)
        return replace(channel, bindings=kept)
    return channel


def _identity(stream: Stream) -> str:
    jid = stream.client.jid
    return str(jid.bare) if jid.local else ""


def mechanisms_of(features: etree._Element) -> tuple[str, ...]:
    """Return the names of the SASL mechanisms in `<stream:features/>`, in their order."""
    holder = features.find(_MECHANISMS)
    if holder is None:
        return ()
    return tuple(text_of(child) for child in holder.iterfind(_MECHANISM))


def advertised_by(features: etree._Element) -> Advertised:
    """Return what `<stream:features/>` offers for SASL."""
    return Advertised(mechanisms_of(features), announced_types(features))
