"""What a template is: a stanza or nonza with named fields, and what the fields can be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..protocol.kinds import KIND_NAMES

XML: Final = "xml"
"""The kind of a field that takes elements; the other kinds are those of `protocol.values`."""

FIELD: Final = re.compile(r"\{\{[a-z][a-z0-9_]*\}\}|\{([a-z][a-z0-9_]*)\}")
"""A field in the XML of a template; `{{name}}` stands for the text `{name}`."""

FRESH_ID: Final = "id"
"""`{id}` is no field: the shell fills it in with a fresh id, the same everywhere in a text."""

KIND_WORDS: Final = {
    **KIND_NAMES,
    "node": "a node",
    "token": "one word",
    "uint": "a number",
    "uri": "an address (URI)",
    XML: "XML",
}
"""How each kind is called before people."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a template.

    Its value is of a `kind`, or `one_of` a list (then `kind` is ""); `least` and `most` bound
    numbers. A field that nobody gives a value for has its `default`, if that is not None, and is
    left open otherwise. An `optional` one may stay open, and then its part of the stanza goes. A
    `secret` is never typed in a command.
    """

    name: str
    kind: str
    meaning: str = ""
    default: str | None = None
    optional: bool = False
    least: int | None = None
    most: int | None = None
    one_of: tuple[str, ...] = ()
    secret: bool = False

    @property
    def words(self) -> str:
        """What it takes, for people: `a JID`, `away, chat, dnd or xa`, `-128 to 127`."""
        if self.one_of:
            return " or ".join(filter(None, (", ".join(self.one_of[:-1]), self.one_of[-1])))
        if self.least is not None and self.most is not None:
            return f"{self.least} to {self.most}"
        if self.least is not None:
            return f"{KIND_WORDS[self.kind]}, {self.least} or more"
        if self.most is not None:
            return f"{KIND_WORDS[self.kind]}, {self.most} at most"
        return KIND_WORDS[self.kind]


@dataclass(frozen=True, slots=True)
class Template:
    """A template.

    `expects` says what usually comes back: `result`, `error CONDITION`, `presence`, `message`,
    `iq set` (a push), the name of a nonza, or `nothing`. `source` is the user's file that it is
    from, as messages call it, or "" for one that comes with the program.
    """

    name: str
    group: str
    xml: str
    reference: str = ""
    summary: str = ""
    explanation: str = ""
    expects: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)
    source: str = ""

    @property
    def positional(self) -> list[str]:
        """The names of the fields in the order in which values without a name go to them."""
        return [each.name for each in self.fields.values() if not each.secret]


@dataclass(frozen=True, slots=True)
class Group:
    """Templates that belong together, in the order of their file."""

    name: str
    title: str
    templates: tuple[Template, ...] = ()
