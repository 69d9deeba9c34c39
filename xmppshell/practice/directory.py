"""Who is connected: the resources of every account, and their availability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..protocol.jid import JID

_PLACES: Final = ("balcony", "orchard", "garden", "chamber", "gallery", "courtyard", "chapel")
_FAVOURITES: Final = {"romeo": "orchard", "nurse": "chamber", "mercutio": "courtyard"}


@dataclass(eq=False, slots=True)
class Resource:
    """One connected resource (RFC 6120 7).

    `priority` is that of its last available presence and None while it is not available;
    `presence` that presence as it goes out, `from` included, and `parting` the unavailable
    presence with which it went. `interested` is true once it asked
    for the roster (RFC 6121 2.1.6); `directed` has the addresses that it sent presence to
    directly (RFC 6121 4.6). `carbons` is true while it wants copies of messages (XEP-0280), and
    `wants_blocks` once it asked for the block list (XEP-0191). `declarations` are the namespace
    prefixes, and `lang` the default language, that its stream header put in scope for its stanzas
    and other streams do not have.
    """

    jid: JID
    declarations: Mapping[str, str] = field(default_factory=dict)
    lang: str | None = None
    priority: int | None = None
    presence: bytes = b""
    parting: bytes = b""
    interested: bool = False
    carbons: bool = False
    wants_blocks: bool = False
    directed: dict[JID, None] = field(default_factory=dict)

    @property
    def available(self) -> bool:
        """True if it has sent initial presence (RFC 6121 4.2)."""
        return self.priority is not None


class Delivery(NamedTuple):
    """Bytes that go to one resource."""

    to: Resource
    data: bytes


class Directory:
    """The connected resources, by account."""

    def __init__(self) -> None:
        self._accounts: dict[JID, dict[str, Resource]] = {}

    def add(self, resource: Resource) -> Resource | None:
        """Take `resource` in; return the one with the same full JID that it replaces, if any."""
        resources = self._accounts.setdefault(resource.jid.bare, {})
        replaced = resources.pop(resource.jid.resource, None)
        resources[resource.jid.resource] = resource
        return replaced

    def remove(self, resource: Resource) -> bool:
        """Take `resource` out; return False if it is not in (any more)."""
        resources = self._accounts.get(resource.jid.bare, {})
        if resources.get(resource.jid.resource) is not resource:
            return False
        del resources[resource.jid.resource]
        if not resources:
            del self._accounts[resource.jid.bare]
        return True

    def at(self, jid: JID) -> Resource | None:
        """Return the connected resource with this full JID."""
        return self._accounts.get(jid.bare, {}).get(jid.resource)

    def of(self, jid: JID) -> list[Resource]:
        """Return the connected resources of an account, longest connected first."""
        return list(self._accounts.get(jid.bare, {}).values())

    def available(self, jid: JID) -> list[Resource]:
        """Return the available resources of an account."""
        return [resource for resource in self.of(jid) if resource.available]

    def not_negative(self, jid: JID) -> list[Resource]:
        """Return the available resources whose priority is not negative."""
        return [r for r in self.of(jid) if r.priority is not None and r.priority >= 0]

    def most_available(self, jid: JID) -> list[Resource]:
        """Return those with the highest priority that is not negative, several if it is shared."""
        candidates = self.not_negative(jid)
        best = max((r.priority for r in candidates if r.priority is not None), default=0)
        return [resource for resource in candidates if resource.priority == best]

    def free_name(self, jid: JID) -> str:
        """Return a resourcepart for `jid` that is not in use, one that can be read aloud."""
        used = self._accounts.get(jid.bare, {})
        favourite = _FAVOURITES.get(jid.local, _PLACES[0])
        names = [favourite, *_PLACES]
        number = 2
        while True:
            for name in names:
                if name not in used:
                    return name
            names = [f"{place}-{number}" for place in _PLACES]
            number += 1
