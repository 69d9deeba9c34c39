"""The book of what was sent and handled, without a stream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.protocol.acknowledgements import COUNTS, CountError, Ledger, count_of
from xmppshell.protocol.dialects import WEBSOCKET


def ledger(*stanzas: bytes, sent: int = 0) -> Ledger:
    """Return a ledger that had sent `sent` stanzas, all acknowledged, and then `stanzas`."""
    made = Ledger(sent=sent)
    for data in stanzas:
        made.note_sent(data)
    return made


def waiting(book: Ledger) -> list[tuple[int, bytes]]:
    return [(stanza.number, stanza.data) for stanza in book.unacknowledged]


def test_what_is_sent_waits_with_its_number_and_its_bytes() -> None:
    assert waiting(ledger(b"<a/>", b"<b/>")) == [(1, b"<a/>"), (2, b"<b/>")]


def test_a_count_covers_everything_up_to_it() -> None:
    book = ledger(b"a", b"b", b"c")
    assert book.acknowledge("2") == 2
    assert waiting(book) == [(3, b"c")]
    assert book.acknowledged == 2
    assert book.acknowledge("2") == 0
    assert book.acknowledge("3") == 1
    assert waiting(book) == []


def test_counts_begin_again_after_the_last() -> None:
    book = ledger(b"a", b"b", b"c", sent=COUNTS - 2)
    assert waiting(book) == [(COUNTS - 1, b"a"), (0, b"b"), (1, b"c")]
    assert book.acknowledge(str(COUNTS - 1)) == 1
    assert book.acknowledge("0") == 1
    assert book.acknowledge("1") == 1
    received = Ledger(received=COUNTS - 1)
    received.note_received()
    assert received.received == 0


@pytest.mark.parametrize("sent", [0, 7, COUNTS - 1])
def test_a_count_that_is_too_high(sent: int) -> None:
    book = ledger(b"a", b"b", sent=sent)
    with pytest.raises(CountError, match="were sent") as raised:
        book.acknowledge(str((sent + 3) % COUNTS))
    assert raised.value.too_high
    assert raised.value.sent == (sent + 2) % COUNTS
    assert len(book.unacknowledged) == 2


@pytest.mark.parametrize("sent", [5, COUNTS - 2])
def test_a_count_that_goes_backwards(sent: int) -> None:
    book = ledger(b"a", b"b", b"c", sent=sent)
    book.acknowledge(str((sent + 3) % COUNTS))
    with pytest.raises(CountError, match="went backwards") as raised:
        book.acknowledge(str((sent + 1) % COUNTS))
    assert not raised.value.too_high


@pytest.mark.parametrize("told", [None, "", "-1", "1.0", " 1", "x", str(COUNTS), "٣", "9" * 5000])
def test_what_is_no_count(told: str | None) -> None:
    assert count_of(told) is None
    with pytest.raises(CountError, match="no count") as raised:
        ledger(b"a").acknowledge(told)
    assert not raised.value.too_high


def test_a_resume_makes_the_rest_due_again_in_order() -> None:
    book = ledger(b"a", b"b", b"c", sent=10)
    book.undelivered.append(b"later")
    book.resume("11")
    assert list(book.undelivered) == [b"b", b"c", b"later"]
    assert waiting(book) == []
    assert book.sent == 11
    for data in list(book.undelivered):
        book.note_sent(data)
    assert waiting(book) == [(12, b"b"), (13, b"c"), (14, b"later")]
    assert not book.undelivered


def test_a_resume_that_is_cut_while_it_sends_again() -> None:
    book = ledger(b"a", b"b", b"c")
    book.resume("0")
    book.note_sent(b"a")
    book.resume("0")
    assert list(book.undelivered) == [b"a", b"b", b"c"]
    book.resume("0")
    assert list(book.undelivered) == [b"a", b"b", b"c"]


def test_a_wrong_count_resumes_nothing() -> None:
    book = ledger(b"a")
    with pytest.raises(CountError):
        book.resume("2")
    assert waiting(book) == [(1, b"a")]


def test_something_new_is_not_taken_for_what_is_due() -> None:
    book = ledger(b"a")
    book.resume("0")
    book.note_sent(b"new")
    assert list(book.undelivered) == [b"a"]
    assert waiting(book) == [(1, b"new")]


def test_what_is_abandoned_is_lost_and_not_due() -> None:
    book = ledger(b"a", b"b", b"c")
    book.undelivered.append(b"d")
    fresh = book.abandoned("1")
    assert list(fresh.lost) == [b"b", b"c", b"d"]
    assert not fresh.undelivered
    assert (fresh.sent, fresh.received, fresh.resumable) == (0, 0, False)
    assert list(ledger(b"a").abandoned("77").lost) == [b"a"]
    assert list(fresh.abandoned().lost) == [b"b", b"c", b"d"]


def test_what_was_lost_and_is_sent_by_hand_is_lost_no_more() -> None:
    fresh = ledger(b"a", b"b").abandoned()
    fresh.note_sent(b"b")
    assert list(fresh.lost) == [b"a"]


def test_an_orderly_end_leaves_nothing_open() -> None:
    book = ledger(b"a")
    book.resumable = True
    book.end(orderly=True)
    assert not book.unacknowledged
    assert not book.resumable


@given(st.data(), st.integers(0, COUNTS - 1))
def test_counts_agree_whatever_the_start(data: st.DataObject, start: int) -> None:
    """However sends and counts alternate, what waits is exactly what was not handled."""
    book, sent, handled = Ledger(sent=start), 0, 0
    for _ in range(data.draw(st.integers(0, 20))):
        if data.draw(st.booleans()):
            book.note_sent(str(sent).encode())
            sent += 1
        else:
            handled = data.draw(st.integers(handled, sent))
            book.acknowledge(str((start + handled) % COUNTS))
        expected = [str(number).encode() for number in range(handled, sent)]
        assert [stanza.data for stanza in book.unacknowledged] == expected


def test_what_may_be_sent_again_is_said_as_another_kind_of_connection_wants_it() -> None:
    book = ledger(b"<presence/>", b"<message/>")
    book.undelivered.append(b"<iq/>")
    book.lost.append(b"<message id='m'/>")
    lost = book.lost
    book.restate(WEBSOCKET.complete)
    assert waiting(book) == [
        (1, b"<presence xmlns='jabber:client'/>"),
        (2, b"<message xmlns='jabber:client'/>"),
    ]
    assert list(book.undelivered) == [b"<iq xmlns='jabber:client'/>"]
    assert list(lost) == [b"<message id='m' xmlns='jabber:client'/>"]
    book.note_sent_again(book.undelivered[0])
    assert not book.undelivered
