"""What is remembered of an account's mechanism: the file, who may read it, and what is kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from xmppshell.protocol.jid import JID
from xmppshell.remembered import MechanismMemory, Remembered, RememberingError, with_floor
from xmppshell.settings import Settings

JULIET = "juliet@example.org"
STRONG = Remembered("SCRAM-SHA-256-PLUS", "tls-exporter")
WEAK = Remembered("SCRAM-SHA-1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "mechanisms.json"


def test_nothing_is_remembered_at_first(file: Path) -> None:
    assert MechanismMemory(file).of(JULIET) == Remembered()
    assert not file.exists()


def test_what_was_kept_is_there_for_the_next_run(file: Path) -> None:
    MechanismMemory(file).keep(JULIET, STRONG)
    MechanismMemory(file).keep("romeo@example.org", WEAK)
    assert MechanismMemory(file).of(JULIET) == STRONG
    assert MechanismMemory(file).of("romeo@example.org") == WEAK


def test_only_its_owner_may_read_it(file: Path) -> None:
    memory = MechanismMemory(file)
    for used in (WEAK, STRONG):
        memory.keep(JULIET, used)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["mechanisms.json"]


def test_a_weaker_one_replaces_a_stronger_only_on_the_users_word(file: Path) -> None:
    memory = MechanismMemory(file)
    memory.keep(JULIET, STRONG)
    memory.keep(JULIET, WEAK)
    assert memory.of(JULIET) == STRONG
    memory.keep(JULIET, WEAK, weaker_too=True)
    assert memory.of(JULIET) == WEAK


def test_a_better_channel_binding_is_not_given_up_for_another(file: Path) -> None:
    memory = MechanismMemory(file)
    for binding, kept in [
        ("", ""),
        ("tls-server-end-point", "tls-server-end-point"),
        ("tls-exporter", "tls-exporter"),
        ("tls-unique", "tls-exporter"),
        ("", "tls-exporter"),
    ]:
        memory.keep(JULIET, Remembered("SCRAM-SHA-1-PLUS", binding))
        assert memory.of(JULIET).channel_binding == kept


@pytest.mark.parametrize("mechanism", ["ANONYMOUS", "OAUTHBEARER", "X-UNKNOWN", ""])
def test_what_is_used_only_when_asked_for_is_not_kept(file: Path, mechanism: str) -> None:
    MechanismMemory(file).keep(JULIET, Remembered(mechanism), weaker_too=True)
    assert not file.exists()


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"juliet@example.org": 3}', b"null"])
def test_odd_content_is_as_good_as_none(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    memory = MechanismMemory(file)
    assert memory.of(JULIET) == Remembered()
    memory.keep(JULIET, STRONG)
    assert memory.of(JULIET) == STRONG


def test_a_damaged_file_is_not_taken_for_an_empty_one(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"{")
    with pytest.raises(RememberingError) as caught:
        MechanismMemory(file).of(JULIET)
    assert str(file) in caught.value.problem.what
    assert "delete it" in caught.value.problem.cure
    assert file.read_bytes() == b"{"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(RememberingError):
        MechanismMemory(tmp_path / "state" / "mechanisms.json").keep(JULIET, STRONG)


class TestFloor:
    def floor(self, file: Path, **options: object) -> tuple[str, str]:
        memory = MechanismMemory(file)
        memory.keep(JULIET, STRONG)
        jid = options.pop("jid", JULIET)
        settings = with_floor(Settings(JID.parse(str(jid)), **options), memory)  # type: ignore[arg-type]
        return settings.floor, settings.floor_binding

    def test_it_is_what_is_remembered(self, file: Path) -> None:
        assert self.floor(file) == ("SCRAM-SHA-256-PLUS", "tls-exporter")
        assert self.floor(file, jid="juliet@example.org/balcony") != ("", "")

    def test_there_is_none(self, file: Path) -> None:
        assert self.floor(file, allow_downgrade=True) == ("", "")
        assert self.floor(file, jid="romeo@example.org") == ("", "")
        assert self.floor(file, jid="example.org") == ("", "")


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, False),
        ({"channel_binding": "tls-exporter"}, True),
        ({"channel_binding": "tls-exporter", "tls_version": "1.2"}, False),
        ({"channel_binding": "tls-server-end-point"}, False),
        ({"mechanism": "SCRAM-SHA-256-PLUS"}, True),
        ({"mechanism": "SCRAM-SHA-256-PLUS", "channel_binding": "tls-unique"}, False),
        ({"mechanism": "SCRAM-SHA-256"}, False),
        ({"floor": "SCRAM-SHA-1-PLUS", "floor_binding": "tls-exporter"}, True),
        ({"floor_binding": "tls-exporter", "mechanism": "PLAIN"}, False),
    ],
)
def test_when_tls_exporter_is_looked_for(options: dict[str, str], wanted: bool) -> None:
    settings = Settings(JID.parse(JULIET), **options)  # type: ignore[arg-type]
    assert settings.wants_exporter is wanted
    assert settings.tls_settings().exporter is wanted


@pytest.mark.parametrize(
    ("jid", "options", "needed"),
    [
        (JULIET, {}, True),
        (JULIET, {"mechanism": "OAUTHBEARER"}, True),
        (JULIET, {"mechanism": "EXTERNAL"}, False),
        (JULIET, {"client_cert": "cert.pem"}, False),
        ("example.org", {"mechanism": "ANONYMOUS"}, False),
        ("example.org", {}, False),
        ("c.example.org", {"component": True}, True),
    ],
)
def test_when_a_password_is_needed(jid: str, options: dict[str, object], needed: bool) -> None:
    settings = Settings(JID.parse(jid), **options)  # type: ignore[arg-type]
    assert settings.needs_password is needed


def test_somebody_without_any_means_stays_a_stranger() -> None:
    assert Settings(JID.parse("example.org")).credentials is None
    assert Settings(JID.parse(JULIET)).credentials is None
    assert Settings(JID.parse(JULIET), client_cert="cert.pem").credentials is not None
