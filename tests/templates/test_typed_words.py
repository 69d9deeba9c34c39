"""What is typed after the name of a template."""

from __future__ import annotations

import pytest

from xmppshell.templates.filling import WrongField
from xmppshell.templates.shelf import shipped
from xmppshell.templates.words import Word, arrange, split, word_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  a  b ", [("", "a"), ("", "b")]),
        ("to=a@b body=x", [("to", "a@b"), ("body", "x")]),
        ("\"two words\" 'three' four", [("", "two words"), ("", "three"), ("", "four")]),
        ("body=\"it's\" x=''", [("body", "it's"), ("x", "")]),
        ("it's so", [("", "it's"), ("", "so")]),
        ("status=", [("status", "")]),
        ("https://x.org/?a=b", [("", "https://x.org/?a=b")]),
        ("payload=<a b='c d'/> to=e", [("payload", "<a b='c d'/>"), ("to", "e")]),
        ("<a><b>c d</b></a>e f", [("", "<a><b>c d</b></a>"), ("", "e"), ("", "f")]),
        ("<a b c", [("", "<a b c")]),
        ("<3 you", [("", "<3"), ("", "you")]),
        ("a\n b=c", [("", "a"), ("b", "c")]),
    ],
)
def test_words_are_divided(text: str, words: list[tuple[str, str]]) -> None:
    assert split(text) == [Word(name, value) for name, value in words]


@pytest.mark.parametrize("text", ['"open', "body='open", '"a"b'])
def test_a_quote_has_to_be_closed(text: str) -> None:
    if text == '"a"b':
        assert split(text) == [Word("", '"a"b')]
        return
    with pytest.raises(WrongField, match="a quote is not closed"):
        split(text)


def test_an_argument_of_a_program_is_one_word() -> None:
    assert word_of('body=it\'s "fine" =') == Word("body", 'it\'s "fine" =')
    assert word_of("Good morrow") == Word("", "Good morrow")


def test_values_go_to_the_fields_in_order() -> None:
    words = split("romeo@localhost subject=Hush 'My dear'")
    assert arrange(shipped("message.normal"), words) == {
        "to": "romeo@localhost",
        "subject": "Hush",
        "body": "My dear",
    }


def test_secrets_have_no_place_in_the_order() -> None:
    assert shipped("muc.join").positional == ["room", "nick", "history"]


@pytest.mark.parametrize(
    ("name", "text", "what", "cure"),
    [
        ("ping", "a b", "“b” is one value too many", ""),
        ("presence.available", "away a b c", "“c” is one value too many", 'status="two words"'),
        ("csi.active", "x", "“x” is one value too many", ""),
        ("ping", "to=a to=b", "to has two values", "keep one of them"),
    ],
)
def test_too_many_are_refused(name: str, text: str, what: str, cure: str) -> None:
    with pytest.raises(WrongField) as caught:
        arrange(shipped(name), split(text))
    assert caught.value.problem.what == what
    assert cure in caught.value.problem.cure
    assert bool(cure) is bool(caught.value.problem.cure)
