"""Find the first fault in a piece of XML, where it stands, and say it in words for a learner.

lxml has the last word on what is well-formed, but its messages are for programmers, its columns
mark where a parser gave up, and it cannot tell unfinished text from wrong text. This scanner can.
It accepts what may stand on a stream: elements, text, CDATA and the five entities of XML, no
comments, processing instructions or DTD (RFC 6120 11.1). It is linear and does not recurse.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from .. import namespaces
from ..problem import Problem
from . import faults

Prefixes = Mapping[str | None, str]
Scope = dict[str | None, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One certain fault; `offset` counts characters from 0."""

    offset: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Section:
    """A run of elements from `start` to `end` that share the `prefixes` in scope around them."""

    start: int
    end: int
    prefixes: Prefixes


@dataclass(slots=True)
class Scan:
    """What a scan found.

    `elements` are the extents of the complete top-level elements, `open_tags` the names of the
    open elements, outermost first. `unfinished` is true if the text ends inside a tag, a CDATA
    section or a reference. `headers` are the extents of stream headers (with the XML declaration)
    and stream end tags, `sections` what stands between them, up to the last complete token.
    """

    elements: list[tuple[int, int]] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)
    headers: list[tuple[int, int]] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    unfinished: bool = False
    fault: Fault | None = None


def scan(text: str, prefixes: Prefixes, *, headers: bool = False, trusted: int = 0) -> Scan:
    """Scan `text`, which stands where `prefixes` are in scope, up to its end or its first fault.

    With `headers` true, stream headers, stream end tags and an XML declaration at the start are
    accepted between elements. Complete elements that end before the offset `trusted` are passed
    over quickly: faults inside them may go unnoticed, so that a parser must look at them as well.
    """
    return _Scanner(text, prefixes, headers, trusted).run()


_SPACE = "[ \t\r\n]"
_FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_ASCII_NAME_START = "A-Z_a-z"
_NAME_START = (
    f"{_ASCII_NAME_START}\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff"
    "\u200c-\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd"
    "\U00010000-\U000effff"
)
_ASCII_NAME_MORE = "0-9.-"
_NAME_MORE = f"\u00b7\u0300-\u036f\u203f-\u2040{_ASCII_NAME_MORE}"
_REFERENCE = "&(?:amp|lt|gt|quot|apos|#[0-9]++|#x[0-9A-Fa-f]++);"
_IN_DOUBLE = f'(?:[^<&"{_FORBIDDEN}]++|{_REFERENCE})*'
_IN_SINGLE = f"(?:[^<&'{_FORBIDDEN}]++|{_REFERENCE})*"
_VALUE = f"\"{_IN_DOUBLE}\"|'{_IN_SINGLE}'"

_WHITE = re.compile(f"{_SPACE}*+")
_TEXT = re.compile(f"(?:[^<&\\]{_FORBIDDEN}]++|{_REFERENCE}|\\](?!\\]>))*")
_VALUE_PART = {'"': re.compile(_IN_DOUBLE), "'": re.compile(_IN_SINGLE)}
_BAD_CHARACTER = re.compile(f"[{_FORBIDDEN}]")
_NUMERIC = re.compile("&#(?:x([0-9A-Fa-f]+)|([0-9]+));")
_ENTITIES = ("&amp;", "&lt;", "&gt;", "&quot;", "&apos;")
_CDATA_START = "<![CDATA["
_DECLARATION_START = re.compile(f"<\\?(?:\\Z|x\\Z|xm\\Z|xml(?:{_SPACE}|\\?|\\Z))")
_DECLARATION = re.compile(
    f"<\\?xml{_SPACE}++version{_SPACE}*+={_SPACE}*+(?:'1\\.[0-9]++'|\"1\\.[0-9]++\")"
    f"(?:{_SPACE}++encoding{_SPACE}*+={_SPACE}*+(?:'(?i:utf-8)'|\"(?i:utf-8)\"))?"
    f"(?:{_SPACE}++standalone{_SPACE}*+={_SPACE}*+(?:'(?:yes|no)'|\"(?:yes|no)\"))?"
    f"{_SPACE}*+\\?>"
)


