"""Who sees whose presence."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, receivers

AWAY = "<presence id='p'><show>away</show></presence>"


def test_initial_presence_goes_to_oneself_and_to_subscribers() -> None:
    house = House()
    house.enter("romeo/orchard", 0)
    house.enter("nurse/chamber", 0)
    house.enter("mercutio/street", 0)
    said = house.enter("juliet/balcony", 3)
    told = "<presence from='juliet@localhost/balcony' to='{}'><priority>3</priority></presence>"
    assert said == [
        ("juliet/balcony", told.format("juliet@localhost")),
        ("romeo/orchard", told.format("romeo@localhost")),
        ("nurse/chamber", told.format("nurse@localhost")),
        (
            "juliet/balcony",
            "<presence from='romeo@localhost/orchard' to='juliet@localhost/balcony'>"
            "<priority>0</priority></presence>",
        ),
        (
            "juliet/balcony",
            "<presence from='nurse@localhost/chamber' to='juliet@localhost/balcony'>"
            "<priority>0</priority></presence>",
        ),
    ]


def test_nobody_hears_of_a_resource_without_presence() -> None:
    house = House()
    house.enter("romeo/orchard", 0)
    assert house.enter("juliet/balcony") == []
    assert house.say("romeo/orchard", AWAY) == [
        (
            "romeo/orchard",
            "<presence id='p' from='romeo@localhost/orchard' to='romeo@localhost'>"
            "<show>away</show></presence>",
        )
    ]


def test_a_change_is_told_but_asks_nobody() -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    house.enter("romeo/orchard", 0)
    said = house.say("juliet/balcony", AWAY)
    assert receivers(said) == ["juliet/balcony", "romeo/orchard"]


def test_own_resources_see_each_other() -> None:
    house = House()
    house.enter("juliet/balcony", 1)
    said = house.enter("juliet/phone", 2)
    assert receivers(said) == ["juliet/balcony", "juliet/phone", "juliet/phone"]
    assert "from='juliet@localhost/balcony'" in said[-1][1]


def test_unavailable_is_told_once_to_everybody() -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    house.enter("romeo/orchard", 0)
    said = house.say(
        "juliet/balcony", "<presence type='unavailable'><status>bye</status></presence>"
    )
    assert receivers(said) == ["juliet/balcony", "romeo/orchard"]
    assert "<status>bye</status>" in said[1][1]
    assert house.say("juliet/balcony", "<presence type='unavailable'/>") == []
    assert house.leave("juliet/balcony") == []


def test_a_lost_connection_is_told() -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    house.enter("juliet/phone", 0)
    house.enter("romeo/orchard", 0)
    assert house.leave("juliet/balcony") == [
        (
            "juliet/phone",
            "<presence type='unavailable' from='juliet@localhost/balcony' to='juliet@localhost'/>",
        ),
        (
            "romeo/orchard",
            "<presence type='unavailable' from='juliet@localhost/balcony' to='romeo@localhost'/>",
        ),
    ]


def test_a_conflict_is_told() -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    house.enter("romeo/orchard", 0)
    said = house.enter("juliet/balcony")
    assert receivers(said) == ["romeo/orchard"]
    assert "type='unavailable'" in said[0][1]


@pytest.mark.parametrize("priority", ["128", "-129", "200", "abc", "", "1.0", "1e2", "99999999999"])
def test_a_priority_that_is_none(priority: str) -> None:
    house = House()
    house.enter("romeo/orchard", 0)
    house.enter("juliet/balcony", 1)
    said = house.say("juliet/balcony", f"<presence><priority>{priority}</priority></presence>")
    assert error_of(said) == ("juliet/balcony", "modify", "bad-request")
    assert house.resources["juliet/balcony"].priority == 1


@pytest.mark.parametrize("priority", ["127", "-128", "0", "+5", " 7\n"])
def test_a_priority_in_range(priority: str) -> None:
    house = House()
    house.enter("juliet/balcony")
    said = house.say("juliet/balcony", f"<presence><priority>{priority}</priority></presence>")
    assert receivers(said) == ["juliet/balcony"]
    assert house.resources["juliet/balcony"].priority == int(priority)


@pytest.mark.parametrize(
    "presence",
    [
        "<presence type='available'/>",
        "<presence type='foo' to='romeo@localhost'/>",
        "<presence type='subscribe'/>",
        "<presence type='probe'/>",
        "<presence><show>busy</show></presence>",
        "<presence><show/></presence>",
        "<presence><show>away</show><show>dnd</show></presence>",
        "<presence to='romeo@localhost'><priority>200</priority></presence>",
    ],
)
def test_presence_that_is_none(presence: str) -> None:
    house = House()
    house.enter("juliet/balcony")
    said = house.say("juliet/balcony", presence)
    assert error_of(said) == ("juliet/balcony", "modify", "bad-request")
    assert not house.resources["juliet/balcony"].available


class TestDirected:
    def test_it_reaches_a_stranger_and_is_taken_back(self) -> None:
        house = House()
        house.enter("juliet/balcony")
        house.enter("mercutio/street", 0)
        house.enter("mercutio/tavern", 0)
        said = house.say("juliet/balcony", "<presence to='mercutio@localhost/street'/>")
        assert said == [
            (
                "mercutio/street",
                "<presence to='mercutio@localhost/street' from='juliet@localhost/balcony'/>",
            )
        ]
        assert house.leave("juliet/balcony") == [
            (
                "mercutio/street",
                "<presence type='unavailable' from='juliet@localhost/balcony' "
                "to='mercutio@localhost/street'/>",
            )
        ]

    def test_to_a_bare_jid_it_reaches_all_available(self) -> None:
        house = House()
        house.enter("juliet/balcony", 0)
        house.enter("mercutio/street", 0)
        house.enter("mercutio/tavern", -5)
        house.enter("mercutio/silent")
        said = house.say("juliet/balcony", "<presence to='mercutio@localhost'/>")
        assert receivers(said) == ["mercutio/street", "mercutio/tavern"]

    def test_what_was_taken_back_already_is_not_told_again(self) -> None:
        house = House()
        house.enter("juliet/balcony")
        house.enter("mercutio/street", 0)
        house.say("juliet/balcony", "<presence to='mercutio@localhost'/>")
        said = house.say("juliet/balcony", "<presence type='unavailable' to='mercutio@localhost'/>")
        assert receivers(said) == ["mercutio/street"]
        assert house.leave("juliet/balcony") == []

    def test_a_subscriber_is_told_once(self) -> None:
        house = House()
        house.enter("romeo/orchard", 0)
        house.enter("juliet/balcony", 0)
        house.say("juliet/balcony", "<presence to='romeo@localhost/orchard'/>")
        assert receivers(house.leave("juliet/balcony")) == ["romeo/orchard"]

    def test_to_nobody_and_to_the_server_it_is_dropped(self) -> None:
        house = House()
        house.enter("juliet/balcony")
        for to in ("nobody@localhost", "localhost", "romeo@localhost/none"):
            assert house.say("juliet/balcony", f"<presence to='{to}'/>") == []


class TestProbes:
    def test_a_probe_is_answered_for_those_who_may_see(self) -> None:
        house = House()
        house.enter("romeo/orchard", 0)
        house.enter("juliet/balcony")
        said = house.say("juliet/balcony", "<presence type='probe' to='romeo@localhost'/>")
        assert said == [
            (
                "juliet/balcony",
                "<presence from='romeo@localhost/orchard' to='juliet@localhost/balcony'>"
                "<priority>0</priority></presence>",
            )
        ]

    @pytest.mark.parametrize(
        ("to", "kind"),
        [("nurse", "unavailable"), ("mercutio", "unsubscribed"), ("nobody", "unsubscribed")],
    )
    def test_others(self, to: str, kind: str) -> None:
        house = House()
        house.enter("juliet/balcony")
        said = house.say("juliet/balcony", f"<presence type='probe' to='{to}@localhost'/>")
        assert said == [
            (
                "juliet/balcony",
                f"<presence type='{kind}' from='{to}@localhost' to='juliet@localhost/balcony'/>",
            )
        ]
