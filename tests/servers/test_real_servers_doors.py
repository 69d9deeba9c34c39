"""The other doors of the real servers: WebSocket, host-meta, registration, TLS 1.2 alone."""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import urllib.request

import pytest
from servers.raw_stream import (
    TIMEOUT,
    authenticate,
    features,
    read_until,
    starttls_socket,
    tls_socket,
)
from servers.real_server import RealServer

WITH_CERTIFICATES = [
    "ejabberd",
    pytest.param("ejabberd24", marks=pytest.mark.debian13),
    pytest.param("prosody13", marks=pytest.mark.debian13),
]
FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"


def upgrade(stream: socket.socket, url: str) -> str:
    """Ask for a WebSocket at `url` and give the head of the answer."""
    authority, path = re.fullmatch(r"wss?://([^/]+)(/.*)", url).groups()
    key = base64.b64encode(bytes(16)).decode()
    stream.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: xmpp\r\n\r\n".encode()
    )
    return read_until(stream, r"\r\n\r\n")


def send_text(stream: socket.socket, text: str) -> None:
    """Send one short text frame, masked with zeros (RFC 6455 section 5.2)."""
    data = text.encode()
    assert len(data) < 126
    stream.sendall(bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data)


def offered_over_websocket(stream: socket.socket, url: str) -> str:
    """Open a stream in a WebSocket and give what comes up to the end of the features."""
    assert " 101 " in upgrade(stream, url)
    send_text(stream, f"<open xmlns='{FRAMING}' to='localhost' version='1.0'/>")
    received = b""
    # Frame headers are not valid UTF-8, so that `read_until` cannot be used.
    while b"</stream:features>" not in received:
        piece = stream.recv(65536)
        assert piece, f"closed after {received!r}"
        received += piece
    return received.decode(errors="replace")


def test_a_websocket_takes_a_stream(every_server):
    address = every_server.address, every_server.http_port
    with socket.create_connection(address, TIMEOUT) as stream:
        offered = offered_over_websocket(stream, every_server.websocket_url)
    assert "<mechanism>SCRAM-SHA-256</mechanism>" in offered
    assert "urn:ietf:params:xml:ns:xmpp-tls" not in offered


def test_a_websocket_over_tls_takes_a_stream(every_server):
    with tls_socket(every_server, every_server.https_port) as stream:
        offered = offered_over_websocket(stream, every_server.websocket_tls_url)
    assert "<mechanism>SCRAM-SHA-256</mechanism>" in offered


def test_host_meta_names_the_websocket(every_server):
    if every_server.name == "prosody":
        assert every_server.host_meta_url is None
        return
    context = ssl.create_default_context(cafile=every_server.ca_file)

    def fetch(url: str) -> str:
        with urllib.request.urlopen(url, timeout=TIMEOUT, context=context) as answer:
            return answer.read().decode()

    url = every_server.websocket_tls_url
    assert f"href='{url}'" in fetch(every_server.host_meta_url)
    links = json.loads(fetch(f"{every_server.host_meta_url}.json"))["links"]
    assert {"rel": "urn:xmpp:alt-connections:websocket", "href": url} in links


def test_accounts_can_be_registered_on_one_domain(every_server):
    with tls_socket(every_server) as stream:
        offered = features(stream, every_server.registration_host)
        assert "http://jabber.org/features/iq-register" in offered
        stream.sendall(
            b"<iq type='set' id='r' xmlns='jabber:client'><query xmlns='jabber:iq:register'>"
            b"<username>tybalt</username><password>prince of cats</password></query></iq>"
        )
        answer = read_until(stream, r"<iq[^>]*/>|</iq>")
    assert re.search(r"type=['\"]result['\"]", answer), answer


def tls_versions(server: RealServer) -> set[str | None]:
    found = set()
    for port in (server.direct_tls_port, server.https_port):
        with tls_socket(server, port) as stream:
            found.add(stream.version())
    return found


def test_tls_1_3_is_what_comes_about(every_server):
    assert tls_versions(every_server) == {"TLSv1.3"}


def test_tls_1_3_can_be_left_out(every_server_class):
    with every_server_class(tls_max="1.2") as server:
        assert tls_versions(server) == {"TLSv1.2"}


def test_one_domain_lets_in_without_an_account(every_server):
    with tls_socket(every_server) as stream:
        assert "<mechanism>ANONYMOUS</mechanism>" in features(stream, every_server.anonymous_host)
        assert "<success" in authenticate(stream, "ANONYMOUS", b"")


@pytest.mark.parametrize("every_server_class", WITH_CERTIFICATES, indirect=True)
def test_clients_can_be_asked_for_certificates(every_server_class):
    with every_server_class(client_certificates=True) as server:
        for connect in (tls_socket, starttls_socket):
            with connect(server, certificate=server.client_certificate("juliet")) as stream:
                assert "<mechanism>EXTERNAL</mechanism>" in features(stream)
                assert "<success" in authenticate(stream, "EXTERNAL", b"")
        with tls_socket(server) as stream:
            features(stream)
            assert "<failure" in authenticate(stream, "EXTERNAL", b"")
