"""The printer: at once while it can be, in batches when it must, and a flood as a number."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

import pytest

from xmppshell.terminal.printer import BATCH_SECONDS, BURST_BLOCKS, BURST_WRITES, Printer


class Terminal:
    """What was written, a write at a time."""

    def __init__(self) -> None:
        self.writes: list[str] = []
        self.above_prompt = 0
        self._wrote = asyncio.Event()

    async def above(self, write: Callable[[], None]) -> None:
        self.above_prompt += 1
        await asyncio.sleep(0)
        write()
        self._wrote.set()

    @property
    def lines(self) -> list[str]:
        return "".join(self.writes).splitlines()

    async def until(self, text: str) -> None:
        async with asyncio.timeout(5):
            while text not in "".join(self.writes):
                self._wrote.clear()
                await self._wrote.wait()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def prompted(terminal: Terminal) -> Printer:
    printer = Printer(terminal.writes.append)
    printer.above(terminal.above)
    return printer


def test_without_a_prompt_each_block_is_written_at_once(terminal: Terminal) -> None:
    printer = Printer(terminal.writes.append)
    printer.block("one", 1)
    printer.block("two\nlines", 2)
    assert terminal.writes == ["one\n", "two\nlines\n"]


def test_without_a_prompt_nothing_is_folded(terminal: Terminal) -> None:
    printer = Printer(terminal.writes.append)
    for number in range(500):
        printer.block(str(number), number)
    assert terminal.lines == [str(number) for number in range(500)]


async def test_with_a_prompt_blocks_are_written_above_it(terminal: Terminal) -> None:
    printer = prompted(terminal)
    printer.block("one", 1)
    assert terminal.writes == []
    await terminal.until("one")
    assert terminal.above_prompt == 1


async def test_what_comes_together_is_written_together(terminal: Terminal) -> None:
    printer = prompted(terminal)
    for number in range(20):
        printer.block(str(number), number)
    await terminal.until("19")
    assert terminal.writes == ["".join(f"{number}\n" for number in range(20))]


async def test_the_first_writes_do_not_wait_and_the_next_come_in_batches(
    terminal: Terminal,
) -> None:
    printer = prompted(terminal)
    began = time.monotonic()
    for number in range(50):
        printer.block(str(number), number)
        await asyncio.sleep(0.002)
    await terminal.until("49\n")
    batches = (time.monotonic() - began) / BATCH_SECONDS
    assert terminal.lines == [str(number) for number in range(50)]
    assert BURST_WRITES <= len(terminal.writes) <= BURST_WRITES + batches + 1


async def test_a_flood_is_counted_and_told_when_it_pauses(terminal: Terminal) -> None:
    printer = prompted(terminal)
    for number in range(1, 1001):
        printer.block(f"record {number}", number)
    await terminal.until("more")
    shown = [f"record {number}" for number in range(1, BURST_BLOCKS + 1)]
    first = BURST_BLOCKS + 1
    assert terminal.lines == [*shown, f"… {1000 - BURST_BLOCKS} more · /show {first}-1000"]
    assert len(terminal.writes) == 2


async def test_one_that_is_folded_has_one_number(terminal: Terminal) -> None:
    printer = prompted(terminal)
    for number in range(1, BURST_BLOCKS + 2):
        printer.block(f"record {number}", number)
    await terminal.until("more")
    assert terminal.lines[-1] == f"… 1 more · /show {BURST_BLOCKS + 1}"


async def test_after_a_pause_records_are_shown_again(terminal: Terminal) -> None:
    printer = prompted(terminal)
    for number in range(1, 201):
        printer.block(f"record {number}", number)
    await terminal.until("more")
    await asyncio.sleep(0.1)
    printer.block("afterwards", 201)
    await terminal.until("afterwards")
    assert terminal.lines[-1] == "afterwards"


async def test_a_flood_that_goes_on_says_how_much_it_was_now_and_then(terminal: Terminal) -> None:
    printer = prompted(terminal)
    number, counts = 0, 0
    async with asyncio.timeout(10):
        while counts < 2:
            for _ in range(10):
                number += 1
                printer.block(f"record {number}", number)
            await asyncio.sleep(0.01)
            counts = "".join(terminal.writes).count("more")
    printer.block("over")
    await terminal.until("over")
    at = 0
    for line in terminal.lines[:-1]:
        found = re.fullmatch(r"… (\d+) more · /show (\d+)-(\d+)", line)
        if found is None:
            assert line == f"record {at + 1}"
            at += 1
        else:
            assert (int(found[2]), int(found[3])) == (at + 1, at + int(found[1]))
            at = int(found[3])
    assert at == number


async def test_ones_own_exchanges_stay_in_sight(terminal: Terminal) -> None:
    printer = prompted(terminal)
    for number in range(1, 301):
        printer.block(f"record {number}", number)
    printer.block("mine", 301, own=True)
    printer.block("record 302", 302)
    printer.block("its answer", 303, own=True)
    await terminal.until("its answer")
    assert terminal.lines[BURST_BLOCKS:] == [
        f"… {300 - BURST_BLOCKS} more · /show {BURST_BLOCKS + 1}-300",
        "mine",
        "… 1 more · /show 302",
        "its answer",
    ]


async def test_ones_own_flood_is_a_flood(terminal: Terminal) -> None:
    printer = prompted(terminal)
    for number in range(1, 301):
        printer.block(f"record {number}", number, own=True)
    await terminal.until("more")
    assert len(terminal.lines) == BURST_BLOCKS + 1


async def test_words_are_never_folded(terminal: Terminal) -> None:
    printer = prompted(terminal)
    for number in range(300):
        printer.block(f"said {number}")
    await terminal.until("said 299")
    assert len(terminal.lines) == 300


async def test_settle_writes_what_is_left_and_counts_it(terminal: Terminal) -> None:
    printer = prompted(terminal)
    for number in range(1, 101):
        printer.block(f"record {number}", number)
    await printer.settle()
    assert terminal.lines[-1] == f"… {100 - BURST_BLOCKS} more · /show {BURST_BLOCKS + 1}-100"
    printer.above(None)
    printer.block("last words", 101)
    assert terminal.lines[-1] == "last words"
