"""SASL payloads taken apart, and the sums of SCRAM done again (values of RFC 5802 and 7677)."""

from __future__ import annotations

import pytest

from xmppshell.protocol.sasl_explain import MASK, Check, Field, Payload, check, explain
from xmppshell.protocol.states import Speaker

CLIENT, SERVER = Speaker.CLIENT, Speaker.SERVER

SHA1 = (
    (CLIENT, b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"),
    (SERVER, b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
    (CLIENT, b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="),
    (SERVER, b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
)
SHA256 = (
    (CLIENT, b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
    (
        SERVER,
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    ),
    (
        CLIENT,
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    ),
    (SERVER, b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
)


def payloads(exchange: tuple[tuple[Speaker, bytes], ...]) -> list[Payload]:
    return [Payload(speaker, data) for speaker, data in exchange]


@pytest.mark.parametrize(
    ("mechanism", "exchange"), [("SCRAM-SHA-1", SHA1), ("SCRAM-SHA-256", SHA256)]
)
class TestCheck:
    def test_the_sums_of_the_rfc_come_out(self, mechanism, exchange) -> None:
        checks = check(mechanism, payloads(exchange), "pencil")
        assert [c.what for c in checks] == [
            "the nonces",
            "the client proof",
            "the server signature",
        ]
        assert all(c.right for c in checks)

    def test_another_password_is_seen(self, mechanism, exchange) -> None:
        wrong = [c.what for c in check(mechanism, payloads(exchange), "pen") if not c.right]
        assert wrong == ["the client proof", "the server signature"]

    def test_a_nonce_that_was_replaced_is_seen(self, mechanism, exchange) -> None:
        first = exchange[1][1].replace(b"r=", b"r=X", 1)
        changed = (exchange[0], (SERVER, first), *exchange[2:])
        assert Check("the nonces", False, "") == Check(
            check(mechanism, payloads(changed), "pencil")[0].what,
            check(mechanism, payloads(changed), "pencil")[0].right,
            "",
        )

    def test_an_unfinished_exchange_is_checked_as_far_as_it_goes(self, mechanism, exchange) -> None:
        assert check(mechanism, payloads(exchange[:2]), "pencil") == ()
        assert len(check(mechanism, payloads(exchange[:3]), "pencil")) == 2


def test_other_mechanisms_have_no_sums() -> None:
    assert check("PLAIN", payloads(SHA1), "pencil") == ()


def named(fields: tuple[Field, ...]) -> dict[str, str]:
    return {field.name: field.value for field in fields}


def test_scram_fields() -> None:
    first = named(explain("SCRAM-SHA-1", CLIENT, 0, SHA1[0][1]))
    assert first == {
        "gs2 flag": "n",
        "n: user name": "user",
        "r: nonce": "fyko+d2lbbFgONRv9qkxdawL",
    }
    challenge = named(explain("SCRAM-SHA-1", SERVER, 0, SHA1[1][1]))
    assert challenge["i: iterations"] == "4096"
    final = named(explain("SCRAM-SHA-1", CLIENT, 1, SHA1[2][1]))
    assert final["c: channel binding"] == "n,,"
    assert final["p: client proof"] == MASK


@pytest.mark.parametrize(
    ("mechanism", "speaker", "data", "secret"),
    [
        ("PLAIN", CLIENT, b"\0juliet\0pencil", "pencil"),
        ("PLAIN", CLIENT, b"pencil", "pencil"),
        ("OAUTHBEARER", CLIENT, b"n,a=j@h,\x01host=h\x01auth=Bearer pencil\x01\x01", "pencil"),
        ("X-OTHER", CLIENT, b"pencil", "pencil"),
        ("SCRAM-SHA-1", CLIENT, b"c=biws,r=x,p=cGVuY2ls", "cGVuY2ls"),
        ("PLAIN", CLIENT, b"\xff\0pencil", "pencil"),
        ("HT-SHA-256-NONE", CLIENT, b"juliet\0pencil", "pencil"),
        ("HT-SHA-256-NONE", CLIENT, b"pencil", "pencil"),
        ("HT-SHA-256-NONE", SERVER, b"\xffpencil", "pencil"),
    ],
)
def test_secrets_are_masked(mechanism: str, speaker: Speaker, data: bytes, secret: str) -> None:
    fields = explain(mechanism, speaker, 1, data)
    assert MASK in {field.value for field in fields}
    assert secret not in str(fields)


@pytest.mark.parametrize(
    ("mechanism", "speaker", "data", "name"),
    [
        ("PLAIN", SERVER, b"hello", "text"),
        ("EXTERNAL", CLIENT, b"juliet@h", "authzid"),
        ("ANONYMOUS", CLIENT, b"guest", "trace"),
        ("OAUTHBEARER", SERVER, b'{"status":"invalid_token"}', "status"),
        ("OAUTHBEARER", SERVER, b"[1]", "text"),
        ("OAUTHBEARER", CLIENT, b"\x01", "payload"),
        ("SCRAM-SHA-256", SERVER, b"e=unknown-user", "e: error"),
        ("SCRAM-SHA-256", SERVER, b"nonsense", "nonsense"),
        ("PLAIN", CLIENT, b"", "empty"),
        ("HT-SHA-256-NONE", CLIENT, b"juliet\0\xff", "user name"),
    ],
)
def test_other_payloads(mechanism: str, speaker: Speaker, data: bytes, name: str) -> None:
    assert name in named(explain(mechanism, speaker, 0, data))
