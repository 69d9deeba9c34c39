"""Everything that happens on a practice server after a resource is bound, without a network.

The stage is the router with the actors on it: what a real resource sends goes in, and what goes
out to real resources comes back, the actors' answers included.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..protocol import namespaces as ns
from ..protocol.jid import JID
from ..protocol.stanza import Stanza, stanza_of
from ..protocol.xml import Context, parse_element
from .accounts import Accounts
from .actors import Actor
from .clockwork import Clockwork
from .contacts.roster import Rosters
from .directory import Delivery, Resource
from .registration import Registrar
from .repertoire import Repertoire
from .router import Router

if TYPE_CHECKING:
    from lxml import etree


class Stage:
    """The users of one server and what passes between them.

    An actor plays its user only while nobody signs in as that user.
    """

    def __init__(
        self,
        domains: Iterable[str],
        accounts: Accounts,
        actors: Iterable[Actor],
        rosters: Rosters,
        clockwork: Clockwork,
        repertoire: Repertoire,
        registrar: Registrar | None = None,
    ) -> None:
        self.router = Router(
            frozenset(domains), accounts, rosters, clockwork, repertoire, registrar
        )
        self._accounts = accounts
        self._context = Context.for_namespace(ns.CLIENT)
        self._actors = {actor.jid.bare: actor for actor in actors if actor.jid in accounts}
        self._playing: dict[Resource, Actor] = {}
        for actor in self._actors.values():
            self._begin(actor)

    def free_name(self, jid: JID) -> str:
        """Return a resourcepart for the account `jid` that is not in use."""
        return self.router.directory.free_name(jid)

    def enter(self, resource: Resource) -> tuple[Resource | None, list[Delivery]]:
        """Take a newly bound resource in.

        Return the real resource that it replaces, which is in conflict with it, and what others
        are told.
        """
        told = self._end(self._actors.get(resource.jid.bare))
        replaced = self.router.directory.at(resource.jid)
        if replaced is not None:
            told += self.router.leave(replaced)
        self.router.directory.add(resource)
        return replaced, self._played(told)

    def leave(self, resource: Resource) -> list[Delivery]:
        """Take a resource out whose stream is over; does nothing if it was replaced."""
        told = self.router.leave(resource)
        actor = self._actors.get(resource.jid.bare)
        if actor is not None and actor.jid not in self._accounts:
            actor = None
        if actor is not None and not self.router.directory.of(actor.jid):
            told += self._begin(actor)
        return self._played(told)

    def take(
        self, sender: Resource, data: bytes, stanza: Stanza, element: etree._Element
    ) -> list[Delivery]:
        """Route a stanza of `sender`; see `Router.take`."""
        return self._played(self.router.take(sender, data, stanza, element))

    def take_again(self, data: bytes, stanza: Stanza, element: etree._Element) -> list[Delivery]:
        """Route a stanza once more; see `Router.take_again`."""
        return self._played(self.router.take_again(data, stanza, element))

    def take_from_component(
        self, component: Resource, data: bytes, stanza: Stanza, element: etree._Element
    ) -> list[Delivery]:
        """Route a stanza of a component; see `Router.take_from_component`."""
        return self._played(self.router.take_from_component(component, data, stanza, element))

    def _begin(self, actor: Actor) -> list[Delivery]:
        resource = Resource(actor.jid)
        self.router.directory.add(resource)
        self._playing[resource] = actor
        return self._say(resource, actor.presence())

    def _end(self, actor: Actor | None) -> list[Delivery]:
        resource = None if actor is None else self.router.directory.at(actor.jid)
        if resource is None or self._playing.pop(resource, None) is None:
            return []
        return self.router.leave(resource)

    def _played(self, deliveries: list[Delivery]) -> list[Delivery]:
        """Let the actors answer what is for them; return the rest, in order."""
        if not any(delivery.to in self._playing for delivery in deliveries):
            return deliveries
        waiting = deque(deliveries)
        rest = []
        while waiting:
            delivery = waiting.popleft()
            actor = self._playing.get(delivery.to)
            if actor is None:
                rest.append(delivery)
                continue
            element = parse_element(delivery.data, self._context)
            stanza = stanza_of(element)
            assert stanza is not None, "only stanzas are routed"
            for answer in actor.answer(stanza, element):
                waiting.extend(self._say(delivery.to, answer))
        return rest

    def _say(self, resource: Resource, data: bytes) -> list[Delivery]:
        element = parse_element(data, self._context)
        stanza = stanza_of(element)
        assert stanza is not None, "actors say stanzas only"
        return self.router.take(resource, data, stanza, element)
