"""The transcript that is shipped as an example is what `/save` writes of that conversation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from terminal.shell_driver import ROOT, Demo

pytestmark = pytest.mark.pty

EXAMPLE = ROOT / "transcripts" / "examples" / "hello-romeo.scs"

CONVERSATION = {
    "<presence/>": "looking for my fan",
    "<message to='romeo@localhost' type='chat'><body>Hello, Romeo!</body></message>": "id='r1'",
    "<iq type='get' to='romeo@localhost/orchard'><ping xmlns='urn:xmpp:ping'/></iq>": "iq result",
    "<message to='romeo@localhost' type='chat'><body>Do you know what I like about your name?"
    "</body></message>": "id='r2'",
    "<presence type='unavailable'/>": "← ",
    "/close": "both sides closed the stream",
}
"""What juliet types, and what she waits for each time."""


def play(text: str) -> list[str]:
    """Return the lines of a transcript but the comments, which tell of one connection only."""
    return [line for line in text.splitlines() if not line.startswith("# ")]


def test_the_example_is_what_is_saved_of_the_same_conversation(tmp_path: Path) -> None:
    path = tmp_path / "hello-romeo.scs"
    with Demo(rows=40, columns=120) as shell:
        for typed, awaited in CONVERSATION.items():
            shell.enter(typed, awaited)
        shell.enter(f"/save {path} --title 'Hello, Romeo'", "saved to")
        assert shell.leave() == 0
    saved, example = path.read_text("utf-8"), EXAMPLE.read_text("utf-8")
    assert play(saved) == play(example), f"save the conversation again as {EXAMPLE}"
    assert saved.splitlines()[0] == example.splitlines()[0] == "# Hello, Romeo"
    for step in ("connected to ", "secured: TLS", "signed in: SCRAM", "bound: juliet@localhost/"):
        assert re.search(f"^# {step}", saved, re.M)
        assert re.search(f"^# {step}", example, re.M)
