"""Since when: how long the server is up, and how long a user has been away (XEP-0012)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ...protocol.xml import Context, parse_element
from ..clockwork import Clockwork
from ..contacts.roster import Rosters, escape_text
from ..directory import Delivery, Directory, Resource
from ..envelope import Envelope
from ..facilities import Facility

MAX_STATUS: Final = 1023
"""How much is kept of what a user said on leaving, in characters."""

_QUERY: Final = f"{{{ns.LAST}}}query"
_STATUS: Final = f"{{{ns.CLIENT}}}status"


class LastActivity(Facility):
    """Knows when the server was started, and when and with which words each user left."""

    server_features = (ns.LAST,)
    account_features = (ns.LAST,)

    def __init__(self, rosters: Rosters, directory: Directory, clockwork: Clockwork) -> None:
        self._rosters = rosters
        self._directory = directory
        self._clockwork = clockwork
        self._started = clockwork.now()
        self._left: dict[JID, tuple[datetime, str]] = {}
        self.for_server = {("get", _QUERY): self._uptime}
        self.for_account = {("get", _QUERY): self._away}

    def gone(self, resource: Resource) -> list[Delivery]:
        """Note when the last available resource of a user went."""
        account = resource.jid.bare
        if not self._directory.available(account):
            self._left[account] = self._clockwork.now(), _status(resource.parting)
        return []

    def removed(self, account: JID) -> None:
        """Forget an account."""
        self._left.pop(account, None)

    def uptime(self) -> int:
        """Return for how many seconds the server is up."""
        return self._seconds(self._started)

    def _uptime(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Answer for the server (XEP-0012 5)."""
        return envelope.result(f"<query xmlns='{ns.LAST}' seconds='{self.uptime()}'/>")

    def _away(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Answer for a user, whom it takes to be active while available (XEP-0012 3)."""
        if not self._rosters.sees(envelope.sender.jid, to):
            text = f"only those who may see the presence of {to} may know that"
            return envelope.error("auth", "forbidden", text)
        if self._directory.available(to):
            return envelope.result(f"<query xmlns='{ns.LAST}' seconds='0'/>")
        left = self._left.get(to.bare)
        if left is None:
            text = f"{to} was not here since the server started"
            return envelope.error("cancel", "item-not-found", text)
        when, status = left
        head = f"<query xmlns='{ns.LAST}' seconds='{self._seconds(when)}'"
        return envelope.result(f"{head}>{escape_text(status)}</query>" if status else f"{head}/>")

    def _seconds(self, since: datetime) -> int:
        return max(0, int((self._clockwork.now() - since).total_seconds()))


def _status(presence: bytes) -> str:
    """Return the first status of a presence."""
    if not presence:
        return ""
    element = parse_element(presence, Context.for_namespace(ns.CLIENT))
    return (element.findtext(_STATUS) or "")[:MAX_STATUS]
