"""What the stanzas of the sessions told of others: features, nodes, items, forms, occupants, ids.

Nothing is asked for: what is known here is what was seen. All of it is offered when something is
typed, so it is what others claim, and each collection keeps only the newest that fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ..protocol import namespaces as ns
from ..protocol.data_forms import Form, find_form
from ..protocol.events import Bound, Direction, ElementSeen

if TYPE_CHECKING:
    from lxml import etree

    from ..feed import Record
    from ..protocol.stanza import Stanza

MOST = 500
"""How many of a kind are kept."""

OWN_ACCOUNT = ""
"""The key of what the own account answers when nobody is addressed."""

_MUC_USER = "http://jabber.org/protocol/muc#user"
_OWN_PRESENCE = "110"
_NEW_NICK = "303"
_PUBSUB = "http://jabber.org/protocol/pubsub"
_ITEM = f"{{{ns.DISCO_ITEMS}}}item"

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(slots=True)
class Entity:
    """What is known of one address.

    `features` are namespaces that it announced and `identities` what it says it is, such as
    `conference/text Chat rooms`. `nodes` and `items` have the names that it gave its nodes and
    the JIDs of its items, "" for none. `form` is the last data form that came from it to fill in.
    `occupants` are the nicknames in it, if it is a room, and `nicks` has those of this side's own
    resources by their full JIDs.
    """

    features: dict[str, None] = field(default_factory=dict)
    identities: dict[str, None] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    form: Form | None = None
    occupants: dict[str, None] = field(default_factory=dict)
    nicks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeenStanza:
    """A stanza with an id: its kind, which way it went, and the other side ("" for the server)."""

    kind: str
    direction: Direction
    other: str


class KnownEntities:
    """Keeps what each address told of itself; `observe` reads the records of a feed."""

    def __init__(self) -> None:
        self._entities: dict[str, Entity] = {}
        self.addresses: dict[str, str] = {}
        """JIDs of rosters and of disco items, with their names."""
        self.ids: dict[str, SeenStanza] = {}
        """The ids of stanzas, oldest first."""
        self.threads: dict[str, None] = {}
        self._resources: dict[str, str] = {}

    def entity(self, address: str) -> Entity | None:
        """Return what is known of exactly this address, or None; `OWN_ACCOUNT` is one, too."""
        return self._entities.get(address.lower())

    @property
    def rooms(self) -> frozenset[str]:
        """The bare JIDs of the rooms that told of their occupants."""
        return frozenset(address for address, e in self._entities.items() if e.occupants)

    @property
    def room_services(self) -> frozenset[str]:
        """The domains that are known to have rooms."""
        found = (
            address.rpartition("@")[2]
            for address, entity in self._entities.items()
            if entity.occupants or any(i.startswith("conference/") for i in entity.identities)
        )
        return frozenset(found)

    def around(self, address: str) -> list[Entity]:
        """Return what is known of the address, then of its bare JID, then of its domain."""
        bare = address.partition("/")[0]
        domain = bare.rpartition("@")[2]
        found = (self.entity(each) for each in dict.fromkeys((address, bare, domain)))
        return [each for each in found if each is not None]

    def observe(self, record: Record) -> None:
        """Take what one record tells."""
        event = record.event
        if isinstance(event, Bound):
            self._forget_rooms_of(self._resources.get(record.session, ""))
            self._resources[record.session] = str(event.jid)
        if not isinstance(event, ElementSeen) or event.stanza is None:
            return
        stanza = event.stanza
        sent = event.direction is Direction.SENT
        other = (stanza.to if sent else stanza.sender) or OWN_ACCOUNT
        if stanza.id:
            _keep(self.ids, stanza.id, SeenStanza(stanza.kind, event.direction, other))
        if stanza.kind == "message":
            thread = event.element.findtext(f"{{{ns.CLIENT}}}thread")
            if thread:
                _keep(self.threads, thread, None)
        if not sent and stanza.type != "error":
            self._read(event.element, stanza, other)

    def _read(self, element: etree._Element, stanza: Stanza, sender: str) -> None:
        for child in element:
            namespace = str(child.tag).rpartition("}")[0].lstrip("{")
            if namespace == ns.DISCO_INFO:
                self._read_info(child, self._of(sender))
            elif namespace == ns.DISCO_ITEMS:
                self._read_items(child, sender)
            elif namespace == ns.ROSTER:
                self._read_roster(child)
            elif namespace == _MUC_USER and stanza.kind == "presence":
                self._read_occupant(child, stanza)
            elif namespace.startswith(_PUBSUB):
                _keep_all(self._of(sender).nodes, _nodes(child))
        form = find_form(element)
        if form is not None:
            self._of(sender).form = form

    def _of(self, address: str) -> Entity:
        key = address.lower()
        entity = self._entities.pop(key, None) or Entity()
        _keep(self._entities, key, entity)
        return entity

    def _read_info(self, query: etree._Element, entity: Entity) -> None:
        node = query.get("node")
        if node:
            identity = query.find(f"{{{ns.DISCO_INFO}}}identity")
            name = "" if identity is None else identity.get("name", "")
            _keep(entity.nodes, node, name or entity.nodes.get(node, ""))
            return
        for identity in query.iterfind(f"{{{ns.DISCO_INFO}}}identity"):
            kind = f"{identity.get('category', '')}/{identity.get('type', '')}"
            _keep(entity.identities, f"{kind} {identity.get('name', '')}".strip(), None)
        for feature in query.iterfind(f"{{{ns.DISCO_INFO}}}feature"):
            if feature.get("var"):
                _keep(entity.features, feature.get("var", ""), None)

    def _read_items(self, query: etree._Element, sender: str) -> None:
        for item in query.iterfind(_ITEM):
            jid, node, name = item.get("jid", ""), item.get("node"), item.get("name", "")
            if jid:
                _keep(self._of(sender).items, jid, name)
                _keep(self.addresses, jid, name or self.addresses.get(jid, ""))
            if node:
                _keep(self._of(jid or sender).nodes, node, name)

    def _read_roster(self, query: etree._Element) -> None:
        for item in query.iterfind(f"{{{ns.ROSTER}}}item"):
            jid = item.get("jid")
            if jid and item.get("subscription") != "remove":
                _keep(self.addresses, jid, item.get("name", ""))

    def _read_occupant(self, x: etree._Element, stanza: Stanza) -> None:
        room, _, nick = (stanza.sender or "").partition("/")
        if not nick:
            return
        entity = self._of(room)
        here = stanza.type is None
        codes = {status.get("code") for status in x.iterfind(f"{{{_MUC_USER}}}status")}
        if here:
            _keep(entity.occupants, nick, None)
        else:
            entity.occupants.pop(nick, None)
        if here and _OWN_PRESENCE in codes:
            _keep(entity.nicks, stanza.to or "", nick)
        elif not here and entity.nicks.get(stanza.to or "") == nick:
            del entity.nicks[stanza.to or ""]
            if _NEW_NICK not in codes:
                _forget_unseen(entity)

    def _forget_rooms_of(self, resource: str) -> None:
        """Take a resource out of the rooms it was in: there is a new one in its place."""
        for entity in self._entities.values():
            if entity.nicks.pop(resource, None) is not None:
                _forget_unseen(entity)


def _forget_unseen(room: Entity) -> None:
    """Forget who is in a room if none of this side's resources is there to see it."""
    if not room.nicks:
        room.occupants.clear()


def _nodes(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Give the nodes that are named in a payload of pubsub."""
    for each in element.iter(f"{{{_PUBSUB}}}*", f"{{{_PUBSUB}#event}}*", f"{{{_PUBSUB}#owner}}*"):
        node = each.get("node")
        if node:
            yield node, ""


def _keep(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Add to `kept` at its end, and drop the oldest if there are too many."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > MOST:
        del kept[next(iter(kept))]


def _keep_all(kept: dict[str, str], pairs: Iterable[tuple[str, str]]) -> None:
    for key, value in pairs:
        _keep(kept, key, value or kept.get(key, ""))
