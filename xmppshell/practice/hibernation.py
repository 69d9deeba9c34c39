"""Resources whose connection was lost and whose client may come back (XEP-0198 5).

A sleeping resource stays in the directory, and what is delivered to it waits in its ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..protocol import namespaces as ns
from ..protocol.jid import JID
from ..protocol.stanza import Stanza, stanza_of
from ..protocol.xml import Context, parse_element
from .directory import Delivery, Resource

if TYPE_CHECKING:
    from ..protocol.acknowledgements import Ledger
    from .stage import Stage

MAX_WAITING: Final = 500
"""How many stanzas may wait for a client before it is given up."""


@dataclass(eq=False, slots=True)
class _Sleeper:
    resource: Resource
    ledger: Ledger
    alarm: asyncio.Task[None]


class Hibernation:
    """The sleeping resources; `expired` is told each one whose client did not come back in time."""

    def __init__(
        self, expired: Callable[[Resource, list[bytes]], Coroutine[Any, Any, None]]
    ) -> None:
        self._expired = expired
        self._sleepers: dict[Resource, _Sleeper] = {}

    def sleep(self, resource: Resource, ledger: Ledger) -> None:
        """Let `resource` wait for its client, as long as its ledger grants."""
        alarm = asyncio.get_running_loop().create_task(self._wait(resource, ledger.seconds or 0))
        self._sleepers[resource] = _Sleeper(resource, ledger, alarm)

    async def _wait(self, resource: Resource, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._give_up(resource)

    async def _give_up(self, resource: Resource) -> None:
        sleeper = self._sleepers.pop(resource, None)
        if sleeper is not None:
            await self._expired(resource, list(sleeper.ledger.abandoned().lost))

    def deliver(self, delivery: Delivery) -> bool:
        """Keep a delivery for a sleeping resource; return False if it is not asleep."""
        sleeper = self._sleepers.get(delivery.to)
        if sleeper is None:
            return False
        sleeper.ledger.undelivered.append(delivery.data)
        if len(sleeper.ledger.undelivered) == MAX_WAITING + 1:
            sleeper.alarm.cancel()
            sleeper.alarm = asyncio.get_running_loop().create_task(self._give_up(delivery.to))
        return True

    def wake(self, account: JID, stream_id: str) -> tuple[Resource, Ledger] | None:
        """Return the resource of `account` that sleeps under `stream_id`; it sleeps no more."""
        for resource, sleeper in self._sleepers.items():
            if resource.jid.bare == account.bare and sleeper.ledger.id == stream_id:
                sleeper.alarm.cancel()
                del self._sleepers[resource]
                return resource, sleeper.ledger
        return None

    def of(self, account: JID) -> list[Resource]:
        """Return the sleeping resources of an account."""
        return [resource for resource in self._sleepers if resource.jid.bare == account.bare]

    def forget(self, resource: Resource) -> list[bytes]:
        """Let go of a resource, if it is asleep; return what its client has not acknowledged."""
        sleeper = self._sleepers.pop(resource, None)
        if sleeper is None:
            return []
        sleeper.alarm.cancel()
        return list(sleeper.ledger.abandoned().lost)

    def end(self) -> None:
        """Let go of all: the server stops."""
        for resource in list(self._sleepers):
            self.forget(resource)


def returned(stage: Stage, stanzas: Iterable[bytes]) -> list[Delivery]:
    """Route stanzas once more whose addressee did not come back, now that it is gone.

    So each goes to another resource of the account, waits with the offline messages, or goes back
    to its sender as an error, as if it had been sent to a resource that is not there (XEP-0198 4).
    """
    deliveries: list[Delivery] = []
    for data in stanzas:
        element = parse_element(data, Context.for_namespace(ns.CLIENT))
        stanza = stanza_of(element)
        if stanza is not None and _must_arrive(stanza):
            deliveries += stage.take_again(data, stanza, element)
    return deliveries


def _must_arrive(stanza: Stanza) -> bool:
    """Say whether a stanza must not vanish silently: a message or a request."""
    if stanza.kind == "presence" or stanza.is_reply:
        return False
    return stanza.type not in ("error", "headline", "groupchat")
