"""Block lists: what they say, and what they stop (XEP-0191)."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, parsed, receivers

from xmppshell.practice.contacts import blocking
from xmppshell.practice.contacts.blocklists import covers
from xmppshell.protocol.jid import JID

NS = "urn:xmpp:blocking"
GET = f"<iq type='get' id='g'><blocklist xmlns='{NS}'/></iq>"
ROMEO = "romeo@localhost"


def change(action: str, *jids: str) -> str:
    items = "".join(f"<item jid='{jid}'/>" for jid in jids)
    return f"<iq type='set' id='b'><{action} xmlns='{NS}'>{items}</{action}></iq>"


@pytest.fixture
def house() -> House:
    """Juliet and Romeo, who see each other, with two resources each; and a stranger."""
    house = House()
    for who in ("juliet/balcony", "juliet/phone", "romeo/orchard", "romeo/pc", "mercutio/street"):
        house.enter(who, 0)
    return house


def blocked(house: House, who: str = "juliet/balcony") -> list[str | None]:
    ((_, text),) = house.say(who, GET)
    return [item.get("jid") for item in parsed(text)[0]]


def presences(said: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Return who is told of whom, and of what type."""
    found = [(who, parsed(text)) for who, text in said if text.startswith("<presence")]
    return [(who, p.get("from") or "", p.get("type", "available")) for who, p in found]


