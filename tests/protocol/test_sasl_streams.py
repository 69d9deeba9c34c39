"""SASL on two joined cores: channel bindings, typed exchanges, and what is kept of an exchange."""

from __future__ import annotations

import base64

import pytest
from linked_streams import JULIET, PASSWORD, TOKEN, Link, client_stream, server_stream

from xmppshell.protocol.channel import Channel, ChannelBinding
from xmppshell.protocol.credentials import Credentials
from xmppshell.protocol.events import Authenticated, AuthenticationFailed
from xmppshell.protocol.jid import JID
from xmppshell.protocol.mechanisms import MECHANISMS, PREFERENCE, Advertised
from xmppshell.protocol.mechanisms.scram import ScramClient
from xmppshell.protocol.moves import GiveUp, Send
from xmppshell.protocol.sasl_exchange import HIDDEN, without_secrets
from xmppshell.protocol.states import Speaker, State
from xmppshell.protocol.stream import Stream

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
EXPORTER = ChannelBinding("tls-exporter", b"the same at both ends")
END_POINT = ChannelBinding("tls-server-end-point", b"hash")
BOTH = Channel((EXPORTER, END_POINT))
WITH_CERTIFICATE = Channel((END_POINT,), certificate_shown=True)
KNOWN_CLIENT = Channel((END_POINT,), ("juliet@localhost",))


def linked(
    channels: tuple[Channel, Channel] = (BOTH, BOTH),
    *,
    mechanisms: tuple[str, ...] = MECHANISMS,
    password: str | None = PASSWORD,
    jid: JID = JULIET,
    server: dict[str, object] | None = None,
    **options: object,
) -> Link:
    client = client_stream(password, jid=jid, **options)
    return Link(client, server_stream(mechanisms=mechanisms, **(server or {})), channels=channels)  # type: ignore[arg-type]


def signed_in(link: Link) -> Authenticated:
    link.run()
    assert link.ends["client"].online, link.moves["client"][-2:]
    assert link.ends["server"].online
    (event,) = link.seen("client", Authenticated)
    assert isinstance(event, Authenticated)
    return event


def gave_up(link: Link) -> str:
    link.run()
    assert not link.ends["client"].authenticated
    (move,) = [move for move in link.moves["client"] if isinstance(move, GiveUp)][:1]
    assert move.problem is not None
    return move.problem.what


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class TestMechanisms:
    @pytest.mark.parametrize("name", [name for name in PREFERENCE if name.endswith("-PLUS")])
    @pytest.mark.parametrize("binding", ["tls-exporter", "tls-server-end-point"])
    def test_channel_binding(self, name: str, binding: str) -> None:
        event = signed_in(linked(mechanism=name, channel_binding=binding))
        assert event == Authenticated(name, True, "juliet", channel_binding=binding)

    def test_the_strongest_with_the_best_binding_is_the_choice(self) -> None:
        event = signed_in(linked())
        assert (event.mechanism, event.channel_binding) == ("SCRAM-SHA-512-PLUS", "tls-exporter")

    def test_direct_tls_binds_as_well(self) -> None:
        client = client_stream(secured=True, tls=False)
        server = server_stream(secured=True, mechanisms=PREFERENCE)
        client.channel = server.channel = BOTH
        assert signed_in(Link(client, server)).channel_binding == "tls-exporter"

    def test_an_exchange_passed_on_from_another_connection_fails(self) -> None:
        other = Channel((ChannelBinding("tls-exporter", b"of the one in between"),))
        link = linked((other, BOTH), channel_binding="tls-exporter")
        assert gave_up(link) == "the server does not accept the channel binding tls-exporter"

    def test_external(self) -> None:
        event = signed_in(linked((WITH_CERTIFICATE, KNOWN_CLIENT), password=""))
        assert event == Authenticated("EXTERNAL", False, "juliet")

    def test_external_is_offered_only_to_whom_tls_knows(self) -> None:
        link = linked((WITH_CERTIFICATE, BOTH), mechanisms=("EXTERNAL", "PLAIN"))
        assert signed_in(link).mechanism == "PLAIN"

    def test_anonymous(self) -> None:
        link = linked(jid=JID("", "localhost", ""), password="", mechanisms=("ANONYMOUS",))
        assert signed_in(link).mechanism == "ANONYMOUS"
        assert str(link.ends["client"].jid) == "guest@localhost/orchard"

    def test_oauthbearer(self) -> None:
        event = signed_in(linked(password=TOKEN, mechanism="OAUTHBEARER"))
        assert event == Authenticated("OAUTHBEARER", False, "juliet")

    def test_a_bad_token(self) -> None:
        link = linked(password="expired", mechanism="OAUTHBEARER")
        assert gave_up(link) == "the server refused the token: invalid_token"
        (event,) = link.seen("client", AuthenticationFailed)
        assert isinstance(event, AuthenticationFailed)
        assert event.condition == "not-authorized"
        responses = [
            move.data
            for move in link.moves["client"]
            if isinstance(move, Send) and move.name == "response"
        ]
        assert responses == [f"<response xmlns='{SASL}'>AQ==</response>".encode()]


