"""Each rule of the lint is proven by its own examples, and says enough to be understood."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from xmppshell.knowledge.lint import (
    ANYWHERE,
    RULES,
    Example,
    Phase,
    Rule,
    Severity,
    lint,
    rules_by_topic,
)
from xmppshell.knowledge.specifications import specifications

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
REFERENCE = re.compile(r"((?:RFC|XEP)[ -]\d+|XML 1\.0)( [\d.]+)?")


def examples(which: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.name}-{number}")
        for rule in RULES.values()
        for number, example in enumerate(getattr(rule, which), start=1)
    ]


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_a_bad_example_breaks_this_rule_and_no_other(rule: Rule, example: Example) -> None:
    assert {finding.name for finding in lint(example.text, example.setting)} == {rule.name}


@pytest.mark.parametrize(("rule", "example"), examples("good"))
def test_a_good_example_breaks_no_rule(rule: Rule, example: Example) -> None:
    assert lint(example.text, example.setting) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert NAME.fullmatch(rule.name)
    assert rule.bad
    assert rule.good
    assert 10 < len(rule.title) < 100
    assert not rule.title.endswith(".")
    assert rule.explanation.endswith(".")
    assert len(rule.explanation) > 40
    found = REFERENCE.fullmatch(rule.reference)
    assert found
    assert found[1] == "XML 1.0" or found[1] in specifications()


def test_every_rule_has_one_topic() -> None:
    names = [rule.name for rules in rules_by_topic().values() for rule in rules]
    assert names == list(RULES)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_a_finding_has_its_place_in_the_text(rule: Rule, example: Example) -> None:
    text = example.text.decode("latin-1") if isinstance(example.text, bytes) else example.text
    for finding in lint(example.text, example.setting):
        assert 0 <= finding.offset <= len(text)
        lines = text.split("\n")
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
        assert finding.what
        assert finding.reference


def test_the_place_is_that_of_the_attribute_or_of_the_text() -> None:
    text = "<presence>\n  <priority>200</priority>\n</presence>\n<message\n  type='chta'/>"
    places = {finding.name: (finding.line, finding.column) for finding in lint(text)}
    assert places == {"priority-range": (2, 13), "message-type": (5, 3)}


def test_what_is_said_is_of_this_text() -> None:
    found = lint("<message type='chta'/>")[0]
    assert (found.what, found.cure) == ("chta is no type of message", "did you mean chat?")
    assert found.severity is Severity.ERROR
    assert found.is_error


def test_more_than_one_rule_may_be_broken() -> None:
    text = "<Presence/><presence type='available'><show>busy</show></presence>"
    names = [finding.name for finding in lint(text, ANYWHERE)]
    assert names == ["unknown-top-element", "presence-type", "presence-show"]


def test_what_stands_before_in_the_same_text_counts() -> None:
    ping = "<iq type='get' id='7' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
    assert [finding.name for finding in lint(ping + ping)] == ["id-reused"]
    bound = replace(ANYWHERE, phase=Phase.BOUND, managed=False)
    enable = "<enable xmlns='urn:xmpp:sm:3'/>"
    assert lint(f"{enable}<r xmlns='urn:xmpp:sm:3'/>", bound) == []
    assert [finding.name for finding in lint(enable * 2, bound)] == ["sm-enabled-twice"]
    unbound = replace(ANYWHERE, phase=Phase.UNBOUND)
    bind = "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
    assert lint(f"{bind}<presence/>", unbound) == []


def test_a_forgotten_namespace_is_named() -> None:
    found = lint("<iq type='get' id='1'><ping/></iq>")
    assert [finding.name for finding in found] == ["payload-without-namespace"]
    assert "xmlns='urn:xmpp:ping'" in found[0].cure


def test_the_namespace_that_is_meant_most_often_is_named_first() -> None:
    (found,) = lint("<iq type='get' id='1'><query/></iq>")
    first, _, rest = found.cure.partition(", or perhaps ")
    assert first == "add xmlns='http://jabber.org/protocol/disco#info'"
    assert "jabber:iq:roster" in rest
    assert "jabber:iq:privacy" not in rest
