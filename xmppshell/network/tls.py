"""TLS without input and output: bytes in, bytes out, and what was agreed on.

The transport in `tcp` feeds the layer what arrives and sends what it returns, so that the session
decides which byte is the last one before TLS (RFC 6120 5.4.2.3). The settings and facts are in
`tls_layer`, and can be had from here.
"""

from __future__ import annotations

import contextlib
import functools
import os
import ssl
from typing import TYPE_CHECKING

from . import failures
from .certificates import CertificateFacts, Flaw, facts_from_dict
from .hostname import to_ascii
from .tls_layer import (
    XMPP_CLIENT_ALPN,
    Agreement,
    Layer,
    ServerTlsSettings,
    TlsFacts,
    TlsSettings,
    open_layer,
)

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = [
    "FLAWS",
    "XMPP_CLIENT_ALPN",
    "ServerTlsSettings",
    "TlsFacts",
    "TlsLayer",
    "TlsSettings",
    "client_context",
    "open_layer",
]

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_PIECE = 64 * 1024

# The verification results that OpenSSL documents in x509_vfy.h; ssl gives them as plain numbers.
FLAWS = {
    2: Flaw.UNKNOWN_ISSUER,
    9: Flaw.NOT_YET_VALID,
    10: Flaw.EXPIRED,
    18: Flaw.SELF_SIGNED,
    19: Flaw.UNKNOWN_ISSUER,
    20: Flaw.UNKNOWN_ISSUER,
    21: Flaw.UNKNOWN_ISSUER,
    23: Flaw.REVOKED,
    62: Flaw.WRONG_NAME,
    64: Flaw.WRONG_NAME,
    66: Flaw.WEAK,
    67: Flaw.WEAK,
    68: Flaw.WEAK,
}
"""What is wrong with a certificate, by the number that verification failed with."""


