"""What `<stream:features/>` offers, read for judging (RFC 6120 4.3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..protocol import namespaces as ns

if TYPE_CHECKING:
    from lxml import etree

STREAM_LIMITS: Final = "urn:xmpp:stream-limits:0"
CSI: Final = "urn:xmpp:csi:0"
ROSTER_VERSIONING: Final = "urn:xmpp:features:rosterver"
PRE_APPROVAL: Final = "urn:xmpp:features:pre-approval"
COMPRESSION: Final = "http://jabber.org/features/compress"
IQ_AUTH: Final = "http://jabber.org/features/iq-auth"


@dataclass(frozen=True, slots=True)
class Offer:
    """One `<stream:features/>`.

    `names` are the Clark names of its children. `starttls` is "required", "optional" or "" where
    it is not offered; `mechanisms` are those of SASL, `sasl2` those of SASL2 with `inline` the
    namespaces of what can be done along with it; `bindings` are the channel bindings that are
    announced, None if no list is; `fast` the mechanisms for tokens; `max_bytes` the largest
    element (XEP-0478), 0 if it is not said.
    """

    names: tuple[str, ...] = ()
    starttls: str = ""
    mechanisms: tuple[str, ...] = ()
    sasl2: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    fast: tuple[str, ...] = ()
    bindings: tuple[str, ...] | None = None
    max_bytes: int = 0

    @property
    def ways_in(self) -> tuple[str, ...]:
        """The mechanisms of SASL and of SASL2, each once."""
        return tuple(dict.fromkeys((*self.mechanisms, *self.sasl2)))

    def has(self, namespace: str) -> bool:
        """Say whether something of `namespace` is offered, at the top or along with SASL2."""
        inside = any(name.startswith(f"{{{namespace}}}") for name in self.names)
        return inside or namespace in self.inline


def read_offer(features: etree._Element) -> Offer:
    """Return what the `<stream:features/>` element offers."""
    authentication = features.find(f"{{{ns.SASL2}}}authentication")
    inline = None if authentication is None else authentication.find(f"{{{ns.SASL2}}}inline")
    bindings = features.find(f"{{{ns.CHANNEL_BINDING}}}sasl-channel-binding")
    inside = [] if inline is None else [child for child in inline if isinstance(child.tag, str)]
    return Offer(
        names=tuple(str(child.tag) for child in features if isinstance(child.tag, str)),
        starttls=_starttls(features),
        mechanisms=_texts(features, f"{{{ns.SASL}}}mechanisms/{{{ns.SASL}}}mechanism"),
        sasl2=_texts(authentication, f"{{{ns.SASL2}}}mechanism"),
        inline=tuple(str(child.tag)[1:].partition("}")[0] for child in inside),
        fast=_texts(inline, f"{{{ns.FAST}}}fast/{{{ns.FAST}}}mechanism"),
        bindings=None
        if bindings is None
        else tuple(
            child.get("type", "")
            for child in bindings.iterfind(f"{{{ns.CHANNEL_BINDING}}}channel-binding")
        ),
        max_bytes=_number(
            features.findtext(f"{{{STREAM_LIMITS}}}limits/{{{STREAM_LIMITS}}}max-bytes")
        ),
    )


def _starttls(features: etree._Element) -> str:
    offered = features.find(f"{{{ns.TLS}}}starttls")
    if offered is None:
        return ""
    return "optional" if offered.find(f"{{{ns.TLS}}}required") is None else "required"


def _texts(parent: etree._Element | None, path: str) -> tuple[str, ...]:
    if parent is None:
        return ()
    return tuple((child.text or "").strip() for child in parent.iterfind(path))


def _number(text: str | None) -> int:
    stripped = (text or "").strip()
    return int(stripped) if stripped.isascii() and stripped.isdecimal() else 0
