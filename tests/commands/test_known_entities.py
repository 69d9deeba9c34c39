"""What is remembered of others from the stanzas that passed."""

from __future__ import annotations

from datetime import UTC, datetime

from xmppshell.commands.known_entities import MOST, KnownEntities
from xmppshell.feed import Record
from xmppshell.protocol.events import Bound, Direction, ElementSeen
from xmppshell.protocol.jid import JID
from xmppshell.protocol.stanza import stanza_of
from xmppshell.protocol.xml import Context, parse_element


def record_of(xml: str, direction: Direction = Direction.RECEIVED) -> Record:
    """Return the record of one stanza."""
    element = parse_element(xml.encode(), Context.for_namespace())
    event = ElementSeen(direction, xml.encode(), element, stanza_of(element))
    return Record(1, "juliet", 0.0, datetime.now(UTC), event)


def known(*stanzas: str) -> KnownEntities:
    entities = KnownEntities()
    for xml in stanzas:
        entities.observe(record_of(xml))
    return entities


INFO = "<query xmlns='http://jabber.org/protocol/disco#info'>{}</query>"
ITEMS = "<query xmlns='http://jabber.org/protocol/disco#items'>{}</query>"


def test_disco_info() -> None:
    inside = (
        "<identity category='conference' type='text' name='Rooms'/><feature var='urn:a'/><feature/>"
    )
    entities = known(f"<iq type='result' from='Rooms.Example'>{INFO.format(inside)}</iq>")
    entity = entities.entity("rooms.example")
    assert entity is not None
    assert list(entity.features) == ["urn:a"]
    assert list(entity.identities) == ["conference/text Rooms"]
    assert entities.around("hall@rooms.example/nick") == [entity]
    assert entities.entity("other.example") is None


def test_an_error_tells_nothing() -> None:
    inside = INFO.format("<feature var='urn:a'/>")
    assert known(f"<iq type='error' from='a.example'>{inside}</iq>").entity("a.example") is None


def test_what_is_said_of_a_node_is_not_said_of_the_entity() -> None:
    inside = "<query xmlns='http://jabber.org/protocol/disco#info' node='n'><identity name='N'/>"
    entity = known(
        f"<iq type='result' from='a.example'>{inside}<feature var='urn:a'/></query></iq>"
    ).entity("a.example")
    assert entity is not None
    assert entity.nodes == {"n": "N"}
    assert not entity.features


def test_disco_items_and_nodes() -> None:
    inside = "<item jid='r@c.example' name='Hall'/><item jid='a.example' node='cmd' name='Do'/>"
    entities = known(f"<iq type='result' from='a.example'>{ITEMS.format(inside)}</iq>")
    entity = entities.entity("a.example")
    assert entity is not None
    assert entity.items == {"r@c.example": "Hall", "a.example": "Do"}
    assert entity.nodes == {"cmd": "Do"}
    assert entities.addresses["r@c.example"] == "Hall"


def test_the_own_account_has_no_address() -> None:
    roster = "<query xmlns='jabber:iq:roster'><item jid='romeo@example.net' name='Romeo'/></query>"
    pubsub = (
        "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        "<items node='urn:xmpp:bookmarks:1'/></pubsub>"
    )
    entities = known(f"<iq type='result'>{roster}</iq>", f"<iq type='result'>{pubsub}</iq>")
    assert entities.addresses == {"romeo@example.net": "Romeo"}
    own = entities.entity("")
    assert own is not None
    assert list(own.nodes) == ["urn:xmpp:bookmarks:1"]


