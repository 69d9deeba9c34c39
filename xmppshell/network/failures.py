"""Everything that can go wrong with a connection, told to a person.

Each function turns the error of a library into a `ConnectionFailed`: what happened, the usual
cause, what to try. Text that the peer chose is passed on as it is; whoever prints it escapes it.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from xmppshell.protocol.problem import Problem, ProblemError

from .hostname import host_and_port

if TYPE_CHECKING:
    import ssl

    from .certificates import CertificateFacts


class ConnectionFailed(ProblemError):
    """A connection that could not be made, secured or kept.

    `kind` is "dns", "refused", "timeout", "unreachable", "reset", "eof", "closed", "listen",
    "file", "tls", "alpn" or "certificate".
    """

    def __init__(self, kind: str, problem: Problem) -> None:
        super().__init__(problem)
        self.kind = kind


def bad_name(name: str) -> ConnectionFailed:
    """Return the failure for a `name` that cannot be a host name."""
    return ConnectionFailed("dns", Problem(what=f"{name!r} cannot be a host name"))


def lookup_failed(host: str, error: OSError) -> ConnectionFailed:
    """Return the failure for a `host` whose addresses cannot be found."""
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return ConnectionFailed(
            "dns",
            Problem(
                what=f"the address of {host} could not be looked up: the name servers do not answer",
                cause="there is no network, or the name servers are down",
                cure="check the network, or give an IP address with --host",
            ),
        )
    return ConnectionFailed(
        "dns",
        Problem(
            what=f"there is no host named {host}",
            cause="the name is misspelled, or it has no address in DNS",
            cure="check the domain of the JID, or name the server with --host",
        ),
    )


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
    return _by_errno(f"the connection to {where} failed", error)


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
    return _by_errno("the connection was lost", error)


def closed() -> ConnectionFailed:
    """Return the failure for using a connection that this side has closed."""
    return ConnectionFailed("closed", Problem(what="the connection is closed"))


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
    """Return the failure for an `error` of TLS, other than a certificate that was not accepted."""
    when = "the TLS handshake failed" if handshake else "TLS failed"
    return ConnectionFailed("tls", Problem(what=f"{when}: {error.reason or error}"))


def certificate_failed(
    code: int, message: str, name: str, certificate: CertificateFacts | None
) -> ConnectionFailed:
    """Return the failure for a peer's certificate that is not good for `name`.

    `code` and `message` are OpenSSL's verification result; `certificate` is what was shown.
    """
    return ConnectionFailed(
        "certificate", Problem(what=f"the certificate is not good for {name}: {message}")
    )


def bad_file(what: str, path: str, error: OSError) -> ConnectionFailed:
    """Return the failure for a file of certificates or keys that cannot be used."""
    reason = error.strerror or str(error)
    return ConnectionFailed("file", Problem(what=f"{what} {path} cannot be used: {reason}"))


def locked_key(path: str) -> ConnectionFailed:
    """Return the failure for a private key that needs a password."""
    return ConnectionFailed(
        "file",
        Problem(
            what=f"the private key in {path} is protected by a password",
            cure="give a key without one, readable by you only: openssl pkey -in KEY -out PLAIN",
        ),
    )


def listen_failed(address: str, port: int, error: OSError) -> ConnectionFailed:
    """Return the failure for an address and port that a server cannot listen on."""
    return _by_errno(f"cannot listen on {host_and_port(address, port)}", error, "listen")


def _by_errno(what: str, error: OSError, kind: str = "unreachable") -> ConnectionFailed:
    return ConnectionFailed(kind, Problem(what=f"{what}: {error.strerror or error}"))
