"""`xmppshell config`, and the accounts of the file on the command line."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from xmppshell import cli
from xmppshell.cli import connecting
from xmppshell.configuration.keys import DEFAULT_KEYS
from xmppshell.environment import Environment
from xmppshell.exit_status import ExitStatus
from xmppshell.settings import Settings

FILE = """\
[defaults]
timeout = 5
[accounts.work]
jid = "juliet@example.org"
port = 7
tls = "direct"
insecure = true
password_file = "secret"
[shell]
editing = "vi"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the path of a configuration that the program will read."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XMPPSHELL_PASSWORD", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "xmppshell" / "config.toml"
    path.parent.mkdir()
    path.write_text(FILE)
    (path.parent / "secret").write_text("S3cret\n")
    return path


def rows(text: str) -> dict[str, str]:
    """Give the lines of a report by the name that they begin with, spaces made single."""
    pairs = (" ".join(line.split()).partition(" ") for line in text.splitlines())
    return {name: rest for name, _, rest in pairs}


def settings_of(*arguments: str) -> Settings:
    """Give what `connect` would use."""
    settings, _ = connecting._settings(cli._parse(["connect", *arguments]), Environment())
    return settings


def test_it_shows_each_value_and_where_it_comes_from(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["config"]) is ExitStatus.OK
    shown = rows(capsys.readouterr().out)
    assert shown["~/xmppshell/config.toml"] == ""
    assert shown["editing"] == "vi config.toml:10"
    assert shown["raw"] == "off built in"
    assert shown["timeout"] == "5 config.toml:2"
    assert shown["jid"] == "juliet@example.org config.toml:4"


def test_it_shows_what_connect_would_use(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["config", "work", "--port", "9", "--no-insecure"]) is ExitStatus.OK
    shown = rows(capsys.readouterr().out)
    assert shown["port"] == "9 command line"
    assert shown["insecure"] == "off command line"
    assert shown["tls"] == "direct config.toml:6"
    assert shown["timeout"] == "5 config.toml:2"
    assert shown["resource"] == "(that of the JID, if any) built in"
    assert shown["password_file"] == f"{file.parent / 'secret'} config.toml:8"
    used = settings_of("work", "--port", "9", "--no-insecure")
    assert (used.port, used.insecure, used.timeout) == (9, False, 5)
    assert used.password == "S3cret"


def test_it_names_each_mistake_by_its_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("[defaults]\nprot = 1\n[shell]\nediting = 'ed'\npassword = 'S3cret'\n")
    assert cli.run(["config"]) is ExitStatus.ERROR
    out, err = capsys.readouterr()
    assert out == ""
    assert "~/xmppshell/config.toml:2: there is no prot in [defaults]" in err
    assert "did you mean port?" in err
    assert "~/xmppshell/config.toml:4: editing: ed is not emacs or vi" in err
    assert "~/xmppshell/config.toml:5: password: a password is not kept in this file" in err
    assert "S3cret" not in err


def test_connect_names_the_first_mistake(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("[defaults]\nport = 0\ntimeout = -1\n")
    assert cli.run(["connect", "juliet@localhost", "-e", "<presence/>"]) is ExitStatus.ERROR
    err = capsys.readouterr().err
    assert "config.toml:2: port: 0 is not a port from 1 to 65535" in err
    assert "1 more mistake" in err


@pytest.mark.parametrize("command", [["connect", "wrk", "-e", "<presence/>"], ["config", "wrk"]])
def test_a_name_that_is_no_account_is_a_mistake_of_usage(
    file: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert cli.run(command) is ExitStatus.USAGE
    assert "did you mean work?" in capsys.readouterr().err


@pytest.mark.parametrize("there", [True, False])
def test_it_says_where_the_file_is(
    file: Path, capsys: pytest.CaptureFixture[str], there: bool
) -> None:
    if not there:
        file.unlink()
    assert cli.run(["config", "--path"]) is ExitStatus.OK
    assert capsys.readouterr().out == f"{file}\n"


def test_without_a_file_all_is_built_in(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.unlink()
    assert cli.run(["config"]) is ExitStatus.OK
    lines = capsys.readouterr().out.splitlines()
    assert {line[-8:] for line in lines if line.startswith("  ")} == {"built in"}


def test_toml_is_loaded_only_for_a_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.unlink()
    monkeypatch.delitem(sys.modules, "tomllib", raising=False)
    assert cli.run(["config"]) is ExitStatus.OK
    assert "tomllib" not in sys.modules


def test_what_the_command_line_says_wins_over_the_file(file: Path) -> None:
    assert settings_of("work").port == 7
    assert settings_of("work", "--port", "8").port == 8
    (file.parent / "other").write_text("0ther\n")
    other = str(file.parent / "other")
    assert settings_of("work", "--password-file", other).password == "0ther"


def test_every_setting_of_a_session_is_a_key() -> None:
    fields = {field.name for field in dataclasses.fields(Settings)}
    # What is no choice of the user's, or is part of another key.
    fields -= {"jid", "password", "redirects", "negotiation", "floor", "floor_binding"}
    fields -= {"client_id", "fast_token"}
    missing = fields - set(DEFAULT_KEYS)
    assert not missing, "add a row to CONNECTION_KEYS in xmppshell/configuration/keys.py"
