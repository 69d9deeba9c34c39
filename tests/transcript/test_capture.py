from __future__ import annotations

import errno
import json
import os
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from lxml import etree

from xmppshell import __version__
from xmppshell.feed import Feed, Record
from xmppshell.protocol import events
from xmppshell.protocol.credentials import FastToken
from xmppshell.protocol.events import Direction
from xmppshell.protocol.exchanges import Answer
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import MoveFamily, Send
from xmppshell.protocol.problem import Problem
from xmppshell.protocol.stanza import stanza_of
from xmppshell.transcript import capture
from xmppshell.transcript.capture import (
    CaptureError,
    CaptureWriter,
    data_of,
    event_name,
    kind_of,
    prune,
    read_capture,
)

WALL = datetime(2026, 3, 14, 15, 9, 26, 535_897, timezone(timedelta(hours=1)))
MOVE = Send("ping", MoveFamily.REPLY, "a ping wants an answer", data=b"<iq type='result'/>")


def element_seen(text: str, direction: Direction = Direction.RECEIVED) -> events.ElementSeen:
    element = etree.fromstring(text)
    return events.ElementSeen(direction, text.encode(), element, stanza_of(element))


def record(event: events.Event, number: int | None = None, at: float = 1.25) -> Record:
    return Record(number, "main", at, WALL, event)


def started(folder: Path, account: str = "juliet@localhost") -> CaptureWriter:
    problems: list[Problem] = []
    writer = CaptureWriter(folder, account, WALL, problems.append)
    assert not problems
    return writer


def subclasses(kind: type) -> set[str]:
    # By name, because a dataclass with slots leaves the class behind that it was made from.
    return {found.__name__ for found in kind.__subclasses__()}


def entries(writer: CaptureWriter) -> list[dict[str, object]]:
    assert writer.path is not None
    return list(read_capture(writer.path))


