"""Commands as data: parsing, finding, and one declaration for all."""

from __future__ import annotations

import pytest

from xmppshell.commands.all_commands import build_registry
from xmppshell.commands.help import INTRODUCTION, in_full, manual_table, overview
from xmppshell.commands.registry import (
    Argument,
    Call,
    Command,
    CommandError,
    Option,
    Registry,
    split_name,
)


async def _nothing(desk: object, call: Call) -> None:
    raise AssertionError("not called here")


COMMAND = Command(
    "take",
    "send",
    "a command of the test",
    _nothing,
    (Argument("first"), Argument("state", "", True, choices=("on", "off"))),
    (Option("--host", "h", "HOST"), Option("--flag", "f")),
)
REST = Command("say", "send", "a rest", _nothing, (Argument("text", rest=True),))


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("a", {"first": "a"}),
        ("a on", {"first": "a", "state": "on"}),
        ("--host h a", {"first": "a", "host": "h"}),
        ("a --flag on", {"first": "a", "state": "on", "flag": ""}),
        ("'two words' --host \"x y\"", {"first": "two words", "host": "x y"}),
        (r"a\20b@c", {"first": r"a\20b@c"}),
        ('romeo@x/it"\'"s', {"first": "romeo@x/it's"}),
    ],
)
def test_parse(typed: str, values: dict[str, str]) -> None:
    assert COMMAND.parse(typed).values == values


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("", "FIRST is missing"),
        ("a maybe", "on or off"),
        ("a on more", "one word too many"),
        ("a --nope", "--nope is not an option"),
        ("a --host", "needs a value"),
        ("'a", "a quote is not closed"),
        ("a'b", "a quote is not closed"),
    ],
)
def test_parse_errors_name_the_place_and_the_usage(typed: str, word: str) -> None:
    with pytest.raises(CommandError) as caught:
        COMMAND.parse(typed)
    assert word in caught.value.problem.what
    assert caught.value.problem.cure == "/take FIRST [on|off] [--host HOST] [--flag]"


def test_a_rest_argument_keeps_its_exact_text() -> None:
    line = "/say  <a b='--c'>  \"x\n y</a> "
    name, rest = split_name(line)
    assert name == "say"
    assert REST.parse(rest)["text"] == "<a b='--c'>  \"x\n y</a>"


def test_find_by_prefix_and_near_names() -> None:
    registry = build_registry()
    assert registry.find("hel").name == "help"
    with pytest.raises(CommandError, match="more than one"):
        registry.find("h")
    with pytest.raises(CommandError) as caught:
        registry.find("filtre")
    assert "/filter" in caught.value.problem.cure


def test_names_are_unique_and_groups_known() -> None:
    registry = Registry()
    registry.add(COMMAND)
    with pytest.raises(ValueError, match="cannot add"):
        registry.add(COMMAND)
    with pytest.raises(ValueError, match="cannot add"):
        registry.add(Command("x", "nowhere", "", _nothing))


def test_the_commands_of_the_shell_are_all_there() -> None:
    wanted = (
        "help connect close drop quit raw show pending last save auto tls features history "
        "filter grep send-raw"
    )
    assert set(wanted.split()) <= set(build_registry().commands)


def test_every_command_is_in_each_face_of_the_declaration() -> None:
    registry = build_registry()
    table, help_text = manual_table(registry), overview(registry)
    for command in registry.commands.values():
        assert command.summary in table
        assert f"/{command.name} " in help_text
        assert command.usage in in_full(command)


def test_what_was_broken_into_lines_by_hand_fits_80_columns() -> None:
    lines = INTRODUCTION.splitlines()
    for command in build_registry().commands.values():
        parts = command.details.splitlines()
        # The screen wraps what is one long line.
        lines += [f"  {line}" for line in parts if len(parts) > 1 and len(line) < 100]
    assert [line for line in lines if len(line) > 80] == []
