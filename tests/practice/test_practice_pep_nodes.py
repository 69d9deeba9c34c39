"""Personal nodes as their owner has them, who may read them, and discovery (XEP-0060 5, 8)."""

from __future__ import annotations

import pytest
from practice.pep_driver import (
    OWNER,
    PUBSUB,
    SONG,
    TUNE,
    ask,
    configure,
    create,
    form,
    ids_in,
    items,
    publish,
    refusal_of,
    result_of,
)
from practice.stage_driver import House, parsed

JULIET = "juliet/balcony"
ROMEO = "romeo/orchard"
STRANGER = "mercutio/courtyard"
ITEM = f"<item id='a'>{SONG}</item>"


@pytest.fixture
def house() -> House:
    house = House()
    for who in (JULIET, ROMEO, STRANGER):
        house.enter(who, 0)
    return house


def values(house: House, inside: str) -> dict[str, list[str | None]]:
    data = "{jabber:x:data}"
    result = result_of(ask(house, JULIET, inside, kind="get", owner=True), JULIET)
    return {
        field.get("var") or "": [value.text for value in field.findall(f"{data}value")]
        for field in result.iter(f"{data}field")
    }


def test_defaults(house: House) -> None:
    default = values(house, "<default/>")
    assert default["FORM_TYPE"] == [f"{PUBSUB}#node_config"]
    assert default["pubsub#access_model"] == ["presence"]
    assert default["pubsub#send_last_published_item"] == ["on_sub_and_presence"]
    assert default["pubsub#persist_items"] == ["true"]
    assert default["pubsub#max_items"] == ["1"]
    create(house, JULIET)
    assert values(house, f"<configure node='{TUNE}'/>") == default


@pytest.mark.parametrize(
    "name", ["access_model", "publish_model", "send_last_published_item", "notification_type"]
)
def test_a_choice_without_a_value_is_refused(house: House, name: str) -> None:
    create(house, JULIET)
    chosen = (
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
        f"<value>{PUBSUB}#node_config</value></field><field var='pubsub#{name}'/></x>"
    )
    said = ask(house, JULIET, f"<configure node='{TUNE}'>{chosen}</configure>", owner=True)
    assert refusal_of(said) == ("modify", "not-acceptable", "invalid-options")


def test_configuring(house: House) -> None:
    create(house, JULIET, title="What I hear", max_items="3")
    configured = values(house, f"<configure node='{TUNE}'/>")
    assert configured["pubsub#title"] == ["What I hear"]
    for name in "abc":
        publish(house, JULIET, f"<item id='{name}'>{SONG}</item>")
    result_of(configure(house, JULIET, max_items="2", unknown="x"), JULIET)
    assert ids_in(items(house, JULIET)) == ["b", "c"]
    assert values(house, f"<configure node='{TUNE}'/>")["pubsub#title"] == ["What I hear"]
    cancel = "<x xmlns='jabber:x:data' type='cancel'/>"
    said = ask(house, JULIET, f"<configure node='{TUNE}'>{cancel}</configure>", owner=True)
    result_of(said, JULIET)


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"access_model": "authorize"}, "unsupported-access-model"),
        ({"access_model": "nobody"}, "invalid-options"),
        ({"persist_items": "perhaps"}, "invalid-options"),
        ({"max_items": "many"}, "invalid-options"),
        ({"max_items": "0"}, "max-items-exceeded"),
        ({"max_items": "257"}, "max-items-exceeded"),
        ({"title": "a,b"}, "invalid-options"),
        ({"roster_groups_allowed": ",".join("a" * 5000)}, "invalid-options"),
    ],
)
def test_configurations_that_cannot_be(house: House, fields: dict[str, str], detail: str) -> None:
    for attempt in (create, configure):
        refused = refusal_of(attempt(house, JULIET, TUNE, **fields))
        assert refused == ("modify", "not-acceptable", detail)
        create(house, JULIET)


def test_forms_of_another_kind(house: House) -> None:
    create(house, JULIET)
    other = form("urn:example:other", title="x")
    for inside in (other, other.replace("submit", "form")):
        said = ask(house, JULIET, f"<configure node='{TUNE}'>{inside}</configure>", owner=True)
        assert refusal_of(said) == ("modify", "not-acceptable", "invalid-options")
    said = ask(house, JULIET, f"<configure node='{TUNE}'/>", owner=True)
    assert refusal_of(said) == ("modify", "bad-request", "")


def test_creating(house: House) -> None:
    result_of(create(house, JULIET), JULIET)
    assert refusal_of(create(house, JULIET)) == ("cancel", "conflict", "")
    result = result_of(ask(house, JULIET, "<create/><configure/>"), JULIET)
    made = result[0][0].get("node")
    assert made
    result_of(publish(house, JULIET, ITEM, node=made), JULIET)


@pytest.mark.parametrize(
    "inside",
    [
        "<default/>",
        f"<configure node='{TUNE}'/>",
        f"<affiliations node='{TUNE}'/>",
        f"<subscriptions node='{TUNE}'/>",
    ],
)
def test_only_the_owner_asks_these(house: House, inside: str) -> None:
    create(house, JULIET)
    said = ask(house, ROMEO, inside, to="juliet@localhost", kind="get", owner=True)
    assert refusal_of(said) == ("auth", "forbidden", "")


