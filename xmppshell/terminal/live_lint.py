"""The rules at work while one types: what is certainly wrong, in the toolbar, and before sending.

The text is judged when no key came for a moment, so that no keystroke waits for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from prompt_toolkit.application import get_app
from prompt_toolkit.formatted_text import StyleAndTextTuples

from ..protocol.problem import Problem
from .columns import shortened
from .safe_text import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.buffer import Buffer

    from ..commands.desk import Desk
    from ..knowledge.lint import Finding
    from ..session import Session

PAUSE_SECONDS: Final = 0.15
"""So long after the last key the text is judged."""

MOST_CHARACTERS: Final = 40_000
"""Longer input is judged when it is sent, and not while it is typed."""


class LiveLint:
    """Judges the input of one prompt; `refresh` draws its toolbar again."""

    def __init__(self, desk: Desk, refresh: Callable[[], None]) -> None:
        self._desk = desk
        self._refresh = refresh
        self._timer: asyncio.TimerHandle | None = None
        self._buffer: Buffer | None = None
        self._found: list[Finding] = []
        self._several_lines = False
        self._warned = ""

    def clear(self) -> None:
        """Forget what was said: the input is another one."""
        self._found = []
        self._warned = ""
        self._cancel()

    def changed(self, buffer: Buffer) -> None:
        """Take note that the input changed; what was said of it stands until it is judged."""
        self._cancel()
        self._buffer, text = buffer, buffer.text
        if not self._desk.view.lint or not text.lstrip().startswith(("<", "@")):
            self._found = []
        elif len(text) <= MOST_CHARACTERS and get_app().is_running:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(PAUSE_SECONDS, self._judge, buffer)

    def remark(self) -> StyleAndTextTuples | None:
        """Return the toolbar's line on the input; None if there is nothing to say."""
        if not self._found or self._buffer is None or not self._buffer.text:
            return None
        worst = next((f for f in self._found if f.is_error), self._found[0])
        more = f" · {len(self._found) - 1} more" if len(self._found) > 1 else ""
        place = f"line {worst.line}: " if self._several_lines else ""
        width = get_app().output.get_size().columns - 1 - len(more)
        text = shortened(f" ! {place}{safe_line(worst.sentence)}", width) + more
        return [("class:toolbar.error" if worst.is_error else "class:toolbar.warning", text)]

    def stop(self, text: str, session: Session | None, xml: str) -> Finding | None:
        """Return the error that Enter stops at, once for each text; None to let it go."""
        if not self._desk.view.lint or text == self._warned:
            return None
        found = next((f for f in self._desk.linter.typed(session, xml) if f.is_error), None)
        self._warned = text if found is not None else ""
        return found

    def _judge(self, buffer: Buffer) -> None:
        self._timer = None
        session, xml = self._desk.addressee(buffer.text)
        found = self._desk.linter.typed(session, xml) if self._desk.view.lint else []
        if not xml.lstrip().startswith("<"):
            found = []
        self._several_lines = "\n" in xml
        if found != self._found:
            self._found = found
            self._refresh()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def complaint(finding: Finding) -> Problem:
    """Return what is said when Enter stops at an error."""
    cure = f"{finding.cure} · " if finding.cure else ""
    return Problem(
        f"{finding.what} ({finding.reference})", "", f"{cure}Enter again sends it anyway"
    )
