"""The terminal as input: kept from showing what is typed where it does not belong."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TextIO

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.input.vt100 import Vt100Input


class Keyboard(Vt100Input):
    """Keys from the terminal; `write_above` writes without giving up raw mode.

    prompt_toolkit makes the terminal echo while something else writes. For output that is
    written at once this would only let a key that is pressed just then show up in the output.
    """

    def __init__(self, stdin: TextIO) -> None:
        super().__init__(stdin)
        self._only_writes = False

    async def write_above(self, write: Callable[[], None]) -> None:
        """Call `write` while the prompt is out of the way."""
        self._only_writes = True
        try:
            await run_in_terminal(write)
        finally:
            self._only_writes = False

    def cooked_mode(self) -> AbstractContextManager[None]:
        """Return a context in which the terminal edits and echoes, for an editor for instance."""
        return contextlib.nullcontext() if self._only_writes else super().cooked_mode()
