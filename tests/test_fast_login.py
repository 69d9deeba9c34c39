"""Signing in from the command line by SASL2 and with the token of an earlier login."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from xmppshell.practice.server import PRACTICE_PASSWORD, PracticeServer

ROOT = Path(__file__).resolve().parents[1]
PING = "<iq type='get' id='p1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


@dataclass
class Run:
    """What one run of the command gave."""

    status: int
    out: str
    err: str


class House:
    """A practice server, and a user's folders."""

    def __init__(self, server: PracticeServer, folder: Path) -> None:
        self.server = server
        self.folder = folder

    async def connect(self, *options: str, password: str | None = None) -> Run:
        """Sign in, ping and leave, with the password in the environment if there is one."""
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }
        if password is not None:
            environment["XMPPSHELL_PASSWORD"] = password
        arguments = [
            *["connect", "juliet@localhost", "--host", self.server.address],
            *["--port", str(self.server.port), "--ca-file", str(self.folder / "ca.pem")],
            *["--tls", "starttls", "--execute", PING, *options],
        ]
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "xmppshell", *arguments],
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Run(process.returncode, out.decode(), err.decode())

    @property
    def token(self) -> str:
        """The token that the server gave last."""
        issued = [each for places in self.server.fast_tokens._issued.values() for each in
                  places.values()]  # fmt: skip
        return issued[-1].token if issued else ""

    def written(self) -> str:
        """Everything in the user's folders, but for what keeps the tokens."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        kept = self.folder / "state/xmppshell/fast"
        return "".join(
            path.read_text(errors="replace") for path in files if not path.is_relative_to(kept)
        )


@asynccontextmanager
async def house(folder: Path, **options: object) -> AsyncIterator[House]:
    server = PracticeServer(sasl2=True, **options)  # type: ignore[arg-type]
    await server.start()
    (folder / "ca.pem").write_bytes(server.ca_pem)
    try:
        yield House(server, folder)
    finally:
        await server.stop()


async def test_the_token_of_one_login_is_that_of_the_next(tmp_path: Path) -> None:
    async with house(tmp_path, exporter=True) as home:
        first = await home.connect("--sasl2", password=PRACTICE_PASSWORD)
        assert first.status == 0, first.err
        assert "signed in   SCRAM-SHA-512-PLUS (SASL2)" in first.err
        assert "token       given for the next login, for HT-SHA-256-EXPR" in first.err
        (kept,) = (tmp_path / "state/xmppshell/fast").iterdir()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        token = home.token
        assert token in kept.read_text()

        second = await home.connect("--sasl2", "--pipeline")
        assert second.status == 0, second.err
        assert "signed in   HT-SHA-256-EXPR (SASL2), by the token of an earlier" in second.err
        assert "<iq type='result'" in second.out or 'type="result"' in second.out

        json = await home.connect("--sasl2", "--format", "json", "--wait", "0.1")
        for text in (first.out, first.err, second.out, second.err, json.out, home.written()):
            assert token not in text
        assert "fast-token-received" in home.written()


async def test_a_refused_token_is_dropped(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        await home.connect("--sasl2", password=PRACTICE_PASSWORD)
        home.server.fast_tokens.clear()
        refused = await home.connect("--sasl2")
        assert refused.status == 3
        assert "token       refused (not-authorized), and dropped" in refused.err
        assert "connect again and give the password" in refused.err

        again = await home.connect("--sasl2", password=PRACTICE_PASSWORD)
        assert again.status == 0, again.err
        assert "refused" not in again.err
        assert "given for the next login" in again.err


async def test_without_fast_nothing_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        done = await home.connect("--sasl2", "--no-fast", password=PRACTICE_PASSWORD)
        assert done.status == 0, done.err
        assert "(SASL2)" in done.err
        assert "token" not in done.err
        assert not (tmp_path / "state/xmppshell/fast").exists()
        assert (await home.connect("--sasl2", "--no-fast")).status != 0


async def test_a_certificate_that_is_not_verified_gets_no_token(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        done = await home.connect("--sasl2", "--insecure", password=PRACTICE_PASSWORD)
        assert done.status == 0, done.err
        assert "given for the next login" not in done.err


async def test_session_features_are_asked_for_by_name(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        options = ("--sasl2", "--session-features")
        done = await home.connect(*options, "carbons,csi", password=PRACTICE_PASSWORD)
        assert done.status == 0, done.err
        wrong = await home.connect(*options, "telepathy", password=PRACTICE_PASSWORD)
        assert wrong.status != 0
        assert "telepathy is not carbons or csi" in wrong.err
