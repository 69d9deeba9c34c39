"""What a top-level element is: a stanza with its common attributes, or a nonza."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import namespaces

if TYPE_CHECKING:
    from lxml import etree

STANZA_KINDS = frozenset({"iq", "message", "presence"})
_CONTENT_NAMESPACES = frozenset({namespaces.CLIENT, namespaces.SERVER, namespaces.COMPONENT_ACCEPT})


@dataclass(frozen=True, slots=True)
class Stanza:
    """The common attributes of one stanza as they stand, None where absent (RFC 6120 8.1).

    `kind` is "iq", "message" or "presence"; `payload` the Clark name of the first child.
    """

    kind: str
    type: str | None
    id: str | None
    to: str | None
    sender: str | None
    payload: str | None

    @property
    def is_request(self) -> bool:
        """True for an iq that must be answered: type get or set (RFC 6120 8.2.3)."""
        return self.kind == "iq" and self.type in ("get", "set")

    @property
    def is_reply(self) -> bool:
        """True for an iq that answers another: type result or error."""
        return self.kind == "iq" and self.type in ("result", "error")


def stanza_of(element: etree._Element) -> Stanza | None:
    """Return the `Stanza` that `element` is, or None if it is a nonza."""
    namespace, _, name = str(element.tag).rpartition("}")
    if name not in STANZA_KINDS or namespace.lstrip("{") not in _CONTENT_NAMESPACES:
        return None
    first = next((child for child in element if isinstance(child.tag, str)), None)
    return Stanza(
        kind=name,
        type=element.get("type"),
        id=element.get("id"),
        to=element.get("to"),
        sender=element.get("from"),
        payload=None if first is None else str(first.tag),
    )
