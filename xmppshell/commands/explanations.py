"""Records and drafts handed to the library, with what the shell knows around them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..knowledge.explain import (
    Circumstances,
    explain_element,
    explain_header,
    explain_part,
    explain_path,
)
from ..knowledge.explain_path import STANDS_FOR_OTHERS
from ..knowledge.explanation import Branch, Card, Remark
from ..protocol.events import (
    BrokenBytesSeen,
    Direction,
    ElementSeen,
    StreamEndSeen,
    StreamHeaderSeen,
    TextSeen,
)
from ..protocol.namespaces import DISCO_INFO
from ..protocol.xml import Completeness, Context, examine, parse_element
from ..protocol.xml.cursor import PlaceKind, place_at, plain
from ..transcript.redaction import REDACTED, redact
from .sasl_payloads import SaslPayloads
from .typed import context_of

if TYPE_CHECKING:
    from lxml import etree

    from ..feed import Record
    from ..protocol.sasl_explain import Field
    from ..protocol.xml.cursor import OpenTag, Place
    from ..session import Session
    from .log import Log

_INFO: Final = f"{{{DISCO_INFO}}}query"
_HIDDEN: Final = re.compile(re.escape(REDACTED))
_END_OF_NAME: Final = re.compile(r"[^\s<>/]*")


def explained_record(log: Log, record: Record, *, whole: bool = False) -> Branch:
    """Return what was on the wire in `record`, annotated; secrets are taken out."""
    event = record.event
    if isinstance(event, ElementSeen):
        around = Circumstances(
            received=event.direction is Direction.RECEIVED,
            request=_request(log, record),
            fields=_fields(log, record),
            presence=_presence(log, record),
            features=_features(log, record),
            whole=whole,
            unjudged=_HIDDEN,
        )
        return explain_element(_without_secrets(event), around)
    if isinstance(event, StreamHeaderSeen):
        return explain_header(event.header)
    if isinstance(event, StreamEndSeen):
        return explain_part("end")
    if isinstance(event, BrokenBytesSeen):
        problem = event.problem
        remarks = [Remark("wrong", problem.what)]
        remarks += [Remark("usually", problem.cause)] if problem.cause else []
        remarks += [Remark("try", problem.cure)] if problem.cure else []
        return replace(explain_part("broken"), remarks=tuple(remarks))
    return explain_part("text" if isinstance(event, TextSeen) else "whitespace")


def _without_secrets(event: ElementSeen) -> etree._Element:
    data = redact(event.data)
    if data == event.data:
        return event.element
    root = event.element.getparent()
    prefixes = root.nsmap if root is not None else event.element.nsmap
    return parse_element(data, Context(dict(prefixes)))


def _request(log: Log, record: Record) -> etree._Element | None:
    if record.answers is None:
        return None
    request = log.get(record.answers.request)
    event = None if request is None else request.event
    return _without_secrets(event) if isinstance(event, ElementSeen) else None


def _fields(log: Log, record: Record) -> tuple[Field, ...]:
    payloads = SaslPayloads()
    for earlier in log.records:
        if earlier.session == record.session:
            payloads.follow(earlier)
        if earlier is record:
            break
    return payloads.fields(record)


def _presence(log: Log, record: Record) -> str:
    """Return the type of the last presence from where an error comes from, as it was known."""
    event = record.event
    stanza = event.stanza if isinstance(event, ElementSeen) else None
    if stanza is None or stanza.type != "error":
        return ""
    for earlier in log.stanzas(Direction.RECEIVED, record.session):
        seen = earlier.event.stanza if isinstance(earlier.event, ElementSeen) else None
        if seen is None or seen.kind != "presence" or seen.sender != stanza.sender:
            continue
        if earlier.at <= record.at and seen.type in (None, "unavailable"):
            return seen.type or "available"
    return ""


def _features(log: Log, record: Record) -> frozenset[str] | None:
    """Return the features that who sent an error told of before, None if it did not."""
    event = record.event
    stanza = event.stanza if isinstance(event, ElementSeen) else None
    if stanza is None or stanza.type != "error":
        return None
    for earlier in log.stanzas(Direction.RECEIVED, record.session):
        told = earlier.event
        if earlier.at > record.at or not isinstance(told, ElementSeen) or told.stanza is None:
            continue
        if told.stanza.sender == stanza.sender and told.stanza.payload == _INFO:
            query = told.element[0]
            if told.stanza.type == "result" and not query.get("node"):
                found = query.iterfind(f"{{{DISCO_INFO}}}feature")
                return frozenset(feature.get("var", "") for feature in found)
    return None


def explained_draft(session: Session | None, text: str, position: int) -> tuple[Branch | Card, ...]:
    """Return what is being typed, annotated: a whole element, or else what the cursor is in.

    Nothing if there is no element.
    """
    context = context_of(session)
    whole = examine(text, context)
    place = place_at(text, position, context)
    outside = not place.path and place.kind is PlaceKind.CONTENT
    if outside and whole.completeness is Completeness.COMPLETE and whole.elements:
        element = parse_element(redact(whole.elements[-1]).encode(), context)
        return (explain_element(element, Circumstances(unjudged=STANDS_FOR_OTHERS)),)
    if place.kind is PlaceKind.TAG_NAME:
        end = _END_OF_NAME.match(text, position)
        position = position if end is None else end.end()
        place = place_at(f"{text[:position]} {text[position:]}", position + 1, context)
    tags = place.path
    if place.element is not None:
        tags = (*tags, _with_value(place.element, place, text[position:]))
    found = explain_path(tags)
    return tuple(explanation for explanation in found if explanation is not None)


def _with_value(tag: OpenTag, place: Place, after: str) -> OpenTag:
    """Return the tag with the attribute in whose value the cursor is; `after` is what follows."""
    if place.kind is not PlaceKind.ATTRIBUTE_VALUE:
        return tag
    rest = after.partition("<")[0].partition(place.quote)
    value = plain(place.word + (rest[0] if rest[1] else ""))
    return replace(tag, attributes={**tag.attributes, place.attribute: value})
