from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from xmppshell.protocol import namespaces
from xmppshell.protocol.xml import (
    Completeness,
    Context,
    TokenKind,
    XmlError,
    add_attribute,
    attributes_of,
    examine,
    parse_element,
    parse_header,
    tokenise,
)
from xmppshell.protocol.xml.wellformed import scan

HEADER = (
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "from='localhost' id='s1' version='1.0' xml:lang='en'>"
)
DECLARATION = "<?xml version='1.0'?>"
CLIENT = Context.for_namespace()


# Headers.


def test_header_attributes_and_prefixes() -> None:
    header = parse_header((DECLARATION + "\n" + HEADER).encode())
    assert header.tag == "{http://etherx.jabber.org/streams}stream"
    assert (header.sender, header.to, header.id) == ("localhost", None, "s1")
    assert (header.version, header.lang) == ("1.0", "en")
    assert header.content_namespace == "jabber:client"
    assert header.prefixes == {None: namespaces.CLIENT, "stream": namespaces.STREAM}
    assert header.attributes[f"{{{namespaces.XML}}}lang"] == "en"


def test_header_with_other_prefixes_and_no_default_namespace() -> None:
    header = parse_header(b"<s:stream xmlns:s='http://etherx.jabber.org/streams' to='a'>")
    assert header.tag == "{http://etherx.jabber.org/streams}stream"
    assert header.content_namespace == ""
    assert header.to == "a"
    assert (header.id, header.version, header.lang) == (None, None, None)


def test_a_self_closed_header_and_a_foreign_root() -> None:
    assert parse_header(b"<stream xmlns='urn:x'/>").tag == "{urn:x}stream"
    assert parse_header(b"<html>").tag == "html"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("<stream:stream to='a'>", 1, 2, "prefix `stream:` is not declared"),
        (DECLARATION + "\n<a b=c>", 2, 6, "must be in quotes"),
        ("<a b='1'\n b='2'>", 2, 2, "there twice"),
        ("<a>&amp;", 1, 1, "more than a stream header"),
        ("<a><b>", 1, 1, "more than a stream header"),
        ("<a><b/>", 1, 1, "more than a stream header"),
        ("<a", 1, 3, "not complete"),
        ("", 1, 1, "not complete"),
        (DECLARATION, 1, len(DECLARATION) + 1, "not complete"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a b='&x;'>", 1, 1, "DOCTYPE"),
        ("<?xml-stylesheet href='x'?><a>", 1, 1, "processing instructions"),
        ("<a xmlns:x=''>", 1, 14, "Empty XML namespace"),
    ],
)
def test_bad_headers(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(XmlError) as caught:
        parse_header(text.encode())
    assert words in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)


# Contexts.


def test_elements_inherit_the_header() -> None:
    context = Context.of(parse_header(HEADER.encode()))
    assert parse_element(b"<message/>", context).tag == "{jabber:client}message"
    assert parse_element(b"<stream:error/>", context).tag == f"{{{namespaces.STREAM}}}error"
    message = parse_element(b"<message><body/></message>", context)
    assert message.xpath("boolean(body[lang('en')])") is False
    assert message.xpath("boolean(*[lang('en')])") is True


def test_a_context_without_header() -> None:
    component = Context.for_namespace(namespaces.COMPONENT_ACCEPT)
    assert parse_element(b"<iq/>", component).tag == "{jabber:component:accept}iq"
    assert CLIENT.prefixes == {None: "jabber:client", "stream": namespaces.STREAM}


def test_prefixes_of_a_header_are_quoted_safely() -> None:
    header = parse_header(b"<a xmlns:p='x&apos;&lt;y'>")
    element = parse_element(b"<p:b/>", Context.of(header))
    assert element.tag == "{x'<y}b"


@pytest.mark.parametrize("name", ["no uri", "{id}", "urn:é", "%"])
def test_a_namespace_that_is_no_uri_is_let_pass(name: str) -> None:
    assert parse_element(f"<a xmlns='{name}'/>".encode(), CLIENT).tag == f"{{{name}}}a"
    assert parse_header(f"<a xmlns='{name}'>".encode()).content_namespace == name
    assert examine(f"<a xmlns='{name}'><b>", CLIENT).open_tags == ("a", "b")
    with pytest.raises(XmlError, match="prefix `x:`"):
        parse_element(f"<a xmlns='{name}'><x:b/></a>".encode(), CLIENT)


