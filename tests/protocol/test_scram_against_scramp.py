"""Our SCRAM against scramp, which others wrote: both ways, and the preparation of text."""

from __future__ import annotations

import os

import pytest
import scramp
from hypothesis import given, settings
from hypothesis import strategies as st
from linked_streams import TestAccounts
from scramp.utils import saslprep as their_saslprep

from xmppshell.protocol.channel import ChannelBinding
from xmppshell.protocol.credentials import Credentials
from xmppshell.protocol.mechanisms.scram import ScramClient, ScramServer
from xmppshell.protocol.mechanisms.scram_sums import DIGESTS, server_keys
from xmppshell.protocol.saslprep import saslprep

NAMES = sorted(DIGESTS)
PREPARED = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(
    lambda text: ours(text) not in (None, "")
)


def ours(text: str) -> str | None:
    try:
        return saslprep(text)
    except ValueError:
        return None


def theirs(text: str) -> str | None:
    try:
        return str(their_saslprep(text))
    except scramp.ScramException:
        return None


@given(st.text())
@settings(max_examples=400)
def test_text_is_prepared_alike(text: str) -> None:
    assert ours(text) == theirs(text)


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        # The examples of RFC 4013 3.
        ("I\N{SOFT HYPHEN}X", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\N{FEMININE ORDINAL INDICATOR}", "a"),
        ("\N{ROMAN NUMERAL NINE}", "IX"),
        ("\N{BELL}", None),
        ("\N{ARABIC LETTER ALEF}1", None),
        ("", ""),
    ],
)
def test_the_examples_of_the_rfc(text: str, prepared: str | None) -> None:
    assert ours(text) == prepared


@pytest.mark.parametrize("name", NAMES)
@given(username=PREPARED, password=PREPARED)
@settings(max_examples=15, deadline=None)
def test_our_client_and_their_server(name: str, username: str, password: str) -> None:
    mechanism = scramp.ScramMechanism(name)
    known = mechanism.make_auth_info(password, iteration_count=4096)
    server = mechanism.make_server(lambda _: known)
    client = ScramClient(name, Credentials(username, password))
    first = client.first()
    assert first is not None
    server.set_client_first(first.decode())
    final = client.respond(server.get_server_first().encode())
    server.set_client_final(final.decode())
    assert client.finish(server.get_server_final().encode())


@pytest.mark.parametrize("name", NAMES)
@given(username=PREPARED, password=PREPARED)
@settings(max_examples=15, deadline=None)
def test_their_client_and_our_server(name: str, username: str, password: str) -> None:
    class Accounts(TestAccounts):
        def scram_keys(
            self, username: str, mechanism: str
        ) -> tuple[bytes, bytes, bytes, int] | None:
            return server_keys(mechanism, password, os.urandom(16), 4096)

    server = ScramServer(name, Accounts())
    client = scramp.ScramClient([name], username, password)
    first = server.receive(client.get_client_first().encode()).data
    assert first is not None
    client.set_server_first(first.decode())
    reply = server.receive(client.get_client_final().encode())
    assert reply.done
    assert reply.data is not None
    client.set_server_final(reply.data.decode())
    assert server.username == saslprep(username)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["tls-unique", "tls-server-end-point"])
def test_channel_binding(name: str, kind: str) -> None:
    mechanism = scramp.ScramMechanism(f"{name}-PLUS")
    known = mechanism.make_auth_info("pencil", iteration_count=4096)
    server = mechanism.make_server(lambda _: known, channel_binding=(kind, b"data"))
    binding = ChannelBinding(kind, b"data")
    client = ScramClient(f"{name}-PLUS", Credentials("user", "pencil"), binding=binding)
    first = client.first()
    assert first is not None
    server.set_client_first(first.decode())
    final = client.respond(server.get_server_first().encode())
    server.set_client_final(final.decode())
    assert client.finish(server.get_server_final().encode())
