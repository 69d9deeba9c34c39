"""The gate in front of the screen: text without characters that act instead of being read.

What a server sends may hold control characters that move the cursor or start an escape sequence,
bidirectional controls that reorder what is read (Unicode Standard Annex #9), and characters that
leave no mark at all. Each is shown as its code point, `⟨U+009B⟩`, so that two texts that look
alike are alike.
"""

from __future__ import annotations

import re
from typing import Final

# The general categories Cc (but newline and tab), Cf, Cs, Zl and Zp, the noncharacters, and what
# has the property Default_Ignorable_Code_Point (Unicode Standard 5.21), which covers variation
# selectors, the Hangul fillers and the code points reserved for future invisible characters.
# Other unassigned code points stay: which they are differs from one Python to the next, and a
# newer emoji harms nobody. Private use stays too: terminals draw it.
_ACTING: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad"
    "\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_PLANE_ENDS: Final = "".join(
    f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17)
)
_ACTS: Final = re.compile(f"[{_ACTING}{_PLANE_ENDS}]")
_ACTS_IN_A_LINE: Final = re.compile(f"[\n\t{_ACTING}{_PLANE_ENDS}]")
_NOT_UTF_8: Final = re.compile("[\udc80-\udcff]+")


def safe(text: str) -> str:
    """Return `text` with every character that acts shown as its code point.

    Newline and tab are kept; a carriage return is shown. Text with nothing to show comes back as
    the same object, so `safe(text) is text` says that it is clean.
    """
    if text.isascii() and (
        text.isprintable() or text.replace("\n", " ").replace("\t", " ").isprintable()
    ):
        return text
    return text if _ACTS.search(text) is None else _ACTS.sub(_shown, text)


def safe_line(text: str) -> str:
    """Return `text` as `safe` does, with newline and tab shown too: always one line."""
    if text.isascii() and text.isprintable():
        return text
    return text if _ACTS_IN_A_LINE.search(text) is None else _ACTS_IN_A_LINE.sub(_shown, text)


def safe_bytes(data: bytes) -> str:
    """Return `data` read as UTF-8 and made safe; bytes that are not UTF-8 are shown in hex.

    Neighbouring bytes stand together: `⟨bytes C3 28⟩`.
    """
    text = data.decode("utf-8", "surrogateescape")
    return safe(_NOT_UTF_8.sub(_shown_bytes, text))


def _shown(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"


def _shown_bytes(match: re.Match[str]) -> str:
    raw = match[0].encode("utf-8", "surrogateescape")
    return f"⟨{'byte' if len(raw) == 1 else 'bytes'} {raw.hex(' ').upper()}⟩"