def test_one_slice_leaves_nothing_for_the_next() -> None:
    parse_element(b"<a xmlns:x='urn:x' xmlns='urn:y'/>", CLIENT)
    assert parse_element(b"<a/>", CLIENT).tag == "{jabber:client}a"
    with pytest.raises(XmlError):
        parse_element(b"<x:a/>", CLIENT)


# Elements.


def test_an_element_and_its_text() -> None:
    element = parse_element("<a b='&lt;é'>&amp;<c/>日<![CDATA[<]]></a>".encode(), CLIENT)
    assert element.get("b") == "<é"
    assert "".join(str(text) for text in element.itertext()) == "&日<"
    assert element.tail is None


def test_white_space_around_an_element_is_allowed() -> None:
    assert parse_element(b" \n<a/>\n", CLIENT).tag == "{jabber:client}a"


def test_deep_and_large_elements_up_to_the_caps_of_the_framer() -> None:
    deep = parse_element(b"<a>" * 256 + b"</a>" * 256, CLIENT)
    assert len(list(deep.iter())) == 256
    large = parse_element(b"<a b='" + b"x" * 10_400_000 + b"'/>", CLIENT)
    assert len(large.get("b") or "") == 10_400_000
    assert len(parse_element(b"<a>" + b"x" * 10_400_000 + b"</a>", CLIENT).text or "") > 10**7


FAULTS = [
    # text, column in it, words
    ("a & b", 3, "`&` must be written `&amp;`"),
    ("a &b c", 3, "`&` must be written `&amp;`"),
    ("a &&amp;", 3, "`&` must be written `&amp;`"),
    ("<x:y/>", 2, "the prefix `x:` is not declared"),
    ("<y x:z='1'/>", 4, "the prefix `x:` is not declared"),
    ("<x:y p:z='1'/>", 2, "the prefix `x:` is not declared"),
    ("<z xmlns:x='u'/><x:y/>", 18, "the prefix `x:` is not declared"),
    ("1&nbsp;2", 2, "there is no entity `&nbsp;`"),
    ("<y z='&eacute;'/>", 7, "there is no entity `&eacute;`"),
    ("<y z='1' w='2' z='3'/>", 16, "the attribute `z` is there twice"),
    ("<y z='1' z='2' w=3/>", 10, "the attribute `z` is there twice"),
    ("<y xmlns:p='u' xmlns:q='u' p:z='' q:z=''/>", 35, "the attribute `q:z` is there twice"),
    ("<y><z></y></z>", 7, "end tag </y> does not match <z>"),
    ("<y>1</z>", 5, "end tag </z> does not match <y>"),
    ("<y z=abc/>", 6, "the value of `z` must be in quotes"),
    ("<y z/>", 4, "the attribute `z` has no value"),
    ("<y z w='1'/>", 4, "the attribute `z` has no value"),
    ("<y z='a<b'/>", 8, "`<` in the value of `z` must be written `&lt;`"),
    ("<y z='a><b/>", 9, "`<` in the value of `z` must be written `&lt;`"),
    ("<y z='&'/>", 7, "`&` must be written `&amp;`"),
    ("1\x012", 2, "U+0001 is not allowed in XML"),
    ("<y z='\x1b'/>", 7, "U+001B is not allowed in XML"),
    ("<![CDATA[a\x00]]>", 11, "U+0000 is not allowed in XML"),
    ("1\ufffe", 2, "U+FFFE is not allowed in XML"),
    ("<y \x02/>", 4, "U+0002 is not allowed in XML"),
    ("<y z='1'w='2'/>", 9, "a space is missing before the attribute `w`"),
    ("<y z='1' '2'/>", 10, "a quote stands where an attribute should begin"),
    ("<y ='1'/>", 4, "`=` cannot stand here in a tag"),
    ("<y <z/>", 4, "there is a `<` inside the tag <y"),
    ("<y / >", 4, "`/` in a tag must be followed by `>`"),
    ("<y:/>", 3, "`:` is not in place here"),
    ("<y:z:w/>", 5, "`:` is not in place here"),
    ("<y p:='1'/>", 5, "`:` is not in place here"),
    ("1 < 2", 3, "`<` must be written `&lt;`"),
    ("<1/>", 1, "`<` must be written `&lt;`"),
    ("</>", 1, "the end tag has no name"),
    ("<y></y z='1'>", 8, "`z` cannot stand in the end tag </y>"),
    ("1]]>2", 2, "`]]>` cannot stand in text"),
    ("&#0;", 1, "`&#0;` names a character that is not allowed in XML"),
    ("<y z='&#xD800;'/>", 7, "`&#xD800;` names a character"),
    ("&#99999999999;", 1, "`&#99999999999;` names a character"),
    ("<!-- x -->", 1, "XMPP does not allow comments"),
    ("<?php x ?>", 1, "XMPP does not allow processing instructions"),
    ("<?xml version='1.0'?>", 1, "only stand at the very start"),
    ("<!DOCTYPE x>", 1, "XMPP does not allow declarations"),
]


