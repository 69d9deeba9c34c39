"""Which variables a script may use where: addresses of its cast, and what was captured before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..knowledge.nearness import listed, near
from ..protocol.problem import Problem
from .patterns import ElementPattern
from .places import Fault, Place, Source
from .script import Block, Include, Receives, Script, SendsRaw, Step
from .variables import CAPTURED, VARIABLE, Value

_JID = "{}'s JID"
_FULL_JID = "{}'s full JID"


def names_of(actor: str) -> tuple[str, str]:
    """Return the names of an actor's variables: its address in the cast, and its full JID."""
    return _JID.format(actor), _FULL_JID.format(actor)


def check_variables(script: Script, source: Source) -> None:
    """Note a fault for each variable that nothing gives a value, or that is used too early."""
    unread = any(isinstance(entry, Include) and entry.script is None for entry in script.played())
    addresses = {name for actor in script.cast for name in names_of(actor)}
    captured: set[str] = set()
    later = {name for step in script.steps for piece in _pieces(step) for name in _captured(piece)}
    for step in script.steps:
        for piece in _pieces(step):
            for name, place in _used(piece, step):
                if name not in addresses and name not in captured and not unread:
                    known = sorted(addresses | captured)
                    problem = _unknown(name, known, comes_later=name in later)
                    _note(source, place, problem, len(name) + 3)
            captured |= set(_captured(piece))


def _note(source: Source, place: Place, problem: Problem, width: int) -> None:
    if place.file == source.file:
        source.fault(place.line, place.column, problem, width)
    else:
        source.faults.append(Fault(place, problem, "", width))


def _unknown(name: str, known: list[str], *, comes_later: bool) -> Problem:
    if comes_later:
        cause = "it is captured only later, or in the same stanza"
        return Problem(f"${{{name}}} is not captured yet", cause, "capture it in an earlier stanza")
    own = [other for other in known if other.startswith(f"{name}'s ")]
    close = own or near(name, known)
    if close:
        cure = f"near: {listed(f'${{{other}}}' for other in close)}"
    elif CAPTURED.fullmatch(name):
        cure = f"capture it before, in what is received: {{capture:{name}}}"
    else:
        cure = "a variable is ${Name's JID}, ${Name's full JID} or a captured ${name}"
    return Problem(f"there is no variable ${{{name}}}", "", cure)


def _pieces(step: Step) -> Iterator[tuple[ElementPattern, ...]]:
    """Give the patterns of a step in groups: what one captures, the next ones may use."""
    block = getattr(step, "block", None)
    if not isinstance(block, Block):
        return
    patterns = [stanza.pattern for stanza in block.stanzas]
    if isinstance(step, SendsRaw) or (isinstance(step, Receives) and step.unordered):
        yield tuple(patterns)
    else:
        yield from ((pattern,) for pattern in patterns)


def _captured(piece: tuple[ElementPattern, ...]) -> Iterator[str]:
    for pattern in piece:
        for value in pattern.values():
            yield from value.captures


def _used(piece: tuple[ElementPattern, ...], step: Step) -> Iterator[tuple[str, Place]]:
    if isinstance(step, SendsRaw):
        for name in VARIABLE.findall(step.block.text):
            yield name.strip(), step.block.place
    for pattern in piece:
        for value in pattern.values():
            for name in value.variables:
                yield name, _place_in(value, name)


def _place_in(value: Value, name: str) -> Place:
    """Return where a variable stands in a value."""
    before = value.source.partition(f"${{{name}")[0]
    if "\n" in before:
        return value.place
    return replace(value.place, column=value.place.column + len(before))
