"""What every subcommand shares: the parser, what a wrong use says, and how a problem is shown."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from ..exit_status import ExitStatus
from ..protocol.problem import Problem, ProblemError

if TYPE_CHECKING:
    from ..environment import Environment

EPILOG = """\
exit status: 0 fine, 1 error, 2 usage, 3 connection or authentication,
             4 mismatch in a replay, 130 interrupted"""


class UsageError(ProblemError):
    """The arguments cannot be done as they are."""


class Parser(argparse.ArgumentParser):
    """argparse with errors that end like the rest of the program's."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with status 2."""
        self.print_usage(sys.stderr)
        self.exit(ExitStatus.USAGE, f"{self.prog}: {message}\n")


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def need_a_terminal(environment: Environment, cure: str) -> None:
    """Raise UsageError unless a person sits at both ends; `cure` is what works without."""
    if not environment.interactive:
        raise usage("the shell needs a terminal on standard input and output", cure)


def usage(what: str, cure: str) -> UsageError:
    """Make the error for a wrong use, with what to do instead."""
    return UsageError(Problem(what, "", cure))


def complain(problem: Problem, environment: Environment) -> None:
    """Show a problem on standard error."""
    from ..terminal.theme import Theme, colour_wanted
    from ..terminal.view import problem_lines

    colour = colour_wanted(
        no_color=environment.no_color, is_tty=environment.stderr.isatty(), forced=None
    )
    print(problem_lines(problem, Theme(colour), environment.width), file=environment.stderr)
