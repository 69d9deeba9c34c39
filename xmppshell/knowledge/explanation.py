"""What an explanation is made of: an annotated tree of XML, or cards of words. Only values.

Nothing here knows colours or columns; `terminal.explain_view` lays it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RemarkKind = Literal["note", "unknown", "wrong", "usually", "try", "request"]
"""`unknown` is what the catalogue does not have, `wrong` what breaks a rule or is an error,
`usually` and `try` the cause and the cure of an error, `request` what provoked it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is written: `XEP-0198 3` and its address; both "" where that is unknown."""

    reference: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say of an element besides what it is for; `part` is XML that it is about."""

    kind: RemarkKind
    text: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """The value of an attribute, of a text (`name` is "") or of a part of a payload.

    `meaning` is what it says, "" if there is nothing to say; `doubt` what is wrong with it, or that
    it is not known. With `own` the meaning is this value's, not the same for each of its name.
    """

    name: str
    value: str
    meaning: str = ""
    doubt: str = ""
    own: bool = False
    source: Source = Source()


@dataclass(frozen=True, slots=True)
class Branch:
    """One element of an annotated tree.

    `name` is the tag as it is written, with its prefix; `namespace` its namespace where that is
    another than its parent's, else "". `why` is "" for an element that is not known.
    """

    name: str
    namespace: str = ""
    why: str = ""
    source: Source = Source()
    values: tuple[Value, ...] = ()
    remarks: tuple[Remark, ...] = ()
    children: tuple[Branch | Run | More, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Several like elements without children, side by side: said once, with a row for each.

    `rows` have the tags' attributes or texts; `more` are the values that are left out, of which
    `unknown` mean nothing here.
    """

    name: str
    namespace: str
    why: str
    source: Source
    rows: tuple[Value, ...]
    more: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class More:
    """Elements like the one before that are left out, each by the value that tells it apart."""

    name: str
    which: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A list on a card: what it is of, and its rows of a name and what there is to say of it."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of one word: of the kind `kind`, such as "stanza error condition"."""

    kind: str
    name: str
    why: str
    source: Source = Source()
    parts: tuple[Part, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a term can mean, the likeliest first.

    `related` are documents with the term in their titles, with these titles; `near` are names
    that are written much like it, where it is unknown.
    """

    term: str
    cards: tuple[Card, ...]
    related: tuple[tuple[str, str], ...] = ()
    near: tuple[str, ...] = ()
