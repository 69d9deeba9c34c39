"""What an operator wants to know of a certificate: its dates to the second, and its strength."""

from __future__ import annotations

import datetime
import warnings
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from . import certificates_der
from .certificates import CertificateFacts


@dataclass(frozen=True)
class CertificateDetails:
    """A certificate's facts, and more.

    The dates are aware, in UTC. `key` is like "RSA 2048" or "EC secp256r1", `rsa_bits` the size
    of an RSA key and 0 for another. `signature` is the hash that its issuer signed, such as
    "sha256", or "" where the algorithm has none of its own.
    """

    facts: CertificateFacts
    not_before: datetime.datetime
    not_after: datetime.datetime
    key: str
    rsa_bits: int
    signature: str


def read_details(der: bytes) -> CertificateDetails | None:
    """Return the details of the certificate `der`, or None if it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            certificate = x509.load_der_x509_certificate(der)
            key = certificate.public_key()
            return CertificateDetails(
                facts=certificates_der.read(der),
                not_before=certificate.not_valid_before_utc,
                not_after=certificate.not_valid_after_utc,
                key=_described(key),
                rsa_bits=key.key_size if isinstance(key, rsa.RSAPublicKey) else 0,
                signature=_hash_of(certificate),
            )
    except (ValueError, UnsupportedAlgorithm):
        return None


def _hash_of(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return "" if algorithm is None else algorithm.name


def _described(key: CertificatePublicKeyTypes) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.lstrip("_").removesuffix("PublicKey")
