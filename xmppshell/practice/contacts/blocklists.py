"""The block lists of the users, and what they stop (XEP-0191)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ..directory import Delivery
from ..envelope import Envelope
from ..messages.rules import UNREACHABLE

MAX_BLOCKED: Final = 500
"""How many addresses one account can block."""

_MANAGING: Final = frozenset({"subscribe", "subscribed", "unsubscribe", "unsubscribed"})
_DETAIL: Final = f"<blocked xmlns='{ns.BLOCKING}:errors'/>"


class Blocklists:
    """Who blocks whom: addresses by the account that blocks them. Nobody blocks themselves."""

    def __init__(self) -> None:
        self._lists: dict[JID, dict[JID, None]] = {}

    def of(self, account: JID) -> tuple[JID, ...]:
        """Return what an account blocks, in the order in which it did."""
        return tuple(self._lists.get(account, ()))

    def add(self, account: JID, jids: Iterable[JID]) -> None:
        """Let `account` block addresses."""
        self._lists.setdefault(account, {}).update(dict.fromkeys(jids))

    def remove(self, account: JID, jids: Iterable[JID]) -> None:
        """Let `account` block addresses no longer."""
        blocked = self._lists.get(account, {})
        for jid in jids:
            blocked.pop(jid, None)
        if not blocked:
            self._lists.pop(account, None)

    def blocks(self, account: JID, other: JID) -> bool:
        """Say whether `account` blocks the address `other`."""
        blocked = self._lists.get(account.bare)
        if blocked is None or other.bare == account.bare:
            return False
        return any(covers(jid, other) for jid in blocked)

    def between(self, one: JID, other: JID) -> bool:
        """Say whether the account of either address blocks the other one."""
        return bool(self._lists) and (self.blocks(one, other) or self.blocks(other, one))

    def unsent(self, envelope: Envelope) -> list[Delivery] | None:
        """Return the error for a stanza to somebody whom its sender blocks; None for others."""
        if envelope.to is None or not self.blocks(envelope.sender.jid, envelope.to):
            return None
        text = "this address is on your block list"
        return envelope.error("cancel", "not-acceptable", text, _DETAIL)

    def unwelcome(self, envelope: Envelope) -> list[Delivery] | None:
        """Return what becomes of a stanza from somebody whom its addressee blocks; None for others.

        Presence vanishes, and the rest comes back as if nobody were there. What manages
        subscriptions is left to whoever keeps both rosters.
        """
        to, stanza = envelope.to, envelope.stanza
        if to is None or not self.blocks(to, envelope.sender.jid):
            return None
        if stanza.kind == "presence":
            return None if stanza.type in _MANAGING else []
        return envelope.error("cancel", "service-unavailable", UNREACHABLE)


def covers(blocked: JID, jid: JID) -> bool:
    """Say whether an address on a block list stands for `jid` (XEP-0191 2).

    A domain stands for all its users, and for its subdomains.
    """
    if blocked.resource:
        return jid == blocked
    if blocked.local:
        return jid.bare == blocked
    return jid.domain == blocked.domain or jid.domain.endswith(f".{blocked.domain}")
