"""What the server itself answers to iqs: for its domain, and on behalf of its accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ... import __version__
from ...protocol import namespaces as ns
from ...protocol.jid import JID, JIDError
from ...protocol.stream_options import Refusal
from ...protocol.xml.tokens import quoted
from ..clockwork import Clockwork
from ..contacts.roster import Rosters, escape_text
from ..contacts.subscriptions import Subscriptions
from ..directory import Delivery
from ..envelope import Envelope
from ..facilities import Facility, Handlers, Host
from ..registration import Registrar
from .discovery import SERVER_NAME, Discovery

if TYPE_CHECKING:
    from lxml import etree

_MAX_TEXT = 1023


class Services:
    """The answers, found by type and payload; what is not here is service-unavailable.

    `registrar` takes what users want of their accounts, if they may; `facilities` answer what
    they are for, and `hosts` are named as items of the server.
    """

    def __init__(
        self,
        rosters: Rosters,
        subscriptions: Subscriptions,
        clockwork: Clockwork,
        registrar: Registrar | None = None,
        facilities: Sequence[Facility] = (),
        hosts: Sequence[Host] = (),
    ) -> None:
        self._rosters = rosters
        self._subscriptions = subscriptions
        self._clockwork = clockwork
        self._registrar = registrar
        self._facilities = facilities
        self._hosts = hosts
        discovery = Discovery(rosters, facilities, hosts, registration=registrar is not None)
        registration: Handlers = {
            ("get", f"{{{ns.REGISTER}}}query"): self._registered,
            ("set", f"{{{ns.REGISTER}}}query"): self._register,
        }
        offered = registration if registrar is not None else {}
        self._for_server: Handlers = {
            ("get", f"{{{ns.PING}}}ping"): self._done,
            ("get", f"{{{ns.VERSION}}}query"): self._version,
            ("get", f"{{{ns.TIME}}}time"): self._time,
            ("get", f"{{{ns.DISCO_INFO}}}query"): discovery.server_info,
            ("get", f"{{{ns.DISCO_ITEMS}}}query"): discovery.server_items,
            ("set", f"{{{ns.SESSION}}}session"): self._done,
            **offered,
            **{key: handler for f in facilities for key, handler in f.for_server.items()},
        }
        self._for_account: Handlers = {
            ("get", f"{{{ns.PING}}}ping"): self._done,
            ("get", f"{{{ns.DISCO_INFO}}}query"): discovery.account_info,
            ("get", f"{{{ns.DISCO_ITEMS}}}query"): discovery.account_items,
            ("get", f"{{{ns.ROSTER}}}query"): self._roster_get,
            ("set", f"{{{ns.ROSTER}}}query"): self._roster_set,
            ("set", f"{{{ns.SESSION}}}session"): self._done,
            ("set", f"{{{ns.BIND}}}bind"): self._bind,
            **offered,
            **{key: handler for f in facilities for key, handler in f.for_account.items()},
        }

    def server(self, envelope: Envelope, domain: JID) -> list[Delivery]:
        """Answer a request to the server, at one of its domains."""
        return self._answer(self._for_server, envelope, domain)

    def account(self, envelope: Envelope, account: JID) -> list[Delivery]:
        """Answer a request to an account (a bare JID) in its user's stead (RFC 6121 8.5.2.1.3)."""
        return self._answer(self._for_account, envelope, account)

    def _answer(self, handlers: Handlers, envelope: Envelope, to: JID) -> list[Delivery]:
        stanza = envelope.stanza
        handler = handlers.get((stanza.type or "", stanza.payload or ""))
        if handler is None:
            text = "nothing here answers to this type with this payload"
            return envelope.error("cancel", "service-unavailable", text)
        return handler(envelope, to)

    def _done(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Answer with an empty result, as for a ping (XEP-0199)."""
        return envelope.result()

    def _bind(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Refuse a second resource: a stream has one (RFC 6120 7.6.2.2)."""
        said = f"this stream has a resource already: {envelope.sender.jid.resource}"
        return envelope.error("cancel", "not-allowed", said)

    def _version(self, envelope: Envelope, to: JID) -> list[Delivery]:
        return envelope.result(
            f"<query xmlns='{ns.VERSION}'><name>{SERVER_NAME}</name>"
            f"<version>{escape_text(__version__)}</version></query>"
        )

    def _time(self, envelope: Envelope, to: JID) -> list[Delivery]:
        now = self._clockwork.stamp()
        return envelope.result(f"<time xmlns='{ns.TIME}'><tzo>+00:00</tzo><utc>{now}</utc></time>")

    # The account itself (XEP-0077).

    def _registered(self, envelope: Envelope, to: JID) -> list[Delivery]:
        assert self._registrar is not None
        return envelope.result(self._registrar.members_get(envelope.sender.jid.bare))

    def _register(self, envelope: Envelope, to: JID) -> list[Delivery]:
        """Change the password, or end the account and all subscriptions with it."""
        assert self._registrar is not None
        account = envelope.sender.jid.bare
        answer = self._registrar.members_set(envelope.element, account)
        if isinstance(answer, Refusal):
            # A password is not sent back with the error (XEP-0077 3.3).
            blank = f"<iq type='set' id={quoted(envelope.stanza.id or '')}/>".encode()
            return replace(envelope, data=blank).error(answer.type, answer.condition, answer.text)
        deliveries = envelope.result(answer)
        if not self._registrar.knows(account):
            for facility in self._facilities:
                facility.removed(account)
            for host in self._hosts:
                host.removed(account)
            roster = self._rosters.of(account)
            for item in roster:
                deliveries += self._subscriptions.end(account, item.jid)
                roster.remove(item.jid)
        return deliveries

    # The roster (RFC 6121 2).

    def _roster_get(self, envelope: Envelope, to: JID) -> list[Delivery]:
        if to != envelope.sender.jid.bare:
            return envelope.error("auth", "forbidden", "a roster is for its owner only")
        envelope.sender.interested = True
        roster = self._rosters.of(to)
        known = envelope.element[0].get("ver")
        return envelope.result("" if known == roster.version else roster.query())

    def _roster_set(self, envelope: Envelope, to: JID) -> list[Delivery]:
        if to != envelope.sender.jid.bare:
            return envelope.error("auth", "forbidden", "a roster is for its owner only")
        items = envelope.element[0].findall(f"{{{ns.ROSTER}}}item")
        if len(items) != 1:
            return envelope.error("modify", "bad-request", "a roster set has exactly one <item/>")
        wanted = items[0]
        try:
            contact = JID.parse(wanted.get("jid") or "").bare
        except JIDError as error:
            condition = "jid-malformed" if wanted.get("jid") else "bad-request"
            return envelope.error("modify", condition, error.problem.what)
        if wanted.get("subscription") == "remove":
            return self._remove(envelope, to, contact)
        return self._update(envelope, to, contact, wanted)

    def _update(
        self, envelope: Envelope, user: JID, contact: JID, wanted: etree._Element
    ) -> list[Delivery]:
        """Add a contact, or change its name and groups, not its subscription (RFC 6121 2.3)."""
        name = wanted.get("name", "")
        groups = [group.text or "" for group in wanted.findall(f"{{{ns.ROSTER}}}group")]
        if contact == user:
            return envelope.error("cancel", "not-allowed", "nobody is their own contact")
        if len(set(groups)) < len(groups):
            return envelope.error("modify", "bad-request", "a group is named twice")
        if "" in groups:
            return envelope.error("modify", "not-acceptable", "a group has a name")
        if any(len(text) > _MAX_TEXT for text in (name, *groups)):
            return envelope.error("modify", "not-acceptable", "a name is too long")
        roster = self._rosters.of(user)
        if roster.is_full and roster.get(contact) is None:
            return envelope.error("wait", "resource-constraint", "the roster is full")
        item = roster.item(contact)
        item.name, item.groups, item.listed = name, tuple(groups), True
        return self._subscriptions.push(user, item) + envelope.result()

    def _remove(self, envelope: Envelope, user: JID, contact: JID) -> list[Delivery]:
        """Remove a contact, and all subscriptions with it (RFC 6121 2.5)."""
        roster = self._rosters.of(user)
        item = roster.get(contact)
        if item is None or not item.listed:
            return envelope.error("modify", "item-not-found", "there is no such contact")
        deliveries = self._subscriptions.end(user, contact)
        roster.remove(contact)
        pushes = self._subscriptions.push(user, item, removed=True)
        return deliveries + pushes + envelope.result()
