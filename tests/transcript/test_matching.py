"""What is received matches what a script expects: each rule, and what a mismatch says."""

from __future__ import annotations

import pytest
from lxml import etree

from xmppshell.protocol.xml import Context, parse_element, parse_header
from xmppshell.transcript.matching import Match, Mismatch, match, match_header, nearest
from xmppshell.transcript.patterns import ElementPattern
from xmppshell.transcript.reading import read_script
from xmppshell.transcript.script import Receives, ReceivesStream

CAST = "[Client] Romeo\n    jid: romeo@localhost\n\n"
VARIABLES = {"Romeo's JID": "romeo@localhost", "Romeo's full JID": "romeo@localhost/orchard"}


def pattern(xml: str) -> ElementPattern:
    step = read_script(f"{CAST}Romeo receives:\n    {xml}\n", "t.scs").steps[0]
    assert isinstance(step, Receives)
    return step.block.stanzas[0].pattern


def element(xml: str, default: str = "jabber:client") -> etree._Element:
    return parse_element(xml.encode(), Context.for_namespace(default))


def compare(expected: str, actual: str) -> Match | Mismatch:
    return match(pattern(expected), element(actual), VARIABLES)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        # Elements of stanzas may have more, in any order.
        ("<message/>", "<message id='1' to='a@b'><body>hi</body></message>"),
        ("<message a='1' b='2'/>", "<message b='2' c='3' a='1'/>"),
        ("<message><a/><b/></message>", "<message><b/><x/><a/></message>"),
        # Text is trimmed, and compared only if some is expected.
        ("<message><body> hi </body></message>", "<message><body>hi\n</body></message>"),
        ("<message><body/></message>", "<message><body>anything</body></message>"),
        ("<message><body>a &lt; b</body></message>", "<message><body>a &#60; b</body></message>"),
        ("<message><body><![CDATA[<{any}>]]></body></message>",) * 2,
        # So may those of the stream itself.
        ("<stream:features><b xmlns='urn:b'/></stream:features>",
         "<stream:features><a xmlns='urn:a'/><b xmlns='urn:b'/></stream:features>"),
        # Namespaces of their own are strict; these are the same.
        ("<iq><q xmlns='urn:q' a='1'><i/><j/></q></iq>",) * 2,
        ("<iq><q xmlns='urn:q'/></iq>", "<iq><p:q xmlns:p='urn:q'/></iq>"),
        # What is said overrides.
        (
            "<iq><q xmlns='urn:q' scansion:strict='false'><j/></q></iq>",
            "<iq><q xmlns='urn:q' a='1'><i/><j/></q></iq>",
        ),
        # Wildcards and variables.
        ("<iq id='{scansion:any}'/>", "<iq id=''/>"),
        ("<iq id='{any}'/>", "<iq id='x'/>"),
        ("<iq id='{id}-{int}'/>", "<iq id='x-7'/>"),
        ("<iq id='{re:[a-f]{3}\\d+}'/>", "<iq id='abc12'/>"),
        ("<x xmlns='urn:q' stamp='{time}'/>", "<x xmlns='urn:q' stamp='2026-01-02T03:04:05.5Z'/>"),
        ("<message><body>at {time}!</body></message>",
         "<message><body>at 2026-01-02T03:04:05Z!</body></message>"),
        ('<iq to="${Romeo\'s JID}"/>', "<iq to='romeo@localhost'/>"),
        ("<iq to='${Romeo's full JID}'/>", "<iq to='romeo@localhost/orchard'/>"),
        ("<iq><a>to ${Romeo's JID}</a></iq>", "<iq><a>to romeo@localhost</a></iq>"),
        ("<iq xml:lang='en'/>", "<iq xml:lang='en'/>"),
        ("<iq id='&#36;{x}'/>", "<iq id='${x}'/>"),
        # What stands in the default namespace is no stricter for saying so at the top.
        ("<message xmlns='jabber:client'/>", "<message id='1'/>"),
        # White space in an attribute is spaces, and a wildcard takes line breaks.
        ("<iq a='b\n    c'/>", "<iq a='b c'/>"),
        ("<message><body>a{any}z</body></message>", "<message><body>a\n\nz</body></message>"),
        # Two expected children need two, whichever they are.
        ("<iq><a>{any}</a><a>{re:[12]}</a><a>1</a></iq>", "<iq><a>1</a><a>2</a><a>3</a></iq>"),
        ("<iq><a>{any}</a><a>1</a></iq>", "<iq><a>1</a><a>2</a></iq>"),
    ],
)  # fmt: skip
def test_it_matches(expected: str, actual: str) -> None:
    found = compare(expected, actual)
    assert isinstance(found, Match), found


