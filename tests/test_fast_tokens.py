"""Keeping FAST tokens: in files of their owner only, in a keyring, and of a session."""

from __future__ import annotations

import json
import stat
import sys
import types
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from xmppshell.fast_tokens import TokenError, TokenStore, keep_tokens, with_token
from xmppshell.network.discovery import TlsMode
from xmppshell.passwords import PasswordError
from xmppshell.protocol.credentials import FastToken
from xmppshell.protocol.events import FastTokenReceived, FastTokenRefused, Notice
from xmppshell.protocol.jid import JID
from xmppshell.protocol.problem import Problem
from xmppshell.session import Session
from xmppshell.settings import Settings

JULIET = "juliet@localhost"
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
TOKEN = FastToken("HT-SHA-256-NONE", "SECR3T", "2999-04-01T00:00:00Z")


def store(folder: Path, **more: object) -> TokenStore:
    return TokenStore(folder / "fast", clock=lambda: NOW, **more)  # type: ignore[arg-type]


def test_a_token_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    store(tmp_path).save(JULIET, TOKEN)
    assert store(tmp_path).load(JULIET) == TOKEN
    assert store(tmp_path).load("romeo@localhost") is None
    (file,) = (tmp_path / "fast").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_another_token_takes_its_place(tmp_path: Path) -> None:
    keeper = store(tmp_path)
    keeper.save(JULIET, TOKEN)
    other = FastToken("HT-SHA-256-EXPR", "OTHER", "2999-05-01T00:00:00Z")
    keeper.save(JULIET, other)
    assert keeper.load(JULIET) == other
    assert "SECR3T" not in "".join(path.read_text() for path in (tmp_path / "fast").iterdir())


def test_a_dropped_token_is_gone_and_the_id_stays(tmp_path: Path) -> None:
    keeper = store(tmp_path)
    keeper.save(JULIET, TOKEN)
    client_id = keeper.client_id(JULIET)
    keeper.drop(JULIET)
    assert keeper.load(JULIET) is None
    assert keeper.client_id(JULIET) == client_id
    assert "SECR3T" not in "".join(path.read_text() for path in (tmp_path / "fast").iterdir())
    keeper.drop("nobody@localhost")


def test_the_id_is_a_uuid_that_stays_and_differs_by_account(tmp_path: Path) -> None:
    mine = store(tmp_path).client_id(JULIET)
    assert uuid.UUID(mine).version == 4
    assert store(tmp_path).client_id(JULIET) == mine
    assert store(tmp_path).client_id("romeo@localhost") != mine


@pytest.mark.parametrize(
    ("expiry", "kept"),
    [
        ("2026-03-14T12:00:01Z", True),
        ("2026-03-14T12:00:00Z", False),
        ("2026-03-14T12:30:00+01:00", False),
        ("2026-03-14T12:00:00.5Z", True),
        ("2026-12-13T19:22:32.163655Z", True),
        ("some day", True),
        ("2026-99-99T00:00:00Z", True),
        ("", True),
    ],
)
def test_an_expired_token_is_dropped(tmp_path: Path, expiry: str, kept: bool) -> None:
    keeper = store(tmp_path)
    keeper.save(JULIET, FastToken("HT-SHA-256-NONE", "SECR3T", expiry))
    assert (keeper.load(JULIET) is not None) is kept
    text = "".join(path.read_text() for path in (tmp_path / "fast").iterdir())
    assert ("SECR3T" in text) is kept


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'{"token": 1}'])
def test_a_damaged_file_is_no_file(tmp_path: Path, content: bytes) -> None:
    keeper = store(tmp_path)
    keeper.save(JULIET, TOKEN)
    (file,) = (tmp_path / "fast").iterdir()
    file.write_bytes(content)
    assert keeper.load(JULIET) is None
    assert keeper.client_id(JULIET)


def test_names_of_accounts_cannot_leave_the_folder(tmp_path: Path) -> None:
    keeper = store(tmp_path)
    keeper.save("a/../../b@localhost", TOKEN)
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / "fast"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "fast").write_text("a file")
    with pytest.raises(TokenError) as error:
        store(tmp_path).save(JULIET, TOKEN)
    assert "--no-fast" in error.value.problem.cure


