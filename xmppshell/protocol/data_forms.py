"""Data forms: what a form asks, what may be answered, and the answers as XML (XEP-0004).

A form is read with `parse_form`, filled in with `answered`, checked with `faults` and written
with `submission`. Nothing here asks anybody anything.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from . import namespaces as ns
from .features.base import escape
from .jid import JID, JIDError

if TYPE_CHECKING:
    from lxml import etree

_X: Final = f"{{{ns.DATA_FORM}}}"
_MEDIA: Final = f"{{{ns.MEDIA}}}media/{{{ns.MEDIA}}}uri"
_OPEN_LIST: Final = f"{{{ns.VALIDATE}}}validate/{{{ns.VALIDATE}}}open"

# What XML 1.0 has no way to say (2.2).
_UNSPEAKABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_YES: Final = frozenset({"1", "true", "yes", "y"})
_NO: Final = frozenset({"0", "false", "no", "n"})


class FieldType(enum.Enum):
    """What kind of answer a field takes (XEP-0004 3.3); the value is how it is written."""

    BOOLEAN = "boolean"
    FIXED = "fixed"
    HIDDEN = "hidden"
    JID_MULTI = "jid-multi"
    JID_SINGLE = "jid-single"
    LIST_MULTI = "list-multi"
    LIST_SINGLE = "list-single"
    TEXT_MULTI = "text-multi"
    TEXT_PRIVATE = "text-private"
    TEXT_SINGLE = "text-single"

    @property
    def takes_several(self) -> bool:
        """True if an answer may have more than one value."""
        return self in _SEVERAL

    @property
    def is_list(self) -> bool:
        """True if the answers are chosen from options."""
        return self in (FieldType.LIST_MULTI, FieldType.LIST_SINGLE)

    @property
    def is_jid(self) -> bool:
        """True if the answers are addresses."""
        return self in (FieldType.JID_MULTI, FieldType.JID_SINGLE)


_SEVERAL: Final = frozenset(
    {FieldType.JID_MULTI, FieldType.LIST_MULTI, FieldType.TEXT_MULTI, FieldType.HIDDEN}
)
_TYPES: Final = {kind.value: kind for kind in FieldType}


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers of a list; `label` is its name for people, or ""."""

    value: str
    label: str = ""

    @property
    def title(self) -> str:
        """What to show for it."""
        return self.label or self.value


@dataclass(frozen=True, slots=True)
class Media:
    """Where a picture or sound that belongs to a field is, and its MIME type (XEP-0221 2)."""

    uri: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name `var`, what it asks, and the answers that it holds now.

    In a form to be filled in, `values` are the defaults. `open_list` says that an answer may be
    none of the options (XEP-0122 3.2.2). Values do not show in `repr`: they may be secrets.
    """

    var: str
    type: FieldType = FieldType.TEXT_SINGLE
    label: str = ""
    description: str = ""
    required: bool = False
    values: tuple[str, ...] = field(default=(), repr=False)
    options: tuple[Option, ...] = ()
    media: tuple[Media, ...] = ()
    open_list: bool = False

    @property
    def title(self) -> str:
        """What to call it in front of people."""
        return self.label or self.var

    @property
    def is_asked(self) -> bool:
        """True if a person is to answer it."""
        return self.type not in (FieldType.FIXED, FieldType.HIDDEN)

    @property
    def is_secret(self) -> bool:
        """True if the answer must not be shown."""
        return self.type is FieldType.TEXT_PRIVATE

    @property
    def text(self) -> str:
        """The values in one text, a line each."""
        return "\n".join(self.values)


@dataclass(frozen=True, slots=True)
class Form:
    """A form; `type` is "form", "submit", "cancel" or "result" (XEP-0004 3.1)."""

    type: str
    fields: tuple[Field, ...]
    title: str = ""
    instructions: tuple[str, ...] = ()

    @property
    def form_type(self) -> str:
        """The value of the hidden field FORM_TYPE, which says what the form is (XEP-0068)."""
        found = self.get("FORM_TYPE")
        return "" if found is None else found.text

    @property
    def asked(self) -> tuple[Field, ...]:
        """The fields that a person is to answer."""
        return tuple(each for each in self.fields if each.is_asked)

    def get(self, var: str) -> Field | None:
        """Return the field of that name, or None."""
        return next((each for each in self.fields if each.var == var), None)


# Reading.


def find_form(parent: etree._Element) -> Form | None:
    """Return the first data form of type "form" anywhere within `parent`, or None."""
    for element in parent.iter(f"{_X}x"):
        if element.get("type", "form") == "form":
            return parse_form(element)
    return None


def parse_form(element: etree._Element) -> Form:
    """Return what the `<x xmlns='jabber:x:data'/>` says.

    A field of an unknown type counts as text-single (XEP-0004 3.3). One without a name, which
    cannot be answered, is left out unless it is only to be read.
    """
    fields = (_field(child) for child in element.iterfind(f"{_X}field"))
    return Form(
        element.get("type", "form"),
        tuple(each for each in fields if each.var or each.type is FieldType.FIXED),
        _text(element.find(f"{_X}title")),
        tuple(_text(child) for child in element.iterfind(f"{_X}instructions")),
    )


def _field(element: etree._Element) -> Field:
    return Field(
        var=element.get("var", ""),
        type=_TYPES.get(element.get("type", ""), FieldType.TEXT_SINGLE),
        label=element.get("label", ""),
        description=_text(element.find(f"{_X}desc")),
        required=element.find(f"{_X}required") is not None,
        values=tuple(child.text or "" for child in element.iterfind(f"{_X}value")),
        options=tuple(
            Option(option.findtext(f"{_X}value") or "", option.get("label", ""))
            for option in element.iterfind(f"{_X}option")
        ),
        media=tuple(Media(_text(uri), uri.get("type", "")) for uri in element.iterfind(_MEDIA)),
        open_list=element.find(_OPEN_LIST) is not None,
    )


def _text(element: etree._Element | None) -> str:
    return "" if element is None else (element.text or "").strip()


# Answering.


def read_answer(asked: Field, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the values that stand for what a person wrote, one text a value.

    A boolean may be yes or no, an option may be named by its number from 1, its value or its
    label, and the numbers or addresses of several by one text with commas. What is not understood
    stays as it is, for `fault` to object to.
    """
    if asked.type is FieldType.BOOLEAN:
        return tuple(_boolean(text) for text in texts)
    if asked.type is FieldType.TEXT_MULTI:
        return tuple(line for text in texts for line in text.splitlines() or [""])
    if asked.type is FieldType.LIST_SINGLE:
        return tuple(_option(asked, text) for text in texts)
    if asked.type is FieldType.LIST_MULTI:
        chosen = {_option(asked, part) for text in texts for part in _parts(asked, text)}
        known = [option.value for option in asked.options if option.value in chosen]
        # The order of the options stands for something, whatever the order of the answers.
        return (*known, *sorted(chosen.difference(known)))
    if asked.type is FieldType.JID_MULTI:
        parts = (part.strip() for text in texts for part in text.split(","))
        return tuple(dict.fromkeys(part for part in parts if part))
    return tuple(texts)


