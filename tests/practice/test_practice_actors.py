"""The actors: what they say, when, and when they leave the stage to a real user."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, parsed, receivers

from xmppshell.practice.actors import NURSE, PARTS, ROMEO
from xmppshell.protocol.jid import JID

BODY = "{jabber:client}body"


@pytest.fixture
def house() -> House:
    house = House(parts=(ROMEO,))
    house.enter("juliet/balcony")
    return house


def reply(house: House, text: str) -> str:
    ((who, said),) = house.say("juliet/balcony", text)
    assert who == "juliet/balcony"
    return said


def words(house: House, text: str) -> str:
    return parsed(reply(house, text)).findtext(BODY) or ""


def chat(body: str, extra: str = " type='chat' id='j2'") -> str:
    return f"<message to='romeo@localhost'{extra}><body>{body}</body></message>"


def test_romeo_is_there_and_answers(house: House) -> None:
    said = house.say("juliet/balcony", "<presence/>")
    assert "from='romeo@localhost/orchard'" in said[-1][1]
    element = parsed(reply(house, chat("Hello")))
    assert element.get("from") == "romeo@localhost/orchard"
    assert element.get("to") == "juliet@localhost/balcony"
    assert element.get("type") == "chat"
    assert element.get("id") == "r1"
    assert "Juliet" in (element.findtext(BODY) or "")


def test_he_answers_without_presence_too(house: House) -> None:
    assert words(house, chat("Hello"))


def test_the_same_conversation_goes_the_same_way() -> None:
    lines = ["Hello", "How are you?", "I am well.", "What's new?", "Hm.", "Good night", "Hello"]

    def talk() -> list[str]:
        house = House(parts=(ROMEO,))
        house.enter("juliet/balcony")
        return [words(house, chat(line)) for line in lines]

    first = talk()
    assert first == talk()
    assert len(set(first)) == len(first), "no answer comes twice so soon"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("hello there", "greetings"),
        ("Hi!", "greetings"),
        ("Where are you?", "answers"),
        ("farewell", "farewells"),
        ("this and that", "remarks"),
        ("hither and thither", "remarks"),
    ],
)
def test_he_listens(house: House, line: str, kind: str) -> None:
    first = getattr(ROMEO, kind)[0].format(name="Juliet")
    assert words(house, chat(line)).startswith(first)


def test_he_tells_what_arrived(house: House) -> None:
    assert "chat message with the id j2" in words(house, chat("a"))
    assert "bare JID" in words(house, chat("b"))
    assert "without a type" in words(house, chat("c", " id='j4'"))
    full = chat("d").replace("romeo@localhost", "romeo@localhost/orchard")
    assert "straight to my resource" in words(house, full)
    assert "without an id" in words(house, chat("e", " type='chat'"))


def test_normal_messages_are_answered_with_normal_ones(house: House) -> None:
    assert parsed(reply(house, chat("a", ""))).get("type") is None


def test_the_thread_is_kept(house: House) -> None:
    text = chat("a").replace("</message>", "<thread>t&lt;1</thread></message>")
    assert parsed(reply(house, text)).findtext("{jabber:client}thread") == "t<1"


def test_what_is_odd_in_a_message_comes_back_escaped(house: House) -> None:
    text = chat("x", " type='a&lt;b' id='&lt;&apos;&amp;'")
    assert "with the id <'&" in words(house, text)
    assert "of type a<b" in words(house, text)


@pytest.mark.parametrize(
    "text",
    [
        chat("x", " type='headline'"),
        chat("x", " type='error'"),
        "<message to='romeo@localhost' type='chat'/>",
        "<message to='romeo@localhost' type='chat'><body/></message>",
        "<presence to='romeo@localhost'/>",
        "<iq to='romeo@localhost/orchard' type='result' id='1'/>",
    ],
)
def test_some_things_need_no_answer(house: House, text: str) -> None:
    assert house.say("juliet/balcony", text) == []


def request(payload: str) -> str:
    return f"<iq to='romeo@localhost/orchard' type='get' id='1'>{payload}</iq>"


def test_he_answers_iqs(house: House) -> None:
    assert reply(house, request("<ping xmlns='urn:xmpp:ping'/>")) == (
        "<iq type='result' id='1' to='juliet@localhost/balcony' from='romeo@localhost/orchard'/>"
    )
    assert "<version>" in reply(house, request("<query xmlns='jabber:iq:version'/>"))
    info = request("<query xmlns='http://jabber.org/protocol/disco#info'/>")
    assert "<feature var='urn:xmpp:ping'/>" in reply(house, info)
    assert "2026-11-22T12:00:00Z" in reply(house, request("<time xmlns='urn:xmpp:time'/>"))
    unknown = house.say("juliet/balcony", request("<x xmlns='urn:x'/>"))
    assert error_of(unknown)[2] == "service-unavailable"


def test_he_lets_everyone_see_him(house: House) -> None:
    house.enter("mercutio/street", 0)
    house.say("mercutio/street", "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>")
    said = house.say("mercutio/street", "<presence type='subscribe' to='romeo@localhost'/>")
    texts = [text for who, text in said if who == "mercutio/street"]
    assert any("type='subscribed'" in text for text in texts)
    assert any("from='romeo@localhost/orchard'" in text for text in texts)
    assert any("type='subscribe' " in text for text in texts), "he wants to see them, too"
    item = house.rosters.of(JID("mercutio", "localhost", "")).get(JID("romeo", "localhost", ""))
    assert item is not None
    assert item.subscription == "to"


def test_he_leaves_the_stage_to_a_real_romeo(house: House) -> None:
    house.say("juliet/balcony", "<presence/>")
    said = house.enter("romeo/orchard")
    assert [who for who, _ in said] == ["juliet/balcony"]
    assert "type='unavailable'" in said[0][1]
    assert house.say("juliet/balcony", chat("Hello")) == []
    assert house.enter("romeo/phone") == []
    assert house.leave("romeo/orchard") == []
    said = house.leave("romeo/phone")
    assert set(receivers(said)) == {"juliet/balcony"}
    assert "<status>" in said[0][1], "the actor is back"
    assert "<body>" in said[1][1], "and answers what came while nobody was there"
    assert words(house, chat("Hello"))


def test_two_actors_do_not_talk_forever() -> None:
    house = House(parts=(ROMEO, NURSE), friends=())
    romeo = house.stage.router.directory.at(JID("romeo", "localhost", "orchard"))
    assert romeo is not None
    house.resources["romeo/orchard"] = romeo
    said = house.say("romeo/orchard", "<presence type='subscribe' to='nurse@localhost'/>")
    assert said == [], "all of it stays between the two"
    item = house.rosters.of(romeo.jid).get(JID("nurse", "localhost", ""))
    assert item is not None
    assert item.subscription == "both"


@pytest.mark.parametrize("part", PARTS)
def test_every_line_can_be_said(part: object) -> None:
    assert part in (ROMEO, NURSE)
    for kind in ("greetings", "answers", "farewells", "remarks"):
        lines = getattr(part, kind)
        assert lines
        assert all(line.format(name="Juliet") for line in lines)
