"""One-shot use: `connect JID --execute XML` and `connect JID -`, with no terminal at all."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal.served import PASSWORD, ROOT, TIMEOUT, XMPPSHELL, Served, environment, run

PING = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
VERSION = "<iq type='get' to='localhost'><query xmlns='jabber:iq:version'/></iq>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as served:
        yield served


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end of a process; give its status, output and errors."""
    out, err = process.communicate(timeout=TIMEOUT)
    assert "Traceback" not in err, err
    return process.returncode, out, err


# What is sent and printed.


def test_what_comes_is_printed_and_the_end_is_when_every_iq_is_answered(server: Served) -> None:
    done = server.run("--execute", PING, "--execute", VERSION)
    assert done.returncode == 0
    assert len(re.findall(r"^← \d+ iq result   answers \d+ in", done.stdout, re.M)) == 2
    assert done.stdout.count("← ") == 2
    assert "<name>xmppshell practice server</name>" in done.stdout
    assert "→" not in done.stdout
    steps = re.findall(r"^  (\w+(?: in)?)  +\S", done.stderr, re.M)
    assert steps[:3] == ["connecting", "connected", "secured"]
    assert "both sides closed the stream" in done.stderr


def test_quiet_prints_nothing_but_what_came(server: Served) -> None:
    done = server.run("-q", "-e", PING)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("← ")


def test_raw_is_exactly_what_came(server: Served) -> None:
    body = "a\u202e <&amp; \u009b &#x9; é"
    # A headline is not archived, so that the server adds no more than the sender.
    head = "<message to='$me' type='headline' id='m1'>"
    message = f"{head}<body>{body.replace('<', '&lt;')}</body></message>"
    done = server.run("-q", "--format", "raw", "-e", message, "-e", PING)
    first, second, *rest = done.stdout.split("\n")
    assert rest == [""]
    assert re.fullmatch(
        rf"<message to='(juliet@localhost/\w+)' type='headline' id='m1' from='\1'>"
        rf"<body>{re.escape(body.replace('<', '&lt;'))}</body></message>",
        first,
    )
    assert second.startswith("<iq type='result' id='j")


def test_json_is_a_line_an_event(server: Served) -> None:
    done = server.run("-q", "--format", "json", "-e", PING, "-e", VERSION)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["kind"] for line in lines] == ["iq", "iq"]
    assert [line["dir"] for line in lines] == ["received", "received"]
    assert all(line["answers"]["rtt"] > 0 for line in lines)
    assert lines[0]["data"].startswith("<iq type='result'")
    assert done.stdout.isascii()


def test_standard_input_is_read_stanza_by_stanza(server: Served) -> None:
    stanzas = (
        "<iq type='get' id='{id}'\n    to='localhost'>\n"
        "  <query xmlns='jabber:iq:version'/>\n</iq>\n\n"
        f"{PING}{PING}\n"
        "<message to='$me'><body>the last was $last</body></message>"
    )
    done = server.run("-q", "-", "--format", "raw", "--wait", "0.2", stdin=stanzas)
    assert done.returncode == 0
    ids = re.findall(r"<iq type='result' id='(j\d+)'", done.stdout)
    assert len(ids) == 3
    assert "<body>the last was " + ids[-1] + "</body>" in done.stdout


