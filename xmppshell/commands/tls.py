"""`/tls`: what encrypts the stream, who vouches for the server, and what SASL can bind to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..network.certificates import fingerprint
from ..protocol.channel import BINDING_TYPES, ChannelBinding
from ..protocol.sasl_exchange import SaslExchange
from .desk import Desk
from .registry import Call, Command

if TYPE_CHECKING:
    from ..network.tls_layer import TlsFacts

_SHOWN_BYTES = 32


async def tls(desk: Desk, call: Call) -> None:
    """Show version and cipher, the chain of certificates, and the channel bindings."""
    session = desk.live
    facts = session.tls
    if facts is None:
        desk.screen.say("this stream is not encrypted", "warning")
        return
    desk.screen.say(_table(_connection(facts)))
    if not facts.verified:
        objection = f"; otherwise: {facts.objection}" if facts.objection else ""
        desk.screen.say(f"  NOT VERIFIED: --insecure was given{objection}", "warning")
    for place, der in enumerate(facts.chain):
        desk.screen.say(_heading(place, len(facts.chain)), "heading")
        desk.screen.say(_table(_certificate(der)))
    exchange = session.stream.sasl_exchange if session.stream is not None else None
    desk.screen.say("channel bindings", "heading")
    desk.screen.say(_table(_bindings(facts, exchange)))


def _connection(facts: TlsFacts) -> list[tuple[str, str]]:
    rows = [
        ("version", facts.version),
        ("cipher", facts.cipher),
        ("ALPN", facts.alpn or "none negotiated"),
    ]
    if facts.verified:
        rows.append(("verified", "yes, for the domain of the JID"))
    if facts.channel.certificate_shown:
        rows.append(("own", "a client certificate was at hand, for EXTERNAL"))
    return rows


def _heading(place: int, count: int) -> str:
    if place == 0:
        return "the server's certificate"
    return f"issuer {place} of {count - 1} that the server sent"


def _certificate(der: bytes) -> list[tuple[str, str]]:
    from ..network import certificates_der

    facts = certificates_der.read(der)
    names = ", ".join(facts.names)
    return [
        ("subject", facts.subject_dn or "none"),
        ("names", names or "none"),
        ("issuer", facts.issuer_dn or "none"),
        ("valid", f"{facts.not_before} to {facts.not_after}"),
        ("SHA-256", fingerprint(der)),
    ]


def _bindings(facts: TlsFacts, exchange: SaslExchange | None) -> list[tuple[str, str]]:
    """Return a row for each type that is known: its data, or why there is none."""
    used = exchange.binding.type if exchange is not None and exchange.binding is not None else ""
    had = {binding.type: binding for binding in facts.channel.bindings}
    rows = []
    for kind in BINDING_TYPES:
        binding = had.get(kind)
        value = _shown(binding) if binding is not None else _ABSENT[kind]
        rows.append((kind, f"{value}{' · used to sign in' if kind == used else ''}"))
    return rows


def _shown(binding: ChannelBinding) -> str:
    data = binding.data[:_SHOWN_BYTES].hex()
    return data if len(binding.data) <= _SHOWN_BYTES else f"{data}... ({len(binding.data)} bytes)"


_ABSENT = {
    "tls-exporter": "not looked for: for TLS 1.3, with --channel-binding tls-exporter",
    "tls-unique": "not here: for TLS 1.2 only (--tls-version 1.2)",
    "tls-server-end-point": "not here: the certificate is signed without a hash of its own",
}


def _table(rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name.ljust(width)}  {value}" for name, value in rows)


COMMANDS = (
    Command(
        "tls",
        "stream",
        "show the TLS version and cipher, the chain of certificates, the channel bindings",
        tls,
    ),
)
