"""Subcommands that need no server: what the library and the templates know."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..exit_status import ExitStatus
from ..protocol.problem import ProblemError
from .options import add_color
from .usage import Commands, UsageError, complain, usage

if TYPE_CHECKING:
    from ..environment import Environment
    from ..templates.model import Template


def add_to(commands: Commands) -> None:
    """Add the subcommands of the library."""
    add_explain(commands)
    add_lint(commands)
    add_template(commands)


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


def add_lint(commands: Commands) -> None:
    """Add `lint`."""
    parser = commands.add_parser(
        "lint",
        help="say what is wrong in stanzas, a transcript or a capture",
        description="Judge what stands in files, or on standard input with -, by the rules that "
        "the shell judges by: stanzas, a transcript, or a capture. `/lint rules` in the shell "
        "lists them, and so does --rules.",
        epilog="exit status: 0 no errors, 1 errors (with --strict: or warnings), 2 usage",
    )
    parser.set_defaults(action=_lint)
    parser.add_argument("files", nargs="*", metavar="FILE", help="what to judge; - reads input")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to say it")
    parser.add_argument("--strict", action="store_true", help="let warnings fail, too")
    parser.add_argument(
        "--rules",
        nargs="?",
        const="",
        metavar="NAME",
        help="list the rules, or explain one of them",
    )


def _lint(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    from ..terminal import lint_files

    if options.rules is not None and options.files:
        raise usage("--rules takes no files", "leave out one of them")
    if options.rules is None and not options.files:
        raise usage("what is to be judged?", "xmppshell lint FILE, or - for standard input")
    try:
        if options.rules is not None:
            return lint_files.show_rules(environment, options.rules)
        return lint_files.lint_files(
            environment, options.files, as_json=options.format == "json", strict=options.strict
        )
    except lint_files.Unusable as error:
        raise UsageError(error.problem) from error


def add_template(commands: Commands) -> None:
    """Add `template`."""
    parser = commands.add_parser(
        "template",
        help="print a stanza made of a template, or list the templates",
        description="Print the XML of a template with these values in its fields; without a "
        "name, the list of templates. What is optional and not given is left out. $ variables "
        "and {id} stay for `xmppshell connect JID -` to fill in.",
        epilog="exit status: 0 printed, 2 no such template or field, or a value is wrong or "
        "missing",
    )
    parser.set_defaults(action=_template)
    parser.add_argument("name", nargs="?", metavar="NAME", help="the name of a template")
    parser.add_argument(
        "values", nargs="*", metavar="VALUE", help="values of its fields, in order or as NAME=VALUE"
    )
    parser.add_argument("--show", action="store_true", help="explain the template and its fields")
    parser.add_argument(
        "--open",
        action="store_true",
        help="print what is not given as \u2039name\u203a, not a mistake",
    )


def _template(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    from ..templates.shelf import Shelf
    from ..templates.telling import WIDTH, in_full, listing
    from ..terminal.safe_text import safe

    shelf = Shelf(environment.templates_folder, environment.short)
    for problem in shelf.mistakes():
        complain(problem, environment)
    if options.name is None:
        text = listing(shelf.group(name) for name in shelf.groups())
    else:
        try:
            template = shelf.find(options.name)
            width = min(environment.width - 2, WIDTH)
            text = (
                in_full(template, _CALL, stands_in=shelf.stands_in(template), width=width)
                if options.show
                else _stanza(template, options)
            )
        except ProblemError as error:
            raise UsageError(error.problem) from error
    print(safe(text) if environment.stdout.isatty() else text, file=environment.stdout)
    return ExitStatus.OK


def _stanza(template: Template, options: argparse.Namespace) -> str:
    """Return the XML of the template with the values of the command line in it."""
    from ..templates.filling import fill, missing
    from ..templates.placeholders import finished
    from ..templates.telling import usage as usage_of
    from ..templates.words import arrange, word_of

    values = arrange(template, map(word_of, options.values))
    text = fill(template, values)
    if options.open:
        return text
    needed = missing(template, values)
    if needed:
        what = f"{', '.join(needed)} {'is' if len(needed) == 1 else 'are'} missing"
        raise usage(what, f"{usage_of(template, _CALL)} · --open prints them as open fields")
    return finished(text)


_CALL = "xmppshell template"
