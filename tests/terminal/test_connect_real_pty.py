"""`xmppshell connect` in a real terminal, against real servers: in, and every way not to get in."""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path

import pytest
from servers.real_server import RealServer, free_ports
from terminal.shell_driver import Shell

pytestmark = pytest.mark.pty

PING = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


def to(server: RealServer, *options: str, user: str = "juliet", domain: str = "") -> list[str]:
    """Return the arguments that reach `server` by STARTTLS, trusting its CA."""
    jid = f"{user}@{domain or server.host}"
    port = [] if "--port" in options else ["--port", str(server.c2s_port)]
    trust = [] if "--ca-file" in options else ["--ca-file", str(server.ca_file)]
    return ["connect", jid, "--host", server.address, *port, *trust, *options]


def password(server: RealServer) -> dict[str, str]:
    return {"XMPPSHELL_PASSWORD": server.accounts["juliet"]}


def fails(shell: Shell, *words: str) -> str:
    """Wait for the end of a shell that did not get in; check status, and that it says why."""
    assert shell.wait_exit(20) == 3
    text = " ".join(shell.text().split())
    for word in (*words, "usually: ", "try: "):
        assert word in text, shell.text()
    assert "Traceback" not in text
    assert "ready for stanzas" not in text
    assert all(len(line) <= 80 for line in shell.text().splitlines())
    return text


@pytest.mark.parametrize("tls", ["starttls", "direct"])
def test_in_by_starttls_and_by_direct_tls(real_server: RealServer, tls: str) -> None:
    options = ["--port", str(real_server.direct_tls_port), "--tls", "direct"]
    arguments = to(real_server, *(options if tls == "direct" else []))
    with Shell(*arguments, env=password(real_server), rows=30) as shell:
        shell.wait_for("ready for stanzas", timeout=20)
        steps = re.findall(r"^  (\w+(?: in)?)  +\S", shell.text(), re.M)
        assert steps == ["connecting", "connected", "secured", "signed in", "bound", "online"]
        assert "server's signature verified" in shell.text()
        shell.wait_for("juliet>")
        shell.enter(PING, re.compile(r"iq result   answers \d+ in \d"))
        shell.enter("/tls", re.compile(r"verified +yes"))
        assert shell.leave() == 0
        assert "both sides closed the stream" in shell.text()


def test_a_wrong_password(real_server: RealServer) -> None:
    with Shell(*to(real_server), env={"XMPPSHELL_PASSWORD": "guess"}) as shell:
        fails(shell, "not-authorized", "the user name or the password is wrong")
        assert b"guess" not in shell.raw_output


def test_a_domain_that_the_server_does_not_serve(real_server: RealServer) -> None:
    arguments = to(real_server, domain="elsewhere.example")
    with Shell(*arguments, env=password(real_server)) as shell:
        fails(shell, "host-unknown", "check the domain of the JID")


def test_an_untrusted_certificate(real_server: RealServer) -> None:
    arguments = to(real_server)
    without = arguments[: arguments.index("--ca-file")]
    with Shell(*without, env=password(real_server)) as shell:
        fails(shell, "issued by an authority that is not trusted here", "--ca-file", "--insecure")
    with Shell(*without, "--insecure", env=password(real_server), rows=30) as shell:
        shell.wait_for("ready for stanzas", timeout=20)
        assert "the certificate is NOT VERIFIED" in shell.text()


def test_a_server_that_is_killed_while_one_types(real_server_class: type[RealServer]) -> None:
    with real_server_class() as server, Shell(*to(server), env=password(server)) as shell:
        shell.wait_for("ready for stanzas", timeout=20)
        shell.wait_for("juliet>")
        shell.send(PING)
        shell.wait_for("</iq>")
        server.kill()
        shell.wait_for("try: ", timeout=20)
        shell.wait_for(f"xmppshell> {PING}")
        text = " ".join(shell.text().split())
        assert re.search(r"(closed|cut|lost) the connection|the connection was", text)
        assert "usually: " in text
        shell.press("enter")
        shell.wait_for("there is no connection")
        shell.enter("/connect", "refused the connection")
        assert shell.leave() == 3
        assert "Traceback" not in shell.text()


