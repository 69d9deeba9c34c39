"""Subcommands on the embedded practice server: demo and serve."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from ..configuration.keys import DEFAULT_KEYS
from ..exit_status import ExitStatus
from .options import add_color, add_keys, address, port
from .usage import Commands, need_a_terminal

if TYPE_CHECKING:
    from ..environment import Environment

PROFILES: Final = ("rfc", "prosody", "ejabberd")
"""The names of the profiles, known without reading what they mean."""


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
    _add_profile(parser)
    add_color(parser)


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default=PROFILES[0],
        help="whose answers to give to malformed input: the RFCs', or those that Prosody 0.12 or "
        "ejabberd 23.01 give (rfc)",
    )


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
        help="where to listen (127.0.0.1:5222; port 0 takes a free one); anything but loopback "
        "lets in everybody who can reach it",
    )
    parser.add_argument(
        "--direct-tls", type=port, metavar="PORT", help="take TLS connections at a port, too"
    )
    parser.add_argument(
        "--websocket", type=port, metavar="PORT", help="take WebSocket connections at a port, too"
    )
    parser.add_argument(
        "--component",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="take a component for this domain, too; may be repeated. Its secret is in "
        "XMPPSHELL_COMPONENT_SECRET, or that of the accounts",
    )
    parser.add_argument(
        "--component-port",
        type=port,
        default=5347,
        metavar="PORT",
        help="where components connect (5347)",
    )
    parser.add_argument(
        "--secret-file",
        metavar="FILE",
        help="take the secret of components from the first line of a file",
    )
    _add_profile(parser)
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="let something go wrong; may be repeated. An unknown name is answered with a list",
    )
    parser.add_argument(
        "--fixed",
        action="store_true",
        help="stop the clock, and count ids from 1: the same words give the same answers",
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
    from ..practice.conduct.profiles import Profile
    from ..terminal.demo import run_demo

    return asyncio.run(
        run_demo(
            environment,
            colour=options.color,
            negotiation=Negotiation(options.negotiate or "auto"),
            until=Stage(options.until) if options.until else None,
            profile=Profile(options.profile),
        )
    )


def _serve(options: argparse.Namespace, environment: Environment) -> ExitStatus:
    import asyncio

    from ..practice.conduct.profiles import Profile
    from ..terminal.serving import Serving, run_server

    host, number = options.listen
    serving = Serving(
        address=host,
        port=number,
        direct_tls_port=options.direct_tls,
        websocket_port=options.websocket,
        components=tuple(options.component),
        component_port=options.component_port,
        secret_file=options.secret_file,
        ca_file=options.ca_file,
        client_cert=options.client_cert,
        exporter=options.tls_exporter,
        sasl2=options.sasl2,
        profile=Profile(options.profile),
        faults=tuple(options.fault),
        fixed=options.fixed,
    )
    return asyncio.run(run_server(environment, serving))
