"""Subcommands that need no server: what the library and the templates know."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..exit_status import ExitStatus
from .options import add_color
from .usage import Commands, usage

if TYPE_CHECKING:
    from ..environment import Environment


def add_to(commands: Commands) -> None:
    """Add the subcommands of the library."""
    add_explain(commands)


def add_explain(commands: Commands) -> None:
    """Add `explain`."""
    parser = commands.add_parser(
        "explain",
        help="explain a stanza, or anything that has a name in XMPP",
        description="Explain an element, an attribute (message@type), a namespace, an error "
        "condition, a SASL mechanism, a status code of rooms, a feature, a document (xep 198), "
        "words of its title, or XML, which - reads from standard input.",
        epilog="exit status: 0 explained, 1 nothing is known of it, 2 usage",
    )
    parser.set_defaults(action=_explain)
    parser.add_argument("term", nargs="*", metavar="TERM", help="what to explain, or XML")
    parser.add_argument("--all", action="store_true", help="leave nothing of long XML out")
    parser.add_argument(
        "--coverage",
        metavar="FILE",
        help="say which elements of a transcript, a capture or a file of stanzas are not known",
    )
    add_color(parser)


def _explain(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    from ..terminal import explaining

    words = " ".join(options.term).strip()
    if options.coverage:
        if words:
            raise usage("--coverage takes a file and no term", "leave out one of them")
        return explaining.show_coverage(environment, options.coverage, colour=options.color)
    if not words:
        raise usage("what is to be explained?", "xmppshell explain ping")
    text = environment.stdin.read() if words == "-" else words
    if text.lstrip().startswith("<"):
        return explaining.explain_xml(environment, text, whole=options.all, colour=options.color)
    return explaining.explain_words(environment, text, colour=options.color)
