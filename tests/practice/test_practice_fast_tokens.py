from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from xmppshell.practice.fast_tokens import LIFETIME, ROTATION, Tokens
from xmppshell.protocol.jid import JID

JULIET = JID.parse("juliet@localhost")
PHONE, TABLET = "id of the phone", "id of the tablet"
NONE, EXPR = "HT-SHA-256-NONE", "HT-SHA-256-EXPR"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 14, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    return Tokens(clock)


def test_a_token_is_for_one_user_one_client_and_one_mechanism(tokens: Tokens) -> None:
    given = tokens.issue(JULIET.with_resource("x"), PHONE, NONE)
    assert given.mechanism == NONE
    assert given.expiry == "2026-04-04T12:00:00Z"
    assert tokens.tokens_of(JULIET, PHONE, NONE) == [given.token]
    assert tokens.tokens_of(JULIET, TABLET, NONE) == []
    assert tokens.tokens_of(JULIET, PHONE, EXPR) == []
    assert tokens.tokens_of(JID.parse("romeo@localhost"), PHONE, NONE) == []


def test_the_old_token_is_good_until_the_new_one_is_used(tokens: Tokens) -> None:
    old = tokens.issue(JULIET, PHONE, NONE).token
    assert tokens.accept(JULIET, PHONE, old)
    new = tokens.issue(JULIET, PHONE, NONE).token
    assert tokens.tokens_of(JULIET, PHONE, NONE) == [new, old]
    assert tokens.accept(JULIET, PHONE, old)
    assert tokens.accept(JULIET, PHONE, new)
    assert tokens.tokens_of(JULIET, PHONE, NONE) == [new]
    assert not tokens.accept(JULIET, PHONE, old)


def test_a_new_token_that_was_never_used_is_replaced(tokens: Tokens) -> None:
    lost = tokens.issue(JULIET, PHONE, NONE).token
    given = tokens.issue(JULIET, PHONE, NONE).token
    assert tokens.tokens_of(JULIET, PHONE, NONE) == [given]
    assert not tokens.accept(JULIET, PHONE, lost)


def test_an_expired_token_is_dropped_when_it_is_used(tokens: Tokens, clock: Clock) -> None:
    given = tokens.issue(JULIET, PHONE, NONE).token
    clock.now += LIFETIME - timedelta(seconds=1)
    assert tokens.accept(JULIET, PHONE, given)
    clock.now += timedelta(seconds=1)
    assert not tokens.accept(JULIET, PHONE, given)
    assert tokens.tokens_of(JULIET, PHONE, NONE) == []


def test_a_token_is_due_for_another_after_a_day(tokens: Tokens, clock: Clock) -> None:
    given = tokens.issue(JULIET, PHONE, NONE).token
    tokens.accept(JULIET, PHONE, given)
    assert not tokens.is_due(JULIET, PHONE)
    clock.now += ROTATION
    assert tokens.is_due(JULIET, PHONE)


def test_tokens_can_be_taken_back(tokens: Tokens) -> None:
    given = [tokens.issue(JULIET, client, NONE).token for client in (PHONE, TABLET)]
    tokens.invalidate(JULIET, PHONE)
    assert not tokens.accept(JULIET, PHONE, given[0])
    assert tokens.accept(JULIET, TABLET, given[1])
    tokens.clear()
    assert not tokens.accept(JULIET, TABLET, given[1])


def test_a_user_can_be_forgotten(tokens: Tokens) -> None:
    romeo = JID.parse("romeo@localhost")
    mine, his = (tokens.issue(jid, PHONE, NONE).token for jid in (JULIET, romeo))
    tokens.forget(JULIET.with_resource("balcony"))
    assert not tokens.accept(JULIET, PHONE, mine)
    assert tokens.accept(romeo, PHONE, his)


def test_a_domain_sees_its_own_users(tokens: Tokens) -> None:
    here = tokens.at(lambda: "localhost")
    given = here.issue("juliet", PHONE, NONE)
    assert tokens.tokens_of(JULIET, PHONE, NONE) == [given.token]
    assert here.tokens_of("juliet", PHONE, NONE) == [given.token]
    assert tokens.at(lambda: "montague.lit").tokens_of("juliet", PHONE, NONE) == []
    assert here.tokens_of("not a name", PHONE, NONE) == []
    assert here.accept("juliet", PHONE, given.token)
    assert not here.is_due("juliet", PHONE)
    here.invalidate("juliet", PHONE)
    assert not here.accept("juliet", PHONE, given.token)


def test_tokens_do_not_show(tokens: Tokens) -> None:
    given = tokens.issue(JULIET, PHONE, NONE)
    assert given.token not in repr(vars(tokens))
