"""Whatever is written or asked around messages is answered as it must be, and breaks nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from practice.stage_driver import House, parsed

from xmppshell.protocol.xml.tokens import quoted

NAMESPACES = (
    "urn:xmpp:mam:2",
    "urn:xmpp:mam:2",
    "http://jabber.org/protocol/rsm",
    "jabber:x:data",
    "urn:xmpp:blocking",
    "urn:xmpp:carbons:2",
    "jabber:iq:roster",
    "urn:xmpp:hints",
    "urn:xmpp:sid:0",
    "urn:xmpp:delay",
    "http://jabber.org/protocol/muc#user",
    "",
)
NAMES = (
    *("query", "prefs", "metadata", "flip-page", "always", "never", "jid", "set", "max", "before"),
    *("after", "index", "x", "field", "value", "block", "unblock", "blocklist", "item", "group"),
    *("enable", "disable", "private", "no-store", "no-copy", "store", "stanza-id", "delay", "body"),
)
ATTRIBUTES = {
    "jid": (
        "juliet@localhost",
        "romeo@localhost",
        "a@b/c",
        "localhost",
        "@",
        "",
        "rooms.localhost",
    ),
    "by": ("romeo@localhost", "juliet@localhost", "@", ""),
    "from": ("localhost", "x"),
    "id": ("1", "", "nope"),
    "queryid": ("q", "'\"<&"),
    "default": ("always", "roster", "never", "x"),
    "subscription": ("remove", "both", "none"),
    "name": ("R", ""),
    "type": ("submit", "form", "cancel"),
    "var": ("FORM_TYPE", "with", "start", "end", "before-id", "after-id", "ids", "x"),
    "ver": ("", "0"),
}
TEXTS = (
    *("", "urn:xmpp:mam:2", "1", "0", "-1", "²", "9" * 30, "romeo@localhost", "@", "1 "),
    *("2026-11-22T12:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T24:00:00Z", "now"),
)

attributes = st.dictionaries(st.sampled_from(sorted(ATTRIBUTES)), st.integers(0, 9), max_size=3)


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> str:
    name = draw(st.sampled_from(NAMES))
    namespace = draw(st.sampled_from(NAMESPACES))
    head = f"<{name}" + (f" xmlns='{namespace}'" if namespace else "")
    for attribute, number in draw(attributes).items():
        choices = ATTRIBUTES[attribute]
        head += f" {attribute}={quoted(choices[number % len(choices)])}"
    inside = draw(st.sampled_from(TEXTS)) if draw(st.booleans()) else ""
    if depth < 3:
        inside += "".join(draw(st.lists(elements(depth + 1), max_size=3)))
    return f"{head}>{inside}</{name}>" if inside else f"{head}/>"


targets = st.sampled_from(
    [
        "",
        "juliet@localhost",
        "romeo@localhost",
        "romeo@localhost/b",
        "romeo@localhost/x",
        "localhost",
    ]
)
speakers = st.sampled_from(["juliet/a", "juliet/c", "romeo/b"])
iqs = st.tuples(st.just("iq"), speakers, targets, st.sampled_from(["get", "set"]), elements())
messages = st.tuples(
    st.just("message"),
    speakers,
    targets,
    st.sampled_from(["chat", "normal", "headline", "groupchat", "error", "odd"]),
    st.lists(elements(), max_size=3).map("".join),
)
presences = st.tuples(
    st.just("presence"),
    speakers,
    targets,
    st.sampled_from(["", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed"]),
    st.sampled_from(["", "<priority>-1</priority>"]),
)


def say(house: House, stanza: tuple[str, str, str, str, str]) -> list[tuple[str, str]]:
    kind, who, to, type_, inside = stanza
    head = f"<{kind} id='i'" + (f" to='{to}'" if to else "") + (f" type='{type_}'" if type_ else "")
    return house.say(who, f"{head}>{inside}</{kind}>")


@given(st.lists(st.one_of(iqs, messages, presences), min_size=1, max_size=12))
@settings(max_examples=120, deadline=None)
def test_everything_is_answered(stanzas: list[tuple[str, str, str, str, str]]) -> None:
    house = House()
    for who in ("juliet/a", "juliet/c", "romeo/b"):
        house.enter(who, 0)
    for stanza in stanzas:
        said = say(house, stanza)
        kind, who, to, _, _ = stanza
        if kind != "iq":
            continue
        heard = [parsed(text) for receiver, text in said if receiver == who]
        answers = [each for each in heard if each.get("type") in ("result", "error")]
        passed = [each for each in said if each[0] == "romeo/b" and " id='i'" in each[1]]
        assert len(answers) == 1 or (to == "romeo@localhost/b" and len(passed) == 1)
        for answer in answers:
            assert answer.get("id") == "i"
            error = answer.find("{jabber:client}error")
            assert (answer.get("type") == "error") is (error is not None)
    for who in ("juliet/a", "juliet/c", "romeo/b"):
        house.leave(who)
