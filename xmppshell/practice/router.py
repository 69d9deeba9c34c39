"""Where a stanza goes: the rules of RFC 6120 10 and RFC 6121 8, without a network.

The router takes what a resource sent and gives what is delivered to whom. It neither waits nor
fails: a stanza that cannot be delivered is answered with an error or dropped, as the RFC says.
"""

from __future__ import annotations

import functools
from collections.abc import Container
from typing import TYPE_CHECKING, Final

from ..protocol import namespaces as ns
from ..protocol.jid import JID, JIDError
from ..protocol.stanza import stanza_of
from ..protocol.xml import Context, parse_element
from .clockwork import Clockwork
from .contacts.presence import Presence
from .contacts.roster import Rosters
from .contacts.subscriptions import TYPES, Subscriptions
from .directory import Delivery, Resource
from .envelope import Envelope
from .facilities import Correspondent, Host
from .markup import declare, rewrite
from .messages.rules import ELSEWHERE, UNREACHABLE
from .registration import Registrar
from .repertoire import Repertoire
from .services.services import Services

if TYPE_CHECKING:
    from lxml import etree

    from ..protocol.stanza import Stanza

MAX_DIRECTED: Final = 1000
"""How many addresses one resource may send presence to directly, rooms included."""

SERVER_LANGUAGE: Final = "en"
"""The default language of every stream that the server opens."""

_PRESENCE_TYPES: Final = TYPES | {None, "unavailable", "probe", "error"}
_IQ_TYPES: Final = frozenset({"get", "set", "result", "error"})
_LANG = f"{{{ns.XML}}}lang"


