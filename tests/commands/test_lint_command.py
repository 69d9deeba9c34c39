"""/lint, and what is said of what is sent and received."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from commands.desk_driver import Stage, stage

from xmppshell.knowledge.lint import Phase
from xmppshell.protocol.events import Direction, ElementSeen, WireEvent


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as set_up:
        await set_up.connect("juliet@localhost/balcony")
        yield set_up


def sent_remarks(here: Stage, text: str) -> list[str]:
    """Give the rules that are told with the last stanza of the user."""
    records = [
        record
        for record in here.screen.records
        if isinstance(record.event, ElementSeen)
        and record.event.direction is Direction.SENT
        and record.move is None
    ]
    assert text in records[-1].event.data.decode()  # type: ignore[attr-defined]
    return [finding.name for finding in here.desk.view.remarks(records[-1])]


async def test_what_is_wrong_is_told_with_what_was_sent(here: Stage) -> None:
    await here.enter("<presence><priority>200</priority></presence>")
    assert sent_remarks(here, "200") == ["priority-range"]
    assert sent_remarks(here, "200") == []  # told once


async def test_the_setting_is_that_of_the_stream(here: Stage) -> None:
    setting = here.desk.linter.setting(here.desk.session)
    assert setting.phase is Phase.BOUND
    assert str(setting.me) == "juliet@localhost/balcony"
    assert setting.encrypted
    assert not setting.managed
    await here.enter("<r xmlns='urn:xmpp:sm:3'/>")
    assert sent_remarks(here, "<r ") == ["sm-before-enable"]


async def test_an_id_is_free_again_once_it_is_answered(here: Stage) -> None:
    ping = "<iq type='get' to='localhost' id='x'><ping xmlns='urn:xmpp:ping'/></iq>"
    for _ in range(2):
        await here.enter(ping)
        assert sent_remarks(here, "ping") in ([], ["id-reused"])
    session = here.desk.session
    assert session is not None
    setting = here.desk.linter.setting(session)
    waiting = {p.stanza.id for p in session.exchanges.waiting()}
    assert setting.waiting == waiting


async def test_without_lint_nothing_is_told(here: Stage) -> None:
    assert await here.enter("/lint off") == ["what is wrong is not told"]
    await here.enter("<presence><priority>200</priority></presence>")
    assert sent_remarks(here, "200") == []
    assert await here.enter("/lint on") == ["what is wrong is told"]


async def test_xml_is_judged_without_sending_it(here: Stage) -> None:
    said = await here.enter("/lint <message type='chta'/>")
    assert said[0] == (
        "  ! chta is no type of message (RFC 6121 5.2.2) · did you mean chat? [message-type]"
    )
    assert said[1] == "    <message type='chta'/>\n             ^"
    assert await here.enter("/lint <presence/>") == ["nothing is wrong in it"]


async def test_a_record_is_judged_by_its_number_and_the_last_one_without(here: Stage) -> None:
    assert (await here.enter("/lint"))[0].startswith("nothing is wrong in ")
    await here.enter("<presence type='available'/>")
    number = next(
        r.number for r in here.screen.records if b"available" in getattr(r.event, "data", b"")
    )
    assert "[presence-type]" in (await here.enter(f"/lint {number}"))[0]
    assert (await here.enter("/lint 9999"))[0] == "there is no number 9999"


async def test_what_only_the_moment_showed_is_told_again(here: Stage) -> None:
    await here.enter("<iq type='result' id='zzz' to='romeo@localhost/orchard'/>")
    assert sent_remarks(here, "zzz") == ["unsolicited-answer"]
    number = next(r.number for r in here.screen.records if b"zzz" in getattr(r.event, "data", b""))
    (told,) = await here.enter(f"/lint {number}")
    assert told.startswith("  ! no request with the id zzz waits for an answer")


async def test_no_remark_shows_a_secret(here: Stage) -> None:
    digest = "<digest>tybalt</digest>"
    await here.enter(
        "<iq type='set' id='d'><query xmlns='jabber:iq:auth'><username>juliet</username>"
        f"<password>verona</password>{digest}</query></iq>"
    )
    record = next(r for r in here.screen.records if b"tybalt" in getattr(r.event, "data", b""))
    found = here.desk.view.remarks(record)
    assert "bad-value" in {finding.name for finding in found}
    assert not any("tybalt" in finding.sentence for finding in found)
    said = "\n".join(await here.enter(f"/lint {record.number}"))
    assert "“[redacted]” is not hexadecimal" in said
    assert "tybalt" not in said
    assert "verona" not in said


async def test_rules_are_listed_and_explained(here: Stage) -> None:
    (listed,) = await here.enter("/lint rules")
    assert "  E  priority-range " in listed
    (told,) = await here.enter("/lint priority-range")
    assert told.startswith("priority-range: a priority is from -128 to 127\n  error · RFC 6121")
    assert "<presence><priority>200</priority></presence>" in told
    what, _, cure = await here.enter("/lint priority-rang")
    assert what == "priority-rang is no rule, number or XML"
    assert cure == "did you mean /lint priority-range?"


ORDINARY = [
    "<iq type='get'><query xmlns='jabber:iq:roster'/></iq>",
    "<presence><show>away</show><priority>-1</priority></presence>",
    "<message type='chat' to='romeo@localhost'><body>hi</body></message>",
    "<message type='headline' to='$me'><body>news</body></message>",
    "<message type='chat' to='nobody@localhost'><body>lost</body></message>",
    "<presence type='subscribe' to='romeo@localhost'/>",
    "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@localhost' name='R'/>"
    "</query></iq>",
    "<iq type='get' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    "<iq type='get' to='localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='get' to='localhost'><query xmlns='jabber:iq:version'/></iq>",
    "<iq type='get' to='localhost'><time xmlns='urn:xmpp:time'/></iq>",
    "<iq type='get' to='localhost'><x xmlns='urn:example:unknown'/></iq>",
    "<iq type='get' to='$me'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<enable xmlns='urn:xmpp:sm:3' resume='true'/>",
    "<r xmlns='urn:xmpp:sm:3'/>",
    "<inactive xmlns='urn:xmpp:csi:0'/>",
    "<presence type='unavailable'/>",
]


async def test_an_ordinary_session_with_the_practice_server_has_no_remarks(here: Stage) -> None:
    done = 0
    for text in ORDINARY:
        await here.enter(text)
        await asyncio.sleep(0.05)
        for record in here.screen.records[done:]:
            event = record.event
            data = event.data if isinstance(event, WireEvent) else b""
            assert here.desk.view.remarks(record) == [], data
        done = len(here.screen.records)
    came = [r for r in here.screen.records if isinstance(r.event, ElementSeen)]
    assert sum(r.event.direction is Direction.RECEIVED for r in came) > 20  # type: ignore[attr-defined]
