"""An element annotated: it, its attributes and text, and its children, each with its meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lxml import etree

from ..protocol import namespaces as ns
from ..protocol.errors import condition
from ..protocol.sasl_explain import MASK, Field
from .catalogue import STANZA_NAMESPACES, canonical, catalogue
from .circumstances import Circumstances
from .explain_error import error_remarks
from .explain_value import (
    CAPS,
    explain_attribute,
    explain_text,
    short_name,
    unknown_attribute,
)
from .explanation import Branch, More, Remark, Run, Source, Value
from .model import Element
from .nearness import listed, near, near_namespaces
from .specifications import specifications, url_of

if TYPE_CHECKING:
    from ..protocol.errors import Condition

FEW: Final = 3
"""So many like elements that have children are shown before the others are only counted."""

ROWS: Final = 12
"""So many like elements without children are explained before the others are only named."""

_FAMILIES: Final = {
    ns.STANZA_ERRORS: "stanza",
    ns.STREAM_ERRORS: "stream",
    ns.SASL: "sasl",
}
_TELLING: Final = ("var", "jid", "name", "code", "node", "id", "category", "mechanism")
"""The attributes by which like elements differ, the most telling first."""


def explain_element(element: etree._Element, circumstances: Circumstances | None = None) -> Branch:
    """Return `element`, a top-level one or any other, with what there is to say of it.

    It is taken as it is: who must not see a secret takes it out before.
    """
    around = circumstances or Circumstances()
    branch = _Annotator(around).branch(element, _parent_namespace(element))
    fields = (_payload_value(field) for field in around.fields)
    values = (_to_the_user(value) if around.received else value for value in branch.values)
    return replace(
        branch,
        values=(*values, *fields),
        remarks=(*branch.remarks, *_answers(element, around)),
    )


def known_element(tag: str) -> Element | None:
    """Return what the catalogue has of the element with the Clark name `tag`."""
    return catalogue().element(canonical(tag))


def condition_of(tag: str) -> Condition | None:
    """Return the condition that an element inside an error stands for, or None."""
    namespace, _, name = tag.removeprefix("{").rpartition("}")
    return condition(_FAMILIES[namespace], name) if namespace in _FAMILIES else None


def is_known(element: etree._Element) -> bool:
    """Say whether the catalogue has this element, or it is a condition."""
    tag = str(element.tag)
    return known_element(tag) is not None or condition_of(tag) is not None


class _Annotator:
    """Annotates one tree; what is the same for all elements of a name is said of the first."""

    def __init__(self, around: Circumstances) -> None:
        self._around = around
        self._said: set[str] = set()

    def branch(self, element: etree._Element, outer: str) -> Branch:
        """Return `element`, which stands where `outer` is the namespace."""
        tag = str(element.tag)
        known = known_element(tag)
        why, source = _meaning(known, condition_of(tag) if known is None else None)
        remarks = [*self._error_remarks(element), *_caps(element)]
        if not why:
            source = _source_of_namespace(element)
            remarks += _unknown(element, outer)
        values = [self._judged(value) for value in _values(element, known)]
        if tag in self._said:
            why, source = "", Source()
            values = [replace(v, meaning=v.meaning if v.own else "") for v in values]
        self._said.add(tag)
        return Branch(
            _written(element),
            _own_namespace(element, outer),
            why,
            source,
            tuple(values),
            tuple(remarks),
            tuple(self._children(element)),
        )

    def _judged(self, value: Value) -> Value:
        unjudged = self._around.unjudged
        if not value.doubt or unjudged is None or not unjudged.search(value.value):
            return value
        return replace(value, doubt="")

    def _error_remarks(self, element: etree._Element) -> Sequence[Remark]:
        if etree.QName(element).localname not in ("error", "failure", "failed"):
            return ()
        return error_remarks(element, self._around)

    # Children, and which of them are left out.

    def _children(self, element: etree._Element) -> Iterator[Branch | Run | More]:
        outer = etree.QName(element).namespace or ""
        for alike in _alike(element):
            leaves = [child for child in alike if _is_leaf(child)]
            if len(leaves) > 1 and len(leaves) * 4 >= len(alike) * 3:
                yield self._run(leaves, outer)
                alike = [child for child in alike if not _is_leaf(child)]
            shown = len(alike) if self._around.whole or len(alike) <= FEW + 1 else FEW
            for child in alike[:shown]:
                yield self.branch(child, outer)
            if alike[shown:]:
                yield More(_written(alike[0]), tuple(map(_telling_value, alike[shown:])))

    def _run(self, alike: list[etree._Element], outer: str) -> Run:
        first = self.branch(alike[0], outer)
        known = known_element(str(alike[0].tag))
        shown = len(alike) if self._around.whole or len(alike) <= ROWS + 2 else ROWS
        said: set[str] = set()
        rows = tuple(self._judged(_row(child, known, said)) for child in alike[:shown])
        rest = {_telling(child): _row(child, known, said) for child in alike[shown:]}
        unknown = tuple(which for which, row in rest.items() if row.doubt)
        head = first.name, first.namespace, first.why, first.source
        return Run(*head, rows, tuple(rest), unknown, first.remarks)


def _meaning(known: Element | None, stated: Condition | None) -> tuple[str, Source]:
    if known is not None:
        return known.why, Source(known.reference, known.url)
    if stated is not None:
        spec, _, section = stated.reference.rpartition(" ")
        return f"{stated.meaning[0].upper()}{stated.meaning[1:]}.", Source(
            stated.reference, url_of(spec, section)
        )
    return "", Source()


# Names.


def _written(element: etree._Element) -> str:
    name = etree.QName(element).localname
    return f"{element.prefix}:{name}" if element.prefix else name


def _parent_namespace(element: etree._Element) -> str:
    """Return the namespace that needs no mention around `element`."""
    own = etree.QName(element).namespace or ""
    return own if own in (ns.CLIENT, ns.STREAM, *STANZA_NAMESPACES) else ""


def _own_namespace(element: etree._Element, outer: str) -> str:
    own = etree.QName(element).namespace or ""
    return "" if own == outer else own


# Values.


def _values(element: etree._Element, known: Element | None) -> Iterator[Value]:
    attributes = known.attributes if known is not None else {}
    for name, value in element.attrib.items():
        clark, text = str(name), str(value)
        key = short_name(clark) if clark not in attributes else clark
        said = explain_attribute(key, text, attributes.get(key), element)
        strange = known is not None and key not in attributes and not said.meaning
        if strange and known is not None and not known.open and "{" not in clark:
            said = Value(said.name, text, doubt=unknown_attribute(key, known))
        yield said
    text = _text_of(element)
    if not text:
        return
    if known is not None and known.text is not None:
        yield explain_text(text, known.text, element)
    elif known is not None and not known.open and condition_of(str(element.tag)) is None:
        yield Value("", text, doubt=f"<{known.name}/> has no text of its own")
    else:
        yield Value("", text)


def _text_of(element: etree._Element) -> str:
    """Return the text directly in `element`, without the white space around it."""
    return "".join([element.text or "", *(child.tail or "" for child in element)]).strip()


def _to_the_user(value: Value) -> Value:
    return replace(value, meaning="whom it is for: you") if value.name == "to" else value


def _payload_value(field: Field) -> Value:
    value = field.value if field.value != MASK else "(secret)"
    return Value(f"payload, {field.name}", value, field.meaning)


# What is not known.


def _source_of_namespace(element: etree._Element) -> Source:
    space = catalogue().namespace(etree.QName(element).namespace or "")
    return Source(space.spec, space.url) if space is not None and not space.elements else Source()


def _unknown(element: etree._Element, outer: str) -> Iterator[Remark]:
    """Say what is known of the namespace of an element that is not known."""
    name, namespace = etree.QName(element).localname, etree.QName(element).namespace or ""
    space = catalogue().namespace(namespace)
    if not namespace:
        yield Remark("unknown", "it has no namespace at all, and so no meaning in XMPP")
    elif space is None:
        if namespace != outer:
            like = near_namespaces(namespace)
            hint = f"; written like {listed(like)}" if like else ""
            yield Remark("unknown", f"the namespace is not known here{hint}")
    elif not space.elements:
        if namespace != outer:
            yield Remark("unknown", f"known by name alone: {_document(space.spec, space.title)}")
    elif namespace == ns.CLIENT:
        homes = sorted({e.namespace for e in catalogue().elements_named(name)})[:FEW]
        hint = f"; <{name}/> is an element of {listed(homes)}" if homes else ""
        yield Remark("unknown", f"it has no xmlns, and jabber:client has no such element{hint}")
    else:
        like = near(name, space.elements)
        hint = f"; did you mean {listed(f'<{each}/>' for each in like)}?" if like else ""
        yield Remark("unknown", f"not an element of {space.title or namespace}{hint}")


def _document(spec: str, title: str) -> str:
    document = specifications().get(spec)
    return f"{title} ({document.status})" if document is not None else title or spec


# Remarks on some elements.


def _caps(element: etree._Element) -> Iterator[Remark]:
    node, version = element.get("node"), element.get("ver")
    if element.tag == f"{{{CAPS}}}c" and node and version and element.get("hash"):
        text = "what it can do is not here: a disco#info query to the sender tells, with the node"
        yield Remark("note", text, f"node='{node}#{version}'")


def _answers(element: etree._Element, around: Circumstances) -> Iterator[Remark]:
    """Say of the result of an iq what it answers, and of an empty one what that means."""
    if around.request is None or element.get("type") != "result":
        return
    payload = next(around.request.iterchildren(etree.Element), None)
    if payload is None:
        return
    known = known_element(str(payload.tag))
    name = etree.QName(payload)
    asked = f"<{name.localname}/>"
    if len(element):
        yield Remark("note", f"it answers <{name.localname} xmlns='{name.namespace}'/>")
    elif known is not None and "" in known.replies:
        yield Remark("note", f"to {asked} an empty result is the whole answer: it was done")
    else:
        yield Remark("note", f"it answers {asked} and says no more than that it was done")


# Like elements.


def _alike(element: etree._Element) -> list[list[etree._Element]]:
    """Return the children, those of one tag together, by the place of the first of them.

    A few stay where they are among the others.
    """
    children = list(element.iterchildren(etree.Element))
    counts = Counter(child.tag for child in children)
    groups: list[list[etree._Element]] = []
    gathered: dict[str, list[etree._Element]] = {}
    for child in children:
        tag = str(child.tag)
        if tag in gathered:
            gathered[tag].append(child)
        elif groups and groups[-1][0].tag == tag:
            groups[-1].append(child)
        else:
            groups.append([child])
            if counts[child.tag] > FEW + 1:
                gathered[tag] = groups[-1]
    return groups


def _is_leaf(element: etree._Element) -> bool:
    return len(element) == 0 and bool(element.attrib or _text_of(element))


def _row(element: etree._Element, known: Element | None, said: set[str]) -> Value:
    """Return an element without children in one value, without what was `said` above."""
    values = list(_values(element, known))
    if len(values) == 1 and (values[0].own or values[0].meaning not in said):
        said.add(values[0].meaning)
        return values[0]
    if len(values) == 1:
        return replace(values[0], meaning="")
    meanings = [v.meaning for v in values if v.own and v.meaning not in said]
    said.update(meanings)
    doubts = "; ".join(v.doubt for v in values if v.doubt)
    written = " ".join(f"{v.name}='{v.value}'" if v.name else v.value for v in values)
    return Value("", written, "; ".join(dict.fromkeys(meanings)), doubts)


def _telling(element: etree._Element) -> str:
    """Return what tells an element from those beside it."""
    for name in _TELLING:
        if element.get(name):
            return str(element.get(name))
    return _text_of(element) or next(iter(map(str, element.attrib.values())), "")


def _telling_value(element: etree._Element) -> Value:
    """Return the same with what it means, if it means something of its own."""
    telling = _telling(element)
    values = _values(element, known_element(str(element.tag)))
    found = next((value for value in values if value.value == telling), Value("", telling))
    return found if found.own else Value(found.name, found.value)
