"""Values with variables and wildcards: what is read, what is literal, and what is filled in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.transcript.blocks import visible
from xmppshell.transcript.variables import (
    BadValue,
    Literal,
    UnknownVariable,
    Value,
    Variable,
    Wild,
    Wildcard,
    fill,
    parts_of,
    unescape,
)

MARKS = st.sampled_from(
    ["${", "}", "{", "{any}", "{scansion:", "{re:", "{id}", "{capture:x}", "$", "\n", "x", "\\"]
)


@given(st.lists(MARKS).map("".join))
def test_text_that_was_recorded_is_never_taken_for_a_variable_or_a_wildcard(text: str) -> None:
    parts = parts_of(visible(text), wild=True)
    assert parts == ((Literal(text),) if text else ())


def test_parts_are_in_their_order() -> None:
    assert parts_of("a&amp;${x}{re:\\}{2}&lt;}{other}", wild=True) == (
        Literal("a&"),
        Variable("x"),
        Wildcard(Wild.EXPRESSION, "\\}{2}<"),
        Literal("{other}"),
    )
    assert parts_of("{any}${x}", wild=False) == (Literal("{any}"), Variable("x"))
    assert parts_of("{scansion:any}", wild=False) == (Literal("{scansion:any}"),)


def test_groups_of_a_persons_own_do_not_disturb_captures() -> None:
    value = Value(parts_of("{re:(?P<a>x)(y)}{capture:z}{re:(?P<b>w)}", wild=True), "")
    assert value.match("xyzzw", {}) == {"z": "zz"}
    with pytest.raises(BadValue, match="do not go together"):
        parts_of("{re:(?P<a>x)}{re:(?P<a>y)}", wild=True)


def test_references_are_those_of_xml_and_no_others() -> None:
    assert unescape("&amp;&lt;&#65;&#x42;&copy;&#128;") == "&<AB&copy;\x80"


def test_values_are_escaped_where_they_are_filled_in() -> None:
    text = "<a b='${x}'>${x}<![CDATA[${x}]]></a>"
    assert fill(text, {"x": "<'&"}) == (
        "<a b='&lt;&#x27;&amp;'>&lt;&#x27;&amp;<![CDATA[${x}]]></a>"
    )
    with pytest.raises(UnknownVariable):
        fill(text, {})
