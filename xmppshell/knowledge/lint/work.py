"""One text under judgement: what it was read as, what is certain in it, and what was found."""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...protocol import namespaces as ns
from ...protocol.xml.reading import Reading
from .. import nearness
from ..catalogue import catalogue
from ..specifications import Specification, specifications
from .model import Finding, Rule, Setting

if TYPE_CHECKING:
    from lxml import etree

    from ..model import Element, Namespace

CONTENT = frozenset({ns.CLIENT, ns.SERVER, ns.COMPONENT_ACCEPT})
STANZAS = frozenset({"iq", "message", "presence"})
_BLANK = re.compile(r"\[redacted\]|‹[^›]*›|\$[a-zA-Z{]|\{(?:id|[a-z]+(?::[^}]*)?)\}")
_LINE_END = re.compile("\n")
_SHOWN = 40


class Work:
    """One text, its setting, and the findings so far; rules report here.

    The setting moves on with what stands in the text; `ids` are those of the requests in it so far.
    """

    def __init__(self, reading: Reading, setting: Setting) -> None:
        self.text = reading.text
        self.reading = reading
        self.setting = setting
        self.findings: list[Finding] = []
        self._open = set(reading.open_elements)
        self._lines: list[int] = []
        self.ids: set[str] = set()

    # What is certain.

    def is_complete(self, element: etree._Element) -> bool:
        """Say whether no more can come into the element: it has its end tag, and no blanks."""
        if element in self._open or self.setting.partial:
            return False
        return not (self.setting.blanks and self._has_blanks(element))

    def _has_blanks(self, element: etree._Element) -> bool:
        texts = (element.text, *(child.tail for child in element))
        return any(text and self.is_blank(text) for text in texts)

    def has_all_attributes(self, element: etree._Element) -> bool:
        """Say whether the start tag is complete."""
        return element is not self.reading.partial and not self.setting.partial

    def is_blank(self, value: str) -> bool:
        """Say whether a value is still to be filled in, so that nobody can judge it."""
        return self.setting.blanks and _BLANK.search(value) is not None

    def is_blank_name(self, name: str) -> bool:
        """Say whether the name of an element is still to be filled in: underscores stand for it."""
        return self.setting.blanks and not name.strip("_")

    def value(self, element: etree._Element, attribute: str) -> str | None:
        """Return the value of an attribute; None if there is none or it cannot be judged yet."""
        value = element.get(attribute)
        return None if value is None or self.is_blank(value) else value

    def text_of(self, element: etree._Element) -> str | None:
        """Return the text of an element without children; None if it cannot be judged yet."""
        if element in self._open or len(element):
            return None
        text = element.text or ""
        return None if self.is_blank(text) else text

    # What is found.

    def report(
        self,
        rule: Rule,
        what: str,
        cure: str = "",
        at: etree._Element | int = 0,
        attribute: str = "",
        *,
        inside: bool = False,
        reference: str = "",
    ) -> None:
        """Note that the text breaks `rule`: at an offset, an element, its attribute or its text."""
        offset = at if isinstance(at, int) else self.reading.place(at, attribute, inside=inside)
        if not self._lines:
            self._lines = [0, *(match.end() for match in _LINE_END.finditer(self.text))]
        line = bisect.bisect(self._lines, offset)
        column = offset - self._lines[line - 1] + 1
        self.findings.append(
            Finding(rule, what, cure, offset, line, column, reference or rule.reference)
        )


# Small readers that the rules share.


@functools.lru_cache(maxsize=4096)
def divided(tag: str) -> tuple[str, str]:
    """Return the namespace and the local name of a Clark name."""
    namespace, _, name = tag.rpartition("}")
    return namespace[1:], name


def stanza_kind(element: etree._Element) -> str:
    """Return "iq", "message" or "presence" for a stanza, "" for anything else."""
    namespace, name = divided(str(element.tag))
    return name if name in STANZAS and namespace in CONTENT else ""


@functools.lru_cache(maxsize=1024)
def known_namespace(name: str) -> Namespace | None:
    """Return what the catalogue has of a namespace."""
    return catalogue().namespace(name)


_REPLACED = {ns.SESSION: "RFC 3921"}
"""Namespaces of documents that are over, where the catalogue names those that keep them."""
_OVER = frozenset({"Obsolete", "Deprecated"})


def document_of(namespace: str) -> Specification | None:
    """Return the document that defines a namespace."""
    known = known_namespace(namespace)
    return specifications().get(_REPLACED.get(namespace) or (known.spec if known else ""))


def out_of_use(namespace: str) -> bool:
    """Say whether the document that defines a namespace is obsolete or deprecated."""
    document = document_of(namespace)
    return document is not None and document.status in _OVER


@functools.lru_cache(maxsize=4096)
def known_element(tag: str) -> Element | None:
    """Return what the catalogue has of the element with that Clark name."""
    namespace, name = divided(tag)
    found = known_namespace(namespace)
    return found.elements.get(name) if found else None


def near(name: str, names: Iterable[str]) -> str:
    """Return the one of `names` that is most like `name`, or "" if none is."""
    return next(iter(nearness.near(name, names)), "")


def meant(name: str, names: Iterable[str]) -> str:
    """Return a cure for a wrong name: the nearest of `names`, or all of them if they are few."""
    known = list(names)
    nearest = near(name, known)
    if nearest:
        return f"did you mean {nearest}?"
    return f"write one of {', '.join(known)}" if len(known) <= 12 else ""


def short(text: str) -> str:
    """Return a value fit for a sentence: cut, and with unprintable characters by number."""
    return printable(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def printable(text: str) -> str:
    """Return one line of text with the characters that cannot be seen by their numbers."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"⟨U+{ord(c):04X}⟩" for c in text)


def tag_shown(element: etree._Element) -> str:
    """Return the element as a person calls it: `<query/>`."""
    return f"<{short(divided(str(element.tag))[1])}/>"
