"""The screen of an interactive shell: records and words, sanitised, above the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from ..commands.drafts import draft
from ..pilot import Negotiation
from ..protocol.events import Direction, MoveProposed, WireEvent
from ..protocol.moves import Send
from .columns import fitted
from .problems import problem_block
from .safe_text import safe, safe_line
from .theme import Role, Theme
from .view import View

if TYPE_CHECKING:
    from ..commands.desk import ViewChoices
    from ..feed import Record
    from ..knowledge.explanation import Answer, Branch, Card
    from ..protocol.problem import Problem
    from ..session import Session
    from .printer import Printer
    from .prompt import Prompt


class ShellScreen:
    """Shows what commands say and what the feed brings (`commands.desk.Screen`).

    `prompt` is set once there is one; until then the screen is plain output.
    """

    def __init__(
        self, printer: Printer, theme: Theme, choices: ViewChoices, width: Callable[[], int]
    ) -> None:
        self.prompt: Prompt | None = None
        self.leaving = False
        self._current = ""
        self._editing = "emacs"
        self._printer = printer
        self._theme = theme
        self._choices = choices
        self._width = width
        self._view = View(theme, width, choices)

    def say(self, text: str, role: str = "text") -> None:
        """Show lines of plain text, broken between words where they are too long."""
        lines = fitted(safe(text), self._width())
        self._printer.block(self._theme.style(cast(Role, role), lines))

    def problem(self, problem: Problem) -> None:
        """Show what went wrong, why, and what to try, unless the view just did."""
        if not self._view.told(problem):
            self._printer.block(problem_block(problem, self._theme, self._width()))

    def show(self, record: Record, *, raw: bool = False) -> None:
        """Show one record in full, in its exact bytes if `raw` or if that is the view's choice."""
        text = self._view.in_full(record, raw=raw or self._choices.raw)
        if text is not None:
            self._printer.block(text)

    def explain(self, explanation: Branch | Card | Answer, head: str = "") -> None:
        """Show an explanation."""
        from .explain_view import ExplainView

        view = ExplainView(self._theme, self._width())
        self._printer.block(view.lines(explanation, head))

    def record(self, record: Record) -> None:
        """Take a record off the feed and show it, if the view and the filter do."""
        if self.prompt is not None:
            self.prompt.refresh()
        chosen = self._choices.filter
        text = self._view.render(record)
        if text is not None:
            if chosen is None or chosen.shows(record):
                self._printer.block(text, record.number, own=_is_own(record))
            else:
                self._choices.hidden += 1
        if isinstance(record.event, MoveProposed) and record.session == self._current:
            move = record.event.move
            if isinstance(move, Send):
                self._offer(move)

    def switched(self, session: Session) -> None:
        """Show that another session is typed to, and what its pilot proposes in the prompt."""
        if session.name != self._current:
            self._current = session.name
            if self.prompt is not None:
                self.prompt.withdraw_offers()
            self.offer_proposal(session)
        if self.prompt is not None:
            self.prompt.refresh()

    def offer_proposal(self, session: Session) -> None:
        """Put the move that the session's pilot proposes into the prompt."""
        move = session.proposal()
        stepping = session.pilot.negotiation is Negotiation.STEP
        if self.prompt is not None and stepping and isinstance(move, Send):
            self.prompt.offer(draft(move))

    def _offer(self, move: Send) -> None:
        if self.prompt is not None and not self.prompt.offer(draft(move)):
            self.say("the prompt is in use; the proposal waits above", "dim")

    def offer(self, text: str) -> None:
        """Put `text` into the prompt, now or when it is free."""
        if self.prompt is not None:
            self.prompt.offer(text)

    async def ask_password(self, account: str) -> str | None:
        """Ask for a password without echo."""
        if self.prompt is None:
            return None
        return await self.prompt.ask_secret(f"password for {account}: ")

    async def ask(self, question: str, *, default: str = "", secret: bool = False) -> str | None:
        """Ask for one line, without echo if `secret`."""
        if self.prompt is None:
            return None
        # What was said before the question must stand before it.
        await self._printer.settle()
        asked = f"  {safe_line(question)}"
        if secret:
            return await self.prompt.ask_secret(asked)
        return await self.prompt.ask_line(asked, default)

    def leave(self) -> None:
        """End the shell after the current command."""
        self.leaving = True

    def editing(self, mode: str | None) -> str:
        """Set or return the editing keys."""
        if self.prompt is not None:
            return self.prompt.editing(mode)
        self._editing = mode or self._editing
        return self._editing

    def colour(self, wanted: bool | None) -> bool:
        """Switch colour on or off if asked to; return which it is."""
        if wanted is not None:
            self._theme.switch(wanted)
            if self.prompt is not None:
                self.prompt.switch_colour(wanted)
        return self._theme.colour

    def typed(self) -> Sequence[str]:
        """Return what was typed, oldest first."""
        return self.prompt.history.get_strings() if self.prompt is not None else ()


def _is_own(record: Record) -> bool:
    """Say whether the user sent it, or it answers something."""
    event = record.event
    if isinstance(event, WireEvent) and event.direction is Direction.SENT:
        return record.move is None
    return record.answers is not None
