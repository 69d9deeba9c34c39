"""Elements for a place: what the catalogue allows there, most wanted first, and the end tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...knowledge.model import Element
from ...protocol.namespaces import CLIENT
from ...protocol.stanza import STANZA_KINDS
from ...protocol.xml.cursor import OpenTag, Place
from .offers import Offer
from .skeletons import qualified, skeleton
from .surroundings import Surroundings, stanza_path
from .usual import USUAL_ELEMENTS
from .vocabulary import allowed_in, element_of, is_past, title_of, usual_tag

MUC: Final = "http://jabber.org/protocol/muc"

_LEAST_FOR_A_SEARCH = 2
_NEW_ELEMENT_FITS = re.compile(r"\s*(?:<|\Z)")


def element_offers(place: Place, rest: str, around: Surroundings) -> Iterator[Offer]:
    """Offer elements after `<`, and the end tag; `rest` is the text behind the cursor.

    Those whose names begin with the word come; if there are none, those whose namespace or its
    title has the word in it.
    """
    elements = _found(place, ranked(place, around))
    closing = list(_closing(place))
    finished = bool(closing) and _is_finished(place.path[-1], elements)
    if finished:
        yield from closing
    whole = _NEW_ELEMENT_FITS.match(rest) is not None
    for element in elements:
        name, declaration = qualified(element, place.prefixes)
        text = skeleton(element, place.prefixes) if whole else name
        yield Offer(text, len(place.word), name, _meaning(element, bool(declaration)))
    if not finished:
        yield from closing


def end_tag_offers(place: Place) -> Iterator[Offer]:
    """Offer the name of the innermost open element after `</`."""
    if place.path and place.path[-1].name.startswith(place.word):
        name = place.path[-1].name
        yield Offer(f"{name}>", len(place.word), f"{name}>")


def ranked(place: Place, around: Surroundings) -> list[Element]:
    """Return the elements that the catalogue allows at `place`, most wanted first.

    That is: what can be sent, what is not there yet, what the parent requires, what the addressee
    announced, what is usual, what was seen on the stream, and what is still in force.
    """
    parent = place.path[-1] if stanza_path(place.path) else None
    needed = _needs(parent) if parent else ()
    there = {usual_tag(tag) for tag in parent.children} if parent else set()
    announced = around.announced(place) | (dict.fromkeys([MUC]) if _may_join(parent) else {})
    seen = set(around.namespaces)

    def rank(element: Element) -> tuple[bool, bool, bool, bool, bool, int, bool]:
        return (
            element.direction == "s2c",
            element.tag in there,
            element.tag not in needed,
            is_past(element.spec),
            element.namespace not in announced,
            USUAL_ELEMENTS.get(usual_tag(element.tag), len(USUAL_ELEMENTS) * 100),
            element.namespace not in seen,
        )

    return sorted(allowed_in(place.path, place.prefixes.get(None, "")), key=rank)


def _found(place: Place, elements: list[Element]) -> list[Element]:
    """Return those of `elements` that the word at the cursor can mean."""
    word = place.word
    found = [e for e in elements if qualified(e, place.prefixes)[0].startswith(word)]
    if found or len(word) < _LEAST_FOR_A_SEARCH:
        return found
    wanted = word.casefold()
    return [e for e in elements if wanted in f"{e.namespace} {title_of(e.namespace)}".casefold()]


def _closing(place: Place) -> Iterator[Offer]:
    """Offer the end tag where nothing of a name is typed yet."""
    if place.path and not place.word:
        name = place.path[-1].name
        yield Offer(f"/{name}>", 0, f"/{name}>", "ends the element")


def _is_finished(parent: OpenTag, elements: list[Element]) -> bool:
    """Say whether nothing is missing in `parent`, which may then be closed."""
    there = {usual_tag(tag) for tag in parent.children}
    if any(need not in there for need in _needs(parent)):
        return False
    return bool(there) or not elements


def _may_join(parent: OpenTag | None) -> bool:
    """Say whether this is presence to a full JID without a type, most likely a room to enter."""
    if parent is None or parent.name != "presence" or "type" in parent.attributes:
        return False
    return "/" in parent.attributes.get("to", "")


def _needs(parent: OpenTag) -> tuple[str, ...]:
    """Return the Clark names of what must stand in `parent`; a stanza error is one by its type."""
    if parent.attributes.get("type") == "error" and parent.name in STANZA_KINDS:
        return (f"{{{CLIENT}}}error",)
    known = element_of(parent.tag)
    return known.needs if known else ()


def _meaning(element: Element, names_itself: bool) -> str:
    """Return what to say of an element beside its name: what its namespace is called, and why."""
    title = title_of(element.namespace) if names_itself else ""
    return f"{title}: {element.why}" if title else element.why
