"""The probes of one place: a host and a port, and all that is said on a stream there."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ..network.failures import ConnectionFailed
from ..network.happy_eyeballs import numeric_addresses
from ..network.tcp import connect
from ..network.tls_layer import TlsFacts, TlsSettings
from ..network.tls_versions import VERSIONS, Acceptance, Trial, try_version
from ..protocol.problem import Problem
from .facts import AddressFacts, CertificateInfo, PlaceFacts
from .walk import Steps, Walk, alpn_for

if TYPE_CHECKING:
    from ..network.discovery import Target
    from .plan import Plan


async def look_at(plan: Plan, target: Target) -> PlaceFacts:
    """Look at one place: its addresses, the stream with its offers, TLS and the certificate."""
    place = PlaceFacts(target.host, target.port, target.direct_tls, target.why)
    try:
        async with asyncio.timeout(plan.timeout):
            found = await numeric_addresses(target.host)
    except ConnectionFailed as failure:
        return replace(place, lookup=failure.problem)
    except TimeoutError:
        what = f"the address of {target.host} was not found within {plan.timeout:g} s"
        return replace(place, lookup=Problem(what))
    addresses = await asyncio.gather(*(_reach(plan, target, address) for address in found))
    place = replace(place, addresses=tuple(addresses))
    reached = place.reached
    if reached is None:
        return place
    at = replace(target, host=reached.address)
    place = _with_stream(place, *await _open_stream(plan, at))
    return replace(place, versions=await _try_versions(plan, at, place))


async def _reach(plan: Plan, target: Target, address: str) -> AddressFacts:
    began = time.monotonic()
    try:
        wire = await connect(replace(target, host=address), timeout=plan.timeout)
    except ConnectionFailed as failure:
        return AddressFacts(address, problem=failure.problem, kind=failure.kind)
    seconds = time.monotonic() - began
    await wire.close(abort=True)
    return AddressFacts(address, seconds)


async def _open_stream(plan: Plan, target: Target) -> tuple[Steps, Problem | None]:
    """Walk to the features after TLS; where the certificate is not good, once more without it.

    Return what was seen, and why the certificate was not accepted, if so.
    """
    settings = TlsSettings(ca_file=plan.ca_file, alpn=alpn_for(target))
    steps = await _walk(plan, target, settings)
    if steps.kind != "certificate":
        return steps, None
    objection = steps.failure
    return await _walk(plan, target, replace(settings, insecure=True)), objection


async def _walk(plan: Plan, target: Target, settings: TlsSettings) -> Steps:
    walk = Walk(plan.jid.bare, target, settings, plan.timeout)
    try:
        return await walk.run()
    finally:
        await walk.close()


def _with_stream(place: PlaceFacts, steps: Steps, objection: Problem | None) -> PlaceFacts:
    tls = steps.tls
    return replace(
        place,
        problem=steps.failure,
        before=steps.before,
        after=steps.after,
        tls_version="" if tls is None else tls.version,
        cipher="" if tls is None else tls.cipher,
        alpn=None if tls is None else tls.alpn,
        certificate=None if tls is None else _certificate(tls, objection),
    )


def _certificate(tls: TlsFacts, objection: Problem | None) -> CertificateInfo:
    from ..network.certificate_details import read_details

    details = read_details(tls.chain[0]) if tls.chain else None
    if details is None:
        return CertificateInfo(
            objection, tls.subject, tls.issuer, tls.names, None, None, tls.fingerprint_sha256
        )
    return CertificateInfo(
        objection,
        details.facts.subject,
        details.facts.issuer,
        details.facts.names,
        details.not_before,
        details.not_after,
        tls.fingerprint_sha256,
        details.key,
        details.rsa_bits,
        details.signature,
    )


async def _try_versions(plan: Plan, target: Target, place: PlaceFacts) -> tuple[Trial, ...]:
    """Try each version of TLS, on a connection of its own; none where TLS is not to be had."""
    if place.before is not None and not place.before.starttls:
        return ()
    if place.tls_version == "" and not target.direct_tls and place.before is None:
        return ()
    trials = []
    for version in VERSIONS:
        walk = Walk(plan.jid.bare, target, None, plan.timeout)
        try:
            steps = await walk.run()
            if steps.failure is not None or walk.wire is None:
                what = steps.failure.what if steps.failure is not None else ""
                trials.append(Trial(version, Acceptance.UNKNOWN, what))
                continue
            trials.append(
                await try_version(
                    walk.wire,
                    version,
                    plan.domain,
                    alpn=alpn_for(target),
                    timeout=plan.timeout,
                )
            )
        finally:
            await walk.close()
    return tuple(trials)
