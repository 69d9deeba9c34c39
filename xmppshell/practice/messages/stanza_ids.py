"""The ids that a server or a room gives to messages (XEP-0359)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...protocol import namespaces as ns
from ...protocol.jid import JID, JIDError
from ...protocol.xml.tokens import quoted
from ..markup import append_child

if TYPE_CHECKING:
    from lxml import etree

_TAG = f"{{{ns.STANZA_ID}}}stanza-id"


def with_stanza_id(data: bytes, uid: str, by: JID) -> bytes:
    """Return the message `data` with the id `uid` that `by` gave it."""
    element = f"<stanza-id xmlns='{ns.STANZA_ID}' by={quoted(str(by))} id={quoted(uid)}/>"
    return append_child(data, element.encode())


def claimed_ids(element: etree._Element, by: JID) -> list[int]:
    """Return the places of the ids in a message that somebody claims `by` to have given.

    Who gives ids takes these away first (XEP-0359).
    """
    return ids_claimed_by(element, lambda jid: jid == by)


def ids_claimed_by(element: etree._Element, ours: Callable[[JID], bool]) -> list[int]:
    """Return the places of the ids in a message whose `by` is one of `ours`."""
    return [
        place
        for place, child in enumerate(element)
        if child.tag == _TAG and _is(child.get("by", ""), ours)
    ]


def _is(text: str, ours: Callable[[JID], bool]) -> bool:
    try:
        return ours(JID.parse(text))
    except JIDError:
        return False
