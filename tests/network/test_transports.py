"""Which way leads to a wire: TCP, a component's port, a WebSocket given or found."""

from __future__ import annotations

import certificate_shop as shop
import pytest
import trustme
from servers.real_server import free_ports
from web_servers import PATH, echo, https_site, serving, websocket_server

from xmppshell.network import host_meta, transports
from xmppshell.network.discovery import Target, TlsMode
from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.tcp import Wire
from xmppshell.network.tls import ServerTlsSettings, TlsSettings
from xmppshell.network.transports import Dialler, Route, Transport
from xmppshell.protocol import dialects
from xmppshell.protocol.events import ConnectAttemptFailed, Connected, Connecting, Event, Notice

XML = "/.well-known/host-meta"


@pytest.fixture(scope="module")
def good(authority: trustme.CA) -> ServerTlsSettings:
    return shop.issued(authority, "localhost")


class Journey:
    """One dialling, with what it told and where it did TLS."""

    def __init__(self, ca_file: str | None = None, **route: object) -> None:
        self.events: list[Event] = []
        self.secured: list[tuple[str, tuple[str, ...]]] = []
        self._settings = TlsSettings(ca_file=ca_file)
        given = {"domain": "localhost", "ca_file": ca_file, "timeout": 5.0, **route}
        self.route = Route(**given)  # type: ignore[arg-type]

    async def secure(self, wire: Wire, name: str, alpn: tuple[str, ...]) -> None:
        self.secured.append((name, alpn))
        await wire.start_tls(self._settings, name)

    async def dial(self) -> Transport:
        transport = await Dialler(self.route, self.events.append, self.secure).dial()
        await transport.wire.close(abort=True)
        return transport

    async def failure(self) -> ConnectionFailed:
        with pytest.raises(ConnectionFailed) as caught:
            await self.dial()
        return caught.value

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def warnings(self) -> list[str]:
        return [e.text for e in self.events if isinstance(e, Notice) and e.warning]


async def wait(wire: Wire) -> None:
    while await wire.read():
        pass


def tls_then_wait(settings: ServerTlsSettings):
    async def serve(wire: Wire) -> None:
        await wire.start_tls(settings, "", server_side=True)
        await wait(wire)

    return serve


class TestChoices:
    @pytest.mark.parametrize(
        ("choices", "words"),
        [
            ({"websocket": "auto", "host": "h"}, "do not go with --websocket"),
            ({"websocket": "wss://x/", "port": 5222}, "do not go with --websocket"),
            ({"websocket": "wss://x/", "component": True}, "does not go by WebSocket"),
            ({"tls": TlsMode.STARTTLS, "component": True}, "does not use STARTTLS"),
        ],
    )
    async def test_what_does_not_go_together(self, choices: dict[str, object], words: str) -> None:
        journey = Journey(**choices)
        failure = await journey.failure()
        assert failure.kind == "route"
        assert words in failure.problem.what
        assert journey.events == []


