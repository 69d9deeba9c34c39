"""XML as lenient servers read it: without what XMPP forbids, instead of refusing it."""

from __future__ import annotations

import re
from typing import Final

_OPENINGS: Final = (b"<!--", b"<![CDATA[", b"<?")
_ENDS: Final = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_LONGEST: Final = max(len(opening) for opening in _OPENINGS)
_ENCODING: Final = re.compile(rb"""\s+encoding\s*=\s*("[^"]*"|'[^']*')""")
_DECLARATION: Final = re.compile(rb"<\?xml[ \t\r\n]")

MAX_HELD: Final = 64 * 1024
"""How many bytes of something unfinished are held back; more is passed on as it is."""


class LaxXml:
    """Takes the bytes of one stream, cut in any way.

    With `comments` it leaves out comments and processing instructions, with `encoding` the
    encoding in XML declarations.
    """

    def __init__(self, *, comments: bool, encoding: bool) -> None:
        self._comments = comments
        self._encoding = encoding
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return the bytes to read instead; what is not finished yet comes later."""
        data, self._held = self._held + data, b""
        pieces = []
        position = 0
        while (start := data.find(b"<", position)) >= 0:
            pieces.append(data[position:start])
            end = self._end(data, start)
            if end is None:
                self._hold(data[start:], pieces)
                return b"".join(pieces)
            pieces.append(self._kept(data[start:end]))
            position = end
        return b"".join([*pieces, data[position:]])

    def _hold(self, rest: bytes, pieces: list[bytes]) -> None:
        if len(rest) > MAX_HELD:
            pieces.append(rest)
        else:
            self._held = rest

    def _end(self, data: bytes, start: int) -> int | None:
        """Return where what begins with the `<` at `start` ends; None if that is not here yet."""
        ahead = data[start : start + _LONGEST]
        for opening in _OPENINGS:
            if ahead.startswith(opening):
                end = data.find(_ENDS[opening], start + len(opening))
                return None if end < 0 else end + len(_ENDS[opening])
            if opening.startswith(ahead):
                return None
        return start + 1

    def _kept(self, piece: bytes) -> bytes:
        """Return what is left of a piece that is a whole."""
        if _DECLARATION.match(piece):
            return _ENCODING.sub(b"", piece, count=1) if self._encoding else piece
        dropped = self._comments and piece.startswith((b"<!--", b"<?"))
        return b"" if dropped else piece
