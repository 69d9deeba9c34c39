"""The core in the server's role: what it answers, byte by byte, and what it refuses."""

from __future__ import annotations

import base64
import dataclasses

import pytest
from linked_streams import PASSWORD, TestAccounts, server_stream

from xmppshell.protocol.events import (
    Authenticated,
    AuthenticationFailed,
    Bound,
    Direction,
    ElementSeen,
    Event,
    Violation,
)
from xmppshell.protocol.jid import JID
from xmppshell.protocol.moves import BeginTls, Disconnect, GiveUp, Send
from xmppshell.protocol.states import State
from xmppshell.protocol.stream import STREAM_END, Stream
from xmppshell.protocol.stream_options import ServerOptions

CLIENT_HEADER = (
    "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
STREAMS = "http://etherx.jabber.org/streams"
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
PING = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"


def plain(username: str = "juliet", password: str = PASSWORD, authzid: str = "") -> str:
    payload = base64.b64encode(f"{authzid}\0{username}\0{password}".encode()).decode()
    return f"<auth xmlns='{SASL}' mechanism='PLAIN'>{payload}</auth>"


def element(name: str, payload: str, mechanism: str = "") -> str:
    encoded = base64.b64encode(payload.encode()).decode()
    named = f" mechanism='{mechanism}'" if mechanism else ""
    return f"<{name} xmlns='{SASL}'{named}>{encoded}</{name}>"


class Server:
    """A server's core that makes every move at once, as the practice server does."""

    def __init__(self, stream: Stream | None = None, **options: object) -> None:
        self.stream = stream or server_stream(**options)  # type: ignore[arg-type]
        self.events: list[Event] = []
        self.closed = False

    def hear(self, text: str) -> str:
        """Hand in what a client says; return all that is answered."""
        said = b""
        for events in self.stream.receive_steps(text.encode()):
            self.events += events
            said += self._answer()
            if self.closed:
                break
        return said.decode()

    def _answer(self) -> bytes:
        said = b""
        while moves := self.stream.moves():
            move = moves[0]
            if isinstance(move, Send):
                data = move.data
            elif isinstance(move, GiveUp):
                done = Direction.SENT in self.stream.ended
                data, self.closed = b"" if done else move.data + STREAM_END, True
            elif isinstance(move, BeginTls):
                self.stream.tls_established()
                continue
            else:
                assert isinstance(move, Disconnect)
                self.closed = True
                break
            said += data
            self.events += self.stream.data_sent(data)
            if self.closed:
                break
        return said

    def seen(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def stanzas(self) -> list[str]:
        return [
            event.data.decode()
            for event in self.events
            if isinstance(event, ElementSeen)
            and event.direction is Direction.RECEIVED
            and event.stanza is not None
        ]


def secured(**options: object) -> Server:
    return Server(secured=True, **options)


def signed_in() -> Server:
    server = secured()
    server.hear(CLIENT_HEADER)
    assert "<success" in server.hear(plain())
    assert "<bind" in server.hear(CLIENT_HEADER)
    return server


def bound() -> Server:
    server = signed_in()
    assert "<jid>juliet@localhost/orchard</jid>" in server.hear(BIND)
    return server


class TestHeaders:
    def test_a_header_is_answered_with_a_header_and_the_features(self) -> None:
        said = Server().hear(f"<?xml version='1.0'?>{CLIENT_HEADER}")
        assert said == (
            "<?xml version='1.0'?><stream:stream id='s1' from='localhost' version='1.0' "
            "xml:lang='en' xmlns='jabber:client' "
            f"xmlns:stream='{STREAMS}'><stream:features>"
            "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
            "</stream:features>"
        )

    def test_a_client_that_says_who_it_is_is_addressed(self) -> None:
        said = Server().hear(CLIENT_HEADER.replace("to=", "from='juliet@localhost' to="))
        assert " to='juliet@localhost'" in said

    def test_the_domain_is_compared_without_case(self) -> None:
        said = Server().hear(CLIENT_HEADER.replace("localhost", "LOCALHOST"))
        assert "from='localhost'" in said
        assert "stream:error" not in said

    @pytest.mark.parametrize(
        ("header", "condition"),
        [
            (CLIENT_HEADER.replace("to='localhost' ", ""), "improper-addressing"),
            (CLIENT_HEADER.replace("localhost", "nope.example"), "host-unknown"),
            (CLIENT_HEADER.replace(STREAMS, "urn:wrong"), "invalid-namespace"),
            (CLIENT_HEADER.replace("jabber:client", "jabber:server"), "invalid-namespace"),
            (CLIENT_HEADER.replace("to=", "from='@@' to="), "improper-addressing"),
            (CLIENT_HEADER.replace(" version='1.0'", ""), "unsupported-version"),
            (CLIENT_HEADER.replace("1.0", "0.9"), "unsupported-version"),
            (f"<html xmlns='{STREAMS}'>", "bad-format"),
            ("<!DOCTYPE x>", "restricted-xml"),
            ("<?xml version='1.0' encoding='iso-8859-1'?>" + CLIENT_HEADER, "unsupported-encoding"),
            ("GET / HTTP/1.1\r\n\r\n", "not-well-formed"),
            ("<stream:stream to='localhost'>", "not-well-formed"),
        ],
    )
    def test_a_wrong_header_is_a_stream_error(self, header: str, condition: str) -> None:
        server = Server()
        said = server.hear(header)
        assert f"><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>" in said
        assert said.startswith("<?xml version='1.0'?><stream:stream ")
        assert said.endswith("</stream:error></stream:stream>")
        assert server.closed

    @pytest.mark.parametrize(
        "header",
        [
            CLIENT_HEADER.replace(" xmlns='jabber:client'", ""),
            f"<stream to='localhost' version='1.0' xmlns='{STREAMS}'>",
        ],
    )
    def test_the_content_namespace_may_be_left_to_the_stanzas(self, header: str) -> None:
        server = Server()
        assert server.hear(header).endswith("</stream:features>")
        assert "<unsupported-stanza-type" in server.hear("<message/>")

    def test_no_version_is_answered_with_none(self) -> None:
        said = Server().hear(CLIENT_HEADER.replace(" version='1.0'", ""))
        assert "version=" not in said.partition("<stream:stream")[2].partition(">")[0]

    def test_a_newer_version_is_answered_with_ours(self) -> None:
        said = Server().hear(CLIENT_HEADER.replace("1.0", "2.0"))
        assert "version='1.0' " in said.partition("<stream:stream")[2]
        assert said.endswith("</stream:features>")

    def test_a_stream_error_says_why_in_words(self) -> None:
        said = Server().hear(CLIENT_HEADER.replace("localhost", "no&lt;pe.example"))
        assert "this server does not serve no&lt;pe.example</text>" in said


class TestTls:
    def test_starttls_then_a_new_stream(self) -> None:
        server = Server()
        server.hear(CLIENT_HEADER)
        assert server.hear(STARTTLS) == "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
        assert server.stream.secured
        assert "<mechanism>SCRAM-SHA-256</mechanism>" in server.hear(CLIENT_HEADER)

    @pytest.mark.parametrize("injected", [PING, " ", "x"])
    def test_bytes_after_starttls_are_refused(self, injected: str) -> None:
        server = Server()
        server.hear(CLIENT_HEADER)
        said = server.hear(STARTTLS + injected)
        assert "<proceed" not in said
        assert "<policy-violation" in said
        assert server.closed
        assert server.stanzas == []
        assert [event.condition for event in server.seen(Violation)] == ["policy-violation"]

    def test_tls_where_there_is_none_to_have(self) -> None:
        server = Server(tls=False)
        assert "<starttls" not in server.hear(CLIENT_HEADER)
        said = server.hear(STARTTLS)
        assert said == "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"

    def test_tls_twice(self) -> None:
        server = secured()
        assert "<starttls" not in server.hear(CLIENT_HEADER)
        assert "<failure" in server.hear(STARTTLS)

    def test_required_tls_comes_before_sasl(self) -> None:
        server = Server()
        assert "<mechanism" not in server.hear(CLIENT_HEADER)
        assert "<encryption-required/>" in server.hear(plain())

    def test_tls_that_is_only_offered_may_be_left_out(self) -> None:
        options = ServerOptions(
            frozenset({"localhost"}),
            TestAccounts(),
            ("PLAIN",),
            tls=True,
            assign_resource=lambda user, wanted: JID(user, "localhost", "r"),
            new_stream_id=lambda: "s1",
            tls_required=False,
        )
        server = Server(Stream(options))
        said = server.hear(CLIENT_HEADER)
        assert "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'></starttls>" in said
        assert "<mechanism>PLAIN</mechanism>" in said
        assert "<success" in server.hear(plain())


class TestSasl:
    def failure(self, text: str) -> str:
        server = secured()
        server.hear(CLIENT_HEADER)
        said = server.hear(text)
        assert said.startswith(f"<failure xmlns='{SASL}'><")
        assert server.stream.state is State.FEATURES
        assert "<success" in server.hear(plain()), "another try is allowed"
        return said.split("<")[2].rstrip("/>")

    @pytest.mark.parametrize(
        ("text", "condition"),
        [
            (plain(password="guess"), "not-authorized"),
            (plain(username="nobody"), "not-authorized"),
            (plain(authzid="romeo@localhost"), "invalid-authzid"),
            (f"<auth xmlns='{SASL}' mechanism='PLAIN'>!!</auth>", "incorrect-encoding"),
            (f"<auth xmlns='{SASL}' mechanism='PLAIN'>YQ==</auth>", "malformed-request"),
            (f"<auth xmlns='{SASL}' mechanism='PLAIN'>=</auth>", "malformed-request"),
            (f"<auth xmlns='{SASL}' mechanism='X-NOPE'>=</auth>", "invalid-mechanism"),
            (f"<auth xmlns='{SASL}'/>", "invalid-mechanism"),
            (f"<abort xmlns='{SASL}'/>", "aborted"),
            (f"<response xmlns='{SASL}'/>", "malformed-request"),
            (element("auth", "n,,r=nonce", "SCRAM-SHA-1"), "malformed-request"),
            (element("auth", "n,a=romeo,n=juliet,r=x", "SCRAM-SHA-1"), "invalid-authzid"),
            (element("auth", "n,,n=nobody,r=nonce", "SCRAM-SHA-1"), "not-authorized"),
        ],
    )
    def test_what_cannot_be_let_in(self, text: str, condition: str) -> None:
        assert self.failure(text) == condition

    @pytest.mark.parametrize(
        ("final", "condition"),
        [
            ("c=biws,r={nonce},p=AAAA", "not-authorized"),
            ("c=biws,r=other,p=AAAA", "malformed-request"),
            ("nonsense", "malformed-request"),
        ],
    )
    def test_a_wrong_end_of_scram(self, final: str, condition: str) -> None:
        server = secured()
        server.hear(CLIENT_HEADER)
        challenge = server.hear(element("auth", "n,,n=juliet,r=mine", "SCRAM-SHA-256"))
        first = base64.b64decode(challenge.split(">")[1].partition("<")[0]).decode()
        nonce = first.partition(",")[0].removeprefix("r=")
        assert nonce.startswith("mine")
        said = server.hear(element("response", final.format(nonce=nonce)))
        assert f"<{condition}/>" in said
        assert "<success" in server.hear(plain())

    def test_an_own_authzid_is_allowed(self) -> None:
        server = secured()
        server.hear(CLIENT_HEADER)
        assert "<success" in server.hear(plain(authzid="juliet@localhost"))

    def test_an_abort_in_the_middle(self) -> None:
        server = secured()
        server.hear(CLIENT_HEADER)
        assert "<challenge" in server.hear(element("auth", "n,,n=juliet,r=x", "SCRAM-SHA-1"))
        assert "<aborted/>" in server.hear(f"<abort xmlns='{SASL}'/>")
        assert "<success" in server.hear(plain())

    def test_without_an_initial_response_the_server_asks_for_it(self) -> None:
        server = secured()
        server.hear(CLIENT_HEADER)
        assert server.hear(f"<auth xmlns='{SASL}' mechanism='PLAIN'/>") == (
            f"<challenge xmlns='{SASL}'/>"
        )
        assert "<success" in server.hear(plain().replace("auth", "response"))

    def test_the_events_say_who_failed_and_who_succeeded(self) -> None:
        server = secured()
        server.hear(CLIENT_HEADER)
        server.hear(plain(password="guess") + plain())
        (failed,) = server.seen(AuthenticationFailed)
        assert isinstance(failed, AuthenticationFailed)
        assert (failed.mechanism, failed.condition) == ("PLAIN", "not-authorized")
        assert server.seen(Authenticated) == [Authenticated("PLAIN", False, "juliet")]


class TestWhatHasNoPlace:
    @pytest.mark.parametrize("stanza", [PING, BIND, "<message/>", "<presence/>"])
    def test_a_stanza_before_authentication(self, stanza: str) -> None:
        server = secured()
        server.hear(CLIENT_HEADER)
        said = server.hear(stanza)
        assert said.startswith("<stream:error><not-authorized")
        assert server.closed

    @pytest.mark.parametrize("stanza", [PING, "<message/>", BIND.replace("set", "get")])
    def test_a_stanza_before_binding(self, stanza: str) -> None:
        assert signed_in().hear(stanza).startswith("<stream:error><not-authorized")

    @pytest.mark.parametrize(
        "text",
        [
            "<foo/>",
            "<Message/>",
            "<message xmlns='jabber:server'/>",
            "<message xmlns=''/>",
            "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
            "<stream:features/>",
            plain(),
            STARTTLS,
        ],
    )
    def test_an_unknown_element(self, text: str) -> None:
        server = bound()
        said = server.hear(text + PING)
        assert said.startswith("<stream:error><unsupported-stanza-type")
        assert server.closed
        assert PING not in server.stanzas

    @pytest.mark.parametrize(
        ("text", "condition"),
        [
            ("<a>&</a>", "not-well-formed"),
            ("<x:a/>", "not-well-formed"),
            ("<a b='1' b='2'/>", "not-well-formed"),
            ("<message>&nbsp;</message>", "not-well-formed"),
            ("<message></iq>", "not-well-formed"),
            ("<message>\x01</message>", "not-well-formed"),
            ("<?xml version='1.0'?>" + CLIENT_HEADER, "not-well-formed"),
            ("<!-- comment -->", "restricted-xml"),
            ("<?pi x?>", "restricted-xml"),
            ("<!DOCTYPE x>", "restricted-xml"),
            ("hello", "bad-format"),
        ],
    )
    def test_broken_input(self, text: str, condition: str) -> None:
        server = bound()
        said = server.hear(text)
        assert said.startswith(f"<stream:error><{condition} ")
        assert "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>" in said
        assert said.endswith("</stream:error></stream:stream>")

    def test_white_space_is_a_keepalive(self) -> None:
        server = bound()
        assert server.hear(" \n") == ""
        assert not server.closed

    @pytest.mark.parametrize("name", ["active", "inactive"])
    def test_client_state_where_it_is_offered(self, name: str) -> None:
        nonza = f"<{name} xmlns='urn:xmpp:csi:0'/>"
        options = dataclasses.replace(server_stream().server, client_state=True)
        server = Server(Stream(options, secured=True))
        assert "csi" not in server.hear(CLIENT_HEADER)
        server.hear(plain())
        assert "<csi xmlns='urn:xmpp:csi:0'/>" in server.hear(CLIENT_HEADER)
        server.hear(BIND)
        assert server.hear(nonza) == ""
        assert not server.closed
        assert bound().hear(nonza).startswith("<stream:error><unsupported-stanza-type")

    def test_too_large(self) -> None:
        options = dataclasses.replace(server_stream().server, max_size=1000)
        server = Server(Stream(options, secured=True))
        server.hear(CLIENT_HEADER)
        assert "<policy-violation" in server.hear(f"<a>{'x' * 1000}")
        assert server.closed


class TestBinding:
    def test_the_client_may_choose(self) -> None:
        server = signed_in()
        wanted = "<resource>tower</resource></bind>"
        said = server.hear(BIND.replace("/></iq>", f">{wanted}</iq>"))
        assert said == (
            "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
            "<jid>juliet@localhost/tower</jid></bind></iq>"
        )
        assert server.seen(Bound) == [Bound(JID("juliet", "localhost", "tower"))]
        assert server.stream.online

    def test_a_second_bind_is_an_iq_like_any_other(self) -> None:
        server = bound()
        assert server.hear(BIND) == ""
        assert server.stanzas[-1] == BIND
        assert len(server.seen(Bound)) == 1

    def test_everything_may_be_sent_ahead(self) -> None:
        """A client need not wait for answers that it can foresee."""
        server = secured()
        said = server.hear(CLIENT_HEADER + plain() + CLIENT_HEADER + BIND + PING)
        for expected in ("<mechanisms", "<success", "<bind ", "<jid>"):
            assert expected in said
        assert server.stanzas == [BIND, PING]
        assert server.stream.state is State.BOUND

    @pytest.mark.parametrize("size", [1, 7, 50])
    def test_any_cut_gives_the_same(self, size: int) -> None:
        text = CLIENT_HEADER + plain() + CLIENT_HEADER + BIND + PING + "</stream:stream>"
        server = secured()
        said = "".join(server.hear(text[at : at + size]) for at in range(0, len(text), size))
        assert said == secured().hear(text)
        assert server.closed


class TestClosing:
    def test_the_client_closes(self) -> None:
        server = bound()
        assert server.hear("</stream:stream>") == "</stream:stream>"
        assert server.closed
        assert server.stream.closed_properly

    def test_a_stream_error_of_the_client_closes_the_stream(self) -> None:
        server = bound()
        error = "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
        assert server.hear(error) == "</stream:stream>"
        assert server.hear("</stream:stream>") == ""
        assert server.closed
