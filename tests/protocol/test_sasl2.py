"""SASL2 with Bind 2, at both ends and against scripts of bytes."""

from __future__ import annotations

import base64

import pytest
from linked_flights import Flights
from linked_streams import JULIET, PASSWORD, Link, client_stream, server_stream

from xmppshell.protocol.channel import Channel, ChannelBinding
from xmppshell.protocol.dialects import CLIENT, WEBSOCKET, Dialect
from xmppshell.protocol.events import (
    Authenticated,
    AuthenticationFailed,
    Bound,
    ElementSeen,
    FeaturesOffered,
    StreamHeaderSeen,
)
from xmppshell.protocol.features.sasl2 import Sasl2Wishes
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import GiveUp, Send
from xmppshell.protocol.states import State
from xmppshell.protocol.stream import Stream
from xmppshell.protocol.stream_options import Refusal

SASL2 = "urn:xmpp:sasl:2"
CLIENT_ID = "d4565fa7-4d72-4749-b3d3-740edbf87770"
HEADER = (
    b"<?xml version='1.0'?><stream:stream id='s' from='localhost' version='1.0' "
    b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)


def wishing(**more: object) -> Sasl2Wishes:
    return Sasl2Wishes(CLIENT_ID, **more)  # type: ignore[arg-type]


def secured_client(
    password: str | None = PASSWORD, *, wishes: Sasl2Wishes | None = None, **options: object
) -> Stream:
    return client_stream(password, secured=True, tls=False, sasl2=wishes or wishing(), **options)


def secured_server(**options: object) -> Stream:
    return server_stream(secured=True, sasl2=True, **options)  # type: ignore[arg-type]


def features(*mechanisms: str, inline: str = "<bind xmlns='urn:xmpp:bind:0'/>") -> bytes:
    names = "".join(f"<mechanism>{name}</mechanism>" for name in mechanisms)
    offer = f"<authentication xmlns='{SASL2}'>{names}<inline>{inline}</inline></authentication>"
    return f"<stream:features>{offer}</stream:features>".encode()


def opened(offer: bytes, **options: object) -> Stream:
    stream = secured_client(**options)  # type: ignore[arg-type]
    send_move(stream)
    stream.receive_data(HEADER + offer)
    return stream


def send_move(stream: Stream) -> str:
    (move, *_) = stream.moves()
    assert isinstance(move, Send), move
    stream.data_sent(move.data)
    return move.data.decode()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def success(inner: str = "", identity: str = "juliet@localhost") -> bytes:
    who = f"<authorization-identifier>{identity}</authorization-identifier>" if identity else ""
    return f"<success xmlns='{SASL2}'>{who}{inner}</success>".encode()


def challenge(text: str) -> bytes:
    return f"<challenge xmlns='{SASL2}'>{encoded(text)}</challenge>".encode()


BOUND = "<bound xmlns='urn:xmpp:bind:0'/>"


