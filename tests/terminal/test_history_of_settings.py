"""A password that was typed where none belongs, in a setting or a template, is not kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from xmppshell.terminal.history import PrivateHistory


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("/set password S3cret", "/set password [redacted]"),
        ("  /set  PassWord   S3cret and\nmore", "  /set  PassWord   [redacted]"),
        ("/set token S3cret", "/set token [redacted]"),
        ("/set password_command pass show xmpp", "/set password_command pass show xmpp"),
        ("/set password", "/set password"),
        ("/set host example.org", "/set host example.org"),
        ("/t ibr.set password=S3cret", "/t ibr.set password=[redacted]"),
        ('/t! muc.join a@b password="S3cret x" nick=J', "/t! muc.join a@b password=[redacted]"),
        ("/t ping to=a@b", "/t ping to=a@b"),
        ("/template save password", "/template save password"),
    ],
)
def test_a_password_in_a_command(tmp_path: Path, typed: str, kept: str) -> None:
    file = tmp_path / "history"
    history = PrivateHistory(file, pytest.fail)
    history.append_string(typed)
    assert history.get_strings()[-1] == kept
    assert "S3cret" not in file.read_text()
