"""The TLS layers over memory, two of them back to back: by ssl, by pyOpenSSL, by one of each."""

from __future__ import annotations

import datetime
import os
import ssl
import stat
import warnings
from pathlib import Path

import certificate_shop as shop
import pytest
import trustme
from cryptography import x509

from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.tls import ServerTlsSettings, TlsLayer, TlsSettings
from xmppshell.network.tls_layer import Layer
from xmppshell.network.tls_pyopenssl import PyOpenSslLayer

NAME = "example.org"
LIBRARIES: dict[str, tuple[type[Layer], type[Layer]]] = {
    "ssl": (TlsLayer, TlsLayer),
    "pyopenssl": (PyOpenSslLayer, PyOpenSslLayer),
    "pyopenssl to ssl": (PyOpenSslLayer, TlsLayer),
    "ssl to pyopenssl": (TlsLayer, PyOpenSslLayer),
}
library: tuple[type[Layer], type[Layer]]
"""What the client and the server of the running test are made of."""


@pytest.fixture(autouse=True, params=sorted(LIBRARIES))
def _with_each_library(request: pytest.FixtureRequest) -> None:
    global library
    library = LIBRARIES[request.param]


@pytest.fixture
def ssl_server(_with_each_library: None) -> None:
    """Leave out the runs with a server by pyOpenSSL, into which the test cannot look."""
    if library[1] is not TlsLayer:
        pytest.skip("the test looks into ssl's server")


def layer(settings: TlsSettings | ServerTlsSettings, name: str) -> Layer:
    return library[isinstance(settings, ServerTlsSettings)](settings, name)


@pytest.fixture(scope="module")
def good(authority: trustme.CA) -> ServerTlsSettings:
    return shop.issued(authority, NAME, "*.example.net", "192.0.2.1", "2001:db8::1")


def shake_hands(client: Layer, server: Layer, *, step: int = 65536) -> None:
    """Carry the handshake to its end, at most `step` bytes at a time; raises what either raises."""
    done = [client.handshake(), False]
    sides = [client, server]
    for _ in range(20_000):
        for giver, taker in ((0, 1), (1, 0)):
            waiting = sides[giver].outgoing()
            for start in range(0, len(waiting), step):
                piece = waiting[start : start + step]
                if not done[taker]:
                    done[taker] = sides[taker].handshake(piece)
                elif piece:
                    assert sides[taker].receive(piece) == b""
        if all(done):
            return
    raise AssertionError("the handshake does not end")


def pair(client: TlsSettings, server: ServerTlsSettings, name: str = NAME) -> tuple[Layer, Layer]:
    sides = layer(client, name), layer(server, "")
    shake_hands(*sides)
    return sides


def failure(client: TlsSettings, server: ServerTlsSettings, name: str = NAME) -> ConnectionFailed:
    with pytest.raises(ConnectionFailed) as caught:
        pair(client, server, name)
    return caught.value


# A good handshake.


def test_the_facts_of_a_verified_handshake(
    authority: trustme.CA, ca_file: str, good: ServerTlsSettings
) -> None:
    client, server = pair(TlsSettings(ca_file=ca_file, alpn=("xmpp-client",)), good)
    facts = client.facts()
    own = x509.load_pem_x509_certificate(good.cert_pem)
    assert facts.version == "TLS 1.3"
    assert facts.cipher.startswith("TLS_")
    assert facts.alpn == "xmpp-client"
    assert facts.verified
    assert facts.objection == ""
    assert set(facts.names) == {NAME, "*.example.net", "192.0.2.1", "2001:db8::1"}
    assert facts.subject.startswith("Testing cert #")
    assert facts.issuer.startswith("Testing CA #")
    assert facts.not_after == own.not_valid_after_utc.date().isoformat()
    assert facts.not_before == own.not_valid_before_utc.date().isoformat()
    assert facts.fingerprint_sha256.replace(":", "").lower() == own.fingerprint(shop.SHA256).hex()
    assert x509.load_der_x509_certificate(facts.chain[0]) == own
    there = server.facts()
    assert (there.version, there.cipher, there.alpn) == (facts.version, facts.cipher, facts.alpn)
    assert there.subject == ""
    assert not there.verified


