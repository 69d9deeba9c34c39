"""The HT-* mechanisms, each end alone and against the other."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from xmppshell.protocol.channel import ChannelBinding
from xmppshell.protocol.credentials import FastToken
from xmppshell.protocol.mechanisms import SaslRefusedError
from xmppshell.protocol.mechanisms.hashed_token import (
    HashedTokenClient,
    HashedTokenServer,
    best_of,
    parts_of,
)

SECRET = "secret-token:abc"
TOKEN = FastToken("HT-SHA-256-NONE", SECRET, "2030-01-01T00:00:00Z")


def server(
    *tokens: str, name: str = "HT-SHA-256-NONE", binding: bytes = b""
) -> tuple[HashedTokenServer, list[str]]:
    asked: list[str] = []

    def tokens_of(username: str) -> tuple[str, ...]:
        asked.append(username)
        return tokens

    return HashedTokenServer(name, tokens_of, binding), asked


def test_the_first_message_is_name_and_hmac_of_the_token() -> None:
    client = HashedTokenClient("juliet", TOKEN)
    mac = hmac.new(SECRET.encode(), b"Initiator", hashlib.sha256).digest()
    assert client.first() == b"juliet\0" + mac


def test_both_ends_agree_and_prove_themselves() -> None:
    client = HashedTokenClient("juliet", TOKEN)
    end, asked = server("another", SECRET)
    reply = end.receive(client.first())
    assert reply.done
    assert end.username == "juliet"
    assert end.token == SECRET
    assert asked == ["juliet"]
    assert client.finish(reply.data)


def test_a_binding_counts_for_both_proofs() -> None:
    token = FastToken("HT-SHA-512-EXPR", SECRET, "")
    client = HashedTokenClient("juliet", token, ChannelBinding("tls-exporter", b"this channel"))
    end, _ = server(SECRET, name="HT-SHA-512-EXPR", binding=b"this channel")
    assert client.finish(end.receive(client.first()).data)
    relayed, _ = server(SECRET, name="HT-SHA-512-EXPR", binding=b"another channel")
    with pytest.raises(SaslRefusedError) as error:
        relayed.receive(client.first())
    assert error.value.condition == "not-authorized"


def test_a_token_of_another_mechanism_is_no_good() -> None:
    client = HashedTokenClient("juliet", FastToken("HT-SHA-512-NONE", SECRET, ""))
    end, _ = server(SECRET)
    with pytest.raises(SaslRefusedError):
        end.receive(client.first())


@pytest.mark.parametrize("data", [None, b"", b"x" * 32])
def test_a_server_that_does_not_know_the_token_is_refused(data: bytes | None) -> None:
    with pytest.raises(SaslRefusedError) as error:
        HashedTokenClient("juliet", TOKEN).finish(data)
    assert "without proving" in error.value.problem.what


def test_the_servers_proof_is_not_the_clients() -> None:
    client = HashedTokenClient("juliet", TOKEN)
    with pytest.raises(SaslRefusedError):
        client.finish(client.first().partition(b"\0")[2])


def test_a_challenge_is_refused() -> None:
    with pytest.raises(SaslRefusedError):
        HashedTokenClient("juliet", TOKEN).respond(b"")


@pytest.mark.parametrize("message", [b"", b"juliet", b"\0mac", b"\xff\0mac"])
def test_a_message_of_another_form_is_malformed(message: bytes) -> None:
    end, _ = server(SECRET)
    with pytest.raises(SaslRefusedError) as error:
        end.receive(message)
    assert error.value.condition == "malformed-request"


@pytest.mark.parametrize("tokens", [(), ("another",)])
def test_an_unknown_token_is_not_authorized(tokens: tuple[str, ...]) -> None:
    end, _ = server(*tokens)
    with pytest.raises(SaslRefusedError) as error:
        end.receive(HashedTokenClient("juliet", TOKEN).first())
    assert error.value.condition == "not-authorized"


@pytest.mark.parametrize(
    ("offered", "bindings", "best"),
    [
        (["HT-SHA-256-NONE", "HT-SHA-256-EXPR"], {"tls-exporter"}, "HT-SHA-256-EXPR"),
        (["HT-SHA-256-NONE", "HT-SHA-256-EXPR"], set(), "HT-SHA-256-NONE"),
        (["HT-SHA-512-NONE", "HT-SHA-256-NONE"], set(), "HT-SHA-256-NONE"),
        (
            ["HT-SHA-256-NONE", "HT-SHA-512-ENDP"],
            {"tls-server-end-point"},
            "HT-SHA-512-ENDP",
        ),
        (["HT-SHA-256-EXPR"], set(), None),
        (["SCRAM-SHA-256", "HT-BLAKE-NONE"], {"tls-exporter"}, None),
        ([], set(), None),
    ],
)
def test_a_mechanism_that_binds_is_better(
    offered: list[str], bindings: set[str], best: str | None
) -> None:
    assert best_of(offered, bindings) == best


@pytest.mark.parametrize("name", ["HT-SHA-256", "HT-MD5-NONE", "HT-SHA-256-WHAT", "PLAIN"])
def test_other_names_have_no_parts(name: str) -> None:
    assert parts_of(name) is None


def test_a_token_shows_nothing_of_itself() -> None:
    assert repr(TOKEN) == "FastToken(mechanism='HT-SHA-256-NONE')"
    assert SECRET not in repr(HashedTokenClient("juliet", TOKEN))
