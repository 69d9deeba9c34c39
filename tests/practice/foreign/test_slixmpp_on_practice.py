"""Slixmpp, a client library that is not ours, goes through an ordinary session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from practice.raw_client import Stand, practice
from slixmpp import JID
from slixmpp.exceptions import IqError, PresenceError
from slixmpp.plugins.xep_0082 import parse
from slixmpp_people import PATIENCE, PLUGINS, Person, person

JULIET, ROMEO, DOMAIN = "juliet@localhost", "romeo@localhost", "localhost"
ROOM = JID("orchard@rooms.localhost")


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with practice(tmp_path, direct_tls_port=0, registration=True) as running:
        yield running


@pytest_asyncio.fixture
async def both(stand: Stand) -> AsyncIterator[tuple[Person, Person]]:
    """Juliet and Romeo, who are in each other's rosters from the start, both here."""
    async with person(stand, "juliet") as juliet, person(stand, "romeo") as romeo:
        for one in (juliet, romeo):
            await one.get_roster()
            one.send_presence()
            await one.hears(lambda s, me=one.boundjid: s.name == "presence" and s["from"] == me)
        await juliet.hears(lambda s: s.name == "presence" and s["from"] == romeo.boundjid)
        yield juliet, romeo


async def test_it_signs_in_by_starttls_with_scram(stand: Stand) -> None:
    async with person(stand, "juliet") as juliet:
        assert juliet.boundjid.bare == JULIET
        assert juliet.boundjid.resource
        assert juliet.plugin["feature_mechanisms"].mech.name.startswith("SCRAM-")
        assert juliet.transport.get_extra_info("ssl_object").version()


async def test_it_signs_in_by_direct_tls(stand: Stand) -> None:
    async with person(stand, "juliet", direct_tls_port=stand.server.direct_tls_port) as juliet:
        answer = await juliet.plugin["xep_0199"].send_ping(JID(DOMAIN), timeout=PATIENCE)
        assert answer["type"] == "result"


@pytest.mark.parametrize(
    "mechanism",
    ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"],
)
async def test_it_signs_in_with_each_mechanism(stand: Stand, mechanism: str) -> None:
    async with person(stand, "juliet", sasl_mech=mechanism) as juliet:
        assert juliet.plugin["feature_mechanisms"].mech.name == mechanism


async def test_a_wrong_password_is_refused(stand: Stand) -> None:
    client = Person(JULIET, "wrong", stand, ())
    refused = asyncio.ensure_future(client.wait_until("failed_auth", PATIENCE))
    client.enable_direct_tls = False
    client.connect(stand.server.address, stand.server.port)
    assert (await refused)["condition"] == "not-authorized"
    await client.disconnect()


async def test_it_fetches_and_changes_the_roster(both: tuple[Person, Person]) -> None:
    juliet, _ = both
    assert juliet.client_roster[ROMEO]["subscription"] == "both"
    juliet.heard.clear()
    await juliet.update_roster("paris@localhost", name="Paris", groups=["Suitors"])
    push = await juliet.hears(lambda s: s.name == "iq" and s["type"] == "set")
    assert push["roster"]["items"][JID("paris@localhost")]["groups"] == ["Suitors"]
    await juliet.del_roster_item("paris@localhost")
    push = await juliet.hears(lambda s: s.name == "iq" and s["type"] == "set")
    assert push["roster"]["items"][JID("paris@localhost")]["subscription"] == "remove"


async def test_messages_go_both_ways(both: tuple[Person, Person]) -> None:
    juliet, romeo = both
    juliet.send_message(ROMEO, "Wherefore art thou?", mtype="chat")
    heard = await romeo.hears_body("Wherefore art thou?")
    assert heard["from"] == juliet.boundjid
    heard.reply("I take thee at thy word").send()
    answer = await juliet.hears_body("I take thee at thy word")
    assert (answer["type"], answer["from"]) == ("chat", romeo.boundjid)


