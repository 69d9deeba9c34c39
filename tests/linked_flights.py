"""Two cores joined as by a slow network: all that one side can say goes in one flight.

`Link` in `linked_streams` hands each piece over at once; here a client that sends ahead is seen
to do so, and the round trips can be counted.
"""

from __future__ import annotations

from xmppshell.protocol.channel import Channel
from xmppshell.protocol.events import Event
from xmppshell.protocol.moves import BeginTls, GiveUp, Move, Send
from xmppshell.protocol.stream import STREAM_END, Stream


class Flights:
    """Carries flights between a client's core and a server's until both are silent.

    `round_trips` counts the client's flights, and a handshake of TLS 1.3 as one. `sent` has the
    bytes of each of the client's flights.
    """

    def __init__(self, client: Stream, server: Stream, channel: Channel | None = None) -> None:
        self.client = client
        self.server = server
        self.round_trips = 0
        self.sent: list[bytes] = []
        self.moves: list[Move] = []
        self.events: list[Event] = []
        self._channel = channel or Channel()

    def run(self) -> Flights:
        """Go on until neither has anything to say."""
        for _ in range(30):
            flight = self._said_by_client()
            if not flight:
                return self
            self.round_trips += 1
            self.sent.append(flight)
            answer = self._answered_by_server(flight)
            self.events += self.client.receive_data(answer)
            self._handshake()
        raise AssertionError("the two cores never come to rest")

    def names(self) -> list[str]:
        """Return the names of the client's moves."""
        return [move.name for move in self.moves]

    def seen(self, kind: type[Event]) -> list[Event]:
        """Return the events of one kind that the client saw."""
        return [event for event in self.events if isinstance(event, kind)]

    def _said_by_client(self) -> bytes:
        flight = b""
        while moves := self.client.moves():
            move = moves[0]
            if not isinstance(move, Send | GiveUp):
                break
            self.moves.append(move)
            data = move.data + (STREAM_END if isinstance(move, GiveUp) else b"")
            flight += data
            self.events += self.client.data_sent(data)
        return flight

    def _answered_by_server(self, flight: bytes) -> bytes:
        answer = b""
        for _ in self.server.receive_steps(flight):
            while moves := self.server.moves():
                move = moves[0]
                if not isinstance(move, Send):
                    break
                answer += move.data
                self.server.data_sent(move.data)
        return answer

    def _handshake(self) -> None:
        moves = self.client.moves()
        if moves and isinstance(moves[0], BeginTls):
            self.moves.append(moves[0])
            self.round_trips += 1
            for end in (self.client, self.server):
                end.tls_established(self._channel)
