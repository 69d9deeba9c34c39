"""Commands with forms, their sessions and errors (XEP-0050, XEP-0004)."""

from __future__ import annotations

import pytest
from lxml import etree
from practice.stage_driver import NOON, House, parsed

from xmppshell.practice.clockwork import Clockwork
from xmppshell.practice.services.commands import (
    LIFETIME,
    MAX_ANSWERS,
    MAX_OWN_SESSIONS,
    Command,
    Commands,
    Note,
    Outcome,
    Run,
)
from xmppshell.practice.services.teaching_commands import in_words
from xmppshell.protocol.data_forms import Form, parse_form

NS = "http://jabber.org/protocol/commands"
C = f"{{{NS}}}"
JULIET = "juliet/balcony"


@pytest.fixture
def house() -> House:
    house = House()
    house.enter(JULIET, 0)
    house.enter("romeo/orchard", 0)
    return house


def say(house: House, node: str, inside: str = "", *, who: str = JULIET, **more: str) -> str:
    attributes = "".join(f" {name}='{value}'" for name, value in more.items())
    command = f"<command xmlns='{NS}' node='{node}'{attributes}>{inside}</command>"
    ((_, text),) = house.say(who, f"<iq type='set' id='i' to='localhost'>{command}</iq>")
    return text


def run(house: House, node: str, inside: str = "", **more: str) -> etree._Element:
    iq = parsed(say(house, node, inside, **more))
    assert iq.get("type") == "result", etree.tostring(iq)
    return iq[0]


def refusal(house: House, node: str, inside: str = "", **more: str) -> tuple[str, str, str]:
    error = parsed(say(house, node, inside, **more)).find("{jabber:client}error")
    assert error is not None
    details = [str(child.tag)[len(C) :] for child in error if str(child.tag).startswith(C)]
    return (
        error.get("type") or "",
        str(error[0].tag).rpartition("}")[2],
        details[0] if details else "",
    )


def filled(**fields: str) -> str:
    listed = "".join(
        f"<field var='{var}'><value>{value}</value></field>" for var, value in fields.items()
    )
    return f"<x xmlns='jabber:x:data' type='submit'>{listed}</x>"


def form_of(command: etree._Element) -> Form:
    form = command.find("{jabber:x:data}x")
    assert form is not None
    return parse_form(form)


def actions_of(command: etree._Element) -> tuple[str | None, list[str]]:
    actions = command.find(f"{C}actions")
    assert actions is not None
    return actions.get("execute"), [str(each.tag)[len(C) :] for each in actions]


def begun(house: House) -> str:
    return run(house, "greet").get("sessionid") or ""


# Discovery.


def disco(house: House, what: str, node: str, to: str = "localhost") -> str:
    query = f"<query xmlns='http://jabber.org/protocol/disco#{what}' node='{node}'/>"
    ((_, text),) = house.say(JULIET, f"<iq type='get' id='d' to='{to}'>{query}</iq>")
    return text


def test_commands_are_listed(house: House) -> None:
    text = disco(house, "items", NS)
    assert f"<query xmlns='http://jabber.org/protocol/disco#items' node='{NS}'>" in text
    assert "<item jid='localhost' node='uptime' name='How long the server is up'/>" in text
    assert "node='greet'" in text
    assert "type='command-list'" in disco(house, "info", NS)
    text = disco(house, "info", "greet")
    assert "<identity category='automation' type='command-node' name='Make up a greeting'/>" in text
    assert f"<feature var='{NS}'/><feature var='jabber:x:data'/>" in text
    assert "node='greet'/>" in disco(house, "items", "greet")
    for what in ("info", "items"):
        assert "item-not-found" in disco(house, what, "dance")
        assert "item-not-found" in disco(house, what, NS, to="juliet@localhost")


# Running.


def test_a_command_without_a_form_is_done_at_once(house: House) -> None:
    command = run(house, "uptime")
    assert command.get("status") == "completed"
    assert command.get("sessionid")
    assert form_of(command).get("seconds") is not None
    assert (command.findtext(f"{C}note") or "").startswith("The server is up for")


def test_two_forms_one_after_the_other(house: House) -> None:
    first = run(house, "greet", action="execute")
    assert first.get("status") == "executing"
    assert actions_of(first) == ("next", ["next"])
    assert [field.var for field in form_of(first).asked] == ["name", "address"]
    session = first.get("sessionid") or ""
    second = run(
        house,
        "greet",
        filled(name="&lt;Romeo&gt;", address="ROMEO@localhost"),
        sessionid=session,
        action="next",
    )
    assert second.get("sessionid") == session
    assert actions_of(second) == ("complete", ["prev", "complete"])
    manner = form_of(second).get("manner")
    assert manner is not None
    assert manner.text == "friendly"
    assert [option.value for option in manner.options] == ["formal", "friendly", "solemn"]
    third = run(house, "greet", filled(manner="formal", loudly="true"), sessionid=session)
    assert third.get("status") == "completed"
    form = form_of(third)
    assert form.type == "result"
    assert {f.var: f.text for f in form.fields} == {
        "greeting": "GOOD EVENING, <ROMEO>!",
        "address": "romeo@localhost",
    }
    assert refusal(house, "greet", sessionid=session)[2] == "bad-sessionid"


