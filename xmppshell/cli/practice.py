"""Subcommands on the embedded practice server: demo and serve."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..configuration.keys import DEFAULT_KEYS
from ..exit_status import ExitStatus
from .options import add_color, add_keys, address
from .usage import Commands, need_a_terminal

if TYPE_CHECKING:
    from ..environment import Environment


def add_to(commands: Commands) -> None:
    """Add the subcommands of this module."""
    _add_demo(commands)
    _add_serve(commands)


def _add_demo(commands: Commands) -> None:
    parser = commands.add_parser(
        "demo",
        help="a shell on a practice server of its own; no network needed",
        description="Start a practice server in this process and sign in to it as "
        "juliet@localhost. romeo@localhost is online and answers.",
    )
    parser.set_defaults(action=_demo)
    _add_negotiation(parser)
    add_color(parser)


def _add_negotiation(parser: argparse.ArgumentParser) -> None:
    add_keys(parser, (DEFAULT_KEYS["negotiate"], DEFAULT_KEYS["until"]))


def _add_serve(commands: Commands) -> None:
    parser = commands.add_parser(
        "serve",
        help="run the practice server alone",
        description="Run the practice server until it is interrupted. It keeps nothing and is "
        "for practice only.",
    )
    parser.set_defaults(action=_serve)
    parser.add_argument(
        "--listen",
        type=address,
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


def _demo(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    need_a_terminal(environment, "`xmppshell serve` runs the practice server alone")
    import asyncio

    from ..pilot import Negotiation, Stage
    from ..terminal.demo import run_demo

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

    from ..terminal.demo import run_server

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
