"""FAST: sign in with a token that an earlier login brought (XEP-0484); a part of SASL2.

A token is as good as a password, and goes no other way than to whoever keeps it: the event
`FastTokenReceived` has it, and hides it from everyone who only looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol

from .. import namespaces as ns
from ..credentials import FastToken
from ..events import Event, FastTokenReceived
from ..mechanisms import SaslRefusedError
from ..mechanisms.hashed_token import (
    BINDINGS,
    HashedTokenClient,
    HashedTokenServer,
    best_of,
    parts_of,
)
from ..problem import Problem
from .base import escape, text_of
from .sasl2_elements import inline_of

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream

_FAST = f"{{{ns.FAST}}}fast"
_MECHANISM = f"{{{ns.FAST}}}mechanism"
_REQUEST = f"{{{ns.FAST}}}request-token"
_TOKEN = f"{{{ns.FAST}}}token"

HASH: Final = "SHA-256"
"""The hash of the mechanisms that a server offers here, and a client takes to be offered."""


class Tokens(Protocol):
    """What a server must know of the tokens that it gave out."""

    def issue(self, username: str, client_id: str, mechanism: str) -> FastToken:
        """Make a token for one client and one mechanism."""

    def tokens_of(self, username: str, client_id: str, mechanism: str) -> Iterable[str]:
        """Return the tokens that a client may come with."""

    def accept(self, username: str, client_id: str, token: str) -> bool:
        """Note that a token was used; say whether it is still good."""

    def is_due(self, username: str, client_id: str) -> bool:
        """Say whether the client should get another token."""

    def invalidate(self, username: str, client_id: str) -> None:
        """Drop all tokens of a client."""


class Fast:
    """What FAST adds to the exchange of SASL2, at both ends.

    `refused` is set once the server has refused the token: it is used no more.
    """

    def __init__(self) -> None:
        self.refused = False
        self._asked_for = ""
        self._server: HashedTokenServer | None = None

    # The client's side.

    def mechanism(self, stream: Stream) -> HashedTokenClient | None:
        """Return the exchange with the token that is kept, if it can be used on this stream."""
        wishes = stream.client.sasl2
        if wishes is None or wishes.token is None or not wishes.client_id or self.refused:
            return None
        token = wishes.token
        parts = parts_of(token.mechanism)
        if parts is None or not stream.secured:
            return None
        if not stream.sends_ahead and token.mechanism not in _offered(inline_of(stream.features)):
            return None
        binding = stream.channel.first_of([parts[1]])
        if parts[1] and binding is None:
            return None
        return HashedTokenClient(stream.client.jid.local, token, binding)

    def request(self, stream: Stream, inline: etree._Element | None, *, uses_token: bool) -> str:
        """Return what to put into `<authenticate/>`.

        That is the word that a token is used, and the wish for one, or for a better one. `inline`
        is the offer, or None where it is not known yet: it is taken to be what servers have.
        """
        wishes = stream.client.sasl2
        self._asked_for = ""
        if wishes is None or not wishes.client_id or not stream.secured:
            return ""
        xml = f"<fast xmlns='{ns.FAST}'/>" if uses_token else ""
        offered = _own_mechanisms(stream) if inline is None else _offered(inline)
        best = best_of(offered, stream.channel.types) if wishes.fast else None
        if best is None or (uses_token and (inline is None or not _is_better(best, wishes.token))):
            return xml
        self._asked_for = best
        return f"{xml}<request-token xmlns='{ns.FAST}' mechanism='{escape(best)}'/>"

    def succeeded(
        self, success: etree._Element, inline: etree._Element | None, used: str
    ) -> Iterable[Event]:
        """Hand out the token of `<success/>`; `used` is the mechanism that signed in.

        A token for a mechanism that was asked for unseen, and is not offered, is worth nothing.
        """
        given = success.find(_TOKEN)
        mechanism = self._asked_for or used
        if given is None or not given.get("token"):
            return
        if mechanism not in _offered(inline):
            return
        token = FastToken(mechanism, given.get("token", ""), given.get("expiry", ""))
        yield FastTokenReceived(mechanism, token)

    # The server's side.

    def offer(self, stream: Stream) -> str:
        """Return what a server puts into `<inline/>`."""
        if stream.server.tokens is None:
            return ""
        names = "".join(f"<mechanism>{name}</mechanism>" for name in _own_mechanisms(stream))
        return f"<fast xmlns='{ns.FAST}'>{names}</fast>"

    def begin(
        self, stream: Stream, request: etree._Element, client_id: str
    ) -> HashedTokenServer | None:
        """Begin the exchange if the client comes with a token, else return None.

        Raises SaslRefusedError where that is not possible.
        """
        self._server = None
        if request.find(_FAST) is None:
            return None
        name = request.get("mechanism") or ""
        tokens = stream.server.tokens
        if tokens is None or not client_id:
            raise SaslRefusedError(Problem("no tokens here, or no client"), "malformed-request")
        if name not in _own_mechanisms(stream):
            raise SaslRefusedError(Problem("no such mechanism"), "invalid-mechanism")
        binding = stream.channel.first_of([(parts_of(name) or ("", ""))[1]])
        self._server = HashedTokenServer(
            name,
            lambda username: tokens.tokens_of(username, client_id, name),
            b"" if binding is None else binding.data,
        )
        return self._server

    def grant(self, stream: Stream, request: etree._Element, client_id: str) -> str:
        """Return the new token for `<success/>`, or "" where none is due.

        Raises SaslRefusedError if the token that was used is good no more.
        """
        tokens = stream.server.tokens
        if tokens is None or not client_id:
            return ""
        due = False
        mechanism = ""
        if self._server is not None:
            mechanism = self._server.name
            if not tokens.accept(stream.username, client_id, self._server.token):
                raise SaslRefusedError(Problem("the token has expired"), "credentials-expired")
            due = tokens.is_due(stream.username, client_id)
            fast = request.find(_FAST)
            if fast is not None and fast.get("invalidate") in ("1", "true"):
                tokens.invalidate(stream.username, client_id)
                due = False
        wish = request.find(_REQUEST)
        if wish is not None and wish.get("mechanism") in _own_mechanisms(stream):
            mechanism, due = wish.get("mechanism", ""), True
        if not due:
            return ""
        token = tokens.issue(stream.username, client_id, mechanism)
        return (
            f"<token xmlns='{ns.FAST}' expiry='{escape(token.expiry)}' "
            f"token='{escape(token.token)}'/>"
        )


def _offered(inline: etree._Element | None) -> list[str]:
    """Return the names of the mechanisms for tokens in an offer."""
    if inline is None:
        return []
    return [text_of(name) for name in inline.iterfind(f"{_FAST}/{_MECHANISM}")]


def _own_mechanisms(stream: Stream) -> list[str]:
    """Return the mechanisms for tokens that this side has on this stream, the best first."""
    return [
        f"HT-{HASH}-{name}"
        for name, kind in BINDINGS.items()
        if not kind or kind in stream.channel.types
    ]


def _is_better(name: str, token: FastToken | None) -> bool:
    """Say whether a mechanism binds to the channel and that of the token does not."""
    return token is None or (token.mechanism.endswith("-NONE") and not name.endswith("-NONE"))
