"""The milestones in lines."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xmppshell.feed import Record
from xmppshell.protocol.credentials import FastToken
from xmppshell.protocol.events import (
    Authenticated,
    AuthenticationFailed,
    BindFailed,
    Bound,
    ConnectAttemptFailed,
    Connected,
    Connecting,
    Direction,
    Disconnected,
    Event,
    FastTokenReceived,
    FastTokenRefused,
    FeaturesOffered,
    MoveProposed,
    Notice,
    Online,
    Secured,
    StreamErrorSeen,
    Violation,
)
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import MoveFamily, Send
from xmppshell.protocol.problem import Problem
from xmppshell.terminal.steps import Steps, duration
from xmppshell.terminal.theme import Theme

JULIET = JID.parse("juliet@localhost/balcony")
OTHER = Problem("something else broke")
PROBLEM = Problem("it broke", "it always does", "try again")
TLS = Secured("TLS 1.3", "TLS_AES_256_GCM_SHA384", "localhost", "practice CA", True, "", 0.004)


def steps(width: int = 80) -> Steps:
    return Steps(Theme(colour=False), lambda: width)


def record(event: Event, at: float = 0.0, session: str = "juliet") -> Record:
    return Record(None, session, at, datetime(2025, 1, 2, tzinfo=UTC), event)


def test_a_negotiation() -> None:
    view = steps()
    shown = [
        view.render(record(Connecting("127.0.0.1", 41233, False, "given by hand"), 0.0)),
        view.render(record(Connected("127.0.0.1:41233", "127.0.0.1", 41233, "", 0.0011), 0.001)),
        view.render(record(TLS, 0.010)),
        view.render(record(Authenticated("SCRAM-SHA-256", True), 0.016)),
        view.render(record(Bound(JULIET), 0.0175)),
        view.render(record(Online(JULIET, 0.0175), 0.0175)),
    ]
    assert shown == [
        "  connecting  127.0.0.1:41233, given by hand",
        "  connected   127.0.0.1:41233                                             1.1 ms",
        "  secured     TLS 1.3, TLS_AES_256_GCM_SHA384, localhost (practice CA)    4.0 ms",
        "  signed in   SCRAM-SHA-256, server's signature verified                  6.0 ms",
        "  bound       juliet@localhost/balcony                                    1.5 ms",
        "  online      ready for stanzas                                            18 ms",
    ]


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (Authenticated("PLAIN", False), "signed in   PLAIN"),
        (
            Authenticated("SCRAM-SHA-256-PLUS", True, sasl2=True, channel_binding="tls-exporter"),
            "signed in   SCRAM-SHA-256-PLUS (SASL2), bound to TLS by tls-exporter, server's "
            "signature verified",
        ),
        (
            Authenticated("HT-SHA-256-NONE", True, sasl2=True, token=True),
            "signed in   HT-SHA-256-NONE (SASL2), by the token of an earlier login, the server "
            "has it, too",
        ),
        (
            FastTokenReceived("HT-SHA-256-NONE", FastToken("HT-SHA-256-NONE", "SECR3T", "2030")),
            "token       given for the next login, for HT-SHA-256-NONE",
        ),
        (
            FastTokenRefused("HT-SHA-256-NONE", "credentials-expired"),
            "token       refused (credentials-expired), and dropped: it is of no more use",
        ),
    ],
)
def test_how_one_signed_in(event: Event, shown: str) -> None:
    assert (steps(200).render(record(event)) or "").strip().startswith(shown)
    assert "SECR3T" not in (steps(200).render(record(event)) or "")


def test_a_long_step_goes_on_below() -> None:
    assert steps(50).render(record(TLS)) == (
        "  secured     TLS 1.3, TLS_AES_256_GCM_SHA384,\n"
        "              localhost (practice CA)       4.0 ms"
    )


def test_a_time_without_room_stands_below() -> None:
    assert steps(44).render(
        record(
            Bound(
                JID.parse("juliet@localhost/the-balcony-2"),
            )
        )
    ) == ("  bound       juliet@localhost/the-balcony-2\n" + "0.0 ms".rjust(44))


def test_times_stand_near_on_a_wide_terminal() -> None:
    assert len(steps(200).render(record(TLS)) or "") == 80
    long = Bound(JID.parse(f"juliet@localhost/{'x' * 60}"))
    assert (steps(200).render(record(long)) or "").endswith("xxx  0.0 ms")


def test_two_sessions_have_their_own_times() -> None:
    view = steps()
    view.render(record(TLS, 1.0, "juliet"))
    view.render(record(TLS, 5.0, "romeo"))
    juliet = view.render(record(Bound(JULIET), 6.0, "juliet")) or ""
    assert juliet.startswith("  bound       juliet@localhost/balcony ")
    assert juliet.endswith(" 5.0 s")


def test_a_certificate_that_was_not_verified_is_loud() -> None:
    tls = Secured("TLS 1.3", "AES", "x", "y", False, "", 0.1)
    assert "\n  ! the certificate is NOT VERIFIED: " in (steps().render(record(tls)) or "")
    assert "NOT VERIFIED" not in (steps().render(record(TLS)) or "")


@pytest.mark.parametrize(
    "event",
    [
        ConnectAttemptFailed("localhost", 5222, PROBLEM),
        AuthenticationFailed("PLAIN", "not-authorized", "", PROBLEM),
        BindFailed("conflict", "", PROBLEM),
        StreamErrorSeen(Direction.RECEIVED, "conflict", "", "", PROBLEM),
        Violation(Direction.RECEIVED, "restricted-xml", PROBLEM),
        Disconnected(False, PROBLEM),
    ],
)
def test_every_failure_says_what_why_and_what_to_try(event: Event) -> None:
    view = steps()
    assert not view.told(PROBLEM)
    assert view.render(record(event)) == (
        "  ! it broke\n    usually: it always does\n    try: try again"
    )
    assert view.told(PROBLEM)


def test_a_problem_is_told_once_for_a_connection() -> None:
    view = steps()
    view.render(record(AuthenticationFailed("PLAIN", "not-authorized", "", PROBLEM)))
    assert view.render(record(Disconnected(False, PROBLEM))) == (
        "  closed      the connection is closed"
    )
    view.render(record(Connecting("localhost", 5222, False, "again")))
    assert "it broke" in (view.render(record(Disconnected(False, PROBLEM))) or "")


def test_closing() -> None:
    assert steps().render(record(Disconnected(True))) == (
        "  closed      both sides closed the stream"
    )
    assert steps().render(record(Disconnected(False))) == "  closed      the connection is closed"


def test_moves_and_notices() -> None:
    move = Send("ping", MoveFamily.REPLY, "answers the ping", "XEP-0199 4.2", b"<secret/>")
    assert steps().render(record(MoveProposed(move))) == (
        "  your move   ping: answers the ping (XEP-0199 4.2)"
    )
    assert steps().render(record(Notice("one\ntwo"))) == "  · one\n    two"
    assert steps().render(record(Notice("careful", True))) == "  ! careful"


def test_what_is_no_step_is_not_shown() -> None:
    assert steps().render(record(FeaturesOffered(("{urn:x}y",)))) is None


def test_what_a_server_says_does_not_act_on_the_terminal() -> None:
    view = steps()
    tls = Secured("TLS 1.3", "AES", "a\x1b[2Jb", "c\nd", True, "", 0.1)
    assert "a⟨U+001B⟩[2Jb (c⟨U+000A⟩d)" in (view.render(record(tls)) or "")
    assert "⟨U+0007⟩" in (view.render(record(Notice("x\x07"))) or "")


def test_an_ipv6_address_is_in_brackets() -> None:
    shown = steps().render(record(Connecting("::1", 5222, False, "given by hand")))
    assert shown == "  connecting  [::1]:5222, given by hand"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.0 ms"), (0.00084, "0.8 ms"), (0.0416, "42 ms"), (1.25, "1.2 s"), (75, "75.0 s")],
)
def test_times_have_few_digits(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_stream_error_of_this_side_is_not_put_into_the_mouth_of_the_server() -> None:
    view = steps()
    view.render(record(Violation(Direction.RECEIVED, "policy-violation", PROBLEM)))
    event = StreamErrorSeen(Direction.SENT, "policy-violation", "too deep", "", OTHER)
    assert view.render(record(event)) == "  ended       by this side: policy-violation, “too deep”"
    # What was wrong is not told again at the end.
    closed = view.render(record(Disconnected(False, PROBLEM)))
    assert closed == "  closed      the connection is closed"
