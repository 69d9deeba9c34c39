"""The entry point of `xmppshell` and `python -m xmppshell`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program; return its exit status."""
    from .cli import run

    return int(run(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
