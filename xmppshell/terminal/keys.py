"""The keys of the prompt: Enter that knows when XML is complete, tags that close themselves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import (
    Condition,
    emacs_insert_mode,
    emacs_mode,
    has_focus,
    has_selection,
    vi_insert_mode,
    vi_navigation_mode,
)
from prompt_toolkit.key_binding import (
    ConditionalKeyBindings,
    KeyBindings,
    KeyBindingsBase,
    KeyPressEvent,
)
from prompt_toolkit.keys import Keys

from ..commands.explaining import explain_typed
from ..commands.registry import CommandError
from ..commands.typed import context_of
from ..protocol.problem import Problem, ProblemError
from ..protocol.xml import Completeness, Context, XmlError, examine
from ..templates.placeholders import OpenField, finished
from .completion_keys import add_completion_keys, delete_field, go_to_field, keep_chosen
from .live_lint import complaint
from .placeholders import first_required, masked

if TYPE_CHECKING:
    from .prompt import Prompt

INDENT = "  "

PASTE_KEYS = 16
"""So many keys behind a line end are no longer typed by hand, even when the shell was busy."""

PASTE_SECONDS = 0.1
"""How long after one line end of a paste the next may come on a terminal that marks no pastes."""


class UnmarkedPaste:
    """Recognises the line ends of a paste on a terminal that does not mark pastes.

    A line end with many keys right behind it was not typed, nor are those that follow at once.
    """

    def __init__(self) -> None:
        self._until = 0.0

    def holds(self, event: KeyPressEvent) -> bool:
        """Say whether this Enter is part of a paste."""
        now = time.monotonic()
        if _keys_behind(event) < PASTE_KEYS and now > self._until:
            return False
        self._until = now + PASTE_SECONDS
        return True


class ClosedTag:
    """An end tag that was completed after `</`, for as long as its name may still be typed.

    Who types the name all the same types over it. Another name takes its place, and whatever
    cannot be a name is put in after the tag.
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
        if self._name.startswith(self._typed):
            if self._typed == self._name:
                self._name = ""
            return
        if self._typed[0].isalpha() or self._typed[0] in "_:":
            buffer.delete_before_cursor(len(self._name))
        buffer.insert_text(self._typed)
        self._name = ""


