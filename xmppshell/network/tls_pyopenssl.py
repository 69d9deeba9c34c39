"""TLS by pyOpenSSL, for the channel binding tls-exporter where Python's ssl has none (RFC 9266).

It verifies as `tls.TlsLayer` does: the same authorities, the same names, the same failures.
pyOpenSSL itself does not compare names; service-identity does, while the handshake is under way.
"""

from __future__ import annotations

import contextlib
import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import (
    verify_certificate_hostname,
    verify_certificate_ip_address,
)

from xmppshell.protocol.channel import TLS_EXPORTER

from . import certificates_der, failures
from .certificates import CertificateFacts, Flaw
from .hostname import ip_address, to_ascii
from .tls import FLAWS
from .tls_layer import Agreement, Layer, ServerTlsSettings, TlsSettings

_VERSIONS = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
_PIECE = 64 * 1024
_EXPORTER_LABEL = b"EXPORTER-Channel-Binding"
_EXPORTER_BYTES = 32


class PyOpenSslLayer(Layer):
    """One side of one TLS connection, by pyOpenSSL; see `Layer` for how it is spoken to."""

    def __init__(self, settings: TlsSettings | ServerTlsSettings, server_name: str) -> None:
        """Prepare the client's side, or with `ServerTlsSettings` the server's.

        `server_name` is the domain to verify and to send as SNI; a server ignores it. Raises
        ConnectionFailed if a file cannot be used or `server_name` cannot be a host name.
        """
        super().__init__(settings, server_name)
        self._failure: failures.ConnectionFailed | None = None
        self._close_sent = False
        self._verdict: _Verdict | None = None
        if isinstance(settings, ServerTlsSettings):
            self._connection = SSL.Connection(_server_context(settings), None)
            self._connection.set_accept_state()
            return
        try:
            name = to_ascii(server_name)
        except ValueError:
            raise failures.bad_name(server_name) from None
        context = _client_context(settings)
        if not settings.insecure:
            self._verdict = _Verdict(name)
            context.set_verify(SSL.VERIFY_PEER, self._verdict)
        self._connection = SSL.Connection(context, None)
        self._connection.set_connect_state()
        if ip_address(name) is None:
            self._connection.set_tlsext_host_name(name.encode("ascii"))

    @property
    def pending(self) -> int:
        """How many bytes were decrypted and not yet given out; a part of a record is not seen."""
        return self._connection.pending()

    def handshake(self, ciphertext: bytes = b"") -> bool:
        """Take the handshake as far as `ciphertext` allows; True when it is done.

        Raises ConnectionFailed (kind "certificate", "alpn" or "tls") if it fails.
        """
        self._feed(ciphertext)
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            if self._verdict is not None and self._verdict.flaw is not None:
                raise self._certificate_failure(self._verdict) from error
            raise failures.tls_failed(_as_ssl_error(error), handshake=True) from error
        if self._verdict is not None and not self._verdict.good:
            raise self._certificate_failure(self._verdict)
        return True

    def receive(self, ciphertext: bytes) -> bytes:
        """Decrypt `ciphertext` and what was kept of earlier pieces; b"" if it is not enough.

        Sets `closed_by_peer` at close_notify. Raises ConnectionFailed (kind "tls") for an alert or
        a damaged record, after everything before it has been returned.
        """
        if self._failure is not None:
            raise self._failure
        self._feed(ciphertext)
        pieces = []
        try:
            while not self.closed_by_peer:
                pieces.append(self._connection.recv(_PIECE))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.closed_by_peer = True
        except SSL.Error as error:
            self._failure = failures.tls_failed(_as_ssl_error(error), handshake=False)
            if not pieces:
                raise self._failure from error
        return b"".join(pieces)

    def send(self, plaintext: bytes) -> bytes:
        """Encrypt `plaintext` and return all ciphertext to send.

        Raises ConnectionFailed if this side has closed or the connection has failed.
        """
        if self._close_sent:
            raise failures.closed()
        try:
            for start in range(0, len(plaintext), _PIECE):
                self._connection.sendall(plaintext[start : start + _PIECE])
        except SSL.Error as error:
            raise failures.tls_failed(_as_ssl_error(error), handshake=False) from error
        return self.outgoing()

    def outgoing(self) -> bytes:
        """Return, once, the ciphertext that waits to be sent; b"" if there is none."""
        pieces = []
        with contextlib.suppress(SSL.WantReadError):
            while True:
                pieces.append(self._connection.bio_read(_PIECE))
        return b"".join(pieces)

    def close(self) -> bytes:
        """Say that nothing more will be sent and return the ciphertext (close_notify) to send."""
        if not self._close_sent:
            self._close_sent = True
            # An error means that the session has failed already and has no orderly end.
            with contextlib.suppress(SSL.Error):
                self._connection.shutdown()
        return self.outgoing()

    def _feed(self, ciphertext: bytes) -> None:
        if ciphertext:
            self._connection.bio_write(ciphertext)

    def _agreement(self) -> Agreement:
        return Agreement(
            version=self._connection.get_protocol_version_name().replace("TLSv", "TLS "),
            cipher=self._connection.get_cipher_name() or "",
            alpn=self._connection.get_alpn_proto_negotiated().decode("ascii", "replace") or None,
        )

    def _chain(self) -> tuple[bytes, ...]:
        own = self._connection.get_peer_certificate(as_cryptography=True)
        if own is None:
            return ()
        others = self._connection.get_peer_cert_chain(as_cryptography=True) or []
        # On a server's side the list is without the first, on a client's side with it.
        certificates = [own, *(each for each in others if each != own)]
        return tuple(each.public_bytes(Encoding.DER) for each in certificates)

    def _binding(self, kind: str) -> bytes | None:
        connection = self._connection
        if kind == TLS_EXPORTER:
            # An empty context is not the same as none on TLS 1.2; RFC 9266 2 wants it empty.
            return connection.export_keying_material(_EXPORTER_LABEL, _EXPORTER_BYTES, b"")
        if isinstance(self._settings, ServerTlsSettings):
            return connection.get_peer_finished()
        return connection.get_finished()

    def _certificate_failure(self, verdict: _Verdict) -> failures.ConnectionFailed:
        certificate = CertificateFacts()
        if verdict.certificate is not None:
            certificate = certificates_der.read(verdict.certificate)
        flaw = verdict.flaw or Flaw.OTHER
        return failures.certificate_failed(flaw, self._server_name, certificate, verdict.detail)


