"""The front door: the command line, one thin function a subcommand, nothing heavy imported."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from . import __version__
from .configuration.keys import DEFAULT_KEYS, Key, Kind, Value, WrongValue
from .exit_status import ExitStatus
from .protocol.problem import Problem, ProblemError

if TYPE_CHECKING:
    from .checkup.plan import Plan
    from .commands.accounts import Account
    from .configuration.layers import Layer, Preferences
    from .environment import Environment
    from .settings import Settings

EPILOG = """\
exit status: 0 fine, 1 error, 2 usage, 3 connection or authentication,
             4 mismatch in a replay, 130 interrupted"""


def run(arguments: Sequence[str]) -> ExitStatus:
    """Do what the arguments say and return the exit status; never raises but SystemExit."""
    options = _parse(arguments)
    action: Callable[[argparse.Namespace, Environment], ExitStatus] = options.action
    from .environment import Environment

    environment = Environment()
    try:
        return action(options, environment)
    except ProblemError as error:
        _complain(error.problem, environment)
        return ExitStatus.USAGE if isinstance(error, UsageError) else ExitStatus.ERROR
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return ExitStatus.ERROR


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest == ["-"] and options.action is _connect:
        options.input = rest.pop()  # argparse takes no optional argument after options
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


class UsageError(ProblemError):
    """The arguments cannot be done as they are."""


class _Parser(argparse.ArgumentParser):
    """argparse with errors that end like the rest of the program's."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with status 2."""
        self.print_usage(sys.stderr)
        self.exit(ExitStatus.USAGE, f"{self.prog}: {message}\n")


_WHERE_TO = ("host", "port", "tls", "ca_file", "insecure", "timeout")
_PASSWORD = ("password_file", "password_command", "keyring")