class Keyring(types.ModuleType):
    """Stands in for the package keyring."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.errors = types.ModuleType("keyring.errors")
        self.errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
        self.kept: dict[tuple[str, str], str] = {}
        self.broken = False

    def _check(self, found: bool = True) -> None:
        if self.broken or not found:
            raise self.errors.KeyringError("no")  # type: ignore[attr-defined]

    def get_password(self, service: str, name: str) -> str | None:
        self._check()
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self._check()
        self.kept[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        self._check((service, name) in self.kept)
        del self.kept[service, name]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    module = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", module.errors)
    return module


class TestKeyring:
    def test_the_token_is_in_the_keyring_and_nowhere_else(
        self, tmp_path: Path, keyring: Keyring
    ) -> None:
        keeper = store(tmp_path, keyring=True)
        keeper.save(JULIET, TOKEN)
        assert keeper.load(JULIET) == TOKEN
        assert list(keyring.kept) == [("xmppshell", f"{JULIET} FAST token")]
        (file,) = (tmp_path / "fast").iterdir()
        assert list(json.loads(file.read_text())) == ["client-id"]
        keeper.drop(JULIET)
        assert keeper.load(JULIET) is None
        keeper.drop(JULIET)

    def test_a_keyring_that_fails_is_told(self, tmp_path: Path, keyring: Keyring) -> None:
        keeper = store(tmp_path, keyring=True)
        keyring.broken = True
        assert keeper.load(JULIET) is None
        with pytest.raises(TokenError):
            keeper.save(JULIET, TOKEN)

    def test_without_the_package_it_cannot_be(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "keyring", None)
        with pytest.raises(PasswordError):
            store(tmp_path, keyring=True)


def fail(problem: Problem) -> None:
    pytest.fail(problem.what)


class TestSessions:
    def settings(self, **more: object) -> Settings:
        return Settings(JID.parse(f"{JULIET}/balcony"), sasl2=True, **more)  # type: ignore[arg-type]

    def test_settings_get_the_token_and_the_id(self, tmp_path: Path) -> None:
        keeper = store(tmp_path)
        keeper.save(JULIET, TOKEN)
        settings = with_token(self.settings(), tmp_path / "fast", fail)
        assert settings.fast_token == TOKEN
        assert settings.client_id == keeper.client_id(JULIET)
        assert "SECR3T" not in repr(settings)

    @pytest.mark.parametrize(
        "more",
        [
            {"fast": False},
            {"insecure": True},
            {"tls": TlsMode.NONE},
            {"component": True},
        ],
    )
    def test_nothing_is_given_where_it_is_not_wanted_or_not_safe(
        self, tmp_path: Path, more: dict[str, object]
    ) -> None:
        settings = self.settings(**more)
        assert with_token(settings, tmp_path / "fast", fail) is settings
        assert not (tmp_path / "fast").exists()

    def test_sasl_alone_has_no_tokens(self, tmp_path: Path) -> None:
        settings = Settings(JID.parse(JULIET))
        assert with_token(settings, tmp_path / "fast", fail) is settings

    def test_a_disk_that_fails_leaves_settings_without(self, tmp_path: Path) -> None:
        (tmp_path / "fast").write_text("a file")
        told: list[Problem] = []
        settings = with_token(self.settings(), tmp_path / "fast", told.append)
        assert not settings.wants_fast
        assert len(told) == 1

    def test_the_tokens_of_a_session_are_kept_and_dropped(self, tmp_path: Path) -> None:
        keeper, session = store(tmp_path), Session("juliet", self.settings())
        keep_tokens(session, tmp_path / "fast", fail)
        session.publish(FastTokenReceived(TOKEN.mechanism, TOKEN))
        assert keeper.load(JULIET) == TOKEN
        session.publish(Notice("something else"))
        assert keeper.load(JULIET) == TOKEN
        session.publish(FastTokenRefused(TOKEN.mechanism, "not-authorized"))
        assert keeper.load(JULIET) is None

    def test_settings_say_whether_they_are_in_the_keyring(
        self, tmp_path: Path, keyring: Keyring
    ) -> None:
        session = Session("juliet", self.settings(keyring=True))
        keep_tokens(session, tmp_path / "fast", fail)
        session.publish(FastTokenReceived(TOKEN.mechanism, TOKEN))
        assert len(keyring.kept) == 1
        assert with_token(session.settings, tmp_path / "fast", fail).fast_token == TOKEN

    def test_a_disk_that_fails_does_not_end_the_session(self, tmp_path: Path) -> None:
        told: list[Problem] = []
        session = Session("juliet", self.settings())
        keep_tokens(session, tmp_path / "fast", told.append)
        (tmp_path / "fast").write_text("a file")
        session.publish(FastTokenReceived(TOKEN.mechanism, TOKEN))
        assert len(told) == 1
        assert "SECR3T" not in str(told)
