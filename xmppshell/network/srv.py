"""SRV records of XMPP for clients: looked up, read, and put in order (RFC 6120 3.2.1, RFC 2782).

There are two services: `_xmpp-client` for STARTTLS, and `_xmpps-client` for direct TLS (XEP-0368).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver as Resolver  # for other rooms to name


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """One SRV record (RFC 2782), and whether it is of the direct TLS kind."""

    priority: int
    weight: int
    host: str
    port: int
    direct_tls: bool


class SrvOutcome(enum.Enum):
    """What came of a look-up; `NOT_OFFERED` is a target of "." (RFC 6120 3.2.1)."""

    FOUND = enum.auto()
    NO_RECORDS = enum.auto()
    NOT_OFFERED = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True, slots=True)
class SrvAnswer:
    """What DNS said about one service; `detail` says how it failed."""

    outcome: SrvOutcome
    records: tuple[SrvRecord, ...] = ()
    detail: str = ""


def service_name(name: str, direct_tls: bool) -> str:
    """Return the name that the records of the domain `name` have in DNS."""
    return f"_xmpp{'s' if direct_tls else ''}-client._tcp.{name}"


def processing_order(
    records: Sequence[SrvRecord], draw: Callable[[int, int], int] | None = None
) -> list[SrvRecord]:
    """Return `records` in the order to try them in: by priority, then drawn by weight (RFC 2782).

    `draw(0, n)` gives a random integer from 0 to n, both included: `random.randint` by default.
    """
    if draw is None:
        from random import randint

        draw = randint
    order = []
    for priority in sorted({record.priority for record in records}):
        # Weightless records come first, so that they have a chance, a small one, of being drawn.
        left = sorted(
            (record for record in records if record.priority == priority),
            key=lambda record: record.weight > 0,
        )
        while left:
            point = draw(0, sum(record.weight for record in left))
            for record in left:
                point -= record.weight
                if point <= 0:
                    break
            left.remove(record)
            order.append(record)
    return order


def system_resolver() -> Resolver | None:
    """Return a resolver that asks the name servers of the system, or None if it has none."""
    import dns.asyncresolver
    import dns.resolver

    try:
        return dns.asyncresolver.Resolver()
    except (dns.resolver.NoResolverConfiguration, OSError):
        return None


async def look_up(name: str, direct_tls: bool, resolver: Resolver, seconds: float) -> SrvAnswer:
    """Ask for the SRV records of one service; every failure of DNS is an answer."""
    import dns.exception
    import dns.resolver

    question = service_name(name, direct_tls) + "."
    try:
        answer = await resolver.resolve(question, "SRV", lifetime=seconds, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return SrvAnswer(SrvOutcome.NO_RECORDS)
    except dns.exception.Timeout:
        return SrvAnswer(SrvOutcome.FAILED, detail=f"no answer within {seconds:g} s")
    except dns.resolver.NoNameservers as error:
        return SrvAnswer(SrvOutcome.FAILED, detail=_name_server_errors(error))
    except (dns.exception.DNSException, OSError) as error:
        return SrvAnswer(SrvOutcome.FAILED, detail=str(error) or type(error).__name__)
    records = tuple(
        SrvRecord(
            record.priority,
            record.weight,
            record.target.to_text(omit_final_dot=True),
            record.port,
            direct_tls,
        )
        for record in answer
        if record.target.to_text() != "."
    )
    return SrvAnswer(SrvOutcome.FOUND if records else SrvOutcome.NOT_OFFERED, records)


def _name_server_errors(error: Exception) -> str:
    """Return what each name server said last, such as SERVFAIL or REFUSED, in short."""
    errors = getattr(error, "kwargs", {}).get("errors", ())
    return ", ".join(dict.fromkeys(str(entry[3]) for entry in errors)) or "all name servers failed"
