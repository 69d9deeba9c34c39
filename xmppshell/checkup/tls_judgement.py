"""What to think of a place's TLS: its versions, its ALPN and its certificate."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from ..network.tls_versions import Acceptance, Trial
from .findings import Level, Sheet

if TYPE_CHECKING:
    from .facts import CertificateInfo, Facts, PlaceFacts

SOON_DAYS: Final = 14
"""A certificate that ends within so many days is a warning."""

LEAST_RSA_BITS: Final = 2048

_OLD: Final = frozenset({"1.0", "1.1"})
_WEAK_HASHES: Final = frozenset({"md5", "sha1"})
_REFERENCES: Final = {
    "1.0": "RFC 8996 4",
    "1.1": "RFC 8996 5",
    "1.2": "RFC 9325 3.1.1",
    "1.3": "RFC 9325 3.1.1",
}


def judge_tls(sheet: Sheet, place: PlaceFacts, facts: Facts) -> None:
    """Write down what is to be said of the TLS of one place."""
    if place.tls_version:
        sheet.ok("tls", "TLS", f"{place.tls_version}, {place.cipher}")
    accepted = {each.version for each in place.versions if each.acceptance is Acceptance.ACCEPTED}
    for trial in place.versions:
        _judge_version(sheet, trial, accepted)
    if place.direct_tls and place.tls_version:
        _judge_alpn(sheet, place.alpn)
    if place.certificate is not None:
        _judge_certificate(sheet, place.certificate, facts)


def _judge_version(sheet: Sheet, trial: Trial, accepted: set[str]) -> None:
    version, reference = trial.version, _REFERENCES[trial.version]
    code, topic = f"tls.{version}", f"TLS {version}"
    detail = f" ({trial.detail})" if trial.detail else ""
    if trial.acceptance is Acceptance.UNTESTABLE:
        sheet.note(code, topic, f"cannot be tried from here{detail}", "", reference)
    elif trial.acceptance is Acceptance.UNKNOWN:
        sheet.note(code, topic, f"no answer{detail}", "", reference)
    elif version in _OLD:
        if trial.acceptance is Acceptance.REFUSED:
            sheet.ok(code, topic, "refused", reference)
        else:
            why = "it is broken, and must not be spoken any more"
            sheet.fail(code, topic, f"accepted{detail}", why, reference)
    elif trial.acceptance is Acceptance.ACCEPTED:
        sheet.ok(code, topic, f"accepted{detail}", reference)
    elif not accepted & {"1.2", "1.3"}:
        why = "no version that is safe is accepted"
        sheet.fail(code, topic, f"refused{detail}", why, reference)
    elif version == "1.2":
        sheet.note(code, topic, f"refused{detail}", "older clients cannot come in", reference)
    else:
        sheet.warn(code, topic, f"refused{detail}", "it is quicker, and hides more", reference)


def _judge_alpn(sheet: Sheet, agreed: str | None) -> None:
    if agreed is not None:
        sheet.ok("tls.alpn", "ALPN", agreed, "XEP-0368")
    else:
        why = "it is needed only where one port serves several protocols"
        sheet.note("tls.alpn", "ALPN", "not used by the server", why, "XEP-0368")


def _judge_certificate(sheet: Sheet, info: CertificateInfo, facts: Facts) -> None:
    code, topic, reference = "certificate", "certificate", "RFC 6120 13.7.2"
    if info.problem is None:
        sheet.ok(code, topic, f"good for {facts.domain}, from {info.issuer or '?'}", reference)
    else:
        level = Level.WARNING if facts.insecure else Level.FAILURE
        asked = " (not insisted on, as asked)" if facts.insecure else ""
        what = info.problem.what + asked
        sheet.add(level, code, topic, what, info.problem.cause, info.problem.reference)
    if info.names:
        sheet.ok("certificate.names", "names", ", ".join(info.names), "RFC 6120 13.7.1")
    else:
        why = "clients look for the domain among the names, and nowhere else"
        sheet.warn("certificate.names", "names", "none", why, "RFC 6120 13.7.1")
    if info.not_before is not None and info.not_after is not None:
        _judge_validity(sheet, info.not_before, info.not_after, facts)
    if info.key:
        _judge_strength(sheet, info)


def days_left(not_after: datetime.datetime, at: datetime.datetime) -> int:
    """Return the whole days from `at` until a certificate ends; negative after that."""
    return (not_after - at).days


def _judge_validity(
    sheet: Sheet, not_before: datetime.datetime, not_after: datetime.datetime, facts: Facts
) -> None:
    code, topic, reference = "certificate.validity", "validity", "RFC 6120 13.7.2"
    dates = f"{not_before.date()} to {not_after.date()}"
    left = days_left(not_after, facts.at)
    level = Level.WARNING if facts.insecure else Level.FAILURE
    if not_after <= facts.at:
        what = f"{dates}, ended {(facts.at - not_after).days} days ago"
        sheet.add(level, code, topic, what, "clients do not accept it any more", reference)
    elif not_before > facts.at:
        what = f"{dates}, has not begun"
        sheet.add(level, code, topic, what, "clients do not accept it yet", reference)
    elif left < SOON_DAYS:
        why = "it should have been renewed by now; clients do not accept it afterwards"
        sheet.warn(code, topic, f"{dates}, {left} days left", why, reference)
    else:
        sheet.ok(code, topic, f"{dates}, {left} days left", reference)


def _judge_strength(sheet: Sheet, info: CertificateInfo) -> None:
    code, topic, reference = "certificate.key", "key", "RFC 9325 4.5"
    what = info.key + (f", signed with {info.signature.upper()}" if info.signature else "")
    reasons = []
    if 0 < info.rsa_bits < LEAST_RSA_BITS:
        reasons.append(f"RSA keys need {LEAST_RSA_BITS} bits or more")
    if info.signature in _WEAK_HASHES:
        reasons.append("a signature with that hash can be forged")
    if reasons:
        sheet.warn(code, topic, what, "; ".join(reasons), reference)
    else:
        sheet.ok(code, topic, what, reference)
