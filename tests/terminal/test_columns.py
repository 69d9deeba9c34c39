"""How wide text is, and where it is cut and wrapped."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.terminal.columns import cells, fitted, shortened, wrapped


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("日本", 4), ("\U0001f600!", 3), ("ﬁ…", 2)],
)
def test_columns_of_a_text(text: str, width: int) -> None:
    assert cells(text) == width


def test_a_long_text_is_cut() -> None:
    assert shortened("romeo@localhost", 15) == "romeo@localhost"
    assert shortened("romeo@localhost", 14) == "romeo@localho…"
    assert shortened("日本日本", 6) == "日本…"


@given(st.text(st.sampled_from("ab日é\u0301")), st.integers(1, 12))
def test_what_is_cut_fits(text: str, width: int) -> None:
    short = shortened(text, width)
    assert cells(short) <= width
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_words_are_wrapped() -> None:
    assert wrapped("one two three four five", 20, "! ", "  ") == "! one two three four\n  five"
    assert wrapped("", 20, "! ", "  ") == "! "
    assert wrapped("x" * 30 + " y", 20, "! ", "  ") == f"! {'x' * 30}\n  y"


@given(st.lists(st.text(st.sampled_from("ab日"), min_size=1, max_size=9)), st.integers(20, 40))
def test_wrapping_loses_no_word_and_fits(words: list[str], width: int) -> None:
    lines = wrapped(" ".join(words), width, "! ", "   ").split("\n")
    assert " ".join(line[2:].strip() for line in lines).split() == words
    assert all(cells(line) <= width for line in lines)
    for line, following in itertools.pairwise(lines):
        assert cells(line) + 1 + cells(following.split()[0]) > width


def test_one_long_word_in_the_last_column_is_broken_under_itself() -> None:
    assert fitted("  key  " + "x" * 30, 25) == "  key  " + "x" * 18 + "\n" + " " * 7 + "x" * 12
