"""Values of attributes and texts: enumerated ones, and what was seen on the stream."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ...knowledge.catalogue import catalogue
from ...knowledge.model import Values
from ...protocol.data_forms import Field, FieldType
from ...protocol.events import Direction
from ...protocol.namespaces import DATA_FORM
from ...protocol.stanza import STANZA_KINDS
from ...protocol.xml.cursor import Place
from ...transcript.redaction import is_secret_field
from .elements import ranked
from .offers import Offer
from .surroundings import Surroundings, stanza_path
from .usual import value_rank
from .vocabulary import element_of, title_of

Worded = Iterable[tuple[str, str]]
"""Values, each with its meaning or ""."""

_X = f"{{{DATA_FORM}}}"
_ENDS = {quote: re.compile(f"[^\\s=<>{quote}]*+{quote}") for quote in "\"'"}
"""Where the rest of a value ends, as far as it can be told from an attribute that follows."""

_ADDRESSES = {"to": "jid", "from": "jid", "jid": "jid", "by": "jid"}
_BOOLEANS = (("true", ""), ("false", ""))
_MARKS = str.maketrans({"&": "&amp;", "<": "&lt;", "‹": "&#8249;", "\n": "&#10;", "\t": "&#9;"})


def value_offers(place: Place, rest: str, around: Surroundings) -> Iterator[Offer]:
    """Offer values for the attribute that the cursor is in; `rest` is the text behind it."""
    assert place.element is not None
    ending = "" if _ENDS[place.quote].match(rest) else place.quote
    for value, meaning in _fitting(_of_attribute(place, around), place.word):
        text = as_typed(value).replace(place.quote, "&quot;" if place.quote == '"' else "&apos;")
        yield Offer(text + ending, len(place.word), value, meaning)


def text_offers(place: Place, around: Surroundings) -> Iterator[Offer]:
    """Offer texts for the innermost element, if it has one of a few."""
    if not place.path or place.path[-1].children:
        return
    element = place.path[-1]
    word = place.word.lstrip()
    if element.tag == f"{_X}value":
        found = _of_form_value(place, around)
    else:
        known = element_of(element.tag)
        if known is None or known.text is None:
            return
        found = _of_kind(known.text, place, around)
        if known.name == "thread":
            found = ((thread, "") for thread in reversed(around.entities.threads))
    for value, meaning in _fitting(found, word):
        yield Offer(as_typed(value), len(word), value, meaning)


def as_typed(value: str) -> str:
    """Return a plain value as it is typed in XML at the prompt, where it stands for itself."""
    return value.translate(_MARKS).replace("$", "$$").replace("{id}", "{{id}}")


def _fitting(values: Worded, word: str) -> Iterator[tuple[str, str]]:
    """Give each of the values that begin with `word` once; or, if none does, those that hold it."""
    meanings: dict[str, str] = {}
    for value, meaning in values:
        meanings[value] = meanings.get(value) or meaning
    found = [value for value in meanings if value.startswith(word)]
    if not found and len(word) > 1:
        found = [value for value in meanings if word.casefold() in value.casefold()]
    return ((value, meanings[value]) for value in found if value)


def _of_attribute(place: Place, around: Surroundings) -> Worded:
    element, name = place.element, place.attribute
    assert element is not None
    if name == "xmlns":
        return _namespaces(place, around)
    if name == "id" and element.name in STANZA_KINDS and not stanza_path(place.path):
        return _ids_of_answers(place, around)
    if name == "var" and element.tag == f"{_X}field":
        form = _form(place, around)
        return ((field.var, _title(field)) for field in (form or ()))
    known = element_of(element.tag)
    if known is not None and name in known.attributes:
        return _of_kind(known.attributes[name].values, place, around)
    return _of_kind(Values(_ADDRESSES.get(name, "")), place, around)


def _of_kind(values: Values, place: Place, around: Surroundings) -> Worded:
    if values.one_of:
        ordered = sorted(values.one_of, key=value_rank)
        return ((value, values.meanings.get(value, "")) for value in ordered)
    known = [(value, meaning) for value, meaning in values.meanings.items()]
    of_kind = _BY_KIND.get(values.kind)
    return known if of_kind is None else [*known, *of_kind(place, around)]


# Addresses.


def _jids(place: Place, around: Surroundings) -> Worded:
    """Give the JIDs that were seen, then their bare JIDs, then those of the own account."""
    names = around.entities.addresses
    others = [jid for jid in around.jids if jid.partition("/")[0] != around.own]
    for jid in others:
        yield jid, names.get(jid, "")
    yield from names.items()
    for jid in others:
        yield jid.partition("/")[0], ""
    for jid in around.jids:
        yield jid, ""
    yield from _own(around)


def _bare_jids(place: Place, around: Surroundings) -> Worded:
    names = around.entities.addresses
    for jid, _ in _jids(place, around):
        bare = jid.partition("/")[0]
        if "@" in bare:
            yield bare, names.get(bare, "")


def _full_jids(place: Place, around: Surroundings) -> Worded:
    return ((jid, "") for jid in around.jids if "/" in jid)


def _domains(place: Place, around: Surroundings) -> Worded:
    names = around.entities.addresses
    for jid, _ in _jids(place, around):
        domain = jid.partition("/")[0].rpartition("@")[2]
        yield domain, names.get(domain, "")


def _own(around: Surroundings) -> Worded:
    if around.own:
        yield around.own, "your own account"
        yield around.own.rpartition("@")[2], "your own server"


def _nicks(place: Place, around: Surroundings) -> Worded:
    entities = around.entities_around(around.addressee(place))
    return ((nick, "") for entity in entities for nick in entity.occupants)


# Names that others gave.


def _nodes(place: Place, around: Surroundings) -> Worded:
    entities = around.entities_around(around.addressee(place))
    return (pair for entity in entities for pair in entity.nodes.items())


def _namespaces(place: Place, around: Surroundings) -> Worded:
    """Give the namespaces of what may stand here by that name, what is announced, seen, known."""
    assert place.element is not None
    local = place.element.name.rpartition(":")[2]
    fitting = [e.namespace for e in ranked(place, around) if e.name == local]
    order = [*fitting, *around.announced(place), *around.namespaces]
    for namespace in dict.fromkeys(order + catalogue().known_names()):
        yield namespace, title_of(namespace)


def _all_namespaces(place: Place, around: Surroundings) -> Worded:
    for namespace in dict.fromkeys([*around.namespaces, *catalogue().known_names()]):
        yield namespace, title_of(namespace)


def _ids(place: Place, around: Surroundings) -> Worded:
    """Give the ids that were seen, the newest first, those of the addressee before all others."""
    addressee = around.addressee(place).partition("/")[0]
    ids = [(key, seen) for key, seen in reversed(around.entities.ids.items())]
    for key, seen in sorted(ids, key=lambda pair: pair[1].other.partition("/")[0] != addressee):
        way = "to" if seen.direction is Direction.SENT else "from"
        yield key, f"{seen.kind} {way} {seen.other or 'the server'}"


def _ids_of_answers(place: Place, around: Surroundings) -> Worded:
    """Give the ids that a stanza answers with; one that answers nothing gets its id by itself."""
    assert place.element is not None
    kind, to = place.element.attributes.get("type", ""), around.addressee(place)
    if place.element.name != "iq":
        return _ids(place, around) if kind == "error" else ()
    if kind not in ("result", "error"):
        return ()
    waiting = sorted(around.waiting(), key=lambda each: (each.stanza.sender or "") != to)
    return (
        (stanza.id, f"iq {stanza.type} from {stanza.sender or 'the server'}")
        for stanza in (each.stanza for each in waiting)
        if stanza.id
    )


# Forms.


def _form(place: Place, around: Surroundings) -> tuple[Field, ...]:
    """Return the fields of the last form of the addressee."""
    entities = around.entities_around(around.addressee(place))
    return next((entity.form.fields for entity in entities if entity.form is not None), ())


def _title(field: Field) -> str:
    return f"required: {field.label}" if field.required else field.label


def _of_form_value(place: Place, around: Surroundings) -> Worded:
    outer = place.path[-2] if len(place.path) > 1 else None
    if outer is None or outer.tag != f"{_X}field":
        return ()
    var = outer.attributes.get("var")
    field = next((each for each in _form(place, around) if each.var == var), None)
    if field is None or is_secret_field({"var": field.var, "type": field.type.value}):
        return ()
    if field.type is FieldType.BOOLEAN:
        return _BOOLEANS
    if field.type.is_jid:
        return _jids(place, around)
    offered = [(option.value, option.label) for option in field.options]
    return offered or [(value, "as the form has it") for value in field.values]


_BY_KIND: dict[str, Callable[[Place, Surroundings], Worded]] = {
    "jid": _jids,
    "bare": _bare_jids,
    "full": _full_jids,
    "domain": _domains,
    "nick": _nicks,
    "node": _nodes,
    "namespace": _all_namespaces,
    "id": _ids,
    "bool": lambda place, around: _BOOLEANS,
}