async def test_strangers_subscribe_to_each_other(stand: Stand) -> None:
    async with person(stand, "mercutio") as mercutio, person(stand, "nurse") as nurse:
        mercutio.auto_authorize = nurse.auto_authorize = None
        for one in (mercutio, nurse):
            await one.get_roster()
            one.send_presence()
        mercutio.send_presence_subscription("nurse@localhost")
        asked = await nurse.hears(lambda s: s.name == "presence" and s["type"] == "subscribe")
        assert asked["from"] == "mercutio@localhost"
        nurse.send_presence_subscription("mercutio@localhost", ptype="subscribed")
        await mercutio.hears(lambda s: s.name == "presence" and s["from"] == nurse.boundjid)
        assert mercutio.client_roster["nurse@localhost"]["to"]
        assert not mercutio.client_roster["nurse@localhost"]["from"]


async def test_two_meet_in_a_room(both: tuple[Person, Person]) -> None:
    juliet, romeo = both
    rooms = juliet.plugin["xep_0045"]
    presence, *_ = await rooms.join_muc_wait(ROOM, "Jule", timeout=PATIENCE)
    assert {110, 201} <= presence["muc"]["status_codes"]
    form = await rooms.get_room_config(ROOM, timeout=PATIENCE)
    answers = {"muc#roomconfig_roomname": "The orchard"}
    form["type"] = "submit"
    form.set_values(answers)
    await rooms.set_room_config(ROOM, form, timeout=PATIENCE)

    _, _, occupants, _ = await romeo.plugin["xep_0045"].join_muc_wait(
        ROOM, "Romeo", timeout=PATIENCE
    )
    assert [p["from"].resource for p in occupants if p["from"].resource != "Romeo"] == ["Jule"]
    await juliet.hears(lambda s: s.name == "presence" and s["from"] == f"{ROOM}/Romeo")
    assert sorted(rooms.get_roster(ROOM)) == ["Jule", "Romeo"]

    juliet.send_message(ROOM, "Who is there?", mtype="groupchat")
    echo = await juliet.hears_body("Who is there?")
    assert (echo["type"], echo["from"]) == ("groupchat", f"{ROOM}/Jule")
    assert (await romeo.hears_body("Who is there?"))["from"] == f"{ROOM}/Jule"

    rooms.set_subject(ROOM, "The lark")
    await romeo.hears(lambda s: s.name == "message" and s["subject"] == "The lark")
    await romeo.plugin["xep_0045"].set_self_nick(ROOM, "Rom", timeout=PATIENCE)
    await rooms.set_affiliation(ROOM, "member", jid=JID(ROMEO), timeout=PATIENCE)
    assert await rooms.get_affiliation_list(ROOM, "member", timeout=PATIENCE) == [ROMEO]
    assert await juliet.plugin["xep_0410"].send_self_ping(ROOM)
    await rooms.set_role(ROOM, "Rom", "none", reason="The lark sings", timeout=PATIENCE)
    kicked = await romeo.hears(lambda s: s.name == "presence" and s["type"] == "unavailable"
                               and 307 in s["muc"]["status_codes"])  # fmt: skip
    assert kicked["muc"]["item"]["role"] == "none"
    await rooms.destroy(ROOM, "Morning", timeout=PATIENCE)


async def test_a_taken_nickname_is_a_conflict(both: tuple[Person, Person]) -> None:
    juliet, romeo = both
    await juliet.plugin["xep_0045"].join_muc_wait(ROOM, "Jule", timeout=PATIENCE)
    await juliet.plugin["xep_0045"].set_room_config(
        ROOM, juliet.plugin["xep_0004"].make_form(ftype="submit"), timeout=PATIENCE
    )
    with pytest.raises(PresenceError) as refused:
        await romeo.plugin["xep_0045"].join_muc_wait(ROOM, "Jule", timeout=PATIENCE)
    assert refused.value.condition == "conflict"