def test_standard_input_is_answered_while_it_is_still_open(server: Served) -> None:
    with server.start("-q", "-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{PING}\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith("← ")
        process.stdin.write(f"{VERSION}\n")
        process.stdin.flush()
        process.stdin.close()
        process.stdin = None
        status, out, _ = finish(process)
    assert status == 0
    assert "practice server</name>" in out


def test_execute_and_standard_input_go_together_in_that_order(server: Served) -> None:
    done = server.run("-q", "-e", PING, "-", "--format", "raw", stdin=VERSION)
    assert done.stdout.index("<iq") < done.stdout.index("<name>")


def test_nothing_on_standard_input_is_fine(server: Served) -> None:
    done = server.run("-q", "-", stdin="\n  \n")
    assert (done.returncode, done.stdout) == (0, "")


def test_wait_goes_on_listening(server: Served) -> None:
    hello = "<message to='romeo@localhost'><body>Hello</body></message>"
    with server.start("-q", "-e", hello, "--wait", "60", "--format", "raw") as process:
        assert process.stdout is not None
        assert "from='romeo@localhost/orchard'" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        status, _, _ = finish(process)
    assert status == 130


# What goes wrong.


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (f"{PING}\n\n<iq>\n  <foo></bar></iq>\n{PING}\n", r"line 4: .*</bar> does not match <foo>"),
        (f"{PING}\nhello\n", r"line 2: text outside an element"),
        (f"{PING}\n<iq type='get'>\n", r"line 2: standard input ended inside an element"),
        (f"{PING}\n<message><body>a & b</body></message>", r"line 2: .*&amp;"),
        (PING.encode() + b"\n\xff\n", r"line 2 of standard input is not UTF-8"),
    ],
)
def test_ill_formed_input_names_its_line(server: Served, stdin: str | bytes, said: str) -> None:
    done = server.run("-q", "-", stdin=stdin)
    assert done.returncode == 1
    assert re.search(rf"^xmppshell: {said}", done.stderr), done.stderr
    assert "try: " in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-e", "hello"], "--execute, line 1, column 1: text outside an element"),
        (["-e", "<iq>"], "the XML is not complete, <iq> is still open"),
        (["-e", "<a b=c/>"], "column 6: the value of `b` must be in quotes"),
        (["-e", ""], "--execute has nothing to send"),
        ([], "the shell needs a terminal"),
        (["-e", PING, "--port", "0"], "0 is not a port"),
        (["-e", PING, "--wait", "-1"], "-1 is not a number of seconds"),
        (["-e", PING, "--nonsense"], "unrecognized arguments: --nonsense"),
        (["-e", PING, "extra"], "unrecognized arguments: extra"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_done(
    server: Served, options: list[str], said: str
) -> None:
    done = server.run(*options)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "connecting" not in done.stderr
    assert done.stdout == ""


def test_without_a_password_and_nobody_to_ask(server: Served, tmp_path: Path) -> None:
    done = run(server.arguments("-e", PING), "", environment(tmp_path))
    assert done.returncode == 1
    assert "there is no password for juliet@localhost and nobody to ask" in done.stderr
    assert "XMPPSHELL_PASSWORD" in done.stderr


def test_a_wrong_password(server: Served, tmp_path: Path) -> None:
    variables = environment(tmp_path, XMPPSHELL_PASSWORD="guess")
    done = run(server.arguments("-q", "-e", PING), "", variables)
    assert done.returncode == 3
    assert "not-authorized" in done.stderr
    assert done.stderr.count("usually: ") == 1
    assert "guess" not in done.stderr


def test_an_untrusted_certificate(server: Served) -> None:
    arguments = server.arguments("-q", "-e", PING)
    at = arguments.index("--ca-file")
    done = run(
        [*arguments[:at], *arguments[at + 2 :]],
        "",
        environment(server.ca_file.parent, XMPPSHELL_PASSWORD=PASSWORD),
    )
    assert done.returncode == 3
    assert "not trusted" in done.stderr


def test_what_is_said_goes_to_the_state_folder_without_secrets(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        assert served.run("-q", "-e", PING).returncode == 0
    (capture,) = (tmp_path / "state" / "xmppshell" / "captures").iterdir()
    text = capture.read_text("utf-8")
    assert "urn:xmpp:ping" in text
    assert PASSWORD not in text


# Losing the connection never hangs.


@pytest.mark.parametrize("waiting_for", ["input", "an answer", "more"])
def test_a_server_that_is_killed_in_the_middle(tmp_path: Path, waiting_for: str) -> None:
    more = ["--wait", "60"] if waiting_for == "more" else []
    with Served(tmp_path) as served, served.start("-q", "-", *more) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(f"{PING}\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith("← ")
        if waiting_for == "an answer":
            served.pause()
            process.stdin.write(f"{PING}\n")
        if waiting_for != "input":
            process.stdin.close()
        time.sleep(0.2)
        assert process.poll() is None
        served.kill()
        assert process.wait(10) == 3
        err = process.stderr.read()
    assert "Traceback" not in err
    assert "usually: " in err


def test_a_server_that_stops_properly(tmp_path: Path) -> None:
    with Served(tmp_path) as served, served.start("-q", "-e", PING, "--wait", "60") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("← ")
        status, said = served.interrupt()
        assert status == 0
        assert "Traceback" not in said
        status, _, err = finish(process)
    assert status == 3
    assert "system-shutdown" in err


def test_an_interrupt(server: Served) -> None:
    with server.start("-q", "-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{PING}\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith("← ")
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_nobody_reads_what_comes(server: Served) -> None:
    with server.start("-q", "-e", PING, "-e", VERSION, "-e", PING) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert err == ""


# Where there is no terminal.


@pytest.mark.parametrize("arguments", [[], ["demo"], ["connect", "juliet@localhost"]])
def test_the_shell_needs_a_terminal(tmp_path: Path, arguments: list[str]) -> None:
    done = run([*XMPPSHELL, *arguments], "", environment(tmp_path))
    assert done.returncode == 2
    assert "the shell needs a terminal on standard input and output" in done.stderr
    assert "try: " in done.stderr


def test_streams_that_are_closed_are_no_crash(tmp_path: Path) -> None:
    for closed in ("<&-", ">&-", "2>&-"):
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {closed}', "sh", *XMPPSHELL, "demo"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            cwd=ROOT,
            env=environment(tmp_path),
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
