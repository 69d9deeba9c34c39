"""Questions to a person at a terminal, outside the shell."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit import PromptSession

from .input_display import Hidden, Visible
from .safe_text import safe_line


class TerminalInterview:
    """Asks one line at a time (`commands.form_filling.Interview`); `say` shows what is said."""

    def __init__(self, say: Callable[[str, str], None]) -> None:
        self._say = say

    def say(self, text: str, role: str = "text") -> None:
        """Show lines of plain text."""
        self._say(text, role)

    async def ask(self, question: str, *, default: str = "", secret: bool = False) -> str | None:
        """Ask for one line, without history, and without echo if `secret`."""
        display = Hidden() if secret else Visible()
        session: PromptSession[str] = PromptSession(input_processors=[display])
        try:
            return await session.prompt_async(f"  {safe_line(question)}", default=default)
        except (EOFError, KeyboardInterrupt):
            return None
