"""The framer for WebSocket: every message is one whole piece of the stream (RFC 7395 3.3.3).

A stream of messages has no root. `<open/>` stands for the stream header and `<close/>` for its
end; what is between inherits nothing from either, so each piece declares its own namespaces.
"""

from __future__ import annotations

import re

from . import namespaces as ns
from .framing import MAX_DEPTH, MAX_SIZE, Frame, FrameKind, Framer, FramingError
from .problem import Problem


class MessageFramer:
    """Frames one direction of one stream; used as `framing.Framer` is, a message at a time.

    Unlike bytes, messages stand alone: one that is broken does not spoil those after it.
    """

    def __init__(self, *, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> None:
        self._max_size = max_size
        self._max_depth = max_depth
        self._offset = 0

    @property
    def buffered(self) -> bytes:
        """Nothing: a message that is not whole is an error."""
        return b""

    def feed(self, data: bytes) -> list[Frame]:
        """Take one message and return its frames: one piece, and white space if there is any.

        Raises FramingError if `data` is not one complete element.
        """
        before, self._offset = self._offset, self._offset + len(data)
        try:
            frames = self._cut(data)
        except FramingError as error:
            offset = before + max(error.offset - len(_ROOT), 0)
            raise FramingError(error.problem, error.condition, offset, (), data) from None
        if sum(frame.kind is FrameKind.ELEMENT for frame in frames) > 1:
            raise FramingError(_SEVERAL, "bad-format", before, (), data)
        return [Frame(_kind(frame), frame.data) for frame in frames]

    def _cut(self, data: bytes) -> list[Frame]:
        """Return the frames of `data` as if they stood in a stream; raises FramingError."""
        for start, problem in _OF_TCP.items():
            if data.lstrip().startswith(start):
                raise FramingError(problem, "not-well-formed", len(_ROOT))
        framer = Framer(max_size=self._max_size, max_depth=self._max_depth)
        framer.feed(_ROOT)
        frames = framer.feed(data)
        if framer.buffered or any(frame.kind is FrameKind.END for frame in frames):
            raise FramingError(_UNFINISHED, "not-well-formed", len(_ROOT) + len(data))
        return frames


_ROOT = b"<stream>"
_FRAME_TAG = re.compile(rb"<(?:[^\s<>/:]+:)?(open|close)(?=[\s/>])(?:[^<>\"']|\"[^\"]*\"|'[^']*')*")
_KINDS = {b"open": FrameKind.HEADER, b"close": FrameKind.END}


def _kind(frame: Frame) -> FrameKind:
    """Return what a frame is, now that the names count."""
    if frame.kind is not FrameKind.ELEMENT:
        return frame.kind
    tag = _FRAME_TAG.match(frame.data)
    if tag is None or ns.FRAMING.encode() not in tag[0]:
        return FrameKind.ELEMENT
    return _KINDS[tag[1]]


_SEVERAL = Problem(
    "one WebSocket message has more than one element",
    "elements were sent together as one does over TCP",
    "send each element in a message of its own",
    "RFC 7395 3.3.3",
)
_UNFINISHED = Problem(
    "a WebSocket message is not one complete element",
    "a part was sent by itself, as one can over TCP, or the element is not closed",
    "send the whole element in one message",
    "RFC 7395 3.3.3",
)
_STREAM_TAG = Problem(
    "there is a <stream:stream> tag in a WebSocket message",
    "the tag belongs to streams over TCP, and to drafts older than the RFC; here streams begin "
    "with <open/> and end with <close/>",
    f"write <open xmlns='{ns.FRAMING}' to='...' version='1.0'/>; a server that sends the tag "
    "needs an update",
    "RFC 7395 3.3.1",
)
_DECLARATION = Problem(
    "a WebSocket message begins with an XML declaration",
    "the declaration belongs to streams over TCP",
    "leave it out: each message is one element and nothing else",
    "RFC 7395 3.3.3",
)
_OF_TCP = {b"<?xml": _DECLARATION, b"<stream:stream": _STREAM_TAG, b"</stream:stream": _STREAM_TAG}
