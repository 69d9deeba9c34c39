"""A check-up as lines: marks without colour, columns that fit, and nothing that acts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checkup import fact_shop as shop
from checkup.fact_shop import GOOD

from xmppshell.checkup.facts import Facts
from xmppshell.checkup.report import findings
from xmppshell.terminal.checkup_view import checkup_lines
from xmppshell.terminal.columns import cells
from xmppshell.terminal.theme import Theme


def shown(facts: Facts, width: int = 80, *, colour: bool = False) -> str:
    return checkup_lines(facts, findings(facts), Theme(colour), width)


def test_a_report_in_its_columns() -> None:
    text = shown(shop.with_before(starttls="optional"))
    lines = text.splitlines()
    assert lines[0] == "example.org, checked 2026-11-22 12:00 UTC"
    assert "DNS" in lines
    assert "xmpp.example.org:5222, STARTTLS" in lines
    assert "  ok    reached           2001:db8::1 in 10 ms" in lines
    assert "  ok                      192.0.2.1 in 12 ms" in lines
    at = lines.index("  WARN  STARTTLS          offered, not required")
    assert lines[at + 1] == " " * 26 + "a client that does not ask for it sends everything in"
    assert lines[at + 2] == " " * 26 + "the clear (RFC 7590 3.1)"
    assert lines[-1] == "1 warning"


@pytest.mark.parametrize(
    ("facts", "last"),
    [
        (GOOD, "all is well"),
        (shop.with_before(starttls=""), "1 failure"),
        (shop.with_before(starttls="", mechanisms=("PLAIN", "X")), "1 failure and 2 warnings"),
        (replace(GOOD, places=()), "example.org could not be reached"),
    ],
)
def test_the_last_line_sums_up(facts: Facts, last: str) -> None:
    assert shown(facts).splitlines()[-1] == last


@pytest.mark.parametrize("width", [80, 60])
def test_it_fits_the_terminal(width: int) -> None:
    for line in shown(shop.with_after(sasl2=(), mechanisms=("PLAIN",)), width).splitlines():
        # A word that is too long for a line stands alone on one.
        assert cells(line) <= width or " " not in line.strip(), line


def test_references_are_not_broken_in_two() -> None:
    text = shown(GOOD, 60)
    assert "\0" not in text
    for reference in ("(RFC 6120 13.7.2)", "(RFC 9325 3.1.1)", "(RFC 6120 5.3.1)"):
        assert reference in text


def test_colour_only_adds_to_the_marks() -> None:
    plain, coloured = shown(GOOD), shown(GOOD, colour=True)
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    assert "\x1b[32mok  \x1b[0m" in coloured


def test_what_a_server_says_cannot_act_on_the_terminal() -> None:
    text = shown(
        shop.with_certificate(names=("evil\x1b[31m.example",), issuer="\u202eAC", subject="x")
    )
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "⟨U+001B⟩" in text
