"""The SASL mechanisms, both ends of each: payloads in, payloads out, no XML and no base64.

A mechanism is one authentication exchange. SCRAM's arithmetic is scramp's (RFC 5802, RFC 7677);
what is added here are the checks that an exploring client needs: a cap on the iteration count,
so that a hostile server cannot keep us busy, and failures that a person can read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from .problem import Problem, ProblemError

if TYPE_CHECKING:
    from .credentials import Credentials

PREFERENCE: Final = ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN")
"""The mechanisms that a client can use, best first (RFC 7677 4, RFC 6120 13.8)."""

MAX_ITERATIONS: Final = 1_000_000
"""More PBKDF2 rounds than this (about a second of work) are refused."""


class SaslRefusedError(ProblemError):
    """Raised where this side ends the exchange: the peer's payload is wrong or unsafe.

    `condition` is the SASL error condition that a server would answer with (RFC 6120 6.5).
    """

    def __init__(self, problem: Problem, condition: str = "not-authorized") -> None:
        super().__init__(problem)
        self.condition = condition


class ClientMechanism(Protocol):
    """The client's end of one exchange."""

    name: str

    def first(self) -> bytes | None:
        """Return the initial response, or None if the server speaks first."""

    def respond(self, challenge: bytes) -> bytes:
        """Return the response to `challenge`; raises `SaslRefusedError`."""

    def finish(self, data: bytes | None) -> bool:
        """Take the data of success; say whether the server proved itself.

        Raises `SaslRefusedError` if its proof is wrong or missing.
        """


class ServerMechanism(Protocol):
    """The server's end of one exchange; `username` is set once the client named itself."""

    name: str
    username: str

    def receive(self, response: bytes) -> Reply:
        """Take one response and return what to say; raises `SaslRefusedError`."""


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
        """Return salt, stored key, server key and iteration count, or None for nobody."""


class PlainClient:
    """PLAIN (RFC 4616): identity, name and password in one payload, readable to the peer."""

    name = "PLAIN"

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def first(self) -> bytes | None:
        """Return `authzid NUL username NUL password`."""
        parts = (
            self._credentials.authzid,
            self._credentials.username,
            self._credentials.password,
        )
        return "\0".join(parts).encode()

    def respond(self, challenge: bytes) -> bytes:
        """Answer an empty challenge, which asks for the payload; anything else is refused."""
        if challenge:
            raise SaslRefusedError(
                Problem(
                    "the server sent a challenge, which PLAIN does not have",
                    "the server does not follow RFC 4616",
                    "try another mechanism with --mechanism",
                    "RFC 4616 2",
                )
            )
        payload = self.first()
        assert payload is not None
        return payload

    def finish(self, data: bytes | None) -> bool:
        """Say False: with PLAIN a server proves nothing."""
        return False


class ScramClient:
    """SCRAM-SHA-1, -256 and -512 without channel binding (RFC 5802, RFC 7677)."""

    def __init__(self, name: str, credentials: Credentials, nonce: str | None = None) -> None:
        import scramp

        self.name = name
        try:
            self._exchange = scramp.ScramClient(
                [name], credentials.username, credentials.password, c_nonce=nonce
            )
        except scramp.ScramException:
            raise SaslRefusedError(
                Problem(
                    "the user name or the password holds a character that SCRAM cannot use",
                    "control and unassigned characters are not allowed by SASLprep",
                    "type the password again, or change it",
                    "RFC 5802 2.2",
                )
            ) from None
        self._step = 0

    def first(self) -> bytes | None:
        """Return the client-first-message with a fresh nonce."""
        message: str = self._exchange.get_client_first()
        return message.encode()

    def respond(self, challenge: bytes) -> bytes:
        """Return the client-final-message with the proof, or check a server-final-message.

        A server may send its final message as a challenge, which an empty response answers.
        """
        from scramp import ScramException

        self._step += 1
        try:
            text = challenge.decode()
            if self._step == 1:
                _check_iterations(text)
                self._exchange.set_server_first(text)
                message: str = self._exchange.get_client_final()
                return message.encode()
            self._exchange.set_server_final(text)
        except (ScramException, UnicodeDecodeError, ValueError, KeyError) as error:
            raise SaslRefusedError(_bad_scram(error)) from error
        return b""

    def finish(self, data: bytes | None) -> bool:
        """Verify the server's signature; raises `SaslRefusedError` if it is wrong or missing."""
        if self._step == 0 or (data is None and self._step < 2):
            raise SaslRefusedError(
                Problem(
                    "the server said success without proving that it knows the password",
                    "success came before SCRAM was finished: a broken server, or an impostor",
                    "do not trust this connection; look at the exchange with /show",
                    "RFC 5802 5",
                )
            )
        if data is not None and self._step < 2:
            self.respond(data)
        return True


