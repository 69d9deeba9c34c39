"""Elements annotated: each thing in them with its meaning, or said to be unknown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml import etree

from xmppshell.knowledge.explain import Circumstances, explain_element, explain_header, explain_part
from xmppshell.knowledge.explanation import Branch, More, Run, Value
from xmppshell.protocol.sasl_explain import MASK, Field
from xmppshell.protocol.xml import Context, parse_element, parse_header

CONTEXT = Context.for_namespace()


def parsed(text: str) -> etree._Element:
    return parse_element(text.encode(), CONTEXT)


def explained(text: str, **around: object) -> Branch:
    return explain_element(parsed(text), Circumstances(**around))  # type: ignore[arg-type]


def within(branch: Branch) -> Iterator[Branch | Run | More]:
    yield branch
    for child in branch.children:
        if isinstance(child, Branch):
            yield from within(child)
        else:
            yield child


def part(branch: Branch, name: str) -> Branch:
    return next(b for b in within(branch) if isinstance(b, Branch) and b.name == name)


def value(branch: Branch | Run, name: str) -> Value:
    values = branch.rows if isinstance(branch, Run) else branch.values
    return next(v for v in values if v.name == name)


def remarks(branch: Branch, kind: str) -> list[str]:
    return [remark.text for remark in branch.remarks if remark.kind == kind]


def test_an_element_has_its_meaning_and_where_that_is_written() -> None:
    tree = explained("<iq type='get' to='localhost' id='1'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert tree.why
    assert tree.source.reference.startswith("RFC 6120")
    assert tree.source.url.startswith("https://www.rfc-editor.org/rfc/rfc6120#section-")
    ping = part(tree, "ping")
    assert ping.namespace == "urn:xmpp:ping"
    assert ping.source.reference.startswith("XEP-0199")
    assert tree.namespace == ""


def test_enumerated_values_mean_something() -> None:
    tree = explained("<presence><show>away</show></presence>")
    assert "away" in value(part(tree, "show"), "").meaning
    assert value(explained("<message type='groupchat'/>"), "type").meaning


def test_a_value_that_is_not_of_the_list_is_flagged_with_near_ones() -> None:
    said = value(explained("<message type='caht'/>"), "type")
    assert said.meaning == ""
    assert said.doubt.startswith("not one of chat, error, groupchat")
    assert said.doubt.endswith("did you mean chat?")


@pytest.mark.parametrize(("number", "doubt"), [("5", False), ("-128", False), ("200", True)])
def test_a_priority_has_bounds(number: str, doubt: bool) -> None:
    tree = explained(f"<presence><priority>{number}</priority></presence>")
    said = value(part(tree, "priority"), "")
    assert bool(said.doubt) == doubt
    assert ("-128..127" in said.doubt) == doubt


def test_a_negative_priority_says_what_it_does() -> None:
    tree = explained("<presence><priority>-1</priority></presence>")
    assert "never" in value(part(tree, "priority"), "").meaning


def test_an_attribute_that_the_element_does_not_have() -> None:
    tree = explained("<iq type='set' id='1'><query xmlns='jabber:iq:roster'>"
                     "<item jdi='a@b'/></query></iq>")  # fmt: skip
    said = value(part(tree, "item"), "jdi")
    assert said.doubt == "not an attribute of <item/> in RFC 6121; did you mean jid?"


def test_a_date_is_told_in_words() -> None:
    tree = explained("<message><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/>"
                     "</message>")  # fmt: skip
    assert "Tuesday 10 September 2002, 23:08:25 UTC" in value(part(tree, "delay"), "stamp").meaning


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_date_that_is_none_in_utc_is_not_told_in_words(stamp: str) -> None:
    tree = explained(f"<message><delay xmlns='urn:xmpp:delay' stamp='{stamp}'/></message>")
    assert ":" not in value(part(tree, "delay"), "stamp").meaning


def test_status_codes_of_rooms() -> None:
    tree = explained(
        "<presence from='room@rooms.localhost/Jule'><x xmlns='http://jabber.org/protocol/muc#user'>"
        "<item affiliation='owner' role='moderator'/><status code='110'/><status code='201'/>"
        "<status code='999'/></x></presence>"
    )
    codes = next(b for b in within(tree) if isinstance(b, Run))
    assert [row.value for row in codes.rows] == ["110", "201", "999"]
    assert "user's own" in codes.rows[0].meaning or "yourself" in codes.rows[0].meaning
    assert codes.rows[2].doubt == "not known here"
    assert "“Jule” in the room room@rooms.localhost" in value(tree, "from").meaning


def disco(*features: str) -> str:
    lines = "".join(f"<feature var='{feature}'/>" for feature in features)
    query = "<query xmlns='http://jabber.org/protocol/disco#info'>"
    return f"<iq type='result' id='1'>{query}{lines}</query></iq>"


def test_features_are_told_by_word_by_namespace_and_by_notification() -> None:
    tree = explained(
        disco(
            "urn:xmpp:ping", "msgoffline", "http://jabber.org/protocol/nick+notify", "urn:no:such"
        )
    )
    rows = next(b for b in within(tree) if isinstance(b, Run)).rows
    assert "XMPP Ping, XEP-0199" in rows[0].meaning
    assert rows[1].meaning
    assert not rows[1].doubt
    assert rows[2].meaning.startswith("wants to be told of new items: ")
    assert (rows[3].meaning, rows[3].doubt.split(";")[0]) == ("", "not known here")


def test_many_features_are_named_and_not_all_explained() -> None:
    many = [f"urn:example:{number}" for number in range(40)]
    run = next(b for b in within(explained(disco(*many))) if isinstance(b, Run))
    assert len(run.rows) + len(run.more) == 40
    assert len(run.rows) < 20
    assert run.more[-1] == "urn:example:39"
    assert run.unknown == run.more
    whole = next(b for b in within(explained(disco(*many), whole=True)) if isinstance(b, Run))
    assert (len(whole.rows), whole.more) == (40, ())


def test_many_elements_with_children_are_counted() -> None:
    items = "".join(f"<item jid='u{n}@b'><group>g</group></item>" for n in range(10))
    tree = explained(f"<iq type='result'><query xmlns='jabber:iq:roster'>{items}</query></iq>")
    query = part(tree, "query")
    assert [type(child) for child in query.children] == [Branch, Branch, Branch, More]
    more = query.children[3]
    assert isinstance(more, More)
    assert [value.value for value in more.which] == [f"u{number}@b" for number in range(3, 10)]


def test_what_is_common_is_said_of_the_first_only() -> None:
    tree = explained("<message><body>a</body><subject>b</subject><body xml:lang='de'>c</body>"
                     "</message>")  # fmt: skip
    bodies = [b for b in within(tree) if isinstance(b, Branch) and b.name == "body"]
    assert [bool(body.why) for body in bodies] == [True, False]


def test_the_type_of_a_form_and_of_its_fields() -> None:
    tree = explained(
        "<message><x xmlns='jabber:x:data' type='form'><field var='FORM_TYPE' type='hidden'>"
        "<value>http://jabber.org/protocol/muc#roomconfig</value></field></x></message>"
    )
    assert "rules" in value(part(tree, "field"), "var").meaning
    assert "room" in value(part(tree, "value"), "").meaning


def test_capabilities_say_what_to_ask() -> None:
    tree = explained("<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
                     "node='http://a.example' ver='dmVyc2lvbg=='/></presence>")  # fmt: skip
    remark = part(tree, "c").remarks[0]
    assert remark.part == "node='http://a.example#dmVyc2lvbg=='"


# What is not known.


def test_an_unknown_namespace_is_said_to_be_unknown_with_near_ones() -> None:
    tree = explained("<iq type='get' id='1'><ping xmlns='urn:xmpp:pimg'/></iq>")
    ping = part(tree, "ping")
    assert ping.why == ""
    assert remarks(ping, "unknown") == [
        "the namespace is not known here; written like urn:xmpp:ping"
    ]


def test_another_version_of_a_namespace_is_near() -> None:
    tree = explained("<iq type='set'><query xmlns='urn:xmpp:mam:9'/></iq>")
    assert "urn:xmpp:mam:2" in remarks(part(tree, "query"), "unknown")[0]


def test_a_namespace_that_is_known_by_name_has_title_status_and_address() -> None:
    tree = explained("<iq type='get'><bar xmlns='urn:xmpp:rayo:1'/></iq>")
    bar = part(tree, "bar")
    assert remarks(bar, "unknown") == ["known by name alone: Rayo (Deferred)"]
    assert bar.source.url == "https://xmpp.org/extensions/xep-0327.html"


def test_a_misspelt_element_of_a_known_namespace() -> None:
    tree = explained("<iq type='get' id='1'><pong xmlns='urn:xmpp:ping'/></iq>")
    assert remarks(part(tree, "pong"), "unknown") == [
        "not an element of XMPP Ping; did you mean <ping/>?"
    ]


def test_a_payload_without_xmlns() -> None:
    tree = explained("<iq type='get' id='1'><ping/></iq>")
    assert remarks(part(tree, "ping"), "unknown") == [
        "it has no xmlns, and jabber:client has no such element; <ping/> is an element of"
        " urn:xmpp:ping"
    ]


# Around it.


def test_a_result_says_what_it_answers() -> None:
    request = parsed("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>")
    empty = explained("<iq type='result' id='1'/>", request=request)
    assert "to <ping/> an empty result is the whole answer" in remarks(empty, "note")[0]
    full = explained("<iq type='result' id='1'><x xmlns='a:b'/></iq>", request=request)
    assert remarks(full, "note") == ["it answers <ping xmlns='urn:xmpp:ping'/>"]


def test_what_is_received_is_for_the_user() -> None:
    text = "<message to='juliet@localhost/balcony'/>"
    assert value(explained(text, received=True), "to").meaning == "whom it is for: you"
    assert "juliet@localhost" in value(explained(text), "to").meaning


def test_a_component_s_stanzas_are_stanzas() -> None:
    element = parse_element(b"<presence><priority>3</priority></presence>",
                            Context.for_namespace("jabber:component:accept"))  # fmt: skip
    assert explain_element(element).why


def test_secret_fields_of_a_payload_stay_secret() -> None:
    fields = (Field("password", MASK, "readable"), Field("user name", "juliet", "who signs in"))
    tree = explained("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", fields=fields)
    assert [(v.name, v.value) for v in tree.values] == [
        ("payload, password", "(secret)"),
        ("payload, user name", "juliet"),
    ]


def test_nothing_is_changed_in_the_element() -> None:
    element = parsed("<message><body>a</body><delay xmlns='urn:xmpp:delay' stamp='x'/></message>")
    before = etree.tostring(element)
    explain_element(element)
    assert etree.tostring(element) == before


# What is no element.


def test_a_stream_header_has_each_attribute_explained() -> None:
    tree = explain_header(
        parse_header(
            b"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xml:lang='en' "
            b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' odd='1'>"
        )
    )
    assert tree.name == "stream:stream"
    assert tree.why
    said = {v.name: v for v in tree.values}
    assert said.keys() == {"to", "version", "xml:lang", "odd", "xmlns", "xmlns:stream"}
    assert said.pop("odd").doubt == "not an attribute of a stream header"
    assert all(v.meaning and not v.doubt for v in said.values())


def test_a_header_over_websocket() -> None:
    header = b"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>"
    tree = explain_header(parse_header(header))
    assert tree.why
    assert all(v.meaning for v in tree.values)


@pytest.mark.parametrize("name", ["end", "whitespace", "text", "broken"])
def test_what_lies_between_elements(name: str) -> None:
    branch = explain_part(name)
    assert branch.why
    assert branch.source.url.startswith("https://www.rfc-editor.org/rfc/rfc6120#section-")