class TestWholeNegotiation:
    def test_one_exchange_signs_in_and_binds(self) -> None:
        link = Link(secured_client(), secured_server()).run()
        client = link.ends["client"]
        assert client.online
        assert link.ends["server"].online
        assert link.made("client") == ["open", "authenticate", "response"]
        assert link.made("server") == ["open", "features", "challenge", "success", "features"]
        assert client.jid is not None
        assert client.jid.bare == JULIET.bare
        assert client.jid.resource.startswith("balcony/")
        assert link.ends["server"].jid == client.jid
        (event,) = link.seen("client", Authenticated)
        assert event == Authenticated("SCRAM-SHA-256", True, "juliet", sasl2=True)
        assert link.seen("client", Bound) == [Bound(client.jid)]

    def test_no_second_header_and_fresh_features(self) -> None:
        link = Link(secured_client(), secured_server(extra_features="<new xmlns='urn:new'/>"))
        link.run()
        assert len(link.seen("client", StreamHeaderSeen)) == 2
        first, last = link.seen("client", FeaturesOffered)
        assert first == FeaturesOffered(
            (f"{{{SASL2}}}authentication", "{urn:ietf:params:xml:ns:xmpp-sasl}mechanisms")
        )
        assert last == FeaturesOffered(("{urn:new}new",))

    def test_the_order_of_events_tells_the_story(self) -> None:
        link = Link(secured_client(), secured_server()).run()
        told = [
            type(event).__name__
            for event in link.events["client"]
            if isinstance(event, Authenticated | Bound | FeaturesOffered)
        ]
        assert told == ["FeaturesOffered", "Authenticated", "Bound", "FeaturesOffered"]

    @pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-512"])
    def test_each_mechanism(self, mechanism: str) -> None:
        link = Link(secured_client(), secured_server(mechanisms=(mechanism,))).run()
        assert link.ends["client"].online
        assert link.ends["client"].mechanism == mechanism

    def test_channel_binding(self) -> None:
        channel = Channel((ChannelBinding("tls-exporter", b"x" * 32),))
        client = client_stream(sasl2=wishing())
        server = server_stream(mechanisms=("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"), sasl2=True)
        link = Link(client, server, channels=(channel, channel)).run()
        (event,) = link.seen("client", Authenticated)
        assert event == Authenticated(
            "SCRAM-SHA-256-PLUS", True, "juliet", sasl2=True, channel_binding="tls-exporter"
        )

    @pytest.mark.parametrize(
        ("options", "mechanism"),
        [
            ({}, "SCRAM-SHA-256"),
            ({"channel_binding": "tls-exporter"}, "SCRAM-SHA-256-PLUS"),
            ({"floor": "SCRAM-SHA-256-PLUS"}, "SCRAM-SHA-256-PLUS"),
        ],
    )
    def test_an_exporter_that_is_not_announced_is_used_only_when_asked_for(
        self, options: dict[str, str], mechanism: str
    ) -> None:
        channel = Channel((ChannelBinding("tls-exporter", b"x" * 32),))
        server = server_stream(
            mechanisms=("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"),
            sasl2=True,
            announce_bindings=False,
        )
        client = client_stream(sasl2=wishing(), **options)
        Link(client, server, channels=(channel, channel)).run()
        assert client.online
        assert client.mechanism == mechanism

    def test_a_server_is_free_to_choose_a_resource(self) -> None:
        client = secured_client(jid=JID.parse("juliet@localhost"))
        link = Link(client, secured_server()).run()
        assert str(client.jid) == "juliet@localhost/orchard"
        authenticate = next(move for move in link.moves["client"] if move.name == "authenticate")
        assert isinstance(authenticate, Send)
        assert b"<bind xmlns='urn:xmpp:bind:0'/>" in authenticate.data

    def test_the_resource_of_a_tag_is_the_same_each_time_and_hides_the_id(self) -> None:
        jids = []
        for _ in range(2):
            client = secured_client()
            Link(client, secured_server()).run()
            jids.append(client.jid)
        assert jids[0] == jids[1]
        assert CLIENT_ID not in str(jids[0])

    def test_a_resource_that_cannot_be_had_leaves_the_old_way(self) -> None:
        answers = iter([Refusal("conflict", "cancel"), JULIET, JULIET])
        client, server = secured_client(), secured_server()
        object.__setattr__(server.server, "assign_resource", lambda *_: next(answers))
        link = Link(client, server).run()
        assert client.online
        assert client.jid == JULIET
        assert link.made("client")[-1] == "bind"

    def test_sasl_is_used_where_sasl2_is_not_offered(self) -> None:
        client = secured_client()
        link = Link(client, server_stream(secured=True)).run()
        assert client.online
        assert "auth" in link.made("client")
        (event,) = link.seen("client", Authenticated)
        assert isinstance(event, Authenticated)
        assert not event.sasl2

    def test_sasl2_is_not_used_unasked(self) -> None:
        client = client_stream(secured=True, tls=False)
        link = Link(client, secured_server()).run()
        assert client.online
        assert "authenticate" not in link.made("client")

    def test_it_is_not_offered_without_tls(self) -> None:
        server = server_stream(tls=False, sasl2=True)
        link = Link(client_stream(tls=False, sasl2=wishing()), server).run()
        (offered, _) = link.seen("client", FeaturesOffered)
        assert SASL2 not in str(offered)

    def test_wrong_password(self) -> None:
        link = Link(secured_client("guess"), secured_server()).run()
        (event,) = link.seen("client", AuthenticationFailed)
        assert isinstance(event, AuthenticationFailed)
        assert event.condition == "not-authorized"
        (told,) = link.seen("server", AuthenticationFailed)
        assert isinstance(told, AuthenticationFailed)
        assert any(isinstance(move, GiveUp) for move in link.moves["client"])
        assert link.ends["client"].state is not State.BOUND
        assert "guess" not in str(link.events)


