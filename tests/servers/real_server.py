"""What the real servers have in common: a folder, a certificate, free ports, a process, a log."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

from servers.certificates import Authority

ADDRESS = "127.0.0.1"
POLL = 0.02
START_TIMEOUT = 120.0
STOP_TIMEOUT = 20.0
START_ATTEMPTS = 3
LOG_LINES = 60

ACCOUNTS = {"juliet": "wherefore art thou", "romeo": "it is the east"}
"""The accounts that every server has from the start: user and password."""


class ServerFailed(Exception):
    """A server did not start or did not do what was asked; the text has the end of its log."""


class PortTaken(ServerFailed):
    """Another process took a port between its choice and its use."""


class RealServer:
    """A server process of our own on loopback, gone when the `with` block ends.

    Subclasses say how it is configured (`_configure`) and how an account is made (`register`).
    `host` is the XMPP domain it serves and `address` where it listens. A `password_hash` of None
    stores plain passwords, so that every mechanism the server knows can be offered. With
    `require_encryption=False` it also lets clients sign in without TLS; with `tls_max="1.2"` it
    knows no TLS 1.3, and with `client_certificates=True` it asks clients for certificates.

    Whoever connects to `registration_host`, a second domain, may register an account there; on
    `host` only with `allow_registration=True`. On `anonymous_host` one may be without an account.
    `room_host`, `upload_host` and `pubsub_host` are the services that their names say. An account
    `admin`, where a test makes it, may do what an operator may.
    """

    name: ClassVar[str]
    command: ClassVar[str]
    log_file: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    websocket_path: ClassVar[str]
    host_meta_path: ClassVar[str | None] = None

    host = "localhost"
    address = ADDRESS
    component_host = "component.localhost"
    component_secret = "component secret"
    registration_host = "open.localhost"
    anonymous_host = "anonymous.localhost"
    room_host = "rooms.localhost"
    upload_host = "upload.localhost"
    pubsub_host = "pubsub.localhost"
    admin = "admin"

    def __init__(
        self,
        *,
        password_hash: str | None,
        allow_registration: bool = False,
        require_encryption: bool = True,
        tls_max: Literal["1.2", "1.3"] = "1.3",
        client_certificates: bool = False,
    ) -> None:
        self.password_hash = password_hash
        self.allow_registration = allow_registration
        self.require_encryption = require_encryption
        self.tls_max = tls_max
        self.client_certificates = client_certificates
        self.accounts: dict[str, str] = {}
        self.c2s_port = 0
        self.direct_tls_port = 0
        self.component_port: int | None = None
        self.http_port = 0
        self.https_port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._authority = Authority()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    # What a subclass gives.

    @classmethod
    def system(cls) -> Path:
        """Give the root of the file system in which the server is installed and run."""
        return Path("/")

    def _configure(self) -> tuple[list[str], dict[str, str]]:
        """Write the configuration into `folder`; give argv and the extra environment."""
        raise NotImplementedError

    def _listening_ports(self) -> Sequence[int]:
        """Give the ports that must accept connections before the server counts as started."""
        raise NotImplementedError

    def register(self, user: str, password: str) -> None:
        """Make an account on the running server and note it in `accounts`."""
        raise NotImplementedError

    # What a test uses.

    @classmethod
    def absence(cls) -> str | None:
        """Why the server cannot be run on this machine, or None when it can."""
        if cls.find(cls.command) is None:
            return f"{cls.name} is not installed (apt-get install {cls.name})"
        return None

    @property
    def folder(self) -> Path:
        """The folder with its configuration, data, certificate and logs."""
        assert self._folder is not None, "the server was not started"
        return Path(self._folder.name)

    @property
    def home(self) -> str:
        """The path of `folder` as the server itself knows it."""
        return "/" + str(self.folder.relative_to(self.system()))

    @property
    def ca_file(self) -> Path:
        """The certificate of the CA that signed the server's certificate, as PEM."""
        return self.folder / "ca.pem"

    def client_certificate(self, user: str) -> Path:
        """Make a certificate for a user's JID, and give the PEM file with it and its key."""
        path = self.folder / f"client-{user}.pem"
        self._authority.write_client(path, f"{user}@{self.host}")
        return path

    @property
    def websocket_url(self) -> str:
        """Where WebSocket connections are taken without TLS (and count as secured)."""
        return f"ws://{self.host}:{self.http_port}{self.websocket_path}"

    @property
    def websocket_tls_url(self) -> str:
        """Where WebSocket connections are taken with TLS."""
        return f"wss://{self.host}:{self.https_port}{self.websocket_path}"

    @property
    def host_meta_url(self) -> str | None:
        """Where it serves host-meta over TLS (XEP-0156), or None for one that does not."""
        if self.host_meta_path is None:
            return None
        return f"https://{self.host}:{self.https_port}{self.host_meta_path}"

    @property
    def pid(self) -> int:
        """The process id of the server."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def log(self, lines: int = LOG_LINES) -> str:
        """Give the last lines of what the server logged and printed."""
        parts = []
        for name in (self.log_file, "output.log"):
            path = self.folder / name
            text = path.read_text(errors="replace") if path.exists() else ""
            parts.append(f"--- {name}\n" + "\n".join(text.splitlines()[-lines:]))
        return "\n".join(parts)

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would, and wait until it is gone."""
        assert self._process is not None, "the server was not started"
        self._process.kill()
        self._process.wait(STOP_TIMEOUT)

    def __enter__(self) -> Self:
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                self._start()
            except PortTaken:
                self._stop()
                if attempt == START_ATTEMPTS:
                    raise
            except BaseException:
                self._stop()
                raise
            else:
                return self
        raise AssertionError("unreachable")

    def __exit__(self, *exc_info: object) -> None:
        self._stop()

    # How it is done.

    def _hosts(self) -> list[str]:
        return [self.host, self.component_host, self.registration_host, self.anonymous_host]

    @classmethod
    def find(cls, command: str) -> str | None:
        """Find the path that a command has inside the server's system, or None."""
        for folder in search_path().split(os.pathsep):
            path = Path(folder, command)
            # Its symbolic links can be followed from inside only.
            if path.is_absolute() and os.path.lexists(cls.system() / path.relative_to("/")):
                return str(path)
        return None

    @classmethod
    def inside(cls, argv: list[str]) -> list[str]:
        """Give the command that runs `argv` inside the server's system."""
        if cls.system() == Path("/"):
            return argv
        return ["chroot", str(cls.system()), *argv]

    def _start(self) -> None:
        # Elsewhere than in its own system a server could not see the folder.
        parent = None if self.system() == Path("/") else self.system() / "tmp"
        self._folder = tempfile.TemporaryDirectory(prefix=f"{self.name}-", dir=parent)
        self._authority.write_server(self.folder, [*self._hosts(), ADDRESS, "::1"])
        argv, extra = self._configure()
        environment = {
            "PATH": search_path(),
            "HOME": self.home,
            "LANG": "C.UTF-8",
            **extra,
        }
        with open(self.folder / "output.log", "wb") as output:
            self._process = subprocess.Popen(
                die_with_parent(self.inside(argv)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=self.folder,
                # Ctrl-C ends the tests first, and they end the server.
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT
        for port in self._listening_ports():
            self._wait_for_port(port, deadline)
        if "in use" in self.log().lower():
            raise PortTaken(f"a port of {self.name} was taken\n{self.log()}")
        for user, password in ACCOUNTS.items():
            self.register(user, password)

    def _wait_for_port(self, port: int, deadline: float) -> None:
        while not port_open(port):
            if not self.running:
                failure = PortTaken if "eaddrinuse" in self.log().lower() else ServerFailed
                raise failure(f"{self.name} ended while it started\n{self.log()}")
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"{self.name} did not listen on port {port} "
                    f"within {START_TIMEOUT:.0f} s\n{self.log()}"
                )
            time.sleep(POLL)

    def _stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None
        self.accounts.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def search_path() -> str:
    """PATH with the folders in which Debian puts servers, which users often do not have."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def find_command(name: str) -> str | None:
    """Find the path of a command, or None."""
    return shutil.which(name, path=search_path())


def die_with_parent(argv: list[str]) -> list[str]:
    """Let the kernel end the command when the tests are killed, where that is possible."""
    setpriv = find_command("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--", *argv] if setpriv else argv


def free_ports(count: int) -> list[int]:
    """Distinct ports on which nothing listens, below the range of outgoing connections."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.randrange(20000, 32000)
        if port not in ports and _can_bind(port):
            ports.append(port)
    return ports


def port_open(port: int) -> bool:
    """Whether something on loopback accepts a connection to `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((ADDRESS, port)) == 0


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
        return True
