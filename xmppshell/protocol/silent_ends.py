"""What it means when a connection ends without a word, by where the stream stood."""

from __future__ import annotations

from typing import Final

from .problem import Problem
from .states import State


def silent_end(state: State) -> Problem:
    """Return what happened, why it usually does and what to try, for an end in `state`."""
    return _SILENT_ENDS.get(state) or Problem(
        f"the connection was closed without a word (state: {state.value})",
        "the server was stopped or killed, or the network path broke",
        "connect again; the server's log says more",
        "RFC 6120 4.4",
    )


_SILENT_ENDS: Final = {
    State.OPENING: Problem(
        "the server closed the connection before it said a stream header",
        "this port may want TLS from the first byte, or it is not XMPP at all",
        "try --tls direct, or another --port",
        "RFC 6120 4.2",
    ),
    State.OPENED: Problem(
        "the server closed the connection before it offered any features",
        "the server refused this client or is shutting down",
        "look at the server's log",
        "RFC 6120 4.3.2",
    ),
    State.HANDSHAKE: Problem(
        "the server closed the connection instead of starting TLS",
        "its certificate or key cannot be loaded",
        "look at the server's log",
        "RFC 6120 5.4.3",
    ),
    State.COMPONENT_OPENED: Problem(
        "the server closed the connection instead of waiting for the component's handshake",
        "the server refused this component or is shutting down",
        "look at the server's log",
        "XEP-0114 3",
    ),
    State.COMPONENT_PROVING: Problem(
        "the server closed the connection instead of answering the component's handshake",
        "some servers say nothing more when the secret is wrong",
        "compare the secrets; look at the server's log",
        "XEP-0114 3",
    ),
    State.SASL2: Problem(
        "the server closed the connection during authentication",
        "too many failed tries, or the server's account store is broken",
        "wait a minute and try again; look at the server's log; try without --sasl2",
        "XEP-0388",
    ),
    State.SASL: Problem(
        "the server closed the connection during authentication",
        "too many failed tries, or the server's account store is broken",
        "wait a minute and try again; look at the server's log",
        "RFC 6120 6.4.5",
    ),
}