class TestTheList:
    def test_it_is_empty_at_first(self, house: House) -> None:
        assert house.say("juliet/balcony", GET) == [
            (
                "juliet/balcony",
                f"<iq type='result' id='g' to='juliet@localhost/balcony'><blocklist xmlns='{NS}'/>"
                "</iq>",
            )
        ]

    def test_changes_are_kept_and_pushed_to_those_who_asked_for_it(self, house: House) -> None:
        house.say("juliet/phone", GET)
        said = house.say(
            "juliet/balcony", change("block", "A@b.example", "c.example", "A@b.example")
        )
        items = "<item jid='a@b.example'/><item jid='c.example'/>"
        assert said == [
            ("juliet/balcony", "<iq type='result' id='b' to='juliet@localhost/balcony'/>"),
            (
                "juliet/phone",
                "<iq type='set' id='block1' to='juliet@localhost/phone'>"
                f"<block xmlns='{NS}'>{items}</block></iq>",
            ),
        ]
        assert blocked(house) == ["a@b.example", "c.example"]
        said = house.say("juliet/phone", change("unblock", "a@b.example", "never@was"))
        assert receivers(said) == ["juliet/phone", "juliet/balcony", "juliet/phone"]
        assert blocked(house) == ["c.example"]

    def test_unblocking_all(self, house: House) -> None:
        house.say("juliet/balcony", GET)
        house.say("juliet/balcony", change("block", "a@b", "c"))
        said = house.say("juliet/balcony", change("unblock"))
        assert f"<unblock xmlns='{NS}'/>" in said[1][1]
        assert blocked(house) == []

    def test_it_outlives_the_session(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        house.leave("juliet/balcony")
        house.leave("juliet/phone")
        house.enter("juliet/new")
        assert blocked(house, "juliet/new") == [ROMEO]

    @pytest.mark.parametrize("action", ["block", "unblock"])
    @pytest.mark.parametrize(
        ("item", "condition"),
        [
            ("<item/>", "bad-request"),
            ("<item jid='@'/>", "jid-malformed"),
            ("<item jid=''/>", "jid-malformed"),
        ],
    )
    def test_what_cannot_be(self, house: House, action: str, item: str, condition: str) -> None:
        good = "<item jid='a@b'/>"
        text = f"<iq type='set' id='b'><{action} xmlns='{NS}'>{good}{item}</{action}></iq>"
        assert error_of(house.say("juliet/balcony", text)) == (
            "juliet/balcony",
            "modify",
            condition,
        )
        assert blocked(house) == []

    def test_nobody_at_all_cannot_be_blocked(self, house: House) -> None:
        assert error_of(house.say("juliet/balcony", change("block")))[2] == "bad-request"

    @pytest.mark.parametrize("jid", ["juliet@localhost", "juliet@localhost/phone"])
    def test_nor_oneself(self, house: House, jid: str) -> None:
        said = house.say("juliet/balcony", change("block", "a@b", jid))
        assert error_of(said) == ("juliet/balcony", "cancel", "not-allowed")
        assert blocked(house) == []

    def test_so_many_and_no_more(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(blocking, "MAX_BLOCKED", 2)
        house.say("juliet/balcony", change("block", "a@b", "c@d"))
        assert (
            error_of(house.say("juliet/balcony", change("block", "e@f")))[2] == "policy-violation"
        )
        assert "result" in house.say("juliet/balcony", change("block", "a@b"))[0][1]

    @pytest.mark.parametrize("text", [GET, change("block", "a@b"), change("unblock")])
    def test_only_for_the_owner(self, house: House, text: str) -> None:
        said = house.say("romeo/orchard", text.replace("<iq", "<iq to='juliet@localhost'"))
        assert error_of(said) == ("romeo/orchard", "auth", "forbidden")

    def test_disco(self, house: House) -> None:
        query = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        said = house.say("juliet/phone", f"<iq type='get' to='localhost' id='d'>{query}</iq>")
        assert f"<feature var='{NS}'/>" in said[0][1]


@pytest.mark.parametrize(
    ("entry", "jid", "expected"),
    [
        ("a@b/c", "a@b/c", True),
        ("a@b/c", "a@b/d", False),
        ("a@b/c", "a@b", False),
        ("a@b", "a@b/c", True),
        ("a@b", "a@b", True),
        ("a@b", "x@b", False),
        ("b/c", "b/c", True),
        ("b/c", "a@b/c", False),
        ("b/c", "b", False),
        ("b", "b", True),
        ("b", "a@b/c", True),
        ("b", "b/c", True),
        ("b", "a@rooms.b", True),
        ("b", "a@xb", False),
        ("rooms.b", "b", False),
    ],
)
def test_what_an_entry_stands_for(entry: str, jid: str, expected: bool) -> None:
    assert covers(JID.parse(entry), JID.parse(jid)) is expected


MESSAGE = "<message to='{}' type='chat' id='m'><body>x</body></message>"
PING = "<iq to='{}' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"
ENTRIES = [ROMEO, "romeo@localhost/orchard", "localhost"]


class TestStanzas:
    @pytest.mark.parametrize("entry", ENTRIES)
    @pytest.mark.parametrize("to", ["juliet@localhost", "juliet@localhost/balcony"])
    @pytest.mark.parametrize("text", [MESSAGE, PING])
    def test_from_the_blocked_they_come_back(
        self, house: House, entry: str, to: str, text: str
    ) -> None:
        house.say("juliet/balcony", change("block", entry))
        said = house.say("romeo/orchard", text.format(to))
        assert error_of(said) == ("romeo/orchard", "cancel", "service-unavailable")
        assert "block" not in said[0][1], "who is blocked is not told so"

    @pytest.mark.parametrize("text", [MESSAGE, PING])
    def test_they_come_back_as_if_there_were_nobody(self, house: House, text: str) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        ((_, hidden),) = house.say("romeo/orchard", text.format("juliet@localhost/phone"))
        ((_, nobody),) = house.say("romeo/orchard", text.format("nobody@localhost/phone"))
        assert hidden == nobody.replace("nobody@localhost", "juliet@localhost")

    @pytest.mark.parametrize("kind", ["result", "error"])
    def test_answers_of_the_blocked_vanish(self, house: House, kind: str) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        assert (
            house.say("romeo/orchard", f"<iq to='juliet@localhost/phone' type='{kind}' id='x'/>")
            == []
        )
        assert house.say("romeo/orchard", "<message to='juliet@localhost' type='error'/>") == []

    @pytest.mark.parametrize("entry", ENTRIES)
    @pytest.mark.parametrize(
        "text", [MESSAGE, PING, "<presence to='{}'/>", "<presence type='subscribe' to='{}'/>"]
    )
    def test_to_the_blocked_they_do_not_go(self, house: House, entry: str, text: str) -> None:
        house.say("juliet/balcony", change("block", entry))
        said = house.say("juliet/phone", text.format("romeo@localhost/orchard"))
        assert error_of(said) == ("juliet/phone", "cancel", "not-acceptable")
        assert f"<blocked xmlns='{NS}:errors'/></error>" in said[0][1]

    def test_answers_to_the_blocked_vanish(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        assert house.say("juliet/phone", "<iq to='romeo@localhost/pc' type='result' id='x'/>") == []

    @pytest.mark.parametrize("to", ["tybalt@rooms.localhost", "a@elsewhere.example"])
    def test_also_to_other_domains(self, house: House, to: str) -> None:
        house.say("juliet/balcony", change("block", to))
        assert error_of(house.say("juliet/phone", MESSAGE.format(to)))[2] == "not-acceptable"

    def test_another_resource_is_not_blocked(self, house: House) -> None:
        house.say("juliet/balcony", change("block", "romeo@localhost/orchard"))
        assert receivers(house.say("romeo/pc", MESSAGE.format("juliet@localhost"))) == [
            "juliet/balcony",
            "juliet/phone",
        ]
        assert receivers(house.say("juliet/phone", MESSAGE.format("romeo@localhost/pc"))) == [
            "romeo/pc"
        ]

    def test_the_own_account_never_is(self, house: House) -> None:
        house.say("juliet/balcony", change("block", "localhost"))
        said = house.say("juliet/balcony", MESSAGE.format("juliet@localhost/phone"))
        assert receivers(said) == ["juliet/phone"]
        assert blocked(house) == ["localhost"]

    def test_nothing_of_it_waits_or_is_archived(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        house.leave("juliet/balcony")
        house.leave("juliet/phone")
        house.say("romeo/orchard", MESSAGE.format("juliet@localhost"))
        assert "<body>" not in str(house.enter("juliet/new", 0))
        archive = "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>"
        assert len(house.say("juliet/new", archive)) == 1
        assert len(house.say("romeo/orchard", archive)) == 2, "but with its sender it is"

    def test_what_waits_already_is_not_delivered(self, house: House) -> None:
        for who in ("juliet/balcony", "juliet/phone"):
            house.say(who, "<presence><priority>-1</priority></presence>")
        house.say("romeo/orchard", MESSAGE.format("juliet@localhost"))
        house.say("mercutio/street", MESSAGE.format("juliet@localhost"))
        house.say("juliet/phone", change("block", ROMEO))
        said = house.say("juliet/phone", "<presence/>")
        senders = [parsed(text).get("from") for _, text in said if text.startswith("<message")]
        assert senders == ["mercutio@localhost/street"]

    def test_what_is_not_sent_is_not_archived(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        house.say("juliet/balcony", MESSAGE.format(ROMEO))
        archive = "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>"
        assert len(house.say("juliet/balcony", archive)) == 1

    def test_afterwards_they_come_again(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        house.say("juliet/balcony", change("unblock", ROMEO))
        said = house.say("romeo/orchard", MESSAGE.format("juliet@localhost"))
        assert receivers(said) == ["juliet/balcony", "juliet/phone"]


class TestPresence:
    def test_to_the_blocked_one_goes_offline(self, house: House) -> None:
        said = presences(house.say("juliet/balcony", change("block", ROMEO)))
        assert said == [
            (who, f"juliet@localhost/{resource}", "unavailable")
            for resource in ("balcony", "phone")
            for who in ("romeo/orchard", "romeo/pc")
        ]
        assert presences(house.say("juliet/balcony", change("block", ROMEO))) == []

    @pytest.mark.parametrize("entry", ["mercutio@localhost", "nobody@localhost", "example.org"])
    def test_who_could_not_see_it_is_not_told(self, house: House, entry: str) -> None:
        assert presences(house.say("juliet/balcony", change("block", entry))) == []

    def test_one_resource_alone(self, house: House) -> None:
        said = house.say("juliet/balcony", change("block", "romeo@localhost/pc"))
        assert {who for who, _, _ in presences(said)} == {"romeo/pc"}
        said = house.say("juliet/balcony", "<presence><show>away</show></presence>")
        assert receivers(said) == ["juliet/balcony", "juliet/phone", "romeo/orchard"]

    def test_what_was_shown_directly_is_taken_back(self, house: House) -> None:
        house.say("juliet/phone", "<presence to='mercutio@localhost/street'/>")
        said = house.say("juliet/balcony", change("block", "mercutio@localhost"))
        assert presences(said) == [("mercutio/street", "juliet@localhost/phone", "unavailable")]
        assert "mercutio/street" not in receivers(house.leave("juliet/phone"))

    def test_neither_sees_the_other_any_more(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        away = "<presence><show>away</show></presence>"
        assert receivers(house.say("romeo/orchard", away)) == ["romeo/orchard", "romeo/pc"]
        assert receivers(house.say("juliet/phone", away)) == ["juliet/balcony", "juliet/phone"]
        assert {who[:5] for who in receivers(house.enter("romeo/new", 0))} == {"romeo"}
        assert {who[:6] for who in receivers(house.enter("juliet/new", 0))} == {"juliet"}
        assert house.say("romeo/pc", "<presence to='juliet@localhost'/>") == []
        assert house.say("romeo/pc", "<presence type='probe' to='juliet@localhost'/>") == []
        assert {who[:5] for who in receivers(house.leave("romeo/pc"))} == {"romeo"}

    def test_afterwards_both_see_each_other_again(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        said = presences(house.say("juliet/balcony", change("unblock")))
        mine = [f"juliet@localhost/{name}" for name in ("balcony", "phone")]
        theirs = [f"romeo@localhost/{name}" for name in ("orchard", "pc")]
        expected = {(f"romeo/{r}", jid, "available") for r in ("orchard", "pc") for jid in mine}
        expected |= {
            (f"juliet/{r}", jid, "available") for r in ("balcony", "phone") for jid in theirs
        }
        assert set(said) == expected
        assert len(said) == 8

    def test_unless_another_entry_still_stands(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO, "romeo@localhost/pc"))
        said = presences(house.say("juliet/balcony", change("unblock", ROMEO)))
        assert {who for who, _, _ in said} == {"romeo/orchard", "juliet/balcony", "juliet/phone"}

    def test_or_the_other_one_blocks_as_well(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        house.say("romeo/pc", change("block", "juliet@localhost"))
        assert presences(house.say("juliet/balcony", change("unblock"))) == []


class TestSubscriptions:
    def test_a_request_of_the_blocked_is_not_seen(self, house: House) -> None:
        house.say("juliet/balcony", change("block", "mercutio@localhost"))
        house.say("mercutio/street", "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>")
        said = house.say("mercutio/street", "<presence type='subscribe' to='juliet@localhost'/>")
        assert receivers(said) == ["mercutio/street"]
        assert "ask='subscribe'" in said[0][1]
        assert "subscribe" not in str(house.enter("juliet/new", 0))

    def test_one_that_waits_is_not_shown_either(self, house: House) -> None:
        house.say("mercutio/street", "<presence type='subscribe' to='juliet@localhost'/>")
        house.say("juliet/balcony", change("block", "mercutio@localhost"))
        assert "subscribe" not in str(house.enter("juliet/new", 0))
        house.say("juliet/balcony", change("unblock"))
        assert "subscribe" in str(house.enter("juliet/newer", 0))

    def test_subscriptions_stay(self, house: House) -> None:
        house.say("juliet/balcony", change("block", ROMEO))
        roster = house.say(
            "juliet/balcony", "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>"
        )
        assert "jid='romeo@localhost' name='Romeo' subscription='both'" in roster[0][1]
