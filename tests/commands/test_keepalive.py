"""White space keepalives, on the practice server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from commands.desk_driver import Stage, stage

from xmppshell.protocol.events import Direction, WhitespaceSeen


def spaces(here: Stage) -> int:
    sent = WhitespaceSeen(Direction.SENT, b" ")
    return here.events("juliet").count(sent)


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - time itself is waited for
            await asyncio.sleep(0.05)


async def test_one_space_now(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        assert spaces(here) == 0
        assert await here.enter("/ka") == ["a space was sent"]
        assert spaces(here) == 1


async def test_a_space_after_each_silence_until_it_is_switched_off(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        await here.enter("/ka 1")
        await eventually(lambda: spaces(here) >= 3)  # One at once, the others by themselves.
        keepalive = here.desk.keepalives["juliet"]
        await here.enter("/ka off")
        assert "juliet" not in here.desk.keepalives
        await asyncio.sleep(0)
        assert not keepalive.running


async def test_it_ends_with_the_stream(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        await here.enter("/ka 1")
        keepalive = here.desk.keepalives["juliet"]
        await here.enter("/close")
        await eventually(lambda: not keepalive.running)


async def test_none_while_the_stream_is_negotiated(tmp_path: Path) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost", "--until features")
        for line in ("/ka", "/ka 5"):
            assert "not allowed while" in (await here.enter(line))[0]
        assert spaces(here) == 0
        assert not here.desk.keepalives


@pytest.mark.parametrize("wrong", ["0", "-1", "soon"])
async def test_a_wrong_number_is_said(tmp_path: Path, wrong: str) -> None:
    async with stage(tmp_path) as here:
        await here.connect("juliet@localhost")
        assert "is not a number of seconds" in (await here.enter(f"/ka {wrong}"))[0]
