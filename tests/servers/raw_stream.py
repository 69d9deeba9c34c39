"""Streams over plain sockets, written out by hand, to see what a server of the tests offers."""

from __future__ import annotations

import base64
import re
import socket
import ssl

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


def tls_socket(server: RealServer, port: int | None = None) -> ssl.SSLSocket:
    """Connect to `port`, by default that of direct TLS, begin with TLS and verify the server."""
    context = ssl.create_default_context(cafile=server.ca_file)
    address = server.address, port or server.direct_tls_port
    raw = socket.create_connection(address, timeout=TIMEOUT)
    return context.wrap_socket(raw, server_hostname=server.host)


def sign_in(stream: socket.socket, user: str, password: str) -> str:
    """Offer PLAIN and give the server's answer."""
    message = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    namespace = "urn:ietf:params:xml:ns:xmpp-sasl"
    stream.sendall(f"<auth xmlns='{namespace}' mechanism='PLAIN'>{message}</auth>".encode())
    return read_until(stream, r"<success[^>]*/>|</success>|</failure>")
