"""Errors explained: the condition, its usual causes, what to try, and what provoked it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lxml import etree

from ..protocol import namespaces as ns
from ..protocol.errors import condition, problem_for, stanza_error, stream_error
from ..protocol.jid import JID, JIDError
from .clues import clues
from .explanation import Remark

if TYPE_CHECKING:
    from ..protocol.errors import StanzaError
    from .circumstances import Circumstances


def error_remarks(element: etree._Element, around: Circumstances) -> Sequence[Remark]:
    """Return what there is to say of `element`, if it is an error of the stream or of a stanza."""
    namespace, name = etree.QName(element).namespace, etree.QName(element).localname
    if namespace == ns.STREAM and name == "error":
        said = stream_error(element)
        return list(_cause_and_cure("stream", said.condition if said else ""))
    if name == "error":
        return list(_stanza_error(element, around))
    if namespace in (ns.SASL, ns.SASL2):
        return list(_cause_and_cure("sasl", _first_name(element, ns.SASL)))
    if name in ("failed", "failure"):
        return list(_cause_and_cure("stanza", _first_name(element, ns.STANZA_ERRORS)))
    return ()


def _first_name(element: etree._Element, namespace: str) -> str:
    children = (etree.QName(child) for child in element.iterchildren(etree.Element))
    return next(
        (c.localname for c in children if c.namespace == namespace and c.localname != "text"), ""
    )


def _cause_and_cure(family: str, name: str) -> Iterator[Remark]:
    if not name:
        return
    problem = problem_for(family, name)
    known = condition(family, name) is not None
    if not known:
        yield Remark("unknown", f"{name} is not one of the defined conditions")
    yield Remark("usually", problem.cause)
    yield Remark("try", problem.cure)


def _stanza_error(element: etree._Element, around: Circumstances) -> Iterator[Remark]:
    error = stanza_error(element)
    stanza = element.getparent()
    if error is None or stanza is None:
        return
    request = around.request
    if request is None and _repeats(stanza):
        request = stanza
    if request is not None:
        yield from clues(error, request, stanza, around)
    if not error.condition:
        yield Remark("wrong", "it has no condition, though each error must have one")
    yield from _cause_and_cure("stanza", error.condition)
    if around.received:
        yield _who_raised(error, stanza)


def _who_raised(error: StanzaError, stanza: etree._Element) -> Remark:
    if error.by:
        return Remark("note", f"raised by {error.by}, as `by` says")
    sender = stanza.get("from")
    if not sender:
        return Remark("note", "raised by your own server: nobody else sends without `from`")
    if sender == _domain(stanza.get("to")):
        return Remark("note", "raised by your own server")
    return Remark(
        "note",
        f"comes in the name of {sender}; without `by` it may be a server on the way that raised it",
    )


def _domain(address: str | None) -> str:
    try:
        return JID.parse(address).domain if address else ""
    except JIDError:
        return ""


def _repeats(stanza: etree._Element) -> bool:
    """Say whether an error repeats what it answers, as it may."""
    names = (etree.QName(child).localname for child in stanza.iterchildren(etree.Element))
    return any(name != "error" for name in names)
