"""From settings by name, as people write them, to those of a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..configuration.keys import DEFAULT_KEYS, Value, names_in
from ..network.discovery import TlsMode
from ..passwords import PasswordSource
from ..pilot import Negotiation, Stage
from ..protocol.jid import JID
from ..settings import Settings

if TYPE_CHECKING:
    from ..configuration.layers import Layer, Preferences


def _path(value: Value) -> str:
    return str(Path(str(value)).expanduser())


def _names(value: Value) -> tuple[str, ...]:
    return names_in(str(value))


SESSION_KEYS: Final = frozenset(DEFAULT_KEYS) - {
    "resource", "password_file", "password_command"
}  # fmt: skip
"""The keys that are fields of `Settings`."""

_FIELDS: Final = {"negotiate": "negotiation"}
"""The fields of `Settings` that have another name than their key."""

_CONVERSIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "tls": TlsMode,
    "ca_file": _path,
    "client_cert": _path,
    "client_key": _path,
    "keylog": _path,
    "mechanism": str.upper,
    "negotiate": Negotiation,
    "until": Stage,
    "session_features": _names,
}


@dataclass(frozen=True, slots=True)
class Account:
    """Whom to be and how to get there; `source` says where the password is.

    `name` is that of an account of the configuration, or "".
    """

    settings: Settings
    source: PasswordSource
    name: str = ""


def choose(typed: str, preferences: Preferences, given: Layer) -> Account:
    """Return the account that `typed` names: one of the configuration, or a JID.

    `given` is what was said for this connection alone. Raises `JIDError`, `UnknownAccount`, and
    `ConfigurationError` for a mistake in the file.
    """
    name, layer = preferences.connection(typed, given)
    values = values_of(layer)
    settings = overlaid(Settings(JID.parse(str(values["jid"]))), values)
    return Account(settings, source_of(values), name)


def values_of(layer: Layer) -> dict[str, Value]:
    """Return the values of a layer that are there."""
    return {name: setting.value for name, setting in layer.items() if setting.value is not None}


def overlaid(settings: Settings, values: Mapping[str, Value]) -> Settings:
    """Return `settings` with those of `values` that are for sessions."""
    fields: dict[str, Any] = {}
    for name, value in values.items():
        if name in SESSION_KEYS:
            convert = _CONVERSIONS.get(name)
            fields[_FIELDS.get(name, name)] = value if convert is None else convert(value)
    resource = values.get("resource")
    if resource is not None:
        fields["jid"] = settings.jid.with_resource(str(resource))
    return replace(settings, **fields)


def source_of(values: Mapping[str, Value]) -> PasswordSource:
    """Return where `values` say that the password is."""
    file, command = values.get("password_file"), values.get("password_command")
    return PasswordSource(
        None if file is None else _path(file),
        None if command is None else str(command),
        bool(values.get("keyring")),
    )
