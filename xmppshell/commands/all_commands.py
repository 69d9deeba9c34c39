"""The registry of every command, and running one line."""

from __future__ import annotations

from . import (
    explaining,
    keepalive,
    keeping,
    linting,
    negotiation,
    practice,
    redirects,
    registration,
    resuming,
    sending,
    sessions,
    settings,
    stream,
    templates,
    tls,
    viewing,
)
from . import help as help_group
from .desk import Desk
from .registry import Registry, split_name


def build_registry() -> Registry:
    """Return a registry with all commands of the shell."""
    registry = Registry()
    groups = (
        keepalive,
        stream,
        sessions,
        resuming,
        tls,
        redirects,
        registration,
        practice,
        negotiation,
        sending,
        templates,
        viewing,
        linting,
        explaining,
        settings,
        keeping,
        help_group,
    )
    for group in groups:
        for command in group.COMMANDS:
            registry.add(command)
    return registry


async def run_command(desk: Desk, line: str) -> None:
    """Run one typed line that begins with `/`; raises ProblemError if it cannot be done."""
    name, rest = split_name(line)
    command = desk.registry.find(name)
    await command.handler(desk, command.parse(rest))
