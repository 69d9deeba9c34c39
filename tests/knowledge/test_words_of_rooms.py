"""The words of rooms and of disco features fit the catalogue and each other."""

from __future__ import annotations

import re

import pytest

from xmppshell.knowledge.catalogue import catalogue
from xmppshell.knowledge.glossary import glossary
from xmppshell.knowledge.specifications import specifications

FAMILIES = ("muc-status-codes", "muc-features", "disco-features")
MUC_USER = "http://jabber.org/protocol/muc#user"


def test_every_status_code_of_the_catalogue_is_explained_and_no_other() -> None:
    status = catalogue().element(f"{{{MUC_USER}}}status")
    assert status is not None
    assert set(status.attributes["code"].values.one_of) == set(glossary().words("muc-status-codes"))


def test_every_status_code_with_a_condition_names_the_same_one() -> None:
    space = catalogue().namespace("urn:xmpp:muc:conditions:1")
    assert space is not None
    codes = [re.search(r"as code (\d+)\.$", e.why) for e in space.elements.values()]
    numbers = [match.group(1) for match in codes if match]
    assert len(numbers) == len(set(numbers)) == len(space.elements) - 1
    assert set(numbers) <= set(glossary().words("muc-status-codes"))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_word_has_a_document_and_whole_sentences(family: str) -> None:
    words = glossary().family(family)
    assert words
    for word in words.values():
        assert word.spec in specifications() or not word.spec, word.word
        assert len(word.why) > 30, word.word
        assert word.why.endswith("."), word.word
        assert re.fullmatch(r"[\w.-]*", word.anchor), word.word


@pytest.mark.parametrize("family", FAMILIES)
def test_what_belongs_with_a_word_is_known(family: str) -> None:
    known = set(glossary().words())
    for word in glossary().family(family).values():
        unknown = [s for s in word.see if s not in known and catalogue().namespace(s) is None]
        assert not unknown, word.word
        assert word.word not in word.see


def test_a_feature_is_explained_in_one_family_only() -> None:
    rooms, others = glossary().words("muc-features"), glossary().words("disco-features")
    assert not set(rooms) & set(others)
    assert not {*rooms, *others} & set(glossary().words("pubsub")) - {"presence"}
