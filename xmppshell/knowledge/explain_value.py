"""What a single value says: of an attribute or a text, by its kind, its list or the glossary."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ..protocol import namespaces as ns
from ..protocol.jid import JID, JIDError
from .catalogue import catalogue
from .explanation import Source, Value
from .glossary import Word, glossary
from .model import Attribute, Element, Values
from .nearness import listed, near, near_namespaces
from .specifications import specifications

if TYPE_CHECKING:
    from lxml import etree

MUC: Final = "http://jabber.org/protocol/muc"
MUC_USER: Final = f"{MUC}#user"
PUBSUB: Final = "http://jabber.org/protocol/pubsub"
PUBSUB_EVENT: Final = f"{PUBSUB}#event"
CAPS: Final = "http://jabber.org/protocol/caps"
NOTIFY: Final = "+notify"


def explain_attribute(
    name: str, value: str, attribute: Attribute | None, parent: etree._Element
) -> Value:
    """Return what the attribute `name` of `parent` says; `attribute` is what is known of it.

    `name` is as `short_name` gives it.
    """
    if attribute is None and name == "xml:lang":
        return Value(name, value, "the language of the text inside", _doubt("lang", value))
    if attribute is None:
        return Value(name, value)
    special = _ATTRIBUTES.get((str(parent.tag), name))
    found = special(value, parent) if special is not None else None
    if found is not None:
        own = bool(found.meaning)
        meaning = found.meaning or ("" if found.doubt else attribute.why)
        return Value(name, value, meaning, found.doubt, own, found.source)
    values = attribute.values
    meaning, doubt = meaning_and_fault(value, values, (str(parent.tag), name))
    if doubt:
        return Value(name, value, doubt=doubt)
    if value in values.meanings:
        return Value(name, value, meaning, own=True)
    said = f"{attribute.why}: {meaning}" if meaning and attribute.why else attribute.why or meaning
    return Value(name, value, said)


def explain_text(text: str, values: Values, element: etree._Element) -> Value:
    """Return what the text of `element` says, where `values` is what can stand there."""
    special = _TEXTS.get(str(element.tag))
    found = special(text, element) if special is not None else None
    if found is not None:
        return Value("", text, found.meaning, found.doubt, bool(found.meaning), found.source)
    meaning, doubt = meaning_and_fault(text, values, (str(element.tag), ""))
    return Value("", text, meaning, doubt, bool(meaning))


def meaning_and_fault(text: str, values: Values, place: tuple[str, str]) -> tuple[str, str]:
    """Return what `text` means among `values`, and what is wrong with it; "" for nothing.

    `place` is the Clark name of the element and the name of the attribute, "" for its text.
    """
    if values.one_of:
        if text in values.one_of:
            return values.meanings.get(text, ""), ""
        like = near(text, values.one_of)
        hint = f"; did you mean {listed(like)}?" if like else ""
        return "", f"not one of {listed(values.one_of)}{hint}"
    least, most = _BOUNDS.get(place, (None, None))
    doubt = _doubt(values.kind, text, least, most) if values.kind else ""
    if doubt:
        return "", doubt
    return values.meanings.get(text) or _BY_KIND.get(values.kind, _nothing)(text), ""


_BOUNDS: Final = {(f"{{{ns.CLIENT}}}priority", ""): (-128, 127)}
"""The range of numbers, where XML Schema's kinds do not tell."""


def short_name(clark: str) -> str:
    """Return an attribute's name as people write it: without the namespace, but for `xml:`."""
    return clark.replace(f"{{{ns.XML}}}", "xml:").rpartition("}")[2]


def _doubt(kind: str, text: str, least: int | None = None, most: int | None = None) -> str:
    # Words are explained without it, and it takes as long to load as all the rest.
    from ..protocol.values import check

    problem = check(kind, text, least=least, most=most)
    return "" if problem is None else problem.what


# By kind.


def _nothing(text: str) -> str:
    return ""


def describe_jid(text: str) -> str:
    """Return what a JID addresses, "" if it is none."""
    try:
        jid = JID.parse(text)
    except JIDError:
        return ""
    if not jid.local:
        return f"“{jid.resource}” at the domain {jid.domain}" if jid.resource else "a domain"
    if jid.is_full:
        return f"{jid.bare} at the resource {jid.resource}"
    return "a bare JID"


