"""The probes on loopback: DNS of our own, the practice server, and servers that are wrong."""

from __future__ import annotations

import asyncio
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from network import certificate_shop
from network.loopback_dns import Answer, name_server
from network.web_servers import PATH, https_site
from practice.raw_client import practice
from servers.real_server import RealServer

from xmppshell.checkup.facts import Facts, PlaceFacts
from xmppshell.checkup.findings import Level
from xmppshell.checkup.plan import Plan
from xmppshell.checkup.probes import examine
from xmppshell.checkup.report import findings
from xmppshell.network.discovery import TlsMode
from xmppshell.network.failures import ConnectionFailed, lookup_failed
from xmppshell.network.srv import SrvOutcome
from xmppshell.network.tcp import Wire, listen
from xmppshell.network.tls import ServerTlsSettings
from xmppshell.network.tls_versions import Acceptance
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.server import TlsOffer
from xmppshell.protocol.jid import JID

DOMAIN = JID.parse("example.org")
PLAIN = "_xmpp-client._tcp.example.org"
DIRECT = "_xmpps-client._tcp.example.org"
FEATURES = (
    b"<?xml version='1.0'?><stream:stream id='s' from='example.org' version='1.0' "
    b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><stream:features>"
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def plan_at(port: int, **options: object) -> Plan:
    """Plan to look at a server on loopback that is there for example.org."""
    given = {"jid": DOMAIN, "host": "127.0.0.1", "port": port, "timeout": 5.0}
    return Plan(**{**given, **options})  # type: ignore[arg-type]


async def looked_up(answers: dict[str, Answer], **options: object) -> Facts:
    async with name_server(answers) as server:
        given = {"jid": DOMAIN, "resolver": server.resolver, "timeout": 5.0, "host_meta": False}
        return await examine(Plan(**{**given, **options}))  # type: ignore[arg-type]


def levels(facts: Facts) -> dict[str, Level]:
    """Return the level of each finding by its code; of several of one code the last."""
    return {finding.code: finding.level for finding in findings(facts)}


def only(facts: Facts) -> PlaceFacts:
    (place,) = facts.places
    return place


@asynccontextmanager
async def plain_server(after_header: bytes) -> AsyncIterator[int]:
    """Run a server that answers a stream header with this and no TLS; give its port."""

    async def serve(wire: Wire) -> None:
        while b">" not in await wire.read():
            pass
        wire.write(after_header)
        await wire.read()

    listener = await listen("127.0.0.1", 0, serve, on_error=lambda error: None)
    try:
        yield listener.port
    finally:
        await listener.close()


@asynccontextmanager
async def direct_server(settings: ServerTlsSettings) -> AsyncIterator[int]:
    """Run a server for direct TLS that offers SCRAM-SHA-1 and nothing else; give its port."""

    async def serve(wire: Wire) -> None:
        await wire.start_tls(settings, "", server_side=True)
        await wire.read()
        wire.write(
            FEATURES + b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
            b"<mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>"
        )
        await wire.read()

    listener = await listen("127.0.0.1", 0, serve, on_error=lambda error: None)
    try:
        yield listener.port
    finally:
        await listener.close()


class TestWhere:
    async def test_all_that_dns_names_is_looked_at_best_first(self, tmp_path: Path) -> None:
        domains = {"domains": ("example.org",)}
        async with practice(tmp_path, direct_tls_port=0, **domains) as stand:
            server = stand.server
            facts = await looked_up(
                {
                    PLAIN: [f"20 0 {server.port} localhost.", "30 0 1 127.0.0.1."],
                    DIRECT: [f"10 0 {server.direct_tls_port} localhost."],
                },
                ca_file=str(stand.ca_file),
            )
        assert [(p.host, p.port, p.direct_tls) for p in facts.places] == [
            ("localhost", server.direct_tls_port, True),
            ("localhost", server.port, False),
            ("127.0.0.1", 1, False),
        ]
        direct, plain, dead = facts.places
        # The practice server has no IPv6 address.
        assert [(a.address, a.seconds is not None) for a in plain.addresses] == [
            ("::1", False),
            ("127.0.0.1", True),
        ]
        assert dead.reached is None
        assert (direct.alpn, direct.before) == ("xmpp-client", None)
        for place in (direct, plain):
            assert place.problem is None
            assert place.certificate is not None
            assert place.certificate.problem is None
            assert place.after is not None
            assert "SCRAM-SHA-256" in place.after.mechanisms
        assert plain.before is not None
        assert plain.before.starttls == "required"
        assert levels(facts)["srv.starttls"] is Level.OK

    async def test_without_records_the_domain_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def nowhere(host: str) -> list[str]:
            raise lookup_failed(host, socket.gaierror(socket.EAI_NONAME, "nobody"))

        monkeypatch.setattr("xmppshell.checkup.places.numeric_addresses", nowhere)
        facts = await looked_up({})
        assert (only(facts).host, only(facts).port) == ("example.org", 5222)
        assert only(facts).lookup is not None
        assert facts.starttls is not None
        assert facts.starttls.outcome is SrvOutcome.NO_RECORDS

    async def test_a_domain_that_offers_nothing(self) -> None:
        facts = await looked_up({PLAIN: ["0 0 0 ."], DIRECT: ["0 0 0 ."]})
        assert facts.places == ()
        assert not facts.reachable
        assert levels(facts)["srv.starttls"] is Level.FAILURE

    async def test_one_kind_of_tls_only(self) -> None:
        records = {PLAIN: ["0 0 1 127.0.0.1."], DIRECT: ["0 0 2 127.0.0.1."]}
        facts = await looked_up(records, tls=TlsMode.DIRECT)
        assert (only(facts).port, only(facts).direct_tls) == (2, True)

    async def test_many_places_have_an_end(self) -> None:
        facts = await looked_up({PLAIN: [f"0 0 {port} 127.0.0.1." for port in range(1, 13)]})
        assert len(facts.places) == 10
        assert facts.notes == ("2 more places were left out",)

    async def test_what_can_be_no_domain(self) -> None:
        with pytest.raises(ConnectionFailed):
            await examine(Plan(JID("", "a" * 64 + ".example", "")))


class TestStreams:
    async def test_a_server_without_tls(self) -> None:
        mechanisms = (
            b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
            b"</mechanisms></stream:features>"
        )
        async with plain_server(FEATURES + mechanisms) as port:
            facts = await examine(plan_at(port))
        assert only(facts).versions == ()
        found = levels(facts)
        assert found["starttls"] is Level.FAILURE
        assert found["sasl.before-tls.plain"] is Level.WARNING
        assert found["stream"] is Level.FAILURE

    async def test_a_server_that_sends_a_stream_error(self) -> None:
        error = (
            b"<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            b"</stream:error></stream:stream>"
        )
        async with plain_server(FEATURES.replace(b"<stream:features>", b"") + error) as port:
            facts = await examine(plan_at(port))
        assert only(facts).problem is not None
        assert "host-unknown" in only(facts).problem.what  # type: ignore[union-attr]

    async def test_a_server_that_is_silent(self) -> None:
        async with plain_server(b"") as port:
            facts = await examine(plan_at(port, timeout=0.2))
        assert "said nothing for 0.2 s" in only(facts).problem.what  # type: ignore[union-attr]
        assert facts.reachable

    async def test_starttls_that_is_not_required(self, tmp_path: Path) -> None:
        async with practice(tmp_path, tls=TlsOffer.OFFERED, domains=("example.org",)) as stand:
            facts = await examine(plan_at(stand.server.port, ca_file=str(stand.ca_file)))
        found = levels(facts)
        assert found["starttls"] is Level.WARNING
        assert found["sasl.before-tls.plain"] is Level.WARNING
        assert found["tls.1.3"] is Level.OK


class TestTls:
    async def test_each_flaw_of_a_certificate_and_all_behind_it(
        self, authority: trustme.CA, ca_file: str
    ) -> None:
        flaws = {
            "expired": certificate_shop.expired(authority, "example.org"),
            "not valid before": certificate_shop.not_yet_valid(authority, "example.org"),
            "not for example.org": certificate_shop.issued(authority, "other.example"),
            "self-signed": certificate_shop.only_xmpp_names("example.org"),
        }
        for words, settings in flaws.items():
            async with direct_server(settings) as port:
                facts = await examine(plan_at(port, tls=TlsMode.DIRECT, ca_file=ca_file))
            place = only(facts)
            assert place.certificate is not None
            assert place.certificate.problem is not None
            assert words in place.certificate.problem.what
            assert place.certificate.not_after is not None
            assert place.after is not None
            assert place.after.mechanisms == ("SCRAM-SHA-1",)
            assert levels(facts)["certificate"] is Level.FAILURE
            assert levels(replace(facts, insecure=True))["certificate"] is Level.WARNING

    async def test_the_versions_that_are_spoken(
        self, authority: trustme.CA, ca_file: str, tmp_path: Path
    ) -> None:
        """A server with TLS 1.0 and 1.1, behind STARTTLS."""
        key_file = tmp_path / "key.pem"
        authority.issue_cert("example.org").private_key_and_cert_chain_pem.write_to_path(key_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(key_file)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_2

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"xmlns:stream")
            await reader.readuntil(b">")
            offer = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
            writer.write(FEATURES + offer + b"</stream:features>")
            await reader.readuntil(b"/>")
            writer.write(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            await writer.start_tls(context)
            await reader.read()

        running = await asyncio.start_server(serve, "127.0.0.1", 0)
        running.get_loop().set_exception_handler(lambda loop, about: None)
        async with running:
            port = running.sockets[0].getsockname()[1]
            facts = await examine(plan_at(port, ca_file=ca_file, timeout=1.0))
        assert {trial.version: trial.acceptance for trial in only(facts).versions} == {
            "1.0": Acceptance.ACCEPTED,
            "1.1": Acceptance.ACCEPTED,
            "1.2": Acceptance.ACCEPTED,
            "1.3": Acceptance.REFUSED,
        }
        found = levels(facts)
        assert found["tls.1.0"] is Level.FAILURE
        assert found["tls.1.3"] is Level.WARNING

    async def test_a_ca_file_that_cannot_be_used_is_said_at_once(self, tmp_path: Path) -> None:
        async with practice(tmp_path, domains=("example.org",)) as stand:
            with pytest.raises(ConnectionFailed) as caught:
                await examine(plan_at(stand.server.port, ca_file=str(tmp_path / "nothing")))
        assert caught.value.kind == "file"


class TestSigningIn:
    def plan(self, port: int, **options: object) -> Plan:
        given = {"jid": JID.parse("juliet@example.org"), "password": PRACTICE_PASSWORD}
        return plan_at(port, **{**given, **options})

    async def test_what_is_offered_afterwards(self, tmp_path: Path) -> None:
        async with practice(tmp_path, domains=("example.org",)) as stand:
            facts = await examine(self.plan(stand.server.port, ca_file=str(stand.ca_file)))
        assert facts.login is not None
        assert facts.login.problem is None
        assert facts.login.mechanism.startswith("SCRAM-")
        assert facts.login.server_verified
        assert facts.login.after is not None
        assert facts.login.after.has("urn:ietf:params:xml:ns:xmpp-bind")

    async def test_a_wrong_password(self, tmp_path: Path) -> None:
        async with practice(tmp_path, domains=("example.org",)) as stand:
            plan = self.plan(stand.server.port, ca_file=str(stand.ca_file), password="guess")
            facts = await examine(plan)
        assert facts.login is not None
        assert facts.login.problem is not None
        assert "guess" not in repr(facts)
        assert levels(facts)["login"] is Level.FAILURE

    async def test_the_password_is_not_given_to_just_anybody(self, tmp_path: Path) -> None:
        async with practice(tmp_path, domains=("example.org",)) as stand:
            facts = await examine(self.plan(stand.server.port))
            assert facts.login is not None
            assert "no certificate is good" in facts.login.withheld
            assert not any("signed in" in note for note in stand.notes)
            facts = await examine(self.plan(stand.server.port, insecure=True))
            assert facts.login is not None
            assert facts.login.mechanism
            assert any("signed in" in note for note in stand.notes)


class TestHostMeta:
    async def test_a_websocket_that_is_named_and_not_there(
        self, authority: trustme.CA, ca_file: str, tmp_path: Path
    ) -> None:
        xrd = (
            b"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"
            b"<Link rel='urn:xmpp:alt-connections:websocket' href='wss://localhost:1"
            + PATH.encode()
            + b"'/></XRD>"
        )
        settings = certificate_shop.issued(authority, "localhost")
        async with https_site(settings, {"/.well-known/host-meta": xrd}) as site:
            plan = Plan(
                JID.parse("localhost"), port=1, ca_file=ca_file, host_meta_port=site.port, timeout=2
            )
            facts = await examine(plan)
        assert facts.host_meta is not None
        (websocket,) = facts.host_meta.websockets
        assert websocket.url == f"wss://localhost:1{PATH}"
        assert websocket.problem is not None
        assert levels(facts)["websocket"] is Level.FAILURE

    async def test_none_is_named(self, authority: trustme.CA, ca_file: str) -> None:
        settings = certificate_shop.issued(authority, "localhost")
        async with https_site(settings, {}) as site:
            plan = Plan(
                JID.parse("localhost"), port=1, ca_file=ca_file, host_meta_port=site.port, timeout=2
            )
            facts = await examine(plan)
        assert levels(facts)["host-meta"] is Level.NOTE


class TestOnRealServers:
    @pytest.mark.parametrize("direct", [False, True])
    async def test_what_they_offer(self, every_server: RealServer, direct: bool) -> None:
        plan = Plan(
            JID.parse("juliet@localhost"),
            "wherefore art thou",
            host=every_server.address,
            port=every_server.direct_tls_port if direct else every_server.c2s_port,
            tls=TlsMode.DIRECT if direct else TlsMode.STARTTLS,
            ca_file=str(every_server.ca_file),
            host_meta_port=every_server.https_port if every_server.host_meta_path else None,
        )
        facts = await examine(plan)
        place = only(facts)
        assert place.problem is None
        assert place.after is not None
        modern = every_server.name in ("prosody13", "ejabberd24")
        assert bool(place.after.sasl2) is modern
        assert (place.after.bindings is not None) is modern
        assert facts.login is not None
        assert facts.login.server_verified
        assert facts.login.after is not None
        assert facts.login.after.has("urn:xmpp:sm:3")
        assert facts.login.after.has("urn:xmpp:csi:0")
        found = levels(facts)
        assert Level.FAILURE not in found.values(), findings(facts)
        for code in ("tls.1.0", "tls.1.1", "tls.1.2", "tls.1.3", "certificate", "sasl", "sm"):
            assert found[code] is Level.OK, code
        if every_server.host_meta_path:
            assert found["websocket"] is Level.OK

    async def test_a_server_with_tls_1_2_alone(self, every_server_class: type[RealServer]) -> None:
        with every_server_class(tls_max="1.2") as server:  # type: ignore[call-arg]
            plan = Plan(
                JID.parse("localhost"),
                host=server.address,
                port=server.c2s_port,
                ca_file=str(server.ca_file),
            )
            found = levels(await examine(plan))
        assert found["tls.1.3"] is Level.WARNING
        assert found["tls.1.2"] is Level.OK

    async def test_a_server_that_lets_one_in_without_tls(
        self, real_server_class: type[RealServer]
    ) -> None:
        with real_server_class(require_encryption=False) as server:  # type: ignore[call-arg]
            plan = Plan(
                JID.parse("localhost"),
                host=server.address,
                port=server.c2s_port,
                ca_file=str(server.ca_file),
            )
            found = levels(await examine(plan))
        assert found["starttls"] is Level.WARNING
        assert found["sasl.before-tls.plain"] is Level.WARNING

    async def test_open_registration(self, every_server: RealServer) -> None:
        plan = Plan(
            JID.parse(every_server.registration_host),
            host=every_server.address,
            port=every_server.c2s_port,
            ca_file=str(every_server.ca_file),
        )
        assert levels(await examine(plan))["registration"] is Level.NOTE