@pytest.mark.parametrize(
    ("expected", "actual", "path", "wanted", "got"),
    [
        ("<message/>", "<presence/>", "message", "<message>", "<presence>"),
        ("<iq><q xmlns='urn:q'/></iq>", "<iq><q xmlns='urn:r'/></iq>",
         "iq/q", "namespace urn:q", "namespace urn:r"),
        ("<iq type='get'/>", "<iq type='set'/>", "iq/@type", "get", "set"),
        ("<iq type='get'/>", "<iq/>", "iq/@type", "get", "nothing"),
        ("<message><body>hi</body></message>", "<message><body>ho</body></message>",
         "message/body", "hi", "ho"),
        ("<message><body/></message>", "<message/>", "message/body", "<body>", "nothing"),
        ("<iq><q xmlns='urn:q'/></iq>", "<iq><q xmlns='urn:q' a='1'/></iq>",
         "iq/q/@a", "nothing", "1"),
        ("<iq><q xmlns='urn:q'/></iq>", "<iq><q xmlns='urn:q'><i/></q></iq>",
         "iq/q/i", "nothing", "<i>"),
        ("<iq><q xmlns='urn:q'><i/><j/></q></iq>", "<iq><q xmlns='urn:q'><j/><i/></q></iq>",
         "iq/q/i", "<i>", "<j>"),
        ("<iq><q xmlns='urn:q'><i a='1'/><i a='2'/></q></iq>",
         "<iq><q xmlns='urn:q'><i a='1'/><i a='3'/></q></iq>", "iq/q/i[2]/@a", "2", "3"),
        ("<iq><q xmlns='urn:q'><i/><j/></q></iq>", "<iq><q xmlns='urn:q'><i/></q></iq>",
         "iq/q/j", "<j>", "nothing"),
        ("<iq scansion:strict='true'/>", "<iq id='1'/>", "iq/@id", "nothing", "1"),
        ("<f xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></f>",
         "<f xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='1'/></f>",
         "f/message/@id", "nothing", "1"),
        ("<iq id='{any}'/>", "<iq/>", "iq/@id", "{any}", "nothing"),
        ("<iq id='{id}'/>", "<iq id=''/>", "iq/@id", "{id}", "''"),
        ("<iq id='{int}'/>", "<iq id='1.5'/>", "iq/@id", "{int}", "1.5"),
        ("<iq id='{time}'/>", "<iq id='now'/>", "iq/@id", "{time}", "now"),
        ("<iq id='{re:a+}'/>", "<iq id='aab'/>", "iq/@id", "{re:a+}", "aab"),
        ('<iq to="${Romeo\'s JID}"/>', "<iq to='x'/>", "iq/@to", "romeo@localhost", "x"),
        ("<iq><a/><a/></iq>", "<iq><a/></iq>", "iq/a", "<a>", "nothing"),
        ("<message><body>a  b</body></message>", "<message><body>a b</body></message>",
         "message/body", "'a  b'", "'a b'"),
    ],
)  # fmt: skip
def test_it_differs(expected: str, actual: str, path: str, wanted: str, got: str) -> None:
    found = compare(expected, actual)
    assert isinstance(found, Mismatch)
    assert (found.path, found.expected, found.actual) == (path, wanted, got)


def test_captures_are_given_and_later_ones_overwrite() -> None:
    found = compare(
        "<iq id='{scansion:capture:id}'><a>x{capture:part}y</a><b>{capture:id}</b></iq>",
        "<iq id='1'><b>2</b><a>x-y</a></iq>",
    )
    assert found == Match({"id": "2", "part": "-"})


def test_what_was_captured_is_compared_where_it_is_used() -> None:
    text = (
        f"{CAST}Romeo receives:\n    <iq id='{{capture:id}}'/>\n"
        "Romeo receives:\n    <iq id='${id}'/>\n"
    )
    step = read_script(text, "t.scs").steps[1]
    assert isinstance(step, Receives)
    used = step.block.stanzas[0].pattern
    assert isinstance(match(used, element("<iq id='7'/>"), {"id": "7"}), Match)
    different = match(used, element("<iq id='8'/>"), {"id": "7"})
    assert isinstance(different, Mismatch)
    assert (different.expected, different.actual) == ("7", "8")
    unset = match(used, element("<iq id='8'/>"), {})
    assert isinstance(unset, Mismatch)
    assert "no value yet" in unset.expected


def test_a_difference_says_where_the_script_asks_for_it() -> None:
    found = compare("<message type='headline'><body>hi</body></message>", "<message type='chat'/>")
    assert isinstance(found, Mismatch)
    first, second = found.differences
    assert (first.place.line, first.place.column, first.width) == (5, 20, 8)
    assert (second.place.line, second.place.column, second.width) == (5, 30, 5)


def test_the_nearest_candidate_is_the_one_that_has_most_of_the_pattern() -> None:
    candidates = [
        element("<presence/>"),
        element("<message type='chat'><body>hi</body></message>"),
        element("<message type='error'><body>ho</body></message>"),
    ]
    wanted = pattern("<message type='headline'><body>hi</body></message>")
    found = nearest(wanted, candidates, VARIABLES)
    assert found is not None
    assert found[0] == 1
    assert str(found[1].differences[0]) == "message/@type: expected headline, got chat"
    assert nearest(wanted, [], VARIABLES) is None


def test_a_components_stanzas_are_those_of_a_client() -> None:
    received = element("<message><body>hi</body></message>", "jabber:component:accept")
    assert isinstance(
        match(pattern("<message><body>hi</body></message>"), received, VARIABLES), Match
    )


def test_a_stream_header_is_compared_and_may_say_more() -> None:
    line = "<stream:stream from='localhost' id='{capture:stream}'>"
    step = read_script(f"{CAST}Romeo receives header: {line}\n", "t.scs").steps[0]
    assert isinstance(step, ReceivesStream)
    assert step.block is not None
    header = parse_header(
        b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        b"from='localhost' id='x1' version='1.0' xml:lang='en'>"
    )
    wanted = step.block.stanzas[0].pattern
    assert match_header(wanted, header, {}) == Match({"stream": "x1"})
    other = parse_header(
        b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        b"from='localhost'>"
    )
    found = match_header(wanted, other, {})
    assert isinstance(found, Mismatch)
    assert (found.path, found.actual) == ("stream/@id", "nothing")


def test_deep_nesting_takes_no_time() -> None:
    deep = "<a>" * 90 + "</a>" * 90
    assert isinstance(compare(deep, deep), Match)
