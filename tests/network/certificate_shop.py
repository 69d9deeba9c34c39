"""Certificates for tests: good ones, and one for each thing that can be wrong."""

from __future__ import annotations

import datetime

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from xmppshell.network.tls import ServerTlsSettings

SHA256 = hashes.SHA256()
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
XMPP_ADDR = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5")
SRV_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")


def settings_of(leaf: trustme.LeafCert, **options: object) -> ServerTlsSettings:
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    return ServerTlsSettings(chain, leaf.private_key_pem.bytes(), **options)  # type: ignore[arg-type]


def issued(authority: trustme.CA, *names: str, **options: object) -> ServerTlsSettings:
    return settings_of(authority.issue_cert(*names, **options))  # type: ignore[arg-type]


def expired(authority: trustme.CA, *names: str) -> ServerTlsSettings:
    return issued(authority, *names, not_before=NOW - 9 * DAY, not_after=NOW - 2 * DAY)


def not_yet_valid(authority: trustme.CA, *names: str) -> ServerTlsSettings:
    return issued(authority, *names, not_before=NOW + 2 * DAY, not_after=NOW + 9 * DAY)


def self_signed(common_name: str, names: list[x509.GeneralName]) -> ServerTlsSettings:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    return ServerTlsSettings(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def only_xmpp_names(domain: str) -> ServerTlsSettings:
    """Return a certificate that names `domain` only as xmppAddr and SRVName."""
    text = domain.encode()
    srv = b"_xmpp-client." + text
    return self_signed(
        domain,
        [
            x509.OtherName(XMPP_ADDR, bytes([0x0C, len(text)]) + text),
            x509.OtherName(SRV_NAME, bytes([0x16, len(srv)]) + srv),
        ],
    )
