"""What a certificate says, for people: subject, issuer, the names it is for, and its dates."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
}


@dataclass(frozen=True)
class CertificateFacts:
    """The parts of a certificate that are shown; all empty if there is no certificate.

    `subject` and `issuer` are short names for people: the common name, or else the most specific
    part; `subject_dn` and `issuer_dn` are the whole distinguished names, `CN=..., O=...`. `names`
    are the subject alternative names: DNS names and IP addresses as they are, and where known
    `xmppAddr:...` and `SRVName:...` (RFC 6120 13.7.1.2). The dates are ISO dates, UTC.
    """

    subject: str = ""
    issuer: str = ""
    subject_dn: str = ""
    issuer_dn: str = ""
    names: tuple[str, ...] = ()
    not_before: str = ""
    not_after: str = ""


def facts_from_dict(certificate: Mapping[str, Any]) -> CertificateFacts:
    """Return the facts of a certificate in the form that `ssl.SSLObject.getpeercert` gives it."""
    subject = _attributes(certificate.get("subject", ()))
    issuer = _attributes(certificate.get("issuer", ()))
    names = certificate.get("subjectAltName", ())
    return CertificateFacts(
        subject=short_name(subject),
        issuer=short_name(issuer),
        subject_dn=distinguished_name(subject),
        issuer_dn=distinguished_name(issuer),
        names=tuple(value for kind, value in names if kind in ("DNS", "IP Address")),
        not_before=_iso_date(certificate.get("notBefore", "")),
        not_after=_iso_date(certificate.get("notAfter", "")),
    )


def short_name(attributes: Iterable[tuple[str, str]]) -> str:
    """Return the part of a distinguished name that tells people most: CN, else OU, else O."""
    known = {_SHORT.get(key, key): value for key, value in attributes}
    for key in ("CN", "OU", "O"):
        if key in known:
            return known[key]
    return next(iter(known.values()), "")


def distinguished_name(attributes: Iterable[tuple[str, str]]) -> str:
    """Return a distinguished name as one line, in the order of the certificate."""
    return ", ".join(f"{_SHORT.get(key, key)}={value}" for key, value in attributes)


def _attributes(name: Iterable[Iterable[tuple[str, str]]]) -> list[tuple[str, str]]:
    return [attribute for relative in name for attribute in relative]


def _iso_date(text: str) -> str:
    """Turn ssl's "Jan  5 09:34:43 2026 GMT" into "2026-01-05"."""
    if not text:
        return ""
    # Not strptime: the month names must not depend on the locale.
    month, day, _time, year, _zone = text.split()
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return datetime.date(int(year), months.index(month) + 1, int(day)).isoformat()
