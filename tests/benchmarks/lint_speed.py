"""How long the lint takes, and what it adds to a key at a real prompt.

Run as a script: `python tests/benchmarks/lint_speed.py [--lines N ...] [--keys N]`. Prints the
median and the slowest of a hundred in ms for a whole stanza and for one that is being typed, and
the time from a key to the end of the redraw with and without the lint, which take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.typing_latency import typed_lines
from terminal.prompt_driver import silent_desk

from xmppshell.knowledge.lint import ANYWHERE, lint
from xmppshell.terminal.prompt import Prompt

ROUNDS = 5
TYPING = replace(ANYWHERE, typing=True, blanks=True, stamped=True)


def time_lint(text: str) -> str:
    """Return the median and the 99th percentile of judging `text`, in ms."""
    lint(text, TYPING)
    times = []
    for _ in range(100):
        begun = time.perf_counter()
        lint(text, TYPING)
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    return f"{statistics.median(times):6.2f} ms ({times[98]:6.2f})"


async def time_keys(text: str, keys: str, wanted: bool, pause: float, sink: TextIO) -> list[float]:
    """Return the seconds that each of `keys` took to show at the end of `text`."""
    times: list[float] = []
    folder = Path(tempfile.mkdtemp())
    with create_pipe_input() as pipe:
        output = Vt100_Output(
            sink, lambda: Size(rows=40, columns=100), term="xterm", enable_cpr=False
        )
        with create_app_session(input=pipe, output=output):
            prompt = Prompt(silent_desk(), folder / "history", True, pipe, print)  # type: ignore[arg-type]
            prompt.desk.view.lint = wanted
            rendered = asyncio.Event()
            prompt._session.app.after_render += lambda _: rendered.set()
            prompt.offer(text)
            asking = asyncio.ensure_future(prompt.ask())
            await rendered.wait()
            for number, key in enumerate(["x", "y", *keys]):
                await asyncio.sleep(pause)
                rendered.clear()
                begun = time.perf_counter()
                pipe.send_text(key)
                await rendered.wait()
                if number >= 2:
                    times.append(time.perf_counter() - begun)
            asking.cancel()
            await asyncio.wait([asking])
    return times


def measure(lines: int, keys: int) -> None:
    """Print the rows for `lines` lines of input."""
    text = typed_lines(lines)
    whole = text.rpartition("\n")[0] + "</query></iq>"
    print(f"{lines:>6} lines   whole {time_lint(whole)}   typing {time_lint(text)}")
    typed = ("romeo@example.net" * keys)[:keys]
    for pause in (0.01, 0.2):
        times: dict[bool, list[float]] = {True: [], False: []}
        with Path(os.devnull).open("w", encoding="utf-8") as sink:
            for _ in range(ROUNDS):
                for wanted in (True, False):
                    gc.collect()
                    times[wanted] += asyncio.run(time_keys(text, typed, wanted, pause, sink))
        on, off = (statistics.median(times[wanted]) * 1000 for wanted in (True, False))
        print(
            f"{'':12}   a key every {pause * 1000:3.0f} ms: with lint {on:6.2f} ms, "
            f"without {off:6.2f} ms, ratio {on / off:.2f}"
        )


def main() -> None:
    """Measure each size that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="*", default=[20, 200])
    parser.add_argument("--keys", type=int, default=20, help="keystrokes a prompt and round")
    arguments = parser.parse_args()
    for lines in arguments.lines:
        measure(lines, arguments.keys)


if __name__ == "__main__":
    main()
