"""Words explained: whatever a person may have seen on a stream or in a document, looked up.

A term is an element (`ping`, `{urn:xmpp:ping}ping`, `urn:xmpp:ping ping`, `stream:features`, `sm
enable`), an attribute (`message@type`) or a value of one (`message type=chat`, `groupchat`), a
namespace or the end of one, a condition, a word of the glossary, a document by number (`xep 198`)
or words of titles.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ..protocol import namespaces as ns
from ..protocol.errors import (
    SASL_CONDITIONS,
    STANZA_CONDITIONS,
    STREAM_CONDITIONS,
    condition,
)
from . import cards
from .catalogue import STANZA_NAMESPACES, catalogue
from .explain_value import NOTIFY, explain_feature, has_words
from .explanation import Answer, Card
from .glossary import glossary
from .model import Attribute, Element, Namespace, Values
from .nearness import near, near_namespaces
from .specifications import search, specification, specifications

MOST: Final = 40
"""So many meanings of one term are given."""

RELATED: Final = 6
"""So many documents are named whose titles have the term in them."""

SHORTEST: Final = 2
"""Shorter parts of names are not looked for."""

_CONDITIONS: Final = frozenset({ns.STANZA_ERRORS, ns.STREAM_ERRORS, ns.SASL})

_PREFIXES: Final = {"stream": ns.STREAM, "streams": ns.STREAM, "xmpp": ns.CLIENT}
_NUMBERED: Final = re.compile(r"(?:xep|rfc)\W*\d+", re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d+")
_STATUS: Final = re.compile(r"(?:status|code|status code)\W+(\d+)", re.IGNORECASE)
_WITH_ATTRIBUTE: Final = re.compile(
    r"(?P<element>[^@]+?)@(?P<attribute>[\w:.-]+)(?:\s*=\s*['\"]?(?P<value>[^'\"]*)['\"]?)?"
)
_ASSIGNED: Final = re.compile(
    r"(?P<element>\S+) (?P<attribute>[\w:.-]+)\s*=\s*['\"]?(?P<value>[^'\"]*)['\"]?"
)
_VERSION: Final = re.compile(r"[:#]\d+$|/\d+$")


def explain_term(text: str) -> Answer:
    """Return all that `text` can mean; for what is unknown, names that are written much like it."""
    term = " ".join(text.split())
    if not term:
        return Answer("", ())
    found = _all(_EXACT, term) or _all(_SEARCHES, term)
    if not found:
        return Answer(term, (), near=_near(term))
    said = {card.source.reference.partition(" ")[0] for card in found} | {c.name for c in found}
    related = [d for d in search(term) if d.id not in said]
    return Answer(
        term,
        tuple(found[:MOST]),
        tuple((d.id, cards.document_line(d)) for d in related[:RELATED]),
    )


def _all(readers: Iterable[Callable[[str], Iterator[Card]]], term: str) -> list[Card]:
    return list(dict.fromkeys(card for reader in readers for card in reader(term)))


# Exact terms.


def _numbered_documents(term: str) -> Iterator[Card]:
    if _NUMBERED.fullmatch(term):
        found = specification(re.sub(r"\W+", "", term))
        if found is not None:
            yield cards.document_card(found)


def _conditions(term: str) -> Iterator[Card]:
    for family in ("stanza", "stream", "sasl", "scram"):
        found = condition(family, term)
        if found is not None:
            yield cards.condition_card(found)


def _namespaces(term: str) -> Iterator[Card]:
    space = catalogue().namespace(term)
    if space is not None:
        yield cards.namespace_card(space)


def _words(term: str) -> Iterator[Card]:
    status = _STATUS.fullmatch(term)
    for word in glossary().find(status[1] if status else term):
        yield cards.word_card(word)
    if term.endswith(NOTIFY):
        said = explain_feature(term)
        if said.meaning:
            yield Card("feature", term, f"{said.meaning}.", said.source)


def _elements(term: str) -> Iterator[Card]:
    """Give namespaces that are called so after their own elements, and before those of others."""
    of_that_name = set(namespaces_ending(term))
    elements = [e for e in elements_of(term) if e.name != term or not _is_condition(e)]
    for element in elements:
        if element.namespace in of_that_name or element.namespace == ns.CLIENT:
            yield cards.element_card(element)
    yield from _spaces_by_end(term)
    for element in elements:
        yield cards.element_card(element)


def _is_condition(element: Element) -> bool:
    families = ("stanza", "stream", "sasl")
    return element.namespace in _CONDITIONS and any(condition(f, element.name) for f in families)


def _attributes(term: str) -> Iterator[Card]:
    match = _WITH_ATTRIBUTE.fullmatch(term) or _ASSIGNED.fullmatch(term)
    if match is None:
        return
    for element in elements_of(match["element"]):
        attribute = element.attributes.get(match["attribute"])
        if attribute is None:
            continue
        values = attribute.values
        if match["value"] is not None and match["value"] in {*values.one_of, *values.meanings}:
            yield cards.value_card(element, attribute, match["value"], values)
        yield cards.attribute_card(element, attribute)


def _attribute_words(term: str) -> Iterator[Card]:
    """Read `message type`, `message chat` and `message type chat`."""
    name, _, rest = term.partition(" ")
    words = rest.split()
    if not words or len(words) > 2:
        return
    for element in elements_of(name):
        attribute = element.attributes.get(words[0])
        if attribute is not None and len(words) == 1:
            yield cards.attribute_card(element, attribute)
        for holder, values in _lists(element):
            named = len(words) == 1 or (holder is not None and holder.name == words[0])
            if named and words[-1] in {*values.one_of, *values.meanings}:
                yield cards.value_card(element, holder, words[-1], values)


def _values(term: str) -> Iterator[Card]:
    """Find values of lists that mean something: types of messages, what a presence shows."""
    if " " in term:
        return
    spaces = catalogue().spaces_with(f'={term}"', f"={term} =")
    for space in sorted(spaces, key=lambda space: not space.spec.startswith("RFC")):
        for element in space.elements.values():
            for attribute, values in _lists(element):
                # Words of the glossary are explained as such.
                in_glossary = attribute and has_words(element.tag, attribute.name)
                if values.meanings.get(term) and not in_glossary:
                    yield cards.value_card(element, attribute, term, values)


def _documents_by_digits(term: str) -> Iterator[Card]:
    found = specification(term) if _DIGITS.fullmatch(term) else None
    if found is not None:
        yield cards.document_card(found)


_EXACT: Final[tuple[Callable[[str], Iterator[Card]], ...]] = (
    _numbered_documents,
    _conditions,
    _words,
    _namespaces,
    _elements,
    _attributes,
    _attribute_words,
    _values,
    _documents_by_digits,
)


def _lists(element: Element) -> Iterator[tuple[Attribute | None, Values]]:
    for attribute in element.attributes.values():
        yield attribute, attribute.values
    if element.text is not None:
        yield None, element.text


def elements_of(term: str) -> list[Element]:
    """Return the elements that `term` names in one of the forms in which they are written."""
    term = term.strip().removeprefix("<").removesuffix(">").removesuffix("/").strip()
    if not term:
        return []
    if term.startswith("{"):
        found = catalogue().element(term)
        return [found] if found is not None else []
    plain = _named(term)
    if plain:
        return plain
    for joint in (" ", ":"):
        short, _, name = term.rpartition(joint)
        if short and name:
            spaces = [_PREFIXES[short]] if short in _PREFIXES else namespaces_ending(short)
            tags = (catalogue().element(f"{{{space}}}{name}") for space in spaces)
            found_there = [element for element in tags if element is not None]
            if found_there:
                return found_there
    return []


def _named(name: str) -> list[Element]:
    """Return the elements of that name, or of that name in another case; stanzas first."""
    exact = catalogue().elements_named(name)
    if not exact:
        wanted = name.casefold()
        others = {known for _, known in catalogue().known_elements() if known.casefold() == wanted}
        exact = [element for other in others for element in catalogue().elements_named(other)]
    of_clients = {element.name for element in exact if element.namespace == ns.CLIENT}
    same = [e for e in exact if e.namespace in STANZA_NAMESPACES and e.name in of_clients]
    kept = [element for element in exact if element not in same]
    return sorted(kept, key=lambda element: element.namespace != ns.CLIENT)


def namespaces_ending(short: str) -> list[str]:
    """Return the namespaces that end in `short`, but for a version: `sm`, `disco#info`."""
    wanted = short.casefold()

    def ends(name: str) -> bool:
        name = name.casefold()
        stems = (name, _VERSION.sub("", name))
        return any(
            stem == wanted or stem.endswith((f":{wanted}", f"/{wanted}", f"#{wanted}"))
            for stem in stems
        )

    return [name for name in catalogue().known_names() if ends(name)]


# Searches, for what nothing is called exactly.


def _spaces_by_end(term: str) -> Iterator[Card]:
    for name in namespaces_ending(term):
        space = catalogue().namespace(name)
        if space is not None:
            yield cards.namespace_card(space)


def _documents_by_title(term: str) -> Iterator[Card]:
    for document in search(term):
        yield cards.document_card(document)


def _words_holding(term: str) -> Iterator[Card]:
    for word in [] if _too_short(term) else glossary().holding(term):
        yield cards.word_card(word)


def _spaces_holding(term: str) -> Iterator[Card]:
    wanted = term.casefold().split()
    for name in [] if _too_short(term) else catalogue().known_names():
        if all(part in name.casefold() for part in wanted):
            space: Namespace | None = catalogue().namespace(name)
            if space is not None:
                yield cards.namespace_card(space)


def _too_short(term: str) -> bool:
    """Say whether a part of the term is so short that it is found nearly everywhere."""
    return any(len(part) < SHORTEST for part in term.split())


_SEARCHES: Final[tuple[Callable[[str], Iterator[Card]], ...]] = (
    _documents_by_title,
    _words_holding,
    _spaces_holding,
)


@functools.cache
def known_terms() -> tuple[str, ...]:
    """Return the names that can be explained, but for attributes and values, in order."""
    return tuple(sorted({*_names(), *catalogue().known_names()}))


def _names() -> Iterator[str]:
    """Give the names of elements, conditions and documents, and the words of the glossary."""
    yield from (name for _, name in catalogue().known_elements())
    for conditions in (STANZA_CONDITIONS, STREAM_CONDITIONS, SASL_CONDITIONS):
        yield from conditions
    yield from glossary().words()
    yield from specifications()


def _near(term: str) -> tuple[str, ...]:
    """Return names of all sorts that are written much like `term`, and words of titles."""
    name, at, attribute = term.partition("@")
    if at:
        known = {f"{e.name}@{a}" for e in elements_of(name) for a in e.attributes}
        if known:
            return near(f"{name}@{attribute}", sorted(known), cutoff=0.6)
    if ":" in term or "/" in term:
        return near_namespaces(term)
    titles = (document.title for document in specifications().values())
    return near(term, [*_names(), *(word for title in titles for word in _WORD.findall(title))])


_WORD: Final = re.compile(r"[A-Za-z]{4,}")
