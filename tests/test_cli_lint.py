"""`xmppshell lint`: files of every kind, as text and as JSON, and what the exit status says."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from xmppshell import cli
from xmppshell.exit_status import ExitStatus

Printed = pytest.CaptureFixture[str]

WRONG = "<presence>\n  <priority>200</priority>\n</presence>\n<presence/>\n"
DOUBTFUL = "<message to='romeo@localhost'><body>hi</body></message>"
SCRIPT = """\
[Client] Romeo
\tjid: romeo@localhost
\tpassword: verona

-----

Romeo connects

Romeo sends:
\t<presence to="${Juliet's JID}" type="avalable"/>

Romeo receives:
\t<iq type="result"><query xmlns="jabber:iq:roster" ver="{scansion:any}"/></iq>
"""


def lint(*arguments: str) -> ExitStatus:
    return cli.run(["lint", *arguments])


def test_a_fault_is_shown_with_its_place(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "wrong.xml"
    file.write_text(WRONG)
    assert lint(str(file)) is ExitStatus.ERROR
    first, line, caret, counts = capsys.readouterr().out.splitlines()
    assert first == (
        f"{file}:2:13: error: priority 200 is outside -128..127 (RFC 6121 4.7.2.3) [priority-range]"
    )
    assert line == "      <priority>200</priority>"
    assert caret.index("^") == line.index("200")
    assert counts == "1 error"


def test_what_is_right_ends_well(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "right.xml"
    file.write_text("<presence/>")
    assert lint(str(file)) is ExitStatus.OK
    assert capsys.readouterr().out == "nothing is wrong\n"


def test_a_warning_fails_only_where_that_is_wanted(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "doubtful.xml"
    file.write_text(DOUBTFUL)
    assert lint(str(file)) is ExitStatus.OK
    assert "warning: a message with a body" in capsys.readouterr().out
    assert lint(str(file), "--strict") is ExitStatus.ERROR


def test_json_has_the_same_for_programs(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "wrong.xml"
    file.write_text(WRONG + DOUBTFUL)
    assert lint(str(file), "--format", "json") is ExitStatus.ERROR
    error, doubt = json.loads(capsys.readouterr().out)
    assert (error["file"], error["line"], error["column"]) == (str(file), 2, 13)
    assert (error["severity"], error["rule"]) == ("error", "priority-range")
    assert error["reference"] == "RFC 6121 4.7.2.3"
    assert (doubt["line"], doubt["severity"]) == (5, "warning")


def test_a_transcript_is_judged_where_it_says_something(tmp_path: Path, capsys: Printed) -> None:
    """What it receives is a pattern, which leaves things out."""
    file = tmp_path / "play.scs"
    file.write_text(SCRIPT)
    assert lint(str(file)) is ExitStatus.ERROR
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{file}:10:33: error: avalable is no type of presence")
    assert lines[-1] == "1 error"


def test_a_capture_is_judged_both_ways(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "session.ndjson"
    stanza = "<presence from='romeo@localhost' type='probe'/>"
    lines = [{"v": 1, "capture": "xmppshell"}] + [
        {"v": 1, "t": 1, "dir": way, "kind": "presence", "session": "juliet", "data": stanza}
        for way in ("received", "sent")
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert lint(str(file)) is ExitStatus.OK
    out = capsys.readouterr().out
    assert f"{file}:3:11: warning: the server adds `from`" in out
    assert f"{file}:3:34: warning: a client has no need to probe" in out
    assert f"{file}:2:" not in out


COMPONENT = """\
[Component] Echo
\tjid: echo.localhost
\tpassword: secret

-----

Echo connects

Echo sends:
\t<message from="bot@echo.localhost" to="romeo@localhost" type="chat"><body>hi</body></message>
"""


def test_a_component_in_a_transcript_writes_from(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "echo.scs"
    file.write_text(COMPONENT)
    assert lint(str(file), "--strict") is ExitStatus.OK
    file.write_text(COMPONENT.replace(' from="bot@echo.localhost"', ""))
    assert lint(str(file)) is ExitStatus.ERROR
    assert "a component's stanza has no `from`" in capsys.readouterr().out


def test_a_component_in_a_capture_is_known_by_its_header(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "echo.ndjson"
    header = (
        "<stream:stream xmlns='jabber:component:accept' to='echo.localhost'"
        " xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    stanza = "<presence from='bot@echo.localhost' to='romeo@localhost'/>"
    entries = [
        {"v": 1, "t": 1, "dir": "sent", "kind": "x", "session": "echo", "data": data}
        for data in (header, stanza)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in entries))
    assert lint(str(file), "--strict") is ExitStatus.OK, capsys.readouterr().out


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    given = io.TextIOWrapper(io.BytesIO(WRONG.encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", given)
    assert lint("-") is ExitStatus.ERROR
    assert capsys.readouterr().out.startswith("-:2:13: error:")


def test_bytes_that_are_no_text_are_a_finding(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "latin.xml"
    file.write_bytes("<message><subject>caf\xe9</subject></message>".encode("latin-1"))
    assert lint(str(file)) is ExitStatus.ERROR
    assert f"{file}:1:22: error: byte 0xE9 is not UTF-8" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "what is to be judged?"),
        (("/nowhere/at/all.xml",), "cannot be read"),
        (("--rules", "priority-rang"), "did you mean priority-range?"),
        (("--rules", "priority-range", "-"), "--rules takes no files"),
    ],
)
def test_a_wrong_use_is_told(arguments: tuple[str, ...], said: str, capsys: Printed) -> None:
    assert lint(*arguments) is ExitStatus.USAGE
    assert said in capsys.readouterr().err


def test_rules_are_listed_and_explained(capsys: Printed) -> None:
    assert lint("--rules") is ExitStatus.OK
    assert "  E  priority-range " in capsys.readouterr().out
    assert lint("--rules", "priority-range") is ExitStatus.OK
    assert "RFC 6121 4.7.2.3" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_of_the_file_is_printed(form: str, tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "secret.xml"
    file.write_text(
        "<iq type='set' id='d'><query xmlns='jabber:iq:auth'><username>juliet</username>"
        "<password>verona</password><digest>tybalt</digest></query></iq>\n"
    )
    lint(str(file), "--format", form)
    printed = capsys.readouterr().out
    assert "bad-value" in printed
    assert "tybalt" not in printed
    assert "verona" not in printed


def test_the_caret_stays_at_its_place_beside_a_secret(tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "secret.xml"
    file.write_text(
        "<presence><x xmlns='http://jabber.org/protocol/muc'><password>a</password></x>"
        "<priority>200</priority></presence>\n"
    )
    lint(str(file))
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if "[priority-range]" in line)
    assert ":1:89: " in lines[at]
    assert "[redacted]" in lines[at + 1]
    assert lines[at + 2].index("^") == lines[at + 1].index("200")
