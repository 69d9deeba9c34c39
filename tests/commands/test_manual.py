"""The README's table of commands is made from their declarations."""

from __future__ import annotations

from pathlib import Path

from xmppshell.commands.all_commands import build_registry
from xmppshell.commands.help import manual_table

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- commands -->\n", "<!-- end of commands -->"


def test_the_readme_has_the_commands_as_they_are_declared() -> None:
    written = README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert written == manual_table(build_registry()) + "\n", (
        "put the output of xmppshell.commands.help.manual_table between the markers"
    )
