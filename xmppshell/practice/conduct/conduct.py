"""How the server conducts itself: as the RFCs say, or with the deviations of a profile.

What concerns the stream is asked for where streams are judged (`protocol.judgement`); what
concerns stanzas is done here, by putting them right before they are routed and by restating the
answers afterwards, so that routing itself knows the RFCs only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.deviations import Deviation
from ...protocol.jid import JID, JIDError
from ...protocol.stanza import STANZA_KINDS, Stanza, stanza_of
from ...protocol.xml import Context, parse_element
from ..directory import Delivery, Resource
from ..markup import error_reply, result_reply, rewrite
from .profiles import Profile, deviations_of

if TYPE_CHECKING:
    from lxml import etree

    from ...protocol.channel import Channel
    from ...protocol.events import ElementIgnored, ElementSeen
    from ...protocol.mechanisms import (
        Accounts,
        Advertised,
        MechanismMaker,
        Reply,
        ServerMechanism,
    )

Route = Callable[[Resource, bytes, Stanza, "etree._Element"], list[Delivery]]
"""What routes a stanza: see `router.Router.take`."""

_PING: Final = f"{{{ns.PING}}}ping"
_ROSTER: Final = f"{{{ns.ROSTER}}}query"
_BIND: Final = f"{{{ns.BIND}}}bind"
_PRIORITY: Final = re.compile(rb"<priority>\s*([^<]*?)\s*</priority>")
_SHOW: Final = re.compile(rb"<show>[^<]*</show>")
_NUMBER: Final = re.compile(rb"[+-]?[0-9]{1,9}")
_HIGHEST, _LOWEST = 127, -128


@dataclass(frozen=True, slots=True)
class _Restatement:
    """The stanza error that takes the place of `condition`, for iqs with `payload` if not ""."""

    condition: str
    payload: str
    error: tuple[str, str, str]


_RESTATED: Final = {
    Deviation.REMOTE_NOT_ALLOWED: _Restatement(
        "remote-server-not-found",
        "",
        ("cancel", "not-allowed", "this server does not talk to others"),
    ),
    Deviation.BAD_ADDRESS_IS_BAD_REQUEST: _Restatement(
        "jid-malformed", "", ("modify", "bad-request", "the value of 'to' is bad")
    ),
    Deviation.ROSTERS_OF_OTHERS_UNKNOWN: _Restatement(
        "forbidden",
        _ROSTER,
        ("cancel", "service-unavailable", "the server does not know what this asks for"),
    ),
    Deviation.SECOND_BIND_UNKNOWN: _Restatement(
        "not-allowed",
        _BIND,
        ("cancel", "service-unavailable", "the server does not know what this asks for"),
    ),
}


class Conduct:
    """The profile in force, which may change at any time; holds its deviations."""

    def __init__(self, profile: Profile = Profile.RFC) -> None:
        self.profile = profile

    @property
    def profile(self) -> Profile:
        """Whose answers are given."""
        return self._profile

    @profile.setter
    def profile(self, profile: Profile) -> None:
        self._profile = profile
        self._deviations = deviations_of(profile)

    def __contains__(self, deviation: object) -> bool:
        return deviation in self._deviations

    def maker(self, honest: MechanismMaker) -> MechanismMaker:
        """Return what starts exchanges that let anybody act as anybody, if the profile does."""

        def make(
            name: str,
            accounts: Accounts,
            *,
            domain: str = "",
            channel: Channel | None = None,
            advertised: Advertised | None = None,
        ) -> ServerMechanism:
            made = honest(name, accounts, domain=domain, channel=channel, advertised=advertised)
            lenient = name == "PLAIN" and Deviation.ANY_AUTHZID in self
            return _AnyIdentity(made) if lenient else made

        return make

    def take(self, sender: Resource, event: ElementSeen, route: Route) -> list[Delivery]:
        """Route a stanza of `sender` as the profile does it."""
        assert event.stanza is not None
        if not self._deviations:
            return route(sender, event.data, event.stanza, event.element)
        data, element, stanza = event.data, event.element, event.stanza
        if Deviation.EMPTY_ERROR_DROPPED in self and _is_empty_error(stanza, element):
            return []
        right = self._put_right(data, element, stanza)
        if right != data:
            data, element, stanza = _parsed(right)
        deliveries = route(sender, data, stanza, element)
        if stanza.kind == "presence" and right != event.data:
            return _with_original(sender, deliveries, right, event.data)
        return [self._restated(sender, data, stanza, delivery) for delivery in deliveries]

    def _put_right(self, data: bytes, element: etree._Element, stanza: Stanza) -> bytes:
        """Return a stanza as the RFCs allow it, if the profile lets it pass."""
        if str(element.tag).startswith(f"{{{ns.SERVER}}}"):
            data = rewrite(data, {"xmlns": None})
        if stanza.kind != "presence":
            return data
        if stanza.type == "available" and Deviation.AVAILABLE_IS_A_TYPE in self:
            data = rewrite(data, {"type": None})
        if Deviation.PRIORITY_OUT_OF_RANGE in self:
            data = _PRIORITY.sub(self._priority, data)
        if Deviation.PRESENCE_UNCHECKED in self:
            data = _SHOW.sub(_known_show, data)
        return data

    def _priority(self, found: re.Match[bytes]) -> bytes:
        """Return the element with a priority that may be, which is the nearest one."""
        if _NUMBER.fullmatch(found[1]):
            nearest = max(_LOWEST, min(_HIGHEST, int(found[1])))
        elif Deviation.PRESENCE_UNCHECKED in self:
            nearest = 0
        else:
            return found[0]
        return found[0] if found[1] == b"%d" % nearest else b"<priority>%d</priority>" % nearest

    def _restated(
        self, sender: Resource, data: bytes, stanza: Stanza, delivery: Delivery
    ) -> Delivery:
        """Return the answer to the sender as the profile gives it; all else is as it is."""
        if delivery.to is not sender:
            return delivery
        condition = _condition(delivery.data)
        if not condition:
            return delivery
        if Deviation.NOBODY_ANSWERS_PINGS in self and _is_ping_to_user(stanza):
            reply = result_reply(stanza.id or "", stanza.to, str(sender.jid))
            return Delivery(sender, reply)
        for deviation, restated in _RESTATED.items():
            fits = restated.payload in ("", stanza.payload) and restated.condition == condition
            if fits and deviation in self:
                reply = error_reply(data, stanza.to, str(sender.jid), *restated.error)
                return Delivery(sender, reply)
        return delivery

    def answer_to_ignored(self, event: ElementIgnored) -> bytes:
        """Return the stanza error for an element that a stream has ignored, or nothing."""
        name = str(event.element.tag)
        if event.stanza is not None:
            quiet = event.stanza.type == "error" or event.stanza.is_reply
            if quiet or Deviation.EARLY_STANZA_ANSWERED not in self:
                return b""
            text = "you are not signed in yet, or have no resource"
            condition = "service-unavailable"
            return _unaddressed(event.data, event.stanza.to, "cancel", condition, text)
        if name in STANZA_KINDS and Deviation.FOREIGN_STANZA_TAKEN in self:
            data = rewrite(event.data, {"xmlns": None})
            text = f"<{name}> has no namespace"
            return _unaddressed(data, event.element.get("to"), "modify", "bad-request", text)
        return b""


class _AnyIdentity:
    """PLAIN without a look at the identity to act as."""

    def __init__(self, honest: ServerMechanism) -> None:
        self.name = honest.name
        self.username = ""
        self._honest = honest

    def receive(self, response: bytes) -> Reply:
        """Answer as the honest mechanism does to a response without that identity."""
        _, nul, rest = response.partition(b"\0")
        reply = self._honest.receive(nul + rest)
        self.username = self._honest.username
        return reply


def _unaddressed(
    data: bytes, sender: str | None, error_type: str, condition: str, text: str = ""
) -> bytes:
    """Return the stanza `data` as an error for somebody who has no address yet."""
    return rewrite(error_reply(data, sender, "", error_type, condition, text), {"to": None})


def _parsed(data: bytes) -> tuple[bytes, etree._Element, Stanza]:
    element = parse_element(data, Context.for_namespace(ns.CLIENT))
    stanza = stanza_of(element)
    assert stanza is not None, "it was one before"
    return data, element, stanza


def _known_show(found: re.Match[bytes]) -> bytes:
    known = found[0][len(b"<show>") : -len(b"</show>")].strip()
    return found[0] if known in (b"away", b"chat", b"dnd", b"xa") else b""


def _with_original(
    sender: Resource, deliveries: list[Delivery], routed: bytes, original: bytes
) -> list[Delivery]:
    """Return the deliveries with the words of the sender again where they were put right."""
    inside, meant = _content(routed), _content(original)
    sender.presence = sender.presence.replace(inside, meant)
    return [
        delivery._replace(data=delivery.data.replace(inside, meant))
        if _sent_by(sender, delivery.data)
        else delivery
        for delivery in deliveries
    ]


def _content(data: bytes) -> bytes:
    """Return what an element holds, with the end of its start tag and its end tag."""
    return data[data.index(b">") :]


def _sent_by(sender: Resource, data: bytes) -> bool:
    return stanza_of(_parsed(data)[1]) is not None and _parsed(data)[2].sender == str(sender.jid)


def _condition(data: bytes) -> str:
    """Return the condition of a stanza error, "" if it is none."""
    _, element, stanza = _parsed(data)
    error = element.find(f"{{{ns.CLIENT}}}error") if stanza.type == "error" else None
    return "" if error is None or not len(error) else str(error[0].tag).rpartition("}")[2]


def _is_empty_error(stanza: Stanza, element: etree._Element) -> bool:
    return stanza.type == "error" and element.find(f"{{{ns.CLIENT}}}error") is None


def _is_ping_to_user(stanza: Stanza) -> bool:
    if stanza.kind != "iq" or stanza.payload != _PING or stanza.to is None:
        return False
    try:
        to = JID.parse(stanza.to)
    except JIDError:
        return False
    return bool(to.local) and to.is_bare
