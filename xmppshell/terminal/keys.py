"""The keys of the prompt: Enter that knows when XML is complete, tags that close themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from ..protocol.problem import Problem
from ..protocol.xml import Completeness, XmlError, examine

if TYPE_CHECKING:
    from .prompt import Prompt

INDENT = "  "


class ClosedTag:
    """An end tag that was completed after `</`, for as long as its name may still be typed.

    Who types the name all the same types over it; once it is clear that something else was
    meant, what was typed is put in after the tag.
    """

    def __init__(self) -> None:
        self._name = ""
        self._typed = ""
        self._place = ("", 0)

    def complete(self, buffer: Buffer, name: str) -> None:
        """Insert `name`, the rest of the end tag with its `>`, at the cursor."""
        buffer.insert_text(name)
        self._name, self._typed = name, ""
        self._place = (buffer.text, buffer.cursor_position)

    def is_at(self, buffer: Buffer) -> bool:
        """Say whether nothing but this tag's name was typed since."""
        return bool(self._name) and self._place == (buffer.text, buffer.cursor_position)

    def type_over(self, buffer: Buffer, data: str) -> None:
        """Take what is typed next."""
        self._typed += data
        if not self._name.startswith(self._typed):
            buffer.insert_text(self._typed)
        elif self._typed != self._name:
            return
        self._name = ""


def bindings(prompt: Prompt) -> KeyBindings:
    """Return the key bindings that the shell adds to those of prompt_toolkit."""
    keys = KeyBindings()

    @keys.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if _more_is_coming(event):
            buffer.insert_text("\n")
        elif buffer.complete_state is not None and buffer.complete_state.current_completion:
            buffer.complete_state = None
        else:
            _judge(prompt, buffer)

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=True)

    closing = ClosedTag()

    @keys.add("/")
    def _slash(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        before = buffer.document.text_before_cursor
        buffer.insert_text("/")
        if before.endswith("<") and before.strip() != "<":
            examination = examine(before[:-1], prompt.desk.context)
            if examination.error is None and examination.open_tags:
                closing.complete(buffer, f"{examination.open_tags[-1]}>")

    @keys.add(Keys.Any, filter=Condition(lambda: closing.is_at(get_app().current_buffer)))
    def _type_over(event: KeyPressEvent) -> None:
        closing.type_over(event.current_buffer, event.data)

    @keys.add("c-c")
    def _clear(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            prompt.complain(None)
            event.current_buffer.reset()
        else:
            prompt.complain(Problem("Ctrl-D or /quit leaves"))

    @keys.add("c-d")
    def _leave(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.delete()
        else:
            event.app.exit(exception=EOFError)

    @keys.add(Keys.SIGINT)
    def _interrupt(event: KeyPressEvent) -> None:
        event.app.exit(exception=KeyboardInterrupt)

    return keys


def _more_is_coming(event: KeyPressEvent) -> bool:
    """Say whether this Enter is inside a paste on a terminal that does not mark pastes."""
    return bool(event.key_processor.input_queue)


def _judge(prompt: Prompt, buffer: Buffer) -> None:
    """Send what is complete, go on with what is not, and point at what is wrong."""
    text = buffer.text
    stripped = text.strip()
    prompt.complain(None)
    if not stripped:
        buffer.reset()
    elif stripped.startswith("/"):
        buffer.validate_and_handle()
    elif not stripped.startswith("<"):
        prompt.complain(
            Problem("XML begins with < and a command with /; nothing was sent", "", "/help")
        )
    else:
        examination = examine(text, prompt.desk.context)
        if examination.completeness is Completeness.COMPLETE:
            buffer.validate_and_handle()
        elif examination.error is not None:
            _point_at(prompt, buffer, examination.error)
        else:
            buffer.cursor_position = len(buffer.text)
            buffer.insert_text("\n" + INDENT * max(1, len(examination.open_tags)))


def _point_at(prompt: Prompt, buffer: Buffer, error: XmlError) -> None:
    document = buffer.document
    row = min(max(error.line - 1, 0), document.line_count - 1)
    column = min(max(error.column - 1, 0), len(document.lines[row]))
    buffer.cursor_position = document.translate_row_col_to_index(row, column)
    prompt.complain(error.problem, document.lines[row], row + 1, column)
