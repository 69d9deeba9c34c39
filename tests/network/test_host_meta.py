"""Looking for a WebSocket by host-meta, against HTTPS servers on loopback."""

from __future__ import annotations

from pathlib import Path

import certificate_shop as shop
import pytest
import trustme
from web_servers import https_site

from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.host_meta import MAX_BYTES, find_websockets
from xmppshell.network.tls import ServerTlsSettings, TlsSettings

XML, JSON = "/.well-known/host-meta", "/.well-known/host-meta.json"
RELATION = "urn:xmpp:alt-connections:websocket"
XRD = (
    "<?xml version='1.0' encoding='utf-8'?>"
    "<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"
    "<Link rel='urn:xmpp:alt-connections:xbosh' href='https://localhost/bosh'/>"
    f"<Link rel='{RELATION}' href='wss://localhost/one?a&amp;b'/>"
    f"<Link rel='{RELATION}' href='wss://localhost/two'/>"
    f"<Link rel='{RELATION}'/></XRD>"
).encode()
JRD = (
    '{"links": [{"rel": "urn:xmpp:alt-connections:xbosh", "href": "https://localhost/bosh"},'
    f' {{"rel": "{RELATION}", "href": "wss://localhost/json"}},'
    f' {{"rel": "{RELATION}", "href": 7}}, "odd"]}}'
).encode()
EMPTY = b"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'/>"


@pytest.fixture(scope="module")
def good(authority: trustme.CA) -> ServerTlsSettings:
    return shop.issued(authority, "localhost")


async def find(port: int, ca_file: str | None, **options: object) -> list[str]:
    settings = TlsSettings(ca_file=ca_file, **options)  # type: ignore[arg-type]
    return await find_websockets("localhost", settings, port=port, timeout=5)


async def test_the_xml_form(good: ServerTlsSettings, ca_file: str) -> None:
    async with https_site(good, {XML: XRD, JSON: JRD}) as site:
        found = await find(site.port, ca_file)
    assert found == ["wss://localhost/one?a&b", "wss://localhost/two"]
    assert site.asked == [XML]


@pytest.mark.parametrize("xml", [EMPTY, b"not xml", ("404 Not Found", "")])
async def test_the_json_form_where_the_other_has_nothing(
    good: ServerTlsSettings, ca_file: str, xml: bytes | tuple[str, str]
) -> None:
    async with https_site(good, {XML: xml, JSON: JRD}) as site:
        assert await find(site.port, ca_file) == ["wss://localhost/json"]
    assert site.asked == [XML, JSON]


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ({}, ["404 Not Found"]),
        ({XML: EMPTY, JSON: b'{"links": []}'}, ["host-meta has none", "host-meta.json has none"]),
        ({XML: b"<XRD>", JSON: b"{"}, ["not well-formed XML", "not JSON"]),
        ({JSON: b"[1]"}, ["host-meta.json has none"]),
        ({JSON: b'{"links": {}}'}, ["host-meta.json has none"]),
        ({XML: b" " * (MAX_BYTES + 1)}, ["larger than"]),
        ({XML: ("302 Found", "http://localhost/x")}, ["leads off TLS, to http://localhost/x"]),
        ({XML: ("302 Found", XML)}, ["302"]),
    ],
)
async def test_nothing_to_be_found_is_told_in_detail(
    good: ServerTlsSettings, ca_file: str, pages: dict[str, bytes], words: list[str]
) -> None:
    async with https_site(good, pages) as site:
        with pytest.raises(ConnectionFailed) as caught:
            await find(site.port, ca_file)
    assert caught.value.kind == "host-meta"
    for word in words:
        assert word in caught.value.problem.what


async def test_a_redirect_is_followed_over_tls(good: ServerTlsSettings, ca_file: str) -> None:
    async with https_site(good, {XML: ("301 Moved", "/elsewhere"), "/elsewhere": XRD}) as site:
        assert len(await find(site.port, ca_file)) == 2
    assert site.asked == [XML, "/elsewhere"]


async def test_entities_are_not_read_from_files(
    good: ServerTlsSettings, ca_file: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("wherefore")
    entity = f"<!DOCTYPE XRD [<!ENTITY x SYSTEM '{secret.as_uri()}'>]><XRD ".encode()
    hostile = XRD.replace(b"<XRD ", entity, 1).replace(b"/two", b"/&x;")
    async with https_site(good, {XML: hostile}) as site:
        try:
            found = await find(site.port, ca_file)
        except ConnectionFailed as failure:
            found = [failure.problem.what]
    assert not any("wherefore" in each for each in found)


class TestCertificates:
    async def failure(self, settings: ServerTlsSettings, ca_file: str) -> ConnectionFailed:
        async with https_site(settings, {XML: XRD}) as site:
            with pytest.raises(ConnectionFailed) as caught:
                await find(site.port, ca_file)
            assert site.asked == []
        return caught.value

    async def test_an_unknown_authority(self, ca_file: str) -> None:
        failure = await self.failure(shop.issued(trustme.CA(), "localhost"), ca_file)
        assert failure.kind == "certificate"

    async def test_another_name(self, authority: trustme.CA, ca_file: str) -> None:
        failure = await self.failure(shop.issued(authority, "other.example"), ca_file)
        assert failure.kind == "certificate"
        assert "localhost" in failure.problem.what

    async def test_an_expired_one(self, authority: trustme.CA, ca_file: str) -> None:
        failure = await self.failure(shop.expired(authority, "localhost"), ca_file)
        assert failure.kind == "certificate"

    async def test_the_check_can_be_switched_off(self) -> None:
        async with https_site(shop.issued(trustme.CA(), "localhost"), {XML: XRD}) as site:
            assert len(await find(site.port, None, insecure=True)) == 2


async def test_no_server_is_asked_once(ca_file: str) -> None:
    from servers.real_server import free_ports

    with pytest.raises(ConnectionFailed) as caught:
        await find(free_ports(1)[0], ca_file)
    assert caught.value.kind == "host-meta"
    assert caught.value.problem.what.count("https://") == 1


async def test_a_name_that_is_none() -> None:
    with pytest.raises(ConnectionFailed) as caught:
        await find_websockets("a..b", TlsSettings())
    assert caught.value.kind == "dns"


async def test_a_proxy_of_the_environment_is_not_used(
    good: ServerTlsSettings, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    async with https_site(good, {XML: XRD}) as site:
        assert len(await find(site.port, ca_file)) == 2
