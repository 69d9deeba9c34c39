"""Channel bindings: both ends have the same, other connections have others, versions matter."""

from __future__ import annotations

import ssl
from pathlib import Path

import certificate_shop as shop
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from xmppshell.network import tls_layer
from xmppshell.network.end_point import end_point_hash
from xmppshell.network.tls import ServerTlsSettings, TlsLayer, TlsSettings
from xmppshell.network.tls_layer import Layer, open_layer
from xmppshell.network.tls_pyopenssl import PyOpenSslLayer
from xmppshell.protocol.channel import TLS_EXPORTER, TLS_SERVER_END_POINT, TLS_UNIQUE

NAME = "example.org"
LAYERS: list[type[Layer]] = [TlsLayer, PyOpenSslLayer]


@pytest.fixture(scope="module")
def good(authority: trustme.CA) -> ServerTlsSettings:
    return shop.issued(authority, NAME)


def shaken(client: Layer, server: Layer) -> tuple[Layer, Layer]:
    """Carry the handshake to its end."""
    done = {client: client.handshake(), server: False}
    for _ in range(10):
        for giver, taker in ((client, server), (server, client)):
            waiting = giver.outgoing()
            if not done[taker]:
                done[taker] = taker.handshake(waiting)
            elif waiting:
                taker.receive(waiting)
    assert all(done.values())
    return client, server


def pair(
    of: type[Layer], to: type[Layer], settings: TlsSettings, server: ServerTlsSettings
) -> tuple[Layer, Layer]:
    return shaken(of(settings, NAME), to(server, ""))


@pytest.mark.parametrize("of", LAYERS)
@pytest.mark.parametrize("to", LAYERS)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_what_both_ends_have_is_the_same(
    of: type[Layer], to: type[Layer], version: str, ca_file: str, good: ServerTlsSettings
) -> None:
    settings = TlsSettings(ca_file=ca_file, max_version=version)
    ends = pair(of, to, settings, good)
    mine, theirs = (end.facts().channel.bindings for end in ends)
    common = {each.type for each in mine} & {each.type for each in theirs}
    for one in mine:
        for other in theirs:
            if one.type == other.type:
                assert one.data == other.data
                assert len(one.data) >= 12
    expected = {TLS_SERVER_END_POINT}
    if version == "1.2":
        expected.add(TLS_UNIQUE)
    elif of is to is PyOpenSslLayer:
        expected.add(TLS_EXPORTER)
    assert common - {TLS_EXPORTER} == expected - {TLS_EXPORTER}
    assert common >= expected


@pytest.mark.parametrize(("version", "kind"), [("1.2", TLS_UNIQUE), ("1.3", TLS_EXPORTER)])
def test_another_connection_has_another(
    version: str, kind: str, ca_file: str, good: ServerTlsSettings
) -> None:
    settings = TlsSettings(ca_file=ca_file, max_version=version)
    first, _ = pair(PyOpenSslLayer, PyOpenSslLayer, settings, good)
    second, _ = pair(PyOpenSslLayer, PyOpenSslLayer, settings, good)
    assert first.channel_binding(kind) != second.channel_binding(kind)
    assert first.channel_binding(TLS_SERVER_END_POINT) == second.channel_binding(
        TLS_SERVER_END_POINT
    )


@pytest.mark.parametrize("of", LAYERS)
def test_tls_unique_is_not_for_tls_1_3(
    of: type[Layer], ca_file: str, good: ServerTlsSettings
) -> None:
    for end in pair(of, of, TlsSettings(ca_file=ca_file), good):
        assert end.facts().version == "TLS 1.3"
        assert end.channel_binding(TLS_UNIQUE) is None
        assert TLS_UNIQUE not in end.facts().channel.types


def test_ssl_itself_would_give_out_bytes_for_it(ca_file: str, good: ServerTlsSettings) -> None:
    """The reason for the version check; if this fails, ssl has become stricter."""
    client, _ = pair(TlsLayer, TlsLayer, TlsSettings(ca_file=ca_file), good)
    assert isinstance(client, TlsLayer)
    assert client._object.version() == "TLSv1.3"
    assert client._object.get_channel_binding("tls-unique")


def test_tls_exporter_is_not_used_with_tls_1_2(ca_file: str, good: ServerTlsSettings) -> None:
    settings = TlsSettings(ca_file=ca_file, max_version="1.2")
    for end in pair(PyOpenSslLayer, PyOpenSslLayer, settings, good):
        assert end.channel_binding(TLS_EXPORTER) is None


def test_an_unknown_type(ca_file: str, good: ServerTlsSettings) -> None:
    for end in pair(PyOpenSslLayer, TlsLayer, TlsSettings(ca_file=ca_file), good):
        assert end.channel_binding("tls-unique-for-telnet") is None


