"""Errors explained: causes, cures, who raised them, and what in the request provoked them."""

from __future__ import annotations

import pytest

from xmppshell.knowledge.explain import Circumstances, explain_element
from xmppshell.knowledge.explanation import Branch, Remark
from xmppshell.protocol.errors import SASL_CONDITIONS, STANZA_CONDITIONS, STREAM_CONDITIONS
from xmppshell.protocol.xml import Context, parse_element

CONTEXT = Context.for_namespace()
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
ROOM = "orchard@rooms.localhost"
MUC = "http://jabber.org/protocol/muc"
DISCO = "http://jabber.org/protocol/disco#info"


def failed(
    condition: str, request: str, sender: str = "localhost", by: str = "", **around: object
) -> list[Remark]:
    """Explain an error that answers `request`, and return what is said of the <error/>."""
    asked = parse_element(request.encode(), CONTEXT)
    kind = request[1:].partition(" ")[0]
    named = f" by='{by}'" if by else ""
    origin = f" from='{sender}'" if sender else ""
    text = (
        f"<{kind} type='error' id='1' to='juliet@localhost/balcony'{origin}>"
        f"<error type='cancel'{named}><{condition} xmlns='{STANZAS}'/></error></{kind}>"
    )
    answer = parse_element(text.encode(), CONTEXT)
    facts = {"received": True, **around}
    tree = explain_element(answer, Circumstances(request=asked, **facts))  # type: ignore[arg-type]
    return list(child_named(tree, "error").remarks)


def child_named(tree: Branch, name: str) -> Branch:
    return next(c for c in tree.children if isinstance(c, Branch) and c.name == name)


def clues(condition: str, request: str, **around: object) -> list[tuple[str, str]]:
    """Return what is said of the request: the part of it, and why."""
    found = failed(condition, request, **around)  # type: ignore[arg-type]
    return [(r.part, r.text) for r in found if r.kind == "request"]


def iq(kind: str, payload: str, to: str = "localhost") -> str:
    named = f" to='{to}'" if to else ""
    return f"<iq type='{kind}' id='1'{named}>{payload}</iq>"


@pytest.mark.parametrize("condition", sorted(STANZA_CONDITIONS))
def test_every_stanza_condition_has_cause_and_cure(condition: str) -> None:
    said = failed(condition, iq("get", "<ping xmlns='urn:xmpp:ping'/>"))
    kinds = [remark.kind for remark in said]
    assert "usually" in kinds
    assert "try" in kinds
    assert all(remark.text for remark in said)


def test_a_misspelt_namespace_provoked_it() -> None:
    found = clues("service-unavailable", iq("get", "<ping xmlns='urn:xmpp:pingg'/>"))
    assert found == [
        (
            "xmlns='urn:xmpp:pingg'",
            "likely nobody serves this namespace, which is not known here; did you mean"
            " urn:xmpp:ping?",
        )
    ]


def test_a_payload_without_a_namespace_provoked_it() -> None:
    part, why = clues("service-unavailable", iq("get", "<ping/>"))[0]
    assert part == "<ping/>"
    assert "it is in jabber:client" in why
    assert "urn:xmpp:ping" in why


def test_a_misspelt_element_provoked_it() -> None:
    found = clues("feature-not-implemented", iq("get", "<pong xmlns='urn:xmpp:ping'/>"))
    assert found == [("<pong/>", "not an element of urn:xmpp:ping; did you mean <ping/>?")]


def test_the_wrong_type_of_iq_provoked_it() -> None:
    found = clues("bad-request", iq("set", "<ping xmlns='urn:xmpp:ping'/>"))
    assert found == [("type='set'", "<ping/> stands in an iq of type get")]


@pytest.mark.parametrize(("payload", "count"), [("", "no"), ("<a xmlns='b'/><c xmlns='d'/>", "2")])
def test_the_wrong_number_of_payloads(payload: str, count: str) -> None:
    part, why = clues("bad-request", iq("get", payload))[0]
    assert part == "<iq type='get'>"
    assert why.startswith(f"it has {count} children")


