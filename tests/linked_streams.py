"""Two cores joined by a fake link: a client's and a server's, with no socket between them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable

from xmppshell.protocol.channel import Channel
from xmppshell.protocol.credentials import Credentials
from xmppshell.protocol.events import Direction, Event
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import BeginTls, Disconnect, GiveUp, Move, Send
from xmppshell.protocol.stream import Stream
from xmppshell.protocol.stream_options import ClientOptions, Refusal, ServerOptions

JULIET = JID("juliet", "localhost", "balcony")
PASSWORD = "pencil"
TOKEN = "a token of the test"
SALT = b"a salt of the test"
ITERATIONS = 4096

Cut = Callable[[bytes], Iterable[bytes]]


class TestAccounts:
    """One account, juliet, with the password of the test."""

    __test__ = False

    def password_is(self, username: str, password: str) -> bool:
        return (username, password) == ("juliet", PASSWORD)

    def scram_keys(self, username: str, mechanism: str) -> tuple[bytes, bytes, bytes, int] | None:
        if username != "juliet":
            return None
        digest = mechanism.removeprefix("SCRAM-").replace("-", "").lower()
        salted = hashlib.pbkdf2_hmac(digest, PASSWORD.encode(), SALT, ITERATIONS)
        client_key = hmac.digest(salted, b"Client Key", digest)
        stored = hashlib.new(digest, client_key).digest()
        return SALT, stored, hmac.digest(salted, b"Server Key", digest), ITERATIONS

    def knows(self, username: str) -> bool:
        return username == "juliet"

    def token_owner(self, token: str) -> str | None:
        return "juliet" if token == TOKEN else None

    def guest(self) -> str:
        return "guest"


def client_stream(
    password: str | None = PASSWORD, *, jid: JID = JULIET, secured: bool = False, **options: object
) -> Stream:
    credentials = None if password is None else Credentials(jid.local, password)
    given = ClientOptions(jid, credentials, **options)  # type: ignore[arg-type]
    return Stream(given, secured=secured)


def server_stream(
    *,
    mechanisms: tuple[str, ...] = ("SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"),
    tls: bool = True,
    secured: bool = False,
    refusal: Refusal | None = None,
    **more: object,
) -> Stream:
    def assign(username: str, wanted: str) -> JID | Refusal:
        return refusal or JID(username, "localhost", wanted or "orchard")

    options = ServerOptions(
        frozenset({"localhost"}),
        TestAccounts(),
        mechanisms,
        tls,
        assign,
        lambda: "s1",
        **more,  # type: ignore[arg-type]
    )
    return Stream(options, secured=secured)


def whole(data: bytes) -> Iterable[bytes]:
    """Deliver the bytes in one piece."""
    return [data]


class Link:
    """Carries what one core would send to the other until neither has a move left.

    Both make every move at once, as an autopilot does. `moves` and `events` are what each did
    and saw; `cut` says how bytes arrive, `channels` what TLS has for client and server.
    """

    def __init__(
        self,
        client: Stream,
        server: Stream,
        cut: Cut = whole,
        channels: tuple[Channel, Channel] = (Channel(), Channel()),
    ) -> None:
        self._channels = dict(zip(("client", "server"), channels, strict=True))
        self.ends = {"client": client, "server": server}
        self.moves: dict[str, list[Move]] = {"client": [], "server": []}
        self.events: dict[str, list[Event]] = {"client": [], "server": []}
        self.tls = 0
        self._cut = cut

    def run(self) -> Link:
        """Go on until both wait or one gave up."""
        for _ in range(100):
            if not (self._step("client", "server") | self._step("server", "client")):
                return self
        raise AssertionError("the two cores never come to rest")

    def _step(self, name: str, other: str) -> bool:
        stream = self.ends[name]
        moves = stream.moves()
        if not moves:
            return False
        move = moves[0]
        if isinstance(move, BeginTls):
            self.moves[name].append(move)
            if any(isinstance(m, BeginTls) for m in self.ends[other].moves()):
                self.tls += 1
                self.moves[other].append(move)
                for end_name, end in self.ends.items():
                    end.tls_established(self._channels[end_name])
                return True
            return False
        self.moves[name].append(move)
        if isinstance(move, Send):
            self.deliver(name, move.data)
            return True
        if isinstance(move, GiveUp) and Direction.SENT not in stream.ended:
            for data in stream.dialect.packed(move.data, stream.dialect.end):
                self.deliver(name, data)
            return True
        assert isinstance(move, Disconnect | GiveUp)
        return False

    def deliver(self, name: str, data: bytes) -> None:
        """Send `data` from one end to the other, as if its user had typed it."""
        other = "server" if name == "client" else "client"
        self.events[name] += self.ends[name].data_sent(data)
        for piece in self._cut(data):
            self.events[other] += self.ends[other].receive_data(piece)

    def made(self, name: str) -> list[str]:
        """Return the names of the moves that one end made."""
        return [move.name for move in self.moves[name]]

    def seen(self, name: str, kind: type[Event]) -> list[Event]:
        """Return the events of one kind that one end saw."""
        return [event for event in self.events[name] if isinstance(event, kind)]