def test_tls_1_2(ca_file: str, good: ServerTlsSettings) -> None:
    client, server = pair(TlsSettings(ca_file=ca_file, max_version="1.2"), good)
    assert client.facts().version == "TLS 1.2"
    assert server.receive(client.send(b"<a/>")) == b"<a/>"
    assert client.receive(server.send(b"<b/>")) == b"<b/>"


@pytest.mark.parametrize("name", ["sub.example.net", "192.0.2.1", "2001:db8::1", "[2001:db8::1]"])
def test_other_forms_of_names_that_are_covered(
    ca_file: str, good: ServerTlsSettings, name: str
) -> None:
    client, _ = pair(TlsSettings(ca_file=ca_file), good, name)
    assert client.facts().verified


def test_an_internationalised_domain_is_verified_by_its_a_label(
    authority: trustme.CA, ca_file: str
) -> None:
    server = shop.issued(authority, "xn--strae-oqa.example")
    client, _ = pair(TlsSettings(ca_file=ca_file), server, "straße.example")
    assert client.facts().verified


@pytest.mark.usefixtures("ssl_server")
def test_sni_names_the_domain_and_never_an_address(
    ca_file: str, good: ServerTlsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = ssl.SSLContext.wrap_bio

    def spy(self: ssl.SSLContext, *args: object, **options: object) -> ssl.SSLObject:
        if options.get("server_side"):
            self.sni_callback = lambda _object, name, _context: seen.append(name)
        return real(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(ssl.SSLContext, "wrap_bio", spy)
    pair(TlsSettings(ca_file=ca_file), good, NAME)
    pair(TlsSettings(ca_file=ca_file), good, "192.0.2.1")
    pair(TlsSettings(insecure=True), good, "elsewhere.example")
    assert seen == [NAME, None, "elsewhere.example"]


def test_no_alpn_is_fine_and_no_answer_to_alpn_is_too(
    authority: trustme.CA, ca_file: str, good: ServerTlsSettings
) -> None:
    client, _ = pair(TlsSettings(ca_file=ca_file), good)
    assert client.facts().alpn is None
    silent = shop.settings_of(authority.issue_cert(NAME), alpn=())
    client, _ = pair(TlsSettings(ca_file=ca_file, alpn=("xmpp-client",)), silent)
    assert client.facts().alpn is None


def test_any_split_of_the_handshake_works(ca_file: str, good: ServerTlsSettings) -> None:
    client = layer(TlsSettings(ca_file=ca_file), NAME)
    server = layer(good, "")
    shake_hands(client, server, step=1)
    assert client.facts().verified


def test_the_ca_file_may_be_the_servers_own_certificate(
    authority: trustme.CA, tmp_path: Path
) -> None:
    issued = authority.issue_cert(NAME)
    for server, own in (
        (shop.self_signed(NAME, [x509.DNSName(NAME)]), None),
        (shop.settings_of(issued), issued.cert_chain_pems[0].bytes()),
    ):
        path = tmp_path / "server.pem"
        path.write_bytes(own or server.cert_pem)
        client, _ = pair(TlsSettings(ca_file=str(path)), server)
        assert client.facts().verified


def test_a_pinned_certificate_must_still_be_for_the_name(tmp_path: Path) -> None:
    server = shop.self_signed(NAME, [x509.DNSName(NAME)])
    path = tmp_path / "server.pem"
    path.write_bytes(server.cert_pem)
    error = failure(TlsSettings(ca_file=str(path)), server, "other.example")
    assert error.kind == "certificate"


# Certificates that are not accepted.


def test_a_wrong_name_is_named_with_the_right_ones(ca_file: str, good: ServerTlsSettings) -> None:
    error = failure(TlsSettings(ca_file=ca_file), good, "example.com")
    assert error.kind == "certificate"
    assert "not for example.com" in error.problem.what
    for name in (NAME, "*.example.net", "192.0.2.1"):
        assert name in error.problem.what
    assert "--insecure" in error.problem.cure


def test_a_wrong_address(ca_file: str, good: ServerTlsSettings) -> None:
    error = failure(TlsSettings(ca_file=ca_file), good, "192.0.2.2")
    assert "not for 192.0.2.2" in error.problem.what


def test_a_certificate_without_names_is_good_for_none(tmp_path: Path) -> None:
    server = shop.self_signed(NAME, [])
    path = tmp_path / "server.pem"
    path.write_bytes(server.cert_pem)
    error = failure(TlsSettings(ca_file=str(path)), server)
    assert "for no name at all" in error.problem.what


def test_names_of_xmpps_own_kind_are_not_accepted_but_explained(tmp_path: Path) -> None:
    server = shop.only_xmpp_names(NAME)
    path = tmp_path / "server.pem"
    path.write_bytes(server.cert_pem)
    error = failure(TlsSettings(ca_file=str(path)), server)
    assert "xmppAddr:example.org" in error.problem.what
    assert "SRVName:_xmpp-client.example.org" in error.problem.what
    assert "xmppAddr" in error.problem.cause
    assert "DNS name" in error.problem.cure


def test_an_expired_certificate_with_its_date_and_the_clock(
    authority: trustme.CA, ca_file: str
) -> None:
    error = failure(TlsSettings(ca_file=ca_file), shop.expired(authority, NAME))
    assert error.kind == "certificate"
    assert f"expired on {(shop.NOW - 2 * shop.DAY).date()}" in error.problem.what
    assert "clock" in error.problem.cure


def test_a_certificate_that_is_not_yet_valid(authority: trustme.CA, ca_file: str) -> None:
    error = failure(TlsSettings(ca_file=ca_file), shop.not_yet_valid(authority, NAME))
    assert f"not valid before {(shop.NOW + 2 * shop.DAY).date()}" in error.problem.what
    assert "clock" in error.problem.cure


def test_a_self_signed_certificate(ca_file: str) -> None:
    server = shop.self_signed("prosody on a laptop", [x509.DNSName(NAME)])
    for settings in (TlsSettings(ca_file=ca_file), TlsSettings()):
        error = failure(settings, server)
        assert error.kind == "certificate"
        assert "self-signed" in error.problem.what
        assert "prosody on a laptop" in error.problem.what
        assert "--ca-file" in error.problem.cure
        assert "--insecure" in error.problem.cure


def test_an_authority_that_is_not_known(good: ServerTlsSettings, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA(organization_name="Another").cert_pem.write_to_path(str(other))
    for settings in (TlsSettings(ca_file=str(other)), TlsSettings()):
        error = failure(settings, good)
        assert error.kind == "certificate"
        assert "not trusted" in error.problem.what
        assert "Testing CA #" in error.problem.what
        assert "--ca-file" in error.problem.cure


def test_an_intermediate_that_the_server_does_not_send(tmp_path: Path) -> None:
    root = trustme.CA()
    middle = root.create_child_ca()
    path = tmp_path / "root.pem"
    root.cert_pem.write_to_path(str(path))
    leaf = middle.issue_cert(NAME)
    client, _ = pair(TlsSettings(ca_file=str(path)), shop.settings_of(leaf))
    assert len(client.facts().chain) >= 2
    alone = ServerTlsSettings(leaf.cert_chain_pems[0].bytes(), leaf.private_key_pem.bytes())
    error = failure(TlsSettings(ca_file=str(path)), alone)
    assert "not trusted" in error.problem.what
    assert "does not send" in error.problem.cause


def test_the_peer_is_told_by_an_alert(good: ServerTlsSettings) -> None:
    client = layer(TlsSettings(), NAME)
    server = layer(good, "")
    with pytest.raises(ConnectionFailed):
        shake_hands(client, server)
    with pytest.raises(ConnectionFailed) as caught:
        server.handshake(client.outgoing())
    assert caught.value.kind == "tls"
    assert "did not accept the certificate" in caught.value.problem.what


# Verification switched off.


def test_insecure_accepts_and_still_tells(good: ServerTlsSettings, ca_file: str) -> None:
    client, _ = pair(TlsSettings(insecure=True, ca_file=ca_file), good, "example.com")
    facts = client.facts()
    assert not facts.verified
    assert "not for example.com" in facts.objection
    assert set(facts.names) == {NAME, "*.example.net", "192.0.2.1", "2001:db8::1"}
    assert facts.issuer.startswith("Testing CA #")
    assert facts.not_after
    assert facts.fingerprint_sha256


def test_insecure_with_nothing_wrong_has_no_objection(
    good: ServerTlsSettings, ca_file: str
) -> None:
    for name in (NAME, "sub.example.net", "192.0.2.1"):
        client, _ = pair(TlsSettings(insecure=True, ca_file=ca_file), good, name)
        assert client.facts().objection == ""
        assert not client.facts().verified


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda ca: shop.expired(ca, NAME), "expired on"),
        (lambda ca: shop.not_yet_valid(ca, NAME), "not valid before"),
        (lambda ca: shop.self_signed(NAME, [x509.DNSName(NAME)]), "self-signed"),
        (lambda ca: shop.issued(trustme.CA(), NAME), "not trusted"),
        (lambda ca: shop.issued(ca, "*.org"), ""),
        (lambda ca: shop.issued(ca, "*.sub.example.org"), "not for example.org"),
    ],
)
def test_what_insecure_would_have_found(
    authority: trustme.CA, ca_file: str, make: object, words: str
) -> None:
    server = make(authority)  # type: ignore[operator]
    client, _ = pair(TlsSettings(insecure=True, ca_file=ca_file), server)
    objection = client.facts().objection
    assert words in objection
    assert bool(words) == bool(objection)


