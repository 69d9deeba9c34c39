"""Text that may be unfinished or wrong, read as trees whose places in the text are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.protocol.xml import Context, parse_element
from xmppshell.protocol.xml.reading import Reading, read

PREFIXES = Context.for_namespace().prefixes
HEADER = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"


def names(reading: Reading) -> list[str]:
    return [str(e.tag).rpartition("}")[2] for top in reading.elements() for e in top.iter()]


@pytest.mark.parametrize(
    ("text", "found", "still_open"),
    [
        ("", [], []),
        ("<iq/> <message/>", ["iq", "message"], []),
        ("<message><body>hi", ["message", "body"], ["message", "body"]),
        ("<message><bo", ["message"], ["message"]),
        ("<message type='chat'", ["message"], ["message"]),
        ("<message type='chat' to='x", ["message"], ["message"]),
        ("<mess", [], []),
        ("<message>&<x/>", ["message"], ["message"]),
        ("<a>&nbsp;</a>", ["a"], ["a"]),
        (f"{HEADER}<iq>", ["iq"], ["iq"]),
    ],
)
def test_what_stands_there_is_read(text: str, found: list[str], still_open: list[str]) -> None:
    reading = read(text, PREFIXES)
    assert names(reading) == found
    assert [str(e.tag).rpartition("}")[2] for e in reading.open_elements] == still_open


def test_only_a_tag_without_its_end_is_partial() -> None:
    assert read("<message type='chat'>", PREFIXES).partial is None
    reading = read("<message type='chat' id='1", PREFIXES)
    assert reading.partial is reading.open_elements[-1]
    assert dict(reading.partial.attrib) == {"type": "chat"}


def test_a_tag_whose_prefix_may_still_be_declared_is_no_fault() -> None:
    reading = read("<x:a b='1'", PREFIXES)
    assert reading.error is None
    assert names(reading) == []


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("<a>\n&", None, None), ("<a>\n& </a>", 2, 1), ("<a b='1' b='2'/>", 1, 10), ("hello", 1, 1)],
)
def test_the_first_fault_has_its_place(text: str, line: int | None, column: int | None) -> None:
    error = read(text, PREFIXES).error
    assert (error and error.line, error and error.column) == (line, column)


def test_elements_attributes_and_texts_are_found_again() -> None:
    text = "<iq/>\n<a xmlns='x' id = '1'><![CDATA[<b/>]]><c d='>' e=\"2\"> t</c></a>"
    reading = read(text, PREFIXES)
    _, a = reading.elements()
    assert text[reading.place(a) :].startswith("<a ")
    assert text[reading.place(a, "id") :].startswith("id = ")
    assert text[reading.place(a, "xmlns") :].startswith("xmlns=")
    assert text[reading.place(a[0], "e") :].startswith('e="2"')
    assert text[reading.place(a[0], inside=True) :].startswith("t</c>")
    assert reading.place(a, "missing") == reading.place(a)


def test_an_element_that_was_parsed_before_is_not_parsed_again() -> None:
    text = "<message>\n<body>hi</body></message>"
    element = parse_element(text.encode(), Context.for_namespace())
    reading = Reading.of(text, element)
    assert list(reading.elements()) == [element]
    assert reading.place(element[0]) == text.index("<body")


@given(st.text(), st.integers(0, 60))
def test_nothing_raises(noise: str, at: int) -> None:
    text = "<message type='chat' to='a@b'><body>hi</body></message>"
    reading = read(text[:at] + noise + text[at:], PREFIXES)
    for element in reading.elements():
        for inner in element.iter():
            assert reading.text[reading.place(inner)] == "<"
