"""`xmppshell serve`: the practice server alone, until it is interrupted."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..exit_status import ExitStatus
from ..network.hostname import is_loopback
from ..passwords import PasswordSource, password_from
from ..practice.accounts import DEFAULT_USERS, PRACTICE_PASSWORD, TOKEN_END
from ..practice.clockwork import Clockwork
from ..practice.conduct.profiles import Profile
from ..practice.server import PracticeServer
from ..protocol.jid import JID
from ..protocol.problem import Problem, ProblemError
from .safe_text import safe

if TYPE_CHECKING:
    from ..environment import Environment

_ACCOUNT: Final = JID("juliet", "localhost", "balcony")
_COMPONENTS_PORT: Final = 5347


@dataclass(frozen=True, slots=True)
class Serving:
    """What to serve: addresses, what to offer, and how to behave.

    `ca_file` and `client_cert` name files to write: the certificate of the authority, and one of
    juliet with its key. The other ports are None where they are not wanted. `components` are the
    domains of components, whose secret is the first line of `secret_file` or that in the
    environment, or the practice password. `faults` are armed for everybody, by their names.
    """

    address: str = "127.0.0.1"
    port: int = 5222
    direct_tls_port: int | None = None
    websocket_port: int | None = None
    components: tuple[str, ...] = ()
    component_port: int = _COMPONENTS_PORT
    secret_file: str | None = None
    ca_file: str | None = None
    client_cert: str | None = None
    exporter: bool = False
    sasl2: bool = False
    profile: Profile = Profile.RFC
    faults: tuple[str, ...] = ()
    fixed: bool = False


async def run_server(environment: Environment, serving: Serving) -> ExitStatus:
    """Run the practice server until it is interrupted.

    Raises ProblemError if it cannot listen, cannot write or read a file, or knows no such fault.
    """

    def note(text: str) -> None:
        print(safe(text), file=environment.stdout, flush=True)

    secret = _secret(environment, serving)
    server = PracticeServer(
        registration=True,
        exporter=serving.exporter,
        sasl2=serving.sasl2,
        profile=serving.profile,
        components=dict.fromkeys(serving.components, secret),
        clockwork=Clockwork.fixed() if serving.fixed else None,
        on_note=note,
    )
    for name in serving.faults:
        server.faults.arm(name)
    await server.start(
        serving.address,
        serving.port,
        direct_tls_port=serving.direct_tls_port,
        websocket_port=serving.websocket_port,
        component_port=serving.component_port if serving.components else None,
    )
    try:
        if serving.ca_file is not None:
            _write(serving.ca_file, server.ca_pem, 0o644, "--ca-file")
        if serving.client_cert is not None:
            certificate = server.client_certificate(_ACCOUNT)
            _write(serving.client_cert, certificate, 0o600, "--client-cert")
        introduce(server, serving, note)
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        await stopped.wait()
        return ExitStatus.OK
    finally:
        await server.stop()


def introduce(server: PracticeServer, serving: Serving, note: Callable[[str], None]) -> None:
    """Say where the server is, who can sign in, and how."""
    where = f"{server.address}:{server.port}"
    note(f"practice server for localhost on {where} · Ctrl-C stops it")
    if not is_loopback(server.address):
        note(
            "everybody who can reach this machine can sign in: the passwords are public, and this "
            "server is for practice only"
        )
    if server.direct_tls_port is not None:
        note(f"direct TLS on {server.address}:{server.direct_tls_port}")
    if server.websocket_port is not None:
        note(f"WebSocket at {server.websocket_url}")
    for domain in server.components:
        note(f"component {domain} on {server.address}:{server.component_port}")
    if serving.profile is not Profile.RFC:
        note(f"malformed input is answered as {serving.profile.value} does")
    for armed in server.faults.waiting:
        note(f"fault {armed.kind.name}: the server {armed.kind.meaning}")
    note(f"accounts {', '.join(DEFAULT_USERS)} · password {PRACTICE_PASSWORD}")
    note(f"OAUTHBEARER takes the token NAME{TOKEN_END}, such as juliet{TOKEN_END}")
    trust = f"--ca-file {serving.ca_file}" if serving.ca_file else "--insecure"
    note(f"xmppshell connect juliet@localhost --host {server.address} --port {server.port} {trust}")


def _secret(environment: Environment, serving: Serving) -> str:
    """Return the secret of the components."""
    if serving.secret_file is not None:
        found = password_from(PasswordSource(file=serving.secret_file), "")
        if found:
            return found
    return environment.component_secret or PRACTICE_PASSWORD


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
