"""Requests and replies, paired by id, sender and kind (RFC 6120 8.1.3, 8.2.3).

Matching by id alone lets any contact answer in a server's name; so a reply counts only when it
comes from where the request went. A request without `to` went to the own account, which servers
answer with no `from`, the own bare or full JID, or the domain.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .events import Direction
from .jid import JID, JIDError

if TYPE_CHECKING:
    from .stanza import Stanza


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply was recognised: the number of the record it answers, and the round trip in s."""

    request: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits: its record number, when it was seen (s), and the stanza."""

    number: int
    at: float
    stanza: Stanza


class Exchanges:
    """The requests in flight on one stream, in both directions.

    Iqs wait until they are answered. Messages and presence that were sent are remembered too
    (the last `memory` of them), for an error that comes back with their id.
    """

    def __init__(self, memory: int = 1000) -> None:
        self._memory = memory
        self._iqs: dict[tuple[Direction, str], list[Pending]] = {}
        self._others: OrderedDict[tuple[str, str], Pending] = OrderedDict()
        self.me: JID | None = None

    def observe(
        self, stanza: Stanza, direction: Direction, number: int, at: float
    ) -> Answer | None:
        """Take one stanza and return what it answers, if anything.

        `number` is the record's number and `at` a time in seconds from any fixed start.
        """
        if stanza.is_reply:
            return self._match_iq(stanza, direction, at)
        if stanza.type == "error":
            return self._match_other(stanza, direction, at)
        if stanza.id is None:
            return None
        pending = Pending(number, at, stanza)
        if stanza.is_request:
            self._iqs.setdefault((direction, stanza.id), []).append(pending)
        elif direction is Direction.SENT and stanza.kind != "iq":
            key = (stanza.kind, stanza.id)
            self._others[key] = pending
            self._others.move_to_end(key)
            if len(self._others) > self._memory:
                self._others.popitem(last=False)
        return None

    def waiting(self, direction: Direction = Direction.SENT) -> list[Pending]:
        """Return the requests that went in `direction` and have no answer yet, oldest first."""
        found = [p for (way, _), many in self._iqs.items() if way is direction for p in many]
        return sorted(found, key=lambda pending: pending.number)

    def forget(self) -> None:
        """Drop all that waits: the stream is over and no answer can come."""
        self._iqs.clear()
        self._others.clear()

    def _match_iq(self, reply: Stanza, direction: Direction, at: float) -> Answer | None:
        if reply.id is None:
            return None
        key = (_opposite(direction), reply.id)
        for pending in self._iqs.get(key, ()):
            if self._answers(pending.stanza, reply, direction):
                self._iqs[key].remove(pending)
                if not self._iqs[key]:
                    del self._iqs[key]
                return Answer(pending.number, at - pending.at)
        return None

    def _match_other(self, reply: Stanza, direction: Direction, at: float) -> Answer | None:
        if reply.id is None or direction is Direction.SENT:
            return None
        pending = self._others.get((reply.kind, reply.id))
        if pending is None or not self._answers(pending.stanza, reply, direction):
            return None
        del self._others[(reply.kind, reply.id)]
        return Answer(pending.number, at - pending.at)

    def _answers(self, request: Stanza, reply: Stanza, direction: Direction) -> bool:
        """Say whether `reply` comes from where `request` went."""
        if direction is Direction.SENT:
            asker, addressee = request.sender, reply.to
        else:
            asker, addressee = request.to, reply.sender
        if asker is None:
            return addressee is None or addressee in self._own_addresses()
        return _same_address(asker, addressee)

    def _own_addresses(self) -> frozenset[str]:
        if self.me is None:
            return frozenset()
        return frozenset({str(self.me), str(self.me.bare), self.me.domain})


def _opposite(direction: Direction) -> Direction:
    return Direction.RECEIVED if direction is Direction.SENT else Direction.SENT


def _same_address(asked: str, answered: str | None) -> bool:
    if answered is None:
        return False
    if asked == answered:
        return True
    try:
        return JID.parse(asked) == JID.parse(answered)
    except JIDError:
        return False