def _describe_date(text: str) -> str:
    """Return a date of XEP-0082 in words and UTC."""
    try:
        moment = datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):  # No date; or in UTC before the year 1, or after 9999.
        return ""
    return f"{moment:%A} {moment.day} {moment:%B %Y, %H:%M:%S} UTC"


def _describe_namespace(text: str) -> str:
    title = title_of_namespace(text)
    if title:
        return title
    like = near_namespaces(text)
    return f"not known here; written like {listed(like)}" if like else "not known here"


def title_of_namespace(name: str) -> str:
    """Return the title of a namespace and the document that defines it, "" if it is not known."""
    space = catalogue().namespace(name)
    if space is None:
        return ""
    document = specifications().get(space.spec)
    title = space.title or (document.title if document else "")
    return ", ".join(part for part in (title, space.spec) if part)


def _describe_language(text: str) -> str:
    return _LANGUAGES.get(text.partition("-")[0].lower(), "")


_LANGUAGES: Final = {
    "ar": "Arabic",
    "cs": "Czech",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}

_BY_KIND: Final[dict[str, Callable[[str], str]]] = {
    "bare": _nothing,
    "date": _describe_date,
    "jid": describe_jid,
    "full": describe_jid,
    "lang": _describe_language,
    "namespace": _describe_namespace,
}


# By place.


def _of_family(*families: str) -> Callable[[str, etree._Element], Value | None]:
    """Return what looks a value up in families of the glossary, and says so where it is not."""

    def look_up(text: str, element: etree._Element) -> Value | None:
        word = first_word(text.strip(), *families)
        if word is not None:
            return as_value(word)
        known = any(glossary().family(family) for family in families)
        return Value("", text, doubt="not known here") if known else None

    return look_up


def first_word(text: str, *families: str) -> Word | None:
    """Return the first word that is written so in these families of the glossary, or None."""
    words = glossary()
    return next((found for f in families if (found := words.word(f, text)) is not None), None)


def as_value(word: Word) -> Value:
    """Return what a word of the glossary means, in a sentence and without a name."""
    return Value("", word.word, word.why.partition(". ")[0].rstrip("."), source=word.source)


def explain_feature(text: str, element: etree._Element | None = None) -> Value:
    """Return what a feature of disco#info says: a word, a namespace, or `NODE+notify`."""
    word = first_word(text, "disco-features", "muc-features", "pubsub")
    if word is not None:
        return as_value(word)
    node = text.removesuffix(NOTIFY)
    if node != text:
        known = first_word(node, "pep-nodes")
        said = as_value(known).meaning if known else title_of_namespace(node)
        source = known.source if known else source_of_namespace(node)
        return Value("", text, f"wants to be told of new items: {said or node}", source=source)
    title = title_of_namespace(text)
    if title:
        return Value("", text, title, source=source_of_namespace(text))
    stem, _, part = text.rpartition("#")
    title = title_of_namespace(stem)
    if title:
        return Value("", text, f"{title}: its “{part}”", source=source_of_namespace(stem))
    return Value("", text, doubt="not known here")


def source_of_namespace(name: str) -> Source:
    """Return where a namespace is defined."""
    space = catalogue().namespace(name)
    return Source(space.spec, space.url) if space is not None else Source()


def _identity_type(text: str, element: etree._Element) -> Value | None:
    word = first_word(f"{element.get('category', '')}/{text}", "disco-identities")
    return None if word is None else as_value(word)


def _sender(text: str, element: etree._Element) -> Value | None:
    said = _whom(text, element.find(f"{{{MUC_USER}}}x") is not None)
    return Value("", text, f"who sent it: {said}") if said else None


def _addressee(text: str, element: etree._Element) -> Value | None:
    said = _whom(text, element.find(f"{{{MUC}}}x") is not None)
    return Value("", text, f"whom it is for: {said}") if said else None


