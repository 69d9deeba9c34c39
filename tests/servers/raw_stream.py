"""Streams over plain sockets, written out by hand, to see what a server of the tests offers."""

from __future__ import annotations

import base64
import re
import socket
import ssl
from pathlib import Path

from servers.real_server import RealServer

TIMEOUT = 30.0


def header(to: str = "localhost", sender: str = "", namespace: str = "jabber:client") -> bytes:
    """Write a stream header, with `from` where a sender is given."""
    named = f" from='{sender}'" if sender else ""
    return (
        f"<?xml version='1.0'?><stream:stream to='{to}'{named} version='1.0' xmlns='{namespace}'"
        " xmlns:stream='http://etherx.jabber.org/streams'>"
    ).encode()


def read_until(stream: socket.socket, pattern: str) -> str:
    """Read what the server sends up to and including `pattern`."""
    received = b""
    while not re.search(pattern, received.decode(errors="replace")):
        piece = stream.recv(65536)
        assert piece, f"closed after {received!r}"
        received += piece
    return received.decode()


def features(stream: socket.socket, to: str = "localhost", sender: str = "") -> str:
    """Open a stream and give the stream features."""
    stream.sendall(header(to, sender))
    return read_until(stream, r"</stream:features>|<stream:features/>")


def plain_socket(server: RealServer) -> socket.socket:
    """Connect to the port that offers STARTTLS."""
    return socket.create_connection((server.address, server.c2s_port), timeout=TIMEOUT)


def tls_socket(
    server: RealServer, port: int | None = None, certificate: Path | None = None
) -> ssl.SSLSocket:
    """Connect to `port`, by default that of direct TLS, begin with TLS and verify the server."""
    address = server.address, port or server.direct_tls_port
    return _begin_tls(server, socket.create_connection(address, timeout=TIMEOUT), certificate)


def starttls_socket(server: RealServer, certificate: Path | None = None) -> ssl.SSLSocket:
    """Connect to the port that offers STARTTLS, make use of it, and verify the server."""
    stream = plain_socket(server)
    features(stream)
    stream.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    read_until(stream, r"<proceed[^>]*/>|</proceed>")
    return _begin_tls(server, stream, certificate)


def authenticate(stream: socket.socket, mechanism: str, message: bytes) -> str:
    """Offer a mechanism with its first message and give the server's answer."""
    namespace = "urn:ietf:params:xml:ns:xmpp-sasl"
    # An empty message is written as an equals sign (RFC 6120 section 6.4.2).
    text = base64.b64encode(message).decode() or "="
    stream.sendall(f"<auth xmlns='{namespace}' mechanism='{mechanism}'>{text}</auth>".encode())
    return read_until(stream, r"<success[^>]*/>|</success>|</failure>|</challenge>")


def sign_in(stream: socket.socket, user: str, password: str) -> str:
    """Offer PLAIN and give the server's answer."""
    return authenticate(stream, "PLAIN", f"\0{user}\0{password}".encode())


def _begin_tls(server: RealServer, raw: socket.socket, certificate: Path | None) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=server.ca_file)
    if certificate is not None:
        context.load_cert_chain(certificate)
    return context.wrap_socket(raw, server_hostname=server.host)
