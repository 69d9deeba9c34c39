"""How long the menu takes at every few characters of a long input, beside a peer.

Run as a script: `python tests/benchmarks/completion_latency.py [--lines N] [--positions N]`. Prints
the median, the 99th percentile and the maximum in ms: first of deciding what is offered, then from
a key on the input pipe to the end of the redraw that shows the menu. The peer is prompt_toolkit's
own `WordCompleter` over the words of the input, which knows nothing of where the cursor is; both
take turns, so that a busy machine slows both alike, and "work alone" is the time of the processor,
which it does not. The first lines are of reading the catalogue ahead, as the prompt does it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import os
import re
import statistics
import time
from pathlib import Path
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, WordCompleter
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.history import DummyHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from xmppshell.commands.desk import Desk
from xmppshell.commands.registry import Registry
from xmppshell.terminal.completer import ShellCompleter
from xmppshell.terminal.completing.vocabulary import read_ahead
from xmppshell.terminal.input_display import Visible
from xmppshell.terminal.lexer import InputLexer
from xmppshell.terminal.placeholders import FieldAtCursor

LIMIT = 30.0
TURNS = 6


def long_input(lines: int) -> str:
    """Return stanzas of several kinds on so many lines, no two alike."""
    stanzas = [
        "<iq type='set' id='r{n}' to='$bare'>\n  <query xmlns='jabber:iq:roster'>\n"
        "    <item jid='friend{n}@example.org' name='Friend {n}'><group>G{n}</group></item>\n"
        "  </query>\n</iq>",
        "<message to='friend{n}@example.org' type='chat'>\n  <body>Line {n} &amp; more</body>\n"
        "  <active xmlns='http://jabber.org/protocol/chatstates'/>\n</message>",
        "<presence to='room{n}@rooms.example.org/me'>\n  <show>away</show>\n"
        "  <x xmlns='http://jabber.org/protocol/muc'/>\n</presence>",
    ]
    text = "\n".join(stanzas[n % 3].format(n=n) for n in range(lines))
    return "\n".join(text.split("\n")[:lines])


def desk() -> Desk:
    """Return a desk that has seen two hundred addresses and a hundred namespaces."""
    seen = Desk(Registry(()), None, None)  # type: ignore[arg-type]
    for n in range(200):
        seen.seen_jids[f"friend{n}@example.org/r{n}"] = None
    for n in range(100):
        seen.seen_namespaces[f"urn:example:feature:{n}"] = None
    return seen


def words_of(text: str) -> WordCompleter:
    """Return the peer: it offers the words of the text."""
    return WordCompleter(sorted(set(re.findall(r"[\w:@./-]+", text))))


def offered(completer: Completer, document: Document) -> tuple[float, int]:
    """Return how long it takes, in ms, to make all completions, and how many there are."""
    event = CompleteEvent(completion_requested=True)
    begun = time.perf_counter()
    found = list(completer.get_completions(document, event))
    return (time.perf_counter() - begun) * 1000, len(found)


def row(name: str, times: list[float]) -> str:
    """Return a line of the table."""
    return (
        f"{name:<41} n {len(times):>6}   median {statistics.median(times):6.2f} ms"
        f"   p99 {percentile(times):6.2f} ms   max {max(times):6.2f} ms"
    )


def percentile(times: list[float]) -> float:
    """Return what 99 of 100 of `times` do not exceed."""
    return sorted(times)[math.ceil(0.99 * len(times)) - 1]


async def shown(
    completer: Completer, text: str, part: slice, sink: TextIO
) -> list[tuple[float, float]]:
    """Return the ms from a key to the redraw with the menu, at a part of the places of `text`.

    They are by the clock and of the processor: the first has in it what else the machine does.
    """
    times: list[tuple[float, float]] = []
    with create_pipe_input() as pipe:
        size = Size(rows=40, columns=100)
        output = Vt100_Output(sink, lambda: size, term="xterm", enable_cpr=False)
        session: PromptSession[str] = PromptSession(
            "juliet> ",
            multiline=True,
            lexer=InputLexer(),
            completer=completer,
            complete_while_typing=True,
            history=DummyHistory(),
            input_processors=[FieldAtCursor(), Visible()],
            color_depth=ColorDepth.DEPTH_4_BIT,
            input=pipe,
            output=output,
        )
        prompt = asyncio.ensure_future(session.prompt_async(default=text))
        await asyncio.sleep(0.2)
        buffer = session.default_buffer
        drawn, menu = asyncio.Event(), asyncio.Event()

        def note(_: object) -> None:
            drawn.set()
            if buffer.complete_state is not None and buffer.complete_state.completions:
                menu.set()

        session.app.after_render += note
        # The first letters of names and values, which is where the peer begins to offer, too.
        places = [match.end() for match in re.finditer("[<'](?=[a-z])", text)]
        for place in places[part]:
            drawn.clear()
            buffer.document = Document(text, place)
            await drawn.wait()
            await asyncio.sleep(0.01)
            menu.clear()
            begun, begun_work = time.perf_counter(), time.process_time()
            pipe.send_text(text[place])
            try:
                await asyncio.wait_for(menu.wait(), 0.5)
            except TimeoutError:
                continue  # There is nothing to offer there.
            taken = time.perf_counter() - begun
            times.append((taken * 1000, (time.process_time() - begun_work) * 1000))
        session.app.exit(result="")
        await prompt
    return times


def main() -> None:
    """Measure as asked for; the exit status is 1 if a menu may take longer than it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--positions", type=int, default=2000, help="of the input, evenly spread")
    arguments = parser.parse_args()
    text = long_input(arguments.lines)
    ours, peer = ShellCompleter(desk()), words_of(text)
    steps = []
    begun = time.perf_counter()
    for _ in read_ahead():
        steps.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
    print(row("a step of reading ahead", steps))
    gc.collect()
    gc.freeze()  # as the prompt does it then
    print(f"{'the first menu after that':<41} {offered(ours, Document('<'))[0]:.2f} ms")

    step = max(1, len(text) // arguments.positions)
    times: dict[str, list[float]] = {"ours, decided": [], "WordCompleter, decided": []}
    counts = []
    for position in range(0, len(text) + 1, step):
        # What is typed at the end of a text, and what is typed in its middle.
        for document in (Document(text[:position]), Document(text, position)):
            taken, count = offered(ours, document)
            times["ours, decided"].append(taken)
            counts.append(count)
            times["WordCompleter, decided"].append(offered(peer, document)[0])
    print(f"{len(text.splitlines())} lines, {len(text)} characters, every {step}:", end=" ")
    print(f"{sum(map(bool, counts))} menus with {max(counts)} lines at most")
    for name, values in times.items():
        print(row(name, values))

    on_screen: dict[str, list[tuple[float, float]]] = {"ours": [], "WordCompleter": []}
    with Path(os.devnull).open("w", encoding="utf-8") as sink:
        for turn in range(TURNS):
            for name, completer in {"ours": ours, "WordCompleter": peer}.items():
                part = slice(turn, None, TURNS)
                on_screen[name] += asyncio.run(shown(completer, text, part, sink))
    for name, pairs in on_screen.items():
        print(row(f"{name}, on the screen", [taken for taken, _ in pairs]))
        print(row(f"{name}, on the screen, work alone", [work for _, work in pairs]))
    raise SystemExit(int(percentile([work for _, work in on_screen["ours"]]) > LIMIT))


if __name__ == "__main__":
    main()
