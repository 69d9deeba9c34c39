"""White space keepalives: a space now, or whenever the stream has been silent for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..protocol.problem import Problem
from ..session import SessionError
from .registry import Argument, Call, Command, CommandError

if TYPE_CHECKING:
    from ..session import Session
    from .desk import Desk

SHORTEST = 1
"""No keepalives come closer together than this many seconds."""


class Keepalive:
    """Sends a space whenever `session` has said nothing for `seconds`, until the stream ends."""

    def __init__(self, session: Session, seconds: int) -> None:
        self.seconds = seconds
        self._session = session
        self._task = asyncio.get_running_loop().create_task(self._run())

    @property
    def running(self) -> bool:
        """True while spaces are sent."""
        return not self._task.done()

    def stop(self) -> None:
        """Send no more."""
        self._task.cancel()

    async def _run(self) -> None:
        session = self._session
        while session.connected:
            rest = self.seconds - session.silent_for
            if rest > 0:
                await asyncio.sleep(rest)
                continue
            try:
                await session.keep_alive()
            except SessionError:
                return  # The stream came to its end meanwhile, which the feed has told.


async def keepalive(desk: Desk, call: Call) -> None:
    """Send a space now, or say how often; `off` ends it."""
    session = desk.live
    wanted = call.get("seconds")
    running = desk.keepalives.get(session.name)
    if wanted is None:
        await session.keep_alive()
        now = f"; one follows after each {running.seconds} s of silence" if running else ""
        desk.screen.say(f"a space was sent{now}")
        return
    seconds = _seconds(wanted)
    if seconds:
        await session.keep_alive()
    if running is not None:
        desk.keepalives.pop(session.name).stop()
    if seconds:
        desk.keepalives[session.name] = Keepalive(session, seconds)
        desk.screen.say(f"a space is sent after each {seconds} s of silence · /ka off ends it")
    else:
        desk.screen.say("no white space is sent by itself")


def _seconds(text: str) -> int:
    if text == "off":
        return 0
    if not text.isdecimal() or int(text) < SHORTEST:
        raise CommandError(
            Problem(f"{text} is not a number of seconds", "", "/ka, /ka 60 or /ka off")
        )
    return int(text)


COMMANDS = (
    Command(
        "ka",
        "send",
        "send a white space keepalive, now or after each so many seconds of silence",
        keepalive,
        (Argument("seconds", "how long a silence, or off; without it one space now", True),),
        details="A quiet stream is the rule: nothing is sent by itself until you say so.",
        examples=("/ka", "/ka 60", "/ka off"),
    ),
)