class TestDowngrade:
    def test_the_announcement_is_a_feature_of_its_own(self) -> None:
        link = linked()
        signed_in(link)
        offered = link.ends["client"].sasl_exchange
        assert offered is not None
        assert offered.advertised.bindings == ("tls-exporter", "tls-server-end-point")
        assert offered.advertised.binds

    def test_a_server_may_keep_its_bindings_to_itself(self) -> None:
        link = linked(server={"announce_bindings": False})
        assert signed_in(link).channel_binding == "tls-exporter"

    def test_hidden_plus_mechanisms_are_noticed_by_either_side(self) -> None:
        """The flag y tells the server, the hash of XEP-0474 tells the client."""

        def hide(data: bytes) -> list[bytes]:
            for name in PREFERENCE:
                if name.endswith("-PLUS"):
                    data = data.replace(f"<mechanism>{name}</mechanism>".encode(), b"")
            return [data]

        link = Link(client_stream(), server_stream(mechanisms=PREFERENCE), hide, (BOTH, BOTH))
        assert gave_up(link) == (
            "the server refused an exchange that says it has no channel binding"
        )
        link = Link(
            client_stream(mechanism="SCRAM-SHA-1"),
            server_stream(mechanisms=PREFERENCE),
            hide,
            (BOTH, BOTH),
        )
        assert gave_up(link) == (
            "the list of mechanisms or channel bindings was changed on its way from the server"
        )
        exchange = link.ends["client"].sasl_exchange
        assert exchange is not None
        assert exchange.outcome.startswith("refused here: the list of mechanisms")

    def test_a_floor(self) -> None:
        link = linked(mechanisms=("SCRAM-SHA-1", "PLAIN"), floor="SCRAM-SHA-256-PLUS")
        assert gave_up(link).startswith("the server no longer offers SCRAM-SHA-256-PLUS")
        assert "auth" not in link.made("client")

    def test_a_refused_exchange_is_aborted(self) -> None:
        def shorten(data: bytes) -> list[bytes]:
            start = data.find(b"<challenge")
            if start < 0:
                return [data]
            opening, _, rest = data[start:].partition(b">")
            text = base64.b64decode(rest.partition(b"<")[0]).decode()
            short = encoded(text.replace("r=", "r=x", 1)).encode()
            return [data[:start] + opening + b">" + short + b"</challenge>"]

        link = Link(client_stream(), server_stream(), shorten)
        assert gave_up(link).startswith("the server's nonce does not continue ours")
        (move,) = [move for move in link.moves["client"] if isinstance(move, GiveUp)][:1]
        assert move.data == f"<abort xmlns='{SASL}'/>".encode()


class TestTypedByHand:
    def ready(self, *mechanisms: str, password: str | None = PASSWORD) -> Link:
        """Return two cores with the features on the table and nobody signing in."""
        link = Link(
            client_stream(None if password is None else password),
            server_stream(mechanisms=mechanisms),
            channels=(BOTH, BOTH),
        )
        client = link.ends["client"]
        for _ in range(3):
            link._step("client", "server")
            while link._step("server", "client"):
                pass
            if client.secured:
                break
        link._step("client", "server")
        while link._step("server", "client"):
            pass
        assert client.state is State.FEATURES
        assert client.secured
        return link

    def typed(self, link: Link, name: str, payload: str) -> Stream:
        text = f'<auth mechanism="{name}" xmlns="{SASL}">{payload}</auth>'
        link.deliver("client", text.encode())
        while link._step("server", "client"):
            pass
        return link.ends["client"]

    @pytest.mark.parametrize(
        ("name", "header"),
        [("SCRAM-SHA-256", "n,,"), ("SCRAM-SHA-256-PLUS", "p=tls-exporter,,")],
    )
    def test_scram_goes_on_from_the_typed_nonce(self, name: str, header: str) -> None:
        link = self.ready(name)
        client = self.typed(link, name, encoded(f"{header}n=juliet,r=typed"))
        (move,) = client.moves()
        assert isinstance(move, Send)
        assert move.name == "response"
        response = base64.b64decode(move.data.partition(b">")[2].partition(b"<")[0]).decode()
        assert ",r=typed" in response
        link.run()
        assert client.online
        (event,) = link.seen("client", Authenticated)
        assert isinstance(event, Authenticated)
        assert event.server_verified
        assert event.mechanism == name

    @pytest.mark.parametrize("name", ["SCRAM-SHA-256", "PLAIN"])
    def test_without_an_initial_response_the_core_says_it_next(self, name: str) -> None:
        link = self.ready(name)
        client = self.typed(link, name, "")
        assert [move.name for move in client.moves()] == ["response"]
        link.run()
        assert client.online

    @pytest.mark.parametrize("first", ["n,,n=romeo,r=typed", "nonsense"])
    def test_what_is_not_ours_is_only_watched(self, first: str) -> None:
        link = self.ready("SCRAM-SHA-256")
        client = self.typed(link, "SCRAM-SHA-256", encoded(first))
        assert all(move.name != "response" for move in client.moves())

    def test_a_response_of_the_users_own_ends_our_part(self) -> None:
        link = self.ready("SCRAM-SHA-256")
        client = self.typed(link, "SCRAM-SHA-256", encoded("n,,n=juliet,r=typed"))
        link.deliver("client", f"<response xmlns='{SASL}'>{encoded('c=biws')}</response>".encode())
        while link._step("server", "client"):
            pass
        assert link.seen("client", AuthenticationFailed)
        assert client.state is State.FEATURES

    def test_a_failed_try_by_hand_may_be_repeated(self) -> None:
        link = self.ready("PLAIN")
        client = self.typed(link, "PLAIN", encoded("\0juliet\0guess"))
        assert link.seen("client", AuthenticationFailed)
        assert not any(isinstance(move, GiveUp) for move in client.moves())
        self.typed(link, "PLAIN", encoded(f"\0juliet\0{PASSWORD}"))
        assert client.authenticated

    def test_without_a_password_nothing_is_proposed(self) -> None:
        link = self.ready("SCRAM-SHA-256", password=None)
        client = self.typed(link, "SCRAM-SHA-256", encoded("n,,n=juliet,r=typed"))
        assert client.moves() == []
        assert client.sasl_exchange is not None
        assert len(client.sasl_exchange.payloads) == 2

    def test_a_wrong_signature_is_refused_in_a_typed_exchange_too(self) -> None:
        link = self.ready("SCRAM-SHA-256")
        client = self.typed(link, "SCRAM-SHA-256", encoded("n,,n=juliet,r=typed"))
        (move,) = client.moves()
        assert isinstance(move, Send)
        client.data_sent(move.data)
        wrong = encoded("v=" + base64.b64encode(bytes(32)).decode())
        client.receive_data(f"<success xmlns='{SASL}'>{wrong}</success>".encode())
        assert not client.authenticated
        assert client.failure is not None
        assert "signature is wrong" in client.failure.what


