"""Signing in to real servers: every mechanism that they have, bound to TLS where they can."""

from __future__ import annotations

import pytest
from servers.debian13 import Prosody13
from servers.ejabberd import Ejabberd
from servers.prosody import Prosody
from servers.real_server import RealServer
from servers.requirement import require
from signing_in import refusal, signed_in

from xmppshell.network.discovery import TlsMode
from xmppshell.protocol.events import Authenticated
from xmppshell.protocol.jid import JID
from xmppshell.session import Session
from xmppshell.settings import Settings

SHA = ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"]


def settings_for(server: RealServer, **options: object) -> Settings:
    given: dict[str, object] = {
        "jid": JID.parse(f"juliet@{server.host}"),
        "password": server.accounts.get("juliet"),
        "port": server.c2s_port,
        "tls": TlsMode.STARTTLS,
    }
    return Settings(host=server.address, ca_file=str(server.ca_file), **{**given, **options})  # type: ignore[arg-type]


def list_verified(session: Session) -> bool:
    assert session.stream is not None
    exchange = session.stream.sasl_exchange
    assert exchange is not None
    return exchange.list_verified


# What everybody has.


async def test_plain_when_it_is_asked_for(every_server: RealServer) -> None:
    async with signed_in(settings_for(every_server, mechanism="PLAIN")) as (_, event):
        assert event == Authenticated("PLAIN", False, "juliet")


async def test_scram_without_channel_binding(every_server: RealServer) -> None:
    settings = settings_for(every_server, mechanism="SCRAM-SHA-256")
    async with signed_in(settings) as (_, event):
        assert event == Authenticated("SCRAM-SHA-256", True, "juliet")


async def test_guests(every_server: RealServer) -> None:
    settings = settings_for(
        every_server,
        jid=JID("", every_server.anonymous_host, ""),
        password=None,
        mechanism="ANONYMOUS",
    )
    async with signed_in(settings) as (session, event):
        assert event.mechanism == "ANONYMOUS"
        assert session.jid is not None
        assert session.jid.local


@pytest.mark.parametrize("mode", [TlsMode.STARTTLS, TlsMode.DIRECT])
async def test_tls_unique_on_tls_1_2(every_server: RealServer, mode: TlsMode) -> None:
    port = every_server.direct_tls_port if mode is TlsMode.DIRECT else every_server.c2s_port
    settings = settings_for(
        every_server, tls_version="1.2", tls=mode, port=port, channel_binding="tls-unique"
    )
    async with signed_in(settings) as (session, event):
        assert session.tls is not None
        assert session.tls.version == "TLS 1.2"
        assert event.mechanism.endswith("-PLUS")
        assert event.server_verified
        assert event.channel_binding == "tls-unique"


async def test_a_wrong_password_is_told_as_one(every_server: RealServer) -> None:
    told = await refusal(settings_for(every_server, password="guess"))
    assert "password" in told


# Debian 12.


@pytest.mark.parametrize("name", SHA)
async def test_ejabberd_has_every_hash(ejabberd: RealServer, name: str) -> None:
    async with signed_in(settings_for(ejabberd, mechanism=name)) as (_, event):
        assert event == Authenticated(name, True, "juliet")


async def test_prosody_has_the_hash_that_it_keeps(prosody: RealServer) -> None:
    require(Prosody)
    with Prosody(password_hash="SHA-1") as server:
        async with signed_in(settings_for(server)) as (_, event):
            assert event.mechanism == "SCRAM-SHA-1"


async def test_the_usual_way_to_prosody_says_y_and_is_let_in(prosody: RealServer) -> None:
    """On TLS 1.3 it offers no -PLUS: we could bind, and say so."""
    async with signed_in(settings_for(prosody)) as (session, event):
        assert event == Authenticated("SCRAM-SHA-256", True, "juliet")
        assert first_words(session).startswith(b"y,,n=juliet,")


async def test_the_usual_way_to_ejabberd_says_n_and_is_let_in(ejabberd: RealServer) -> None:
    """On TLS 1.3 it offers -PLUS for what RFC 9266 forbids: there is no binding, and no y."""
    async with signed_in(settings_for(ejabberd)) as (session, event):
        assert event == Authenticated("SCRAM-SHA-512", True, "juliet")
        assert first_words(session).startswith(b"n,,n=juliet,")


def first_words(session: Session) -> bytes:
    assert session.stream is not None
    exchange = session.stream.sasl_exchange
    assert exchange is not None
    return exchange.payloads[0].data


async def test_prosody_is_bound_by_tls_unique_where_it_announces_nothing(
    prosody: RealServer,
) -> None:
    async with signed_in(settings_for(prosody, tls_version="1.2")) as (_, event):
        assert event.mechanism == "SCRAM-SHA-256-PLUS"
        assert event.channel_binding == "tls-unique"