@pytest.mark.parametrize(("text", "column", "words"), FAULTS)
def test_faults_are_told_in_words_with_line_and_column(text: str, column: int, words: str) -> None:
    for before, line, moved in (("<a>", 1, 3), ("<ä>é\n  <b/>日", 2, 7)):
        whole = f"{before}{text}</{before[1]}>"
        with pytest.raises(XmlError) as caught:
            parse_element(whole.encode(), CLIENT)
        fault = caught.value
        assert words in str(fault)
        assert (fault.line, fault.column) == (line, column + moved)
        assert fault.problem.what
        assert fault.problem.cause
        assert fault.problem.cure
        judged = examine(whole, CLIENT)
        assert judged.completeness is Completeness.ILL_FORMED
        assert judged.error is not None
        assert (judged.error.line, judged.error.column) == (line, column + moved)
        assert judged.error.problem == fault.problem


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "there is no element"),
        (" \n", 1, 1, "there is no element"),
        ("<a/>\n<b/>", 2, 1, "more than one element"),
        ("<a/></b>", 1, 5, "end tag </b> has no start tag"),
        ("</b>", 1, 1, "end tag </b> has no start tag"),
        ("</stream:stream>", 1, 1, "has no start tag"),
        ("<a/></stream:stream><stream:stream>", 1, 5, "has no start tag"),
        ("hello", 1, 1, "text outside an element, beginning with `h`"),
        ("<a/> x", 1, 6, "text outside an element, beginning with `x`"),
        ("<![CDATA[x]]><a/>", 1, 1, "text outside an element"),
        ("<a/><![CDATA[x]]>", 1, 5, "text outside an element"),
        ("<a/><!-- x -->", 1, 5, "comments"),
        ("<!-- x --><a/>", 1, 1, "comments"),
        ("<?x?><a/>", 1, 1, "processing instructions"),
        (DECLARATION + "<a/>", 1, 1, "only stand at the very start"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", 1, 1, "declarations"),
        ("<a>\n<b>", 2, 4, "the element <b> is not closed"),
        ("<a", 1, 3, "the tag is not complete"),
        ("<a><![CDATA[", 1, 13, "the element <a> is not closed"),
        ("<a\n xmlns:x=''/>", 2, 12, "Empty XML namespace"),
        ("<xmlns:a/>", 1, 2, "not declared"),
    ],
)
def test_anything_but_one_element_is_refused(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(XmlError) as caught:
        parse_element(text.encode(), CLIENT)
    assert words in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_bytes_that_are_not_utf_8() -> None:
    with pytest.raises(XmlError, match="byte 0xE9 is not UTF-8") as caught:
        parse_element("<ä>\né".encode() + b"\xe9</a>", CLIENT)
    assert (caught.value.line, caught.value.column) == (2, 2)


def test_a_mismatch_tells_the_line_of_the_start_tag() -> None:
    with pytest.raises(XmlError) as caught:
        parse_element(b"<a>\n<b>\n<c/>\n</a>", CLIENT)
    assert caught.value.problem.cause == "<b> in line 2 was opened last and must be closed first"


def test_what_looks_like_a_comment_in_cdata_is_text() -> None:
    assert parse_element(b"<a><![CDATA[<!-- <?x?>]]></a>", CLIENT).text == "<!-- <?x?>"


def test_errors_do_not_pile_up() -> None:
    for _ in range(3):
        with pytest.raises(XmlError) as caught:
            parse_element(b"<a xmlns:x=''/>", CLIENT)
        assert caught.value.column == 14


# The scanner against lxml.

NAMES = st.sampled_from(["a", "b", "p:a", "é", "x1"])
TEXTS = st.text(st.sampled_from("ab >]/é日\n\t'\""), max_size=5).map(
    lambda text: text.replace("]>", "")
)
REFERENCES = st.sampled_from(["&amp;", "&lt;", "&#65;", "&#x1F3AD;", "<![CDATA[<&]]>"])
VALUES = st.one_of(
    st.text(st.sampled_from("ab >é\n'"), max_size=4).map(lambda text: f'"{text}&gt;"'),
    st.text(st.sampled_from('ab >é\n"'), max_size=4).map(lambda text: f"'{text}'"),
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["a", "p:b", "xml:lang", "é"]), VALUES, max_size=3
).map(lambda pairs: "".join(f" {name}={value}" for name, value in pairs.items()))


