"""What both TLS layers have in common: the settings, the facts, and how a layer is spoken to.

`tls.TlsLayer` is the usual one, by the standard library's ssl. `tls_pyopenssl.PyOpenSslLayer` does
the same by pyOpenSSL, where the channel binding tls-exporter is needed and ssl has none.
"""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from xmppshell.protocol.channel import (
    BINDING_TYPES,
    TLS_EXPORTER,
    TLS_SERVER_END_POINT,
    TLS_UNIQUE,
    Channel,
    ChannelBinding,
)

from .certificates import CertificateFacts, fingerprint
from .hostname import to_ascii

XMPP_CLIENT_ALPN = "xmpp-client"
"""The ALPN protocol name of a client-to-server stream over direct TLS (XEP-0368)."""

TLS_1_2 = "TLS 1.2"
TLS_1_3 = "TLS 1.3"

_BINDING_VERSIONS = {TLS_EXPORTER: TLS_1_3, TLS_UNIQUE: TLS_1_2}
"""The only version for which a type is used.

TLS 1.3 has no tls-unique (RFC 9266 1), even where a library gives out some bytes for it. And
tls-exporter needs the extended master secret on TLS 1.2 (RFC 9266 4), which cannot be seen.
"""


@dataclass(frozen=True)
class TlsSettings:
    """How a client does TLS.

    `ca_file` is a PEM file of the only authorities to trust (None: those of the system);
    `insecure` accepts any certificate; `alpn` lists the protocols to offer; `keylog` is a file to
    append the session's secrets to, for Wireshark; `min_version` is "1.2" (default) or "1.3", and
    so is `max_version` (default: the newest); `client_cert` is a certificate file and its key file,
    both PEM, for SASL EXTERNAL. With `exporter`, the channel binding tls-exporter can be had.
    """

    ca_file: str | None = None
    insecure: bool = False
    alpn: tuple[str, ...] = ()
    keylog: str | None = None
    min_version: str | None = None
    client_cert: tuple[str, str] | None = None
    max_version: str | None = None
    exporter: bool = False


@dataclass(frozen=True)
class ServerTlsSettings:
    """How a server does TLS: its certificate chain and unencrypted private key, both PEM.

    With `client_ca_pem`, clients are asked for a certificate that one of these authorities signed;
    they need not show one. The versions and `exporter` are as in `TlsSettings`.
    """

    cert_pem: bytes
    key_pem: bytes = field(repr=False)
    alpn: tuple[str, ...] = (XMPP_CLIENT_ALPN,)
    min_version: str | None = None
    max_version: str | None = None
    client_ca_pem: bytes | None = None
    exporter: bool = False


@dataclass(frozen=True)
class TlsFacts:
    """What a handshake agreed on, and the certificate that the peer showed.

    `version` is like "TLS 1.3"; `cipher` OpenSSL's name of the suite; `alpn` the protocol agreed
    on or None. `subject` and `issuer` are short names for people, `certificate` has them in full.
    `names` are what the certificate is for; dates are ISO dates (UTC). `verified` is true if the
    certificate was checked and is good for the name asked for (a server asks for none); if checking
    was switched off, `objection` says what it would have found ("" for nothing, or if there was a
    check). `fingerprint_sha256` is of the certificate, in hexadecimal with colons. `chain` has the
    certificates that the peer sent, DER, its own first. Without a peer's certificate, the usual
    case for a server, the texts are empty. `channel` is what SASL can use of the connection.
    """

    version: str
    cipher: str
    alpn: str | None
    verified: bool
    objection: str = ""
    fingerprint_sha256: str = ""
    certificate: CertificateFacts = field(default_factory=CertificateFacts)
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    channel: Channel = field(default_factory=Channel)

    @property
    def subject(self) -> str:
        """Whom the certificate names: the common name, or the next best."""
        return self.certificate.subject

    @property
    def issuer(self) -> str:
        """Who signed the certificate: the common name, or the next best."""
        return self.certificate.issuer

    @property
    def names(self) -> tuple[str, ...]:
        """What the certificate is for: DNS names, IP addresses, and XMPP's own kinds if known."""
        return self.certificate.names

    @property
    def not_before(self) -> str:
        """The first day of the certificate's validity, as an ISO date."""
        return self.certificate.not_before

    @property
    def not_after(self) -> str:
        """The last day of the certificate's validity, as an ISO date."""
        return self.certificate.not_after


@dataclass(frozen=True)
class Agreement:
    """What a handshake agreed on, as every library has it; see `TlsFacts`."""

    version: str
    cipher: str
    alpn: str | None