def test_insecure_looks_at_the_systems_authorities(good: ServerTlsSettings) -> None:
    client, _ = pair(TlsSettings(insecure=True), good)
    assert "not trusted" in client.facts().objection


# Other failures of the handshake.


def test_a_server_that_insists_on_another_protocol(ca_file: str, good: ServerTlsSettings) -> None:
    client = layer(TlsSettings(ca_file=ca_file, alpn=("xmpp-client",)), NAME)
    client.handshake()
    alert = bytes([21, 3, 3, 0, 2, 2, 120])  # fatal no_application_protocol (RFC 7301)
    with pytest.raises(ConnectionFailed) as caught:
        client.handshake(alert)
    assert caught.value.kind == "alpn"


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        (112, "does not know this domain"),
        (70, "version of TLS"),
        (40, "agree on how to encrypt"),
        (116, "wants a client certificate"),
        (20, "damaged"),
        (80, "alert internal error"),
    ],
)
def test_alerts_in_plain_words(ca_file: str, alert: int, words: str) -> None:
    client = layer(TlsSettings(ca_file=ca_file), NAME)
    client.handshake()
    with pytest.raises(ConnectionFailed) as caught:
        client.handshake(bytes([21, 3, 3, 0, 2, 2, alert]))
    assert caught.value.kind == "tls"
    assert words in caught.value.problem.what


