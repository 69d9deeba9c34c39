"""What is kept for a user: a vCard for everybody (XEP-0054), and private XML (XEP-0049)."""

from __future__ import annotations

from typing import Final

from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted
from ..directory import Delivery
from ..envelope import Envelope
from ..excerpt import excerpt
from ..facilities import Facility

VCARD: Final = "vcard-temp"
PRIVATE: Final = "jabber:iq:private"

MAX_VCARD: Final = 128 * 1024
"""How long a vCard can be, in characters."""

MAX_PRIVATE: Final = 64 * 1024
"""How long all private XML of one user can be, in characters."""


class VCards(Facility):
    """One vCard for each account, which anybody may read and only its user change."""

    server_features = (VCARD,)
    account_features = (VCARD,)

    def __init__(self) -> None:
        self._cards: dict[JID, str] = {}
        self.for_account = {
            ("get", f"{{{VCARD}}}vCard"): self._get,
            ("set", f"{{{VCARD}}}vCard"): self._set,
        }

    def removed(self, account: JID) -> None:
        """Forget the vCard of an account."""
        self._cards.pop(account, None)

    def _get(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Give a vCard (XEP-0054 3.1, 3.3); without one, a user looks like nobody to others."""
        card = self._cards.get(to.bare)
        if card is not None:
            return envelope.result(card)
        if to.bare == envelope.sender.jid.bare:
            return envelope.error("cancel", "item-not-found", "you have no vCard yet")
        return envelope.error("cancel", "service-unavailable")

    def _set(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Replace the whole vCard (XEP-0054 3.2)."""
        if to.bare != envelope.sender.jid.bare:
            return envelope.error("auth", "forbidden", "a vCard is changed by its user only")
        card = excerpt(envelope, envelope.element[0])
        if len(card) > MAX_VCARD:
            text = f"a vCard can have {MAX_VCARD} characters"
            return envelope.error("modify", "not-acceptable", text)
        self._cards[to.bare] = card
        return envelope.result()


class PrivateStorage(Facility):
    """Elements that clients keep for themselves, one of each name and namespace."""

    server_features = (PRIVATE,)
    account_features = (PRIVATE,)

    def __init__(self) -> None:
        self._kept: dict[JID, dict[str, str]] = {}
        self.for_account = {
            ("get", f"{{{PRIVATE}}}query"): self._get,
            ("set", f"{{{PRIVATE}}}query"): self._set,
        }

    def removed(self, account: JID) -> None:
        """Forget what was kept for an account."""
        self._kept.pop(account, None)

    def _get(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Give the element that is named, or an empty one (XEP-0049 2)."""
        fault = self._fault(envelope, to)
        if fault is not None:
            return fault
        query = envelope.element[0]
        if len(query) != 1:
            text = "the query holds one element: the name of what is wanted"
            return envelope.error("modify", "bad-request", text)
        tag = str(query[0].tag)
        namespace, _, name = tag.lstrip("{").partition("}")
        kept = self._kept.get(to.bare, {}).get(tag, f"<{name} xmlns={quoted(namespace)}/>")
        return envelope.result(f"<query xmlns='{PRIVATE}'>{kept}</query>")

    def _set(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Keep the elements in place of those of the same name and namespace (XEP-0049 2)."""
        fault = self._fault(envelope, to)
        if fault is not None:
            return fault
        query = envelope.element[0]
        if not len(query):
            return envelope.error("modify", "not-acceptable", "there is nothing to keep")
        kept = dict(self._kept.get(to.bare, {}))
        kept |= {str(element.tag): excerpt(envelope, element) for element in query}
        if sum(len(tag) + len(text) for tag, text in kept.items()) > MAX_PRIVATE:
            text = f"all private XML of a user can have {MAX_PRIVATE} characters"
            return envelope.error("modify", "not-acceptable", text)
        self._kept[to.bare] = kept
        return envelope.result()

    def _fault(self, envelope: Envelope, to: JID) -> list[Delivery] | None:
        if to.bare != envelope.sender.jid.bare:
            return envelope.error("auth", "forbidden", "private XML is for its user only")
        foreign = (str(element.tag).startswith("{") for element in envelope.element[0])
        own = any(str(e.tag).startswith(f"{{{PRIVATE}}}") for e in envelope.element[0])
        if own or not all(foreign):
            text = "what is kept is in a namespace of its own"
            return envelope.error("modify", "not-acceptable", text)
        return None
