"""The world around the program: standard streams, terminal facts, variables and folders.

This is the only module that reads `os.environ`. Everything else is given an `Environment`, so
that a test can give another.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO


@dataclass
class Environment:
    """The standard streams and the process's variables, as they are at the start."""

    stdin: TextIO = field(default_factory=lambda: sys.stdin or _nowhere())
    stdout: TextIO = field(default_factory=lambda: sys.stdout or _nowhere())
    stderr: TextIO = field(default_factory=lambda: sys.stderr or _nowhere())
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def interactive(self) -> bool:
        """True if a person sits at both ends: standard input and output are terminals."""
        return self.stdin.isatty() and self.stdout.isatty()

    @property
    def no_color(self) -> bool:
        """True if NO_COLOR is set to anything but nothing, or the terminal is dumb."""
        return bool(self.variables.get("NO_COLOR")) or self.variables.get("TERM") == "dumb"

    @property
    def password(self) -> str | None:
        """The password in XMPPSHELL_PASSWORD, if it is set."""
        return self.variables.get("XMPPSHELL_PASSWORD")

    @property
    def component_secret(self) -> str | None:
        """The secret in XMPPSHELL_COMPONENT_SECRET, if it is set."""
        return self.variables.get("XMPPSHELL_COMPONENT_SECRET")

    @property
    def width(self) -> int:
        """The width of the terminal in columns; 80 where it is unknown."""
        return shutil.get_terminal_size().columns

    @property
    def state_folder(self) -> Path:
        """Where history and captures are kept: the XDG state folder of the program."""
        import platformdirs

        return Path(platformdirs.user_state_path("xmppshell", appauthor=False))

    @property
    def config_file(self) -> Path:
        """The file of accounts and defaults, there or not: in the XDG configuration folder."""
        import platformdirs

        return Path(platformdirs.user_config_path("xmppshell", appauthor=False)) / "config.toml"

    @property
    def templates_folder(self) -> Path:
        """Where the user's own templates are: beside the file of accounts and defaults."""
        return self.config_file.parent / "templates"

    @property
    def captures_folder(self) -> Path:
        """Where the capture of each session goes."""
        return self.state_folder / "captures"

    @property
    def mechanisms_file(self) -> Path:
        """The file of the strongest mechanism that each account signed in with."""
        return self.state_folder / "mechanisms.json"

    @property
    def tokens_folder(self) -> Path:
        """Where the FAST tokens of the accounts are kept, unless in the keyring."""
        return self.state_folder / "fast"

    @property
    def history_file(self) -> Path:
        """The file of what was typed."""
        return self.state_folder / "history"

    def short(self, path: Path) -> str:
        """Return how messages name `path`: with `~` for the home folder."""
        home = self.variables.get("HOME", "")
        inside = home and path.is_relative_to(home)
        return str(Path("~") / path.relative_to(home)) if inside else str(path)


def _nowhere() -> TextIO:
    """Stand in for a stream that was closed before the program started."""
    return open(os.devnull, "r+", encoding="utf-8")
