"""Commands for settings: what holds in this shell, where it comes from, and changing it here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..configuration.keys import DEFAULT_KEYS, LOOKS_KEYS, Key, Value, unknown_key
from ..configuration.layers import BUILT_IN, THIS_SHELL, Layer, Setting
from ..configuration.report import setting_lines, shown
from ..protocol.problem import Problem
from .registry import Argument, Call, Command, CommandError

if TYPE_CHECKING:
    from .desk import Desk

EVERY: Final = "all"
"""What to type in the place of a name for every setting."""


async def set_value(desk: Desk, call: Call) -> None:
    """Show every setting, or one; or set one for this shell."""
    name, text = call.get("name"), call.get("value")
    if name is None or name == EVERY:
        _say_all(desk, everything=name == EVERY)
        return
    key = _key(name)
    if text is not None:
        value = key.parse(text)
        desk.preferences.chosen[key.name] = Setting(value, THIS_SHELL)
        _make_it_so(desk, key, value)
    _say(desk, key)


async def unset(desk: Desk, call: Call) -> None:
    """Take back what was set for this shell."""
    key = _key(call["name"])
    desk.preferences.chosen.pop(key.name, None)
    if key.name in LIVE:
        value = desk.preferences.shell()[key.name].value
        if value is not None:
            _make_it_so(desk, key, value)
    _say(desk, key)


def apply_looks(desk: Desk) -> None:
    """Make the shell look as the configuration has it; raises `ConfigurationError`."""
    for name, setting in desk.preferences.shell().items():
        if setting.value is not None:
            LIVE[name][1](desk, setting.value)


def current(desk: Desk) -> dict[str, Setting]:
    """Return every setting as it is now; raises `ConfigurationError`."""
    _, connection = desk.preferences.connection(None, {})
    return {**_looks(desk), **connection}


def _looks(desk: Desk) -> Layer:
    """Return how the shell looks; what a command of its own changed comes from this shell."""
    looks: dict[str, Setting] = {}
    for name, setting in desk.preferences.shell().items():
        now = LIVE[name][0](desk)
        same = setting.value in (None, now)
        looks[name] = Setting(now, setting.origin if same else "this shell")
    return looks


def _say_all(desk: Desk, *, everything: bool) -> None:
    """Show how the shell looks, and of the rest what somebody chose, or everything."""
    settings = current(desk)
    chosen = [k for k in DEFAULT_KEYS.values() if settings[k.name].origin != BUILT_IN]
    keys = [*LOOKS_KEYS.values(), *(DEFAULT_KEYS.values() if everything else chosen)]
    desk.screen.say("\n".join(setting_lines(keys, settings)))
    hidden = len(DEFAULT_KEYS) - len(chosen)
    if hidden and not everything:
        desk.screen.say(
            f"  {hidden} for connections are as built in; /set {EVERY} shows them", "dim"
        )
    if file := desk.preferences.load().name:
        desk.screen.say(f"  what lasts stands in {file}", "dim")


def _say(desk: Desk, key: Key) -> None:
    setting = current(desk)[key.name]
    desk.screen.say(f"{key.name}: {shown(key, setting)}  ({setting.origin})")
    possible = " or ".join(key.typed_choices) or key.kind.value
    if key.name in DEFAULT_KEYS:
        desk.screen.say(f"  {key.meaning}; {possible}; it counts from the next /connect", "dim")
    else:
        desk.screen.say(f"  {key.meaning}; {possible}", "dim")


def _key(name: str) -> Key:
    keys = {**LOOKS_KEYS, **DEFAULT_KEYS}
    if name in keys:
        return keys[name]
    problem = unknown_key(name, keys)
    raise CommandError(Problem(f"{name} is no setting", problem.cause, problem.cure))


def _make_it_so(desk: Desk, key: Key, value: Value) -> None:
    if key.name in LIVE:
        LIVE[key.name][1](desk, value)


def _set_raw(desk: Desk, value: Value) -> None:
    desk.view.raw = bool(value)


def _set_timestamps(desk: Desk, value: Value) -> None:
    desk.view.timestamps = bool(value)


def _set_negotiation(desk: Desk, value: Value) -> None:
    desk.view.negotiation = bool(value)


def _set_lint(desk: Desk, value: Value) -> None:
    desk.view.lint = bool(value)


def _set_editing(desk: Desk, value: Value) -> None:
    desk.screen.editing(str(value))


def _set_color(desk: Desk, value: Value) -> None:
    desk.screen.colour(bool(value))


LIVE: Final[dict[str, tuple[Callable[[Desk], Value], Callable[[Desk, Value], None]]]] = {
    "editing": (lambda desk: desk.screen.editing(None), _set_editing),
    "raw": (lambda desk: desk.view.raw, _set_raw),
    "timestamps": (lambda desk: desk.view.timestamps, _set_timestamps),
    "negotiation": (lambda desk: desk.view.negotiation, _set_negotiation),
    "lint": (lambda desk: desk.view.lint, _set_lint),
    "color": (lambda desk: desk.screen.colour(None), _set_color),
}
"""How the shell looks now, and how to change it, by the names of the keys."""


COMMANDS = (
    Command(
        "set",
        "view",
        "show the settings and where each is from, or change one for this shell",
        set_value,
        (
            Argument("name", "a setting, or all", optional=True, suggest="settings"),
            Argument("value", "its value from now on", optional=True, rest=True, suggest="values"),
        ),
        details=(
            "What lasts stands in the configuration; `/set` says where that is. Settings "
            "of a connection count from the next /connect."
        ),
        examples=("/set", "/set timestamps on", "/set host 127.0.0.1"),
    ),
    Command(
        "unset",
        "view",
        "take back what /set changed",
        unset,
        (Argument("name", "the name of a setting", suggest="settings"),),
    ),
)
