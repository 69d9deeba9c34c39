"""The certificates of a test: an authority of its own, one for a server, one for each client."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

ID_ON_XMPP_ADDR = ObjectIdentifier("1.3.6.1.5.5.7.8.5")
"""The kind of name that is a JID (RFC 6120 section 13.7.1.4)."""

UTF8_STRING = 0x0C
YEAR = datetime.timedelta(days=365)


class Authority:
    """A certificate authority that nobody trusts but who is given its certificate."""

    def __init__(self) -> None:
        self._authority = trustme.CA()

    def write_server(self, folder: Path, hosts: Sequence[str]) -> None:
        """Write `ca.pem`, `key.pem`, `certificate.pem` and both latter in one as `chained.pem`.

        Every host is named, since OpenSSL takes no `*.localhost`. The certificate ends in a year:
        ejabberd cannot set a timer for one that ends in centuries.
        """
        end = datetime.datetime.now(datetime.UTC) + YEAR
        issued = self._authority.issue_cert(*hosts, not_after=end)
        self._authority.cert_pem.write_to_path(folder / "ca.pem")
        issued.private_key_pem.write_to_path(folder / "key.pem")
        issued.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
        issued.private_key_and_cert_chain_pem.write_to_path(folder / "chained.pem")

    def write_client(self, path: Path, jid: str) -> None:
        """Write a key and a certificate that names the JID, in one file, as PEM."""
        signer = x509.load_pem_x509_certificate(self._authority.cert_pem.bytes())
        signing = serialization.load_pem_private_key(self._authority.private_key_pem.bytes(), None)
        assert isinstance(signing, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        name = jid.encode()
        assert len(name) < 128, "a longer name needs a longer length in DER"
        address = x509.OtherName(ID_ON_XMPP_ADDR, bytes([UTF8_STRING, len(name)]) + name)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, jid)]))
            .issuer_name(signer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + YEAR)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(signing, hashes.SHA256())
        )
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