class PlainServer:
    """The server's end of PLAIN (RFC 4616)."""

    name = "PLAIN"

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self.username = ""

    def receive(self, response: bytes) -> Reply:
        """Check the password; raises `SaslRefusedError` with the condition to answer."""
        try:
            authzid, username, password = response.decode().split("\0")
        except ValueError as error:
            raise SaslRefusedError(
                Problem("the PLAIN payload is not three parts divided by NUL"),
                "malformed-request",
            ) from error
        if authzid and authzid.partition("@")[0] != username:
            raise SaslRefusedError(Problem("one user asked to act as another"), "invalid-authzid")
        if not self._accounts.password_is(username, password):
            raise SaslRefusedError(Problem("the name or the password is wrong"))
        self.username = username
        return Reply(None, done=True)


class ScramServer:
    """The server's end of SCRAM without channel binding (RFC 5802)."""

    def __init__(self, name: str, accounts: Accounts) -> None:
        import scramp

        self.name = name
        self.username = ""
        self._accounts = accounts
        self._exchange = scramp.ScramMechanism(name).make_server(self._keys)
        self._step = 0

    def _keys(self, username: str) -> tuple[bytes, bytes, bytes, int] | None:
        self.username = username
        return self._accounts.scram_keys(username, self.name)

    def receive(self, response: bytes) -> Reply:
        """Take the client's first or final message; raises `SaslRefusedError`."""
        from scramp import ScramException

        self._step += 1
        try:
            text = response.decode()
            if self._step == 1:
                _refuse_authzid(text)
                self._exchange.set_client_first(text)
                return Reply(self._exchange.get_server_first().encode())
            self._exchange.set_client_final(text)
            return Reply(self._exchange.get_server_final().encode(), done=True)
        except (ScramException, UnicodeDecodeError, ValueError, KeyError) as error:
            # scramp's error value is what the RFC calls server-error-value (RFC 5802 7).
            said = getattr(error, "server_error", None)
            wrong = said is not None and said.value in ("unknown-user", "invalid-proof")
            condition = "not-authorized" if wrong else "malformed-request"
            raise SaslRefusedError(Problem(f"SCRAM failed: {error}"), condition) from error


def client_mechanism(name: str, credentials: Credentials) -> ClientMechanism:
    """Start the exchange of `name`, one of `PREFERENCE`; raises KeyError for another name."""
    if name == "PLAIN":
        return PlainClient(credentials)
    if name in PREFERENCE:
        return ScramClient(name, credentials)
    raise KeyError(name)


def server_mechanism(name: str, accounts: Accounts) -> ServerMechanism:
    """Start the server's end of `name`; raises KeyError if there is no such mechanism here."""
    if name == "PLAIN":
        return PlainServer(accounts)
    if name in PREFERENCE:
        return ScramServer(name, accounts)
    raise KeyError(name)


def _refuse_authzid(client_first: str) -> None:
    """Raise SaslRefusedError if the client asks to act as somebody: scramp knows no authzid."""
    if client_first.split(",", 2)[1:2] not in ([""], []):
        raise SaslRefusedError(
            Problem("the client's SCRAM message names an identity to act as"), "invalid-authzid"
        )


def _check_iterations(server_first: str) -> None:
    for part in server_first.split(","):
        if part.startswith("i=") and part[2:].isdigit() and int(part[2:]) > MAX_ITERATIONS:
            raise SaslRefusedError(
                Problem(
                    f"the server asks for {int(part[2:]):,} PBKDF2 rounds; "
                    f"at most {MAX_ITERATIONS:,} are done here",
                    "a hostile server can keep a client busy this way",
                    "check that this is the right server",
                    "RFC 5802 9",
                )
            )


def _bad_scram(error: Exception) -> Problem:
    text = str(error)
    if "signature" in text.lower():
        return Problem(
            "the server's signature is wrong: it does not know this account's password",
            "an impostor, or a server with a damaged account",
            "do not trust this connection; check the certificate with /tls",
            "RFC 5802 3",
        )
    if "nonce" in text.lower():
        return Problem(
            f"the server's nonce does not continue ours ({text})",
            "a replayed or forged challenge",
            "do not trust this connection",
            "RFC 5802 5.1",
        )
    return Problem(
        f"the server's SCRAM message cannot be used: {text or type(error).__name__}",
        "a broken server, or a mechanism that it offers but cannot do",
        "try another mechanism with --mechanism",
        "RFC 5802 5",
    )
