"""Subscriptions and rosters between the users of one server (RFC 6121 2 and 3)."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, parsed, receivers

from xmppshell.protocol.jid import JID

GET = "<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>"


def version(text: str) -> str:
    """Return the version that a push or a result tells."""
    return parsed(text)[0].get("ver") or ""


def roster_set(item: str) -> str:
    return f"<iq type='set' id='s'><query xmlns='jabber:iq:roster'>{item}</query></iq>"


def presence(kind: str, to: str) -> str:
    return f"<presence type='{kind}' to='{to}@localhost'/>"


def items(house: House, who: str) -> list[str]:
    """Ask for the roster and return its items as text."""
    ((_, text),) = house.say(who, GET)
    (query,) = parsed(text)
    return [
        " ".join(f"{name}={value}" for name, value in sorted(item.attrib.items()))
        + "".join(f" [{group.text}]" for group in item)
        for item in query
    ]


def state(house: House, user: str, contact: str) -> str:
    item = house.rosters.of(JID(user, "localhost", "")).get(JID(contact, "localhost", ""))
    if item is None:
        return "nothing"
    extra = " + asked" * item.ask + " + request" * bool(item.request)
    return item.subscription + extra


def strangers() -> House:
    house = House(friends=())
    house.enter("juliet/balcony", 0)
    house.enter("romeo/orchard", 0)
    house.say("juliet/balcony", GET)
    house.say("romeo/orchard", GET)
    return house


class TestRoster:
    def test_friends_are_in_it(self) -> None:
        house = House()
        house.enter("juliet/balcony")
        assert items(house, "juliet/balcony") == [
            "jid=romeo@localhost name=Romeo subscription=both",
            "jid=nurse@localhost name=Nurse subscription=both",
        ]

    def test_an_empty_one(self) -> None:
        house = House()
        house.enter("mercutio/street")
        assert house.say("mercutio/street", GET) == [
            (
                "mercutio/street",
                "<iq type='result' id='g' to='mercutio@localhost/street'>"
                "<query xmlns='jabber:iq:roster' ver='0-e3b0c442'/></iq>",
            )
        ]

    def test_a_change_is_pushed_to_those_who_asked_for_it(self) -> None:
        house = House()
        for name in ("balcony", "phone", "silent"):
            house.enter(f"juliet/{name}")
        house.say("juliet/balcony", GET)
        house.say("juliet/phone", GET)
        item = "<item jid='Tybalt@localhost/x' name='T &amp; Co'><group>Kin</group></item>"
        said = house.say("juliet/balcony", roster_set(item))
        assert receivers(said) == ["juliet/balcony", "juliet/phone", "juliet/balcony"]
        assert said[0][1] == (
            "<iq type='set' id='push1' to='juliet@localhost/balcony'>"
            f"<query xmlns='jabber:iq:roster' ver='{version(said[0][1])}'>"
            "<item jid='tybalt@localhost' name='T &amp; Co' "
            "subscription='none'><group>Kin</group></item></query></iq>"
        )
        assert "type='result'" in said[2][1]
        assert items(house, "juliet/phone")[-1] == (
            "jid=tybalt@localhost name=T & Co subscription=none [Kin]"
        )

    def test_a_new_name_keeps_the_subscription(self) -> None:
        house = House()
        house.enter("juliet/balcony")
        house.say(
            "juliet/balcony",
            roster_set("<item jid='romeo@localhost' name='R' subscription='none' ask='x'/>"),
        )
        assert "jid=romeo@localhost name=R subscription=both" in items(house, "juliet/balcony")

    @pytest.mark.parametrize(
        ("content", "condition"),
        [
            ("", "bad-request"),
            ("<item jid='a@localhost'/><item jid='b@localhost'/>", "bad-request"),
            ("<item/>", "bad-request"),
            ("<item jid='@'/>", "jid-malformed"),
            ("<item jid='a@l'><group>x</group><group>x</group></item>", "bad-request"),
            ("<item jid='a@l'><group/></item>", "not-acceptable"),
            (f"<item jid='a@l' name='{'x' * 1024}'/>", "not-acceptable"),
            ("<item jid='juliet@localhost'/>", "not-allowed"),
            ("<item jid='nobody@localhost' subscription='remove'/>", "item-not-found"),
        ],
    )
    def test_a_wrong_set(self, content: str, condition: str) -> None:
        house = House()
        house.enter("juliet/balcony")
        before = items(house, "juliet/balcony")
        assert error_of(house.say("juliet/balcony", roster_set(content)))[2] == condition
        assert items(house, "juliet/balcony") == before

    @pytest.mark.parametrize("text", [GET, roster_set("<item jid='a@l'/>")])
    def test_the_roster_of_another(self, text: str) -> None:
        house = House()
        house.enter("juliet/balcony")
        said = house.say("juliet/balcony", text.replace("<iq", "<iq to='romeo@localhost'"))
        assert error_of(said) == ("juliet/balcony", "auth", "forbidden")

    def test_removing_ends_the_subscriptions(self) -> None:
        house = House()
        house.enter("juliet/balcony", 0)
        house.enter("romeo/orchard", 0)
        house.say("juliet/balcony", GET)
        house.say("romeo/orchard", GET)
        removal = roster_set("<item jid='romeo@localhost' subscription='remove'/>")
        said = house.say("juliet/balcony", removal)
        to_romeo = [text for who, text in said if who == "romeo/orchard"]
        for expected in (
            "<presence type='unsubscribe' from='juliet@localhost' to='romeo@localhost'/>",
            "<presence type='unsubscribed' from='juliet@localhost' to='romeo@localhost'/>",
        ):
            assert expected in to_romeo
        assert "subscription='remove'" in [t for w, t in said if w == "juliet/balcony"][-2]
        assert state(house, "juliet", "romeo") == "nothing"
        assert state(house, "romeo", "juliet") == "none"
        assert receivers(house.say("romeo/orchard", "<presence/>")) == ["romeo/orchard"]


class TestSubscribing:
    def test_asking_and_being_allowed(self) -> None:
        house = strangers()
        said = house.say("juliet/balcony", presence("subscribe", "romeo"))
        assert receivers(said) == ["juliet/balcony", "romeo/orchard"]
        assert "subscription='none' ask='subscribe'" in said[0][1]
        assert said[1][1] == (
            "<presence type='subscribe' to='romeo@localhost' from='juliet@localhost'/>"
        )
        assert state(house, "juliet", "romeo") == "none + asked"
        assert state(house, "romeo", "juliet") == "none + request"
        assert items(house, "romeo/orchard") == [], "a request alone is not a contact"

        said = house.say("romeo/orchard", presence("subscribed", "juliet"))
        assert receivers(said) == ["romeo/orchard", *["juliet/balcony"] * 3]
        assert "subscription='from'" in said[0][1]
        assert "type='subscribed' to='juliet@localhost' from='romeo@localhost'" in said[1][1]
        assert "subscription='to'" in said[2][1]
        assert "from='romeo@localhost/orchard'" in said[3][1]
        assert state(house, "juliet", "romeo") == "to"
        assert state(house, "romeo", "juliet") == "from"

        house.say("romeo/orchard", presence("subscribe", "juliet"))
        house.say("juliet/balcony", presence("subscribed", "romeo"))
        assert state(house, "juliet", "romeo") == state(house, "romeo", "juliet") == "both"

    def test_asking_twice_bothers_nobody(self) -> None:
        house = strangers()
        house.say("juliet/balcony", presence("subscribe", "romeo"))
        assert house.say("juliet/balcony", presence("subscribe", "romeo")) == []

    def test_a_request_waits_for_who_is_away(self) -> None:
        house = strangers()
        house.leave("romeo/orchard")
        house.say("juliet/balcony", "<presence type='subscribe' to='romeo@localhost' id='9'/>")
        said = house.enter("romeo/orchard", 0)
        request = "<presence type='subscribe' to='romeo@localhost' id='9' from='juliet@localhost'/>"
        assert said[-1] == ("romeo/orchard", request)
        assert house.enter("romeo/phone", 0)[-1] == ("romeo/phone", request)

    def test_refusing(self) -> None:
        house = strangers()
        house.say("juliet/balcony", presence("subscribe", "romeo"))
        said = house.say("romeo/orchard", presence("unsubscribed", "juliet"))
        assert receivers(said) == ["juliet/balcony", "juliet/balcony"]
        assert "type='unsubscribed'" in said[0][1]
        assert "ask=" not in said[1][1]
        assert state(house, "juliet", "romeo") == state(house, "romeo", "juliet") == "none"

    @pytest.mark.parametrize("kind", ["subscribed", "unsubscribed", "unsubscribe"])
    def test_what_nobody_asked_for_is_ignored(self, kind: str) -> None:
        house = strangers()
        assert house.say("juliet/balcony", presence(kind, "romeo")) == []
        assert state(house, "romeo", "juliet") == "nothing"

    def test_no_longer_looking(self) -> None:
        house = House()
        house.enter("juliet/balcony", 0)
        house.enter("romeo/orchard", 0)
        house.say("romeo/orchard", GET)
        said = house.say("juliet/balcony", presence("unsubscribe", "romeo"))
        assert receivers(said) == ["romeo/orchard", "romeo/orchard", "juliet/balcony"]
        assert "type='unavailable' from='romeo@localhost/orchard'" in said[-1][1]
        assert state(house, "juliet", "romeo") == "from"
        assert state(house, "romeo", "juliet") == "to"
        assert "juliet/balcony" not in receivers(house.say("romeo/orchard", "<presence/>"))

    def test_taking_permission_back(self) -> None:
        house = House()
        house.enter("juliet/balcony", 0)
        house.enter("romeo/orchard", 0)
        house.say("romeo/orchard", GET)
        said = house.say("juliet/balcony", presence("unsubscribed", "romeo"))
        assert receivers(said) == ["romeo/orchard"] * 3
        assert "type='unavailable' from='juliet@localhost/balcony'" in said[-1][1]
        assert state(house, "juliet", "romeo") == "to"
        assert state(house, "romeo", "juliet") == "from"

    def test_who_may_see_already_is_told_so(self) -> None:
        house = House()
        house.enter("juliet/balcony", 0)
        house.enter("romeo/orchard", 0)
        assert house.say("juliet/balcony", presence("subscribe", "romeo")) == []

    def test_nobody_and_elsewhere(self) -> None:
        house = House(friends=())
        house.enter("juliet/balcony", 0)
        assert house.say("juliet/balcony", presence("subscribe", "nobody")) == []
        assert state(house, "juliet", "nobody") == "none + asked"
        said = house.say("juliet/balcony", "<presence type='subscribe' to='a@b.example' id='1'/>")
        assert error_of(said)[2] == "remote-server-not-found"

    def test_oneself(self) -> None:
        house = strangers()
        assert house.say("juliet/balcony", presence("subscribe", "juliet")) == []
        assert state(house, "juliet", "juliet") == "nothing"
