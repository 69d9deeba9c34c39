"""How the three dialects open, close and complete what is said."""

from __future__ import annotations

import pytest

from xmppshell.protocol.dialects import CLIENT, COMPONENT, WEBSOCKET, Dialect
from xmppshell.protocol.xml import Context, XmlError, parse_element

FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (
            CLIENT,
            "<?xml version='1.0'?><stream:stream to='a&amp;b' xmlns='jabber:client' "
            "xmlns:stream='http://etherx.jabber.org/streams'>",
        ),
        (
            COMPONENT,
            "<?xml version='1.0'?><stream:stream to='a&amp;b' xmlns='jabber:component:accept' "
            "xmlns:stream='http://etherx.jabber.org/streams'>",
        ),
        (WEBSOCKET, f"<open xmlns='{FRAMING}' to='a&amp;b'/>"),
    ],
)
def test_an_opening_is_what_the_same_dialect_reads(dialect: Dialect, text: str) -> None:
    data = dialect.opening({"to": "a&b"})
    assert data == text.encode()
    header = dialect.parse_opening(data)
    assert header.to == "a&b"
    assert header.tag == dialect.root
    assert header.content_namespace == dialect.default_namespace


def test_stanzas_inherit_their_namespace_only_over_tcp() -> None:
    for dialect in (CLIENT, COMPONENT):
        context = dialect.context(dialect.parse_opening(dialect.opening({})))
        element = parse_element(b"<message/>", context)
        assert element.tag == f"{{{dialect.content_namespace}}}message"
    context = WEBSOCKET.context(WEBSOCKET.parse_opening(WEBSOCKET.opening({"xml:lang": "de"})))
    assert parse_element(b"<message/>", context).tag == "message"
    assert context.lang == "de"
    with pytest.raises(XmlError):
        parse_element(b"<other:error/>", context)


def test_a_forgotten_declaration_of_stream_is_let_pass() -> None:
    element = parse_element(b"<stream:error/>", WEBSOCKET.context())
    assert element.tag == "{http://etherx.jabber.org/streams}error"


@pytest.mark.parametrize(
    ("typed", "complete"),
    [
        ("<message/>", "<message xmlns='jabber:client'/>"),
        ("<iq id='1'><x xmlns='u'/></iq>", "<iq id='1' xmlns='jabber:client'><x xmlns='u'/></iq>"),
        (
            "<presence to='a>b'> </presence>",
            "<presence to='a>b' xmlns='jabber:client'> </presence>",
        ),
        ("<message to='a>b' xmlns='u'/>", "<message to='a>b' xmlns='u'/>"),
        ("<messages/>", "<messages/>"),
        ("<r xmlns='urn:xmpp:sm:3'/>", "<r xmlns='urn:xmpp:sm:3'/>"),
        (
            "<stream:features/>",
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>",
        ),
        ("<stream:error xmlns:stream='u'/>", "<stream:error xmlns:stream='u'/>"),
    ],
)
def test_over_websocket_an_element_is_completed(typed: str, complete: str) -> None:
    assert WEBSOCKET.complete(typed.encode()) == complete.encode()
    assert CLIENT.complete(typed.encode()) == typed.encode()


def test_what_is_completed_stands_by_itself() -> None:
    said = WEBSOCKET.complete(b"<stream:error><reset xmlns='u'/></stream:error>")
    element = parse_element(said, Context({}))
    assert element.tag == "{http://etherx.jabber.org/streams}error"


def test_pieces_are_joined_or_kept_apart() -> None:
    assert CLIENT.packed(b"<a/>", b"", b"<b/>") == [b"<a/><b/>"]
    assert CLIENT.packed(b"") == []
    assert WEBSOCKET.packed(b"<a/>", b"", b"<b/>") == [b"<a/>", b"<b/>"]
