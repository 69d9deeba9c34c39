"""The lint says something of any text, never raises, and takes linear time."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppshell.knowledge.lint import ANYWHERE, RULES, Phase, Setting, lint
from xmppshell.protocol.events import Direction
from xmppshell.protocol.jid import JID
from xmppshell.protocol.xml import Context

SETTINGS = st.builds(
    Setting,
    direction=st.sampled_from(Direction),
    phase=st.sampled_from([None, *Phase]),
    me=st.sampled_from([None, JID("juliet", "localhost", "balcony"), JID("", "localhost", "")]),
    component=st.booleans(),
    context=st.sampled_from([None, Context({}), Context.for_namespace("jabber:server")]),
    managed=st.sampled_from([None, True, False]),
    countable=st.sampled_from([None, 0, 7]),
    asked=st.sampled_from([None, frozenset({"1"})]),
    waiting=st.sampled_from([frozenset(), frozenset({"1"})]),
    limit=st.sampled_from([None, 10]),
    blanks=st.booleans(),
    stamped=st.booleans(),
    typing=st.booleans(),
)
TEXTS = [
    example.text
    for rule in RULES.values()
    for example in (*rule.bad, *rule.good)
    if len(example.text) < 2000
]
PIECES = st.sampled_from(
    [
        "<", ">", "/>", "</", "'", '"', "=", " ", "\n", "&", "&amp;", ";", "<message", "<iq ",
        "<presence>", "</presence>", "type='get'", "to='a@b'", "id='1'", "xmlns='urn:xmpp:sm:3'",
        "<error>", "<![CDATA[", "]]>", "<?xml version='1.0'?>", "<!--", "<stream:stream ",
        "</stream:stream>", "xmlns:stream='http://etherx.jabber.org/streams'", "‹to›", "$me", "x",
        "<priority>", "</priority>", "200", "\x00", "\x9b", "\ud800", "\ufdd0", "é",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)), SETTINGS)
def test_any_text_is_judged(text: str, setting: Setting) -> None:
    for finding in lint(text, setting):
        assert 0 <= finding.offset <= len(text)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TEXTS), st.integers(0, 400), st.integers(0, 40), PIECES, SETTINGS)
def test_a_damaged_example_is_judged(
    text: str | bytes, at: int, length: int, piece: str, setting: Setting
) -> None:
    if isinstance(text, bytes):
        lint(text[:at] + text[at + length :], setting)
    else:
        lint(text[:at] + piece + text[at + length :], setting)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_judged(data: bytes) -> None:
    lint(data)


WORDS = [
    "<presence><priority>200</priority></presence>",
    "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='a@b'/></query></iq>",
    "<message type='chat' to='romeo@example.net'><body>a &amp; b</body></message>",
    "<enable xmlns='urn:xmpp:sm:3' resume='true'/>",
]


@pytest.mark.parametrize("text", WORDS[1:])
def test_a_text_on_its_way_to_be_right_is_never_wrong(text: str) -> None:
    typing = replace(ANYWHERE, typing=True, stamped=True, blanks=True)
    for end in range(len(text) + 1):
        assert lint(text[:end], typing) == [], text[:end]


def test_what_is_wrong_stays_wrong_while_the_rest_is_typed() -> None:
    typing = replace(ANYWHERE, typing=True)
    text = "<presence><priority>200</priority></presence>"
    first = text.index("</priority>") + len("</priority>")
    for end in range(len(text) + 1):
        names = [finding.name for finding in lint(text[:end], typing)]
        assert names == (["priority-range"] if end >= first else []), text[:end]


def test_a_misspelt_value_is_told_as_soon_as_its_quote_is_closed() -> None:
    typing = replace(ANYWHERE, typing=True)
    assert lint("<message type='chta", typing) == []
    assert [f.name for f in lint("<message type='chta'", typing)] == ["message-type"]


@pytest.mark.parametrize(
    "unit",
    [
        "<item jid='a@b' name='x'><group>G</group></item>",
        "<grupo xmlns='jabber:iq:roster'/>",
        "<x>&#x7f;</x>",
        "<a><b/></a>",
    ],
)
def test_time_is_linear(unit: str) -> None:
    def seconds(count: int) -> float:
        text = f"<iq type='set' id='1'><query xmlns='jabber:iq:roster'>{unit * count}</query></iq>"
        best = 1e9
        for _ in range(5):
            begun = time.process_time()
            lint(text)
            best = min(best, time.process_time() - begun)
        return best

    # Eight times the text; quadratic work would take 64 times as long.
    seconds(10)
    assert seconds(4000) < 32 * max(seconds(500), 0.002)