async def test_entities_answer_pings_and_say_what_they_are(both: tuple[Person, Person]) -> None:
    juliet, romeo = both
    for jid in (JID(DOMAIN), romeo.boundjid):
        assert await juliet.plugin["xep_0199"].ping(jid, timeout=PATIENCE) < PATIENCE
        info = await juliet.plugin["xep_0030"].get_info(jid=jid, timeout=PATIENCE)
        assert "http://jabber.org/protocol/disco#info" in info["disco_info"]["features"]
    items = await juliet.plugin["xep_0030"].get_items(jid=DOMAIN, timeout=PATIENCE)
    assert ROOM.domain in [jid for jid, _, _ in items["disco_items"]["items"]]
    version = await juliet.plugin["xep_0092"].get_version(DOMAIN, timeout=PATIENCE)
    assert version["software_version"]["name"]
    time = await juliet.plugin["xep_0202"].get_entity_time(DOMAIN, timeout=PATIENCE)
    # Its own reader adds a Z to the one that XEP-0202 has there.
    assert parse(time.xml.findtext("{urn:xmpp:time}time/{urn:xmpp:time}utc"))
    last = await juliet.plugin["xep_0012"].get_last_activity(DOMAIN, timeout=PATIENCE)
    assert last["last_activity"]["seconds"] >= 0
    with pytest.raises(IqError) as refused:
        await juliet.plugin["xep_0199"].send_ping(f"{ROMEO}/nowhere", timeout=PATIENCE)
    assert refused.value.condition == "service-unavailable"


async def test_it_knows_what_others_can_do_by_their_presence(both: tuple[Person, Person]) -> None:
    juliet, romeo = both

    async def known() -> Any:
        while True:
            verification = await juliet.plugin["xep_0115"].get_verstring(romeo.boundjid)
            if verification:
                return await juliet.plugin["xep_0115"].get_caps(verstring=verification)
            await asyncio.sleep(0.01)

    async with asyncio.timeout(PATIENCE):
        await romeo.plugin["xep_0115"].update_caps()
        assert await known() is not None


async def test_another_session_gets_carbons(stand: Stand, both: tuple[Person, Person]) -> None:
    juliet, _ = both
    async with person(stand, "romeo", plugins=PLUGINS) as other:
        await other.plugin["xep_0280"].enable(timeout=PATIENCE)
        other.send_presence(ppriority=-1)
        copied = asyncio.ensure_future(other.wait_until("carbon_received", PATIENCE))
        juliet.send_message(ROMEO, "for all of thee", mtype="chat")
        carbon = await copied
        assert carbon["carbon_received"]["body"] == "for all of thee"


async def test_the_archive_is_paged(both: tuple[Person, Person]) -> None:
    juliet, romeo = both
    bodies = [f"line {n}" for n in range(5)]
    for body in bodies:
        juliet.send_message(ROMEO, body, mtype="chat")
    await romeo.hears_body(bodies[-1])
    found = [
        result["mam_result"]["forwarded"]["stanza"]["body"]
        async for result in juliet.plugin["xep_0313"].iterate(with_jid=JID(ROMEO), rsm={"max": 2})
    ]
    assert found == bodies


async def test_a_nickname_is_published(both: tuple[Person, Person]) -> None:
    juliet, romeo = both
    told = asyncio.ensure_future(romeo.wait_until("user_nick_publish", PATIENCE))
    await romeo.plugin["xep_0115"].update_caps()
    await juliet.plugin["xep_0172"].publish_nick("Jule", timeout=PATIENCE)
    event = await told
    assert event["from"] == JULIET
    assert event["pubsub_event"]["items"]["item"]["nick"]["nick"] == "Jule"