@st.composite
def elements(draw: st.DrawFn, depth: int = 4) -> str:
    """Return a well-formed element; the prefix `p` is declared only around it."""
    name, attributes = draw(NAMES), draw(ATTRIBUTES)
    if draw(st.booleans()):
        return f"<{name}{attributes}/>"
    inner = st.one_of(TEXTS, REFERENCES, elements(depth - 1)) if depth else TEXTS
    return f"<{name}{attributes}>{''.join(draw(st.lists(inner, max_size=3)))}</{name} >"


INNER = st.lists(elements(), min_size=1, max_size=3).map("\n".join)
TYPED = INNER.map("<r xmlns:p='urn:p'>{}</r>".format)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(INNER)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        new = draw(st.sampled_from(["<", ">", "&", "'", '"', "/", "=", " ", ":", "x", "]", "\x01"]))
        text = text[:at] + draw(st.sampled_from([new, ""])) + text[at + draw(st.integers(0, 2)) :]
    return f"<r xmlns:p='urn:p'>{text}</r>"


def lxml_takes(text: str) -> bool:
    try:
        etree.fromstring(CLIENT.opening + text.encode() + CLIENT.closing, etree.XMLParser())
    except etree.XMLSyntaxError:
        return False
    return True


@settings(max_examples=500, deadline=None)
@given(text=damaged())
@example("<a>]]&gt;</a>")
@example("<a b = 'c'\n/>")
@example("<a xml:lang='en'/>")
def test_the_scanner_agrees_with_lxml(text: str) -> None:
    found = scan(text, CLIENT.prefixes)
    clean = found.fault is None and not found.open_tags and not found.unfinished
    outside = found.fault is not None and found.fault.problem.what.startswith("text outside")
    if not outside and "<!-" not in text and "<?" not in text:
        assert clean == lxml_takes(text)


@settings(max_examples=300, deadline=None)
@given(text=damaged())
def test_passing_over_elements_changes_no_verdict(text: str) -> None:
    judged = examine(text, CLIENT)
    full = scan(text, CLIENT.prefixes, headers=True)
    assert (judged.completeness is Completeness.ILL_FORMED) == (full.fault is not None)
    if judged.error is not None and full.fault is not None:
        expected = XmlError.at(full.fault.problem, text, full.fault.offset)
        assert judged.error.problem == expected.problem
        assert (judged.error.line, judged.error.column) == (expected.line, expected.column)
    assert judged.open_tags == tuple(full.open_tags)
    assert judged.elements == tuple(text[start:end] for start, end in full.elements)


# What a person typed.


@pytest.mark.parametrize(
    ("text", "elements", "header"),
    [
        ("<a/>", ("<a/>",), False),
        (" <a/>\n", ("<a/>",), False),
        ("<a/> <b>x</b>\n<c />", ("<a/>", "<b>x</b>", "<c />"), False),
        ("<a><b><c><d><e/></d></c></b></a>", ("<a><b><c><d><e/></d></c></b></a>",), False),
        ("<a b='>'><![CDATA[</a>]]></a>", ("<a b='>'><![CDATA[</a>]]></a>",), False),
        ("<stream:error/>", ("<stream:error/>",), False),
        (DECLARATION, (), True),
        (HEADER, (), True),
        (DECLARATION + "\n" + HEADER, (), True),
        (HEADER + "<a/><b/>", ("<a/>", "<b/>"), True),
        (HEADER + "<a/></stream:stream>", ("<a/>",), True),
        ("</stream:stream>", (), True),
        ("</stream:stream >\n", (), True),
        ("<presence type='unavailable'/></stream:stream>", None, True),
        ("<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns:p='u'><p:a/>", None, True),
        ("<auth/>" + HEADER, ("<auth/>",), True),
    ],
)
def test_complete(text: str, elements: tuple[str, ...] | None, header: bool) -> None:
    judged = examine(text, CLIENT)
    assert judged.completeness is Completeness.COMPLETE
    assert judged.open_tags == ()
    assert judged.error is None
    assert judged.header is header
    if elements is not None:
        assert judged.elements == elements