def test_affiliations(house: House) -> None:
    create(house, JULIET, access_model="whitelist")
    publish(house, JULIET, ITEM)
    to = "juliet@localhost"
    assert refusal_of(items(house, STRANGER, to=to)) == ("cancel", "not-allowed", "closed-node")

    def affiliate(jid: str, name: str) -> list[tuple[str, str]]:
        entry = f"<affiliation jid='{jid}' affiliation='{name}'/>"
        inside = f"<affiliations node='{TUNE}'>{entry}</affiliations>"
        return ask(house, JULIET, inside, owner=True)

    affiliate("mercutio@localhost", "member")
    assert ids_in(items(house, STRANGER, to=to)) == ["a"]
    known = ask(house, STRANGER, "<affiliations/>", to=to, kind="get")[0][1]
    assert f"<affiliation node='{TUNE}' affiliation='member'/>" in known
    known = ask(house, JULIET, f"<affiliations node='{TUNE}'/>", kind="get", owner=True)[0][1]
    assert "jid='juliet@localhost' affiliation='owner'" in known
    assert "jid='mercutio@localhost' affiliation='member'" in known
    affiliate("mercutio@localhost", "none")
    configure(house, JULIET, access_model="open")
    affiliate("mercutio@localhost", "outcast")
    assert refusal_of(items(house, STRANGER, to=to)) == ("auth", "forbidden", "")
    assert refusal_of(affiliate("juliet@localhost", "none"))[1] == "not-acceptable"
    assert refusal_of(affiliate("a@b", "king"))[1] == "not-acceptable"
    assert refusal_of(affiliate("", "member"))[2] == "jid-required"


def test_roster_groups(house: House) -> None:
    create(house, JULIET, access_model="roster", roster_groups_allowed="Lovers,Friends")
    publish(house, JULIET, ITEM)
    refused = ("auth", "not-authorized", "not-in-roster-group")
    assert refusal_of(items(house, ROMEO, to="juliet@localhost")) == refused
    house.say(
        JULIET,
        "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost'>"
        "<group>Lovers</group></item></query></iq>",
    )
    assert ids_in(items(house, ROMEO, to="juliet@localhost")) == ["a"]


def test_the_owner_manages_subscriptions(house: House) -> None:
    create(house, JULIET, access_model="open")
    entry = "<subscription jid='mercutio@localhost' subscription='{}'/>"

    def manage(state: str) -> list[tuple[str, str]]:
        inside = f"<subscriptions node='{TUNE}'>{entry.format(state)}</subscriptions>"
        return ask(house, JULIET, inside, owner=True)

    result_of(manage("subscribed"), JULIET)
    assert STRANGER in [to for to, _ in publish(house, JULIET, ITEM)]
    result_of(manage("none"), JULIET)
    assert STRANGER not in [to for to, _ in publish(house, JULIET, ITEM)]
    assert refusal_of(manage("perhaps"))[1] == "not-acceptable"


# Discovery.


def disco(
    house: House, who: str, what: str, *, to: str = "juliet@localhost", node: str = ""
) -> str:
    about = f" node='{node}'" if node else ""
    query = f"<query xmlns='http://jabber.org/protocol/disco#{what}'{about}/>"
    ((_, text),) = house.say(who, f"<iq type='get' id='d' to='{to}'>{query}</iq>")
    return text


def test_an_account_says_that_it_is_a_service(house: House) -> None:
    text = disco(house, ROMEO, "info")
    assert "<identity category='pubsub' type='pep'/>" in text
    features = [f.get("var") or "" for f in parsed(text).iter() if f.get("var")]
    assert f"{PUBSUB}#auto-create" in features
    assert f"{PUBSUB}#publish-options" in features
    assert not any("authorize" in feature for feature in features)
    assert OWNER not in features
    assert len(set(features)) == len(features)


def test_nodes_are_items_for_those_who_may_read_them(house: House) -> None:
    publish(house, JULIET, ITEM)
    create(house, JULIET, "urn:example:closed", access_model="whitelist")
    create(house, JULIET, "urn:example:open", access_model="open", title="All mine")
    text = disco(house, ROMEO, "items")
    assert f"<item jid='juliet@localhost' node='{TUNE}'/>" in text
    assert "urn:example:closed" not in text
    assert "urn:example:closed" in disco(house, JULIET, "items")
    text = disco(house, STRANGER, "items")
    assert "node='urn:example:open' name='All mine'" in text
    assert TUNE not in text
    configure(house, JULIET, "urn:example:open", access_model="presence")
    assert "service-unavailable" in disco(house, STRANGER, "items")


def test_a_node_says_what_it_is_and_has(house: House) -> None:
    create(house, JULIET, title="What I hear")
    publish(house, JULIET, ITEM)
    text = disco(house, ROMEO, "info", node=TUNE)
    assert "<identity category='pubsub' type='leaf' name='What I hear'/>" in text
    assert f"<value>{PUBSUB}#meta-data</value>" in text
    assert "<value>juliet@localhost</value>" in text
    text = disco(house, ROMEO, "items", node=TUNE)
    assert "<item jid='juliet@localhost' name='a'/>" in text
    for what in ("info", "items"):
        assert "item-not-found" in disco(house, STRANGER, what, node=TUNE)
        assert "item-not-found" in disco(house, ROMEO, what, node="urn:example:no")
        assert "item-not-found" in disco(house, ROMEO, what, to="localhost", node=TUNE)
