"""Whom users want to hear nothing from (XEP-0191)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.ids import IdCounter
from ...protocol.jid import JID, JIDError
from ...protocol.xml.tokens import quoted
from ..directory import Delivery, Directory, Resource
from ..envelope import Envelope
from ..facilities import Facility, Post
from ..refusals import Refused
from .blocklists import MAX_BLOCKED, Blocklists, covers
from .presence import addressed
from .roster import Rosters

if TYPE_CHECKING:
    from lxml import etree

_NAME: Final = f"{{{ns.BLOCKING}}}"


class Blocking(Facility):
    """Lets users see and change their block list, and shows or hides their presence."""

    server_features = (ns.BLOCKING,)

    def __init__(self, blocklists: Blocklists, rosters: Rosters, directory: Directory) -> None:
        self._blocklists = blocklists
        self._rosters = rosters
        self._directory = directory
        self._push_ids = IdCounter("block")
        self._post: Post = lambda sender, data: []
        self.for_account = {
            ("get", f"{_NAME}blocklist"): self._get,
            ("set", f"{_NAME}block"): self._block,
            ("set", f"{_NAME}unblock"): self._unblock,
        }

    def connect(self, post: Post) -> None:
        """Take note of the way that unavailable presence goes."""
        self._post = post

    def removed(self, account: JID) -> None:
        """Forget the list of an account that was cancelled."""
        self._blocklists.remove(account, self._blocklists.of(account))

    def _get(self, envelope: Envelope, to: JID) -> list[Delivery]:
        if to != envelope.sender.jid.bare:
            return _forbidden(envelope)
        envelope.sender.wants_blocks = True
        return envelope.result(_list("blocklist", self._blocklists.of(to)))

    def _block(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Block addresses: to the contacts among them the user goes offline (XEP-0191 3.3)."""
        if to != envelope.sender.jid.bare:
            return _forbidden(envelope)
        try:
            asked = _items(envelope.element[0])
            self._check(asked, to)
        except Refused as error:
            refusal = error.refusal
            return envelope.error(refusal.type, refusal.condition, refusal.text)
        hidden = self._hide(to, asked)
        self._blocklists.add(to, asked)
        return envelope.result() + self._push(to, _list("block", asked)) + hidden

    def _check(self, asked: tuple[JID, ...], account: JID) -> None:
        if not asked:
            raise Refused("bad-request", "modify", "say in an <item/> at least whom to block")
        if any(jid.bare == account for jid in asked):
            raise Refused("not-allowed", "cancel", "nobody can block their own account")
        if len({*self._blocklists.of(account), *asked}) > MAX_BLOCKED:
            text = f"a block list has {MAX_BLOCKED} addresses at most"
            raise Refused("policy-violation", "modify", text)

    def _unblock(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Block addresses no longer, all of them if none is named (XEP-0191 3.4, 3.5)."""
        if to != envelope.sender.jid.bare:
            return _forbidden(envelope)
        try:
            asked = _items(envelope.element[0])
        except Refused as error:
            refusal = error.refusal
            return envelope.error(refusal.type, refusal.condition, refusal.text)
        blocked = self._blocklists.of(to)
        freed = tuple(jid for jid in blocked if jid in asked or not asked)
        self._blocklists.remove(to, freed)
        pushed = self._push(to, _list("unblock", asked))
        return envelope.result() + pushed + self._show(to, freed)

    def _push(self, account: JID, payload: str) -> list[Delivery]:
        """Tell the resources that asked for the list."""
        return [
            Delivery(
                resource,
                f"<iq type='set' id={quoted(self._push_ids.next())} "
                f"to={quoted(str(resource.jid))}>{payload}</iq>".encode(),
            )
            for resource in self._directory.of(account)
            if resource.wants_blocks
        ]

    # Presence.

    def _hide(self, account: JID, asked: tuple[JID, ...]) -> list[Delivery]:
        """Look gone to those who are about to be blocked and could see the account."""
        contacts = [item.jid for item in self._rosters.of(account) if item.from_]
        deliveries: list[Delivery] = []
        for resource in self._directory.of(account):
            known = [*(contacts if resource.available else ()), *resource.directed]
            targets = [jid for jid in known if any(covers(blocked, jid) for blocked in asked)]
            targets += [blocked for blocked in asked if blocked.is_full and blocked.bare in known]
            for target in dict.fromkeys(targets):
                if self._blocklists.blocks(account, target):
                    continue  # It was blocked before.
                presence = f"<presence type='unavailable' to={quoted(str(target))}/>"
                deliveries += self._post(resource, presence.encode())
        return deliveries

    def _show(self, account: JID, freed: tuple[JID, ...]) -> list[Delivery]:
        """Show the account and its contacts to each other again, as subscriptions allow."""
        deliveries: list[Delivery] = []
        own = self._directory.available(account)
        for item in self._rosters.of(account):
            for resource in self._directory.available(item.jid):
                if not any(covers(jid, resource.jid) for jid in freed):
                    continue
                if item.from_:
                    deliveries += self._shown(own, resource, item.jid)
                if item.to and self._rosters.sees(account, item.jid):
                    for mine in own:
                        deliveries += self._shown([resource], mine, account)
        return deliveries

    def _shown(self, sources: list[Resource], watcher: Resource, to: JID) -> list[Delivery]:
        return [
            delivery
            for source in sources
            if not self._blocklists.between(source.jid, watcher.jid)
            for delivery in addressed(source.presence, [(watcher, to)])
        ]


def _forbidden(envelope: Envelope) -> list[Delivery]:
    return envelope.error("auth", "forbidden", "a block list is for its owner only")


def _items(element: etree._Element) -> tuple[JID, ...]:
    """Return the addresses of the items; raises `Refused` if one is none."""
    texts = [item.get("jid") for item in element.findall(f"{_NAME}item")]
    if None in texts:
        raise Refused("bad-request", "modify", "an <item/> has a 'jid'")
    try:
        return tuple(dict.fromkeys(JID.parse(text or "") for text in texts))
    except JIDError as error:
        raise Refused("jid-malformed", "modify", error.problem.what) from error


def _list(name: str, jids: tuple[JID, ...]) -> str:
    items = "".join(f"<item jid={quoted(str(jid))}/>" for jid in jids)
    head = f"<{name} xmlns='{ns.BLOCKING}'"
    return f"{head}>{items}</{name}>" if items else f"{head}/>"
