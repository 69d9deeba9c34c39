"""Error conditions looked up, and stanza and stream errors read from their elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import namespaces
from .conditions import (
    LEGACY_CONDITIONS,
    SASL_CONDITIONS,
    SCRAM_ERRORS,
    STANZA_CONDITIONS,
    STREAM_CONDITIONS,
    Condition,
)
from .problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

__all__ = [
    "PASSING_STREAM_ERRORS",
    "SASL_CONDITIONS",
    "SCRAM_ERRORS",
    "STANZA_CONDITIONS",
    "STREAM_CONDITIONS",
    "Condition",
    "StanzaError",
    "StreamError",
    "condition",
    "problem_for",
    "stanza_error",
    "stream_error",
]

PASSING_STREAM_ERRORS = frozenset(
    {
        "connection-timeout",
        "internal-server-error",
        "remote-connection-failed",
        "reset",
        "resource-constraint",
        "system-shutdown",
    }
)
"""The stream errors that say nothing against connecting again a little later."""

_FAMILIES = {
    "stanza": STANZA_CONDITIONS,
    "stream": STREAM_CONDITIONS,
    "sasl": SASL_CONDITIONS,
    "scram": SCRAM_ERRORS,
}
_TITLES = {
    "stanza": "stanza error",
    "stream": "stream error",
    "sasl": "SASL failure",
    "scram": "SCRAM error",
}


def condition(family: str, name: str) -> Condition | None:
    """Return the condition `name` of "stanza", "stream", "sasl" or "scram", or None.

    The names that RFC 3920 had and RFC 6120 dropped are known, too. An unknown family raises
    KeyError.
    """
    return _FAMILIES[family].get(name) or LEGACY_CONDITIONS.get((family, name))


def problem_for(family: str, name: str, text: str = "") -> Problem:
    """Return what to tell a person about condition `name` of `family` (as for `condition`).

    `text` is what the server said in words, or "". An unknown or empty name gives a problem that
    says so.
    """
    found = condition(family, name)
    said = f' (the server says: "{text}")' if text else ""
    title = _TITLES[family]
    if found is not None:
        what = f"{title} {name}: {found.meaning}{said}"
        return Problem(what, found.cause, found.cure, found.reference)
    if not name:
        return Problem(
            f"{title} without a condition{said}",
            "the other side did not put a defined condition into the error",
            "read the error as it came",
        )
    return Problem(
        f"{title} {name}{said}",
        "this is not one of the defined conditions",
        "read the error as it came, and the documentation of the other side",
    )


@dataclass(frozen=True, slots=True)
class StanzaError:
    """What an `<error/>` in a stanza says (RFC 6120 8.3.2); "" for what it does not say.

    `type` is one of auth, cancel, continue, modify, wait; `by` the address that raised it;
    `detail` the data of the condition (a new address), or the Clark names of
    application-specific conditions.
    """

    condition: str
    type: str
    text: str
    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class StreamError:
    """What a stream error says (RFC 6120 4.9.2); `detail` as in `StanzaError`."""

    condition: str
    text: str
    detail: str


def stanza_error(element: etree._Element) -> StanzaError | None:
    """Return the error that the stanza `element` carries, or None if it has no `<error/>`.

    `element` may also be the `<error/>` itself.
    """
    namespace, name = _split(element)
    error = element if name == "error" else element.find(f"{{{namespace}}}error")
    if error is None:
        return None
    name, text, detail = _read(error, namespaces.STANZA_ERRORS)
    return StanzaError(name, error.get("type", ""), text, error.get("by", ""), detail)


def stream_error(element: etree._Element) -> StreamError | None:
    """Return what the stream error `element` says, or None if it is another element."""
    if element.tag != f"{{{namespaces.STREAM}}}error":
        return None
    return StreamError(*_read(element, namespaces.STREAM_ERRORS))


def _read(error: etree._Element, namespace: str) -> tuple[str, str, str]:
    """Return condition, text and detail of an error whose conditions are in `namespace`."""
    name = text = data = ""
    others = []
    for child in _elements(error):
        child_namespace, child_name = _split(child)
        content = (child.text or "").strip()
        if child_namespace != namespace:
            if child_namespace != _split(error)[0]:
                others.append(str(child.tag))
        elif child_name == "text":
            text = text or content
        elif not name:
            name, data = child_name, content
    return name, text, data or ", ".join(others)


def _elements(parent: etree._Element) -> Iterator[etree._Element]:
    return (child for child in parent if isinstance(child.tag, str))


def _split(element: etree._Element) -> tuple[str, str]:
    namespace, _, name = str(element.tag).rpartition("}")
    return namespace.lstrip("{"), name
