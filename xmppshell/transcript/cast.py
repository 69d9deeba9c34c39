"""Reading the cast of a transcript: actors, and the options below them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..knowledge.nearness import listed, near
from ..protocol.jid import JID, JIDError
from ..protocol.problem import Problem
from .lines import LineKind, Paragraph, kind_of
from .places import Source
from .script import REFERENCE, Actor, Comment, Option, Role

CONNECTING = ("connect_host", "connect_port", "host", "port", "tls")
OPTIONS: Mapping[Role, tuple[str, ...]] = {
    Role.CLIENT: ("jid", "password", "resource", "mechanism", *CONNECTING),
    Role.COMPONENT: ("jid", "password", *CONNECTING),
}
"""What may be said of an actor."""

TLS_WAYS = ("starttls", "direct", "none")

_ACTOR = re.compile(r"\[\s*([^\]]*?)\s*\]\s*(.*?)\s*")
_OPTION = re.compile(r"(\s*)([^:\s]+)(\s*:[ \t]*)(.*?)\s*")
_ROLES = {role.value: role for role in Role}
_BRACES = re.compile(r"\$\{[^}]*\}?")


def is_actor(line: str) -> bool:
    """Say whether a line begins an actor."""
    return line.startswith("[")


def read_actor(source: Source, paragraph: Paragraph) -> Actor | None:
    """Return the actor that a paragraph describes; None, and a fault, if it describes none."""
    found = _ACTOR.fullmatch(paragraph.text)
    options = _lines(source, paragraph)
    if found is None:
        problem = Problem("this actor's role has no end", "", "write [Client] NAME")
        source.fault(paragraph.line, 1, problem, len(paragraph.text))
        return None
    role, name = _ROLES.get(found[1].capitalize()), found[2]
    if role is None:
        what = f"there is no role [{found[1]}]" if found[1] else "the role is missing"
        problem = Problem(
            what, "", f"expected is [Client] or [Component]{_meant(found[1], _ROLES)}"
        )
        source.fault(paragraph.line, found.start(1) + 1, problem, len(found[1]))
        role = Role.CLIENT
    if not _is_name(name):
        what = f"{name!r} cannot be a name" if name else "this actor has no name"
        problem = Problem(what, "", "write [Client] NAME, without any of : < > { } and line breaks")
        source.fault(paragraph.line, found.start(2) + 1, problem, len(name))
        return None
    place = source.place(paragraph.line, found.start(2) + 1)
    actor = Actor(role, name, options, place=place, gap=paragraph.gap)
    _check(source, actor, known_role=found[1].capitalize() in _ROLES)
    return actor


def _is_name(name: str) -> bool:
    return bool(name) and name.isprintable() and not set(name) & set(":<>{}")


def _lines(source: Source, paragraph: Paragraph) -> tuple[Option | Comment, ...]:
    found: list[Option | Comment] = []
    for number, line in enumerate(paragraph.body, start=paragraph.line + 1):
        kind = kind_of(line)
        if kind is LineKind.COMMENT:
            found.append(Comment(line, place=source.place(number), gap=0))
        elif kind is LineKind.INDENTED:
            # What stands here may be a password whose key is misspelt.
            source.hidden.add(number)
            option = _option(source, number, line)
            found += [] if option is None else [option]
    return tuple(found)


def _option(source: Source, number: int, line: str) -> Option | None:
    found = _OPTION.fullmatch(line)
    if found is None:
        problem = Problem(
            "this is no option", "", "write KEY: VALUE, such as jid: juliet@localhost"
        )
        source.fault(number, len(line) - len(line.lstrip()) + 1, problem)
        return None
    place = source.place(number, found.start(2) + 1)
    value_place = source.place(number, found.start(4) + 1)
    return Option(found[2], found[4], value_place, place=place, gap=0)


def _check(source: Source, actor: Actor, *, known_role: bool) -> None:
    known = OPTIONS[actor.role]
    seen: set[str] = set()
    for line in actor.lines:
        if isinstance(line, Option):
            _check_key(source, line, known if known_role else (), seen)
            _check_value(source, line)
            seen.add(line.key)
    if "jid" not in seen:
        problem = Problem(f"{actor.name} has no address", "", "add a line below: jid: NAME@DOMAIN")
        source.fault(actor.place.line, actor.place.column, problem, len(actor.name))


def _check_key(source: Source, option: Option, known: tuple[str, ...], seen: set[str]) -> None:
    problem = None
    if known and option.key not in known:
        what = f"there is no option {option.key}"
        problem = Problem(what, "", f"expected is {listed(known)}{_meant(option.key, known)}")
    elif option.key in seen:
        problem = Problem(f"{option.key} is given twice", "", "leave one of the lines out")
    if problem is not None:
        source.fault(option.place.line, option.place.column, problem, len(option.key))


def _check_value(source: Source, option: Option) -> None:
    """Note what is wrong with a value, as far as that shows before references are resolved."""
    problem = None
    at = option.value_place.column
    for braces in _BRACES.finditer(option.value):
        if REFERENCE.fullmatch(braces[0]) is None and option.key != "password":
            cure = "expected is ${env:NAME} or ${account:NAME}"
            problem = Problem(f"{braces[0]} is no reference", "", cure)
            at += braces.start()
            break
    if problem is None and not option.references:
        problem = _CHECKS.get(option.key, _anything)(option.value)
    if problem is None:
        return
    if option.key != "password":
        source.hidden.discard(option.place.line)
    source.fault(option.place.line, at, problem, len(option.value) or 1)


def _anything(value: str) -> Problem | None:
    return None if value else Problem("the value is missing", "", "write KEY: VALUE")


def _jid(value: str) -> Problem | None:
    try:
        JID.parse(value)
    except JIDError as error:
        return error.problem
    return None


def _port(value: str) -> Problem | None:
    if value.isascii() and value.isdigit() and len(value) <= 5 and 0 < int(value) < 65536:
        return None
    return Problem(f"{value!r} is no port", "", "expected is a number from 1 to 65535")


def _tls(value: str) -> Problem | None:
    if value in TLS_WAYS:
        return None
    return Problem(f"there is no tls {value!r}", "", f"expected is {listed(TLS_WAYS)}")


_CHECKS: Mapping[str, Callable[[str], Problem | None]] = {
    "jid": _jid,
    "connect_port": _port,
    "port": _port,
    "tls": _tls,
}


def _meant(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    """Return the end of a sentence that says which of `known` was probably meant, or ""."""
    found = near(word, known)
    return f"; {found[0]} is near" if found else ""
