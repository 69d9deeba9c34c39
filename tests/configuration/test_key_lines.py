"""On which line each key of a TOML file stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.configuration.lines import KeyPath, key_lines, line_of

EXAMPLE = '''\
# A comment with [brackets] and "quotes".
top = 1

[defaults]   # [not.this]
host = "a#b = ]"  # host = 2
 port=5222
text = """
[defaults]
port = 1
\\""" still
"""
literal = \'\'\'
x = 1\'\'\'\'
list = [
  "a]", # ]
  [1, 2], { port = 3 },
]
after.the."dotted list" = 1

[accounts."wo rk"]
'jid' = 'j@e'
"p\\u006frt" = 1
[ accounts . home ]
jid = "h@e"
in = { host = "}", b.c = 1, d = [ { e = 2 } ] }
[[many]]
a = 1
[[many]]
b = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("top", 2),
        ("defaults", 4),
        ("defaults.host", 5),
        ("defaults.port", 6),
        ("defaults.text", 7),
        ("defaults.literal", 12),
        ("defaults.list", 14),
        ("defaults.after", 18),
        ("defaults.after.the", 18),
        ("defaults.after.the.dotted list", 18),
        ("accounts.wo rk", 20),
        ("accounts.wo rk.jid", 21),
        ("accounts.wo rk.port", 22),
        ("accounts.home", 23),
        ("accounts.home.jid", 24),
        ("accounts.home.in.b.c", 25),
        ("many", 26),
        ("many.a", 27),
        ("many.b", 29),
    ],
)
def test_the_line_of_each_key(path: str, line: int) -> None:
    tomllib.loads(EXAMPLE)
    assert key_lines(EXAMPLE)[tuple(path.split("."))] == line


def test_what_looks_like_a_key_within_a_value_is_none() -> None:
    found = key_lines(EXAMPLE)
    assert ("defaults", "x") not in found
    assert len(found) == 23


def test_a_key_without_a_line_has_that_of_what_is_around_it() -> None:
    lines = key_lines(EXAMPLE)
    assert line_of(("defaults", "list", "0", "port"), lines) == 14
    assert line_of(("accounts",), lines) == 1
    assert line_of((), lines) == 1


@pytest.mark.parametrize("text", ["", "\n", "# only\n", "a = 1", "a=''", "[t]", 'a=""""""', "a={}"])
def test_small_files(text: str) -> None:
    tomllib.loads(text)
    assert set(key_lines(text)) == set(paths(tomllib.loads(text)))


def paths(table: dict[str, object], before: KeyPath = ()) -> Iterator[KeyPath]:
    for key, value in table.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from paths(value, (*before, key))


KEYS = st.sampled_from(["a", "b-c", "D_1", '"q.q"', "'l l'", '"\\""', "7"])
DOTTED = st.lists(KEYS, min_size=1, max_size=3).map(" . ".join)
STRINGS = st.sampled_from(
    [
        '"x"',
        '"\\""',
        "'\\'",
        '"# ] } ="',
        "''",
        '"""a\n[b]\nc = 1"""',
        "'''\n''x'''",
        '"""\\\n  y"""""',
    ]
)
SCALARS = STRINGS | st.sampled_from(["1", "true", "1.5", "1979-05-27 07:32:00", "-inf", "0x1F"])
LISTS = st.lists(SCALARS | st.just("[1, [2]]"), max_size=3).map(
    lambda items: "[\n" + " , # ] a = 1\n".join(items) + "\n]"
)
INLINE = st.lists(KEYS, unique=True, max_size=3).flatmap(
    lambda keys: st.tuples(*[SCALARS for _ in keys]).map(
        lambda values: "{" + ", ".join(map(" = ".join, zip(keys, values, strict=True))) + " }"
    )
)
PAIRS = st.tuples(DOTTED, SCALARS | LISTS | INLINE).map(" = ".join)
HEADS = DOTTED.map(lambda key: f"[ {key} ]") | DOTTED.map(lambda key: f"[{key}]# c = [")
LINES = PAIRS | HEADS | st.sampled_from(["", "   ", "# a = 1"])


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\n\n", " # '\"\n"]))
def test_every_key_that_tomllib_finds_has_a_line(statements: list[str], end: str) -> None:
    text = end.join(statements) + "\n"
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = key_lines(text)
    missing = {path for path in paths(content) if path not in lines and len(path) > 0}
    # A table that is only named within the name of another has no line of its own.
    heads = {path for path in missing if any(found[: len(path)] == path for found in lines)}
    assert not missing - heads
    assert set(lines) <= set(paths(content))


@given(st.lists(st.tuples(KEYS, SCALARS | LISTS | INLINE), unique_by=lambda pair: pair[0]))
def test_the_line_is_the_right_one(pairs: list[tuple[str, str]]) -> None:
    text, expected = "", {}
    for key, value in pairs:
        name = next(iter(tomllib.loads(f"{key} = 0")))
        expected[name] = text.count("\n") + 1
        text += f"{key} = {value}\n"
    found = key_lines(text)
    assert {path[0]: line for path, line in found.items() if len(path) == 1} == expected
