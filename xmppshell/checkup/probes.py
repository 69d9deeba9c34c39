"""The probes: look at everything that one domain offers to clients, and judge nothing.

Nothing secret is sent, but for signing in where that was asked for: only then, and only over a
connection whose certificate is good or was not to be verified.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..network.discovery import DIRECT_TLS_PORT, STARTTLS_PORT, Target, TlsMode, discover
from ..network.failures import ConnectionFailed
from ..network.hostname import to_ascii
from ..network.srv import (
    SrvAnswer,
    SrvOutcome,
    SrvRecord,
    look_up,
    service_name,
    system_resolver,
)
from ..network.tls_layer import TlsSettings
from ..pilot import Stage
from ..protocol.events import Authenticated, FeaturesOffered
from ..protocol.jid import JID
from ..protocol.problem import ProblemError
from ..session import Session
from ..settings import Settings
from .facts import (
    Facts,
    HostMetaFacts,
    LoginFacts,
    PlaceFacts,
    WebSocketFacts,
)
from .offers import Offer, read_offer
from .places import look_at
from .plan import Plan

if TYPE_CHECKING:
    from ..feed import Record

MOST_PLACES: Final = 10
"""More hosts than this are not looked at."""

AT_ONCE: Final = 4
"""How many places are probed at the same time."""

MOST_WEBSOCKETS: Final = 3
DNS_SECONDS: Final = 5.0


OnStep = Callable[[str], None]


async def examine(plan: Plan, on_step: OnStep = lambda text: None) -> Facts:
    """Return what there is to know; `on_step` is told in words what is being looked at.

    Raises ConnectionFailed if the domain cannot be the name of one. Everything else that goes
    wrong is part of the facts.
    """
    to_ascii_or_raise(plan.domain)
    facts = Facts(
        plan.domain, datetime.datetime.now(datetime.UTC), no_dns=plan.no_dns, insecure=plan.insecure
    )
    if not plan.no_dns:
        on_step(f"looking at the SRV records of {plan.domain}")
        facts = await _ask_dns(plan, facts)
    targets = await _targets(plan, facts)
    slots = asyncio.Semaphore(AT_ONCE)

    async def look(target: Target) -> PlaceFacts:
        async with slots:
            on_step(f"looking at {target.host}:{target.port}")
            return await look_at(plan, target)

    places = tuple(await asyncio.gather(*(look(target) for target in targets[:MOST_PLACES])))
    facts = replace(facts, places=places)
    if len(targets) > MOST_PLACES:
        facts = replace(facts, notes=(f"{len(targets) - MOST_PLACES} more places were left out",))
    if plan.jid.local:
        on_step(f"signing in as {plan.jid.bare}")
        facts = replace(facts, login=await _sign_in(plan, places))
    if plan.wants_host_meta:
        on_step(f"looking at the host-meta of {plan.domain}")
        facts = replace(facts, host_meta=await _host_meta(plan))
    return facts


def to_ascii_or_raise(domain: str) -> str:
    """Return the domain as DNS has it; raises ConnectionFailed (kind "dns")."""
    from ..network.failures import bad_name

    try:
        return to_ascii(domain)
    except ValueError:
        raise bad_name(domain) from None


# Where.


async def _ask_dns(plan: Plan, facts: Facts) -> Facts:
    resolver = plan.resolver or system_resolver()
    if resolver is None:
        failed = SrvAnswer(SrvOutcome.FAILED, detail="no name server is configured")
        return replace(facts, starttls=failed, direct_tls=failed)
    name = to_ascii_or_raise(plan.domain)
    plain, direct = await asyncio.gather(
        look_up(name, False, resolver, DNS_SECONDS), look_up(name, True, resolver, DNS_SECONDS)
    )
    return replace(facts, starttls=plain, direct_tls=direct)


async def _targets(plan: Plan, facts: Facts) -> list[Target]:
    """Return where to look: all that DNS names, best first, or what was given."""
    if facts.starttls is None or facts.direct_tls is None:
        return await discover(plan.domain, host=plan.host, port=plan.port, tls=plan.tls)
    name = to_ascii_or_raise(plan.domain)
    answers = {TlsMode.STARTTLS: facts.starttls, TlsMode.DIRECT: facts.direct_tls}
    wanted = [answer for mode, answer in answers.items() if plan.tls in (None, mode)]
    records = sorted(
        {record for answer in wanted for record in answer.records},
        key=lambda each: (each.priority, -each.weight, each.direct_tls, each.host, each.port),
    )
    if records:
        return [_target(name, record) for record in records]
    direct = plan.tls is TlsMode.DIRECT
    decisive = facts.direct_tls if direct else facts.starttls
    if decisive.outcome is SrvOutcome.NOT_OFFERED:
        return []
    port = DIRECT_TLS_PORT if direct else STARTTLS_PORT
    return [Target(name, port, direct, "no SRV records, so the domain itself")]


def _target(name: str, record: SrvRecord) -> Target:
    why = f"SRV {service_name(name, record.direct_tls)}, priority {record.priority}"
    return Target(record.host, record.port, record.direct_tls, why)


# Signing in.


async def _sign_in(plan: Plan, places: tuple[PlaceFacts, ...]) -> LoginFacts:
    """Sign in at the first place where that is safe."""
    account = str(plan.jid.bare)
    if plan.password is None:
        return LoginFacts(account, withheld="there is no password")
    reached = [place for place in places if place.after is not None]
    safe = [place for place in reached if plan.insecure or _is_verified(place)]
    if not safe:
        why = "no certificate is good" if reached else "no stream could be opened"
        return LoginFacts(account, withheld=f"{why}, so the password was not sent")
    place = safe[0]
    assert place.reached is not None
    settings = Settings(
        plan.jid,
        plan.password,
        host=place.reached.address,
        port=place.port,
        tls=TlsMode.DIRECT if place.direct_tls else TlsMode.STARTTLS,
        ca_file=plan.ca_file,
        insecure=plan.insecure,
        timeout=plan.timeout,
    )
    return await _enter(settings, account)


def _is_verified(place: PlaceFacts) -> bool:
    return place.certificate is not None and place.certificate.problem is None


async def _enter(settings: Settings, account: str) -> LoginFacts:
    session = Session("check", settings)
    found = LoginFacts(account)

    def note(record: Record) -> None:
        nonlocal found
        event = record.event
        if isinstance(event, Authenticated):
            found = replace(found, mechanism=event.mechanism, server_verified=event.server_verified)
        elif isinstance(event, FeaturesOffered) and session.stream is not None and found.mechanism:
            found = replace(found, after=read_offer(session.stream.features))

    session.feed.subscribe(note)
    try:
        await session.open()
    except ProblemError as error:
        return replace(found, problem=error.problem)
    finally:
        await session.close()
    return found


# Other ways in.


async def _host_meta(plan: Plan) -> HostMetaFacts:
    from ..network.host_meta import find_websockets

    settings = TlsSettings(ca_file=plan.ca_file, insecure=plan.insecure)
    try:
        urls = await find_websockets(
            plan.domain, settings, port=plan.host_meta_port, timeout=min(plan.timeout, 10.0)
        )
    except ConnectionFailed as failure:
        return HostMetaFacts(problem=failure.problem, kind=failure.kind)
    sockets = [await _look_at_websocket(plan, url) for url in urls[:MOST_WEBSOCKETS]]
    return HostMetaFacts(tuple(sockets))


async def _look_at_websocket(plan: Plan, url: str) -> WebSocketFacts:
    """Open a stream over a WebSocket, as far as the features."""
    settings = Settings(
        JID("", plan.domain, ""),
        websocket=url,
        ca_file=plan.ca_file,
        insecure=plan.insecure,
        timeout=plan.timeout,
        until=Stage.LOGIN,
    )
    session = Session("check", settings)
    try:
        await session.open()
        assert session.stream is not None
        offer: Offer = read_offer(session.stream.features)
    except ProblemError as error:
        return WebSocketFacts(url, problem=error.problem)
    finally:
        await session.close()
    return WebSocketFacts(url, offer=offer)