class TestClient:
    def test_the_request(self) -> None:
        jid = JID.parse("juliet@localhost")
        stream = opened(features("PLAIN"), wishes=wishing(), jid=jid)
        assert send_move(stream) == (
            f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'>"
            f"<initial-response>{encoded(chr(0) + 'juliet' + chr(0) + PASSWORD)}"
            f"</initial-response><user-agent id='{CLIENT_ID}'><software>xmppshell</software>"
            "</user-agent><bind xmlns='urn:xmpp:bind:0'/></authenticate>"
        )

    def test_without_an_id_nothing_is_said_of_the_client(self) -> None:
        stream = opened(features("PLAIN"), wishes=Sasl2Wishes())
        assert "user-agent" not in send_move(stream)

    def test_session_features_are_asked_for_where_they_are_offered(self) -> None:
        inline = (
            "<bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/></inline>"
            "</bind>"
        )
        wishes = wishing(session_features=("carbons", "csi"))
        sent = send_move(opened(features("PLAIN", inline=inline), wishes=wishes))
        assert (
            "<bind xmlns='urn:xmpp:bind:0'><tag>balcony</tag>"
            "<enable xmlns='urn:xmpp:carbons:2'/></bind>" in sent
        )

    def test_without_bind_2_the_old_way_follows(self) -> None:
        stream = opened(features("PLAIN", inline=""))
        assert "urn:xmpp:bind:0" not in send_move(stream)
        stream.receive_data(success())
        assert stream.state is State.OPENED
        assert stream.authenticated
        stream.receive_data(
            b"<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
        )
        assert "<resource>balcony</resource>" in send_move(stream)

    @pytest.mark.parametrize("name", ["authorization-identifier", "authorization-identity"])
    def test_both_names_of_the_identity_are_read(self, name: str) -> None:
        stream = opened(features("PLAIN"))
        send_move(stream)
        inner = f"<{name}>juliet@localhost/x~1</{name}>{BOUND}"
        stream.receive_data(success(inner, identity=""))
        assert str(stream.jid) == "juliet@localhost/x~1"
        assert stream.online
        assert stream.moves() == []

    @pytest.mark.parametrize("identity", ["", "juliet@localhost", "@@"])
    def test_a_resource_without_an_address_ends_the_stream(self, identity: str) -> None:
        stream = opened(features("PLAIN"))
        send_move(stream)
        stream.receive_data(success(BOUND, identity))
        assert not stream.online
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)
        assert move.problem is not None
        assert "no full JID" in move.problem.what

    def test_success_without_the_servers_proof_is_refused(self) -> None:
        stream = opened(features("SCRAM-SHA-256"))
        send_move(stream)
        events = stream.receive_data(success(BOUND, "juliet@localhost/x"))
        (move,) = stream.moves()
        assert isinstance(move, GiveUp)
        assert move.problem is not None
        assert "without proving" in move.problem.what
        assert not stream.online
        assert not stream.authenticated
        assert [type(event) for event in events] == [ElementSeen]

    def test_a_wrong_signature_is_refused(self) -> None:
        client, server = secured_client(), secured_server()
        for speaker, hearer in [(client, server), (server, client), (server, client)] * 2:
            (move, *_) = speaker.moves() or [None]
            if isinstance(move, Send):
                speaker.data_sent(move.data)
                hearer.receive_data(move.data)
        assert send_move(client).startswith("<response")
        forged = f"<additional-data>{encoded('v=' + encoded('x' * 32))}</additional-data>"
        client.receive_data(success(forged + BOUND, "juliet@localhost/x"))
        (move,) = client.moves()
        assert isinstance(move, GiveUp)
        assert move.problem is not None
        assert "signature is wrong" in move.problem.what

    def test_a_bad_challenge_is_answered_with_abort(self) -> None:
        stream = opened(features("SCRAM-SHA-256"))
        send_move(stream)
        stream.receive_data(challenge("r=other,s=c2FsdCBvZiB0aGUgdGVzdA==,i=4096"))
        (move, *_) = stream.moves()
        assert isinstance(move, GiveUp)
        assert move.data == f"<abort xmlns='{SASL2}'/>".encode()

    def test_a_task_is_left_to_the_user(self) -> None:
        stream = opened(features("PLAIN"))
        send_move(stream)
        tasks = "<tasks><task>TOTP-EXAMPLE</task></tasks>"
        stream.receive_data(f"<continue xmlns='{SASL2}'>{tasks}</continue>".encode())
        (move, *_) = stream.moves()
        assert isinstance(move, GiveUp)
        assert move.problem is not None
        assert "TOTP-EXAMPLE" in move.problem.what
        stream.data_sent(f"<next xmlns='{SASL2}' task='TOTP-EXAMPLE'/>".encode())
        assert stream.moves() == []
        stream.receive_data(success(BOUND, "juliet@localhost/x"))
        assert stream.online

    def test_the_condition_is_found_among_what_else_a_failure_has(self) -> None:
        stream = opened(features("PLAIN"))
        send_move(stream)
        (_, event) = stream.receive_data(
            f"<failure xmlns='{SASL2}'><own xmlns='urn:own'/>"
            "<account-disabled xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
            "<text>Come back later.</text></failure>".encode()
        )
        assert isinstance(event, AuthenticationFailed)
        assert (event.condition, event.text) == ("account-disabled", "Come back later.")
        assert stream.state is State.FEATURES

    def test_an_exchange_that_the_user_types_is_gone_on_with(self) -> None:
        stream = opened(features("SCRAM-SHA-256"))
        first = encoded("n,,n=juliet,r=abc")
        stream.data_sent(
            f"<authenticate xmlns='{SASL2}' mechanism='SCRAM-SHA-256'>"
            f"<initial-response>{first}</initial-response></authenticate>".encode()
        )
        assert stream.state is State.SASL2
        stream.receive_data(challenge("r=abcdef,s=c2FsdCBvZiB0aGUgdGVzdA==,i=4096"))
        (move, *_) = stream.moves()
        assert isinstance(move, Send)
        assert move.name == "response"
        assert move.data.startswith(f"<response xmlns='{SASL2}'>".encode())

    def test_the_exchange_is_there_to_be_explained(self) -> None:
        link = Link(secured_client(), secured_server()).run()
        for end in link.ends.values():
            exchange = end.sasl_exchange
            assert exchange is not None
            assert exchange.mechanism == "SCRAM-SHA-256"
            assert exchange.outcome == "success"
            assert [payload.data[:2] for payload in exchange.payloads] == [
                b"n,",
                b"r=",
                b"c=",
                b"v=",
            ]


