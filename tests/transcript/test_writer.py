from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from xmppshell import __version__
from xmppshell.feed import Record
from xmppshell.protocol import events
from xmppshell.protocol.credentials import FastToken
from xmppshell.protocol.events import Direction
from xmppshell.protocol.exchanges import Answer
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import Move, MoveFamily, Send
from xmppshell.protocol.problem import Problem
from xmppshell.protocol.stanza import stanza_of
from xmppshell.protocol.xml import StreamHeader
from xmppshell.transcript import writer
from xmppshell.transcript.writer import TranscriptError, save, write_transcript

WALL = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
ME = JID.parse("juliet@localhost/balcony")
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
NEGOTIATION = Send("negotiate", MoveFamily.NEGOTIATION, "as it must be")
REPLY = Send("ping", MoveFamily.REPLY, "a ping wants\nan answer")
BIND = "urn:ietf:params:xml:ns:xmpp-bind"


class Session:
    """Makes records as a session does."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def event(
        self,
        event: events.Event,
        at: float = 0.0,
        move: Move | None = None,
        answers: int | None = None,
    ) -> None:
        number = len(self.records) + 1 if isinstance(event, events.WireEvent) else None
        answer = None if answers is None else Answer(answers, 0.001)
        self.records.append(Record(number, "juliet", at, WALL, event, move, answer))

    def element(
        self,
        direction: Direction,
        text: str,
        at: float = 0.0,
        move: Move | None = None,
        answers: int | None = None,
    ) -> int:
        context = "<a xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
        element = etree.fromstring(f"{context}{text}</a>")[0]
        event = events.ElementSeen(direction, text.encode(), element, stanza_of(element))
        self.event(event, at, move, answers)
        return len(self.records)

    def header(self, direction: Direction, **attributes: str) -> None:
        header = StreamHeader(attributes, {}, "stream")
        self.event(events.StreamHeaderSeen(direction, b"<stream:stream>", header))

    def text(self, account: JID = ME.bare, **options: str) -> str:
        return write_transcript(self.records, title="A test", account=account, **options)

    def scenes(self) -> list[str]:
        """Return the paragraphs after the cast."""
        return self.text().rstrip("\n").split("\n\n")[3:]


def connected() -> Session:
    session = Session()
    session.event(events.Connected("127.0.0.1:5222", "localhost", 5222, "given", 0.001))
    session.event(events.Bound(ME))
    return session


def test_a_whole_session() -> None:
    session = Session()
    sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
    session.event(events.Connecting("localhost", 5222, False, "given with --host"))
    session.event(events.Connected("127.0.0.1:5222", "localhost", 5222, "--host", 0.001))
    session.header(SENT, to="localhost")
    session.header(RECEIVED, **{"from": "localhost", "id": "s1"})
    session.element(RECEIVED, "<stream:features/>")
    session.event(events.FeaturesOffered((f"{{{sasl}}}mechanisms", "{urn:x}y")))
    session.event(events.Secured("TLSv1.3", "AES", "localhost", "ca", True, "2027", 0.002))
    session.element(SENT, f"<auth xmlns='{sasl}'>SECR3T</auth>", move=NEGOTIATION)
    session.element(RECEIVED, f"<success xmlns='{sasl}'>SECR3T</success>")
    session.event(events.Authenticated("SCRAM-SHA-256", True, "juliet"))
    bind = session.element(
        SENT,
        f"<iq type='set' id='j1'><bind xmlns='{BIND}'><resource>balcony</resource></bind></iq>",
    )
    session.element(
        RECEIVED, f"<iq type='result' id='j1'><bind xmlns='{BIND}'/></iq>", answers=bind
    )
    session.event(events.Bound(ME))
    start = session.element(
        SENT, "<iq type='set' id='j2'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"
    )
    session.element(RECEIVED, "<iq type='result' id='j2'/>", answers=start)
    session.event(events.Online(ME, 0.1))
    session.element(SENT, "<iq type='get' id='j3'><ping xmlns='urn:xmpp:ping'/></iq>", at=0.5)
    session.element(RECEIVED, f"<iq type='result' id='j3' to='{ME}'/>", at=0.6, answers=17)
    session.element(RECEIVED, "<iq type='get' id='z9'><ping xmlns='urn:xmpp:ping'/></iq>", at=3.04)
    session.element(SENT, "<iq type='result' id='z9'/>", at=3.05, move=REPLY, answers=19)
    session.event(events.WhitespaceSeen(SENT, b" "), at=3.5)
    session.event(events.StreamEndSeen(SENT, b"</stream:stream>"), at=3.6)
    session.event(events.StreamEndSeen(RECEIVED, b"</stream:stream>"), at=3.6)
    session.event(events.Disconnected(True), at=3.6)
    assert (
        session.text()
        == f"""\
