"""The catalogue of namespaces and elements, read from `data/topics` a file at a time.

A topic is a TOML file; `tests/knowledge/test_catalogue.py` describes the form by proving that each
file keeps to it:

    [ns."urn:xmpp:sm:3"]
    title = "Stream Management"
    spec = "XEP-0198"
    why = "Counts stanzas, so that both sides know what arrived."

    [ns."urn:xmpp:sm:3".el.a]
    in = ["stream"]
    attrs = { h = "uint" }
    needs = ["@h"]
    section = "4"
    why = "Says how many stanzas have been handled."
    means = { h = "how many, since acknowledgements were enabled, modulo 2^32" }
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from ..protocol import namespaces
from .model import STREAM, Attribute, Element, Namespace, Values
from .specifications import specifications

PLACES: Mapping[str, tuple[str, ...]] = {
    "stream": (STREAM,),
    "features": (f"{{{namespaces.STREAM}}}features",),
    "message": (f"{{{namespaces.CLIENT}}}message",),
    "presence": (f"{{{namespaces.CLIENT}}}presence",),
    "iq": tuple(f"{{{namespaces.CLIENT}}}iq {kind}" for kind in ("get", "set", "result")),
    "iq:get": (f"{{{namespaces.CLIENT}}}iq get",),
    "iq:set": (f"{{{namespaces.CLIENT}}}iq set",),
    "iq:result": (f"{{{namespaces.CLIENT}}}iq result",),
    "stanza-error": (f"{{{namespaces.CLIENT}}}error",),
}
"""The short names of places in a topic file; others are elements of the same namespace."""

STANZA_NAMESPACES = frozenset({namespaces.SERVER, namespaces.COMPONENT_ACCEPT})
"""What is in these is the same as in jabber:client."""

EMPTY_REPLY = "empty"
"""In `reply`: an iq result without payload."""

_ANY_IQ = f"{{{namespaces.CLIENT}}}iq"
_PLACED = re.compile(r'^\[ns\."([^"]+)"|^in = \[([^\]]*)\]', re.MULTILINE)
_QUOTED = re.compile(r'"([^"]+)"')
_HEADING = re.compile(r'^\[ns\."([^"]+)"(?:\.el\.(?:"([^"]+)"|([\w-]+)))?\]', re.MULTILINE)


class Catalogue:
    """All that is known of namespaces and their elements; each topic is read when it is needed."""

    def __init__(self, topics: Mapping[str, str], by_name: Mapping[str, str]) -> None:
        """Take the texts of the topic files by name, and specs of namespaces known by name."""
        self._texts = topics
        self._by_name = by_name
        self._read: dict[str, dict[str, Namespace]] = {}
        self._all_read: dict[str, Namespace] | None = None
        self._children: dict[str, tuple[Element, ...]] = {}
        self._names: list[tuple[str, str]] = []
        self._described: set[str] = set()

    @property
    def topics(self) -> tuple[str, ...]:
        """The names of the topic files."""
        return tuple(self._texts)

    def topic(self, name: str) -> dict[str, Namespace]:
        """Return the namespaces of one topic file; raises KeyError if there is none."""
        if name not in self._read:
            tables = tomllib.loads(self._texts[name])["ns"]
            self._read[name] = {ns: read_namespace(ns, table) for ns, table in tables.items()}
        return self._read[name]

    def namespace(self, name: str) -> Namespace | None:
        """Return a namespace by its exact name, also one that is known by name alone; or None."""
        if not self._described or name in self._described:
            for topic in self._topics_with(f'[ns."{name}"]'):
                if found := self.topic(topic).get(name):
                    return found
            # What is not there is not looked for in all texts again.
            self._described = {namespace for namespace, _ in self._headings()}
        specs = self._by_name.get(name)
        if specs is None:
            return None
        spec = specs.split()[0]
        known = specifications().get(spec)
        return Namespace(name, known.title if known else "", spec)

    def element(self, tag: str) -> Element | None:
        """Return the element with the Clark name `tag`, or None."""
        namespace, _, name = tag.removeprefix("{").rpartition("}")
        found = self.namespace(namespace)
        return found.elements.get(name) if found else None

    def elements_named(self, name: str) -> list[Element]:
        """Return the elements of every namespace with that local name."""
        headings = f".el.{name}]", f'.el."{name}"]'
        topics = {t: None for heading in headings for t in self._topics_with(heading)}
        spaces = (space for topic in topics for space in self.topic(topic).values())
        return [space.elements[name] for space in spaces if name in space.elements]

    def namespaces(self) -> dict[str, Namespace]:
        """Return every namespace that is described, by name; this reads all topics."""
        if self._all_read is None:
            self._all_read = {
                name: space for topic in self._texts for name, space in self.topic(topic).items()
            }
        return self._all_read

    def known_names(self) -> list[str]:
        """Return the names of all namespaces, described or known by name alone; reads no topic."""
        return sorted({*(name for name, _ in self._headings()), *self._by_name})

    def known_elements(self) -> list[tuple[str, str]]:
        """Return namespace and name of every element that is described; reads no topic."""
        return [(namespace, name) for namespace, name in self._headings() if name]

    def children(self, place: str) -> tuple[Element, ...]:
        """Return the elements that can stand in `place`, written as in `Element.places`.

        For `{jabber:client}iq` without a type those of every type are given. This reads the topics
        that have such elements.
        """
        if place not in self._children:
            places = {place, *PLACES["iq"]} if place == _ANY_IQ else {place}
            topics = [t for t in self._texts if any(t in self._placing.get(p, ()) for p in places)]
            spaces = (space for topic in topics for space in self.topic(topic).values())
            self._children[place] = tuple(
                element
                for space in spaces
                for element in space.elements.values()
                if not places.isdisjoint(element.places)
            )
        return self._children[place]

    @functools.cached_property
    def _placing(self) -> dict[str, set[str]]:
        """The topics that name each place, found in their texts without reading them."""
        found: dict[str, set[str]] = {}
        for topic, text in self._texts.items():
            namespace = ""
            for heading, listed in _PLACED.findall(text):
                namespace = heading or namespace
                for short in _QUOTED.findall(listed):
                    for place in _places(short, namespace):
                        found.setdefault(place, set()).add(topic)
        return found

    def spaces_with(self, *texts: str) -> list[Namespace]:
        """Return the namespaces of the topics in whose files one of `texts` stands."""
        topics = {topic: None for text in texts for topic in self._topics_with(text)}
        return [space for topic in topics for space in self.topic(topic).values()]

    def names_of(self, spec: str) -> list[str]:
        """Return the names of the namespaces that the document `spec` defines, or uses first.

        Only topics that mention it are read.
        """
        found = {name for name, specs in self._by_name.items() if specs.split()[0] == spec}
        for topic in self._topics_with(f'spec = "{spec}"'):
            found.update(name for name, space in self.topic(topic).items() if space.spec == spec)
        return sorted(found)

    def _headings(self) -> list[tuple[str, str]]:
        """Return namespace and element of every table of the topics, the element "" for its own."""
        if not self._names:
            self._names = [
                (namespace, quoted or plain)
                for text in self._texts.values()
                for namespace, quoted, plain in _HEADING.findall(text)
            ]
        return self._names

    def _topics_with(self, heading: str) -> Iterable[str]:
        return (name for name, text in self._texts.items() if heading in text)


@functools.cache
def catalogue() -> Catalogue:
    """Return the project's own catalogue."""
    data = files(__package__) / "data"
    topics = {
        entry.name.removesuffix(".toml"): entry.read_text("utf-8")
        for entry in sorted((data / "topics").iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }
    lines = (data / "namespaces.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return Catalogue(topics, dict((name, specs) for name, specs in rows))


def canonical(tag: str) -> str:
    """Return a Clark name with jabber:client for the namespaces that are the same on a stream."""
    namespace, brace, name = tag.rpartition("}")
    if brace and namespace[1:] in STANZA_NAMESPACES:
        return f"{{{namespaces.CLIENT}}}{name}"
    return tag


def read_namespace(name: str, table: Mapping[str, Any]) -> Namespace:
    """Make a namespace from its table in a topic file; raises KeyError for what is missing."""
    elements = {
        local: _element(name, local, entry, table["spec"])
        for local, entry in table.get("el", {}).items()
    }
    return Namespace(name, table["title"], table["spec"], table["why"], elements)


def _element(namespace: str, name: str, entry: Mapping[str, Any], spec: str) -> Element:
    needs = entry.get("needs", ())
    means = entry.get("means", {})
    attributes = {
        attribute: Attribute(
            attribute,
            _values(kind, means, f"{attribute}="),
            f"@{attribute}" in needs,
            means.get(attribute, ""),
        )
        for attribute, kind in entry.get("attrs", {}).items()
    }
    return Element(
        namespace,
        name,
        entry["why"],
        tuple(place for short in entry["in"] for place in _places(short, namespace)),
        entry.get("spec", spec),
        entry.get("section", ""),
        entry.get("anchor", ""),
        entry.get("dir", ""),
        attributes,
        _values(entry["text"], means, "=") if "text" in entry else None,
        tuple(_clark(need, namespace) for need in needs if not need.startswith("@")),
        entry.get("open", False),
        tuple("" if r == EMPTY_REPLY else _clark(r, namespace) for r in entry.get("reply", ())),
    )


def _values(kind: str | list[str], means: Mapping[str, str], prefix: str) -> Values:
    meanings = {k.removeprefix(prefix): v for k, v in means.items() if k.startswith(prefix)}
    return (
        Values(kind, (), meanings) if isinstance(kind, str) else Values("", tuple(kind), meanings)
    )


def _places(short: str, namespace: str) -> tuple[str, ...]:
    return PLACES.get(short) or (_clark(short, namespace),)


def _clark(name: str, namespace: str) -> str:
    return name if name.startswith("{") else f"{{{namespace}}}{name}"
