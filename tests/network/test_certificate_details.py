"""What is read of a certificate for its operator."""

from __future__ import annotations

import datetime
import ssl

import certificate_shop as shop
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from xmppshell.network.certificate_details import read_details


def certificate(key: object, hash_: hashes.HashAlgorithm | None) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.org")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(1)
        .not_valid_before(shop.NOW)
        .not_valid_after(shop.NOW + shop.DAY)
    )
    return builder.sign(key, hash_).public_bytes(Encoding.DER)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "hash_", "described", "bits", "signature"),
    [
        (rsa.generate_private_key(65537, 2048), hashes.SHA256(), "RSA 2048", 2048, "sha256"),
        (rsa.generate_private_key(65537, 1024), hashes.SHA384(), "RSA 1024", 1024, "sha384"),
        (ec.generate_private_key(ec.SECP256R1()), hashes.SHA256(), "EC secp256r1", 0, "sha256"),
        (ed25519.Ed25519PrivateKey.generate(), None, "Ed25519", 0, ""),
    ],
)
def test_key_and_signature(
    key: object, hash_: hashes.HashAlgorithm | None, described: str, bits: int, signature: str
) -> None:
    found = read_details(certificate(key, hash_))
    assert found is not None
    assert (found.key, found.rsa_bits, found.signature) == (described, bits, signature)


def test_names_and_dates(authority: trustme.CA) -> None:
    der = ssl.PEM_cert_to_DER_cert(shop.issued(authority, "example.org").cert_pem.decode())
    found = read_details(der)
    assert found is not None
    assert found.facts.names == ("example.org",)
    assert found.not_before < datetime.datetime.now(datetime.UTC) < found.not_after


def test_what_is_no_certificate() -> None:
    assert read_details(b"no certificate") is None