def test_a_port_on_which_nobody_listens() -> None:
    (port,) = free_ports(1)
    arguments = ["connect", "juliet@localhost", "--host", "127.0.0.1", "--port", str(port)]
    with Shell(*arguments, env={"XMPPSHELL_PASSWORD": "x"}) as shell:
        text = fails(shell, f"127.0.0.1:{port} refused the connection")
        assert text.count("refused the connection") == 1


# Where the password comes from.


def test_the_password_that_is_asked_for_is_not_shown(prosody: RealServer) -> None:
    with Shell(*to(prosody)) as shell:
        shell.wait_for("password for juliet@localhost:")
        time.sleep(0.2)  # getpass switches the echo off after it has asked, and drops what came
        shell.send(prosody.accounts["juliet"] + "\r")
        shell.wait_for("ready for stanzas", timeout=20)
        assert prosody.accounts["juliet"].encode() not in shell.raw_output
        assert b"*****" not in shell.raw_output


def test_the_password_can_be_declined(prosody: RealServer) -> None:
    with Shell(*to(prosody)) as shell:
        shell.wait_for("password for juliet@localhost:")
        shell.press("ctrl-c")
        assert shell.wait_exit() == 130
        assert "Traceback" not in shell.text()
    with Shell(*to(prosody)) as shell:
        shell.wait_for("password for juliet@localhost:")
        time.sleep(0.2)
        shell.press("ctrl-d")
        assert shell.wait_exit() == 1
        assert "Traceback" not in shell.text()


@pytest.mark.parametrize("source", ["variable", "file", "command"])
def test_the_password_from_elsewhere(prosody: RealServer, tmp_path: Path, source: str) -> None:
    path = tmp_path / "password"
    path.write_text(prosody.accounts["juliet"] + "\n")
    wrong = {"XMPPSHELL_PASSWORD": "wrong"}
    options, environment = {
        "variable": ([], password(prosody)),
        "file": (["--password-file", str(path)], wrong),
        "command": (["--password-command", f"cat {shlex.quote(str(path))}"], wrong),
    }[source]
    with Shell(*to(prosody, *options), env=environment) as shell:
        shell.wait_for("ready for stanzas", timeout=20)
        assert shell.text().count("password for") == 0


# Getting away.


def test_ctrl_c_ends_an_attempt_that_hangs(silent_server) -> None:
    arguments = ["--host", "127.0.0.1", "--port", str(silent_server.port)]
    with Shell("connect", "juliet@localhost", *arguments, env={"XMPPSHELL_PASSWORD": "x"}) as shell:
        shell.wait_for("connected ")
        shell.send("typed meanwhile")
        shell.press("ctrl-c")
        assert shell.wait_exit() == 130
        assert "typed meanwhile" not in shell.text()
        assert "Traceback" not in shell.text()


def test_ctrl_c_ends_an_attempt_in_the_shell_and_not_the_shell(silent_server) -> None:
    with Shell() as shell:
        shell.wait_for("xmppshell>")
        typed = f"/connect juliet@localhost --host 127.0.0.1 --port {silent_server.port}"
        shell.enter(typed, "password for juliet@localhost:")
        shell.press("enter")
        shell.wait_for("connected ")
        shell.press("ctrl-c")
        shell.wait_for("! interrupted")
        shell.wait_until(lambda: shell.prompt == "xmppshell>", "the prompt")
        assert shell.leave() == 0


def test_what_is_typed_meanwhile_is_not_lost_and_not_in_the_way(silent_server) -> None:
    with Shell() as shell:
        shell.wait_for("xmppshell>")
        typed = f"/connect juliet@localhost --host 127.0.0.1 --port {silent_server.port}"
        shell.enter(typed, "password for juliet@localhost:")
        shell.press("enter")
        shell.wait_for("connected ")
        shell.send("/help quit")
        shell.settle()
        assert "/help quit" not in shell.text()
        silent_server.hang_up()
        shell.wait_until(lambda: shell.prompt == "xmppshell> /help quit", "what was typed")
        assert "usually: " in shell.text()
        shell.press("enter")
        shell.wait_for("close every stream properly and leave")
        assert shell.leave() == 3
