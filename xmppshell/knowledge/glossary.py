"""The words of XMPP that are neither elements nor namespaces, from the files in `data/glossary`.

Each file is a family of words, such as the status codes of rooms, in this form:

    [term."110"]
    spec = "XEP-0045"
    section = "7.2.2"
    why = "This presence is the user's own."
    see = ["201"]

The key is the word exactly as it is written on the wire. A file is read when it is needed.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from .explanation import Source
from .specifications import reference, url_of

TITLES: Mapping[str, str] = {
    "muc-status-codes": "status code of rooms",
    "mechanisms": "SASL mechanism",
    "channel-bindings": "channel binding",
    "muc-features": "feature of rooms",
    "disco-features": "feature",
    "pubsub": "word of pubsub",
    "disco-identities": "identity",
    "pep-nodes": "PEP node",
    "form-types": "form type",
    "form-fields": "form field",
}
"""What a word of each family is called."""

_HEADING = re.compile(r'^\[term\.(?:"([^"]+)"|([\w-]+))\]', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its family, what it means, where it is defined, and what belongs with it."""

    family: str
    word: str
    why: str
    spec: str
    section: str = ""
    anchor: str = ""
    see: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What it is called: "SASL mechanism"."""
        return TITLES.get(self.family, self.family.replace("-", " "))

    @property
    def source(self) -> Source:
        """Where it is written."""
        return Source(
            reference(self.spec, self.section), url_of(self.spec, self.section, self.anchor)
        )


class Glossary:
    """Finds words in the texts of the files, by the name of the family."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._read: dict[str, dict[str, Word]] = {}

    @property
    def families(self) -> tuple[str, ...]:
        """The families that there are."""
        return tuple(self._texts)

    def family(self, name: str) -> dict[str, Word]:
        """Return the words of a family; none if there is no such family."""
        if name not in self._read:
            table = tomllib.loads(self._texts.get(name, "")).get("term", {})
            self._read[name] = {
                word: Word(
                    name,
                    word,
                    entry["why"],
                    entry.get("spec", ""),
                    entry.get("section", ""),
                    entry.get("anchor", ""),
                    tuple(entry.get("see", ())),
                )
                for word, entry in table.items()
            }
        return self._read[name]

    def word(self, family: str, word: str) -> Word | None:
        """Return a word of a family, or None."""
        return self.family(family).get(word) if word in self._texts.get(family, "") else None

    def find(self, typed: str) -> list[Word]:
        """Return the words of every family that are written so, in any case."""
        wanted = typed.casefold()
        return [
            self.family(family)[word]
            for family in self._texts
            for word in self.words(family)
            if word.casefold() == wanted
        ]

    def holding(self, typed: str) -> list[Word]:
        """Return the words of every family that hold all of the typed words, in any case."""
        wanted = typed.casefold().split()
        return [
            self.family(family)[word]
            for family in self._texts
            for word in self.words(family)
            if wanted and all(part in word.casefold() for part in wanted)
        ]

    def words(self, family: str = "") -> list[str]:
        """Return the words of a family, or of all, as they are written; reads no file."""
        texts = [self._texts.get(family, "")] if family else list(self._texts.values())
        return [quoted or plain for text in texts for quoted, plain in _HEADING.findall(text)]

    def near(self, typed: str) -> list[str]:
        """Return words that are written much like `typed`."""
        return difflib.get_close_matches(typed, self.words(), n=3, cutoff=0.75)


@functools.cache
def glossary() -> Glossary:
    """Return the project's own glossary."""
    folder = files(__package__) / "data" / "glossary"
    return Glossary(
        {
            entry.name.removesuffix(".toml"): entry.read_text("utf-8")
            for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
            if entry.name.endswith(".toml")
        }
    )
