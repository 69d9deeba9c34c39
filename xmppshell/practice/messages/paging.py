"""Long lists, page by page (XEP-0059).

The items of a list are named by their UIDs; which they are and what a page is wrapped into is the
business of the protocol that pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ...protocol import namespaces as ns
from ..contacts.roster import escape_text
from ..refusals import Refused

if TYPE_CHECKING:
    from lxml import etree

_SET: Final = f"{{{ns.RSM}}}set"
_MAX_DIGITS = 9


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted: at most `most` items, after or before a UID, or from an index.

    None stands for what was not asked; `before` is "" for the last page.
    """

    most: int | None = None
    after: str | None = None
    before: str | None = None
    index: int | None = None


class Place(NamedTuple):
    """Where a UID stands in a list: how many items come before it, and how many to its end.

    The two are the same for a UID whose item is not in the list but has its place there.
    """

    before: int
    through: int


Places: TypeAlias = Callable[[str], Place | None]
"""Finds the place of a UID; None if there is no such UID."""


@dataclass(frozen=True, slots=True)
class Page:
    """The items `start` to `stop` (exclusive) of a list of `count`.

    `complete` says that nothing follows in the direction that was asked for.
    """

    start: int
    stop: int
    count: int
    complete: bool


def read_request(parent: etree._Element) -> PageRequest:
    """Return which page the `<set/>` in `parent` asks for; all are None without one.

    Raises `Refused` for numbers that are none, and for a page that is asked for in two ways, which
    XEP-0059 does not define.
    """
    asked = parent.find(_SET)
    if asked is None:
        return PageRequest()
    request = PageRequest(
        _number(asked, "max"), _text(asked, "after") or None, _text(asked, "before"),
        _number(asked, "index"),
    )  # fmt: skip
    ways = (request.after, request.before, request.index)
    if sum(way is not None for way in ways) > 1:
        text = "a page is asked for by one of <after/>, <before/> and <index/>"
        raise Refused("bad-request", "modify", text)
    return request


def page_of(count: int, request: PageRequest, cap: int, places: Places) -> Page:
    """Return which of `count` items are on the page, `cap` at most.

    Raises `Refused` if `request` names a UID that `places` does not know (XEP-0059 2.4).
    """
    low, high = 0, count
    if request.after is not None:
        low = _place(places, request.after).through
    elif request.before:
        high = _place(places, request.before).before
    elif request.index is not None:
        low = min(request.index, count)
    size = cap if request.most is None else min(request.most, cap)
    if request.before is not None:
        start = max(low, high - size)
        return Page(start, high, count, complete=start == low)
    stop = min(high, low + size)
    return Page(low, stop, count, complete=stop == high)


def places_in(uids: Sequence[str]) -> Places:
    """Return how to find the UIDs of a list that is all there is."""

    def find(uid: str) -> Place | None:
        return Place(uids.index(uid), uids.index(uid) + 1) if uid in uids else None

    return find


def page_xml(page: Page, uids: Sequence[str]) -> str:
    """Return the `<set/>` that describes a page, of whose items `uids` are the UIDs."""
    ends = ""
    if uids:
        first, last = escape_text(uids[0]), escape_text(uids[-1])
        ends = f"<first index='{page.start}'>{first}</first><last>{last}</last>"
    return f"<set xmlns='{ns.RSM}'>{ends}<count>{page.count}</count></set>"


def _place(places: Places, uid: str) -> Place:
    place = places(uid)
    if place is None:
        raise Refused("item-not-found", "cancel", "there is no item with this UID")
    return place


def _text(asked: etree._Element, name: str) -> str | None:
    element = asked.find(f"{{{ns.RSM}}}{name}")
    return None if element is None else element.text or ""


def _number(asked: etree._Element, name: str) -> int | None:
    text = _text(asked, name)
    if text is None:
        return None
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > _MAX_DIGITS:
        raise Refused("bad-request", "modify", f"<{name}/> is a number from 0")
    return int(digits)
