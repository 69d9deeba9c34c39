"""What completes where there are several sessions, accounts and settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands.desk_driver import Stage, stage
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from xmppshell.terminal.completer import ShellCompleter
from xmppshell.terminal.lexer import State, lex_line

FILE = """\
[accounts.work]
jid = "nurse@localhost"
"""


def offered(here: Stage, typed: str) -> list[str]:
    completer = ShellCompleter(here.desk)
    found = completer.get_completions(Document(typed), CompleteEvent())
    return [completion.text for completion in found]


async def test_names_of_sessions(tmp_path: Path) -> None:
    async with stage(tmp_path, FILE) as here:
        await here.connect("juliet@localhost")
        await here.connect("romeo@localhost")
        assert offered(here, "@") == ["juliet ", "romeo "]
        assert offered(here, "@ro") == ["romeo "]
        assert offered(here, "/use j") == ["juliet"]
        assert offered(here, "/close ") == ["juliet", "romeo"]
        assert offered(here, "@romeo <mess") == ["message"]
        assert offered(here, "@romeo <message><body>x</") == ["body>"]
        assert offered(here, "@romeo <message to='$us") == ["$user"]
        await here.enter("/close juliet")
        assert offered(here, "/connect j")[0] == "juliet"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/connect w", ["work"]),
        ("/connect work --no-i", ["--no-insecure"]),
        ("/set ed", ["editing"]),
        ("/set editing ", ["emacs", "vi"]),
        ("/set raw o", ["on", "off"]),
        ("/set port ", []),
        ("/set nothing ", []),
        ("/unset timeo", ["timeout"]),
        ("@", []),
    ],
)
def test_accounts_and_settings(tmp_path: Path, typed: str, expected: list[str]) -> None:
    assert offered(Stage(0, tmp_path, FILE), typed) == expected


def test_a_mistake_in_the_file_does_not_stop_the_completion(tmp_path: Path) -> None:
    assert offered(Stage(0, tmp_path, "[accounts"), "/connect w") == []


@pytest.mark.parametrize("line", ["@romeo <iq/>", "  @ro", "@romeo<iq/>"])
def test_the_name_of_a_session_is_coloured(line: str) -> None:
    fragments, _ = lex_line(line, State.START)
    style, text = fragments[0][:2]
    assert (style, text.strip()) == ("class:command", line.split("<")[0].strip())
    assert "".join(fragment[1] for fragment in fragments) == line
    assert ("class:tag", "<iq/>") in [fragment[:2] for fragment in fragments] or "<" not in line