class Router:
    """Routes stanzas between the resources of one server.

    `domains` are those of the server; `users` holds the bare JIDs that have an account, and
    `registrar` changes them, if users may. `repertoire` is what there is besides routing.
    """

    def __init__(
        self,
        domains: frozenset[str],
        users: Container[JID],
        rosters: Rosters,
        clockwork: Clockwork,
        repertoire: Repertoire,
        registrar: Registrar | None = None,
    ) -> None:
        facilities, hosts = repertoire.facilities, repertoire.hosts
        self.directory = repertoire.directory
        self._domains = domains
        self._users = users
        self._rosters = rosters
        self._facilities = facilities
        self._hosts = {host.domain: host for host in hosts}
        self._blocklists = blocklists = repertoire.blocklists
        self._presence = Presence(self.directory, rosters, blocklists, self._left_elsewhere)
        self._subscriptions = Subscriptions(self.directory, rosters, self._presence, self._reaches)
        self._services = Services(
            rosters, self._subscriptions, clockwork, registrar, facilities, hosts
        )
        self._messages = repertoire.messages
        # Most stanzas of a conversation go to the same few addresses.
        self._parse = functools.lru_cache(maxsize=1024)(JID.parse)
        for service in (*facilities, *hosts):
            if isinstance(service, Correspondent):
                service.connect(self._post)

    def _post(self, sender: Resource, data: bytes) -> list[Delivery]:
        """Route a stanza that a facility or host says by itself; see `facilities.Post`."""
        element = parse_element(data, Context.for_namespace(ns.CLIENT))
        stanza = stanza_of(element)
        assert stanza is not None, "services say stanzas only"
        return self.take(sender, data, stanza, element)

    def _reaches(self, user: JID, contact: JID) -> bool:
        """Say whether what `user` says of subscriptions comes to where `contact` keeps them.

        That is at this server for its users and for those of components.
        """
        kept_here = contact in self._users or self._component(contact) is not None
        return kept_here and not self._blocklists.between(user, contact)

    def leave(self, resource: Resource) -> list[Delivery]:
        """Take out a resource whose stream is over; its watchers see it go."""
        if not self.directory.remove(resource):
            return []
        was_available = resource.available
        deliveries = self._presence.gone(resource)
        return deliveries + (self._told_gone(resource) if was_available else [])

    def _told_gone(self, resource: Resource) -> list[Delivery]:
        return [delivery for f in self._facilities for delivery in f.gone(resource)]

    # Services with a domain of their own.

    def _to_host(self, envelope: Envelope, to: JID, host: Host) -> list[Delivery]:
        """Hand a stanza over; presence is remembered, for when the sender leaves."""
        stanza = envelope.stanza
        fault = _iq_fault(envelope) if stanza.kind == "iq" else ""
        if fault:
            return envelope.error("modify", "bad-request", fault)
        if stanza.kind == "presence" and stanza.type is None:
            envelope.sender.directed[to] = None
        elif stanza.kind == "presence" and stanza.type == "unavailable":
            envelope.sender.directed.pop(to, None)
        return host.take(envelope, to)

    def _left_elsewhere(self, sender: Resource, to: JID, data: bytes) -> list[Delivery]:
        """Tell a host or a component that a resource is gone that was available to it."""
        data = rewrite(data, {"to": str(to)})
        host = self._hosts.get(to.domain)
        if host is not None:
            element = parse_element(data, Context.for_namespace(ns.CLIENT))
            stanza = stanza_of(element)
            assert stanza is not None, "presence is a stanza"
            return host.take(Envelope(sender, data, stanza, element, to), to)
        component = self._component(to)
        return [] if component is None else [Delivery(component, rewrite(data, {"xmlns": None}))]

    def may_be_from(self, resource: Resource, sender: str | None) -> bool:
        """Say whether `resource` may write `sender` as `from` (RFC 6120 8.1.2.1)."""
        if sender is None:
            return True
        try:
            return self._parse(sender) in (resource.jid, resource.jid.bare)
        except JIDError:
            return False

    def take(
        self, sender: Resource, data: bytes, stanza: Stanza, element: etree._Element
    ) -> list[Delivery]:
        """Route one stanza of `sender`: its exact text, what it is, and the parsed element."""
        data = _stamped(sender, data, element)
        try:
            to = None if stanza.to is None else self._parse(stanza.to)
        except JIDError as error:
            envelope = Envelope(sender, data, stanza, element, None)
            return envelope.error("modify", "jid-malformed", error.problem.what)
        envelope = Envelope(sender, data, stanza, element, to)
        stopped = self._blocklists.unsent(envelope)
        if stopped is not None:
            return stopped
        stopped = self._blocklists.unwelcome(envelope)
        deliveries = self._route(envelope, to) if stopped is None else stopped
        if stanza.kind == "message":
            deliveries += self._messages.sent(envelope, to or sender.jid.bare)
        return deliveries

    def _route(self, envelope: Envelope, to: JID | None) -> list[Delivery]:
        """Hand a stanza to whoever is responsible for its address."""
        if _is_seen_too_widely(envelope):
            text = f"presence is sent directly to at most {MAX_DIRECTED} addresses"
            return envelope.error("wait", "resource-constraint", text)
        host = self._hosts.get(to.domain) if to is not None else None
        if host is not None and to is not None:
            return self._to_host(envelope, to, host)
        component = self._component(to)
        if component is not None:
            return self._to_component(envelope, component)
        sender = envelope.sender
        if envelope.stanza.kind == "message":
            return self._messages.take(envelope, to or sender.jid.bare)
        if envelope.stanza.kind == "iq":
            return self._iq(envelope, to or sender.jid.bare)
        return self._on_presence(envelope, to)

    def take_again(self, data: bytes, stanza: Stanza, element: etree._Element) -> list[Delivery]:
        """Route a message or a request once more that its addressee's client did not confirm.

        Now that this resource is gone, it goes to another one, waits, or goes back to its sender,
        if that is still there (XEP-0198).
        """
        try:
            sender, to = self._parse(stanza.sender or ""), self._parse(stanza.to or "")
        except JIDError:
            return []
        # What the server says in the name of an account, such as a copy, is for nobody else.
        if sender.domain in self._hosts or (sender.domain in self._domains and sender.is_bare):
            return []
        if self._blocklists.between(sender, to):
            return []
        stand_in = Resource(sender)
        envelope = Envelope(stand_in, data, stanza, element, to)
        take = self._messages.again if stanza.kind == "message" else self._iq
        deliveries = take(envelope, to)
        origin = self._component(sender) or self.directory.at(sender)
        if origin is None:
            return [delivery for delivery in deliveries if delivery.to is not stand_in]
        return [d._replace(to=origin) if d.to is stand_in else d for d in deliveries]

    # Components (XEP-0114).

    def component_fault(self, component: Resource, stanza: Stanza) -> tuple[str, str]:
        """Return condition and text of the stream error that a component's stanza deserves."""
        if not stanza.sender or not stanza.to:
            return "improper-addressing", "a component's stanza has 'from' and 'to'"
        try:
            domain = self._parse(stanza.sender).domain
        except JIDError as error:
            return "improper-addressing", error.problem.what
        if domain != component.jid.domain:
            return "invalid-from", f"this stream is that of {component.jid}"
        return "", ""

    def take_from_component(
        self, component: Resource, data: bytes, stanza: Stanza, element: etree._Element
    ) -> list[Delivery]:
        """Route one stanza of a component, which may speak for every address of its domain."""
        assert stanza.sender is not None, "component_fault was asked"
        sender = Resource(self._parse(stanza.sender), component.declarations, component.lang)
        deliveries = self.take(sender, rewrite(data, {"xmlns": None}), stanza, element)
        return [d._replace(to=component) if d.to is sender else d for d in deliveries]

    def _component(self, to: JID | None) -> Resource | None:
        """Return the component that serves the domain of `to`, if one is connected."""
        if to is None or to.domain in self._domains:
            return None
        return self.directory.at(self._parse(to.domain))

    def _to_component(self, envelope: Envelope, component: Resource) -> list[Delivery]:
        """Hand a stanza over; what becomes of it is the component's business."""
        fault = _iq_fault(envelope) if envelope.stanza.kind == "iq" else ""
        if fault:
            return envelope.error("modify", "bad-request", fault)
        deliveries: list[Delivery] = []
        if envelope.stanza.kind == "presence" and envelope.stanza.type in TYPES:
            assert envelope.to is not None
            deliveries = self._subscriptions.send(
                envelope.stanza.type or "",
                envelope.data,
                envelope.sender.jid.bare,
                envelope.to.bare,
            )
        if envelope.to is not None and envelope.stanza.kind == "presence":
            if envelope.stanza.type is None:
                envelope.sender.directed[envelope.to] = None
            elif envelope.stanza.type == "unavailable":
                envelope.sender.directed.pop(envelope.to, None)
        # Its streams have another default namespace.
        return [*deliveries, Delivery(component, rewrite(envelope.data, {"xmlns": None}))]

    # Iqs (RFC 6120 8.2.3, RFC 6121 8.5).

    def _iq(self, envelope: Envelope, to: JID) -> list[Delivery]:
        fault = _iq_fault(envelope)
        if fault:
            return envelope.error("modify", "bad-request", fault)
        if to.domain not in self._domains:
            return envelope.error("cancel", "remote-server-not-found", ELSEWHERE)
        if to.local and to.bare not in self._users:
            return envelope.error("cancel", "service-unavailable", UNREACHABLE)
        if to.is_full:
            resource = self.directory.at(to)
            if resource is None:
                return envelope.error("cancel", "service-unavailable", UNREACHABLE)
            return [Delivery(resource, envelope.data)]
        if envelope.stanza.is_reply:
            return [d for facility in self._facilities for d in facility.answered(envelope, to)]
        if not to.local:
            return self._services.server(envelope, to)
        return self._services.account(envelope, to)

    # Presence (RFC 6121 3, 4, 8.5).

    def _on_presence(self, envelope: Envelope, to: JID | None) -> list[Delivery]:
        kind = envelope.stanza.type
        if kind not in _PRESENCE_TYPES:
            return envelope.error("modify", "bad-request", "there is no such presence type")
        if to is None:
            if kind in (None, "unavailable"):
                return self._broadcast(envelope)
            return envelope.error("modify", "bad-request", "this presence type needs a 'to'")
        if kind in TYPES:
            return self._subscription(envelope, to)
        if to.domain not in self._domains:
            return envelope.error("cancel", "remote-server-not-found", ELSEWHERE)
        if kind == "probe":
            return self._presence.probe(envelope, to) if to.local else []
        if kind == "error":
            resource = self.directory.at(to)
            return [] if resource is None else [Delivery(resource, envelope.data)]
        return self._presence.direct(envelope, to)

    def _broadcast(self, envelope: Envelope) -> list[Delivery]:
        """Show presence to all who may see it, and tell the facilities."""
        sender = envelope.sender
        was_available = sender.available
        deliveries = self._presence.broadcast(envelope)
        if sender.available and sender.presence == envelope.data:
            for facility in self._facilities:
                deliveries += facility.available(sender, first=not was_available)
        elif was_available and not sender.available:
            deliveries += self._told_gone(sender)
        return deliveries

    def _subscription(self, envelope: Envelope, to: JID) -> list[Delivery]:
        user = envelope.sender.jid.bare
        if to.bare == user:
            return []
        roster = self._rosters.of(user)
        if roster.is_full and roster.get(to) is None:
            return envelope.error("wait", "resource-constraint", "the roster is full")
        was_shown = self._rosters.sees(to, user)
        deliveries = self._subscriptions.send(
            envelope.stanza.type or "", envelope.data, user, to.bare
        )
        if not was_shown and self._rosters.sees(to, user):
            deliveries += (d for f in self._facilities for d in f.shown(to.bare, user))
        if to.domain not in self._domains:
            deliveries += envelope.error("cancel", "remote-server-not-found", ELSEWHERE)
        return deliveries


