"""SCRAM-SHA-1, -256 and -512, each also as -PLUS with channel binding (RFC 5802, RFC 7677).

The arithmetic is scramp's. What is added here are the checks that an exploring client needs, with
failures that a person can read: bounds on the iteration count, so that a hostile server can
neither keep us busy nor make the password cheap to guess, the nonce, and the hash of the server's
list of mechanisms (XEP-0474).

scramp knows no identity to act as, no tls-exporter, and sends the flag `y` only together with
a channel binding. All of that is in the GS2 header, so that the header is ours: `_OwnHeader`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..channel import Channel, ChannelBinding
from ..problem import Problem
from .base import Accounts, ClientMechanism, Reply, SaslRefusedError
from .gs2 import BOUND, NO_BINDING, NOT_OFFERED, Gs2Header, split_header, unescape_name

if TYPE_CHECKING:
    from ..credentials import Credentials
    from .advertised import Advertised

MAX_ITERATIONS: Final = 1_000_000
"""More PBKDF2 rounds than this (about a second of work) are refused."""

MIN_ITERATIONS: Final = 4096
"""Fewer are refused: they make a stolen exchange cheap to guess at (RFC 7677 4)."""

PLUS: Final = "-PLUS"
DIGESTS: Final = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
"""The hash function of each mechanism, by its name without -PLUS."""


def is_scram(name: str) -> bool:
    """Say whether `name` is a SCRAM mechanism that is known here."""
    return name.removesuffix(PLUS) in DIGESTS


class _OwnHeader:
    """A GS2 header in the place of scramp's, with what the exchange binds to."""

    def __init__(self, header: Gs2Header, binding: ChannelBinding | None) -> None:
        self._text = str(header)
        self._data = binding.data if binding is not None else b""

    def __str__(self) -> str:
        return self._text

    def make_cbind_input(self, _binding: object) -> bytes:
        """Return what the attribute `c` holds (RFC 5802 7, cbind-input)."""
        return self._text.encode() + self._data


