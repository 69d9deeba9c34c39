"""Items of personal nodes: publishing, reading, removing (XEP-0060 6.5 and 7, XEP-0163)."""

from __future__ import annotations

import pytest
from practice.pep_driver import (
    EVENT,
    PUBSUB,
    SONG,
    TUNE,
    ask,
    configure,
    create,
    enter,
    ids_in,
    items,
    options,
    publish,
    refusal_of,
    result_of,
)
from practice.stage_driver import House, parsed, receivers

from xmppshell.practice.pep.config import MAX_ITEMS
from xmppshell.practice.pep.nodes import MAX_NODES, MAX_PAYLOAD

JULIET = "juliet/balcony"
WANTS = f"{TUNE}+notify"


@pytest.fixture
def house() -> House:
    house = House()
    house.enter(JULIET, 0)
    return house


def test_publishing_makes_the_node_and_gives_an_id(house: House) -> None:
    said = publish(house, JULIET, f"<item>{SONG}</item>")
    result = result_of(said, JULIET)
    item = result.find(f".//{{{PUBSUB}}}item")
    assert item is not None
    assert item.get("id")
    assert len(said) == 1
    assert ids_in(items(house, JULIET)) == [item.get("id")]


def test_a_payload_comes_back_byte_for_byte(house: House) -> None:
    payload = (
        f'<t:tune   xmlns:t="{TUNE}"\n t:x=\'a "b"\'><t:title><![CDATA[<&]]>é&#x41;</t:title>'
        "<plain xmlns=''/></t:tune >"
    )
    publish(house, JULIET, f"<item id='a'>{payload}</item>")
    assert payload in items(house, JULIET)[0][1]


def test_inherited_namespaces_come_along(house: House) -> None:
    house.enter("nurse/chamber", declarations={"s": "urn:example:stream"})
    house.say(
        "nurse/chamber",
        "<iq type='set' id='i' xmlns:q='urn:example:iq'>"
        f"<p:pubsub xmlns:p='{PUBSUB}' xmlns='urn:example:default'><p:publish node='n'>"
        "<p:item id='a'><x s:a='1'><q:b/></x></p:item></p:publish></p:pubsub></iq>",
    )
    text = items(house, "nurse/chamber", node="n")[0][1]
    payload = parsed(text)[0][0][0][0]
    assert payload.tag == "{urn:example:default}x"
    assert payload.get("{urn:example:stream}a") == "1"
    assert payload[0].tag == "{urn:example:iq}b"


def test_by_default_only_the_last_item_is_kept(house: House) -> None:
    for name in "abc":
        publish(house, JULIET, f"<item id='{name}'>{SONG}</item>")
    assert ids_in(items(house, JULIET)) == ["c"]


def test_items_by_number_and_by_id(house: House) -> None:
    create(house, JULIET, max_items="max")
    for name in "abcb":
        publish(house, JULIET, f"<item id='{name}'>{SONG}</item>")
    assert ids_in(items(house, JULIET)) == ["a", "c", "b"]
    assert ids_in(items(house, JULIET, more=" max_items='2'")) == ["c", "b"]
    some = f"<items node='{TUNE}'><item id='b'/><item id='a'/><item id='z'/></items>"
    assert ids_in(ask(house, JULIET, some, kind="get")) == ["a", "b"]


@pytest.mark.parametrize("most", ["0", "-1", "x", "", "1" * 30])
def test_a_wrong_number_of_items(house: House, most: str) -> None:
    create(house, JULIET)
    assert refusal_of(items(house, JULIET, more=f" max_items='{most}'")) == (
        "modify",
        "bad-request",
        "",
    )


@pytest.mark.parametrize(
    ("item", "detail"),
    [
        ("", "item-required"),
        ("<item/>", "payload-required"),
        (f"<item>{SONG}{SONG}</item>", "invalid-payload"),
        (f"<item>{SONG}</item><item>{SONG}</item>", ""),
    ],
)
def test_items_that_cannot_be(house: House, item: str, detail: str) -> None:
    assert refusal_of(publish(house, JULIET, item)) == ("modify", "bad-request", detail)


def test_an_event_without_items(house: House) -> None:
    create(house, JULIET, persist_items="0", deliver_payloads="0")
    assert refusal_of(publish(house, JULIET, f"<item>{SONG}</item>"))[2] == "item-forbidden"
    enter(house, "romeo/orchard", WANTS)
    said = publish(house, JULIET, "")
    assert receivers(said) == [JULIET, "romeo/orchard"]
    assert f"<items node='{TUNE}'/>" in said[1][1]