@pytest.mark.parametrize("known", [True, False])
def test_pyopenssl_is_used_only_where_it_is_needed(
    known: bool, good: ServerTlsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    types = ["tls-unique", *(["tls-exporter"] if known else [])]
    monkeypatch.setattr(tls_layer.ssl, "CHANNEL_BINDING_TYPES", types)
    plain, wanted = TlsSettings(), TlsSettings(exporter=True)
    assert type(open_layer(plain, NAME)) is TlsLayer
    assert type(open_layer(good, "")) is TlsLayer
    assert type(open_layer(wanted, NAME)) is (TlsLayer if known else PyOpenSslLayer)
    server = ServerTlsSettings(good.cert_pem, good.key_pem, exporter=True)
    assert type(open_layer(server, "")) is (TlsLayer if known else PyOpenSslLayer)


# The client's certificate, for SASL EXTERNAL.


def client_certificate(
    authority: trustme.CA, folder: Path, jid: str = "juliet@example.org"
) -> tuple[str, str]:
    """Write a certificate for `jid` and its key; return the paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    issuer_key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    text = jid.encode()
    name = x509.OtherName(shop.XMPP_ADDR, bytes([0x0C, len(text)]) + text)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "juliet")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(shop.NOW - shop.DAY)
        .not_valid_after(shop.NOW + shop.DAY)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(issuer_key, hashes.SHA256())  # type: ignore[arg-type]
    )
    paths = folder / "client.pem", folder / "client.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(paths[0]), str(paths[1])


def asking(good: ServerTlsSettings, authority: trustme.CA) -> ServerTlsSettings:
    return ServerTlsSettings(good.cert_pem, good.key_pem, client_ca_pem=authority.cert_pem.bytes())


@pytest.mark.parametrize("of", LAYERS)
@pytest.mark.parametrize("to", LAYERS)
def test_the_jids_of_a_verified_client(
    of: type[Layer],
    to: type[Layer],
    authority: trustme.CA,
    ca_file: str,
    good: ServerTlsSettings,
    tmp_path: Path,
) -> None:
    shown = client_certificate(authority, tmp_path)
    client, server = pair(
        of, to, TlsSettings(ca_file=ca_file, client_cert=shown), asking(good, authority)
    )
    there = server.facts()
    assert there.verified
    assert there.subject == "juliet"
    assert there.channel.identities == ("juliet@example.org",)
    assert client.facts().channel.certificate_shown
    assert client.facts().channel.identities == ()


@pytest.mark.parametrize("to", LAYERS)
def test_a_client_without_a_certificate_is_let_in(
    to: type[Layer], authority: trustme.CA, ca_file: str, good: ServerTlsSettings
) -> None:
    client, server = pair(TlsLayer, to, TlsSettings(ca_file=ca_file), asking(good, authority))
    assert not server.facts().verified
    assert server.facts().channel.identities == ()
    assert not client.facts().channel.certificate_shown


@pytest.mark.parametrize("to", LAYERS)
def test_a_client_certificate_of_a_stranger_is_refused(
    to: type[Layer],
    authority: trustme.CA,
    ca_file: str,
    good: ServerTlsSettings,
    tmp_path: Path,
) -> None:
    from xmppshell.network.failures import ConnectionFailed

    shown = client_certificate(trustme.CA(), tmp_path)
    with pytest.raises(ConnectionFailed):
        pair(
            TlsLayer,
            to,
            TlsSettings(ca_file=ca_file, client_cert=shown),
            asking(good, authority),
        )


# tls-server-end-point.


def certificate_signed_by(key: object, algorithm: object, **how: object) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(x509.random_serial_number())
        .not_valid_before(shop.NOW - shop.DAY)
        .not_valid_after(shop.NOW + shop.DAY)
        .sign(key, algorithm, **how)  # type: ignore[arg-type]
        .public_bytes(serialization.Encoding.DER)
    )


def sha(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()


ALGORITHMS: list[hashes.HashAlgorithm] = [
    hashes.SHA224(),
    hashes.SHA256(),
    hashes.SHA384(),
    hashes.SHA512(),
]


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda each: each.name)
def test_the_hash_is_that_of_the_signature(
    algorithm: hashes.HashAlgorithm, rsa_key: rsa.RSAPrivateKey
) -> None:
    pss = padding.PSS(padding.MGF1(algorithm), padding.PSS.DIGEST_LENGTH)
    for certificate in (
        certificate_signed_by(rsa_key, algorithm),
        certificate_signed_by(rsa_key, algorithm, rsa_padding=pss),
        certificate_signed_by(ec.generate_private_key(ec.SECP256R1()), algorithm),
    ):
        assert end_point_hash(certificate) == sha(algorithm, certificate)


@pytest.mark.parametrize("oid", ["2a864886f70d010104", "2a864886f70d010105"], ids=["md5", "sha1"])
def test_sha_256_stands_in_for_broken_hashes(oid: str, rsa_key: rsa.RSAPrivateKey) -> None:
    certificate = certificate_signed_by(rsa_key, hashes.SHA256())
    broken = certificate.replace(bytes.fromhex("2a864886f70d01010b"), bytes.fromhex(oid))
    assert broken != certificate
    assert end_point_hash(broken) == sha(hashes.SHA256(), broken)


def test_a_signature_without_one_hash_has_no_such_binding() -> None:
    certificate = certificate_signed_by(ed25519.Ed25519PrivateKey.generate(), None)
    assert end_point_hash(certificate) is None


@pytest.mark.parametrize("cut", [0, 1, 2, 5, 100])
def test_what_is_no_certificate(cut: int, rsa_key: rsa.RSAPrivateKey) -> None:
    assert end_point_hash(certificate_signed_by(rsa_key, hashes.SHA256())[:cut]) is None


def test_both_ends_hash_the_servers_own_certificate(ca_file: str, good: ServerTlsSettings) -> None:
    client, server = pair(TlsLayer, TlsLayer, TlsSettings(ca_file=ca_file), good)
    der = ssl.PEM_cert_to_DER_cert(
        good.cert_pem.decode().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    )
    expected = sha(hashes.SHA256(), der)
    assert client.channel_binding(TLS_SERVER_END_POINT) == expected
    assert server.channel_binding(TLS_SERVER_END_POINT) == expected