class TlsLayer(Layer):
    """One side of one TLS connection, by Python's ssl; see `Layer` for how it is spoken to."""

    def __init__(self, settings: TlsSettings | ServerTlsSettings, server_name: str) -> None:
        """Prepare the client's side, or with `ServerTlsSettings` the server's.

        `server_name` is the domain to verify and to send as SNI; a server ignores it. Raises
        ConnectionFailed if a file cannot be used or `server_name` cannot be a host name.
        """
        super().__init__(settings, server_name)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._failure: failures.ConnectionFailed | None = None
        self._close_sent = False
        if isinstance(settings, ServerTlsSettings):
            self._object = _server_context(settings).wrap_bio(
                self._incoming, self._outgoing, server_side=True
            )
        else:
            try:
                name = to_ascii(server_name)
            except ValueError:
                raise failures.bad_name(server_name) from None
            self._object = client_context(settings).wrap_bio(
                self._incoming, self._outgoing, server_hostname=name
            )

    @property
    def pending(self) -> int:
        """How many bytes were fed and not yet given out by `receive`."""
        return self._incoming.pending + self._object.pending()

    def handshake(self, ciphertext: bytes = b"") -> bool:
        """Take the handshake as far as `ciphertext` allows; True when it is done.

        Raises ConnectionFailed (kind "certificate", "alpn" or "tls") if it fails.
        """
        self._incoming.write(ciphertext)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            raise self._certificate_failure(error) from error
        except ssl.SSLError as error:
            raise failures.tls_failed(error, handshake=True) from error
        return True

    def receive(self, ciphertext: bytes) -> bytes:
        """Decrypt `ciphertext` and what was kept of earlier pieces; b"" if it is not enough.

        Sets `closed_by_peer` at close_notify. Raises ConnectionFailed (kind "tls") for an alert or
        a damaged record, after everything before it has been returned.
        """
        if self._failure is not None:
            raise self._failure
        self._incoming.write(ciphertext)
        pieces = []
        try:
            while not self.closed_by_peer:
                piece = self._object.read(_PIECE)
                if piece:
                    pieces.append(piece)
                else:
                    self.closed_by_peer = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.closed_by_peer = True
        except ssl.SSLError as error:
            self._failure = failures.tls_failed(error, handshake=False)
            if not pieces:
                raise self._failure from error
        return b"".join(pieces)

    def send(self, plaintext: bytes) -> bytes:
        """Encrypt `plaintext` and return all ciphertext to send.

        Raises ConnectionFailed if this side has closed or the connection has failed.
        """
        if self._close_sent:
            raise failures.closed()
        view = memoryview(plaintext)
        try:
            while view:
                view = view[self._object.write(view[:_PIECE]) :]
        except ssl.SSLError as error:
            raise failures.tls_failed(error, handshake=False) from error
        return self.outgoing()

    def outgoing(self) -> bytes:
        """Return, once, the ciphertext that waits to be sent; b"" if there is none."""
        return self._outgoing.read()

    def close(self) -> bytes:
        """Say that nothing more will be sent and return the ciphertext (close_notify) to send."""
        if not self._close_sent:
            self._close_sent = True
            # An error either way: the peer's close_notify is still to come, ours being in the
            # output by then; or the session has failed already and has no orderly end.
            with contextlib.suppress(ssl.SSLError):
                self._object.unwrap()
        return self.outgoing()

    def _agreement(self) -> Agreement:
        cipher = self._object.cipher()
        return Agreement(
            version=(self._object.version() or "").replace("TLSv", "TLS "),
            cipher=cipher[0] if cipher else "",
            alpn=self._object.selected_alpn_protocol(),
        )

    def _chain(self) -> tuple[bytes, ...]:
        if self._object.server_side and self._object.getpeercert(binary_form=True) is None:
            return ()  # Where a client was asked and showed nothing, ssl has a chain of None.
        return _chain(self._object)

    def _binding(self, kind: str) -> bytes | None:
        if kind not in ssl.CHANNEL_BINDING_TYPES:
            return None
        return self._object.get_channel_binding(kind)

    def _verified_certificate(self, chain: tuple[bytes, ...]) -> CertificateFacts:
        if isinstance(self._settings, ServerTlsSettings):
            # The JIDs in it are in none of ssl's own facts.
            return super()._verified_certificate(chain)
        return facts_from_dict(self._object.getpeercert() or {})

    def _certificate_failure(
        self, error: ssl.SSLCertVerificationError
    ) -> failures.ConnectionFailed:
        certificate = CertificateFacts()
        chain = _chain(self._object)
        if chain:
            from . import certificates_der

            certificate = certificates_der.read(chain[0])
        flaw = FLAWS.get(error.verify_code, Flaw.OTHER)
        return failures.certificate_failed(
            flaw, self._server_name, certificate, error.verify_message
        )


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """Return the context of a client with `settings`. Raises ConnectionFailed (kind "file")."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _harden(context, settings.min_version, settings.max_version)
    if settings.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        _trust(context, settings.ca_file)
    if settings.client_cert is not None:
        _load_client_certificate(context, *settings.client_cert)
    if settings.alpn:
        context.set_alpn_protocols(settings.alpn)
    if settings.keylog is not None:
        _log_keys(context, settings.keylog)
    return context


def _trust(context: ssl.SSLContext, ca_file: str | None) -> None:
    if ssl.HAS_NEVER_CHECK_COMMON_NAME:
        # The common name is not a domain, even where a certificate has no other (RFC 9525).
        context.hostname_checks_common_name = False
    if ca_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        return
    # The file may hold the server's own certificate rather than an authority's.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise failures.bad_file("CA file", ca_file, error) from error


def _harden(
    context: ssl.SSLContext, min_version: str | None, max_version: str | None = None
) -> None:
    context.minimum_version = _VERSIONS[min_version or "1.2"]
    if max_version is not None:
        context.maximum_version = _VERSIONS[max_version]
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION


def _load_client_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    def no_password() -> NoReturn:
        # Without this OpenSSL itself would ask on the terminal.
        raise failures.locked_key(key)

    try:
        context.load_cert_chain(certificate, key, password=no_password)
    except (OSError, ssl.SSLError) as error:
        raise failures.bad_file("client certificate", f"{certificate}, {key}", error) from error


def _log_keys(context: ssl.SSLContext, path: str) -> None:
    try:
        # Whoever reads this file reads the session: create it for its owner only.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        context.keylog_filename = path
    except OSError as error:
        raise failures.bad_file("key log", path, error) from error


@functools.lru_cache(maxsize=4)
def _server_context(settings: ServerTlsSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context, settings.min_version, settings.max_version)
    import tempfile

    # ssl loads keys from files only; this one is readable by its owner and gone at once.
    with tempfile.NamedTemporaryFile(prefix="xmppshell-", suffix=".pem") as file:
        file.write(settings.key_pem.rstrip() + b"\n" + settings.cert_pem)
        file.flush()
        try:
            context.load_cert_chain(file.name)
        except ssl.SSLError as error:
            raise failures.bad_file("server certificate", "the given PEM", error) from error
    if settings.alpn:
        context.set_alpn_protocols(settings.alpn)
    if settings.client_ca_pem is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=settings.client_ca_pem.decode("ascii"))
    return context


def _chain(connection: ssl.SSLObject) -> tuple[bytes, ...]:
    """Return the certificates that the peer sent, DER, also after a failed verification."""
    public = getattr(connection, "get_unverified_chain", None)
    if public is not None:  # Python 3.13 and newer
        return tuple(public())
    certificates = connection._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
    return tuple(
        ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in certificates or ()
    )
