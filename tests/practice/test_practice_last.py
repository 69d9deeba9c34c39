"""Since when the server is up, and users are away (XEP-0012)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from practice.stage_driver import NOON, House, error_of

from xmppshell.practice.clockwork import Clockwork


class Clock:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> object:
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    clockwork = Clockwork(now=clock)  # type: ignore[arg-type]
    monkeypatch.setattr(Clockwork, "fixed", classmethod(lambda cls, at: clockwork))
    return clock


@pytest.fixture
def house(clock: Clock) -> House:
    house = House()
    house.enter("juliet/balcony", 0)
    return house


QUERY = "<query xmlns='jabber:iq:last'/>"


def ask(house: House, to: str) -> list[tuple[str, str]]:
    return house.say("juliet/balcony", f"<iq type='get' id='i' to='{to}'>{QUERY}</iq>")


def test_the_server_says_how_long_it_is_up(house: House, clock: Clock) -> None:
    clock.time += timedelta(hours=1, milliseconds=900)
    assert "<query xmlns='jabber:iq:last' seconds='3600'/>" in ask(house, "localhost")[0][1]
    clock.time -= timedelta(days=1)
    assert "seconds='0'" in ask(house, "localhost")[0][1]


def test_a_user_who_went(house: House, clock: Clock) -> None:
    assert error_of(ask(house, "romeo@localhost"))[1:] == ("cancel", "item-not-found")
    house.enter("romeo/orchard", 0)
    house.enter("romeo/garden", 0)
    clock.time += timedelta(seconds=5)
    house.leave("romeo/garden")
    assert "seconds='0'/>" in ask(house, "romeo@localhost")[0][1]
    house.say(
        "romeo/orchard",
        "<presence type='unavailable'><status>To bed &amp; rest</status></presence>",
    )
    clock.time += timedelta(seconds=7)
    told = ask(house, "romeo@localhost")[0][1]
    assert "<query xmlns='jabber:iq:last' seconds='7'>To bed &amp; rest</query>" in told
    # That the stream is over later changes nothing: the user was away already.
    house.leave("romeo/orchard")
    assert ask(house, "romeo@localhost")[0][1] == told
    house.enter("romeo/orchard", 0)
    house.leave("romeo/orchard")
    assert "seconds='0'/>" in ask(house, "romeo@localhost")[0][1]


def test_strangers_are_told_nothing(house: House) -> None:
    assert error_of(ask(house, "mercutio@localhost"))[1:] == ("auth", "forbidden")
    assert "seconds='0'" in ask(house, "juliet@localhost")[0][1]
