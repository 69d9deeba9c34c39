"""Values in the fields of a template: escaped, checked, resolved or left open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.protocol.namespaces import CLIENT
from xmppshell.protocol.xml import Context, parse_element
from xmppshell.templates.filling import WrongField, escaped, fill, missing
from xmppshell.templates.model import Template
from xmppshell.templates.placeholders import finished, open_fields
from xmppshell.templates.reading import read
from xmppshell.templates.shelf import shipped

CONTEXT = Context.for_namespace(CLIENT)


def template(xml: str, fields: str = "") -> Template:
    text = f"[template.x]\nxml = '''{xml}'''\n[template.x.fields]\n{fields}"
    reading = read(text, group="g", file="g.toml")
    assert reading.problems == ()
    return reading.group.templates[0]


BODY = template("<a b='{b}'>{c}</a>", 'b = { kind = "string" }\nc = { kind = "string" }')


def test_values_are_escaped_where_they_stand() -> None:
    text = fill(BODY, {"b": 'it\'s <1> & "2"', "c": 'it\'s <1> & "2"'})
    assert text == ("<a b='it&apos;s &lt;1&gt; &amp; &quot;2&quot;'>it's &lt;1&gt; &amp; \"2\"</a>")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="$")))
def test_what_is_sent_is_what_was_given(value: str) -> None:
    if value == "{id}":
        return
    element = parse_element(finished(fill(BODY, {"b": value, "c": value})).encode(), CONTEXT)
    assert (element.get("b"), element.text or "") == (value, value)


def test_what_looks_like_an_open_field_is_none() -> None:
    text = fill(BODY, {"b": "‹x›", "c": "say ‹name?›"})
    assert open_fields(text) == []
    element = parse_element(text.encode(), CONTEXT)
    assert (element.get("b"), element.text) == ("‹x›", "say ‹name?›")


def test_new_lines_survive_in_attributes() -> None:
    element = parse_element(fill(BODY, {"b": "a\n\tb", "c": ""}).encode(), CONTEXT)
    assert element.get("b") == "a\n\tb"


def test_fields_without_a_value_are_open() -> None:
    assert fill(BODY, {"c": "x"}) == "<a b='‹b›'>x</a>"
    assert missing(BODY, {"c": "x"}) == ["b"]


def test_an_empty_value_takes_an_optional_part_out_and_leaves_the_others_open() -> None:
    text = fill(shipped("presence.available"), {"status": ""})
    assert text == (
        "<presence>\n  <show>‹show?›</show>\n  <priority>‹priority?›</priority>\n</presence>"
    )


def test_an_empty_value_takes_a_default_out_where_it_is_optional() -> None:
    assert "max_items" in fill(shipped("pubsub.items"), {"node": "n"})
    assert "max_items" not in fill(shipped("pubsub.items"), {"node": "n", "max": ""})


def test_an_empty_value_of_a_required_text_is_a_value() -> None:
    text = fill(shipped("muc.subject"), {"room": "r@c", "subject": ""})
    assert "<subject></subject>" in text


@pytest.mark.parametrize(
    ("name", "values", "what", "cure"),
    [
        (
            "presence.available",
            {"priority": "200"},
            "priority: 200 is outside -128..127",
            "write a number from -128 to 127, such as priority=5",
        ),
        (
            "presence.available",
            {"priority": "high"},
            "priority: “high” is not a whole number",
            "write a number from -128 to 127, such as priority=5",
        ),
        (
            "presence.available",
            {"show": "online"},
            "show: “online” is none of away, chat, dnd, xa",
            "away, chat, dnd or xa, such as show=away",
        ),
        (
            "presence.available",
            {"show": "DND"},
            "show: “DND” is none of away, chat, dnd, xa",
            "perhaps dnd",
        ),
        (
            "presence.subscribe",
            {"to": "a@b/c"},
            "to: “a@b/c” has a resource",
            "write a@b",
        ),
        (
            "mam.with",
            {"with": "a@b", "start": "yesterday"},
            "start: “yesterday” is not a date and time",
            "write a date such as 2026-02-14T18:30:00Z",
        ),
        ("ping", {"tto": "a"}, "ping has no field tto", "perhaps to"),
        ("csi.active", {"to": "a"}, "csi.active has no field to", ""),
    ],
)
def test_a_wrong_value_is_told_with_what_would_be_right(
    name: str, values: dict[str, str], what: str, cure: str
) -> None:
    with pytest.raises(WrongField) as caught:
        fill(shipped(name), values)
    assert (caught.value.problem.what, caught.value.problem.cure) == (what, cure)


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        ("hello", "payload: this is not well-formed: "),
        ("<a>", "payload: this is not a whole element"),
        ("<a></b>", "payload: this is not well-formed: "),
        ("<x:a/>", "payload: this is not well-formed: "),
        ("", "payload: this is not a whole element"),
        ("<?xml version='1.0'?><a/>", "payload: "),
    ],
)
def test_xml_has_to_be_well_formed(payload: str, what: str) -> None:
    with pytest.raises(WrongField) as caught:
        fill(shipped("iq.get"), {"payload": payload})
    assert caught.value.problem.what.startswith(what)


def test_xml_is_put_in_as_it_is() -> None:
    payload = "<q xmlns='u:q' a=\"1\"><b>&lt;</b></q>"
    text = finished(fill(shipped("iq.get"), {"payload": payload}))
    assert text == f"<iq type='get'>\n  {payload}\n</iq>"


def test_variables_are_filled_in_as_far_as_they_are_known() -> None:
    ping = shipped("ping")
    assert "to='example.org'" in fill(ping, {}, {"domain": "example.org"})
    assert "to='a$$b@c'" in fill(ping, {}, {"domain": "a$b@c"})
    assert "to='$domain'" in fill(ping, {})
    assert "to='‹to›'" in fill(ping, {}, {})
    assert "to='$me'" in fill(ping, {"to": "$me"}, {})


def test_a_default_that_its_variable_makes_wrong_is_left_open() -> None:
    subscribed = shipped("presence.subscribed")
    assert "to='r@l'" in fill(subscribed, {}, {"from": "r@l"})
    assert "to='‹to›'" in fill(subscribed, {}, {"from": "r@l/garden"})
    with pytest.raises(WrongField):
        fill(subscribed, {"to": "$from"}, {"from": "r@l/garden"})


def test_dollars_and_ids_stay_as_the_shell_reads_them() -> None:
    text = fill(shipped("message.chat"), {"to": "a@b", "body": "$5, $$bare and {id}"})
    assert "<body>$5, $$bare and {id}</body>" in text


def test_doubled_braces_stand_for_themselves() -> None:
    curly = template("<a>{{name}} {name} {{id}} {id}</a>", 'name = { kind = "string" }')
    assert fill(curly, {"name": "N"}) == "<a>{name} N {{id}} {id}</a>"


def test_a_secret_is_refused() -> None:
    with pytest.raises(WrongField, match="password is a secret"):
        fill(shipped("ibr.set"), {"password": "x"})


def test_an_element_can_be_chosen_from_its_list() -> None:
    text = fill(shipped("chatstate"), {"to": "a@b", "state": "paused"})
    assert "<paused xmlns='http://jabber.org/protocol/chatstates'/>" in text
    with pytest.raises(WrongField):
        fill(shipped("chatstate"), {"to": "a@b", "state": "x y='z'"})


@pytest.mark.parametrize("in_tag", [True, False])
def test_escaping_leaves_ordinary_text_alone(in_tag: bool) -> None:
    assert escaped("Good morrow, ♥!", in_tag=in_tag) == "Good morrow, ♥!"
