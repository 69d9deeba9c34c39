"""One request to the nodes of an account, as the parts of the service read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ...protocol.data_forms import Form
from ...protocol.jid import JID, JIDError
from ...protocol.xml.tokens import quoted
from ..directory import Delivery
from ..envelope import Envelope
from ..services.forms import submitted
from .nodes import MAX_NAME
from .vocabulary import Refused, forbidden

if TYPE_CHECKING:
    from lxml import etree


@dataclass(frozen=True, slots=True)
class Request:
    """A request of `asker` to `account`: `pubsub` is the payload and `action` its first child.

    What does not make sense is refused by raising Refused.
    """

    envelope: Envelope
    account: JID
    pubsub: etree._Element
    action: etree._Element

    @property
    def asker(self) -> JID:
        """The full JID of who asks."""
        return self.envelope.sender.jid

    @property
    def namespace(self) -> str:
        """The namespace of the payload."""
        return str(self.pubsub.tag).partition("}")[0].lstrip("{")

    @property
    def node(self) -> str:
        """The name of the node; it must be there."""
        name = self.optional_node
        if not name:
            raise Refused("modify", "bad-request", "the node is not named", "nodeid-required")
        return name

    @property
    def optional_node(self) -> str:
        """The name of the node, or ""."""
        name = self.action.get("node", "")
        if len(name) > MAX_NAME:
            text = f"the name of a node can have {MAX_NAME} characters"
            raise Refused("modify", "not-acceptable", text)
        return name

    def owner_only(self) -> None:
        """Refuse anybody but the account itself."""
        if self.asker.bare != self.account:
            raise forbidden(f"only {self.account} may do that")

    def child(self, name: str) -> etree._Element | None:
        """Return the child of the payload of that name."""
        return self.pubsub.find(f"{{{self.namespace}}}{name}")

    def children(self, name: str) -> list[etree._Element]:
        """Return the children of the action of that name."""
        return self.action.findall(f"{{{self.namespace}}}{name}")

    def form(self, name: str) -> Form | None:
        """Return the form in the child of the payload of that name."""
        child = self.child(name)
        return None if child is None else submitted(child)

    def address(self, element: etree._Element) -> JID:
        """Return the address in the attribute `jid` of an element."""
        text = element.get("jid")
        if not text:
            raise Refused("modify", "bad-request", "the jid is missing", "jid-required")
        try:
            return JID.parse(text)
        except JIDError as error:
            raise Refused("modify", "bad-request", error.problem.what, "invalid-jid") from error

    def result(self, inside: str = "") -> list[Delivery]:
        """Answer with an empty result, or with `inside` in the element that came."""
        if not inside:
            return self.envelope.result()
        return self.envelope.result(f"<pubsub xmlns='{self.namespace}'>{inside}</pubsub>")


Step: TypeAlias = Callable[[Request], list[Delivery]]


def listing(name: str, node: str, entries: list[str]) -> str:
    """Return the element `name` about a node ("" for all) with these entries."""
    about = f" node={quoted(node)}" if node else ""
    return f"<{name}{about}>{''.join(entries)}</{name}>" if entries else f"<{name}{about}/>"


def is_event_wanted(text: str | None) -> bool:
    """Say whether an attribute is the boolean true, as XML Schema writes it."""
    return text in ("1", "true")
