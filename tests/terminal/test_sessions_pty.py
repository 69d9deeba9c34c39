"""Two accounts in one shell, in a real terminal of 24 lines by 80 columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal.served import Served
from terminal.shell_driver import Demo, Shell

pytestmark = pytest.mark.pty

PING = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


@pytest.fixture
def demo() -> Iterator[Demo]:
    """Run the demo with romeo as a second session."""
    with Demo() as shell:
        shell.enter("/connect romeo@localhost/garden", "password for romeo@localhost:")
        shell.send("verona")
        shell.press("enter")
        shell.wait_for(re.compile("^romeo>", re.M))
        yield shell


def captures(shell: Shell) -> dict[str, list[dict[str, object]]]:
    """Give the lines of each capture by the account in its header."""
    read = {}
    for path in (shell.state / "captures").iterdir():
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        read[str(lines[0]["account"])] = lines[1:]
    return read


def test_each_line_says_whose_it_is(demo: Demo) -> None:
    steps = demo.text().rpartition("password for")[2]
    assert re.search(r"^romeo   connected   127\.0\.0\.1:\d+ ", steps, re.M)
    assert re.search(r"^romeo   online      ready for stanzas ", steps, re.M)
    after = demo.enter(PING, re.compile(r"^romeo ← \d+ iq result   answers", re.M))
    assert re.search(r"^romeo → \d+ iq get   r\d+$", after, re.M)
    assert max(map(len, demo.screen_lines())) <= 80


def test_at_sends_on_the_other_and_both_see_their_side(demo: Demo) -> None:
    typed = "@juliet <message to='romeo@localhost/garden'><body>hi</body></message>"
    after = demo.enter(typed, re.compile(r"^romeo ← \d+ message", re.M))
    assert re.search(r"^juliet → \d+ message   j\d+   to romeo@localhost/garden$", after, re.M)
    assert re.search(r"^romeo ← \d+ message .*from juliet@localhost/balcony$", after, re.M)
    demo.wait_until(lambda: demo.prompt.startswith("romeo>"), "romeo's prompt still")


def test_f2_switches_and_the_toolbar_counts_the_others(demo: Demo) -> None:
    demo.wait_until(lambda: "F2: juliet" in demo.toolbar, "juliet in the toolbar")
    demo.press("f2")
    demo.wait_until(lambda: demo.prompt.startswith("juliet>"), "juliet's prompt")
    demo.wait_until(lambda: demo.toolbar.startswith(" juliet@localhost/balcony"), "her toolbar")
    typed = "<message to='romeo@localhost/garden'><body>hi</body></message>"
    demo.enter(typed, re.compile("^romeo ← ", re.M))
    demo.wait_until(lambda: "F2: romeo 1 new" in demo.toolbar, "the count of what is new")
    demo.press("f2")
    demo.wait_until(lambda: demo.prompt.startswith("romeo>"), "romeo's prompt")
    demo.press("f2")
    demo.wait_until(lambda: re.search("F2: romeo  ", demo.toolbar) is not None, "no count")


def test_what_is_typed_stays_when_the_session_changes(demo: Demo) -> None:
    demo.send("<presence/>")
    demo.press("f2")
    demo.wait_until(lambda: demo.prompt == "juliet> <presence/>", "the text at the other prompt")
    demo.press("enter")
    demo.wait_for(re.compile(r"^juliet → \d+ presence", re.M))


def test_names_complete_and_xml_behind_them_is_judged(demo: Demo) -> None:
    demo.send("@ju")
    demo.press("tab")
    demo.wait_until(lambda: demo.prompt.rstrip() == "romeo> @juliet", "the name")
    demo.send("<message><body>a & b</body></message>")
    demo.press("enter")
    demo.wait_for("must be written")
    caret = next(line for line in demo.screen_lines() if line.strip() == "^")
    shown = demo.screen_lines()[demo.screen_lines().index(caret) - 1]
    assert shown[caret.index("^")] == "&"
    demo.press("ctrl-c")
    demo.send("@nobody <presence/>")
    demo.press("enter")
    demo.wait_for("there is no session nobody")
    demo.press("ctrl-c")
    demo.send("@juliet hello")
    demo.press("enter")
    demo.wait_for("@NAME stands before XML")
    assert "→" not in demo.text().rpartition("romeo> @ju")[2]


def test_an_end_tag_completes_itself_behind_a_name(demo: Demo) -> None:
    demo.send("@juliet <message to='romeo@localhost/garden'><body>hi</")
    demo.wait_until(lambda: "hi</body>" in demo.text(), "the end tag")


def test_closing_one_leaves_the_other(demo: Demo) -> None:
    demo.enter("/close juliet", re.compile("^juliet   closed      both sides closed", re.M))
    demo.enter(PING, re.compile(r"^romeo ← \d+ iq result", re.M))
    after = demo.enter("/sessions", re.compile("^. romeo .*bound$", re.M))
    assert re.search(r"^  juliet  juliet@localhost/balcony  closed$", after, re.M)
    assert re.search(r"^▸ romeo   romeo@localhost/garden    bound$", after, re.M)
    assert "F2" not in demo.toolbar
    demo.enter("/connect juliet", re.compile("^juliet   online ", re.M))
    demo.wait_until(lambda: demo.prompt.startswith("juliet>"), "juliet's prompt")


def test_a_closed_current_one_says_so(demo: Demo) -> None:
    demo.enter("/drop", re.compile("^romeo   closed ", re.M))
    demo.wait_until(lambda: demo.prompt.startswith("romeo (closed)>"), "the prompt")
    demo.enter("<presence/>", "romeo is not connected")
    demo.press("f2")
    demo.wait_until(lambda: demo.prompt.startswith("juliet>"), "juliet's prompt")


def test_ctrl_d_closes_every_stream_properly(demo: Demo) -> None:
    assert demo.leave() == 0
    kept = captures(demo)
    assert set(kept) == {"juliet@localhost", "romeo@localhost"}
    for lines in kept.values():
        ends = [line["dir"] for line in lines if line.get("kind") == "end"]
        assert sorted(map(str, ends)) == ["received", "sent"]


def test_step_by_step_a_proposal_stays_with_its_session(demo: Demo) -> None:
    demo.enter("/connect nurse@localhost --negotiate step", "password for nurse@localhost:")
    demo.send("verona")
    demo.press("enter")
    demo.wait_until(lambda: "<stream:stream" in demo.screen_text(), "the first move in the prompt")
    demo.press("f2")
    demo.wait_until(lambda: demo.prompt.rstrip() == "juliet>", "an empty prompt")
    demo.enter(PING, re.compile(r"^juliet ← \d+ iq result", re.M))
    demo.press("f2", "f2")
    demo.wait_until(
        lambda: re.search("^nurse> <.xml|^nurse> <stream", demo.screen_text(), re.M) is not None,
        "the move in the prompt again",
    )


# The configuration.

CONFIGURATION = """\
[defaults]
host = "127.0.0.1"
port = {port}
ca_file = "{ca_file}"