def _element_pattern(depth: int) -> str:
    """Return the pattern of an element nested at most `depth` deep; content is not checked.

    Its alternatives exclude each other, so that a failing match takes linear time.
    """
    tag = (
        rf"""<(?P<n{depth}>[^\s<>"'/!?]++)(?=[\s/>])"""
        r"""[^<>"']*+(?:"[^"<]*+"[^<>"']*+|'[^'<]*+'[^<>"']*+)*>"""
    )
    inner = f"(?:{_element_pattern(depth - 1)}[^<]*+)*" if depth > 1 else ""
    return rf"{tag}(?:(?<=/>)|(?<!/>)[^<]*+{inner}</(?P=n{depth})\s*+>)"


# Nested no deeper than this, so that all attempts together take linear time.
_WHOLE_DEPTH = 3
_WHOLE = re.compile(_element_pattern(_WHOLE_DEPTH))


class _Names:
    """The patterns with names in them, for names of the characters given as regex ranges."""

    def __init__(self, start: str, more: str) -> None:
        part = f"[{start}{more}]*+"
        name = f"[{start}]{part}(?::[{start}]{part})?"
        self.name = re.compile(name)
        self.part = re.compile(f"[:{start}{more}]*+")
        self.start = re.compile(
            f"<({name})((?:{_SPACE}++{name}{_SPACE}*+={_SPACE}*+(?:{_VALUE}))*){_SPACE}*+(/?)>"
        )
        self.attribute = re.compile(f"({name}){_SPACE}*+={_SPACE}*+({_VALUE})")
        self.end = re.compile(f"</({name}){_SPACE}*+>")
        self.partial_reference = re.compile(f"&(?:#x[0-9A-Fa-f]*+|#[0-9]*+|{part})")


@functools.cache
def _names(only_ascii: bool) -> _Names:
    """Compile the patterns on first use: those for all of Unicode take 70 ms, for ASCII 3."""
    if only_ascii:
        return _Names(_ASCII_NAME_START, _ASCII_NAME_MORE)
    return _Names(_NAME_START, _NAME_MORE)


