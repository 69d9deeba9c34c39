"""What completes after /t, /template and /templates."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands.desk_driver import Stage
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from xmppshell.terminal.completer import ShellCompleter


def offered(typed: str, folder: Path) -> dict[str, str]:
    """Give what is offered, each with what the menu says beside it."""
    completer = ShellCompleter(Stage(0, folder).desk)
    found = completer.get_completions(Document(typed), CompleteEvent())
    return {completion.text: completion.display_meta_text for completion in found}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/t muc.s", ["muc.subject", "muc.selfping"]),
        ("/t! pi", ["ping"]),
        ("/template csi", ["csi.inactive", "csi.active"]),
        ("/templates ro", ["roster"]),
        (
            "/t presence.available ",
            ["show=", "status=", "priority=", "away", "chat", "dnd", "xa"],
        ),
        ("/t presence.available d", ["dnd"]),
        ("/t presence.available status=x p", ["priority="]),
        ("/t presence.available status=x show=d", ["show=dnd"]),
        ("/t roster.set a@b n", ["name="]),
        ("/t nothing ", []),
        ("/t csi.active ", []),
    ],
)
def test_names_groups_and_fields(tmp_path: Path, typed: str, expected: list[str]) -> None:
    assert list(offered(typed, tmp_path)) == expected


def test_the_menu_says_what_they_are_for(tmp_path: Path) -> None:
    assert offered("/t pin", tmp_path) == {"ping": "see whether someone answers, and how fast"}
    assert offered("/templates nonz", tmp_path) == {"nonza": "Between the stanzas"}
    assert "your server" in offered("/t ping t", tmp_path)["to="]