# A test
# Recorded 2026-03-14 15:09 +0000 with xmppshell {__version__}

[Client] Juliet
    jid: juliet@localhost
    resource: balcony
# password: not written here; a replay asks for it or takes XMPPSHELL_PASSWORD

-----

Juliet connects
# connected to 127.0.0.1:5222 (--host)
# stream header sent, to localhost
# stream header received, from localhost, id s1
# features: mechanisms, y
# secured: TLSv1.3, AES, localhost
# signed in: SCRAM-SHA-256, server's signature verified
# bound: juliet@localhost/balcony

Juliet sends:
    <iq type='get' id='j3'>
      <ping xmlns='urn:xmpp:ping'/>
    </iq>

Juliet receives:
    <iq type='result' id='j3' to="${{Juliet's full JID}}"/>

# 2.4 s later
Juliet receives:
    <iq type='get' id='{{scansion:any}}'>
      <ping xmlns='urn:xmpp:ping'/>
    </iq>

# [auto] ping: a ping wants⟨U+000A⟩an answer
Juliet sends:
    <iq type='result' id='z9'/>

# stream closed, sent
# stream closed, received

Juliet disconnects
"""
    )


def test_a_record_without_a_connection_connects_first() -> None:
    session = Session()
    session.element(SENT, "<presence/>")
    assert session.scenes() == ["Juliet connects", "Juliet sends:\n    <presence/>"]


def test_the_full_jid_is_that_of_the_present_connection() -> None:
    session = connected()
    session.element(SENT, f"<presence to='{ME}'/>")
    session.event(events.Disconnected(True))
    session.event(events.Connected("127.0.0.1:5222", "localhost", 5222, "", 0.001))
    session.event(events.Bound(ME.with_resource("other")))
    session.element(SENT, f"<presence to='{ME}' from='{ME.with_resource('other')}'/>")
    text = session.text()
    assert text.count("Juliet connects") == 2
    assert """<presence to="${Juliet's full JID}"/>""" in text
    assert f"""<presence to='{ME}' from="${{Juliet's full JID}}"/>""" in text


@pytest.mark.parametrize(
    ("event", "comment"),
    [
        (
            events.ConnectAttemptFailed("::1", 5222, Problem("refused")),
            "# no connection to ::1 port 5222: refused",
        ),
        (
            events.Secured("TLSv1.3", "AES", "h", "ca", False, "2027", 0.1),
            "# secured: TLSv1.3, AES, h, not verified",
        ),
        (
            events.AuthenticationFailed("PLAIN", "not-authorized", "", Problem("wrong password")),
            "# wrong password",
        ),
        (events.BindFailed("conflict", "", Problem("taken")), "# taken"),
        (
            events.StreamErrorSeen(RECEIVED, "reset", "", "", Problem("stream error reset: x")),
            "# received: stream error reset: x",
        ),
        (
            events.Violation(RECEIVED, "policy-violation", Problem("too large")),
            "# received: too large",
        ),
        (events.Notice("be\x1bware\nJuliet sends:"), "# be⟨U+001B⟩ware⟨U+000A⟩Juliet sends:"),
        (events.TextSeen(SENT, b"hi"), "# sent text outside any element: hi"),
        (
            events.BrokenBytesSeen(SENT, b"<password>SECR3T\xff", Problem("not UTF-8")),
            "# sent, not UTF-8: <password>[redacted]",
        ),
        (
            events.BrokenBytesSeen(RECEIVED, b"<x>\xff", Problem("not UTF-8")),
            "# received, not UTF-8: <x>\\xff",
        ),
        (events.Disconnected(False, Problem("reset by peer")), "# disconnected: reset by peer"),
    ],
)
def test_what_a_script_cannot_say_is_a_comment(event: events.Event, comment: str) -> None:
    session = connected()
    session.event(event)
    assert comment in session.text().splitlines()


def test_a_failed_stream_element_is_summed_up() -> None:
    session = connected()
    session.element(RECEIVED, "<stream:error><x/></stream:error>")
    session.event(events.StreamErrorSeen(RECEIVED, "reset", "", "", Problem("it was reset")))
    assert "<stream:error>" not in session.text()
    assert "# received: it was reset" in session.text()


def test_no_secret_is_written() -> None:
    session = connected()
    session.element(
        SENT,
        "<iq type='set'><query xmlns='jabber:iq:auth'><password>SECR3T</password></query></iq>",
    )
    assert "SECR3T" not in session.text()
    assert "<password>[redacted]</password>" in session.text()


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ("juliet@localhost", "Juliet"),
        ("éowyn.x@localhost", "Éowyn.x"),
        ("#1-o}$!@localhost", "O"),
        ("123@localhost", "Client"),
        ("localhost", "Localhost"),
    ],
)
def test_the_cast_is_named_after_the_account(account: str, name: str) -> None:
    text = Session().text(JID.parse(account))
    assert f"[Client] {name}\n    jid: {account}\n" in text


def test_the_name_can_be_given() -> None:
    session = Session()
    session.element(SENT, "<presence/>")
    assert "\nJuliet's phone sends:\n" in session.text(name="Juliet's phone")


def test_a_title_is_one_line() -> None:
    assert write_transcript([], title="a\nb", account=ME).startswith("# a⟨U+000A⟩b\n")


def test_saving(tmp_path: Path) -> None:
    path = tmp_path / "a.scs"
    save(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    with pytest.raises(TranscriptError, match="is there already") as caught:
        save(path, "other")
    assert "--force" in caught.value.problem.cure
    assert path.read_text(encoding="utf-8") == "é\n"
    path.chmod(0o640)
    save(path, "other", force=True)
    assert path.read_text(encoding="utf-8") == "other"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.scs"]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    save(tmp_path / "a.scs", "")
    assert (tmp_path / "a.scs").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_saving_goes_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    save(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "x"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing/a.scs", "there is no folder"),
        ("file/a.scs", "there is no folder"),
        ("folder", "not a plain file"),
    ],
)
def test_a_place_that_cannot_be(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(TranscriptError, match=words):
        save(tmp_path / name, "x", force=True)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@pytest.mark.parametrize(
    ("code", "words"), [(errno.EACCES, "permission denied"), (errno.ENOSPC, "No space left")]
)
def test_a_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    path = tmp_path / "a.scs"
    path.write_text("old")

    def fail(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(writer.os, "fsync", fail)
    with pytest.raises(TranscriptError, match=words):
        save(path, "new", force=True)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.scs"]


def test_a_login_by_sasl2_is_told_and_its_token_is_not() -> None:
    session = Session()
    session.event(events.Connected("127.0.0.1:5222", "localhost", 5222, "given", 0.001))
    token = FastToken("HT-SHA-256-NONE", "SECR3T", "2030")
    session.event(events.FastTokenRefused("HT-SHA-256-EXPR", "not-authorized"))
    session.event(events.Authenticated("HT-SHA-256-NONE", True, "juliet", sasl2=True, token=True))
    session.event(events.FastTokenReceived("HT-SHA-256-NONE", token))
    session.event(events.Bound(ME))
    text = session.text()
    assert "# signed in: HT-SHA-256-NONE (SASL2), by the token of an earlier login" in text
    assert "# the token of an earlier login was refused: not-authorized" in text
    assert "# a token was given for the next login, for HT-SHA-256-NONE" in text
    assert "SECR3T" not in text
