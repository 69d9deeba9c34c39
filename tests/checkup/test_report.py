"""The judgements, one row each: what is changed in a good server, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from checkup import fact_shop as shop
from checkup.fact_shop import DAY, GOOD, NOW

from xmppshell.checkup.facts import AddressFacts, Facts, HostMetaFacts, LoginFacts, WebSocketFacts
from xmppshell.checkup.findings import Finding, Level, worst
from xmppshell.checkup.report import findings
from xmppshell.exit_status import ExitStatus
from xmppshell.network.srv import SrvOutcome
from xmppshell.network.tls_versions import Acceptance, Trial
from xmppshell.protocol import namespaces as ns
from xmppshell.protocol.problem import Problem
from xmppshell.terminal.checking import status_of

OK, NOTE, WARN, FAIL = Level.OK, Level.NOTE, Level.WARNING, Level.FAILURE
REFUSED = Problem("refused the connection", "nothing listens there")
UNREACHABLE = Problem("no way there")
BAD_CERTIFICATE = Problem("the certificate is self-signed", "fresh", "trust it", "RFC 6120 13.7.2")
ONE_ADDRESS = AddressFacts("192.0.2.1", 0.01)


def of(facts: Facts, code: str) -> list[Finding]:
    return [finding for finding in findings(facts) if finding.code == code]


def test_nothing_is_wrong_with_a_good_server() -> None:
    found = findings(GOOD)
    assert {finding.level for finding in found} == {OK}
    assert worst(found) is OK
    assert status_of(GOOD, found, strict=True) is ExitStatus.OK


def test_every_judgement_that_is_not_plainly_good_says_why_or_where() -> None:
    for facts in (case[1] for case in CASES):
        for finding in findings(facts):
            assert finding.what
            if finding.level in (WARN, FAIL):
                assert finding.why, finding


CASES = [
    # DNS
    ("srv", replace(GOOD, starttls=None, direct_tls=None, no_dns="the host was given"), NOTE,
     "the host was given"),
    ("srv.starttls", GOOD, OK, "xmpp.example.org:5222, priority 5, weight 10"),
    ("srv.starttls", replace(GOOD, starttls=shop.answer(SrvOutcome.NO_RECORDS)), NOTE,
     "no _xmpp-client._tcp.example.org records"),
    ("srv.starttls", replace(GOOD, starttls=shop.answer(SrvOutcome.FAILED, detail="SERVFAIL")),
     WARN, "SERVFAIL"),
    ("srv.starttls", replace(GOOD, starttls=shop.answer(SrvOutcome.NOT_OFFERED)), NOTE,
     "not offered"),
    ("srv.starttls",
     replace(GOOD, starttls=shop.answer(SrvOutcome.NOT_OFFERED),
             direct_tls=shop.answer(SrvOutcome.NOT_OFFERED)), FAIL, "not offered"),
    ("srv.direct-tls", replace(GOOD, direct_tls=shop.answer(SrvOutcome.NO_RECORDS)), NOTE,
     "no _xmpps-client._tcp.example.org records"),
    ("srv.direct-tls", replace(GOOD, direct_tls=shop.answer(SrvOutcome.NOT_OFFERED)), NOTE,
     'the target is "."'),
    ("srv.direct-tls", replace(GOOD, direct_tls=shop.answer(SrvOutcome.FAILED, detail="x")),
     WARN, "x"),
    # Addresses
    ("address", shop.with_place(lookup=Problem("there is no host named x"), addresses=()), FAIL,
     "no host named"),
    ("address", shop.with_place(addresses=(AddressFacts("192.0.2.1", None, REFUSED, "refused"),)),
     FAIL, "refused the connection"),
    ("address",
     shop.with_place(addresses=(AddressFacts("::1", None, REFUSED, "refused"), ONE_ADDRESS)),
     WARN, "refused the connection"),
    ("address",
     shop.with_place(
         addresses=(AddressFacts("::1", None, UNREACHABLE, "unreachable"), ONE_ADDRESS)),
     NOTE, "no way there"),
    ("address.ipv6", shop.with_place(addresses=(ONE_ADDRESS,)), NOTE, "no IPv6 address"),
    ("address.ipv4", shop.with_place(addresses=(AddressFacts("2001:db8::1", 0.01),)), NOTE,
     "no IPv4 address"),
    ("stream", shop.with_place(problem=Problem("the server hangs", "it is busy")), FAIL,
     "the server hangs"),
    # Before TLS
    ("starttls", GOOD, OK, "offered and required"),
    ("starttls", shop.with_before(starttls="optional"), WARN, "not required"),
    ("starttls", shop.with_before(starttls=""), FAIL, "not offered"),
    ("sasl.before-tls.plain", shop.with_before(mechanisms=("PLAIN",)), WARN, "before TLS"),
    ("sasl.before-tls", shop.with_before(mechanisms=("PLAIN", "SCRAM-SHA-1")), WARN,
     "before TLS: SCRAM-SHA-1"),
    ("sasl.before-tls", GOOD, OK, "only after TLS"),
    ("iq-auth.before-tls",
     shop.with_before(names=("{http://jabber.org/features/iq-auth}auth",)), WARN, "before TLS"),
    # TLS
    ("tls", GOOD, OK, "TLS 1.3, TLS_AES_256_GCM_SHA384"),
    ("tls.1.0", GOOD, OK, "refused"),
    ("tls.1.0", shop.with_version("1.0", Acceptance.ACCEPTED, "AES128-SHA"), FAIL,
     "accepted (AES128-SHA)"),
    ("tls.1.1", shop.with_version("1.1", Acceptance.ACCEPTED), FAIL, "accepted"),
    ("tls.1.1", shop.with_version("1.1", Acceptance.UNTESTABLE, "no such"), NOTE,
     "cannot be tried from here (no such)"),
    ("tls.1.2", shop.with_version("1.2", Acceptance.REFUSED), NOTE, "refused"),
    ("tls.1.2", shop.with_version("1.2", Acceptance.UNKNOWN), NOTE, "no answer"),
    ("tls.1.3", shop.with_version("1.3", Acceptance.REFUSED, "alert"), WARN, "refused (alert)"),
    ("tls.1.3", shop.with_place(versions=(Trial("1.3", Acceptance.REFUSED),)), FAIL, "refused"),
    ("tls.alpn", shop.with_direct_place(), OK, "xmpp-client"),
    ("tls.alpn", shop.with_direct_place(alpn=None), NOTE, "not used"),
    # The certificate
    ("certificate", GOOD, OK, "good for example.org, from Good CA"),
    ("certificate", shop.with_certificate(problem=BAD_CERTIFICATE), FAIL, "self-signed"),
    ("certificate", replace(shop.with_certificate(problem=BAD_CERTIFICATE), insecure=True), WARN,
     "not insisted on, as asked"),
    ("certificate.names", shop.with_certificate(names=()), WARN, "none"),
    ("certificate.validity", GOOD, OK, "2026-10-23 to 2027-01-21, 60 days left"),
    ("certificate.validity", shop.with_certificate(not_after=NOW + 13 * DAY), WARN,
     "13 days left"),
    ("certificate.validity", shop.with_certificate(not_after=NOW - 2 * DAY), FAIL,
     "ended 2 days ago"),
    ("certificate.validity", shop.with_certificate(not_before=NOW + DAY), FAIL, "has not begun"),
    ("certificate.key", GOOD, OK, "EC secp256r1, signed with SHA256"),
    ("certificate.key", shop.with_certificate(key="RSA 1024", rsa_bits=1024), WARN, "RSA 1024"),
    ("certificate.key", shop.with_certificate(key="RSA 2048", rsa_bits=2048), OK, "RSA 2048"),
    ("certificate.key", shop.with_certificate(signature="sha1"), WARN, "SHA1"),
    # After TLS
    ("sasl", GOOD, OK, "PLAIN, SCRAM-SHA-256, SCRAM-SHA-256-PLUS"),
    ("sasl", shop.with_after(mechanisms=(), sasl2=()), FAIL, "none after TLS"),
    ("sasl", shop.with_after(mechanisms=("PLAIN",), sasl2=()), WARN, "no SCRAM"),
    ("sasl", shop.with_after(mechanisms=("EXTERNAL",), sasl2=()), OK, "EXTERNAL"),
    ("sasl",
     shop.with_after(mechanisms=("PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"), sasl2=()), WARN,
     "SHA-1 only"),
    ("sasl", shop.with_after(mechanisms=("PLAIN",), sasl2=("SCRAM-SHA-512",)), OK,
     "SCRAM-SHA-512"),
    ("sasl.outdated", shop.with_after(mechanisms=("DIGEST-MD5", "SCRAM-SHA-256")), WARN,
     "DIGEST-MD5"),
    ("sasl.anonymous", shop.with_after(mechanisms=("ANONYMOUS", "SCRAM-SHA-256")), NOTE,
     "offered"),
    ("channel-binding", GOOD, OK, "tls-exporter, tls-server-end-point"),
    ("channel-binding", shop.with_after(mechanisms=("SCRAM-SHA-256",)), NOTE, "no -PLUS"),
    ("channel-binding", shop.with_after(bindings=None), NOTE, "not announced"),
    ("channel-binding", shop.with_after(bindings=("tls-unique",)), WARN, "tls-unique"),
    ("channel-binding", shop.with_after(bindings=("tls-server-end-point",)), NOTE,
     "tls-server-end-point"),
    ("channel-binding",
     shop.with_place(tls_version="TLS 1.2", after=replace(shop.AFTER, bindings=("tls-unique",))),
     OK, "tls-unique"),
    ("sasl2", GOOD, OK, "offered"),
    ("sasl2", shop.with_after(sasl2=()), NOTE, "not offered"),
    ("bind2", shop.with_after(inline=()), NOTE, "not offered"),
    ("fast", GOOD, OK, "offered"),
    ("fast", shop.with_after(fast=()), NOTE, "not offered"),
    ("limits", GOOD, OK, "10,000 bytes"),
    ("registration", shop.with_after(names=(f"{{{ns.REGISTER_FEATURE}}}register",)), NOTE,
     "open in-band"),
    ("iq-auth", shop.with_after(names=("{http://jabber.org/features/iq-auth}auth",)), NOTE,
     "offered"),
    ("compression",
     shop.with_after(names=("{http://jabber.org/features/compress}compression",)), WARN,
     "offered"),
    # Signing in
    ("login", GOOD, OK, "SCRAM-SHA-256-PLUS, the server proved itself"),
    ("login", replace(GOOD, login=LoginFacts("j@e", mechanism="PLAIN")), NOTE, "proved nothing"),
    ("login", replace(GOOD, login=LoginFacts("j@e", Problem("not-authorized", "wrong"))), FAIL,
     "not-authorized"),
    ("login", replace(GOOD, login=LoginFacts("j@e", withheld="no certificate is good")), FAIL,
     "not tried: no certificate is good"),
    ("sm", GOOD, OK, "offered"),
    *(
        (code, replace(GOOD, login=replace(GOOD.login, after=replace(shop.SIGNED_IN, names=()))),
         level, "not offered")
        for code, level in {"bind": FAIL, "sm": NOTE, "csi": NOTE, "rosterver": NOTE}.items()
    ),
    # Host-meta
    ("websocket", GOOD, OK, "wss://example.org/ws"),
    ("websocket", replace(GOOD, host_meta=HostMetaFacts((WebSocketFacts("ws://example.org/ws"),))),
     FAIL, "not encrypted"),
    ("websocket",
     replace(GOOD, host_meta=HostMetaFacts((WebSocketFacts("wss://e/", Problem("404", "gone")),))),
     FAIL, "404"),
    ("host-meta", replace(GOOD, host_meta=HostMetaFacts(problem=Problem("404"), kind="host-meta")),
     NOTE, "none is named"),
    ("host-meta",
     replace(GOOD, host_meta=HostMetaFacts(problem=Problem("expired"), kind="certificate")),
     WARN, "expired"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "facts", "level", "words"), CASES)
def test_each_judgement(code: str, facts: Facts, level: Level, words: str) -> None:
    found = [finding for finding in of(facts, code) if words in finding.what]
    assert found, [finding.what for finding in of(facts, code)]
    assert found[0].level is level


def test_a_place_that_was_named_by_its_address_needs_no_other() -> None:
    facts = shop.with_place(host="192.0.2.1", addresses=(ONE_ADDRESS,))
    assert of(facts, "address.ipv6") == []


def test_after_a_place_that_is_not_reached_nothing_more_is_said_of_it() -> None:
    dead = (AddressFacts("192.0.2.1", None, REFUSED, "refused"),)
    found = findings(shop.with_place(addresses=dead))
    assert [finding.code for finding in found if finding.group.startswith("xmpp.")] == ["address"]


def test_the_ipv6_address_of_a_place_is_in_brackets() -> None:
    assert findings(shop.with_place(host="2001:db8::1"))[2].group == "[2001:db8::1]:5222, STARTTLS"


@pytest.mark.parametrize(
    ("facts", "strict", "status"),
    [
        (shop.with_after(sasl2=()), True, ExitStatus.OK),
        (shop.with_before(starttls="optional"), False, ExitStatus.OK),
        (shop.with_before(starttls="optional"), True, ExitStatus.ERROR),
        (shop.with_before(starttls=""), False, ExitStatus.ERROR),
        (replace(GOOD, places=()), False, ExitStatus.CONNECTION),
        (
            shop.with_place(addresses=(AddressFacts("192.0.2.1", None, REFUSED, "refused"),)),
            False,
            ExitStatus.CONNECTION,
        ),
    ],
)
def test_the_exit_status(facts: Facts, strict: bool, status: ExitStatus) -> None:
    assert status_of(facts, findings(facts), strict=strict) is status