def test_the_file_is_private_and_named_by_time_and_account(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "captures"
    writer = started(folder, "jü/li et@localhost")
    assert writer.path is not None
    assert writer.path.name == "20260314T140926Z-j__li_et@localhost.ndjson"
    assert stat.S_IMODE(writer.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    second, third = started(folder, "jü/li et@localhost"), started(folder, "")
    assert second.path is not None
    assert third.path is not None
    assert second.path.name == "20260314T140926Z-j__li_et@localhost-2.ndjson"
    assert third.path.name == "20260314T140926Z-.ndjson"
    assert entries(writer) == [
        {
            "v": 1,
            "capture": "xmppshell",
            "version": __version__,
            "account": "jü/li et@localhost",
            "started": "2026-03-14T15:09:26.535+01:00",
        }
    ]


def test_wire_events(tmp_path: Path) -> None:
    writer = started(tmp_path)
    feed = Feed()
    feed.subscribe(writer.write)
    iq = "<iq xmlns='jabber:client' type='result' id='é'/>"
    feed.publish(Record(7, "main", 1.2345678, WALL, element_seen(iq), None, Answer(6, 0.00081234)))
    sent = element_seen(iq, Direction.SENT)
    feed.publish(Record(8, "main", 2.0, WALL, sent, MOVE))
    first, second = entries(writer)[1:]
    assert first == {
        "v": 1,
        "t": 1.234568,
        "wall": "2026-03-14T15:09:26.535+01:00",
        "session": "main",
        "n": 7,
        "dir": "received",
        "kind": "iq",
        "answers": {"n": 6, "rtt": 0.000812},
        "data": iq,
    }
    assert (second["dir"], second["auto"], second["n"]) == ("sent", "ping", 8)
    assert data_of(first) == iq.encode()


def test_each_kind_of_wire_event_has_its_name() -> None:
    problem = Problem("broken")
    received = Direction.RECEIVED
    named = {
        "iq": element_seen("<iq xmlns='jabber:client'/>"),
        "message": element_seen("<message xmlns='jabber:client'/>"),
        "presence": element_seen("<presence xmlns='jabber:client'/>"),
        "nonza": element_seen("<r xmlns='urn:xmpp:sm:3'/>"),
        "header": events.StreamHeaderSeen(received, b"<a>", None),  # type: ignore[arg-type]
        "end": events.StreamEndSeen(received, b"</a>"),
        "whitespace": events.WhitespaceSeen(received, b" "),
        "text": events.TextSeen(received, b"x"),
        "broken": events.BrokenBytesSeen(received, b"<<", problem),
    }
    for name, event in named.items():
        assert kind_of(event) == name
    assert {type(event).__name__ for event in named.values()} == subclasses(events.WireEvent)


def test_every_other_event_is_written_with_its_fields(tmp_path: Path) -> None:
    problem = Problem("it broke", "a cause")
    jid = JID.parse("juliet@localhost/balcony")
    others = {
        "features-offered": events.FeaturesOffered(("{a}b", "{c}d")),
        "authenticated": events.Authenticated("PLAIN", False, "juliet"),
        "authentication-failed": events.AuthenticationFailed("PLAIN", "aborted", "", problem),
        "fast-token-received": events.FastTokenReceived(
            "HT-SHA-256-NONE", FastToken("HT-SHA-256-NONE", "SECR3T", "SECR3T-DATE")
        ),
        "fast-token-refused": events.FastTokenRefused("HT-SHA-256-NONE", "credentials-expired"),
        "bound": events.Bound(jid),
        "bind-failed": events.BindFailed("conflict", "", problem),
        "stream-error-seen": events.StreamErrorSeen(Direction.SENT, "reset", "t", "", problem),
        "violation": events.Violation(Direction.RECEIVED, "policy-violation", problem),
        "connecting": events.Connecting("h", 5222, False, "SRV"),
        "connect-attempt-failed": events.ConnectAttemptFailed("h", 5222, problem),
        "connected": events.Connected("127.0.0.1:5222", "h", 5222, "SRV", 0.001),
        "secured": events.Secured("TLSv1.3", "AES", "CN=h", "CN=ca", True, "2027", 0.002),
        "online": events.Online(jid, 0.5),
        "management-enabled": events.ManagementEnabled("sm1", True, 300, ""),
        "management-failed": events.ManagementFailed("item-not-found", "", problem),
        "resumed": events.Resumed(jid, "sm1", 3, 1),
        "resume-failed": events.ResumeFailed("item-not-found", None, 2, problem),
        "reconnecting": events.Reconnecting(1, 0.5, "the connection was lost"),
        "move-proposed": events.MoveProposed(MOVE),
        "notice": events.Notice("hello", True),
        "disconnected": events.Disconnected(False, problem),
    }
    known = subclasses(events.Event) - {"WireEvent"}
    assert {type(event).__name__ for event in others.values()} == known
    writer = started(tmp_path)
    for event in others.values():
        writer.write(record(event))
    written = {entry["event"]: entry for entry in entries(writer)[1:]}
    assert list(written) == list(others)
    assert [event_name(event) for event in others.values()] == list(others)
    common = {"v": 1, "t": 1.25, "wall": "2026-03-14T15:09:26.535+01:00", "session": "main"}
    assert written["bound"] == common | {"event": "bound", "jid": str(jid)}
    assert written["fast-token-received"] == common | {
        "event": "fast-token-received",
        "mechanism": "HT-SHA-256-NONE",
    }
    assert writer.path is not None
    assert b"SECR3T" not in writer.path.read_bytes()
    assert written["features-offered"]["names"] == ["{a}b", "{c}d"]
    assert written["connected"]["seconds"] == 0.001
    assert written["violation"]["direction"] == "received"
    assert written["disconnected"] == common | {
        "event": "disconnected",
        "clean": False,
        "problem": "it broke",
    }
    assert written["move-proposed"]["move"] == {
        "name": "ping",
        "reason": "a ping wants an answer",
    }


def test_no_secret_reaches_the_file(tmp_path: Path) -> None:
    writer = started(tmp_path)
    auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>SECR3T</auth>"
    move = Send("sasl", MoveFamily.NEGOTIATION, "sign in", data=auth.encode())
    writer.write(Record(1, "main", 0, WALL, element_seen(auth, Direction.SENT), move))
    writer.write(record(events.MoveProposed(move)))
    broken = Problem("ill-formed: <password>SECR3T</password")
    writer.write(record(events.BrokenBytesSeen(Direction.SENT, b"<auth>SECR3T\xff", broken), 2))
    assert writer.path is not None
    content = writer.path.read_bytes()
    assert b"SECR3T" not in content
    assert b"53454352" not in content
    assert b"[redacted]" in content


def test_bytes_that_are_not_utf8_are_kept_as_hex(tmp_path: Path) -> None:
    writer = started(tmp_path)
    event = events.BrokenBytesSeen(Direction.RECEIVED, b"<a>\xff", Problem("not UTF-8"))
    writer.write(record(event, 3))
    entry = entries(writer)[1]
    assert entry["data"] == {"hex": "3c613eff"}
    assert entry["problem"] == "not UTF-8"
    assert data_of(entry) == b"<a>\xff"


def test_whitespace_has_no_number(tmp_path: Path) -> None:
    writer = started(tmp_path)
    writer.write(record(events.WhitespaceSeen(Direction.SENT, b" ")))
    assert "n" not in entries(writer)[1]


def test_lines_are_ascii_and_there_at_once(tmp_path: Path) -> None:
    writer = started(tmp_path)
    event = events.TextSeen(Direction.RECEIVED, "\u202e\u009b\n\u2028é".encode())
    writer.write(record(event, 1))
    assert writer.path is not None
    content = writer.path.read_bytes()
    assert content.isascii()
    assert content.count(b"\n") == 2
    assert data_of(json.loads(content.splitlines()[1])) == event.data


def test_a_disk_error_is_told_once_and_ends_the_capture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[Problem] = []
    writer = CaptureWriter(tmp_path, "a@x", WALL, problems.append)

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(capture.os, "write", full)
    writer.write(record(events.Notice("one")))
    writer.write(record(events.Notice("two")))
    monkeypatch.undo()
    writer.write(record(events.Notice("three")))
    writer.close()
    assert len(problems) == 1
    assert "No space left" in problems[0].what
    assert len(entries(writer)) == 1


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = started(tmp_path)
    write = os.write
    monkeypatch.setattr(capture.os, "write", lambda fd, data: write(fd, data[:5]))
    writer.write(record(events.Notice("hello")))
    assert entries(writer)[1]["text"] == "hello"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    problems: list[Problem] = []
    writer = CaptureWriter(tmp_path / "file" / "captures", "a@x", WALL, problems.append)
    writer.write(record(events.Notice("one")))
    assert writer.path is None
    assert len(problems) == 1
    assert "/save" in problems[0].cure


def test_an_unfinished_last_line_is_passed_over(tmp_path: Path) -> None:
    writer = started(tmp_path)
    writer.write(record(events.Notice("one")))
    writer.close()
    assert writer.path is not None
    whole = writer.path.read_bytes()
    for cut in range(1, len(whole.splitlines()[1])):
        writer.path.write_bytes(whole[:-cut])
        assert len(entries(writer)) == 1


@pytest.mark.parametrize("line", ["not json", "[1]", "{}", '{"v":2}', "\udcff"])
def test_a_foreign_line_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    writer = started(tmp_path)
    assert writer.path is not None
    with writer.path.open("ab") as file:
        file.write(line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(CaptureError, match=r"\.ndjson:2: this is not a line of a capture"):
        entries(writer)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file"):
        list(read_capture(tmp_path / "none.ndjson"))


def test_prune_keeps_the_newest_the_open_and_the_foreign(tmp_path: Path) -> None:
    writers = [
        CaptureWriter(tmp_path, "a@x", WALL + timedelta(hours=n), pytest.fail) for n in range(6)
    ]
    foreign = tmp_path / "00000000-notes.ndjson"
    foreign.write_text("mine")
    (tmp_path / "20200101T000000Z-folder.ndjson").mkdir()
    paths = [writer.path for writer in writers]
    for writer in writers[1:]:
        writer.close()
    assert prune(tmp_path, keep=3) == [paths[1], paths[2]]
    assert [path.exists() for path in paths if path] == [True, False, False, True, True, True]
    assert foreign.exists()
    writers[0].close()
    assert prune(tmp_path, keep=3) == [paths[0]]
    assert prune(tmp_path, keep=3) == []
    assert prune(tmp_path / "missing") == []


def test_times_of_any_zone_sort_alike(tmp_path: Path) -> None:
    later = CaptureWriter(tmp_path, "a@x", datetime(2026, 1, 1, 0, 30, tzinfo=UTC), pytest.fail)
    east = timezone(timedelta(hours=9))
    earlier = CaptureWriter(tmp_path, "a@x", datetime(2026, 1, 1, 9, 0, tzinfo=east), pytest.fail)
    assert str(earlier.path) < str(later.path)