class _Stop(Exception):
    """Ends the scan: the text is wrong here, or, without a fault, it goes no further."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault


class _Scanner:
    """One scan. Steps take an offset and return the next one, or raise `_Stop`.

    What `_Names.start` and the other patterns match is well-formed by itself. Where they do not
    match, the methods called `_explain_...` go through the piece again, bit by bit, to find why.
    """

    def __init__(self, text: str, prefixes: Prefixes, headers: bool, trusted: int) -> None:
        self._text = text
        self._names = _names(text.isascii())
        self._headers = headers
        self._trusted = trusted
        self._outside: Scope = {**prefixes, "xml": namespaces.XML}  # in scope between elements
        self._scope = self._outside
        self._open: list[tuple[str, int, Scope]] = []  # name, start, scope around it
        self._section = 0  # where the section begins
        self._reached = 0  # where the last complete token ends
        self._found = Scan()

    def run(self) -> Scan:
        found = self._found
        try:
            while self._reached < len(self._text):
                self._reached = self._token(self._reached)
        except _Stop as stop:
            found.fault = stop.fault
            found.unfinished = stop.fault is None
        self._end_section(self._reached)
        found.open_tags = [name for name, _, _ in self._open]
        return found

    def _token(self, position: int) -> int:
        text = self._text
        if text[position] != "<":
            return self._characters(position)
        following = text[position + 1 : position + 2]
        if following == "/":
            return self._end_tag(position)
        if following == "!":
            return self._exclamation(position)
        if following == "?":
            return self._question(position)
        return self._start_tag(position)

    def _fail(self, offset: int, problem: Problem) -> NoReturn:
        raise _Stop(Fault(offset, problem))

    def _end_section(self, end: int) -> None:
        if end > self._section:
            self._found.sections.append(Section(self._section, end, self._outside))

    # Text.

    def _characters(self, position: int) -> int:
        text = self._text
        if not self._open:
            white = _white(text, position)
            if white == position:
                self._fail(position, faults.outside_text(text[position]))
            return white
        end = _end_of(_TEXT, text, position)
        self._check_references(position, end)
        if end < len(text) and text[end] != "<":
            self._reached = end
            self._explain_character(end)
        return end

    def _explain_character(self, position: int) -> NoReturn:
        """Tell why text or an attribute value cannot go on at `position`."""
        text = self._text
        if text[position] == "&":
            self._explain_ampersand(position)
        if text.startswith("]]>", position):
            self._fail(position, faults.CDATA_END)
        self._fail(position, faults.forbidden_character(text[position]))

    def _explain_ampersand(self, position: int) -> NoReturn:
        """Tell what is wrong with the `&` at `position`, which begins no known reference."""
        text = self._text
        end = _end_of(self._names.partial_reference, text, position)
        part = text[position:end]
        numeric = part.startswith("&#")
        if end == len(text) and (numeric or any(entity.startswith(part) for entity in _ENTITIES)):
            raise _Stop
        if text.startswith(";", end) and len(part) > 1 and not numeric:
            self._fail(position, faults.unknown_entity(part[1:]))
        self._fail(position, faults.BARE_AMPERSAND)

    def _check_references(self, start: int, end: int) -> None:
        """Stop at a numeric reference to a character that XML does not have."""
        if self._text.find("&#", start, end) < 0:
            return
        for reference in _NUMERIC.finditer(self._text, start, end):
            if not _is_character(reference):
                self._fail(reference.start(), faults.bad_reference(reference[0]))

    # Start tags.

    def _start_tag(self, position: int) -> int:
        if position < self._trusted:
            whole = _WHOLE.match(self._text, position, self._trusted)
            if whole is not None and self._may_pass(whole):
                return whole.end()
        tag = self._names.start.match(self._text, position)
        if tag is None:
            self._explain_start_tag(position)
        name, attributes, empty = tag.groups()
        scope = self._scope_in(tag.start(2), tag.end(2)) if attributes else self._scope
        if ":" in name:
            self._check_prefix(name, scope, position + 1)
        if attributes:
            self._check_attributes(tag.start(2), tag.end(2), scope)
        if self._headers and not self._open and _is_stream(name, scope):
            self._header(position, tag.end(), self._outside if empty else scope)
        elif not empty:
            self._open.append((name, position, self._scope))
            self._scope = scope
        elif not self._open:
            self._found.elements.append(tag.span())
        return tag.end()

    def _may_pass(self, whole: re.Match[str]) -> bool:
        """Take a complete element at once, unless it may be a stream."""
        if not self._open:
            if self._headers and whole[f"n{_WHOLE_DEPTH}"].endswith("stream"):
                return False
            self._found.elements.append(whole.span())
        return True

    def _header(self, start: int, end: int, scope: Scope) -> None:
        """Take a stream header or a stream end tag; `scope` holds after it."""
        self._end_section(start)
        self._found.headers.append((start, end))
        self._section = end
        self._outside = self._scope = scope

    def _scope_in(self, start: int, end: int) -> Scope:
        """Return the scope that the attributes from `start` to `end` make."""
        if self._text.find("xmlns", start, end) < 0:
            return self._scope
        scope = dict(self._scope)
        for name, value in self._names.attribute.findall(self._text, start, end):
            if name == "xmlns":
                scope[None] = value[1:-1]
            elif name.startswith("xmlns:"):
                scope[name[6:]] = value[1:-1]
        return scope

    def _check_attributes(self, start: int, end: int, scope: Scope) -> None:
        """Stop at the first attribute that is there twice or has an undeclared prefix."""
        self._check_references(start, end)
        seen = set()
        for attribute in self._names.attribute.finditer(self._text, start, end):
            name = key = attribute[1]
            prefix, _, local = name.rpartition(":")
            if prefix and prefix != "xmlns":
                self._check_prefix(name, scope, attribute.start())
                key = f"{{{scope[prefix]}}}{local}"
            if key in seen:
                self._fail(attribute.start(), faults.duplicate_attribute(name))
            seen.add(key)

    def _check_prefix(self, name: str, scope: Scope, offset: int) -> None:
        prefix = name.partition(":")[0]
        if prefix not in scope:
            self._fail(offset, faults.undeclared_prefix(prefix))

    def _explain_start_tag(self, position: int) -> NoReturn:
        """Tell why there is no complete, well-formed start tag at `position`."""
        text = self._text
        if position + 1 == len(text):
            raise _Stop
        name = self._names.name.match(text, position + 1)
        if name is None:
            self._fail(position, faults.LONE_LESS_THAN)
        self._check_colon(name)
        at = name.end()
        seen: set[str] = set()
        while True:
            after = _white(text, at)
            if after == len(text):
                raise _Stop
            if text[after] in "/><":
                self._explain_tag_end(after, name[0])
            attribute = self._names.name.match(text, after)
            if attribute is None:
                self._explain_no_attribute(after, bool(seen))
            if after == at:
                self._fail(after, faults.missing_space(attribute[0]))
            if attribute[0] in seen:
                self._fail(after, faults.duplicate_attribute(attribute[0]))
            seen.add(attribute[0])
            at = self._attribute_end(attribute)

    def _check_colon(self, name: re.Match[str]) -> None:
        """Stop if `name` is followed by a colon: it is unfinished or has one too many."""
        if self._text.startswith(":", name.end()):
            if ":" not in name[0] and name.end() + 1 == len(self._text):
                raise _Stop
            self._fail(name.end(), faults.STRAY_COLON)

    def _explain_tag_end(self, at: int, name: str) -> NoReturn:
        """Tell why the tag of `name` does not end with the `/` or `<` at `at`."""
        if self._text[at] == "<":
            self._fail(at, faults.tag_not_closed(name))
        if at + 1 == len(self._text):
            raise _Stop
        self._fail(at, faults.LONE_SLASH)

    def _explain_no_attribute(self, at: int, later: bool) -> NoReturn:
        """Tell why no attribute begins at `at`; `later` if others come before it."""
        character = self._text[at]
        if _BAD_CHARACTER.match(character):
            self._fail(at, faults.forbidden_character(character))
        if character in "\"'":
            self._fail(at, faults.quote_in_tag(later))
        self._fail(at, faults.not_a_name(character))

    def _attribute_end(self, name: re.Match[str]) -> int:
        """Return where the attribute that begins with `name` ends."""
        text = self._text
        self._check_colon(name)
        equals = _white(text, name.end())
        if equals == len(text):
            raise _Stop
        if text[equals] != "=":
            self._fail(name.start(), faults.without_value(name[0]))
        quote = _white(text, equals + 1)
        if quote == len(text):
            raise _Stop
        if text[quote] not in "\"'":
            self._fail(quote, faults.unquoted_value(name[0]))
        end = _end_of(_VALUE_PART[text[quote]], text, quote + 1)
        self._check_references(quote, end)
        if end == len(text):
            raise _Stop
        if text[end] == "<":
            self._fail(end, faults.less_than_in_value(name[0]))
        if text[end] != text[quote]:
            self._explain_character(end)
        return end + 1

    # End tags.

    def _end_tag(self, position: int) -> int:
        tag = self._names.end.match(self._text, position)
        if tag is None:
            self._explain_end_tag(position)
        name, end = tag[1], tag.end()
        if not self._open:
            if name not in self._stream_names():
                self._fail(position, faults.stray_end_tag(name))
            self._header(position, end, self._outside)
            return end
        opened, start, scope = self._open[-1]
        if name != opened:
            self._fail_mismatch(position, name)
        self._open.pop()
        self._scope = scope
        if not self._open:
            self._found.elements.append((start, end))
        return end

    def _fail_mismatch(self, position: int, name: str) -> NoReturn:
        opened, start, _ = self._open[-1]
        line = self._text.count("\n", 0, start) + 1
        self._fail(position, faults.mismatched_end_tag(name, opened, line))

    def _explain_end_tag(self, position: int) -> NoReturn:
        """Tell why there is no complete end tag at `position`."""
        text = self._text
        start = position + 2
        end = _end_of(self._names.part, text, start)
        name = text[start:end]
        expected = [self._open[-1][0]] if self._open else self._stream_names()
        if end == len(text) and any(known.startswith(name) for known in expected):
            raise _Stop
        if not name and end < len(text):
            self._fail(position, faults.NAMELESS_END_TAG)
        if name not in expected:
            if not self._open:
                self._fail(position, faults.stray_end_tag(name))
            self._fail_mismatch(position, name)
        after = _white(text, end)
        if after == len(text):
            raise _Stop
        self._fail(after, faults.end_tag_not_closed(name, text[after]))

    def _stream_names(self) -> list[str]:
        """Return the names that close the stream here."""
        if not self._headers:
            return []
        return [
            f"{prefix}:stream" if prefix else "stream"
            for prefix, namespace in self._scope.items()
            if namespace == namespaces.STREAM
        ]

    # What begins with `<!` and `<?`.

    def _exclamation(self, position: int) -> int:
        text = self._text
        opening = text[position : position + len(_CDATA_START)]
        if not self._open and opening.startswith("<!["):
            self._fail(position, faults.outside_text("<"))
        if opening.startswith("<!-"):
            self._fail(position, faults.COMMENT)
        if not _CDATA_START.startswith(opening):
            self._fail(position, faults.DOCTYPE)
        close = text.find("]]>", position + len(_CDATA_START))
        end = len(text) if close < 0 else close + 3
        bad = _BAD_CHARACTER.search(text, position, end)
        if bad is not None:
            self._fail(bad.start(), faults.forbidden_character(bad[0]))
        if close < 0:
            raise _Stop
        return end

    def _question(self, position: int) -> int:
        text = self._text
        if _DECLARATION_START.match(text, position) is None:
            self._fail(position, faults.INSTRUCTION)
        if not self._headers or position > 0:
            self._fail(position, faults.LATE_DECLARATION)
        declaration = _DECLARATION.match(text)
        if declaration is not None:
            self._header(0, declaration.end(), self._outside)
            return declaration.end()
        if re.search("[<>]", text[1:]) is None:
            raise _Stop
        self._fail(position, faults.BAD_DECLARATION)


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Return where the match of `pattern` at `position` ends; `position` if there is none."""
    found = pattern.match(text, position)
    return position if found is None else found.end()


def _white(text: str, position: int) -> int:
    """Return where the white space at `position` ends."""
    return _end_of(_WHITE, text, position)


def _is_stream(name: str, scope: Mapping[str | None, str]) -> bool:
    """Tell whether `name` is the root of a stream where `scope` holds (RFC 6120 4.8.1)."""
    prefix, _, local = name.rpartition(":")
    return local == "stream" and scope.get(prefix or None) == namespaces.STREAM


def _is_character(reference: re.Match[str]) -> bool:
    """Tell whether a numeric reference names a character that XML has (XML 1.0 2.2)."""
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    if len(digits.lstrip("0")) > 7:
        return False
    code = int(digits, base)
    return (
        code <= 0x10FFFF
        and not (code < 0x20 and code not in (9, 10, 13))
        and not (0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF))
    )
