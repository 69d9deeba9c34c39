"""`/tls` on a session with the practice server, and the options of `/connect` for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from practice.raw_client import Stand, practice

from xmppshell.commands.all_commands import build_registry
from xmppshell.commands.registry import Call
from xmppshell.commands.stream import with_options
from xmppshell.commands.tls import tls
from xmppshell.network.discovery import TlsMode
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.server import TlsOffer
from xmppshell.protocol.jid import JID
from xmppshell.protocol.problem import ProblemError
from xmppshell.session import Session
from xmppshell.settings import Settings


class FakeScreen:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str, role: str = "text") -> None:
        self.lines += text.splitlines()

    def row(self, name: str) -> str:
        (found,) = [line for line in self.lines if line.split()[:1] == [name]][:1]
        return found.split(None, 1)[1]


class FakeDesk:
    def __init__(self, session: Session) -> None:
        self.live = session
        self.screen = FakeScreen()


async def shown(stand: Stand, **options: object) -> FakeScreen:
    given = {
        "password": PRACTICE_PASSWORD,
        "tls": TlsMode.STARTTLS,
        "ca_file": str(stand.ca_file),
        **options,
    }
    session = Session(
        "juliet",
        Settings(
            JID.parse("juliet@localhost"),
            host=stand.server.address,
            port=stand.server.port,
            **given,  # type: ignore[arg-type]
        ),
    )
    await session.open()
    desk = FakeDesk(session)
    await tls(desk, Call({}))  # type: ignore[arg-type]
    await session.close()
    return desk.screen


async def test_chain_names_validity_and_bindings(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        screen = await shown(stand)
    assert screen.row("version") == "TLS 1.3"
    assert screen.row("verified").startswith("yes")
    assert "localhost" in screen.row("names")
    assert "xmppshell practice CA" in screen.row("issuer")
    assert " to 20" in screen.row("valid")
    assert len(screen.row("SHA-256")) == 32 * 3 - 1
    assert screen.row("tls-unique").startswith("not here")
    assert screen.row("tls-exporter").startswith("not looked for")
    data, _, used = screen.row("tls-server-end-point").partition(" · ")
    assert len(bytes.fromhex(data)) == 32
    assert used == "used to sign in"


async def test_the_binding_that_was_asked_for(tmp_path: Path) -> None:
    async with practice(tmp_path, exporter=True) as stand:
        screen = await shown(stand, channel_binding="tls-exporter")
        assert screen.row("tls-exporter").endswith("used to sign in")
        screen = await shown(stand, tls_version="1.2", channel_binding="tls-unique")
        assert screen.row("version") == "TLS 1.2"
        assert screen.row("tls-unique").endswith("used to sign in")


async def test_what_was_not_verified_is_said(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        screen = await shown(stand, insecure=True, ca_file=None)
    assert any("NOT VERIFIED" in line and "not trusted" in line for line in screen.lines)
    assert not any(line.split()[:1] == ["verified"] for line in screen.lines)


async def test_without_tls_there_is_nothing(tmp_path: Path) -> None:
    async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
        screen = await shown(stand, tls=TlsMode.NONE)
    assert screen.lines == ["this stream is not encrypted"]


class TestOptions:
    BEFORE = Settings(JID.parse("juliet@example.org"))

    def after(self, typed: str, before: Settings = BEFORE) -> Settings:
        connect = build_registry().find("connect")
        return with_options(before, connect.parse(typed))

    def test_they_reach_the_settings(self) -> None:
        settings = self.after(
            "--channel-binding tls-unique --client-cert cert.pem --tls-version 1.2 "
            "--keylog keys --allow-downgrade"
        )
        assert settings.channel_binding == "tls-unique"
        assert settings.client_cert == "cert.pem"
        assert settings.tls_version == "1.2"
        assert settings.keylog == "keys"
        assert settings.allow_downgrade
        made = settings.tls_settings()
        assert made.client_cert == ("cert.pem", "cert.pem")
        assert (made.min_version, made.max_version) == ("1.2", "1.2")

    def test_what_is_not_said_stays(self) -> None:
        before = replace(self.BEFORE, keylog="keys", allow_downgrade=True)
        assert self.after("", before) == before

    def test_a_wrong_value(self) -> None:
        with pytest.raises(ProblemError):
            self.after("--tls-version 1.1")
