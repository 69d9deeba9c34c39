"""Everything that can go wrong with a connection, told to a person.

Each function turns the error of a library into a `ConnectionFailed`: what happened, the usual
cause, what to try. Text that the peer chose is passed on as it is; whoever prints it escapes it.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xmppshell.protocol.problem import Problem, ProblemError

from .certificates import CertificateFacts, Flaw, describe
from .hostname import host_and_port

if TYPE_CHECKING:
    import ssl


class ConnectionFailed(ProblemError):
    """A connection that could not be made, secured or kept.

    `kind` is "dns", "refused", "timeout", "unreachable", "reset", "eof", "closed", "listen",
    "file", "tls", "alpn", "certificate", "websocket", "host-meta" or "route" (choices that do not
    go together).
    """

    def __init__(self, kind: str, problem: Problem) -> None:
        super().__init__(problem)
        self.kind = kind


def bad_name(name: str) -> ConnectionFailed:
    """Return the failure for a `name` that cannot be a host name."""
    return ConnectionFailed(
        "dns",
        Problem(
            what=f"{name!r} cannot be the name of a host",
            cause="a part of it is empty, too long, or has characters that names cannot have",
            cure="check the domain of the JID, or the host given (--host)",
        ),
    )


def not_offered(domain: str, *, direct_tls: bool) -> ConnectionFailed:
    """Return the failure for a `domain` whose SRV record says that there is no such service."""
    service = "direct TLS for XMPP clients" if direct_tls else "XMPP to clients"
    return ConnectionFailed(
        "dns",
        Problem(
            what=f'{domain} says in DNS that it does not offer {service} (SRV target ".")',
            cause="the domain has no XMPP server, or does not offer this kind of connection",
            cure="check the JID's domain; --host names a server in spite of DNS",
            reference="RFC 6120 3.2.1",
        ),
    )


def lookup_failed(host: str, error: OSError) -> ConnectionFailed:
    """Return the failure for a `host` whose addresses cannot be found."""
    if error.errno in _NO_SUCH_HOST:
        return ConnectionFailed(
            "dns",
            Problem(
                what=f"there is no host named {host}",
                cause="the name is misspelled, or it has no address in DNS",
                cure="check the domain of the JID, or name the server with --host",
            ),
        )
    return ConnectionFailed(
        "dns",
        Problem(
            what=f"the address of {host} could not be looked up: {error.strerror or error}",
            cause="there is no network, or the name servers do not answer",
            cure="check the network, or give an IP address with --host",
        ),
    )


# EAI_NODATA is not everywhere.
_NO_SUCH_HOST = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


def connect_failed(host: str, port: int, errors: Sequence[OSError]) -> ConnectionFailed:
    """Return the failure for a `host` none of whose addresses took a connection."""
    where = host_and_port(host, port)
    error = min(errors, key=_telling)
    if error.errno == errno.ECONNREFUSED:
        return ConnectionFailed(
            "refused",
            Problem(
                what=f"{where} refused the connection",
                cause="the host is up, but no server listens on that port",
                cure="check that the server runs and the port is right (--host, --port)",
            ),
        )
    if error.errno == errno.ETIMEDOUT:
        return connect_timed_out(host, port)
    if error.errno in _UNREACHABLE:
        return ConnectionFailed(
            "unreachable",
            Problem(
                what=f"{where} cannot be reached: {error.strerror}",
                cause="this machine has no network, or no route there",
                cure="check the network, a VPN, or the address (--host)",
            ),
        )
    return _by_errno("unreachable", f"the connection to {where} failed", error)


_UNREACHABLE = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)
_UNINFORMATIVE = _UNREACHABLE | {errno.EAFNOSUPPORT, errno.EINVAL}


def _telling(error: OSError) -> int:
    """Rank errors of several addresses: the lowest tells most about the server."""
    if error.errno == errno.ECONNREFUSED:
        return 0
    return 2 if error.errno in _UNINFORMATIVE else 1


def connect_timed_out(host: str, port: int, seconds: float | None = None) -> ConnectionFailed:
    """Return the failure for a host that did not answer (within `seconds`)."""
    within = "" if seconds is None else f" within {seconds:g} s"
    return ConnectionFailed(
        "timeout",
        Problem(
            what=f"{host_and_port(host, port)} did not answer{within}",
            cause="a firewall drops the packets, or the host is down",
            cure="check host and port, or try another network: some block this port",
        ),
    )


def lost(error: OSError) -> ConnectionFailed:
    """Return the failure for an established connection that broke with `error`."""
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return ConnectionFailed(
            "reset",
            Problem(
                what="the peer cut the connection (TCP reset)",
                cause="the server was stopped or crashed, or a firewall between cut it",
                cure="connect again; the server's log may say why",
            ),
        )
    if error.errno == errno.ETIMEDOUT:
        return ConnectionFailed(
            "timeout",
            Problem(
                what="the connection was lost: the peer stopped answering",
                cause="the network changed, or the peer's machine is gone",
                cure="check the network and connect again",
            ),
        )
    return _by_errno("reset", "the connection was lost", error)


def closed() -> ConnectionFailed:
    """Return the failure for using a connection that this side has closed."""
    return ConnectionFailed(
        "closed",
        Problem(
            what="the connection is closed",
            cause="it was closed on this side, so nothing can be sent any more",
            cure="connect again",
        ),
    )


def handshake_timed_out(seconds: float) -> ConnectionFailed:
    """Return the failure for a peer that did not finish the TLS handshake within `seconds`."""
    return ConnectionFailed(
        "timeout",
        Problem(
            what=f"the TLS handshake was not finished within {seconds:g} s",
            cause="the port expects no TLS yet (it wants STARTTLS), or the network is bad",
            cure="try --tls starttls if this was direct TLS, or another port",
        ),
    )


def handshake_cut() -> ConnectionFailed:
    """Return the failure for a peer that closed in the middle of the TLS handshake."""
    return ConnectionFailed(
        "eof",
        Problem(
            what="the peer closed the connection in the middle of the TLS handshake",
            cause="the port expects no TLS yet (it wants STARTTLS), or the server has no "
            "certificate for this domain",
            cure="try --tls starttls if this was direct TLS; the server's log says more",
        ),
    )


def tls_failed(error: ssl.SSLError, *, handshake: bool) -> ConnectionFailed:
    """Return the failure for an `error` of TLS, other than a certificate that was not accepted.

    `handshake` is false if TLS was already up.
    """
    # `error.reason` is None for what Python's own table does not have; the message is always there.
    reason = re.sub(r"^\[.*?\]\s*|\s*\(_ssl\.c:\d+\)$", "", str(error.args[-1]))
    if "record layer failure" in reason:
        # Newer OpenSSL says so of both: of what never was TLS, and of TLS that was damaged later.
        reason = "wrong version number" if handshake else "bad record mac"
    for needles, kind, problem in _TLS_FAILURES:
        if any(needle in reason for needle in needles):
            return ConnectionFailed(kind, problem)
    when = "the TLS handshake failed" if handshake else "TLS failed"
    return ConnectionFailed(
        "tls",
        Problem(
            what=f"{when}: {reason}",
            cause="the two TLS libraries do not agree; the words are OpenSSL's",
            cure="the server's log may say more; openssl s_client -starttls xmpp shows the details",
        ),
    )


# OpenSSL's messages, by parts that are the same in all its versions; "alert" stands in those that
# the peer sent. The first that fits counts.
_TLS_FAILURES = (
    (
        ("no application protocol",),
        "alpn",
        Problem(
            what="the server has no XMPP on this port: it refused the protocol xmpp-client (ALPN)",
            cause="the port belongs to another service, such as a web server",
            cure="check host and port, or try --tls starttls on port 5222",
            reference="XEP-0368",
        ),
    ),
    (
        ("wrong version number", "http request", "packet length too long"),
        "tls",
        Problem(
            what="what the peer sent is not TLS",
            cause="the port expects no TLS yet: it wants STARTTLS, as port 5222 does",
            cure="try --tls starttls, or the port for direct TLS, often 5223",
        ),
    ),
    (
        ("protocol version", "unsupported protocol", "no protocols available"),
        "tls",
        Problem(
            what="the two sides have no version of TLS in common",
            cause="one side still has only TLS 1.1 or older, or one side wants TLS 1.3 only",
            cure="the old side needs an update: TLS before 1.2 must not be used",
            reference="RFC 8996",
        ),
    ),
    (
        ("unrecognized name",),
        "tls",
        Problem(
            what="the server does not know this domain (TLS alert unrecognized_name)",
            cause="the JID's domain is misspelled, or the server has no certificate for it",
            cure="check the domain of the JID and where it leads (--host)",
        ),
    ),
    (
        ("certificate required",),
        "tls",
        Problem(
            what="the server wants a client certificate and was given none",
            cause="it accepts only clients that it knows by certificate",
            cure="ask whoever runs the server",
        ),
    ),
    (
        (
            "alert unknown ca",
            "alert bad certificate",
            "alert certificate",
            "alert unsupported cert",
        ),
        "tls",
        Problem(
            what="the peer did not accept the certificate that this side showed",
            cause="it does not trust the issuer, or the certificate is not for the name it asked "
            "for, or has expired",
            cure="the peer has to trust the issuer, or this side needs another certificate",
        ),
    ),
    (
        ("no shared cipher", "handshake failure", "no suitable", "no ciphers"),
        "tls",
        Problem(
            what="the two sides could not agree on how to encrypt",
            cause="they have no cipher in common, or the server has no certificate for the domain",
            cure="check the domain of the JID; the server's log says more",
        ),
    ),
    (
        ("bad record mac", "decryption failed"),
        "tls",
        Problem(
            what="what arrived over TLS was damaged or altered on the way",
            cause="something between changes the bytes, or one side's TLS is broken",
            cure="connect again, if possible by another network",
        ),
    ),
)


def certificate_failed(
    flaw: Flaw, name: str, certificate: CertificateFacts, detail: str
) -> ConnectionFailed:
    """Return the failure for the peer's `certificate` that is not accepted for the domain `name`.

    `detail` is how the TLS library puts it.
    """
    cause, cure = _CERTIFICATE_ADVICE.get(flaw, ("", _ASK_THE_OPERATOR))
    if flaw is Flaw.WRONG_NAME and any(":" in each and name in each for each in certificate.names):
        cause = (
            "it names the domain only in a form of XMPP's own (xmppAddr, SRVName), which TLS "
            "libraries do not check"
        )
        cure = f"the certificate needs {name} as a DNS name too; {_INSECURE}"
    return ConnectionFailed(
        "certificate",
        Problem(
            what=describe(flaw, name, certificate, detail),
            cause=cause,
            cure=cure,
            reference="RFC 6120 13.7.2",
        ),
    )


_INSECURE = "--insecure skips the check, for one's own server on a private network only"
_ASK_THE_OPERATOR = f"tell whoever runs the server; {_INSECURE}"
_TRUST = f"if you know the server, name its certificate or authority: --ca-file FILE; {_INSECURE}"

_CERTIFICATE_ADVICE = {
    Flaw.SELF_SIGNED: (
        "a server fresh from installation has such a certificate; an impostor would too",
        _TRUST,
    ),
    Flaw.UNKNOWN_ISSUER: (
        "a private authority signed it, or the server does not send the certificates between its "
        "own and the authority's",
        _TRUST,
    ),
    Flaw.EXPIRED: (
        "its renewal failed, or the server was not reloaded after it; or this machine's clock is "
        "wrong",
        f"check the clock here; {_ASK_THE_OPERATOR}",
    ),
    Flaw.NOT_YET_VALID: (
        "this machine's clock is wrong, or the server's was when the certificate was made",
        f"check the clock here; {_ASK_THE_OPERATOR}",
    ),
    Flaw.WRONG_NAME: (
        "the server has no certificate for the domain of the JID, which is what counts, whatever "
        "the name of the machine; or this is another server",
        f"check the JID's domain and where it leads (--host); {_ASK_THE_OPERATOR}",
    ),
    Flaw.REVOKED: (
        "its key may be in the wrong hands",
        "do not connect; tell whoever runs the server",
    ),
}


def bad_file(what: str, path: str, error: OSError) -> ConnectionFailed:
    """Return the failure for a file of certificates or keys that cannot be used."""
    reason = error.strerror or str(error)
    return ConnectionFailed(
        "file",
        Problem(
            what=f"the {what} {path} cannot be used: {reason}",
            cause="the path is wrong, the file is not readable, or it is not PEM",
            cure="check path and permissions; a PEM file has lines such as "
            "-----BEGIN CERTIFICATE-----",
        ),
    )


def locked_key(path: str) -> ConnectionFailed:
    """Return the failure for a private key that needs a password."""
    return ConnectionFailed(
        "file",
        Problem(
            what=f"the private key in {path} is protected by a password",
            cause="keys are read without asking, so that nothing waits for a terminal",
            cure="give a key without one, readable by you only: openssl pkey -in KEY -out PLAIN",
        ),
    )


def listen_failed(address: str, port: int, error: OSError) -> ConnectionFailed:
    """Return the failure for an address and port that a server cannot listen on."""
    advice = {
        errno.EADDRINUSE: (
            "another program, perhaps another copy of this one, already listens there",
            "stop it, or choose another port (0 takes any free one)",
        ),
        errno.EACCES: (
            "ports below 1024 are for the administrator",
            "choose a higher port",
        ),
        errno.EADDRNOTAVAIL: (
            "this machine has no such address",
            "listen on 127.0.0.1, or on an address that this machine has",
        ),
    }
    cause, cure = advice.get(error.errno or 0, ("", "choose another address or port"))
    # asyncio puts its own sentence where the system's words belong.
    reason = os.strerror(error.errno) if error.errno else str(error)
    return ConnectionFailed(
        "listen",
        Problem(f"cannot listen on {host_and_port(address, port)}: {reason}", cause, cure),
    )


def _by_errno(kind: str, what: str, error: OSError) -> ConnectionFailed:
    return ConnectionFailed(
        kind,
        Problem(
            what=f"{what}: {error.strerror or error}",
            cause="the words are the operating system's",
            cure="check the network and try again",
        ),
    )
