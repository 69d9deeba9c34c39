"""Two accounts in one shell, in a real terminal of 24 lines by 80 columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
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


# Accounts of the configuration.


def test_the_shell_is_as_the_configuration_has_it() -> None:
    with Shell("config", "--path") as asked:
        asked.wait_exit()
        assert asked.text().strip().endswith("xmppshell/config.toml")
    with Demo() as plain:
        (plain.home / "config" / "xmppshell").mkdir()
        file = plain.home / "config" / "xmppshell" / "config.toml"
        file.write_text("[shell]\ntimestamps = true\n[accounts.nurse]\njid = 'nurse@localhost'\n")
        plain.enter("/set", re.compile(r"timestamps +off +this shell"))
        plain.enter("/set timestamps on", "timestamps: on  (/set)")
        plain.enter(PING, re.compile(r"iq get   j\d+ +\d\d:\d\d:\d\d$", re.M))
        file.write_text("[shell]\ntimestamp = true\n")
        after = plain.enter("/connect nurse", "did you mean timestamps?")
        assert "config.toml:2: there is no timestamp in [shell]" in " ".join(after.split())
