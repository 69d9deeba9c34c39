"""Subcommands that go to a server with an account, and the configuration they go by.

Connect, register, check, config, and the shell that is not connected yet.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..configuration.keys import DEFAULT_KEYS
from ..exit_status import ExitStatus
from ..protocol.problem import ProblemError
from .options import add_color, add_keys, seconds
from .usage import EPILOG, Commands, UsageError, complain, need_a_terminal, usage

if TYPE_CHECKING:
    from ..checkup.plan import Plan
    from ..commands.accounts import Account
    from ..configuration.layers import Layer, Preferences
    from ..environment import Environment
    from ..settings import Settings

_WHERE_TO = ("host", "port", "tls", "ca_file", "insecure", "timeout")

_PASSWORD = ("password_file", "password_command", "keyring")


def add_to(commands: Commands) -> None:
    """Add the subcommands of this module."""
    _add_connect(commands)
    _add_register(commands)
    _add_check(commands)
    _add_config(commands)


def _add_connect(commands: Commands) -> None:
    parser = commands.add_parser(
        "connect",
        help="open a stream to a server and speak on it",
        description="Open a stream, sign in and bind a resource; then a shell, or with "
        "--execute or - one-shot use.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(action=connect)
    parser.add_argument(
        "account", metavar="JID", help="the account, as a JID or by its name in the configuration"
    )
    parser.add_argument(
        "input", nargs="?", choices=["-"], help="send the stanzas of standard input, then leave"
    )
    add_keys(parser, DEFAULT_KEYS.values())
    once = parser.add_argument_group("one-shot use")
    once.add_argument(
        "--execute", "-e", action="append", metavar="XML", help="send this, then leave (repeatable)"
    )
    once.add_argument(
        "--wait", type=seconds, default=0.0, metavar="S", help="go on listening after the answers"
    )
    once.add_argument("--format", choices=["pretty", "raw", "json"], default="pretty")
    once.add_argument("--quiet", "-q", action="store_true", help="do not show the steps")
    add_color(parser)


def _add_register(commands: Commands) -> None:
    parser = commands.add_parser(
        "register",
        help="make an account on a server that lets one do it by XMPP",
        description="Make an account in-band (XEP-0077): the server's form is filled in from "
        "--field, and at a terminal you are asked for the rest, the password without echo.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(action=_register)
    parser.add_argument("account", metavar="JID", help="the account to make, or only its domain")
    parser.add_argument(
        "--field",
        action="append",
        metavar="NAME=VALUE",
        help="an answer to the form; again for another, or for a field of several lines",
    )
    parser.add_argument("--show-form", action="store_true", help="only show what is asked")
    parser.add_argument("--quiet", "-q", action="store_true", help="do not show the steps")
    add_keys(parser, (DEFAULT_KEYS[name] for name in (*_WHERE_TO, *_PASSWORD)))
    add_color(parser)


def _add_check(commands: Commands) -> None:
    parser = commands.add_parser(
        "check",
        help="report what a server offers, and how well",
        description="Look at all that a domain offers to clients: DNS, addresses, TLS and its "
        "certificate, what is offered before and after TLS, WebSocket; with an account also what "
        "is offered after signing in. Each judgement says why and where it is written.",
        epilog="exit status: 0 fine, 1 failures (with --strict warnings, too), 2 usage,\n"
        "             3 could not be reached, 130 interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(action=_check)
    parser.add_argument(
        "account", metavar="DOMAIN-or-JID", help="the domain, or an account to sign in with"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--strict", action="store_true", help="take warnings for failures")
    add_keys(parser, (DEFAULT_KEYS[name] for name in (*_WHERE_TO, *_PASSWORD)))
    add_color(parser)


def _add_config(commands: Commands) -> None:
    parser = commands.add_parser(
        "config",
        help="show each setting and where it comes from",
        description="Show the settings of the shell, the defaults and the accounts, each with "
        "the place that it comes from; with an account or a JID, what `connect` would use. "
        "Mistakes in the file are named by their line.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(action=_config)
    parser.add_argument(
        "account", nargs="?", metavar="JID", help="a JID, or the name of an account"
    )
    parser.add_argument("--path", action="store_true", help="only say where the file is")
    add_keys(parser, DEFAULT_KEYS.values())


def shell(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    """Run a shell that is not connected."""
    need_a_terminal(environment, "`xmppshell connect JID --execute XML` works without one")
    return _run_shell(environment, None, options.color)


def connect(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    """Open a stream, for a shell on it or for one-shot use."""
    stdin = options.input == "-"
    one_shot = stdin or bool(options.execute)
    if not one_shot:
        need_a_terminal(environment, "give --execute XML, or - to read stanzas from it")
    for stanza in options.execute or ():
        _check_stanza(stanza)
    settings, name = _settings(options, environment)
    if not one_shot:
        return _run_shell(environment, settings, options.color, name)
    import asyncio

    from ..terminal.batch import Batch

    batch = Batch(
        environment,
        settings,
        form=options.format,
        wait=options.wait,
        quiet=options.quiet,
        colour=options.color,
    )
    return asyncio.run(batch.run(options.execute or (), stdin=stdin))


def _check_stanza(text: str) -> None:
    """Raise UsageError if `text` cannot be sent as it is, before anyone connects for it."""
    from ..protocol.namespaces import CLIENT
    from ..protocol.xml import Completeness, Context, examine

    found = examine(text, Context.for_namespace(CLIENT))
    if found.error is not None:
        where = f"line {found.error.line}, column {found.error.column}"
        what = f"--execute, {where}: {found.error.problem.what}"
        raise usage(what, found.error.problem.cure)
    if found.completeness is Completeness.EMPTY:
        raise usage("--execute has nothing to send", "give it a stanza")
    if found.completeness is Completeness.INCOMPLETE:
        tags = ", ".join(f"<{tag}>" for tag in found.open_tags) or "a tag"
        raise usage(f"--execute: the XML is not complete, {tags} is still open", "close it")


def _settings(options: argparse.Namespace, environment: Environment) -> tuple[Settings, str]:
    """Return what to connect with, the password included, and the name of the account or ""."""
    from dataclasses import replace

    from ..fast_tokens import with_token
    from ..passwords import PasswordSource, find_password

    account = _account(options, environment)
    settings = with_token(
        account.settings,
        environment.tokens_folder,
        lambda problem: complain(problem, environment),
    )
    if not settings.jid.local and not settings.component and settings.mechanism != "ANONYMOUS":
        raise usage(
            f"{options.account} names no account",
            "an account looks like juliet@example.org, or is one of `xmppshell config`; "
            "--mechanism ANONYMOUS needs none",
        )
    # Who has a token is not asked for a password; one that lies at hand is there for the worst.
    asks = settings.has_to_ask or (settings.needs_password and environment.password is not None)
    if not asks and account.source == PasswordSource():
        return settings, account.name
    password = find_password(account.source, str(settings.jid.bare), environment)
    return replace(settings, password=password), account.name


def _account(options: argparse.Namespace, environment: Environment) -> Account:
    from ..commands.accounts import choose
    from ..configuration.layers import UnknownAccount

    try:
        return choose(options.account, _preferences(environment), _given(options))
    except UnknownAccount as error:
        raise UsageError(error.problem) from error


def _given(options: argparse.Namespace) -> Layer:
    """Return the settings that were given as options."""
    from ..configuration.layers import COMMAND_LINE, layer_of

    values = {name: getattr(options, name, None) for name in DEFAULT_KEYS}
    return layer_of(
        {name: value for name, value in values.items() if value is not None}, COMMAND_LINE
    )


def _preferences(environment: Environment) -> Preferences:
    from ..configuration.reading import preferences_at

    path = environment.config_file
    return preferences_at(path, environment.short(path))


def _register(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    import asyncio

    from ..passwords import password_from
    from ..terminal.registering import RegisterRun

    fields = _fields(options.field or ())
    account = _account(options, environment)
    password = None
    if not options.show_form:
        password = password_from(account.source, str(account.settings.jid.bare))
        password = password or environment.password
    run = RegisterRun(
        environment,
        account.settings,
        fields=fields,
        password=password,
        show_form=options.show_form,
        quiet=options.quiet,
        colour=options.color,
    )
    return asyncio.run(run.run())


def _check(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    import asyncio

    from ..terminal.checking import CheckRun

    try:
        run = CheckRun(
            environment,
            _plan(options, environment),
            json_wanted=options.json,
            strict=options.strict,
            colour=options.color,
        )
        return asyncio.run(run.run())
    except ProblemError as error:
        # Status 1 says that failures were found, and nothing else.
        raise UsageError(error.problem) from error


def _plan(options: argparse.Namespace, environment: Environment) -> Plan:
    """Return what to look at, with the password of an account."""
    from ..checkup.plan import Plan
    from ..network.discovery import TlsMode
    from ..passwords import find_password

    account = _account(options, environment)
    settings, jid = account.settings, account.settings.jid
    if settings.tls is TlsMode.NONE:
        raise usage("there is no check without TLS", "leave out --tls none")
    return Plan(
        jid=jid,
        password=find_password(account.source, str(jid.bare), environment) if jid.local else None,
        host=settings.host,
        port=settings.port,
        tls=settings.tls,
        ca_file=settings.ca_file,
        insecure=settings.insecure,
        timeout=settings.timeout,
    )


def _fields(texts: Iterable[str]) -> dict[str, list[str]]:
    """Return the values of `--field` by their names; raises UsageError."""
    from ..terminal.registering import secret_in

    fields: dict[str, list[str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise usage(f"--field {text} is not NAME=VALUE", "--show-form has the names")
        problem = secret_in(name)
        if problem is not None:
            raise UsageError(problem)
        fields.setdefault(name, []).append(value)
    return fields


def _config(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    if options.path:
        print(environment.config_file, file=environment.stdout)
        return ExitStatus.OK
    from ..configuration.layers import UnknownAccount
    from ..configuration.reading import ConfigurationError
    from ..configuration.report import report
    from ..terminal.safe_text import safe

    try:
        text = report(_preferences(environment), options.account, _given(options))
        print(safe(text), file=environment.stdout)
    except ConfigurationError as error:
        for problem in error.problems:
            complain(problem, environment)
        return ExitStatus.ERROR
    except UnknownAccount as error:
        raise UsageError(error.problem) from error
    return ExitStatus.OK


def _run_shell(
    environment: Environment, settings: Settings | None, colour: bool | None, name: str = ""
) -> ExitStatus:
    import asyncio

    from ..terminal.shell import Shell

    return asyncio.run(Shell(environment, colour=colour).run(settings, name))
