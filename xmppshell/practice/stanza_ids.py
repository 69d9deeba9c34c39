"""The ids that a server or a room gives to messages (XEP-0359)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..protocol import namespaces as ns
from ..protocol.jid import JID, JIDError
from ..protocol.xml import Context, parse_element
from ..protocol.xml.tokens import quoted
from .markup import append_child, without_children

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
    return [
        place
        for place, child in enumerate(element)
        if child.tag == _TAG and _is(child.get("by", ""), by)
    ]


def without_claims(data: bytes, by: JID) -> bytes:
    """Return the stanza `data` without the ids that somebody claims `by` to have given."""
    if ns.STANZA_ID.encode() not in data:
        return data
    claimed = claimed_ids(parse_element(data, Context.for_namespace(ns.CLIENT)), by)
    return without_children(data, claimed) if claimed else data


def _is(text: str, jid: JID) -> bool:
    try:
        return JID.parse(text) == jid
    except JIDError:
        return False