async def test_bookmarks_are_kept(both: tuple[Person, Person]) -> None:
    juliet, _ = both
    from slixmpp.plugins.xep_0402.stanza import Conference

    bookmark = Conference()
    bookmark["name"], bookmark["autojoin"], bookmark["nick"] = "The orchard", True, "Jule"
    await juliet.plugin["xep_0163"].publish(
        bookmark, node="urn:xmpp:bookmarks:1", id=str(ROOM), timeout=PATIENCE
    )
    nodes = juliet.plugin["xep_0060"]
    kept = await nodes.get_items(JULIET, "urn:xmpp:bookmarks:1", timeout=PATIENCE)
    [item] = kept["pubsub"]["items"]
    assert (item["id"], item["conference"]["nick"]) == (ROOM, "Jule")
    await nodes.retract(JULIET, "urn:xmpp:bookmarks:1", str(ROOM), timeout=PATIENCE)
    kept = await nodes.get_items(JULIET, "urn:xmpp:bookmarks:1", timeout=PATIENCE)
    assert not list(kept["pubsub"]["items"])


async def test_who_is_blocked_is_not_heard(both: tuple[Person, Person]) -> None:
    juliet, romeo = both
    blocking = juliet.plugin["xep_0191"]
    await blocking.block(JID(ROMEO), timeout=PATIENCE)
    assert await blocking.get_blocked_jids(timeout=PATIENCE) == {JID(ROMEO)}
    romeo.send_message(JULIET, "dost thou hear?", mtype="chat")
    refused = await romeo.hears(lambda s: s.name == "message" and s["type"] == "error")
    assert refused["error"]["condition"] == "service-unavailable"
    await blocking.unblock(JID(ROMEO), timeout=PATIENCE)
    romeo.send_message(JULIET, "and now?", mtype="chat")
    await juliet.hears_body("and now?")


async def test_cards_are_published_and_read(both: tuple[Person, Person]) -> None:
    juliet, romeo = both
    card = juliet.plugin["xep_0054"].make_vcard()
    card["FN"] = "Juliet Capulet"
    await juliet.plugin["xep_0054"].publish_vcard(card, timeout=PATIENCE)
    found = await romeo.plugin["xep_0054"].get_vcard(JID(JULIET), timeout=PATIENCE)
    assert found["vcard_temp"]["FN"] == "Juliet Capulet"


async def test_commands_are_listed_and_run(both: tuple[Person, Person]) -> None:
    juliet, _ = both
    listed = await juliet.plugin["xep_0050"].get_commands(DOMAIN, timeout=PATIENCE)
    nodes = [node for _, node, _ in listed["disco_items"]["items"]]
    assert nodes
    run = await juliet.plugin["xep_0050"].send_command(DOMAIN, nodes[0], timeout=PATIENCE)
    assert run["command"]["status"] in ("executing", "completed")


async def test_an_account_is_registered(stand: Stand) -> None:
    client = Person("rosaline@localhost", "so fair", stand, ("xep_0077",))
    client.plugin["xep_0077"].force_registration = True
    asked: list[Any] = []

    async def register(form: Any) -> None:
        asked.append(form)
        answer = client.Iq(stype="set")
        answer["register"]["username"] = client.boundjid.user
        answer["register"]["password"] = client.password
        await answer.send(timeout=PATIENCE)

    client.add_event_handler("register", register)
    client.enable_direct_tls = False
    started = asyncio.ensure_future(client.wait_until("session_start", PATIENCE))
    client.connect(stand.server.address, stand.server.port)
    await started
    assert asked, "the form came"
    await client.plugin["xep_0077"].cancel_registration(timeout=PATIENCE)
    await client.wait_until("disconnected", PATIENCE)


async def test_a_stream_is_managed(stand: Stand) -> None:
    async with person(stand, "juliet", plugins=("xep_0198", "xep_0199")) as juliet:
        await juliet.plugin["xep_0199"].ping(JID(DOMAIN), timeout=PATIENCE)
        assert juliet.plugin["xep_0198"].sm_id
