"""`xmppshell help`: the reference of transcripts, the list of pages, and the help of a command."""

from __future__ import annotations

import pytest

from xmppshell import cli
from xmppshell.exit_status import ExitStatus
from xmppshell.terminal.reference import page
from xmppshell.terminal.theme import Theme
from xmppshell.transcript.language import reference

Printed = pytest.CaptureFixture[str]


def test_the_reference_is_printed_as_it_is(capsys: Printed) -> None:
    assert cli.run(["help", "transcripts"]) is ExitStatus.OK
    assert capsys.readouterr() == (reference(), "")


def test_in_colour_the_marks_of_markdown_are_gone(capsys: Printed) -> None:
    assert cli.run(["help", "transcripts", "--color"]) is ExitStatus.OK
    out = capsys.readouterr().out
    assert "\x1b[" in out
    assert "```" not in out
    assert "\n## " not in out
    assert "`include" not in out


def test_without_colour_a_page_has_all_its_words() -> None:
    text = page("# Top\n\n`a b`\n:   told `so`\n\n```scs\n# c\nRomeo connects\n```\n", Theme(False))
    assert text == "Top\n\na b\n    told so\n\n    # c\n    Romeo connects"


def test_the_pages_are_listed_and_commands_have_their_help(capsys: Printed) -> None:
    assert cli.run(["help"]) is ExitStatus.OK
    assert "xmppshell help transcripts" in capsys.readouterr().out
    assert cli.run(["help", "lint"]) is ExitStatus.OK
    assert capsys.readouterr().out.startswith("usage: xmppshell lint")


def test_an_unknown_topic_is_a_wrong_use_with_what_is_near(capsys: Printed) -> None:
    assert cli.run(["help", "transcript"]) is ExitStatus.USAGE
    assert "did you mean transcripts" in capsys.readouterr().err
