"""What the catalogue says of a namespace, of an element and of an attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..protocol.kinds import KIND_NAMES
from .specifications import reference, url_of

KINDS = frozenset(KIND_NAMES)
"""What an attribute's value or an element's text can be, besides one of a list."""

STREAM = "stream"
"""The place directly on the stream, in `Element.places`."""


@dataclass(frozen=True, slots=True)
class Values:
    """What can stand somewhere: a kind of value, or one of a list, with what each means.

    `kind` is one of `KINDS` or "", `one_of` the list or (). `meanings` has the values that mean
    something worth saying.
    """

    kind: str
    one_of: tuple[str, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an element; `why` says what it is for, or is ""."""

    name: str
    values: Values
    required: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """An element of the catalogue.

    `places` says where it stands: Clark names of parents, `STREAM` for directly on the stream,
    and `{jabber:client}iq get` and the like where only one type of iq holds it. `direction` is
    "c2s", "s2c" or "" for both. `text` says what its text is, None if it has none. `needs` are
    the Clark names of children that must be there; with `open` it takes children of any other
    namespace. `replies` are the Clark names of what answers it; "" among them stands for an
    answer without payload.
    """

    namespace: str
    name: str
    why: str
    places: tuple[str, ...]
    spec: str
    section: str = ""
    anchor: str = ""
    direction: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    text: Values | None = None
    needs: tuple[str, ...] = ()
    open: bool = False
    replies: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """Its Clark name."""
        return f"{{{self.namespace}}}{self.name}"

    @property
    def reference(self) -> str:
        """Where it is written, such as `XEP-0198 3`."""
        return reference(self.spec, self.section)

    @property
    def url(self) -> str:
        """The address of that place."""
        return url_of(self.spec, self.section, self.anchor)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace: its name on the wire, its title, where it is defined and what it is for.

    One that is known by name alone has no `elements`, and its `why` is "". `spec` is "" where no
    document of the RFC or XEP series defines it.
    """

    name: str
    title: str
    spec: str
    why: str = ""
    elements: Mapping[str, Element] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address of the document that defines it."""
        return url_of(self.spec)