def test_a_missing_attribute_and_a_wrong_value_are_found_inside() -> None:
    item = "<query xmlns='jabber:iq:roster'><item subscription='boht'/></query>"
    found = clues("bad-request", iq("set", item, to=""))
    assert ("<item>", "the attribute jid is missing") in found
    assert any(p == "subscription='boht'" and "not one of" in why for p, why in found)


def test_a_missing_child_is_found() -> None:
    found = clues(
        "bad-request", iq("set", "<command xmlns='http://jabber.org/protocol/commands'/>")
    )
    assert any("node is missing" in why for _, why in found)


# To whom it went.


def test_the_own_server_that_did_not_say_what_it_can() -> None:
    part, why = clues("service-unavailable", iq("get", "<query xmlns='jabber:iq:last'/>"))[0]
    assert part == "to='localhost'"
    assert why == "your own server answers here; likely it does not know jabber:iq:last"


@pytest.mark.parametrize(
    ("features", "why"),
    [
        (frozenset({"jabber:iq:last"}), "it lists jabber:iq:last among its features"),
        (frozenset({DISCO}), "it does not list jabber:iq:last among its features"),
    ],
)
def test_what_the_other_side_said_of_itself_counts(features: frozenset[str], why: str) -> None:
    request = iq("get", "<query xmlns='jabber:iq:last'/>")
    assert why in clues("service-unavailable", request, features=features)[0][1]


def test_nobody_tells_whether_an_account_exists() -> None:
    request = iq("get", "<query xmlns='jabber:iq:last'/>", to="nobody@localhost")
    why = clues("service-unavailable", request, sender="nobody@localhost")[0][1]
    assert "either it does not know jabber:iq:last, or there is no such account" in why
    chat = "<message type='chat' to='nobody@localhost'><body>Hi</body></message>"
    assert "likely there is no such account" in clues("service-unavailable", chat)[0][1]


def test_groupchat_for_who_is_no_room() -> None:
    said = "<message type='groupchat' to='romeo@localhost'><body>hi</body></message>"
    assert "groupchat is for rooms only" in clues("service-unavailable", said)[0][1]


@pytest.mark.parametrize(
    ("presence", "why"),
    [
        ("", "that resource is not online, or the client there does not know urn:xmpp:ping"),
        ("available", "it was online by its last presence; likely it does not know urn:xmpp:ping"),
        ("unavailable", "likely it is not online: its last presence here was unavailable"),
    ],
)
def test_a_full_jid_by_its_presence(presence: str, why: str) -> None:
    request = iq("get", "<ping xmlns='urn:xmpp:ping'/>", to="romeo@localhost/orchard")
    found = clues("service-unavailable", request, presence=presence)
    assert found[0][0] == "to='romeo@localhost/orchard'"
    assert why in found[0][1]


def test_the_own_account() -> None:
    found = clues("service-unavailable", iq("get", "<query xmlns='jabber:iq:last'/>", to=""))
    assert found[0][1].startswith("your own server answers for your account")


# By condition.


def test_the_node_that_is_not_found() -> None:
    items = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='a'/></pubsub>"
    assert clues("item-not-found", iq("get", items))[0][0] == "node='a'"


def test_a_room_joined_without_a_nickname() -> None:
    found = clues("jid-malformed", f"<presence to='{ROOM}'><x xmlns='{MUC}'/></presence>")
    assert found == [
        (f"to='{ROOM}'", "the nickname is missing: a room is joined at ROOM@SERVICE/NICKNAME")
    ]


def test_addresses_that_are_no_jids() -> None:
    item = "<query xmlns='jabber:iq:roster'><item jid='a b@c'/></query>"
    assert clues("jid-malformed", iq("set", item, to=""))[0][0] == "jid='a b@c'"


