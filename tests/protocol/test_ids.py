"""Ids of a session: short, counting up, and never those of another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.protocol.ids import IdCounter, distinct_prefix, prefix_for


def test_it_counts_up_and_knows_the_last() -> None:
    counter = IdCounter("j")
    assert counter.last == ""
    assert [counter.next(), counter.next()] == ["j1", "j2"]
    assert counter.last == "j2"


@pytest.mark.parametrize(
    ("localpart", "prefix"), [("juliet", "j"), ("ROMEO", "r"), ("", "x"), ("7", "x"), ("éva", "x")]
)
def test_the_prefix_of_a_localpart(localpart: str, prefix: str) -> None:
    assert prefix_for(localpart) == prefix


@pytest.mark.parametrize(
    ("name", "taken", "prefix"),
    [
        ("juliet", [], "j"),
        ("juliet2", ["j"], "ju"),
        ("james", ["j", "ju"], "ja"),
        ("ab", ["a", "ab"], "abx"),
        ("ÉVA-2", [], "v"),
        ("日本", [], "x"),
        ("日本2", ["x"], "xx"),
    ],
)
def test_the_prefix_of_a_session_is_its_own(name: str, taken: list[str], prefix: str) -> None:
    assert distinct_prefix(name, taken) == prefix


@given(st.lists(st.text(max_size=4), max_size=12))
def test_no_two_counters_give_the_same_id(names: list[str]) -> None:
    prefixes: list[str] = []
    for name in names:
        prefixes.append(distinct_prefix(name, prefixes))
    ids = [f"{prefix}{number}" for prefix in prefixes for number in range(1, 130)]
    assert len(set(ids)) == len(ids)
