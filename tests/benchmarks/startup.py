"""How long `xmppshell --version` takes, beside a Python that does nothing.

    python tests/benchmarks/startup.py [--runs N]

Both are started in turn. The aim is a ratio of at most 1.5.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from measuring import clean_environment, now, report, xmppshell

AIM = 1.5


def run(command: list[str]) -> float:
    """Run the command to its end; give the seconds it took."""
    began = now()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=clean_environment())
    return now() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30)
    runs = parser.parse_args().runs
    nothing = [sys.executable, "-c", "pass"]
    version = xmppshell("--version")
    # The first run writes byte code and fills the file cache.
    run(nothing), run(version)
    times: dict[str, list[float]] = {"nothing": [], "version": []}
    for _ in range(runs):
        times["nothing"].append(run(nothing))
        times["version"].append(run(version))
    base = report("python -c pass", times["nothing"])
    ours = report("xmppshell --version", times["version"])
    print(f"ratio {ours / base:.2f} (aim: at most {AIM})")


if __name__ == "__main__":
    main()
