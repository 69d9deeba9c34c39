"""A certificate authority and a server certificate, made anew for each run.

The client gets the authority's certificate, so that it verifies the practice server as it would
verify any other. This module imports `cryptography`: import it only when a server starts.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..network.hostname import ip_address, to_ascii
from ..protocol.jid import JID

VALIDITY = timedelta(days=397)
"""How long the certificates are good for."""

_CLOCK_SKEW = timedelta(days=1)
_PEM = serialization.Encoding.PEM
_AUTHORITY = "xmppshell practice CA"
_XMPP_ADDR = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5")
_UTF8_STRING = 0x0C
_SHORT = 127
"""The longest text whose length is a single byte in DER."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """What TLS needs, all PEM: the authority, the server's certificate, its unencrypted key.

    The authority's own key is kept to sign certificates of clients.
    """

    ca_pem: bytes
    cert_pem: bytes
    key_pem: bytes = field(repr=False)
    ca_key: ec.EllipticCurvePrivateKey = field(repr=False)


def make_certificates(names: Iterable[str], now: datetime | None = None) -> Certificates:
    """Return fresh certificates for `names`: domains and IP addresses, the first as subject.

    `now` is an aware time, by default the present. Raises ValueError for what is no host name.
    """
    begin = (now or datetime.now(UTC)) - _CLOCK_SKEW
    hosts = list(dict.fromkeys(to_ascii(name) for name in names))
    ca_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    ca = (
        _begun(_AUTHORITY, ca_key, ca_key, begin)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        _begun(hosts[0], key, ca_key, begin)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    return Certificates(
        ca_pem=ca.public_bytes(_PEM),
        cert_pem=certificate.public_bytes(_PEM),
        key_pem=_key_pem(key),
        ca_key=ca_key,
    )


def make_client_certificate(
    certificates: Certificates, jid: JID, now: datetime | None = None
) -> bytes:
    """Return a certificate that names `jid`, and after it its key, both PEM (XEP-0178 2).

    The authority of `certificates` signs it; `now` is as in `make_certificates`. Raises ValueError
    for a very long JID.
    """
    begin = (now or datetime.now(UTC)) - _CLOCK_SKEW
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _begun(jid.local, key, certificates.ca_key, begin)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_xmpp_addr(jid)]), critical=False)
        .sign(certificates.ca_key, hashes.SHA256())
    )
    return certificate.public_bytes(_PEM) + _key_pem(key)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _xmpp_addr(jid: JID) -> x509.OtherName:
    """Return the bare JID as the name of a certificate: a DER UTF8String (RFC 6120 13.7.1.4)."""
    text = str(jid.bare).encode()
    if len(text) > _SHORT:
        raise ValueError("such a long JID needs another form of length")
    return x509.OtherName(_XMPP_ADDR, bytes([_UTF8_STRING, len(text)]) + text)


def _begun(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    ca_key: ec.EllipticCurvePrivateKey,
    begin: datetime,
) -> x509.CertificateBuilder:
    """Return a certificate with all that the authority's and the server's have in common."""
    public_key, ca_public_key = key.public_key(), ca_key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(_AUTHORITY))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_public_key), critical=False
        )
    )


def _name(common_name: str) -> x509.Name:
    # A common name has at most 64 characters; only the alternative names are verified.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _alternative(host: str) -> x509.GeneralName:
    address = ip_address(host)
    if address is not None:
        return x509.IPAddress(ipaddress.ip_address(address))
    return x509.DNSName(host)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
