"""Every setting that there is: its name, what it may be, and what it is when nobody says.

A key of the file, a long option of the command line, an option of `/connect` and a name for
`/set` are the same thing, and a row here declares all of them.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..protocol.problem import Problem, ProblemError

Value: TypeAlias = str | int | float | bool


class WrongValue(ProblemError):
    """A value that a key cannot have; the problem says what it can have."""


class Kind(enum.Enum):
    """What a value can be, in the words that tell a person."""

    TEXT = "a text"
    FILE = "the name of a file"
    JID = "an address such as juliet@example.org"
    CHOICE = "a choice"
    NAMES = "one name or more, with commas between them"
    FLAG = "true or false"
    PORT = "a port from 1 to 65535"
    SECONDS = "a number of seconds"


WORDS: Final = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
"""How a flag is typed."""

MOST_SECONDS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    `built_in` is its value when nobody gives one; None has a meaning of its own, which `unset`
    says. Of the keys of one `rival` group, the stronger layer's drives out the weaker layer's.
    `also` is another name of its option on the command line.
    """

    name: str
    kind: Kind
    meaning: str
    group: str
    choices: tuple[str, ...] = ()
    built_in: Value | None = None
    unset: str = ""
    placeholder: str = ""
    rival: str = ""
    also: str = ""

    @property
    def option(self) -> str:
        """The long option of this name: `ca_file` is `--ca-file`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def one_of(self) -> tuple[str, ...]:
        """The choices of which the value is exactly one, or nothing."""
        return self.choices if self.kind is Kind.CHOICE else ()

    @property
    def typed_choices(self) -> tuple[str, ...]:
        """What can be typed for it, where that can be listed."""
        return ("on", "off") if self.kind is Kind.FLAG else self.choices

    def parse(self, text: str) -> Value:
        """Read the value from what was typed; raises `WrongValue`."""
        value = self._read(text)
        if value is None:
            possible = "on or off" if self.kind is Kind.FLAG else self.kind.value
            raise self._wrong(text, possible, "")
        return self.check(value)

    def _read(self, text: str) -> Value | None:
        """Return what `text` stands for, or None if it can be nothing of this kind."""
        if self.kind is Kind.FLAG:
            return WORDS.get(text.lower())
        if self.kind is Kind.PORT:
            return int(text) if text.isascii() and text.isdecimal() else None
        if self.kind is Kind.SECONDS:
            try:
                return float(text)
            except ValueError:
                return None
        return text

    def check(self, value: object) -> Value:
        """Return `value`, as TOML gives it, if the key can have it; raises `WrongValue`."""
        if self.kind is Kind.FLAG:
            if isinstance(value, bool):
                return value
            raise self._not_of_the_kind(value)
        if self.kind in (Kind.PORT, Kind.SECONDS):
            return self._checked_number(value)
        if not isinstance(value, str):
            raise self._not_of_the_kind(value)
        return self._checked_text(value)

    def _checked_number(self, value: object) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._not_of_the_kind(value)
        if self.kind is Kind.PORT:
            possible = isinstance(value, int) and 0 < value < 65536
        else:
            possible = 0 <= value < MOST_SECONDS
        if not possible:
            raise self._wrong(str(value), self.kind.value, "")
        return value

    def _checked_text(self, value: str) -> str:
        if not value:
            raise self._wrong('""', self.kind.value, f"leave {self.name} out")
        for name in names_in(value) if self.kind is Kind.NAMES else (value,):
            if self.choices and name not in self.choices:
                import difflib

                near = difflib.get_close_matches(name, self.choices, n=1)
                cure = f"did you mean {near[0]}?" if near else ""
                raise self._wrong(name, " or ".join(self.choices), cure)
        if self.kind is Kind.JID:
            from ..protocol.jid import JID, JIDError

            try:
                JID.parse(value)
            except JIDError as error:
                raise WrongValue(error.problem) from error
        return value

    def _not_of_the_kind(self, value: object) -> WrongValue:
        """Return the error for a value of another type, with how it should be written."""
        shown, cure = _shown(value), ""
        if isinstance(value, str):
            read = self._read(value)
            if read is not None and not isinstance(read, str):
                cure = f"{self.name} = {as_toml(read)}, without quotes"
        elif isinstance(value, bool | int | float) and self.kind in (Kind.TEXT, Kind.FILE):
            cure = f'{self.name} = "{as_toml(value)}", in quotes'
        return self._wrong(shown, self.kind.value, cure)

    def _wrong(self, shown: str, possible: str, cure: str) -> WrongValue:
        return WrongValue(Problem(f"{shown} is not {possible}", "", cure))


def names_in(text: str) -> tuple[str, ...]:
    """Return the names that stand in a text with commas or spaces between them."""
    return tuple(text.replace(",", " ").split())


def as_toml(value: object) -> str:
    """Return a value as it is written in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _shown(value: object) -> str:
    """Return how a complaint calls a value of any type that TOML has."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return as_toml(value)


WHERE_TO: Final = "where to"
WHO: Final = "who"
HOW: Final = "how"
LOOKS: Final = "looks"

ACCOUNT_KEY: Final = Key("jid", Kind.JID, "the account, with a resource if you like", WHO)

CONNECTION_KEYS: Final = (
    Key(
        "host",
        Kind.TEXT,
        "connect to this host",
        WHERE_TO,
        unset="what DNS says",
        placeholder="HOST",
    ),
    Key(
        "port",
        Kind.PORT,
        "the port",
        WHERE_TO,
        unset="what DNS says, or 5222; 5347 for a component",
        placeholder="PORT",
    ),
    Key(
        "tls",
        Kind.CHOICE,
        "how to encrypt; none sends all in the clear",
        WHERE_TO,
        ("starttls", "direct", "none"),
        unset="what DNS says, or starttls",
    ),
    Key(
        "ca_file",
        Kind.FILE,
        "trust the certificates in this file",
        WHERE_TO,
        unset="those of the system",
        placeholder="FILE",
    ),
    Key("insecure", Kind.FLAG, "do not verify the certificate", WHERE_TO, built_in=False),
    Key(
        "tls_version",
        Kind.CHOICE,
        "speak this version of TLS only",
        WHERE_TO,
        ("1.2", "1.3"),
        unset="the newest of both sides",
    ),
    Key(
        "keylog",
        Kind.FILE,
        "append the secrets of TLS to this file, for Wireshark",
        WHERE_TO,
        unset="not written",
        placeholder="FILE",
    ),
    Key(
        "timeout",
        Kind.SECONDS,
        "how long an attempt to connect may take, in seconds",
        WHERE_TO,
        built_in=15,
        placeholder="S",
    ),
    Key(
        "websocket",
        Kind.TEXT,
        "go by WebSocket: its address, or auto to look for it",
        WHERE_TO,
        unset="by TCP",
        placeholder="URL",
    ),
    Key(
        "component",
        Kind.FLAG,
        "be the component of this domain; the password is its secret",
        WHO,
        built_in=False,
    ),
    Key(
        "resource",
        Kind.TEXT,
        "ask for this resource",
        WHO,
        unset="that of the JID, if any",
        placeholder="RESOURCE",
    ),
    Key(
        "mechanism",
        Kind.TEXT,
        "insist on this SASL mechanism",
        WHO,
        unset="the strongest",
        placeholder="M",
    ),
    Key(
        "channel_binding",
        Kind.CHOICE,
        "insist on binding the sign-in to TLS by this",
        WHO,
        ("tls-exporter", "tls-unique", "tls-server-end-point"),
        unset="where both sides can",
    ),
    Key(
        "client_cert",
        Kind.FILE,
        "show this certificate (PEM), for EXTERNAL",
        WHO,
        unset="none",
        placeholder="FILE",
    ),
    Key(
        "client_key",
        Kind.FILE,
        "the private key of the certificate (PEM)",
        WHO,
        unset="in the same file",
        placeholder="FILE",
    ),
    Key(
        "allow_downgrade",
        Kind.FLAG,
        "sign in by a weaker mechanism than before",
        WHO,
        built_in=False,
    ),
    Key(
        "password_file",
        Kind.FILE,
        "its first line is the password, or the secret of a component",
        WHO,
        unset="not used",
        placeholder="FILE",
        rival="password",
        also="--secret-file",
    ),
    Key(
        "password_command",
        Kind.TEXT,
        "a command that prints the password",
        WHO,
        unset="not used",
        placeholder="CMD",
        rival="password",
    ),
    Key(
        "keyring",
        Kind.FLAG,
        "take the password from the keyring (an extra), and keep tokens there",
        WHO,
        built_in=False,
        rival="password",
    ),
    Key("sm", Kind.FLAG, "manage the stream, and resume it after a loss", HOW, built_in=False),
    Key("reconnect", Kind.FLAG, "open a lost connection again", HOW, built_in=False),
    Key("sasl2", Kind.FLAG, "sign in by SASL2 where it is offered", HOW, built_in=False),
    Key("fast", Kind.FLAG, "with SASL2, keep a token for the next login", HOW, built_in=True),
    Key(
        "session_features",
        Kind.NAMES,
        "with SASL2, turn these on with the resource: carbons, csi",
        HOW,
        ("carbons", "csi"),
        unset="none",
        placeholder="NAMES",
    ),
    Key("pipeline", Kind.FLAG, "send ahead of the server's features", HOW, built_in=False),
    Key(
        "negotiate",
        Kind.CHOICE,
        "who makes the moves: the console, you one by one, or you alone",
        HOW,
        ("auto", "step", "manual"),
        built_in="auto",
    ),
    Key(
        "until",
        Kind.CHOICE,
        "stop there and hand the stream over",
        HOW,
        ("connected", "features", "tls", "login", "authenticated", "bound"),
        unset="go all the way",
    ),
)
"""What `connect` takes besides the account, in the order in which help lists it."""

SHELL_KEYS: Final = (
    Key(
        "editing",
        Kind.CHOICE,
        "the editing keys",
        LOOKS,
        ("emacs", "vi"),
        built_in="emacs",
    ),
    Key("raw", Kind.FLAG, "show exact bytes, not the pretty view", LOOKS, built_in=False),
    Key("timestamps", Kind.FLAG, "show when each stanza went or came", LOOKS, built_in=False),
    Key("negotiation", Kind.FLAG, "show the XML of the negotiation too", LOOKS, built_in=False),
    Key("lint", Kind.FLAG, "tell what is wrong in what is typed or comes", LOOKS, built_in=True),
    Key("color", Kind.FLAG, "colour", LOOKS, unset="on a terminal, and without NO_COLOR"),
)
"""How the shell looks and feels."""

ACCOUNT_KEYS: Final = {key.name: key for key in (ACCOUNT_KEY, *CONNECTION_KEYS)}
"""What a table `[accounts.NAME]` may hold, by name."""
DEFAULT_KEYS: Final = {key.name: key for key in CONNECTION_KEYS}
"""What the table `[defaults]` may hold, by name."""
LOOKS_KEYS: Final = {key.name: key for key in SHELL_KEYS}
"""What the table `[shell]` may hold, by name."""

SECRETS: Final = frozenset({"password", "passwd", "passphrase", "pass", "secret", "token"})


def unknown_key(name: str, keys: Collection[str]) -> Problem:
    """Return why `name` is none of `keys`, if there is more to say, and what may be meant."""
    if name.lower() in SECRETS:
        return Problem(
            f"{name} is no setting",
            "whoever sees a password written down has it",
            'password_command = "pass show xmpp", or password_file, or keyring = true',
        )
    return Problem(f"{name} is no setting", "", nearest(name, keys))


def nearest(name: str, known: Collection[str]) -> str:
    """Return a question for the one of `known` that is most like `name`, or else what there is."""
    import difflib

    near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
