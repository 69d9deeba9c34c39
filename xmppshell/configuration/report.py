"""The settings in lines: each with its value and the place that it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .keys import ACCOUNT_KEYS, DEFAULT_KEYS, LOOKS_KEYS, Key, as_toml
from .layers import BUILT_IN, Layer, Preferences, Setting, resolved

VALUE_COLUMNS: Final = 40


def report(preferences: Preferences, account: str | None, given: Layer) -> str:
    """Return what holds: for `account`, a name or a JID, or without one for the shell and all.

    Raises `ConfigurationError` and `UnknownAccount`.
    """
    file = preferences.load()
    if account is not None:
        name, settings = preferences.connection(account, given)
        title = f"[accounts.{name}]" if name else account
        return "\n".join([file.name, title, *setting_lines(ACCOUNT_KEYS.values(), settings)])
    _, defaults = preferences.connection(None, given)
    lines = [file.name, "[shell]", *setting_lines(LOOKS_KEYS.values(), preferences.shell())]
    lines += ["[defaults]", *setting_lines(DEFAULT_KEYS.values(), defaults)]
    for name, layer in file.accounts.items():
        keys = [key for key in ACCOUNT_KEYS.values() if key.name in layer]
        lines += [f"[accounts.{name}]", *setting_lines(keys, resolved(keys, layer))]
    return "\n".join(lines)


def setting_lines(keys: Iterable[Key], settings: Layer) -> list[str]:
    """Return a line for each of `keys`, in columns."""
    rows = [(key.name, shown(key, settings[key.name]), settings[key.name].origin) for key in keys]
    names = max((len(name) for name, _, _ in rows), default=0)
    values = min(max((len(value) for _, value, _ in rows), default=0), VALUE_COLUMNS)
    return [f"  {name:<{names}}  {value:<{values}}  {origin}" for name, value, origin in rows]


def shown(key: Key, setting: Setting) -> str:
    """Return the value of a setting, or in words what it means that it has none."""
    value = setting.value
    if value is None:
        return f"({key.unset})" if setting.origin == BUILT_IN else ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return f"{value:g}"
    return value if value.isprintable() else as_toml(value)
