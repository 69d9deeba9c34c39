"""How to reach and enter a server: the settings of one session."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .network.discovery import TlsMode
from .network.transports import Route
from .pilot import Negotiation, Stage
from .protocol.channel import TLS_EXPORTER
from .protocol.credentials import Credentials, FastToken
from .protocol.jid import JID
from .protocol.redirects import Redirect

if TYPE_CHECKING:
    from .network.tls_layer import TlsSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach and enter a server.

    `tls` None means: whatever DNS says, and STARTTLS where it says nothing. `timeout` is in
    seconds, for one connection attempt.

    `channel_binding` is the type to insist on; `client_cert` and `client_key` are PEM files, the
    key being looked for in the former if there is no latter; `keylog` is a file to append the
    secrets of TLS to; `tls_version` is "1.2" or "1.3", and no other is spoken then. `floor` and
    `floor_binding` are what the account used before, and `allow_downgrade` lets it use less.

    `websocket` is the address of a WebSocket, or "auto" to look for it. With `component`, the
    JID is the domain of a component and the password its secret. `redirects` are those that the
    user followed to come here, the last of which says where to connect.

    With `sm`, stream management is enabled where the server has it; with `reconnect`, a lost
    connection is opened again.

    `sasl2` prefers SASL2 where it is offered, and with `fast` tokens are asked for and used:
    `client_id` is the id of this client for them and `fast_token` the one that is kept, with
    `keyring` in the keyring. `session_features` are turned on with the resource; `pipeline` sends
    ahead of the features.
    """

    jid: JID
    password: str | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    tls: TlsMode | None = None
    ca_file: str | None = None
    insecure: bool = False
    mechanism: str | None = None
    channel_binding: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    keylog: str | None = None
    tls_version: str | None = None
    allow_downgrade: bool = False
    floor: str = ""
    floor_binding: str = ""
    timeout: float = 15.0
    negotiation: Negotiation = Negotiation.AUTO
    until: Stage | None = None
    websocket: str | None = None
    component: bool = False
    redirects: tuple[Redirect, ...] = ()
    sm: bool = False
    reconnect: bool = False
    sasl2: bool = False
    fast: bool = True
    keyring: bool = False
    client_id: str = ""
    fast_token: FastToken | None = field(default=None, repr=False)
    session_features: tuple[str, ...] = ()
    pipeline: bool = False

    @property
    def wants_fast(self) -> bool:
        """True if tokens are to be used: for an account, and under TLS that was verified."""
        safe = self.tls is not TlsMode.NONE and not self.insecure
        return self.sasl2 and self.fast and safe and not self.component and bool(self.jid.local)

    @property
    def credentials(self) -> Credentials | None:
        """The localpart and the password, "" where none is needed; None to stay a stranger."""
        if self.password is None and not self._needs_none:
            return None
        return Credentials(self.jid.local, self.password or "")

    @property
    def needs_password(self) -> bool:
        """True if there is an account and no other way to sign in."""
        return bool(self.jid.local or self.component) and not self._needs_none

    @property
    def _needs_none(self) -> bool:
        return self.client_cert is not None or self.mechanism in ("EXTERNAL", "ANONYMOUS")

    @property
    def has_to_ask(self) -> bool:
        """True if nobody can sign in unless the user gives a password."""
        return self.needs_password and self.password is None and self.fast_token is None

    @property
    def wants_exporter(self) -> bool:
        """True if the channel binding tls-exporter is to be had, whatever that takes to load."""
        if self.tls_version == "1.2":
            return False
        if self.wants_fast:
            return True  # A token is best bound to the channel (XEP-0484).
        if self.channel_binding is not None:
            return self.channel_binding == TLS_EXPORTER
        plus = self.mechanism is not None and self.mechanism.endswith("-PLUS")
        return plus or (self.mechanism is None and self.floor_binding == TLS_EXPORTER)

    def tls_settings(self, alpn: tuple[str, ...] = ()) -> TlsSettings:
        """Return how to do TLS, with the protocols of `alpn` on offer."""
        from .network.tls_layer import TlsSettings

        shown = None
        if self.client_cert is not None:
            shown = self.client_cert, self.client_key or self.client_cert
        return TlsSettings(
            ca_file=self.ca_file,
            insecure=self.insecure,
            alpn=alpn,
            keylog=self.keylog,
            min_version=self.tls_version,
            max_version=self.tls_version,
            client_cert=shown,
            exporter=self.wants_exporter,
        )

    @property
    def route(self) -> Route:
        """Where to connect, and how; a redirect changes the place and nothing else."""
        route = Route(
            self.jid.domain,
            host=self.host,
            port=self.port,
            tls=self.tls,
            websocket=self.websocket,
            component=self.component,
            ca_file=self.ca_file,
            insecure=self.insecure,
            timeout=self.timeout,
        )
        if not self.redirects:
            return route
        to = self.redirects[-1]
        if to.uri:
            return replace(route, websocket=to.uri, host=None, port=None)
        tls = TlsMode.DIRECT if to.direct_tls else route.tls
        return replace(route, host=to.host, port=to.port, tls=tls, websocket=None)
