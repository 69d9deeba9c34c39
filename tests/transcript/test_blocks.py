from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from xmppshell.protocol.xml import Context, parse_element
from xmppshell.transcript.blocks import block, visible

NAMES = {
    "juliet@localhost": "${Juliet's JID}",
    "juliet@localhost/it's": "${Juliet's full JID}",
}


def lines_of(text: str, received: bool = True) -> list[str]:
    return block(text.encode(), etree.fromstring(text), NAMES, received=received)


CASES = {
    "elements are indented": (
        "<iq type='get'><query xmlns='jabber:iq:roster'><item jid='a'/></query></iq>",
        [
            "<iq type='get'>",
            "  <query xmlns='jabber:iq:roster'>",
            "    <item jid='a'/>",
            "  </query>",
            "</iq>",
        ],
    ),
    "old indentation gives way to new": (
        "<iq>\n\t<query\n\t\txmlns='x'\n\t>\n\n </query>\n<a/></iq>",
        ["<iq>", "  <query xmlns='x'>&#10;&#10; </query>", "  <a/>", "</iq>"],
    ),
    "text stays on one line, letter by letter": (
        "<message><body>  a  b\n\n\tc\r\nd &amp; &#x26; e </body></message>",
        [
            "<message>",
            "  <body>  a  b&#10;&#10;&#9;c&#10;d &amp; &#x26; e </body>",
            "</message>",
        ],
    ),
    "mixed content stays as it is": (
        "<a><b>x <i>y</i> <u><z/>\n</u></b></a>",
        ["<a>", "  <b>x <i>y</i> <u><z/>&#10;</u></b>", "</a>"],
    ),
    "spaces between elements may be text": (
        "<p><b>1</b> <b>2</b></p>",
        ["<p><b>1</b> <b>2</b></p>"],
    ),
    "XHTML is not touched": (
        "<m><body xmlns='http://www.w3.org/1999/xhtml'><p><b>1</b><i>2</i></p></body></m>",
        [
            "<m>",
            "  <body xmlns='http://www.w3.org/1999/xhtml'><p><b>1</b><i>2</i></p></body>",
            "</m>",
        ],
    ),
    "CDATA": ("<a><![CDATA[x < y]]></a>", ["<a><![CDATA[x < y]]></a>"]),
    "CDATA over two lines": ("<a><![CDATA[x <\n&]]></a>", ["<a>x &lt;&#10;&amp;</a>"]),
    "quotes and order of attributes": (
        """<a z="1" b='"' xml:lang='en' p:q='3' xmlns:p='u'/>""",
        ["""<a z="1" b='"' xml:lang='en' p:q='3' xmlns:p='u'/>"""],
    ),
    "line breaks inside a tag": ("<a\n  b = '1\n2'\n  c='3'\n/>", ["<a b='1 2' c='3'/>"]),
    "what cannot be seen": (
        "<a b='\u202e'>\u009b\u2028\u00a0é\u200b</a>",
        ["<a b='&#8238;'>&#155;&#8232;&#160;é&#8203;</a>"],
    ),
    "the marks of the format": (
        "<a b='${x}'>${Juliet's JID} {scansion:any} $1 {x}</a>",
        ["<a b='&#36;{x}'>&#36;{Juliet's JID} &#123;scansion:any} $1 {x}</a>"],
    ),
    "the actor's addresses": (
        "<iq to='juliet@localhost/it&apos;s' from='juliet@localhost' id='xjuliet@localhost'"
        " type='result'>juliet@localhost</iq>",
        [
            """<iq to="${Juliet's full JID}" from="${Juliet's JID}" id='xjuliet@localhost'"""
            " type='result'>juliet@localhost</iq>"
        ],
    ),
    "the id of a request of the server": (
        "<iq xmlns='jabber:client' type='set' id=\"1\"/>",
        ["<iq xmlns='jabber:client' type='set' id=\"{scansion:any}\"/>"],
    ),
    "the id of a reply": (
        "<iq xmlns='jabber:client' type='result' id='1'/>",
        ["<iq xmlns='jabber:client' type='result' id='1'/>"],
    ),
    "stamps and ids that the server makes": (
        "<message><delay xmlns='urn:xmpp:delay' stamp='2026' from='x'/>"
        "<stanza-id xmlns='urn:xmpp:sid:0' id='1' by='x'/><origin-id xmlns='urn:xmpp:sid:0'"
        " id='2'/><item id='3' stamp='4'/></message>",
        [
            "<message>",
            "  <delay xmlns='urn:xmpp:delay' stamp='{scansion:any}' from='x'/>",
            "  <stanza-id xmlns='urn:xmpp:sid:0' id='{scansion:any}' by='x'/>",
            "  <origin-id xmlns='urn:xmpp:sid:0' id='2'/>",
            "  <item id='3' stamp='4'/>",
            "</message>",
        ],
    ),
    "secrets": (
        "<query xmlns='jabber:iq:register'><username>a</username><password>s<b/>3</password>"
        "<a to='juliet@localhost'/></query>",
        [
            "<query xmlns='jabber:iq:register'>",
            "  <username>a</username>",
            "  <password>[redacted]</password>",
            """  <a to="${Juliet's JID}"/>""",
            "</query>",
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_stanza_becomes_a_block(name: str) -> None:
    text, expected = CASES[name]
    assert lines_of(text) == expected


def test_what_was_sent_keeps_its_ids_and_stamps() -> None:
    text = "<iq xmlns='jabber:client' type='set' id='1'><x xmlns='urn:xmpp:delay' stamp='2'/></iq>"
    assert "any" not in "".join(lines_of(text, received=False))


def test_the_ids_of_an_element_as_a_stream_has_it() -> None:
    # A parsed stanza stays the child of a stream root.
    text = "<iq type='get' id='1'><iq type='get' id='2'/></iq>"
    element = parse_element(text.encode(), Context.for_namespace())
    lines = block(text.encode(), element, {}, received=True)
    assert lines == ["<iq type='get' id='{scansion:any}'>", "  <iq type='get' id='2'/>", "</iq>"]


def test_depth_is_no_problem() -> None:
    depth = 250
    lines = lines_of("<a>" * depth + "x" + "</a>" * depth)
    assert len(lines) == 2 * depth - 1


_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from(" \n\t\r$<&{\u00a0"),
    max_size=6,
)


def _element(children: list[tuple[str, etree._Element]] | None, text: str) -> etree._Element:
    element = etree.Element("a")
    element.set("b", text)
    element.text = text
    for tail, child in children or []:
        element.append(child)
        child.tail = tail
    return element


_TREES: st.SearchStrategy[etree._Element] = st.recursive(
    st.builds(_element, st.none(), _TEXT),
    lambda trees: st.builds(_element, st.lists(st.tuples(_TEXT, trees), max_size=3), _TEXT),
    max_leaves=8,
)


def _content(element: etree._Element) -> tuple[object, ...]:
    # Plain values to compare, without the white space that is there for the eye only.
    texts = [element.text or "", *(child.tail or "" for child in element)]
    if len(element) and all(
        not text or ("\n" in text and not text.strip(" \t\r\n")) for text in texts
    ):
        texts = []
    return element.tag, dict(element.attrib), texts, [_content(child) for child in element]


@settings(max_examples=300, deadline=None)
@given(_TREES)
def test_a_block_says_the_same_as_the_stanza(tree: etree._Element) -> None:
    text = etree.tostring(tree, encoding="unicode")
    original = etree.fromstring(text)
    lines = block(text.encode(), original, {}, received=True)
    for line in lines:
        assert line.isprintable()
    assert _content(etree.fromstring("\n".join(lines))) == _content(original)


def test_visible_leaves_ordinary_text_alone() -> None:
    assert visible("Ordinary: ä, 漢字, 😀 &amp; 'quotes'") == "Ordinary: ä, 漢字, 😀 &amp; 'quotes'"
