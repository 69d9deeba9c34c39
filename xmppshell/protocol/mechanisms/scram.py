"""SCRAM-SHA-1, -256 and -512, each also as -PLUS with channel binding (RFC 5802, RFC 7677).

The sums are in `scram_sums`, the messages in `scram_messages`; here are the two ends, with the
checks that an exploring client needs and failures that a person can read: the nonce, bounds on the
iteration count, so that a hostile server can neither keep us busy nor make the password cheap to
guess, and the hash of the server's list of mechanisms (XEP-0474).
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Final

from ..channel import Channel, ChannelBinding
from ..problem import Problem
from ..saslprep import saslprep
from .base import Accounts, ClientMechanism, Reply, SaslRefusedError
from .gs2 import (
    BOUND,
    NO_BINDING,
    NOT_OFFERED,
    Gs2Header,
    escape_name,
    split_header,
    unescape_name,
)
from .scram_messages import (
    ScramMessageError,
    ServerFirst,
    attributes,
    base64_text,
    is_nonce,
    read_client_final,
    read_server_first,
    read_signature,
    unbase64,
)
from .scram_sums import DIGESTS, client_keys, proof_is_right, sign

if TYPE_CHECKING:
    from ..credentials import Credentials
    from .advertised import Advertised

MAX_ITERATIONS: Final = 1_000_000
"""More PBKDF2 rounds than this (about a second of work) are refused."""

MIN_ITERATIONS: Final = 4096
"""Fewer are refused: they make a stolen exchange cheap to guess at (RFC 7677 4)."""

PLUS: Final = "-PLUS"
_NONCE_BYTES: Final = 18


def is_scram(name: str) -> bool:
    """Say whether `name` is a SCRAM mechanism that is known here."""
    return name.removesuffix(PLUS) in DIGESTS


def fresh_nonce() -> str:
    """Return a nonce that was never used before."""
    return secrets.token_urlsafe(_NONCE_BYTES)


class ScramClient(ClientMechanism):
    """The client's end.

    With `binding` (for -PLUS) the flag is `p`, otherwise `flag` is `n` or `y`. `nonce` is for
    tests; without it a fresh one is made.
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
        self.name = name
        self.binding = binding
        self._digest = DIGESTS[name.removesuffix(PLUS)]
        self._password = credentials.password
        try:
            username = escape_name(saslprep(credentials.username))
            saslprep(credentials.password)
        except ValueError as error:
            raise SaslRefusedError(
                Problem(
                    "the user name or the password holds a character that SCRAM cannot use",
                    "control and unassigned characters are not allowed by SASLprep",
                    "type the password again, or change it",
                    "RFC 5802 2.2",
                )
            ) from error
        self._flag = BOUND if binding is not None else flag
        header = Gs2Header(self._flag, binding.type if binding else "", credentials.authzid)
        self._nonce = nonce or fresh_nonce()
        self._header, self._bare = str(header), f"n={username},r={self._nonce}"
        self._signature = b""
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
            found = attributes(bare)
            username, nonce = unescape_name(found["n"]), found["r"]
        except (ValueError, KeyError):
            return None
        binding = channel.first_of([header.binding_type])
        if username != credentials.username or (header.flag == BOUND) is not (binding is not None):
            return None
        try:
            client = cls(name, credentials, binding=binding, flag=header.flag, nonce=nonce)
        except SaslRefusedError:
            return None
        client._header, client._bare = message.removesuffix(bare), bare
        return client

    def first(self) -> bytes | None:
        """Return the client-first-message with its nonce."""
        return (self._header + self._bare).encode()

    def respond(self, challenge: bytes) -> bytes:
        """Return the client-final-message with the proof, or check a server-final-message.

        A server may send its final message as a challenge, which an empty response answers.
        """
        self._step += 1
        try:
            text = challenge.decode()
            if self._step == 1:
                return self._prove(text)
            if not self._signature or not hmac.compare_digest(
                read_signature(text), self._signature
            ):
                raise SaslRefusedError(_WRONG_SIGNATURE)
        except (ScramMessageError, UnicodeDecodeError) as error:
            raise SaslRefusedError(_bad_message(error)) from error
        return b""

    def _prove(self, message: str) -> bytes:
        server_first = read_server_first(message)
        _check_nonce(server_first.nonce, self._nonce)
        iterations = _checked_count(server_first)
        self._check_list(server_first)
        bound = self._header.encode() + (self.binding.data if self.binding is not None else b"")
        without_proof = f"c={base64_text(bound)},r={server_first.nonce}"
        auth_message = f"{self._bare},{message},{without_proof}".encode()
        keys = client_keys(self._digest, self._password, server_first.salt, iterations)
        self._signature = sign(self._digest, keys.server_key, auth_message)
        return f"{without_proof},p={base64_text(keys.proof(auth_message))}".encode()

    def _check_list(self, server_first: ServerFirst) -> None:
        """Compare the hash of what was offered with what arrived (XEP-0474 6.2)."""
        if server_first.hash is None or self.advertised is None:
            return
        if not self.advertised.agrees(server_first.hash, self._digest):
            raise SaslRefusedError(LIST_CHANGED)
        self.list_verified = True

    def finish(self, data: bytes | None) -> bool:
        """Verify the server's signature; raises `SaslRefusedError` if it is wrong or missing."""
        if self._step == 0 or (data is None and self._step < 2):
            raise SaslRefusedError(_NO_SIGNATURE)
        if data is not None and self._step < 2:
            self.respond(data)
        return True

    def failure(self, condition: str, text: str = "") -> Problem | None:
        """Explain a failure that has to do with channel binding.

        Prosody says malformed-request then, and ejabberd not-authorized, as of a wrong password.
        """
        if self._flag == NOT_OFFERED and self._step == 0 and condition != "not-authorized":
            return _BINDING_DENIED
        about_binding = condition == "malformed-request" or "channel binding" in text.lower()
        if self.binding is not None and about_binding:
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
    hash of what was offered goes into the first answer (XEP-0474 6.1). `nonce` is this side's
    part of the nonce, for tests.
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
        self.name = name
        self.username = ""
        self._base = name.removesuffix(PLUS)
        self._digest = DIGESTS[self._base]
        self._accounts = accounts
        self._channel = channel or Channel()
        self._advertised = advertised
        self._nonce = nonce or fresh_nonce()
        self._messages = ""
        self._bound = b""
        self._keys = (b"", b"")

    def receive(self, response: bytes) -> Reply:
        """Take the client's first or final message; raises `SaslRefusedError`."""
        try:
            text = response.decode()
            if not self._messages:
                return Reply(self._challenge(text).encode())
            return Reply(self._verdict(text).encode(), done=True)
        except (ValueError, KeyError) as error:
            raise SaslRefusedError(
                Problem(f"the client's SCRAM message is wrong: {error}"), "malformed-request"
            ) from error

    def _challenge(self, client_first: str) -> str:
        header, bare = split_header(client_first)
        binding = self._binding_for(header)
        found = attributes(bare)
        self.username = saslprep(unescape_name(found["n"]))
        if not is_nonce(found["r"]):
            raise ScramMessageError("the nonce has characters that it cannot have")
        known = self._accounts.scram_keys(self.username, self._base)
        if known is None:
            raise SaslRefusedError(Problem("there is no such user"))
        if header.authzid not in ("", self.username):
            raise SaslRefusedError(
                Problem("the client's SCRAM message names another identity to act as"),
                "invalid-authzid",
            )
        salt, stored_key, server_key, iterations = known
        self._keys = stored_key, server_key
        self._nonce = found["r"] + self._nonce
        self._bound = client_first.removesuffix(bare).encode() + (binding.data if binding else b"")
        message = f"r={self._nonce},s={base64_text(salt)},i={iterations}"
        if self._advertised is not None:
            message += f",h={self._advertised.hash(self._digest)}"
        self._messages = f"{bare},{message}"
        return message

    def _binding_for(self, header: Gs2Header) -> ChannelBinding | None:
        """Return what the client binds to; raises ValueError where RFC 5802 6 forbids it."""
        if header.flag == NOT_OFFERED and self._advertised is not None and self._advertised.binds:
            raise ValueError("it says that the server offered no -PLUS mechanism, which it did")
        if self.name.endswith(PLUS) is not (header.flag == BOUND):
            raise ValueError(f"{self.name} and the flag '{header.flag}' do not go together")
        binding = self._channel.first_of([header.binding_type])
        if header.flag == BOUND and binding is None:
            raise ValueError(f"there is no channel binding {header.binding_type} here")
        return binding

    def _verdict(self, client_final: str) -> str:
        without_proof, found = read_client_final(client_final)
        if not hmac.compare_digest(unbase64(found["c"]), self._bound):
            raise ValueError("it is bound to another connection, or begins with another header")
        if found["r"] != self._nonce:
            raise ValueError("its nonce is not that of this exchange")
        stored_key, server_key = self._keys
        auth_message = f"{self._messages},{without_proof}".encode()
        if not proof_is_right(self._digest, stored_key, auth_message, unbase64(found["p"])):
            raise SaslRefusedError(Problem("the proof is wrong: another password was used"))
        return f"v={base64_text(sign(self._digest, server_key, auth_message))}"


def _check_nonce(nonce: str, ours: str) -> None:
    """Raise `SaslRefusedError` if the nonce is not ours and more (RFC 5802 5.1)."""
    if nonce == ours:
        fault = "it added nothing to ours"
    elif not nonce.startswith(ours):
        fault = "it is cut short" if ours.startswith(nonce) else "it does not begin with ours"
    elif not is_nonce(nonce):
        fault = "it has characters that it cannot have"
    else:
        return
    raise SaslRefusedError(
        Problem(
            f"the server's nonce does not continue ours: {fault}",
            "a replayed or forged challenge",
            "do not trust this connection",
            "RFC 5802 5.1",
        )
    )


def _checked_count(server_first: ServerFirst) -> int:
    """Return the iteration count if it is within bounds; raises `SaslRefusedError`."""
    count = server_first.iterations
    if not (count.isascii() and count.isdigit()) or count.startswith("0"):
        raise ScramMessageError("the number of iterations is not a number")
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
    return int(count)


def _bad_message(error: ValueError) -> Problem:
    text = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    return Problem(
        f"the server's SCRAM message cannot be used: {text}",
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
LIST_CHANGED: Final = Problem(
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
