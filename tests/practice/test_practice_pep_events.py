"""Who is told what about personal nodes, and how capabilities are learnt (XEP-0163, XEP-0115)."""

from __future__ import annotations

import pytest
from practice.pep_driver import (
    EVENT,
    SONG,
    TUNE,
    announce,
    answer,
    ask,
    caps,
    configure,
    create,
    enter,
    is_question,
    publish,
    refusal_of,
    result_of,
)
from practice.stage_driver import House, parsed, receivers

JULIET = "juliet/balcony"
ROMEO = "romeo/orchard"
WANTS = f"{TUNE}+notify"
ITEM = f"<item id='a'>{SONG}</item>"


@pytest.fixture
def house() -> House:
    house = House()
    house.enter(JULIET, 0)
    return house


def question_in(said: list[tuple[str, str]]) -> tuple[str, str]:
    (found,) = [s for s in said if is_question(s[1])]
    return found


# Events.


def test_those_who_want_to_know_are_told(house: House) -> None:
    enter(house, ROMEO, WANTS)
    enter(house, "romeo/garden", "urn:example:other+notify")
    enter(house, "juliet/chamber", WANTS)
    enter(house, "mercutio/courtyard", WANTS)
    house.enter("nurse/chamber", 0)
    said = publish(house, JULIET, ITEM)
    assert receivers(said) == [JULIET, "juliet/chamber", ROMEO]
    message = parsed(said[2][1])
    assert message.get("from") == "juliet@localhost"
    assert message.get("to") == "romeo@localhost/orchard"
    assert message.get("type") == "headline"
    assert message.get("id")
    assert message[0].tag == f"{{{EVENT}}}event"
    assert SONG in said[2][1]
    address = message[1][0]
    assert address.get("type") == "replyto"
    assert address.get("jid") == "juliet@localhost/balcony"


def test_a_negative_priority_is_told_of_its_own_account_only(house: House) -> None:
    enter(house, ROMEO, WANTS, priority=-1)
    enter(house, "juliet/chamber", WANTS, priority=-1)
    assert receivers(publish(house, JULIET, ITEM)) == [JULIET, "juliet/chamber"]
    assert receivers(announce(house, ROMEO, WANTS, priority=1)) == [ROMEO]


def test_the_last_item_comes_with_the_first_presence(house: House) -> None:
    publish(house, JULIET, ITEM)
    said = enter(house, ROMEO, WANTS)
    assert receivers(said) == [ROMEO]
    assert "<delay xmlns='urn:xmpp:delay' stamp='2026-11-22T12:00:00Z'/>" in said[0][1]
    assert SONG in said[0][1]
    # Not again for the same, whatever else changes.
    assert announce(house, ROMEO, WANTS, priority=5) == []
    # Again after it was away.
    house.say(ROMEO, "<presence type='unavailable'/>")
    assert receivers(announce(house, ROMEO, WANTS)) == [ROMEO]


def test_the_last_item_comes_when_capabilities_change(house: House) -> None:
    publish(house, JULIET, ITEM)
    assert enter(house, ROMEO, "urn:example:other") == []
    assert receivers(announce(house, ROMEO, "urn:example:other", WANTS)) == [ROMEO]


def test_the_last_item_comes_when_a_subscription_is_granted(house: House) -> None:
    publish(house, JULIET, ITEM)
    enter(house, "mercutio/courtyard", WANTS)
    house.say("mercutio/courtyard", "<presence type='subscribe' to='juliet@localhost'/>")
    said = house.say(JULIET, "<presence type='subscribed' to='mercutio@localhost'/>")
    assert [to for to, text in said if SONG in text] == ["mercutio/courtyard"]


@pytest.mark.parametrize("when", ["never", "on_sub"])
def test_the_last_item_does_not_come_if_the_node_says_so(house: House, when: str) -> None:
    create(house, JULIET, send_last_published_item=when)
    publish(house, JULIET, ITEM)
    assert enter(house, ROMEO, WANTS) == []


def test_events_without_payload_and_no_events(house: House) -> None:
    enter(house, ROMEO, WANTS)
    create(house, JULIET, deliver_payloads="0", notification_type="normal")
    said = publish(house, JULIET, ITEM)
    assert "<item id='a'/>" in said[1][1]
    assert SONG not in said[1][1]
    assert parsed(said[1][1]).get("type") == "normal"
    configure(house, JULIET, deliver_notifications="0")
    assert receivers(publish(house, JULIET, ITEM)) == [JULIET]


