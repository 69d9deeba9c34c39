"""The framer: cuts the bytes of an XML stream into exact slices, one top-level piece each.

It looks at tags only as far as it must to find where a piece ends. It remembers where it stopped
and what it was looking for, so that every byte is looked at a constant number of times however
the bytes are split. Names, attributes and namespaces are the business of `xml`, which parses each
slice. What XMPP forbids outright (RFC 6120 11.1) is refused here, before any parser sees it.
"""

from __future__ import annotations

import codecs
import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from . import framing_faults
from .problem import Problem, ProblemError

MAX_SIZE = 10 * 1024 * 1024
MAX_DEPTH = 256


class FrameKind(enum.Enum):
    """What a slice of the stream is."""

    HEADER = "header"
    ELEMENT = "element"
    WHITESPACE = "whitespace"
    TEXT = "text"
    END = "end"


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of the stream; `data` is exactly what was on the wire.

    HEADER is the root's start tag with the XML declaration and white space before it. ELEMENT is
    one complete top-level element. WHITESPACE and TEXT stand between elements and are handed out
    as soon as they come, so a long run may come in several frames. END is the root's end tag,
    with no bytes if the root was an empty-element tag.
    """

    kind: FrameKind
    data: bytes


class FramingError(ProblemError):
    """The bytes cannot be a stream; nothing after them can be framed.

    `condition` is the stream error condition to answer with, `offset` where the fault stands in
    bytes from the start of the stream, `frames` what was completed in the same feed before it,
    and `data` every byte of the stream so far that is in no frame. When a later feed raises the
    error again, `frames` is empty and `data` is what that feed was given.
    """

    def __init__(
        self,
        problem: Problem,
        condition: str,
        offset: int,
        frames: tuple[Frame, ...] = (),
        data: bytes = b"",
    ) -> None:
        super().__init__(problem)
        self.condition = condition
        self.offset = offset
        self.frames = frames
        self.data = data


class Framer:
    """Frames one direction of one stream; a stream restart needs a fresh framer.

    `max_size` caps a header or an element, finished or not, in bytes; `max_depth` caps how deep
    elements may be nested in a top-level element, which itself counts as 1.
    """

    def __init__(self, *, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> None:
        self._max_size = max_size
        self._max_depth = max_depth
        self._fast_size = min(_FAST_SIZE, max_size) if max_depth >= _FAST_DEPTH else 0
        self._buffer = bytearray()
        self._base = 0  # offset in the stream of the first buffered byte
        self._start = 0  # where the unfinished frame starts in the buffer
        self._position = 0  # where scanning goes on
        self._end = 0  # where the bytes end that are known to be whole characters
        self._tag = 0  # offset in the stream of the last `<` outside quotes
        self._quote = 0  # the quote that the scanned attribute value ends with
        self._depth = 0  # open elements inside the root
        self._root = b""  # the root's name, once the header is complete
        self._in_text = False
        self._step: Callable[[Framer], bool] = Framer._prolog
        self._frames: list[Frame] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._pending = 0  # bytes of an unfinished character at the end of the buffer
        self._error: FramingError | None = None

    @property
    def buffered(self) -> bytes:
        """The bytes that belong to no frame yet; after an error, those of its `data`."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes of the stream and return the frames that they complete.

        Raises FramingError, and from then on at every call.
        """
        if self._error is not None:
            raise FramingError(
                self._error.problem, self._error.condition, self._error.offset, (), bytes(data)
            )
        self._frames = []
        valid = self._take(data)
        while self._step(self):
            pass
        self._check_size(self._end)
        if not valid:
            self._fail_at_bad_byte()
        self._trim()
        return self._frames

    # Bytes in, bytes out.

    def _take(self, data: bytes) -> bool:
        """Buffer `data` and move `_end`; return False if a byte at `_end` is not UTF-8.

        Scanning never goes beyond the last whole character, so that a character split between two
        feeds makes no difference.
        """
        whole = len(self._buffer) - self._pending
        self._buffer += data
        if self._pending or not data.isascii():
            try:
                self._decoder.decode(data)
            except UnicodeDecodeError as error:
                self._end = whole + error.start
                return False
            self._pending = len(self._decoder.getstate()[0])
        self._end = len(self._buffer) - self._pending
        return True

    def _trim(self) -> None:
        """Drop the framed bytes."""
        done = self._start
        del self._buffer[:done]
        self._base += done
        self._position -= done
        self._end -= done
        self._start = 0

    def _emit(self, kind: FrameKind, end: int) -> None:
        """Complete the frame that ends at `end`; raises FramingError if it is too large."""
        self._check_size(end)
        self._frames.append(Frame(kind, bytes(self._buffer[self._start : end])))
        self._start = end

    def _wait(self, position: int) -> bool:
        """Go on at `position` with the same step when more bytes have come."""
        self._position = position
        return False

    def _go(self, step: Callable[[Framer], bool], position: int) -> bool:
        """Go on at `position` with `step`."""
        self._position = position
        self._step = step
        return True

    # Failing.

    def _fail(self, problem: Problem, condition: str, at: int, seen: int) -> NoReturn:
        """Raise FramingError for a fault at `at` that shows once the bytes up to `seen` are here.

        If that is beyond the size cap, the cap was passed first: the outcome must not depend on
        how the bytes were split.
        """
        self._check_size(seen)
        self._raise(problem, condition, at)

    def _check_size(self, seen: int) -> None:
        """Raise FramingError if the frame is too large with the bytes up to `seen`."""
        if seen - self._start > self._max_size:
            problem = framing_faults.too_large(self._max_size)
            self._raise(problem, "policy-violation", self._start + self._max_size)

    def _fail_at_bad_byte(self) -> NoReturn:
        at = self._end
        byte = self._buffer[at]
        if self._base + at == 0 and byte in (0xFE, 0xFF):
            self._raise(framing_faults.UTF16, "unsupported-encoding", at)
        self._raise(framing_faults.bad_byte(byte, self._base + at), "unsupported-encoding", at)

    def _raise(self, problem: Problem, condition: str, at: int) -> NoReturn:
        offset = self._base + at
        self._trim()
        self._error = FramingError(
            problem, condition, offset, tuple(self._frames), bytes(self._buffer)
        )
        self._frames = []
        raise self._error

    # The steps. Each scans from `_position`, and returns False when it needs more bytes.

    def _prolog(self) -> bool:
        """Before the root's start tag: white space, and at the very start an XML declaration."""
        position = _match_end(_SPACE, self._buffer, self._position, self._end)
        if position == self._end:
            return self._wait(position)
        if self._buffer[position] == _LESS_THAN:
            return self._go(Framer._markup, position)
        self._fail_at_text(position)

    def _fail_at_text(self, at: int) -> NoReturn:
        """Raise FramingError for what stands at `at`, before the root: no white space, no `<`."""
        problem, condition = framing_faults.TEXT_BEFORE_HEADER, "not-well-formed"
        if self._base + at == 0:
            if self._buffer[at] == 0:
                problem, condition = framing_faults.UTF16, "unsupported-encoding"
            elif self._buffer[at] < 0x20:
                problem = framing_faults.BINARY
            elif self._buffer.startswith(codecs.BOM_UTF8):
                problem = framing_faults.BYTE_ORDER_MARK
        self._fail(problem, condition, at, at + 1)

    def _declaration(self) -> bool:
        """In the XML declaration."""
        found = _ANGLE.search(self._buffer, self._position, self._end)
        if found is None:
            return self._wait(self._end)
        end = found.end()
        if not self._buffer.endswith(b"?>", 0, end):
            self._fail(framing_faults.DECLARATION_OPEN, "not-well-formed", end - 1, end)
        encoding = _ENCODING.search(self._buffer, 0, end)
        if encoding is not None and encoding[1].lower() != b"utf-8":
            problem = framing_faults.wrong_encoding(encoding[1].decode(errors="replace"))
            self._fail(problem, "unsupported-encoding", encoding.start(1), end)
        return self._go(Framer._prolog, end)

    def _between(self) -> bool:
        """Between the top-level elements. Small elements are matched in one go."""
        buffer, end, frames = self._buffer, self._end, self._frames
        position = self._position
        while position < end:
            if buffer[position] == _LESS_THAN:
                self._in_text = False
                limit = position + self._fast_size
                element = _ELEMENT.match(buffer, position, limit if limit < end else end)
                if element is None:
                    self._start = position
                    return self._go(Framer._markup, position)
                frames.append(Frame(FrameKind.ELEMENT, element[0]))
                position = element.end()
            else:
                run, kind = self._run(position)
                frames.append(Frame(kind, bytes(buffer[position:run])))
                position = run
        self._start = position
        return self._wait(position)

    def _run(self, position: int) -> tuple[int, FrameKind]:
        """Return the end and the kind of the run between elements that starts at `position`."""
        if not self._in_text:
            end = _match_end(_SPACE, self._buffer, position, self._end)
            if end > position:
                return end, FrameKind.WHITESPACE
            self._in_text = True
        found = self._buffer.find(b"<", position, self._end)
        return (self._end if found < 0 else found), FrameKind.TEXT

    def _content(self) -> bool:
        """Inside a top-level element, between tags. Elements without children go in one go."""
        position = self._position
        if self._depth < self._max_depth:
            limit = min(position + _FAST_SIZE, self._end)
            position = _match_end(_LEAVES, self._buffer, position, limit)
        found = self._buffer.find(b"<", position, self._end)
        if found < 0:
            return self._wait(self._end)
        return self._go(Framer._markup, found)

    def _markup(self) -> bool:
        """At a `<`: what follows it decides."""
        at = self._position
        if at + 1 >= self._end:
            return False
        self._tag = self._base + at
        byte = self._buffer[at + 1]
        if byte in _NAME_START:
            return self._go(Framer._start_tag, at + 1)
        if byte == _SLASH:
            if not self._root:
                self._fail(framing_faults.END_BEFORE_HEADER, "not-well-formed", at, at + 2)
            return self._go(Framer._end_tag, at + 2)
        if byte == _EXCLAMATION:
            return self._exclamation(at)
        if byte == _QUESTION:
            return self._question(at)
        if byte == 0 and self._tag == 0:
            self._fail(framing_faults.UTF16, "unsupported-encoding", at, at + 2)
        self._fail(framing_faults.LONE_LESS_THAN, "not-well-formed", at, at + 2)

    def _exclamation(self, at: int) -> bool:
        """At `<!`: only CDATA in the stream is allowed."""
        if at + 2 >= self._end:
            return False
        byte = self._buffer[at + 2]
        if byte == _HYPHEN:
            self._fail(framing_faults.COMMENT, "restricted-xml", at, at + 3)
        if byte != _BRACKET:
            self._fail(framing_faults.DOCTYPE, "restricted-xml", at, at + 3)
        length = self._common(at, _CDATA)
        if length == len(_CDATA):
            if not self._root:
                self._fail(framing_faults.TEXT_BEFORE_HEADER, "not-well-formed", at, at + length)
            return self._go(Framer._cdata, at + length)
        if at + length < self._end:
            self._fail(framing_faults.LONE_LESS_THAN, "not-well-formed", at, at + length + 1)
        return False

    def _question(self, at: int) -> bool:
        """At `<?`: only the XML declaration at the very start is allowed."""
        length = self._common(at, _DECLARATION)
        if at + length >= self._end:
            return False
        if length < len(_DECLARATION) or self._buffer[at + length] not in _SPACES:
            self._fail(framing_faults.INSTRUCTION, "restricted-xml", at, at + length + 1)
        if self._base + at > 0:
            self._fail(framing_faults.LATE_DECLARATION, "not-well-formed", at, at + length + 1)
        return self._go(Framer._declaration, at + length)

    def _common(self, at: int, literal: bytes) -> int:
        """Return how many bytes from `at` on agree with `literal`."""
        length = 0
        for byte in self._buffer[at : min(at + len(literal), self._end)]:
            if byte != literal[length]:
                break
            length += 1
        return length

    def _start_tag(self) -> bool:
        """In a start tag, outside quotes."""
        position = _match_end(_IN_TAG, self._buffer, self._position, self._end)
        if position == self._end:
            return self._wait(position)
        byte = self._buffer[position]
        if byte == _GREATER_THAN:
            return self._start_tag_done(position + 1)
        if byte == _LESS_THAN:
            self._fail(framing_faults.LESS_THAN_IN_TAG, "not-well-formed", position, position + 1)
        self._quote = byte
        return self._go(Framer._value, position + 1)

    def _value(self) -> bool:
        """In an attribute value."""
        found = _VALUE_END[self._quote].search(self._buffer, self._position, self._end)
        if found is None:
            return self._wait(self._end)
        if self._buffer[found.start()] == _LESS_THAN:
            self._fail(
                framing_faults.LESS_THAN_IN_VALUE, "not-well-formed", found.start(), found.end()
            )
        return self._go(Framer._start_tag, found.end())

    def _start_tag_done(self, end: int) -> bool:
        empty = self._buffer[end - 2] == _SLASH
        if not self._root:
            return self._header_done(end, empty)
        if self._depth == self._max_depth:
            at = self._tag - self._base
            self._fail(framing_faults.too_deep(self._max_depth), "policy-violation", at, end)
        if not empty:
            self._depth += 1
        return self._tag_done(end)

    def _header_done(self, end: int, empty: bool) -> bool:
        name = _NAME.match(self._buffer, self._tag - self._base + 1, end)
        self._root = name[0] if name is not None else b""
        self._emit(FrameKind.HEADER, end)
        if empty:
            self._emit(FrameKind.END, end)
        return self._go(Framer._epilog if empty else Framer._between, end)

    def _end_tag(self) -> bool:
        """In an end tag."""
        found = _ANGLE.search(self._buffer, self._position, self._end)
        if found is None:
            return self._wait(self._end)
        end = found.end()
        if self._buffer[end - 1] == _LESS_THAN:
            self._fail(framing_faults.LESS_THAN_IN_TAG, "not-well-formed", end - 1, end)
        if self._depth:
            self._depth -= 1
            return self._tag_done(end)
        name = bytes(self._buffer[self._start + 2 : end - 1])
        if name.rstrip(_SPACES) != self._root:
            self._fail(
                framing_faults.wrong_end(name, self._root), "not-well-formed", self._start, end
            )
        self._emit(FrameKind.END, end)
        return self._go(Framer._epilog, end)

    def _tag_done(self, end: int) -> bool:
        """After a tag inside the root: the top-level element may be complete."""
        if self._depth:
            return self._go(Framer._content, end)
        self._emit(FrameKind.ELEMENT, end)
        return self._go(Framer._between, end)

    def _cdata(self) -> bool:
        """In a CDATA section."""
        found = self._buffer.find(b"]]>", self._position, self._end)
        if found < 0:
            return self._wait(max(self._position, self._end - 2))
        end = found + 3
        if self._depth:
            return self._go(Framer._content, end)
        self._emit(FrameKind.TEXT, end)
        self._in_text = True
        return self._go(Framer._between, end)

    def _epilog(self) -> bool:
        """After the root's end tag: white space only."""
        position = _match_end(_SPACE, self._buffer, self._position, self._end)
        if position > self._start:
            self._frames.append(
                Frame(FrameKind.WHITESPACE, bytes(self._buffer[self._start : position]))
            )
            self._start = position
        if position < self._end:
            self._fail(framing_faults.AFTER_END, "not-well-formed", position, position + 1)
        return self._wait(position)


