"""Who wins: values in layers, each with the place that it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..protocol.problem import Problem, ProblemError
from .keys import DEFAULT_KEYS, LOOKS_KEYS, Key, Value

BUILT_IN = "built in"
COMMAND_LINE = "command line"
THIS_SHELL = "/set"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and its `origin`, in words or as `file:line` without the folder; None is no value."""

    value: Value | None
    origin: str


Layer = Mapping[str, Setting]
"""What one place gives, by the names of the keys."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the file says; empty where there is none.

    `name` is how messages call the file.
    """

    name: str = ""
    defaults: Layer = field(default_factory=dict)
    accounts: Mapping[str, Layer] = field(default_factory=dict)
    shell: Layer = field(default_factory=dict)


def layer_of(values: Mapping[str, Value], origin: str) -> dict[str, Setting]:
    """Return a layer in which all values have the same origin."""
    return {name: Setting(value, origin) for name, value in values.items()}


def resolved(keys: Iterable[Key], *layers: Layer) -> dict[str, Setting]:
    """Return the setting of each key: that of the first layer that has one, or the built-in.

    Where a layer has a key of a rival group, the layers after it no longer count for the group.
    """
    keys = tuple(keys)
    settings: dict[str, Setting] = {}
    decided: set[str] = set()
    for layer in layers:
        present = [key for key in keys if key.name in layer and key.rival not in decided]
        for key in present:
            settings.setdefault(key.name, layer[key.name])
        decided |= {key.rival for key in present if key.rival}
    for key in keys:
        settings.setdefault(key.name, Setting(key.built_in, BUILT_IN))
    return settings


class UnknownAccount(ProblemError):
    """A name that is no account of the file."""


class Preferences:
    """What holds in one run of the program: the file, and over it what was chosen in the run.

    `load` reads the file; it is asked each time, so that a change of the file counts at once.
    It may raise `ConfigurationError`. `chosen` is the layer that `/set` writes. For the shell,
    `given` is what the command line says, and `found` what holds if nobody says anything.
    """

    def __init__(
        self,
        load: Callable[[], Configuration] = Configuration,
        *,
        given: Layer | None = None,
        found: Layer | None = None,
    ) -> None:
        self.load = load
        self.chosen: dict[str, Setting] = {}
        self._given: Layer = given or {}
        self._found: Layer = found or {}

    def connection(self, typed: str | None, given: Layer) -> tuple[str, dict[str, Setting]]:
        """Return the name of the account of the file that was meant, or "", and what holds.

        `typed` is such a name or a JID, `given` what is said for this one connection. The
        settings have a `jid` unless `typed` is None.
        Raises `ConfigurationError` for a mistake in the file, `UnknownAccount`.
        """
        file = self.load()
        account = typed if typed is not None and may_be_account(typed) else ""
        layer = file.accounts.get(account, {})
        if account and not layer:
            account = ""
            problem = no_such_account(file, typed or "")
            if problem.cure:
                raise UnknownAccount(problem)
        settings = resolved(DEFAULT_KEYS.values(), given, self.chosen, layer, file.defaults)
        if layer:
            return account, {"jid": layer["jid"], **settings}
        if typed is not None:
            return "", {"jid": Setting(typed, COMMAND_LINE), **settings}
        return "", settings

    def shell(self) -> dict[str, Setting]:
        """Return what holds for the shell; raises `ConfigurationError`."""
        layers = (self.chosen, self._given, self.load().shell, self._found)
        return resolved(LOOKS_KEYS.values(), *layers)


def may_be_account(typed: str) -> bool:
    """Say whether a word could name an account of the file: a JID has an @, a dot or both."""
    return not set(typed) & set("@./[]:")


def no_such_account(file: Configuration, name: str) -> Problem:
    """Return what is wrong with a name that is no account of the file.

    Its cure is empty unless the name resembles that of an account.
    """
    import difflib

    near = difflib.get_close_matches(name, file.accounts, n=1)
    known = ", ".join(file.accounts)
    return Problem(
        f"there is no account {name} in {file.name or 'the configuration'}",
        f"the accounts there are {known}" if known else "it has no accounts",
        f"did you mean {near[0]}?" if near else "",
    )
