"""The keys of the menu and of open fields: Tab, arrows, Escape, and typing over a field.

Tab goes on in the menu once something of it is chosen. Else, with the cursor at an open field, it
goes to the next one; elsewhere it completes what is begun at the cursor, and where there is nothing
to complete it goes to the next open field, or else out of the value that the cursor is in.
Shift-Tab does the same backwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import (
    Condition,
    emacs_insert_mode,
    emacs_mode,
    has_completions,
    vi_insert_mode,
    vi_mode,
)
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.keys import Keys

from ..protocol.xml import Context
from ..templates.placeholders import OpenField, open_fields
from .completer import ASKED, UNASKED
from .placeholders import field_at, next_field, previous_field

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

_CONTEXT = Context.for_namespace()


def add_completion_keys(keys: KeyBindings) -> None:
    """Add the keys of the menu and of open fields to `keys`."""
    inserting = emacs_insert_mode | vi_insert_mode
    at_field = Condition(lambda: _field_here(get_app().current_buffer) is not None)
    behind_value = Condition(lambda: _is_behind_value(get_app().current_buffer))

    @keys.add("tab", filter=inserting)
    def _tab(event: KeyPressEvent) -> None:
        _go_on(event.current_buffer)

    @keys.add("s-tab", filter=inserting)
    def _back_tab(event: KeyPressEvent) -> None:
        _go_back(event.current_buffer)

    @keys.add("down", filter=inserting & has_completions)
    @keys.add("c-n", filter=inserting & has_completions)
    def _down(event: KeyPressEvent) -> None:
        _choose(event.current_buffer)

    @keys.add("up", filter=inserting & has_completions)
    @keys.add("c-p", filter=inserting & has_completions)
    def _up(event: KeyPressEvent) -> None:
        _choose(event.current_buffer, previous=True)

    @keys.add("escape", filter=emacs_mode & has_completions, eager=True)
    def _close(event: KeyPressEvent) -> None:
        """Close the menu; as the beginning of another key, do that key as well."""
        event.current_buffer.cancel_completion()
        if event.key_processor.input_queue:
            event.key_processor.feed(KeyPress(Keys.Escape), first=True)

    @keys.add(Keys.Any, filter=inserting & at_field)
    def _type_over(event: KeyPressEvent) -> None:
        delete_field(event.current_buffer)
        event.current_buffer.insert_text(event.data)

    @keys.add(Keys.BracketedPaste, filter=inserting & at_field)
    def _paste_over(event: KeyPressEvent) -> None:
        delete_field(event.current_buffer)
        event.current_buffer.insert_text(event.data.replace("\r\n", "\n").replace("\r", "\n"))

    @keys.add("backspace", filter=inserting & at_field)
    @keys.add("delete", filter=inserting & at_field)
    def _delete(event: KeyPressEvent) -> None:
        delete_field(event.current_buffer)

    @keys.add("'", filter=inserting & behind_value)
    @keys.add('"', filter=inserting & behind_value)
    def _quote(event: KeyPressEvent) -> None:
        """Type over the quote that ends the value; another one belongs to the value."""
        buffer = event.current_buffer
        if buffer.document.current_char == event.data:
            buffer.cursor_position += 1
        else:
            buffer.insert_text(event.data)


def go_to_field(buffer: Buffer, field: OpenField) -> None:
    """Put the cursor at an open field, ready to type over it, and show what fits there."""
    buffer.cursor_position = field.end
    app = get_app()
    if vi_mode() and app.vi_state.input_mode is InputMode.NAVIGATION:
        app.vi_state.input_mode = InputMode.INSERT
    buffer.start_completion(complete_event=UNASKED)


def keep_chosen(buffer: Buffer) -> None:
    """Close the menu, what was chosen being kept, and show what fits behind it."""
    buffer.complete_state = None
    buffer.start_completion(complete_event=UNASKED)


def delete_field(buffer: Buffer) -> None:
    """Take away the open field that the cursor is at, if there is one."""
    field = _field_here(buffer)
    if field is not None:
        text = buffer.text
        buffer.document = Document(text[: field.start] + text[field.end :], field.start)


def _field_here(buffer: Buffer) -> OpenField | None:
    return field_at(buffer.text, buffer.cursor_position)


def _is_behind_value(buffer: Buffer) -> bool:
    """Say whether the cursor stands in a value, before the quote that ends it."""
    if buffer.document.current_char not in ("'", '"') or _field_here(buffer) is not None:
        return False
    from ..protocol.xml.cursor import PlaceKind, place_at

    place = place_at(buffer.text, buffer.cursor_position, _CONTEXT)
    at_its_end = place.quote == buffer.document.current_char
    return place.kind is PlaceKind.ATTRIBUTE_VALUE and at_its_end


def _go_on(buffer: Buffer) -> None:
    state = buffer.complete_state
    if state is not None and state.current_completion is not None:
        _choose(buffer)
        return
    here = _field_here(buffer)
    field = next_field(buffer.text, buffer.cursor_position)
    if here is not None and field is not None and field != here:
        go_to_field(buffer, field)
        return
    found = state.completions if state is not None else []
    found = found or list(buffer.completer.get_completions(buffer.document, ASKED))
    complete = here is None and _is_complete(buffer.document, found)
    if complete and field is not None:
        go_to_field(buffer, field)
    elif complete and _is_behind_value(buffer):
        buffer.cursor_position += 1
    elif len(found) == 1:
        _apply(buffer, found[0])
    elif state is not None and state.completions:
        _choose(buffer)
    elif found:
        buffer.start_completion(insert_common_part=True)


def _go_back(buffer: Buffer) -> None:
    state = buffer.complete_state
    chosen = state is not None and state.current_completion is not None
    field = None if chosen else previous_field(buffer.text, buffer.cursor_position)
    if field is not None and field != _field_here(buffer):
        go_to_field(buffer, field)
    elif state is not None and state.completions:
        _choose(buffer, previous=True)


def _is_complete(document: Document, found: list[Completion]) -> bool:
    """Say whether there is nothing to complete: nothing is offered, or just what stands there."""
    before = document.text_before_cursor
    return not found or any(
        before[len(before) + each.start_position :] == each.text for each in found
    )


def _choose(buffer: Buffer, *, previous: bool = False) -> None:
    """Put the next or previous text of the menu into the input, the cursor at its first field."""
    if previous:
        buffer.complete_previous()
    else:
        buffer.complete_next()
    state = buffer.complete_state
    if state is not None and state.current_completion is not None:
        _enter_fields(buffer, state.current_completion)
        # Moving the cursor closes the menu; it is still open.
        buffer.complete_state = state


def _apply(buffer: Buffer, completion: Completion) -> None:
    buffer.apply_completion(completion)
    _enter_fields(buffer, completion)
    buffer.start_completion(complete_event=UNASKED)


def _enter_fields(buffer: Buffer, completion: Completion) -> None:
    """Put the cursor at the first open field of a text just put in, if it has one."""
    fields = open_fields(completion.text)
    if fields:
        buffer.cursor_position += fields[0].end - len(completion.text)
