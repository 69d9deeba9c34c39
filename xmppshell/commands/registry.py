"""The shell's commands as data: one declaration gives parser, completion, help and manual.

Command("raw", "view", "show the exact bytes", raw, (Argument("state", choices=ON_OFF),))
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..protocol.problem import Problem, ProblemError

if TYPE_CHECKING:
    from .desk import Desk

_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")

GROUPS = {
    "stream": "Connecting and leaving",
    "send": "Sending",
    "templates": "Templates",
    "view": "Looking",
    "keep": "Keeping",
    "help": "Help",
}
"""The groups of commands in the order in which help lists them, with their titles."""


class CommandError(ProblemError):
    """A command was not understood, or could not be done."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A positional argument; with `rest` it takes the remaining text exactly as typed.

    `choices` are its values for the parser and the completion; `suggest` names a list that the
    completion asks the desk for, such as "commands".
    """

    name: str
    meaning: str = ""
    optional: bool = False
    rest: bool = False
    choices: tuple[str, ...] = ()
    suggest: str = ""

    @property
    def usage(self) -> str:
        """How the argument is written in a usage line."""
        text = "|".join(self.choices) if self.choices else self.name.upper()
        return f"[{text}]" if self.optional else text


@dataclass(frozen=True, slots=True)
class Option:
    """A named option; without `value` it is a flag.

    A flag that is `negatable` can be turned round: `--insecure` is "on" and `--no-insecure` "off".
    """

    name: str
    meaning: str
    value: str = ""
    choices: tuple[str, ...] = ()
    negatable: bool = False

    @property
    def key(self) -> str:
        """The name under which the call carries it: `--ca-file` is `ca_file`."""
        return self.name.lstrip("-").replace("-", "_")

    @property
    def opposite(self) -> str:
        """The option that turns a negatable flag off."""
        return f"--no-{self.name.lstrip('-')}"

    @property
    def usage(self) -> str:
        """How the option is written in a usage line."""
        value = "|".join(self.choices) if self.choices else self.value
        name = f"--[no-]{self.name.lstrip('-')}" if self.negatable else self.name
        return f"[{name} {value}]" if value else f"[{name}]"


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it was called: its arguments and options by name, absent ones left out."""

    values: dict[str, str]

    def get(self, name: str) -> str | None:
        """Return the value of an argument or option, or None."""
        return self.values.get(name)

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def has(self, name: str) -> bool:
        """Say whether an argument, an option or a flag was given."""
        return name in self.values


Handler = Callable[["Desk", Call], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the shell."""

    name: str
    group: str
    summary: str
    handler: Handler
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    details: str = ""
    examples: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """The usage line, such as `/raw [on|off]`."""
        parts = [f"/{self.name}", *(a.usage for a in self.arguments)]
        parts += [option.usage for option in self.options]
        return " ".join(parts)

    def parse(self, text: str) -> Call:
        """Read what follows the command's name; raises `CommandError` with the usage."""
        return _Parser(self, text).parse()


@dataclass
class Registry:
    """All commands by name."""

    commands: dict[str, Command] = field(default_factory=dict)

    def add(self, command: Command) -> None:
        """Add a command; raises ValueError if its name or group is not free or known."""
        if command.name in self.commands or command.group not in GROUPS:
            raise ValueError(f"cannot add /{command.name} to {command.group}")
        self.commands[command.name] = command

    def find(self, name: str) -> Command:
        """Return the command of that name, or of the one name that begins so.

        Raises `CommandError` with the nearest names.
        """
        if name in self.commands:
            return self.commands[name]
        starts = [known for known in self.commands if known.startswith(name)]
        if name and len(starts) == 1:
            return self.commands[starts[0]]
        import difflib

        near = sorted(starts) or difflib.get_close_matches(name, self.commands, n=3)
        what = "could be more than one command" if starts and name else "is no command"
        cure = " or ".join(f"/{n}" for n in near) if name and near else "/help lists them all"
        raise CommandError(Problem(f"/{name} {what}", "", cure))

    def by_group(self) -> dict[str, list[Command]]:
        """Return the commands of each group, in the groups' order and by name."""
        return {
            group: sorted(
                (c for c in self.commands.values() if c.group == group), key=lambda c: c.name
            )
            for group in GROUPS
        }


def split_name(line: str) -> tuple[str, str]:
    """Divide `/name rest` into the name and the rest, exactly as typed after one space."""
    name, _, rest = line.strip().removeprefix("/").partition(" ")
    return name, rest


class _Parser:
    """Reads one call from left to right, so that a rest argument keeps its exact text."""

    def __init__(self, command: Command, text: str) -> None:
        self._command = command
        self._text = text
        self._options = {option.name: option for option in command.options}
        self._opposites = {o.opposite: o for o in command.options if o.negatable}
        self._values: dict[str, str] = {}

    def parse(self) -> Call:
        waiting = list(self._command.arguments)
        while True:
            self._text = self._text.lstrip()
            if not self._text:
                break
            if waiting and waiting[0].rest:
                self._values[waiting.pop(0).name] = self._text.rstrip()
                self._text = ""
                break
            word = self._word()
            if word in self._options:
                self._take_option(self._options[word])
            elif word in self._opposites:
                self._values[self._opposites[word].key] = "off"
            elif word.startswith("--"):
                raise self._error(f"{word} is not an option of /{self._command.name}")
            elif not waiting:
                raise self._error(f"“{word}” is one word too many")
            else:
                argument = waiting.pop(0)
                self._values[argument.name] = self._checked(word, argument.choices, argument.name)
        for argument in waiting:
            if not argument.optional:
                raise self._error(f"{argument.name.upper()} is missing")
        return Call(self._values)

    def _take_option(self, option: Option) -> None:
        if not option.value and not option.choices:
            self._values[option.key] = "on" if option.negatable else ""
            return
        self._text = self._text.lstrip()
        if not self._text:
            raise self._error(f"{option.name} needs a value")
        self._values[option.key] = self._checked(self._word(), option.choices, option.name)

    def _word(self) -> str:
        """Take the next word off the text; what is in quotes may hold spaces."""
        match = _WORD.match(self._text)
        if match is None or (match.end() < len(self._text) and self._text[match.end()] in "'\""):
            raise self._error("a quote is not closed")
        self._text = self._text[match.end() :]
        return _QUOTED.sub(lambda quoted: quoted.group()[1:-1], match.group())

    def _checked(self, word: str, choices: tuple[str, ...], name: str) -> str:
        if choices and word not in choices:
            raise self._error(f"{name} is {' or '.join(choices)}, not “{word}”")
        return word

    def _error(self, what: str) -> CommandError:
        return CommandError(Problem(what, "", self._command.usage))