class _Verdict:
    """Judges the server's chain and name while OpenSSL walks it, the server's own certificate last.

    What is wrong further up is remembered, and the walk goes on, so that the server's certificate
    can be named; there it ends for good. `good` is true only after a whole walk without a flaw.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.flaw: Flaw | None = None
        self.detail = ""
        self.certificate: bytes | None = None
        self.good = False

    def __call__(
        self, _connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, ok: int
    ) -> bool:
        """Take one step of the walk, as `OpenSSL.SSL.Context.set_verify` has it."""
        if not ok and self.flaw is None:
            self.flaw = FLAWS.get(error, Flaw.OTHER)
            self.detail = f"OpenSSL's verification result {error}"
        if depth > 0:
            return True
        parsed = certificate.to_cryptography()
        self.certificate = parsed.public_bytes(Encoding.DER)
        if self.flaw is None and not _names(parsed, self._name):
            self.flaw = Flaw.WRONG_NAME
        self.good = self.flaw is None
        return self.good


def _names(certificate: x509.Certificate, name: str) -> bool:
    """Say whether a certificate is for `name`, ASCII, or for the IP address that it is."""
    try:
        if ip_address(name) is not None:
            verify_certificate_ip_address(certificate, name)
        else:
            verify_certificate_hostname(certificate, name)
    except (VerificationError, CertificateError, ValueError):
        return False
    return True


def _context(settings: TlsSettings | ServerTlsSettings) -> SSL.Context:
    """Return what clients and servers have in common: versions, ciphers, no old habits."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(_VERSIONS[settings.min_version or "1.2"])
    if settings.max_version is not None:
        context.set_max_proto_version(_VERSIONS[settings.max_version])
    context.set_options(SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    usual = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).get_ciphers()
    names = [each["name"] for each in usual if not each["name"].startswith("TLS_")]
    context.set_cipher_list(":".join(names).encode("ascii"))
    return context


def _client_context(settings: TlsSettings) -> SSL.Context:
    context = _context(settings)
    if not settings.insecure:
        _trust(context, settings.ca_file)
    if settings.client_cert is not None:
        _load_client_certificate(context, *settings.client_cert)
    if settings.alpn:
        context.set_alpn_protos([name.encode("ascii") for name in settings.alpn])
    if settings.keylog is not None:
        _log_keys(context, settings.keylog)
    return context