class TestExchange:
    def test_payloads_in_order_and_how_it_ended(self) -> None:
        link = linked()
        signed_in(link)
        for end in link.ends.values():
            exchange = end.sasl_exchange
            assert exchange is not None
            assert exchange.mechanism == "SCRAM-SHA-512-PLUS"
            speakers = [payload.speaker for payload in exchange.payloads]
            assert speakers == [Speaker.CLIENT, Speaker.SERVER, Speaker.CLIENT, Speaker.SERVER]
            assert exchange.payloads[0].data.startswith(b"p=tls-exporter,,n=juliet,r=")
            assert exchange.payloads[3].data.startswith(b"v=")
            assert exchange.outcome == "success"
        mine = link.ends["client"].sasl_exchange
        assert mine is not None
        assert mine.server_verified
        assert mine.list_verified
        assert mine.binding == EXPORTER

    def test_a_failure_is_kept_with_its_condition(self) -> None:
        link = linked(password="guess", mechanism="SCRAM-SHA-1")
        gave_up(link)
        exchange = link.ends["client"].sasl_exchange
        assert exchange is not None
        assert exchange.outcome == "failure: not-authorized"

    @pytest.mark.parametrize(
        ("mechanism", "password"), [("PLAIN", PASSWORD), ("OAUTHBEARER", TOKEN)]
    )
    def test_secrets_are_not_kept(self, mechanism: str, password: str) -> None:
        link = linked(password=password, mechanism=mechanism)
        signed_in(link)
        for end in link.ends.values():
            assert end.sasl_exchange is not None
            kept = b"".join(payload.data for payload in end.sasl_exchange.payloads)
            assert password.encode() not in kept
            assert HIDDEN in kept
            assert b"juliet" in kept

    @pytest.mark.parametrize(
        ("mechanism", "payload", "kept"),
        [
            ("PLAIN", b"\0juliet\0se\0cret", b"\0juliet\0se\0" + HIDDEN),
            ("PLAIN", b"secret", HIDDEN),
            ("PLAIN", b"", b""),
            ("OAUTHBEARER", b"n,,\x01auth=secret\x01\x01", b"n,,\x01auth=Bearer (hidden)\x01\x01"),
            ("OAUTHBEARER", b"\x01", b"\x01"),
            ("X-TOKEN", b"secret", HIDDEN),
            ("HT-SHA-256-NONE", b"juliet\0secret", b"juliet\0" + HIDDEN),
            ("HT-SHA-256-NONE", b"secret", HIDDEN),
            ("SCRAM-SHA-1", b"n,,n=x,r=y", b"n,,n=x,r=y"),
            ("EXTERNAL", b"", b""),
        ],
    )
    def test_what_is_kept(self, mechanism: str, payload: bytes, kept: bytes) -> None:
        assert without_secrets(mechanism, payload) == kept

    def test_there_is_none_before_the_first(self) -> None:
        assert client_stream().sasl_exchange is None


def test_a_clients_list_is_known_when_the_challenge_comes() -> None:
    """A client that sends ahead has seen no features when it begins."""
    client = ScramClient("SCRAM-SHA-256", Credentials("juliet", PASSWORD))
    assert client.advertised is None
    client.advertised = Advertised(("SCRAM-SHA-256",))
    assert not client.list_verified
