"""The palette in both its forms, and when it is used."""

from __future__ import annotations

import re

import pytest
from prompt_toolkit.styles import Style

from xmppshell.terminal.theme import PROMPT_STYLES, ROLES, SESSION_ROLES, Theme, colour_wanted

SGR = re.compile(r"\x1b\[([0-9;]*)m")


@pytest.mark.parametrize("role", ROLES)
def test_colour_wraps_the_text_and_ends_it(role) -> None:
    styled = Theme(colour=True).style(role, "x")
    assert SGR.sub("", styled) == "x"
    assert styled == "x" or styled.endswith("x\x1b[0m")


@pytest.mark.parametrize("role", ROLES)
def test_without_colour_the_text_is_bare(role) -> None:
    assert Theme(colour=False).style(role, "x\ny") == "x\ny"
    assert Theme(colour=False).codes(role) == ("", "")


def test_every_line_is_styled_by_itself() -> None:
    assert Theme(colour=True).style("error", "a\nb") == "\x1b[1;31ma\x1b[0m\n\x1b[1;31mb\x1b[0m"


def test_nothing_is_styled_as_nothing() -> None:
    assert Theme(colour=True).style("error", "") == ""


def test_an_unknown_role_is_an_error() -> None:
    with pytest.raises(KeyError):
        Theme(colour=False).style("tga", "x")  # type: ignore[arg-type]


def test_only_the_sixteen_colours_are_used() -> None:
    allowed = {"1", "2", *map(str, range(30, 38)), *map(str, range(90, 98))}
    for role in ROLES:
        for parameters in SGR.findall(Theme(colour=True).codes(role)[0]):
            assert set(parameters.split(";")) <= allowed


@pytest.mark.parametrize("role", ROLES)
def test_typed_input_has_the_same_look_as_output(role) -> None:
    attributes = Style.from_dict(PROMPT_STYLES).get_attrs_for_style_str(f"class:{role}")
    start = SGR.findall(Theme(colour=True).codes(role)[0])
    parameters = set(start[0].split(";")) if start else set()
    assert attributes.bold == ("1" in parameters)
    assert attributes.dim == ("2" in parameters)
    names = {"31": "ansired", "32": "ansigreen", "33": "ansiyellow"}
    names |= {"35": "ansimagenta", "36": "ansicyan", "94": "ansibrightblue"}
    assert attributes.color == next((names[p] for p in parameters - {"1", "2"}), "")


def test_sessions_have_different_looks() -> None:
    looks = {Theme(colour=True).codes(role) for role in SESSION_ROLES}
    assert len(looks) == len(SESSION_ROLES) == 5


@pytest.mark.parametrize(
    ("no_color", "is_tty", "forced", "wanted"),
    [
        (False, True, None, True),
        (True, True, None, False),
        (False, False, None, False),
        (True, False, True, True),
        (False, True, False, False),
    ],
)
def test_when_colour_is_wanted(no_color, is_tty, forced, wanted) -> None:
    assert colour_wanted(no_color, is_tty, forced) is wanted