@pytest.mark.parametrize(
    ("dialect", "names", "flag"),
    [
        (CLIENT, ("SCRAM-SHA-256",), "y,,"),
        (WEBSOCKET, ("SCRAM-SHA-256",), "n,,"),
        (WEBSOCKET, ("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"), "p=tls-unique,,"),
    ],
)
def test_by_websocket_only_what_is_offered_counts(
    dialect: Dialect, names: tuple[str, ...], flag: str
) -> None:
    options = client_stream(tls=False, dialect=dialect).client
    channel = Channel((ChannelBinding("tls-unique", b"x" * 12),))
    stream = Stream(options, secured=True, channel=channel)
    send_move(stream)
    inner = "".join(f"<mechanism>{name}</mechanism>" for name in names)
    sasl = "urn:ietf:params:xml:ns:xmpp-sasl"
    opening = dialect.opening({"from": "localhost", "id": "s", "version": "1.0"})
    for piece in (
        opening,
        f"<stream:features xmlns:stream='http://etherx.jabber.org/streams'>"
        f"<mechanisms xmlns='{sasl}'>{inner}</mechanisms></stream:features>".encode(),
    ):
        stream.receive_data(piece)
    payload = send_move(stream).partition(">")[2].partition("<")[0]
    assert base64.b64decode(payload).decode().startswith(f"{flag}n=juliet")


