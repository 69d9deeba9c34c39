"""Facts for tests: a server with which nothing is wrong, to be changed in one thing each."""

from __future__ import annotations

import datetime
from dataclasses import replace

from xmppshell.checkup.facts import (
    AddressFacts,
    CertificateInfo,
    Facts,
    HostMetaFacts,
    LoginFacts,
    PlaceFacts,
    WebSocketFacts,
)
from xmppshell.checkup.offers import Offer
from xmppshell.network.srv import SrvAnswer, SrvOutcome, SrvRecord
from xmppshell.network.tls_versions import Acceptance, Trial
from xmppshell.protocol import namespaces as ns

NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)

BEFORE = Offer(names=(f"{{{ns.TLS}}}starttls",), starttls="required")
AFTER = Offer(
    names=(f"{{{ns.SASL}}}mechanisms", f"{{{ns.SASL2}}}authentication"),
    mechanisms=("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "PLAIN"),
    sasl2=("SCRAM-SHA-256",),
    inline=(ns.BIND2, ns.FAST, ns.STREAM_MANAGEMENT),
    fast=("HT-SHA-256-EXPR",),
    bindings=("tls-exporter", "tls-server-end-point"),
    max_bytes=10_000,
)
SIGNED_IN = Offer(
    names=(
        f"{{{ns.BIND}}}bind",
        f"{{{ns.STREAM_MANAGEMENT}}}sm",
        "{urn:xmpp:csi:0}csi",
        "{urn:xmpp:features:rosterver}ver",
    )
)
CERTIFICATE = CertificateInfo(
    None,
    "example.org",
    "Good CA",
    ("example.org", "*.example.org"),
    NOW - 30 * DAY,
    NOW + 60 * DAY,
    "AB:CD",
    "EC secp256r1",
    0,
    "sha256",
)
VERSIONS = (
    Trial("1.0", Acceptance.REFUSED, "tlsv1 alert protocol version"),
    Trial("1.1", Acceptance.REFUSED, "tlsv1 alert protocol version"),
    Trial("1.2", Acceptance.ACCEPTED, "ECDHE-RSA-AES256-GCM-SHA384"),
    Trial("1.3", Acceptance.ACCEPTED, "TLS_AES_256_GCM_SHA384"),
)
PLACE = PlaceFacts(
    "xmpp.example.org",
    5222,
    False,
    "SRV",
    addresses=(AddressFacts("2001:db8::1", 0.01), AddressFacts("192.0.2.1", 0.012)),
    tls_version="TLS 1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    versions=VERSIONS,
    certificate=CERTIFICATE,
    before=BEFORE,
    after=AFTER,
)
DIRECT_PLACE = replace(PLACE, port=443, direct_tls=True, before=None, alpn="xmpp-client")


def record(port: int = 5222, *, direct: bool = False) -> SrvRecord:
    return SrvRecord(5, 10, "xmpp.example.org", port, direct)


def answer(outcome: SrvOutcome, *records: SrvRecord, detail: str = "") -> SrvAnswer:
    return SrvAnswer(outcome, records, detail)


GOOD = Facts(
    "example.org",
    NOW,
    places=(PLACE, DIRECT_PLACE),
    starttls=answer(SrvOutcome.FOUND, record()),
    direct_tls=answer(SrvOutcome.FOUND, record(443, direct=True)),
    login=LoginFacts(
        "juliet@example.org",
        mechanism="SCRAM-SHA-256-PLUS",
        server_verified=True,
        after=SIGNED_IN,
    ),
    host_meta=HostMetaFacts((WebSocketFacts("wss://example.org/ws", offer=AFTER),)),
)


def with_place(**changes: object) -> Facts:
    """Return the good facts with one place, changed."""
    return replace(GOOD, places=(replace(PLACE, **changes),))  # type: ignore[arg-type]


def with_direct_place(**changes: object) -> Facts:
    """Return the good facts with the place for direct TLS alone, changed."""
    return replace(GOOD, places=(replace(DIRECT_PLACE, **changes),))  # type: ignore[arg-type]


def with_certificate(**changes: object) -> Facts:
    """Return the good facts with another certificate."""
    return with_place(certificate=replace(CERTIFICATE, **changes))  # type: ignore[arg-type]


def with_before(**changes: object) -> Facts:
    """Return the good facts with another offer before TLS."""
    return with_place(before=replace(BEFORE, **changes))  # type: ignore[arg-type]


def with_after(**changes: object) -> Facts:
    """Return the good facts with another offer after TLS."""
    return with_place(after=replace(AFTER, **changes))  # type: ignore[arg-type]


def with_version(version: str, acceptance: Acceptance, detail: str = "") -> Facts:
    """Return the good facts with another answer to one version of TLS."""
    trials = tuple(
        Trial(version, acceptance, detail) if each.version == version else each for each in VERSIONS
    )
    return with_place(versions=trials)
