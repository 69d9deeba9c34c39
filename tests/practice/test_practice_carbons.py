"""Copies of messages for the other resources of an account (XEP-0280)."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, receivers

ENABLE = "<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>"
DISABLE = ENABLE.replace("enable", "disable")
CHAT = "<message to='{}' type='chat' id='m'><body>x</body></message>"


@pytest.fixture
def house() -> House:
    """Romeo with four resources, of which phone, pc and bot want copies; Juliet with two."""
    house = House()
    for name, priority in (("phone", 5), ("pc", 1), ("old", 1), ("bot", -1)):
        house.enter(f"romeo/{name}", priority)
    house.enter("juliet/balcony", 0)
    house.enter("juliet/tablet", 0)
    for who in ("romeo/phone", "romeo/pc", "romeo/bot", "juliet/tablet"):
        house.say(who, ENABLE)
    return house


def stanza_id(user: str, number: int = 1) -> str:
    """Return what the archive of `user` adds, in copies as well (XEP-0313)."""
    return f"<stanza-id xmlns='urn:xmpp:sid:0' by='{user}@localhost' id='{number}'/>"


def copies(said: list[tuple[str, str]], direction: str) -> list[str]:
    return [who for who, text in said if f"<{direction} xmlns='urn:xmpp:carbons:2'>" in text]


class TestSwitching:
    def test_on_and_off_as_often_as_one_likes(self) -> None:
        house = House()
        house.enter("romeo/phone", 0)
        house.enter("romeo/pc", -1)
        house.enter("juliet/balcony", 0)
        for text, expected in ((ENABLE, ["romeo/pc"]), (DISABLE, [])):
            for _ in range(2):
                assert house.say("romeo/pc", text) == [
                    ("romeo/pc", "<iq type='result' id='c' to='romeo@localhost/pc'/>")
                ]
            said = house.say("juliet/balcony", CHAT.format("romeo@localhost"))
            assert copies(said, "received") == expected

    def test_for_somebody_else(self, house: House) -> None:
        text = ENABLE.replace("<iq", "<iq to='romeo@localhost'")
        assert error_of(house.say("juliet/balcony", text)) == (
            "juliet/balcony",
            "cancel",
            "not-allowed",
        )

    def test_a_new_session_begins_without(self, house: House) -> None:
        house.leave("romeo/pc")
        house.enter("romeo/pc", 1)
        said = house.say("juliet/balcony", CHAT.format("romeo@localhost"))
        assert "romeo/pc" not in receivers(said)

    def test_disco(self, house: House) -> None:
        query = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        said = house.say("romeo/pc", f"<iq type='get' to='localhost' id='d'>{query}</iq>")
        assert "<feature var='urn:xmpp:carbons:2'/>" in said[0][1]


class TestReceived:
    def test_the_whole_message_from_the_own_account(self, house: House) -> None:
        text = (
            "<message to='romeo@localhost/phone' type='chat' id=\"é\"><body>a &amp; b</body>"
            "<x xmlns='urn:x' b = '1'/></message>"
        )
        said = house.say("juliet/balcony", text)
        inner = text.replace('id="é"', "id=\"é\" from='juliet@localhost/balcony'").replace(
            "</message>", stanza_id("romeo") + "</message>"
        )
        alone = inner.replace(
            "from='juliet@localhost/balcony'",
            "from='juliet@localhost/balcony' xmlns='jabber:client'",
        )
        assert said[0] == ("romeo/phone", inner)
        assert said[1] == (
            "romeo/pc",
            "<message from='romeo@localhost' to='romeo@localhost/pc' type='chat'>"
            "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
            f"{alone}</forwarded></received></message>",
        )
        assert copies(said, "received") == ["romeo/pc", "romeo/bot"]

    def test_to_the_bare_jid(self, house: House) -> None:
        said = house.say("juliet/balcony", CHAT.format("romeo@localhost"))
        assert receivers(said)[0] == "romeo/phone"
        assert copies(said, "received") == ["romeo/pc", "romeo/bot"]

    def test_who_got_it_gets_no_copy(self, house: House) -> None:
        house.say("romeo/pc", "<presence><priority>5</priority></presence>")
        said = house.say("juliet/balcony", CHAT.format("romeo@localhost"))
        assert copies(said, "received") == ["romeo/bot"]

    def test_what_waits_is_copied_as_well(self) -> None:
        house = House()
        house.enter("romeo/bot", -1)
        house.say("romeo/bot", ENABLE)
        house.enter("juliet/balcony", 0)
        said = house.say("juliet/balcony", CHAT.format("romeo@localhost"))
        assert copies(said, "received") == receivers(said) == ["romeo/bot"]
        assert "urn:xmpp:delay" in house.enter("romeo/phone", 0)[-1][1]

    def test_what_comes_back_is_not(self, house: House) -> None:
        text = "<message to='romeo@localhost/none' id='m'><body>x</body></message>"
        assert copies(house.say("juliet/balcony", text), "received") == []


class TestSent:
    def test_to_the_others_that_want_it(self, house: House) -> None:
        said = house.say("juliet/balcony", CHAT.format("nurse@localhost"))
        assert said == [
            (
                "juliet/tablet",
                "<message from='juliet@localhost' to='juliet@localhost/tablet' type='chat'>"
                "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
                "<message to='nurse@localhost' type='chat' id='m' "
                "from='juliet@localhost/balcony' xmlns='jabber:client'>"
                f"<body>x</body>{stanza_id('juliet', 2)}</message></forwarded></sent></message>",
            )
        ]

    def test_not_to_the_sender(self, house: House) -> None:
        said = house.say("juliet/tablet", CHAT.format("nurse@localhost"))
        assert copies(said, "sent") == []

    @pytest.mark.parametrize("to", ["nobody@localhost", "a@elsewhere.example"])
    def test_also_of_what_cannot_be_delivered(self, house: House, to: str) -> None:
        said = house.say("juliet/balcony", CHAT.format(to))
        assert receivers(said) == ["juliet/balcony", "juliet/tablet"]
        assert copies(said, "sent") == ["juliet/tablet"]

    def test_to_oneself_each_gets_it_once(self, house: House) -> None:
        for to in ("romeo@localhost", "romeo@localhost/phone"):
            said = house.say("romeo/pc", CHAT.format(to))
            assert receivers(said) == ["romeo/phone", "romeo/bot"]
            assert copies(said, "received") == ["romeo/bot"]


MUC_USER = "<x xmlns='http://jabber.org/protocol/muc#user'/>"
BODY = "<body>x</body>"


class TestEligible:
    @pytest.mark.parametrize(
        ("kind", "content", "eligible"),
        [
            ("chat", BODY, True),
            ("chat", "", True),
            ("chat", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", True),
            ("chat", "<received xmlns='urn:xmpp:receipts' id='1'/>", True),
            ("normal", BODY, True),
            ("unheard-of", BODY, True),
            ("normal", "<subject>s</subject>", False),
            ("headline", BODY, False),
            ("error", BODY, False),
            ("groupchat", BODY, False),
            ("chat", f"{BODY}<private xmlns='urn:xmpp:carbons:2'/>", False),
            ("chat", f"{BODY}<no-copy xmlns='urn:xmpp:hints'/>", False),
        ],
    )
    def test_by_type_and_content(
        self, house: House, kind: str, content: str, eligible: bool
    ) -> None:
        text = f"<message to='romeo@localhost/phone' type='{kind}'>{content}</message>"
        said = house.say("juliet/balcony", text)
        assert receivers(said)[0] == "romeo/phone"
        assert copies(said, "received") == ["romeo/pc", "romeo/bot"] * eligible
        assert copies(said, "sent") == ["juliet/tablet"] * eligible
        assert all(f"type='{kind}'><" in t for _, t in said[1:])

    def test_private_messages_of_rooms_are_copied_by_who_sends_them(self, house: House) -> None:
        to = "romeo@localhost/phone"
        said = house.say(
            "juliet/balcony", f"<message to='{to}' type='chat'>{BODY}{MUC_USER}</message>"
        )
        assert copies(said, "received") == []
        assert copies(said, "sent") == ["juliet/tablet"]

    def test_an_invitation_of_a_room_is_no_private_message(self, house: House) -> None:
        said = house.say(
            "juliet/balcony", f"<message to='romeo@localhost'>{BODY}{MUC_USER}</message>"
        )
        assert copies(said, "received") == ["romeo/pc", "romeo/bot"]

    def test_the_wish_for_no_copies_is_not_passed_on(self, house: House) -> None:
        private = "<private xmlns='urn:xmpp:carbons:2'/>"
        text = f"<message to='romeo@localhost'> {private}{BODY}{private}</message>"
        assert house.say("juliet/balcony", text) == [
            (
                "romeo/phone",
                f"<message to='romeo@localhost' from='juliet@localhost/balcony'> {BODY}"
                f"{stanza_id('romeo')}</message>",
            )
        ]