def test_going_back_keeps_the_answers(house: House) -> None:
    session = begun(house)
    run(house, "greet", filled(name="Nurse"), sessionid=session)
    back = run(house, "greet", sessionid=session, action="prev")
    assert actions_of(back) == ("next", ["next"])
    name = form_of(back).get("name")
    assert name is not None
    assert name.text == "Nurse"
    run(house, "greet", filled(name="Romeo"), sessionid=session)
    done = run(house, "greet", filled(manner="friendly"), sessionid=session, action="complete")
    greeting = form_of(done).get("greeting")
    assert greeting is not None
    assert greeting.text == "Hello Romeo."


def test_cancelling(house: House) -> None:
    session = begun(house)
    command = run(house, "greet", sessionid=session, action="cancel")
    assert command.get("status") == "canceled"
    assert command.get("sessionid") == session
    assert len(command) == 0
    assert refusal(house, "greet", sessionid=session)[2] == "bad-sessionid"


@pytest.mark.parametrize(
    "answers",
    [
        "",
        filled(),
        filled(name=""),
        filled(address="romeo@localhost"),
        filled(name="Romeo", address="@@"),
        filled(name="x" * (MAX_ANSWERS + 1)),
        "<x xmlns='jabber:x:data' type='submit'><field var='name'><value>a</value>"
        "<value>b</value></field></x>",
    ],
)
def test_answers_that_do_not_do(house: House, answers: str) -> None:
    session = begun(house)
    refused = refusal(house, "greet", answers, sessionid=session)
    assert refused == ("modify", "bad-request", "bad-payload")
    # The session goes on.
    assert run(house, "greet", filled(name="Romeo"), sessionid=session).get("status") == "executing"


@pytest.mark.parametrize(
    "answers", [{"manner": "rude"}, {"manner": "", "loudly": "1"}, {"loudly": "perhaps"}]
)
def test_answers_to_the_second_form(house: House, answers: dict[str, str]) -> None:
    session = begun(house)
    run(house, "greet", filled(name="Romeo"), sessionid=session)
    assert refusal(house, "greet", filled(**answers), sessionid=session)[2] == "bad-payload"


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"action": "prev"}, ("modify", "bad-request", "bad-action")),
        ({"action": "complete"}, ("modify", "bad-request", "bad-action")),
        ({"action": "dance"}, ("modify", "bad-request", "malformed-action")),
    ],
)
def test_actions_that_cannot_be(
    house: House, more: dict[str, str], refused: tuple[str, str, str]
) -> None:
    session = begun(house)
    assert refusal(house, "greet", filled(name="a"), sessionid=session, **more) == refused
    assert refusal(house, "greet", filled(name="a"), **more) == refused


def test_sessions_belong_to_one_resource_and_one_command(house: House) -> None:
    session = begun(house)
    for who, node in (("romeo/orchard", "greet"), (JULIET, "uptime")):
        assert refusal(house, node, sessionid=session, who=who) == (
            "modify",
            "bad-request",
            "bad-sessionid",
        )
    assert refusal(house, "greet", sessionid="no")[2] == "bad-sessionid"
    assert refusal(house, "dance") == ("cancel", "item-not-found", "")


def test_the_oldest_session_makes_room(house: House) -> None:
    sessions = [begun(house) for _ in range(MAX_OWN_SESSIONS + 1)]
    assert refusal(house, "greet", sessionid=sessions[0])[2] == "bad-sessionid"
    run(house, "greet", filled(name="a"), sessionid=sessions[1])


# Further commands.


def test_a_session_that_waits_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    time = [NOON]
    clockwork = Clockwork(now=lambda: time[0])
    monkeypatch.setattr(Clockwork, "fixed", classmethod(lambda cls, at: clockwork))
    house = House()
    house.enter(JULIET)
    session = begun(house)
    time[0] += LIFETIME
    run(house, "greet", filled(name="a"), sessionid=session)
    time[0] += 2 * LIFETIME
    refused = refusal(house, "greet", filled(manner="formal"), sessionid=session)
    assert refused == ("cancel", "not-allowed", "session-expired")
    assert refusal(house, "greet", sessionid=session)[2] == "bad-sessionid"


def test_a_command_for_some(house: House) -> None:
    def finish(run: Run) -> Outcome:
        return Outcome((Note("It did not work & that is that", "error"),))

    commands = next(f for f in house.stage.router._facilities if isinstance(f, Commands))
    commands.add(Command("secret", "Secret", finish, allowed=lambda jid: jid.local == "juliet"))
    with pytest.raises(ValueError, match="secret"):
        commands.add(Command("secret", "Again", finish))
    assert "node='secret'" in disco(house, "items", NS)
    note = run(house, "secret").find(f"{C}note")
    assert note is not None
    assert (note.get("type"), note.text) == ("error", "It did not work & that is that")
    assert refusal(house, "secret", who="romeo/orchard") == ("auth", "forbidden", "")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a second"),
        (1, "1 second"),
        (61, "1 minute and 1 second"),
        (7200, "2 hours"),
        (90061, "1 day and 1 hour"),
    ],
)
def test_durations_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
