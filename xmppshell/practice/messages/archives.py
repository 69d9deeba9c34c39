"""The archives of the users: what goes into them, and who may ask (XEP-0313)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from ..clockwork import Clockwork
from ..contacts.roster import Rosters
from ..directory import Delivery
from ..envelope import Envelope
from ..facilities import Facility, Handler
from ..markup import without_children
from ..refusals import Refused
from .archive import Archive
from .archive_preferences import PREFERENCES, Preferences, read_preferences
from .archive_queries import (
    FEATURES,
    METADATA,
    QUERY,
    answer_form,
    answer_metadata,
    answer_query,
)
from .rules import has_body, has_hint, is_worth_keeping, kind_of
from .stanza_ids import claimed_ids, with_stanza_id

if TYPE_CHECKING:
    from lxml import etree

    from ...protocol.stanza import Stanza


class Archives(Facility):
    """One archive for each account, with all chat and normal messages that are worth it.

    Users may choose whose messages are archived (XEP-0441).
    """

    account_features = (*FEATURES, ns.STANZA_ID)

    def __init__(self, rosters: Rosters, clockwork: Clockwork) -> None:
        self._rosters = rosters
        self._clockwork = clockwork
        self._archives: dict[JID, Archive] = {}
        self._preferences: dict[JID, Preferences] = {}
        self.for_account = {
            ("set", QUERY): _for_owner(self._query),
            ("get", QUERY): _for_owner(lambda envelope, account: answer_form(envelope)),
            ("get", METADATA): _for_owner(self._metadata),
            ("get", PREFERENCES): _for_owner(self._get_preferences),
            ("set", PREFERENCES): _for_owner(self._set_preferences),
        }

    def of(self, account: JID) -> Archive:
        """Return the archive of an account."""
        found = self._archives.get(account)
        if found is None:
            found = self._archives[account] = Archive(self._clockwork.new_id)
        return found

    def removed(self, account: JID) -> None:
        """Forget all of an account that was cancelled."""
        self._archives.pop(account, None)
        self._preferences.pop(account, None)

    # What goes in.

    def archived(
        self, envelope: Envelope, account: JID, peer: JID, unwanted: Sequence[int] = ()
    ) -> bytes:
        """Archive a message of `account` with `peer`, if it is worth it and wanted.

        Return it as the account gets it: with the UID if it was archived, and without any that
        somebody else made up, nor the children at the places `unwanted`.
        """
        away = (*unwanted, *claimed_ids(envelope.element, account))
        data = without_children(envelope.data, away) if away else envelope.data
        if not is_archived(envelope.stanza, envelope.element):
            return data
        item = self._rosters.of(account).get(peer)
        preferences = self._preferences.get(account, Preferences())
        if not preferences.wants(peer, in_roster=item is not None and item.listed):
            return data
        uid = self.of(account).add(data, peer, self._clockwork.now())
        return with_stanza_id(data, uid, account)

    # What is asked.

    def _query(self, envelope: Envelope, account: JID) -> list[Delivery]:
        return answer_query(envelope, self.of(account), account)

    def _metadata(self, envelope: Envelope, account: JID) -> list[Delivery]:
        return answer_metadata(envelope, self.of(account))

    def _get_preferences(self, envelope: Envelope, account: JID) -> list[Delivery]:
        return envelope.result(self._preferences.get(account, Preferences()).xml())

    def _set_preferences(self, envelope: Envelope, account: JID) -> list[Delivery]:
        try:
            self._preferences[account] = read_preferences(envelope.element[0])
        except Refused as error:
            refusal = error.refusal
            return envelope.error(refusal.type, refusal.condition, refusal.text)
        return self._get_preferences(envelope, account)


def is_archived(stanza: Stanza, element: etree._Element) -> bool:
    """Say whether a message is of a kind that archives hold (XEP-0313 6.1, XEP-0334)."""
    if kind_of(stanza) not in ("normal", "chat"):
        return False
    if has_hint(element, "no-store", "no-permanent-store"):
        return False
    return has_body(element) or is_worth_keeping(element) or has_hint(element, "store")


def _for_owner(handler: Handler) -> Handler:
    """Return `handler` for those whose account it is; others are forbidden to ask."""

    def guarded(envelope: Envelope, to: JID) -> list[Delivery]:
        if to != envelope.sender.jid.bare:
            return envelope.error("auth", "forbidden", "an archive is for its owner only")
        return handler(envelope, to)

    return guarded
