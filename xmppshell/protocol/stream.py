"""One XMPP stream, observed: bytes of both directions in, events out, and moves proposed.

`Stream` serves both ends. It sees what is received and what is sent, whoever sent it, keeps
the state of the negotiation (`states.TRANSITIONS`), and says what could be done next and why
(`moves`). It never does anything itself: no socket, no clock, no choice.

    events = stream.receive_data(data)      # after reading
    events = stream.data_sent(data)         # after writing
    for move in stream.moves(): ...         # what the core would do now, best first
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeVar

from lxml import etree

from . import dialects, judgement
from . import namespaces as ns
from .ahead import Ahead
from .channel import Channel
from .credentials import Credentials
from .deviations import Deviation
from .dialects import AnyFramer
from .errors import PASSING_STREAM_ERRORS, StreamError, problem_for, stream_error
from .events import (
    BrokenBytesSeen,
    Direction,
    ElementIgnored,
    ElementSeen,
    Event,
    FeaturesOffered,
    StreamEndSeen,
    StreamErrorSeen,
    StreamHeaderSeen,
    TextSeen,
    Violation,
    WhitespaceSeen,
)
from .features.base import StreamFeature, escape
from .features.bind import Bind
from .features.component import COMPONENT_CONDITIONS, Component, explained
from .features.registration import Register
from .features.sasl import Sasl
from .features.sasl2 import Sasl2
from .features.starttls import StartTls
from .features.stream_management import StreamManagement
from .framing import Frame, FrameKind, FramingError
from .ids import IdCounter
from .jid import JID
from .mechanisms import Accounts
from .moves import Disconnect, GiveUp, Move, MoveFamily, Send
from .problem import Problem
from .redirects import (
    Redirect,
    host_problem,
    parse_host,
    parse_uri,
    see_other_uri,
    uri_problem,
)
from .sasl_exchange import SaslExchange
from .silent_ends import silent_end
from .stanza import stanza_of
from .states import PIPELINED, Role, Speaker, State, Token, next_state, token_of
from .stream_options import ClientOptions, Refusal, ServerOptions
from .xml import Context, StreamHeader, XmlError, parse_element

STREAM_END: Final = dialects.CLIENT.end


AnyMove = TypeVar("AnyMove", bound=Move)


class Stream:
    """One stream over one connection, through its restarts; see the module for its use.

    `secured` starts as True where the transport is encrypted already (direct TLS); `channel` is
    then what TLS has for SASL. `confused` tells that the server went wrong in a way that a fresh
    connection mends.
    """

    def __init__(
        self,
        options: ClientOptions | ServerOptions,
        *,
        secured: bool = False,
        channel: Channel | None = None,
        ids: IdCounter | None = None,
    ) -> None:
        self._options = options
        self.dialect = options.dialect
        self._ids = ids or IdCounter()
        self.role = Role.CLIENT if isinstance(options, ClientOptions) else Role.SERVER
        self.state = State.START
        self.secured = secured
        self.channel = channel or Channel()
        self.authenticated = False
        self.mechanism = ""
        self.username = ""
        self.jid: JID | None = None
        self.features: etree._Element = etree.Element("none")
        self.failure: Problem | None = None
        self.redirect: Redirect | None = None
        self.headers: dict[Direction, StreamHeader] = {}
        self.ended: set[Direction] = set()
        if isinstance(options, ClientOptions) and options.credentials is not None:
            self.username = options.credentials.username

        self._failure_data = b""
        self._judged = False
        self._framers = self._new_framers()
        self._contexts = {way: self.dialect.context() for way in Direction}
        self._bind = Bind()
        if isinstance(options, ClientOptions):
            if options.ledger is not None:
                options.ledger.restate(self.dialect.complete)
            self.management = StreamManagement(wanted=options.management, ledger=options.ledger)
        else:
            self.management = StreamManagement()
        self._sasl, self._sasl2 = Sasl(), Sasl2()
        self._features: tuple[StreamFeature, ...] = (
            (Component(),)
            if self.is_component
            else (StartTls(), self._sasl2, self._sasl, self.management, self._bind)
        )
        self._register = Register()
        if isinstance(options, ServerOptions) and options.register is not None:
            self._features += (self._register,)
        self.ahead = Ahead()
        self.confused = False

    # What the features and the readers ask.

    @property
    def is_client(self) -> bool:
        """True if this side opened the connection."""
        return self.role is Role.CLIENT

    @property
    def is_component(self) -> bool:
        """True if the initiating entity is a component (XEP-0114)."""
        return self.dialect is dialects.COMPONENT

    @property
    def client(self) -> ClientOptions:
        """The client's options; raises TypeError on a server's stream."""
        if not isinstance(self._options, ClientOptions):
            raise TypeError("this is a server's stream")
        return self._options

    @property
    def server(self) -> ServerOptions:
        """The server's options; raises TypeError on a client's stream."""
        if not isinstance(self._options, ServerOptions):
            raise TypeError("this is a client's stream")
        return self._options

    @property
    def online(self) -> bool:
        """True when negotiation is complete and stanzas may flow."""
        return self.state is State.BOUND and self.jid is not None and self._bind.negotiated

    @property
    def sends_ahead(self) -> bool:
        """True if a client may send something now that no features have allowed yet."""
        waits = self.state in (State.OPENING, State.OPENED) and not self.ahead
        return self.is_client and self.client.pipeline and waits

    @property
    def may_choose(self) -> bool:
        """True if a client may choose what to negotiate: from the features, or ahead of them."""
        return self.state is State.FEATURES or self.sends_ahead

    @property
    def refused_ahead(self) -> bool:
        """True if the stream is over because of what was sent ahead, as far as one can tell."""
        return self.ahead.refused or (self.ahead.unanswered and self.failure is None)

    @property
    def tls_wanted(self) -> bool:
        """True if a client wants STARTTLS."""
        return self.client.tls

    @property
    def tls_available(self) -> bool:
        """True if a server can do STARTTLS."""
        return self.server.tls

    @property
    def tls_required(self) -> bool:
        """True if a server lets nobody sign in before TLS."""
        return self.server.tls and self.server.tls_required

    @property
    def served_domain(self) -> str:
        """The domain of this server that the client's header is for, or "" before it came."""
        header = self.headers.get(Direction.RECEIVED)
        domain = (header.to or "").lower().rstrip(".") if header else ""
        return domain if domain in self.server.domains else ""

    @property
    def credentials(self) -> Credentials | None:
        """What a client signs in with."""
        return self.client.credentials

    @property
    def sasl_exchange(self) -> SaslExchange | None:
        """The last SASL exchange on this connection, finished or not."""
        return self._sasl2.exchange or self._sasl.exchange

    @property
    def wanted_resource(self) -> str:
        """The resource that a client asks for, or ""."""
        return self.client.jid.resource

    @property
    def server_mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms that a server offers."""
        return self.server.mechanisms

    @property
    def accounts(self) -> Accounts | None:
        """A server's accounts."""
        return self.server.accounts

    @property
    def stream_id(self) -> str:
        """The id in the server's stream header, or "" before it came (RFC 6120 4.7.3)."""
        way = Direction.RECEIVED if self.is_client else Direction.SENT
        header = self.headers.get(way)
        return (header.id or "") if header else ""

    @property
    def component_domain(self) -> str:
        """The domain of the component that this stream is for, or "" before its header came."""
        return self.client.jid.domain if self.is_client else self.served_domain

    def assign_resource(self, requested: str) -> JID | Refusal:
        """Ask the server for the full JID of the client that is signed in."""
        return self.server.assign_resource(self.username, requested)

    def next_id(self) -> str:
        """Return a fresh stanza id."""
        return self._ids.next()

    def context(self, direction: Direction) -> Context:
        """Return the namespaces in scope for top-level elements of one direction."""
        return self._contexts[direction]

    def unfinished(self, direction: Direction) -> bytes:
        """Return the bytes of one direction that do not form a whole piece yet."""
        return self._framers[direction].buffered

    def spoken(self, move: AnyMove) -> AnyMove:
        """Return `move` with its XML complete: with the namespaces that the dialect wants said."""
        if not isinstance(move, Send | GiveUp) or not move.data:
            return move
        data = self.dialect.complete(move.data)
        return move if data is move.data else replace(move, data=data)

    def _new_framers(self) -> dict[Direction, AnyFramer]:
        framers = {way: self.dialect.framer() for way in Direction}
        if isinstance(self._options, ServerOptions):
            depth = judgement.max_depth(self._options.deviations)
            framers[Direction.RECEIVED] = self.dialect.framer(self._options.max_size, depth)
        return framers

    # Bytes in, events out.

    def receive_data(self, data: bytes) -> list[Event]:
        """Take bytes that the peer sent, cut in any way; return what happened, in order."""
        return [event for events in self.receive_steps(data) for event in events]

    def receive_steps(self, data: bytes) -> Iterator[list[Event]]:
        """Take bytes as `receive_data` does, one piece of the stream at a time.

        A server answers what one piece calls for (`moves`) before it asks for the next, so that
        a client may send ahead. All steps must be taken before other bytes are handed in.
        """
        if data and not self.is_client and self.state in (State.STARTTLS, State.HANDSHAKE):
            yield [self._injected(data)]
            return
        yield from self._take(Direction.RECEIVED, data)

    def data_sent(self, data: bytes) -> list[Event]:
        """Take bytes that this side sent, whoever wrote them; return what happened."""
        framer = self._framers[Direction.SENT]
        second_header = self.dialect.begins_anew(data) and not framer.buffered
        if second_header and Direction.SENT in self.headers:
            self._framers[Direction.SENT] = self.dialect.framer()
        return [event for events in self._take(Direction.SENT, data) for event in events]

    def tls_established(self, channel: Channel | None = None) -> None:
        """Note that the TLS handshake is done: the stream starts anew (RFC 6120 5.4.3.3).

        `channel` is what TLS has for SASL.
        """
        self.secured = True
        self.channel = channel or Channel()
        self._move(Speaker.CLIENT, Token.TLS_DONE)
        self._restart()

    def fail(self, problem: Problem, condition: str = "", text: str = "", detail: str = "") -> None:
        """Decide that the stream cannot go on; `moves` then proposes to give up.

        With `condition`, the stream error that is said before closing, its `text` if any, and
        `detail`, the XML of an application's own condition.
        """
        if self.failure is not None:
            return
        self.failure, self._judged = problem, True
        self.management.broken()
        if condition:
            said = (
                f"<text xmlns='{ns.STREAM_ERRORS}' xml:lang='en'>{escape(text)}</text>"
                if text
                else ""
            )
            self._failure_data = (
                f"<stream:error><{condition} xmlns='{ns.STREAM_ERRORS}'/>{said}{detail}"
                "</stream:error>"
            ).encode()

    def _take(self, direction: Direction, data: bytes) -> Iterator[list[Event]]:
        while data:
            framer = self._framers[direction]
            error: FramingError | None = None
            try:
                frames: tuple[Frame, ...] = tuple(framer.feed(data))
            except FramingError as caught:
                frames, error = caught.frames, caught
            data = b""
            for index, frame in enumerate(frames):
                events = list(self._frame(direction, frame))
                tls_next = self._tls_is_next(direction)
                if tls_next:
                    rest = _rest(frames[index + 1 :], framer, error)
                    if rest:
                        events.append(self._injected(rest))
                yield events
                if tls_next:
                    break
                if self._framers[direction] is not framer:
                    data = _rest(frames[index + 1 :], framer, error)
                    break
            else:
                if error is not None:
                    yield list(self._broken(direction, error.data, error, error.condition))

    def _tls_is_next(self, direction: Direction) -> bool:
        """Say whether the peer must now be silent until the TLS handshake (RFC 6120 5.4.3.3)."""
        if direction is Direction.SENT:
            return False
        return self.state is State.HANDSHAKE or (
            self.role is Role.SERVER and self.state is State.STARTTLS
        )

    def _injected(self, data: bytes) -> Event:
        problem = Problem(
            f"{len(data)} bytes came unencrypted where only TLS may follow",
            "somebody in between is injecting data, or the peer's STARTTLS is broken",
            "do not sign in over this network; try --tls direct",
            "RFC 6120 5.4.3.3",
        )
        # A server has not said <proceed/> yet and may still speak; a client may not.
        self.fail(problem, "policy-violation" if self.state is State.STARTTLS else "")
        return Violation(Direction.RECEIVED, "policy-violation", problem)

    def _broken(
        self, direction: Direction, data: bytes, error: FramingError | XmlError, condition: str
    ) -> Iterator[Event]:
        yield BrokenBytesSeen(direction, data, error.problem)
        if self._judges(direction):
            condition = judgement.xml_fault(self, condition)
        if direction is Direction.RECEIVED:
            self.fail(error.problem, condition, error.problem.what)
            yield Violation(direction, condition, error.problem)

    def _frame(self, direction: Direction, frame: Frame) -> Iterator[Event]:
        if frame.kind is FrameKind.ELEMENT:
            yield from self._element(direction, frame.data)
        elif frame.kind is FrameKind.HEADER:
            yield from self._header(direction, frame.data)
        elif frame.kind is FrameKind.END:
            self.management.ended(self, direction)
            self.ended.add(direction)
            both = len(self.ended) == len(Direction)
            self.state = State.CLOSED if both else State.CLOSING
            if direction is Direction.RECEIVED:
                self._note_see_other_uri(frame.data)
            yield StreamEndSeen(direction, frame.data)
        elif frame.kind is FrameKind.WHITESPACE:
            yield WhitespaceSeen(direction, frame.data)
        else:
            yield TextSeen(direction, frame.data)
            if self._judges(direction) and Deviation.TEXT_IGNORED not in self.server.deviations:
                yield self._refuse("bad-format", "text between stanzas is not XMPP")

    def _header(self, direction: Direction, data: bytes) -> Iterator[Event]:
        try:
            header = self.dialect.parse_opening(data)
        except XmlError as error:
            yield from self._broken(direction, data, error, "not-well-formed")
            return
        self.headers[direction] = header
        self._contexts[direction] = self.dialect.context(header)
        yield StreamHeaderSeen(direction, data, header)
        token = Token.COMPONENT_HEADER if self.is_component else Token.HEADER
        self._move(self._speaker(direction), token)
        if direction is Direction.RECEIVED:
            self._check_header(header)

    def _check_header(self, header: StreamHeader) -> None:
        """Judge the peer's header (RFC 6120 4.7, 4.8); a failure is a stream error."""
        if header.tag != self.dialect.root:
            name = header.tag.rpartition("}")[2]
            self.fail(
                Problem(
                    f"the peer opened with <{name}> and not with an XMPP stream header",
                    "another protocol answers on this port",
                    "check host and port; 5222 is usual for clients",
                    "RFC 6120 4.8.1",
                ),
                "invalid-namespace" if name == "stream" else "bad-format",
                f"a stream begins with <stream> in the namespace {ns.STREAM}",
            )
        elif self.role is Role.SERVER:
            condition, text = judgement.header_fault(self, header)
            if condition:
                self.fail(problem_for("stream", condition, text), condition, text)

    def _judges(self, direction: Direction) -> bool:
        """Say whether this side is the server and has to judge what the client sent."""
        return self.role is Role.SERVER and direction is Direction.RECEIVED

    def takes_stanza(self, token: Token, element: etree._Element) -> bool:
        """Say whether a server takes a client's stanza now, bind and registration included."""
        ready = self.authenticated and (token is Token.BIND or self.state is State.BOUND)
        return ready or self._register.takes(self, element)

    def _refuse(self, condition: str, text: str) -> Event:
        """End the stream with `condition` for what the client sent."""
        problem = problem_for("stream", condition, text)
        self.fail(problem, condition, text)
        return Violation(Direction.RECEIVED, condition, problem)

    def _element(self, direction: Direction, data: bytes) -> Iterator[Event]:
        try:
            element = parse_element(data, self._contexts[direction])
        except XmlError as error:
            yield from self._broken(direction, data, error, "not-well-formed")
            return
        stanza = stanza_of(element)
        speaker = self._speaker(direction)
        token = token_of(element)
        if token is Token.OTHER and self.authenticated:
            token = self._bind.classify(speaker, element)
        condition = text = ""
        if self._judges(direction):
            condition, text = judgement.misplaced(self, token, stanza, element)
        if condition == judgement.IGNORED:
            yield ElementIgnored(direction, data, element, stanza)
            return
        yield ElementSeen(direction, data, element, stanza)
        if condition:
            yield self._refuse(condition, text)
            return
        if stanza is not None:
            self.management.count(direction, data)
        if token is Token.STREAM_ERROR:
            yield self._stream_error(direction, element)
            return
        self._move(speaker, token)
        if token is Token.FEATURES and speaker is Speaker.SERVER:
            self.features = element
            yield FeaturesOffered(tuple(str(child.tag) for child in element))
        for feature in self._features:
            yield from feature.observe(self, speaker, token, element)
        if speaker is Speaker.SERVER and self.failure is None:
            if token in (Token.SASL2_SUCCESS, Token.SASL2_BOUND):
                self.authenticated = True
            elif token is Token.SUCCESS:
                self.authenticated = True
                self._restart()

    def _stream_error(self, direction: Direction, element: etree._Element) -> Event:
        error = stream_error(element) or StreamError("undefined-condition", "", "")
        problem = self._explain(direction, error)
        if direction is Direction.RECEIVED and self.failure is None:
            self.failure = problem
            self.ahead.ended(error.condition)
        self.state = State.CLOSING
        if direction is Direction.SENT or error.condition not in PASSING_STREAM_ERRORS:
            self.management.broken()
        return StreamErrorSeen(direction, error.condition, error.text, error.detail, problem)

    def _explain(self, direction: Direction, error: StreamError) -> Problem:
        """Return what a stream error means to whoever is here."""
        if self.is_client and direction is Direction.RECEIVED:
            if error.condition == "see-other-host":
                self.redirect = parse_host(error.detail)
                return host_problem(error.detail, self.redirect, self.client.jid.domain)
            if self.is_component and error.condition in COMPONENT_CONDITIONS:
                return explained(error.condition, error.text, self.component_domain)
        return problem_for("stream", error.condition, error.text)

    def _note_see_other_uri(self, close: bytes) -> None:
        """Note where the `<close/>` of a WebSocket stream leads, if anywhere."""
        uri = see_other_uri(close) if self.is_client and close else None
        if uri is not None:
            self.redirect = parse_uri(uri, secured=self.secured)
            self.failure = self.failure or uri_problem(uri, self.redirect)

    def _speaker(self, direction: Direction) -> Speaker:
        sent_by_client = (direction is Direction.SENT) is (self.role is Role.CLIENT)
        return Speaker.CLIENT if sent_by_client else Speaker.SERVER

    def _move(self, speaker: Speaker, token: Token) -> None:
        if speaker is Speaker.SERVER:
            self.ahead.heard(token)
        state = next_state(self.state, speaker, token)
        if state is None:
            waits = self.state in (State.OPENING, State.OPENED)
            if waits and speaker is Speaker.CLIENT and token in PIPELINED:
                self.ahead.sent(token)
            return
        self.state = state
        sent = self.ahead.next() if state is State.FEATURES else None
        if sent is not None:
            self._move(Speaker.CLIENT, sent)

    def _restart(self) -> None:
        self._framers = self._new_framers()
        self._contexts = {way: self.dialect.context() for way in Direction}
        self.headers = {}
        self.ahead.clear()

    # What could be done next.

    def moves(self) -> list[Move]:
        """Return the moves that fit now, the recommended one first; empty while waiting."""
        return [self.spoken(move) for move in self._moves()]

    def _moves(self) -> list[Move]:
        move = self._closing_move() or self._opening_move()
        if move is not None:
            return [move]
        if self.state in (State.CLOSING, State.CLOSED):
            return []
        pick = "client_move" if self.is_client else "server_move"
        found = (getattr(feature, pick)(self) for feature in self._features)
        return [move for move in found if move is not None]

    def _closing_move(self) -> Move | None:
        if self.state is State.CLOSED:
            return Disconnect(
                "disconnect", MoveFamily.CLOSING, "both sides closed the stream", "RFC 6120 4.4"
            )
        server_opens_first = not self.is_client and Direction.SENT not in self.headers
        if self.failure is not None and self._judged and not server_opens_first:
            return GiveUp(
                "give-up",
                MoveFamily.CLOSING,
                self.failure.what,
                self.failure.reference,
                problem=self.failure,
                data=self._failure_data,
            )
        if Direction.SENT in self.ended:
            return None
        peer_done = Direction.RECEIVED in self.ended
        if peer_done or (self.state is State.CLOSING and self.failure is not None):
            return Send(
                "close",
                MoveFamily.CLOSING,
                "the peer closed the stream" if peer_done else "a stream error ends the stream",
                "RFC 6120 4.4",
                data=self.dialect.end,
            )
        return None

    def _opening_move(self) -> Move | None:
        if self.role is Role.CLIENT:
            if self.state is not State.START:
                return None
            return Send(
                "open",
                MoveFamily.NEGOTIATION,
                "a stream begins with its header"
                if not (self.secured or self.authenticated)
                else "the stream starts anew after TLS and after authentication",
                "RFC 6120 4.3.3" if self.secured or self.authenticated else "RFC 6120 4.2",
                data=self._client_header(),
            )
        opens = self.state is State.OPENING or (
            self.state is State.START and self.failure is not None
        )
        if opens and Direction.SENT not in self.headers:
            return Send(
                "open",
                MoveFamily.NEGOTIATION,
                "the client opened a stream",
                "RFC 6120 4.7",
                data=self._server_header(),
            )
        if self.state is State.OPENED and judgement.features_are_due(self):
            return Send(
                "features",
                MoveFamily.NEGOTIATION,
                "the client waits for the features",
                "RFC 6120 4.3.2",
                data=self.offer(),
            )
        return None

    def _client_header(self) -> bytes:
        options = self.client
        attributes = {"to": options.jid.domain}
        if not self.is_component:
            if self.secured and options.jid.local:
                attributes["from"] = str(options.jid.bare)
            attributes |= {"version": "1.0", "xml:lang": options.language}
        return self.dialect.opening(attributes)

    def _server_header(self) -> bytes:
        sender = self.served_domain or min(self.server.domains)
        attributes = {"id": self.server.new_stream_id(), "from": sender}
        asked = self.headers.get(Direction.RECEIVED)
        if asked and asked.sender and judgement.is_address(asked.sender):
            attributes["to"] = asked.sender
        if not self.is_component:
            if asked is None or asked.version is not None or self.dialect is dialects.WEBSOCKET:
                attributes["version"] = "1.0"
            attributes["xml:lang"] = "en"
        return self.dialect.opening(attributes)

    def offer(self) -> bytes:
        """Return the features that a server offers now."""
        offers = "".join(feature.offer(self) for feature in self._features)
        if self.authenticated:
            offers += f"<csi xmlns='{ns.CSI}'/>" if self.server.client_state else ""
            offers += self.server.extra_features
        return f"<stream:features>{offers}</stream:features>".encode()

    # How it ended.

    @property
    def closed_properly(self) -> bool:
        """True if the peer said its closing tag and nothing went wrong before."""
        return Direction.RECEIVED in self.ended and self.failure is None

    def end_problem(self) -> Problem | None:
        """Say why the stream is over when the transport closed; None after a proper close."""
        if self.failure is not None:
            return self.failure
        if Direction.RECEIVED in self.ended:
            return None
        return silent_end(self.state)


"""What a client says of its state (XEP-0352 4.2), as Clark names."""


def _rest(later: tuple[Frame, ...], framer: AnyFramer, error: FramingError | None) -> bytes:
    """Return the bytes after a frame: those of the `later` frames, and those in none."""
    framed = b"".join(frame.data for frame in later)
    return framed + (framer.buffered if error is None else error.data)
