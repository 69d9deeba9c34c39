"""The catalogue is consistent: whatever it names exists, and whatever it says is said once."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator

import pytest

from xmppshell.knowledge.catalogue import EMPTY_REPLY, PLACES, Catalogue, catalogue
from xmppshell.knowledge.model import KINDS, STREAM, Element, Values
from xmppshell.knowledge.specifications import specifications
from xmppshell.protocol import namespaces

CATALOGUE = catalogue()
TOPICS = CATALOGUE.topics
NAMESPACE_KEYS = {"title", "spec", "why", "el"}
ELEMENT_KEYS = {
    "in", "dir", "attrs", "text", "needs", "open", "reply", "why", "means", "spec", "section",
    "anchor",
}  # fmt: skip
SECTION = re.compile(r"[0-9A-Z]+(\.[0-9]+)*")
ATTRIBUTE = re.compile(r"(xml:)?[A-Za-z][\w.-]*")
"""An attribute is written as on the wire; `xml:lang` is the only one with a prefix."""
LONGEST_SENTENCE = 240


def raw(topic: str) -> dict[str, dict]:
    return tomllib.loads(CATALOGUE._texts[topic])["ns"]


def elements(topic: str) -> Iterator[Element]:
    for space in CATALOGUE.topic(topic).values():
        yield from space.elements.values()


def is_place(place: str) -> bool:
    tag, _, kind = place.partition(" ")
    if place == STREAM:
        return True
    return CATALOGUE.element(tag) is not None and (not kind or kind in ("get", "set", "result"))


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_has_known_keys_only(topic: str) -> None:
    assert set(tomllib.loads(CATALOGUE._texts[topic])) == {"ns"}
    for name, table in raw(topic).items():
        assert {"title", "spec", "why"} <= set(table) <= NAMESPACE_KEYS, name
        for local, entry in table.get("el", {}).items():
            where = f"{{{name}}}{local}"
            assert {"in", "why"} <= set(entry) <= ELEMENT_KEYS, where
            assert entry.get("dir", "c2s") in ("c2s", "s2c"), where
            for short in set(entry["in"]) & set(table["el"]) & set(PLACES):
                own = (STREAM,) if name == namespaces.STREAM else (f"{{{name}}}{short}",)
                assert PLACES[short] == own, f"{where}: {short} is ambiguous"


@pytest.mark.parametrize("topic", TOPICS)
def test_a_place_is_an_element_of_the_catalogue(topic: str) -> None:
    unknown = [
        (element.tag, place)
        for element in elements(topic)
        for place in element.places
        if not is_place(place)
    ]
    assert not unknown


@pytest.mark.parametrize("topic", TOPICS)
def test_what_is_needed_and_what_answers_exists(topic: str) -> None:
    for space in raw(topic).values():
        for local, entry in space.get("el", {}).items():
            attributes = {f"@{name}" for name in entry.get("attrs", {})}
            needed = {need for need in entry.get("needs", ()) if need.startswith("@")}
            assert needed <= attributes, local
    for element in elements(topic):
        for need in element.needs:
            child = CATALOGUE.element(need)
            assert child is not None, (element.tag, need)
            assert element.tag in child.places, (element.tag, need)
        for reply in element.replies:
            assert not reply or CATALOGUE.element(reply) is not None, (element.tag, reply)
    assert EMPTY_REPLY not in {element.name for element in elements(topic)}


def kinds(element: Element) -> Iterator[Values]:
    yield from (attribute.values for attribute in element.attributes.values())
    if element.text is not None:
        yield element.text


@pytest.mark.parametrize("topic", TOPICS)
def test_values_are_of_a_known_kind(topic: str) -> None:
    for element in elements(topic):
        assert all(ATTRIBUTE.fullmatch(name) for name in element.attributes), element.tag
        for values in kinds(element):
            assert bool(values.one_of) != (values.kind in KINDS), (element.tag, values)
            assert len(set(values.one_of)) == len(values.one_of), element.tag


@pytest.mark.parametrize("topic", TOPICS)
def test_a_meaning_belongs_to_an_attribute_or_a_value(topic: str) -> None:
    for space in raw(topic).values():
        for local, entry in space.get("el", {}).items():
            attributes = entry.get("attrs", {})
            for key in entry.get("means", {}):
                name, equals, value = key.partition("=")
                kind = attributes.get(name) if name else entry.get("text")
                assert kind is not None, (local, key)
                assert not equals or isinstance(kind, str) or value in kind, (local, key)


@pytest.mark.parametrize("topic", TOPICS)
def test_every_document_is_known(topic: str) -> None:
    known = specifications()
    for space in CATALOGUE.topic(topic).values():
        assert space.spec in known or space.spec == "", space.name
        for element in space.elements.values():
            assert element.spec in known or element.spec == "", element.tag
            assert not element.section or SECTION.fullmatch(element.section), element.tag
            assert re.fullmatch(r"[\w.-]*", element.anchor), element.tag


@pytest.mark.parametrize("topic", TOPICS)
def test_a_sentence_is_one_sentence(topic: str) -> None:
    for space in CATALOGUE.topic(topic).values():
        of_elements = [(element.tag, element.why) for element in space.elements.values()]
        for name, why in [(space.name, space.why), *of_elements]:
            assert 15 <= len(why) <= LONGEST_SENTENCE, name
            assert why.endswith("."), name
            assert why[0].isupper() or not why[0].isalpha(), name
            assert why == why.strip(), name


def test_no_namespace_stands_in_two_topics() -> None:
    counts = Counter(name for topic in TOPICS for name in raw(topic))
    assert [name for name, count in counts.items() if count > 1] == []


def test_no_two_elements_of_a_namespace_say_the_same() -> None:
    for space in CATALOGUE.namespaces().values():
        said = Counter(element.why for element in space.elements.values())
        assert [why for why, count in said.items() if count > 1] == [], space.name


def test_a_namespace_is_found_without_reading_the_others() -> None:
    read = Catalogue({t: CATALOGUE._texts[t] for t in TOPICS}, {})
    assert read.namespace("urn:xmpp:sm:3") is not None
    assert list(read._read) == ["stream-management"]


def test_what_stands_in_a_place_is_found_by_reading_only_what_names_it() -> None:
    everything = [e for space in CATALOGUE.namespaces().values() for e in space.elements.values()]
    any_iq = "{jabber:client}iq"
    places = {place for element in everything for place in element.places} | {any_iq}
    fresh = Catalogue({t: CATALOGUE._texts[t] for t in TOPICS}, {})
    for place in places:
        expected = [
            element
            for element in everything
            if place in element.places
            or (place == any_iq and any(p.startswith(f"{any_iq} ") for p in element.places))
        ]
        assert list(fresh.children(place)) == expected, place
    fresh = Catalogue({t: CATALOGUE._texts[t] for t in TOPICS}, {})
    assert {child.name for child in fresh.children("{jabber:x:data}option")} == {"value"}
    assert list(fresh._read) == ["forms"]
    assert fresh.children("{urn:example:unknown}x") == ()


def test_a_namespace_known_by_name_has_the_title_of_its_document() -> None:
    space = CATALOGUE.namespace("http://jabber.org/protocol/waitinglist")
    assert space is not None
    assert (space.title, space.spec, space.why) == ("Waiting Lists", "XEP-0130", "")
    assert CATALOGUE.namespace("urn:example:unknown") is None


def test_names_are_found_without_reading_a_topic() -> None:
    read = Catalogue({t: CATALOGUE._texts[t] for t in TOPICS}, {"urn:by:name": "XEP-0001"})
    assert {*CATALOGUE.namespaces(), "urn:by:name"} == set(read.known_names())
    every = {element.tag for topic in TOPICS for element in elements(topic)}
    assert {f"{{{namespace}}}{name}" for namespace, name in read.known_elements()} == every
    assert not read._read
