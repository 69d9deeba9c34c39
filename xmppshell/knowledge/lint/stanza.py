"""Rules that hold for every stanza: addresses, errors, and what it carries (RFC 6120 8)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.conditions import LEGACY_CONDITIONS, STANZA_CONDITIONS, STREAM_CONDITIONS
from ...protocol.jid import JID, JIDError
from ...protocol.problem import Problem
from ..catalogue import catalogue
from ..nearness import listed
from .model import Rule, error, received, sent, warning
from .work import CONTENT, Work, divided, meant, near, out_of_use, short

if TYPE_CHECKING:
    from lxml import etree

_ME: Final = JID("juliet", "capulet.example", "balcony")
_STANZAS: Final = "urn:ietf:params:xml:ns:xmpp-stanzas"
ERROR_TYPES: Final = ("auth", "cancel", "continue", "modify", "wait")
OWN_CHILDREN: Final = {
    "message": ("body", "subject", "thread", "error"),
    "presence": ("show", "status", "priority", "error"),
    "iq": ("error",),
}
"""What needs no namespace of its own in each stanza."""


def _error(inside: str, kind: str = "message") -> str:
    child = "<ping xmlns='urn:xmpp:ping'/>" if kind == "iq" else ""
    return f"<{kind} type='error' id='1' to='romeo@example.net'>{child}{inside}</{kind}>"


_UNAVAILABLE: Final = f"<error type='cancel'><service-unavailable xmlns='{_STANZAS}'/></error>"

FOREIGN_FROM = error(
    "foreign-from",
    "a client sends in its own name only",
    "RFC 6120 8.1.2",
    "Nobody can send as somebody else. ejabberd closes the stream with invalid-from, even for "
    "another resource of the same account; Prosody puts the right address in and says nothing.",
    (
        sent("<message from='nurse@capulet.example' to='romeo@example.net'/>", me=_ME),
        sent("<message from='juliet@capulet.example/phone' to='romeo@example.net'/>", me=_ME),
        sent(
            "<message xmlns='jabber:component:accept' from='romeo@example.net'"
            " to='juliet@capulet.example'/>",
            me=JID("", "echo.example", ""),
            component=True,
        ),
    ),
    (
        sent("<message to='romeo@example.net'/>", me=_ME),
        received("<message from='nurse@capulet.example' to='juliet@capulet.example'/>", me=_ME),
    ),
)
FROM = warning(
    "needless-from",
    "a client leaves `from` out",
    "RFC 6120 8.1.2",
    "The server adds the full address of the client in any case. Typed by hand it can only be "
    "wrong.",
    (sent("<message from='juliet@capulet.example/balcony' to='romeo@example.net'/>", me=_ME),),
    (sent("<message to='romeo@example.net'/>", me=_ME),),
)
COMPONENT_FROM = error(
    "component-without-from",
    "a component says who each stanza is from",
    "XEP-0114",
    "A component speaks for every address of its domain, so the server adds no `from`. Without one "
    "it closes the stream or drops the stanza.",
    (sent("<message xmlns='jabber:component:accept' to='romeo@example.net'/>", component=True),),
    (
        sent(
            "<message xmlns='jabber:component:accept' from='bot@echo.example'"
            " to='romeo@example.net'/>",
            component=True,
            me=JID("", "echo.example", ""),
        ),
    ),
)
MALFORMED = error(
    "malformed-jid",
    "an address has the form local@domain/resource",
    "RFC 7622 3",
    "Each part has at most 1023 bytes and its own forbidden characters. Prosody answers "
    "jid-malformed, ejabberd bad-request; what comes in such a payload is refused or lost.",
    (
        sent("<message to='@localhost'/>"),
        sent("<message to='a b@localhost'/>"),
        sent(f"<message to='{'x' * 1024}@localhost'/>"),
        sent(
            "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='a@b@c'/></query></iq>"
        ),
    ),
    (
        sent("<message to='romeo@example.net/orchard'/>"),
        sent("<message to='example.net'/>"),
        sent("<message to='$from'/>", blanks=True),
    ),
)
NORMALISE = warning(
    "jid-not-normalised",
    "the domain and the local part of an address are in lower case",
    "RFC 7622 3",
    "Servers put an address into its normal form before they compare it, and answer with that "
    "form. The resource is compared letter by letter.",
    (sent("<message to='Romeo@Example.NET/Orchard'/>"),),
    (sent("<message to='romeo@example.net/Orchard'/>"),),
)
NO_NAMESPACE = error(
    "payload-without-namespace",
    "a payload has a namespace of its own",
    "RFC 6120 8.4",
    "Without xmlns it is in the namespace of the stanza, where nobody looks for it: servers and "
    "clients pass it by, or answer service-unavailable.",
    (
        sent("<iq type='get' id='1' to='localhost'><ping/></iq>"),
        sent("<message to='romeo@example.net'><boby>hi</boby></message>"),
        sent("<presence><prioritty>1</prioritty></presence>"),
    ),
    (
        sent("<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),
        sent("<message type='chat' to='romeo@example.net'><body>hi</body></message>"),
        sent("<presence><priority>1</priority></presence>"),
    ),
)
TYPE_OF_ERROR = error(
    "error-type",
    "the type of an error is one of five",
    "RFC 6120 8.3.2",
    "auth, cancel, continue, modify or wait: it tells what the sender can do about it.",
    (
        sent(_error(f"<error type='fatal'><conflict xmlns='{_STANZAS}'/></error>")),
        sent(_error(f"<error><conflict xmlns='{_STANZAS}'/></error>")),
    ),
    (sent(_error(_UNAVAILABLE)), sent(_error(_UNAVAILABLE, "iq"))),
)
CONDITION = error(
    "error-condition",
    "an error has exactly one defined condition",
    "RFC 6120 8.3.2",
    "The first child says what happened, by one of 22 names in the namespace "
    "urn:ietf:params:xml:ns:xmpp-stanzas; details of an application may follow in its own.",
    (
        sent(_error("<error type='cancel'/>")),
        sent(_error(f"<error type='cancel'><unavailable xmlns='{_STANZAS}'/></error>")),
        sent(
            _error(
                f"<error type='cancel'><conflict xmlns='{_STANZAS}'/>"
                f"<forbidden xmlns='{_STANZAS}'/></error>"
            )
        ),
    ),
    (
        sent(
            _error(
                f"<error type='cancel'><conflict xmlns='{_STANZAS}'/>"
                f"<text xmlns='{_STANZAS}'>taken</text><why xmlns='urn:example:why'/></error>"
            )
        ),
    ),
)
OLD_CONDITION = warning(
    "old-condition",
    "a condition of RFC 3920 has another name today",
    "RFC 6120 8.3.3",
    "payment-required is gone without a successor, xml-not-well-formed is now not-well-formed, and "
    "invalid-id of server dialback is gone. Receivers still understand them.",
    (
        sent(_error(f"<error type='auth'><payment-required xmlns='{_STANZAS}'/></error>")),
        received(
            f"<stream:error><xml-not-well-formed xmlns='{ns.STREAM_ERRORS}'/></stream:error>"
        ),
    ),
    (
        received(f"<stream:error><not-well-formed xmlns='{ns.STREAM_ERRORS}'/></stream:error>"),
    ),
)  # fmt: skip
STREAM_CONDITION = error(
    "stream-error-condition",
    "a stream error has exactly one defined condition",
    "RFC 6120 4.9.2",
    "One of 25 names in the namespace urn:ietf:params:xml:ns:xmpp-streams says why the stream "
    "ends.",
    (
        received("<stream:error/>"),
        received(f"<stream:error><oops xmlns='{ns.STREAM_ERRORS}'/></stream:error>"),
    ),
    (
        received(
            f"<stream:error><conflict xmlns='{ns.STREAM_ERRORS}'/>"
            f"<text xmlns='{ns.STREAM_ERRORS}'>replaced</text></stream:error>"
        ),
    ),
)
NO_ERROR = error(
    "error-without-error",
    "a stanza of type error says what went wrong",
    "RFC 6120 8.3.1",
    "Without an <error/> inside the receiver learns that something failed, and not what. Prosody "
    "drops such an iq; ejabberd passes it on.",
    (sent("<iq type='error' id='1' to='romeo@example.net'/>"), sent("<message type='error'/>")),
    (sent(_error(_UNAVAILABLE, "iq")),),
)
STRAY_ERROR = error(
    "error-in-another-type",
    "an <error/> stands only in a stanza of type error",
    "RFC 6120 8.3.1",
    "Receivers look for it only there, and take the stanza for an ordinary one.",
    (sent(f"<message type='chat' to='romeo@example.net'>{_UNAVAILABLE}</message>"),),
    (sent(_error(_UNAVAILABLE)),),
)

RULES: Final[tuple[Rule, ...]] = (
    FOREIGN_FROM, FROM, COMPONENT_FROM, MALFORMED, NORMALISE, NO_NAMESPACE, TYPE_OF_ERROR,
    CONDITION, OLD_CONDITION, STREAM_CONDITION, NO_ERROR, STRAY_ERROR,
)  # fmt: skip


def check_stanza(work: Work, stanza: etree._Element, kind: str) -> None:
    """Judge what all stanzas have in common; `kind` is "iq", "message" or "presence"."""
    for attribute in ("to", "from"):
        check_address(work, stanza, attribute)
    if work.setting.sent:
        _check_sender(work, stanza)
    for child in stanza:
        namespace, name = divided(str(child.tag))
        if namespace in CONTENT and name not in OWN_CHILDREN[kind]:
            _report_no_namespace(work, stanza, child, kind)
    check_error(work, stanza)


def check_address(work: Work, element: etree._Element, attribute: str) -> None:
    """Judge an attribute that is an address, if it is there."""
    value = work.value(element, attribute)
    if value is None:
        return
    jid, problem = _judged(value)
    if problem is not None:
        work.report(
            MALFORMED, problem.what, problem.cure, element, attribute, reference=problem.reference
        )
    elif str(jid) != value:
        work.report(NORMALISE, f"{short(value)} is {jid}", f"write {jid}", element, attribute)


def parsed(work: Work, element: etree._Element, attribute: str) -> JID | None:
    """Return the address that an attribute is; None if it is none, or cannot be judged yet."""
    value = work.value(element, attribute)
    return None if value is None else _judged(value)[0]


@functools.lru_cache(maxsize=1024)
def _judged(text: str) -> tuple[JID | None, Problem | None]:
    """Return the address that `text` is, or what is wrong with it."""
    try:
        return JID.parse(text), None
    except JIDError as fault:
        return None, fault.problem


# Who sends it.


def _check_sender(work: Work, stanza: etree._Element) -> None:
    setting = work.setting
    if stanza.get("from") is None:
        if setting.component and work.has_all_attributes(stanza):
            what = "a component's stanza has no `from`"
            work.report(COMPONENT_FROM, what, "write an address of the component", stanza)
        return
    sender, me = parsed(work, stanza, "from"), setting.me
    if sender is not None and me is not None:
        own = sender.domain == me.domain if setting.component else sender in (me, me.bare)
        if not own:
            cure = f"an address at {me.domain}" if setting.component else "leave it out"
            work.report(FOREIGN_FROM, f"{sender} is not {me}", cure, stanza, "from")
            return
    if not setting.component:
        work.report(FROM, "the server adds `from` by itself", "leave it out", stanza, "from")


# What it carries.


def _report_no_namespace(
    work: Work, stanza: etree._Element, child: etree._Element, kind: str
) -> None:
    if not work.has_all_attributes(child):
        return
    name = divided(str(child.tag))[1]
    if work.is_blank_name(name):
        return
    fitting, others = _namespaces_with(name, f"{kind} {stanza.get('type')}")
    own = near(name, OWN_CHILDREN[kind])
    if fitting or (others and not own):
        known = fitting or others
        cure = f"add xmlns='{known[0]}'"
        cure += f", or perhaps {listed(known[1:4])}" if len(known) > 1 else ""
    else:
        cure = f"did you mean <{own}/>?" if own else "say its namespace with xmlns"
    work.report(NO_NAMESPACE, f"<{short(name)}/> has no namespace of its own", cure, child)


def _namespaces_with(name: str, stanza: str) -> tuple[list[str], list[str]]:
    """Return the namespaces with an element `name` that can stand in `stanza`, and the others.

    `stanza` is its kind and its type, such as `iq get`.
    """
    places = {f"{{{ns.CLIENT}}}{stanza}", f"{{{ns.CLIENT}}}{stanza.partition(' ')[0]}"}
    fitting: dict[str, None] = {}
    others: dict[str, None] = {}
    for element in catalogue().elements_named(name):
        if element.namespace not in CONTENT:
            (others if places.isdisjoint(element.places) else fitting)[element.namespace] = None
    return sorted(fitting, key=_rank), sorted(others, key=_rank)


_USUAL: Final = (
    ns.DISCO_INFO, ns.DISCO_ITEMS, ns.ROSTER, ns.VERSION, ns.DATA_FORM,
    "http://jabber.org/protocol/muc", "http://jabber.org/protocol/pubsub", "urn:xmpp:mam:2",
)  # fmt: skip
"""Namespaces that are meant more often than others."""


def _rank(namespace: str) -> int:
    """Return how late a namespace is to be named: what is out of use comes last."""
    if namespace in _USUAL:
        return _USUAL.index(namespace)
    return len(_USUAL) + out_of_use(namespace)


# Errors.


def check_error(work: Work, stanza: etree._Element) -> None:
    """Judge whether a stanza has the error that it should have, and how that is written."""
    namespace = divided(str(stanza.tag))[0]
    found = stanza.find(f"{{{namespace}}}error")
    of_type_error = stanza.get("type") == "error"
    if found is None:
        if of_type_error and work.is_complete(stanza):
            cure = "put <error type='cancel'> with a condition into it"
            work.report(NO_ERROR, "there is no <error/> in a stanza of type error", cure, stanza)
        return
    if not of_type_error:
        if work.value(stanza, "type") is not None or stanza.get("type") is None:
            work.report(STRAY_ERROR, "the stanza is not of type error", "type='error'", found)
        return
    kind = work.value(found, "type")
    if kind not in ERROR_TYPES and work.has_all_attributes(found):
        if kind is not None:
            what = f"{short(kind)} is no type of error"
            work.report(TYPE_OF_ERROR, what, meant(kind, ERROR_TYPES), found, "type")
        elif found.get("type") is None:
            what = "the error has no type"
            work.report(TYPE_OF_ERROR, what, f"one of {', '.join(ERROR_TYPES)}", found)
    _check_condition(work, found, ns.STANZA_ERRORS, "stanza")


def check_stream_error(work: Work, element: etree._Element) -> None:
    """Judge the condition of a stream error."""
    _check_condition(work, element, ns.STREAM_ERRORS, "stream")


def _check_condition(work: Work, found: etree._Element, namespace: str, family: str) -> None:
    rule = CONDITION if family == "stanza" else STREAM_CONDITION
    defined = STANZA_CONDITIONS if family == "stanza" else STREAM_CONDITIONS
    children = [child for child in found if divided(str(child.tag))[0] == namespace]
    conditions = [child for child in children if divided(str(child.tag))[1] != "text"]
    if not conditions:
        if work.is_complete(found):
            what = f"the error has no condition of {namespace}"
            work.report(rule, what, "undefined-condition if no other fits", found)
        return
    if len(conditions) > 1:
        work.report(rule, "the error has more than one condition", "leave one", conditions[1])
    name = divided(str(conditions[0].tag))[1]
    if (family, name) in LEGACY_CONDITIONS:
        new = _NEW_NAMES.get(name)
        what = f"{name} is of RFC 3920"
        cure = f"it is called {new} today" if new else "RFC 6120 has no such condition any more"
        work.report(OLD_CONDITION, what, cure, conditions[0])
    elif name not in defined and not work.is_blank_name(name):
        what = f"{short(name)} is no defined condition"
        work.report(rule, what, meant(name, defined), conditions[0])


_NEW_NAMES: Final = {"xml-not-well-formed": "not-well-formed"}
