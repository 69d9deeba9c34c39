"""Misbehaviour on request: what a hostile or broken server may do while a client signs in.

Each fault changes what the server says and nothing else; a client that is on its guard ends the
exchange there.
"""

from __future__ import annotations

import base64
import enum
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from ...protocol.channel import Channel
from ...protocol.mechanisms import (
    PLUS,
    Accounts,
    Advertised,
    MechanismMaker,
    Reply,
    SaslRefusedError,
    ServerMechanism,
    server_mechanism,
)
from ...protocol.problem import Problem


class Fault(enum.Enum):
    """What to do wrong; the value says it in words."""

    WRONG_SIGNATURE = "ends SCRAM with a wrong signature"
    NO_SIGNATURE = "ends SCRAM without a signature"
    TRUNCATED_NONCE = "answers with a nonce that is shorter than the client's"
    PBKDF2_BOMB = "asks for more PBKDF2 rounds than anybody could do"
    FEW_ROUNDS = "asks for a single PBKDF2 round"
    STRIPPED = "hides the stronger mechanisms, as somebody in between would"
    AFTER_PROCEED = "sends XML after <proceed/>, before TLS"


BOMB: Final = 4_294_967_295
"""A number of PBKDF2 rounds that takes an hour."""

INJECTED: Final = b"<injected xmlns='urn:example:attack'/>"
"""What stands after <proceed/>, for a client that takes it for part of the encrypted stream."""

_NONCE: Final = re.compile(rb"r=[^,]*")
_COUNT: Final = re.compile(rb"i=\d+")


def weakened(mechanisms: Iterable[str]) -> tuple[str, ...]:
    """Return what is left of `mechanisms` when the stronger ones are hidden."""
    return tuple(
        name for name in mechanisms if name in ("SCRAM-SHA-1", "PLAIN") or name == "ANONYMOUS"
    )


def faulty_maker(faults: frozenset[Fault], mechanisms: tuple[str, ...]) -> MechanismMaker:
    """Return what starts exchanges that go wrong by `faults`; `mechanisms` are the real ones."""

    def make(
        name: str,
        accounts: Accounts,
        *,
        domain: str = "",
        channel: Channel | None = None,
        advertised: Advertised | None = None,
    ) -> ServerMechanism:
        if Fault.STRIPPED in faults and advertised is not None:
            # The server itself knows what it offers: only the way to the client is bad.
            bound = channel is not None and channel.bindings
            real = tuple(each for each in mechanisms if bound or not each.endswith(PLUS))
            advertised = replace(advertised, mechanisms=real)
        honest = server_mechanism(
            name, accounts, domain=domain, channel=channel, advertised=advertised
        )
        return _Faulty(honest, faults) if faults and name.startswith("SCRAM") else honest

    return make


def refusing_maker(refusal: Callable[[], str], maker: MechanismMaker) -> MechanismMaker:
    """Return what starts exchanges unless `refusal` gives a SASL condition to refuse with."""

    def make(
        name: str,
        accounts: Accounts,
        *,
        domain: str = "",
        channel: Channel | None = None,
        advertised: Advertised | None = None,
    ) -> ServerMechanism:
        condition = refusal()
        if condition:
            raise SaslRefusedError(Problem("refused on demand"), condition)
        return maker(name, accounts, domain=domain, channel=channel, advertised=advertised)

    return make


class _Faulty:
    """A mechanism whose words are changed on their way out."""

    def __init__(self, honest: ServerMechanism, faults: frozenset[Fault]) -> None:
        self.name = honest.name
        self.username = ""
        self._honest = honest
        self._faults = faults

    def receive(self, response: bytes) -> Reply:
        """Answer as the honest mechanism does, but for the faults."""
        reply = self._honest.receive(response)
        self.username = self._honest.username
        if reply.done:
            return replace(reply, data=self._final(reply.data))
        return replace(reply, data=self._first(reply.data or b""))

    def _first(self, data: bytes) -> bytes:
        if Fault.TRUNCATED_NONCE in self._faults:
            data = _NONCE.sub(lambda found: found[0][:8], data, count=1)
        if Fault.PBKDF2_BOMB in self._faults:
            data = _COUNT.sub(b"i=%d" % BOMB, data)
        if Fault.FEW_ROUNDS in self._faults:
            data = _COUNT.sub(b"i=1", data)
        return data

    def _final(self, data: bytes | None) -> bytes | None:
        if Fault.NO_SIGNATURE in self._faults:
            return None
        if Fault.WRONG_SIGNATURE in self._faults:
            return b"v=" + base64.b64encode(bytes(32))
        return data
