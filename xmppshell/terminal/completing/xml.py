"""What fits at the cursor in XML, by the kind of place that it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...protocol.xml.cursor import Place, PlaceKind, place_at
from .attributes import attribute_offers, tag_end_offers
from .elements import element_offers, end_tag_offers
from .offers import Offer
from .surroundings import Surroundings
from .values import text_offers, value_offers

_VARIABLE_START = re.compile(r"(?<!\$)\$([a-z]*)\Z")
_LONGEST_VARIABLE = 64


def xml_offers(
    text: str, position: int, around: Surroundings, *, asked: bool = True
) -> Iterator[Offer]:
    """Offer what fits at `position` (characters from 0) in `text`, which is XML being typed.

    With `asked` false nobody asked for it, so only what does not disturb is offered.
    """
    before = text[max(0, position - _LONGEST_VARIABLE) : position]
    variable = _VARIABLE_START.search(before)
    if variable is not None:
        yield from _variables(variable[1], around)
        return
    yield from _offers(place_at(text, position, around.context), text[position:], around, asked)


def _offers(place: Place, rest: str, around: Surroundings, asked: bool) -> Iterator[Offer]:
    match place.kind:
        case PlaceKind.TAG_NAME:
            yield from element_offers(place, rest, around)
        case PlaceKind.END_TAG:
            yield from end_tag_offers(place)
        case PlaceKind.ATTRIBUTE_NAME:
            yield from attribute_offers(place, rest)
        case PlaceKind.ATTRIBUTE_VALUE:
            yield from value_offers(place, rest, around)
        case PlaceKind.CONTENT | PlaceKind.TEXT:
            yield from text_offers(place, around)
        case PlaceKind.AFTER_VALUE:
            if asked and not rest.strip():
                yield from tag_end_offers(place)
        case PlaceKind.ELSEWHERE:
            pass


def _variables(word: str, around: Surroundings) -> Iterator[Offer]:
    for name, value in around.variables().items():
        if name.startswith(word):
            yield Offer(f"${name}", len(word) + 1, f"${name}", value)
