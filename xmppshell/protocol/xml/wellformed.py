"""Find the first fault in a piece of XML, where it stands, and say it in words for a learner.

lxml has the last word on what is well-formed, but its messages are for programmers, its columns
mark where a parser gave up, and it cannot tell unfinished text from wrong text. This scanner can.
It accepts what may stand on a stream: elements, text, CDATA and the five entities of XML, no
comments, processing instructions or DTD (RFC 6120 11.1). It is linear and does not recurse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import namespaces
from ..problem import Problem
from . import faults

Prefixes = Mapping[str | None, str]


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


def scan(text: str, prefixes: Prefixes, *, headers: bool = False) -> Scan:
    """Scan `text`, which stands where `prefixes` are in scope, up to its end or its first fault.

    With `headers` true, stream headers, stream end tags and an XML declaration at the start are
    accepted between elements.
    """
    return _Scanner(text, prefixes, headers).run()


_SPACE = "[ \t\r\n]"
_FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_NAME_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME_CHAR = _NAME_START + "0-9.\u00b7\u0300-\u036f\u203f-\u2040-"
_NCNAME = f"[{_NAME_START}][{_NAME_CHAR}]*+"
_QNAME = f"{_NCNAME}(?::{_NCNAME})?"
_REFERENCE = "&(?:amp|lt|gt|quot|apos|#[0-9]++|#x[0-9A-Fa-f]++);"
_IN_DOUBLE = f'(?:[^<&"{_FORBIDDEN}]++|{_REFERENCE})*'
_IN_SINGLE = f"(?:[^<&'{_FORBIDDEN}]++|{_REFERENCE})*"
_VALUE = f"\"{_IN_DOUBLE}\"|'{_IN_SINGLE}'"

_WHITE = re.compile(f"{_SPACE}*+")
_NAME = re.compile(_QNAME)
_NAME_PART = re.compile(f"[:{_NAME_CHAR}]*+")
_TEXT = re.compile(f"(?:[^<&\\]{_FORBIDDEN}]++|{_REFERENCE}|\\](?!\\]>))*")
_START = re.compile(
    f"<({_QNAME})((?:{_SPACE}++{_QNAME}{_SPACE}*+={_SPACE}*+(?:{_VALUE}))*){_SPACE}*+(/?)>"
)
_ATTRIBUTE = re.compile(f"({_QNAME}){_SPACE}*+={_SPACE}*+({_VALUE})")
_END = re.compile(f"</({_QNAME}){_SPACE}*+>")
_CDATA = re.compile("<!\\[CDATA\\[((?s:.*?))\\]\\]>")
_VALUE_PART = {'"': re.compile(_IN_DOUBLE), "'": re.compile(_IN_SINGLE)}
_BAD_CHARACTER = re.compile(f"[{_FORBIDDEN}]")
_PARTIAL_REFERENCE = re.compile(f"&(?:#x[0-9A-Fa-f]*+|#[0-9]*+|[{_NAME_CHAR}]*+)")
_NUMERIC = re.compile("&#(?:x([0-9A-Fa-f]+)|([0-9]+));")
_ENTITIES = ("&amp;", "&lt;", "&gt;", "&quot;", "&apos;")
_DECLARATION = re.compile(
    f"<\\?xml{_SPACE}++version{_SPACE}*+={_SPACE}*+(?:'1\\.[0-9]++'|\"1\\.[0-9]++\")"
    f"(?:{_SPACE}++encoding{_SPACE}*+={_SPACE}*+(?:'(?i:utf-8)'|\"(?i:utf-8)\"))?"
    f"(?:{_SPACE}++standalone{_SPACE}*+={_SPACE}*+(?:'(?:yes|no)'|\"(?:yes|no)\"))?"
    f"{_SPACE}*+\\?>"
)


class _Stop(Exception):
    """Ends the scan: the text is wrong here, or goes no further."""

    def __init__(self, fault: Fault | None) -> None:
        self.fault = fault


class _Scanner:
    """One scan. Steps take an offset and return the next, or raise `_Stop`."""

    def __init__(self, text: str, prefixes: Prefixes, headers: bool) -> None:
        self._text = text
        self._outside = self._scope = {**prefixes, "xml": namespaces.XML}
        self._headers = headers
        self._open: list[tuple[str, int, dict[str | None, str]]] = []
        self._section = 0
        self._found = Scan()

    def run(self) -> Scan:
        text, position, end = self._text, 0, len(self._text)
        try:
            while position < end:
                if text[position] != "<":
                    position = self._characters(position)
                elif text.startswith("</", position):
                    position = self._end_tag(position)
                elif text.startswith("<!", position):
                    position = self._exclamation(position)
                elif text.startswith("<?", position):
                    position = self._question(position)
                else:
                    position = self._start_tag(position)
                self._reached = position
        except _Stop as stop:
            self._found.fault = stop.fault
            self._found.unfinished = stop.fault is None
        self._close_section(self._reached, self._outside)
        self._found.open_tags = [name for name, _, _ in self._open]
        return self._found

    _reached = 0

    def _fault(self, offset: int, problem: Problem) -> _Stop:
        return _Stop(Fault(offset, problem))

    def _close_section(self, end: int, prefixes: dict[str | None, str]) -> None:
        if end > self._section:
            self._found.sections.append(Section(self._section, end, prefixes))

    # Text.

    def _characters(self, position: int) -> int:
        text = self._text
        if not self._open:
            white = _white(text, position)
            if white == position:
                raise self._fault(position, faults.outside_text(text[position]))
            return white
        end = _end_of(_TEXT, text, position)
        self._check_references(position, end)
        if end < len(text) and text[end] != "<":
            self._reached = end
            raise self._character(end)
        return end

    def _character(self, position: int) -> _Stop:
        """Return why text or an attribute value cannot go on at `position`."""
        text = self._text
        if text[position] == "&":
            return self._ampersand(position)
        if text.startswith("]]>", position):
            return self._fault(position, faults.CDATA_END)
        return self._fault(position, faults.forbidden_character(text[position]))

    def _ampersand(self, position: int) -> _Stop:
        """Return what is wrong with the `&` at `position`, which begins no known reference."""
        text = self._text
        end = _end_of(_PARTIAL_REFERENCE, text, position)
        part = text[position:end]
        if end == len(text) and (
            part[:2] == "&#" or any(entity.startswith(part) for entity in _ENTITIES)
        ):
            return _Stop(None)
        if text[end : end + 1] == ";" and part not in ("&", "&#", "&#x"):
            return self._fault(position, faults.unknown_entity(part[1:]))
        return self._fault(position, faults.BARE_AMPERSAND)

    def _check_references(self, start: int, end: int) -> None:
        """Stop at a numeric reference to a character that XML does not have."""
        if self._text.find("&#", start, end) < 0:
            return
        for reference in _NUMERIC.finditer(self._text, start, end):
            if not _is_character(reference):
                raise self._fault(reference.start(), faults.bad_reference(reference[0]))

    # Tags.

    def _start_tag(self, position: int) -> int:
        tag = _START.match(self._text, position)
        if tag is None:
            raise self._start_tag_stop(position)
        name, attributes, empty = tag.groups()
        scope = self._scope
        if attributes:
            scope = self._attributes(tag.start(2), tag.end(2))
        elif ":" in name:
            self._check_prefix(name, scope, position + 1)
        if attributes and ":" in name:
            self._check_prefix(name, scope, position + 1)
        end = tag.end()
        if self._headers and not self._open and _is_stream(name, scope):
            self._header(position, end, self._outside if empty else scope)
        elif not empty:
            self._open.append((name, position, self._scope))
            self._scope = scope
        elif not self._open:
            self._found.elements.append((position, end))
        return end

    def _header(self, start: int, end: int, scope: dict[str | None, str]) -> None:
        """Take a stream header or a stream end tag; `scope` holds after it."""
        self._close_section(start, self._outside)
        self._found.headers.append((start, end))
        self._section = end
        self._outside = self._scope = scope

    def _attributes(self, start: int, end: int) -> dict[str | None, str]:
        """Check the well-formed attributes from `start` to `end`; return the scope they make."""
        self._check_references(start, end)
        found = _ATTRIBUTE.findall(self._text, start, end)
        scope = self._scope
        prefixed = False
        for name, value in found:
            if name == "xmlns" or name.startswith("xmlns:"):
                scope = dict(scope) if scope is self._scope else scope
                scope[name[6:] or None] = value[1:-1]
            elif ":" in name:
                prefixed = True
        if prefixed or len({name for name, _ in found}) < len(found):
            self._check_names(start, end, scope)
        return scope

    def _check_names(self, start: int, end: int, scope: dict[str | None, str]) -> None:
        """Stop at the first attribute that is there twice or whose prefix is not declared."""
        seen = set()
        for attribute in _ATTRIBUTE.finditer(self._text, start, end):
            name = attribute[1]
            prefix, colon, local = name.rpartition(":")
            key = name
            if colon and prefix != "xmlns":
                self._check_prefix(name, scope, attribute.start())
                key = f"{{{scope[prefix]}}}{local}"
            if key in seen:
                raise self._fault(attribute.start(), faults.duplicate_attribute(name))
            seen.add(key)

    def _check_prefix(self, name: str, scope: dict[str | None, str], offset: int) -> None:
        prefix = name.partition(":")[0]
        if prefix not in scope:
            raise self._fault(offset, faults.undeclared_prefix(prefix))

    def _end_tag(self, position: int) -> int:
        tag = _END.match(self._text, position)
        if tag is None:
            raise self._end_tag_stop(position)
        name, end = tag[1], tag.end()
        if not self._open:
            if not (self._headers and _is_stream(name, self._scope)):
                raise self._fault(position, faults.stray_end_tag(name))
            self._header(position, end, self._outside)
            return end
        opened, start, scope = self._open[-1]
        if name != opened:
            raise self._fault(position, self._mismatch(name))
        self._open.pop()
        self._scope = scope
        if not self._open:
            self._found.elements.append((start, end))
        return end

    def _mismatch(self, name: str) -> Problem:
        opened, start, _ = self._open[-1]
        line = self._text.count("\n", 0, start) + 1
        return faults.mismatched_end_tag(name, opened, line)

    def _end_tag_stop(self, position: int) -> _Stop:
        """Return why there is no complete end tag at `position`."""
        text = self._text
        start = position + 2
        end = _end_of(_NAME_PART, text, start)
        name = text[start:end]
        expected = [self._open[-1][0]] if self._open else self._stream_names()
        if end == len(text):
            if any(known.startswith(name) for known in expected):
                return _Stop(None)
        elif not name:
            return self._fault(position, faults.NAMELESS_END_TAG)
        if name not in expected:
            if not self._open:
                return self._fault(position, faults.stray_end_tag(name))
            return self._fault(position, self._mismatch(name))
        after = _white(text, end)
        if after == len(text):
            return _Stop(None)
        return self._fault(after, faults.end_tag_not_closed(name, text[after]))

    def _stream_names(self) -> list[str]:
        """Return the names that close the stream here."""
        if not self._headers:
            return []
        return [
            f"{prefix}:stream" if prefix else "stream"
            for prefix, namespace in self._scope.items()
            if namespace == namespaces.STREAM
        ]

    def _start_tag_stop(self, position: int) -> _Stop:
        """Return why there is no complete, well-formed start tag at `position`."""
        text = self._text
        if position + 1 == len(text):
            return _Stop(None)
        name = _NAME.match(text, position + 1)
        if name is None:
            return self._fault(position, faults.LONE_LESS_THAN)
        at = name.end()
        if text.startswith(":", at):
            return self._colon(at, name[0])
        seen: set[str] = set()
        while True:
            after = _white(text, at)
            if after == len(text):
                return _Stop(None)
            if text[after] in "/><":
                return self._tag_end_stop(after, name[0])
            attribute = _NAME.match(text, after)
            if attribute is None:
                return self._no_attribute(after, bool(seen))
            if after == at:
                return self._fault(after, faults.missing_space(attribute[0]))
            if attribute[0] in seen:
                return self._fault(after, faults.duplicate_attribute(attribute[0]))
            seen.add(attribute[0])
            value_end = self._attribute(attribute)
            if isinstance(value_end, _Stop):
                return value_end
            at = value_end

    def _colon(self, at: int, name: str) -> _Stop:
        """Return what is wrong with the colon at `at`, after `name`."""
        if ":" not in name and at + 1 == len(self._text):
            return _Stop(None)
        return self._fault(at, faults.STRAY_COLON)

    def _tag_end_stop(self, at: int, name: str) -> _Stop:
        """Return why a tag does not end at the `/`, `>` or `<` at `at`."""
        text = self._text
        if text[at] == "<":
            return self._fault(at, faults.tag_not_closed(name))
        if text[at] == "/" and at + 1 == len(text):
            return _Stop(None)
        return self._fault(at, faults.LONE_SLASH)

    def _no_attribute(self, at: int, later: bool) -> _Stop:
        """Return why no attribute begins at `at`."""
        character = self._text[at]
        if _BAD_CHARACTER.match(character):
            return self._fault(at, faults.forbidden_character(character))
        if character in "\"'":
            return self._fault(at, faults.quote_in_tag(later))
        return self._fault(at, faults.not_a_name(character))

    def _attribute(self, name: re.Match[str]) -> int | _Stop:
        """Return where the attribute that begins with `name` ends, or what is wrong with it."""
        text = self._text
        if text.startswith(":", name.end()):
            return self._colon(name.end(), name[0])
        equals = _white(text, name.end())
        if equals == len(text):
            return _Stop(None)
        if text[equals] != "=":
            return self._fault(name.start(), faults.without_value(name[0]))
        quote = _white(text, equals + 1)
        if quote == len(text):
            return _Stop(None)
        if text[quote] not in "\"'":
            return self._fault(quote, faults.unquoted_value(name[0]))
        end = _end_of(_VALUE_PART[text[quote]], text, quote + 1)
        self._check_references(quote, end)
        if end == len(text):
            return _Stop(None)
        if text[end] == text[quote]:
            return end + 1
        if text[end] == "<":
            return self._fault(end, faults.less_than_in_value(name[0]))
        return self._character(end)

    # What begins with `<!` and `<?`.

    def _exclamation(self, position: int) -> int:
        text = self._text
        rest = text[position : position + 9]
        if not self._open and rest[2:3] == "[":
            raise self._fault(position, faults.outside_text("<"))
        section = _CDATA.match(text, position)
        if section is None:
            if "<![CDATA[".startswith(rest):
                bad = _BAD_CHARACTER.search(text, position)
                if bad is None:
                    raise _Stop(None)
                raise self._fault(bad.start(), faults.forbidden_character(bad[0]))
            if rest.startswith("<!-"):
                raise self._fault(position, faults.COMMENT)
            raise self._fault(position, faults.DOCTYPE)
        bad = _BAD_CHARACTER.search(text, section.start(1), section.end(1))
        if bad is not None:
            raise self._fault(bad.start(), faults.forbidden_character(bad[0]))
        return section.end()

    def _question(self, position: int) -> int:
        text = self._text
        if not re.match(r"<\?(?:x(?:m(?:l(?=[ \t\r\n?]|\Z)|\Z)|\Z)|\Z)", text[position:]):
            raise self._fault(position, faults.INSTRUCTION)
        if not self._headers or position > 0:
            raise self._fault(position, faults.LATE_DECLARATION)
        declaration = _DECLARATION.match(text, position)
        if declaration is not None:
            self._header(position, declaration.end(), self._outside)
            return declaration.end()
        if re.search("[<>]", text[position + 1 :]) is None:
            raise _Stop(None)
        raise self._fault(position, faults.BAD_DECLARATION)


def not_closed(found: Scan) -> Problem:
    """Return the problem that the text of `found`, which has no fault, ends too early."""
    return faults.not_closed(found.open_tags[-1] if found.open_tags else "")


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
