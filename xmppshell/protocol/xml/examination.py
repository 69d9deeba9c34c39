"""Judge what a person has typed so far: ready to send, unfinished, or wrong, and where."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .errors import XmlError
from .parsing import Context, refusal
from .wellformed import scan


class Completeness(enum.Enum):
    """How far the text has come."""

    EMPTY = "empty"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    ILL_FORMED = "ill-formed"


@dataclass(frozen=True, slots=True)
class Examination:
    """What `examine` found.

    `elements` are the texts of the complete top-level elements; `open_tags` the names of the
    elements that are still open, outermost first, as typed; `error` the first certain fault, set
    if and only if the text is ILL_FORMED; `header` is true if the text has an XML declaration or
    opens or closes a stream.
    """

    completeness: Completeness
    elements: tuple[str, ...] = ()
    open_tags: tuple[str, ...] = ()
    error: XmlError | None = None
    header: bool = False


def examine(text: str, context: Context) -> Examination:
    """Tell how far `text` has come as something to send on a stream with `context`.

    Never raises for what the text is. The time is linear in its length.
    """
    found = scan(text, context.prefixes, headers=True, trusted=len(text))
    error = refusal(text, found)
    if error is not None:
        # Something the first scan passed over, so not before the line that lxml gives.
        found = scan(text, context.prefixes, headers=True, trusted=_line_start(text, error.line))
    if found.fault is not None:
        error = XmlError.at(found.fault.problem, text, found.fault.offset)
    if error is not None:
        completeness = Completeness.ILL_FORMED
    elif found.open_tags or found.unfinished:
        completeness = Completeness.INCOMPLETE
    elif found.elements or found.headers:
        completeness = Completeness.COMPLETE
    else:
        completeness = Completeness.EMPTY
    return Examination(
        completeness,
        tuple(text[start:end] for start, end in found.elements),
        tuple(found.open_tags),
        error,
        bool(found.headers),
    )


def _line_start(text: str, line: int) -> int:
    """Return the offset at which a line of `text` starts; lines count from 1."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return start
