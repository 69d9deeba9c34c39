"""The three speeds in a real terminal: step, manual (SCRAM by hand included), and `--until`."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scramp import ScramClient
from terminal.pty_driver import PtyShell

from xmppshell.practice.accounts import PRACTICE_PASSWORD

pytestmark = pytest.mark.pty

HEADER = (
    "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[object]:
    shells: list[PtyShell] = []

    def start(*options: str) -> PtyShell:
        argv = [sys.executable, "-m", "xmppshell", "demo", *options]
        # Wide, so that a nonce stands on one line.
        shell = PtyShell(argv, rows=50, columns=240)
        shells.append(shell)
        shell.wait_for("juliet>")
        return shell

    yield start
    for shell in shells:
        shell.close()


def enter(shell: PtyShell, text: str, awaited: str, count: int = 1) -> str:
    shell.send(text)
    shell.press("enter")
    return shell.wait_for(awaited, count=count)


def test_step_puts_each_move_into_the_prompt(demo) -> None:
    shell = demo("--negotiate", "step")
    for move, _ in (
        ("open: a stream begins", 1),
        ("starttls: ", 1),
        ("open: the stream starts anew", 1),
        ("auth: ", 1),
        ("response: ", 1),
        ("open: the stream starts anew", 2),
        ("bind: ", 1),
    ):
        shell.wait_for(f"your move   {move}")
        shell.settle()
        shell.press("enter")
    shell.wait_for("ready for stanzas")
    assert PRACTICE_PASSWORD not in shell.text()


def test_manual_sends_nothing_but_what_is_typed_scram_included(demo) -> None:
    shell = demo("--negotiate", "manual")
    shell.settle()
    assert "→" not in shell.text()

    enter(shell, HEADER, "<starttls xmlns=")
    enter(shell, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "TLS 1.3, ")
    enter(shell, HEADER, "<mechanism>SCRAM-SHA-256<")

    scram = ScramClient(["SCRAM-SHA-256"], "juliet", PRACTICE_PASSWORD)
    first = base64.b64encode(scram.get_client_first().encode()).decode()
    enter(
        shell,
        f"<auth xmlns='{SASL}' mechanism='SCRAM-SHA-256'>{first}</auth>",
        re.compile(r"i: iterations +\d+"),
    )
    text = shell.settle()
    nonce = re.findall(r"r: nonce +(\S+)", text)[-1]
    salt = re.findall(r"s: salt +(\S+)", text)[-1]
    rounds = re.findall(r"i: iterations +(\d+)", text)[-1]
    offer = "".join(f",h={found}" for found in re.findall(r"h: offer hash +(\S+)", text))
    scram.set_server_first(f"r={nonce},s={salt},i={rounds}{offer}")
    final = base64.b64encode(scram.get_client_final().encode()).decode()
    enter(shell, f"<response xmlns='{SASL}'>{final}</response>", "signed in   SCRAM-SHA-256")
    assert final not in shell.text().split("signed in")[-1]

    enter(shell, HEADER, "urn:ietf:params:xml:ns:xmpp-bind")
    bind = "<iq type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
    enter(shell, bind, "ready for stanzas")
    assert "[auto]" not in shell.text()


def test_hint_shows_the_move_and_do_makes_it(demo) -> None:
    shell = demo("--negotiate", "manual")
    enter(shell, "/hint", "open: a stream begins with its header")
    enter(shell, "/do", "<starttls xmlns=")
    enter(shell, "/hint", "starttls: ")
    enter(shell, "/do", "TLS 1.3, ")
    enter(shell, "/state", "← here")
    enter(shell, "/negotiate auto", "ready for stanzas")
    enter(shell, "/hint", "nothing to do but to wait")


@pytest.mark.parametrize(
    ("stage", "shown", "not_yet"),
    [
        ("connected", "connected   127.0.0.1", "secured"),
        ("features", "stream:features", "secured"),
        ("tls", "secured", "signed in"),
        ("authenticated", "signed in", "bound  "),
        ("bound", "ready for stanzas", "your move"),
    ],
)
def test_until_stops_there_and_hands_over(demo, stage: str, shown: str, not_yet: str) -> None:
    shell = demo("--until", stage)
    shell.wait_for(shown)
    text = shell.settle()
    assert not_yet not in text
    enter(shell, "/negotiate auto", "ready for stanzas")


def test_a_stanza_at_the_wrong_moment_is_sent_and_its_error_explained(demo) -> None:
    shell = demo("--until", "tls")
    shell.wait_for("secured")
    enter(shell, HEADER, "<mechanism>")
    message = "<message to='romeo@localhost'><body>too early</body></message>"
    enter(shell, message, "nobody has signed in yet")
    enter(shell, "", "not-authorized")
    shell.wait_for("usually")


def test_manual_leaves_pings_to_the_user(demo) -> None:
    shell = demo()
    enter(shell, "/negotiate manual", "nothing is sent but what you type")
    ping = "<iq type='get' to='$me' id='self'><ping xmlns='urn:xmpp:ping'/></iq>"
    enter(shell, ping, "iq get", count=2)
    shell.settle()
    assert "[auto]" not in shell.text()
    enter(shell, "/hint", "ping: an XMPP ping is owed an answer")
    enter(shell, "/do", "answers")
