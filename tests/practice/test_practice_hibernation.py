"""Resources that wait for a client whose connection was lost, on the practice server."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from practice.raw_client import HEADER, STARTTLS, RawClient, Stand, plain, practice

from xmppshell.practice import hibernation

SM = "urn:xmpp:sm:3"
ENABLE = f"<enable xmlns='{SM}' resume='true'/>"
FEATURES = "</stream:features>"


def message(to: str, text: str, kind: str = "chat") -> str:
    return f"<message to='{to}' type='{kind}' id='{text}'><body>{text}</body></message>"


async def managed(
    stand: Stand, user: str = "juliet", resource: str = "balcony"
) -> tuple[RawClient, str]:
    """Let a user in with stream management; return the client and the stream's id."""
    client = await stand.enter(user, resource)
    said = await client.ask(ENABLE, "<enabled[^>]*>")
    found = re.search(r"id='([^']*)'", said)
    assert found is not None
    return client, found[1]


async def back(stand: Stand, user: str = "juliet") -> RawClient:
    """Sign a user in and stop where a resource could be bound or a stream resumed."""
    client = await stand.connect()
    await client.ask(HEADER, FEATURES)
    await client.ask(STARTTLS, "<proceed[^>]*>")
    await client.secure()
    await client.ask(HEADER, FEATURES)
    await client.ask(plain(user), "<success[^>]*>")
    assert f"<sm xmlns='{SM}'/>" in await client.ask(HEADER, FEATURES)
    return client


def resume(stream_id: str, h: int) -> str:
    return f"<resume xmlns='{SM}' previd='{stream_id}' h='{h}'/>"


async def given_up(stand: Stand, jid: str) -> None:
    """Wait until the server has stopped waiting for a session to come back."""
    for _ in range(500):
        if f"{jid} did not come back" in stand.notes:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"the server still waits for {jid}")


