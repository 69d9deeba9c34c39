"""Where in XML a cursor stands: XML that is being typed, so it may be unfinished or wrong.

What stands before the cursor decides, but for the attributes of a tag, which may follow it. The
scan is forgiving: an end tag without its start tag is passed over, and a tag that is never closed
ends where the next one begins.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .. import namespaces
from .parsing import Context


class PlaceKind(enum.Enum):
    """What a cursor can stand in."""

    CONTENT = "content"
    """Between tags, with nothing but white space since the last one."""
    TEXT = "text"
    TAG_NAME = "tag name"
    END_TAG = "end tag"
    ATTRIBUTE_NAME = "attribute name"
    ATTRIBUTE_VALUE = "attribute value"
    AFTER_VALUE = "after value"
    """In a start tag, right behind the value of an attribute."""
    ELSEWHERE = "elsewhere"
    """In a CDATA section, a comment or a declaration, or in a tag where no name can begin."""


@dataclass(frozen=True, slots=True)
class OpenTag:
    """A start tag: its name as typed and as a Clark name, and its attributes.

    The attributes are by name as typed, with their plain values; those of a tag that the cursor
    is in may follow the cursor. `children` are the Clark names of the elements in it so far.
    """

    name: str
    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cursor stands.

    `path` are the open elements around it, outermost first; `word` is what stands between `start`
    and the cursor of the name, value or text that it is in. `element` is the tag around the
    cursor, if it stands in a start tag behind the name; `attribute` and `quote` are set in a
    value. `prefixes` are in scope for a new element here.
    """

    kind: PlaceKind
    path: tuple[OpenTag, ...] = ()
    word: str = ""
    start: int = 0
    element: OpenTag | None = None
    attribute: str = ""
    quote: str = ""
    prefixes: Mapping[str | None, str] = field(default_factory=dict)


def place_at(text: str, position: int, context: Context) -> Place:
    """Tell where `position` (characters from 0) is in `text`, typed on a stream with `context`.

    Never raises for what the text is. The time is linear in its length.
    """
    return _Reader(text, max(0, min(position, len(text))), context).read()