def test_the_end_of_a_node(house: House) -> None:
    enter(house, ROMEO, WANTS)
    publish(house, JULIET, ITEM)
    said = ask(house, JULIET, f"<purge node='{TUNE}'/>", owner=True)
    assert receivers(said) == [JULIET, ROMEO]
    assert f"<purge node='{TUNE}'/>" in said[1][1]
    inside = f"<delete node='{TUNE}'><redirect uri='xmpp:a@b?;node=c'/></delete>"
    said = ask(house, JULIET, inside, owner=True)
    assert receivers(said) == [JULIET, ROMEO]
    assert f"<delete node='{TUNE}'><redirect uri='xmpp:a@b?;node=c'/></delete>" in said[1][1]
    assert refusal_of(ask(house, JULIET, inside, owner=True))[1] == "item-not-found"


def test_changes_of_the_configuration(house: House) -> None:
    enter(house, ROMEO, WANTS)
    create(house, JULIET)
    assert receivers(configure(house, JULIET, title="x")) == [JULIET]
    said = configure(house, JULIET, notify_config="1")
    assert receivers(said) == [JULIET, ROMEO]
    assert f"<configuration node='{TUNE}'><x xmlns='jabber:x:data' type='result'>" in said[1][1]


def test_who_is_blocked_is_told_nothing(house: House) -> None:
    enter(house, ROMEO, WANTS)
    publish(house, JULIET, ITEM)
    house.say(
        JULIET,
        "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='romeo@localhost'/>"
        "</block></iq>",
    )
    assert receivers(publish(house, JULIET, ITEM)) == [JULIET]
    assert announce(house, ROMEO) == []
    assert announce(house, ROMEO, WANTS) == []


# Explicit subscriptions.


def subscribe(house: House, who: str, jid: str) -> list[tuple[str, str]]:
    inside = f"<subscribe node='{TUNE}' jid='{jid}'/>"
    return ask(house, who, inside, to="juliet@localhost")


def test_a_stranger_subscribes_to_an_open_node(house: House) -> None:
    house.enter("mercutio/courtyard", 0)
    assert refusal_of(subscribe(house, "mercutio/courtyard", "mercutio@localhost")) == (
        "cancel",
        "item-not-found",
        "",
    )
    publish(house, JULIET, ITEM)
    assert refusal_of(subscribe(house, "mercutio/courtyard", "mercutio@localhost")) == (
        "auth",
        "not-authorized",
        "presence-subscription-required",
    )
    configure(house, JULIET, access_model="open")
    said = subscribe(house, "mercutio/courtyard", "mercutio@localhost")
    assert "subscription='subscribed'" in said[0][1]
    assert SONG in said[1][1]
    assert "<delay" in said[1][1]
    (told,) = [s for s in publish(house, JULIET, ITEM) if s[0] != JULIET]
    assert told[0] == "mercutio/courtyard"
    assert parsed(told[1]).get("to") == "mercutio@localhost"
    # No stranger learns the resource of the publisher.
    assert "replyto" not in told[1]
    # Who loses the right to read loses the subscription.
    configure(house, JULIET, access_model="presence")
    listing = ask(house, JULIET, f"<subscriptions node='{TUNE}'/>", kind="get", owner=True)
    assert "mercutio" not in listing[0][1]
    assert receivers(publish(house, JULIET, ITEM)) == [JULIET]
    configure(house, JULIET, access_model="open")
    assert receivers(publish(house, JULIET, ITEM)) == [JULIET]


def test_nobody_is_told_twice(house: House) -> None:
    enter(house, ROMEO, WANTS)
    publish(house, JULIET, ITEM)
    for jid in ("romeo@localhost", "romeo@localhost/orchard"):
        subscribe(house, ROMEO, jid)
        subscribe(house, ROMEO, jid)
    said = publish(house, JULIET, ITEM)
    assert receivers(said).count(ROMEO) == 1


