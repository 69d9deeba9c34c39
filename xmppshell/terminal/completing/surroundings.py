"""What is known where something is typed: the stream, what was seen on it, and the addressee."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...commands.known_entities import OWN_ACCOUNT, Entity, KnownEntities
from ...protocol.exchanges import Pending
from ...protocol.namespaces import STREAM
from ...protocol.xml import Context
from ...protocol.xml.cursor import OpenTag, Place

_VARIABLE = re.compile(r"\$([a-z]+)")


@dataclass(frozen=True)
class Surroundings:
    """What is known besides the text itself; all of it is empty where nothing is.

    `jids` and `namespaces` were seen on a stream, `entities` is what others told of themselves,
    `own` the bare JID of the account. `variables` gives the values of `$` variables and `waiting`
    the requests of others that have no answer yet.
    """

    context: Context = field(default_factory=Context.for_namespace)
    jids: Iterable[str] = ()
    namespaces: Iterable[str] = ()
    entities: KnownEntities = field(default_factory=KnownEntities)
    own: str = ""
    variables: Callable[[], Mapping[str, str]] = dict
    waiting: Callable[[], Sequence[Pending]] = tuple

    def addressee(self, place: Place) -> str:
        """Return whom the stanza around `place` is for, `OWN_ACCOUNT` if it does not say."""
        outermost = stanza_path(place.path)[:1] or ((place.element,) if place.element else ())
        to = outermost[0].attributes.get("to", "") if outermost else ""
        if "$" in to:
            values = self.variables()
            to = _VARIABLE.sub(lambda found: values.get(found[1], found[0]), to)
        return to or OWN_ACCOUNT

    def entities_around(self, address: str) -> list[Entity]:
        """Return what is known of `address`, the nearest first: of it, its bare JID, its domain."""
        if address != OWN_ACCOUNT:
            return self.entities.around(address)
        own = self.entities.entity(OWN_ACCOUNT)
        return ([] if own is None else [own]) + self.entities.around(self.own)

    def announced(self, place: Place) -> dict[str, None]:
        """Return the namespaces that the addressee announced, in the order of that."""
        around = self.entities_around(self.addressee(place))
        return {feature: None for entity in around for feature in entity.features}


def stanza_path(path: tuple[OpenTag, ...]) -> tuple[OpenTag, ...]:
    """Return the open elements without the stream itself."""
    return path[1:] if path and path[0].tag == f"{{{STREAM}}}stream" else path
