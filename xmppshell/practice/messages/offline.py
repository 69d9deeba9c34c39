"""Messages for users who are away (XEP-0160, RFC 6121 8.5.2.2)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ...protocol.xml import Context, parse_element
from ..clockwork import Clockwork
from ..contacts.blocklists import Blocklists
from ..directory import Delivery, Resource
from ..facilities import Facility
from ..markup import append_child, without_children
from .forwarding import delay
from .rules import has_hint, is_worth_keeping

if TYPE_CHECKING:
    from lxml import etree

MAX_MESSAGES: Final = 100
"""How many messages wait for one account at most."""

MAX_BYTES: Final = 512 * 1024
"""How many bytes wait for one account at most."""


@dataclass(slots=True)
class _Box:
    messages: list[tuple[JID, bytes]] = field(default_factory=list)
    size: int = 0


class Offline(Facility):
    """Keeps messages until a resource comes that takes them: once, and in order.

    They come with a `<delay/>` of the account's domain, which says when they were sent. Those of
    senders who were blocked in the meantime (`blocklists`) do not come.
    """

    server_features = ("msgoffline",)

    def __init__(self, clockwork: Clockwork, blocklists: Blocklists) -> None:
        self._clockwork = clockwork
        self._blocklists = blocklists
        self._boxes: defaultdict[JID, _Box] = defaultdict(_Box)

    def fault(self, account: JID, data: bytes, element: etree._Element) -> str:
        """Return why a message cannot be kept for `account`, or ""."""
        if has_hint(element, "no-store"):
            return "nobody is there, and the message asks not to be stored"
        if not is_worth_keeping(element):
            return "nobody is there, and there is nothing in the message to be stored"
        box = self._boxes.get(account)
        size = len(data) + (0 if box is None else box.size)
        count = 0 if box is None else len(box.messages)
        if count >= MAX_MESSAGES or size > MAX_BYTES:
            return "nobody is there, and no more messages can be stored"
        return ""

    def keep(self, account: JID, sender: JID, data: bytes, *, again: bool = False) -> None:
        """Keep the message `data` of `sender`, for which there must be no `fault`.

        With `again`, it had been delivered and came back: a `<delay/>` that it has is right.
        """
        delays = _delays(data, account)
        if not (again and delays):
            data = without_children(data, delays) if delays else data
            note = delay(self._clockwork.stamp(), account.domain)
            data = append_child(data, note.encode())
        box = self._boxes[account]
        box.messages.append((sender, data))
        box.size += len(data)

    def available(self, resource: Resource, *, first: bool) -> list[Delivery]:
        """Give what waits to a resource whose priority is not negative (XEP-0160 2)."""
        if resource.priority is None or resource.priority < 0:
            return []
        account = resource.jid.bare
        box = self._boxes.pop(account, None)
        return [
            Delivery(resource, data)
            for sender, data in (box.messages if box is not None else ())
            if not self._blocklists.blocks(account, sender)
        ]

    def removed(self, account: JID) -> None:
        """Forget what waits for an account that was cancelled."""
        self._boxes.pop(account, None)


def _delays(data: bytes, account: JID) -> list[int]:
    """Return the places of the delays that claim to be of the account's own server."""
    if ns.DELAY.encode() not in data:
        return []
    element = parse_element(data, Context.for_namespace(ns.CLIENT))
    return [
        place
        for place, child in enumerate(element)
        if child.tag == f"{{{ns.DELAY}}}delay" and child.get("from") == account.domain
    ]
