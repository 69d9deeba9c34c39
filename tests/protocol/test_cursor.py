"""Where in XML a cursor stands, at every position of finished, unfinished and wrong XML."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.protocol.namespaces import CLIENT, DISCO_INFO, ROSTER, STREAM
from xmppshell.protocol.xml import Context, examine
from xmppshell.protocol.xml.cursor import OpenTag, Place, place_at

CONTEXT = Context.for_namespace(CLIENT)


def at_cursor(typed: str) -> Place:
    """Return the place of the `|` in what is typed."""
    return place_at(typed.replace("|", "", 1), typed.index("|"), CONTEXT)


@pytest.mark.parametrize(
    ("typed", "kind", "word", "path"),
    [
        ("|", "CONTENT", "", []),
        ("  |", "CONTENT", "  ", []),
        ("<|", "TAG_NAME", "", []),
        ("<pre|", "TAG_NAME", "pre", []),
        ("<pre|sence/>", "TAG_NAME", "pre", []),
        ("<a>|", "CONTENT", "", ["a"]),
        ("<a>x|", "TEXT", "x", ["a"]),
        ("<a>x<b/> y|", "TEXT", " y", ["a"]),
        ("<a><b/>|", "CONTENT", "", ["a"]),
        ("<a><b>|</b></a>", "CONTENT", "", ["a", "b"]),
        ("<a><b></b><|", "TAG_NAME", "", ["a"]),
        ("<a></|", "END_TAG", "", ["a"]),
        ("<a></a|", "END_TAG", "a", ["a"]),
        ("<a></a>|", "CONTENT", "", []),
        ("<a |", "ATTRIBUTE_NAME", "", []),
        ("<a\n  ty|", "ATTRIBUTE_NAME", "ty", []),
        ("<a ty|pe='x'>", "ATTRIBUTE_NAME", "ty", []),
        ("<a b='x'|", "AFTER_VALUE", "", []),
        ("<a b=|", "ELSEWHERE", "", []),
        ("<a/|", "ELSEWHERE", "", []),
        ("<a b='|", "ATTRIBUTE_VALUE", "", []),
        ("<a b='x y|z'/>", "ATTRIBUTE_VALUE", "x y", []),
        ("<a b = \"x'y|", "ATTRIBUTE_VALUE", "x'y", []),
        ("<a 'x|", "ELSEWHERE", "x", []),
        ("<a><![CDATA[<b>|", "ELSEWHERE", "", ["a"]),
        ("<a><![CDATA[<b>]]>|", "CONTENT", "", ["a"]),
        ("<a><!-- <b> |", "ELSEWHERE", "", ["a"]),
        ("<?xml |", "ELSEWHERE", "", []),
        ("<?xml version='1.0'?><|", "TAG_NAME", "", []),
        # Wrong XML.
        ("<a></b><|", "TAG_NAME", "", ["a"]),
        ("<a><b></a><|", "TAG_NAME", "", []),
        ("<a b='x <c><|", "TAG_NAME", "", ["a", "c"]),
        ("<a b <c><|", "TAG_NAME", "", ["a", "c"]),
        ("</a><b>|", "CONTENT", "", ["b"]),
        ("<‹cond›|", "TAG_NAME", "‹cond›", []),
    ],
)
def test_the_kind_of_a_place(typed: str, kind: str, word: str, path: list[str]) -> None:
    place = at_cursor(typed)
    assert (place.kind.name, place.word) == (kind, word)
    assert [tag.name for tag in place.path] == path
    assert typed[place.start : typed.index("|")] == word


def test_names_are_read_in_their_namespaces() -> None:
    place = at_cursor(
        f"<iq type='get' to='a&amp;b'><query xmlns='{ROSTER}'><item jid='x'/><stream:y/><p:z "
        f"xmlns:p='{DISCO_INFO}'/><|"
    )
    iq, query = place.path
    assert iq == OpenTag(
        "iq", f"{{{CLIENT}}}iq", {"type": "get", "to": "a&b"}, (f"{{{ROSTER}}}query",)
    )
    assert query.tag == f"{{{ROSTER}}}query"
    assert query.children == (f"{{{ROSTER}}}item", f"{{{STREAM}}}y", f"{{{DISCO_INFO}}}z")
    assert place.prefixes[None] == ROSTER


def test_an_undeclared_prefix_gives_a_name_without_namespace() -> None:
    assert at_cursor("<p:a><|").path[0].tag == "a"


@pytest.mark.parametrize(
    ("typed", "attributes"),
    [
        ("<a b='1' | c='2'>", {"b": "1", "c": "2"}),
        ("<a b='1' c|", {"b": "1"}),
        ("<a b='1' c='|' d='2'/><e f='3'/>", {"b": "1", "d": "2"}),
        ("<a b='1' c='|\n<e f='3'/>", {"b": "1"}),
        ("<a | xmlns='urn:x'/>", {"xmlns": "urn:x"}),
    ],
)
def test_attributes_on_both_sides_of_the_cursor(typed: str, attributes: dict[str, str]) -> None:
    element = at_cursor(typed).element
    assert element is not None
    assert element.attributes == attributes
    assert element.tag == ("{urn:x}a" if "xmlns" in attributes else f"{{{CLIENT}}}a")


def test_the_attribute_of_a_value() -> None:
    place = at_cursor("<iq type='get' to=\"ro|")
    assert (place.attribute, place.quote) == ("to", '"')


SOUP = st.lists(st.sampled_from([*"<>/='\"!?-[]& \nab:x‹›", "<a", "</a>", "<![CDATA["])).map(
    "".join
)


@given(SOUP, st.integers(-2, 40))
def test_nothing_raises(text: str, position: int) -> None:
    place = place_at(text, position, CONTEXT)
    cursor = max(0, min(position, len(text)))
    assert place.start <= cursor
    assert text[place.start : cursor] == place.word


NAMES = st.sampled_from(["a", "b", "stream:c", "query"])
ELEMENTS = st.recursive(
    st.builds("<{} k='v&lt;'/>".format, NAMES),
    lambda inner: st.builds(
        lambda name, within: f"<{name} xmlns='urn:x'>{''.join(within)}</{name}>",
        NAMES,
        st.lists(inner | st.just("t x"), max_size=4),
    ),
    max_leaves=12,
)


@given(ELEMENTS, st.data())
def test_the_path_is_what_the_strict_scanner_finds_open(text: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(text)))
    place = place_at(text, position, CONTEXT)
    assert tuple(tag.name for tag in place.path) == examine(text[:position], CONTEXT).open_tags


@pytest.mark.parametrize(
    "piece", ["<a>", "a", "<a b='", "</a>", "a='b' ", " ", "<!--", "<![CDATA[", "='", "<a b", "\"'"]
)
def test_the_time_is_linear(piece: str) -> None:
    def seconds(count: int) -> float:
        text = "<x " + piece * count + "</c>" * count
        times = []
        for _ in range(5):
            begun = time.process_time()
            place_at(text, len(text), CONTEXT)
            times.append(time.process_time() - begun)
        return min(times)

    # Eight times the text; quadratic work would take 64 times as long.
    assert seconds(40_000) < 32 * seconds(5_000) + 0.05
