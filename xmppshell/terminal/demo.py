"""`xmppshell demo` and `xmppshell serve`: the practice server with a shell on it, or alone."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..exit_status import ExitStatus
from ..pilot import Negotiation, Stage
from ..practice.accounts import PRACTICE_PASSWORD, TOKEN_END
from ..practice.server import PracticeServer
from ..protocol.jid import JID
from ..protocol.problem import Problem, ProblemError
from ..settings import Settings
from .safe_text import safe
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
) -> ExitStatus:
    """Run a practice server and a shell on it, negotiated as `negotiation` and `until` say.

    Returns the shell's exit status.
    """
    shell = Shell(environment, colour=colour, remember=False)
    server = PracticeServer(registration=True)
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


async def run_server(
    environment: Environment,
    address: str,
    port: int,
    *,
    ca_file: str | None = None,
    client_cert: str | None = None,
    exporter: bool = False,
    sasl2: bool = False,
) -> ExitStatus:
    """Run the practice server until it is interrupted.

    The CA certificate is written to `ca_file`, a certificate for juliet with its key to
    `client_cert`; with `exporter` there is the channel binding tls-exporter, with
    `sasl2` there is SASL2. Raises ProblemError if it cannot listen, or cannot write a file.
    """

    def note(text: str) -> None:
        print(safe(text), file=environment.stdout, flush=True)

    server = PracticeServer(registration=True, exporter=exporter, sasl2=sasl2, on_note=note)
    await server.start(address, port)
    try:
        if ca_file is not None:
            _write(ca_file, server.ca_pem, 0o644, "--ca-file")
        if client_cert is not None:
            _write(client_cert, server.client_certificate(DEMO_ACCOUNT), 0o600, "--client-cert")
        note(f"practice server for localhost on {server.address}:{server.port} · Ctrl-C stops it")
        note(f"accounts juliet, romeo, nurse · password {PRACTICE_PASSWORD}")
        note(f"OAUTHBEARER takes the token NAME{TOKEN_END}, such as juliet{TOKEN_END}")
        trust = f"--ca-file {ca_file}" if ca_file else "--insecure"
        note(
            f"xmppshell connect juliet@localhost --host {server.address} --port {server.port} "
            f"{trust}"
        )
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        await stopped.wait()
        return ExitStatus.OK
    finally:
        await server.stop()


def _write(name: str, pem: bytes, mode: int, option: str) -> None:
    """Write a certificate, perhaps with its key, to a file that is made with `mode`."""
    try:
        with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(pem)
    except OSError as error:
        raise ProblemError(
            Problem(
                f"the certificate cannot be written to {name}: {error.strerror}",
                "the folder is missing or not writable",
                f"check {option}",
            )
        ) from error
