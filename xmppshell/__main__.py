"""The entry point of `xmppshell` and `python -m xmppshell`."""

import sys


def main() -> int:
    """Run the program; return its exit status."""
    if sys.argv[1:] == ["--version"]:
        from . import __version__

        print(f"xmppshell {__version__}")  # Without argparse, which takes as long as Python.
        return 0
    from .cli import run

    return int(run(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
