"""Choosing a mechanism: the strongest that both sides can, and never a weaker one in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..channel import DEFAULT_TYPES, Channel, ChannelBinding
from ..problem import Problem
from .advertised import Advertised
from .base import SaslRefusedError
from .gs2 import BOUND, NO_BINDING, NOT_OFFERED
from .scram import PLUS, is_scram

PREFERENCE: Final = (
    "EXTERNAL",
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "PLAIN",
)
"""The mechanisms that a client chooses by itself, best first (RFC 7677 4, RFC 6120 13.8)."""

MECHANISMS: Final = (*PREFERENCE, "OAUTHBEARER", "ANONYMOUS")
"""All mechanisms that are known here; the last two are used only when asked for."""

# EXTERNAL stands so low since it sends no password: only PLAIN is a step down from it.
_WEAKEST_FIRST: Final = (
    "PLAIN",
    "EXTERNAL",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "SCRAM-SHA-512",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-512-PLUS",
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a client wants.

    `mechanism` insists on one, `binding` on a channel binding type; "" leaves it open. `floor`
    is the strongest mechanism that the account used before: nothing weaker is chosen. `password`
    says whether there is one, `anonymous` that there is no account to sign in to.
    """

    mechanism: str = ""
    binding: str = ""
    floor: str = ""
    password: bool = True
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What to begin with: the mechanism, the channel binding if any, and the GS2 flag for it."""

    mechanism: str
    reason: str
    binding: ChannelBinding | None = None
    flag: str = NO_BINDING


def strength(mechanism: str) -> int:
    """Return how well a mechanism guards the password from somebody in between; 0 if unknown."""
    return _WEAKEST_FIRST.index(mechanism) + 1 if mechanism in _WEAKEST_FIRST else 0


def choose(advertised: Advertised, channel: Channel, wishes: Wishes) -> Choice:
    """Return the mechanism to use; raises `SaslRefusedError`, whose problem says why none is."""
    if wishes.mechanism:
        return _as_asked(advertised, channel, wishes)
    usable = [name for name in PREFERENCE if name in advertised.mechanisms]
    usable = [name for name in usable if _within_means(name, channel, wishes)]
    if wishes.anonymous and "ANONYMOUS" in advertised.mechanisms:
        return Choice("ANONYMOUS", "there is no account, and the server takes in anybody")
    if wishes.binding:
        usable = [name for name in usable if name.endswith(PLUS)]
        if not usable:
            raise SaslRefusedError(_no_binding(wishes.binding, advertised, channel))
    for name in usable:
        choice = _begun(name, advertised, channel, wishes)
        if choice is not None:
            _keep_floor(name, advertised, wishes.floor)
            return choice
    if wishes.binding:
        raise SaslRefusedError(_no_binding(wishes.binding, advertised, channel))
    raise SaslRefusedError(_nothing_in_common(advertised, wishes))


def _within_means(name: str, channel: Channel, wishes: Wishes) -> bool:
    return channel.certificate_shown if name == "EXTERNAL" else wishes.password


def _as_asked(advertised: Advertised, channel: Channel, wishes: Wishes) -> Choice:
    name = wishes.mechanism
    if name not in MECHANISMS:
        raise SaslRefusedError(
            Problem(
                f"{name} is not known here",
                "no mechanism of this name is built in",
                f"known are {', '.join(MECHANISMS)}",
                "RFC 6120 6.3.3",
            )
        )
    if name not in advertised.mechanisms:
        raise SaslRefusedError(_not_offered(advertised, channel, wishes))
    if name == "EXTERNAL" and not channel.certificate_shown:
        raise SaslRefusedError(
            Problem(
                "EXTERNAL needs a client certificate, and none was shown",
                "the certificate is what proves who you are",
                "--client-cert FILE and --client-key FILE",
                "XEP-0178 2",
            )
        )
    if wishes.binding and not name.endswith(PLUS):
        raise SaslRefusedError(
            Problem(
                f"{name} has no channel binding, and {wishes.binding} was asked for",
                "",
                f"leave out --mechanism, or name one that ends in {PLUS}",
                "RFC 5802 4",
            )
        )
    choice = _begun(name, advertised, channel, wishes)
    if choice is None:
        raise SaslRefusedError(_no_binding(wishes.binding, advertised, channel))
    return choice


def _begun(name: str, advertised: Advertised, channel: Channel, wishes: Wishes) -> Choice | None:
    """Return how to begin with `name`; None if it needs a channel binding that cannot be had."""
    why = "was asked for" if wishes.mechanism else "is the strongest mechanism of both sides"
    if name.endswith(PLUS):
        binding = _binding(advertised, channel, wishes)
        if binding is None:
            return None
        return Choice(name, f"{name} {why}, bound to TLS by {binding.type}", binding, BOUND)
    flag = NO_BINDING
    if is_scram(name) and not wishes.mechanism and channel.bindings and not advertised.binds:
        # The server must refuse this if its -PLUS mechanisms were hidden on the way.
        flag = NOT_OFFERED
    if is_scram(name) and not wishes.mechanism and advertised.binds:
        types = ", ".join(advertised.bindings or ()) or "a type that is not announced"
        why += f"; -PLUS would need {types}, which this connection does not have"
    return Choice(name, f"{name} {why}", flag=flag)


def _binding(advertised: Advertised, channel: Channel, wishes: Wishes) -> ChannelBinding | None:
    """Return the best binding that both sides can; a server may announce none (XEP-0440)."""
    if wishes.binding:
        return channel.first_of([wishes.binding])
    if advertised.bindings is None:
        return channel.first_of(DEFAULT_TYPES)
    return channel.first_of(advertised.bindings)


def _keep_floor(name: str, advertised: Advertised, floor: str) -> None:
    """Raise `SaslRefusedError` if `name` protects less than what the account used before.

    EXTERNAL sends nothing that could be protected less.
    """
    if name == "EXTERNAL" or strength(name) >= strength(floor):
        return
    offered = floor in advertised.mechanisms
    what = (
        f"{floor} cannot be used on this connection"
        if offered
        else f"the server no longer offers {floor}"
    )
    raise SaslRefusedError(
        Problem(
            f"{what}, which this account signed in with before; {name} is weaker",
            "this connection lacks the channel binding that was used before"
            if offered
            else "the server was set up anew, or somebody in between hides the stronger "
            "mechanisms to get at the password",
            "ask whoever runs the server; --allow-downgrade signs in all the same",
            "XEP-0474 7",
        )
    )


def _no_binding(wanted: str, advertised: Advertised, channel: Channel) -> Problem:
    here = ", ".join(channel.types) or "none"
    if not advertised.binds:
        return Problem(
            "channel binding was asked for, and the server offers no -PLUS mechanism",
            "the server has none for this version of TLS, or somebody in between hides them",
            f"another --tls-version may have one; without it: no --channel-binding; "
            f"this connection has {here}",
            "RFC 5802 6",
        )
    announced = (
        "the server announces none"
        if advertised.bindings is None
        else f"the server announces {', '.join(advertised.bindings)}"
    )
    return Problem(
        f"the channel binding {wanted} cannot be had on this connection"
        if wanted
        else "no channel binding that both sides have",
        f"this connection has {here}; {announced}",
        "tls-unique is for TLS 1.2 and tls-exporter for TLS 1.3 (--tls-version); "
        "--channel-binding TYPE names one",
        "RFC 9266 3",
    )


def _not_offered(advertised: Advertised, channel: Channel, wishes: Wishes) -> Problem:
    name, names = wishes.mechanism, ", ".join(advertised.mechanisms)
    if name.endswith(PLUS) and not advertised.binds:
        return Problem(
            f"the server does not offer {name}, which was asked for: it offers {names}",
            "the server has no channel binding for this version of TLS, or somebody in between "
            "hides it",
            f"another --tls-version may have one; --mechanism {name.removesuffix(PLUS)} does "
            "without",
            "RFC 6120 6.3.3",
        )
    return Problem(
        f"no common mechanism: the server offers {names}, and {name} was asked for",
        "the mechanism that was asked for is not offered",
        f"known here are {', '.join(MECHANISMS)}",
        "RFC 6120 6.3.3",
    )


def _nothing_in_common(advertised: Advertised, wishes: Wishes) -> Problem:
    names = ", ".join(advertised.mechanisms)
    if any(name in PREFERENCE for name in advertised.mechanisms):
        return Problem(
            f"the server offers {names}, and nothing is at hand to sign in with",
            "there is no password for those that want one",
            "give a password, or --client-cert for EXTERNAL",
            "RFC 6120 6.3.3",
        )
    return Problem(
        f"no common mechanism: the server offers {names}",
        "the server offers only mechanisms that are not known here, or are used only when asked "
        "for",
        f"known here are {', '.join(MECHANISMS)}; --mechanism names one",
        "RFC 6120 6.3.3",
    )