@pytest.mark.parametrize("text", ["", " ", "\n\t\n"])
def test_empty(text: str) -> None:
    assert examine(text, CLIENT).completeness is Completeness.EMPTY


@pytest.mark.parametrize(
    ("text", "open_tags"),
    [
        ("<", ()),
        ("<a", ()),
        ("<a ", ()),
        ("<a b", ()),
        ("<a b=", ()),
        ("<a b='", ()),
        ("<a b='c>", ()),
        ("<a b='&am", ()),
        ("<a /", ()),
        ("<x:", ()),
        ("<a>", ("a",)),
        ("<a><x:b xmlns:x='u'>", ("a", "x:b")),
        ("<a><b/><c>text", ("a", "c")),
        ("<a>&", ("a",)),
        ("<a>&am", ("a",)),
        ("<a>&#x1", ("a",)),
        ("<a>]]", ("a",)),
        ("<a><![CDA", ("a",)),
        ("<a><![CDATA[</a>", ("a",)),
        ("<a><", ("a",)),
        ("<a><!", ("a",)),
        ("<a></", ("a",)),
        ("<abc></ab", ("abc",)),
        ("<abc></abc ", ("abc",)),
        ("<a/><b>", ("b",)),
        ("</", ()),
        ("</stream:str", ()),
        ("<?", ()),
        ("<?xml", ()),
        ("<?xml version='1.0'", ()),
        (HEADER + "<a>", ("a",)),
        (HEADER[:-1], ()),
    ],
)
def test_incomplete(text: str, open_tags: tuple[str, ...]) -> None:
    judged = examine(text, CLIENT)
    assert judged.completeness is Completeness.INCOMPLETE
    assert judged.open_tags == open_tags
    assert judged.error is None


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("<a><b></a>", 1, 7, "end tag </a> does not match <b>"),
        ("<message to=juliet>", 1, 13, "must be in quotes"),
        ("<a>\n<x:b>\n<c", 2, 2, "prefix `x:`"),
        ("<a>\n 1 & 2\n <b x='", 2, 4, "`&amp;`"),
        ("<a></b", 1, 4, "end tag </b> does not match <a>"),
        ("<a></a></a", 1, 8, "has no start tag"),
        ("<a b='1' b=", 1, 10, "there twice"),
        ("<a>&foo", 1, 4, "`&amp;`"),
        ("<a><!-", 1, 4, "comments"),
        ("<a/>hello", 1, 5, "text outside"),
        ("{id}", 1, 1, "text outside an element, beginning with `{`"),
        (" " + DECLARATION, 1, 2, "very start"),
        ("<?xml versoin='1.0'?>", 1, 1, "not an XML declaration"),
        ("<?xml version='1.0' encoding='latin-1'?>", 1, 1, "not an XML declaration"),
        ("<?xmlx", 1, 1, "processing instructions"),
        ("</other", 1, 1, "has no start tag"),
        ("<a>\ud83d</a>", 1, 4, "U+D83D is not allowed"),
        ("<b/>\n<stream:stream to='localhost'>", 2, 2, "prefix `stream:` is not declared"),
        ("\n" + HEADER[:-1] + " xmlns:q=''>", 2, len(HEADER) + 11, "Empty XML namespace"),
        (HEADER + "\n<a xmlns:q=''/>", 2, 14, "Empty XML namespace"),
        ("<stream:stream xmlns:stream='urn:other'></stream:streams>", 1, 41, "does not match"),
    ],
)
def test_ill_formed_as_soon_as_it_is_certain(text: str, line: int, column: int, words: str) -> None:
    judged = examine(text, CLIENT)
    assert judged.completeness is Completeness.ILL_FORMED
    assert judged.error is not None
    assert words in str(judged.error)
    assert (judged.error.line, judged.error.column) == (line, column)


@settings(max_examples=200, deadline=None)
@given(text=TYPED, data=st.data())
def test_a_beginning_of_well_formed_text_is_never_ill_formed(
    text: str, data: st.DataObject
) -> None:
    beginning = text[: data.draw(st.integers(0, len(text)))]
    judged = examine(beginning, CLIENT)
    assert judged.error is None
    expected = {0: Completeness.EMPTY, len(text): Completeness.COMPLETE}
    assert judged.completeness is expected.get(len(beginning), Completeness.INCOMPLETE)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.sampled_from("<>/a&;'\"=!?[]- :x#\n\ud800"), max_size=12))
def test_examine_never_raises(text: str) -> None:
    examine(text, CLIENT)


