"""A name server on loopback that answers as a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

SILENCE = None
"""As an answer: none at all."""

Answer = list[str] | dns.rcode.Rcode | None
"""The SRV records' texts ([] for an empty answer), an error, or silence."""


@dataclass
class NameServer:
    """The running server: `resolver` asks it, and `questions` are what it was asked."""

    resolver: dns.asyncresolver.Resolver
    questions: list[str] = field(default_factory=list)


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, answers: Mapping[str, Answer], questions: list[str]) -> None:
        self._answers = answers
        self._questions = questions

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text()
        self._questions.append(name)
        answer = self._answers.get(name.rstrip("."), dns.rcode.NXDOMAIN)
        if answer is SILENCE:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if isinstance(answer, dns.rcode.Rcode):
            response.set_rcode(answer)
        elif answer:
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "SRV", *answer))
        self._transport.sendto(response.to_wire(), address)


@asynccontextmanager
async def name_server(answers: Mapping[str, Answer]) -> AsyncIterator[NameServer]:
    """Run a name server with `answers` by name; every other name does not exist."""
    questions: list[str] = []
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Responder(answers, questions), local_addr=("127.0.0.1", 0)
    )
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    try:
        yield NameServer(resolver, questions)
    finally:
        transport.close()
