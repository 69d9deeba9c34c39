"""Read text that may be unfinished or wrong as trees, and find the elements in the text again.

lxml makes the trees and knows lines only; where an element, an attribute or a text stands is found
in the text when somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from .errors import XmlError
from .examination import examine
from .parsing import Context, parse_tree
from .wellformed import Prefixes, Scan, Section, scan

_START = re.compile(r"<!\[CDATA\[(?s:.*?)\]\]>|<[^/!?]")
_NAME = re.compile(r"<[^\s/>]+")
_ATTRIBUTE = re.compile(r"""\s+([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG_END = re.compile(r"\s*/?>\s*")
_PARTIAL = re.compile(
    r"""<([^\s<>"'/!?=]+)(?=\s)(?:\s+[^\s<>"'/=]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*"""
)


@dataclass(slots=True)
class Piece:
    """A run of top-level elements: the children of `root`, from `start` to `end` of the text."""

    start: int
    end: int
    root: etree._Element
    _offsets: dict[etree._Element, int] = field(default_factory=dict)

    def offset_of(self, element: etree._Element, text: str) -> int:
        """Return where the start tag of `element` begins in `text`, of which this is a piece."""
        if not self._offsets:
            found = (match for match in _START.finditer(text, self.start, self.end))
            starts = (match.start() for match in found if match[0][1] != "!")
            elements = self.root.iter()
            next(elements)
            self._offsets = dict(zip(elements, starts, strict=False))
        return self._offsets.get(element, self.start)


@dataclass(slots=True)
class Reading:
    """What was made of a text.

    `headers` are the extents of stream headers, with the XML declaration, and of stream end tags.
    `open_elements` have no end tag yet, outermost first; `partial` is one of them whose start tag
    has no end either, so that more attributes may follow. `unfinished` is true if the text ends
    in the middle of something. `error` is the first fault; the pieces end before it.
    """

    text: str
    headers: list[tuple[int, int]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    open_elements: list[etree._Element] = field(default_factory=list)
    partial: etree._Element | None = None
    unfinished: bool = False
    error: XmlError | None = None

    @classmethod
    def of(cls, text: str, element: etree._Element) -> Reading:
        """Return the reading of `text` that was parsed before: as `element`, alone in its root."""
        root = element.getparent()
        assert root is not None
        return cls(text, pieces=[Piece(0, len(text), root)])

    def elements(self) -> Iterator[etree._Element]:
        """Give the top-level elements in order, the one that is still open included."""
        for piece in self.pieces:
            yield from piece.root

    def place(self, element: etree._Element, attribute: str = "", *, inside: bool = False) -> int:
        """Return the offset of an element's start tag, or of an attribute in it as it is written.

        With `inside`, that of what follows the tag. An attribute that is not there stands where
        the tag begins.
        """
        root = element.getroottree().getroot()
        piece = next((piece for piece in self.pieces if piece.root is root), None)
        start = 0 if piece is None else piece.offset_of(element, self.text)
        name = _NAME.match(self.text, start)
        at = start if name is None else name.end()
        while found := _ATTRIBUTE.match(self.text, at):
            if found[1] == attribute:
                return found.start(1)
            at = found.end()
        end = _TAG_END.match(self.text, at)
        return end.end() if inside and end is not None else start


def read(text: str, prefixes: Prefixes) -> Reading:
    """Read `text`, which stands where `prefixes` are in scope; never raises for what it is."""
    reading, whole = _read(text, prefixes, trusted=len(text))
    if reading.error is None and not whole:
        # The scan passed over a fault that the parser saw.
        reading, whole = _read(text, prefixes, trusted=0)
    if reading.error is None and not whole:
        reading.error = examine(text, Context(prefixes)).error
    return reading


def _read(text: str, prefixes: Prefixes, *, trusted: int) -> tuple[Reading, bool]:
    """Return what was made of `text`, and whether all of it that was scanned could be parsed."""
    found = scan(text, prefixes, headers=True, trusted=trusted)
    reading = Reading(text, found.headers, unfinished=found.unfinished or bool(found.open_tags))
    if found.fault is not None:
        reading.error = XmlError.at(found.fault.problem, text, found.fault.offset)
    partial = _partial(text, found)
    sections = found.sections or ([Section(0, 0, prefixes)] if partial is not None else [])
    for section in sections:
        last = section is sections[-1]
        tags = found.open_tags if last else []
        if not (last and partial is not None and _add_partial(reading, section, tags, partial)):
            _add(reading, section, tags)
    return reading, len(reading.pieces) >= len(found.sections)


def _partial(text: str, found: Scan) -> re.Match[str] | None:
    """Return the start tag that `text` ends in, as far as its attributes are whole."""
    if not found.unfinished:
        return None
    reached = found.sections[-1].end if found.sections else 0
    if found.headers and found.headers[-1][1] > reached:
        return None  # What is in scope behind a header shows only in a section.
    return _PARTIAL.match(text, reached)


def _add_partial(
    reading: Reading, section: Section, tags: list[str], partial: re.Match[str]
) -> bool:
    """Add the last piece with the tag that is being typed, if it stands by itself already."""
    piece = reading.text[section.start : section.end]
    root = _tree(f"{piece}{partial[0]}></{partial[1]}>", section, tags)
    if root is None:
        return False
    reading.pieces.append(Piece(section.start, partial.end(), root))
    reading.open_elements = _innermost(root, len(tags) + 1)
    reading.partial = reading.open_elements[-1]
    return True


def _add(reading: Reading, section: Section, tags: list[str]) -> None:
    """Add a piece, in which `tags` are still open, if it is well-formed."""
    root = _tree(reading.text[section.start : section.end], section, tags)
    if root is not None:
        reading.pieces.append(Piece(section.start, section.end, root))
        reading.open_elements = _innermost(root, len(tags))


def _tree(piece: str, section: Section, tags: list[str]) -> etree._Element | None:
    """Return the tree of a text in which `tags` are still open; None if there is none."""
    text = piece + "".join(f"</{tag}>" for tag in reversed(tags))
    try:
        return parse_tree(text.encode(errors="surrogatepass"), Context(section.prefixes))
    except etree.XMLSyntaxError:
        return None


def _innermost(root: etree._Element, depth: int) -> list[etree._Element]:
    """Return the last element in `root`, the last one in that, and so on, `depth` of them."""
    found: list[etree._Element] = []
    for _ in range(depth):
        root = root[-1]
        found.append(root)
    return found
