"""The prompt with keys from a pipe and no terminal, for tests of what a key does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput, Output

from xmppshell.commands.all_commands import build_registry
from xmppshell.commands.desk import Desk
from xmppshell.terminal.prompt import Prompt


class SilentScreen:
    """A screen for a desk on which nothing is shown."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **options: None


def silent_desk() -> Desk:
    """Make a desk with all commands and no session."""
    return Desk(build_registry(), SilentScreen(), lambda settings: None)  # type: ignore[arg-type, return-value]


class Unhelpful(DummyOutput):
    """A terminal that does not say where its cursor is, so that there is no toolbar."""

    def get_rows_below_cursor_position(self) -> int:
        raise NotImplementedError


class Typist:
    """Types at a prompt; `warnings` are what it could not say in a toolbar."""

    def __init__(self, keys: PipeInput, prompt: Prompt, warnings: list[str]) -> None:
        self.prompt = prompt
        self.warnings = warnings
        self._keys = keys
        self._asking: asyncio.Task[str] | None = None

    @property
    def buffer(self) -> Any:
        return self.prompt._session.default_buffer

    @property
    def complaint(self) -> str:
        """What the toolbar says is wrong with the input."""
        return "".join(part[1] for part in self.prompt._complaint or ())

    async def type(self, *chunks: str) -> str:
        """Send each chunk as one read of the terminal would give it; return the text so far."""
        if self._asking is None:
            self._asking = asyncio.create_task(self.prompt.ask())
            await asyncio.sleep(0.02)
        for chunk in chunks:
            self._keys.send_text(chunk)
            await asyncio.sleep(0.02)
        return "" if self._asking.done() else str(self.buffer.text)

    async def entered(self) -> str:
        """Return what was entered."""
        assert self._asking is not None
        text = await asyncio.wait_for(self._asking, 5)
        self._asking = None
        return text

    async def stop(self) -> None:
        if self._asking is not None and not self._asking.done():
            self._asking.cancel()
            await asyncio.wait([self._asking])


@asynccontextmanager
async def typist(folder: Path, output: Output | None = None) -> AsyncIterator[Typist]:
    """Give a typist at a prompt without a session, which draws on `output`."""
    warnings: list[str] = []
    screen = output or DummyOutput()
    with create_pipe_input() as keys, create_app_session(input=keys, output=screen):
        prompt = Prompt(silent_desk(), folder / "history", False, keys, warnings.append)  # type: ignore[arg-type]
        someone = Typist(keys, prompt, warnings)
        try:
            yield someone
        finally:
            await someone.stop()
