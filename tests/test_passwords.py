"""Where the password comes from: each source, their order, and how each can fail."""

from __future__ import annotations

import getpass
import io
import sys
import types
from collections.abc import Mapping
from pathlib import Path

import pytest

from xmppshell.environment import Environment
from xmppshell.passwords import PasswordError, PasswordSource, find_password

ACCOUNT = "juliet@example.org"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def find(
    source: PasswordSource | None = None,
    variables: Mapping[str, str] | None = None,
    interactive: bool = False,
) -> str:
    stream = Terminal if interactive else io.StringIO
    world = Environment(stream(), stream(), stream(), variables or {})
    return find_password(source or PasswordSource(), ACCOUNT, world)


def failure(source: PasswordSource) -> PasswordError:
    with pytest.raises(PasswordError) as caught:
        find(source, {"XMPPSHELL_PASSWORD": "not this one"})
    problem = caught.value.problem
    assert problem.cause
    assert problem.cure
    return caught.value


def python(script: str) -> str:
    return f'"{sys.executable}" -c "{script}"'


def test_the_variable() -> None:
    assert find(variables={"XMPPSHELL_PASSWORD": "wherefore art thou"}) == "wherefore art thou"


# A file.


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"secret\n", "secret"),
        (b"secret", "secret"),
        (b"secret\r\nmore\n", "secret"),
        (b" with spaces \n", " with spaces "),
        ("pässwörd 🗝\n".encode(), "pässwörd 🗝"),
    ],
)
def test_the_first_line_of_a_file(tmp_path: Path, content: bytes, password: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    assert find(PasswordSource(file=str(path)), {"XMPPSHELL_PASSWORD": "other"}) == password


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "gave no password"),
        (b"\nsecret\n", "gave no password"),
        (b"\xff\xfe", "it is not UTF-8 text"),
    ],
)
def test_a_file_that_gives_none(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    error = failure(PasswordSource(file=str(path)))
    assert said in error.problem.what
    assert str(path) in error.problem.what
    assert "secret" not in str(error)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "cannot be read" in failure(PasswordSource(file=str(tmp_path))).problem.what


# A command.


def test_the_first_line_that_a_command_prints() -> None:
    script = python("print('from a command'); print('second line')")
    assert find(PasswordSource(command=script), {"XMPPSHELL_PASSWORD": "x"}) == "from a command"


def test_a_command_is_not_given_to_a_shell(tmp_path: Path) -> None:
    target = tmp_path / "made"
    assert find(PasswordSource(command=f"echo one > {target}")) == f"one > {target}"
    assert not target.exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "cannot be run"),
        ("/no/such/program", "cannot be run"),
        ("echo 'unclosed", "cannot be run"),
        (python("raise SystemExit(7)"), "it ended with status 7"),
        (python("pass"), "gave no password"),
        (python("print()"), "gave no password"),
    ],
)
def test_a_command_that_gives_none(command: str, said: str) -> None:
    assert said in failure(PasswordSource(command=command)).problem.what


def test_what_a_failing_command_printed_is_not_repeated() -> None:
    error = failure(PasswordSource(command=python("print('hush'); raise SystemExit(1)")))
    assert "hush" not in str(error)
    assert "hush" not in repr(error.__cause__)


def test_a_command_whose_output_is_not_text() -> None:
    script = python("import sys; sys.stdout.buffer.write(bytes([255, 10]))")
    assert "not UTF-8" in failure(PasswordSource(command=script)).problem.what


# A keyring.


class Keyring(types.ModuleType):
    """Stands in for the package keyring."""

    def __init__(self, passwords: Mapping[tuple[str, str], str], fails: bool = False) -> None:
        super().__init__("keyring")
        self.errors = types.ModuleType("keyring.errors")
        self.errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
        self._passwords = passwords
        self._fails = fails

    def get_password(self, service: str, account: str) -> str | None:
        if self._fails:
            raise self.errors.KeyringError("locked")
        return self._passwords.get((service, account))


def use(monkeypatch: pytest.MonkeyPatch, keyring: Keyring | None) -> None:
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", keyring and keyring.errors)


def test_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Keyring({("xmppshell", ACCOUNT): "from the ring"}))
    assert find(PasswordSource(keyring=True)) == "from the ring"


def test_a_keyring_without_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Keyring({("xmppshell", "romeo@example.org"): "other"}))
    problem = failure(PasswordSource(keyring=True)).problem
    assert ACCOUNT in problem.what
    assert problem.cure == f"store it with: keyring set xmppshell {ACCOUNT}"


def test_a_keyring_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Keyring({}, fails=True))
    assert "locked" in failure(PasswordSource(keyring=True)).problem.what


def test_a_keyring_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, None)
    assert "xmppshell[keyring]" in failure(PasswordSource(keyring=True)).problem.cure


# The order.


def test_a_file_goes_before_a_command_and_a_command_before_the_keyring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Keyring({("xmppshell", ACCOUNT): "ring"}))
    path = tmp_path / "password"
    path.write_text("file")
    assert find(PasswordSource(str(path), "echo command", True)) == "file"
    assert find(PasswordSource(None, "echo command", True)) == "command"
    assert find(PasswordSource(None, None, True), {"XMPPSHELL_PASSWORD": "variable"}) == "ring"


# Asking.


def test_a_person_is_asked_last_and_without_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "typed"

    monkeypatch.setattr(getpass, "getpass", answer)
    assert find(interactive=True) == "typed"
    assert asked == [f"password for {ACCOUNT}: "]
    assert find(variables={"XMPPSHELL_PASSWORD": "variable"}, interactive=True) == "variable"
    assert len(asked) == 1


def test_a_person_who_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", end)
    with pytest.raises(PasswordError, match="no password was given"):
        find(interactive=True)


def test_nobody_to_ask() -> None:
    with pytest.raises(PasswordError, match="nobody to ask") as caught:
        find()
    assert "XMPPSHELL_PASSWORD" in caught.value.problem.cure
