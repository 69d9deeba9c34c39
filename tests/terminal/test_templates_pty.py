"""Templates in a real terminal: into the prompt, filled in, sent, saved and used again."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal.shell_driver import Shell

pytestmark = pytest.mark.pty


def test_a_message_by_a_template_and_a_template_of_the_message(tmp_path: Path) -> None:
    folders = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path)}
    with Shell("demo", env=folders, rows=40, columns=100) as shell:
        shell.wait_for("ready for stanzas")
        shell.wait_for("juliet>")
        shell.enter("/t message.chat romeo@localhost", "<body>‹body›</body>")
        shell.press("enter")
        shell.wait_for("‹body› is still open")
        shell.send("Good morrow")
        shell.wait_for("<body>Good morrow</body>")
        shell.press("enter")
        shell.wait_for("→ 18 message chat")
        shell.wait_for("← 19 message chat")

        shell.enter("/template save greet 18", "saved 18 as greet")
        assert (tmp_path / "config" / "xmppshell" / "templates" / "greet.toml").exists()
        shell.enter('/t! greet body="Good night"', "<body>Good night</body>")
        shell.enter("/templates saved", "saved from a chat message")
        shell.enter("/t! presence.available priority=200", "200 is outside -128..127")
        assert shell.leave() == 0
        assert "Traceback" not in shell.text()
