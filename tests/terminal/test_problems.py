"""Problems and stanza errors in words."""

from __future__ import annotations

from xmppshell.protocol.errors import StanzaError
from xmppshell.protocol.problem import Problem
from xmppshell.terminal.problems import (
    problem_block,
    problem_lines,
    stanza_error_lines,
    warning_lines,
)
from xmppshell.terminal.theme import Theme

PLAIN = Theme(colour=False)
PROBLEM = Problem("no such host", "a misspelt name", "check the domain", "RFC 6120 3.2")


def test_the_last_word_of_the_program() -> None:
    assert problem_lines(PROBLEM, PLAIN, 80) == (
        "xmppshell: no such host (RFC 6120 3.2)\n"
        "  usually: a misspelt name\n"
        "  try: check the domain"
    )


def test_among_the_lines_of_a_session() -> None:
    assert problem_block(PROBLEM, PLAIN, 80) == (
        "  ! no such host (RFC 6120 3.2)\n    usually: a misspelt name\n    try: check the domain"
    )


def test_what_is_not_known_is_left_out() -> None:
    assert problem_lines(Problem("it broke"), PLAIN, 80) == "xmppshell: it broke"


def test_long_sentences_are_wrapped() -> None:
    problem = Problem("what " * 6, "cause " * 6, "cure " * 6)
    assert problem_lines(problem, PLAIN, 30) == (
        "xmppshell: what what what what\n"
        "  what what\n"
        "  usually: cause cause cause\n"
        "    cause cause cause\n"
        "  try: cure cure cure cure\n"
        "    cure cure"
    )


def test_nothing_in_a_problem_acts_on_the_terminal() -> None:
    problem = Problem("a\x1b[2Jb\nc", "d\x9be", "f\u202eg", "h\x07")
    assert problem_lines(problem, PLAIN, 80) == (
        "xmppshell: a⟨U+001B⟩[2Jb⟨U+000A⟩c (h⟨U+0007⟩)\n  usually: d⟨U+009B⟩e\n  try: f⟨U+202E⟩g"
    )


def test_only_what_happened_is_loud() -> None:
    lines = problem_lines(PROBLEM, Theme(colour=True), 80).split("\n")
    assert [line.startswith("\x1b[1;31m") for line in lines] == [True, False, False]


def test_a_stanza_error() -> None:
    error = StanzaError("item-not-found", "cancel", "no such node", "pubsub.localhost", "")
    lines = stanza_error_lines(error, PLAIN, 1000, briefly=False).split("\n")
    assert lines[0] == (
        "  ! item-not-found (cancel): the thing that was addressed does not exist"
        " · it says “no such node” · raised by pubsub.localhost (RFC 6120 8.3.3.7)"
    )
    assert [line[:13] for line in lines[1:]] == ["    usually: ", "    try: list"]
    assert stanza_error_lines(error, PLAIN, 1000, briefly=True).count("\n") == 0


def test_a_stanza_error_that_nobody_defined() -> None:
    error = StanzaError("teapot", "", "", "", "{urn:x}short")
    assert stanza_error_lines(error, PLAIN, 80, briefly=False) == (
        "  ! teapot: not a condition of RFC 6120 · {urn:x}short"
    )
    assert "without a condition" in stanza_error_lines(
        StanzaError("", "wait", "", "", ""), PLAIN, 80, briefly=False
    )


def test_a_warning() -> None:
    assert warning_lines("take care", PLAIN, 80) == "  ! take care"
