"""What a client answers by itself, and what it never does."""

from __future__ import annotations

import pytest
from lxml import etree

from xmppshell.protocol.jid import JID
from xmppshell.protocol.obligations import DUTIES, Facts, Owed, Policy, default_policies, owed
from xmppshell.protocol.stanza import stanza_of

ME = JID.parse("juliet@localhost/balcony")
FACTS = Facts("1.2", "2026-01-02T03:04:05Z", "+01:00", 42)


def answer(xml: str, **changes: Policy) -> Owed | None:
    element = etree.fromstring(xml.replace(" ", " xmlns='jabber:client' ", 1))
    stanza = stanza_of(element)
    assert stanza is not None
    policies = default_policies() | {name.replace("_", "-"): p for name, p in changes.items()}
    return owed(stanza, element, ME, policies, FACTS)


def text(owed_answer: Owed | None) -> str:
    assert owed_answer is not None
    return owed_answer.move.data.decode()


PING = "<iq type='get' id='p' from='romeo@localhost/o'><ping xmlns='urn:xmpp:ping'/></iq>"


def test_a_ping_is_answered_to_its_sender_with_its_id() -> None:
    assert text(answer(PING)) == "<iq type='result' id='p' to='romeo@localhost/o'/>"


def test_a_request_of_the_server_is_answered_without_to() -> None:
    assert text(answer(PING.replace(" from='romeo@localhost/o'", ""))) == (
        "<iq type='result' id='p'/>"
    )


@pytest.mark.parametrize(
    "xml",
    [
        "<iq type='result' id='a'/>",
        "<iq type='error' id='a'/>",
        "<message id='a'><body>hi</body></message>",
        "<message type='error' id='a'/>",
        "<presence type='subscribe' from='romeo@localhost'/>",
        "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
    ],
)
def test_what_is_never_answered(xml: str) -> None:
    assert answer(xml) is None


def test_an_unknown_request_gets_service_unavailable() -> None:
    reply = text(answer("<iq type='set' id='u' from='a@b'><x xmlns='urn:example:x'/></iq>"))
    assert "type='error' id='u' to='a@b'" in reply
    assert "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>" in reply


@pytest.mark.parametrize(
    ("sender", "believed"),
    [
        ("", True),
        (" from='juliet@localhost'", True),
        (" from='mallory@localhost'", False),
        (" from='juliet@localhost/other'", False),
        (" from='@'", False),
    ],
)
def test_a_roster_push_is_believed_only_from_the_own_account(sender: str, believed: bool) -> None:
    reply = text(answer(f"<iq type='set' id='r'{sender}><query xmlns='jabber:iq:roster'/></iq>"))
    assert ("type='result'" in reply) is believed


def test_disco_lists_what_is_answered_and_refuses_a_node() -> None:
    query = "<iq type='get' id='d'><query xmlns='http://jabber.org/protocol/disco#info'{}/></iq>"
    plain = text(answer(query.format("")))
    assert "urn:xmpp:ping" in plain
    assert "jabber:iq:version" not in plain
    assert "jabber:iq:version" in text(answer(query.format(""), version=Policy.ON))
    assert "item-not-found" in text(answer(query.format(" node='x'")))


VERSION = "<iq type='get' id='v'><query xmlns='jabber:iq:version'/></iq>"


def test_the_version_is_private_until_it_is_switched_on() -> None:
    assert "service-unavailable" in text(answer(VERSION))
    assert "<version>1.2</version>" in text(answer(VERSION, version=Policy.ON))


def test_time_and_idle_come_from_the_facts() -> None:
    time = "<iq type='get' id='t'><time xmlns='urn:xmpp:time'/></iq>"
    last = "<iq type='get' id='l'><query xmlns='jabber:iq:last'/></iq>"
    assert "<utc>2026-01-02T03:04:05Z</utc>" in text(answer(time, time=Policy.ON))
    assert "seconds='42'" in text(answer(last, last=Policy.ON))


def test_policies_of_step_and_off() -> None:
    stepped = answer(PING, ping=Policy.STEP)
    assert stepped is not None
    assert stepped.policy is Policy.STEP
    assert answer(PING, ping=Policy.OFF) is None
    assert answer(VERSION, unknown_iq=Policy.OFF) is None


def test_every_duty_names_its_source_and_every_answer_is_well_formed() -> None:
    for duty in DUTIES:
        assert duty.reference.startswith(("RFC ", "XEP-"))
    hostile = PING.replace("romeo@localhost/o", "a@b/&lt;&apos;&amp;")
    etree.fromstring(text(answer(hostile)))


class TestComponents:
    """A component answers from the address that was asked, and for itself."""

    def answer(self, xml: str) -> str:
        element = etree.fromstring(xml.replace(" ", " xmlns='jabber:component:accept' ", 1))
        stanza = stanza_of(element)
        assert stanza is not None
        me = JID.parse("component.localhost")
        return text(owed(stanza, element, me, default_policies(), FACTS, component=True))

    def test_from_is_the_address_that_was_asked(self) -> None:
        to = "romeo's&amp;@component.localhost"
        reply = self.answer(PING.replace(" id=", f' to="{to}" id='))
        assert reply == (
            "<iq type='result' id='p' to='romeo@localhost/o' "
            "from='romeo&apos;s&amp;@component.localhost'/>"
        )

    def test_disco_tells_a_component(self) -> None:
        query = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        reply = self.answer(
            f"<iq type='get' id='d' from='a@b' to='component.localhost'>{query}</iq>"
        )
        assert "<identity category='component' type='generic' name='xmppshell'/>" in reply

    def test_a_roster_push_is_no_business_of_a_component(self) -> None:
        push = (
            "<iq type='set' id='r' to='component.localhost'><query xmlns='jabber:iq:roster'/></iq>"
        )
        assert "<service-unavailable" in self.answer(push)
