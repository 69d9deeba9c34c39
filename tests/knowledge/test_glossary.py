"""The glossary is consistent: known documents, sentences, and what is referred to exists."""

from __future__ import annotations

import re
import tomllib

import pytest

from xmppshell.knowledge.catalogue import catalogue
from xmppshell.knowledge.explain import explain_term
from xmppshell.knowledge.glossary import TITLES, Glossary, glossary
from xmppshell.knowledge.specifications import specifications

GLOSSARY = glossary()
KEYS = {"spec", "section", "anchor", "why", "see"}
LONGEST = 420
CODE = """\
[term."110"]
spec = "XEP-0045"
section = "7.2.2"
why = "It is you."
see = ["201"]

[term.PLAIN]
spec = "RFC 4616"
why = "Readable."
"""


@pytest.mark.parametrize("family", GLOSSARY.families)
def test_a_family_has_a_title_and_known_keys(family: str) -> None:
    assert family in TITLES
    table = tomllib.loads(GLOSSARY._texts[family])
    assert set(table) == {"term"}
    for word, entry in table["term"].items():
        assert {"spec", "why"} <= set(entry) <= KEYS, word
    assert sorted(table["term"]) == sorted(GLOSSARY.words(family)), "headings of the usual form"


@pytest.mark.parametrize("family", GLOSSARY.families)
def test_a_word_is_defined_in_a_known_document_and_told_in_sentences(family: str) -> None:
    for word in GLOSSARY.family(family).values():
        assert word.spec in specifications() or word.spec == "", word.word
        assert re.fullmatch(r"([0-9A-Z]+(\.[0-9]+)*)?", word.section), word.word
        assert 8 <= len(word.why) <= LONGEST, word.word
        assert word.why.endswith("."), word.word
        assert word.why == word.why.strip(), word.word


@pytest.mark.parametrize("family", GLOSSARY.families)
def test_what_is_referred_to_exists(family: str) -> None:
    known = {*GLOSSARY.words(), *catalogue().known_names(), *specifications()}
    missing = {
        see
        for word in GLOSSARY.family(family).values()
        for see in word.see
        if see not in known and not explain_term(see).cards
    }
    assert not missing


def test_a_word_is_found_in_its_family_in_any_case() -> None:
    made = Glossary({"codes": CODE})
    found = made.word("codes", "110")
    assert found is not None
    assert (found.why, found.source.reference, found.see) == (
        "It is you.",
        "XEP-0045 7.2.2",
        ("201",),
    )
    assert made.word("codes", "11") is None
    assert made.word("other", "110") is None
    assert [word.word for word in made.find("plain")] == ["PLAIN"]
    assert made.words() == ["110", "PLAIN"]
    assert [word.word for word in made.holding("pla")] == ["PLAIN"]


def test_a_family_is_read_when_it_is_needed() -> None:
    made = Glossary({"codes": CODE, "broken": "[term.X]\nwhy = "})
    assert made.words() == ["110", "PLAIN", "X"]
    assert made.word("codes", "110") is not None
    with pytest.raises(tomllib.TOMLDecodeError):
        made.word("broken", "X")