async def test_who_is_away_stays_present(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        romeo = await stand.enter("romeo", "orchard")
        juliet, stream_id = await managed(stand)
        await romeo.hear("<presence[^>]*from='juliet@localhost/balcony'")
        await juliet.wire.close(abort=True)
        await asyncio.sleep(0.1)
        assert "unavailable" not in await romeo.so_far()
        await romeo.say(message("juliet@localhost/balcony", "one"))
        await romeo.say(message("juliet@localhost", "two"))
        assert "type='error'" not in await romeo.so_far()
        again = await back(stand)
        said = await again.ask(resume(stream_id, 0), "id='two'.*</message>")
        assert said.index("<resumed") < said.index("id='one'") < said.index("id='two'")
        assert "juliet@localhost/balcony may come back" in stand.notes
        await again.say(message("romeo@localhost", "three"))
        assert "from='juliet@localhost/balcony'" in await romeo.hear("<body>three</body>")


async def test_a_stream_can_be_taken_over_while_it_lives(tmp_path: Path) -> None:
    """The server may not have noticed that the line is gone; the old one gets conflict."""
    async with practice(tmp_path) as stand:
        juliet, stream_id = await managed(stand)
        again = await back(stand)
        await again.ask(resume(stream_id, 0), "<resumed[^>]*>")
        assert "<conflict" in await juliet.hear_all()
        assert "juliet@localhost/balcony" in await again.ask(
            "<message to='juliet@localhost/balcony'><body>me</body></message>", "</message>"
        )


async def test_nobody_else_can_resume_it(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        juliet, stream_id = await managed(stand)
        await juliet.wire.close(abort=True)
        romeo = await back(stand, "romeo")
        assert "<item-not-found" in await romeo.ask(resume(stream_id, 0), "</failed>")
        assert await romeo.bind("garden") == "romeo@localhost/garden"
        again = await back(stand)
        await again.ask(resume(stream_id, 0), "<resumed[^>]*>")


async def test_time_runs_out(tmp_path: Path) -> None:
    async with practice(tmp_path, resume_seconds=1) as stand:
        romeo = await stand.enter("romeo", "orchard")
        juliet, stream_id = await managed(stand)
        await romeo.say(message("juliet@localhost/balcony", "early", "normal"))
        await juliet.hear("<body>early</body>")
        await juliet.wire.close(abort=True)
        await asyncio.sleep(0.1)
        await romeo.say(message("juliet@localhost/balcony", "late", "normal"))
        # Whether "early" arrived was never said, so it counts as not delivered.
        said = await romeo.hear("(?s)type='unavailable'.*id='late'.*</message>")
        assert "<service-unavailable" in said
        assert re.search(
            "<message[^>]*type='error'[^>]*id='early'|id='early'[^>]*type='error'", said
        )
        assert "juliet@localhost/balcony did not come back" in stand.notes
        again = await back(stand)
        assert "<item-not-found" in await again.ask(resume(stream_id, 0), "</failed>")


async def test_a_new_resource_of_the_same_name_gets_what_waits(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        romeo = await stand.enter("romeo", "orchard")
        juliet, stream_id = await managed(stand)
        await juliet.wire.close(abort=True)
        await asyncio.sleep(0.1)
        await romeo.say(message("juliet@localhost/balcony", "waits"))
        await romeo.so_far()
        again = await stand.connect()
        await again.sign_in("juliet", "balcony")
        await again.hear("<body>waits</body>")
        third = await back(stand)
        assert "<item-not-found" in await third.ask(resume(stream_id, 0), "</failed>")


async def test_too_much_that_waits_is_the_end(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        romeo = await stand.enter("romeo", "orchard")
        juliet, _ = await managed(stand)
        await juliet.wire.close(abort=True)
        await asyncio.sleep(0.1)
        for number in range(hibernation.MAX_WAITING + 1):
            await romeo.say(message("juliet@localhost/balcony", f"m{number}", "normal"))
        await romeo.hear("(?s)type='unavailable'.*id='m0'")


async def test_a_proper_close_leaves_at_once(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        romeo = await stand.enter("romeo", "orchard")
        juliet, _ = await managed(stand)
        await juliet.say("</stream:stream>")
        await juliet.hear_all()
        await romeo.hear("type='unavailable'")


async def test_it_says_where_to_resume(tmp_path: Path) -> None:
    async with practice(tmp_path, resume_at="127.0.0.1:7777") as stand:
        client = await stand.enter("juliet")
        assert "location='127.0.0.1:7777'" in await client.ask(ENABLE, "<enabled[^>]*>")


async def test_stopping_wakes_nobody(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        juliet, _ = await managed(stand)
        await juliet.wire.close(abort=True)
        await asyncio.sleep(0.1)
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_what_never_arrived_waits_even_if_its_sender_is_gone(tmp_path: Path) -> None:
    async with practice(tmp_path, resume_seconds=1) as stand:
        romeo = await stand.enter("romeo", "orchard")
        juliet, _ = await managed(stand)
        await juliet.wire.close(abort=True)
        await asyncio.sleep(0.1)
        await romeo.say(message("juliet@localhost", "one"))
        await romeo.say(message("juliet@localhost/balcony", "two"))
        await romeo.say(message("juliet@localhost/balcony", "three", "headline"))
        await romeo.say("</stream:stream>")
        await romeo.hear_all()
        await given_up(stand, "juliet@localhost/balcony")
        again = await stand.connect()
        await again.sign_in("juliet", "phone")
        said = await again.ask("<presence/>", "id='two'.*</message>")
        assert said.index("<body>one</body>") < said.index("<body>two</body>")
        assert said.count("urn:xmpp:delay") == said.count("<stanza-id ") == 2
        assert "three" not in await again.so_far(), "a headline is not kept"


async def test_what_waited_and_was_lost_again_keeps_its_time(tmp_path: Path) -> None:
    async with practice(tmp_path, resume_seconds=1, parts=()) as stand:
        romeo = await stand.enter("romeo", "orchard")
        await romeo.say(message("nurse@localhost", "old"))
        await romeo.so_far()
        nurse = await stand.connect()
        await nurse.sign_in("nurse", "chamber")
        await nurse.ask(ENABLE, "<enabled[^>]*>")
        stamp = re.search("stamp='[^']*'", await nurse.ask("<presence/>", "</message>"))
        assert stamp is not None
        await nurse.wire.close(abort=True)
        await given_up(stand, "nurse@localhost/chamber")
        again = await stand.connect()
        await again.sign_in("nurse", "phone")
        said = await again.ask("<presence/>", "</message>")
        assert said.count("urn:xmpp:delay") == 1
        assert stamp[0] in said


async def test_a_copy_that_never_arrived_is_for_nobody_else(tmp_path: Path) -> None:
    async with practice(tmp_path, resume_seconds=1) as stand:
        romeo = await stand.enter("romeo", "orchard")
        phone = await stand.enter("juliet", "phone")
        await phone.ask("<presence/>", "<presence[^>]*>")
        juliet, _ = await managed(stand)
        await juliet.ask(
            "<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>", "id='c'[^>]*>"
        )
        await romeo.say(message("juliet@localhost/phone", "once"))
        await phone.hear("<body>once</body>.*</message>")
        await juliet.hear("<received xmlns='urn:xmpp:carbons:2'>.*</received></message>")
        await juliet.wire.close(abort=True)
        await given_up(stand, "juliet@localhost/balcony")
        assert "once" not in await phone.so_far()
        assert "type='error'" not in await romeo.so_far()
