"""Whatever is asked of the services of accounts is answered, once, and breaks nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from practice.pep_driver import answer, caps, enter, form, is_question
from practice.stage_driver import House, parsed

from xmppshell.protocol.xml.tokens import quoted

NAMESPACES = (
    "http://jabber.org/protocol/pubsub",
    "http://jabber.org/protocol/pubsub#owner",
    "http://jabber.org/protocol/commands",
    "jabber:iq:private",
    "jabber:x:data",
    "vcard-temp",
    "urn:example:x",
    "",
)
NAMES = (
    "pubsub",
    "publish",
    "item",
    "items",
    "retract",
    "create",
    "configure",
    "default",
    "delete",
    "purge",
    "subscribe",
    "unsubscribe",
    "subscriptions",
    "subscription",
    "affiliations",
    "affiliation",
    "options",
    "publish-options",
    "x",
    "field",
    "value",
    "command",
    "query",
    "vCard",
    "redirect",
)
ATTRIBUTES = {
    "node": ("a", "b", "greet", "uptime", "", "http://jabber.org/protocol/commands"),
    "id": ("1", "2", ""),
    "jid": ("juliet@localhost", "romeo@localhost/orchard", "@", "", "localhost"),
    "affiliation": ("owner", "outcast", "none", "king"),
    "subscription": ("subscribed", "none", "x"),
    "max_items": ("1", "-1", "²", "9" * 40),
    "notify": ("1", "x"),
    "action": ("execute", "next", "prev", "cancel", "complete", "dance"),
    "sessionid": ("1", "2", "3"),
    "subid": ("", "1"),
    "type": ("submit", "cancel", "form", "hidden", "boolean"),
    "var": (
        "FORM_TYPE",
        "pubsub#access_model",
        "pubsub#max_items",
        "pubsub#persist_items",
        "pubsub#roster_groups_allowed",
        "name",
    ),
    "uri": ("xmpp:a@b",),
}
TEXTS = (
    "",
    "open",
    "roster",
    "max",
    "1",
    "0",
    "²",
    "http://jabber.org/protocol/pubsub#node_config",
)


def attributes() -> st.SearchStrategy[str]:
    one = st.sampled_from(sorted(ATTRIBUTES)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(ATTRIBUTES[name]))
    )
    return st.lists(one, max_size=3, unique_by=lambda pair: pair[0]).map(
        lambda pairs: "".join(f" {name}={quoted(value)}" for name, value in pairs)
    )


def written(name: str, namespace: str | None, given: str, inside: str) -> str:
    said = "" if namespace is None else f" xmlns={quoted(namespace)}"
    return f"<{name}{said}{given}>{inside}</{name}>"


elements = st.recursive(
    st.builds(
        written,
        st.sampled_from(NAMES),
        st.none() | st.sampled_from(NAMESPACES),
        attributes(),
        st.sampled_from(TEXTS),
    ),
    lambda children: st.builds(
        written,
        st.sampled_from(NAMES),
        st.none() | st.none() | st.sampled_from(NAMESPACES),
        attributes(),
        st.lists(children, max_size=3).map("".join),
    ),
    max_leaves=6,
)
payloads = st.builds(
    written,
    st.sampled_from(("pubsub", "pubsub", "command", "query", "vCard")),
    st.sampled_from(NAMESPACES[:6]),
    attributes(),
    st.lists(elements, max_size=3).map("".join),
)
PUBSUB, OWNER, COMMANDS = NAMESPACES[:3]
SENSIBLE = (
    f"<pubsub xmlns='{PUBSUB}'><publish node='a'><item id='1'><x xmlns='y'/></item></publish>"
    "</pubsub>",
    f"<pubsub xmlns='{PUBSUB}'><publish node='b'><item><x xmlns='y'/></item></publish></pubsub>",
    f"<pubsub xmlns='{PUBSUB}'><items node='a'/></pubsub>",
    f"<pubsub xmlns='{PUBSUB}'><create node='a'/></pubsub>",
    f"<pubsub xmlns='{PUBSUB}'><subscribe node='a' jid='romeo@localhost'/></pubsub>",
    f"<pubsub xmlns='{PUBSUB}'><subscribe node='a' jid='mercutio@localhost'/></pubsub>",
    f"<pubsub xmlns='{PUBSUB}'><retract node='a'><item id='1'/></retract></pubsub>",
    f"<pubsub xmlns='{OWNER}'><delete node='a'/></pubsub>",
    f"<pubsub xmlns='{OWNER}'><purge node='a'/></pubsub>",
    *(
        f"<pubsub xmlns='{OWNER}'><configure node='a'>"
        f"{form(f'{PUBSUB}#node_config', **{name: value})}</configure></pubsub>"
        for name, value in (
            ("access_model", "open"),
            ("access_model", "roster"),
            ("max_items", "max"),
            ("persist_items", "0"),
            ("deliver_payloads", "0"),
            ("notify_config", "1"),
        )
    ),
    f"<command xmlns='{COMMANDS}' node='greet'/>",
    "<query xmlns='jabber:iq:private'><x xmlns='y'/></query>",
)
requests = st.tuples(
    st.sampled_from(("juliet/balcony", "romeo/orchard", "mercutio/courtyard")),
    st.sampled_from(("get", "set")),
    st.sampled_from(("", "juliet@localhost", "romeo@localhost", "localhost")),
    payloads | st.sampled_from(SENSIBLE),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(requests, min_size=1, max_size=8))
def test_every_request_is_answered_once(wanted: list[tuple[str, str, str, str]]) -> None:
    house = House()
    enter(house, "juliet/balcony", "a+notify")
    enter(house, "romeo/orchard", "a+notify", "b+notify")
    house.enter("mercutio/courtyard", 0)
    for who, kind, to, payload in wanted:
        address = f" to='{to}'" if to else ""
        said = house.say(who, f"<iq type='{kind}' id='q'{address}>{payload}</iq>")
        answers = [to for to, text in said if text.startswith("<iq") and " id='q'" in text]
        assert answers == [who], said
        rest = [parsed(text) for _, text in said if not text.startswith("<iq")]
        assert all(element.get("type") in ("headline", "normal") for element in rest), said


vers = st.sampled_from(("", "x", "y"))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("announce"), st.integers(0, 2), vers),
        st.tuples(st.just("answer"), st.integers(0, 2), st.integers(0, 5)),
        st.tuples(st.just("away"), st.integers(0, 2), vers),
        st.tuples(st.just("leave"), st.integers(0, 2), vers),
    ),
    max_size=15,
)
RESOURCES = ("juliet/balcony", "juliet/chamber", "romeo/orchard")


@settings(max_examples=150, deadline=None)
@given(steps)
def test_nobody_is_asked_two_things_at_a_time(moves: list[tuple[str, int, object]]) -> None:
    house = House()
    asked: dict[str, str] = {}
    old: list[str] = []
    here: set[str] = set()
    for move, number, what in moves:
        who = RESOURCES[number]
        if move == "leave":
            if who not in here:
                continue
            said = house.leave(who)
            here.discard(who)
            asked.pop(who, None)
        else:
            if who not in here:
                house.enter(who)
                here.add(who)
            if move == "announce":
                asked.pop(who, None)
                said = house.say(who, f"<presence>{caps('a+notify', str(what) or 'z')}</presence>")
            elif move == "away":
                asked.pop(who, None)
                said = house.say(who, "<presence type='unavailable'/>")
            elif who in asked and int(str(what)) < 3:
                said = house.say(who, answer(asked.pop(who), "a+notify", "x"))
            elif old:
                said = house.say(who, answer(old[-1], "b+notify"))
            else:
                continue
        for to, text in said:
            if is_question(text):
                assert to in here
                assert to not in asked or move in ("announce",), said
                asked[to] = text
                old.append(text)
