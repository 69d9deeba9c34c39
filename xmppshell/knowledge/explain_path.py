"""An element that is being typed, explained: the elements around it, and itself in full."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from lxml import etree

from ..protocol import namespaces as ns
from .cards import element_card
from .circumstances import Circumstances
from .explain_element import explain_element, known_element
from .explanation import Branch, Card

if TYPE_CHECKING:
    from ..protocol.xml.cursor import OpenTag

STANDS_FOR_OTHERS: Final = re.compile(r"‹[^›]*›|\$[a-z]+|\{id\}|\[redacted\]")
"""Open fields, variables and what was hidden: values that are not yet, or no longer, the ones."""


def explain_path(tags: Sequence[OpenTag]) -> tuple[Branch | None, Card | None]:
    """Return the elements around a cursor with their attributes, and all of the innermost one.

    `tags` are the start tags from the outermost; what is no name yet is left out. There is no
    tree without a tag, and no card for an element that is not known.
    """
    root = innermost = None
    for tag in tags:
        element = _made(tag, innermost)
        if element is not None:
            root = element if root is None else root
            innermost = element
    if root is None or innermost is None:
        return None, None
    known = known_element(str(innermost.tag))
    tree = explain_element(root, Circumstances(unjudged=STANDS_FOR_OTHERS))
    return tree, element_card(known) if known is not None else None


def _made(tag: OpenTag, parent: etree._Element | None) -> etree._Element | None:
    """Return an element like the tag, in `parent`; None where the name is none in XML."""
    prefix = tag.name.rpartition(":")[0]
    namespace = tag.tag.removeprefix("{").rpartition("}")[0]
    nsmap = {prefix or None: namespace} if namespace else {}
    try:
        if parent is None:
            element = etree.Element(tag.tag, nsmap=nsmap)
        else:
            element = etree.SubElement(parent, tag.tag, nsmap=nsmap)
    except ValueError:
        return None
    for name, value in tag.attributes.items():
        key = f"{{{ns.XML}}}{name[4:]}" if name.startswith("xml:") else name
        if name == "xmlns" or (":" in name and key == name):
            continue
        try:
            element.set(key, value)
        except ValueError:
            continue  # Not a name or a text of XML yet.
    return element
