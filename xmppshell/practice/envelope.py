"""A stanza on its way through the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..protocol.jid import JID
from .directory import Delivery, Resource
from .markup import error_reply, result_reply

if TYPE_CHECKING:
    from lxml import etree

    from ..protocol.stanza import Stanza


@dataclass(frozen=True, slots=True)
class Envelope:
    """One stanza of `sender`: its text with `from` stamped, what it is, and the parsed element.

    `to` is the parsed address or None without one.
    """

    sender: Resource
    data: bytes
    stanza: Stanza
    element: etree._Element
    to: JID | None

    def result(self, payload: str = "") -> list[Delivery]:
        """Answer an iq with a result that holds `payload`."""
        reply = result_reply(self.stanza.id or "", self.stanza.to, str(self.sender.jid), payload)
        return [Delivery(self.sender, reply)]

    def error(
        self, error_type: str, condition: str, text: str = "", detail: str = ""
    ) -> list[Delivery]:
        """Return the stanza to its sender as an error of this type and condition.

        `detail` is the XML of an application's own condition.
        Gives nothing for an error and for an iq result, which are never answered (RFC 6120 8.3.1).
        """
        stanza = self.stanza
        if stanza.type == "error" or stanza.is_reply:
            return []
        sender, to = stanza.to, str(self.sender.jid)
        reply = error_reply(self.data, sender, to, error_type, condition, text, detail)
        return [Delivery(self.sender, reply)]