class TestServer:
    def request(self, stream: Stream, xml: str) -> str:
        """Send something on an open stream, and give what the server answers."""
        stream.receive_data(HEADER.replace(b"from=", b"to=").replace(b" id='s'", b""))
        for _ in range(2):
            stream.data_sent(stream.moves()[0].data)  # type: ignore[attr-defined]
        stream.receive_data(xml.encode())
        (move,) = stream.moves()
        assert isinstance(move, Send | GiveUp)
        return move.data.decode()

    def test_abort(self) -> None:
        stream = secured_server()
        xml = f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'/><abort xmlns='{SASL2}'/>"
        assert "<aborted" in self.request(stream, xml)

    def test_without_an_initial_response_the_server_asks_for_one(self) -> None:
        xml = f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'/>"
        assert self.request(secured_server(), xml) == f"<challenge xmlns='{SASL2}'/>"

    @pytest.mark.parametrize(
        ("mechanism", "payload", "condition"),
        [
            ("X-OTHER", "", "invalid-mechanism"),
            ("PLAIN", "!", "incorrect-encoding"),
            ("PLAIN", encoded("juliet"), "malformed-request"),
            ("PLAIN", encoded("\0juliet\0no"), "not-authorized"),
        ],
    )
    def test_failures(self, mechanism: str, payload: str, condition: str) -> None:
        xml = (
            f"<authenticate xmlns='{SASL2}' mechanism='{mechanism}'><initial-response>{payload}"
            "</initial-response></authenticate>"
        )
        said = self.request(secured_server(), xml)
        assert said.startswith(
            f"<failure xmlns='{SASL2}'><{condition} "
            "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><text xml:lang='en'>"
        )

    def test_a_response_out_of_the_blue_fails(self) -> None:
        xml = f"<response xmlns='{SASL2}'>eA==</response>"
        assert "<malformed-request" in self.request(secured_server(), xml)

    def test_it_is_foreign_to_a_server_without_it(self) -> None:
        stream = server_stream(secured=True)
        xml = f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'/>"
        assert "<unsupported-stanza-type" in self.request(stream, xml)

    def test_a_second_login_ends_the_stream(self) -> None:
        link = Link(secured_client(), secured_server()).run()
        link.deliver("client", f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'/>".encode())
        (move,) = link.ends["server"].moves()
        assert isinstance(move, GiveUp)

    def test_the_address_is_escaped(self) -> None:
        jid = JID("juliet", "localhost", "<'&>")
        client = secured_client(jid=jid)
        Link(client, secured_server()).run()
        assert client.jid is not None
        assert client.jid.resource.startswith("<'&>/")


def test_the_round_trips_of_sasl2() -> None:
    flights = Flights(secured_client(), secured_server()).run()
    assert flights.client.online
    # The stream header, the request, the response; TCP and TLS have gone before.
    assert flights.round_trips == 3
