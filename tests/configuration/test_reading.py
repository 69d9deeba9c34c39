"""From the text of the file to values that know their line, and to mistakes that do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xmppshell.configuration.layers import Configuration, Setting
from xmppshell.configuration.reading import ConfigurationError, read, read_file
from xmppshell.protocol.problem import Problem

GOOD = """\
# What holds for every connection:
[defaults]
tls = "starttls"
timeout = 5

[accounts.work]
jid = "juliet@example.org/balcony"
port = 5222
insecure = true

[accounts.home]
jid = "juliet@localhost"
password_command = "pass show home"

[shell]
editing = "vi"
"""


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        read(text, "c")
    return caught.value.problems


def problem(text: str) -> tuple[str, str]:
    (only,) = problems(text)
    return only.what, only.cure


def test_each_value_knows_its_line() -> None:
    found = read(GOOD, "c")
    assert found.defaults == {"tls": Setting("starttls", "c:3"), "timeout": Setting(5, "c:4")}
    assert found.accounts == {
        "work": {
            "jid": Setting("juliet@example.org/balcony", "c:7"),
            "port": Setting(5222, "c:8"),
            "insecure": Setting(True, "c:9"),
        },
        "home": {
            "jid": Setting("juliet@localhost", "c:12"),
            "password_command": Setting("pass show home", "c:13"),
        },
    }
    assert found.shell == {"editing": Setting("vi", "c:16")}


def test_windows_line_ends_change_nothing() -> None:
    assert read(GOOD.replace("\n", "\r\n"), "c") == read(GOOD, "c")


def test_an_account_can_be_written_in_one_line() -> None:
    found = read('\naccounts.work = { jid = "a@b", port = 1 }\n', "c")
    assert found.accounts["work"]["port"] == Setting(1, "c:2")


def test_files_are_relative_to_the_configuration() -> None:
    text = '[defaults]\nca_file = "{}"\n'
    folder = Path("/etc/folder")
    for written, value in [
        ("ca.pem", "/etc/folder/ca.pem"),
        ("/ca.pem", "/ca.pem"),
        ("~/ca.pem", "~/ca.pem"),
    ]:
        found = read(text.format(written), "c", folder)
        assert found.defaults["ca_file"].value == value


@pytest.mark.parametrize(
    ("text", "what", "cure"),
    [
        ("[defaults]\nprot = 1", "c:2: there is no prot in [defaults]", "did you mean port?"),
        (
            "[defaults]\nca-file = '/x'",
            "c:2: there is no ca-file in [defaults]",
            "did you mean ca_file?",
        ),
        (
            "[shell]\nport = 1",
            "c:2: there is no port in [shell]",
            "put it below [defaults] or [accounts.NAME]",
        ),
        ("[defaults]\nraw = true", "c:2: there is no raw in [defaults]", "put it below [shell]"),
        (
            "[defaults]\njid = 'a@b'",
            "c:2: there is no jid in [defaults]",
            "put it below [accounts.NAME]",
        ),
        ("[default]\nport = 1", "c:1: there is no table [default]", "did you mean defaults?"),
        ("[colours]", "c:1: there is no table [colours]", "there are defaults, accounts, shell"),
        ("\nport = 1", "c:2: port stands in no table", "put it below [defaults]"),
        ("editing = 'vi'", "c:1: editing stands in no table", "put it below [shell]"),
        ("x = 1", "c:1: x stands in no table", "it belongs into a table"),
        ("defaults = 1", "c:1: defaults is no table", "begin it with [defaults]"),
        ("[[defaults]]\nport = 1", "c:1: defaults is no table", "begin it with [defaults]"),
        ("accounts = 1", "c:1: accounts is no table", "begin one with [accounts.NAME]"),
        (
            "[accounts]\nwork = 'a@b'",
            "c:2: accounts.work is no table",
            "begin it with [accounts.work]",
        ),
        (
            "[accounts]\njid = 'a@b'",
            "c:2: accounts.jid is no table",
            "put it below [accounts.NAME], with a name of your choice",
        ),
        (
            "\n[accounts.work]\nport = 1",
            "c:2: the account work has no jid",
            'jid = "you@example.org"',
        ),
        (
            "[accounts.'a b']\njid = 'a@b'",
            "c:1: “a b” cannot be the name of an account",
            "use letters, digits, - and _, beginning with a letter",
        ),
        (
            "[defaults]\nport = '1'",
            'c:2: port: "1" is not a port from 1 to 65535',
            "port = 1, without quotes",
        ),
    ],
)
def test_a_mistake_is_named_by_its_line(text: str, what: str, cure: str) -> None:
    assert problem(text) == (what, cure)


@pytest.mark.parametrize("table", ["[defaults]", "[accounts.a]\njid = 'a@b'", "[shell]"])
@pytest.mark.parametrize("key", ["password", "Password", "passwd", "secret"])
def test_a_password_is_refused(table: str, key: str) -> None:
    (found,) = problems(f"{table}\n{key} = 'S3cret'")
    line = table.count("\n") + 2
    assert found.what == f"c:{line}: {key}: a password is not kept in this file"
    assert "password_command" in found.cure
    assert "S3cret" not in str((found.what, found.cause, found.cure))


def test_every_mistake_is_found_in_the_order_of_the_lines() -> None:
    text = "[shell]\nediting = 'ed'\n[accounts.a]\nport = 0\n[defaults]\nhots = 'x'\nport = 0\n"
    found = problems(text)
    assert [each.what.split(" ")[0] for each in found] == ["c:2:", "c:4:", "c:6:", "c:7:"]
    with pytest.raises(ConfigurationError) as caught:
        read(text, "c")
    assert caught.value.problem.what == found[0].what
    assert "3 more mistakes" in caught.value.problem.cure


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("[defaults]\nhost = example.org", 2, "quotes"),
        ("[defaults]\nhost = 'a'\nhost = 'b'", 3, "twice"),
        ("[shell]\n\n[shell]\n", 3, "twice"),
        ('[defaults]\nhost = "a\nport = 1', 2, "not closed"),
        ("[defaults\nport = 1", 1, "not closed"),
        ("\n\nport", 3, "value"),
        ("[defaults]\nport = 1 tls = 'none'", 2, "more follows"),
        ("[defaults]\nhost = ['a'\n\n", 2, ""),
        ('[defaults]\nca_file = "C:\\q"', 2, "escape"),
        ("[defaults]\nhost = '''a\nb\n", 3, "not closed"),
    ],
)
def test_what_is_not_toml_is_named_by_its_line(text: str, line: int, cause: str) -> None:
    (found,) = problems(text)
    assert found.what.startswith(f"c:{line}: this is not TOML: ")
    assert cause in found.cause
    assert "(at " not in found.what


def test_no_file_is_an_empty_configuration(tmp_path: Path) -> None:
    assert read_file(tmp_path / "none.toml", "c") == Configuration("c")


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[defaults]\nca_file = 'ca.pem'\n")
    assert read_file(path, "c").defaults == {"ca_file": Setting(str(tmp_path / "ca.pem"), "c:2")}


def test_what_is_not_utf_8_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"[defaults]\nhost = '\xe9'\n")
    with pytest.raises(ConfigurationError) as caught:
        read_file(path, "c")
    assert caught.value.problem.what == "c:2: this is not UTF-8 text"


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_file(tmp_path, "c")
    assert caught.value.problem.what.startswith("c cannot be read: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_so_is_one_that_may_not_be(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_file(path, "c")
