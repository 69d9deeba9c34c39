"""What the catalogue and the glossary say of the core agrees with what the shell speaks."""

from __future__ import annotations

import pytest

from xmppshell.knowledge.catalogue import catalogue
from xmppshell.knowledge.glossary import glossary
from xmppshell.knowledge.model import Element, Values
from xmppshell.knowledge.specifications import specifications
from xmppshell.protocol import conditions, namespaces
from xmppshell.protocol.mechanisms import MECHANISMS

CATALOGUE = catalogue()
FAMILIES = {
    "stanza": (namespaces.STANZA_ERRORS, conditions.STANZA_CONDITIONS),
    "stream": (namespaces.STREAM_ERRORS, conditions.STREAM_CONDITIONS),
    "sasl": (namespaces.SASL, conditions.SASL_CONDITIONS),
}
PARENTS = {
    "stanza": f"{{{namespaces.CLIENT}}}error",
    "stream": f"{{{namespaces.STREAM}}}error",
    "sasl": f"{{{namespaces.SASL}}}failure",
}
VALUES = {
    ("message", "type"): {"chat", "error", "groupchat", "headline", "normal"},
    ("presence", "type"): {
        "error", "probe", "subscribe", "subscribed", "unavailable", "unsubscribe", "unsubscribed",
    },
    ("iq", "type"): {"error", "get", "result", "set"},
    ("error", "type"): {"auth", "cancel", "continue", "modify", "wait"},
    ("show", ""): {"away", "chat", "dnd", "xa"},
}  # fmt: skip
SUBSCRIPTIONS = {"both", "from", "none", "remove", "to"}


def element(namespace: str, name: str) -> Element:
    found = CATALOGUE.element(f"{{{namespace}}}{name}")
    assert found is not None
    return found


def client(name: str) -> Element:
    return element(namespaces.CLIENT, name)


def values(name: str, attribute: str) -> Values:
    found = client(name)
    held = found.attributes[attribute].values if attribute else found.text
    assert held is not None
    return held


@pytest.mark.parametrize("family", FAMILIES)
def test_the_conditions_are_those_that_the_shell_explains(family: str) -> None:
    namespace, expected = FAMILIES[family]
    legacy = {name for of, name in conditions.LEGACY_CONDITIONS if of == family}
    space = CATALOGUE.namespace(namespace)
    assert space is not None
    placed = {
        name
        for name, child in space.elements.items()
        if PARENTS[family] in child.places and name != "text"
    }
    assert placed == {*expected, *legacy}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_condition_is_where_the_shell_says_it_is_defined(family: str) -> None:
    namespace, expected = FAMILIES[family]
    legacy = {n: c for (of, n), c in conditions.LEGACY_CONDITIONS.items() if of == family}
    for name, condition in {**expected, **legacy}.items():
        assert element(namespace, name).reference == condition.reference


@pytest.mark.parametrize("family", FAMILIES)
def test_a_text_may_stand_beside_a_condition(family: str) -> None:
    text = element(FAMILIES[family][0], "text")
    assert PARENTS[family] in text.places
    assert "xml:lang" in text.attributes


@pytest.mark.parametrize(("name", "attribute"), VALUES)
def test_the_values_are_exactly_those_of_the_rfc(name: str, attribute: str) -> None:
    held = values(name, attribute)
    assert set(held.one_of) == VALUES[name, attribute]
    assert set(held.meanings) == VALUES[name, attribute], "each has to be explained"


def test_the_subscriptions_of_a_contact_are_explained() -> None:
    held = element(namespaces.ROSTER, "item").attributes["subscription"].values
    assert set(held.one_of) == set(held.meanings) == SUBSCRIPTIONS


def test_a_priority_is_explained_at_its_bounds_and_around_nought() -> None:
    held = values("priority", "")
    assert held.kind == "int"
    assert set(held.meanings) == {"-128", "-1", "0", "127"}


def test_stanzas_of_servers_and_components_have_the_types_of_those_of_clients() -> None:
    for namespace in (namespaces.SERVER, namespaces.COMPONENT_ACCEPT):
        for name in ("message", "presence", "iq"):
            stanza = element(namespace, name)
            assert set(stanza.attributes) == set(client(name).attributes)
            kind, expected = stanza.attributes["type"].values, values(name, "type")
            assert kind.one_of == expected.one_of
            assert stanza.attributes["to"].required
            assert stanza.attributes["from"].required


def test_a_form_stands_in_the_payloads_that_use_one() -> None:
    places = element(namespaces.DATA_FORM, "x").places
    for parent in (
        f"{{{namespaces.REGISTER}}}query",
        f"{{{namespaces.DISCO_INFO}}}query",
        "{http://jabber.org/protocol/commands}command",
        "{http://jabber.org/protocol/muc#owner}query",
        "{urn:xmpp:mam:2}query",
    ):
        assert parent in places
    assert not [place for place in places if place.startswith(f"{{{namespaces.CLIENT}}}iq")]


def test_every_mechanism_that_the_shell_speaks_is_in_the_glossary() -> None:
    assert not set(MECHANISMS) - set(glossary().words("mechanisms"))


@pytest.mark.parametrize("family", ["mechanisms", "channel-bindings"])
def test_a_word_has_a_known_document_and_known_neighbours(family: str) -> None:
    words = glossary().family(family)
    assert words
    for word in words.values():
        assert word.spec in specifications() or not word.spec, word.word
        for other in word.see:
            assert other != word.word
            assert glossary().find(other), (word.word, other)


def test_a_mechanism_says_what_it_needs_and_what_to_be_careful_about() -> None:
    for word in glossary().family("mechanisms").values():
        assert " It needs " in word.why, word.word
        assert " Careful: " in word.why, word.word
