"""Several sessions in one shell, on the practice server."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from commands.desk_driver import Stage, stage

from xmppshell.protocol.events import Disconnected

PING = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


async def two(here: Stage) -> None:
    """Connect juliet and then romeo, who are both available."""
    for name, resource in (("juliet", "balcony"), ("romeo", "garden")):
        await here.connect(f"{name}@localhost/{resource}")
        await here.enter("<presence/>")
    await settled(here)


async def settled(here: Stage) -> None:
    """Wait until every session has the answer to a last ping of its own."""
    for session in here.desk.sessions:
        if not session.connected:
            continue
        answered = asyncio.Event()
        stop = session.feed.subscribe(
            lambda record, answered=answered: answered.set() if record.answers else None
        )
        await here.enter(f"@{session.name} {PING}")
        async with asyncio.timeout(5):
            await answered.wait()
        stop()


async def test_connect_opens_a_session_beside_the_other(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        assert not here.desk.view.several_sessions
        await here.connect("romeo@localhost")
        assert here.names == ["juliet", "romeo"]
        assert [session.online for session in here.desk.sessions] == [True, True]
        assert here.now == here.screen.current == "romeo"
        assert here.desk.view.several_sessions


async def test_a_second_session_of_an_account_has_a_name_and_ids_of_its_own(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        for _ in range(3):
            await here.connect("juliet@localhost")
        assert here.names == ["juliet", "juliet2", "juliet3"]
        resources = {session.jid for session in here.desk.sessions}
        assert len(resources) == 3
        for name in here.names:
            await here.enter(f"@{name} <presence/>")
        ids = [re.findall(r"id='(\w+)'", "".join(here.sent(name))) for name in here.names]
        # Binding took the first of each.
        assert ids == [["j2"], ["ju2"], ["jul2"]]


async def test_at_sends_on_another_without_switching(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await two(here)
        await here.enter("@juliet <message to='romeo@localhost'><body>$me {id}</body></message>")
        assert here.now == "romeo"
        (sent,) = (text for text in here.sent("juliet") if "body" in text)
        assert re.search(r"<body>juliet@localhost/balcony (j\d+)</body>", sent)
        assert not any("body" in text for text in here.sent("romeo"))


async def test_at_a_name_that_is_not_there_sends_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await two(here)
        count = len(here.screen.records)
        what, cause, _ = await here.enter("@mercutio <presence/>")
        assert what == "there is no session mercutio"
        assert cause == "there are juliet, romeo"
        assert len(here.screen.records) == count


async def test_use_switches_and_what_came_meanwhile_is_counted(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await two(here)
        await here.enter("/use juliet")
        await settled(here)
        before = here.desk.sessions.unread("romeo")
        await here.enter("<message to='romeo@localhost/garden'><body>1</body></message>")
        await settled(here)
        # The message, and the answer to the ping.
        assert here.desk.sessions.unread("romeo") == before + 2
        assert here.desk.sessions.unread("juliet") == 0
        lines = await here.enter("/sessions")
        assert re.fullmatch(r"▸ juliet  juliet@localhost/balcony  bound", lines[0])
        assert re.fullmatch(
            rf"  romeo   romeo@localhost/garden    bound +{before + 2} new", lines[1]
        )
        assert await here.enter("/use r") == ["now romeo: romeo@localhost/garden, bound"]
        assert here.desk.sessions.unread("romeo") == 0


async def test_use_alone_goes_round_the_open_ones(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await two(here)
        await here.connect("juliet@localhost")
        seen = []
        for _ in range(4):
            await here.enter("/use")
            seen.append(here.now)
        assert seen == ["juliet", "romeo", "juliet2", "juliet"]
        await here.enter("/close romeo")
        await here.enter("/use")
        assert here.now == "juliet2"


async def test_closing_one_leaves_the_others(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await two(here)
        await here.enter("/close juliet")
        assert [s.connected for s in here.desk.sessions] == [False, True]
        assert here.now == "romeo"
        await here.enter(PING)
        await settled(here)
        what, *_ = await here.enter("@juliet <presence/>")
        assert what == "juliet is not connected"
        await here.enter("/drop")
        assert [s.connected for s in here.desk.sessions] == [False, False]
        assert isinstance(here.events("romeo")[-1], Disconnected)


async def test_one_that_is_lost_stays_the_current_one(tmp_path: Path) -> None:
    """Nobody types to another account than the one that the prompt showed."""
    async with stage(tmp_path) as here:
        await two(here)
        await here.session("romeo").drop()
        assert here.now == "romeo"
        what, _, _ = await here.enter("<presence/>")
        assert what == "romeo is not connected"
        assert list(here.sent("juliet"))[-1] != "<presence/>"


async def test_quit_closes_all_properly(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await two(here)
        await here.enter("/quit")
        assert here.screen.left
        for name in here.names:
            end = here.events(name)[-1]
            assert isinstance(end, Disconnected)
            assert end.clean


async def test_a_closed_session_is_opened_again_and_counts_on(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await two(here)
        before = here.session("juliet")
        await here.enter("/close juliet")
        await here.enter("/connect juliet")
        assert here.session("juliet") is before
        assert here.now == "juliet"
        assert before.online
        await here.enter("<presence/>")
        ids = [int(found) for found in re.findall(r"id='j(\d+)'", "".join(here.sent("juliet")))]
        assert len(ids) == 3
        assert ids == sorted(set(ids))
        assert here.screen.asked == ["juliet@localhost", "romeo@localhost"]


async def test_connect_takes_the_place_of_a_closed_current_one(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        await here.enter("/close")
        await here.connect("romeo@localhost")
        assert here.names == ["romeo"]
        assert not here.desk.view.several_sessions


@pytest.mark.parametrize("typed", ["/connect", "/connect juliet"])
async def test_an_open_session_is_not_opened_again(tmp_path: Path, typed: str) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        what, *_ = await here.enter(typed)
        assert what == "juliet is connected"
        assert here.names == ["juliet"]


async def test_a_name_of_ones_own(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost", "--name Lady")
        await here.connect("romeo@localhost", "--name Lord")
        assert here.names == ["Lady", "Lord"]
        await here.enter("@Lady <presence/>")
        assert "id='l2'" in next(here.sent("Lady"))
        what, *_ = await here.connect("juliet@localhost", "--name Lord")
        assert "there is a session Lord already" in what
        what, *_ = await here.connect("juliet@localhost", "--name 'a b'")
        assert "cannot be the name of a session" in what
        assert here.names == ["Lady", "Lord"]


async def test_a_name_is_not_given_to_another_account(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost", "--name x")
        await here.enter("/close")
        what, *_ = await here.connect("romeo@localhost", "--name x")
        assert "was one of another account" in what


async def test_each_session_has_its_own_capture_log_and_variables(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await two(here)
        assert [capture.sessions for capture in here.captures] == [{"juliet"}, {"romeo"}]
        await here.enter("@juliet <message to='romeo@localhost/garden'/>")
        await settled(here)
        romeo, juliet = here.session("romeo"), here.session("juliet")
        assert here.desk.variables(romeo)["me"] == "romeo@localhost/garden"
        assert here.desk.variables(juliet)["me"] == "juliet@localhost/balcony"
        numbers = [record.number for record in here.desk.log.records if record.number]
        assert numbers == sorted(set(numbers))
        here.screen.records.clear()
        await here.enter("/last")
        assert {record.session for record in here.screen.records} == {"romeo"}


async def test_a_wrong_password_is_forgotten_for_its_account_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        here.screen.passwords["romeo@localhost"] = "wrong"
        await here.connect("romeo@localhost")
        assert not here.session("romeo").connected
        await here.enter("/use juliet")
        await here.enter("/close")
        await here.enter("/connect")
        assert here.session("juliet").online
        assert here.screen.asked == ["juliet@localhost", "romeo@localhost"]
        here.screen.passwords["romeo@localhost"] = "verona"
        await here.enter("/connect romeo")
        assert here.session("romeo").online


# Accounts of the configuration.

FILE = """\
[defaults]
host = "127.0.0.1"
port = $PORT
ca_file = "$CA"
[accounts.work]
jid = "juliet@localhost/desk"
password_command = "echo verona"
[accounts.play]
jid = "romeo@localhost"
"""


async def test_an_account_gives_the_name_the_place_and_the_password(tmp_path: Path) -> None:
    async with stage(tmp_path, FILE) as here:
        await here.enter("/connect work")
        await here.enter("/connect play")
        assert here.names == ["work", "play"]
        assert str(here.session("work").jid) == "juliet@localhost/desk"
        assert here.screen.asked == ["romeo@localhost"]
        await here.enter("@work <presence/>")
        assert "id='w2'" in next(here.sent("work"))


async def test_an_account_can_be_opened_twice(tmp_path: Path) -> None:
    async with stage(tmp_path, FILE) as here:
        await here.enter("/connect work")
        await here.enter("/connect work --resource other")
        assert here.names == ["work", "work2"]
        assert here.session("work").online


async def test_what_is_set_counts_from_the_next_connect(tmp_path: Path) -> None:
    async with stage(tmp_path, FILE) as here:
        await here.enter("/set mechanism scram-sha-1")
        await here.enter("/connect work")
        stream = here.session("work").stream
        assert stream is not None
        assert stream.sasl_exchange is not None
        assert stream.sasl_exchange.mechanism == "SCRAM-SHA-1"


async def test_a_slip_and_a_mistake_in_the_file_are_told(tmp_path: Path) -> None:
    async with stage(tmp_path, FILE) as here:
        what, _, cure = await here.enter("/connect wrok")
        assert what == "there is no account wrok in config.toml"
        assert cure == "did you mean work?"
        here.configuration = "[defaults]\nport = 0\n"
        what, *_ = await here.enter("/connect work")
        assert what.startswith("config.toml:2: port: 0 is not a port")
        assert not len(here.desk.sessions)
