"""Open fields of a template in the prompt: where they are, and which one the cursor is at.

An open field is plain text (`templates.placeholders`). The cursor is at a field if it stands in it
or right behind it; what is typed there takes the place of the whole field.
"""

from __future__ import annotations

from typing import Final

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments

from ..templates.placeholders import OPEN, OpenField, open_fields

SELECTED: Final = "class:placeholder.selected"
"""The style class of the open field that the cursor is at."""

_LONGEST = 200
"""No field is longer, in characters, so that only so much of a text has to be looked at."""


def field_before(text: str, position: int) -> OpenField | None:
    """Return the open field that ends at `position`, or None."""
    field = field_at(text, position)
    return field if field is not None and field.end == position else None


def field_at(text: str, position: int) -> OpenField | None:
    """Return the open field that `position` is in or right behind, or None."""
    start = text.rfind("‹", max(0, position - _LONGEST), position)
    found = OPEN.match(text, start) if start >= 0 else None
    if found is None or found.end() < position:
        return None
    return OpenField(found[1], found[2] is not None, found.start(), found.end())


def next_field(text: str, position: int) -> OpenField | None:
    """Return the first open field that ends behind `position`, or else the first of all."""
    fields = open_fields(text)
    return next((field for field in fields if field.end > position), next(iter(fields), None))


def previous_field(text: str, position: int) -> OpenField | None:
    """Return the last open field that ends before `position`, or else the last of all."""
    fields = open_fields(text)
    before = [field for field in fields if field.end < position]
    return next(reversed(before or fields), None)


def first_required(text: str) -> OpenField | None:
    """Return the first open field that must be filled in, or None."""
    return next((field for field in open_fields(text) if not field.optional), None)


def masked(text: str) -> str:
    """Return `text` with a name of the same length for each open field, to be judged as XML.

    So a field may stand for a name, too, as in `<‹condition› xmlns='...'/>`.
    """
    return OPEN.sub(lambda found: "x" * len(found[0]), text) if "‹" in text else text


class FieldAtCursor(Processor):
    """Shows which open field the cursor is at: what is typed takes its place."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Return the line with that field in another look."""
        fragments = transformation_input.fragments
        document = transformation_input.document
        if transformation_input.lineno != document.cursor_position_row:
            return Transformation(fragments)
        field = field_at(document.current_line, document.cursor_position_col)
        if field is None:
            return Transformation(fragments)
        exploded = explode_text_fragments(fragments)
        marked: StyleAndTextTuples = [
            (f"{each[0]} {SELECTED}" if field.start <= index < field.end else each[0], each[1])
            for index, each in enumerate(exploded)
        ]
        return Transformation(marked)