def test_subscriptions_are_one_s_own_and_end(house: House) -> None:
    publish(house, JULIET, ITEM)
    house.enter(ROMEO, 0)
    assert refusal_of(subscribe(house, ROMEO, "nurse@localhost"))[2] == "invalid-jid"
    assert refusal_of(subscribe(house, ROMEO, "@"))[2] == "invalid-jid"
    unsubscribe = f"<unsubscribe node='{TUNE}' jid='romeo@localhost'/>"
    refused = refusal_of(ask(house, ROMEO, unsubscribe, to="juliet@localhost"))
    assert refused == ("cancel", "unexpected-request", "not-subscribed")
    subscribe(house, ROMEO, "romeo@localhost")
    listing = ask(house, ROMEO, "<subscriptions/>", to="juliet@localhost", kind="get")
    assert f"node='{TUNE}' jid='romeo@localhost' subscription='subscribed'" in listing[0][1]
    owners = ask(house, JULIET, f"<subscriptions node='{TUNE}'/>", kind="get", owner=True)
    assert "jid='romeo@localhost' subscription='subscribed'" in owners[0][1]
    result_of(ask(house, ROMEO, unsubscribe, to="juliet@localhost"), ROMEO)
    listing = ask(house, ROMEO, "<subscriptions/>", to="juliet@localhost", kind="get")
    assert "<subscriptions/>" in listing[0][1]


def test_options_of_subscriptions_are_not_there(house: House) -> None:
    publish(house, JULIET, ITEM)
    inside = f"<options node='{TUNE}' jid='juliet@localhost'/>"
    refused = refusal_of(ask(house, JULIET, inside, kind="get"))
    assert refused == ("cancel", "feature-not-implemented", "unsupported")


# Capabilities.


def test_a_hash_is_asked_for_once(house: House) -> None:
    house.enter(ROMEO)
    house.enter("romeo/garden")
    presence = f"<presence>{caps(WANTS)}</presence>"
    who, question = question_in(house.say(ROMEO, presence))
    assert who == ROMEO
    assert parsed(question).get("from") == "localhost"
    assert not [s for s in house.say("romeo/garden", presence) if is_question(s[1])]
    publish(house, JULIET, ITEM)
    said = house.say(ROMEO, answer(question, WANTS))
    assert sorted(receivers(said)) == ["romeo/garden", ROMEO]
    assert enter(house, "nurse/chamber", WANTS) != []


def test_a_wrong_answer_counts_for_who_gave_it_alone(house: House) -> None:
    publish(house, JULIET, ITEM)
    house.enter(ROMEO)
    house.enter("romeo/garden")
    presence = f"<presence>{caps('urn:example:honest')}</presence>"
    _, question = question_in(house.say(ROMEO, presence))
    house.say("romeo/garden", presence)
    said = house.say(ROMEO, answer(question, WANTS))
    assert [to for to, text in said if SONG in text] == [ROMEO]
    who, again = question_in(said)
    assert who == "romeo/garden"
    assert house.say("romeo/garden", answer(again, "urn:example:honest")) == []


def test_who_leaves_without_an_answer_is_replaced(house: House) -> None:
    house.enter(ROMEO)
    house.enter("romeo/garden")
    presence = f"<presence>{caps(WANTS)}</presence>"
    _, question = question_in(house.say(ROMEO, presence))
    house.say("romeo/garden", presence)
    who, _ = question_in(house.leave(ROMEO))
    assert who == "romeo/garden"
    # An answer of somebody else counts for nothing.
    publish(house, JULIET, ITEM)
    assert house.say(JULIET, answer(question, WANTS)) == []


@pytest.mark.parametrize("algorithm", ["", "md5"])
def test_what_cannot_be_verified_counts_for_one(house: House, algorithm: str) -> None:
    publish(house, JULIET, ITEM)
    for who in (ROMEO, "romeo/garden"):
        house.enter(who)
        text = f"<presence>{caps(version='1.0', algorithm=algorithm)}</presence>"
        asked, question = question_in(house.say(who, text))
        assert asked == who
        assert receivers(house.say(who, answer(question, WANTS))) == [who]


def test_an_error_is_an_answer_too(house: House) -> None:
    house.enter(ROMEO)
    _, question = question_in(house.say(ROMEO, f"<presence>{caps(WANTS)}</presence>"))
    iq_id = parsed(question).get("id")
    said = house.say(
        ROMEO,
        f"<iq type='error' id='{iq_id}' to='localhost'><error type='cancel'>"
        "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    assert said == []
    assert receivers(publish(house, JULIET, ITEM)) == [JULIET]


def test_sha_256_is_known(house: House) -> None:
    house.enter(ROMEO)
    text = f"<presence>{caps(WANTS, algorithm='sha-256')}</presence>"
    _, question = question_in(house.say(ROMEO, text))
    house.say(ROMEO, answer(question, WANTS))
    house.enter("nurse/chamber")
    assert not [s for s in house.say("nurse/chamber", text) if is_question(s[1])]
