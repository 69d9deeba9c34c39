"""`xmppshell explain` as scripts run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xmppshell.knowledge.coverage import coverage
from xmppshell.protocol.xml import Context, parse_element
from xmppshell.terminal.explaining import elements_in
from xmppshell.transcript.passages import passages_of

ROOT = Path(__file__).resolve().parent.parent.parent

SCRIPT = """\
[Client] Romeo
    jid: user@localhost
    password: password

-----

Romeo connects

Romeo sends:
    <iq type="get" id="1"><ping xmlns="urn:xmpp:ping"/></iq>

Romeo receives:
    <iq type="result" id="1"/>

Romeo sends:
    <message to="${Romeo's full JID}"><thing xmlns="urn:example:thing"/></message>

Romeo disconnects
"""


def explain(
    *arguments: str, given: str = "", columns: str = "80"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "xmppshell", "explain", *arguments],
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        env={**os.environ, "COLUMNS": columns},
        cwd=ROOT,
        check=False,
    )


@pytest.mark.parametrize("arguments", [("ping",), ("xep", "198"), ("message@type",)])
def test_what_is_known_is_explained(arguments: tuple[str, ...]) -> None:
    done = explain(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "https://" in done.stdout
    assert "\x1b" not in done.stdout


def test_colour_can_be_had() -> None:
    assert "\x1b[" in explain("--color", "ping").stdout


def test_what_is_unknown_is_said_and_is_an_error() -> None:
    done = explain("pingg")
    assert done.returncode == 1
    assert done.stdout == "? nothing is known here of “pingg”\n  written much like it: ping\n"


def test_a_file_is_to_be_read_from_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "pingg"
    file.write_text("<presence/>")
    done = explain(str(file), columns="500")
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "is a file" in said
    assert f"try: xmppshell explain - < {file}" in said
    assert explain("w" * 5000).returncode == 1


def test_xml_as_an_argument_and_from_standard_input() -> None:
    text = "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"
    by_argument, by_input = explain(text), explain("-", given=text)
    assert by_argument.returncode == by_input.returncode == 0
    assert by_argument.stdout == by_input.stdout
    assert "<ping xmlns='urn:xmpp:ping'>" in by_argument.stdout
    assert "type='get'" in by_argument.stdout


def test_everything_of_a_long_stanza() -> None:
    features = "".join(f"<feature var='urn:example:{n}'/>" for n in range(40))
    text = f"<query xmlns='http://jabber.org/protocol/disco#info'>{features}</query>"
    assert "and 28 more: " in explain(text).stdout
    assert "more: " not in explain("--all", text).stdout


def test_a_password_is_not_shown() -> None:
    text = (
        "<iq type='set'><query xmlns='jabber:iq:register'><password>verona</password></query></iq>"
    )
    assert "verona" not in explain(text).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "what is to be explained?"), (("--coverage", "a.scs", "ping"), "takes a file")],
)
def test_wrong_use(arguments: tuple[str, ...], said: str) -> None:
    done = explain(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize("text", ["<iq", "<iq></presence>"])
def test_broken_xml_is_an_error_in_words(text: str) -> None:
    done = explain(text)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "try: " in done.stderr


# Coverage.


def test_coverage_of_a_transcript(tmp_path: Path) -> None:
    file = tmp_path / "one.scs"
    file.write_text(SCRIPT)
    done = explain("--coverage", str(file), columns="200")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{file}: 5 elements, 4 of them different\n"
        "    75.0% of different elements known (3 of 4)\n"
        "    80.0% of occurrences known (4 of 5)\n"
        "not known:\n"
        "  1  <thing xmlns='urn:example:thing'>\n"
    )


def test_coverage_of_a_capture_and_of_bare_stanzas(tmp_path: Path) -> None:
    header = (
        "<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client'"
        " xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    lines = [{"v": 1, "capture": "xmppshell"}]
    for text in (header, "<presence><show>away</show></presence>", "</stream:stream>"):
        lines.append({"dir": "sent", "session": "juliet", "data": text})
    capture = tmp_path / "one.ndjson"
    capture.write_text("\n".join(map(json.dumps, lines)) + "\n")
    assert "3 elements, 3 of them different" in explain("--coverage", str(capture)).stdout
    bare = explain("--coverage", "-", given="<presence/><presence><x xmlns='a:b'/></presence>")
    assert "3 elements, 2 of them different" in bare.stdout


def test_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "one.xml"
    file.write_text("<presence/> and <iq>")
    done = explain("--coverage", str(file))
    assert done.returncode == 0
    assert done.stdout.endswith("1 more could not be read as XML\n")


@pytest.mark.parametrize("name", ["missing.scs", "empty.scs", "bytes.scs"])
def test_a_file_without_xml(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.scs").write_text("nothing\n")
    (tmp_path / "bytes.scs").write_bytes(b"\xff\xfe\x00")
    done = explain("--coverage", str(tmp_path / name))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_elements_are_counted_by_name_with_the_streams_of_others_as_those_of_clients() -> None:
    trees = [
        parse_element(b"<presence><show>xa</show></presence>", Context.for_namespace()),
        parse_element(b"<presence/>", Context.for_namespace("jabber:component:accept")),
        parse_element(b"<odd xmlns='a:b'/>", Context.for_namespace()),
    ]
    found = coverage(trees)
    assert found.known == {"{jabber:client}presence": 2, "{jabber:client}show": 1}
    assert found.unknown == {"{a:b}odd": 1}
    assert (found.distinct, found.occurrences) == (3, 4)
    assert found.share_of_occurrences == 0.75
    assert coverage([]).share_of_distinct == 1.0


def test_a_header_puts_its_prefixes_in_scope() -> None:
    text = (
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
        " xmlns:db='jabber:server:dialback'><db:result>abc</db:result>"
    )
    elements, unread = elements_in(passages_of(text, "a.xml"))
    assert unread == 0
    assert [str(element.tag) for element in elements] == [
        "{http://etherx.jabber.org/streams}stream",
        "{jabber:server:dialback}result",
    ]
