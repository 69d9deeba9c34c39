"""What the resources of users can do, learnt from the capabilities in their presence (XEP-0115).

The server asks a resource what stands behind a hash that it has not met, and does so once: an
answer that the hash fits is true of everyone who announces that hash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ...protocol.xml import Context, parse_element
from ...protocol.xml.tokens import quoted
from ..clockwork import Clockwork
from ..directory import Delivery, Resource
from ..envelope import Envelope
from ..facilities import Facility
from .capabilities import HASHES, ill_formed, read_info, verification

if TYPE_CHECKING:
    from lxml import etree

MAX_KNOWN: Final = 500
"""How many answers are remembered; the oldest is forgotten for a new one."""

MAX_TEXT: Final = 16 * 1024
"""How long the features of one answer may be together, in characters."""

PATIENCE: Final = timedelta(seconds=10)
"""How long a resource has to answer before the next one with the same hash is asked as well."""

Listener: TypeAlias = Callable[[Resource], list[Delivery]]
"""Told a resource whose features are known, now or still."""

_C: Final = f"{{{ns.CAPS}}}c"
_QUERY: Final = f"{{{ns.DISCO_INFO}}}query"

# Hash function and value; and of what cannot be verified, the one resource that it is true of.
_Key: TypeAlias = tuple[str, str, JID | None]


@dataclass(frozen=True, slots=True)
class _Announced:
    node: str
    version: str
    algorithm: str
    jid: JID

    @property
    def key(self) -> _Key:
        return self.algorithm, self.version, None if self.algorithm in HASHES else self.jid


@dataclass(slots=True)
class _Question:
    asked_at: datetime
    waiting: list[Resource] = field(default_factory=list)


class Caps(Facility):
    """The features of every available resource that says what it can do.

    Answers that do not fit their hash are held to be true of nobody but who gave them (5.4).
    """

    server_features = (ns.CAPS,)

    def __init__(self, clockwork: Clockwork) -> None:
        self._clockwork = clockwork
        self._listeners: list[Listener] = []
        self._announced: dict[Resource, _Announced] = {}
        self._features: dict[Resource, frozenset[str]] = {}
        self._known: dict[_Key, frozenset[str]] = {}
        self._questions: dict[_Key, _Question] = {}
        self._sent: dict[str, tuple[Resource, _Announced]] = {}

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every resource that comes, changes or is found out about."""
        self._listeners.append(listener)

    def features(self, resource: Resource) -> frozenset[str]:
        """Return what a resource can do, as far as the server knows."""
        return self._features.get(resource, frozenset())

    # Presence.

    def available(self, resource: Resource, *, first: bool) -> list[Delivery]:
        """Take note of the capabilities in presence; ask what is behind an unknown hash."""
        announced = _read(resource)
        if announced is None:
            self._announced.pop(resource, None)
            return self._abandoned(resource) + self._learn(resource, frozenset())
        if announced == self._announced.get(resource):
            return self._told(resource) if resource in self._features else []
        self._announced[resource] = announced
        deliveries = self._abandoned(resource)
        known = self._known.get(announced.key)
        if known is not None:
            return deliveries + self._learn(resource, known)
        self._features.pop(resource, None)
        return deliveries + self._wonder(resource, announced)

    def gone(self, resource: Resource) -> list[Delivery]:
        """Forget a resource; if an answer of it is awaited, somebody else is asked."""
        self._announced.pop(resource, None)
        self._features.pop(resource, None)
        return self._abandoned(resource)

    def _abandoned(self, resource: Resource) -> list[Delivery]:
        """Expect no answer of a resource any longer: nobody is asked two things at a time."""
        deliveries = []
        for iq_id, (asked, announced) in tuple(self._sent.items()):
            if asked is resource:
                del self._sent[iq_id]
                deliveries += self._ask_another(announced.key, resource)
        return deliveries

    # Questions and answers.

    def _wonder(self, resource: Resource, announced: _Announced) -> list[Delivery]:
        """Ask a resource, unless another with the same hash is being asked already."""
        now = self._clockwork.now()
        question = self._questions.setdefault(announced.key, _Question(now))
        question.waiting = [r for r in question.waiting if r is not resource]
        alone = not question.waiting
        question.waiting.append(resource)
        if not alone and now - question.asked_at < PATIENCE:
            return []
        question.asked_at = now
        return self._ask(resource, announced)

    def _ask(self, resource: Resource, announced: _Announced) -> list[Delivery]:
        iq_id = f"caps-{self._clockwork.new_id()}"
        self._sent[iq_id] = resource, announced
        node = quoted(f"{announced.node}#{announced.version}")
        text = (
            f"<iq type='get' id={quoted(iq_id)} from={quoted(resource.jid.domain)}"
            f" to={quoted(str(resource.jid))}><query xmlns='{ns.DISCO_INFO}' node={node}/></iq>"
        )
        return [Delivery(resource, text.encode())]

    def _ask_another(self, key: _Key, failed: Resource) -> list[Delivery]:
        """Ask whoever else announced the same, since `failed` gave no answer that counts."""
        question = self._questions.get(key)
        if question is None:
            return []
        question.waiting = [r for r in question.waiting if r is not failed and self._says(r, key)]
        if not question.waiting:
            del self._questions[key]
            return []
        question.asked_at = self._clockwork.now()
        return self._ask(question.waiting[0], self._announced[question.waiting[0]])

    def _says(self, resource: Resource, key: _Key) -> bool:
        announced = self._announced.get(resource)
        return announced is not None and announced.key == key

    def answered(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Take the answer of a resource that was asked; others are none of this facility's."""
        asked, announced = self._sent.get(envelope.stanza.id or "", (None, None))
        if asked is not envelope.sender or announced is None or to != JID("", to.domain, ""):
            return []
        del self._sent[envelope.stanza.id or ""]
        features = _features_in(envelope)
        if features is not None and _verified(envelope.element[0], announced):
            return self._verified(announced.key, features)
        deliveries = []
        if self._announced.get(asked) == announced:
            deliveries = self._learn(asked, features or frozenset())
        return deliveries + self._ask_another(announced.key, asked)

    def _verified(self, key: _Key, features: frozenset[str]) -> list[Delivery]:
        self._known[key] = features
        if len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]
        question = self._questions.pop(key, None)
        waiting = [] if question is None else question.waiting
        return [d for r in waiting if self._says(r, key) for d in self._learn(r, features)]

    def _learn(self, resource: Resource, features: frozenset[str]) -> list[Delivery]:
        self._features[resource] = features
        return self._told(resource)

    def _told(self, resource: Resource) -> list[Delivery]:
        return [delivery for listener in self._listeners for delivery in listener(resource)]


def _read(resource: Resource) -> _Announced | None:
    """Return the capabilities in the presence of a resource, if there are any."""
    if ns.CAPS.encode() not in resource.presence:
        return None
    found = parse_element(resource.presence, Context.for_namespace(ns.CLIENT)).find(_C)
    if found is None or not found.get("node") or not found.get("ver"):
        return None
    node, version = found.get("node", ""), found.get("ver", "")
    return _Announced(node, version, found.get("hash", ""), resource.jid)


def _features_in(envelope: Envelope) -> frozenset[str] | None:
    """Return the features of a disco#info result, or None if it is none, or far too long."""
    element = envelope.element
    if envelope.stanza.type != "result" or len(element) != 1 or element[0].tag != _QUERY:
        return None
    features = frozenset(read_info(element[0]).features)
    return features if sum(map(len, features)) <= MAX_TEXT else None


def _verified(query: etree._Element, announced: _Announced) -> bool:
    """Say whether an answer is what the hash stands for (XEP-0115 5.4)."""
    info = read_info(query)
    return (
        announced.algorithm in HASHES
        and not ill_formed(info)
        and verification(info, announced.algorithm) == announced.version
    )
