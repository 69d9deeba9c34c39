"""The FAST tokens that a practice server has given out (XEP-0484), all in memory.

A client, known by the id of its user agent, has two places for tokens: the current one, and a
newer one that counts from its first use. So a client that lost the answer with its new token can
still come in with the old one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ..protocol.credentials import FastToken
from ..protocol.jid import JID, JIDError

LIFETIME: Final = timedelta(days=21)
"""How long a token is good."""

ROTATION: Final = timedelta(days=1)
"""After how long a token is replaced when it is used."""

_NEW, _CURRENT = "new", "current"


@dataclass(frozen=True, slots=True)
class _Issued:
    mechanism: str
    token: str = field(repr=False)
    at: datetime


class Tokens:
    """The tokens of all users; `clock` gives the present as an aware time."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._issued: dict[tuple[JID, str], dict[str, _Issued]] = {}

    def at(self, domain: Callable[[], str]) -> TokensAtDomain:
        """Return these tokens as a stream of one domain sees them, by localpart."""
        return TokensAtDomain(self, domain)

    def issue(self, jid: JID, client_id: str, mechanism: str) -> FastToken:
        """Make a token for one client and one mechanism; it replaces a newer one never used."""
        now = self._clock()
        issued = _Issued(mechanism, f"secret-token:{secrets.token_urlsafe(24)}", now)
        self._issued.setdefault((jid.bare, client_id), {})[_NEW] = issued
        expiry = (now + LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
        return FastToken(mechanism, issued.token, expiry)

    def tokens_of(self, jid: JID, client_id: str, mechanism: str) -> list[str]:
        """Return the tokens to compare with, the newest first, expired or not."""
        places = self._issued.get((jid.bare, client_id), {})
        found = [places[name] for name in (_NEW, _CURRENT) if name in places]
        return [issued.token for issued in found if issued.mechanism == mechanism]

    def accept(self, jid: JID, client_id: str, token: str) -> bool:
        """Note that a token was used and say whether it is still good; drop it if it is not.

        The one that is used becomes the current one, and those before it are good no more.
        """
        places = self._issued.get((jid.bare, client_id), {})
        for name in (_NEW, _CURRENT):
            issued = places.get(name)
            if issued is None or issued.token != token:
                continue
            if self._clock() - issued.at >= LIFETIME:
                del places[name]
                return False
            if name == _NEW:
                places[_CURRENT] = places.pop(_NEW)
            return True
        return False

    def is_due(self, jid: JID, client_id: str) -> bool:
        """Say whether the current token is so old that the client should get another."""
        issued = self._issued.get((jid.bare, client_id), {}).get(_CURRENT)
        return issued is not None and self._clock() - issued.at >= ROTATION

    def invalidate(self, jid: JID, client_id: str) -> None:
        """Drop all tokens of a client."""
        self._issued.pop((jid.bare, client_id), None)

    def forget(self, jid: JID) -> None:
        """Drop all tokens of a user, such as one who is no more."""
        for key in [key for key in self._issued if key[0] == jid.bare]:
            del self._issued[key]

    def clear(self) -> None:
        """Drop all tokens, so that each client has to sign in with its password."""
        self._issued.clear()


class TokensAtDomain:
    """The tokens of one domain (`protocol.features.fast.Tokens`).

    `domain` tells which; a stream knows it once the client's header came.
    """

    def __init__(self, tokens: Tokens, domain: Callable[[], str]) -> None:
        self._tokens = tokens
        self._domain = domain

    def issue(self, username: str, client_id: str, mechanism: str) -> FastToken:
        """Make a token for one client of a user who is signed in."""
        return self._tokens.issue(JID.of(username, self._domain()), client_id, mechanism)

    def tokens_of(self, username: str, client_id: str, mechanism: str) -> list[str]:
        """Return the tokens to compare with; none for a name that cannot be."""
        try:
            jid = JID.of(username, self._domain())
        except JIDError:
            return []
        return self._tokens.tokens_of(jid, client_id, mechanism)

    def accept(self, username: str, client_id: str, token: str) -> bool:
        """Note that a token was used; say whether it is still good."""
        return self._tokens.accept(JID.of(username, self._domain()), client_id, token)

    def is_due(self, username: str, client_id: str) -> bool:
        """Say whether the client should get another token."""
        return self._tokens.is_due(JID.of(username, self._domain()), client_id)

    def invalidate(self, username: str, client_id: str) -> None:
        """Drop all tokens of a client."""
        self._tokens.invalidate(JID.of(username, self._domain()), client_id)