_PIECE = re.compile(
    r"""(?P<text>[^<]++)
  | <!\[CDATA\[(?s:.*?)(?:\]\]>|(?P<open_section>\Z))
  | <!--(?s:.*?)(?:-->|(?P<open_comment>\Z))
  | <[!?][^<>]*+(?:>|(?P<open_other>\Z))?
  | (?P<end></(?P<end_name>[^\s<>/]*+)\s*+(?P<end_close>>)?)
  | (?P<start><(?P<name>[^\s<>/"'=]*+)
        (?P<inside>(?:[^<>"'/]++|/(?!>)|"[^"<]*+"|'[^'<]*+')*+)
        (?P<open_value>["'][^<]*+)?(?P<close>/?>)?)""",
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""(?<![^\s"'/])([^\s=/>"'<]++)\s*+=\s*+("[^"<]*+"|'[^'<]*+')""")
_NAME_BEFORE = re.compile(r"""(?<![^\s"'/])([^\s=/>"'<]++)\s*+=\s*+\Z""")
_NAME_SO_FAR = re.compile(r"""(?<!\S)[^\s=/"'<>]*+\Z""")
_REST_OF_VALUE = {quote: re.compile(f"[^{quote}<]*+{quote}?") for quote in "\"'"}
_REST_OF_TAG = re.compile(r"""(?:[^<>"'/]++|/(?!>)|"[^"<]*+"|'[^'<]*+')*+""")
_REFERENCES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
_REFERENCE = re.compile("&(?:lt|gt|quot|apos|amp);")


@dataclass(slots=True)
class _Frame:
    """An open element while the text is read."""

    name: str
    inside: str
    scope: Mapping[str | None, str]
    tag: str
    children: list[str] = field(default_factory=list)

    def finished(self) -> OpenTag:
        return OpenTag(self.name, self.tag, _attributes(self.inside), tuple(self.children))


class _Reader:
    """Reads the text up to the cursor, a piece at a time."""

    def __init__(self, text: str, position: int, context: Context) -> None:
        self._text = text
        self._position = position
        self._outside = {**context.prefixes, "xml": namespaces.XML}
        self._open: list[_Frame] = []
        self._names: Counter[str] = Counter()  # of the open elements

    def read(self) -> Place:
        position = self._position
        at = 0
        while at < position:
            piece = _PIECE.match(self._text, at, position)
            assert piece is not None, "some alternative takes each character"
            at = piece.end()
            place = self._take(piece)
            if place is not None:
                return place
        return self._place(PlaceKind.CONTENT, position)

    @property
    def _scope(self) -> Mapping[str | None, str]:
        return self._open[-1].scope if self._open else self._outside

    def _take(self, piece: re.Match[str]) -> Place | None:
        """Take one piece; return the place if the cursor is in it."""
        last = piece.end() == self._position
        if piece["start"] is not None:
            return self._start(piece, last)
        if piece["end"] is not None:
            return self._end(piece, last)
        if piece["text"] is not None:
            if not last:
                return None
            blank = piece["text"].isspace()
            return self._place(PlaceKind.CONTENT if blank else PlaceKind.TEXT, piece.start())
        if piece.lastgroup is not None:
            return self._place(PlaceKind.ELSEWHERE, self._position)
        return None

    def _end(self, piece: re.Match[str], last: bool) -> Place | None:
        name = piece["end_name"]
        if last and piece["end_close"] is None:
            return self._place(PlaceKind.END_TAG, piece.start("end_name"))
        while self._names[name]:
            closed = self._open.pop().name
            self._names[closed] -= 1
            if closed == name:
                break
        return None

    def _start(self, piece: re.Match[str], last: bool) -> Place | None:
        name, inside = piece["name"], piece["inside"]
        if last and piece["close"] is None:
            return self._in_tag(piece)
        scope = _scope_in(inside, self._scope)
        tag = _clark(name, scope)
        if self._open:
            self._open[-1].children.append(tag)
        if piece["close"] != "/>":
            self._open.append(_Frame(name, inside, scope, tag))
            self._names[name] += 1
        return None

    def _in_tag(self, piece: re.Match[str]) -> Place:
        """Return the place in a start tag that is not closed before the cursor."""
        name, inside, value = piece["name"], piece["inside"], piece["open_value"]
        if not inside and value is None:
            return self._place(PlaceKind.TAG_NAME, piece.start("name"))
        so_far = _NAME_SO_FAR.search(inside)
        if value is not None:
            quote = value[0]
            before = _NAME_BEFORE.search(inside)
            rest = _REST_OF_VALUE[quote].match(self._text, self._position)
            after = self._position if rest is None else rest.end()
            return self._place(
                PlaceKind.ATTRIBUTE_VALUE if before else PlaceKind.ELSEWHERE,
                piece.start("open_value") + 1,
                self._element(name, inside, after),
                before[1] if before else "",
                quote,
            )
        element = self._element(name, inside, self._position)
        if so_far is not None:
            start = piece.start("inside") + so_far.start()
            return self._place(PlaceKind.ATTRIBUTE_NAME, start, element)
        behind = inside[-1] in "\"'"
        kind = PlaceKind.AFTER_VALUE if behind else PlaceKind.ELSEWHERE
        return self._place(kind, self._position, element)

    def _element(self, name: str, inside: str, after: int) -> OpenTag:
        """Return the tag around the cursor, with what it has from `after` on."""
        rest = _REST_OF_TAG.match(self._text, after)
        whole = f"{inside} {rest[0] if rest else ''}"
        return OpenTag(name, _clark(name, _scope_in(whole, self._scope)), _attributes(whole))

    def _place(
        self,
        kind: PlaceKind,
        start: int,
        element: OpenTag | None = None,
        attribute: str = "",
        quote: str = "",
    ) -> Place:
        path = tuple(frame.finished() for frame in self._open)
        word = self._text[start : self._position]
        return Place(kind, path, word, start, element, attribute, quote, self._scope)


def _pairs(inside: str) -> Iterator[tuple[str, str]]:
    for name, value in _ATTRIBUTE.findall(inside):
        yield name, plain(value[1:-1])


def _attributes(inside: str) -> dict[str, str]:
    return dict(_pairs(inside))


def _scope_in(inside: str, scope: Mapping[str | None, str]) -> Mapping[str | None, str]:
    """Return the prefixes in scope in a tag with the attributes `inside`."""
    if "xmlns" not in inside:
        return scope
    changed = dict(scope)
    for name, value in _pairs(inside):
        if name == "xmlns":
            changed[None] = value
        elif name.startswith("xmlns:"):
            changed[name[6:]] = value
    return changed


def _clark(name: str, scope: Mapping[str | None, str]) -> str:
    prefix, _, local = name.rpartition(":")
    namespace = scope.get(prefix or None, "")
    return f"{{{namespace}}}{local}" if namespace else local


def plain(value: str) -> str:
    """Return what stands in a tag or in text with the five entities of XML read."""
    return _REFERENCE.sub(lambda found: _REFERENCES[found[0]], value) if "&" in value else value
