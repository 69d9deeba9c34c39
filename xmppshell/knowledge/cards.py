"""Cards: all that is known of one element, attribute, namespace, document, condition or word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..protocol.kinds import KIND_NAMES
from .catalogue import catalogue
from .explanation import Card, Part, Remark, Source
from .model import STREAM, Attribute, Element, Namespace, Values
from .nearness import listed
from .specifications import Specification, specifications, url_of

if TYPE_CHECKING:
    from ..protocol.errors import Condition
    from .glossary import Word

_FAMILIES = {
    "stanza": "stanza error condition",
    "stream": "stream error condition",
    "sasl": "SASL error condition",
    "scram": "error of SCRAM, which stands in `e=`",
}


def element_card(element: Element) -> Card:
    """Return what is known of an element."""
    attributes = element.attributes.values()
    parts = [
        Part("attributes", tuple((a.name, said_of_attribute(a)) for a in attributes)),
        *_values_parts(element),
        Part("text", tuple(_text_rows(element.text)) if element.text is not None else ()),
        Part("inside it", tuple(_children_rows(element))),
        Part("where it stands", tuple((place, "") for place in _places(element))),
        Part("what answers it", tuple((name, "") for name in _replies(element))),
    ]
    return Card(
        f"element of {element.namespace}",
        f"<{element.name}/>",
        element.why,
        Source(element.reference, element.url),
        tuple(part for part in parts if part.rows),
        tuple(_directions(element)),
    )


def attribute_card(element: Element, attribute: Attribute) -> Card:
    """Return what is known of an attribute of an element."""
    rows = tuple(value_rows(attribute.values))
    return Card(
        f"attribute of <{element.name} xmlns='{element.namespace}'/>",
        attribute.name,
        said_of_attribute(attribute),
        Source(element.reference, element.url),
        (Part("values", rows),) if rows else (),
    )


def value_card(element: Element, attribute: Attribute | None, value: str, values: Values) -> Card:
    """Return what a value of an attribute means, or of the text if `attribute` is None."""
    where = f"the attribute {attribute.name}" if attribute is not None else "the text"
    return Card(
        f"value of {where} of <{element.name} xmlns='{element.namespace}'/>",
        value,
        values.meanings.get(value) or element.why,
        Source(element.reference, element.url),
    )


def namespace_card(space: Namespace) -> Card:
    """Return what is known of a namespace, with its elements."""
    document = specifications().get(space.spec)
    remarks = []
    if not space.elements:
        remarks.append(Remark("unknown", "its elements are not described here"))
    return Card(
        "namespace",
        space.name,
        space.why or f"Belongs to {space.title or space.spec or 'no known document'}.",
        Source(space.spec, space.url),
        tuple(
            part
            for part in (
                Part("defined in", ((space.spec, document_line(document)),) if document else ()),
                Part("elements", tuple((f"<{e.name}/>", e.why) for e in space.elements.values())),
            )
            if part.rows
        ),
        tuple(remarks),
    )


def document_card(document: Specification) -> Card:
    """Return what is known of a RFC or a XEP, with the namespaces that it defines."""
    spaces = (catalogue().namespace(name) for name in catalogue().names_of(document.id))
    rows = tuple((s.name, s.title if s.title != document.title else "") for s in spaces if s)
    return Card(
        f"{document.kind}, {document.status}",
        document.id,
        f"{document.title}.",
        Source(document.id, document.url),
        (Part("namespaces", rows),) if rows else (),
    )


def condition_card(condition: Condition) -> Card:
    """Return what is known of an error condition."""
    spec, _, section = condition.reference.rpartition(" ")
    return Card(
        _FAMILIES[condition.family],
        condition.name,
        f"{condition.meaning[0].upper()}{condition.meaning[1:]}.",
        Source(condition.reference, url_of(spec, section)),
        remarks=(Remark("usually", condition.cause), Remark("try", condition.cure)),
    )


def word_card(word: Word) -> Card:
    """Return what is known of a word of the glossary."""
    remarks = (Remark("note", f"see {listed(word.see, 'and')}"),) if word.see else ()
    return Card(word.kind, word.word, word.why, word.source, remarks=remarks)


def document_line(document: Specification) -> str:
    """Return title and status of a document in a line."""
    return f"{document.title} ({document.status})"


# Parts of cards.


def said_of_attribute(attribute: Attribute) -> str:
    """Return what an attribute is for, and what can stand in it."""
    what = listed(attribute.values.one_of) or KIND_NAMES.get(attribute.values.kind, "")
    needed = "must be there" if attribute.required else ""
    facts = "; ".join(part for part in (what, needed) if part)
    return f"{attribute.why} ({facts})" if attribute.why else facts


def value_rows(values: Values) -> Iterator[tuple[str, str]]:
    """Give the values of a list with what they mean, or those that mean something."""
    for value in values.one_of or values.meanings:
        yield value, values.meanings.get(value, "")


def _values_parts(element: Element) -> Iterator[Part]:
    for attribute in element.attributes.values():
        if attribute.values.meanings:
            yield Part(f"values of {attribute.name}", tuple(value_rows(attribute.values)))


def _text_rows(values: Values) -> Iterator[tuple[str, str]]:
    rows = list(value_rows(values))
    yield from rows or [(KIND_NAMES.get(values.kind, values.kind), "")]


def _children_rows(element: Element) -> Iterator[tuple[str, str]]:
    """Give the children of the same namespace, and what else can stand there."""
    space = catalogue().namespace(element.namespace)
    inside = [e for e in space.elements.values() if element.tag in e.places] if space else []
    needed = set(element.needs)
    for child in inside:
        yield f"<{child.name}/>", child.why + (" Must be there." if child.tag in needed else "")
    for need in needed - {child.tag for child in inside}:
        namespace, _, name = need.removeprefix("{").rpartition("}")
        yield f"<{name} xmlns='{namespace}'/>", "Must be there."
    if element.open:
        yield "elements of other namespaces", ""


def _places(element: Element) -> Iterator[str]:
    for place in element.places:
        if place == STREAM:
            yield "directly on the stream"
            continue
        tag, _, kind = place.partition(" ")
        namespace, _, name = tag.removeprefix("{").rpartition("}")
        of = "" if namespace == element.namespace or kind else f" xmlns='{namespace}'"
        yield f"<{name} type='{kind}'>" if kind else f"<{name}{of}>"


def _replies(element: Element) -> Iterable[str]:
    for reply in element.replies:
        namespace, _, name = reply.removeprefix("{").rpartition("}")
        of = f" xmlns='{namespace}'" if namespace != element.namespace else ""
        yield f"<{name}{of}/>" if reply else "a result without payload"


def _directions(element: Element) -> Iterator[Remark]:
    if element.direction == "c2s":
        yield Remark("note", "sent by a client to its server")
    elif element.direction == "s2c":
        yield Remark("note", "sent by a server to its clients")
