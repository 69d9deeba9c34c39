"""Attributes for a tag: those that are missing, required ones first."""

from __future__ import annotations

from collections.abc import Iterator

from ...protocol.xml.cursor import Place
from .offers import Offer
from .usual import attribute_rank
from .vocabulary import element_of

_NAMESPACE_MEANING = "says which namespace the element is of"


def attribute_offers(place: Place, rest: str) -> Iterator[Offer]:
    """Offer attributes in a start tag; `rest` is the text behind the cursor."""
    assert place.element is not None
    known = element_of(place.element.tag)
    there = place.element.attributes
    ending = "" if rest.lstrip().startswith("=") else "='"
    if known is None and "xmlns" not in there and "xmlns".startswith(place.word):
        yield Offer(f"xmlns{ending}", len(place.word), "xmlns", _NAMESPACE_MEANING)
    attributes = known.attributes.values() if known else ()
    for each in sorted(attributes, key=lambda a: (not a.required, attribute_rank(a.name))):
        if each.name.startswith(place.word) and each.name not in there:
            why = f"required: {each.why}" if each.required else each.why
            yield Offer(f"{each.name}{ending}", len(place.word), each.name, why.rstrip(": "))


def tag_end_offers(place: Place) -> Iterator[Offer]:
    """Offer the ends of a start tag right behind a value."""
    assert place.element is not None
    name = place.element.name
    yield Offer("/>", 0, "/>", f"<{name}> is empty")
    yield Offer(">", 0, ">", f"something follows in <{name}>")
