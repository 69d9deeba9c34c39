"""Values of attributes and texts: whether a text is what its kind says, and if not, why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from .jid import JID, JIDError, shown
from .problem import Problem

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_MOST_DIGITS = 40
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_DATE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)", re.ASCII
)
_LANGUAGE = re.compile(r"(?:[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_NAMESPACE = re.compile(r"[^\s<>\"{}|\\^`]+")
_TOKEN = re.compile(r"\S+")


def check(
    kind: str, text: str, *, least: int | None = None, most: int | None = None
) -> Problem | None:
    """Say what is wrong with `text` as a value of `kind`, or None if nothing is.

    `kind` is one of `kinds.KIND_NAMES`; raises KeyError for another. `text` is plain, not
    escaped. `least` and `most` bound a number of the kinds `int` and `uint`, both included. White
    space around numbers, dates and the like is allowed, as XML Schema allows it.
    """
    judge = _JUDGES[kind]
    wrong = _NOT_XML.search(text)
    if wrong is not None:
        return Problem(
            f"U+{ord(wrong.group()):04X} cannot stand in XML, not even escaped",
            "most control characters are no characters of XML",
            "leave it out",
            "XML 1.0 2.2",
        )
    if kind in ("int", "uint"):
        lowest = max(0, least or 0) if kind == "uint" else least
        return _number(text, lowest, most)
    return judge(text)


def _number(text: str, least: int | None, most: int | None) -> Problem | None:
    right = _range(least, most)
    digits = text.strip(" \t\r\n")
    if not _INTEGER.fullmatch(digits):
        return Problem(f"{_quoted(text)} is not a whole number", "", f"write {right}")
    if len(digits) > _MOST_DIGITS:
        return Problem("that number has too many digits", "", f"write {right}")
    number = int(digits)
    if (least is not None and number < least) or (most is not None and number > most):
        return Problem(f"{number} is outside {_bounds(least, most)}", "", f"write {right}")
    return None


def _bounds(least: int | None, most: int | None) -> str:
    if most is None:
        return f"{least} and up"
    return f"{least}..{most}" if least is not None else f"{most} and down"


def _range(least: int | None, most: int | None) -> str:
    if least is None and most is None:
        return "digits only, such as 5"
    if most is None:
        return f"a number from {least} up, in digits"
    return f"a number from {least} to {most}" if least is not None else f"at most {most}"


def _jid(text: str) -> Problem | None:
    try:
        JID.parse(text)
    except JIDError as error:
        problem = error.problem
        cure = problem.cure or "write an address such as juliet@example.org/balcony"
        return Problem(problem.what, problem.cause, cure, problem.reference)
    return None


def _full(text: str) -> Problem | None:
    problem = _jid(text)
    if problem is None and not JID.parse(text).is_full:
        what = f"{_quoted(text)} has no resource"
        cause = "a full JID names one of the connections of an account"
        return Problem(what, cause, f"write {text}/RESOURCE", "RFC 7622 3.4")
    return problem


def _bare(text: str) -> Problem | None:
    problem = _jid(text)
    if problem is None and JID.parse(text).is_full:
        bare = text.partition("/")[0]
        cause = "a bare JID names the account, not one of its connections"
        what = f"{_quoted(text)} has a resource"
        return Problem(what, cause, f"write {bare}", "RFC 7622 3.1")
    return problem


def _domain(text: str) -> Problem | None:
    problem = _jid(text)
    if problem is None:
        jid = JID.parse(text)
        if jid.local or jid.resource:
            cause = "that names an account or a connection, and here stands a domain alone"
            what = f"{_quoted(text)} is more than a domain"
            return Problem(what, cause, f"write {jid.domain}", "RFC 7622 3.2")
    return problem


def _nick(text: str) -> Problem | None:
    if not text.strip():
        what = "a nickname cannot be empty or white space alone"
        return Problem(what, "", "write a name such as Juliet", "XEP-0045 7.2")
    try:
        JID.of("", "localhost", text)
    except JIDError as error:
        reason = error.problem.what.partition(" is not a JID: ")[2] or error.problem.what
        what = f"{_quoted(text)} is no nickname: {reason}"
        cause = error.problem.cause or "a nickname is the resource of the occupant's address"
        return Problem(what, cause, "write a name such as Juliet", error.problem.reference)
    return None


def _bool(text: str) -> Problem | None:
    if text.strip(" \t\r\n") in ("true", "false", "1", "0"):
        return None
    what = f"{_quoted(text)} is neither true nor false"
    return Problem(what, "XML Schema knows true, false, 1 and 0", "write true or false")


def _date(text: str) -> Problem | None:
    cure = "write a date such as 2026-02-14T18:30:00Z"
    found = _DATE.fullmatch(text.strip(" \t\r\n"))
    cause = "the form is YYYY-MM-DDThh:mm:ss, then Z or an offset such as +01:00"
    if found is not None:
        try:
            datetime.fromisoformat(found[1])
        except ValueError:
            cause = "there is no such day or time"
        else:
            return None
    return Problem(f"{_quoted(text)} is not a date and time", cause, cure, "XEP-0082 3.2")


def _base64(text: str) -> Problem | None:
    characters = "".join(text.split())
    if _BASE64.fullmatch(characters):
        return None
    cause = "base64 has letters, digits, + and /, and = only at the end"
    if _BASE64.fullmatch(characters.rstrip("=") + "=" * (-len(characters.rstrip("=")) % 4)):
        cause = "its length is not right: four characters stand for three bytes, filled up with ="
    what = f"{_quoted(text)} is not base64"
    return Problem(what, cause, "write it like aGVsbG8=", "RFC 4648 4")


def _pattern(
    pattern: re.Pattern[str], kind: str, cause: str, cure: str, reference: str = ""
) -> Callable[[str], Problem | None]:
    """Return the judge of values that one pattern describes."""

    def judge(text: str) -> Problem | None:
        if pattern.fullmatch(text):
            return None
        what = f"{_quoted(text)} is not {kind}" if text else f"{kind} cannot be empty"
        return Problem(what, cause, cure, reference)

    return judge


def _not_empty(kind: str) -> Callable[[str], Problem | None]:
    def judge(text: str) -> Problem | None:
        return None if text else Problem(f"{kind} cannot be empty", "", "write something")

    return judge


def _anything(text: str) -> Problem | None:
    return None


def _quoted(text: str) -> str:
    return f"“{shown(text)}”"


_HEX_JUDGE: Final = _pattern(
    _HEX, "hexadecimal", "it has two of 0-9 and a-f for each byte", "write it like 0fa1"
)

_JUDGES: Final[dict[str, Callable[[str], Problem | None]]] = {
    "base64": _base64,
    "bare": _bare,
    "bool": _bool,
    "date": _date,
    "domain": _domain,
    "full": _full,
    "hex": lambda text: _HEX_JUDGE("".join(text.split())),
    "id": _not_empty("an id"),
    "int": _anything,
    "jid": _jid,
    "lang": _pattern(
        _LANGUAGE,
        "a language tag",
        "it has letters and digits in groups of at most eight, with hyphens between",
        "write a tag such as en or pt-BR",
        "RFC 5646 2.1",
    ),
    "namespace": _pattern(
        _NAMESPACE,
        "a namespace",
        "it has no spaces and none of < > \" { } | \\ ^ `",
        "write a name such as urn:xmpp:ping",
    ),
    "nick": _nick,
    "node": _not_empty("a node"),
    "string": _anything,
    "token": _pattern(
        _TOKEN, "a token", "it is one word without spaces", "write a word such as chat"
    ),
    "uint": _anything,
    "uri": _pattern(
        _URI,
        "a URI",
        "it begins with a scheme and a colon and has no spaces",
        "write one such as https://example.org/a.png",
        "RFC 3986 3",
    ),
}  # fmt: skip

KINDS: Final = frozenset(_JUDGES)
"""The kinds that `check` knows."""
