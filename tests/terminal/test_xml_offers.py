"""What is offered in XML, decided without a terminal: elements, attributes, values, skeletons."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppshell.commands.known_entities import KnownEntities
from xmppshell.feed import Record
from xmppshell.protocol.events import Direction, ElementSeen
from xmppshell.protocol.exchanges import Pending
from xmppshell.protocol.namespaces import CLIENT, COMPONENT_ACCEPT, DISCO_INFO, STREAM
from xmppshell.protocol.stanza import Stanza, stanza_of
from xmppshell.protocol.xml import Completeness, Context, examine, parse_element
from xmppshell.templates.placeholders import OPEN
from xmppshell.terminal.completing.offers import Offer
from xmppshell.terminal.completing.surroundings import Surroundings
from xmppshell.terminal.completing.xml import xml_offers

CONTEXT = Context.for_namespace()
NOTHING = Surroundings()
MUC = "http://jabber.org/protocol/muc"
ROSTER = "<iq type='set'><query xmlns='jabber:iq:roster'>"
RESULT = "<iq type='result' from='{}'><query xmlns='" + DISCO_INFO + "'>{}</query></iq>"


def known(*stanzas: str) -> KnownEntities:
    entities = KnownEntities()
    for xml in stanzas:
        element = parse_element(xml.encode(), CONTEXT)
        event = ElementSeen(Direction.RECEIVED, xml.encode(), element, stanza_of(element))
        entities.observe(Record(1, "juliet", 0.0, datetime.now(UTC), event))
    return entities


def offers(typed: str, around: Surroundings = NOTHING, *, asked: bool = True) -> list[Offer]:
    """Return what is offered at the `|` in what is typed, or at its end."""
    position = typed.index("|") if "|" in typed else len(typed)
    return list(xml_offers(typed.replace("|", "", 1), position, around, asked=asked))


def labels(typed: str, around: Surroundings = NOTHING) -> list[str]:
    return [offer.label for offer in offers(typed, around)]


def texts(typed: str, around: Surroundings = NOTHING) -> list[str]:
    return [offer.text for offer in offers(typed, around)]


# Elements.


def test_stanzas_come_first() -> None:
    assert labels("<")[:3] == ["message", "presence", "iq"]
    assert labels("<stream:stream>\n<")[:3] == ["message", "presence", "iq"]


def test_what_only_servers_send_comes_last() -> None:
    directions = labels("<")
    assert directions.index("starttls") < directions.index("proceed")


def test_children_of_a_stanza() -> None:
    assert labels("<message><")[:3] == ["body", "subject", "thread"]
    assert labels("<presence><")[:3] == ["show", "status", "priority"]


def test_an_iq_holds_what_its_type_allows() -> None:
    assert any("urn:xmpp:ping" in text for text in texts("<iq type='get'><"))
    assert not any("urn:xmpp:ping" in text for text in texts("<iq type='set'><"))
    assert any("urn:xmpp:ping" in text for text in texts("<iq><"))


def test_a_namespace_comes_with_its_element() -> None:
    assert texts("<iq type='get'><pi") == ["ping xmlns='urn:xmpp:ping'/>"]
    assert f"x xmlns='{MUC}'" in texts("<presence><x")


@pytest.mark.parametrize(
    ("typed", "text"),
    [(f"<iq><query xmlns='{DISCO_INFO}'><fe", "feature var='‹var›'/>"), (f"{ROSTER}<item><gr", "")],
)
def test_no_namespace_is_repeated(typed: str, text: str) -> None:
    assert texts(typed) == [text or "group>‹group›</group>"]


def test_a_prefix_in_scope_is_used() -> None:
    assert "stream:error" in labels("<stream:e")
    assert offers("<p:iq xmlns:p='jabber:client' type='get'><")


def test_an_element_is_found_by_the_words_of_its_namespace() -> None:
    assert any(MUC in text for text in texts("<presence><multi"))
    assert texts("<iq type='get'><no-such-thing") == []


def test_required_parts_are_open_fields() -> None:
    assert texts("<iq") == ["iq type='‹type›'"]
    assert texts("<message><bo") == ["body>‹body›</body>"]
    assert texts(f"{ROSTER}<i") == ["item jid='‹jid›'"]
    (block,) = texts("<iq type='set'><block")
    assert block == "block xmlns='urn:xmpp:blocking'><item jid='‹jid›'/></block>"


def test_only_the_name_is_put_into_a_tag_that_goes_on() -> None:
    assert texts("<iq| type='get'/>") == ["iq"]
    assert texts("<message><bo|>x</body></message>") == ["body"]


def test_the_end_tag_comes_first_where_nothing_is_missing() -> None:
    assert labels("<message><body>x</body><")[0] == "/message>"
    assert labels("<message><")[0] == "body"
    assert labels("<message><")[-1] == "/message>"
    assert labels("<message type='error'><body>x</body><")[0] == "error"
    assert labels("<unknown xmlns='urn:example:none'><") == ["/unknown>"]
    assert labels("<message><body></bo") == ["body>"]
    assert "/message>" not in labels("<message><b")


def test_what_is_there_already_comes_after_what_is_not() -> None:
    found = labels("<message><body>x</body><")
    assert found.index("subject") < found.index("body")


def test_what_the_addressee_announced_comes_first() -> None:
    around = Surroundings(entities=known(RESULT.format("c.example", f"<feature var='{MUC}'/>")))
    assert labels("<presence><", around)[0] == "show"
    assert texts("<presence to='hall@c.example'><", around)[0] == f"x xmlns='{MUC}'"


def test_presence_to_a_full_address_most_likely_enters_a_room() -> None:
    assert texts("<presence to='hall@c.example/me'><")[0] == f"x xmlns='{MUC}'"
    assert labels("<presence to='hall@c.example/me' type='unavailable'><")[0] == "show"


def test_the_addressee_may_be_a_variable() -> None:
    around = Surroundings(
        entities=known(RESULT.format("c.example", f"<feature var='{MUC}'/>")),
        variables=lambda: {"domain": "c.example"},
    )
    assert texts("<presence to='$domain'><", around)[0] == f"x xmlns='{MUC}'"


@pytest.mark.parametrize("context", [Context.for_namespace(COMPONENT_ACCEPT), Context({})])
def test_streams_of_components_and_of_websocket(context: Context) -> None:
    around = Surroundings(context=context)
    assert labels("<", around)[:3] == ["message", "presence", "iq"]
    assert labels("<message><", around)[:3] == ["body", "subject", "thread"]
    assert "body>‹body›</body>" in texts("<message><bo", around)


def test_a_component_must_say_from_whom() -> None:
    (text,) = texts("<mes", Surroundings(context=Context.for_namespace(COMPONENT_ACCEPT)))
    assert "to='‹to›'" in text
    assert "from='‹from›'" in text


def test_every_skeleton_at_hand_is_well_formed() -> None:
    places = ("", "<message>", "<presence>", "<iq type='get'>", "<iq type='set'>",
              "<message type='error'><error type='cancel'>")  # fmt: skip
    for place in places:
        for offer in offers(f"{place}<"):
            examined = examine(OPEN.sub("x", f"{place}<{offer.text}"), CONTEXT)
            assert examined.completeness is not Completeness.ILL_FORMED, (place, offer.text)


# Attributes.


def test_attributes_that_are_missing() -> None:
    assert labels("<presence ")[:2] == ["type", "to"]
    assert "type" not in labels("<presence type='probe' ")
    assert "to" not in labels("<presence | to='x'/>")
    assert texts("<presence t|='x'/>") == ["type", "to"]


def test_required_attributes_come_first_and_say_so() -> None:
    first = offers(f"{ROSTER}<item ")[0]
    assert (first.text, first.meaning.startswith("required: ")) == ("jid='", True)


def test_an_unknown_element_needs_a_namespace() -> None:
    assert labels("<iq><query ")[:1] == ["xmlns"]
    assert "xmlns" not in labels("<iq><query xmlns='jabber:iq:roster' ")


def test_a_tag_ends_when_that_is_asked_for() -> None:
    assert labels("<iq type='get'") == ["/>", ">"]
    assert offers("<iq type='get'", asked=False) == []
    assert offers("<iq type='get'|/>") == []


# Values.


def test_enumerated_values_have_their_meanings() -> None:
    found = offers("<iq type='")
    assert [offer.text for offer in found] == ["get'", "set'", "result'", "error'"]
    assert all(offer.meaning for offer in found)
    assert texts("<iq type='g|'/>") == ["get"]
    assert texts('<iq type="g') == ['get"']
    assert texts("<iq type='g| to='x'/>") == ["get'"]
    assert texts("<presence to='ro|/me'/>", Surroundings(jids=["room@x"])) == ["room@x"]


def test_texts_that_are_one_of_a_few() -> None:
    assert labels("<presence><show>") == ["chat", "away", "dnd", "xa"]
    assert labels("<presence><show>aw") == ["away"]
    assert labels("<message><body>aw") == []


def test_addresses() -> None:
    around = Surroundings(
        jids=["romeo@x.example/orchard"],
        entities=known(
            "<iq type='result'><query xmlns='jabber:iq:roster'>"
            "<item jid='nurse@x.example' name='Nurse'/></query></iq>"
        ),
    )
    found = offers("<message to='", around)
    assert [(offer.label, offer.meaning) for offer in found] == [
        ("romeo@x.example/orchard", ""),
        ("nurse@x.example", "Nurse"),
        ("romeo@x.example", ""),
    ]
    assert labels("<message to='nur", around) == ["nurse@x.example"]
    assert labels("<message to='x.ex", around) == labels("<message to='", around)
    assert labels("<unknown jid='nu", around) == ["nurse@x.example"]


def test_the_own_addresses_come_last() -> None:
    around = Surroundings(jids=["me@x/here", "romeo@x"], own="me@x")
    assert labels("<message to='", around) == ["romeo@x", "me@x/here", "me@x", "x"]
    assert labels("<iq to='$", Surroundings(own="me@x")) == []


def test_a_bare_address_where_one_is_wanted() -> None:
    around = Surroundings(jids=["romeo@x.example/orchard"])
    assert labels(f"{ROSTER}<item jid='", around) == ["romeo@x.example"]


def test_namespaces() -> None:
    around = Surroundings(
        namespaces=["urn:example:seen"],
        entities=known(RESULT.format("a.example", "<feature var='urn:example:announced'/>")),
    )
    found = labels("<iq type='get' to='a.example'><query xmlns='", around)
    fitting = found.index("jabber:iq:roster")
    announced, seen = found.index("urn:example:announced"), found.index("urn:example:seen")
    assert fitting < announced < seen < found.index(MUC)
    assert labels("<iq><query xmlns='disco#in", around) == [DISCO_INFO]


def test_nodes_of_the_addressee() -> None:
    items = "<query xmlns='http://jabber.org/protocol/disco#items'>{}</query>".format(
        "<item jid='a.example' node='restart' name='Restart it'/>"
    )
    around = Surroundings(entities=known(f"<iq type='result' from='a.example'>{items}</iq>"))
    typed = "<iq type='set' to='{}'><command xmlns='http://jabber.org/protocol/commands' node='"
    (offer,) = offers(typed.format("a.example"), around)
    assert (offer.label, offer.meaning) == ("restart", "Restart it")
    assert labels(typed.format("b.example"), around) == []


def test_ids_of_requests_that_wait() -> None:
    request = Stanza("iq", "get", "v1", None, "romeo@x.example/orchard", "{urn:xmpp:ping}ping")
    around = Surroundings(waiting=lambda: [Pending(7, 0.0, request)])
    assert texts("<iq type='result' id='", around) == ["v1'"]
    assert texts("<iq type='get' id='", around) == []


def test_ids_that_were_seen_those_of_the_addressee_first() -> None:
    around = Surroundings(
        entities=known("<message from='a@x/r' id='one'/>", "<message from='b@x' id='two'/>")
    )
    typed = "<message to='{}'><received xmlns='urn:xmpp:receipts' id='"
    assert labels(typed.format("a@x"), around) == ["one", "two"]
    assert labels(typed.format("b@x"), around) == ["two", "one"]


def test_threads() -> None:
    around = Surroundings(entities=known("<message from='a@x'><thread>t1</thread></message>"))
    assert labels("<message><thread>", around) == ["t1"]


FORM = (
    "<iq type='result' from='a.example'><query xmlns='jabber:iq:register'>"
    "<x xmlns='jabber:x:data' type='form'><field var='colour' type='list-single' label='Colour'>"
    "<required/><option label='Deep red'><value>red</value></option></field>"
    "<field var='public' type='boolean'/>"
    "<field var='title'><value>Hall</value></field>"
    "<field var='hidden' type='text-private'><value>verona</value></field>"
    "<field var='muc#roomconfig_roomsecret'><value>verona</value></field></x></query></iq>"
)
SUBMIT = (
    "<iq type='set' to='a.example'><query xmlns='jabber:iq:register'>"
    "<x xmlns='jabber:x:data' type='submit'><field var='"
)


def test_fields_and_options_of_the_last_form() -> None:
    around = Surroundings(entities=known(FORM))
    assert [(offer.label, offer.meaning) for offer in offers(SUBMIT, around)] == [
        ("colour", "required: Colour"),
        ("public", ""),
        ("title", ""),
        ("hidden", ""),
        ("muc#roomconfig_roomsecret", ""),
    ]
    (option,) = offers(f"{SUBMIT}colour'><value>", around)
    assert (option.text, option.meaning) == ("red", "Deep red")
    assert labels(f"{SUBMIT}public'><value>", around) == ["true", "false"]
    assert labels(f"{SUBMIT}title'><value>", around) == ["Hall"]
    assert labels(f"{SUBMIT}other'><value>", around) == []
    for secret in ("hidden", "muc#roomconfig_roomsecret"):
        assert labels(f"{SUBMIT}{secret}'><value>", around) == []


def test_variables() -> None:
    around = Surroundings(variables=lambda: {"bare": "juliet@x", "domain": "x"})
    assert texts("<iq to='$", around) == ["$bare", "$domain"]
    assert texts("<message><body>$d", around) == ["$domain"]
    assert texts("<message><body>$$d", around) == []


@pytest.mark.parametrize(
    ("jid", "text"),
    [
        ("o'neil&co@x", "o&apos;neil&amp;co@x'"),
        ("$sasl@x", "$$sasl@x'"),
        ("{id}@x", "{{id}}@x'"),
        ("‹to›@x", "&#8249;to›@x'"),
    ],
)
def test_what_others_named_stands_for_itself(jid: str, text: str) -> None:
    assert texts("<message to='", Surroundings(jids=[jid])) == [text]


def test_where_nothing_fits() -> None:
    for typed in ("", "<message>", "<message><body>hello", "<a><![CDATA[<", "<a><!-- <", "<a b=c"):
        assert offers(typed) == [], typed


def test_the_namespaces_of_the_stream_are_told_apart() -> None:
    assert labels(f"<stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAM}'><")[0] == "message"


PIECES = [
    *"<>/='\"! \n$‹›:", "<iq", "<presence", "<message>", "<body>", " type='get'", " to='hall@c/me'",
    "<query xmlns='jabber:iq:roster'>", "<item ", "</", "<x xmlns='jabber:x:data'>", "<field var='",
    "<error ", "</iq>", "<stream:stream>", "<stream:", "xmlns=", "id='", "<![CDATA[", "‹to›", "é",
]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=10).map("".join), st.integers(0, 120))
def test_whatever_is_typed_something_sensible_is_offered(text: str, position: int) -> None:
    around = Surroundings(
        jids=["romeo@x/y"],
        entities=known(FORM),
        own="juliet@x",
        variables=lambda: {"bare": "juliet@x"},
    )
    position = min(position, len(text))
    for offer in xml_offers(text, position, around):
        assert 0 <= offer.replaces <= position
        assert offer.text
        assert offer.label
