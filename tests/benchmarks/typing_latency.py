"""Keystroke to screen in a real prompt, without a lexer, with Pygments' and with ours.

Run as a script: `python tests/benchmarks/typing_latency.py [--lines N ...] [--keys N]`. Prints the
median time in ms from a key on the input pipe to the end of the redraw, and the ratios to no
lexer. The three prompts take turns in short rounds, so that a busy machine slows all alike.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.data_structures import Size
from prompt_toolkit.history import DummyHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.lexers import Lexer, PygmentsLexer
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style
from pygments.lexers.html import XmlLexer

from xmppshell.terminal.lexer import InputLexer
from xmppshell.terminal.theme import PROMPT_STYLES

ROUNDS = 5


def typed_lines(count: int) -> str:
    """Return `count` lines of one long stanza, no two alike, with the last one unfinished."""
    items = [
        f"    <item jid='friend{n}@example.org' name='Friend {n}'><group>G &amp; {n}</group></item>"
        for n in range(count - 3)
    ]
    opening = ["<iq type='set' id='{id}' to='$bare'>", "  <query xmlns='jabber:iq:roster'>"]
    return "\n".join([*opening, *items, "    <item jid='"])


async def time_keys(lexer: Lexer | None, text: str, keys: str, sink: TextIO) -> list[float]:
    """Return the seconds that each of `keys` took to show at the end of `text`."""
    times: list[float] = []
    with create_pipe_input() as pipe:
        output = Vt100_Output(
            sink, lambda: Size(rows=40, columns=100), term="xterm", enable_cpr=False
        )
        session: PromptSession[str] = PromptSession(
            "juliet> ",
            multiline=True,
            lexer=lexer,
            style=Style.from_dict(PROMPT_STYLES),
            history=DummyHistory(),
            color_depth=ColorDepth.DEPTH_4_BIT,
            input=pipe,
            output=output,
        )
        rendered = asyncio.Event()
        session.app.after_render += lambda _: rendered.set()
        prompt = asyncio.ensure_future(session.prompt_async(default=text))
        await rendered.wait()
        for number, key in enumerate(["x", "y", *keys]):
            await asyncio.sleep(0.01)
            rendered.clear()
            begun = time.perf_counter()
            pipe.send_text(key)
            await rendered.wait()
            if number >= 2:
                times.append(time.perf_counter() - begun)
        assert session.default_buffer.text == f"{text}xy{keys}", "a key was lost"
        session.app.exit(result="")
        await prompt
    return times


def measure(lines: int, keys: int) -> None:
    """Print one row for `lines` lines of input, from `keys` keystrokes a prompt and round."""
    text = typed_lines(lines)
    typed = ("romeo@example.net" * keys)[:keys]
    prompts: dict[str, Callable[[], Lexer | None]] = {
        "none": lambda: None,
        "pygments": lambda: PygmentsLexer(XmlLexer),
        "ours": InputLexer,
    }
    times: dict[str, list[float]] = {name: [] for name in prompts}
    with Path(os.devnull).open("w", encoding="utf-8") as sink:
        for _ in range(ROUNDS):
            for name, make in prompts.items():
                gc.collect()
                times[name] += asyncio.run(time_keys(make(), text, typed, sink))
    medians = {name: statistics.median(values) * 1000 for name, values in times.items()}
    print(
        f"{lines:>6} lines"
        + "".join(f"   {name} {value:7.2f} ms" for name, value in medians.items())
        + f"   pygments/none {medians['pygments'] / medians['none']:.2f}"
        + f"   ours/none {medians['ours'] / medians['none']:.2f}"
    )


def main() -> None:
    """Measure each size that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="*", default=[20, 200, 1000])
    parser.add_argument("--keys", type=int, default=20, help="keystrokes a prompt and round")
    arguments = parser.parse_args()
    for lines in arguments.lines:
        measure(lines, arguments.keys)


if __name__ == "__main__":
    main()
