"""Stream management that is asked for inline in SASL2, against scripts of bytes."""

from __future__ import annotations

from linked_streams import JULIET, PASSWORD, client_stream

from xmppshell.protocol.acknowledgements import Ledger
from xmppshell.protocol.events import (
    Bound,
    Event,
    ManagementEnabled,
    ManagementFailed,
    Resumed,
    ResumeFailed,
)
from xmppshell.protocol.features.sasl2 import Sasl2Wishes
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import Send
from xmppshell.protocol.stream import Stream

SASL2 = "urn:xmpp:sasl:2"
SM = "urn:xmpp:sm:3"
EARLIER = JID.parse("juliet@localhost/earlier")
NEW = JID.parse("juliet@localhost/new")
HEADER = (
    "<stream:stream id='s' from='localhost' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
BIND = f"<bind xmlns='urn:xmpp:bind:0'><inline><feature var='{SM}'/></inline></bind>"
ENABLE = f"<enable xmlns='{SM}' resume='true'/>"
RESUME = f"<resume xmlns='{SM}' h='2' previd='one'/>"


def ledger() -> Ledger:
    book = Ledger(id="one", resumable=True, jid=EARLIER, received=2, sent=0)
    book.note_sent(b"<message id='a'/>")
    book.note_sent(b"<message id='b'/>")
    return book


def opened(inline: str, *, book: Ledger | None = None, pipeline: bool = False) -> Stream:
    stream = client_stream(
        PASSWORD,
        secured=True,
        tls=False,
        mechanism="PLAIN",
        sasl2=Sasl2Wishes("id"),
        management=True,
        ledger=book,
        pipeline=pipeline,
    )
    said(stream)
    offer = (
        f"<stream:features><authentication xmlns='{SASL2}'><mechanism>PLAIN</mechanism>"
        f"<inline>{inline}</inline></authentication></stream:features>"
    )
    stream.receive_data((HEADER + offer).encode())
    return stream


def said(stream: Stream) -> str:
    (move, *_) = stream.moves()
    assert isinstance(move, Send)
    stream.data_sent(move.data)
    return move.data.decode()


def succeed(stream: Stream, inner: str, jid: JID = NEW) -> list[Event]:
    who = f"<authorization-identifier>{jid}</authorization-identifier>"
    return stream.receive_data(f"<success xmlns='{SASL2}'>{inner}{who}</success>".encode())


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events[2:]]


def test_it_is_enabled_with_the_resource() -> None:
    stream = opened(BIND)
    assert f"<tag>balcony</tag>{ENABLE}</bind>" in said(stream)
    enabled = f"<enabled xmlns='{SM}' id='two' resume='true' max='60'/>"
    events = succeed(stream, f"<bound xmlns='urn:xmpp:bind:0'>{enabled}</bound>")
    assert events[2:] == [Bound(NEW), ManagementEnabled("two", True, 60, "")]
    assert stream.management.enabled
    assert stream.management.ledger.jid == NEW
    assert stream.moves() == []
    stream.data_sent(b"<presence/>")
    assert stream.management.ledger.sent == 1


def test_a_refusal_to_enable_it_is_told() -> None:
    stream = opened(BIND)
    said(stream)
    failed = f"<failed xmlns='{SM}'><internal-server-error xmlns='urn:x'/></failed>"
    events = succeed(stream, f"<bound xmlns='urn:xmpp:bind:0'>{failed}</bound>")
    assert kinds(events) == ["Bound", "ManagementFailed"]
    assert isinstance(events[-1], ManagementFailed)
    assert not stream.management.enabled


def test_without_the_offer_it_is_enabled_the_old_way() -> None:
    stream = opened("<bind xmlns='urn:xmpp:bind:0'/>")
    assert ENABLE not in said(stream)
    succeed(stream, "<bound xmlns='urn:xmpp:bind:0'/>")
    stream.receive_data(f"<stream:features><sm xmlns='{SM}'/></stream:features>".encode())
    assert said(stream) == ENABLE


def test_an_earlier_stream_is_resumed_with_the_login() -> None:
    stream = opened(BIND + f"<sm xmlns='{SM}'/>", book=ledger())
    request = said(stream)
    assert RESUME in request
    assert request.index(RESUME) < request.index("<bind ")
    events = succeed(stream, f"<resumed xmlns='{SM}' h='1' previd='one'/>", EARLIER)
    assert events[2:] == [Resumed(EARLIER, "one", 1, 1)]
    assert stream.online
    assert stream.jid == EARLIER
    assert said(stream) == "<message id='b'/>"


def test_a_resume_that_fails_leaves_the_new_resource() -> None:
    stream = opened(BIND + f"<sm xmlns='{SM}'/>", book=ledger())
    said(stream)
    failed = f"<failed xmlns='{SM}' h='1'><item-not-found xmlns='urn:x'/></failed>"
    enabled = f"<enabled xmlns='{SM}' id='two' resume='true'/>"
    events = succeed(stream, f"{failed}<bound xmlns='urn:xmpp:bind:0'>{enabled}</bound>")
    assert kinds(events) == ["ResumeFailed", "Bound", "ManagementEnabled"]
    assert isinstance(events[2], ResumeFailed)
    assert (events[2].condition, events[2].lost) == ("item-not-found", 1)
    assert stream.jid == NEW
    assert not stream.management.waiting_to_resume


def test_who_cannot_resume_inline_does_it_before_a_resource() -> None:
    stream = opened(BIND, book=ledger())
    request = said(stream)
    assert "<resume" not in request
    assert "<bind" not in request
    succeed(stream, "")
    stream.receive_data(f"<stream:features><sm xmlns='{SM}'/></stream:features>".encode())
    assert said(stream) == RESUME


def test_a_resource_that_is_bound_by_hand_takes_its_place() -> None:
    stream = opened(BIND + f"<sm xmlns='{SM}'/>", book=ledger())
    stream.data_sent(
        f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'><initial-response>AGp1bGlldABwZW5jaWw="
        "</initial-response><bind xmlns='urn:xmpp:bind:0'/></authenticate>".encode()
    )
    events = succeed(stream, "<bound xmlns='urn:xmpp:bind:0'/>")
    assert kinds(events) == ["Bound", "ResumeFailed"]


def test_all_is_asked_for_ahead_of_the_offer() -> None:
    stream = client_stream(
        PASSWORD,
        secured=True,
        tls=False,
        sasl2=Sasl2Wishes("id"),
        management=True,
        ledger=ledger(),
        pipeline=True,
    )
    said(stream)
    request = said(stream)
    assert RESUME in request
    assert ENABLE in request


def test_quiet_unless_asked() -> None:
    stream = client_stream(PASSWORD, secured=True, tls=False, sasl2=Sasl2Wishes(), pipeline=True)
    said(stream)
    assert SM not in said(stream)
    assert JULIET.resource == "balcony"
