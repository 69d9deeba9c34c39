"""Going where a server sends its client, when the user says so."""

from __future__ import annotations

from dataclasses import replace

from ..protocol.problem import Problem
from .desk import Desk
from .registry import Call, Command, CommandError


async def follow(desk: Desk, call: Call) -> None:
    """Connect to where the server of the last connection sent its client."""
    session = desk.session
    redirect = None if session is None else session.redirect
    if session is None or redirect is None:
        raise CommandError(
            Problem(
                "there is nowhere to follow to",
                "the server did not send this client elsewhere",
                "/connect, with --host for another machine",
            )
        )
    settings = session.redirected(redirect)
    await session.close()
    settings = replace(settings, password=desk.password_for(settings))
    desk.screen.say(f"following to {redirect.target}, for {settings.jid.domain} still", "dim")
    await desk.connect(settings)


COMMANDS = (
    Command(
        "follow",
        "stream",
        "go where the server sent this client (see-other-host)",
        follow,
        details="Never done by itself. The certificate must be for the domain of the JID, wherever "
        "the way leads; circles and long ways are refused.",
    ),
)
