"""Where stanzas go: tables of RFC 6121 section 8, without a network."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, parsed, receivers

BODY = "<body>x</body>"


@pytest.fixture
def house() -> House:
    """Romeo with four resources (5, 5, 1 and -1) and one that is not available; juliet sends."""
    house = House()
    house.enter("juliet/balcony", 0)
    for name, priority in (("phone", 5), ("tablet", 5), ("pc", 1), ("bot", -1)):
        house.enter(f"romeo/{name}", priority)
    house.enter("romeo/silent")
    return house


def message(to: str, kind: str | None) -> str:
    type_part = "" if kind is None else f" type='{kind}'"
    return f"<message to='{to}'{type_part} id='m'>{BODY}</message>"


class TestMessagesToTheBareJid:
    @pytest.mark.parametrize("kind", ["chat", "normal", None, "unheard-of"])
    def test_the_most_available_get_it(self, house: House, kind: str | None) -> None:
        said = house.say("juliet/balcony", message("romeo@localhost", kind))
        assert receivers(said) == ["romeo/phone", "romeo/tablet"]

    def test_a_headline_goes_to_all_that_are_not_negative(self, house: House) -> None:
        said = house.say("juliet/balcony", message("romeo@localhost", "headline"))
        assert receivers(said) == ["romeo/phone", "romeo/tablet", "romeo/pc"]

    def test_groupchat_is_an_error(self, house: House) -> None:
        said = house.say("juliet/balcony", message("romeo@localhost", "groupchat"))
        assert error_of(said) == ("juliet/balcony", "cancel", "service-unavailable")

    def test_an_error_is_dropped(self, house: House) -> None:
        assert house.say("juliet/balcony", message("romeo@localhost", "error")) == []

    @pytest.mark.parametrize("to", ["ROMEO@LocalHost", "romeo@localhost."])
    def test_the_address_is_normalised(self, house: House, to: str) -> None:
        said = house.say("juliet/balcony", message(to, "chat"))
        assert receivers(said) == ["romeo/phone", "romeo/tablet"]

    def test_priority_follows_presence(self, house: House) -> None:
        house.say("romeo/pc", "<presence><priority>127</priority></presence>")
        said = house.say("juliet/balcony", message("romeo@localhost", "chat"))
        assert receivers(said) == ["romeo/pc"]
        house.say("romeo/pc", "<presence type='unavailable'/>")
        said = house.say("juliet/balcony", message("romeo@localhost", "chat"))
        assert receivers(said) == ["romeo/phone", "romeo/tablet"]

    @pytest.mark.parametrize("kind", ["chat", "normal", None])
    @pytest.mark.parametrize("resource", ["only/-1", "only/silent"])
    def test_negative_or_silent_resources_are_not_available(
        self, kind: str | None, resource: str
    ) -> None:
        house = House()
        house.enter("juliet/balcony", 0)
        house.enter("romeo/only", -1 if resource.endswith("-1") else None)
        assert house.say("juliet/balcony", message("romeo@localhost", kind)) == []
        assert "<body>x</body>" in house.say("romeo/only", "<presence/>")[-1][1]
        house.say("romeo/only", "<presence type='unavailable'/>")
        headline = house.say("juliet/balcony", message("romeo@localhost", "headline"))
        assert headline == []


class TestMessagesToAFullJid:
    @pytest.mark.parametrize("kind", ["chat", "normal", None, "headline", "groupchat", "error"])
    @pytest.mark.parametrize("resource", ["pc", "bot", "silent"])
    def test_a_match_gets_it(self, house: House, kind: str | None, resource: str) -> None:
        said = house.say("juliet/balcony", message(f"romeo@localhost/{resource}", kind))
        assert receivers(said) == [f"romeo/{resource}"]

    def test_resources_are_case_sensitive(self, house: House) -> None:
        said = house.say("juliet/balcony", message("romeo@localhost/PC", "normal"))
        assert error_of(said)[2] == "service-unavailable"

    def test_chat_without_a_match_goes_to_the_most_available(self, house: House) -> None:
        said = house.say("juliet/balcony", message("romeo@localhost/none", "chat"))
        assert receivers(said) == ["romeo/phone", "romeo/tablet"]

    @pytest.mark.parametrize("kind", ["normal", None, "headline", "groupchat"])
    def test_others_without_a_match_come_back(self, house: House, kind: str | None) -> None:
        said = house.say("juliet/balcony", message("romeo@localhost/none", kind))
        assert error_of(said) == ("juliet/balcony", "cancel", "service-unavailable")

    def test_an_error_without_a_match_is_dropped(self, house: House) -> None:
        assert house.say("juliet/balcony", message("romeo@localhost/none", "error")) == []


class TestAddresses:
    @pytest.mark.parametrize("to", ["nobody@localhost", "nobody@localhost/x", "localhost"])
    @pytest.mark.parametrize("kind", ["chat", None, "headline"])
    def test_nobody(self, house: House, to: str, kind: str | None) -> None:
        said = house.say("juliet/balcony", message(to, kind))
        assert error_of(said) == ("juliet/balcony", "cancel", "service-unavailable")
        assert parsed(said[0][1]).get("from") == to

    @pytest.mark.parametrize("to", ["romeo@elsewhere.example", "elsewhere.example"])
    @pytest.mark.parametrize(
        "stanza",
        [
            "<message to='{}' id='m'/>",
            "<iq to='{}' id='m' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<presence to='{}' id='m'/>",
        ],
    )
    def test_another_domain(self, house: House, to: str, stanza: str) -> None:
        said = house.say("juliet/balcony", stanza.format(to))
        assert error_of(said) == ("juliet/balcony", "cancel", "remote-server-not-found")

    @pytest.mark.parametrize("to", ["@localhost", "a b@localhost", "romeo@localhost/", ""])
    @pytest.mark.parametrize(
        "stanza",
        [
            "<message to='{}' id='m'/>",
            "<presence to='{}' id='m'/>",
            "<iq to='{}' id='m' type='get'><x xmlns='urn:x'/></iq>",
        ],
    )
    def test_no_address_at_all(self, house: House, to: str, stanza: str) -> None:
        said = house.say("juliet/balcony", stanza.format(to))
        assert error_of(said) == ("juliet/balcony", "modify", "jid-malformed")
        assert parsed(said[0][1]).get("from") == to

    @pytest.mark.parametrize(
        "stanza",
        [
            "<message to='@localhost' type='error'/>",
            "<message to='x@elsewhere.example' type='error'/>",
            "<iq to='@localhost' type='result' id='1'/>",
            "<iq to='x@elsewhere.example' type='error' id='1'/>",
            "<presence to='x@elsewhere.example' type='error'/>",
        ],
    )
    def test_an_error_never_answers_an_error_or_a_result(self, house: House, stanza: str) -> None:
        assert house.say("juliet/balcony", stanza) == []

    def test_a_message_without_to_goes_to_the_own_account(self, house: House) -> None:
        said = house.say("juliet/balcony", "<message><body>note</body></message>")
        ((who, text),) = said
        assert who == "juliet/balcony"
        assert text.startswith("<message from='juliet@localhost/balcony'><body>note</body>")


class TestExactText:
    def test_what_was_typed_arrives(self, house: House) -> None:
        typed = (
            "<message  to=\"romeo@localhost/pc\"\n type='headline' id='é'>"
            "<body>a &amp; b <![CDATA[<c>]]> &#x1F339;</body >"
            "<x xmlns=\"urn:x\" b = '1'/></message>"
        )
        ((who, arrived),) = house.say("juliet/balcony", typed)
        assert who == "romeo/pc"
        assert arrived == typed.replace("id='é'", "id='é' from='juliet@localhost/balcony'")

    @pytest.mark.parametrize("sender", ["juliet@localhost", "juliet@localhost/balcony"])
    def test_the_true_sender_is_stamped(self, house: House, sender: str) -> None:
        text = f"<message from='{sender}' to='romeo@localhost/pc'/>"
        ((_, arrived),) = house.say("juliet/balcony", text)
        assert arrived == "<message from='juliet@localhost/balcony' to='romeo@localhost/pc'/>"

    def test_prefixes_of_the_stream_header_are_declared(self, house: House) -> None:
        house.enter("mercutio/street", declarations={"x": "urn:x", "y": "urn:y"})
        ((_, arrived),) = house.say(
            "mercutio/street", "<message type='headline' to='romeo@localhost/pc'><x:a/></message>"
        )
        assert arrived == (
            "<message type='headline' to='romeo@localhost/pc' xmlns:x='urn:x' "
            "from='mercutio@localhost/street'><x:a/></message>"
        )

    def test_another_language_is_said(self, house: House) -> None:
        house.enter("mercutio/street", lang="it")
        ((_, arrived),) = house.say("mercutio/street", "<message to='romeo@localhost/pc'/>")
        assert arrived.endswith(" xml:lang='it'/>")
        own = "<message to='romeo@localhost/pc' xml:lang='de'/>"
        ((_, arrived),) = house.say("mercutio/street", own)
        assert "xml:lang='de'" in arrived
        assert "xml:lang='it'" not in arrived

    def test_the_usual_language_is_not(self, house: House) -> None:
        house.enter("mercutio/street", lang="en")
        ((_, arrived),) = house.say("mercutio/street", "<message to='romeo@localhost/pc'/>")
        assert "xml:lang" not in arrived


class TestWhoMayBeFrom:
    @pytest.mark.parametrize(
        ("sender", "allowed"),
        [
            (None, True),
            ("juliet@localhost", True),
            ("juliet@localhost/balcony", True),
            ("JULIET@localhost/balcony", True),
            ("juliet@localhost/Balcony", False),
            ("juliet@localhost/other", False),
            ("romeo@localhost", False),
            ("localhost", False),
            ("@", False),
            ("", False),
        ],
    )
    def test_only_oneself(self, house: House, sender: str | None, allowed: bool) -> None:
        resource = house.resources["juliet/balcony"]
        assert house.stage.router.may_be_from(resource, sender) is allowed


class TestIqs:
    @pytest.mark.parametrize(
        "iq",
        [
            "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq id='' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq id='1' type='GET'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq id='1' type='get'/>",
            "<iq id='1' type='set'><a xmlns='urn:a'/><b xmlns='urn:b'/></iq>",
            "<iq id='1' type='get' to='romeo@localhost/pc'/>",
        ],
    )
    def test_malformed(self, house: House, iq: str) -> None:
        assert error_of(house.say("juliet/balcony", iq)) == (
            "juliet/balcony",
            "modify",
            "bad-request",
        )

    def test_to_a_full_jid(self, house: House) -> None:
        ping = "<iq id='1' type='get' to='romeo@localhost/bot'><ping xmlns='urn:xmpp:ping'/></iq>"
        assert receivers(house.say("juliet/balcony", ping)) == ["romeo/bot"]
        reply = "<iq id='1' type='result' to='juliet@localhost/balcony'/>"
        assert house.say("romeo/bot", reply) == [
            (
                "juliet/balcony",
                "<iq id='1' type='result' to='juliet@localhost/balcony' "
                "from='romeo@localhost/bot'/>",
            )
        ]

    @pytest.mark.parametrize("to", ["romeo@localhost/none", "nobody@localhost", "localhost/x"])
    def test_to_nobody(self, house: House, to: str) -> None:
        get = f"<iq id='1' type='get' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>"
        assert error_of(house.say("juliet/balcony", get))[2] == "service-unavailable"
        assert house.say("juliet/balcony", f"<iq id='1' type='result' to='{to}'/>") == []

    @pytest.mark.parametrize("to", ["", " to='localhost'", " to='romeo@localhost'"])
    def test_unknown_payload_comes_back(self, house: House, to: str) -> None:
        payload = "<x xmlns='urn:example:nope'><y>z</y></x>"
        said = house.say("juliet/balcony", f"<iq id='1' type='get'{to}>{payload}</iq>")
        assert error_of(said) == ("juliet/balcony", "cancel", "service-unavailable")
        assert payload in said[0][1]

    @pytest.mark.parametrize("to", ["", " to='localhost'", " to='romeo@localhost'"])
    @pytest.mark.parametrize("kind", ["result", "error"])
    def test_replies_to_the_server_go_nowhere(self, house: House, to: str, kind: str) -> None:
        assert house.say("juliet/balcony", f"<iq id='1' type='{kind}'{to}/>") == []


class TestComingAndGoing:
    def test_a_replaced_resource_gets_nothing_more(self, house: House) -> None:
        old = house.resources["romeo/pc"]
        house.enter("romeo/pc")
        said = house.say("juliet/balcony", message("romeo@localhost/pc", "chat"))
        assert receivers(said) == ["romeo/pc"]
        assert house.stage.leave(old) == []
        assert house.stage.router.directory.at(old.jid) is house.resources["romeo/pc"]

    def test_after_leaving(self, house: House) -> None:
        house.leave("romeo/pc")
        said = house.say("juliet/balcony", message("romeo@localhost/pc", "normal"))
        assert error_of(said)[2] == "service-unavailable"

    def test_names_for_those_who_ask_for_none(self) -> None:
        house = House()
        jid = house.stage.router.directory
        given = []
        for _ in range(20):
            from xmppshell.protocol.jid import JID

            name = house.stage.free_name(JID.of("romeo", "localhost"))
            given.append(name)
            house.enter(f"romeo/{name}")
        assert given[:3] == ["orchard", "balcony", "garden"]
        assert len(set(given)) == 20
        assert len(jid.of(JID.of("romeo", "localhost"))) == 20
