"""Copies of messages for the other resources of those who send or receive them (XEP-0280)."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..directory import Delivery, Directory, Resource
from ..envelope import Envelope
from ..facilities import Facility
from .forwarding import forwarded
from .rules import has_body, has_hint, kind_of

if TYPE_CHECKING:
    from lxml import etree

RULES: Final = "urn:xmpp:carbons:rules:0"
"""The feature of a server that decides by the rules that XEP-0280 recommends."""


class Carbons(Facility):
    """The copies, and which resources want them."""

    server_features = (ns.CARBONS, RULES)

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.for_account = {
            ("set", f"{{{ns.CARBONS}}}enable"): self._switch,
            ("set", f"{{{ns.CARBONS}}}disable"): self._switch,
        }

    def _switch(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Turn copies on or off; that they are so already is no mistake (XEP-0280)."""
        if to != envelope.sender.jid.bare:
            return envelope.error("cancel", "not-allowed", "carbons are for the own account only")
        envelope.sender.carbons = envelope.stanza.payload == f"{{{ns.CARBONS}}}enable"
        return envelope.result()

    def received(
        self, envelope: Envelope, data: bytes, account: JID, reached: Container[Resource]
    ) -> list[Delivery]:
        """Copy a message that came for `account` to all who want it and were not `reached`.

        `data` is the message as it was delivered.
        """
        if not is_eligible(envelope, inbound=True):
            return []
        others = [r for r in self._directory.of(account) if r.carbons and r not in reached]
        return [_copy("received", envelope, data, account, other) for other in others]

    def sent(self, envelope: Envelope, data: bytes) -> list[Delivery]:
        """Copy a message to the sender's other resources that want it, as `data` has it."""
        if not is_eligible(envelope, inbound=False):
            return []
        sender = envelope.sender
        others = [r for r in self._directory.of(sender.jid) if r.carbons and r is not sender]
        return [_copy("sent", envelope, data, sender.jid.bare, other) for other in others]


def is_eligible(envelope: Envelope, *, inbound: bool) -> bool:
    """Say whether a message may be copied: chat, or with a body, and not private."""
    element = envelope.element
    if is_private(element) or has_hint(element, "no-copy"):
        return False
    if inbound and _is_from_occupant(envelope):
        return False
    kind = kind_of(envelope.stanza)
    return kind == "chat" or (kind == "normal" and has_body(element))


def is_private(element: etree._Element) -> bool:
    """Say whether the sender of a message wants no copies of it."""
    return element.find(f"{{{ns.CARBONS}}}private") is not None


def _is_from_occupant(envelope: Envelope) -> bool:
    """Say whether it is a private message of a room, which goes to each who joined by itself."""
    marked = envelope.element.find(f"{{{ns.MUC_USER}}}x") is not None
    return marked and envelope.to is not None and envelope.to.is_full


def _copy(
    direction: str, envelope: Envelope, data: bytes, account: JID, resource: Resource
) -> Delivery:
    kind = envelope.stanza.type
    type_part = "" if kind is None else f" type={quoted(kind)}"
    text = (
        f"<message from={quoted(str(account))} to={quoted(str(resource.jid))}{type_part}>"
        f"<{direction} xmlns='{ns.CARBONS}'>{forwarded(data)}</{direction}></message>"
    )
    return Delivery(resource, text.encode())
