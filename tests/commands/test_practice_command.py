"""/practice, on a practice server and elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from commands.desk_driver import Stage, stage

from xmppshell.feed import Record
from xmppshell.practice.conduct.misbehaviour import KINDS, Moment
from xmppshell.practice.conduct.profiles import Profile
from xmppshell.protocol.events import ElementSeen, StreamErrorSeen


async def gone(here: Stage) -> list[str]:
    """Wait for the end of juliet's session; return the stream errors that came."""
    await asyncio.wait_for(here.session("juliet").wait_closed(), 10)
    errors = [e for e in here.events("juliet") if isinstance(e, StreamErrorSeen)]
    return [error.condition for error in errors if error.direction.value == "received"]


async def test_it_lists_the_faults(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        (table,) = await here.enter("/practice")
        assert all(name in table for name in KINDS)
        assert "/practice fault NAME" in table


async def test_a_fault_strikes_this_session(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("romeo@localhost")
        await here.connect("juliet@localhost")
        (said,) = await here.enter("/practice fault policy-violation")
        assert "A client should tell why" in said
        assert await gone(here) == ["policy-violation"]
        assert here.session("romeo").connected


@pytest.mark.parametrize("name", [n for n, k in KINDS.items() if k.moment is Moment.AT_ONCE])
async def test_each_at_once(tmp_path: Path, name: str) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        (said,) = await here.enter(f"/practice fault {name}")
        assert said.startswith(f"{name}: the server {KINDS[name].meaning}")
        if name not in ("forged-carbon", "wrong-h"):
            await gone(here)
        assert here.server is not None
        assert not here.server.faults.waiting


@pytest.mark.parametrize(
    ("fault", "line", "rule"),
    [
        ("forged-result", "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
         "answer-from-another"),
        ("forged-carbon", "<presence/>", "carbon-from-another"),
    ],
)  # fmt: skip
async def test_what_is_forged_is_shown_as_such(
    tmp_path: Path, fault: str, line: str, rule: str
) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        judged: dict[bytes, list[str]] = {}

        def judge(record: Record) -> None:
            if isinstance(record.event, ElementSeen):
                remarks = here.desk.view.remarks(record)
                judged[record.event.data] = [finding.name for finding in remarks]

        here.session("juliet").feed.subscribe(judge)
        await here.enter(f"/practice fault {fault}")
        await here.enter(line)
        await here.enter("/practice disarm")
        forged = [found for data, found in judged.items() if b"mallory@evil.example/x" in data]
        assert forged[-1] == [rule]
        assert sum(rule in found for found in judged.values()) == 1


async def test_a_fault_with_a_value_and_a_count(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        await here.enter("/practice fault slow 300 --count 0")
        assert here.server is not None
        (armed,) = here.server.faults.waiting
        assert (armed.value, armed.left) == ("300", 0)
        (said,) = await here.enter("/practice disarm slow")
        assert said == "1 fault is disarmed"


async def test_a_fault_of_somebody_else(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        await here.connect("romeo@localhost")
        await here.enter("/practice fault drop --jid juliet@localhost")
        await gone(here)
        assert here.session("romeo").connected


async def test_the_profile_and_the_clock(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        assert here.server is not None
        (said,) = await here.enter("/practice profile ejabberd")
        assert "ejabberd" in said
        assert here.server.conduct.profile is Profile.EJABBERD
        (said,) = await here.enter("/practice clock fixed")
        assert "stands still" in said
        (said,) = await here.enter("/practice clock real")
        assert "real" in said


async def test_reset(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        (said,) = await here.enter("/practice reset")
        assert "as at the start" in said
        assert await gone(here) == ["reset"]
        await here.connect("juliet@localhost")
        assert here.session("juliet").connected


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("/practice fault", "needs to know which"),
        ("/practice fault nope", "there is no fault “nope”"),
        ("/practice fault slow soon", "no value for ms"),
        ("/practice profile other", "there is no profile “other”"),
        ("/practice clock", "needs to know which"),
        ("/practice clock other", "there is no clock “other”"),
        ("/practice fault close --count often", "is not how often"),
    ],
)
async def test_what_is_refused(tmp_path: Path, line: str, what: str) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        assert what in (await here.enter(line))[0]


async def test_another_server_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xmppshell.practice.server.control_commands", lambda server: [])
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        said = await here.enter("/practice fault close")
        assert said[0] == "localhost is no practice server"


async def test_without_a_session(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        assert "there is no connection" in await here.enter("/practice reset")
