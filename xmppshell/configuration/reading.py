"""From the text of `config.toml` to its values, each with the line that it stands on.

    [defaults]                  # for every connection
    ca_file = "ca.pem"

    [accounts.work]             # for `xmppshell connect work`
    jid = "juliet@example.org/balcony"

    [shell]
    editing = "vi"

Every mistake in the file is found, not just the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..protocol.problem import Problem, ProblemError
from .keys import (
    ACCOUNT_KEYS,
    DEFAULT_KEYS,
    LOOKS_KEYS,
    Key,
    Kind,
    WrongValue,
    nearest,
    unknown_key,
)
from .layers import Configuration, Layer, Preferences, Setting
from .lines import KeyPath, key_lines, line_of

TABLES: Final = ("defaults", "accounts", "shell")

NAME: Final = re.compile(r"[^\W_][\w-]*")
"""What an account may be called: it is also the name of a session, and `@NAME` begins a line."""


class ConfigurationError(ProblemError):
    """The file cannot be used; `problems` has one for each mistake, in the order of the lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first, more = problems[0], len(problems) - 1
        if more:
            rest = f"{more} more mistake{'s' if more > 1 else ''}: `xmppshell config` shows all"
            cure = f"{first.cure} · {rest}" if first.cure else rest
            first = Problem(first.what, first.cause, cure, first.reference)
        super().__init__(first)
        self.problems = problems