def test_the_payload_must_be_of_the_type(house: House) -> None:
    create(house, JULIET, type="urn:example:other")
    refused = refusal_of(publish(house, JULIET, f"<item>{SONG}</item>"))
    assert refused == ("modify", "bad-request", "invalid-payload")


def test_a_node_must_be_named(house: House) -> None:
    said = ask(house, JULIET, f"<publish><item>{SONG}</item></publish>")
    assert refusal_of(said) == ("modify", "bad-request", "nodeid-required")


def test_what_is_too_long(house: House) -> None:
    long = f"<tune xmlns='{TUNE}'>{'x' * MAX_PAYLOAD}</tune>"
    refused = refusal_of(publish(house, JULIET, f"<item>{long}</item>"))
    assert refused == ("modify", "not-acceptable", "payload-too-big")
    refused = refusal_of(publish(house, JULIET, f"<item>{SONG}</item>", node="n" * 1024))
    assert refused[1] == "not-acceptable"


def test_an_account_is_full_at_some_time(house: House) -> None:
    payload = f"<tune xmlns='{TUNE}'>{'x' * (MAX_PAYLOAD - 100)}</tune>"
    create(house, JULIET, max_items="4")
    for number in range(10):
        result_of(publish(house, JULIET, f"<item id='{number}'>{payload}</item>"), JULIET)
    refused = refusal_of(publish(house, JULIET, f"<item>{payload}</item>", node="another"))
    assert refused[2] == "payload-too-big"
    result_of(publish(house, JULIET, f"<item id='9'>{payload}</item>"), JULIET)


def test_an_account_has_only_so_many_nodes(house: House) -> None:
    for number in range(MAX_NODES):
        publish(house, JULIET, f"<item>{SONG}</item>", node=f"n{number}")
    refused = refusal_of(publish(house, JULIET, f"<item>{SONG}</item>"))
    assert refused == ("wait", "resource-constraint", "max-nodes-exceeded")


# Options (7.1.5).


BOOKMARKS = "urn:xmpp:bookmarks:1"
BOOKMARK_OPTIONS = options(
    persist_items="true",
    max_items="max",
    send_last_published_item="never",
    access_model="whitelist",
)


def test_bookmarks_get_the_node_that_they_ask_for(house: House) -> None:
    rooms = ("a@rooms.localhost", "b@rooms.localhost")
    for room in rooms:
        item = f"<item id='{room}'><conference xmlns='{BOOKMARKS}' autojoin='true'/></item>"
        said = publish(house, JULIET, item, node=BOOKMARKS, options=BOOKMARK_OPTIONS)
        result_of(said, JULIET)
    assert ids_in(items(house, JULIET, node=BOOKMARKS)) == list(rooms)
    enter(house, "romeo/orchard", f"{BOOKMARKS}+notify")
    refused = refusal_of(items(house, "romeo/orchard", to="juliet@localhost", node=BOOKMARKS))
    assert refused == ("cancel", "not-allowed", "closed-node")
    # The other resources of the account learn of changes; contacts do not.
    assert enter(house, "juliet/chamber", f"{BOOKMARKS}+notify") == []
    said = ask(
        house,
        JULIET,
        f"<retract node='{BOOKMARKS}' notify='true'><item id='{rooms[0]}'/></retract>",
    )
    assert receivers(said) == [JULIET, "juliet/chamber"]
    assert f"<retract id='{rooms[0]}'/>" in said[1][1]


def test_options_are_conditions_of_a_node_that_is_there(house: House) -> None:
    create(house, JULIET, max_items=str(MAX_ITEMS))
    met = options(max_items="max", persist_items="1", access_model="presence")
    result_of(publish(house, JULIET, f"<item id='a'>{SONG}</item>", options=met), JULIET)
    unmet = options(access_model="open")
    refused = refusal_of(publish(house, JULIET, f"<item id='b'>{SONG}</item>", options=unmet))
    assert refused == ("cancel", "conflict", "precondition-not-met")
    assert ids_in(items(house, JULIET)) == ["a"]


@pytest.mark.parametrize("exists", [False, True])
def test_an_option_that_is_not_known_cannot_be_met(house: House, exists: bool) -> None:
    if exists:
        create(house, JULIET)
    said = publish(house, JULIET, f"<item>{SONG}</item>", options=options(sparkle="1"))
    assert refusal_of(said) == ("cancel", "conflict", "precondition-not-met")
    if not exists:
        assert refusal_of(items(house, JULIET)) == ("cancel", "item-not-found", "")


