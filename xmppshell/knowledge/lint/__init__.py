"""What is wrong with a text on a stream, by named rules, before any server says so.

`lint` judges a text in a `Setting`; `RULES` has every rule by name. Each rule is proven by its own
examples. What is well-formed and right has no findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.xml.reading import Reading, read
from . import (
    characters,
    iq,
    message,
    nonzas_and_limits,
    presence,
    roster_and_rooms,
    sasl,
    stanza,
    stream,
    vocabulary,
    wellformedness,
)
from .model import ANYWHERE, Example, Finding, Phase, Rule, Setting, Severity
from .work import Work, divided, stanza_kind

if TYPE_CHECKING:
    from lxml import etree

__all__ = [
    "ANYWHERE", "RULES", "Example", "Finding", "Phase", "Rule", "Setting", "Severity", "lint",
    "lint_element", "rules_by_topic",
]  # fmt: skip

_TOPICS: Final[Mapping[str, tuple[Rule, ...]]] = {
    "XML": wellformedness.RULES,
    "characters": characters.RULES,
    "the stream": stream.RULES,
    "signing in": sasl.RULES,
    "stanzas": stanza.RULES,
    "iq": iq.RULES,
    "messages": message.RULES,
    "presence": presence.RULES,
    "roster and rooms": roster_and_rooms.RULES,
    "stream management and limits": nonzas_and_limits.RULES,
    "names and values": vocabulary.RULES,
}

RULES: Final[Mapping[str, Rule]] = {rule.name: rule for rules in _TOPICS.values() for rule in rules}
"""Every rule by its name, in the order of the topics."""


def rules_by_topic() -> Mapping[str, tuple[Rule, ...]]:
    """Return the rules under the titles of their topics."""
    return _TOPICS


def lint(text: str | bytes, setting: Setting = ANYWHERE) -> list[Finding]:
    """Return what is wrong with `text`, in the order of the places; never raises for what it is.

    The time is linear in its length.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as fault:
            return _not_utf8(fault, setting)
    work = Work(read(text, setting.scope.prefixes), setting)
    for start, end in work.reading.headers:
        stream.check_header(work, start, end)
    if work.reading.headers:
        work.setting = replace(setting, phase=None)
    _check_pieces(work)
    _check_end(work)
    return _sorted(work)


def lint_element(element: etree._Element, text: str, setting: Setting = ANYWHERE) -> list[Finding]:
    """Return what is wrong with one whole element that was parsed from `text` before."""
    work = Work(Reading.of(text, element), setting)
    _check_pieces(work)
    characters.check_characters(work)
    return _sorted(work)


def _sorted(work: Work) -> list[Finding]:
    return sorted(work.findings, key=lambda finding: finding.offset)


def _not_utf8(fault: UnicodeDecodeError, setting: Setting) -> list[Finding]:
    """Return the finding for bytes that are no text."""
    data = fault.object
    before = data[: fault.start].decode()
    work = Work(Reading(before), setting)
    what = f"byte 0x{data[fault.start]:02X} is not UTF-8"
    work.report(wellformedness.UTF8, what, "send the text as UTF-8", len(before))
    return work.findings


def _check_end(work: Work) -> None:
    """Report where the XML goes wrong, or stops before it is complete."""
    reading = work.reading
    characters.check_characters(work)
    if reading.error is not None:
        wellformedness.report_fault(work, reading.error)
    elif reading.unfinished and not work.setting.typing and not _is_root(reading):
        wellformedness.report_unclosed(work)


def _is_root(reading: Reading) -> bool:
    """Say whether all that is open is the root of a stream, in whatever namespace."""
    names = [divided(str(element.tag))[1] for element in reading.open_elements]
    return names == ["stream"] and reading.partial is None


def _check_pieces(work: Work) -> None:
    for piece in work.reading.pieces:
        following = [*piece.root[1:], None]
        for element, after in zip(piece.root, following, strict=False):
            start = piece.start
            if len(piece.root) > 1:
                start = work.reading.place(element)
            end = piece.end if after is None else work.reading.place(after)
            _check_top(work, element)
            work.setting = _afterwards(work.setting, element)
            nonzas_and_limits.check_size(work, element, start, end)
            if work.text.count("<", start, end) > nonzas_and_limits.DEEP:
                nonzas_and_limits.check_depth(work, element)


def _afterwards(setting: Setting, top: etree._Element) -> Setting:
    """Return the setting of what stands behind `top` in the same text."""
    if not setting.sent:
        return setting
    tag = str(top.tag)
    if tag == f"{{{ns.STREAM_MANAGEMENT}}}enable":
        return replace(setting, managed=True, countable=None)
    if tag in (f"{{{ns.SASL}}}auth", f"{{{ns.SASL2}}}authenticate"):
        return replace(setting, phase=None, mechanisms=None)
    if setting.phase is Phase.UNBOUND and top.find(f"{{{ns.BIND}}}bind") is not None:
        return replace(setting, phase=Phase.BOUND)
    return setting


def _check_top(work: Work, top: etree._Element) -> None:
    """Judge one top-level element and everything in it."""
    stream.check_top(work, top)
    kind = stanza_kind(top)
    if kind and not work.setting.sent and top.get("type") == "error":
        # The rest of it may be what this side sent, given back.
        stanza.check_error(work, top)
        if kind == "iq":
            iq.check_answerer(work, top)
        return
    if kind:
        stanza.check_stanza(work, top, kind)
    if kind == "iq":
        _check_iq(work, top)
    elif kind == "message":
        message.check_message(work, top)
        roster_and_rooms.check_groupchat(work, top)
    elif kind == "presence":
        presence.check_presence(work, top)
        roster_and_rooms.check_join(work, top)
    elif top.tag == f"{{{ns.STREAM}}}error":
        stanza.check_stream_error(work, top)
    elif divided(str(top.tag))[0] == ns.SASL:
        sasl.check_sasl(work, top)
    elif divided(str(top.tag))[0] == ns.STREAM_MANAGEMENT:
        nonzas_and_limits.check_management(work, top)
    _check_vocabulary(work, top)


def _check_iq(work: Work, top: etree._Element) -> None:
    iq.check_iq(work, top)
    roster_and_rooms.check_roster(work, top)
    vocabulary.check_iq_payload(work, top)
    bind = top.find(f"{{{ns.BIND}}}bind")
    if bind is not None and work.setting.sent:
        stream.check_bind(work, bind)


def _check_vocabulary(work: Work, top: etree._Element) -> None:
    """Judge each element by the catalogue; each namespace that is out of use is told once."""
    seen: set[str] = set()
    for element in top.iter():
        tag = str(element.tag)
        namespace = divided(tag)[0]
        if namespace not in seen:
            seen.add(namespace)
            nonzas_and_limits.check_obsolete(work, element, namespace)
        vocabulary.check_element(work, element, tag)