def _whom(text: str, of_a_room: bool) -> str:
    """Return whom an address means, in few words, since it stands in each stanza."""
    try:
        jid = JID.parse(text)
    except JIDError:
        return ""
    if of_a_room and jid.resource:
        return f"“{jid.resource}” in the room {jid.bare}"
    if not jid.local:
        return "a server or service" if not jid.resource else "part of a server or service"
    return f"one resource of {jid.bare}" if jid.resource else "an account or a room"


def _request_id(text: str, element: etree._Element) -> Value | None:
    answers = element.get("type") in ("result", "error")
    return Value("", text, "that of what it answers" if answers else "its answer has the same")


def _node(text: str, element: etree._Element) -> Value | None:
    word = first_word(text, "pep-nodes")
    if word is not None:
        return as_value(word)
    title = title_of_namespace(text)
    return Value("", text, title, source=source_of_namespace(text)) if title else None


def _form_value(text: str, element: etree._Element) -> Value | None:
    field = element.getparent()
    if field is None or field.get("var") != "FORM_TYPE":
        return None
    word = first_word(text, "form-types")
    if word is not None:
        return as_value(word)
    return Value("", text, _describe_namespace(text), source=source_of_namespace(text))


def _form_field(text: str, element: etree._Element) -> Value | None:
    if text == "FORM_TYPE":
        return Value("", text, "says by whose rules the other fields are named")
    word = first_word(text, "form-fields")
    return None if word is None else as_value(word)


def _priority(text: str, element: etree._Element) -> Value | None:
    if _doubt("int", text) or not -128 <= int(text) <= 127:
        return None
    if int(text) < 0:
        return Value("", text, "negative: never gets what is sent to the bare JID")
    return Value("", text, "of several resources, those with more come first")


_ATTRIBUTES: Final[dict[tuple[str, str], Callable[[str, etree._Element], Value | None]]] = {
    (f"{{{MUC_USER}}}status", "code"): _of_family("muc-status-codes"),
    (f"{{{ns.DISCO_INFO}}}feature", "var"): explain_feature,
    (f"{{{ns.DISCO_INFO}}}identity", "type"): _identity_type,
    (f"{{{ns.SASL}}}auth", "mechanism"): _of_family("mechanisms"),
    (f"{{{ns.SASL2}}}authenticate", "mechanism"): _of_family("mechanisms"),
    (f"{{{ns.FAST}}}request-token", "mechanism"): _of_family("mechanisms"),
    (f"{{{ns.DATA_FORM}}}field", "var"): _form_field,
    **{
        (f"{{{ns.CLIENT}}}{kind}", name): explain
        for kind in ("iq", "message", "presence")
        for name, explain in {"from": _sender, "to": _addressee}.items()
    },
    (f"{{{ns.CLIENT}}}iq", "id"): _request_id,
    **{
        (f"{{{namespace}}}{name}", "node"): _node
        for namespace, names in {
            PUBSUB: ("items", "publish", "retract", "subscribe", "unsubscribe", "create"),
            PUBSUB_EVENT: ("items", "collection", "configuration", "purge", "delete"),
            f"{PUBSUB}#owner": ("configure", "affiliations", "subscriptions", "delete", "purge"),
        }.items()
        for name in names
    },
}

_TEXTS: Final[dict[str, Callable[[str, etree._Element], Value | None]]] = {
    f"{{{ns.SASL}}}mechanism": _of_family("mechanisms"),
    f"{{{ns.SASL2}}}mechanism": _of_family("mechanisms"),
    f"{{{ns.FAST}}}mechanism": _of_family("mechanisms"),
    f"{{{ns.DATA_FORM}}}value": _form_value,
    f"{{{ns.CLIENT}}}priority": _priority,
}


def has_words(tag: str, name: str) -> bool:
    """Say whether the values of this attribute are looked up in the glossary."""
    return (tag, name) in _ATTRIBUTES


def unknown_attribute(name: str, element: Element) -> str:
    """Return what there is to say of an attribute that `element` is not known to have."""
    like = near(name, element.attributes)
    hint = f"; did you mean {listed(like)}?" if like else ""
    where = f" in {element.spec}" if element.spec else ""
    return f"not an attribute of <{element.name}/>{where}{hint}"
