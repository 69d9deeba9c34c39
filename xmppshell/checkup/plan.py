"""What a check-up is to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..network.discovery import TlsMode
from ..network.hostname import ip_address, is_localhost
from ..protocol.jid import JID

if TYPE_CHECKING:
    from ..network.srv import Resolver


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look at.

    `jid` is the account to sign in with, with `password`, or a domain alone. `host`, `port` and
    `tls` replace DNS as in `Settings`; `ca_file`, `insecure` and `timeout` are as there. `resolver`
    is the one to ask instead of the system's. `host_meta` says whether to look for WebSockets
    where the domain is a public one; with `host_meta_port`, that of HTTPS, it is done in any case.
    """

    jid: JID
    password: str | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    tls: TlsMode | None = None
    ca_file: str | None = None
    insecure: bool = False
    timeout: float = 15.0
    resolver: Resolver | None = None
    host_meta: bool = True
    host_meta_port: int | None = None

    @property
    def domain(self) -> str:
        """The domain that is looked at."""
        return self.jid.domain

    @property
    def wants_host_meta(self) -> bool:
        """True if WebSockets are to be looked for."""
        return self.host_meta_port is not None or (self.host_meta and not self.no_dns)

    @property
    def no_dns(self) -> str:
        """Why DNS is not asked for SRV records, or ""."""
        if self.host is not None:
            return "the host was given"
        if self.port is not None:
            return "the port was given"
        if ip_address(self.domain) is not None:
            return "the domain is an IP address"
        if is_localhost(self.domain):
            return "the domain is this machine"
        return ""
