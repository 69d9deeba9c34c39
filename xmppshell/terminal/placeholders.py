"""Open fields of a template in the prompt: where they are, and which one the cursor is at.

An open field is plain text (`templates.placeholders`). The cursor is at a field if it stands in it
or right behind it; what is typed there takes the place of the whole field.
"""

from __future__ import annotations

from ..templates.placeholders import OPEN, OpenField, open_fields

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
