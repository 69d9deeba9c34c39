"""The judgement: what the facts of a check-up mean, each with why and where it is written.

Pure: the same facts give the same findings, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..network.srv import SrvAnswer, SrvOutcome, service_name
from .findings import Finding, Level, Sheet
from .offer_judgement import judge_after_login, judge_after_tls, judge_before_tls
from .tls_judgement import judge_tls

if TYPE_CHECKING:
    from .facts import AddressFacts, Facts, HostMetaFacts, LoginFacts, PlaceFacts

DNS: Final = "DNS"
HOST_META: Final = "host-meta"


def findings(facts: Facts) -> list[Finding]:
    """Return what the facts mean, in the order of the report."""
    return [finding for sheet in _sheets(facts) for finding in sheet.findings]


def _sheets(facts: Facts) -> Iterator[Sheet]:
    yield _dns(facts)
    for place in facts.places:
        yield _place(place, facts)
    if facts.login is not None:
        yield _login(facts.login)
    if facts.host_meta is not None:
        yield _host_meta(facts.host_meta)


# DNS.


def _dns(facts: Facts) -> Sheet:
    sheet = Sheet(DNS)
    if facts.no_dns:
        sheet.note("srv", "SRV", f"not asked: {facts.no_dns}")
    if facts.starttls is not None:
        _judge_starttls_records(sheet, facts, facts.starttls)
    if facts.direct_tls is not None:
        _judge_direct_records(sheet, facts, facts.direct_tls)
    for note in facts.notes:
        sheet.note("places", "places", note)
    return sheet


def _judge_starttls_records(sheet: Sheet, facts: Facts, answer: SrvAnswer) -> None:
    code, topic, name = "srv.starttls", "STARTTLS", service_name(facts.domain, False)
    if answer.outcome is SrvOutcome.FOUND:
        _list_records(sheet, code, topic, answer, "RFC 6120 3.2.1")
    elif answer.outcome is SrvOutcome.FAILED:
        _judge_no_answer(sheet, code, topic, name, answer)
    elif answer.outcome is SrvOutcome.NO_RECORDS:
        why = "clients try port 5222 of the domain itself, and cannot be sent elsewhere"
        sheet.note(code, topic, f"no {name} records", why, "RFC 6120 3.2.2")
    elif facts.direct_tls is not None and facts.direct_tls.records:
        sheet.note(code, topic, 'not offered: the target is "."', "direct TLS only", "RFC 2782")
    else:
        why = "the domain says that it has no XMPP for clients"
        sheet.fail(code, topic, 'not offered: the target is "."', why, "RFC 6120 3.2.1")


def _judge_direct_records(sheet: Sheet, facts: Facts, answer: SrvAnswer) -> None:
    code, topic, name = "srv.direct-tls", "direct TLS", service_name(facts.domain, True)
    if answer.outcome is SrvOutcome.FOUND:
        _list_records(sheet, code, topic, answer, "XEP-0368")
    elif answer.outcome is SrvOutcome.FAILED:
        _judge_no_answer(sheet, code, topic, name, answer)
    else:
        refused = answer.outcome is SrvOutcome.NOT_OFFERED
        what = 'not offered: the target is "."' if refused else f"no {name} records"
        why = "it saves round trips, and passes where only HTTPS does"
        sheet.note(code, topic, what, why, "XEP-0368")


def _judge_no_answer(sheet: Sheet, code: str, topic: str, name: str, answer: SrvAnswer) -> None:
    why = "clients cannot find the server, or fall back to the domain itself"
    sheet.warn(code, topic, f"{name}: {answer.detail}", why, "RFC 6120 3.2.1")


def _list_records(sheet: Sheet, code: str, topic: str, answer: SrvAnswer, reference: str) -> None:
    for each in sorted(answer.records, key=lambda each: (each.priority, -each.weight, each.host)):
        what = f"{each.host}:{each.port}, priority {each.priority}, weight {each.weight}"
        sheet.ok(code, topic, what, reference)


# One place.


def _place(place: PlaceFacts, facts: Facts) -> Sheet:
    sheet = Sheet(place.title)
    if place.lookup is not None:
        why = "a record that leads nowhere costs every client a try"
        sheet.fail("address", "address", place.lookup.what, why, "RFC 6120 3.2.1")
        return sheet
    for address in place.addresses:
        _judge_address(sheet, address, others=place.reached is not None)
    if place.reached is None:
        return sheet
    _judge_families(sheet, place)
    if place.problem is not None:
        problem = place.problem
        sheet.fail("stream", "stream", problem.what, problem.cause, problem.reference)
    if not place.direct_tls and place.before is not None:
        judge_before_tls(sheet, place.before)
    judge_tls(sheet, place, facts)
    if place.after is not None:
        judge_after_tls(sheet, place.after, place.tls_version)
    return sheet


def _judge_address(sheet: Sheet, address: AddressFacts, *, others: bool) -> None:
    if address.problem is None:
        milliseconds = (address.seconds or 0.0) * 1000
        sheet.ok("address", "reached", f"{address.address} in {milliseconds:.0f} ms")
    elif address.kind == "unreachable" and others:
        why = "this machine may have no way there, others may"
        sheet.note("address", "not reached", address.problem.what, why)
    elif others:
        why = "clients that try it first have to wait"
        sheet.warn("address", "not reached", address.problem.what, why)
    else:
        sheet.fail("address", "not reached", address.problem.what, address.problem.cause)


def _judge_families(sheet: Sheet, place: PlaceFacts) -> None:
    kinds = {":" in each.address for each in place.addresses}
    if place.host in {each.address for each in place.addresses}:
        return  # It was named by its address.
    if True not in kinds:
        why = "clients that have IPv6 only cannot come in"
        sheet.note("address.ipv6", "IPv6", "no IPv6 address", why)
    if False not in kinds:
        why = "clients that have IPv4 only cannot come in"
        sheet.note("address.ipv4", "IPv4", "no IPv4 address", why)


# Signing in, and other ways.


def _login(login: LoginFacts) -> Sheet:
    sheet = Sheet(f"signed in as {login.account}")
    if login.withheld:
        why = "so what is offered after signing in is not known"
        sheet.fail("login", "sign-in", f"not tried: {login.withheld}", why)
    elif login.problem is not None:
        problem = login.problem
        sheet.fail("login", "sign-in", problem.what, problem.cause, problem.reference)
    else:
        level = Level.OK if login.server_verified else Level.NOTE
        proof = "the server proved itself" if login.server_verified else "the server proved nothing"
        sheet.add(level, "login", "sign-in", f"{login.mechanism}, {proof}", "", "RFC 6120 6")
    if login.after is not None:
        judge_after_login(sheet, login.after)
    return sheet


def _host_meta(facts: HostMetaFacts) -> Sheet:
    sheet = Sheet(HOST_META)
    if facts.problem is not None and facts.kind == "certificate":
        why = "browsers refuse the file, so clients in them cannot find the server"
        sheet.warn("host-meta", "file", facts.problem.what, why, "XEP-0156")
    elif not facts.websockets:
        why = "clients in browsers, which cannot ask DNS, need it"
        sheet.note("host-meta", "WebSocket", "none is named", why, "XEP-0156")
    for each in facts.websockets:
        code, topic = "websocket", "WebSocket"
        if not each.url.lower().startswith("wss:"):
            why = "everything on it can be read and changed on the way"
            sheet.fail(code, topic, f"{each.url}: not encrypted", why, "RFC 7395")
        elif each.problem is not None:
            what = f"{each.url}: {each.problem.what}"
            sheet.fail(code, topic, what, each.problem.cause, each.problem.reference)
        else:
            sheet.ok(code, topic, each.url, "RFC 7395")
    return sheet