def test_the_own_nickname_is_the_one_that_the_room_says() -> None:
    def presence(nick: str, code: str, kind: str = "") -> str:
        return (
            f"<presence from='hall@rooms.example/{nick}' to='me@example/a'{kind}>"
            f"<x xmlns='http://jabber.org/protocol/muc#user'>{code}</x></presence>"
        )

    own, gone = "<status code='110'/>", " type='unavailable'"
    entities = known(presence("Nurse", ""), presence("Jule", own))
    room = entities.entity("hall@rooms.example")
    assert room is not None
    assert room.nicks == {"me@example/a": "Jule"}
    entities.observe(record_of(presence("Nurse", "", gone)))
    assert room.nicks == {"me@example/a": "Jule"}
    entities.observe(record_of(presence("Jule", own + "<status code='303'/>", gone)))
    assert room.nicks == {}
    entities.observe(record_of(presence("Juliet", own)))
    assert room.nicks == {"me@example/a": "Juliet"}


def test_occupants_come_and_go() -> None:
    muc = "<x xmlns='http://jabber.org/protocol/muc#user'/>"
    came = [f"<presence from='hall@c.example/{nick}'>{muc}</presence>" for nick in "ab"]
    gone = f"<presence from='hall@c.example/a' type='unavailable'>{muc}</presence>"
    room = known(*came, gone).entity("hall@c.example")
    assert room is not None
    assert list(room.occupants) == ["b"]


def test_a_room_that_one_has_left_is_no_longer_joined() -> None:
    muc = "<x xmlns='http://jabber.org/protocol/muc#user'>{}</x>"
    own, renamed = "<status code='110'/>", "<status code='110'/><status code='303'/>"

    def presence(nick: str, code: str = "", kind: str = "") -> str:
        sender = f"from='hall@c.example/{nick}' to='me@example/a'{kind}"
        return f"<presence {sender}>{muc.format(code)}</presence>"

    gone = " type='unavailable'"
    entities = known(presence("Nurse"), presence("Me", own), presence("Me", renamed, gone))
    room = entities.entity("hall@c.example")
    assert room is not None
    assert list(room.occupants) == ["Nurse"]
    entities.observe(record_of(presence("Myself", own)))
    assert entities.rooms == {"hall@c.example"}
    entities.observe(record_of(presence("Myself", own, gone)))
    assert entities.rooms == frozenset()


def test_a_new_resource_is_in_no_room_yet() -> None:
    def bound(resource: str) -> Record:
        event = Bound(JID("me", "example", resource))
        return Record(None, "juliet", 0.0, datetime.now(UTC), event)

    entities = KnownEntities()
    entities.observe(bound("a"))
    entities.observe(
        record_of(
            "<presence from='hall@c.example/Me' to='me@example/a'>"
            "<x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>"
        )
    )
    assert entities.rooms == {"hall@c.example"}
    entities.observe(bound("b"))
    assert entities.rooms == frozenset()


def test_the_last_form() -> None:
    form = "<x xmlns='jabber:x:data' type='form'><field var='{}' type='boolean'/></x>"
    entities = known(
        f"<iq type='result' from='a.example'><query xmlns='q'>{form.format('one')}</query></iq>",
        f"<message from='a.example'>{form.format('two')}</message>",
    )
    entity = entities.entity("a.example")
    assert entity is not None
    assert entity.form is not None
    assert [field.var for field in entity.form.fields] == ["two"]


def test_ids_and_threads() -> None:
    entities = known("<message from='r@x' id='m1'><thread>t</thread></message>")
    entities.observe(record_of("<iq type='get' id='i1'><a xmlns='a'/></iq>", Direction.SENT))
    assert [(key, seen.kind, seen.other) for key, seen in entities.ids.items()] == [
        ("m1", "message", "r@x"),
        ("i1", "iq", ""),
    ]
    assert list(entities.threads) == ["t"]


def test_no_more_than_so_many_are_kept() -> None:
    inside = "".join(f"<feature var='urn:{number}'/>" for number in range(MOST + 10))
    entities = known(f"<iq type='result' from='a.example'>{INFO.format(inside)}</iq>")
    entity = entities.entity("a.example")
    assert entity is not None
    assert len(entity.features) == MOST
    assert "urn:0" not in entity.features