def test_deep_text_is_judged() -> None:
    assert examine("<a>" * 2000, CLIENT).open_tags == ("a",) * 2000
    assert examine("<a>" * 256 + "</a>" * 256, CLIENT).completeness is Completeness.COMPLETE


@pytest.mark.parametrize(
    "text",
    [
        "<a b='" + "x" * 200_000,
        "<a " + "b" * 200_000,
        "<a" + "".join(f" b{i}='1'" for i in range(20_000)),
        "<a>" + "<b>" * 40_000,
        "<a>" + "]" * 200_000,
        "<a>" + "&amp;" * 40_000 + "&",
        "<a>" + "<b><c><d><e></e></d></c></b>" * 7_000,
        "<a>" + "<b>" * 20 + "<c/>" * 50_000,
        "<![CDATA[" * 20_000,
        "<a><![CDATA[" + "]]" * 100_000,
    ],
)
def test_large_unfinished_text_takes_no_quadratic_time(text: str) -> None:
    """Quadratic work on these would take minutes; linear work takes well under a second."""
    start = time.perf_counter()
    examine(text, CLIENT)
    assert time.perf_counter() - start < 5


# Tokens.


def test_tokens_of_a_stanza() -> None:
    text = f"{DECLARATION}\n<a b='/>' c = \">\">x &amp; <b/><![CDATA[<c>]]></a >"
    assert [(token.kind.name, token.text) for token in tokenise(text)] == [
        ("DECLARATION", DECLARATION),
        ("TEXT", "\n"),
        ("START_TAG", "<a b='/>' c = \">\">"),
        ("TEXT", "x &amp; "),
        ("EMPTY_TAG", "<b/>"),
        ("CDATA", "<![CDATA[<c>]]>"),
        ("END_TAG", "</a >"),
    ]


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(damaged(), st.text(st.sampled_from("<>/a'\"=!?[]-CDAT \n"), max_size=12)))
@example("<")
@example("</")
@example("<![CDATA[")
@example("<?")
@example("<a b='")
def test_tokens_lose_nothing(text: str) -> None:
    tokens = tokenise(text)
    assert "".join(token.text for token in tokens) == text
    assert all(token.text for token in tokens)


@settings(max_examples=100, deadline=None)
@given(text=TYPED)
def test_tokens_of_well_formed_text_balance(text: str) -> None:
    depth = 0
    for token in tokenise(text):
        depth += {TokenKind.START_TAG: 1, TokenKind.END_TAG: -1}.get(token.kind, 0)
        assert depth > 0 or token.text == "</r>"
        assert ("<" in token.text) == (token.kind is not TokenKind.TEXT)
    assert depth == 0


def test_attributes_in_exact_pieces() -> None:
    tag = "<a b='1'\n  xml:c = \"/> '\" d='='/>"
    pieces = attributes_of(tag)
    assert pieces == [
        (" ", "b", "=", "'1'"),
        ("\n  ", "xml:c", " = ", '"/> \'"'),
        (" ", "d", "=", "'='"),
    ]
    assert "<a" + "".join("".join(piece) for piece in pieces) + "/>" == tag
    assert attributes_of("<a>") == attributes_of("<a />") == attributes_of("</a>") == []


# Adding an attribute.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a/>", "<a id='1'/>"),
        ("<a />", "<a id='1' />"),
        ("<a>\n</a>", "<a id='1'>\n</a>"),
        ("<a b='x'\n>t<c/></a>", "<a b='x' id='1'\n>t<c/></a>"),
        ("<a b='>' c=\"/>\"/>", "<a b='>' c=\"/>\" id='1'/>"),
        ("\n <a/>", "\n <a id='1'/>"),
        (DECLARATION + "<a>", DECLARATION + "<a id='1'>"),
        ("<a href='x/'>", "<a href='x/' id='1'>"),
    ],
)
def test_add_attribute_changes_nothing_else(text: str, expected: str) -> None:
    assert add_attribute(text, "id", "1") == expected


@given(value=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"])))
@example("'\"<>&\n\t\r")
def test_add_attribute_escapes(value: str) -> None:
    element = parse_element(add_attribute("<a b='c'/>", "id", value).encode(), CLIENT)
    assert element.get("id") == value


@pytest.mark.parametrize("text", ["", "text", "</a>", "<a b='"])
def test_add_attribute_needs_a_tag(text: str) -> None:
    with pytest.raises(ValueError, match="no start tag"):
        add_attribute(text, "id", "1")