async def test_prosody_has_no_plus_on_tls_1_3_and_that_is_said(prosody: RealServer) -> None:
    told = await refusal(settings_for(prosody, mechanism="SCRAM-SHA-256-PLUS"))
    assert told.startswith("the server does not offer SCRAM-SHA-256-PLUS, which was asked for: ")
    told = await refusal(settings_for(prosody, channel_binding="tls-exporter"))
    assert told == "channel binding was asked for, and the server offers no -PLUS mechanism"


async def test_ejabberd_takes_no_tls_exporter_and_that_is_said(ejabberd: RealServer) -> None:
    told = await refusal(settings_for(ejabberd, mechanism="SCRAM-SHA-256-PLUS"))
    assert told == "the server does not accept the channel binding tls-exporter"


async def test_tls_unique_is_not_used_on_tls_1_3_though_ejabberd_would_take_it(
    ejabberd: RealServer,
) -> None:
    told = await refusal(settings_for(ejabberd, channel_binding="tls-unique"))
    assert told == "the channel binding tls-unique cannot be had on this connection"


async def test_a_client_certificate(every_server_class: type[RealServer]) -> None:
    if not issubclass(every_server_class, Ejabberd | Prosody13):
        pytest.skip("Prosody 0.12 has no module for certificates")
    with every_server_class(client_certificates=True) as server:
        settings = settings_for(
            server, password=None, client_cert=str(server.client_certificate("juliet"))
        )
        async with signed_in(settings) as (session, event):
            assert event == Authenticated("EXTERNAL", False, "juliet")
            assert session.jid is not None
            assert session.jid.local == "juliet"
        other = settings_for(
            server, password=None, client_cert=str(server.client_certificate("romeo"))
        )
        assert await refusal(other) == (
            "the server does not take the client certificate for this account"
        )


# Debian 13.


@pytest.mark.parametrize("name", ["SCRAM-SHA-256-PLUS", None])
async def test_tls_exporter_on_prosody(prosody13: RealServer, name: str | None) -> None:
    settings = settings_for(prosody13, mechanism=name, channel_binding="tls-exporter")
    async with signed_in(settings) as (session, event):
        assert session.tls is not None
        assert session.tls.version == "TLS 1.3"
        assert event == Authenticated(
            "SCRAM-SHA-256-PLUS", True, "juliet", channel_binding="tls-exporter"
        )
        assert list_verified(session)


async def test_the_list_of_mechanisms_is_verified(modern_server: RealServer) -> None:
    async with signed_in(settings_for(modern_server)) as (session, _):
        assert list_verified(session)
    async with signed_in(settings_for(modern_server, mechanism="SCRAM-SHA-256")) as (session, _):
        assert list_verified(session)


async def test_a_list_that_was_changed_on_the_way_is_refused(
    modern_server: RealServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xmppshell.protocol.stream import Stream

    real = Stream.receive_data

    def without_plus(self: Stream, data: bytes) -> object:
        return real(self, data.replace(b"<mechanism>PLAIN</mechanism>", b""))

    monkeypatch.setattr(Stream, "receive_data", without_plus)
    assert await refusal(settings_for(modern_server)) == (
        "the list of mechanisms or channel bindings was changed on its way from the server"
    )


@pytest.mark.parametrize("kind", ["tls-exporter", "tls-server-end-point"])
@pytest.mark.parametrize("mode", [TlsMode.STARTTLS, TlsMode.DIRECT])
async def test_both_bindings_of_tls_1_3(
    modern_server: RealServer, kind: str, mode: TlsMode
) -> None:
    direct = mode is TlsMode.DIRECT
    port = modern_server.direct_tls_port if direct else modern_server.c2s_port
    settings = settings_for(modern_server, channel_binding=kind, tls=mode, port=port)
    async with signed_in(settings) as (_, event):
        assert event.mechanism.endswith("-PLUS")
        assert event.channel_binding == kind
        assert event.server_verified


async def test_the_usual_way_is_bound_to_the_certificate(modern_server: RealServer) -> None:
    async with signed_in(settings_for(modern_server)) as (_, event):
        assert event.mechanism.endswith("-PLUS")
        assert event.channel_binding == "tls-server-end-point"


async def test_a_token_for_prosody(prosody13: RealServer) -> None:
    assert isinstance(prosody13, Prosody13)
    token = prosody13.oauth_token("juliet")
    settings = settings_for(prosody13, mechanism="OAUTHBEARER", password=token)
    async with signed_in(settings) as (_, event):
        assert event == Authenticated("OAUTHBEARER", False, "juliet")
    told = await refusal(settings_for(prosody13, mechanism="OAUTHBEARER", password="nonsense"))
    assert told.startswith("the server refused the token: ")