def _trust(context: SSL.Context, ca_file: str | None) -> None:
    """Trust the authorities that Python's ssl trusts, or those of the file."""
    if ca_file is None:
        paths = ssl.get_default_verify_paths()
        if paths.cafile or paths.capath:
            context.load_verify_locations(paths.cafile, paths.capath)
        else:
            context.set_default_verify_paths()
        return
    store = context.get_cert_store()
    assert store is not None
    # The file may hold the server's own certificate rather than an authority's.
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    try:
        # pyOpenSSL's own error does not tell a missing file from one that is not PEM.
        Path(ca_file).open("rb").close()
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise failures.bad_file("CA file", ca_file, error) from error
    except SSL.Error as error:
        raise failures.bad_file("CA file", ca_file, _as_ssl_error(error)) from error


def _load_client_certificate(context: SSL.Context, certificate: str, key: str) -> None:
    paths = f"{certificate}, {key}"
    try:
        cert_pem, key_pem = Path(certificate).read_bytes(), Path(key).read_bytes()
    except OSError as error:
        raise failures.bad_file("client certificate", paths, error) from error
    try:
        _use(context, cert_pem, key_pem)
    except TypeError as error:  # so says cryptography of a key with a password
        raise failures.locked_key(key) from error
    except (ValueError, SSL.Error) as error:
        raise failures.bad_file("client certificate", paths, ssl.SSLError(str(error))) from error


def _use(context: SSL.Context, cert_pem: bytes, key_pem: bytes) -> None:
    """Show this certificate chain; raises TypeError, ValueError or SSL.Error."""
    own, *others = x509.load_pem_x509_certificates(cert_pem)
    context.use_certificate(own)
    for each in others:
        context.add_extra_chain_cert(each)
    context.use_privatekey(load_pem_private_key(key_pem, None))  # type: ignore[arg-type]
    context.check_privatekey()


def _log_keys(context: SSL.Context, path: str) -> None:
    try:
        # Whoever reads this file reads the session: create it for its owner only.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError as error:
        raise failures.bad_file("key log", path, error) from error

    def write(_connection: SSL.Connection, line: bytes) -> None:
        with open(path, "ab") as file:
            file.write(line + b"\n")

    context.set_keylog_callback(write)


def _server_context(settings: ServerTlsSettings) -> SSL.Context:
    context = _context(settings)
    try:
        _use(context, settings.cert_pem, settings.key_pem)
    except (ValueError, TypeError, SSL.Error) as error:
        text = ssl.SSLError(str(error))
        raise failures.bad_file("server certificate", "the given PEM", text) from error
    if settings.alpn:
        context.set_alpn_select_callback(_Selection(settings.alpn))
    if settings.client_ca_pem is not None:
        _ask_clients(context, settings.client_ca_pem)
    return context


class _Selection:
    """Chooses the first protocol of the server's that the client offers (RFC 7301)."""

    def __init__(self, ours: tuple[str, ...]) -> None:
        self._ours = [name.encode("ascii") for name in ours]

    def __call__(
        self, _connection: SSL.Connection, offered: list[bytes]
    ) -> bytes | SSL._NoOverlappingProtocols:
        """Return the choice, or that there is none."""
        common = [name for name in self._ours if name in offered]
        return common[0] if common else SSL.NO_OVERLAPPING_PROTOCOLS


def _ask_clients(context: SSL.Context, authorities: bytes) -> None:
    """Ask for a certificate, take one of these authorities only, and do without as well."""
    store = context.get_cert_store()
    assert store is not None
    for authority in x509.load_pem_x509_certificates(authorities):
        store.add_cert(crypto.X509.from_cryptography(authority))
    context.set_verify(
        SSL.VERIFY_PEER, lambda _connection, _certificate, _error, _depth, ok: bool(ok)
    )


def _as_ssl_error(error: SSL.Error) -> ssl.SSLError:
    """Return the same error as Python's ssl would raise it, with OpenSSL's words."""
    reasons = error.args[0] if error.args else ()
    if isinstance(reasons, list | tuple) and reasons:
        return ssl.SSLError(str(reasons[-1][-1]))
    return ssl.SSLError(str(error) or type(error).__name__)
