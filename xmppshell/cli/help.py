"""The subcommand `help`: the pages of the manual, and what `--help` says of a command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..exit_status import ExitStatus
from .options import add_color
from .usage import Commands, usage

if TYPE_CHECKING:
    from ..environment import Environment

PAGES = {"transcripts": "the language that transcripts are written in"}


def add_to(commands: Commands) -> None:
    """Add `help`."""
    parser = commands.add_parser(
        "help",
        help="show a page of the manual, or what --help says of a command",
        description="Show a page of the manual, or what --help says of a command. Without a "
        "topic: list the pages. The pages are Markdown, unless they go to a terminal.",
        epilog="exit status: 0 shown, 2 no such page or command",
    )
    parser.set_defaults(action=_help, commands=commands)
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help="a page, or a command")
    add_color(parser)


def _help(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    topic: str | None = options.topic
    commands: Commands = options.commands
    if topic is None:
        pages = "\n".join(f"  xmppshell help {name:<14}{told}" for name, told in PAGES.items())
        text = f"{pages}\n  xmppshell help {'COMMAND':<14}what `xmppshell COMMAND --help` says"
    elif topic in PAGES:
        text = _page(options, environment)
    elif topic in commands.choices:
        text = commands.choices[topic].format_help().rstrip("\n")
    else:
        raise _unknown(topic, [*PAGES, *commands.choices])
    print(text, file=environment.stdout)
    return ExitStatus.OK


def _page(options: argparse.Namespace, environment: Environment) -> str:
    from ..terminal.reference import page
    from ..terminal.theme import Theme, colour_wanted
    from ..transcript.language import reference

    text = reference()
    is_tty = environment.stdout.isatty()
    if not is_tty and not options.color:
        return text.rstrip("\n")
    colour = colour_wanted(no_color=environment.no_color, is_tty=is_tty, forced=options.color)
    return page(text, Theme(colour))


def _unknown(topic: str, known: list[str]) -> Exception:
    from ..knowledge.nearness import listed, near

    close = near(topic, known)
    cure = f"did you mean {listed(close)}?" if close else "xmppshell help lists the pages"
    return usage(f"there is no page or command {topic}", cure)
