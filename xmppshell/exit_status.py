"""The exit codes of the program, each with its one meaning."""

from __future__ import annotations

import enum


class ExitStatus(enum.IntEnum):
    """What the process tells its caller when it ends."""

    OK = 0
    """All went well."""
    ERROR = 1
    """Something else failed: a file, a stanza that could not be sent."""
    USAGE = 2
    """The command line was wrong (argparse uses the same number)."""
    CONNECTION = 3
    """No connection, no authentication, or the connection was lost."""
    MISMATCH = 4
    """A replayed transcript did not match what was received."""
    INTERRUPTED = 130
    """The user interrupted the program (128 + SIGINT)."""
