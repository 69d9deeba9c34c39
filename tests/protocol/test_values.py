"""Values are judged by their kind; what is wrong is said with what would be right."""

from __future__ import annotations

import pytest

from xmppshell.knowledge.model import KINDS
from xmppshell.protocol.values import check

GOOD = {
    "base64": ["", "aGVsbG8=", "aGVs bG8=\n", "AAAA"],
    "bare": ["juliet@example.org", "example.org"],
    "bool": ["true", "false", "1", "0", " true "],
    "date": ["2026-02-14T18:30:00Z", "2026-02-14T18:30:00.123+01:00", "2024-02-29T00:00:00-12:00"],
    "domain": ["example.org", "[::1]", "127.0.0.1"],
    "full": ["juliet@example.org/balcony", "example.org/x"],
    "hex": ["", "0fA1"],
    "id": ["a", "1 2"],
    "int": ["5", "-128", "+5", " 7 ", "0"],
    "jid": ["juliet@example.org/balcony", "example.org", "müller@example.org"],
    "lang": ["en", "pt-BR", ""],
    "namespace": ["urn:xmpp:ping", "vcard-temp", "http://jabber.org/protocol/muc#user"],
    "nick": ["Juliet", "the nurse", "Жулиет"],
    "node": ["http://jabber.org/protocol/commands", "a b"],
    "string": ["", "anything & more\n", "😀"],
    "token": ["chat", "muc#roomconfig"],
    "uint": ["0", "4294967295"],
    "uri": ["https://example.org/a.png", "xmpp:juliet@example.org?message", "urn:x:y"],
}
BAD = {
    "base64": ["aGVsbG8", "a*", "====", "aGVs=bG8"],
    "bare": ["juliet@example.org/balcony", "a b@c", ""],
    "bool": ["yes", "TRUE", ""],
    "date": ["2026-02-14", "20260214T18:30:00", "2026-02-30T00:00:00Z", "2026-02-14T18:30:00", ""],
    "domain": ["juliet@example.org", "example.org/x", "a b", ""],
    "full": ["juliet@example.org", "", "@x/y"],
    "hex": ["abc", "xy"],
    "id": [""],
    "int": ["", "high", "1.5", "0x5", "५"],
    "jid": ["", "@example.org", "juliet@", "a@b@c", "juliet@example.org/"],
    "lang": ["english language", "de_DE", "abcdefghi"],
    "namespace": ["", "urn:xmpp ping", "<x>"],
    "nick": ["", "  ", "x" * 1024],
    "node": [""],
    "string": ["\x00", "a\x1bb", "\ufffe", "\ud800"],
    "token": ["", "two words"],
    "uint": ["-1", "many", ""],
    "uri": ["example.org/a.png", "https://example.org/a b", "https:", ""],
}


def test_every_kind_is_known_and_tried() -> None:
    assert set(GOOD) == set(BAD) == KINDS


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, ts in GOOD.items() for t in ts])
def test_what_is_right_passes(kind: str, text: str) -> None:
    assert check(kind, text) is None


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, ts in BAD.items() for t in ts])
def test_what_is_wrong_is_said_with_a_cure(kind: str, text: str) -> None:
    problem = check(kind, text)
    assert problem is not None
    assert problem.what
    assert problem.cure


@pytest.mark.parametrize(("text", "right"), [("-128", True), ("127", True), ("200", False)])
def test_numbers_have_bounds(text: str, right: bool) -> None:
    problem = check("int", text, least=-128, most=127)
    assert (problem is None) is right
    if problem is not None:
        assert problem.what == "200 is outside -128..127"
        assert problem.cure == "write a number from -128 to 127"


def test_one_bound_is_enough() -> None:
    assert check("uint", "0", least=1) is not None
    assert check("uint", "1", least=1) is None
    problem = check("int", "11", most=10)
    assert problem is not None
    assert problem.what == "11 is outside 10 and down"


def test_a_number_of_absurd_length_is_wrong_and_not_converted() -> None:
    problem = check("uint", "9" * 100_000)
    assert problem is not None
    assert "too many digits" in problem.what


def test_a_bare_jid_is_told_from_a_full_one() -> None:
    problem = check("bare", "juliet@example.org/balcony")
    assert problem is not None
    assert (problem.what, problem.cure) == (
        "“juliet@example.org/balcony” has a resource",
        "write juliet@example.org",
    )


def test_a_date_that_does_not_exist_is_told_from_a_wrong_form() -> None:
    form, day = check("date", "14.2.2026"), check("date", "2026-02-30T00:00:00Z")
    assert form is not None
    assert day is not None
    assert "YYYY" in form.cause
    assert day.cause == "there is no such day or time"


def test_an_unknown_kind_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        check("colour", "red")