def bindings(prompt: Prompt) -> KeyBindingsBase:
    """Return the key bindings that the shell adds to those of prompt_toolkit."""
    keys = KeyBindings()
    inserting = emacs_insert_mode | vi_insert_mode
    paste = UnmarkedPaste()
    closing = ClosedTag()
    add_completion_keys(keys)

    @keys.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if paste.holds(event):
            buffer.insert_text("\n")
        elif buffer.complete_state is not None and buffer.complete_state.current_completion:
            keep_chosen(buffer)
        else:
            _judge(prompt, buffer)

    @keys.add("escape", "enter", filter=emacs_mode)
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=True)

    @keys.add("/", filter=inserting)
    def _slash(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        delete_field(buffer)
        before = buffer.document.text_before_cursor
        buffer.insert_text("/")
        session, xml = prompt.desk.addressee(before)
        open_tags = _may_close(masked(xml), context_of(session))
        if open_tags:
            if not _keys_behind(event):
                _move_left(buffer, len(open_tags))
            closing.complete(buffer, f"{open_tags[-1]}>")

    at_closed_tag = Condition(lambda: closing.is_at(get_app().current_buffer))

    @keys.add(Keys.Any, filter=inserting & at_closed_tag)
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

    @keys.add("c-x", "c-e", filter=emacs_mode & ~has_selection)
    @keys.add("v", filter=vi_navigation_mode)
    def _edit(event: KeyPressEvent) -> None:
        """Edit in $EDITOR; what comes back waits for Enter like everything else."""
        event.current_buffer.open_in_editor(validate_and_handle=False)

    @keys.add("f1")
    def _explain(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        prompt.complain(None)
        try:
            explain_typed(prompt.desk, buffer.text, buffer.cursor_position)
        except ProblemError as error:
            prompt.complain(error.problem)

    @keys.add("f2")
    def _next_session(event: KeyPressEvent) -> None:
        prompt.complain(None)
        prompt.desk.use_next()

    return ConditionalKeyBindings(keys, has_focus(DEFAULT_BUFFER))


def _keys_behind(event: KeyPressEvent) -> int:
    """Count the keys that came together with this one; what the terminal answers is no key."""
    return sum(press.key is not Keys.CPRResponse for press in event.key_processor.input_queue)


def _may_close(before: str, context: Context) -> tuple[str, ...]:
    """Return the tags that are open where `before` ends, if a `/` now begins an end tag."""
    if not before.endswith("<") or before.strip() == "<":
        return ()
    open_tags = examine(before[:-1], context).open_tags
    if not open_tags:
        return ()
    closed = examine(f"{before}/{open_tags[-1]}>", context)
    return open_tags if closed.error is None and closed.open_tags == open_tags[:-1] else ()


def _move_left(buffer: Buffer, depth: int) -> None:
    """Let an end tag that begins a line stand under its start tag.

    `depth` is how many elements are open. An indentation that is not ours is left alone.
    """
    line = buffer.document.current_line_before_cursor
    if line == INDENT * depth + "</":
        buffer.delete_before_cursor(len(line))
        buffer.insert_text(INDENT * (depth - 1) + "</")


def _judge(prompt: Prompt, buffer: Buffer) -> None:
    """Send what is complete, go on with what is not, and point at what is wrong."""
    text = buffer.text
    stripped = text.strip()
    prompt.complain(None)
    if not stripped:
        buffer.reset()
    elif stripped.startswith("/"):
        _accept(buffer)
    elif not stripped.startswith(("<", "@")):
        prompt.complain(
            Problem("XML begins with < and a command with /; nothing was sent", "", "/help")
        )
    else:
        try:
            session, xml = prompt.desk.addressed(text)
        except CommandError as error:
            prompt.complain(error.problem)
        else:
            _judge_xml(prompt, buffer, xml, context_of(session))


def _judge_xml(prompt: Prompt, buffer: Buffer, xml: str, context: Context) -> None:
    """Do so with XML, which is all of the text or the end of it.

    An open field that is required has to be filled in first; what is optional and was left open
    is gone from the text before it is taken.
    """
    examination = examine(masked(xml), context)
    if not xml.lstrip().startswith("<"):
        prompt.complain(Problem("@NAME stands before XML; nothing was sent", "", "/help use"))
    elif examination.completeness is Completeness.COMPLETE:
        missing = first_required(buffer.text)
        if missing is None:
            buffer.text = finished(buffer.text)
            if not _stops(prompt, buffer):
                _accept(buffer)
        else:
            go_to_field(buffer, missing)
            prompt.complain(_missing(missing, buffer.text, context))
    elif examination.error is not None:
        _point_at(prompt, buffer, examination.error, xml)
    else:
        buffer.cursor_position = len(buffer.text)
        buffer.insert_text("\n" + INDENT * max(1, len(examination.open_tags)))


def _stops(prompt: Prompt, buffer: Buffer) -> bool:
    """Point at what breaks a rule of the protocol, and say whether that stops the input."""
    session, xml = prompt.desk.addressee(buffer.text)
    finding = prompt.live.stop(buffer.text, session, xml)
    if finding is not None:
        problem = complaint(finding)
        _point_at(prompt, buffer, XmlError(problem, finding.line, finding.column), xml)
    return finding is not None


def _missing(field: OpenField, text: str, context: Context) -> Problem:
    """Say which open field of `text` has to be filled in, and what it is for."""
    from .completing.field_meaning import meaning_of

    meaning = meaning_of(text, field, context)
    is_for = f": {meaning}" if meaning else ""
    cure = "type over it, Tab goes on (&#8249; is a ‹ that stays)"
    return Problem(f"‹{field.name}› is still open{is_for}", "", cure)


def _accept(buffer: Buffer) -> None:
    """Take the input as it stands, without the line ends that a paste left after it."""
    buffer.document = Document(buffer.text.rstrip())
    buffer.validate_and_handle()


def _point_at(prompt: Prompt, buffer: Buffer, error: XmlError, xml: str) -> None:
    document = Document(xml)
    row = min(max(error.line - 1, 0), document.line_count - 1)
    column = min(max(error.column - 1, 0), len(document.lines[row]))
    before = len(buffer.text) - len(xml)
    buffer.cursor_position = before + document.translate_row_col_to_index(row, column)
    row, column = buffer.document.translate_index_to_position(buffer.cursor_position)
    prompt.complain(error.problem, buffer.document.lines[row], row + 1, column)
