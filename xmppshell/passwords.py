"""Where a password comes from: a file, a command, the environment, a keyring, or a prompt.

Never an argument: the arguments of a process are public on its machine.
"""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .environment import Environment
from .protocol.problem import Problem, ProblemError

KEYRING_SERVICE = "xmppshell"


class PasswordError(ProblemError):
    """No password could be had."""


@dataclass(frozen=True, slots=True)
class PasswordSource:
    """Where the user said to look; the first that is set is used, then the environment."""

    file: str | None = None
    command: str | None = None
    keyring: bool = False


def find_password(source: PasswordSource, account: str, environment: Environment) -> str:
    """Return the password of `account`, a bare JID; asks without echo as the last resort.

    Raises `PasswordError` if the source that was named gives none, or nobody can be asked.
    """
    password = password_from(source, account)
    if password is not None:
        return password
    if environment.password is not None:
        return environment.password
    if not environment.interactive:
        raise PasswordError(
            Problem(
                f"there is no password for {account} and nobody to ask",
                "the program does not run in a terminal",
                "set XMPPSHELL_PASSWORD, or use --password-file or --password-command",
            )
        )
    import getpass

    try:
        return getpass.getpass(f"password for {account}: ")
    except EOFError:
        raise PasswordError(Problem(f"no password was given for {account}")) from None


def password_from(source: PasswordSource, account: str) -> str | None:
    """Return the password of `account` from where `source` says, or None if it says nothing.

    Raises `PasswordError`.
    """
    if source.file is not None:
        return _from_file(source.file)
    if source.command is not None:
        return _from_command(source.command)
    if source.keyring:
        return _from_keyring(account)
    return None


def _first_line(text: str, origin: str) -> str:
    password = text.split("\n", 1)[0].rstrip("\r")
    if not password:
        raise PasswordError(
            Problem(
                f"{origin} gave no password",
                "its first line is empty",
                "put the password on the first line",
            )
        )
    return password


def _from_file(name: str) -> str:
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise PasswordError(
            Problem(
                f"the password file {name} cannot be read: {reason}",
                "a wrong path, or its permissions",
                "check --password-file",
            )
        ) from None
    return _first_line(text, f"the password file {name}")


def _from_command(command: str) -> str:
    try:
        words = shlex.split(command)
        if not words:
            raise ValueError("it is empty")
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=60, check=True)
    except (OSError, ValueError) as error:
        raise PasswordError(
            Problem(
                f"the password command cannot be run: {error}",
                "the program is not there, or a quote is not closed",
                "try the command by itself",
            )
        ) from error
    except subprocess.SubprocessError as error:
        reason = (
            f"it ended with status {error.returncode}"
            if isinstance(error, subprocess.CalledProcessError)
            else "it did not end within 60 s"
        )
        raise PasswordError(
            Problem(
                f"the password command failed: {reason}",
                "the password store is locked, or has no such entry",
                "try the command by itself",
            )
        ) from None
    try:
        text = done.stdout.decode()
    except UnicodeDecodeError:
        raise PasswordError(
            Problem(
                "what the password command printed is not UTF-8 text",
                "it prints in another encoding, or something else than a password",
                "try the command by itself",
            )
        ) from None
    return _first_line(text, "the password command")


def open_keyring() -> Any:
    """Return the module `keyring`; raises `PasswordError` where it is not installed."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise PasswordError(
            Problem(
                "keyring is not installed",
                "it is an extra of this package",
                "pip install 'xmppshell[keyring]'",
            )
        ) from None
    return keyring


def _from_keyring(account: str) -> str:
    keyring = open_keyring()
    try:
        password: str | None = keyring.get_password(KEYRING_SERVICE, account)
    except keyring.errors.KeyringError as error:
        raise PasswordError(
            Problem(
                f"the keyring gave an error: {error}",
                "no keyring service runs in this session",
                "use --password-command or --password-file instead",
            )
        ) from error
    if password is None:
        raise PasswordError(
            Problem(
                f"the keyring has no password for {account}",
                "it was never stored",
                f"store it with: keyring set {KEYRING_SERVICE} {account}",
            )
        )
    return password
