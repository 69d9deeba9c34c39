"""What the gate lets through and what it shows instead."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.terminal.safe_text import safe, safe_bytes, safe_line

# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt, as far as it is not Cf.
IGNORABLE = [
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2065, 0x2065),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
]


def acts(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        or 0xFDD0 <= code <= 0xFDEF
        or code & 0xFFFE == 0xFFFE
        or any(first <= code <= last for first, last in IGNORABLE)
    )


def test_every_code_point_is_shown_exactly_if_it_acts() -> None:
    wrong = []
    for code in range(0x110000):
        character = chr(code)
        expected = character if character in "\n\t" or not acts(character) else None
        shown = safe(character)
        if shown != (expected or f"⟨U+{code:04X}⟩"):
            wrong.append(f"{code:04X}")
    # An older Unicode database knows fewer format characters than the table does.
    assert [code for code in wrong if unicodedata.category(chr(int(code, 16))) != "Cn"] in (
        [],
        ["13439", "1343A", "1343B", "1343C", "1343D", "1343E", "1343F"],
    )


any_text = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]),
        st.sampled_from("\ufe0f\u3164\ufffe\U000e0041\r\n\t\x1b\x9b\u202e"),
    )
)


@given(any_text)
def test_nothing_that_acts_comes_out(text: str) -> None:
    assert not [c for c in safe(text) if acts(c) and c not in "\n\t"]
    assert not [c for c in safe_line(text) if acts(c)]


@given(any_text)
def test_nothing_is_lost(text: str) -> None:
    assert _read_back(safe(text)) == _read_back(text)
    assert _read_back(safe_line(text)) == _read_back(text)


def _read_back(text: str) -> str:
    return re.sub("⟨U\\+([0-9A-F]{4,6})⟩", lambda match: chr(int(match[1], 16)), text)


@given(st.binary())
def test_bytes_come_out_safe(data: bytes) -> None:
    assert not [c for c in safe_bytes(data) if acts(c) and c not in "\n\t"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x9b2J", "⟨U+009B⟩2J"),
        ("\x1b]52;c;AAAA\x07", "⟨U+001B⟩]52;c;AAAA⟨U+0007⟩"),
        ("a\r\nb", "a⟨U+000D⟩\nb"),
        ("user\u202ecod.exe", "user⟨U+202E⟩cod.exe"),
        ("\ufeff<iq/>", "⟨U+FEFF⟩<iq/>"),
        ("a\u00adb\u200bc\u2060", "a⟨U+00AD⟩b⟨U+200B⟩c⟨U+2060⟩"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468⟨U+200D⟩\U0001f469"),
        ("❤\ufe0f", "❤⟨U+FE0F⟩"),
        ("\U000e0041\U000e0001", "⟨U+E0041⟩⟨U+E0001⟩"),
        ("\ud83d", "⟨U+D83D⟩"),
        ("\ufffe\U0010ffff", "⟨U+FFFE⟩⟨U+10FFFF⟩"),
        ("\ue000 \U000f0000", "\ue000 \U000f0000"),
        ("naïve 日本 שלום \U0001f9e0", "naïve 日本 שלום \U0001f9e0"),
        ("line\n\ttab", "line\n\ttab"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_a_line_is_one_line() -> None:
    assert safe_line("a\n\tb\x85c") == "a⟨U+000A⟩⟨U+0009⟩b⟨U+0085⟩c"


@pytest.mark.parametrize("text", ["", "<iq/>", "<a>\n  <b/>\n</a>", "grüße 日本"])
def test_clean_text_is_the_same_object(text: str) -> None:
    assert safe(text) is text


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"<a>\xff</a>", "<a>⟨byte FF⟩</a>"),
        (b"\xc3\x28", "⟨byte C3⟩("),
        (b"\x80\x81 ok", "⟨bytes 80 81⟩ ok"),
        ("é\x9b".encode(), "é⟨U+009B⟩"),
        (b"\xed\xa0\x80", "⟨bytes ED A0 80⟩"),
    ],
)
def test_bytes_that_are_not_utf_8_are_shown_in_hex(data: bytes, shown: str) -> None:
    assert safe_bytes(data) == shown
