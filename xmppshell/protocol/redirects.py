"""Servers that send their clients elsewhere: see-other-host (RFC 6120 4.9.3.19), see-other-uri.

A redirect is an offer of the peer, who may be anybody: it is read here, and followed only if the
user says so. Wherever it leads, the domain to verify stays the one that the user wanted.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from .jid import shown
from .problem import Problem, ProblemError
from .xml import Context, XmlError, parse_element

MAX_REDIRECTS: Final = 5
"""How many redirects in a row are followed; the RFC asks for a limit of 2 to 5."""

_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\[\]]+\]|[^\s:\[\]/@]+)(?::(?P<port>[0-9]{1,5}))?")
_WEBSOCKET_URI = re.compile(r"wss?://[^\s/@]+(?:/\S*)?", re.I)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where a server wants its client: `host` and `port` (None: the default), or `uri`.

    The host is without brackets, the URI one of WebSocket. `direct_tls` is what the connection
    had that led here: TLS from the first byte.
    """

    host: str = ""
    port: int | None = None
    uri: str = ""
    direct_tls: bool = False

    @property
    def target(self) -> str:
        """The place in one piece, as a person writes it."""
        if self.uri:
            return self.uri
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def options(self) -> str:
        """The options of the command line that lead there."""
        if self.uri:
            return f"--websocket {self.uri}"
        return f"--host {self.host}" + ("" if self.port is None else f" --port {self.port}")


class RedirectError(ProblemError):
    """A redirect that is not followed."""


def parse_host(text: str) -> Redirect | None:
    """Return the redirect that the text of `<see-other-host/>` names, or None.

    It is a host name or an IP address, with or without a port; IPv6 stands in brackets.
    """
    text = text.strip()
    if _is_ipv6(text):
        return Redirect(text)
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        return None
    host = match["host"]
    if host.startswith("["):
        host = host[1:-1]
        if not _is_ipv6(host):
            return None
    port = None if match["port"] is None else int(match["port"])
    if port is not None and not 0 < port < 65536:
        return None
    return Redirect(host, port)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def see_other_uri(close: bytes) -> str | None:
    """Return the `see-other-uri` of a `<close/>` element, None if there is none."""
    try:
        return parse_element(close, Context({})).get("see-other-uri")
    except XmlError:
        return None


def parse_uri(text: str, *, secured: bool) -> Redirect | None:
    """Return the redirect to the WebSocket URI `text`, or None if it cannot be followed.

    Whoever came over TLS is not led off it (RFC 7395 3.6.1).
    """
    if _WEBSOCKET_URI.fullmatch(text) is None:
        return None
    if secured and not text.lower().startswith("wss:"):
        return None
    return Redirect(uri=text)


def host_problem(text: str, redirect: Redirect | None, domain: str) -> Problem:
    """Return what to tell about a see-other-host that says `text`."""
    reference = "RFC 6120 4.9.3.19"
    if redirect is None:
        return Problem(
            f"the server sends this client to another host, but names none: {shown(text)}",
            "the stream error see-other-host has to carry a host, and may carry a port",
            "whoever runs the server has to correct it; --host tries another",
            reference,
        )
    return Problem(
        f"the server sends this client to another host: {redirect.target} (see-other-host)",
        "load is shared out or the service moves; it was not followed, since anybody on the way "
        "can say so before TLS",
        f"{_offer(redirect)}; the certificate must still be for {domain}",
        reference,
    )


def uri_problem(text: str, redirect: Redirect | None) -> Problem:
    """Return what to tell about a see-other-uri that says `text`."""
    reference = "RFC 7395 3.6.1"
    if redirect is None:
        return Problem(
            f"the server sends this client to {shown(text)}, where it must not go (see-other-uri)",
            "this is not the address of a WebSocket, or one without TLS while this one has it",
            "whoever runs the server has to correct it",
            reference,
        )
    return Problem(
        f"the server sends this client to another WebSocket: {redirect.uri} (see-other-uri)",
        "load is shared out or the service moves; it was not followed without asking",
        _offer(redirect),
        reference,
    )


def _offer(redirect: Redirect) -> str:
    return f"/follow goes there, on the command line {redirect.options}"


def check(redirect: Redirect, followed: tuple[str, ...]) -> None:
    """Raise RedirectError if `redirect` leads in a circle, or the way is too long.

    `followed` are the targets of the redirects before it, in order.
    """
    way = " → ".join([*followed, redirect.target])
    if redirect.target in followed:
        raise RedirectError(
            Problem(
                f"the redirects lead in a circle: {way}",
                "the servers do not agree which of them is responsible",
                "tell whoever runs them; --host tries another",
                "RFC 6120 4.9.3.19",
            )
        )
    if len(followed) >= MAX_REDIRECTS:
        raise RedirectError(
            Problem(
                f"{len(followed)} redirects were followed, and the next one is not: {way}",
                "servers that send on and on are broken, or somebody plays with them",
                "tell whoever runs them; --host tries another",
                "RFC 6120 4.9.3.19",
            )
        )
