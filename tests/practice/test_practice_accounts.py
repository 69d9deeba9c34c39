"""Who may sign in."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from xmppshell.practice.accounts import (
    DEFAULT_USERS,
    ITERATIONS,
    PRACTICE_PASSWORD,
    Accounts,
    default_accounts,
)
from xmppshell.protocol.jid import JID

JULIET = JID("juliet", "localhost", "")


def test_the_defaults() -> None:
    accounts = default_accounts(("localhost", "capulet.example"))
    for domain in ("localhost", "capulet.example"):
        for name in DEFAULT_USERS:
            jid = JID(name, domain, "any")
            assert jid in accounts
            assert accounts.password_is(jid, PRACTICE_PASSWORD)
    assert JID("tybalt", "localhost", "") not in accounts
    assert "juliet@localhost" not in accounts


@pytest.mark.parametrize("name", ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_scram_keys_are_those_of_the_password(name: str) -> None:
    accounts = Accounts()
    accounts.add(JULIET, "verona")
    salt, stored, server, iterations = accounts.scram_keys(JULIET, name)
    digest = name.removeprefix("SCRAM-").replace("-", "").lower()
    salted = hashlib.pbkdf2_hmac(digest, b"verona", salt, iterations)
    assert stored == hashlib.new(digest, hmac.digest(salted, b"Client Key", digest)).digest()
    assert server == hmac.digest(salted, b"Server Key", digest)
    assert iterations == ITERATIONS >= 4096


def test_salts_differ_and_stay() -> None:
    accounts = default_accounts()
    salts = {
        accounts.scram_keys(JID(user, "localhost", ""), name)[0]
        for user in ("juliet", "romeo", "nobody")
        for name in ("SCRAM-SHA-1", "SCRAM-SHA-256")
    }
    assert len(salts) == 6
    for jid in (JULIET, JID("nobody", "localhost", "")):
        assert accounts.scram_keys(jid, "SCRAM-SHA-1") == accounts.scram_keys(jid, "SCRAM-SHA-1")
    other = default_accounts().scram_keys(JULIET, "SCRAM-SHA-1")
    assert other[0] != accounts.scram_keys(JULIET, "SCRAM-SHA-1")[0]


def test_nobody_looks_like_somebody() -> None:
    accounts = default_accounts()
    somebody = accounts.scram_keys(JULIET, "SCRAM-SHA-256")
    nobody = accounts.scram_keys(JID("nobody", "localhost", ""), "SCRAM-SHA-256")
    assert [len(part) for part in nobody[:3]] == [len(part) for part in somebody[:3]]
    assert nobody[3] == somebody[3]
    assert not accounts.password_is(JID("nobody", "localhost", ""), "")


def test_a_new_password_replaces_the_old() -> None:
    accounts = default_accounts()
    before = accounts.scram_keys(JULIET, "SCRAM-SHA-1")
    accounts.add(JULIET, "other")
    assert accounts.scram_keys(JULIET, "SCRAM-SHA-1") != before
    assert not accounts.password_is(JULIET, PRACTICE_PASSWORD)
    assert accounts.password_is(JULIET, "other")


@pytest.mark.parametrize("name", ["juliet", "Juliet", "JULIET"])
def test_names_are_normalised_at_a_domain(name: str) -> None:
    here = default_accounts().at(lambda: "localhost")
    assert here.password_is(name, PRACTICE_PASSWORD)
    assert here.scram_keys(name, "SCRAM-SHA-1") == here.scram_keys("juliet", "SCRAM-SHA-1")


@pytest.mark.parametrize("name", ["", "a b", "x@y", "x/y"])
def test_what_is_no_name(name: str) -> None:
    here = default_accounts().at(lambda: "localhost")
    assert not here.password_is(name, PRACTICE_PASSWORD)
    assert here.scram_keys(name, "SCRAM-SHA-1") is None
