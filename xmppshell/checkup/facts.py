"""What a check-up found, before anybody judges it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from ..network.srv import SrvAnswer
from ..network.tls_versions import Trial
from ..protocol.problem import Problem
from .offers import Offer


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """One IP address: the seconds that connecting took, or the problem and its kind."""

    address: str
    seconds: float | None = None
    problem: Problem | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """The certificate that a server showed.

    `problem` says why it was not accepted, None if it was. The dates are aware; `key`, `rsa_bits`
    and `signature` are as in `network.certificate_details`.
    """

    problem: Problem | None
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime.datetime | None
    not_after: datetime.datetime | None
    fingerprint_sha256: str
    key: str = ""
    rsa_bits: int = 0
    signature: str = ""


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """One host and port: who is there, and what is said on a stream.

    `why` says where host and port came from; `lookup` is why the host has no address. `problem`
    is why the stream did not come as far as the features after TLS. `before` and `after` are what
    was offered before and after TLS, None where it did not come so far (or there is no before).
    """

    host: str
    port: int
    direct_tls: bool
    why: str
    lookup: Problem | None = None
    addresses: tuple[AddressFacts, ...] = ()
    problem: Problem | None = None
    tls_version: str = ""
    cipher: str = ""
    alpn: str | None = None
    versions: tuple[Trial, ...] = ()
    certificate: CertificateInfo | None = None
    before: Offer | None = None
    after: Offer | None = None

    @property
    def reached(self) -> AddressFacts | None:
        """The address that took a connection first in the list, if any did."""
        return next((each for each in self.addresses if each.seconds is not None), None)

    @property
    def title(self) -> str:
        """What to call the place: its host, port and kind of TLS."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}, {'direct TLS' if self.direct_tls else 'STARTTLS'}"


@dataclass(frozen=True, slots=True)
class LoginFacts:
    """How signing in went: the mechanism used, whether the server proved itself, and the offer.

    `problem` is why it failed; `withheld` why it was not tried.
    """

    account: str
    problem: Problem | None = None
    withheld: str = ""
    mechanism: str = ""
    server_verified: bool = False
    after: Offer | None = None


@dataclass(frozen=True, slots=True)
class WebSocketFacts:
    """One WebSocket that the domain names, and why no stream could be opened on it, if so."""

    url: str
    problem: Problem | None = None
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class HostMetaFacts:
    """What host-meta names (XEP-0156), or why there was nothing; its kind of failure, if any."""

    websockets: tuple[WebSocketFacts, ...] = ()
    problem: Problem | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about one domain.

    `at` is when, aware. `starttls` and `direct_tls` are what DNS said of either service, None
    where it was not asked, for the reason in `no_dns`. `insecure` says that the certificate was
    not to be insisted on. `login` and `host_meta` are None where they were not looked at.
    """

    domain: str
    at: datetime.datetime
    places: tuple[PlaceFacts, ...] = ()
    starttls: SrvAnswer | None = None
    direct_tls: SrvAnswer | None = None
    no_dns: str = ""
    insecure: bool = False
    login: LoginFacts | None = None
    host_meta: HostMetaFacts | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def reachable(self) -> bool:
        """True if any place took a connection."""
        return any(place.reached is not None for place in self.places)
