"""The certificates that a practice server makes for itself."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from xmppshell.practice.certificates import make_certificates

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_the_names_are_in_it() -> None:
    made = make_certificates(["capulet.example", "localhost", "127.0.0.1", "::1", "bücher.example"])
    certificate = x509.load_pem_x509_certificate(made.cert_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [
        "capulet.example",
        "localhost",
        "xn--bcher-kva.example",
    ]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("127.0.0.1"),
        ipaddress.ip_address("::1"),
    ]


def test_the_authority_signed_it_and_is_one() -> None:
    made = make_certificates(["localhost"], NOW)
    ca = x509.load_pem_x509_certificate(made.ca_pem)
    certificate = x509.load_pem_x509_certificate(made.cert_pem)
    certificate.verify_directly_issued_by(ca)
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    key = serialization.load_pem_private_key(made.key_pem, None)
    assert key.public_key() == certificate.public_key()
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc
    assert certificate.not_valid_after_utc - NOW < timedelta(days=398)


def test_every_run_has_its_own() -> None:
    assert make_certificates(["localhost"]).ca_pem != make_certificates(["localhost"]).ca_pem


def test_the_key_does_not_show() -> None:
    assert "PRIVATE" not in repr(make_certificates(["localhost"]))


def test_what_is_no_host_name() -> None:
    with pytest.raises(ValueError, match="not a host name"):
        make_certificates(["a..b"])