@pytest.mark.parametrize(
    ("condition", "request_", "part", "why"),
    [
        ("not-acceptable", f"<message type='groupchat' to='{ROOM}'><body>a</body></message>",
         f"to='{ROOM}'", "you are not in that room"),
        ("conflict", f"<presence to='{ROOM}/Jule'><x xmlns='{MUC}'/></presence>",
         f"to='{ROOM}/Jule'", "somebody in the room is called Jule"),
        ("not-authorized", f"<presence to='{ROOM}/Jule'><x xmlns='{MUC}'/></presence>",
         f"<x xmlns='{MUC}'>", "wants a <password/>"),
        ("remote-server-not-found", "<message to='a@nowhere.example'><body>a</body></message>",
         "to='a@nowhere.example'", "could not reach nowhere.example"),
        ("forbidden",
         iq("set", f"<query xmlns='{MUC}#admin'><item nick='R' role='none'/></query>", ROOM),
         "role='none'", "may not ask for"),
        ("conflict",
         iq("set", "<query xmlns='jabber:iq:register'><username>bill</username></query>"),
         "<username>bill</username>", "taken"),
    ],
)  # fmt: skip
def test_the_part_that_a_condition_points_at(
    condition: str, request_: str, part: str, why: str
) -> None:
    found = clues(condition, request_)
    assert found[0][0] == part
    assert why in found[0][1]


# The error by itself.


def test_an_error_that_repeats_its_request_needs_no_log() -> None:
    text = (
        "<iq type='error' id='1' to='juliet@localhost/balcony' from='localhost'>"
        f"<ping xmlns='urn:xmpp:pingg'/><error type='cancel'><service-unavailable "
        f"xmlns='{STANZAS}'/></error></iq>"
    )
    answer = parse_element(text.encode(), CONTEXT)
    tree = explain_element(answer, Circumstances(received=True))
    said = child_named(tree, "error").remarks
    assert [r.part for r in said if r.kind == "request"] == ["xmlns='urn:xmpp:pingg'"]


@pytest.mark.parametrize(
    ("sender", "by", "said"),
    [
        ("localhost", "", "raised by your own server"),
        ("", "", "raised by your own server: nobody else sends without `from`"),
        ("a@b", "b", "raised by b, as `by` says"),
        ("a@b", "", "comes in the name of a@b; without `by` it may be a server on the way that"
         " raised it"),
    ],
)  # fmt: skip
def test_who_raised_it(sender: str, by: str, said: str) -> None:
    found = failed("conflict", iq("get", "<a xmlns='b'/>"), sender=sender, by=by)
    assert said in [remark.text for remark in found if remark.kind == "note"]


def test_an_error_of_this_side_is_not_guessed_at() -> None:
    request = iq("get", "<query xmlns='jabber:iq:last'/>")
    assert clues("service-unavailable", request, received=False) == []


def test_an_error_without_a_condition() -> None:
    text = "<iq type='error' id='1'><error type='cancel'/></iq>"
    tree = explain_element(parse_element(text.encode(), CONTEXT), Circumstances(received=True))
    assert "it has no condition" in child_named(tree, "error").remarks[0].text


def test_a_condition_that_is_none() -> None:
    said = failed("no-such-condition", iq("get", "<ping xmlns='urn:xmpp:ping'/>"))
    assert "no-such-condition is not one of the defined conditions" in [r.text for r in said]


@pytest.mark.parametrize("name", sorted(STREAM_CONDITIONS))
def test_stream_errors_have_cause_and_cure(name: str) -> None:
    text = f"<stream:error><{name} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    tree = explain_element(parse_element(text.encode(), CONTEXT))
    assert [r.kind for r in tree.remarks] == ["usually", "try"]
    assert child_named(tree, name).why


@pytest.mark.parametrize("name", sorted(SASL_CONDITIONS))
def test_failures_of_sasl_have_cause_and_cure(name: str) -> None:
    for namespace in ("urn:ietf:params:xml:ns:xmpp-sasl", "urn:xmpp:sasl:2"):
        text = (
            f"<failure xmlns='{namespace}'>"
            f"<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>"
        )
        tree = explain_element(parse_element(text.encode(), CONTEXT))
        assert [r.kind for r in tree.remarks] == ["usually", "try"]


def test_a_failure_of_stream_management() -> None:
    text = f"<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='{STANZAS}'/></failed>"
    tree = explain_element(parse_element(text.encode(), CONTEXT))
    assert [r.kind for r in tree.remarks] == ["usually", "try"]
