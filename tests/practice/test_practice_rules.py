"""What holds for every stanza, whatever it is: checked for all combinations of what may vary."""

from __future__ import annotations

import itertools

from practice.stage_driver import House, parsed

from xmppshell.practice.actors import PARTS

TYPES = (
    None, "", "get", "set", "result", "error", "chat", "normal", "headline", "groupchat",
    "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe", "nonsense",
)  # fmt: skip
ADDRESSES = (
    None, "", "localhost", "localhost/x", "juliet@localhost", "juliet@localhost/balcony",
    "romeo@localhost", "romeo@localhost/orchard", "mercutio@localhost", "mercutio@localhost/here",
    "mercutio@localhost/none", "nobody@localhost", "nobody@localhost/x", "x@elsewhere.example",
    "@", "a b@localhost",
)  # fmt: skip
PAYLOADS = (
    "",
    "text",
    "<ping xmlns='urn:xmpp:ping'/>",
    "<query xmlns='jabber:iq:roster'/>",
    "<query xmlns='jabber:iq:roster'><item jid='romeo@localhost' subscription='remove'/></query>",
    "<query xmlns='http://jabber.org/protocol/disco#info' node='n'/>",
    "<body>hello?</body>",
    "<priority>5</priority>",
    "<error type='cancel'/>",
    "<a xmlns='urn:a'/><b xmlns='urn:b'/>",
)
SENDER = "juliet/balcony"


def stanzas() -> list[tuple[str, str | None, str]]:
    """Return (kind, type, text) of every combination."""
    made = []
    kinds = ("message", "iq", "presence")
    for kind, kind_type, to, payload, has_id in itertools.product(
        kinds, TYPES, ADDRESSES, PAYLOADS, (True, False)
    ):
        attributes = "" if kind_type is None else f" type='{kind_type}'"
        attributes += "" if to is None else f" to='{to}'"
        attributes += " id='i'" if has_id else ""
        made.append((kind, kind_type, f"<{kind}{attributes}>{payload}</{kind}>"))
    return made


def house() -> House:
    made = House(parts=PARTS)
    made.enter(SENDER, 0)
    made.enter("mercutio/here", 0)
    return made


def test_nothing_makes_the_server_stumble() -> None:
    """One stage for all: each stanza finds what those before it have left."""
    here = house()
    for _, kind_type, text in stanzas():
        said = here.say(SENDER, text)
        to_sender = [parsed(delivered) for who, delivered in said if who == SENDER]
        errors = [element for element in to_sender if element.get("type") == "error"]
        assert len(errors) <= 1, text
        if kind_type == "error":
            assert all(element.get("from", "").startswith("juliet@") for element in errors), text
        for _, delivered in said:
            element = parsed(delivered)
            sender = element.get("from")
            local = sender is None or sender.partition("/")[0].endswith("localhost")
            assert local or element.get("type") == "error", (text, delivered)


def test_every_request_has_one_answer() -> None:
    here = house()
    for kind, kind_type, text in stanzas():
        if kind != "iq" or kind_type not in ("get", "set"):
            continue
        said = here.say(SENDER, text)
        answers = [
            delivered
            for who, delivered in said
            if who == SENDER and parsed(delivered).get("type") in ("result", "error")
        ]
        passed_on = [
            delivered
            for _, delivered in said
            if parsed(delivered).get("type") == kind_type and "id='push" not in delivered
        ]
        assert len(answers) + len(passed_on) == 1, (text, said)


def test_results_and_errors_are_never_answered() -> None:
    here = house()
    for kind, kind_type, text in stanzas():
        if kind_type == "error" or (kind == "iq" and kind_type == "result"):
            for _, delivered in here.say(SENDER, text):
                stamped = parsed(delivered)
                assert stamped.get("from") == "juliet@localhost/balcony", (text, delivered)
                assert stamped.get("type") == kind_type, (text, delivered)


def test_an_answer_keeps_the_id() -> None:
    here = house()
    for kind, _, text in stanzas():
        for who, delivered in here.say(SENDER, text):
            element = parsed(delivered)
            if who == SENDER and element.get("type") == "error" and kind != "presence":
                assert (element.get("id") == "i") is ("id='i'" in text), (text, delivered)