class TestTcp:
    async def test_starttls_is_for_later(self) -> None:
        async with serving(wait) as listener:
            journey = Journey(port=listener.port)
            transport = await journey.dial()
        assert transport.starttls
        assert transport.dialect is dialects.CLIENT
        assert journey.secured == []
        assert journey.warnings == []
        assert [type(event) for event in journey.events] == [Connecting, Connected]

    async def test_direct_tls_comes_first(self, good: ServerTlsSettings, ca_file: str) -> None:
        async with serving(tls_then_wait(good)) as listener:
            journey = Journey(ca_file, port=listener.port, tls=TlsMode.DIRECT)
            transport = await journey.dial()
        assert not transport.starttls
        assert transport.wire.tls is not None
        assert journey.secured == [("localhost", ("xmpp-client",))]

    async def test_none_at_all_is_warned_of(self) -> None:
        async with serving(wait) as listener:
            journey = Journey(port=listener.port, tls=TlsMode.NONE)
            transport = await journey.dial()
        assert not transport.starttls
        assert journey.warnings == [
            "unencrypted, as asked: anyone on the way can read and change it"
        ]

    async def test_a_bad_certificate_ends_the_search(
        self, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, ca_file: str
    ) -> None:
        async with serving(tls_then_wait(shop.issued(authority, "other"))) as listener:
            target = Target("127.0.0.1", listener.port, direct_tls=True, why="")

            async def two(*_: object, **__: object) -> list[Target]:
                return [target, target]

            monkeypatch.setattr(transports, "discover", two)
            journey = Journey(ca_file)
            assert (await journey.failure()).kind == "certificate"
        assert len(journey.secured) == 1

    async def test_a_refusal_leads_to_the_next(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with serving(wait) as listener:

            async def two(*_: object, **__: object) -> list[Target]:
                ports = (free_ports(1)[0], listener.port)
                return [Target("127.0.0.1", port, direct_tls=False, why="") for port in ports]

            monkeypatch.setattr(transports, "discover", two)
            journey = Journey()
            await journey.dial()
        assert len(journey.told(ConnectAttemptFailed)) == 1
        assert len(journey.told(Connected)) == 1


class TestComponents:
    async def test_plain_tcp_without_starttls(self) -> None:
        async with serving(wait) as listener:
            journey = Journey(domain="c.localhost", port=listener.port, component=True)
            transport = await journey.dial()
        assert transport.dialect is dialects.COMPONENT
        assert not transport.starttls
        assert journey.warnings == []
        (notice,) = journey.told(Notice)
        assert notice == Notice("unencrypted, as components usually are")

    async def test_direct_tls_where_it_is_asked_for(
        self, authority: trustme.CA, ca_file: str
    ) -> None:
        settings = shop.issued(authority, "c.localhost")
        settings = ServerTlsSettings(settings.cert_pem, settings.key_pem, alpn=())
        async with serving(tls_then_wait(settings)) as listener:
            journey = Journey(
                ca_file,
                domain="c.localhost",
                port=listener.port,
                component=True,
                tls=TlsMode.DIRECT,
            )
            await journey.dial()
        assert journey.secured == [("c.localhost", ())]
        assert journey.told(Notice) == []

    async def test_the_port_and_the_host_by_custom(self) -> None:
        journey = Journey(domain="c.localhost", component=True)
        target = Dialler(journey.route, journey.events.append, journey.secure)._component_target()
        assert (target.host, target.port, target.direct_tls) == ("localhost", 5347, False)


class TestWebSocket:
    async def test_an_address_that_was_given(self, good: ServerTlsSettings, ca_file: str) -> None:
        async with websocket_server(echo, good) as listener:
            address = f"wss://localhost:{listener.port}{PATH}"
            journey = Journey(ca_file, websocket=address)
            transport = await journey.dial()
        assert transport.dialect is dialects.WEBSOCKET
        assert not transport.starttls
        assert transport.wire.tls is not None
        assert journey.secured == [("localhost", ("http/1.1",))]
        (connecting,) = journey.told(Connecting)
        assert isinstance(connecting, Connecting)
        assert connecting.why == f"{address}, as given"

    async def test_the_certificate_is_for_the_address(
        self, authority: trustme.CA, ca_file: str
    ) -> None:
        async with websocket_server(echo, shop.issued(authority, "other")) as listener:
            journey = Journey(ca_file, websocket=f"wss://localhost:{listener.port}{PATH}")
            assert (await journey.failure()).kind == "certificate"
        assert len(journey.told(ConnectAttemptFailed)) == 1

    async def test_without_tls_only_for_the_brave(self) -> None:
        async with websocket_server(echo) as listener:
            address = f"ws://localhost:{listener.port}{PATH}"
            refused = Journey(websocket=address)
            assert "--tls none" in (await refused.failure()).problem.cure
            assert refused.events == []
            brave = Journey(websocket=address, tls=TlsMode.NONE)
            await brave.dial()
        assert len(brave.warnings) == 1

    async def test_a_refused_handshake_is_told_and_the_wire_closed(self) -> None:
        gone = []

        async def web(wire: Wire) -> None:
            await wire.read()
            wire.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            try:
                await wait(wire)
            finally:
                gone.append(True)

        async with serving(web) as listener:
            address = f"ws://localhost:{listener.port}/x"
            journey = Journey(websocket=address, tls=TlsMode.NONE)
            assert "404" in (await journey.failure()).problem.what
        assert gone == [True]
        assert len(journey.told(ConnectAttemptFailed)) == 1


class TestHostMeta:
    def page(self, *addresses: str) -> dict[str, bytes]:
        links = "".join(
            f"<Link rel='urn:xmpp:alt-connections:websocket' href='{address}'/>"
            for address in addresses
        )
        xrd = f"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>{links}</XRD>"
        return {XML: xrd.encode()}

    async def test_an_address_that_was_found(
        self, good: ServerTlsSettings, ca_file: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with websocket_server(echo, good) as listener:
            address = f"wss://localhost:{listener.port}{PATH}"
            plain = f"ws://localhost:{listener.port}{PATH}"
            async with https_site(good, self.page(plain, address)) as site:
                monkeypatch.setattr(host_meta, "HTTPS_PORT", site.port)
                journey = Journey(ca_file, websocket="auto")
                transport = await journey.dial()
        assert transport.wire.tls is not None
        (connecting,) = journey.told(Connecting)
        assert isinstance(connecting, Connecting)
        assert connecting.why == f"{address}, host-meta of localhost"

    async def test_none_is_an_error_when_it_was_asked_for(
        self, good: ServerTlsSettings, ca_file: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with https_site(good, {}) as site:
            monkeypatch.setattr(host_meta, "HTTPS_PORT", site.port)
            assert (await Journey(ca_file, websocket="auto").failure()).kind == "host-meta"


class TestFallback:
    @pytest.fixture(autouse=True)
    def no_tcp(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let DNS lead to a port where nobody listens, and localhost be like any domain."""

        async def refused(*_: object, **__: object) -> list[Target]:
            return [Target("127.0.0.1", free_ports(1)[0], direct_tls=False, why="")]

        monkeypatch.setattr(transports, "discover", refused)
        monkeypatch.setattr(transports, "is_localhost", lambda domain: False)

    async def test_a_websocket_where_tcp_cannot_be_had(
        self, good: ServerTlsSettings, ca_file: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with websocket_server(echo, good) as listener:
            page = TestHostMeta().page(f"wss://localhost:{listener.port}{PATH}")
            async with https_site(good, page) as site:
                monkeypatch.setattr(host_meta, "HTTPS_PORT", site.port)
                journey = Journey(ca_file)
                transport = await journey.dial()
        assert transport.dialect is dialects.WEBSOCKET
        (notice,) = journey.told(Notice)
        assert isinstance(notice, Notice)
        assert "TCP cannot be had" in notice.text

    async def test_where_there_is_none_the_failure_of_tcp_counts(
        self, good: ServerTlsSettings, ca_file: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with https_site(good, {}) as site:
            monkeypatch.setattr(host_meta, "HTTPS_PORT", site.port)
            journey = Journey(ca_file)
            assert (await journey.failure()).kind == "refused"
        assert len(journey.told(Notice)) == 2

    @pytest.mark.parametrize(
        "chosen",
        [
            {"host": "127.0.0.1"},
            {"port": 5222},
            {"tls": TlsMode.STARTTLS},
            {"domain": "127.0.0.1"},
        ],
    )
    async def test_a_way_that_was_chosen_is_the_only_one(self, chosen: dict[str, object]) -> None:
        journey = Journey(**chosen)
        assert (await journey.failure()).kind == "refused"
        assert journey.told(Notice) == []

    async def test_localhost_has_no_other_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()
        assert not Route("localhost").may_fall_back
        assert not Route("component.example", component=True).may_fall_back
        assert Route("example.org").may_fall_back
