"""Pages of a list: all pages together are the list, in both directions (XEP-0059)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from xmppshell.practice.messages.paging import (
    Page,
    PageRequest,
    Place,
    page_of,
    page_xml,
    places_in,
    read_request,
)
from xmppshell.practice.refusals import Refused

UIDS = [f"u{number}" for number in range(10)]
counts = st.integers(0, 40)
sizes = st.integers(1, 50)


def asked(inside: str) -> PageRequest:
    text = f"<query><set xmlns='http://jabber.org/protocol/rsm'>{inside}</set></query>"
    return read_request(etree.fromstring(text))


def page(inside: str, uids: list[str] = UIDS, cap: int = 50) -> Page:
    return page_of(len(uids), asked(inside), cap, places_in(uids))


@given(counts, sizes, sizes)
def test_all_pages_forwards_are_the_list(count: int, size: int, cap: int) -> None:
    uids = [str(number) for number in range(count)]
    seen: list[str] = []
    request = PageRequest(size)
    while True:
        found = page_of(count, request, cap, places_in(uids))
        assert found.count == count
        assert found.stop - found.start <= min(size, cap)
        seen += uids[found.start : found.stop]
        if found.complete:
            break
        request = PageRequest(size, after=seen[-1])
    assert seen == uids


@given(counts, sizes, sizes)
def test_all_pages_backwards_are_the_list(count: int, size: int, cap: int) -> None:
    uids = [str(number) for number in range(count)]
    seen: list[str] = []
    request = PageRequest(size, before="")
    while True:
        found = page_of(count, request, cap, places_in(uids))
        seen = uids[found.start : found.stop] + seen
        if found.complete:
            break
        request = PageRequest(size, before=seen[0])
    assert seen == uids


@given(counts, sizes)
def test_all_pages_by_index_are_the_list(count: int, size: int) -> None:
    uids = [str(number) for number in range(count)]
    seen: list[str] = []
    while True:
        found = page_of(count, PageRequest(size, index=len(seen)), 50, places_in(uids))
        assert found.start == len(seen)
        seen += uids[found.start : found.stop]
        if found.complete:
            break
    assert seen == uids


@pytest.mark.parametrize(
    ("inside", "start", "stop", "complete"),
    [
        ("", 0, 10, True),
        ("<max>10</max>", 0, 10, True),
        ("<max>9</max>", 0, 9, False),
        ("<max>3</max><after>u6</after>", 7, 10, True),
        ("<max>3</max><after>u5</after>", 6, 9, False),
        ("<after>u9</after>", 10, 10, True),
        ("<max>3</max><before/>", 7, 10, False),
        ("<max>3</max><before>u7</before>", 4, 7, False),
        ("<max>3</max><before>u2</before>", 0, 2, True),
        ("<before>u0</before>", 0, 0, True),
        ("<max>0</max>", 0, 0, False),
        ("<max>0</max><before/>", 10, 10, False),
        ("<max>2</max><index>4</index>", 4, 6, False),
        ("<max>2</max><index>8</index>", 8, 10, True),
        ("<max>2</max><index>99</index>", 10, 10, True),
        ("<after/>", 0, 10, True),
    ],
)
def test_pages(inside: str, start: int, stop: int, complete: bool) -> None:
    assert page(inside) == Page(start, stop, 10, complete)


def test_no_more_than_the_cap() -> None:
    assert page("<max>9</max>", cap=4) == Page(0, 4, 10, complete=False)
    assert page("", cap=4) == Page(0, 4, 10, complete=False)


def test_without_a_set_everything_is_asked_for() -> None:
    assert read_request(etree.fromstring("<query/>")) == PageRequest()


@pytest.mark.parametrize("uid", ["after", "before"])
def test_an_unknown_uid(uid: str) -> None:
    with pytest.raises(Refused) as error:
        page(f"<{uid}>nope</{uid}>")
    assert error.value.refusal.condition == "item-not-found"


@pytest.mark.parametrize(
    "inside",
    [
        "<max>-1</max>",
        "<max>ten</max>",
        "<max/>",
        "<max>٣</max>",
        "<max>99999999999</max>",
        "<index>1.5</index>",
        "<after>u1</after><before>u5</before>",
        "<index>1</index><before/>",
    ],
)
def test_what_cannot_be_asked(inside: str) -> None:
    with pytest.raises(Refused) as error:
        asked(inside)
    assert error.value.refusal.condition == "bad-request"


def test_a_place_outside_of_the_list() -> None:
    """An archive knows UIDs that a filter leaves out; their place counts all the same."""
    request = PageRequest(2, after="gone")
    found = page_of(10, request, 50, lambda uid: Place(4, 4))
    assert (found.start, found.stop) == (4, 6)
    found = page_of(10, PageRequest(2, before="gone"), 50, lambda uid: Place(4, 4))
    assert (found.start, found.stop) == (2, 4)


def test_how_a_page_is_described() -> None:
    head = "<set xmlns='http://jabber.org/protocol/rsm'>"
    assert page_xml(Page(3, 5, 9, False), ["a", "<b>"]) == (
        f"{head}<first index='3'>a</first><last>&lt;b&gt;</last><count>9</count></set>"
    )
    assert page_xml(Page(0, 0, 9, False), []) == f"{head}<count>9</count></set>"
