"""What an open field stands for, as far as the catalogue tells."""

from __future__ import annotations

from ...protocol.xml import Context
from ...protocol.xml.cursor import PlaceKind, place_at
from ...templates.placeholders import OpenField
from .vocabulary import element_of


def meaning_of(text: str, field: OpenField, context: Context) -> str:
    """Return what is to be written for `field`, an open field of the XML `text`; "" if unknown."""
    place = place_at(text, field.start, context)
    if place.kind is PlaceKind.ATTRIBUTE_VALUE and place.element is not None:
        element = element_of(place.element.tag)
        attribute = element.attributes.get(place.attribute) if element else None
        return attribute.why if attribute else ""
    if place.kind in (PlaceKind.CONTENT, PlaceKind.TEXT) and place.path:
        element = element_of(place.path[-1].tag)
        return element.why.rstrip(".") if element and element.text is not None else ""
    return ""
