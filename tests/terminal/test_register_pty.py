"""Registering in a real terminal: the questions, and nothing of the answers that are secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from terminal.shell_driver import Demo, Shell

pytestmark = pytest.mark.pty

SECRET = "a plague on both"
PING = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo(rows=40) as shell:
        yield shell


def answer(shell: Shell, question: str, text: str, count: int = 1) -> None:
    """Wait until `question` was asked `count` times, then type `text`."""
    shell.wait_for(question.rstrip(), count=count)
    shell.settle(0.1)
    shell.send(text)
    shell.press("enter")


def nothing_kept(shell: Shell, secret: str) -> None:
    """Check that neither the screen nor any file of the shell has the secret."""
    assert secret.encode() not in shell.raw_output
    for path in shell.home.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


def register(demo: Demo, *arguments: str) -> Shell:
    port = str(demo.port)
    return Shell("register", *arguments, "--host", "127.0.0.1", "--port", port, "--insecure")


def test_the_command_asks_for_what_it_was_not_told(demo: Demo) -> None:
    with register(demo, "juliet@localhost") as shell:
        shell.wait_for("A new account")
        answer(shell, "Password: ", SECRET)
        answer(shell, "Password again: ", "something else")
        answer(shell, "Password: ", SECRET, count=2)
        answer(shell, "Password again: ", SECRET, count=2)
        answer(shell, "Email address (optional): ", "")
        # The name is taken: only that is asked for again.
        shell.wait_for("somebody has an account of that name")
        answer(shell, "User name: ", "mercutia")
        answer(shell, "Email address (optional): ", "m@example.org", count=2)
        shell.wait_for("mercutia@localhost was created")
        shell.wait_for("next: xmppshell connect mercutia@localhost --host 127.0.0.1")
        assert shell.wait_exit() == 0
        assert "the two are not the same" in shell.text()
        assert shell.text().count("Password:") == 2
        nothing_kept(shell, SECRET)


@pytest.mark.parametrize("key", ["ctrl-c", "ctrl-d"])
def test_who_leaves_makes_no_account(demo: Demo, key: str) -> None:
    with register(demo, "localhost") as shell:
        shell.wait_for("User name:")
        shell.settle(0.1)
        shell.press(key)
        shell.wait_for("no account was made")
        assert shell.wait_exit() == 130


def test_an_account_is_made_beside_an_open_session(demo: Demo) -> None:
    demo.send("/register mercutia@localhost")
    demo.press("enter")
    answer(demo, "Password: ", SECRET)
    answer(demo, "Password again: ", SECRET)
    answer(demo, "Email address (optional): ", "")
    demo.wait_for("next: /connect mercutia@localhost")
    demo.wait_until(lambda: demo.prompt.startswith("juliet>"), "the prompt of before")
    demo.enter(PING, "answers")
    demo.enter("/connect mercutia@localhost", re.compile("ready for stanzas"))
    nothing_kept(demo, SECRET)
    assert demo.leave() == 0


def test_an_account_from_its_making_to_its_end_in_the_shell(demo: Demo) -> None:
    demo.enter("/close", "both sides closed the stream")
    demo.send("/register mercutia@localhost")
    demo.press("enter")
    answer(demo, "Password: ", SECRET)
    answer(demo, "Password again: ", SECRET)
    answer(demo, "Email address (optional): ", "")
    demo.wait_for("next: /connect mercutia@localhost")

    # The stream on which one registers is closed each time.
    demo.send("/register tybalt@localhost")
    demo.press("enter")
    demo.wait_for("Password:", count=2)
    demo.settle(0.1)
    demo.press("ctrl-d")
    demo.wait_for("no account was made")
    demo.wait_until(lambda: demo.prompt.startswith("xmppshell>"), "a prompt without a session")

    demo.enter("/connect mercutia@localhost", re.compile("ready for stanzas"))
    demo.enter("/register", "mercutia@localhost is registered")

    demo.send("/register --new-password")
    demo.press("enter")
    answer(demo, "new password for mercutia@localhost: ", f"{SECRET} 2")
    answer(demo, "new password again: ", f"{SECRET} 2")
    demo.wait_for("the password of mercutia@localhost was changed")
    demo.enter("/close", "both sides closed the stream")
    demo.enter("/connect", re.compile("ready for stanzas"))

    demo.send("/register --cancel")
    demo.press("enter")
    answer(demo, "type mercutia@localhost to go on: ", "no")
    demo.wait_for("nothing was cancelled")
    demo.enter(PING, "answers")
    demo.send("/register --cancel")
    demo.press("enter")
    answer(demo, "type mercutia@localhost to go on: ", "mercutia@localhost", count=2)
    demo.wait_for("mercutia@localhost was deleted")
    nothing_kept(demo, SECRET)
    assert demo.leave() == 0
