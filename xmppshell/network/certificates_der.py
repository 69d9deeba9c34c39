"""Certificates from their DER form, by `cryptography`; imported only where ssl has no answer.

That is with verification switched off, and to explain a failed one: in both cases `ssl` gives
out the certificate's bytes only.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import ssl
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from .certificates import CertificateFacts, Flaw, describe, distinguished_name, short_name

_XMPP_ADDR = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5")
_SRV_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")
_PEM = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def read(der: bytes) -> CertificateFacts:
    """Return what the certificate `der` says; empty facts if it cannot be read."""
    try:
        certificate = _load(der)
        subject = _attributes(certificate.subject)
        issuer = _attributes(certificate.issuer)
        return CertificateFacts(
            subject=short_name(subject),
            issuer=short_name(issuer),
            subject_dn=distinguished_name(subject),
            issuer_dn=distinguished_name(issuer),
            names=_names(certificate),
            not_before=certificate.not_valid_before_utc.date().isoformat(),
            not_after=certificate.not_valid_after_utc.date().isoformat(),
        )
    except ValueError:
        return CertificateFacts()


def objection(chain: Sequence[bytes], name: str, ca_file: str | None) -> str:
    """Say what is wrong with `chain`, the peer's certificate first, as that of `name`; "" if good.

    This informs and never decides: it is for connections whose user has switched verification off.
    `ca_file` is the PEM file of the authorities to trust, None for those of the system.
    """
    facts = read(chain[0])
    try:
        certificates = [_load(der) for der in chain]
        flaw = _flaw(certificates, name, facts, ca_file)
    except (ValueError, OSError) as error:
        return describe(Flaw.OTHER, name, facts, str(error))
    return "" if flaw is None else describe(flaw, name, facts)


def _flaw(
    chain: list[x509.Certificate], name: str, facts: CertificateFacts, ca_file: str | None
) -> Flaw | None:
    own = chain[0]
    now = datetime.datetime.now(datetime.UTC)
    if now > own.not_valid_after_utc:
        return Flaw.EXPIRED
    if now < own.not_valid_before_utc:
        return Flaw.NOT_YET_VALID
    anchors = _anchors(ca_file)
    if own not in anchors:
        if _issued(own, own):
            return Flaw.SELF_SIGNED
        if not _reaches(own, chain[1:], anchors):
            return Flaw.UNKNOWN_ISSUER
    if not any(_covers(pattern, name) for pattern in facts.names):
        return Flaw.WRONG_NAME
    return None


def _reaches(
    certificate: x509.Certificate,
    others: list[x509.Certificate],
    anchors: list[x509.Certificate],
) -> bool:
    """Tell whether signatures lead from `certificate` by way of `others` to one of `anchors`."""
    if any(_issued(anchor, certificate) for anchor in anchors):
        return True
    return any(
        _reaches(other, [each for each in others if each is not other], anchors)
        for other in others
        if _issued(other, certificate)
    )


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _covers(pattern: str, name: str) -> bool:
    """Compare as RFC 6125 6.4 does: no case, and `*` for exactly the first label."""
    pattern, name = pattern.lower(), name.lower()
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return pattern == name


def _anchors(ca_file: str | None) -> list[x509.Certificate]:
    """Return the trusted certificates: those of `ca_file`, or of the system."""
    if ca_file is not None:
        return _load_all([Path(ca_file).read_bytes()])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    ders = context.get_ca_certs(True)
    if ders:
        return _load_all(ders)
    # A folder of hashed links is read by OpenSSL only as it needs, so that it is not in that list.
    folder = ssl.get_default_verify_paths().capath
    return _load_all(
        path.read_bytes() for path in sorted(Path(folder).glob("*.[0-9]") if folder else ())
    )


def _load_all(sources: Iterable[bytes]) -> list[x509.Certificate]:
    """Return the certificates of `sources`, DER or PEM, without those that cannot be read."""
    certificates = []
    for source in sources:
        pems = _PEM.findall(source.decode("latin-1"))
        for der in [ssl.PEM_cert_to_DER_cert(pem) for pem in pems] or [source]:
            with contextlib.suppress(ValueError):
                certificates.append(_load(der))
    return certificates


def _load(der: bytes) -> x509.Certificate:
    """Return the certificate `der`, without a word on standard error if it is an odd one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return x509.load_der_x509_certificate(der)


def _attributes(name: x509.Name) -> list[tuple[str, str]]:
    return [(attribute.rfc4514_attribute_name, str(attribute.value)) for attribute in name]


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        return ()
    names = []
    for name in extension.value:
        if isinstance(name, x509.DNSName):
            names.append(name.value)
        elif isinstance(name, x509.IPAddress):
            names.append(str(name.value))
        elif isinstance(name, x509.OtherName):
            kind = {_XMPP_ADDR: "xmppAddr", _SRV_NAME: "SRVName"}.get(name.type_id)
            if kind is not None:
                names.append(f"{kind}:{_string(name.value)}")
    return tuple(names)


def _string(der: bytes) -> str:
    """Return the text of a DER string with a short length, as such names have."""
    return der[2:].decode("utf-8", "replace")
