"""The text of an element as it is put in: its namespace, what it requires, fields to fill in."""

from __future__ import annotations

from collections.abc import Mapping

from ...knowledge.catalogue import catalogue
from ...knowledge.model import Attribute, Element
from ...protocol.namespaces import CLIENT
from ...protocol.stanza import STANZA_KINDS
from ...protocol.xml.tokens import quoted
from ...templates.placeholders import placeholder
from .vocabulary import CONTENT_NAMESPACES, element_of

_DEEPEST = 5

Prefixes = Mapping[str | None, str]


def qualified(element: Element, prefixes: Prefixes) -> tuple[str, str]:
    """Return the name of `element` where `prefixes` are in scope, and what declares it there.

    The second is `xmlns='...'`, or "" if its namespace has a name in scope.
    """
    default = prefixes.get(None, "")
    stanza_like = element.namespace == CLIENT and default in CONTENT_NAMESPACES
    if element.namespace == default or stanza_like:
        return element.name, ""
    for prefix, namespace in prefixes.items():
        if namespace == element.namespace and prefix is not None:
            return f"{prefix}:{element.name}", ""
    return element.name, f"xmlns={quoted(element.namespace)}"


def skeleton(element: Element, prefixes: Prefixes, depth: int = 0) -> str:
    """Return the text of `element` without its `<`, with open fields for what it requires.

    The outermost one is left open before its `>` if it may hold something and requires nothing:
    whether it is empty is for the user to say.
    """
    name, declaration = qualified(element, prefixes)
    within: Prefixes = {**prefixes, None: element.namespace} if declaration else prefixes
    required = (a for a in element.attributes.values() if a.required and not _stamped(element, a))
    attributes = [f"{a.name}={_required_value(a)}" for a in required]
    tag = " ".join([name, *([declaration] if declaration else []), *attributes])
    if _needs_text(element):
        return f"{tag}>{placeholder(element.name)}</{name}>"
    needed = [element_of(need) for need in element.needs] if depth < _DEEPEST else []
    inside = [skeleton(need, within, depth + 1) for need in needed if need is not None]
    if inside:
        return f"{tag}>{''.join(f'<{each}' for each in inside)}</{name}>"
    may_hold = element.open or element.text is not None or catalogue().children(element.tag)
    return tag if may_hold and depth == 0 else f"{tag}/>"


def _needs_text(element: Element) -> bool:
    """Say whether an element says nothing without its text: no attributes, and no question."""
    required = any(attribute.required for attribute in element.attributes.values())
    return element.text is not None and not element.replies and not required


def _required_value(attribute: Attribute) -> str:
    only = attribute.values.one_of
    return quoted(only[0]) if len(only) == 1 else f"'{placeholder(attribute.name)}'"


def _stamped(element: Element, attribute: Attribute) -> bool:
    """Say whether the shell itself gives the element this attribute: the id of a stanza."""
    return attribute.name == "id" and element.name in STANZA_KINDS