@pytest.mark.parametrize(
    "answer", [b"<?xml version='1.0'?><stream:stream>", b"HTTP/1.1 400 Bad\r\n"]
)
def test_a_peer_that_does_not_speak_tls(ca_file: str, answer: bytes) -> None:
    client = layer(TlsSettings(ca_file=ca_file), NAME)
    client.handshake()
    with pytest.raises(ConnectionFailed) as caught:
        client.handshake(answer)
    assert caught.value.problem.what == "what the peer sent is not TLS"
    assert "--tls starttls" in caught.value.problem.cure


def test_no_common_version(ca_file: str, good: ServerTlsSettings) -> None:
    server = layer(ServerTlsSettings(good.cert_pem, good.key_pem, min_version="1.3"), "")
    client = layer(TlsSettings(ca_file=ca_file, max_version="1.2"), NAME)
    client.handshake()
    with pytest.raises(ConnectionFailed, match="version"):
        server.handshake(client.outgoing())
    with pytest.raises(ConnectionFailed, match="version"):
        client.handshake(server.outgoing())


def test_tls_1_1_is_never_spoken(good: ServerTlsSettings) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # ssl's own, about the old version
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with pytest.raises(ConnectionFailed, match="version"):
        layer(good, "").handshake(outgoing.read())


@pytest.mark.parametrize("name", ["", "a..b", "x" * 70])
def test_a_domain_that_cannot_be_a_host_name(name: str) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        layer(TlsSettings(), name)
    assert caught.value.kind == "dns"


# Data.


def test_every_byte_in_order_at_any_split(ca_file: str, good: ServerTlsSettings) -> None:
    client, server = pair(TlsSettings(ca_file=ca_file), good)
    data = os.urandom(200_000)
    ciphertext = client.send(data)
    assert data not in ciphertext
    got = b"".join(
        server.receive(ciphertext[start : start + 1000])
        for start in range(0, len(ciphertext), 1000)
    )
    assert got == data