[accounts.work]
jid = "juliet@localhost/desk"
password_command = "echo verona"

[accounts.play]
jid = "romeo@localhost"
password_file = "secret"

[shell]
timestamps = true
raw = true
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Run a practice server of its own."""
    with Served(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def configuration(tmp_path: Path, served: Served) -> Path:
    """Write a configuration for that server; give its folder."""
    folder = tmp_path / "xmppshell"
    folder.mkdir()
    text = CONFIGURATION.format(port=served.port, ca_file=served.ca_file)
    (folder / "config.toml").write_text(text)
    (folder / "secret").write_text("verona\n")
    return folder


def test_accounts_open_without_a_question(configuration: Path) -> None:
    with Shell("connect", "work", env={"XDG_CONFIG_HOME": str(configuration.parent)}) as shell:
        shell.wait_for(re.compile("^work>", re.M))
        after = shell.enter(PING, re.compile(r"iq result   answers \d+ in", re.M))
        assert re.search(r"iq get   w\d+ +\d\d:\d\d:\d\d$", after, re.M)
        assert re.search(r"^<iq type='get'", after, re.M), "raw, as the configuration has it"
        shell.enter("/connect play", re.compile("^play   online ", re.M))
        shell.wait_until(lambda: shell.prompt.startswith("play>"), "the prompt of the other")
        shell.enter("@work <presence/>", re.compile(r"^work → \d+ presence", re.M))
        after = shell.enter("/set", "what lasts stands in")
        assert re.search(r"^  raw +on +config\.toml:16$", after, re.M)
        assert re.search(r"^  host +127\.0\.0\.1 +config\.toml:2$", after, re.M)
        assert "password for" not in shell.text()
        assert shell.leave() == 0


def test_a_mistake_is_told_by_its_line_while_the_shell_goes_on(configuration: Path) -> None:
    with Shell(env={"XDG_CONFIG_HOME": str(configuration.parent)}) as shell:
        shell.wait_for("xmppshell>")
        file = configuration / "config.toml"
        file.write_text(file.read_text().replace("timestamps", "timestamp"))
        after = shell.enter("/connect work", "did you mean timestamps?")
        assert "config.toml:15:thereisnotimestampin[shell]" in "".join(after.split())
        file.write_text(file.read_text().replace("timestamp", "timestamps"))
        shell.enter("/connect work", re.compile("^work>", re.M))


@pytest.mark.parametrize("command", ["demo", "connect work", ""])
def test_a_shell_does_not_begin_with_a_mistake(configuration: Path, command: str) -> None:
    (configuration / "config.toml").write_text("\n[shell]\nediting = 'ed'\n")
    with Shell(*command.split(), env={"XDG_CONFIG_HOME": str(configuration.parent)}) as shell:
        assert shell.wait_exit() == 1
        text = "".join(shell.text().split())
        assert "config.toml:3:editing:edisnotemacsorvi" in text
        assert "Traceback" not in text
