"""Every RFC that XMPP stands on and every published XEP: number, title, status, address."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib.resources import files

_XEP = re.compile(r"(?:xep)?[- ]?(\d{1,4})", re.IGNORECASE)
_RFC = re.compile(r"rfc[- ]?(\d{3,4})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Specification:
    """One document; `id` is `RFC 6120` or `XEP-0198`, `kind` its track."""

    id: str
    title: str
    status: str
    kind: str

    @property
    def url(self) -> str:
        """Its address."""
        return url_of(self.id)


@functools.cache
def specifications() -> dict[str, Specification]:
    """Return all documents by id, the RFCs first, each series by number."""
    found = {}
    text = (files(__package__) / "data" / "specifications.tsv").read_text("utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            spec_id, status, kind, title = line.split("\t")
            found[spec_id] = Specification(spec_id, title, status, kind)
    return found


def specification(typed: str) -> Specification | None:
    """Return the document that `typed` names, such as `RFC 6120`, `xep-198` or `198`; or None."""
    known = specifications()
    if match := _RFC.fullmatch(typed.strip()):
        return known.get(f"RFC {match.group(1)}")
    if match := _XEP.fullmatch(typed.strip()):
        return known.get(f"XEP-{int(match.group(1)):04}") or known.get(f"RFC {match.group(1)}")
    return None


def search(words: str) -> list[Specification]:
    """Return the documents whose titles have words that begin with each of `words`, in any case.

    Those in force come first.
    """
    wanted = [re.compile(rf"\b{re.escape(word)}", re.IGNORECASE) for word in words.split()]
    found = [s for s in specifications().values() if all(w.search(s.title) for w in wanted)]
    return sorted(found, key=lambda s: s.status not in _IN_FORCE) if wanted else []


_IN_FORCE = {"Active", "Draft", "Stable", "Final", "Experimental", "Standard", "Proposed Standard"}


def reference(spec: str, section: str = "") -> str:
    """Return how a place is written: `XEP-0198 3`, `RFC 6120 8.2.3`; "" if there is none."""
    return f"{spec} {section}".strip()


def url_of(spec: str, section: str = "", anchor: str = "") -> str:
    """Return the address of a document, of a section of an RFC, or of an anchor of a XEP.

    Sections of XEPs have no address unless their anchor is known. "" for an unknown document.
    """
    series, _, number = spec.replace("-", " ").partition(" ")
    if series == "RFC":
        page = f"https://www.rfc-editor.org/rfc/rfc{number}"
        numbered = re.match(r"\d+(\.\d+)*", section)
        return f"{page}#section-{numbered.group()}" if numbered else page
    if series == "XEP":
        page = f"https://xmpp.org/extensions/xep-{number}.html"
        return f"{page}#{anchor}" if anchor else page
    return ""
