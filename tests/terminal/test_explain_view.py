"""Explanations as a person sees them, at any width and without colour."""

from __future__ import annotations

import re

import pytest

from xmppshell.knowledge.coverage import Coverage
from xmppshell.knowledge.explain import Circumstances, explain_element, explain_term
from xmppshell.knowledge.explanation import (
    Answer,
    Branch,
    Card,
    More,
    Part,
    Remark,
    Run,
    Source,
    Value,
)
from xmppshell.protocol.xml import Context, parse_element
from xmppshell.terminal.columns import cells
from xmppshell.terminal.explain_view import ExplainView
from xmppshell.terminal.theme import Theme

SGR = re.compile(r"\x1b\[[0-9;]*m")
HERE = Source("XEP-0199 3", "https://xmpp.org/extensions/xep-0199.html")
TREE = Branch(
    "iq",
    "",
    "Asks.",
    Source("RFC 6120 8.2.3", "https://www.rfc-editor.org/rfc/rfc6120#section-8.2.3"),
    (Value("type", "get", "asks for information"), Value("id", "1")),
    (Remark("request", "is misspelt", "xmlns='a'"), Remark("try", "again")),
    (
        Branch("ping", "urn:xmpp:ping", "", HERE, remarks=(Remark("unknown", "not known"),)),
        Run(
            "feature",
            "",
            "Names one.",
            HERE,
            (Value("var", "a", "A thing"), Value("var", "bcd", doubt="not known here")),
            ("e", "f"),
            ("f",),
        ),
        More("item", tuple(Value("jid", each) for each in "xyz")),
    ),
)


def shown(explanation: Branch | Card | Answer, width: int = 80, colour: bool = False) -> str:
    return ExplainView(Theme(colour), width).lines(explanation)


def test_a_tree() -> None:
    assert ExplainView(Theme(False), 80).tree(TREE, "7, which answers 6") == (
        "7, which answers 6\n"
        "  <iq>                                                            RFC 6120 8.2.3\n"
        "    Asks.\n"
        "    type='get'  asks for information\n"
        "    id='1'\n"
        "    in the request, xmlns='a': is misspelt\n"
        "    try: again\n"
        "    <ping xmlns='urn:xmpp:ping'>                                      XEP-0199 3\n"
        "      ? not known\n"
        "    <feature>, 4 times                                                XEP-0199 3\n"
        "      Names one.\n"
        "      var='a'    A thing\n"
        "      var='bcd'  ? not known here\n"
        "      and 2 more: e, f\n"
        "      ? not known here: f\n"
        "    and 3 more <item>: x, y, z\n"
        "  where to read on\n"
        "    RFC 6120 8.2.3  https://www.rfc-editor.org/rfc/rfc6120#section-8.2.3\n"
        "    XEP-0199 3      https://xmpp.org/extensions/xep-0199.html"
    )


def test_colour_changes_no_character() -> None:
    coloured = shown(TREE, colour=True)
    assert coloured != shown(TREE)
    assert SGR.sub("", coloured) == shown(TREE)


REAL = """\
<iq type='error' id='j2' from='localhost' to='juliet@localhost/balcony'>
<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>No.</text></error></iq>"""


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 200])
def test_nothing_is_wider_than_the_terminal_but_words_that_are(width: int) -> None:
    tree = explain_element(parse_element(REAL.encode(), Context.for_namespace()), Circumstances())
    answers = [explain_term(term) for term in ("ping", "query", "message@type", "xep 198")]
    for text in [shown(tree, width), *(shown(answer, width) for answer in answers)]:
        for line in text.split("\n"):
            if cells(line) > min(max(width, 20), 100):
                assert len(line.split()) <= 2 or "xmlns=" in line, line


def test_a_wide_terminal_does_not_make_long_lines() -> None:
    assert max(map(cells, shown(TREE, 250).split("\n"))) <= 100


def test_a_card() -> None:
    card = Card(
        "element of urn:xmpp:ping",
        "<ping/>",
        "Asks for an answer.",
        HERE,
        (Part("what answers it", (("a result without payload", ""),)),),
        (Remark("usually", "so"),),
    )
    assert shown(card) == (
        "<ping/>                                                               XEP-0199 3\n"
        "  element of urn:xmpp:ping\n"
        "  Asks for an answer.\n"
        "  usually: so\n"
        "  what answers it\n"
        "    a result without payload\n"
        "  where to read on\n"
        "    XEP-0199 3  https://xmpp.org/extensions/xep-0199.html"
    )


def test_many_meanings_are_listed() -> None:
    cards = tuple(Card(f"kind {number}", "x", "Why.", HERE) for number in range(5))
    text = shown(Answer("x", cards, (("XEP-0001", "A title (Active)"),)))
    assert text.startswith("“x” can be 5 things\n  x, kind 0\n      Why.\n")
    assert text.endswith("documents with that in their title\n    XEP-0001  A title (Active)")


def test_very_many_meanings_are_named() -> None:
    cards = tuple(Card(f"element of {number}", "x", "Why.", HERE) for number in range(14))
    text = shown(Answer("x", cards))
    assert text.count("Why.") == 12
    assert text.endswith("and 2 more: element of 12, element of 13")


def test_what_is_left_out_has_its_meaning_where_it_has_one() -> None:
    which = (Value("var", "a", "A."), Value("var", "b"), *(Value("var", str(n)) for n in range(12)))
    tree = Branch("x", why="Why.", children=(More("field", which),))
    assert "    and 14 more <field>\n      var='a'  A.\n      var='b'\n" in shown(tree)
    assert shown(tree).endswith("\n      and 10, 11")


def test_what_is_unknown_is_said_to_be() -> None:
    assert shown(Answer("pingg", (), near=("ping",))) == (
        "? nothing is known here of “pingg”\n  written much like it: ping"
    )
    assert "try another word" in shown(Answer("zzz", ()))


def test_characters_that_act_on_the_terminal_are_shown() -> None:
    evil = "\x1b[2J\u202e"
    tree = Branch(
        evil,
        evil,
        values=(Value(evil, evil, evil, evil),),
        remarks=(Remark("request", evil, evil),),
        children=(
            Run(evil, evil, evil, Source(), (Value("", evil),), (evil,), (evil,)),
            More(evil, (Value(evil, evil, evil),)),
        ),
    )
    answer = Answer(evil, (Card(evil, evil, evil, HERE, (Part(evil, ((evil, evil),)),)),))
    for text in (shown(tree), shown(answer), shown(Answer(evil, (), near=(evil,)))):
        assert "\x1b" not in text
        assert "\u202e" not in text
    found = Coverage({}, {f"{{{evil}}}{evil}": 1})
    assert "\x1b" not in ExplainView(Theme(False), 80).coverage(evil, found)


def test_a_long_value_is_cut() -> None:
    tree = Branch("body", why="Text.", values=(Value("", "a" * 5000),))
    assert len(shown(tree)) < 600


def test_coverage_is_told_by_distinct_element_and_by_occurrence() -> None:
    found = Coverage({"{a}b": 17, "{a}c": 2}, {"{urn:x}y": 1})
    assert ExplainView(Theme(False), 80).coverage("one.scs", found) == (
        "one.scs: 20 elements, 3 of them different\n"
        "    66.7% of different elements known (2 of 3)\n"
        "    95.0% of occurrences known (19 of 20)\n"
        "not known:\n"
        "  1  <y xmlns='urn:x'>"
    )
