"""One SASL exchange as it was, for whoever explains it: the payloads, decoded, and how it ended.

Passwords and tokens never get in: a payload that holds one is kept with `HIDDEN` in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .mechanisms import MECHANISMS
from .sasl_explain import Payload
from .states import Speaker

if TYPE_CHECKING:
    from .channel import ChannelBinding
    from .mechanisms import Advertised

HIDDEN: Final = b"(hidden)"
"""What stands for a password or a token."""

_BEARER: Final = re.compile(rb"(?<=auth=)[^\x01]*", re.IGNORECASE)


@dataclass(slots=True)
class SaslExchange:
    """The exchange of one mechanism.

    `payloads` are what the elements' base64 stands for, in order; elements without one are left
    out. `outcome` says in words how it ended, "" while it goes on. `advertised` is what the
    server offered when it began, and `binding` the channel binding in use, as far as this side
    knows it. `server_verified` is true if the server proved that it knows the secret, and
    `list_verified` if the list of mechanisms is known to have arrived unchanged (XEP-0474).
    """

    mechanism: str
    advertised: Advertised
    binding: ChannelBinding | None = None
    payloads: list[Payload] = field(default_factory=list)
    outcome: str = ""
    server_verified: bool = False
    list_verified: bool = False

    def add(self, speaker: Speaker, data: bytes | None) -> None:
        """Add a payload, freed of secrets; None, for an element that has none, adds nothing."""
        if data is not None:
            if speaker is Speaker.CLIENT:
                data = without_secrets(self.mechanism, data)
            self.payloads.append(Payload(speaker, data))


def without_secrets(mechanism: str, payload: bytes) -> bytes:
    """Return what a client said in `mechanism` without its password or token.

    SCRAM's proof stays: it is what there is to explain, and needs the password to be made.
    """
    if mechanism == "PLAIN":
        names, nul, password = payload.rpartition(b"\0")
        return names + nul + (HIDDEN if password else b"")
    if mechanism == "OAUTHBEARER":
        return _BEARER.sub(b"Bearer " + HIDDEN, payload)
    if mechanism in MECHANISMS or not payload:
        return payload
    if mechanism.startswith("HT-"):
        name, nul, _ = payload.partition(b"\0")
        return name + nul + HIDDEN if nul else HIDDEN  # Without binding it could be said again.
    return HIDDEN
