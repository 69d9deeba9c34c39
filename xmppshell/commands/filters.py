"""Filters: which records the screen shows. The record of the session is never touched.

A filter is a row of terms that must all hold; `-` before a term turns it round:

    /filter in message           only messages that were received
    /filter -presence            everything but presence
    /filter jid:romeo@localhost  to or from that account
    /filter ns:urn:xmpp:ping     elements of that namespace, at any depth
    /filter //body               what the XPath expression finds
    /filter session:juliet       what went on that session
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from ..protocol import namespaces as ns
from ..protocol.events import Direction, ElementSeen, WireEvent
from ..protocol.jid import JID, JIDError
from ..protocol.problem import Problem
from .registry import CommandError

if TYPE_CHECKING:
    from ..feed import Record

_Test = Callable[[WireEvent], bool]

PREFIXES = {
    "c": ns.CLIENT,
    "stream": ns.STREAM,
    "sasl": ns.SASL,
    "disco": ns.DISCO_INFO,
    "items": ns.DISCO_ITEMS,
    "roster": ns.ROSTER,
    "stanzas": ns.STANZA_ERRORS,
}
"""The prefixes that an XPath expression may use; without any, names match in each namespace."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled filter; `text` is how it was typed."""

    text: str
    tests: tuple[_Test, ...]
    sessions: tuple[Callable[[str], bool], ...] = ()

    def shows(self, record: Record) -> bool:
        """Say whether `record` passes; what was not on the wire always does."""
        event = record.event
        if not isinstance(event, WireEvent):
            return True
        of_a_session = all(test(record.session) for test in self.sessions)
        return of_a_session and all(test(event) for test in self.tests)


def parse_filter(text: str) -> Filter:
    """Compile the terms of a filter; raises `CommandError` naming the wrong one."""
    words = text.split()
    sessions = [word for word in words if word.lstrip("-").startswith("session:")]
    others = [word for word in words if word not in sessions]
    return Filter(text, tuple(map(_term, others)), tuple(map(_session_test, sessions)))


def _session_test(word: str) -> Callable[[str], bool]:
    name = word.partition(":")[2]
    turned = word.startswith("-")
    return lambda session: (session == name) is not turned


def _term(word: str) -> _Test:
    if word.startswith("-") and len(word) > 1:
        test = _term(word[1:])
        return lambda event: not test(event)
    if word in ("in", "received"):
        return lambda event: event.direction is Direction.RECEIVED
    if word in ("out", "sent"):
        return lambda event: event.direction is Direction.SENT
    if word in ("iq", "message", "presence", "nonza"):
        return lambda event: _kind(event) == word
    key, _, value = word.partition(":")
    if key == "jid" and value:
        return _jid_test(value)
    if key == "ns" and value:
        return lambda event: _has_namespace(event, value)
    if key == "type" and value:
        return lambda event: _stanza_type(event) == value
    if word.startswith("/") or (key == "xpath" and value):
        return _xpath_test(value if key == "xpath" else word)
    raise CommandError(
        Problem(
            f"“{word}” is not a term of a filter",
            "",
            "in, out, iq, message, presence, nonza, type:T, jid:J, ns:NAMESPACE, session:NAME or "
            "an XPath such as //body; - before it turns it round",
        )
    )


def _kind(event: WireEvent) -> str:
    if not isinstance(event, ElementSeen):
        return ""
    return "nonza" if event.stanza is None else event.stanza.kind


def _stanza_type(event: WireEvent) -> str | None:
    if not isinstance(event, ElementSeen) or event.stanza is None:
        return None
    return event.stanza.type


def _jid_test(value: str) -> _Test:
    try:
        wanted = JID.parse(value)
    except JIDError as error:
        raise CommandError(error.problem) from error

    def matches(address: str | None) -> bool:
        if address is None:
            return False
        try:
            found = JID.parse(address)
        except JIDError:
            return address == value
        return found == wanted if wanted.resource else found.bare == wanted

    def test(event: WireEvent) -> bool:
        if not isinstance(event, ElementSeen) or event.stanza is None:
            return False
        return matches(event.stanza.to) or matches(event.stanza.sender)

    return test


def _has_namespace(event: WireEvent, namespace: str) -> bool:
    if not isinstance(event, ElementSeen):
        return False
    return any(
        isinstance(element.tag, str) and element.tag.startswith(f"{{{namespace}}}")
        for element in event.element.iter()
    )


def _xpath_test(expression: str) -> _Test:
    prefixed = any(f"{prefix}:" in expression for prefix in PREFIXES)
    try:
        find = etree.XPath(expression, namespaces=PREFIXES)
        find(etree.Element("probe"))
    except etree.XPathError as error:
        raise CommandError(
            Problem(
                f"“{expression}” is not an XPath expression: {error}",
                "a bracket is missing, or a prefix is not known",
                f"//body, //c:message[@type='chat']; prefixes: {', '.join(PREFIXES)}",
            )
        ) from error

    def test(event: WireEvent) -> bool:
        if not isinstance(event, ElementSeen):
            return False
        document = copy.deepcopy(event.element)
        if not prefixed:
            _drop_namespaces(document)
        return bool(find(document))

    return test


def _drop_namespaces(element: etree._Element) -> None:
    for each in element.iter(etree.Element):
        each.tag = str(each.tag).rpartition("}")[2]
