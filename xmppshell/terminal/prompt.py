"""The prompt: one line or many of XML or a command, with a toolbar under it."""

from __future__ import annotations

import asyncio
import gc
import textwrap
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.styles import Style

from ..commands.roll import is_over
from ..templates.placeholders import open_fields
from .completer import UNASKED, ShellCompleter
from .history import PrivateHistory
from .input_display import Hidden, Visible
from .keys import bindings
from .lexer import InputLexer
from .live_lint import LiveLint
from .placeholders import FieldAtCursor
from .safe_text import safe_line
from .theme import PROMPT_STYLES, session_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..commands.desk import Desk
    from ..protocol.problem import Problem
    from .keyboard import Keyboard

_TOOLBAR_STYLES = {
    "bottom-toolbar": "noreverse",
    "bottom-toolbar.text": "",
    "toolbar.bar": "reverse",
    "toolbar.error": "bold ansired",
    "toolbar.warning": "ansiyellow",
    "toolbar.caret": "bold ansired",
    "placeholder.selected": "reverse",
}


ESCAPE_SECONDS = 0.1
"""How long a terminal may take to send the rest of a key that begins with Escape."""

IDLE_SECONDS = 0.1
"""How long after the prompt is there the catalogue is read."""

STEP_SECONDS = 0.003
PAUSE_SECONDS = 0.005
"""How long one step of that takes at least, and how long there is nothing between two."""

REFRESH_SECONDS = 0.05
"""How long the toolbar may lag behind, so that a flood does not have it drawn all the time."""


