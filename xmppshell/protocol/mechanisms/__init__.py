"""The SASL mechanisms, both ends of each, and how a client chooses one.

choice = choose(advertised, channel, wishes)            # choice.py
client = client_mechanism(choice.mechanism, credentials, ...)
client.first(), client.respond(challenge), client.finish(data)

SCRAM is loaded at once, since nearly everybody signs in with it; the others when they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..channel import Channel
from .advertised import Advertised
from .base import (
    Accounts,
    ClientMechanism,
    MechanismMaker,
    Reply,
    SaslRefusedError,
    ServerMechanism,
)
from .choice import MECHANISMS, PREFERENCE, Choice, Wishes, choose, strength
from .scram import MAX_ITERATIONS, MIN_ITERATIONS, PLUS, ScramClient, ScramServer, is_scram

if TYPE_CHECKING:
    from ..channel import ChannelBinding
    from ..credentials import Credentials

__all__ = [
    "MAX_ITERATIONS",
    "MECHANISMS",
    "MIN_ITERATIONS",
    "PLUS",
    "PREFERENCE",
    "Accounts",
    "Advertised",
    "Choice",
    "ClientMechanism",
    "MechanismMaker",
    "Reply",
    "SaslRefusedError",
    "ServerMechanism",
    "Wishes",
    "adopt",
    "choose",
    "client_mechanism",
    "server_mechanism",
    "strength",
]


def client_mechanism(
    name: str,
    credentials: Credentials,
    *,
    identity: str = "",
    binding: ChannelBinding | None = None,
    flag: str = "n",
) -> ClientMechanism:
    """Start the exchange of `name`, one of `MECHANISMS`; raises KeyError for another name.

    `identity` is the bare JID to sign in as; `binding` and `flag` are for SCRAM, as in a
    `Choice`. Raises `SaslRefusedError` if the credentials cannot be used.
    """
    if is_scram(name):
        return ScramClient(name, credentials, binding=binding, flag=flag)
    if name == "PLAIN":
        from .plain import PlainClient

        return PlainClient(credentials)
    if name == "EXTERNAL":
        from .external import ExternalClient

        return ExternalClient(identity)
    if name == "OAUTHBEARER":
        from .oauthbearer import OAuthBearerClient

        return OAuthBearerClient(credentials, identity)
    if name == "ANONYMOUS":
        from .anonymous import AnonymousClient

        return AnonymousClient()
    raise KeyError(name)


def adopt(
    name: str,
    payload: bytes | None,
    credentials: Credentials,
    channel: Channel,
    *,
    identity: str = "",
) -> ClientMechanism | None:
    """Return the exchange that a user began by hand, so that its next step can be proposed.

    `payload` is the initial response that was sent, None if there was none. Returns None where
    nothing can be added: another's name, an unknown mechanism, a payload that says all.
    """
    if is_scram(name):
        if payload is not None:
            text = payload.decode("utf-8", "replace")
            return ScramClient.continuing(name, text, credentials, channel)
        binding = channel.first_of(channel.types) if name.endswith(PLUS) else None
        if name.endswith(PLUS) and binding is None:
            return None
        return ScramClient(name, credentials, binding=binding)
    if name not in MECHANISMS:
        return None
    return client_mechanism(name, credentials, identity=identity)


def server_mechanism(
    name: str,
    accounts: Accounts,
    *,
    domain: str = "",
    channel: Channel | None = None,
    advertised: Advertised | None = None,
) -> ServerMechanism:
    """Start the server's end of `name`; raises KeyError if there is no such mechanism here.

    `domain` is the one that the client's stream is for, `channel` what TLS has, and
    `advertised` what was offered.
    """
    channel = channel or Channel()
    if is_scram(name):
        return ScramServer(name, accounts, channel=channel, advertised=advertised)
    if name == "PLAIN":
        from .plain import PlainServer

        return PlainServer(accounts)
    if name == "EXTERNAL":
        from .external import ExternalServer

        return ExternalServer(accounts, channel.identities, domain)
    if name == "OAUTHBEARER":
        from .oauthbearer import OAuthBearerServer

        return OAuthBearerServer(accounts, domain)
    if name == "ANONYMOUS":
        from .anonymous import AnonymousServer

        return AnonymousServer(accounts)
    raise KeyError(name)