def test_a_damaged_record_is_told_after_what_came_before(
    ca_file: str, good: ServerTlsSettings
) -> None:
    client, server = pair(TlsSettings(ca_file=ca_file), good)
    before = client.send(b"<a/>")
    damaged = bytearray(client.send(b"<b/>"))
    damaged[-1] ^= 1
    assert server.receive(before + bytes(damaged)) == b"<a/>"
    with pytest.raises(ConnectionFailed, match="damaged"):
        server.receive(b"")


def test_close_is_told_after_what_came_before(ca_file: str, good: ServerTlsSettings) -> None:
    client, server = pair(TlsSettings(ca_file=ca_file), good)
    assert server.receive(client.send(b"</s>") + client.close()) == b"</s>"
    assert server.closed_by_peer
    assert server.receive(b"") == b""
    assert client.close() == b""
    with pytest.raises(ConnectionFailed) as caught:
        client.send(b"more")
    assert caught.value.kind == "closed"


@pytest.mark.parametrize("newest", ["1.3", "1.2"])
def test_what_the_peer_still_says_after_our_close_is_heard(
    ca_file: str, good: ServerTlsSettings, newest: str
) -> None:
    client, server = pair(TlsSettings(ca_file=ca_file, max_version=newest), good)
    client.receive(server.outgoing())
    client.close()
    assert client.receive(server.send(b"</stream:stream>")) == b"</stream:stream>"
    client.receive(server.close())
    assert client.closed_by_peer


# Files and secrets.


def test_the_key_log_is_written_only_on_request_and_for_its_owner(
    ca_file: str, good: ServerTlsSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unasked = tmp_path / "unasked"
    monkeypatch.setenv("SSLKEYLOGFILE", str(unasked))
    path = tmp_path / "keys"
    pair(TlsSettings(ca_file=ca_file), good)
    assert not unasked.exists()
    pair(TlsSettings(ca_file=ca_file, keylog=str(path)), good)
    assert "CLIENT_TRAFFIC_SECRET_0" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_servers_key_stays_out_of_sight(good: ServerTlsSettings) -> None:
    assert "PRIVATE KEY" in good.key_pem.decode()
    assert "PRIVATE KEY" not in repr(good)


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_a_ca_file_that_cannot_be_used(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConnectionFailed) as caught:
        layer(TlsSettings(ca_file=str(path)), NAME)
    assert caught.value.kind == "file"
    assert str(path) in caught.value.problem.what


def test_a_client_certificate_is_shown_to_a_server_that_asks(
    authority: trustme.CA, ca_file: str, good: ServerTlsSettings, tmp_path: Path
) -> None:
    leaf = authority.issue_cert("juliet@example.org")
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    leaf.cert_chain_pems[0].write_to_path(str(certificate))
    leaf.private_key_pem.write_to_path(str(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    authority.issue_cert(NAME).configure_cert(context)
    client = layer(TlsSettings(ca_file=ca_file, client_cert=(str(certificate), str(key))), NAME)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    client.handshake()
    incoming.write(client.outgoing())
    with pytest.raises(ssl.SSLWantReadError):
        server.do_handshake()
    assert client.handshake(outgoing.read())
    incoming.write(client.outgoing())
    server.do_handshake()
    shown = server.getpeercert(binary_form=True)
    assert shown == ssl.PEM_cert_to_DER_cert(certificate.read_text())


def test_a_client_key_with_a_password_does_not_ask_on_the_terminal(
    authority: trustme.CA, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization

    leaf = authority.issue_cert("juliet@example.org")
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    leaf.cert_chain_pems[0].write_to_path(str(certificate))
    private = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ConnectionFailed) as caught:
        layer(TlsSettings(client_cert=(str(certificate), str(key))), NAME)
    assert caught.value.kind == "file"
    assert "password" in caught.value.problem.what


def test_certificate_dates_do_not_depend_on_the_locale() -> None:
    from xmppshell.network.certificates import facts_from_dict

    facts = facts_from_dict({"notAfter": "Dec  5 09:34:43 2031 GMT"})
    assert facts.not_after == datetime.date(2031, 12, 5).isoformat()
