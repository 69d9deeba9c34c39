"""What a certificate says, for people: subject, issuer, the names it is for, and its dates."""

from __future__ import annotations

import datetime
import enum
import hashlib
import ipaddress
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
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_NAMES_SHOWN = 5


@dataclass(frozen=True)
class CertificateFacts:
    """The parts of a certificate that are shown; all empty if there is no certificate.

    `subject` and `issuer` are short names for people: the common name, or else the most specific
    part; `subject_dn` and `issuer_dn` are the whole distinguished names, `CN=..., O=...`. `names`
    are the subject alternative names: DNS names and IP addresses as they are, and where known
    `xmppAddr:...` and `SRVName:...` (RFC 6120 13.7). The dates are ISO dates, UTC.
    """

    subject: str = ""
    issuer: str = ""
    subject_dn: str = ""
    issuer_dn: str = ""
    names: tuple[str, ...] = ()
    not_before: str = ""
    not_after: str = ""

    @property
    def jids(self) -> tuple[str, ...]:
        """The JIDs that the certificate names (`xmppAddr`), as far as they are known."""
        prefix = "xmppAddr:"
        return tuple(name.removeprefix(prefix) for name in self.names if name.startswith(prefix))


class Flaw(enum.Enum):
    """Why a certificate is not accepted."""

    SELF_SIGNED = "self-signed"
    UNKNOWN_ISSUER = "unknown issuer"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    WRONG_NAME = "wrong name"
    REVOKED = "revoked"
    WEAK = "weak"
    OTHER = "other"


def describe(flaw: Flaw, name: str, certificate: CertificateFacts, detail: str = "") -> str:
    """Return one sentence that says what is wrong with `certificate` as that of `name`.

    `detail` is used if the flaw has no sentence of its own.
    """
    match flaw:
        case Flaw.SELF_SIGNED:
            who = f" ({certificate.subject})" if certificate.subject else ""
            return f"the certificate{who} is self-signed: nobody else vouches for it"
        case Flaw.UNKNOWN_ISSUER:
            who = f": {certificate.issuer}" if certificate.issuer else ""
            return f"the certificate was issued by an authority that is not trusted here{who}"
        case Flaw.EXPIRED:
            if certificate.not_after and certificate.not_after <= _today():
                return f"the certificate expired on {certificate.not_after}"
            return "a certificate of the issuers has expired"
        case Flaw.NOT_YET_VALID:
            if certificate.not_before >= _today():
                return f"the certificate is not valid before {certificate.not_before}"
            return "a certificate of the issuers is not yet valid"
        case Flaw.WRONG_NAME:
            return f"the certificate is {_listed(certificate.names)}, not for {name}"
        case Flaw.REVOKED:
            return "the certificate has been revoked by its issuer"
        case Flaw.WEAK:
            return f"the certificate is too weak to be trusted: {detail}"
        case Flaw.OTHER:
            return f"the certificate is not acceptable: {detail}"


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return "for no name at all (it has no subject alternative name)"
    more = len(names) - _NAMES_SHOWN
    if more > 0:
        return f"for {', '.join(names[:_NAMES_SHOWN])} and {more} more"
    return "for " + " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate in hexadecimal with colons."""
    return hashlib.sha256(der).digest().hex(":").upper()


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
        names=tuple(
            value if kind == "DNS" else str(ipaddress.ip_address(value.strip()))
            for kind, value in names
            if kind in ("DNS", "IP Address")
        ),
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
    return datetime.date(int(year), _MONTHS.index(month) + 1, int(day)).isoformat()
