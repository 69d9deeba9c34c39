"""What the server does for its users beyond routing, each thing by itself.

A facility answers iqs, adds to what disco says, and is told who comes and goes. A host is a
service with a domain of its own, such as the rooms. Neither knows a network: they are given
stanzas and give deliveries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeAlias, runtime_checkable

from ..protocol.jid import JID
from .directory import Delivery, Resource
from .envelope import Envelope
from .services.capabilities import Identity

Handler = Callable[[Envelope, JID], list[Delivery]]
Handlers: TypeAlias = Mapping[tuple[str, str], Handler]
"""Handlers by the type of the iq and the Clark name of its payload."""

Post: TypeAlias = Callable[[Resource, bytes], list[Delivery]]
"""Routes a stanza that a service says by itself, as if a resource had sent it.

The resource stands for the address that the stanza comes from; what is delivered to it is an
answer, and for the service.
"""


class Facility:
    """One thing that the server does for accounts; whatever is not overridden does nothing.

    `for_server` and `for_account` answer iqs to the domain and to a bare JID; the features and
    identities are what disco#info says of both.
    """

    for_server: Handlers = MappingProxyType({})
    for_account: Handlers = MappingProxyType({})
    server_features: tuple[str, ...] = ()
    server_identities: tuple[Identity, ...] = ()
    account_features: tuple[str, ...] = ()
    account_identities: tuple[Identity, ...] = ()

    def items(self, asker: JID, to: JID) -> list[str]:
        """Return the `<item/>`s that disco#items of `to` has for `asker`."""
        return []

    def node_info(self, envelope: Envelope, to: JID, node: str) -> list[Delivery] | None:
        """Answer disco#info of a node of `to`, or return None if it is none of this facility."""
        return None

    def node_items(self, envelope: Envelope, to: JID, node: str) -> list[Delivery] | None:
        """Answer disco#items of a node of `to`, or return None if it is none of this facility."""
        return None

    def answered(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Take note of the answer (iq result or error) to what the server itself asked."""
        return []

    def available(self, resource: Resource, *, first: bool) -> list[Delivery]:
        """Take note of available presence to all; `first` if it was not available before."""
        return []

    def gone(self, resource: Resource) -> list[Delivery]:
        """Take note that a resource is not available any longer."""
        return []

    def shown(self, watcher: JID, account: JID) -> list[Delivery]:
        """Take note that `watcher` may see the presence of `account` from now on."""
        return []

    def removed(self, account: JID) -> None:
        """Forget an account that was cancelled."""


class Host(Protocol):
    """A service with a domain of its own beside that of the users."""

    @property
    def domain(self) -> str:
        """Its domain."""

    @property
    def name(self) -> str:
        """What disco#items calls it."""

    def take(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Take one stanza for an address of its domain: whatever is said to that is its matter.

        Presence of those who leave comes as unavailable presence to each address that they were
        available to.
        """

    def removed(self, account: JID) -> None:
        """Forget an account that was cancelled, so that nobody inherits what it was."""


@runtime_checkable
class Correspondent(Protocol):
    """A facility or host that writes to users by their addresses, wherever they are."""

    def connect(self, post: Post) -> None:
        """Take note of the way out; it is asked for once, before anything else."""