class Layer(ABC):
    """One side of one TLS connection, over memory only.

    Feed it what the peer sent with `handshake` and, once that has returned true, `receive`. After
    each call, also one that raised, send what `outgoing` returns: there may be an alert, a ticket
    or a key update in it.
    """

    def __init__(self, settings: TlsSettings | ServerTlsSettings, server_name: str) -> None:
        self._settings = settings
        self._server_name = server_name
        self.closed_by_peer = False
        """True once the peer has sent close_notify: nothing follows."""

    @property
    @abstractmethod
    def pending(self) -> int:
        """How many bytes were fed and not yet given out by `receive`, as far as that is known."""

    @abstractmethod
    def handshake(self, ciphertext: bytes = b"") -> bool:
        """Take the handshake as far as `ciphertext` allows; True when it is done.

        Raises ConnectionFailed (kind "certificate", "alpn" or "tls") if it fails.
        """

    @abstractmethod
    def receive(self, ciphertext: bytes) -> bytes:
        """Decrypt `ciphertext` and what was kept of earlier pieces; b"" if it is not enough.

        Sets `closed_by_peer` at close_notify. Raises ConnectionFailed (kind "tls") for an alert or
        a damaged record, after everything before it has been returned.
        """

    @abstractmethod
    def send(self, plaintext: bytes) -> bytes:
        """Encrypt `plaintext` and return all ciphertext to send.

        Raises ConnectionFailed if this side has closed or the connection has failed.
        """

    @abstractmethod
    def outgoing(self) -> bytes:
        """Return, once, the ciphertext that waits to be sent; b"" if there is none."""

    @abstractmethod
    def close(self) -> bytes:
        """Say that nothing more will be sent and return the ciphertext (close_notify) to send."""

    @abstractmethod
    def _agreement(self) -> Agreement:
        """Return what the finished handshake agreed on."""

    @abstractmethod
    def _chain(self) -> tuple[bytes, ...]:
        """Return the certificates that the peer sent, DER, its own first."""

    @abstractmethod
    def _binding(self, kind: str) -> bytes | None:
        """Return tls-exporter or tls-unique of the finished handshake, None if not to be had."""

    def _verified_certificate(self, chain: tuple[bytes, ...]) -> CertificateFacts:
        """Return the facts of a certificate that was verified."""
        from . import certificates_der

        return certificates_der.read(chain[0])

    @property
    def _own_certificate(self) -> bytes:
        """The server's own certificate, DER."""
        assert isinstance(self._settings, ServerTlsSettings)
        first = self._settings.cert_pem.partition(b"-----END CERTIFICATE-----")
        return ssl.PEM_cert_to_DER_cert((first[0] + first[1]).decode("ascii").lstrip())

    def channel_binding(self, kind: str) -> bytes | None:
        """Return the data of a channel binding type, None if it cannot be had here.

        `kind` is one of `protocol.channel.BINDING_TYPES`; the handshake must be done.
        """
        if kind == TLS_SERVER_END_POINT:
            from .end_point import end_point_hash

            if isinstance(self._settings, ServerTlsSettings):
                return end_point_hash(self._own_certificate)
            chain = self._chain()
            return end_point_hash(chain[0]) if chain else None
        if _BINDING_VERSIONS.get(kind) != self._agreement().version:
            return None
        return self._binding(kind)

    def facts(self) -> TlsFacts:
        """Return what the finished handshake agreed on."""
        agreement, chain = self._agreement(), self._chain()
        settings = self._settings
        verified = self._verifies and bool(chain)
        certificate = CertificateFacts()
        objection = ""
        if verified:
            certificate = self._verified_certificate(chain)
        elif chain:
            from . import certificates_der

            certificate = certificates_der.read(chain[0])
            if isinstance(settings, TlsSettings):
                objection = certificates_der.objection(
                    chain, to_ascii(self._server_name), settings.ca_file
                )
        return TlsFacts(
            version=agreement.version,
            cipher=agreement.cipher,
            alpn=agreement.alpn,
            verified=verified,
            objection=objection,
            fingerprint_sha256=fingerprint(chain[0]) if chain else "",
            certificate=certificate,
            chain=chain,
            channel=self._channel(certificate if verified else CertificateFacts()),
        )

    @property
    def _verifies(self) -> bool:
        if isinstance(self._settings, ServerTlsSettings):
            return self._settings.client_ca_pem is not None
        return not self._settings.insecure

    def _channel(self, verified: CertificateFacts) -> Channel:
        client = isinstance(self._settings, TlsSettings)
        found = ((kind, self.channel_binding(kind)) for kind in BINDING_TYPES)
        return Channel(
            bindings=tuple(ChannelBinding(kind, data) for kind, data in found if data),
            identities=() if client else verified.jids,
            certificate_shown=isinstance(self._settings, TlsSettings)
            and self._settings.client_cert is not None,
        )


def open_layer(settings: TlsSettings | ServerTlsSettings, server_name: str) -> Layer:
    """Return the client's side, or with `ServerTlsSettings` the server's.

    `server_name` is the domain to verify and to send as SNI; a server ignores it. Raises
    ConnectionFailed if a file cannot be used or `server_name` cannot be a host name.
    """
    if settings.exporter and TLS_EXPORTER not in ssl.CHANNEL_BINDING_TYPES:
        from .tls_pyopenssl import PyOpenSslLayer

        return PyOpenSslLayer(settings, server_name)
    from .tls import TlsLayer

    return TlsLayer(settings, server_name)
