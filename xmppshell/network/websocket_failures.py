"""What can go wrong with a WebSocket and with looking for one, told to a person.

As in `failures`, text that the peer chose is passed on as it is; whoever prints it escapes it.
"""

from __future__ import annotations

from xmppshell.protocol.problem import Problem

from .failures import ConnectionFailed


def bad_url(url: str, reason: str) -> ConnectionFailed:
    """Return the failure for a `url` that cannot be the address of a WebSocket."""
    return ConnectionFailed(
        "websocket",
        Problem(
            f"{url} is not the address of a WebSocket: {reason}",
            "such an address begins with wss:// and names a host, as a server's manual says",
            "write it like wss://example.org/xmpp-websocket, or --websocket auto to look for it",
            "RFC 6455 3",
        ),
    )


def unencrypted_url(url: str) -> ConnectionFailed:
    """Return the failure for a `url` of ws:// where nobody asked for a stream in the clear."""
    return ConnectionFailed(
        "websocket",
        Problem(
            f"{url} is not encrypted, and nothing secret is sent without TLS",
            "ws:// is to wss:// what http:// is to https://",
            "use wss://; --tls none goes on unencrypted, on this machine only",
            "RFC 7395 3.9",
        ),
    )


def refused(url: str, status: int, reason: str, location: str | None) -> ConnectionFailed:
    """Return the failure for a web server that answers with an HTTP status instead.

    `location` is where it wants its client to go, if anywhere.
    """
    cause, cure = _STATUS_ADVICE.get(
        status, ("the server refused the request", "the server's log says more")
    )
    if location is not None:
        cause = f"it sends its clients on to {location}, which is not followed"
        cure = "if you trust that address, give it to --websocket, beginning with wss://"
    said = f"{status} {reason}".strip()
    return ConnectionFailed(
        "websocket",
        Problem(f"{url} is no WebSocket: the server answers {said}", cause, cure, "RFC 6455 4.1"),
    )


_CHECK_PATH = "check the path: /xmpp-websocket with Prosody, /ws or /websocket with ejabberd"
_STATUS_ADVICE = {
    200: ("an ordinary web page is there", _CHECK_PATH),
    400: ("the server took the request for an ordinary one, or for no good one", _CHECK_PATH),
    403: ("the server lets nobody in there, or not by this host name", _CHECK_PATH),
    404: ("there is nothing at this path, or not under this host name", _CHECK_PATH),
    426: ("an older WebSocket protocol is expected there", "the server needs an update"),
    501: ("a page that expects another protocol is there", _CHECK_PATH),
    502: ("the web server in front runs, the XMPP server behind it does not", "try again later"),
    503: ("the web server in front runs, the XMPP server behind it does not", "try again later"),
    504: ("the web server in front runs, the XMPP server behind it does not", "try again later"),
}


def not_http(url: str, detail: str) -> ConnectionFailed:
    """Return the failure for a peer whose answer is not HTTP, or not a proper one."""
    return ConnectionFailed(
        "websocket",
        Problem(
            f"what answers at {url} does not speak WebSocket: {detail}",
            "another service is at this port; one for XMPP over TCP, for example",
            "check host and port of --websocket",
            "RFC 6455 4.1",
        ),
    )


def no_subprotocol(url: str) -> ConnectionFailed:
    """Return the failure for a WebSocket that does not speak XMPP."""
    return ConnectionFailed(
        "websocket",
        Problem(
            f"there is a WebSocket at {url}, but it does not agree to speak XMPP",
            "the server did not choose the subprotocol xmpp: this is another service",
            _CHECK_PATH,
            "RFC 7395 3.1",
        ),
    )


def timed_out(url: str, seconds: float) -> ConnectionFailed:
    """Return the failure for a peer that did not agree to a WebSocket within `seconds`."""
    return ConnectionFailed(
        "timeout",
        Problem(
            f"{url} did not answer the WebSocket handshake within {seconds:g} s",
            "something else is at this port, or a proxy between holds the request back",
            "check host and port of --websocket",
        ),
    )


def closed_with(code: int, reason: str) -> ConnectionFailed:
    """Return the failure for a peer that closed the WebSocket with `code` and `reason`."""
    meaning, cause = _CLOSE_CODES.get(code, ("a code of its own", ""))
    said = f': "{reason}"' if reason else ""
    return ConnectionFailed(
        "closed",
        Problem(
            f"the server closed the WebSocket with {code}, {meaning}{said}",
            cause,
            "look at what was sent last; the server's log says more",
            "RFC 6455 7.4.1",
        ),
    )


_CLOSE_CODES = {
    1002: ("protocol error", "the server found the WebSocket framing broken"),
    1003: ("unsupported data", "the server takes text messages only"),
    1007: ("invalid data", "a message was not UTF-8"),
    1008: ("policy violation", "a message broke a rule of the server"),
    1009: ("message too big", "a message was larger than the server takes"),
    1011: ("internal error", "the server met with a fault of its own"),
    1012: ("service restart", "the server restarts"),
    1013: ("try again later", "the server has too much to do"),
    1014: ("bad gateway", "the web server in front does not reach the XMPP server"),
}


def broken(detail: str) -> ConnectionFailed:
    """Return the failure for a peer that breaks the rules of WebSocket; `detail` says how."""
    return ConnectionFailed(
        "websocket",
        Problem(
            f"what the peer sent is not WebSocket any more: {detail}",
            "the server or a proxy between is broken; the words are the library's",
            "connect again, if possible by another network",
            "RFC 6455 5",
        ),
    )


def too_large(limit: int) -> ConnectionFailed:
    """Return the failure for a message of more than `limit` bytes."""
    return ConnectionFailed(
        "websocket",
        Problem(
            f"the peer sent a WebSocket message of more than {limit:,} bytes",
            "an enormous stanza, or somebody who means harm",
            "connect again",
            "RFC 6455 10.4",
        ),
    )


def binary() -> ConnectionFailed:
    """Return the failure for a message that is not text."""
    return ConnectionFailed(
        "websocket",
        Problem(
            "the peer sent a binary WebSocket message",
            "XMPP is text; this is another service, or a broken server",
            "check --websocket",
            "RFC 7395 3.2",
        ),
    )


def none_found(domain: str, detail: str) -> ConnectionFailed:
    """Return the failure for a `domain` that names no WebSocket; `detail` says what was seen."""
    return ConnectionFailed(
        "host-meta",
        Problem(
            f"{domain} names no WebSocket for XMPP: {detail}",
            "the domain offers none, or has no host-meta file, which not every server makes",
            f"ask whoever runs {domain}, and give the address: --websocket wss://...",
            "XEP-0156",
        ),
    )