# The alternatives of each pattern exclude each other, so that a match fails in linear time. The
# patterns for whole elements look at a bounded piece, which bounds their memory; what they cannot
# match is left to the steps, so that no byte is looked at more than a few times.

_FAST_SIZE = 64 * 1024
_FAST_DEPTH = 4

_LESS_THAN, _GREATER_THAN, _SLASH, _EXCLAMATION, _QUESTION, _HYPHEN, _BRACKET = b"<>/!?-["
_CDATA = b"<![CDATA["
_DECLARATION = b"<?xml"
_SPACES = b" \t\r\n"
_NAME_START = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_:" + bytes(range(0x80, 0x100))
)

_SPACE = re.compile(rb"[ \t\r\n]*+")
_ANGLE = re.compile(rb"[<>]")
_NAME = re.compile(rb"[^ \t\r\n/>]*+")
_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([^"'<>]*)["']""")
_IN_TAG = re.compile(rb"""[^<>"']*+(?:"[^"<]*+"[^<>"']*+|'[^'<]*+'[^<>"']*+)*""")
_VALUE_END = {ord("'"): re.compile(rb"[<']"), ord('"'): re.compile(rb'[<"]')}


def _element_pattern(depth: int) -> bytes:
    """Return the pattern of an element that is nested at most `depth` deep and has no CDATA."""
    tag = rb"<[A-Za-z_:\x80-\xff]" + _IN_TAG.pattern + rb">"
    inner = rb"(?:" + _element_pattern(depth - 1) + rb"[^<]*+)*" if depth > 1 else b""
    return tag + rb"(?:(?<=/>)|(?<!/>)[^<]*+" + inner + rb"</[^<>]*+>)"


_ELEMENT = re.compile(_element_pattern(_FAST_DEPTH))
_LEAVES = re.compile(rb"(?:[^<]*+" + _element_pattern(1) + rb")*")


def _match_end(pattern: re.Pattern[bytes], buffer: bytearray, start: int, end: int) -> int:
    """Return where the match of `pattern` at `start` ends; `start` if there is none."""
    found = pattern.match(buffer, start, end)
    return start if found is None else found.end()