def _boolean(text: str) -> str:
    word = text.strip().lower()
    return "1" if word in _YES else "0" if word in _NO else text


def _parts(asked: Field, text: str) -> list[str]:
    """Divide an answer at its commas, unless it is one option as it stands."""
    if text and any(text in (option.value, option.label) for option in asked.options):
        return [text]
    return [part for part in (part.strip() for part in text.split(",")) if part]


def _option(asked: Field, text: str) -> str:
    word = text.strip()
    if any(option.value == word for option in asked.options):
        return word
    for option in asked.options:
        if option.label and option.label.casefold() == word.casefold():
            return option.value
    if word.isdecimal() and 0 < int(word) <= len(asked.options):
        return asked.options[int(word) - 1].value
    return word


def fault(asked: Field) -> str:
    """Say in a few words what is wrong with the values that the field holds, or ""."""
    values = [value for value in asked.values if value]
    if not values:
        return "an answer is required" if asked.required else ""
    if len(asked.values) > 1 and not asked.type.takes_several:
        return "there can be one answer only"
    if any(map(_UNSPEAKABLE.search, values)):
        return "it holds a control character, which XML cannot"
    if asked.type is FieldType.BOOLEAN and not set(values) <= {"0", "1", "true", "false"}:
        return f"it is yes or no, not “{values[0]}”"
    if asked.type.is_list and not asked.open_list:
        known = {option.value for option in asked.options}
        strange = [value for value in values if value not in known]
        if strange:
            return f"“{strange[0]}” is not one of the answers to choose from"
    if asked.type.is_jid:
        return next(filter(None, map(_jid_fault, values)), "")
    if asked.type is not FieldType.HIDDEN and any("\n" in value for value in values):
        return "it is one line"
    return ""


def _jid_fault(text: str) -> str:
    try:
        JID.parse(text)
    except JIDError as error:
        return error.problem.what
    return ""


def answered(form: Form, answers: Mapping[str, Sequence[str]]) -> Form:
    """Return the form with the values of `answers`, by the names of the fields.

    Fields that are not answered keep their defaults; names that the form has not are ignored.
    """
    return replace(
        form,
        fields=tuple(
            replace(each, values=tuple(answers[each.var])) if each.var in answers else each
            for each in form.fields
        ),
    )


def faults(form: Form) -> dict[str, str]:
    """Return what is wrong with the answers in `form`, by the name of the field; {} for nothing."""
    found = ((each.var, fault(each)) for each in form.asked)
    return {var: text for var, text in found if text}


# Writing.


def submission(form: Form, filled: Form) -> str:
    """Return `filled`, the answers to `form`, as a data form of type submit.

    Hidden fields go back as they came. What was neither asked nor has an answer is left out, but
    a default that was taken away is said to be empty.
    """
    parts = []
    for original, each in zip(form.fields, filled.fields, strict=True):
        if each.type is FieldType.FIXED:
            continue
        values = each.values
        if not any(values) and not any(original.values) and each.type is not FieldType.HIDDEN:
            continue
        parts.append(_field_xml(each, values))
    return f"<x xmlns='{ns.DATA_FORM}' type='submit'>{''.join(parts)}</x>"


def _field_xml(answered_field: Field, values: Sequence[str]) -> str:
    # The type is needless here, but tells whoever keeps records that a value is a secret.
    head = f"<field var='{escape(answered_field.var)}' type='{answered_field.type.value}'"
    body = "".join(f"<value>{escape(value)}</value>" for value in values)
    return f"{head}>{body}</field>" if body else f"{head}/>"
