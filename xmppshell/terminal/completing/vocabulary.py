"""What the catalogue allows at a place: elements in a parent, attributes and texts of an element.

Streams of components and of WebSocket have stanzas in another namespace, or in none, with the same
things in them; the catalogue tells of those in `jabber:client`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final

from ...knowledge.catalogue import catalogue
from ...knowledge.model import STREAM, Element
from ...knowledge.specifications import specifications
from ...protocol.namespaces import CLIENT, COMPONENT_ACCEPT, SERVER
from ...protocol.xml.cursor import OpenTag
from .surroundings import stanza_path

TITLES_A_STEP: Final = 30

CONTENT_NAMESPACES = ("", CLIENT, SERVER, COMPONENT_ACCEPT)
"""The namespaces of stanzas, "" where a stream has none of its own."""

_IQ = f"{{{CLIENT}}}iq"
_PAST = frozenset({"Deprecated", "Obsolete", "Rejected", "Retracted"})


def allowed_in(path: tuple[OpenTag, ...], content_namespace: str) -> tuple[Element, ...]:
    """Return the elements that may stand innermost in `path`, a stream's being `stream`.

    `content_namespace` is that of the stanzas, "" where they inherit none.
    """
    path = stanza_path(path)
    if not path:
        namespace = content_namespace or CLIENT
        elements = catalogue().children(STREAM)
        return tuple(
            e for e in elements if e.namespace == namespace or e.namespace not in CONTENT_NAMESPACES
        )
    tag = usual_tag(path[-1].tag)
    if tag != _IQ:
        return catalogue().children(tag)
    kind = path[-1].attributes.get("type", "")
    if kind in ("get", "set", "result"):
        return catalogue().children(f"{_IQ} {kind}")
    elements = catalogue().children(_IQ)
    return tuple(e for e in elements if _IQ in e.places) if kind == "error" else elements


def element_of(tag: str) -> Element | None:
    """Return what the catalogue says of the element with this Clark name, or None."""
    return catalogue().element(tag) or catalogue().element(usual_tag(tag))


def usual_tag(tag: str) -> str:
    """Return the Clark name under which the catalogue tells what stands in an element."""
    namespace, _, name = tag.removeprefix("{").rpartition("}")
    return f"{{{CLIENT}}}{name}" if namespace in CONTENT_NAMESPACES else tag


@functools.lru_cache(maxsize=4096)
def title_of(namespace: str) -> str:
    """Return what a namespace is called, "" if it is unknown."""
    found = catalogue().namespace(namespace)
    return found.title if found else ""


@functools.lru_cache(maxsize=1024)
def is_past(spec: str) -> bool:
    """Say whether a document is no longer in force."""
    found = specifications().get(spec)
    return found is not None and found.status in _PAST


def read_ahead() -> Iterator[None]:
    """Read all that is offered from, before it is needed, in steps of a few milliseconds."""
    for topic in catalogue().topics:
        catalogue().topic(topic)
        yield
    allowed_in((), CLIENT)
    for number, namespace in enumerate(catalogue().known_names()):
        title_of(namespace)
        if number % TITLES_A_STEP == 0:
            yield