_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="xmppshell",
        description="The shell for exploring XMPP by hand. Without a command: a shell that is "
        "not connected yet.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"xmppshell {__version__}")
    parser.set_defaults(action=_shell, color=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_connect(commands)
    _add_register(commands)
    _add_check(commands)
    _add_config(commands)
    _add_demo(commands)
    _add_serve(commands)
    return parser


def _add_color(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--color",
        action=argparse.BooleanOptionalAction,
        help="colour, or none (otherwise: on a terminal, and without NO_COLOR)",
    )


def _add_connect(commands: _Commands) -> None:
    parser = commands.add_parser(
        "connect",
        help="open a stream to a server and speak on it",
        description="Open a stream, sign in and bind a resource; then a shell, or with "
        "--execute or - one-shot use.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(action=_connect)
    parser.add_argument(
        "account", metavar="JID", help="the account, as a JID or by its name in the configuration"
    )
    parser.add_argument(
        "input", nargs="?", choices=["-"], help="send the stanzas of standard input, then leave"
    )
    _add_keys(parser, DEFAULT_KEYS.values())
    once = parser.add_argument_group("one-shot use")
    once.add_argument(
        "--execute", "-e", action="append", metavar="XML", help="send this, then leave (repeatable)"
    )
    once.add_argument(
        "--wait", type=_seconds, default=0.0, metavar="S", help="go on listening after the answers"
    )
    once.add_argument("--format", choices=["pretty", "raw", "json"], default="pretty")
    once.add_argument("--quiet", "-q", action="store_true", help="do not show the steps")
    _add_color(parser)


def _add_keys(parser: argparse.ArgumentParser, keys: Iterable[Key]) -> None:
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


def _add_register(commands: _Commands) -> None:
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
    _add_keys(parser, (DEFAULT_KEYS[name] for name in (*_WHERE_TO, *_PASSWORD)))
    _add_color(parser)


def _add_check(commands: _Commands) -> None:
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
    _add_keys(parser, (DEFAULT_KEYS[name] for name in (*_WHERE_TO, *_PASSWORD)))
    _add_color(parser)


def _add_negotiation(parser: argparse.ArgumentParser) -> None:
    _add_keys(parser, (DEFAULT_KEYS["negotiate"], DEFAULT_KEYS["until"]))


def _add_config(commands: _Commands) -> None:
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
    _add_keys(parser, DEFAULT_KEYS.values())


def _add_demo(commands: _Commands) -> None:
    parser = commands.add_parser(
        "demo",
        help="a shell on a practice server of its own; no network needed",
        description="Start a practice server in this process and sign in to it as "
        "juliet@localhost. romeo@localhost is online and answers.",
    )
    parser.set_defaults(action=_demo)
    _add_negotiation(parser)
    _add_color(parser)


def _add_serve(commands: _Commands) -> None:
    parser = commands.add_parser(
        "serve",
        help="run the practice server alone",
        description="Run the practice server until it is interrupted. It keeps nothing and is "
        "for practice only.",
    )
    parser.set_defaults(action=_serve)
    parser.add_argument(
        "--listen",
        type=_address,
        default=("127.0.0.1", 5222),
        metavar="ADDR:PORT",
        help="where to listen (127.0.0.1:5222; port 0 takes a free one)",
    )
    parser.add_argument(
        "--ca-file", metavar="FILE", help="write the CA certificate here, for clients to trust"
    )
    parser.add_argument(
        "--client-cert",
        metavar="FILE",
        help="write a certificate for juliet and its key here, to sign in by EXTERNAL",
    )
    parser.add_argument(
        "--tls-exporter",
        action="store_true",
        help="have the channel binding tls-exporter, too",
    )
    parser.add_argument(
        "--sasl2", action="store_true", help="offer SASL2 too, with Bind 2 and FAST"
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return value


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = ("127.0.0.1", text) if text.isdecimal() else (text, "5222")
    if not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not ADDRESS:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _shell(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    _need_a_terminal(environment, "`xmppshell connect JID --execute XML` works without one")
    return _run_shell(environment, None, options.color)


def _connect(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    stdin = options.input == "-"
    one_shot = stdin or bool(options.execute)
    if not one_shot:
        _need_a_terminal(environment, "give --execute XML, or - to read stanzas from it")
    for stanza in options.execute or ():
        _check_stanza(stanza)
    settings, name = _settings(options, environment)
    if not one_shot:
        return _run_shell(environment, settings, options.color, name)
    import asyncio

    from .terminal.batch import Batch

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
    from .protocol.namespaces import CLIENT
    from .protocol.xml import Completeness, Context, examine

    found = examine(text, Context.for_namespace(CLIENT))
    if found.error is not None:
        where = f"line {found.error.line}, column {found.error.column}"
        what = f"--execute, {where}: {found.error.problem.what}"
        raise _usage(what, found.error.problem.cure)
    if found.completeness is Completeness.EMPTY:
        raise _usage("--execute has nothing to send", "give it a stanza")
    if found.completeness is Completeness.INCOMPLETE:
        tags = ", ".join(f"<{tag}>" for tag in found.open_tags) or "a tag"
        raise _usage(f"--execute: the XML is not complete, {tags} is still open", "close it")


def _settings(options: argparse.Namespace, environment: Environment) -> tuple[Settings, str]:
    """Return what to connect with, the password included, and the name of the account or ""."""
    from dataclasses import replace

    from .fast_tokens import with_token
    from .passwords import PasswordSource, find_password

    account = _account(options, environment)
    settings = with_token(
        account.settings,
        environment.tokens_folder,
        lambda problem: _complain(problem, environment),
    )
    if not settings.jid.local and not settings.component and settings.mechanism != "ANONYMOUS":
        raise _usage(
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
    from .commands.accounts import choose
    from .configuration.layers import UnknownAccount

    try:
        return choose(options.account, _preferences(environment), _given(options))
    except UnknownAccount as error:
        raise UsageError(error.problem) from error


def _given(options: argparse.Namespace) -> Layer:
    """Return the settings that were given as options."""
    from .configuration.layers import COMMAND_LINE, layer_of

    values = {name: getattr(options, name, None) for name in DEFAULT_KEYS}
    return layer_of(
        {name: value for name, value in values.items() if value is not None}, COMMAND_LINE
    )


def _preferences(environment: Environment) -> Preferences:
    from .configuration.reading import preferences_at

    path = environment.config_file
    return preferences_at(path, environment.short(path))


def _register(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    import asyncio

    from .passwords import password_from
    from .terminal.registering import RegisterRun

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

    from .terminal.checking import CheckRun

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
    from .checkup.plan import Plan
    from .network.discovery import TlsMode
    from .passwords import find_password

    account = _account(options, environment)
    settings, jid = account.settings, account.settings.jid
    if settings.tls is TlsMode.NONE:
        raise _usage("there is no check without TLS", "leave out --tls none")
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
    from .terminal.registering import secret_in

    fields: dict[str, list[str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise _usage(f"--field {text} is not NAME=VALUE", "--show-form has the names")
        problem = secret_in(name)
        if problem is not None:
            raise UsageError(problem)
        fields.setdefault(name, []).append(value)
    return fields


def _config(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    if options.path:
        print(environment.config_file, file=environment.stdout)
        return ExitStatus.OK
    from .configuration.layers import UnknownAccount
    from .configuration.reading import ConfigurationError
    from .configuration.report import report
    from .terminal.safe_text import safe

    try:
        text = report(_preferences(environment), options.account, _given(options))
        print(safe(text), file=environment.stdout)
    except ConfigurationError as error:
        for problem in error.problems:
            _complain(problem, environment)
        return ExitStatus.ERROR
    except UnknownAccount as error:
        raise UsageError(error.problem) from error
    return ExitStatus.OK


def _run_shell(
    environment: Environment, settings: Settings | None, colour: bool | None, name: str = ""
) -> ExitStatus:
    import asyncio

    from .terminal.shell import Shell

    return asyncio.run(Shell(environment, colour=colour).run(settings, name))


def _demo(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    _need_a_terminal(environment, "`xmppshell serve` runs the practice server alone")
    import asyncio

    from .pilot import Negotiation, Stage
    from .terminal.demo import run_demo

    return asyncio.run(
        run_demo(
            environment,
            colour=options.color,
            negotiation=Negotiation(options.negotiate or "auto"),
            until=Stage(options.until) if options.until else None,
        )
    )


def _serve(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    import asyncio

    from .terminal.demo import run_server

    host, port = options.listen
    return asyncio.run(
        run_server(
            environment,
            host,
            port,
            ca_file=options.ca_file,
            client_cert=options.client_cert,
            exporter=options.tls_exporter,
            sasl2=options.sasl2,
        )
    )


def _need_a_terminal(environment: Environment, cure: str) -> None:
    if not environment.interactive:
        raise _usage("the shell needs a terminal on standard input and output", cure)


def _usage(what: str, cure: str) -> UsageError:
    return UsageError(Problem(what, "", cure))


def _complain(problem: Problem, environment: Environment) -> None:
    from .terminal.theme import Theme, colour_wanted
    from .terminal.view import problem_lines

    colour = colour_wanted(
        no_color=environment.no_color, is_tty=environment.stderr.isatty(), forced=None
    )
    print(problem_lines(problem, Theme(colour), environment.width), file=environment.stderr)
