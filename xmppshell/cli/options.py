"""Options that several subcommands have, and how their values are read."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from ..configuration.keys import Key, Kind, Value, WrongValue


def add_color(parser: argparse.ArgumentParser) -> None:
    """Add `--color` and `--no-color`; neither is None."""
    parser.add_argument(
        "--color",
        action=argparse.BooleanOptionalAction,
        help="colour, or none (otherwise: on a terminal, and without NO_COLOR)",
    )


def add_keys(parser: argparse.ArgumentParser, keys: Iterable[Key]) -> None:
    """Add an option for each of the settings; what is not given is None, not a default."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for key in keys:
        if key.group not in groups:
            groups[key.group] = parser.add_argument_group(key.group)
        otherwise = key.unset if key.built_in is None else str(key.built_in)
        meaning = f"{key.meaning} (otherwise {otherwise})"
        if key.kind is Kind.FLAG:
            groups[key.group].add_argument(
                key.option, action=argparse.BooleanOptionalAction, help=key.meaning
            )
        else:
            groups[key.group].add_argument(
                *filter(None, (key.option, key.also)),
                type=_reader(key),
                choices=key.one_of or None,
                metavar=key.placeholder or None,
                help=meaning,
            )


def _reader(key: Key) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        if key.one_of:
            return text  # argparse knows them, and what to say.
        try:
            return key.parse(text)
        except WrongValue as error:
            raise argparse.ArgumentTypeError(error.problem.what) from error

    return read


def seconds(text: str) -> float:
    """Return the number of seconds that `text` is; raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value


def port(text: str) -> int:
    """Return the port number that `text` is, 0 for any free one; raises ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return int(text)


def address(text: str) -> tuple[str, int]:
    """Return host and port of `ADDRESS:PORT`, either of which may be left out."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = ("127.0.0.1", text) if text.isdecimal() else (text, "5222")
    if not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not ADDRESS:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)
