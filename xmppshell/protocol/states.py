"""The stream's state table: where a stream can stand, and what moves it (RFC 6120 4.3).

The table knows two speakers, not two roles: the client (initiating entity) and the server
(receiving entity). Whoever observes a stream, at either end, reads the same table.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from . import namespaces as ns

if TYPE_CHECKING:
    from lxml import etree


class Role(enum.Enum):
    """Which end of the stream this side is."""

    CLIENT = "client"
    SERVER = "server"


class Speaker(enum.Enum):
    """Who said something, independent of which end this side is."""

    CLIENT = "client"
    SERVER = "server"


class State(enum.Enum):
    """Where the stream stands; the value says it in words."""

    START = "no stream header yet"
    OPENING = "the server's stream header is due"
    OPENED = "stream features are due"
    FEATURES = "features offered, the client may choose"
    STARTTLS = "TLS asked for"
    HANDSHAKE = "TLS handshake due"
    SASL = "authenticating"
    SASL2 = "authenticating (SASL2)"
    BINDING = "binding a resource"
    RESUMING = "resuming an earlier stream"
    BOUND = "bound"
    COMPONENT_OPENED = "the component's handshake is due"
    COMPONENT_PROVING = "the server judges the component's handshake"
    CLOSING = "closing"
    CLOSED = "closed"


class Token(enum.Enum):
    """What can move a stream; the value is how it is written."""

    HEADER = "<stream:stream>"
    FEATURES = "<stream:features/>"
    STARTTLS = "<starttls/>"
    PROCEED = "<proceed/>"
    TLS_FAILURE = "<failure/> (TLS)"
    TLS_DONE = "TLS handshake"
    AUTH = "<auth/>"
    CHALLENGE = "<challenge/>"
    RESPONSE = "<response/>"
    ABORT = "<abort/>"
    SUCCESS = "<success/>"
    SASL_FAILURE = "<failure/> (SASL)"
    AUTHENTICATE = "<authenticate/> (SASL2)"
    SASL2_CHALLENGE = "<challenge/> (SASL2)"
    SASL2_RESPONSE = "<response/> (SASL2)"
    SASL2_ABORT = "<abort/> (SASL2)"
    CONTINUE = "<continue/> (SASL2)"
    NEXT = "<next/> (SASL2)"
    SASL2_SUCCESS = "<success/> (SASL2)"
    SASL2_BOUND = "<success/> (SASL2) with a resource"
    SASL2_FAILURE = "<failure/> (SASL2)"
    BIND = "<iq><bind/></iq>"
    BIND_RESULT = "<iq type='result'/> to bind"
    BIND_ERROR = "<iq type='error'/> to bind"
    RESUME = "<resume/>"
    RESUMED = "<resumed/>"
    SM_FAILED = "<failed/>"
    COMPONENT_HEADER = "<stream:stream> (component)"
    COMPONENT_HANDSHAKE = "<handshake/>"
    STREAM_ERROR = "<stream:error/>"
    STREAM_END = "</stream:stream>"
    OTHER = "any other element"


_C, _S = Speaker.CLIENT, Speaker.SERVER

TRANSITIONS: Final[dict[tuple[State, Speaker, Token], State]] = {
    (State.START, _C, Token.HEADER): State.OPENING,
    (State.OPENING, _S, Token.HEADER): State.OPENED,
    (State.OPENED, _S, Token.FEATURES): State.FEATURES,
    (State.FEATURES, _C, Token.STARTTLS): State.STARTTLS,
    (State.STARTTLS, _S, Token.PROCEED): State.HANDSHAKE,
    (State.STARTTLS, _S, Token.TLS_FAILURE): State.CLOSING,
    (State.HANDSHAKE, _C, Token.TLS_DONE): State.START,
    (State.FEATURES, _C, Token.AUTH): State.SASL,
    (State.SASL, _S, Token.CHALLENGE): State.SASL,
    (State.SASL, _C, Token.RESPONSE): State.SASL,
    (State.SASL, _C, Token.ABORT): State.SASL,
    (State.SASL, _S, Token.SUCCESS): State.START,
    (State.SASL, _S, Token.SASL_FAILURE): State.FEATURES,
    # SASL2 needs no second header (XEP-0388): the features follow, at once or after a resource.
    (State.FEATURES, _C, Token.AUTHENTICATE): State.SASL2,
    (State.SASL2, _S, Token.SASL2_CHALLENGE): State.SASL2,
    (State.SASL2, _C, Token.SASL2_RESPONSE): State.SASL2,
    (State.SASL2, _C, Token.SASL2_ABORT): State.SASL2,
    (State.SASL2, _S, Token.CONTINUE): State.SASL2,
    (State.SASL2, _C, Token.NEXT): State.SASL2,
    (State.SASL2, _S, Token.SASL2_SUCCESS): State.OPENED,
    (State.SASL2, _S, Token.SASL2_BOUND): State.BOUND,
    (State.SASL2, _S, Token.SASL2_FAILURE): State.FEATURES,
    (State.FEATURES, _C, Token.BIND): State.BINDING,
    (State.BINDING, _S, Token.BIND_RESULT): State.BOUND,
    (State.BINDING, _S, Token.BIND_ERROR): State.FEATURES,
    # Instead of binding, an earlier stream can be gone on with (XEP-0198 5).
    (State.FEATURES, _C, Token.RESUME): State.RESUMING,
    (State.RESUMING, _S, Token.RESUMED): State.BOUND,
    (State.RESUMING, _S, Token.SM_FAILED): State.FEATURES,
    # A component's stream goes another way (XEP-0114 3).
    (State.START, _C, Token.COMPONENT_HEADER): State.OPENING,
    (State.OPENING, _S, Token.COMPONENT_HEADER): State.COMPONENT_OPENED,
    (State.COMPONENT_OPENED, _C, Token.COMPONENT_HANDSHAKE): State.COMPONENT_PROVING,
    (State.COMPONENT_PROVING, _S, Token.COMPONENT_HANDSHAKE): State.BOUND,
}
"""Every move of the table; errors and stream ends apply in each state and are not listed."""

PIPELINED: Final = frozenset({Token.STARTTLS, Token.AUTH, Token.AUTHENTICATE, Token.BIND})
"""What a client may send before it has seen the features that allow it."""

SASL2_REQUESTS: Final = frozenset(
    {Token.AUTHENTICATE, Token.SASL2_RESPONSE, Token.SASL2_ABORT, Token.NEXT}
)
"""What a client may say in SASL2."""

_ELEMENTS: Final = {
    f"{{{ns.STREAM}}}features": Token.FEATURES,
    f"{{{ns.STREAM}}}error": Token.STREAM_ERROR,
    f"{{{ns.TLS}}}starttls": Token.STARTTLS,
    f"{{{ns.TLS}}}proceed": Token.PROCEED,
    f"{{{ns.TLS}}}failure": Token.TLS_FAILURE,
    f"{{{ns.SASL}}}auth": Token.AUTH,
    f"{{{ns.SASL}}}challenge": Token.CHALLENGE,
    f"{{{ns.SASL}}}response": Token.RESPONSE,
    f"{{{ns.SASL}}}abort": Token.ABORT,
    f"{{{ns.SASL}}}success": Token.SUCCESS,
    f"{{{ns.SASL}}}failure": Token.SASL_FAILURE,
    f"{{{ns.SASL2}}}authenticate": Token.AUTHENTICATE,
    f"{{{ns.SASL2}}}challenge": Token.SASL2_CHALLENGE,
    f"{{{ns.SASL2}}}response": Token.SASL2_RESPONSE,
    f"{{{ns.SASL2}}}abort": Token.SASL2_ABORT,
    f"{{{ns.SASL2}}}continue": Token.CONTINUE,
    f"{{{ns.SASL2}}}next": Token.NEXT,
    f"{{{ns.SASL2}}}success": Token.SASL2_SUCCESS,
    f"{{{ns.SASL2}}}failure": Token.SASL2_FAILURE,
    f"{{{ns.STREAM_MANAGEMENT}}}resume": Token.RESUME,
    f"{{{ns.STREAM_MANAGEMENT}}}resumed": Token.RESUMED,
    f"{{{ns.STREAM_MANAGEMENT}}}failed": Token.SM_FAILED,
    f"{{{ns.COMPONENT_ACCEPT}}}handshake": Token.COMPONENT_HANDSHAKE,
}

_BOUND: Final = frozenset({f"{{{ns.BIND2}}}bound", f"{{{ns.STREAM_MANAGEMENT}}}resumed"})
"""What in the success of SASL2 says that the stream has a resource."""

NEGOTIATION_ELEMENTS: Final = frozenset(_ELEMENTS)
"""The Clark names of the elements that negotiate the stream rather than use it."""


def token_of(element: etree._Element) -> Token:
    """Return the token that `element` is by its name; binding is told apart by `features.bind`."""
    token = _ELEMENTS.get(str(element.tag), Token.OTHER)
    if token is Token.SASL2_SUCCESS and any(child.tag in _BOUND for child in element):
        return Token.SASL2_BOUND
    return token


def next_state(state: State, speaker: Speaker, token: Token) -> State | None:
    """Return where the stream goes when `speaker` says `token`, or None if it does not move."""
    return TRANSITIONS.get((state, speaker, token))
