"""The mechanisms by themselves: the examples of the RFCs, both ends joined, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from linked_streams import PASSWORD, TOKEN, TestAccounts

from xmppshell.protocol.channel import Channel, ChannelBinding
from xmppshell.protocol.credentials import Credentials
from xmppshell.protocol.mechanisms import (
    MECHANISMS,
    Advertised,
    ClientMechanism,
    SaslRefusedError,
    ServerMechanism,
    adopt,
    client_mechanism,
    server_mechanism,
)
from xmppshell.protocol.mechanisms.gs2 import Gs2Header, split_header
from xmppshell.protocol.mechanisms.scram import MAX_ITERATIONS, ScramClient, ScramServer

USER = Credentials("user", "pencil")
JULIET = Credentials("juliet", PASSWORD)
EXPORTER = ChannelBinding("tls-exporter", b"exported keying material")
END_POINT = ChannelBinding("tls-server-end-point", b"hash of the certificate")
CHANNEL = Channel((EXPORTER, END_POINT))
SCRAMS = [name for name in MECHANISMS if name.startswith("SCRAM")]

RFC_5802 = (
    "SCRAM-SHA-1",
    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
)
RFC_7677 = (
    "SCRAM-SHA-256",
    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
)


def converse(client: ClientMechanism, server: ServerMechanism) -> bool:
    """Carry the exchange to its end; say whether the server proved itself."""
    said = client.first()
    assert said is not None
    while True:
        reply = server.receive(said)
        if reply.done:
            return client.finish(reply.data)
        assert reply.data is not None
        said = client.respond(reply.data)


def refusal(client: ClientMechanism, *challenges: str) -> str:
    """Return the sentence with which the client refuses the last of the challenges."""
    client.first()
    *fine, last = challenges
    for challenge in fine:
        client.respond(challenge.encode())
    with pytest.raises(SaslRefusedError) as caught:
        client.respond(last.encode())
    assert caught.value.problem.cause
    assert caught.value.problem.cure
    return caught.value.problem.what


def by_hand(message: str, server_first: str, binding: bytes = b"") -> tuple[str, str]:
    """Return client-final and server-final of SHA-256 for `pencil`, computed without a library."""
    header, bare = message.rsplit(",n=", 1)[0] + ",", "n=" + message.rsplit(",n=", 1)[1]
    values = dict(part.split("=", 1) for part in server_first.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", base64.b64decode(values["s"]), 4096)
    bound = base64.b64encode(header.encode() + binding).decode()
    without_proof = f"c={bound},r={values['r']}"
    auth = f"{bare},{server_first},{without_proof}".encode()
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(client_key).digest(), auth, "sha256")
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    verdict = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), auth, "sha256")
    return (
        f"{without_proof},p={base64.b64encode(proof).decode()}",
        f"v={base64.b64encode(verdict).decode()}",
    )


class TestScramExamples:
    @pytest.mark.parametrize("example", [RFC_5802, RFC_7677], ids=["RFC 5802", "RFC 7677"])
    def test_the_client_of_the_rfc(self, example: tuple[str, ...]) -> None:
        name, first, server_first, final, server_final = example
        client = ScramClient(name, USER, nonce=first.rpartition("r=")[2])
        assert client.first() == first.encode()
        assert client.respond(server_first.encode()) == final.encode()
        assert client.finish(server_final.encode())

    @pytest.mark.parametrize("example", [RFC_5802, RFC_7677], ids=["RFC 5802", "RFC 7677"])
    def test_the_server_of_the_rfc(self, example: tuple[str, ...]) -> None:
        name, first, server_first, final, server_final = example
        nonce, own = first.rpartition("r=")[2], server_first.split(",")[0][2:]
        salt = base64.b64decode(server_first.split("s=")[1].split(",")[0])

        class Accounts(TestAccounts):
            def scram_keys(
                self, username: str, mechanism: str
            ) -> tuple[bytes, bytes, bytes, int] | None:
                digest = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}[mechanism]
                salted = hashlib.pbkdf2_hmac(digest, b"pencil", salt, 4096)
                key = hmac.digest(salted, b"Client Key", digest)
                stored = hashlib.new(digest, key).digest()
                return salt, stored, hmac.digest(salted, b"Server Key", digest), 4096

        server = ScramServer(name, Accounts(), nonce=own.removeprefix(nonce))
        assert server.receive(first.encode()).data == server_first.encode()
        reply = server.receive(final.encode())
        assert (reply.data, reply.done) == (server_final.encode(), True)
        assert server.username == "user"

    def test_tls_exporter_and_an_identity_to_act_as(self) -> None:
        credentials = Credentials("user", "pencil", "other,one")
        client = ScramClient("SCRAM-SHA-256-PLUS", credentials, binding=EXPORTER, nonce="abc")
        assert client.first() == b"p=tls-exporter,a=other=2Cone,n=user,r=abc"
        server_first = "r=abcdef,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        first = "p=tls-exporter,a=other=2Cone,n=user,r=abc"
        final, server_final = by_hand(first, server_first, EXPORTER.data)
        assert client.respond(server_first.encode()) == final.encode()
        assert client.finish(server_final.encode())

    def test_the_flag_y_without_a_channel_binding(self) -> None:
        client = ScramClient("SCRAM-SHA-256", USER, flag="y", nonce="abc")
        assert client.first() == b"y,,n=user,r=abc"
        server_first = "r=abcdef,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        final, _ = by_hand("y,,n=user,r=abc", server_first)
        assert client.respond(server_first.encode()) == final.encode()


class TestBothEnds:
    @pytest.mark.parametrize("name", SCRAMS)
    @pytest.mark.parametrize("binding", [EXPORTER, END_POINT], ids=lambda each: each.type)
    def test_scram(self, name: str, binding: ChannelBinding) -> None:
        plus = name.endswith("-PLUS")
        server = server_mechanism(name, TestAccounts(), channel=CHANNEL)
        client = client_mechanism(name, JULIET, binding=binding if plus else None)
        assert converse(client, server)
        assert server.username == "juliet"
        assert client.binding is (binding if plus else None)

    def test_a_binding_to_another_connection_is_refused(self) -> None:
        server = server_mechanism("SCRAM-SHA-256-PLUS", TestAccounts(), channel=CHANNEL)
        other = ChannelBinding("tls-exporter", b"of another connection")
        with pytest.raises(SaslRefusedError, match="bound to another connection"):
            converse(client_mechanism("SCRAM-SHA-256-PLUS", JULIET, binding=other), server)

    def test_a_binding_that_the_server_lacks_is_refused(self) -> None:
        server = server_mechanism(
            "SCRAM-SHA-256-PLUS", TestAccounts(), channel=Channel((END_POINT,))
        )
        with pytest.raises(SaslRefusedError, match="no channel binding tls-exporter"):
            converse(client_mechanism("SCRAM-SHA-256-PLUS", JULIET, binding=EXPORTER), server)

    def test_the_server_catches_hidden_plus_mechanisms_by_the_flag_y(self) -> None:
        offer = Advertised(("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"))
        server = server_mechanism(
            "SCRAM-SHA-256", TestAccounts(), channel=CHANNEL, advertised=offer
        )
        client = client_mechanism("SCRAM-SHA-256", JULIET, flag="y")
        with pytest.raises(SaslRefusedError, match="offered no -PLUS mechanism"):
            converse(client, server)
        told = client.failure("malformed-request")
        assert told is not None
        assert "somebody in between hides" in told.cause
        assert client.failure("not-authorized") is None

    def test_an_identity_to_act_as(self) -> None:
        own = Credentials("juliet", PASSWORD, "juliet")
        assert converse(
            client_mechanism("SCRAM-SHA-256", own),
            server_mechanism("SCRAM-SHA-256", TestAccounts()),
        )
        other = Credentials("juliet", PASSWORD, "romeo")
        with pytest.raises(SaslRefusedError) as caught:
            converse(
                client_mechanism("SCRAM-SHA-256", other),
                server_mechanism("SCRAM-SHA-256", TestAccounts()),
            )
        assert caught.value.condition == "invalid-authzid"

    @pytest.mark.parametrize("name", ["SCRAM-SHA-256", "PLAIN"])
    def test_a_wrong_password(self, name: str) -> None:
        with pytest.raises(SaslRefusedError) as caught:
            converse(
                client_mechanism(name, Credentials("juliet", "guess")),
                server_mechanism(name, TestAccounts()),
            )
        assert caught.value.condition == "not-authorized"

    def test_anonymous(self) -> None:
        server = server_mechanism("ANONYMOUS", TestAccounts())
        assert not converse(client_mechanism("ANONYMOUS", Credentials("", "")), server)
        assert server.username == "guest"

    def test_an_unknown_name(self) -> None:
        with pytest.raises(KeyError):
            client_mechanism("GSSAPI", JULIET)
        with pytest.raises(KeyError):
            server_mechanism("GSSAPI", TestAccounts())


class TestRefusals:
    """What a hostile server may try, and the sentence that the user reads."""

    NAME = "SCRAM-SHA-256"

    def client(self) -> ScramClient:
        return ScramClient(self.NAME, USER, nonce="rOprNGfwEbeRWgbNEkqO")

    def test_a_wrong_signature(self) -> None:
        wrong = "v=" + base64.b64encode(bytes(32)).decode()
        assert (
            refusal(self.client(), RFC_7677[2], wrong)
            == "the server's signature is wrong: it does not know this account's password"
        )

    def test_no_signature_at_all(self) -> None:
        client = self.client()
        client.first()
        client.respond(RFC_7677[2].encode())
        with pytest.raises(SaslRefusedError) as caught:
            client.finish(None)
        assert (
            caught.value.problem.what
            == "the server said success without proving that it knows the password"
        )

    @pytest.mark.parametrize(
        "nonce", ["rOprNGfwEbeRWgb", "rOprNGfwEbeRWgbNEkqO", "another", "xrOprNGfwEbeRWgbNEkqOx"]
    )
    def test_a_nonce_that_does_not_continue_ours(self, nonce: str) -> None:
        told = refusal(self.client(), f"r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
        assert told.startswith("the server's nonce does not continue ours")

    @pytest.mark.parametrize("count", [str(MAX_ITERATIONS + 1), "4294967295", "9" * 9000])
    def test_a_pbkdf2_bomb(self, count: str) -> None:
        told = refusal(
            self.client(), f"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i={count}"
        )
        assert told.startswith("the server asks for ")
        assert told.endswith("PBKDF2 rounds; at most 1,000,000 are done here")
        assert len(told) < 120

    def test_too_few_rounds(self) -> None:
        told = refusal(self.client(), "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095")
        assert told == ("the server asks for only 4095 PBKDF2 rounds; fewer than 4096 are refused")

    @pytest.mark.parametrize("count", ["4096.0", "-1", "", "x", "٤٠٩٦", "04096"])
    def test_a_count_that_is_no_number(self, count: str) -> None:
        told = refusal(
            self.client(), f"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i={count}"
        )
        assert told.startswith("the server's SCRAM message cannot be used")

    def test_a_list_of_mechanisms_that_was_changed(self) -> None:
        client = self.client()
        client.advertised = Advertised(("SCRAM-SHA-256", "PLAIN"))
        real = Advertised(("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"), ("tls-exporter",))
        told = refusal(client, f"{RFC_7677[2]},h={real.hash('sha256')}")
        assert told == (
            "the list of mechanisms or channel bindings was changed on its way from the server"
        )
        assert not client.list_verified

    def test_plain_has_no_challenges(self) -> None:
        assert refusal(client_mechanism("PLAIN", USER), "x") == (
            "the server sent a challenge, which PLAIN does not have"
        )

    def test_a_password_that_scram_cannot_use(self) -> None:
        with pytest.raises(SaslRefusedError, match="character that SCRAM cannot use"):
            client_mechanism("SCRAM-SHA-1", Credentials("user", "\x07"))


class TestAdvertised:
    OFFER = Advertised(
        ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"), ("tls-server-end-point", "tls-exporter")
    )

    def test_the_hash_of_the_xep(self) -> None:
        assert self.OFFER.hash("sha1") == "G6k/rBLDqgOhRRaCuuatSDFkJ08="
        assert self.OFFER.agrees("G6k/rBLDqgOhRRaCuuatSDFkJ08=", "sha1")

    def test_the_older_separators_are_understood_and_never_sent(self) -> None:
        text = b"SCRAM-SHA-1,SCRAM-SHA-1-PLUS|tls-exporter,tls-server-end-point"
        older = base64.b64encode(hashlib.sha1(text).digest()).decode()
        assert self.OFFER.agrees(older, "sha1")
        assert self.OFFER.hash("sha1") != older
        one_name = Advertised(("SCRAM-SHA-1,SCRAM-SHA-1-PLUS",), self.OFFER.bindings)
        assert not one_name.agrees(older, "sha1")

    @pytest.mark.parametrize(
        "other",
        [
            Advertised(("SCRAM-SHA-1",), ("tls-server-end-point", "tls-exporter")),
            Advertised(("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"), ("tls-server-end-point",)),
            Advertised(("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1")),
            Advertised(("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"), ()),
        ],
    )
    def test_any_difference_shows(self, other: Advertised) -> None:
        assert not other.agrees(self.OFFER.hash("sha256"), "sha256")

    def test_the_order_does_not_matter(self) -> None:
        turned = Advertised(("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"), self.OFFER.bindings)
        assert turned.agrees(self.OFFER.hash("sha1"), "sha1")

    def test_a_server_says_it_and_a_client_checks_it(self) -> None:
        server = server_mechanism(
            "SCRAM-SHA-1-PLUS", TestAccounts(), channel=CHANNEL, advertised=self.OFFER
        )
        client = client_mechanism("SCRAM-SHA-1-PLUS", JULIET, binding=EXPORTER)
        client.advertised = self.OFFER
        assert converse(client, server)
        assert client.list_verified


class TestOAuthBearer:
    JID = "juliet@localhost"

    def client(self, token: str = TOKEN) -> ClientMechanism:
        return client_mechanism("OAUTHBEARER", Credentials("juliet", token), identity=self.JID)

    def server(self) -> ServerMechanism:
        return server_mechanism("OAUTHBEARER", TestAccounts(), domain="localhost")

    def test_the_first_message(self) -> None:
        assert self.client("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==").first() == (
            b"n,a=juliet@localhost,\x01"
            b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
        )

    def test_a_good_token(self) -> None:
        server = self.server()
        assert not converse(self.client(), server)
        assert server.username == "juliet"

    def test_a_bad_token_is_told_in_json_and_acknowledged_with_one_byte(self) -> None:
        client, server = self.client("expired"), self.server()
        first = client.first()
        assert first is not None
        reply = server.receive(first)
        assert reply.data is not None
        assert json.loads(reply.data) == {"status": "invalid_token"}
        assert base64.b64encode(client.respond(reply.data)) == b"AQ=="
        with pytest.raises(SaslRefusedError) as caught:
            server.receive(b"\x01")
        assert caught.value.condition == "not-authorized"
        told = client.failure("not-authorized")
        assert told is not None
        assert told.what == "the server refused the token: invalid_token"

    def test_all_that_the_error_says_is_passed_on(self) -> None:
        client = self.client()
        client.respond(
            b'{"status":"insufficient_scope","scope":"xmpp",'
            b'"openid-configuration":"https://example.org/.well-known/openid-configuration"}'
        )
        told = client.failure("not-authorized")
        assert told is not None
        assert "insufficient_scope" in told.what
        assert "scope xmpp" in told.what
        assert "https://example.org/" in told.what

    @pytest.mark.parametrize("challenge", [b"no json", b"[]", b"\xff", b"3"])
    def test_an_error_that_is_no_object(self, challenge: bytes) -> None:
        client = self.client()
        assert client.respond(challenge) == b"\x01"
        told = client.failure("not-authorized")
        assert told is not None
        assert "not the JSON object" in told.what

    @pytest.mark.parametrize(
        ("payload", "condition"),
        [
            (b"n,,\x01host=h\x01\x01", "malformed-request"),
            (b"nonsense", "malformed-request"),
            (f"n,a=romeo@localhost,\x01auth=Bearer {TOKEN}\x01\x01".encode(), "invalid-authzid"),
        ],
    )
    def test_payloads_that_a_server_refuses(self, payload: bytes, condition: str) -> None:
        with pytest.raises(SaslRefusedError) as caught:
            self.server().receive(payload)
        assert caught.value.condition == condition


class TestExternal:
    def server(self, *identities: str) -> ServerMechanism:
        return server_mechanism(
            "EXTERNAL", TestAccounts(), domain="localhost", channel=Channel((), identities)
        )

    @pytest.mark.parametrize("identity", ["", "juliet@localhost", "Juliet@localhost"])
    def test_the_certificate_names_the_account(self, identity: str) -> None:
        server = self.server("juliet@localhost")
        client = client_mechanism("EXTERNAL", Credentials("juliet", ""), identity=identity)
        assert not converse(client, server)
        assert server.username == "juliet"

    @pytest.mark.parametrize(
        ("identities", "wanted", "condition"),
        [
            ((), "", "not-authorized"),
            (("juliet@elsewhere",), "", "not-authorized"),
            (("juliet@localhost",), "romeo@localhost", "invalid-authzid"),
            (("juliet@localhost", "romeo@localhost"), "", "invalid-authzid"),
            (("nobody@localhost",), "", "not-authorized"),
            (("no jid @",), "", "not-authorized"),
            (("juliet@localhost",), "\N{BELL}", "invalid-authzid"),
        ],
    )
    def test_a_certificate_that_does_not(
        self, identities: tuple[str, ...], wanted: str, condition: str
    ) -> None:
        with pytest.raises(SaslRefusedError) as caught:
            self.server(*identities).receive(wanted.encode())
        assert caught.value.condition == condition

    def test_a_refusal_is_about_the_certificate(self) -> None:
        client = client_mechanism("EXTERNAL", Credentials("juliet", ""))
        told = client.failure("not-authorized")
        assert told is not None
        assert "certificate" in told.what


class TestAdopting:
    """An exchange that a user began by hand is continued from what was typed."""

    @pytest.mark.parametrize(
        ("name", "message", "binding"),
        [
            ("SCRAM-SHA-256", "n,,n=juliet,r=typed", b""),
            ("SCRAM-SHA-256", "n,a=juliet,n=juliet,r=typed", b""),
            ("SCRAM-SHA-256", "y,,n=juliet,r=typed,x=extension", b""),
            ("SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=juliet,r=typed", EXPORTER.data),
        ],
    )
    def test_the_typed_message_is_what_is_continued(
        self, name: str, message: str, binding: bytes
    ) -> None:
        client = adopt(name, message.encode(), JULIET, CHANNEL)
        assert client is not None
        assert client.first() == message.encode()
        server_first = "r=typedmore,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        final, server_final = by_hand(message, server_first, binding)
        assert client.respond(server_first.encode()) == final.encode()
        assert client.finish(server_final.encode())

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("SCRAM-SHA-256", "n,,n=romeo,r=typed"),
            ("SCRAM-SHA-256", "n,,n=juliet"),
            ("SCRAM-SHA-256", "n=juliet,r=typed"),
            ("SCRAM-SHA-256", "n,,n=juliet,r="),
            ("SCRAM-SHA-256", "n,,n=juliet,r"),
            ("SCRAM-SHA-256", "q,,n=juliet,r=typed"),
            ("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=juliet,r=typed"),
            ("SCRAM-SHA-256", "n,,n=juli=et,r=typed"),
            ("GSSAPI", "anything"),
        ],
    )
    def test_what_cannot_be_continued_is_left_alone(self, name: str, message: str) -> None:
        assert adopt(name, message.encode(), JULIET, CHANNEL) is None

    def test_without_an_initial_response_the_first_message_is_still_to_come(self) -> None:
        client = adopt("SCRAM-SHA-256-PLUS", None, JULIET, CHANNEL)
        assert client is not None
        first = client.first()
        assert first is not None
        assert first.startswith(b"p=tls-exporter,,n=juliet,r=")
        assert adopt("SCRAM-SHA-256-PLUS", None, JULIET, Channel()) is None
        assert adopt("PLAIN", None, JULIET, Channel()) is not None


class TestGs2Header:
    @pytest.mark.parametrize(
        ("header", "text"),
        [
            (Gs2Header(), "n,,"),
            (Gs2Header("y"), "y,,"),
            (Gs2Header("p", "tls-unique"), "p=tls-unique,,"),
            (Gs2Header("n", "", "a=b,c"), "n,a=a=3Db=2Cc,"),
        ],
    )
    def test_written_and_read_back(self, header: Gs2Header, text: str) -> None:
        assert str(header) == text
        assert split_header(text + "n=x,r=y") == (header, "n=x,r=y")

    @pytest.mark.parametrize(
        "text", ["", "n", "n,", "p,,x", "p=,,x", "n=x,,x", "F,n,,x", "n,b=x,x", "n,a=x=4,x"]
    )
    def test_what_is_none(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            split_header(text)


def test_no_password_in_any_representation() -> None:
    for name in MECHANISMS:
        binding = EXPORTER if name.endswith("-PLUS") else None
        mechanism = client_mechanism(name, JULIET, binding=binding)
        assert PASSWORD not in repr(mechanism)
    assert "exported" not in repr(EXPORTER)
    assert "exported" not in repr(CHANNEL)