class ScramClient(ClientMechanism):
    """The client's end.

    With `binding` (for -PLUS) the flag is `p`, otherwise `flag` is `n` or `y`. `nonce` is for
    tests and for `continuing`; without it a fresh one is made.
    """

    def __init__(
        self,
        name: str,
        credentials: Credentials,
        *,
        binding: ChannelBinding | None = None,
        flag: str = NO_BINDING,
        nonce: str | None = None,
    ) -> None:
        import scramp

        self.name = name
        self.binding = binding
        self._flag = BOUND if binding is not None else flag
        try:
            self._exchange: Any = scramp.ScramClient(
                [name.removesuffix(PLUS)], credentials.username, credentials.password, c_nonce=nonce
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
        header = Gs2Header(self._flag, binding.type if binding else "", credentials.authzid)
        self._exchange.gs2_header = _OwnHeader(header, binding)
        self._first: str = self._exchange.get_client_first()
        self._step = 0

    @classmethod
    def continuing(
        cls, name: str, message: str, credentials: Credentials, channel: Channel
    ) -> ScramClient | None:
        """Return the exchange that somebody else began with the client-first-message `message`.

        None if it cannot be continued: it is no such message, another user's, or bound to what
        this connection does not have.
        """
        try:
            header, bare = split_header(message)
            attributes = dict(part.split("=", 1) for part in bare.split(","))
            username, nonce = unescape_name(attributes["n"]), attributes["r"]
        except (ValueError, KeyError):
            return None
        binding = channel.first_of([header.binding_type])
        if username != credentials.username or (header.flag == BOUND) is not (binding is not None):
            return None
        try:
            client = cls(name, credentials, binding=binding, flag=header.flag, nonce=nonce)
        except (SaslRefusedError, ValueError):
            return None
        client._exchange.gs2_header = _OwnHeader(header, binding)
        client._exchange.client_first_bare = bare
        client._first = message
        return client

    def first(self) -> bytes | None:
        """Return the client-first-message with its nonce."""
        return self._first.encode()

    def respond(self, challenge: bytes) -> bytes:
        """Return the client-final-message with the proof, or check a server-final-message.

        A server may send its final message as a challenge, which an empty response answers.
        """
        from scramp import ScramException

        self._step += 1
        try:
            text = challenge.decode()
            if self._step == 1:
                return self._prove(text)
            self._exchange.set_server_final(text)
        except (ScramException, UnicodeDecodeError, ValueError, KeyError) as error:
            raise SaslRefusedError(_bad_message(error)) from error
        return b""

    def _prove(self, server_first: str) -> bytes:
        self._exchange.set_server_first(_checked(server_first))
        attribute = _attribute(server_first, "h")
        if attribute is not None and self.advertised is not None:
            if not self.advertised.agrees(attribute, DIGESTS[self.name.removesuffix(PLUS)]):
                raise SaslRefusedError(_LIST_CHANGED)
            self.list_verified = True
        message: str = self._exchange.get_client_final()
        return message.encode()

    def finish(self, data: bytes | None) -> bool:
        """Verify the server's signature; raises `SaslRefusedError` if it is wrong or missing."""
        if self._step == 0 or (data is None and self._step < 2):
            raise SaslRefusedError(_NO_SIGNATURE)
        if data is not None and self._step < 2:
            self.respond(data)
        return True

    def failure(self, condition: str) -> Problem | None:
        """Explain a failure that has to do with channel binding."""
        if self._flag == NOT_OFFERED and self._step == 0 and condition != "not-authorized":
            return _BINDING_DENIED
        if self.binding is not None and condition == "malformed-request":
            return Problem(
                f"the server does not accept the channel binding {self.binding.type}",
                "it does not support this type, or TLS ends somewhere before it: at a proxy, or "
                "at somebody in between",
                f"check the certificate with /tls; --mechanism {self.name.removesuffix(PLUS)} "
                "goes without channel binding",
                "RFC 5802 6",
            )
        return None


class ScramServer:
    """The server's end.

    For -PLUS, `channel` has the bindings that a client may choose from. With `advertised`, the
    hash of what was offered goes into the first answer (XEP-0474 6.1).
    """

    def __init__(
        self,
        name: str,
        accounts: Accounts,
        *,
        channel: Channel | None = None,
        advertised: Advertised | None = None,
        nonce: str | None = None,
    ) -> None:
        import scramp

        self.name = name
        self.username = ""
        self._base = name.removesuffix(PLUS)
        self._accounts = accounts
        self._channel = channel or Channel()
        self._advertised = advertised
        mechanism: Any = scramp.ScramMechanism(self._base)
        self._exchange: Any = mechanism.make_server(self._keys, s_nonce=nonce)
        self._step = 0

    def _keys(self, username: str) -> tuple[bytes, bytes, bytes, int] | None:
        self.username = username
        return self._accounts.scram_keys(username, self._base)

    def receive(self, response: bytes) -> Reply:
        """Take the client's first or final message; raises `SaslRefusedError`."""
        from scramp import ScramException

        self._step += 1
        try:
            text = response.decode()
            if self._step == 1:
                return Reply(self._challenge(text).encode())
            self._exchange.set_client_final(text)
            return Reply(self._exchange.get_server_final().encode(), done=True)
        except (ScramException, UnicodeDecodeError, ValueError, KeyError) as error:
            said = getattr(error, "server_error", None)
            wrong = said is not None and said.value in ("unknown-user", "invalid-proof")
            condition = "not-authorized" if wrong else "malformed-request"
            raise SaslRefusedError(Problem(f"SCRAM failed: {error}"), condition) from error

    def _challenge(self, client_first: str) -> str:
        header, bare = split_header(client_first)
        binding = self._binding_for(header)
        self._exchange.set_client_first(f"{Gs2Header()}{bare}")
        if header.authzid not in ("", self.username):
            raise SaslRefusedError(
                Problem("the client's SCRAM message names another identity to act as"),
                "invalid-authzid",
            )
        self._exchange.gs2_header = _OwnHeader(header, binding)
        message: str = self._exchange.get_server_first()
        if self._advertised is not None:
            message += f",h={self._advertised.hash(DIGESTS[self._base])}"
            self._exchange.server_first = message
        return message

    def _binding_for(self, header: Gs2Header) -> ChannelBinding | None:
        """Return what the client binds to; raises ValueError where RFC 5802 6 forbids it."""
        if header.flag == NOT_OFFERED and self._advertised is not None and self._advertised.binds:
            raise ValueError("the client did not see the -PLUS mechanisms that were offered")
        if self.name.endswith(PLUS) is not (header.flag == BOUND):
            raise ValueError(f"{self.name} and the flag '{header.flag}' do not go together")
        binding = self._channel.first_of([header.binding_type])
        if header.flag == BOUND and binding is None:
            raise ValueError(f"there is no channel binding {header.binding_type} here")
        return binding


def _attribute(message: str, name: str) -> str | None:
    """Return the value of an attribute of a SCRAM message, or None."""
    for part in message.split(","):
        if part.startswith(f"{name}="):
            return part[2:]
    return None


def _checked(server_first: str) -> str:
    """Return the message if its iteration count is within bounds; raises `SaslRefusedError`."""
    count = _attribute(server_first, "i") or ""
    if not (count.isascii() and count.isdigit()):
        return server_first  # scramp says what is wrong with it.
    if len(count) > 9 or int(count) > MAX_ITERATIONS:
        asked = f"{int(count):,}" if len(count) <= 15 else f"a number of {len(count)} digits of"
        raise SaslRefusedError(
            Problem(
                f"the server asks for {asked} PBKDF2 rounds; "
                f"at most {MAX_ITERATIONS:,} are done here",
                "a hostile server can keep a client busy this way",
                "check that this is the right server",
                "RFC 5802 9",
            )
        )
    if int(count) < MIN_ITERATIONS:
        raise SaslRefusedError(
            Problem(
                f"the server asks for only {int(count)} PBKDF2 rounds; "
                f"fewer than {MIN_ITERATIONS} are refused",
                "an old account store, or somebody who wants the password to be easy to guess",
                "set the password anew on the server; look at the exchange with /show",
                "RFC 7677 4",
            )
        )
    return server_first


def _bad_message(error: Exception) -> Problem:
    text = str(error)
    if "signature" in text.lower():
        return _WRONG_SIGNATURE
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


_WRONG_SIGNATURE: Final = Problem(
    "the server's signature is wrong: it does not know this account's password",
    "an impostor, or a server with a damaged account",
    "do not trust this connection; check the certificate with /tls",
    "RFC 5802 3",
)
_NO_SIGNATURE: Final = Problem(
    "the server said success without proving that it knows the password",
    "success came before SCRAM was finished: a broken server, or an impostor",
    "do not trust this connection; look at the exchange with /show",
    "RFC 5802 5",
)
_LIST_CHANGED: Final = Problem(
    "the list of mechanisms or channel bindings was changed on its way from the server",
    "the hash in the server's first SCRAM message is not that of the list that arrived: somebody "
    "in between hides the stronger ones, or the server counts others than it offers",
    "do not trust this connection; check the certificate with /tls",
    "XEP-0474 6.2",
)
_BINDING_DENIED: Final = Problem(
    "the server refused an exchange that says it has no channel binding",
    "it has, and somebody in between hides its -PLUS mechanisms; or it does not know the flag y",
    "check the certificate with /tls; naming a mechanism with --mechanism sends the flag n",
    "RFC 5802 6",
)