def _stamped(sender: Resource, data: bytes, element: etree._Element) -> bytes:
    """Return the text of a stanza as others may see it: with its true sender (RFC 6120 8.1.2.1).

    What the sender's stream header put in scope for it is said on the stanza itself.
    """
    if sender.declarations:
        data = declare(data, sender.declarations)
    changes: dict[str, str | None] = {"from": str(sender.jid)}
    language = sender.lang
    if language and language != SERVER_LANGUAGE and element.attrib.get(_LANG) is None:
        changes["xml:lang"] = language
    return rewrite(data, changes)


def _is_seen_too_widely(envelope: Envelope) -> bool:
    """Say whether presence is for one address more than the server remembers (RFC 6121 4.6)."""
    stanza, directed = envelope.stanza, envelope.sender.directed
    is_new = envelope.to is not None and envelope.to not in directed
    available = stanza.kind == "presence" and stanza.type is None
    return available and is_new and len(directed) >= MAX_DIRECTED


def _iq_fault(envelope: Envelope) -> str:
    """Return what is wrong with an iq, or "" (RFC 6120 8.2.3)."""
    stanza = envelope.stanza
    if not stanza.id:
        return "an iq has an id"
    if stanza.type not in _IQ_TYPES:
        return f"the type of an iq is one of {', '.join(sorted(_IQ_TYPES))}"
    children = len(envelope.element)
    if stanza.is_request and children != 1:
        return f"an iq of type {stanza.type} has exactly one child element"
    return ""
