"""The view of XML: where it breaks lines, what it never changes, what it folds."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from xmppshell.protocol.xml import TokenKind, attributes_of, tokenise
from xmppshell.terminal.pretty import pretty, pretty_folded, raw
from xmppshell.terminal.theme import Theme

PLAIN = Theme(colour=False)
COLOUR = Theme(colour=True)
SGR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "<iq type='get' to='localhost' id='j2'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq type='get' to='localhost' id='j2'>\n  <ping xmlns='urn:xmpp:ping'/>\n</iq>",
        ),
        ("<presence/>", "<presence/>"),
        ("<a></a>", "<a></a>"),
        ("<a>  </a>", "<a>  </a>"),
        ("<a><b></b></a>", "<a>\n  <b></b>\n</a>"),
        ("<a><b>text</b><c/></a>", "<a>\n  <b>text</b>\n  <c/>\n</a>"),
        ("<a>\n\n\t<b/>\r\n </a>", "<a>\n  <b/>\n</a>"),
        ("<p>so <b>it</b> <i>is</i></p>", "<p>so <b>it</b> <i>is</i></p>"),
        ("<p><b> <i/> </b>.</p>", "<p><b> <i/> </b>.</p>"),
        ("<a><p>x<b><i/></b></p><c/></a>", "<a>\n  <p>x<b><i/></b></p>\n  <c/>\n</a>"),
        ("<a>&#32;<b/></a>", "<a>&#32;<b/></a>"),
        ("<a>\u00a0<b/></a>", "<a>\u00a0<b/></a>"),
        ("<a><![CDATA[]]><b/></a>", "<a><![CDATA[]]><b/></a>"),
        ("<a><b>line\nline  </b><c/></a>", "<a>\n  <b>line\nline  </b>\n  <c/>\n</a>"),
        (
            "<a><b xml:space='preserve'> <c/> </b></a>",
            "<a>\n  <b xml:space='preserve'> <c/> </b>\n</a>",
        ),
        ("<a  b = \"1\"\n c='2' ></a >", "<a  b = \"1\"\n c='2' ></a >"),
        ("<?xml version='1.0'?><s:stream to='x'>", "<?xml version='1.0'?>\n<s:stream to='x'>"),
        ("</stream:stream>", "</stream:stream>"),
        ("<a/> <b/>x<c/>", "<a/>\n<b/>\nx\n<c/>"),
        ("", ""),
    ],
)
def test_where_lines_are_broken(text: str, shown: str) -> None:
    assert pretty(text, PLAIN) == shown


@pytest.mark.parametrize("text", ["<a", "<a b>", "<a b='>", "a < b", "<a><b></a>", "</a></b>", "<"])
def test_text_that_is_not_well_formed_is_all_there(text: str) -> None:
    assert re.sub(r"\s", "", pretty(text, PLAIN)) == re.sub(r"\s", "", text)
    assert SGR.sub("", raw(text, COLOUR)) == text


def test_colours() -> None:
    assert pretty("<a b='1' xmlns='u'>x&lt;</a>", COLOUR) == (
        "\x1b[94m<a\x1b[0m \x1b[36mb\x1b[0m=\x1b[32m'1'\x1b[0m \x1b[2mxmlns='u'\x1b[0m"
        "\x1b[94m>\x1b[0mx\x1b[35m&lt;\x1b[0m\x1b[94m</a>\x1b[0m"
    )


def test_margin_and_indent() -> None:
    assert pretty("<a><b>x\ny</b></a>", PLAIN, indent=3, margin=2) == (
        "  <a>\n     <b>x\ny</b>\n  </a>"
    )


def test_a_long_tag_is_broken_between_attributes() -> None:
    text = "<message  from='a@example.org'\tto='b@example.org' id='x1' type='chat'><b/></message>"
    assert pretty(text, PLAIN, width=45, margin=2) == (
        "  <message from='a@example.org'\n"
        "           to='b@example.org' id='x1'\n"
        "           type='chat'>\n"
        "    <b/>\n"
        "  </message>"
    )
    assert pretty(text, PLAIN, width=100).startswith("<message  from='a@example.org'\tto=")


@pytest.mark.parametrize("end", [">x</a>", "/>"])
def test_the_end_of_a_tag_fits_too(end: str) -> None:
    text = f"<a bc='12' de='345'{end}"
    tag_end = end[: end.index(">") + 1]
    fitting = len(f"<a bc='12' de='345'{tag_end}")
    assert "\n" not in pretty(text, PLAIN, width=fitting)
    assert pretty(text, PLAIN, width=fitting - 1) == f"<a bc='12'\n   de='345'{end}"


def test_what_acts_on_a_terminal_is_shown() -> None:
    text = "<a b='\x9b2J' c\u200d='1'>\u202e<![CDATA[\x7f]]></a\u200d>\ufeff"
    expected = "<a b='⟨U+009B⟩2J' c⟨U+200D⟩='1'>⟨U+202E⟩<![CDATA[⟨U+007F⟩]]></a⟨U+200D⟩>⟨U+FEFF⟩"
    assert raw(text, PLAIN) == expected
    assert SGR.sub("", raw(text, COLOUR)) == expected
    assert pretty(text, PLAIN) == expected.replace("⟨U+FEFF⟩", "\n⟨U+FEFF⟩")


# Random documents, written with every freedom that XML gives.

names = st.sampled_from(["a", "iq", "x:b", "long-name", "b.c", "é"])
blanks = st.text(st.sampled_from(" \t\n"), max_size=3)
texts = st.text(st.sampled_from("ab é\u3000 \n\t>\"'/=\x9b\u202e"), min_size=1, max_size=8).map(
    lambda text: text.replace("]]>", "")
)
contents = st.one_of(
    blanks,
    texts,
    st.sampled_from(["&amp;", "&#32;", "&lt;b&gt;"]),
    texts.map(lambda text: f"<![CDATA[{text}<&]]>"),
)


@st.composite
def attributes(draw: st.DrawFn) -> str:
    chosen = draw(st.lists(st.sampled_from(["id", "to", "x:y", "xmlns", "xml:space"]), unique=True))
    found = []
    for name in chosen:
        quote = draw(st.sampled_from("'\""))
        value = draw(st.text(st.sampled_from("ab>é =\n\u202e"), max_size=6)) or "v"
        fixed = {"xml:space": ["default", "preserve"], "xmlns": ["urn:a", "urn:b"]}
        if name in fixed:
            value = draw(st.sampled_from(fixed[name]))
        space, equals = draw(st.sampled_from([" ", "\n  "])), draw(st.sampled_from(["=", " = "]))
        found.append(f"{space}{name}{equals}{quote}{value}{quote}")
    return "".join(found)


@st.composite
def empty_elements(draw: st.DrawFn) -> str:
    return f"<{draw(names)}{draw(attributes())}{draw(st.sampled_from(['', ' ']))}/>"


@st.composite
def full_elements(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    name, children = draw(names), draw(st.lists(st.one_of(inner, blanks, contents), max_size=5))
    return f"<{name}{draw(attributes())}>{''.join(children)}</{name}>"


elements = st.recursive(empty_elements(), full_elements, max_leaves=12)


def tokens_but_blanks(text: str) -> list[tuple[TokenKind, str]]:
    return [t for t in tokenise(text) if t.kind is not TokenKind.TEXT or t.text.strip(" \t\r\n")]


def meaning(text: str) -> str:
    """Parse and write again, without blanks where only elements stand."""
    root = etree.fromstring(f"<root xmlns:x='x'>{text}</root>", etree.XMLParser(strip_cdata=False))
    _drop_blanks(root[0])
    return etree.tostring(root[0], encoding="unicode", with_tail=False)


def _drop_blanks(element: etree._Element) -> None:
    space = "{http://www.w3.org/XML/1998/namespace}space"
    for node in element.iter():
        outer = [node, *node.iterancestors()]
        verbatim = any(
            o.get(space) == "preserve" or any(t.strip(" \t\r\n") for t in _texts(o)) for o in outer
        )
        if len(node) and not verbatim:
            node.text = None
            for child in node:
                child.tail = None


def _texts(element: etree._Element) -> list[str]:
    if element.tag == "root":
        return []
    return [element.text or "", *((child.tail or "") for child in element)]


# lxml gives a character reference to a blank as the blank itself, and an empty CDATA section as
# nothing, so these are left to the examples above.
comparable = elements.filter(lambda text: "&#32;" not in text)


@given(comparable, st.sampled_from([None, 20, 60]))
@example("<a> <b xml:space='preserve'> <c/> </b> <d/></a>", None)
def test_the_view_means_what_the_text_means(text: str, width: int | None) -> None:
    shown = pretty(text.replace("\x9b", "").replace("\u202e", ""), COLOUR, width=width)
    assert meaning(SGR.sub("", shown)) == meaning(text.replace("\x9b", "").replace("\u202e", ""))


@given(elements)
def test_no_token_is_changed(text: str) -> None:
    text = text.replace("\x9b", "").replace("\u202e", "")
    assert tokens_but_blanks(SGR.sub("", pretty(text, COLOUR))) == tokens_but_blanks(text)
    assert SGR.sub("", raw(text, COLOUR)) == text


@given(elements, st.integers(10, 80))
def test_breaking_tags_changes_only_the_space_between_attributes(text: str, width: int) -> None:
    def pieces(source: str) -> list[object]:
        return [
            [attribute[1:] for attribute in attributes_of(token.text)]
            if token.kind in (TokenKind.START_TAG, TokenKind.EMPTY_TAG)
            else token
            for token in tokens_but_blanks(source)
        ]

    text = text.replace("\x9b", "").replace("\u202e", "")
    assert pieces(SGR.sub("", pretty(text, COLOUR, width=width))) == pieces(text)


@given(st.one_of(elements, st.text(st.sampled_from("<>/&='\"ab ![CDAT]?-\n\x1b\x9b"))))
def test_only_colour_codes_control_the_terminal(text: str) -> None:
    for shown in (pretty(text, COLOUR), raw(text, COLOUR)):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", SGR.sub("", shown))


@given(st.one_of(elements, st.text(st.sampled_from("<>/&='\"ab ![CDAT]?-\n"))))
def test_colours_end_with_the_line(text: str) -> None:
    for shown in (pretty(text, COLOUR), raw(text, COLOUR)):
        for line in shown.split("\n"):
            assert [code == "\x1b[0m" for code in SGR.findall(line)] == [
                bool(number % 2) for number in range(len(SGR.findall(line)))
            ]


# Long and deep texts.


def test_long_lists_are_cut() -> None:
    items = "".join(f"<item n='{n}'/>" for n in range(100))
    shown, more, _ = pretty_folded(f"<a>{items}</a>", PLAIN, max_lines=10, max_run=2000)
    assert shown.split("\n") == ["<a>", *(f"  <item n='{n}'/>" for n in range(9))]
    assert more == 102 - 10


@given(elements, st.integers(1, 8))
def test_cutting_loses_no_count_of_lines(text: str, limit: int) -> None:
    whole = pretty(text, COLOUR).split("\n")
    shown, more, _ = pretty_folded(text, COLOUR, max_lines=limit, max_run=10_000)
    lines = shown.split("\n")
    assert lines == whole[: len(lines)]
    if "\n" not in text:
        assert len(lines) + more == len(whole)
    assert bool(more) == (len(lines) < len(whole))
    assert more == 0 or len(lines) == limit


def test_a_few_lines_more_are_shown() -> None:
    text = f"<a>{'<b/>' * 11}</a>"
    assert pretty_folded(text, PLAIN, max_lines=10, max_run=2000) == (pretty(text, PLAIN), 0, 0)


def test_lines_of_a_text_count() -> None:
    shown, more, _ = pretty_folded(
        "<a><b>" + "x\n" * 50 + "</b></a>", COLOUR, max_lines=10, max_run=2000
    )
    assert shown.count("\n") == 9
    assert more == 53 - 10


def test_a_long_text_is_cut() -> None:
    shown, more, characters = pretty_folded(
        f"<a>{'x' * 50_000}</a>", PLAIN, max_lines=40, max_run=2000
    )
    assert shown == f"<a>{'x' * 2000}⟨… 48,000 more characters⟩</a>"
    assert (more, characters) == (0, 48_000)


def test_a_long_value_is_cut() -> None:
    shown, _, characters = pretty_folded(
        f"<a b='{'x' * 50_000}' c='1'/>", PLAIN, max_lines=40, max_run=2000
    )
    assert shown == f"<a b='{'x' * 2000}⟨… 48,000 more characters⟩' c='1'/>"
    assert characters == 48_000


def test_long_mixed_content_is_cut() -> None:
    text = f"<p>{'x<i>y</i>' * 5000}</p>"
    shown, _, characters = pretty_folded(text, PLAIN, max_lines=40, max_run=2000)
    assert len(shown) < 2100
    assert shown.endswith(" more characters⟩</p>")
    hidden = int(re.findall(r"… ([\d,]+) more", shown)[0].replace(",", ""))
    assert len(shown) - len(f"⟨… {hidden:,} more characters⟩") + hidden == len(text)
    assert characters == hidden


def test_depth_is_no_matter() -> None:
    text = "<a>" * 5000 + "</a>" * 5000
    assert pretty(text, PLAIN, indent=0) == "<a>\n" * 4999 + "<a></a>" + "\n</a>" * 4999


def test_time_is_linear() -> None:
    def seconds(count: int) -> float:
        begun = time.perf_counter()
        pretty(f"<p>x{'<i>y</i> z' * count}</p>", PLAIN)
        return time.perf_counter() - begun

    small = min(seconds(5_000) for _ in range(3))
    large = min(seconds(50_000) for _ in range(2))
    assert large < small * 40
