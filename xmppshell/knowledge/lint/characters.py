"""Rules of single characters: those that hide, turn text round, or do not belong anywhere."""

from __future__ import annotations

import re
from typing import Final

from .model import Rule, sent, warning
from .work import Work

_BODY: Final = "<message type='chat' to='romeo@example.net'><body>{}</body></message>"


def _said(text: str) -> str:
    return _BODY.replace("{}", text)


NONCHARACTER = warning(
    "noncharacter",
    "some code points are no characters and never will be",
    "XML 1.0 2.2",
    "Unicode keeps U+FDD0 to U+FDEF and the last two of each plane for the inside of programs. XML "
    "advises against them, and servers pass them on without a word.",
    (sent(_said("a\ufdd0b")), sent(_said("a&#x1FFFE;b"))),
    (sent(_said("a\U0001f339b")),),
)
BIDI = warning(
    "bidi-control",
    "characters that turn the direction of text round can hide what it says",
    "RFC 6120 13.12",
    "Embeddings, overrides and isolates (U+202A to U+202E, U+2066 to U+2069) change the order in "
    "which the rest of a line is shown. Servers pass them on.",
    (sent(_said("invoice\u202efdp.exe")),),
    (sent(_said("\u05e9\u05dc\u05d5\u05dd")),),
)
C1 = warning(
    "c1-control",
    "control characters from U+007F to U+009F act on some terminals",
    "RFC 6120 13.12",
    "They are allowed in XML and no part of any text. Servers pass them on; a terminal may take "
    "U+009B for the beginning of a command.",
    (sent(_said("\x9b31m")), sent(_said("&#x7f;"))),
    (sent(_said("caf\xe9")),),
)

RULES: Final[tuple[Rule, ...]] = (NONCHARACTER, BIDI, C1)

_ODD = re.compile(
    "([\ufdd0-\ufdef" + "".join(f"{chr(p | 0xFFFE)}{chr(p | 0xFFFF)}" for p in
    range(0x10000, 0x110000, 0x10000)) + "])|([\u202a-\u202e\u2066-\u2069])|([\x7f-\x9f])"
)  # fmt: skip
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")
_WHAT: Final = {
    NONCHARACTER: "no character",
    BIDI: "an instruction to turn text round",
    C1: "a control character",
}
_MOST: Final = 3


def check_characters(work: Work) -> None:
    """Look through the whole text; of each kind the first few are reported."""
    text = work.text
    counts = dict.fromkeys(RULES, 0)
    if not text.isascii() or "\x7f" in text:
        for match in _ODD.finditer(text):
            if not _note(work, counts, match[0], match.start()):
                break
    if "&#" in text:
        for match in _REFERENCE.finditer(text):
            code = int(match[1], 16) if match[1] else int(match[2])
            if code <= 0x10FFFF and _ODD.match(chr(code)):
                _note(work, counts, chr(code), match.start())


def _note(work: Work, counts: dict[Rule, int], character: str, offset: int) -> bool:
    """Report a character; say whether more are worth looking for."""
    match = _ODD.match(character)
    assert match is not None
    rule = RULES[0] if match[1] else RULES[1] if match[2] else RULES[2]
    counts[rule] += 1
    if counts[rule] <= _MOST:
        what = f"U+{ord(character):04X} is {_WHAT[rule]}"
        work.report(rule, what, "take it out", offset)
    return any(count < _MOST for count in counts.values())
