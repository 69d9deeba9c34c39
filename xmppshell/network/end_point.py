"""The channel binding tls-server-end-point: the server's certificate, hashed (RFC 5929 4.1).

The hash function is that of the certificate's signature, with SHA-256 in the place of MD5 and
SHA-1. Only this one identifier is read here, since `cryptography` takes longer to load than a
whole sign-in.
"""

from __future__ import annotations

import hashlib

# The DER of the object identifiers, without tag and length (RFC 3279, RFC 4055, RFC 5758).
_RSA = bytes.fromhex("2a864886f70d0101")
_ECDSA = bytes.fromhex("2a8648ce3d04")
_HASHES = {
    _RSA + b"\x04": "sha256",  # md5
    _RSA + b"\x05": "sha256",  # sha1
    _RSA + b"\x0b": "sha256",
    _RSA + b"\x0c": "sha384",
    _RSA + b"\x0d": "sha512",
    _RSA + b"\x0e": "sha224",
    _ECDSA + b"\x01": "sha256",  # sha1
    _ECDSA + b"\x03\x01": "sha224",
    _ECDSA + b"\x03\x02": "sha256",
    _ECDSA + b"\x03\x03": "sha384",
    _ECDSA + b"\x03\x04": "sha512",
}


def end_point_hash(certificate: bytes) -> bytes | None:
    """Return the data of tls-server-end-point for the server's `certificate`, DER.

    None if its signature uses no single hash function, as with Ed25519; then there is no such
    channel binding.
    """
    try:
        name = _HASHES.get(_signature_algorithm(certificate)) or _other_hash(certificate)
    except (IndexError, ValueError):
        return None
    return None if name is None else hashlib.new(name, certificate).digest()


def _signature_algorithm(certificate: bytes) -> bytes:
    """Return the OID in `SEQUENCE { tbsCertificate, SEQUENCE { OID ... } ... }` (RFC 5280 4.1)."""
    start, _ = _contents(certificate, 0)
    _, after_tbs = _contents(certificate, start)
    start, _ = _contents(certificate, after_tbs)
    begin, end = _contents(certificate, start)
    return certificate[begin:end]


def _contents(der: bytes, at: int) -> tuple[int, int]:
    """Return where the contents of the value at `at` begin and end; raises IndexError."""
    length, begin = der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, begin = int.from_bytes(der[begin : begin + size], "big"), begin + size
    if begin + length > len(der):
        raise IndexError("the value goes on after the end")
    return begin, begin + length


def _other_hash(certificate: bytes) -> str | None:
    """Return the hash function of a rarer signature, such as RSA-PSS, None if it has none."""
    import warnings

    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = x509.load_der_x509_certificate(certificate)
    try:
        algorithm = parsed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    if algorithm is None:
        return None
    return "sha256" if algorithm.name in ("md5", "sha1") else algorithm.name.replace("-", "_")
