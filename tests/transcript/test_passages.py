"""The XML of a file is found with its place and its speaker, whatever kind of file it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xmppshell.protocol.events import Direction
from xmppshell.transcript.capture import CaptureError
from xmppshell.transcript.passages import is_wildcard, passages_of

SCRIPT = """\
# Two friends
[Client] Juliet's phone
\tjid: juliet@localhost

-----

Juliet's phone connects

Juliet's phone sends:
    <presence/>
    <iq type='get' id='1' to="${Juliet's phone's JID}">
      <ping xmlns='urn:xmpp:ping'/>
    </iq>

# meanwhile
Juliet's phone receives
    <message scansion:strict='true' id='{scansion:any}' to="${Juliet's phone's full JID}">

      <body>two
lines</body>
    </message>
Juliet's phone receives: nothing
Juliet's phone sends: <presence type='unavailable'/>
Juliet's phone disconnects
"""


def test_a_transcript_gives_each_stanza_with_its_place() -> None:
    found = passages_of(SCRIPT.replace("two\nlines", "two\n  lines"), "play.scs")
    assert [(p.line, p.column, p.direction, p.actor) for p in found] == [
        (10, 5, Direction.SENT, "Juliet's phone"),
        (11, 5, Direction.SENT, "Juliet's phone"),
        (17, 5, Direction.RECEIVED, "Juliet's phone"),
        (23, 23, Direction.SENT, "Juliet's phone"),
    ]
    assert found[0].text == "<presence/>"
    assert found[3].text == "<presence type='unavailable'/>"


def test_what_only_a_script_can_say_gives_way_to_xml_of_the_same_length() -> None:
    _, iq, message, _ = passages_of(SCRIPT.replace("two\nlines", "two\n  lines"), "play.scs")
    line = SCRIPT.splitlines()[10]
    assert len(iq.text.splitlines()[0]) == len(line.strip())
    assert "${" not in iq.text + message.text
    assert "scansion:strict" not in message.text
    assert "a@b/ccc" in message.text
    assert "{scansion:any}" in message.text
    assert is_wildcard("{scansion:any}")
    assert is_wildcard("{scansion:capture:session}")
    assert not is_wildcard("urn:xmpp:ping")


def test_a_script_with_mistakes_gives_what_can_be_found() -> None:
    text = (
        "[Clint] Romeo\n    jid: @\n\nRomeo conects\nNobody sends: <presence/>\n"
        "Romeo receives soon:\n\t<iq type='${x}'>\n    <iq id='{scansion:no}'/>\n"
        "Romeo sends raw: <broken\nRomeo receives features:\n    <stream:features/>\n"
    )
    found = passages_of(text, "x.scs")
    assert [(p.line, p.column, p.direction, p.actor) for p in found] == [
        (5, 15, Direction.SENT, "Nobody"),
        (7, 2, Direction.RECEIVED, "Romeo"),
        (11, 5, Direction.RECEIVED, "Romeo"),
    ]
    assert found[1].text == "<iq type='a@bb'>\n    <iq id='{scansion:no}'/>"


def test_bare_stanzas_are_divided_and_what_is_broken_is_left_over() -> None:
    text = "<presence/>\n\n  <iq type='get'\n id='a'/>\n<message><body>a & b</body></message>\n"
    found = passages_of(text, "stanzas.xml")
    assert [(p.text, p.line, p.column) for p in found] == [
        ("<presence/>", 1, 1),
        ("<iq type='get'\n id='a'/>", 3, 3),
        ("<message><body>a & b</body></message>", 5, 1),
    ]
    assert all(p.direction is None for p in found)


def test_a_stream_header_and_its_end_are_passages() -> None:
    header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    found = passages_of(f"{header}<presence/></stream:stream>", "-")
    assert [p.text for p in found] == [header, "<presence/>", "</stream:stream>"]


def test_a_capture_gives_what_was_on_the_wire() -> None:
    lines = [
        {"v": 1, "capture": "xmppshell", "account": "juliet@localhost"},
        {"v": 1, "session": "juliet", "dir": "sent", "kind": "whitespace", "data": " "},
        {"v": 1, "session": "juliet", "dir": "sent", "kind": "iq", "data": "<iq/>"},
        {"v": 1, "session": "juliet", "event": "online"},
        {"v": 1, "session": "juliet", "dir": "received", "kind": "iq", "data": "<iq id='x'/>"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"v":1,"da'
    found = passages_of(text, "some.ndjson")
    assert [(p.text, p.line, p.direction, p.actor) for p in found] == [
        ("<iq/>", 3, Direction.SENT, "juliet"),
        ("<iq id='x'/>", 5, Direction.RECEIVED, "juliet"),
    ]
    with pytest.raises(CaptureError, match=r"some\.ndjson:1"):
        passages_of("{broken\n{}\n", "some.ndjson")


def test_the_shipped_transcripts_are_read_whole() -> None:
    for path in (Path(__file__).parents[2] / "transcripts").rglob("*.scs"):
        text = path.read_text("utf-8")
        found = passages_of(text, path.name)
        assert len(found) == text.count(" sends:\n") + text.count(" receives:\n")
