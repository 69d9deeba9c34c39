"""SASLprep: user names and passwords in the one form that both sides hash (RFC 4013)."""

from __future__ import annotations

import stringprep
import unicodedata
from typing import Final

_PROHIBITED: Final = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)
"""What may not be in the result: RFC 4013 2.3, and what Unicode 3.2 had not assigned."""


def saslprep(text: str) -> str:
    """Return `text` prepared; raises ValueError for what may not be in it."""
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    for character in prepared:
        if any(prohibited(character) for prohibited in _PROHIBITED):
            raise ValueError(f"U+{ord(character):04X} may not be in a name or password")
    _check_direction(prepared)
    return prepared


def _check_direction(text: str) -> None:
    """Raise ValueError where right-to-left text is mixed with left-to-right (RFC 3454 6)."""
    if not any(stringprep.in_table_d1(character) for character in text):
        return
    ends_right = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    if not ends_right or any(stringprep.in_table_d2(character) for character in text):
        raise ValueError("right-to-left and left-to-right letters are mixed")
