"""A flood of stanzas while a line is typed: the line stays whole, the screen readable, no loss."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from terminal.shell_driver import Demo, send_as

pytestmark = pytest.mark.pty

MESSAGES = 2000
TYPED = "<message to='romeo@localhost'><body>typed in the midst of it</body></message>"
PING = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
FOLDED = re.compile(r"^… (\d+) more · /show (\d+)(?:-(\d+))?$", re.M)


@pytest.fixture
def flood() -> Iterator[Demo]:
    """Give a demo at which romeo begins to throw messages from elsewhere."""
    with Demo(rows=30, columns=100) as shell:
        stanzas = [
            f"<message to='juliet@localhost/balcony' id='f{n}'><body>flood {n}</body></message>"
            for n in range(MESSAGES)
        ]
        failures: list[BaseException] = []
        port = shell.port  # Only one thread may read the terminal.

        def throw() -> None:
            try:
                send_as("romeo", port, shell.home, *stanzas)
            except BaseException as failure:
                failures.append(failure)
                raise

        thread = threading.Thread(target=throw)
        thread.start()
        yield shell
        thread.join()
        assert not failures


def received(shell: Demo) -> list[int]:
    """Return the numbers of the messages in the capture, checking that none is missing."""
    lines = [each for each in shell.capture() if "<body>flood" in str(each.get("data"))]
    assert [f"flood {n}<" in str(each["data"]) for n, each in enumerate(lines)] == [True] * len(
        lines
    )
    return [int(str(each["n"])) for each in lines]


def folded_last(shell: Demo) -> int:
    """Return the last number that was folded so far."""
    return max((int(last or first) for _, first, last in FOLDED.findall(shell.text())), default=0)


def test_a_line_survives_a_flood_and_nothing_is_lost(flood: Demo) -> None:
    flood.wait_for(FOLDED)
    for character in f"{PING}\r{TYPED}":
        flood.send(character)
        flood.pump(0.02)
    flood.wait_until(lambda: len(received(flood)) == MESSAGES, "the whole flood", timeout=30)
    flood.wait_until(lambda: folded_last(flood) >= received(flood)[-1], "the last count")
    flood.wait_until(lambda: flood.prompt == f"juliet> {TYPED}", "the line that was typed")
    text = flood.text()
    numbers = received(flood)

    # Every message is either shown or counted among those that are not, in order.
    shown = [int(n) for n in re.findall(r"^← (\d+) message", text, re.M)]
    folded: list[int] = []
    for count, first, last in FOLDED.findall(text):
        episode = range(int(first), int(last or first) + 1)
        assert len(episode) == int(count)
        folded += episode
    assert sorted({*shown, *folded} & {*numbers}) == numbers
    assert not {*shown} & {*folded}
    assert len(folded) > MESSAGES / 2

    # What is shown is whole: output and input have not run into each other.
    for number in shown:
        block = re.search(
            rf"^← {number} message .*\n(  <message .*\n)+    <body>.*\n"
            r"(    <stanza-id .*\n)(     +.*\n)*  </message>$",
            text,
            re.M,
        )
        assert block is not None, number
    assert text.count("typed in the midst") == 1

    # What one does oneself stays in sight, and so does its answer.
    assert re.search(r"^→ \d+ iq get .*\n(  .*\n)+← \d+ iq result   answers", text, re.M)

    # It can all be had, and the line is sent as it was typed.
    flood.press("enter")
    flood.wait_for(re.compile(r"^→ \d+ message .*\n(  .*\n)*    <body>typed in the midst", re.M))
    sent = [each for each in flood.capture() if "typed in the midst" in str(each.get("data"))]
    assert len(sent) == 1
    middle = folded[len(folded) // 2]
    assert "<body>flood " in flood.enter(f"/show {middle}", "</message>")
    flood.enter(f"/show {folded[0]}-{folded[0] + 4}", "</message>", count=5)
    flood.enter("/grep flood 1234<", "1 found")
    assert flood.leave() == 0


def test_a_filter_counts_a_flood_without_showing_it() -> None:
    with Demo() as shell:
        shell.enter("/filter -message", "only what matches is shown")
        before = len(shell.raw_output)
        stanzas = [
            f"<message to='juliet@localhost/balcony'><body>{n}</body></message>" for n in range(500)
        ]
        send_as("romeo", shell.port, shell.home, *stanzas)
        shell.wait_until(lambda: "500 hidden" in shell.toolbar, "the number in the toolbar")
        assert "<body>" not in shell.text().rpartition("/filter")[2]
        assert len(shell.raw_output) - before < 30_000  # it does not draw itself for each of them


def test_an_end_of_the_stream_in_a_flood_is_shown() -> None:
    with Demo() as shell:
        stanzas = "".join(f"<message to='$me'><body>{n}</body></message>" for n in range(300))
        shell.paste(stanzas + "</stream:stream>")
        shell.wait_for("<body>299</body>")
        shell.press("enter")
        shell.wait_for("both sides closed the stream", timeout=20)
        shell.wait_for("xmppshell>")
        assert FOLDED.search(shell.text())
        assert shell.leave() == 0
