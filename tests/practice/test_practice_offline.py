"""Messages that wait for those who are away (XEP-0160, XEP-0203, XEP-0334)."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, parsed, receivers

from xmppshell.practice.messages import offline

STAMP = "2026-11-22T12:00:00Z"
DELAY = f"<delay xmlns='urn:xmpp:delay' from='localhost' stamp='{STAMP}'/>"


def message(content: str, kind: str = "chat", to: str = "romeo@localhost") -> str:
    return f"<message to='{to}' type='{kind}' id='m'>{content}</message>"


@pytest.fixture
def house() -> House:
    """Juliet is there, and Romeo is not."""
    house = House()
    house.enter("juliet/balcony", 0)
    return house


def bodies(said: list[tuple[str, str]], who: str = "romeo/orchard") -> list[str]:
    found = (parsed(text) for to, text in said if to == who and text.startswith("<message"))
    return [element.findtext("{jabber:client}body") or "" for element in found]


def comes(house: House, priority: int = 0) -> list[tuple[str, str]]:
    return house.enter("romeo/orchard", priority)


def test_they_come_in_order_once_with_their_time(house: House) -> None:
    for number in range(3):
        assert house.say("juliet/balcony", message(f"<body>{number}</body>")) == []
    said = comes(house)
    assert bodies(said) == ["0", "1", "2"]
    last = said[-1][1]
    assert last.startswith("<message to='romeo@localhost' type='chat' id='m' ")
    assert "from='juliet@localhost/balcony'><body>2</body>" in last
    assert last.endswith(DELAY + "</message>")
    assert bodies(house.say("romeo/orchard", "<presence/>")) == []
    assert bodies(house.enter("romeo/phone", 0), "romeo/phone") == []


def test_presence_goes_first(house: House) -> None:
    house.say("juliet/balcony", message("<body>x</body>"))
    kinds = [text.split()[0] for who, text in comes(house) if who == "romeo/orchard"]
    assert kinds == ["<presence", "<presence", "<message"]


@pytest.mark.parametrize("priority", [-1, -128])
def test_a_negative_priority_does_not_fetch_them(house: House, priority: int) -> None:
    house.say("juliet/balcony", message("<body>x</body>"))
    assert bodies(comes(house, priority)) == []
    said = house.say("romeo/orchard", "<presence><priority>0</priority></presence>")
    assert bodies(said) == ["x"]


def test_directed_presence_does_not_fetch_them(house: House) -> None:
    house.say("juliet/balcony", message("<body>x</body>"))
    house.enter("romeo/orchard")
    assert bodies(house.say("romeo/orchard", "<presence to='juliet@localhost'/>")) == []


@pytest.mark.parametrize("kind", ["normal", "chat", "unheard-of"])
def test_types_that_wait(house: House, kind: str) -> None:
    assert house.say("juliet/balcony", message("<body>x</body>", kind)) == []
    assert bodies(comes(house)) == ["x"]


@pytest.mark.parametrize(
    "content",
    [
        "<received xmlns='urn:xmpp:receipts' id='1'/>",
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>",
        "<subject>s</subject>",
        "<active xmlns='http://jabber.org/protocol/chatstates'/><body>x</body>",
    ],
)
def test_contents_that_wait(house: House, content: str) -> None:
    assert house.say("juliet/balcony", message(content)) == []
    assert content in comes(house)[-1][1]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<thread>t</thread>",
        "<composing xmlns='http://jabber.org/protocol/chatstates'/>",
        "<gone xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread>"
        "<store xmlns='urn:xmpp:hints'/>",
        "<body>x</body><no-store xmlns='urn:xmpp:hints'/>",
    ],
)
def test_contents_that_do_not(house: House, content: str) -> None:
    said = house.say("juliet/balcony", message(content))
    assert error_of(said) == ("juliet/balcony", "cancel", "service-unavailable")
    assert bodies(comes(house)) == []


def test_no_permanent_store_may_wait(house: House) -> None:
    house.say(
        "juliet/balcony", message("<body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/>")
    )
    assert bodies(comes(house)) == ["x"]


def test_a_forged_time_is_replaced_and_a_foreign_one_stays(house: House) -> None:
    forged = "<delay xmlns='urn:xmpp:delay' from='localhost' stamp='1999-01-01T00:00:00Z'/>"
    foreign = forged.replace("localhost", "example.org")
    house.say("juliet/balcony", message(f"{forged}<body>x</body>{foreign}"))
    text = comes(house)[-1][1]
    assert f"><body>x</body>{foreign}<stanza-id " in text
    assert text.endswith(f"/>{DELAY}</message>")


def test_so_many_and_no_more(house: House) -> None:
    for number in range(offline.MAX_MESSAGES):
        assert house.say("juliet/balcony", message(f"<body>{number}</body>")) == []
    said = house.say("juliet/balcony", message("<body>too many</body>"))
    assert error_of(said) == ("juliet/balcony", "cancel", "service-unavailable")
    assert "no more" in said[0][1]
    assert house.say("juliet/balcony", message("<body>y</body>", to="nurse@localhost")) == []
    assert len(bodies(comes(house))) == offline.MAX_MESSAGES
    house.leave("romeo/orchard")
    assert house.say("juliet/balcony", message("<body>again</body>")) == []


def test_so_large_and_no_larger(house: House) -> None:
    large = "x" * (offline.MAX_BYTES // 2)
    assert house.say("juliet/balcony", message(f"<body>{large}</body>")) == []
    assert error_of(house.say("juliet/balcony", message(f"<body>{large}</body>")))[1] == "cancel"


def test_it_is_said(house: House) -> None:
    query = "<iq type='get' to='localhost' id='d'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
    assert "<feature var='msgoffline'/>" in house.say("juliet/balcony", query)[0][1]


def test_to_oneself(house: House) -> None:
    house.enter("romeo/silent")
    assert house.say("romeo/silent", "<message><body>note</body></message>") == []
    assert receivers(house.say("romeo/silent", "<presence/>"))[-1] == "romeo/silent"
