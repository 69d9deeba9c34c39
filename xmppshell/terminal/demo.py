"""`xmppshell demo`: the practice server with a shell on it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..exit_status import ExitStatus
from ..pilot import Negotiation, Stage
from ..practice.accounts import PRACTICE_PASSWORD
from ..practice.conduct.profiles import Profile
from ..practice.server import PracticeServer
from ..protocol.jid import JID
from ..settings import Settings
from .shell import Shell

if TYPE_CHECKING:
    from ..environment import Environment

DEMO_ACCOUNT = JID("juliet", "localhost", "balcony")
FIRST_WORDS = "<message to='romeo@localhost' type='chat'><body>Hello!</body></message>"


async def run_demo(
    environment: Environment,
    *,
    colour: bool | None = None,
    negotiation: Negotiation = Negotiation.AUTO,
    until: Stage | None = None,
    profile: Profile = Profile.RFC,
) -> ExitStatus:
    """Run a practice server and a shell on it, negotiated as `negotiation` and `until` say.

    Malformed input is answered as the `profile` does. Returns the shell's exit status.
    """
    shell = Shell(environment, colour=colour, remember=False)
    server = PracticeServer(registration=True, profile=profile)
    await server.start()
    shell.screen.say(
        f"practice server on {server.address}:{server.port} · you are juliet, romeo is online"
    )
    try:
        with tempfile.TemporaryDirectory(prefix="xmppshell-") as folder:
            ca_file = Path(folder) / "ca.pem"
            ca_file.write_bytes(server.ca_pem)
            shell.greeting = _greeting(negotiation, until)
            return await shell.run(
                Settings(
                    DEMO_ACCOUNT,
                    PRACTICE_PASSWORD,
                    host=server.address,
                    port=server.port,
                    ca_file=str(ca_file),
                    negotiation=negotiation,
                    until=until,
                )
            )
    finally:
        await server.stop()


def _greeting(negotiation: Negotiation, until: Stage | None) -> str:
    if negotiation is Negotiation.STEP:
        return "Enter makes the move in the prompt; /state shows where it leads"
    if negotiation is Negotiation.MANUAL or until is not None:
        return "the stream is yours; /hint shows the next move, /do makes it"
    passwords = f"all passwords are {PRACTICE_PASSWORD}"
    return f"/help lists the commands, Ctrl-D leaves, {passwords}; try this:\n{FIRST_WORDS}"
