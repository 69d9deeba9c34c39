"""Where the server of a domain is: SRV records of both kinds, or the domain itself.

RFC 6120 3.2 has the order of things, XEP-0368 the records for direct TLS, RFC 2782 the choice
among several. The name that a certificate must be good for is always the domain itself, never a
host that DNS named.
"""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import failures
from .hostname import ip_address, is_localhost, to_ascii
from .srv import (
    SrvAnswer,
    SrvOutcome,
    SrvRecord,
    look_up,
    processing_order,
    service_name,
    system_resolver,
)

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

STARTTLS_PORT = 5222
"""The registered port of client streams (RFC 6120 14.7)."""
DIRECT_TLS_PORT = 5223
"""The port that direct TLS has by custom; XEP-0368 leaves it to DNS."""

_GRACE = 1.0


class TlsMode(enum.Enum):
    """How a connection is secured: after `<starttls/>`, from the first byte, or not at all."""

    STARTTLS = "starttls"
    DIRECT = "direct"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Target:
    """One place to connect to: `host` and `port`, TLS from the first byte or not.

    `why` says in a few words where host and port came from.
    """

    host: str
    port: int
    direct_tls: bool
    why: str


async def discover(
    domain: str,
    *,
    host: str | None = None,
    port: int | None = None,
    tls: TlsMode | None = None,
    resolver: Resolver | None = None,
    timeout: float = 5.0,  # noqa: ASYNC109 - DNS failing is an answer here, not an exception
) -> list[Target]:
    """Return where to connect for `domain`, in order of preference; never an empty list.

    A `host` or `port` given by the user replaces DNS. `tls` restricts the search to one kind; None
    takes both. `resolver` is the one to ask instead of the system's; within `timeout` seconds the
    search gives up and falls back to the domain itself, which `why` then says.

    Raises ConnectionFailed (kind "dns") if `domain` cannot be a host name, or if DNS says that it
    offers no such service (a target of ".", RFC 6120 3.2.1).
    """
    try:
        name = to_ascii(domain)
    except ValueError:
        raise failures.bad_name(domain) from None
    if host is not None:
        why = "as given" if port is not None else "the host was given, the port is the default"
        return [_at(host, port, tls, why)]
    if port is not None:
        return [_at(name, port, tls, "the port was given, so DNS was not asked for another")]
    if ip_address(domain) is not None:
        return [_at(name, None, tls, "an IP address, with the default port")]
    if is_localhost(domain):
        return [_at(name, None, tls, "this machine, with the default port")]
    plain, direct = await _ask(name, tls, resolver, timeout)
    return _choose(name, tls, plain, direct)


def _at(host: str, port: int | None, tls: TlsMode | None, why: str) -> Target:
    direct = tls is TlsMode.DIRECT or (tls is None and port == DIRECT_TLS_PORT)
    if direct and tls is None:
        why += f"; port {port} is direct TLS by custom"
    return Target(host, port or (DIRECT_TLS_PORT if direct else STARTTLS_PORT), direct, why)


def _choose(
    name: str, tls: TlsMode | None, plain: SrvAnswer | None, direct: SrvAnswer | None
) -> list[Target]:
    """Turn the answers about the services that were asked for into targets."""
    answers = [answer for answer in (plain, direct) if answer is not None]
    records = [record for answer in answers for record in answer.records]
    if records:
        return [
            Target(record.host, record.port, record.direct_tls, _why(record, name))
            for record in processing_order(records)
        ]
    # The fall-back is one kind of connection; whether it may be used is up to that kind's answer.
    decisive = direct if plain is None else plain
    assert decisive is not None
    if decisive.outcome is SrvOutcome.NOT_OFFERED:
        raise failures.not_offered(name, direct_tls=plain is None)
    if decisive.outcome is SrvOutcome.NO_RECORDS:
        why = "no SRV records, so the domain itself"
    else:
        why = f"the SRV records could not be looked up ({decisive.detail}), so the domain itself"
    return [_at(name, None, tls, why)]


def _why(record: SrvRecord, name: str) -> str:
    return f"SRV {service_name(name, record.direct_tls)}, priority {record.priority}"


async def _ask(
    name: str, tls: TlsMode | None, resolver: Resolver | None, seconds: float
) -> tuple[SrvAnswer | None, SrvAnswer | None]:
    """Ask for the records of both kinds at the same time; None for a kind not wanted."""
    resolver = resolver or system_resolver()
    if resolver is None:
        answer = SrvAnswer(SrvOutcome.FAILED, detail="no name server is configured")
        return (None, answer) if tls is TlsMode.DIRECT else (answer, None)
    tasks = {
        direct_tls: asyncio.create_task(look_up(name, direct_tls, resolver, seconds))
        for direct_tls in (False, True)
        if tls is None or direct_tls is (tls is TlsMode.DIRECT)
    }
    try:
        done, slow = await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        if slow:
            # Some name servers drop questions that they do not know. Who has one answer to go on
            # with does not wait long for the other.
            found = any(task.result().records for task in done)
            await asyncio.wait(slow, timeout=_GRACE if found else None)
        answers = {kind: _result(task) for kind, task in tasks.items()}
    finally:
        for task in tasks.values():
            task.cancel()
    return answers.get(False), answers.get(True)


def _result(task: asyncio.Task[SrvAnswer]) -> SrvAnswer:
    return task.result() if task.done() else SrvAnswer(SrvOutcome.FAILED, detail="no answer yet")
