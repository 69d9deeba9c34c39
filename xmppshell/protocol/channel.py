"""What TLS gives to SASL: channel bindings, and whom a client's certificate names.

A channel binding ties an authentication exchange to the TLS connection that carries it, so that
nobody who stands between two TLS connections can pass the exchange on (RFC 5056). The data is
gathered by whoever does TLS; here it is a value like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from . import namespaces as ns

if TYPE_CHECKING:
    from lxml import etree

TLS_EXPORTER: Final = "tls-exporter"
"""Keying material that both ends export from the session (RFC 9266); for TLS 1.3."""

TLS_UNIQUE: Final = "tls-unique"
"""The first Finished message of the handshake (RFC 5929 3); not defined for TLS 1.3."""

TLS_SERVER_END_POINT: Final = "tls-server-end-point"
"""A hash of the server's certificate (RFC 5929 4): the server, but not the one connection."""

BINDING_TYPES: Final = (TLS_EXPORTER, TLS_UNIQUE, TLS_SERVER_END_POINT)
"""The types that are known here, best first (RFC 9266 and XEP-0440 prefer tls-exporter)."""

DEFAULT_TYPES: Final = (TLS_EXPORTER, TLS_UNIQUE)
"""What a server supports that announces nothing: the default of its TLS version (RFC 9266 3)."""

_ANNOUNCEMENT: Final = f"{{{ns.CHANNEL_BINDING}}}sasl-channel-binding"
_BINDING: Final = f"{{{ns.CHANNEL_BINDING}}}channel-binding"


@dataclass(frozen=True, slots=True)
class ChannelBinding:
    """The data of one channel binding type for one connection."""

    type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Channel:
    """What one TLS connection has for SASL; empty without TLS.

    `bindings` are the channel bindings that can be had, in the order of `BINDING_TYPES`.
    `identities` are the JIDs in the verified certificate that a client showed (the server's
    side); `certificate_shown` says that this side has one to show (the client's).
    """

    bindings: tuple[ChannelBinding, ...] = ()
    identities: tuple[str, ...] = ()
    certificate_shown: bool = False

    @property
    def types(self) -> tuple[str, ...]:
        """The names of the channel bindings that can be had."""
        return tuple(binding.type for binding in self.bindings)

    def first_of(self, types: Iterable[str]) -> ChannelBinding | None:
        """Return the best binding whose type is among `types`, or None."""
        wanted = frozenset(types)
        return next((each for each in self.bindings if each.type in wanted), None)


def announced_types(features: etree._Element) -> tuple[str, ...] | None:
    """Return the channel binding types in `<stream:features/>`; None if nothing is announced.

    XEP-0440 2.
    """
    holder = features.find(_ANNOUNCEMENT)
    if holder is None:
        return None
    return tuple(child.get("type", "") for child in holder.iterfind(_BINDING))


def announcement(types: Iterable[str]) -> str:
    """Return the stream feature that announces `types`, or "" for none (XEP-0440 2)."""
    inner = "".join(f"<channel-binding type='{each}'/>" for each in types)
    if not inner:
        return ""
    return f"<sasl-channel-binding xmlns='{ns.CHANNEL_BINDING}'>{inner}</sasl-channel-binding>"
