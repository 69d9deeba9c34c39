"""The words of publish-subscribe, nodes, identities and forms agree with the catalogue."""

from __future__ import annotations

import re

import pytest

from xmppshell.knowledge.catalogue import catalogue
from xmppshell.knowledge.glossary import glossary
from xmppshell.knowledge.model import Element
from xmppshell.knowledge.specifications import specifications

PUBSUB = "http://jabber.org/protocol/pubsub"
PEP_ITEM = f"{{{PUBSUB}}}item"
FAMILIES = ["pubsub", "disco-identities", "pep-nodes", "form-types", "form-fields"]
ROOT_WITHOUT_NODE = {
    # What an item can hold without giving its namespace to a node of the same name.
    "eu.siacs.conversations.axolotl",
    "jabber:x:data",
    "urn:ietf:params:xml:ns:vcard-4.0",
    "urn:xmpp:mix:core:1",
    "urn:xmpp:omemo:2",
    "urn:xmpp:openpgp:0",
    "urn:xmpp:json:0",
    "urn:xmpp:push:0",
    "urn:xmpp:serverinfo:0",
    "http://www.w3.org/2005/Atom",
}


def element(namespace: str, name: str) -> Element:
    found = catalogue().element(f"{{{namespace}}}{name}")
    assert found is not None
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_a_word_has_a_known_document_a_sentence_and_known_neighbours(family: str) -> None:
    words = glossary().family(family)
    assert words
    for word in words.values():
        assert word.spec in specifications() or not word.spec, word.word
        assert not word.section or re.fullmatch(r"\d+(\.\d+)*", word.section), word.word
        assert word.why.endswith("."), word.word
        assert 15 <= len(word.why) <= 240, word.word
        for other in word.see:
            assert other != word.word
            assert glossary().find(other), (word.word, other)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_two_words_of_a_family_say_the_same(family: str) -> None:
    sentences = [word.why for word in glossary().family(family).values()]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("namespace", [PUBSUB, f"{PUBSUB}#owner"])
def test_every_affiliation_and_state_of_subscription_is_a_word(namespace: str) -> None:
    for name in ("affiliation", "subscription"):
        one_of = element(namespace, name).attributes[name].values.one_of
        assert one_of
        assert not set(one_of) - set(glossary().words("pubsub"))


def test_every_feature_that_can_be_unsupported_is_a_word() -> None:
    features = element(f"{PUBSUB}#errors", "unsupported").attributes["feature"].values.one_of
    words = glossary().words("pubsub")
    assert not {f"{PUBSUB}#{feature}" for feature in features} - set(words)


def test_an_access_model_has_a_feature_that_says_it_is_there() -> None:
    words = glossary().words("pubsub")
    models = {word.partition("#access-")[2] for word in words if "#access-" in word}
    assert models == {"open", "presence", "roster", "authorize", "whitelist"}
    assert models <= set(words)


def test_what_an_item_holds_has_a_node_of_the_same_name() -> None:
    payloads = {child.namespace for child in catalogue().children(PEP_ITEM)}
    assert not payloads - set(glossary().words("pep-nodes")) - ROOT_WITHOUT_NODE


def test_a_payload_of_an_item_stands_in_the_notification_too() -> None:
    published = {child.tag for child in catalogue().children(PEP_ITEM)}
    notified = {child.tag for child in catalogue().children(f"{{{PUBSUB}#event}}item")}
    for_services_only = {"{urn:xmpp:push:0}notification"}
    assert published - notified == for_services_only


def test_a_form_stands_in_every_part_of_pubsub_that_needs_one() -> None:
    places = element("jabber:x:data", "x").places
    for parent in (
        f"{{{PUBSUB}}}configure",
        f"{{{PUBSUB}}}options",
        f"{{{PUBSUB}}}publish-options",
        f"{{{PUBSUB}#owner}}configure",
        f"{{{PUBSUB}#event}}configuration",
    ):
        assert parent in places


def test_a_jingle_content_has_descriptions_and_transports_of_several_kinds() -> None:
    names = [child.name for child in catalogue().children("{urn:xmpp:jingle:1}content")]
    assert names.count("transport") >= 4
    assert names.count("description") >= 2
