"""`xmppshell check` for somebody who sits and waits."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from terminal.shell_driver import SGR, Demo, Shell

pytestmark = pytest.mark.pty


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo(rows=40) as shell:
        yield shell


def test_what_is_looked_at_is_shown_and_taken_away(demo: Demo) -> None:
    place = ("--host", "127.0.0.1", "--port", str(demo.port))
    with Shell("check", "juliet@localhost", *place, "--insecure", rows=60) as shell:
        shell.wait_for("password for juliet@localhost:")
        shell.send("verona")
        shell.press("enter")
        text = shell.wait_for("1 warning")
        assert shell.wait_exit() == 0
        assert b"signing in as juliet@localhost" in shell.raw_output
        assert "looking at" not in text
        assert SGR.search(shell.raw_output)
        assert b"verona" not in shell.raw_output


def test_ctrl_c_ends_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        with Shell("check", "localhost", "--host", "127.0.0.1", "--port", port) as shell:
            shell.wait_for("looking at 127.0.0.1")
            shell.press("ctrl-c")
            assert shell.wait_exit() == 130
            assert "Traceback" not in shell.text()
