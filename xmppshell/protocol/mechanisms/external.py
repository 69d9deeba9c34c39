"""EXTERNAL (RFC 4422 appendix A): TLS has proved who the client is, by its certificate."""

from __future__ import annotations

from ..jid import JID, JIDError
from ..problem import Problem
from .base import Accounts, ClientMechanism, Reply, SaslRefusedError


class ExternalClient(ClientMechanism):
    """The client's end; `identity` is the bare JID to act as, or "" to leave that to the server."""

    name = "EXTERNAL"

    def __init__(self, identity: str) -> None:
        self._identity = identity

    def first(self) -> bytes | None:
        """Return the identity (XEP-0178 2)."""
        return self._identity.encode()

    def failure(self, condition: str, text: str = "") -> Problem | None:
        """Explain not-authorized, which is about the certificate here."""
        if condition not in ("not-authorized", "invalid-authzid"):
            return None
        return Problem(
            "the server does not take the client certificate for this account",
            "it does not trust the issuer, or the certificate does not name the account "
            "(as xmppAddr)",
            "check --client-cert; the server's log says more",
            "XEP-0178 2",
        )


class ExternalServer:
    """The server's end; `identities` are the JIDs in the client's verified certificate."""

    name = "EXTERNAL"

    def __init__(self, accounts: Accounts, identities: tuple[str, ...], domain: str) -> None:
        self._accounts = accounts
        self._identities = identities
        self._domain = domain
        self.username = ""

    def receive(self, response: bytes) -> Reply:
        """Choose the account; raises `SaslRefusedError` if the certificate does not name it."""
        ours = [jid for jid in map(_parsed, self._identities) if jid.domain == self._domain]
        wanted = response.decode("utf-8", "replace")
        if wanted:
            ours = [jid for jid in ours if jid.bare == _parsed(wanted)]
        if len(ours) != 1:
            raise SaslRefusedError(
                Problem("the certificate does not name the account"),
                "invalid-authzid" if wanted or ours else "not-authorized",
            )
        if not self._accounts.knows(ours[0].local):
            raise SaslRefusedError(Problem("there is no such account"))
        self.username = ours[0].local
        return Reply(None, done=True)


def _parsed(text: str) -> JID:
    try:
        return JID.parse(text)
    except JIDError:
        return JID("", "", "")
