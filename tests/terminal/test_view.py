"""A session as a person sees it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.commands.desk import ViewChoices
from xmppshell.feed import Record
from xmppshell.protocol.events import (
    BrokenBytesSeen,
    Connected,
    Connecting,
    Direction,
    Disconnected,
    ElementSeen,
    Event,
    Notice,
    StreamEndSeen,
    StreamErrorSeen,
    StreamHeaderSeen,
    TextSeen,
    Violation,
    WhitespaceSeen,
    WireEvent,
)
from xmppshell.protocol.exchanges import Answer
from xmppshell.protocol.moves import Move, MoveFamily, Send
from xmppshell.protocol.problem import Problem
from xmppshell.protocol.stanza import stanza_of
from xmppshell.protocol.xml import Context, parse_element, parse_header
from xmppshell.terminal.theme import Theme
from xmppshell.terminal.view import View, render_json, render_raw

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
CONTEXT = Context.for_namespace()
SGR = re.compile(r"\x1b\[[0-9;]*m")
HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='localhost' version='1.0'"
    b" xmlns:stream='http://etherx.jabber.org/streams'>"
)
NEGOTIATES = Send("auth", MoveFamily.NEGOTIATION, "sign in", "RFC 6120 6.4.2")


def view(width: int = 80, colour: bool = False, fold_lines: int = 40, **choices: bool) -> View:
    return View(Theme(colour), lambda: width, ViewChoices(**choices), fold_lines=fold_lines)


def record(
    event: Event,
    number: int | None = 7,
    move: Move | None = None,
    answers: Answer | None = None,
    session: str = "juliet",
) -> Record:
    wall = datetime(2025, 1, 2, 14, 2, 11, tzinfo=UTC)
    number = number if isinstance(event, WireEvent) else None
    return Record(number, session, 1.0, wall, event, move, answers)


def element(direction: Direction, text: str) -> ElementSeen:
    parsed = parse_element(text.encode(), CONTEXT)
    return ElementSeen(direction, text.encode(), parsed, stanza_of(parsed))


PING = "<iq type='get' to='localhost' id='j2'><ping xmlns='urn:xmpp:ping'/></iq>"
MESSAGE = "<message from='romeo@localhost/o' to='juliet@localhost' type='chat' id='r1'/>"
FAILURE = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"


# Stanzas.


def test_a_request() -> None:
    assert view().render(record(element(SENT, PING))) == (
        "→ 7 iq get   j2\n"
        "  <iq type='get' to='localhost' id='j2'>\n"
        "    <ping xmlns='urn:xmpp:ping'/>\n"
        "  </iq>"
    )


def test_its_answer() -> None:
    text = "<iq type='result' id='j2' from='localhost' to='juliet@localhost/balcony'/>"
    shown = view().render(record(element(RECEIVED, text), 8, answers=Answer(7, 0.0008)))
    assert shown == f"← 8 iq result   answers 7 in 0.8 ms\n  {text}"


def test_a_head_line_that_is_too_long_goes_on_below() -> None:
    move = Send("ping", MoveFamily.NEGOTIATION, "a reason of many words, " * 5 + "and more", "")
    shown = view(negotiation=True).render(record(element(SENT, PING), move=move)) or ""
    head = shown[: shown.index("\n  <iq")].split("\n")
    assert head[0] == "→ 7 iq get   j2"
    assert head[1].startswith("    [auto] a reason of many words")
    assert max(map(len, head)) <= 80
    assert " ".join(head[1:]).split()[-2:] == ["and", "more"]
    shown = view(width=40).render(record(element(RECEIVED, MESSAGE))) or ""
    assert shown.split("\n")[:2] == ["← 7 message chat   r1", "    from romeo@localhost/o"]


def test_the_time_stands_at_the_right() -> None:
    shown = view(timestamps=True).render(record(element(SENT, PING))) or ""
    assert shown.split("\n")[0] == "→ 7 iq get   j2".ljust(72) + "14:02:11"
    shown = view(width=20, timestamps=True).render(record(element(SENT, MESSAGE))) or ""
    assert shown.split("\n")[0] == "→ 7 message chat  14:02:11"


@pytest.mark.parametrize(
    ("direction", "text", "head"),
    [
        (RECEIVED, MESSAGE, "← 7 message chat   r1   from romeo@localhost/o"),
        (SENT, MESSAGE, "→ 7 message chat   r1   to juliet@localhost"),
        (SENT, "<presence/>", "→ 7 presence"),
        (RECEIVED, "<iq id='x' type='get' from='a@b'/>", "← 7 iq get   x   from a@b"),
        (RECEIVED, "<r xmlns='urn:xmpp:sm:3'/>", "← 7 r"),
        (RECEIVED, "<stream:error/>", "← 7 stream:error"),
        (SENT, "<x:y xmlns:x='urn:z'/>", "→ 7 x:y"),
        (SENT, f"<presence id='{'x' * 100}'/>", f"→ 7 presence   {'x' * 59}…"),
    ],
)
def test_the_head_line(direction: Direction, text: str, head: str) -> None:
    assert (view().render(record(element(direction, text))) or "").split("\n")[0] == head


def test_what_the_console_sends_by_itself_is_marked() -> None:
    move = Send("ping", MoveFamily.REPLY, "answers the ping", "XEP-0199")
    shown = view().render(record(element(SENT, "<iq type='result' id='x'/>"), move=move)) or ""
    assert shown.split("\n")[0] == "→ 7 iq result   x   [auto] answers the ping"


def test_each_session_has_its_name_and_colour() -> None:
    shown = view(colour=True, several_sessions=True)
    lines = [
        (shown.render(record(element(SENT, "<presence/>"), session=name)) or "").split("\n")[0]
        for name in ("juliet", "romeo", "juliet")
    ]
    assert [SGR.sub("", line) for line in lines] == [
        "juliet → 7 presence",
        "romeo → 7 presence",
        "juliet → 7 presence",
    ]
    assert lines[0] == lines[2]
    assert lines[0].replace("juliet", "romeo") != lines[1]


def stream_error(problem: Problem) -> StreamErrorSeen:
    return StreamErrorSeen(RECEIVED, "reset", "", "", problem)


def test_everything_says_whose_it_is() -> None:
    shown = view(several_sessions=True)
    for event, text in [
        (Notice("one\ntwo"), "romeo   · one\n          two"),
        (Notice("careful", True), "romeo   ! careful"),
        (Disconnected(True), "romeo   closed      both sides closed the stream"),
        (
            stream_error(Problem("it broke", "often", "again")),
            "romeo   ! it broke\n          usually: often\n          try: again",
        ),
    ]:
        for lines in (
            shown.render(record(event, session="romeo")),
            shown.in_full(record(event, session="romeo")),
        ):
            assert lines == text


def test_the_name_takes_no_more_than_the_width() -> None:
    shown = view(width=60, several_sessions=True, timestamps=True)
    notice = Notice("word " * 40, True)
    for event in (notice, element(SENT, PING), element(RECEIVED, MESSAGE)):
        lines = (shown.render(record(event, session="romeo")) or "").split("\n")
        assert max(map(len, lines)) <= 60
        assert lines[0].startswith("romeo ")


def test_a_problem_of_one_session_is_told_though_another_connects() -> None:
    shown = view(several_sessions=True)
    problem = Problem("it broke")
    first = shown.render(record(stream_error(problem), session="romeo"))
    shown.render(record(Connecting("localhost", 5222, False, "given"), session="juliet"))
    again = shown.render(record(Disconnected(False, problem), session="romeo")) or ""
    assert first == "romeo   ! it broke"
    assert "it broke" not in again
    assert "closed" in again


def test_colour_changes_no_text() -> None:
    for event in (element(SENT, PING), element(RECEIVED, MESSAGE)):
        plain = view(timestamps=True).render(record(event, answers=Answer(3, 0.1)))
        styled = view(timestamps=True, colour=True).render(record(event, answers=Answer(3, 0.1)))
        assert SGR.sub("", styled or "") == plain
        assert styled != plain


def test_raw_shows_the_exact_text() -> None:
    text = "<iq  type = \"get\"\n id='j2' ><ping xmlns='urn:xmpp:ping'/></iq >"
    assert view(raw=True).render(record(element(SENT, text))) == f"→ 7 iq get   j2\n{text}"


def test_secrets_are_not_shown() -> None:
    text = "<iq type='set'><query xmlns='jabber:iq:register'><password>pw1</password></query></iq>"
    event = element(SENT, text)
    for shown in (
        view().render(record(event)),
        view(raw=True).render(record(event)),
        view().in_full(record(event)),
        render_raw(record(event)),
        render_raw(record(event), exact=True),
        render_json(record(event)),
    ):
        assert "pw1" not in (shown or "")
        assert "[redacted]" in (shown or "")


# Errors.


def error(condition: str) -> ElementSeen:
    return element(
        RECEIVED,
        f"<iq type='error' id='j2' from='localhost'><error type='cancel'><{condition}"
        " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )


def test_an_error_is_explained_and_the_second_time_in_brief() -> None:
    screen = view(width=2000)
    first, second, other = (
        (screen.render(record(error(condition))) or "").partition("</iq>\n")[2].split("\n")
        for condition in ("item-not-found", "item-not-found", "forbidden")
    )
    assert first[0].startswith("  ! item-not-found (cancel): ")
    assert [line.split(":")[0] for line in first[1:]] == ["    usually", "    try"]
    assert len(second) == 1
    assert second[0].startswith("  ! item-not-found (cancel): ")
    assert len(other) == 3
    assert "usually: " in (screen.in_full(record(error("item-not-found"))) or "")


def test_an_error_that_was_sent_is_not_explained() -> None:
    event = element(SENT, error("forbidden").data.decode())
    assert "!" not in (view().render(record(event)) or "")


# The negotiation.


def negotiation() -> list[Record]:
    header = parse_header(HEADER)
    bind = "<iq type='{}' id='j1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
    return [
        record(StreamHeaderSeen(SENT, HEADER, header), 1, NEGOTIATES),
        record(StreamHeaderSeen(RECEIVED, HEADER, header), 2),
        record(element(RECEIVED, "<stream:features/>"), 3),
        record(element(SENT, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AA</auth>"), 4),
        record(element(RECEIVED, FAILURE), 5),
        record(element(SENT, bind.format("set")), 6),
        record(element(RECEIVED, bind.format("result")), 7, answers=Answer(6, 0.001)),
        record(WhitespaceSeen(RECEIVED, b" "), None),
        record(StreamEndSeen(RECEIVED, b"</stream:stream>"), 8),
    ]


def by_the_console(records: list[Record]) -> list[Record]:
    return [
        record(r.event, r.number, NEGOTIATES, r.answers)
        if isinstance(r.event, WireEvent) and r.event.direction is SENT
        else r
        for r in records
    ]


def test_the_negotiation_is_told_in_steps_only() -> None:
    screen = view()
    assert [screen.render(r) for r in by_the_console(negotiation())] == [None] * 9
    assert screen.render(record(element(RECEIVED, "<iq type='result' id='j1'/>"))) is not None


def test_the_negotiation_is_shown_if_asked_for() -> None:
    screen = view(negotiation=True)
    shown = [screen.render(r) or "" for r in by_the_console(negotiation())]
    assert [text.split("\n")[0] for text in shown] == [
        "→ 1 stream header   [auto] sign in",
        "← 2 stream header",
        "← 3 stream:features",
        "→ 4 auth   [auto] sign in",
        "← 5 failure",
        "→ 6 iq set   j1   [auto] sign in",
        "← 7 iq result   answers 6 in 1.0 ms",
        "← white space, a keepalive",
        "← 8 end of the stream",
    ]
    assert shown[0].split("\n")[1] == "  <?xml version='1.0'?>"
    assert "[redacted]" in shown[3]
    assert shown[7] == "← white space, a keepalive"
    assert shown[8].split("\n")[1] == "  </stream:stream>"


def test_a_negotiation_by_hand_is_shown_as_it_goes() -> None:
    """Where the user speaks, the answers are shown too; other sessions are not touched."""
    screen = view()
    records = [record(r.event, r.number, None, r.answers) for r in negotiation()]
    shown = [(screen.render(r) or "").split("\n")[0] for r in records[:5]]
    assert shown == [
        "→ 1 stream header",
        "← 2 stream header",
        "← 3 stream:features",
        "→ 4 auth",
        "← 5 failure",
    ]
    assert screen.render(record(element(RECEIVED, FAILURE), session="romeo")) is None
    screen.render(record(Connected("::1:5222", "localhost", 5222, "", 0.1)))
    assert screen.render(records[1]) is None


def test_everything_can_be_shown_in_full() -> None:
    for r in by_the_console(negotiation()):
        assert view().in_full(r)


def test_steps_and_notices_are_shown() -> None:
    screen = view()
    assert screen.render(record(Notice("hello"))) == "  · hello"
    problem = Problem("it broke")
    assert "it broke" in (screen.render(record(Disconnected(False, problem))) or "")
    assert screen.told(problem)
    assert not screen.told(Problem("something else"))


# Broken and hostile data.


def test_text_outside_of_elements_is_loud() -> None:
    shown = view().render(record(TextSeen(RECEIVED, b"oops\x1b[2J")))
    assert shown == "← 7 text outside of any element\noops⟨U+001B⟩[2J"


def test_broken_bytes_are_shown_with_hex_and_the_reason() -> None:
    event = BrokenBytesSeen(RECEIVED, b"<a>\xff\xfe", Problem("this is not UTF-8", "a cause"))
    assert view().render(record(event)) == (
        "← 7 broken bytes\n<a>⟨bytes FF FE⟩\n  ! this is not UTF-8\n    usually: a cause"
    )


hostile = st.text(
    st.characters(exclude_characters="<>&'\"\x00", exclude_categories=["Cs"]), max_size=20
)


@given(hostile, st.binary(max_size=40), st.booleans())
def test_nothing_acts_on_the_terminal(text: str, data: bytes, raw: bool) -> None:
    broken = BrokenBytesSeen(RECEIVED, data, Problem(text, text, text))
    events: list[Event] = [broken, TextSeen(SENT, data), Notice(text)]
    clean = re.sub(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]", "", text)
    events.append(element(RECEIVED, f"<iq type='{clean}' id='{clean}' from='{clean}'>{clean}</iq>"))
    screen = view(colour=True, timestamps=True, raw=raw, several_sessions=True)
    for event in events:
        for shown in (
            screen.render(record(event, session=text)),
            screen.in_full(record(event, session=text)),
        ):
            assert not re.search(
                r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u200d]", SGR.sub("", shown or "")
            )
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", render_raw(record(event)) or "")
        assert render_json(record(event)).isascii()


# Folding.


def test_long_lists_are_folded_on_screen_and_shown_in_full() -> None:
    items = "".join(f"<item jid='f{n}@example.org'/>" for n in range(60))
    event = element(RECEIVED, f"<iq type='result'><q xmlns='jabber:iq:roster'>{items}</q></iq>")
    lines = (view().render(record(event)) or "").split("\n")
    assert len(lines) == 42
    assert lines[-1] == "  … 24 more lines · /show 7"
    assert len((view(fold_lines=10).render(record(event)) or "").split("\n")) == 12
    assert len((view().in_full(record(event)) or "").split("\n")) == 65


def test_long_texts_are_folded() -> None:
    event = element(RECEIVED, f"<message><body>{'x' * 12_000}</body></message>")
    shown = view().render(record(event)) or ""
    assert len(shown) < 2300
    assert shown.endswith("  … 10,000 more characters · /show 7")
    assert "x" * 12_000 in (view().in_full(record(event)) or "")


def test_raw_text_is_folded() -> None:
    text = f"<message><body>{'x' * 12_000}</body></message>"
    event = element(RECEIVED, text)
    *shown, note = (view(raw=True).render(record(event)) or "").split("\n")[1:]
    assert shown == [text[:2000]]
    assert note == f"  … {len(text) - 2000:,} more characters · /show 7"
    assert text in (view().in_full(record(event), raw=True) or "")


def test_broken_bytes_are_folded() -> None:
    event = BrokenBytesSeen(RECEIVED, b"\xff" * 50_000, Problem("this is not UTF-8"))
    assert len(view().render(record(event)) or "") < 2300


# For programs.


def test_raw_output() -> None:
    assert render_raw(record(element(SENT, PING))) == PING
    event = element(RECEIVED, "<a xmlns='urn:x'>\u202e</a>")
    assert render_raw(record(event)) == "<a xmlns='urn:x'>⟨U+202E⟩</a>"
    assert render_raw(record(event), exact=True) == "<a xmlns='urn:x'>\u202e</a>"
    broken = BrokenBytesSeen(RECEIVED, b"\xff", Problem("x"))
    assert render_raw(record(broken), exact=True) == "\\xff"
    assert render_raw(record(Notice("x"))) is None


def test_json_output() -> None:
    line = render_json(record(element(SENT, PING)))
    assert "\n" not in line
    assert json.loads(line)["data"] == PING
    assert json.loads(line)["n"] == 7
    assert json.loads(render_json(record(Notice("é"))))["text"] == "é"


def test_what_is_wrong_with_broken_bytes_is_told_once() -> None:
    screen = view()
    shown = screen.render(record(BrokenBytesSeen(RECEIVED, b"<a>\xff", Problem("no UTF-8"))))
    assert "no UTF-8" in (shown or "")
    again = Violation(RECEIVED, "not-well-formed", Problem("no UTF-8"))
    assert screen.render(record(again)) is None
    other = Violation(RECEIVED, "not-well-formed", Problem("more"))
    assert "more" in (screen.render(record(other)) or "")
