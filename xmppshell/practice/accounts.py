"""The users of a practice server, and what it takes to let them in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from typing import Final

from ..protocol.jid import JID, JIDError
from ..protocol.mechanisms.scram_sums import server_keys

PRACTICE_PASSWORD: Final = "verona"
"""The password of every default account: this is a practice server, and no secret."""

DEFAULT_USERS: Final = ("juliet", "romeo", "nurse", "mercutio")
"""The localparts of the default accounts."""

TOKEN_END: Final = "-token"
"""What follows a user's name in the token that lets them in by OAUTHBEARER: no secret either."""

ITERATIONS: Final = 4096
"""The PBKDF2 rounds of SCRAM: the least that RFC 7677 allows, to be quick."""

_SALT_BYTES = 16


class Accounts:
    """Users by their bare JIDs, each with a password; all in memory.

    SCRAM keys are made when first asked for. Nobody gets keys as well, wrong ones that stay the
    same, so that the exchange does not tell whether a user exists.
    """

    def __init__(self) -> None:
        self._passwords: dict[JID, str] = {}
        self._keys: dict[tuple[JID, str], tuple[bytes, bytes, bytes, int]] = {}
        self._guests: set[JID] = set()
        self._secret = secrets.token_bytes(32)

    def add(self, jid: JID, password: str) -> None:
        """Create the account `jid` (its bare form), or change its password."""
        self._passwords[jid.bare] = password
        self._keys = {key: found for key, found in self._keys.items() if key[0] != jid.bare}

    def remove(self, jid: JID) -> None:
        """Delete the account `jid`, if there is one."""
        self._passwords.pop(jid.bare, None)
        self._keys = {key: found for key, found in self._keys.items() if key[0] != jid.bare}

    def copy(self) -> Accounts:
        """Return other accounts with the same users."""
        other = Accounts()
        other._passwords, other._secret = dict(self._passwords), self._secret
        return other

    def become(self, other: Accounts) -> None:
        """Have the users of `other` and nobody else."""
        self._passwords, self._secret = dict(other._passwords), other._secret
        self._keys, self._guests = {}, set()

    def __len__(self) -> int:
        return len(self._passwords)

    def __contains__(self, jid: object) -> bool:
        return isinstance(jid, JID) and jid.bare in self._passwords

    def password_is(self, jid: JID, password: str) -> bool:
        """Say whether `jid` is a user with this password."""
        known = self._passwords.get(jid.bare)
        same = hmac.compare_digest((known or "").encode(), password.encode())
        return same and known is not None

    def scram_keys(self, jid: JID, mechanism: str) -> tuple[bytes, bytes, bytes, int]:
        """Return salt, stored key, server key and iteration count for `mechanism` (RFC 5802 3)."""
        key = (jid.bare, mechanism)
        found = self._keys.get(key)
        if found is not None:
            return found
        salt = self._derive("salt", jid, mechanism)[:_SALT_BYTES]
        password = self._passwords.get(jid.bare)
        if password is None:
            # Nobody's keys are not remembered: a client could fill the memory with names.
            nothing = self._derive("keys", jid, mechanism)
            return salt, nothing, nothing, ITERATIONS
        made = server_keys(mechanism, password, salt, ITERATIONS)
        self._keys[key] = made
        return made

    def add_guest(self, domain: str) -> JID:
        """Create an account with a name of its own, into which nobody can sign in again."""
        jid = JID.of(f"guest-{secrets.token_hex(4)}", domain)
        self.add(jid, secrets.token_hex())
        self._guests.add(jid)
        return jid

    def dismiss_guest(self, jid: JID) -> None:
        """Delete the account `jid` if it is that of a guest."""
        if jid.bare in self._guests:
            self._guests.remove(jid.bare)
            self.remove(jid)

    def at(self, domain: Callable[[], str]) -> AccountsAtDomain:
        """Return these accounts as a stream of one domain sees them, by localpart."""
        return AccountsAtDomain(self, domain)

    def _derive(self, purpose: str, jid: JID, mechanism: str) -> bytes:
        text = f"{purpose}\0{jid.bare}\0{mechanism}"
        return hmac.digest(self._secret, text.encode(), hashlib.sha256)


class AccountsAtDomain:
    """The accounts of one domain (`protocol.mechanisms.Accounts`).

    `domain` tells which; a stream knows it once the client's header came.
    """

    def __init__(self, accounts: Accounts, domain: Callable[[], str]) -> None:
        self._accounts = accounts
        self._domain = domain

    def password_is(self, username: str, password: str) -> bool:
        """Say whether this is the user's password."""
        jid = self._jid(username)
        return jid is not None and self._accounts.password_is(jid, password)

    def scram_keys(self, username: str, mechanism: str) -> tuple[bytes, bytes, bytes, int] | None:
        """Return salt, stored key, server key and iteration count; None for no possible name."""
        jid = self._jid(username)
        return None if jid is None else self._accounts.scram_keys(jid, mechanism)

    def knows(self, username: str) -> bool:
        """Say whether there is such a user."""
        return self._jid(username) in self._accounts

    def token_owner(self, token: str) -> str | None:
        """Return the user whom an access token lets in: the one whose name it begins with."""
        username = token.removesuffix(TOKEN_END)
        jid = self._jid(username)
        return jid.local if jid in self._accounts and jid and token != username else None

    def guest(self) -> str:
        """Return the name of a new user who stays anonymous."""
        return self._accounts.add_guest(self._domain()).local

    def _jid(self, username: str) -> JID | None:
        try:
            return JID.of(username, self._domain()) if username else None
        except JIDError:
            return None


def default_accounts(domains: Iterable[str] = ("localhost",)) -> Accounts:
    """Return accounts for `DEFAULT_USERS` at each domain, all with `PRACTICE_PASSWORD`."""
    accounts = Accounts()
    for domain in domains:
        for name in DEFAULT_USERS:
            accounts.add(JID.of(name, domain), PRACTICE_PASSWORD)
    return accounts
