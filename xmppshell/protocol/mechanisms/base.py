"""What every SASL mechanism has in common: payloads in, payloads out, no XML and no base64.

A mechanism object is one end of one authentication exchange (RFC 4422).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..problem import Problem, ProblemError

if TYPE_CHECKING:
    from ..channel import Channel, ChannelBinding
    from .advertised import Advertised


class SaslRefusedError(ProblemError):
    """Raised where this side ends the exchange: the peer's payload is wrong or unsafe.

    `condition` is the SASL error condition that a server would answer with (RFC 6120 6.5).
    """

    def __init__(self, problem: Problem, condition: str = "not-authorized") -> None:
        super().__init__(problem)
        self.condition = condition


class ClientMechanism:
    """The client's end of one exchange.

    `binding` is the channel binding in use, if any. `advertised` is what the server offered; it
    may be set as late as the first challenge. `list_verified` becomes true once that is known to
    have arrived unchanged (XEP-0474).
    """

    name = ""
    binding: ChannelBinding | None = None
    advertised: Advertised | None = None
    list_verified = False

    def first(self) -> bytes | None:
        """Return the initial response, or None if the server speaks first."""
        raise NotImplementedError

    def respond(self, challenge: bytes) -> bytes:
        """Return the response to `challenge`; raises `SaslRefusedError`."""
        raise SaslRefusedError(
            Problem(
                f"the server sent a challenge, which {self.name} does not have",
                "the server does not follow the mechanism's specification",
                "try another mechanism with --mechanism",
                "RFC 4422 3.2",
            )
        )

    def finish(self, data: bytes | None) -> bool:
        """Take the data of success; say whether the server proved itself.

        Raises `SaslRefusedError` if its proof is wrong or missing.
        """
        return False

    def failure(self, condition: str, text: str = "") -> Problem | None:
        """Explain a failure better than its `condition` does, if that can be.

        `text` is what the server added.
        """
        return None


class ServerMechanism(Protocol):
    """The server's end of one exchange; `username` is set once the client named itself."""

    name: str
    username: str

    def receive(self, response: bytes) -> Reply:
        """Take one response and return what to say; raises `SaslRefusedError`."""


class MechanismMaker(Protocol):
    """What starts a server's end of an exchange: `server_mechanism`, or what stands in for it."""

    def __call__(
        self,
        name: str,
        accounts: Accounts,
        *,
        domain: str = "",
        channel: Channel | None = None,
        advertised: Advertised | None = None,
    ) -> ServerMechanism:
        """Start the exchange of `name`; raises KeyError if there is no such mechanism."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's next payload; with `done` it is the data of success (None: no data)."""

    data: bytes | None
    done: bool = False


class Accounts(Protocol):
    """What a server must know of its users to let them in."""

    def password_is(self, username: str, password: str) -> bool:
        """Say whether this is the user's password."""

    def scram_keys(self, username: str, mechanism: str) -> tuple[bytes, bytes, bytes, int] | None:
        """Return salt, stored key, server key and iteration count, or None for nobody.

        `mechanism` is the name without -PLUS: both forms share their keys.
        """

    def knows(self, username: str) -> bool:
        """Say whether there is such a user."""

    def token_owner(self, token: str) -> str | None:
        """Return the user whom an access token lets in, or None if it is not valid."""

    def guest(self) -> str:
        """Return a fresh user name for somebody who stays anonymous."""
