"""Open fields in the text at the prompt: `‹name›` must be filled in, `‹name?›` may be left open.

They are plain text, so that they survive editing, the history and an editor. A `‹name›` that is
meant to be sent is written `&#8249;name&#8250;`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from ..protocol.problem import Problem, ProblemError
from ..protocol.xml import TokenKind, attributes_of, tokenise

OPEN: Final = re.compile(r"‹([A-Za-z_][\w.:-]*)(\?)?›", re.ASCII)
"""One open field: its name, and `?` if it is optional."""

_LAST_LINE_SPACE: Final = re.compile(r"(?:\r?\n)?[ \t]*\Z")


@dataclass(frozen=True, slots=True)
class OpenField:
    """An open field in a text, from `start` up to `end` in characters."""

    name: str
    optional: bool
    start: int
    end: int


class MissingField(ProblemError):
    """Required fields are still open: `name` is the first of them, `names` are all."""

    def __init__(self, names: tuple[str, ...]) -> None:
        several = len(names) > 1
        what = f"{', '.join(names)} {'are' if several else 'is'} still open"
        shown = "".join(f"‹{name}›" for name in names[:1])
        cause = f"{shown} stands for what only you know"
        cure = "Tab goes there: type over it; to send it as it is, write &#8249; for ‹"
        super().__init__(Problem(what, cause, cure))
        self.names = names
        self.name = names[0]


def placeholder(name: str, *, optional: bool = False) -> str:
    """Return how an open field is written."""
    return f"‹{name}?›" if optional else f"‹{name}›"


def open_fields(text: str) -> list[OpenField]:
    """Return the open fields of `text`, in order."""
    return [
        OpenField(found[1], found[2] is not None, found.start(), found.end())
        for found in OPEN.finditer(text)
    ]


def finished(text: str) -> str:
    """Return `text` as it is sent: optional parts that were left open are gone.

    Such a part is an attribute whose value is an open field alone, or an element whose content
    is; then what this leaves empty: parents without content, unless they are the stanza, declare
    a namespace or have attributes of their own. (A `field` of a data form goes although it has
    some, since without a value it would mean an empty value.) Text without open fields is
    returned as it is. Raises `MissingField` if a required field is open.
    """
    fields = open_fields(text)
    if not fields:
        return text
    missing = dict.fromkeys(each.name for each in fields if not each.optional)
    if missing:
        raise MissingField(tuple(missing))
    return _Pruning(OPEN).of(text)


def without(text: str, names: Collection[str]) -> str:
    """Return `text` with the optional fields `names` taken out as `finished` does; others stay."""
    these = "|".join(re.escape(name) for name in names)
    return _Pruning(re.compile(rf"‹(?:{these})\?›")).of(text)


@dataclass
class _Element:
    """An element that is open: its tag, what it holds so far, and what it lost.

    `solid` says that something in it stays besides white space; `lost` that a part of it went,
    and `lost_text` that this was its own text.
    """

    tag: str
    pieces: list[str] = field(default_factory=list)
    solid: bool = False
    lost: bool = False
    lost_text: bool = False


class _Pruning:
    """Takes out of a text what the fields that match left open, and what that leaves empty."""

    def __init__(self, fields: re.Pattern[str]) -> None:
        self._fields = fields
        self._open = [_Element("")]  # The first stands for the text itself.

    def of(self, text: str) -> str:
        """Return the text without those parts."""
        for kind, piece in tokenise(text):
            if kind is TokenKind.START_TAG:
                self._open.append(self._begun(piece))
            elif kind is TokenKind.EMPTY_TAG:
                self._add_empty(piece)
            elif kind is TokenKind.END_TAG and len(self._open) > 1:
                self._close(piece)
            else:
                self._add_text(piece)
        while len(self._open) > 1:  # Elements that were never closed.
            unfinished = self._open.pop()
            self._keep(unfinished.tag + "".join(unfinished.pieces))
        return "".join(self._open[0].pieces)

    @property
    def _at_the_top(self) -> bool:
        return len(self._open) == 1

    def _keep(self, piece: str) -> None:
        self._open[-1].pieces.append(piece)
        self._open[-1].solid = True

    def _drop(self) -> None:
        """Let what would come next be gone, with the white space that set it off."""
        parent = self._open[-1]
        parent.lost = True
        if parent.pieces and not parent.pieces[-1].strip():
            parent.pieces[-1] = _LAST_LINE_SPACE.sub("", parent.pieces[-1], count=1)

    def _add_text(self, piece: str) -> None:
        rest = self._fields.sub("", piece)
        parent = self._open[-1]
        if rest != piece:
            parent.lost = parent.lost_text = True
        parent.pieces.append(rest)
        parent.solid = parent.solid or bool(rest.strip())

    def _add_empty(self, piece: str) -> None:
        element = self._begun(piece)
        if element.lost and not self._at_the_top and not attributes_of(element.tag):
            self._drop()
        else:
            self._keep(element.tag)

    def _begun(self, tag: str) -> _Element:
        """Return an element with this tag, without the attributes that are open."""
        if "‹" not in tag:
            return _Element(tag)
        kept = ""
        at = 0
        lost = False
        for space, name, equals, value in attributes_of(tag):
            whole = space + name + equals + value
            start = tag.index(whole, at)
            rest = self._fields.sub("", value)
            gone = rest != value and len(rest.strip()) == 2  # The quotes are left.
            kept += tag[at:start] + ("" if gone else space + name + equals + rest)
            at = start + len(whole)
            lost = lost or gone
        return _Element(kept + tag[at:], lost=lost)

    def _close(self, end_tag: str) -> None:
        element = self._open.pop()
        if element.solid or not element.lost:
            self._keep(element.tag + "".join(element.pieces) + end_tag)
        elif self._at_the_top or not _is_gone(element):
            self._keep(element.tag[:-1].rstrip() + "/>")
        else:
            self._drop()


def _is_gone(element: _Element) -> bool:
    """Whether an element that lost all that it held goes, too."""
    if element.lost_text:
        return True
    names = [name for _, name, _, _ in attributes_of(element.tag)]
    if any(name == "xmlns" or name.startswith("xmlns:") for name in names):
        return False
    return not names or element.tag.startswith("<field")
