"""The front door: the command line, one thin function a subcommand, nothing heavy imported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .. import __version__
from ..exit_status import ExitStatus
from ..protocol.problem import ProblemError
from . import connecting, help, library, practice
from .usage import EPILOG, Parser, UsageError, complain

if TYPE_CHECKING:
    from ..environment import Environment


def run(arguments: Sequence[str]) -> ExitStatus:
    """Do what the arguments say and return the exit status; never raises but SystemExit."""
    options = _parse(arguments)
    action: Callable[[argparse.Namespace, Environment], ExitStatus] = options.action
    from ..environment import Environment

    environment = Environment()
    try:
        return action(options, environment)
    except ProblemError as error:
        complain(error.problem, environment)
        return ExitStatus.USAGE if isinstance(error, UsageError) else ExitStatus.ERROR
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return ExitStatus.ERROR


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest == ["-"] and options.action is connecting.connect:
        options.input = rest.pop()  # argparse takes no optional argument after options
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="xmppshell",
        description="The shell for exploring XMPP by hand. Without a command: a shell that is "
        "not connected yet.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"xmppshell {__version__}")
    parser.set_defaults(action=connecting.shell, color=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    connecting.add_to(commands)
    library.add_to(commands)
    practice.add_to(commands)
    help.add_to(commands)
    return parser
