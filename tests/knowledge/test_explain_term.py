"""Words looked up: in every form in which a person may type them."""

from __future__ import annotations

import pytest

from xmppshell.knowledge.catalogue import catalogue
from xmppshell.knowledge.explain import explain_term
from xmppshell.knowledge.glossary import glossary
from xmppshell.protocol.errors import (
    SASL_CONDITIONS,
    SCRAM_ERRORS,
    STANZA_CONDITIONS,
    STREAM_CONDITIONS,
)


def names(term: str) -> list[tuple[str, str]]:
    """Return the names and kinds of what a term can be."""
    return [(card.name, card.kind) for card in explain_term(term).cards]


@pytest.mark.parametrize(
    "term",
    ["ping", "<ping/>", "PING", "{urn:xmpp:ping}ping", "urn:xmpp:ping ping", "ping ping"],
)
def test_an_element_in_its_forms(term: str) -> None:
    assert ("<ping/>", "element of urn:xmpp:ping") in names(term)


@pytest.mark.parametrize(
    ("term", "tag"),
    [
        ("stream:features", "{http://etherx.jabber.org/streams}features"),
        ("sm enable", "{urn:xmpp:sm:3}enable"),
        ("disco#info query", "{http://jabber.org/protocol/disco#info}query"),
        ("muc#user x", "{http://jabber.org/protocol/muc#user}x"),
        ("mam:2 fin", "{urn:xmpp:mam:2}fin"),
    ],
)
def test_the_end_of_a_namespace_is_enough(term: str, tag: str) -> None:
    namespace, _, name = tag[1:].partition("}")
    assert (f"<{name}/>", f"element of {namespace}") in names(term)


def test_an_element_of_many_namespaces_is_found_in_all() -> None:
    found = {kind for name, kind in names("query") if name == "<query/>"}
    assert {"element of jabber:iq:roster", "element of urn:xmpp:mam:2"} <= found


def test_a_stanza_comes_before_others_of_its_name_and_once() -> None:
    found = names("message")
    assert found[0] == ("<message/>", "element of jabber:client")
    assert ("<message/>", "element of jabber:server") not in found


def test_an_element_says_what_it_has() -> None:
    card = next(c for c in explain_term("sm enable").cards if c.kind.endswith("sm:3"))
    parts = {part.title: part.rows for part in card.parts}
    assert {name for name, _ in parts["attributes"]} == {"resume", "max"}
    assert [name for name, _ in parts["what answers it"]] == ["<enabled/>", "<failed/>"]
    assert card.source.url.startswith("https://xmpp.org/extensions/xep-0198.html")


@pytest.mark.parametrize("term", ["message@type", "message type"])
def test_an_attribute(term: str) -> None:
    card = explain_term(term).cards[0]
    assert card.name == "type"
    values = {name: text for name, text in card.parts[0].rows}
    assert set(values) == {"chat", "error", "groupchat", "headline", "normal"}
    assert all(values.values())


@pytest.mark.parametrize(
    "term", ["message@type=chat", "message type=chat", "message type='chat'", "message type chat",
             "message chat"]
)  # fmt: skip
def test_a_value_of_an_attribute(term: str) -> None:
    card = explain_term(term).cards[0]
    assert card.name == "chat"
    assert card.kind == "value of the attribute type of <message xmlns='jabber:client'/>"
    assert card.why


@pytest.mark.parametrize(
    "term",
    ["chat", "normal", "groupchat", "headline", "subscribe", "unavailable", "probe", "away", "xa",
     "dnd"],
)  # fmt: skip
def test_the_types_of_stanzas_and_what_a_presence_shows(term: str) -> None:
    kinds = [kind for name, kind in names(term) if name == term]
    assert any("jabber:client" in kind and kind.startswith("value of") for kind in kinds)


@pytest.mark.parametrize(
    ("family", "conditions"),
    [
        ("stanza error condition", STANZA_CONDITIONS),
        ("stream error condition", STREAM_CONDITIONS),
        ("SASL error condition", SASL_CONDITIONS),
        ("error of SCRAM, which stands in `e=`", SCRAM_ERRORS),
    ],
)
def test_every_condition(family: str, conditions: dict[str, object]) -> None:
    for name in conditions:
        assert (name, family) in names(name)


