"""Joining a room, talking in it and leaving it with nothing of a namespace typed by hand."""

from __future__ import annotations

import re

import pytest
from servers.real_server import RealServer
from terminal.shell_driver import Shell

pytestmark = pytest.mark.pty

MUC = "http://jabber.org/protocol/muc"


def line(shell: Shell) -> str:
    """Return what stands at the prompt, which may go over several lines."""
    last = shell.screen_text().rpartition("juliet> ")[2]
    return "".join(part.strip() for part in last.splitlines())


def type_until(shell: Shell, keys: str, shown: str) -> None:
    """Type, and wait until the prompt begins with a text; spaces do not matter."""
    shell.send(keys)
    wanted = shown.replace(" ", "")
    shell.wait_until(
        lambda: line(shell).replace(" ", "").startswith(wanted), f"{shown} at the prompt"
    )


def test_a_room_without_a_namespace_typed(real_server: RealServer) -> None:
    room = f"hall@{real_server.room_host}"
    arguments = ["connect", f"juliet@{real_server.host}", "--host", real_server.address]
    arguments += ["--port", str(real_server.c2s_port), "--ca-file", str(real_server.ca_file)]
    password = {"XMPPSHELL_PASSWORD": real_server.accounts["juliet"]}
    with Shell(*arguments, env=password, rows=40, columns=120) as shell:
        shell.wait_for("ready for stanzas", timeout=20)
        shell.wait_for("juliet>")
        type_until(shell, "<pre\t", "<presence")
        type_until(shell, " to\t", "<presence to='")
        type_until(shell, f"{room}/me'><", f"<presence to='{room}/me'><")
        shell.wait_for("Multi-User Chat: ")
        type_until(shell, "\t", f"<presence to='{room}/me'><x xmlns='{MUC}'")
        type_until(shell, "/></", f"<presence to='{room}/me'><x xmlns='{MUC}'/></presence>")
        shell.press("enter")
        shell.wait_for(re.compile(r"status code='110'|code=.110."))

        type_until(shell, "<mes\t ty\tgr\t", "<message type='groupchat'")
        type_until(shell, f" to\t{room}", f"<message type='groupchat' to='{room}")
        type_until(shell, "'><bo\t", f"<message type='groupchat' to='{room}'><body>‹body›</body>")
        body = "hello, room"
        type_until(shell, body, f"<message type='groupchat' to='{room}'><body>{body}</body>")
        shell.press("ctrl-e")
        type_until(
            shell, "</", f"<message type='groupchat' to='{room}'><body>{body}</body></message>"
        )
        shell.press("enter")
        shell.wait_for(re.compile(rf"← \d+ message groupchat.* from {re.escape(room)}/me"))

        type_until(shell, "<pre\t to\t", "<presence to='")
        type_until(shell, f"{room}/m\t", f"<presence to='{room}/me'")
        type_until(shell, " ty\tunav\t", f"<presence to='{room}/me' type='unavailable'")
        shell.send("/>")
        shell.press("enter")
        shell.wait_for(re.compile(r"← \d+ presence unavailable"))
        assert shell.leave() == 0
        assert "Traceback" not in shell.text()