class Prompt:
    """Reads what the user types; `ask` gives one complete input at a time.

    `keyboard` is where the keys come from. `warn` shows a text above the prompt: that the file
    `history` fails, and what is wrong with the input where there can be no toolbar to say it.
    """

    def __init__(
        self,
        desk: Desk,
        history: Path,
        colour: bool,
        keyboard: Keyboard,
        warn: Callable[[str], None],
    ) -> None:
        self.desk = desk
        self._keyboard = keyboard
        self._offers: deque[str] = deque()
        self._offered = ""
        self._ahead: Iterator[None] | None = None
        self._completer = ShellCompleter(desk, ready=False)
        self._refreshing: asyncio.TimerHandle | None = None
        self.history = PrivateHistory(history, warn)
        self._warn = warn
        self._complaint: StyleAndTextTuples | None = None
        self._session: PromptSession[str] = PromptSession(
            self._message,
            multiline=True,
            prompt_continuation=self._continuation,
            lexer=InputLexer(),
            completer=self._completer,
            complete_while_typing=Condition(_types_something),
            auto_suggest=AutoSuggestFromHistory(),
            history=self.history,
            key_bindings=bindings(self),
            bottom_toolbar=self._toolbar,
            style=Style.from_dict(dict(PROMPT_STYLES) | _TOOLBAR_STYLES),
            color_depth=None if colour else ColorDepth.DEPTH_1_BIT,
            enable_suspend=True,
            input=keyboard,
            input_processors=[FieldAtCursor(), Visible()],
            tempfile_suffix=".xml",
            include_default_pygments_style=False,
            reserve_space_for_menu=4,
        )
        self._session.app.ttimeoutlen = ESCAPE_SECONDS
        self._session.default_buffer.on_text_changed += lambda _: self.complain(None)
        self.live = LiveLint(desk, self.refresh)
        self._session.default_buffer.on_text_changed += self.live.changed

    async def ask(self) -> str:
        """Return the next complete input; raises EOFError on Ctrl-D."""
        self.complain(None)
        self.live.clear()
        self._offered = self._offers.popleft() if self._offers else ""
        return await self._session.prompt_async(
            default=_at_its_first_field(self._offered),
            handle_sigint=False,
            pre_run=self._begin,
        )

    def _begin(self) -> None:
        self._session.app.create_background_task(self._read_ahead())

    async def _read_ahead(self) -> None:
        """Read what completion offers from while nothing else is to be done."""
        await asyncio.sleep(IDLE_SECONDS)
        from .completing.vocabulary import read_ahead

        self._ahead = self._ahead or read_ahead()
        while not self._completer.ready:
            pause_at = time.monotonic() + STEP_SECONDS
            self._completer.ready = all(time.monotonic() < pause_at for _ in self._ahead)
            await asyncio.sleep(PAUSE_SECONDS)
            if self._completer.ready and self._session.default_buffer.text:
                self._session.default_buffer.start_completion(complete_event=UNASKED)
        if not gc.get_freeze_count():
            # What is loaded by now stays. The collector looking through all of it again and again
            # is what made one menu in a hundred take twice as long as the others.
            gc.collect()
            gc.freeze()

    async def ask_secret(self, message: str) -> str | None:
        """Ask without echo and without history; None if the user backs out."""
        asking: PromptSession[str] = PromptSession(
            input_processors=[Hidden()], input=self._keyboard
        )
        try:
            return await asking.prompt_async(message, handle_sigint=False)
        except (EOFError, KeyboardInterrupt):
            return None

    async def ask_line(self, message: str, default: str = "") -> str | None:
        """Ask for one line, without history; None if the user backs out."""
        asking: PromptSession[str] = PromptSession(
            input_processors=[Visible()], input=self._keyboard
        )
        try:
            return await asking.prompt_async(message, default=default, handle_sigint=False)
        except (EOFError, KeyboardInterrupt):
            return None

    def offer(self, text: str) -> bool:
        """Put `text` into the prompt, to be edited or sent; False if it has to wait its turn.

        The cursor comes to its first open field, if it has one.
        """
        buffer = self._session.default_buffer
        if buffer.text or not self._session.app.is_running:
            self._offers.append(text)
            return False
        buffer.document = _at_its_first_field(text)
        self._offered = text
        return True

    def withdraw_offers(self) -> None:
        """Take back what was offered and not yet edited: it is for another session."""
        self._offers.clear()
        buffer = self._session.default_buffer
        if self._offered and buffer.text == self._offered:
            buffer.reset()
        self._offered = ""

    def switch_colour(self, wanted: bool) -> None:
        """Use colour from now on, or none."""
        self._session.color_depth = None if wanted else ColorDepth.DEPTH_1_BIT

    def leave(self) -> None:
        """End `ask` as Ctrl-D does, if it is waiting."""
        if self._session.app.is_running:
            self._session.app.exit(exception=EOFError)

    def refresh(self) -> None:
        """Draw the toolbar again soon."""
        if self._refreshing is None:
            loop = asyncio.get_running_loop()
            self._refreshing = loop.call_later(REFRESH_SECONDS, self._refresh)

    def _refresh(self) -> None:
        self._refreshing = None
        if self._session.app.is_running:
            self._session.app.invalidate()

    def editing(self, mode: str | None) -> str:
        """Set the editing keys if `mode` is given; return "vi" or "emacs"."""
        if mode is not None:
            self._session.editing_mode = EditingMode.VI if mode == "vi" else EditingMode.EMACS
        return "vi" if self._session.editing_mode is EditingMode.VI else "emacs"

    def complain(
        self, problem: Problem | None, line: str = "", number: int = 0, column: int = 0
    ) -> None:
        """Show under the input what is wrong with it, with a caret; None takes it away."""
        if problem is None:
            self._complaint = None
            return
        parts: StyleAndTextTuples = []
        if line:
            shown, at = _excerpt(line, column, get_app().output.get_size().columns - 8)
            head = f"{number:4} | "
            parts += [("", f"{head}{shown}\n"), ("class:toolbar.caret", " " * (len(head) + at))]
            parts += [("class:toolbar.caret", "^\n")]
        sentence = " · ".join(part for part in (problem.what, problem.cure) if part)
        width = get_app().output.get_size().columns
        lines = textwrap.wrap(
            f"! {safe_line(sentence)}", width - 3, initial_indent="  ", subsequent_indent="    "
        )
        parts.append(("class:toolbar.error", "\n".join(lines)))
        if get_app().renderer.height_is_known:
            self._complaint = parts
        else:
            # Without a toolbar, on a terminal that does not say where its cursor is.
            self._warn("".join(part[1] for part in parts))

    def _message(self) -> StyleAndTextTuples:
        session = self.desk.session
        if session is None or not (session.connected or self.desk.view.several_sessions):
            return [("class:prompt", "xmppshell> ")]
        name = safe_line(session.name) + ("" if session.connected else " (closed)")
        if not self.desk.view.several_sessions:
            return [("class:prompt", f"{name}> ")]
        role = session_role(self.desk.sessions.number(session.name))
        return [(f"class:prompt class:{role}", name), ("class:prompt", "> ")]

    def _continuation(self, width: int, line: int, wrapped: int) -> StyleAndTextTuples:
        return [("class:dim", ("" if wrapped else "· ").rjust(width))]

    def _toolbar(self) -> StyleAndTextTuples:
        if self._complaint is not None:
            return self._complaint
        remark = self.live.remark()
        if remark is not None:
            return remark
        columns = get_app().output.get_size().columns
        left = " " + "  ".join(self._facts())
        for right in self._others():
            space = columns - len(left) - len(right)
            if space > 0:
                return [("class:toolbar.bar", left + " " * space + right)]
        return [("class:toolbar.bar", left[:columns])]

    def _others(self) -> list[str]:
        """Return what may stand at the right, the longest first: the other sessions, and help."""
        others = [session for session in self.desk.sessions.others if not is_over(session)]
        if not others:
            return ["F1 explain  /help ", "/help "]
        counts = [(s.name, self.desk.sessions.unread(s.name)) for s in others]
        names = [safe_line(name) + (f" {count} new" if count else "") for name, count in counts]
        new = sum(count for _, count in counts)
        short = f"F2: {len(others)} more" + (f", {new} new" if new else "")
        helped = f"F2: {', '.join(names)}  /help "
        return [f"F1 explain  {helped}", helped, f"F2: {', '.join(names)} ", f"{short} "]

    def _facts(self) -> list[str]:
        session = self.desk.session
        if session is None or not session.connected or session.stream is None:
            again = "/connect opens it again" if self.desk.settings else "/connect JID"
            if session is not None and session.reconnector.active:
                again = "connecting again; /reconnect off ends that"
            elif session is not None and session.resumable:
                again = "/resume goes on with the stream"
            return ["not connected", again]
        waiting = len(session.exchanges.waiting())
        facts = [
            safe_line(str(session.jid or session.settings.jid)),
            session.tls.version if session.tls else "not encrypted",
            session.stream.state.value,
            f"{waiting} pending",
        ]
        management = session.stream.management
        if management.enabled:
            facts.append(f"{len(management.ledger.unacknowledged)} unacknowledged")
        if self.desk.view.filter is not None:
            facts.append(f"filter: {self.desk.view.hidden} hidden")
        return facts


def _types_something() -> bool:
    """Say whether a command or XML is being typed, for which there may be a menu."""
    return get_app().current_buffer.text.lstrip().startswith(("/", "<", "@"))


def _at_its_first_field(text: str) -> Document:
    """Return `text` with the cursor at its first open field, or else at its end."""
    fields = open_fields(text)
    return Document(text, fields[0].end if fields else len(text))


def _excerpt(line: str, column: int, width: int) -> tuple[str, int]:
    """Return the part of `line` around `column` that fits `width`, and where it then is."""
    start = max(0, column - width * 2 // 3) if len(line) > width else 0
    before, after = safe_line(line[start:column]), safe_line(line[column : start + width])
    return before + after, len(before)
