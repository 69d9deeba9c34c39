"""A check-up as JSON, for programs; the keys stay what they are.

The whole is an object with these keys; times are in seconds, dates in ISO 8601 (UTC), and what is
not known is null:

- `format`: 1, which counts up when a key changes its meaning
- `domain`, `at`: what was looked at, and when
- `reachable`: whether any place took a connection
- `result`: the worst level of all findings: "ok", "note", "warning" or "failure"
- `counts`: how many findings there are of each level
- `findings`: a list, each with `group`, `code`, `topic`, `level`, `what`, `why`, `reference`
- `dns`: `asked`, and of `starttls` and `direct_tls` the `outcome` ("found", "none", "refused" or
  "failed"), its `detail`, and `records`: `priority`, `weight`, `host`, `port`
- `places`: a list, each with `host`, `port`, `tls` ("starttls" or "direct"), `why`, `addresses`
  (`address`, `seconds`, `problem`), `problem`, `tls_version`, `cipher`, `alpn`, `versions` (by
  version: `result` and `detail`), `certificate`, and the offers `before` and `after` TLS
- a certificate: `verified`, `problem`, `subject`, `issuer`, `names`, `not_before`, `not_after`,
  `days_left`, `fingerprint_sha256`, `key`, `signature`
- an offer: `features` (`{namespace}name`), `starttls` ("required", "optional" or null),
  `mechanisms`, `sasl2`, `inline`, `fast`, `channel_bindings`, `max_bytes`
- `login`: `account`, `problem`, `mechanism`, `server_verified`, and the offer `after`
- `host_meta`: `problem`, and `websockets`: `url`, `problem`, `offer`
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from ..network.srv import SrvAnswer, SrvOutcome
from .findings import Finding, Level, worst
from .tls_judgement import days_left

if TYPE_CHECKING:
    import datetime

    from ..protocol.problem import Problem
    from .facts import (
        CertificateInfo,
        Facts,
        HostMetaFacts,
        LoginFacts,
        PlaceFacts,
    )
    from .offers import Offer

FORMAT: Final = 1

_OUTCOMES: Final = {
    SrvOutcome.FOUND: "found",
    SrvOutcome.NO_RECORDS: "none",
    SrvOutcome.NOT_OFFERED: "refused",
    SrvOutcome.FAILED: "failed",
}


def as_json(facts: Facts, found: list[Finding]) -> dict[str, Any]:
    """Return the check-up as values that `json.dumps` takes."""
    counts = Counter(finding.level for finding in found)
    return {
        "format": FORMAT,
        "domain": facts.domain,
        "at": facts.at.isoformat(timespec="seconds"),
        "reachable": facts.reachable,
        "result": worst(found).value,
        "counts": {level.value: counts[level] for level in Level},
        "findings": [_finding(finding) for finding in found],
        "dns": {
            "asked": not facts.no_dns,
            "starttls": _answer(facts.starttls),
            "direct_tls": _answer(facts.direct_tls),
        },
        "places": [_place(place, facts.at) for place in facts.places],
        "login": None if facts.login is None else _login(facts.login),
        "host_meta": None if facts.host_meta is None else _host_meta(facts.host_meta),
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "group": finding.group,
        "code": finding.code,
        "topic": finding.topic,
        "level": finding.level.value,
        "what": finding.what,
        "why": finding.why,
        "reference": finding.reference,
    }


def _said(problem: Problem | None) -> str | None:
    return None if problem is None else problem.what


def _answer(answer: SrvAnswer | None) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {
        "outcome": _OUTCOMES[answer.outcome],
        "detail": answer.detail or None,
        "records": [
            {"priority": r.priority, "weight": r.weight, "host": r.host, "port": r.port}
            for r in answer.records
        ],
    }


def _place(place: PlaceFacts, at: datetime.datetime) -> dict[str, Any]:
    certificate = place.certificate
    return {
        "host": place.host,
        "port": place.port,
        "tls": "direct" if place.direct_tls else "starttls",
        "why": place.why,
        "addresses": [
            {"address": a.address, "seconds": a.seconds, "problem": _said(a.problem)}
            for a in place.addresses
        ],
        "problem": _said(place.lookup) or _said(place.problem),
        "tls_version": place.tls_version or None,
        "cipher": place.cipher or None,
        "alpn": place.alpn,
        "versions": {
            trial.version: {"result": trial.acceptance.value, "detail": trial.detail or None}
            for trial in place.versions
        },
        "certificate": None if certificate is None else _certificate(certificate, at),
        "before": _offer(place.before),
        "after": _offer(place.after),
    }


def _certificate(info: CertificateInfo, at: datetime.datetime) -> dict[str, Any]:
    first, last = info.not_before, info.not_after
    return {
        "verified": info.problem is None,
        "problem": _said(info.problem),
        "subject": info.subject or None,
        "issuer": info.issuer or None,
        "names": list(info.names),
        "not_before": None if first is None else first.isoformat(),
        "not_after": None if last is None else last.isoformat(),
        "days_left": None if last is None else days_left(last, at),
        "fingerprint_sha256": info.fingerprint_sha256 or None,
        "key": info.key or None,
        "signature": info.signature or None,
    }


def _offer(offer: Offer | None) -> dict[str, Any] | None:
    if offer is None:
        return None
    return {
        "features": list(offer.names),
        "starttls": offer.starttls or None,
        "mechanisms": list(offer.mechanisms),
        "sasl2": list(offer.sasl2),
        "inline": list(offer.inline),
        "fast": list(offer.fast),
        "channel_bindings": None if offer.bindings is None else list(offer.bindings),
        "max_bytes": offer.max_bytes or None,
    }


def _login(login: LoginFacts) -> dict[str, Any]:
    return {
        "account": login.account,
        "problem": login.withheld or _said(login.problem),
        "mechanism": login.mechanism or None,
        "server_verified": login.server_verified,
        "after": _offer(login.after),
    }


def _host_meta(facts: HostMetaFacts) -> dict[str, Any]:
    return {
        "problem": _said(facts.problem),
        "websockets": [
            {"url": each.url, "problem": _said(each.problem), "offer": _offer(each.offer)}
            for each in facts.websockets
        ],
    }
