"""Rules that the catalogue makes: names, attributes, children and values of known namespaces."""

from __future__ import annotations

import difflib
import functools
import re
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.values import check
from ..catalogue import catalogue
from .model import Rule, error, received, sent, warning
from .stanza import check_address
from .work import (
    CONTENT,
    Work,
    divided,
    known_element,
    known_namespace,
    meant,
    near,
    short,
    stanza_kind,
    tag_shown,
)

if TYPE_CHECKING:
    from lxml import etree

    from ..model import Element, Values

_JIDS: Final = frozenset({"bare", "domain", "full", "jid"})
_JUDGED: Final = frozenset({"base64", "bool", "date", "hex", "int", "lang", "uint"})
"""Kinds of values of which it is certain what they look like, besides addresses."""
_CONDITIONS: Final = frozenset({ns.STANZA_ERRORS, ns.STREAM_ERRORS, ns.SASL})
"""Namespaces whose elements other rules judge."""

_NO_TEXTS: Final = CONTENT | {ns.SASL, ns.SASL2, ns.FAST}
"""Namespaces whose texts other rules judge, or are secrets that nobody should repeat."""

UNKNOWN_ELEMENT = warning(
    "unknown-element",
    "an element is one that its namespace has",
    "RFC 6120 8.4",
    "A receiver passes by what it does not know, or answers service-unavailable or bad-request. "
    "The catalogue knows the elements of this namespace, and this is none of them.",
    (
        sent("<iq type='get' id='1' to='localhost'><pnig xmlns='urn:xmpp:ping'/></iq>"),
        sent("<iq type='set' id='1'><query xmlns='jabber:iq:roster'>"
             "<item jid='a@example.net'/><itme/></query></iq>"),
    ),
    (sent("<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),),
)  # fmt: skip
UNKNOWN_NAMESPACE = warning(
    "misspelt-namespace",
    "a namespace is compared letter by letter",
    "RFC 6120 8.4",
    "It differs by a letter from one that is known. Receivers take it for an unknown one: they "
    "pass it by, or answer service-unavailable.",
    (sent("<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmp:ping'/></iq>"),),
    (sent("<iq type='get' id='1' to='localhost'><x xmlns='urn:example:mine'/></iq>"),),
)
ATTRIBUTE = warning(
    "misspelt-attribute",
    "an attribute that nobody knows is passed by",
    "RFC 6120 8.4",
    "It is much like an attribute that the element has and that is not there.",
    (sent("<presence tpye='unavailable'/>"),),
    (sent("<presence type='unavailable'/>"),),
)
MISSING_ATTRIBUTE = error(
    "missing-attribute",
    "an element has the attributes that it needs",
    "RFC 6120 8.4",
    "Receivers refuse an element without them, mostly with bad-request, or pass it by.",
    (sent("<a xmlns='urn:xmpp:sm:3'/>"),),
    (sent("<a xmlns='urn:xmpp:sm:3' h='1'/>"),),
)
MISSING_CHILD = error(
    "missing-child",
    "an element has the children that it needs",
    "RFC 6120 8.4",
    "Receivers refuse an element without them, mostly with bad-request, or pass it by.",
    (sent("<message to='a@b'><addresses xmlns='http://jabber.org/protocol/address'/></message>"),),
    (
        sent(
            "<message to='a@b'><addresses xmlns='http://jabber.org/protocol/address'>"
            "<address type='cc' jid='c@d'/></addresses></message>"
        ),
    ),
)
VALUE = warning(
    "unknown-value",
    "a value is one of those that the protocol knows",
    "RFC 6120 8.4",
    "Receivers refuse another, take it for the usual one, or pass the element by.",
    (
        sent(
            "<iq type='set' id='1'><query xmlns='jabber:iq:roster'>"
            "<item jid='a@example.net' subscription='removed'/></query></iq>"
        ),
    ),
    (
        sent(
            "<iq type='set' id='1'><query xmlns='jabber:iq:roster'>"
            "<item jid='a@example.net' subscription='remove'/></query></iq>"
        ),
    ),
)
BAD_VALUE = warning(
    "bad-value",
    "a value has the form that it needs",
    "RFC 6120 8.4",
    "A number, a date, a truth value or an address of another form cannot be read. Receivers "
    "refuse it with bad-request, or pass the element by.",
    (
        sent("<enable xmlns='urn:xmpp:sm:3' max='soon'/>"),
        received("<message from='a@b'><delay xmlns='urn:xmpp:delay' stamp='yesterday'/></message>"),
    ),
    (
        sent("<enable xmlns='urn:xmpp:sm:3' max='300'/>"),
        received(
            "<message from='a@b'><delay xmlns='urn:xmpp:delay' stamp='2026-02-14T18:30:00Z'/>"
            "</message>"
        ),
    ),
)
IQ_TYPE = warning(
    "other-iq-type",
    "a payload belongs to get or to set",
    "RFC 6120 8.2.3",
    "A get asks and changes nothing, a set changes something. Servers refuse the wrong one with "
    "bad-request, feature-not-implemented or service-unavailable.",
    (sent("<iq type='set' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),),
    (sent("<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),),
)

RULES: Final[tuple[Rule, ...]] = (
    UNKNOWN_ELEMENT, UNKNOWN_NAMESPACE, ATTRIBUTE, MISSING_ATTRIBUTE, MISSING_CHILD, VALUE,
    BAD_VALUE, IQ_TYPE,
)  # fmt: skip


def check_element(work: Work, element: etree._Element, tag: str) -> None:
    """Judge one element by what the catalogue has of it."""
    known = known_element(tag)
    if known is None:
        _report_unknown(work, element, tag)
        return
    if element.attrib or known.attributes:
        _check_attributes(work, element, known)
    if known.needs and work.is_complete(element):
        for need in known.needs:
            if element.find(need) is None:
                name = divided(need)[1]
                what = f"{tag_shown(element)} needs <{name}/>"
                work.report(MISSING_CHILD, what, "", element, reference=known.reference)
    if known.text is not None and known.namespace not in _NO_TEXTS:
        _check_text(work, element, known)


def check_iq_payload(work: Work, iq: etree._Element) -> None:
    """Judge whether the payload of a request is for this type of iq."""
    kind = iq.get("type")
    if kind not in ("get", "set") or len(iq) != 1 or not work.setting.sent:
        return
    known = known_element(str(iq[0].tag))
    types = [place.rpartition(" ")[2] for place in known.places if "}iq " in place] if known else []
    requests = [other for other in types if other in ("get", "set")]
    if known is not None and requests and kind not in requests:
        what = f"{tag_shown(iq[0])} stands in an iq of type {requests[0]}"
        cure = f"type='{requests[0]}'"
        work.report(IQ_TYPE, what, cure, iq, "type", reference=known.reference)


# Names.


def _report_unknown(work: Work, element: etree._Element, tag: str) -> None:
    namespace, name = divided(tag)
    judged = namespace in _CONDITIONS or namespace in CONTENT or _is_top(element)
    if judged or not work.has_all_attributes(element) or work.is_blank_name(name):
        return
    described = known_namespace(namespace)
    if described is None:
        _report_namespace(work, element, namespace)
    elif described.elements:
        near_by = near(name, described.elements)
        what = f"{namespace} has no element <{short(name)}/>"
        cure = f"did you mean <{near_by}/>?" if near_by else ""
        work.report(UNKNOWN_ELEMENT, what, cure, element, reference=described.spec)


def _is_top(element: etree._Element) -> bool:
    parent = element.getparent()
    return parent is None or parent.getparent() is None


def _report_namespace(work: Work, element: etree._Element, namespace: str) -> None:
    parent = element.getparent()
    inherited = parent is not None and divided(str(parent.tag))[0] == namespace
    if inherited or not work.setting.sent or work.is_blank(namespace):
        return
    known = _near_namespace(namespace)
    if known:
        what = f"{short(namespace)} is no namespace that is known"
        work.report(UNKNOWN_NAMESPACE, what, f"did you mean {known}?", element, "xmlns")


@functools.lru_cache(maxsize=256)
def _near_namespace(name: str) -> str:
    """Return a known namespace that differs from `name` by a letter or two, but not by version."""
    candidates = [known for known in catalogue().known_names() if abs(len(known) - len(name)) <= 2]
    found = difflib.get_close_matches(name, candidates, n=1, cutoff=0.9)
    if not found or re.sub(r"\d", "", found[0]) == re.sub(r"\d", "", name):
        return ""
    return found[0]


# Attributes and texts.


def _check_attributes(work: Work, element: etree._Element, known: Element) -> None:
    own = stanza_kind(element) if known.namespace in CONTENT else ""
    for name, value in element.items():
        attribute = known.attributes.get(str(name))
        if attribute is None:
            _check_name(work, element, known, str(name))
        elif known.namespace not in CONTENT and not work.is_blank(str(value)):
            _check_value(work, element, known, attribute.values, str(value), str(name))
    if own or known.namespace in CONTENT:
        return
    if work.has_all_attributes(element):
        for attribute in known.attributes.values():
            if attribute.required and element.get(attribute.name) is None:
                what = f"{tag_shown(element)} needs the attribute {attribute.name}"
                work.report(MISSING_ATTRIBUTE, what, "", element, reference=known.reference)


def _check_name(work: Work, element: etree._Element, known: Element, name: str) -> None:
    if name.startswith("{") or (known.open and not known.attributes):
        return
    missing = [other for other in known.attributes if element.get(other) is None]
    found = near(name, missing) if len(name) > 2 else ""
    same = sorted(found) == sorted(name) or found.casefold() == name.casefold()
    close = difflib.SequenceMatcher(None, name, found).ratio() > 0.85 if found else False
    if found and (same or close):
        what = f"{tag_shown(element)} has no attribute {short(name)}"
        work.report(ATTRIBUTE, what, f"did you mean {found}?", element, name)


def _check_value(
    work: Work, element: etree._Element, known: Element, values: Values, value: str, name: str
) -> None:
    """Judge the value of the attribute `name`."""
    if values.kind in _JIDS and value:
        check_address(work, element, name)
        return
    what, cure, rule = _fault(values, value)
    if rule is not None:
        work.report(rule, f"{name}: {what}", cure, element, name, reference=known.reference)


def _check_text(work: Work, element: etree._Element, known: Element) -> None:
    text = work.text_of(element)
    if not text or not text.strip() or known.text is None:
        return
    what, cure, rule = _fault(known.text, text)
    if rule is not None:
        said = f"{tag_shown(element)}: {what}"
        work.report(rule, said, cure, element, inside=True, reference=known.reference)


def _fault(values: Values, value: str) -> tuple[str, str, Rule | None]:
    """Return what is wrong with a value, what to write instead, and the rule; or no rule."""
    if values.one_of:
        if value.strip() in values.one_of:
            return "", "", None
        return f"{short(value)} is no value of it", meant(value, values.one_of), VALUE
    problem = check(values.kind, value) if values.kind in _JUDGED else None
    if problem is None:
        return "", "", None
    return problem.what, problem.cure, BAD_VALUE
