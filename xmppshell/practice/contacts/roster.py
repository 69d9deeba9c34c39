"""Rosters: whom each user knows, and who may see whose presence (RFC 6121 2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ...protocol.xml.tokens import quoted

VERSIONING: Final = "<ver xmlns='urn:xmpp:features:rosterver'/>"
"""The stream feature that says that rosters have versions (RFC 6121 2.6.1)."""

MAX_CONTACTS: Final = 1000
"""How many contacts one roster holds."""


@dataclass(slots=True)
class Item:
    """What one roster says of one contact (RFC 6121 2.1.2).

    `to`: the user sees the contact's presence; `from_`: the contact sees the user's; `ask`: the
    user asked for `to` and waits. `request` is a subscription request of the contact that the
    user has not answered yet, as it came, or b"". `listed` is true if the item is in the roster
    that clients see; an item may exist for the sake of a request alone.
    """

    jid: JID
    name: str = ""
    groups: tuple[str, ...] = ()
    to: bool = False
    from_: bool = False
    ask: bool = False
    request: bytes = b""
    listed: bool = False

    @property
    def subscription(self) -> str:
        """The value of the `subscription` attribute: none, to, from or both."""
        if self.to and self.from_:
            return "both"
        return "to" if self.to else "from" if self.from_ else "none"

    def xml(self) -> str:
        """Return the `<item/>` as a client sees it."""
        name = f" name={quoted(self.name)}" if self.name else ""
        ask = " ask='subscribe'" if self.ask else ""
        head = f"<item jid={quoted(str(self.jid))}{name} subscription='{self.subscription}'{ask}"
        groups = "".join(f"<group>{escape_text(group)}</group>" for group in self.groups)
        return f"{head}>{groups}</item>" if groups else f"{head}/>"


class Roster:
    """The roster of one user: items by the contact's bare JID."""

    def __init__(self) -> None:
        self._items: dict[JID, Item] = {}
        self._changes = 0

    def __iter__(self) -> Iterator[Item]:
        return iter(tuple(self._items.values()))

    def get(self, jid: JID) -> Item | None:
        """Return the item of a contact, or None."""
        return self._items.get(jid.bare)

    def item(self, jid: JID) -> Item:
        """Return the item of a contact, made if there is none."""
        return self._items.setdefault(jid.bare, Item(jid.bare))

    def remove(self, jid: JID) -> None:
        """Forget a contact."""
        self._items.pop(jid.bare, None)

    @property
    def is_full(self) -> bool:
        """True if no more contacts can be added."""
        return len(self._items) >= MAX_CONTACTS

    @property
    def version(self) -> str:
        """What this state of the roster is called (RFC 6121 2.6).

        The digest tells it from that of the same number on an earlier run of the server.
        """
        digest = hashlib.sha256(self._xml().encode()).hexdigest()
        return f"{self._changes}-{digest[:8]}"

    def changed(self) -> str:
        """Note that clients are told of a change; return the version from here on."""
        self._changes += 1
        return self.version

    def query(self) -> str:
        """Return the whole roster as the payload of a result."""
        items = self._xml()
        head = f"<query xmlns='{ns.ROSTER}' ver='{self.version}'"
        return f"{head}>{items}</query>" if items else f"{head}/>"

    def _xml(self) -> str:
        return "".join(item.xml() for item in self if item.listed)


class Rosters:
    """The rosters of all users."""

    def __init__(self) -> None:
        self._rosters: dict[JID, Roster] = {}

    def of(self, jid: JID) -> Roster:
        """Return the roster of a user, by the bare JID."""
        return self._rosters.setdefault(jid.bare, Roster())

    def befriend(self, one: JID, other: JID) -> None:
        """Put two users into each other's roster, subscribed both ways.

        Each is named by its localpart, with a capital letter.
        """
        for user, contact in ((one, other), (other, one)):
            item = self.of(user).item(contact)
            item.name = contact.local.capitalize()
            item.to = item.from_ = item.listed = True

    def sees(self, watcher: JID, user: JID) -> bool:
        """Say whether `watcher` may see the presence of `user`, who may be the same."""
        if watcher.bare == user.bare:
            return True
        roster = self._rosters.get(user.bare)
        item = None if roster is None else roster.get(watcher)
        return item is not None and item.from_


def escape_text(text: str) -> str:
    """Return `text` escaped as the text of an element."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def push(item: Item, push_id: str, to: JID, version: str, *, removed: bool = False) -> bytes:
    """Return the roster push that tells the resource `to` of a change (RFC 6121 2.1.6).

    `version` is that of the roster with the change (RFC 6121 2.6.3).
    """
    told = f"<item jid={quoted(str(item.jid))} subscription='remove'/>" if removed else item.xml()
    return (
        f"<iq type='set' id={quoted(push_id)} to={quoted(str(to))}>"
        f"<query xmlns='{ns.ROSTER}' ver={quoted(version)}>{told}</query></iq>"
    ).encode()