def read_file(path: Path, name: str) -> Configuration:
    """Return what the file at `path` says, or an empty configuration if there is none.

    `name` is how messages call it. Raises `ConfigurationError`.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Configuration(name)
    except OSError as error:
        problem = Problem(
            f"{name} cannot be read: {error.strerror}",
            "its permissions, or it is no file",
            "`xmppshell config --path` names the file",
        )
        raise ConfigurationError((problem,)) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(f"{name}:{line}: this is not UTF-8 text", "", "save it as UTF-8")
        raise ConfigurationError((problem,)) from error
    return read(text, name, path.parent)


def preferences_at(
    path: Path, name: str, *, given: Layer | None = None, found: Layer | None = None
) -> Preferences:
    """Return preferences that read the file at `path` whenever it counts."""
    return Preferences(lambda: read_file(path, name), given=given, found=found)


def read(text: str, name: str = "config.toml", folder: Path | None = None) -> Configuration:
    """Return what `text` says; raises `ConfigurationError` with every mistake in it.

    `name` is how messages call the file. Names of files in it are relative to `folder`.
    """
    import tomllib

    text = text.replace("\r\n", "\n")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError((_syntax_problem(str(error), text, name),)) from error
    return _Reader(name, key_lines(text), folder or Path()).read(content)


@dataclass
class _Mistake:
    line: int
    problem: Problem


class _Reader:
    """Takes a parsed file apart."""

    def __init__(self, name: str, lines: Mapping[KeyPath, int], folder: Path) -> None:
        self._name = name
        self._lines = lines
        self._folder = folder
        self._mistakes: list[_Mistake] = []

    def read(self, content: Mapping[str, object]) -> Configuration:
        for key, value in content.items():
            if key not in TABLES:
                self._unknown_at_the_top((key,), value)
        configuration = Configuration(
            self._name,
            self._table(content, ("defaults",), DEFAULT_KEYS),
            dict(self._accounts(content)),
            self._table(content, ("shell",), LOOKS_KEYS),
        )
        if self._mistakes:
            found = sorted(self._mistakes, key=lambda mistake: mistake.line)
            raise ConfigurationError(tuple(mistake.problem for mistake in found))
        return configuration

    def _unknown_at_the_top(self, path: KeyPath, value: object) -> None:
        if isinstance(value, dict | list):
            what = f"there is no table [{path[0]}]"
            self._wrong(path, what, "", nearest(path[0], TABLES))
            return
        tables = [
            table
            for table, keys in (("[defaults]", DEFAULT_KEYS), ("[shell]", LOOKS_KEYS))
            if path[0] in keys
        ]
        cure = f"put it below {tables[0]}" if tables else "it belongs into a table"
        self._wrong(path, f"{path[0]} stands in no table", "", cure)

    def _accounts(self, content: Mapping[str, object]) -> Iterator[tuple[str, dict[str, Setting]]]:
        accounts = content.get("accounts", {})
        if not isinstance(accounts, dict):
            self._wrong(("accounts",), "accounts is no table", "", "begin one with [accounts.NAME]")
            return
        for name, table in accounts.items():
            path = ("accounts", name)
            if not isinstance(table, dict):
                cure = f"begin it with [accounts.{name}]"
                if name in ACCOUNT_KEYS:
                    cure = "put it below [accounts.NAME], with a name of your choice"
                self._wrong(path, f"accounts.{name} is no table", "", cure)
                continue
            if not NAME.fullmatch(name):
                what = f"“{name}” cannot be the name of an account"
                self._wrong(path, what, "", "use letters, digits, - and _, beginning with a letter")
            before = len(self._mistakes)
            layer = self._table(accounts, path, ACCOUNT_KEYS)
            if "jid" not in table and len(self._mistakes) == before:
                self._wrong(path, f"the account {name} has no jid", "", 'jid = "you@example.org"')
            yield name, layer

    def _table(
        self, content: Mapping[str, object], path: KeyPath, keys: Mapping[str, Key]
    ) -> dict[str, Setting]:
        table = content.get(path[-1], {})
        if not isinstance(table, dict):
            self._wrong(path, f"{path[-1]} is no table", "", f"begin it with [{path[-1]}]")
            return {}
        layer: dict[str, Setting] = {}
        for name, value in table.items():
            here = (*path, name)
            key = keys.get(name)
            if key is None:
                self._unknown_key(here, keys)
                continue
            try:
                checked = key.check(value)
            except WrongValue as error:
                problem = error.problem
                what = f"{name}: {problem.what}"
                self._wrong(here, what, problem.cause, problem.cure, problem.reference)
                continue
            if key.kind is Kind.FILE and not str(checked).startswith("~"):
                checked = str(self._folder / str(checked))
            origin = f"{Path(self._name).name}:{line_of(here, self._lines)}"
            layer[name] = Setting(checked, origin)
        return layer

    def _unknown_key(self, path: KeyPath, keys: Mapping[str, Key]) -> None:
        name, table = path[-1], ".".join(path[:-1])
        unknown = unknown_key(name, keys)
        what = f"there is no {name} in [{table}]"
        if unknown.cause:
            what = f"{name}: a password is not kept in this file"
        elif name == "jid":
            unknown = Problem("", "", "put it below [accounts.NAME]")
        elif name in LOOKS_KEYS:
            unknown = Problem("", "", "put it below [shell]")
        elif name in DEFAULT_KEYS:
            unknown = Problem("", "", "put it below [defaults] or [accounts.NAME]")
        self._wrong(path, what, unknown.cause, unknown.cure)

    def _wrong(self, path: KeyPath, what: str, cause: str, cure: str, reference: str = "") -> None:
        line = line_of(path, self._lines)
        problem = Problem(f"{self._name}:{line}: {what}", cause, cure, reference)
        self._mistakes.append(_Mistake(line, problem))


_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

_REASONS: Final = (
    ("Cannot overwrite a value", "the same key stands there twice", "keep one of them"),
    ("Cannot declare", "the same table begins twice", "keep one head and put all below it"),
    ("Invalid value", "a text is not in quotes, or nothing follows the =", 'key = "text"'),
    ("Expected '='", "a key needs a value", 'key = "text"'),
    ("Invalid statement", "a key has other letters than A to Z", "such a key needs quotes"),
    ("Unterminated string", "a quote is not closed", "close it"),
    ("Illegal character '\\n'", "a quote is not closed on its line", "close it"),
    ("Unescaped '\\'", "a \\ in double quotes begins an escape", "write \\\\, or use ' quotes"),
    ("Expected \"'''\"", "a quote is not closed", "close it"),
    ("Expected ']'", "the head of a table is not closed", "[defaults]"),
    ("Expected newline", "more follows a value on its line", "one key a line; # begins a comment"),
)
"""Beginnings of tomllib's messages, with what usually lies behind them and what to try."""


def _syntax_problem(message: str, text: str, name: str) -> Problem:
    """Return the problem for text that is not TOML."""
    place = _PLACE.search(message)
    reason = _PLACE.sub("", message)
    line = text.rstrip().count("\n") + 1
    if place is not None and place[1]:
        line = int(place[1])
    cause, cure = "", "toml.io has the format"
    for beginning, why, what in _REASONS:
        if reason.startswith(beginning):
            cause, cure = why, what
            break
    shown = reason[:1].lower() + reason[1:]
    return Problem(f"{name}:{line}: this is not TOML: {shown}", cause, cure)
