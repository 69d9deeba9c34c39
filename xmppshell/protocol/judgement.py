"""What a server thinks of what clients say: which stream error it deserves, or whether to pass it.

The answers are those of RFC 6120 unless the server's options name deviations.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Final

from . import namespaces as ns
from .deviations import Deviation
from .events import Direction
from .framing import MAX_DEPTH
from .jid import JID, JIDError, shown
from .states import SASL2_REQUESTS, State, Token

if TYPE_CHECKING:
    from lxml import etree

    from .stanza import Stanza
    from .stream import Stream
    from .xml import StreamHeader

IGNORED: Final = "ignored"
"""Stands where a stream error could, for an element that is let pass and means nothing."""

DEEPEST: Final = 2_000
"""How deep stanzas may be nested where a server is said to have no limit: the parser has one."""

_CSI: Final = frozenset({f"{{{ns.CSI}}}active", f"{{{ns.CSI}}}inactive"})
_XML_FAULTS: Final = frozenset({"restricted-xml", "unsupported-encoding"})


def header_fault(stream: Stream, header: StreamHeader) -> tuple[str, str]:
    """Return condition and text of the stream error that a client's header deserves, or ""."""
    fault = _namespace_fault(stream, header)
    if fault[0]:
        return fault
    if not header.to:
        return "improper-addressing", "the stream header has no 'to'"
    if not stream.served_domain:
        return "host-unknown", f"this server does not serve {shown(header.to)}"
    if stream.is_component:
        return "", ""
    return _version_fault(stream, header) or _sender_fault(stream, header)


def _namespace_fault(stream: Stream, header: StreamHeader) -> tuple[str, str]:
    """Judge the default namespace; none may be declared, or that of the stream (RFC 6120 4.8.2)."""
    deviations = stream.server.deviations
    wanted = stream.dialect.default_namespace
    found = header.content_namespace
    undeclared = wanted == ns.CLIENT and found in ("", ns.STREAM)
    strict = Deviation.DEFAULT_NAMESPACE_REQUIRED in deviations
    if found == wanted or (undeclared and not strict):
        return "", ""
    if Deviation.ANY_DEFAULT_NAMESPACE in deviations:
        return "", ""
    condition = "invalid-xml" if strict and found == ns.STREAM else "invalid-namespace"
    return condition, f"the default namespace must be {wanted}"


def _version_fault(stream: Stream, header: StreamHeader) -> tuple[str, str] | None:
    """Judge the version: a newer one is answered with ours (RFC 6120 4.7.5)."""
    deviations = stream.server.deviations
    lenient = Deviation.NO_VERSION_NEEDED in deviations or not features_are_due(stream)
    if header.version is None and lenient:
        return None
    major = (header.version or "0").partition(".")[0]
    if not major.isdigit() or int(major) < 1:
        return "unsupported-version", "the stream header must have version='1.0'"
    if int(major) > 1 and Deviation.NEWER_VERSION_REFUSED in deviations:
        return "unsupported-version", "the version must be 1.0"
    return None


def _sender_fault(stream: Stream, header: StreamHeader) -> tuple[str, str]:
    deviations = stream.server.deviations
    if is_address(header.sender) or Deviation.SENDER_UNCHECKED in deviations:
        return "", ""
    text = f"'from' is no address: {shown(header.sender or '')}"
    if Deviation.BAD_SENDER_IS_INVALID_XML in deviations:
        return "invalid-xml", text
    return "improper-addressing", text


def is_address(text: str | None) -> bool:
    """Say whether `text` is a JID, or absent."""
    if text is None:
        return True
    try:
        JID.parse(text)
    except JIDError:
        return False
    return True


def features_are_due(stream: Stream) -> bool:
    """Say whether the client's header is answered with features, too."""
    header = stream.headers.get(Direction.RECEIVED)
    old = header is not None and header.version is None
    return not (old and Deviation.NO_VERSION_NO_FEATURES in stream.server.deviations)


def xml_fault(stream: Stream, condition: str) -> str:
    """Return the stream error for a fault of XML whose condition by the RFC is `condition`."""
    alike = Deviation.ALL_XML_FAULTS_ALIKE in stream.server.deviations
    return "not-well-formed" if alike and condition in _XML_FAULTS else condition


def max_depth(deviations: Container[Deviation]) -> int:
    """Return how deep the stanzas of a client may be nested."""
    return DEEPEST if Deviation.NO_DEPTH_LIMIT in deviations else MAX_DEPTH


def misplaced(
    stream: Stream, token: Token, stanza: Stanza | None, element: etree._Element
) -> tuple[str, str]:
    """Return condition and text of the stream error that an element deserves where it stands.

    Before a resource is bound only the negotiation may be spoken, and after that only stanzas
    (RFC 6120 4.3.5, 4.9.3.24). The condition is "" if all is well, and `IGNORED` if it deserves
    none and means nothing either.
    """
    deviations = stream.server.deviations
    if stanza is not None and _is_ours(stream, stanza, element):
        if stream.takes_stanza(token, element):
            return "", ""
        if Deviation.EARLY_STANZA_ANSWERED in deviations:
            return IGNORED, ""
        if Deviation.EARLY_STANZA_DROPPED in deviations and stream.authenticated:
            return IGNORED, ""
        text = "stanzas may be sent once you are signed in and a resource is bound"
        return "not-authorized", text
    if _is_negotiation(stream, token, element):
        return "", ""
    if Deviation.UNKNOWN_ELEMENT_IGNORED in deviations:
        return IGNORED, ""
    namespace, _, name = str(element.tag).rpartition("}")
    text = f"<{name}> in the namespace '{namespace.lstrip('{')}' has no place here"
    return "unsupported-stanza-type", text


def _is_ours(stream: Stream, stanza: Stanza, element: etree._Element) -> bool:
    ours = f"{{{stream.dialect.content_namespace}}}{stanza.kind}"
    if element.tag == ours:
        return True
    servers = f"{{{ns.SERVER}}}{stanza.kind}"
    return element.tag == servers and Deviation.FOREIGN_STANZA_TAKEN in stream.server.deviations


def _is_negotiation(stream: Stream, token: Token, element: etree._Element) -> bool:
    """Say whether an element that is no stanza may stand where it does."""
    may_choose = stream.state in (State.OPENING, State.OPENED, State.FEATURES)
    return (
        token is Token.STREAM_ERROR
        or (stream.server.management is not None and stream.management.concerns(element))
        or (token is Token.COMPONENT_HANDSHAKE and stream.state is State.COMPONENT_OPENED)
        or (token is Token.STARTTLS and may_choose)
        or (token in (Token.AUTH, Token.RESPONSE, Token.ABORT) and not stream.authenticated)
        or (stream.server.client_state and stream.state is State.BOUND and element.tag in _CSI)
        or (token in SASL2_REQUESTS and stream.server.sasl2 and not stream.authenticated)
    )
