"""What an entity says that it is and can do, and the hash of it (XEP-0030, XEP-0115 5)."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.features.base import escape
from ...protocol.xml.tokens import quoted

if TYPE_CHECKING:
    from lxml import etree

HASHES: Final = {
    "sha-1": "sha1",
    "sha-224": "sha224",
    "sha-256": "sha256",
    "sha-384": "sha384",
    "sha-512": "sha512",
}
"""The hash functions by their registered names, with those that Python has for them."""

_LANG: Final = f"{{{ns.XML}}}lang"
_INFO: Final = f"{{{ns.DISCO_INFO}}}"
_X: Final = f"{{{ns.DATA_FORM}}}"


@dataclass(frozen=True, slots=True)
class Identity:
    """What an entity is: category, type, name and the language of the name, "" for none."""

    category: str
    type: str
    name: str = ""
    lang: str = ""

    def xml(self) -> str:
        """Return the `<identity/>`."""
        lang = f" xml:lang={quoted(self.lang)}" if self.lang else ""
        name = f" name={quoted(self.name)}" if self.name else ""
        return f"<identity category={quoted(self.category)} type={quoted(self.type)}{lang}{name}/>"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of an extended answer (XEP-0128), with its values."""

    var: str
    type: str
    values: tuple[str, ...]

    def xml(self) -> str:
        """Return the `<field/>`."""
        kind = f" type={quoted(self.type)}" if self.type else ""
        values = "".join(f"<value>{escape(value)}</value>" for value in self.values)
        return f"<field var={quoted(self.var)}{kind}>{values}</field>"


def form_field(var: str, *values: str) -> FormField:
    """Return a field of an answer of one's own; FORM_TYPE is hidden (XEP-0068)."""
    return FormField(var, "hidden" if var == "FORM_TYPE" else "", values)


@dataclass(frozen=True, slots=True)
class Info:
    """One answer to disco#info: identities, features, and the fields of each extended form."""

    identities: tuple[Identity, ...]
    features: tuple[str, ...]
    forms: tuple[tuple[FormField, ...], ...] = ()


def read_info(query: etree._Element) -> Info:
    """Return what the `<query/>` of a disco#info result says."""
    return Info(
        tuple(
            Identity(
                each.get("category", ""),
                each.get("type", ""),
                each.get("name", ""),
                each.get(_LANG, ""),
            )
            for each in query.iterfind(f"{_INFO}identity")
        ),
        tuple(each.get("var", "") for each in query.iterfind(f"{_INFO}feature")),
        tuple(
            tuple(
                FormField(
                    field.get("var", ""),
                    field.get("type", ""),
                    tuple(value.text or "" for value in field.iterfind(f"{_X}value")),
                )
                for field in form.iterfind(f"{_X}field")
            )
            for form in query.iterfind(f"{_X}x")
        ),
    )


def verification(info: Info, algorithm: str = "sha-1") -> str:
    """Return the verification string of `info` (XEP-0115 5.1).

    `algorithm` is one of `HASHES`; raises KeyError for another.
    """
    text = verification_input(info).encode()
    return b64encode(hashlib.new(HASHES[algorithm], text).digest()).decode()


def verification_input(info: Info) -> str:
    """Return what the hash is made of: sorted and joined by `<` (XEP-0115 5.1).

    A form counts only if its FORM_TYPE is a hidden field.
    """
    identities = sorted((i.category, i.type, i.lang, i.name) for i in info.identities)
    parts = ["/".join(identity) for identity in identities]
    parts += sorted(info.features)
    forms = []
    for form in info.forms:
        kind = next((f for f in form if f.var == "FORM_TYPE" and f.type == "hidden"), None)
        if kind is not None and kind.values:
            forms.append((kind.values[0], form))
    for form_type, form in sorted(forms, key=lambda pair: pair[0]):
        parts.append(form_type)
        for field in sorted((f for f in form if f.var != "FORM_TYPE"), key=lambda f: f.var):
            parts += [field.var, *sorted(field.values)]
    return "".join(f"{part}<" for part in parts)


def ill_formed(info: Info) -> str:
    """Say why no hash may stand for `info`, or "" (XEP-0115 5.4).

    An answer that says the same thing twice, or two forms of one type, is not to be trusted.
    """
    identities = [(i.category, i.type, i.lang, i.name) for i in info.identities]
    if len(set(identities)) < len(identities):
        return "an identity is there twice"
    if len(set(info.features)) < len(info.features):
        return "a feature is there twice"
    kinds = []
    for form in info.forms:
        kind = next((f for f in form if f.var == "FORM_TYPE"), None)
        if kind is None:
            continue
        if len(set(kind.values)) > 1:
            return "a FORM_TYPE has two values"
        kinds.append(kind.values)
    return "two forms have the same FORM_TYPE" if len(set(kinds)) < len(kinds) else ""
