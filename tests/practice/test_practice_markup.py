"""Exact edits: what is meant to change does, and not one byte besides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.practice.markup import (
    append_child,
    attribute_names,
    declare,
    error_reply,
    result_reply,
    rewrite,
)
from xmppshell.protocol.xml import Context, parse_element

FULL = "juliet@localhost/balcony"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<m/>", f"<m from='{FULL}'/>"),
        ("<m />", f"<m from='{FULL}' />"),
        ("<m></m>", f"<m from='{FULL}'></m>"),
        ("<m\n to=\"a\"\n>x</m\n>", f"<m\n to=\"a\" from='{FULL}'\n>x</m\n>"),
        ("<m from='x' to='y'/>", f"<m from='{FULL}' to='y'/>"),
        ("<m to='y' from = \"x\"/>", f"<m to='y' from = '{FULL}'/>"),
        ("<m id=' from=\"x\" '/>", f"<m id=' from=\"x\" ' from='{FULL}'/>"),
        ("<m id='>' x:from='1'><b from='2'/></m>",
         f"<m id='>' x:from='1' from='{FULL}'><b from='2'/></m>"),
        ("<m a='/'/>", f"<m a='/' from='{FULL}'/>"),
        ("<x:m/>", f"<x:m from='{FULL}'/>"),
    ],
)  # fmt: skip
def test_an_attribute_is_set_and_nothing_else_changes(before: str, after: str) -> None:
    assert rewrite(before.encode(), {"from": FULL}).decode() == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<m to='y' from='x' id='1'/>", "<m to='y' id='1'/>"),
        ("<m from='x'/>", "<m/>"),
        ("<m  from='x' >t</m>", "<m >t</m>"),
        ("<m/>", "<m/>"),
    ],
)
def test_an_attribute_is_removed(before: str, after: str) -> None:
    assert rewrite(before.encode(), {"from": None}).decode() == after


def test_several_changes_at_once() -> None:
    changed = rewrite(b"<m type='get' to='a' id='1'>t</m>", {"to": "b", "type": None, "n": "<'&\n"})
    assert changed == b"<m to='b' id='1' n='&lt;&apos;&amp;&#10;'>t</m>"


names = st.sampled_from(["to", "from", "id", "type", "xml:lang"])
values = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=8)
spaces = st.sampled_from([" ", "  ", "\n", " \t"])


@given(st.dictionaries(names, values), values, spaces, st.booleans())
def test_a_parser_sees_what_was_set(
    attributes: dict[str, str], value: str, space: str, empty: bool
) -> None:
    def quoted(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")

    tag = "".join(f'{space}{name}="{quoted(text)}"' for name, text in attributes.items())
    text = f"<m{tag}/>" if empty else f"<m{tag}{space}>t</m>"
    made = rewrite(text.encode(), {"from": value})
    element = parse_element(made, Context.for_namespace())
    assert element.get("from") == value
    assert attribute_names(made) == {*attributes, "from"}
    original = parse_element(text.encode(), Context.for_namespace())
    expected = {**dict(original.attrib), "from": value}
    assert dict(element.attrib) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<m/>", "<m><e/></m>"),
        ("<x:m a='/>' />", "<x:m a='/>'><e/></x:m>"),
        ("<m>t</m >", "<m>t<e/></m >"),
        ("<m><m></m></m>", "<m><m></m><e/></m>"),
    ],
)
def test_a_child_goes_to_the_end(before: str, after: str) -> None:
    assert append_child(before.encode(), b"<e/>").decode() == after


def test_only_missing_prefixes_are_declared() -> None:
    scope = {"x": "urn:x", "y": "urn:y", "z": "urn:z"}
    text = b"<m xmlns:y='urn:own'><x:a/><y:b/></m>"
    assert declare(text, scope) == b"<m xmlns:y='urn:own' xmlns:x='urn:x'><x:a/><y:b/></m>"
    assert declare(b"<m/>", scope) == b"<m/>"


def test_an_error_is_the_stanza_turned_round() -> None:
    made = error_reply(
        b"<iq to='a@b' from='j@l/r' id='1' type='get'><q xmlns='urn:q'/></iq>",
        "a@b",
        "j@l/r",
        "cancel",
        "service-unavailable",
        "1 < 2",
    )
    assert made.decode() == (
        "<iq to='j@l/r' from='a@b' id='1' type='error'><q xmlns='urn:q'/><error type='cancel'>"
        "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>1 &lt; 2</text>"
        "</error></iq>"
    )


def test_an_error_for_a_prefixed_stanza_is_in_the_right_namespace() -> None:
    text = b"<c:iq xmlns:c='jabber:client' xmlns='urn:other' id='1' type='get'/>"
    made = error_reply(text, None, "j@l/r", "modify", "bad-request")
    element = parse_element(made, Context.for_namespace())
    assert element.find("{jabber:client}error") is not None


def test_a_result() -> None:
    assert result_reply("a'b", None, "j@l/r") == b"<iq type='result' id='a&apos;b' to='j@l/r'/>"
    assert result_reply("1", "l", "j@l/r", "<q/>") == (
        b"<iq type='result' id='1' from='l' to='j@l/r'><q/></iq>"
    )
