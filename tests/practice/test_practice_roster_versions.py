"""Versions of rosters (RFC 6121 2.6)."""

from __future__ import annotations

from practice.stage_driver import House, parsed

from xmppshell.practice.contacts.roster import VERSIONING, Rosters
from xmppshell.protocol.jid import JID

ITEM = "<item jid='tybalt@localhost' name='{}'/>"


def get(house: House, ver: str | None = "") -> str:
    attribute = "" if ver is None else f" ver='{ver}'"
    query = f"<query xmlns='jabber:iq:roster'{attribute}/>"
    ((_, text),) = house.say("juliet/balcony", f"<iq type='get' id='g'>{query}</iq>")
    return text


def version(text: str) -> str:
    return parsed(text)[0].get("ver") or ""


def change(house: House, name: str) -> list[str]:
    query = f"<query xmlns='jabber:iq:roster'>{ITEM.format(name)}</query>"
    said = house.say("juliet/balcony", f"<iq type='set' id='s'>{query}</iq>")
    return [text for _, text in said]


def test_the_version_that_a_client_has_is_not_sent_again() -> None:
    house = House()
    house.enter("juliet/balcony")
    known = version(get(house))
    assert known
    assert get(house, known) == "<iq type='result' id='g' to='juliet@localhost/balcony'/>"
    for other in ("", "0", "nonsense", None):
        assert version(get(house, other)) == known


def test_each_push_has_a_version_of_its_own() -> None:
    house = House()
    house.enter("juliet/balcony")
    seen = [version(get(house))]
    for name in "ABA":
        push, _ = change(house, name)
        seen.append(version(push))
        assert get(house, seen[-1]).endswith("/balcony'/>"), "a push brings a client up to date"
        assert version(get(house, seen[-2])) == seen[-1]
    assert len(set(seen)) == 4


def test_removal_and_subscriptions_make_versions_as_well() -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    known = version(get(house))
    house.say("juliet/balcony", "<presence type='subscribe' to='mercutio@localhost'/>")
    asked = version(get(house, known))
    item = "<item jid='mercutio@localhost' subscription='remove'/>"
    said = house.say(
        "juliet/balcony",
        f"<iq type='set' id='s'><query xmlns='jabber:iq:roster'>{item}</query></iq>",
    )
    removed = version(said[-2][1])
    assert len({known, asked, removed}) == 3
    assert version(get(house, known)) == removed


def test_an_earlier_run_of_the_server_cannot_be_mistaken() -> None:
    one, other = Rosters(), Rosters()
    juliet = JID.parse("juliet@localhost")
    one.befriend(juliet, JID.parse("romeo@localhost"))
    other.befriend(juliet, JID.parse("nurse@localhost"))
    assert one.of(juliet).version != other.of(juliet).version


def test_the_stream_feature() -> None:
    assert VERSIONING == "<ver xmlns='urn:xmpp:features:rosterver'/>"
