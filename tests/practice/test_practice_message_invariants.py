"""No message is lost and none comes twice, whoever comes and goes meanwhile."""

from __future__ import annotations

import random

import pytest
from practice.stage_driver import House, parsed

USERS = ("juliet", "romeo")
NAMES = ("a", "b", "c")
BODY = "{jabber:client}body"
ID = "{urn:xmpp:sid:0}stanza-id"
INNER = "{urn:xmpp:carbons:2}%s/{urn:xmpp:forward:0}forwarded/{jabber:client}message"
CARBONS = "<iq type='set' id='c'><{} xmlns='urn:xmpp:carbons:2'/></iq>"
QUERY = (
    "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'>"
    "<set xmlns='http://jabber.org/protocol/rsm'><max>50</max><before/></set></query></iq>"
)
STEPS = 120


class Walk:
    """Two users with up to three resources each, who come, go and write at random.

    Of each message, by its body: `originals` are the sessions that got it, and `copies` those that
    got a carbon of it. `archived` has the ids that each account has seen.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.house = House(users=USERS, friends=())
        self.sessions: dict[str, int] = {}
        self.entered = 0
        self.written = 0
        self.originals: dict[str, list[int]] = {}
        self.copies: dict[str, list[int]] = {}
        self.returned: set[str] = set()
        self.archived: dict[str, dict[str, str]] = {user: {} for user in USERS}

    def step(self) -> None:
        present = list(self.sessions)
        if not present or self.random.random() < 0.15:
            user, name = self.random.choice(USERS), self.random.choice(NAMES)
            if f"{user}/{name}" not in self.sessions:
                self.comes(f"{user}/{name}", self.random.choice([None, -1, 0, 0, 5]))
            return
        who = self.random.choice(present)
        step = self.random.choice([self.changes, self.goes, self.switches] + 4 * [self.writes])
        step(who)

    def comes(self, who: str, priority: int | None) -> None:
        self.entered += 1
        self.sessions[who] = self.entered
        self.heard(self.house.enter(who, priority))

    def goes(self, who: str) -> None:
        self.heard(self.house.leave(who))
        del self.sessions[who]

    def changes(self, who: str) -> None:
        priority = self.random.choice([-1, 0, 5, None])
        text = f"<presence><priority>{priority}</priority></presence>"
        self.heard(
            self.house.say(who, "<presence type='unavailable'/>" if priority is None else text)
        )

    def switches(self, who: str) -> None:
        switch = self.random.choice(["enable", "enable", "disable"])
        self.heard(self.house.say(who, CARBONS.format(switch)))

    def writes(self, who: str) -> None:
        self.written += 1
        body = str(self.written)
        to = f"{self.random.choice(USERS)}@localhost"
        to += self.random.choice(["", "", "/a", "/b"])
        kind = self.random.choice(["chat", "chat", "normal"])
        text = f"<message to='{to}' type='{kind}'><body>{body}</body></message>"
        self.heard(self.house.say(who, text))
        # The sender's account gets a copy in any case, the other one unless it came back.
        accounts = {who.partition("/")[0]}
        accounts |= {to.partition("@")[0]} if body not in self.returned else set()
        expected = {
            number
            for name, number in self.sessions.items()
            if name.partition("/")[0] in accounts
            and self.house.resources[name].carbons
            and name != who
        }
        if accounts == {to.partition("@")[0]} and body in self.returned:
            expected.clear()  # To oneself there is no other side that it was sent from.
        assert set(self.copies.get(body, [])) == expected - set(self.originals.get(body, []))

    def heard(self, said: list[tuple[str, str]]) -> None:
        for who, text in said:
            if text.startswith("<message"):
                self.message(who, text)

    def message(self, who: str, text: str) -> None:
        element = parsed(text)
        account = who.partition("/")[0]
        found = [element.find(INNER % direction) for direction in ("received", "sent")]
        inner = next((each for each in found if each is not None), element)
        body = inner.findtext(BODY) or ""
        if element.get("type") == "error":
            assert body not in self.originals
            self.returned.add(body)
            return
        assert body not in self.returned or inner is not element
        if inner is not element:
            assert element.get("from") == f"{account}@localhost"
        got = (self.originals if inner is element else self.copies).setdefault(body, [])
        assert self.sessions[who] not in got, f"{who} gets {body} twice"
        got.append(self.sessions[who])
        (given,) = inner.findall(ID)
        assert given.get("by") == f"{account}@localhost"
        uid = given.get("id") or ""
        assert self.archived[account].setdefault(body, uid) == uid, "it is in an archive once"

    def ends(self) -> None:
        """Let everybody go, and somebody come who gets what waits."""
        for who in list(self.sessions):
            self.goes(who)
        for user in USERS:
            self.comes(f"{user}/last", 0)
            said = self.house.say(f"{user}/last", QUERY)
            results = [parsed(text)[0] for _, text in said[:-1]]
            bodies = [result.findtext(f".//{BODY}") for result in results]
            assert len(set(bodies)) == len(bodies), "it is in an archive once"
            last = list(self.archived[user].values())[-20:]
            assert {result.get("id") for result in results} >= set(last) or len(results) == 50


@pytest.mark.parametrize("seed", range(30))
def test_a_walk(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
    walk.ends()
    bodies = {str(number) for number in range(1, walk.written + 1)}
    assert walk.written > STEPS // 4
    assert set(walk.originals) | walk.returned == bodies, "no message is lost"
    assert not set(walk.originals) & walk.returned
