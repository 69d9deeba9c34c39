"""Subcommands that need no server: what the library and the templates know."""

from __future__ import annotations

from .usage import Commands


def add_to(commands: Commands) -> None:
    """Add the subcommands of the library."""