# Removing (7.2).


def test_retracting(house: House) -> None:
    enter(house, "romeo/orchard", WANTS)
    publish(house, JULIET, f"<item id='a'>{SONG}</item>")
    said = ask(house, JULIET, f"<retract node='{TUNE}'><item id='a'/></retract>")
    result_of(said, JULIET)
    assert receivers(said) == [JULIET, "romeo/orchard"]
    (event,) = parsed(said[1][1])
    assert event[0][0].tag == f"{{{EVENT}}}retract"
    assert event[0][0].get("id") == "a"
    assert ids_in(items(house, JULIET)) == []


def test_retracting_quietly(house: House) -> None:
    enter(house, "romeo/orchard", WANTS)
    publish(house, JULIET, f"<item id='a'>{SONG}</item>")
    configure(house, JULIET, notify_retract="0")
    said = ask(house, JULIET, f"<retract node='{TUNE}'><item id='a'/></retract>")
    assert receivers(said) == [JULIET]


@pytest.mark.parametrize(
    ("inside", "refused"),
    [
        (f"<retract node='{TUNE}'/>", ("modify", "bad-request", "item-required")),
        (f"<retract node='{TUNE}'><item/></retract>", ("modify", "bad-request", "item-required")),
        (f"<retract node='{TUNE}'><item id='z'/></retract>", ("cancel", "item-not-found", "")),
        ("<retract><item id='a'/></retract>", ("modify", "bad-request", "nodeid-required")),
        ("<retract node='z'><item id='a'/></retract>", ("cancel", "item-not-found", "")),
    ],
)
def test_what_cannot_be_retracted(house: House, inside: str, refused: tuple[str, str, str]) -> None:
    publish(house, JULIET, f"<item id='a'>{SONG}</item>")
    assert refusal_of(ask(house, JULIET, inside)) == refused
    assert ids_in(items(house, JULIET)) == ["a"]


def test_others_may_not_publish_nor_remove(house: House) -> None:
    publish(house, JULIET, f"<item id='a'>{SONG}</item>")
    enter(house, "romeo/orchard")
    for inside in (
        f"<publish node='{TUNE}'><item>{SONG}</item></publish>",
        f"<publish node='new'><item>{SONG}</item></publish>",
        f"<retract node='{TUNE}'><item id='a'/></retract>",
        "<create node='new'/>",
    ):
        said = ask(house, "romeo/orchard", inside, to="juliet@localhost")
        assert refusal_of(said) == ("auth", "forbidden", ""), inside


def test_publishers_and_open_nodes(house: House) -> None:
    create(house, JULIET, max_items="5")
    enter(house, "romeo/orchard")
    item = f"<publish node='{TUNE}'><item id='r'>{SONG}</item></publish>"
    ask(
        house,
        JULIET,
        f"<affiliations node='{TUNE}'><affiliation jid='romeo@localhost'"
        " affiliation='publisher'/></affiliations>",
        owner=True,
    )
    result_of(ask(house, "romeo/orchard", item, to="juliet@localhost"), "romeo/orchard")
    publish(house, JULIET, f"<item id='j'>{SONG}</item>")
    for item_id, refused in (("j", True), ("r", False)):
        retract = f"<retract node='{TUNE}'><item id='{item_id}'/></retract>"
        said = ask(house, "romeo/orchard", retract, to="juliet@localhost")
        assert ("forbidden" in said[0][1]) is refused
    house.enter("mercutio/courtyard")
    said = ask(house, "mercutio/courtyard", item, to="juliet@localhost")
    assert refusal_of(said)[1] == "forbidden"
    configure(house, JULIET, publish_model="open")
    said = ask(house, "mercutio/courtyard", item, to="juliet@localhost")
    result_of(said, "mercutio/courtyard")


@pytest.mark.parametrize(
    ("kind", "inside"),
    [
        ("set", ""),
        ("set", "<dance/>"),
        ("get", f"<publish node='{TUNE}'/>"),
        ("get", "<publish xmlns='urn:example:x' node='a'/>"),
        ("set", f"<delete node='{TUNE}'/>"),
    ],
)
def test_nonsense(house: House, kind: str, inside: str) -> None:
    said = ask(house, JULIET, inside, kind=kind)
    assert refusal_of(said) == ("modify", "bad-request", "")
