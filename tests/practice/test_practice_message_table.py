"""What becomes of a message: every cell of Table 1 of RFC 6121 8.5.4, without a network."""

from __future__ import annotations

import pytest
from practice.stage_driver import House, error_of, receivers

RETURNED, SILENCE, KEPT = "returned", "silence", "kept"
TYPES = ("normal", "chat", "groupchat", "headline", "error", None, "unheard-of")
AS_NORMAL = (None, "unheard-of")

# Each row: the resources of the account with their priorities, what the message is for, and what
# becomes of it as normal, chat, groupchat, headline and error. A name is who gets it.
NOBODY: dict[str, int | None] = {}
NEGATIVE = {"bot": -1, "spy": -128}
ONE = {"pc": 0, "bot": -1}
SEVERAL = {"phone": 5, "tablet": 5, "pc": 1, "bot": -1}
SILENT: dict[str, int | None] = {"silent": None}
BEST, ABOVE = "phone tablet", "phone tablet pc"

TABLE = [
    ("no account", "bare", None, [RETURNED, RETURNED, RETURNED, RETURNED, SILENCE]),
    ("no account", "full", None, [RETURNED, RETURNED, RETURNED, RETURNED, SILENCE]),
    ("nobody", "bare", NOBODY, [KEPT, KEPT, RETURNED, SILENCE, SILENCE]),
    ("nobody", "full", NOBODY, [RETURNED, KEPT, RETURNED, RETURNED, SILENCE]),
    ("silent", "bare", SILENT, [KEPT, KEPT, RETURNED, SILENCE, SILENCE]),
    ("silent", "silent", SILENT, ["silent"] * 5),
    ("negative", "bare", NEGATIVE, [KEPT, KEPT, RETURNED, SILENCE, SILENCE]),
    ("negative", "bot", NEGATIVE, ["bot"] * 5),
    ("negative", "full", NEGATIVE, [RETURNED, KEPT, RETURNED, RETURNED, SILENCE]),
    ("one", "bare", ONE, ["pc", "pc", RETURNED, "pc", SILENCE]),
    ("one", "pc", ONE, ["pc"] * 5),
    ("one", "full", ONE, [RETURNED, "pc", RETURNED, RETURNED, SILENCE]),
    ("several", "bare", SEVERAL, [BEST, BEST, RETURNED, ABOVE, SILENCE]),
    ("several", "pc", SEVERAL, ["pc"] * 5),
    ("several", "full", SEVERAL, [RETURNED, BEST, RETURNED, RETURNED, SILENCE]),
]
CELLS = [
    pytest.param(
        resources,
        target,
        kind,
        outcomes[0 if kind in AS_NORMAL else TYPES.index(kind)],
        id=f"{name}-{target}-{kind}",
    )
    for name, target, resources, outcomes in TABLE
    for kind in TYPES
]


@pytest.mark.parametrize(("resources", "target", "kind", "outcome"), CELLS)
def test_a_cell(
    resources: dict[str, int | None] | None, target: str, kind: str | None, outcome: str
) -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    for name, priority in (resources or {}).items():
        house.enter(f"romeo/{name}", priority)
    user = "nobody" if resources is None else "romeo"
    resource = {"bare": "", "full": "/none"}.get(target, f"/{target}")
    type_part = "" if kind is None else f" type='{kind}'"
    text = f"<message to='{user}@localhost{resource}'{type_part} id='m'><body>x</body></message>"
    said = house.say("juliet/balcony", text)
    if outcome == RETURNED:
        assert error_of(said) == ("juliet/balcony", "cancel", "service-unavailable")
        assert "<text " in said[0][1], "a learner is told what is wrong"
    elif outcome in (SILENCE, KEPT):
        assert said == []
    else:
        assert receivers(said) == [f"romeo/{name}" for name in outcome.split()]
        # RFC 6121 8.5.2.1.1: the 'to' stays as it was.
        assert {each.count(f"to='{user}@localhost{resource}'") for _, each in said} == {1}
    waiting = [] if user == "nobody" else house.enter("romeo/later", 0)
    assert any("<body>x</body>" in each for _, each in waiting) is (outcome == KEPT)


def test_who_does_not_exist_cannot_be_told_from_who_is_hidden() -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    for kind in ("normal", "headline"):
        texts = [
            house.say("juliet/balcony", f"<message to='{to}@localhost/x' type='{kind}' id='1'/>")
            for to in ("nobody", "romeo")
        ]
        assert texts[0][0][1] == texts[1][0][1].replace("romeo", "nobody")


def test_groupchat_to_a_user_is_explained() -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    said = house.say("juliet/balcony", "<message to='romeo@localhost' type='groupchat'/>")
    assert "is for a room" in said[0][1]
