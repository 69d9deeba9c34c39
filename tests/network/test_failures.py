"""Every failure says what happened, why it usually does, and what to try."""

from __future__ import annotations

import errno
import os
import ssl
import subprocess
import sys

import pytest

from xmppshell.network import failures
from xmppshell.network.certificates import CertificateFacts, Flaw
from xmppshell.network.failures import ConnectionFailed
from xmppshell.protocol.problem import ProblemError


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


EXAMPLES = [
    failures.bad_name("a..b"),
    failures.not_offered("example.org", direct_tls=False),
    failures.not_offered("example.org", direct_tls=True),
    failures.lookup_failed("example.org", os_error(errno.EIO)),
    *(
        failures.connect_failed("example.org", 5222, [os_error(number)])
        for number in (
            errno.ECONNREFUSED,
            errno.ETIMEDOUT,
            errno.ENETUNREACH,
            errno.EHOSTUNREACH,
            errno.EPERM,
        )
    ),
    failures.connect_timed_out("example.org", 5222, 15.0),
    failures.lost(os_error(errno.ECONNRESET)),
    failures.lost(os_error(errno.ETIMEDOUT)),
    failures.lost(os_error(errno.EIO)),
    failures.closed(),
    failures.handshake_timed_out(15.0),
    failures.handshake_cut(),
    failures.tls_failed(ssl.SSLError(1, "[SSL] something new (_ssl.c:1006)"), handshake=True),
    *(
        failures.tls_failed(ssl.SSLError(1, needles[0]), handshake=True)
        for needles, _, _ in failures._TLS_FAILURES
    ),
    *(
        failures.certificate_failed(flaw, "example.org", CertificateFacts(), "key too small")
        for flaw in (each for each in Flaw if each not in (Flaw.OTHER, Flaw.WEAK))
    ),
    failures.bad_file("CA file", "/nowhere", os_error(errno.ENOENT)),
    failures.locked_key("/key"),
    *(
        failures.listen_failed("::1", 80, os_error(number))
        for number in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL)
    ),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: f"{error.kind}: {error}")
def test_a_failure_has_all_three_parts(error: ConnectionFailed) -> None:
    assert isinstance(error, ProblemError)
    for part in (error.problem.what, error.problem.cause, error.problem.cure):
        assert part
        assert not part.endswith(".")
        assert "\n" not in part
    assert str(error) == error.problem.what


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ECONNRESET, "reset"),
        (errno.EPIPE, "reset"),
        (errno.ETIMEDOUT, "timeout"),
    ],
)
def test_how_a_connection_was_lost(number: int, kind: str) -> None:
    assert failures.lost(os_error(number)).kind == kind


def test_an_unknown_tls_error_is_shown_without_its_wrapping() -> None:
    error = failures.tls_failed(
        ssl.SSLError(1, "[SSL: SOMETHING_NEW] something new (_ssl.c:1006)"), handshake=False
    )
    assert error.problem.what == "TLS failed: something new"


@pytest.mark.parametrize("flaw", [Flaw.OTHER, Flaw.WEAK])
def test_a_flaw_without_a_sentence_of_its_own_is_shown_as_openssl_puts_it(flaw: Flaw) -> None:
    error = failures.certificate_failed(flaw, "example.org", CertificateFacts(), "EE key too small")
    assert "EE key too small" in error.problem.what
    assert error.problem.cure


def test_many_names_of_a_certificate_are_cut_short() -> None:
    names = tuple(f"h{number}.example" for number in range(100))
    error = failures.certificate_failed(
        Flaw.WRONG_NAME, "example.org", CertificateFacts(names=names), ""
    )
    assert "h4.example and 95 more" in error.problem.what
    assert "h5.example" not in error.problem.what


def test_an_expired_issuer_is_not_blamed_on_the_certificate() -> None:
    error = failures.certificate_failed(
        Flaw.EXPIRED, "example.org", CertificateFacts(not_after="9999-01-01"), ""
    )
    assert error.problem.what == "a certificate of the issuers has expired"


def test_the_room_opens_without_heavy_libraries() -> None:
    heavy = ["dns", "cryptography", "idna", "xmppshell.network.tls", "tempfile", "lxml"]
    code = (
        "import sys, xmppshell.network.tcp, xmppshell.network.discovery\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
