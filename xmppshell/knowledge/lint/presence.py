"""Rules of presence: being available, and subscriptions (RFC 6121 3 and 4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .message import check_languages
from .model import Rule, error, received, sent, warning
from .stanza import parsed
from .work import Work, divided, meant, short

if TYPE_CHECKING:
    from lxml import etree

TYPES: Final = (
    "error", "probe", "subscribe", "subscribed", "unavailable", "unsubscribe", "unsubscribed",
)  # fmt: skip
SUBSCRIPTIONS: Final = frozenset({"subscribe", "subscribed", "unsubscribe", "unsubscribed"})
SHOWS: Final = ("away", "chat", "dnd", "xa")
_INTEGER: Final = re.compile(r"[ \t\r\n]*[+-]?[0-9]{1,40}[ \t\r\n]*")
_LEAST, _MOST = -128, 127

TYPE = error(
    "presence-type",
    "presence has no type, or one of seven",
    "RFC 6121 4.7.1",
    "Being available has no type at all: the attribute is left out. Prosody answers `available` "
    "with bad-request; ejabberd takes it for no type.",
    (sent("<presence type='available'/>"), sent("<presence type='unavailble'/>")),
    (sent("<presence/>"), sent("<presence type='unavailable'/>")),
)
SHOW = error(
    "presence-show",
    "<show/> is away, chat, dnd or xa",
    "RFC 6121 4.7.2.1",
    "Being simply available has no <show/>; words of your own stand in <status/>. ejabberd refuses "
    "any other with bad-request, Prosody passes it on.",
    (
        sent("<presence><show>busy</show></presence>"),
        sent("<presence><show>online</show></presence>"),
    ),
    (sent("<presence><show>dnd</show><status>busy</status></presence>"),),
)
RANGE = error(
    "priority-range",
    "a priority is from -128 to 127",
    "RFC 6121 4.7.2.3",
    "Messages to a bare address go to the resource with the highest priority; below 0 a resource "
    "gets none of them. Prosody and ejabberd pass a number outside on without a word.",
    (sent("<presence><priority>200</priority></presence>"),),
    (
        sent("<presence><priority>127</priority></presence>"),
        sent("<presence><priority>-128</priority></presence>"),
    ),
)
INTEGER = error(
    "priority-not-a-number",
    "a priority is a whole number",
    "RFC 6121 4.7.2.3",
    "ejabberd answers bad-request to anything else; Prosody passes it on as it is.",
    (
        sent("<presence><priority>high</priority></presence>"),
        sent("<presence><priority/></presence>"),
        sent("<presence><priority>1.5</priority></presence>"),
    ),
    (sent("<presence><priority>0</priority></presence>"),),
)
REPEATED = error(
    "repeated-in-presence",
    "presence has one <show/> and one <priority/> at most",
    "RFC 6121 4.7.2",
    "Of two the receiver takes one, and nobody knows which.",
    (sent("<presence><priority>1</priority><priority>2</priority></presence>"),),
    (sent("<presence><show>away</show><priority>2</priority></presence>"),),
)
FULL = warning(
    "subscription-to-full-jid",
    "subscriptions are between accounts, so they go to bare addresses",
    "RFC 6121 3.1",
    "Servers cut the resource off before they deliver it; not all of them do, and then it is lost.",
    (sent("<presence type='subscribe' to='romeo@example.net/orchard'/>"),),
    (sent("<presence type='subscribe' to='romeo@example.net'/>"),),
)
NOBODY = warning(
    "subscription-without-to",
    "a subscription is to somebody",
    "RFC 6121 3.1",
    "Without `to` it concerns the own account, to which nobody has to subscribe.",
    (sent("<presence type='subscribe'/>"),),
    (sent("<presence type='subscribe' to='romeo@example.net'/>"),),
)
PROBE = warning(
    "client-probe",
    "probes are for servers to send",
    "RFC 6121 4.3",
    "The server asks for the presence of all contacts when a client comes online. A probe of a "
    "client is answered by some servers and dropped by others.",
    (sent("<presence type='probe' to='romeo@example.net'/>"),),
    (received("<presence type='probe' from='romeo@example.net' to='juliet@capulet.example'/>"),),
)

RULES: Final[tuple[Rule, ...]] = (TYPE, SHOW, RANGE, INTEGER, REPEATED, FULL, NOBODY, PROBE)


def check_presence(work: Work, presence: etree._Element) -> None:
    """Judge presence."""
    kind = work.value(presence, "type")
    if kind is not None and kind not in TYPES:
        cure = "leave it out: available is no type" if kind == "available" else meant(kind, TYPES)
        work.report(TYPE, f"{short(kind)} is no type of presence", cure, presence, "type")
    if work.setting.sent:
        _check_subscription(work, presence, kind)
    namespace = divided(str(presence.tag))[0]
    for name, check in (("show", _check_show), ("priority", _check_priority)):
        children = presence.findall(f"{{{namespace}}}{name}")
        for child in children:
            check(work, child)
        if len(children) > 1:
            work.report(REPEATED, f"there is a second <{name}/>", "leave one", children[1])
    check_languages(work, presence, f"{{{namespace}}}status")


def _check_subscription(work: Work, presence: etree._Element, kind: str | None) -> None:
    if kind == "probe" and not work.setting.component:
        cure = "your server has asked already; <presence/> asks again"
        work.report(PROBE, "a client has no need to probe", cure, presence, "type")
    if kind not in SUBSCRIPTIONS:
        return
    if presence.get("to") is None and work.has_all_attributes(presence):
        work.report(NOBODY, f"{kind} to whom?", "write the bare address in `to`", presence)
    to = parsed(work, presence, "to")
    if to is not None and to.is_full:
        what = f"{kind} goes to the bare address, and {short(str(to))} has a resource"
        work.report(FULL, what, f"write to='{to.bare}'", presence, "to")


def _check_show(work: Work, show: etree._Element) -> None:
    text = work.text_of(show)
    if text is None or text.strip() in SHOWS:
        return
    cure = "leave <show/> out" if text in ("online", "available", "") else meant(text, SHOWS)
    what = f"{short(text)} is no value of <show/>" if text else "<show/> is empty"
    work.report(SHOW, what, cure, show, inside=True)


def _check_priority(work: Work, priority: etree._Element) -> None:
    text = work.text_of(priority)
    if text is None:
        return
    if not _INTEGER.fullmatch(text):
        what = f"“{short(text)}” is no whole number" if text else "the priority is empty"
        cure = f"a number from {_LEAST} to {_MOST}"
        work.report(INTEGER, what, cure, priority, inside=True)
    elif not _LEAST <= int(text) <= _MOST:
        what = f"priority {short(text.strip())} is outside {_LEAST}..{_MOST}"
        work.report(RANGE, what, "", priority, inside=True)
