"""The driver of the pseudo-terminal types, reads, waits and cleans up as it says."""

from __future__ import annotations

import os
import re
import signal
import sys
import time

import pytest
from terminal.pty_driver import NotShown, PtyShell

pytestmark = pytest.mark.pty


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_what_is_typed_reaches_the_program_and_its_answer_the_screen():
    with PtyShell(python("print('HELLO ' + input('name? ').upper())")) as shell:
        shell.wait_for("name?")
        assert shell.cursor == (0, len("name? "))
        shell.send("juliet")
        shell.press("enter")
        shell.wait_for("HELLO JULIET")
        assert shell.wait_exit() == 0
        # The terminal's own echo of what was typed is there too, in bytes and on the screen.
        assert shell.raw_output == b"name? juliet\r\nHELLO JULIET\r\n"
        assert shell.screen_lines()[:2] == ["name? juliet", "HELLO JULIET"]
        assert len(shell.screen_lines()) == 24


def test_a_program_has_the_size_that_was_asked_for_and_learns_of_another():
    script = (
        "import os, signal\n"
        # print() may not be entered again by a signal that comes while it is at work.
        "show = lambda *_: os.write(1, b'%d %d\\n' % os.get_terminal_size())\n"
        "signal.signal(signal.SIGWINCH, show); show()\n"
        "while True: signal.pause()\n"
    )
    with PtyShell(python(script), rows=30, columns=100) as shell:
        shell.wait_for("100 30")
        shell.resize(rows=20, columns=60)
        shell.wait_for("60 20")
        assert len(shell.screen_lines()) == 20


def test_lines_that_scroll_away_are_kept_and_counted():
    with PtyShell(python("[print(f'line {n}.') for n in range(500)]"), rows=5) as shell:
        text = shell.wait_for("line 499.")
        assert text.splitlines()[:2] == ["line 0.", "line 1."]
        assert "line 0." not in shell.screen_text()
        shell.wait_for(re.compile(r"line \d+\."), count=500)
        with pytest.raises(NotShown, match="501 times"):
            shell.wait_for(re.compile(r"line \d+\."), count=501, timeout=0.1)


def test_wide_and_combining_characters_are_read_as_written():
    with PtyShell(python(r"print('日本 e\u0301 \x1b[1mbold\x1b[0m.')")) as shell:
        shell.wait_for("日本 é bold.")


def test_a_paste_is_bracketed_and_has_the_line_ends_of_a_terminal():
    script = (
        "import os, sys, tty; tty.setraw(0); print('ready', flush=True)\n"
        "data = b''\n"
        "while not data.endswith(b'~!'): data += os.read(0, 100)\n"
        "print(ascii(data))"
    )
    with PtyShell(python(script)) as shell:
        shell.wait_for("ready")
        shell.paste("<a>\n</a>")
        shell.send("!")
        shell.wait_for(r"b'\x1b[200~<a>\r</a>\x1b[201~!'")


def test_a_long_text_is_typed_in_full_though_the_program_prints_all_the_while():
    script = (
        "import sys, tty; tty.setraw(0); print('ready', flush=True)\n"
        "for n in range(200_000): print(sys.stdin.read(1), end='', flush=n % 100 == 0)\n"
        "print('end')"
    )
    with PtyShell(python(script)) as shell:
        shell.wait_for("ready")
        shell.send("0123456789" * 20_000)
        shell.wait_for("end", timeout=30)
        assert shell.raw_output.count(b"0123456789") == 20_000


def test_ctrl_c_is_a_signal_and_ctrl_d_an_end_of_file():
    with PtyShell(["cat"]) as shell:
        shell.send("one\r")
        shell.wait_for("one", count=2)
        shell.press("ctrl-c")
        assert shell.wait_exit() == -signal.SIGINT
    with PtyShell(["cat"]) as shell:
        shell.press("ctrl-d")
        assert shell.wait_exit() == 0


def test_the_program_sees_a_home_of_its_own_and_nothing_of_ours(monkeypatch):
    monkeypatch.setenv("XMPPSHELL_PASSWORD", "secret")
    monkeypatch.setenv("NO_COLOR", "1")
    script = "import os; print(*(f'{k}={v}.' for k, v in os.environ.items()), sep='\\n')"
    with PtyShell(python(script), env={"EDITOR": "ed"}, columns=300) as shell:
        shell.wait_exit()
        seen = dict(line.rstrip(".").split("=", 1) for line in shell.text().split("\n") if line)
        assert seen["HOME"] == str(shell.home)
        assert seen["XDG_STATE_HOME"].startswith(seen["HOME"])
        assert (seen["TERM"], seen["PROMPT_TOOLKIT_NO_CPR"]) == ("xterm-256color", "1")
        assert seen["EDITOR"] == "ed"
        assert not {"XMPPSHELL_PASSWORD", "NO_COLOR"} & seen.keys()
    assert not shell.home.exists()


def test_what_does_not_come_is_reported_with_the_screen():
    with PtyShell(python("print('this instead'); input()")) as shell:
        with pytest.raises(NotShown, match=r"(?s)no 'that' within 0\.2 s.*running.*this instead"):
            shell.wait_for("that", timeout=0.2)
        with pytest.raises(NotShown, match="still running"):
            shell.wait_exit(timeout=0.1)
        # A text is no pattern.
        with pytest.raises(NotShown):
            shell.wait_for("this.instead", timeout=0.1)


def test_the_end_of_the_program_ends_the_waiting():
    started = time.monotonic()
    with PtyShell(python("print('gone'); raise SystemExit(3)")) as shell:
        with pytest.raises(NotShown, match=r"(?s)ended.*gone"):
            shell.wait_for("more")
        assert shell.wait_exit() == 3
    assert time.monotonic() - started < 5


def test_settle_waits_for_silence():
    script = "import time\nfor n in range(5): print(n, flush=True); time.sleep(0.05)\ninput()"
    with PtyShell(python(script)) as shell:
        shell.wait_for("0")
        assert shell.settle(quiet=0.5).split() == ["0", "1", "2", "3", "4"]


def test_the_time_of_a_byte_is_that_of_its_reading():
    with PtyShell(python("import time; print('a', flush=True); time.sleep(0.3); print('b')")) as s:
        s.wait_for("a")
        s.wait_for("b")
        first, second = s.raw_output.index(b"a"), s.raw_output.index(b"b")
        assert 0.2 < s.time_of(second) - s.time_of(first) < 5


def test_leaving_the_block_kills_even_what_ignores_hangups():
    script = (
        "import os, signal, time\n"
        "for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        "child = os.fork()\n"
        "if child: print('child', child, flush=True)\n"
        "time.sleep(60)\n"
    )
    with PtyShell(python(script)) as shell:
        child = int(re.search(r"child (\d+)", shell.wait_for(re.compile(r"child \d+\s")))[1])
    for pid in (shell.pid, child):
        assert _gone(pid)


def _gone(pid: int) -> bool:
    """Whether the process ends within some seconds (a zombie that nobody awaits has ended)."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat") as status:
                if status.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def test_a_program_that_is_not_there_leaves_no_terminal_open():
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        PtyShell(["/no/such/program"])
    assert len(os.listdir("/proc/self/fd")) == before
