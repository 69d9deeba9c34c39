"""What a session owes its peer: answers to requests, and counts of stanzas.

A policy says of each duty whether it is done, proposed, or left; where the user makes the moves,
none is made without them (`protocol.obligations`, XEP-0198 4).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from .. import __version__
from ..pilot import Negotiation
from ..protocol.events import Direction, ElementSeen, Event, MoveProposed
from ..protocol.features.stream_management_elements import REQUEST
from ..protocol.moves import Send
from ..protocol.obligations import Facts, Policy, default_policies, owed
from ..protocol.stream import Stream
from .clock import Clock


class Duties:
    """The duties of one session: `policies` by name, and the moves `owed` that wait for the user.

    Its methods return the move to be made at once, if there is one; what is left to the user is
    kept, and told to `publish` if it is to be proposed.
    """

    def __init__(self, publish: Callable[[Event], None], clock: Clock) -> None:
        self.policies: dict[str, Policy] = default_policies()
        self.owed: list[Send] = []
        self._publish = publish
        self._clock = clock

    def forget(self) -> None:
        """Owe nothing: the connection is another one."""
        self.owed = []

    def done(self, move: object) -> None:
        """Take note that the user makes a move; if it was owed, it is no longer."""
        if move in self.owed:
            self.owed = [other for other in self.owed if other is not move]

    def called_for(self, seen: ElementSeen, stream: Stream, speed: Negotiation) -> Send | None:
        """Take note of an element on the wire, and return what it calls for at once."""
        if seen.direction is Direction.SENT:
            return self._after(seen, stream, speed)
        return self._answer(seen, stream, speed) if stream.online else None

    def farewell(self, stream: Stream, speed: Negotiation) -> Send | None:
        """Return the count to tell before the stream is closed, if it is to be told at once."""
        return self._counted(stream.management.farewell(), speed)

    def _answer(self, seen: ElementSeen, stream: Stream, speed: Negotiation) -> Send | None:
        """Return the answer that is owed to an element that came."""
        if seen.stanza is None:
            return self._counted(stream.management.answer_to(seen.element), speed)
        if not seen.stanza.is_request:
            return None  # Nothing else is owed an answer; the facts are not gathered for a flood.
        answer = owed(
            seen.stanza,
            seen.element,
            stream.jid,
            self.policies,
            self._facts(),
            component=stream.is_component,
        )
        if answer is None:
            return None
        return self._made_or_left(stream.spoken(answer.move), answer.policy, speed)

    def _after(self, seen: ElementSeen, stream: Stream, speed: Negotiation) -> Send | None:
        """Drop the owed answer that was just given, in whoever's words; ask for a count in time."""
        stanza, management = seen.stanza, stream.management
        if stanza is None:
            name = management.name_of(seen.element)
            self.owed = [move for move in self.owed if move.name != name]
            return None
        if stanza.is_reply and self.owed:
            end = f" id='{stanza.id}'".encode()
            self.owed = [move for move in self.owed if end not in move.data]
        return self._counted(management.request(), speed)

    def _counted(self, move: Send | None, speed: Negotiation) -> Send | None:
        """Tell a count or ask for one, as the policy has it; ask once at a time."""
        if move is None or (move.name == REQUEST and any(m.name == REQUEST for m in self.owed)):
            return None
        policy = self.policies[move.name]
        return self._made_or_left(move, policy, speed) if policy in _DONE else None

    def _made_or_left(self, move: Send, policy: Policy, speed: Negotiation) -> Send | None:
        """Return a move that is owed, or leave it to the user."""
        if speed is Negotiation.AUTO and policy is not Policy.STEP:
            return move
        self.owed.append(move)
        if speed is not Negotiation.MANUAL:
            self._publish(MoveProposed(move))
        return None

    def _facts(self) -> Facts:
        now = datetime.now().astimezone()
        offset = now.strftime("%z")
        return Facts(
            version=__version__,
            utc=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            offset=f"{offset[:3]}:{offset[3:5]}",
            idle=int(self._clock.idle),
        )


_DONE = (Policy.ON, Policy.STEP)