def test_a_condition_has_cause_and_cure_and_is_said_once() -> None:
    cards = explain_term("service-unavailable").cards
    assert [card.kind for card in cards] == ["stanza error condition"]
    assert [remark.kind for remark in cards[0].remarks] == ["usually", "try"]
    assert cards[0].source.url.endswith("#section-8.3.3.19")


@pytest.mark.parametrize("family", glossary().families)
def test_every_word_of_the_glossary(family: str) -> None:
    for word in glossary().words(family):
        assert word in [name for name, _ in names(word)], word


@pytest.mark.parametrize("term", ["110", "status 110", "code 110", "status code 110"])
def test_a_status_code_of_rooms(term: str) -> None:
    assert names(term)[0] == ("110", "status code of rooms")


def test_a_number_is_a_document_too() -> None:
    assert [name for name, _ in names("110")] == ["110", "XEP-0110"]


@pytest.mark.parametrize(
    ("term", "document"),
    [
        ("XEP-0198", "XEP-0198"),
        ("xep 198", "XEP-0198"),
        ("xep198", "XEP-0198"),
        ("xep-0198", "XEP-0198"),
        ("RFC 6120", "RFC 6120"),
        ("rfc6120", "RFC 6120"),
    ],
)
def test_a_document_by_number(term: str, document: str) -> None:
    card = explain_term(term).cards[0]
    assert card.name == document
    assert card.source.url.startswith("https://")
    assert card.parts[0].title == "namespaces"


def test_documents_by_words_of_their_titles() -> None:
    assert "XEP-0334" in [name for name, _ in names("processing hints")]
    answer = explain_term("archive")
    assert "XEP-0313" in [name for name, _ in answer.related]


def test_words_of_titles_are_found_by_their_beginnings() -> None:
    related = [title for _, title in explain_term("ping").related]
    assert related
    assert not any("Mapping" in title for title in related)


def test_a_namespace_has_its_elements() -> None:
    card = explain_term("urn:xmpp:sm:3").cards[0]
    assert card.kind == "namespace"
    assert ("<r/>", catalogue().element("{urn:xmpp:sm:3}r").why) in card.parts[1].rows


def test_a_namespace_that_is_known_by_name_says_so() -> None:
    card = explain_term("http://jabber.org/protocol/waitinglist").cards[0]
    assert card.remarks[0].kind == "unknown"
    assert card.parts[0].rows[0][0] == "XEP-0130"


@pytest.mark.parametrize("name", ["roster", "disco#info", "carbons", "jingle"])
def test_the_end_of_a_namespace(name: str) -> None:
    assert "namespace" in [kind for _, kind in names(name)]


def test_a_feature_that_asks_for_events() -> None:
    card = explain_term("http://jabber.org/protocol/nick+notify").cards[0]
    assert card.kind == "feature"
    assert card.why.startswith("wants to be told of new items: ")


@pytest.mark.parametrize(
    ("term", "near"),
    [
        ("pingg", "ping"),
        ("service-unavailabel", "service-unavailable"),
        ("urn:xmpp:pinng", "urn:xmpp:ping"),
        ("SCRAM-SHA-2556", "SCRAM-SHA-256"),
        ("message@tpye", "message@type"),
        ("roasters", "roster"),
    ],
)
def test_what_is_unknown_has_near_names(term: str, near: str) -> None:
    answer = explain_term(term)
    assert answer.cards == ()
    assert near in answer.near


@pytest.mark.parametrize(
    "term", ["zzzzqqq", "", " ", "{}", "<", "@", "message@", "a b c d e", "''"]
)
def test_nonsense_is_unknown_and_raises_nothing(term: str) -> None:
    assert explain_term(term).cards == ()


def test_every_element_and_namespace_of_the_catalogue_is_found() -> None:
    """The first card or so of each exact form: nothing that is described cannot be reached."""
    for namespace, name in catalogue().known_elements()[::29]:
        assert (f"<{name}/>", f"element of {namespace}") in names(f"{{{namespace}}}{name}")
    for namespace in catalogue().known_names()[::17]:
        assert (namespace, "namespace") in names(namespace)
