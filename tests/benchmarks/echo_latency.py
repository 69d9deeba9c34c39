"""From Enter to the reply on the screen in `xmppshell demo`, beside a bare echo program.

    python tests/benchmarks/echo_latency.py [--rounds N]

The request is a ping of the practice server, which runs in the same process. The echo program
reads a line and prints it. Both run in a terminal of the same size, a round each in turn. The aim
is a difference of at most 10 ms.
"""

from __future__ import annotations

import argparse
import sys

from measuring import ROOT, now, report, shown_after, xmppshell
from terminal.pty_driver import PtyShell

AIM = 0.010
SIZE = {"rows": 40, "columns": 120}
ARROW = "←".encode()

ECHO = """\
import sys

print("ready", flush=True)
while True:
    line = sys.stdin.readline()
    if not line:
        break
    print("← " + line, end="", flush=True)
"""


def round_trip(shell: PtyShell, line: str, marker: str) -> float:
    """Type the line, press Enter, and give the seconds until the marker follows an arrow."""
    shell.send(line)
    # What typing causes to be drawn shall not count.
    shell.settle(quiet=0.1)
    offset = len(shell.raw_output)
    began = now()
    shell.press("enter")
    elapsed = shown_after(shell, began, ARROW + rb".*?" + marker.encode(), offset)
    shell.settle(quiet=0.1)
    return elapsed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    ours, theirs = [], []
    with (
        PtyShell([sys.executable, "-c", ECHO], **SIZE) as echo,
        PtyShell(xmppshell("demo"), {"PYTHONPATH": str(ROOT)}, **SIZE) as demo,
    ):
        echo.wait_for("ready")
        demo.wait_for("juliet>", timeout=30)
        demo.settle()
        for number in range(rounds + 1):
            marker = f"p{number}q"
            request = (
                f"<iq type='get' to='localhost' id='{marker}'><ping xmlns='urn:xmpp:ping'/></iq>"
            )
            theirs.append(round_trip(echo, request, marker))
            ours.append(round_trip(demo, request, marker))
    # The first round of each warms up.
    base = report("echo program", theirs[1:])
    median = report("xmppshell demo", ours[1:])
    print(f"difference {(median - base) * 1000:.1f} ms (aim: at most {AIM * 1000:.0f} ms)")


if __name__ == "__main__":
    main()
