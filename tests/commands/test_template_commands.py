"""Templates in the shell: into the prompt, sent at once, listed, shown and saved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from commands.desk_driver import Stage, stage

from xmppshell.commands.templates import field_suggestions, meaning_of
from xmppshell.templates.shelf import Shelf


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Stage]:
    """Give a desk that is not connected, with a folder for templates of its own."""
    async with stage(tmp_path) as play:
        folder = tmp_path / "templates"
        play.desk.templates = Shelf(folder, lambda path: path.name)
        yield play


@pytest.fixture
async def online(here: Stage) -> Stage:
    """Give the same, with juliet signed in and available, and romeo beside her."""
    await here.connect("romeo@localhost/garden")
    await here.enter("/t! presence.available")
    await here.connect("juliet@localhost/balcony")
    return here


def folder_of(here: Stage) -> Path:
    assert here.desk.templates.folder is not None
    return here.desk.templates.folder


async def test_a_template_goes_into_the_prompt_with_its_values(online: Stage) -> None:
    assert await online.enter("/t ping romeo@localhost") == []
    assert online.screen.offered == [
        "<iq to='romeo@localhost' type='get'>\n  <ping xmlns='urn:xmpp:ping'/>\n</iq>"
    ]


async def test_variables_are_filled_in_where_there_is_a_session(online: Stage) -> None:
    await online.enter("/t ping")
    await online.enter("/t pubsub.items urn:example:node to=$me")
    ping, items = online.screen.offered
    assert "to='localhost'" in ping
    assert "to='juliet@localhost/balcony'" in items


async def test_the_nickname_is_the_one_that_the_user_has_in_the_room(online: Stage) -> None:
    room = online.desk.known._of("hall@rooms.localhost")
    room.nicks["juliet@localhost/balcony"] = "Ju$me"
    await online.enter("/t muc.leave hall@rooms.localhost")
    await online.enter("/t muc.leave hall@rooms.localhost nick=Nurse")
    await online.enter("/t muc.leave lobby@rooms.localhost")
    nicks = [text.partition("/")[2].partition("'")[0] for text in online.screen.offered]
    assert nicks == ["Ju$$me", "Nurse", "juliet"]


async def test_without_a_session_they_stay_for_later(here: Stage) -> None:
    await here.enter("/t ping")
    await here.enter("/t receipt.ack")
    assert "to='$domain'" in here.screen.offered[0]
    assert "to='$from'" in here.screen.offered[1]


async def test_a_default_that_nobody_gave_yet_is_left_open(online: Stage) -> None:
    await online.enter("/t receipt.ack refid=m6")
    assert "to='‹to›'" in online.screen.offered[-1]
    await online.enter("<message to='romeo@localhost' id='m7'><body>bettr</body></message>")
    await online.enter("/t correct romeo@localhost better")
    assert "id='m7'" in online.screen.offered[-1]


async def test_what_is_not_given_is_left_open(online: Stage) -> None:
    await online.enter("/t presence.available show=away")
    assert online.screen.offered == [
        "<presence>\n  <show>away</show>\n  <status>‹status?›</status>\n"
        "  <priority>‹priority?›</priority>\n</presence>"
    ]


async def test_a_template_is_sent_at_once(online: Stage) -> None:
    assert await online.enter("/t! presence.available show=dnd priority=-5") == []
    sent = list(online.sent("juliet"))[-1]
    assert "<show>dnd</show>\n  <priority>-5</priority>\n</presence>" in sent
    assert "‹" not in sent
    assert online.screen.offered == []


async def test_nothing_is_sent_while_something_is_missing(online: Stage) -> None:
    before = list(online.sent("juliet"))
    what, _, cure = await online.enter("/t! message.chat romeo@localhost")
    assert (what, cure) == ("nothing was sent: body is missing", "/t! message.chat TO BODY")
    what, _, _ = await online.enter("/t! roster.set name=Romeo")
    assert what == "nothing was sent: jid is missing"
    assert list(online.sent("juliet")) == before


@pytest.mark.parametrize(
    ("line", "what", "cure"),
    [
        ("/t presence.available priority=200", "priority: 200 is outside", "from -128 to 127"),
        ("/t presence.available show=Away", "show: “Away” is none of", "away"),
        ("/t ping to=a@@b", "to: “a@@b”", ""),
        ("/t message.chat toe=x", "message.chat has no field toe", "to"),
        ("/t presence.availble", "there is no template presence.availble", "presence.available"),
        ("/t message", "message could be more than one template", "message.chat"),
        ("/t message.chat a@b good day", "“day” is one value too many", "quotes"),
        ("/t! ibr.set password=secret", "password is a secret", "prompt"),
        ("/t! ibr.set", "nothing was sent: password is missing", "to type password there"),
    ],
)
async def test_mistakes_are_told_with_a_cure(
    online: Stage, line: str, what: str, cure: str
) -> None:
    told = await online.enter(line)
    assert what.split("“")[0] in told[0]
    assert cure in told[2]


async def test_values_may_be_quoted_or_be_xml(online: Stage) -> None:
    await online.enter('/t message.chat romeo@localhost "it\'s <late> & cold"')
    await online.enter("/t iq.get payload=<time xmlns='urn:xmpp:time'/> to=localhost")
    message, request = online.screen.offered
    assert "<body>it's &lt;late&gt; &amp; cold</body>" in message
    assert "to='localhost' type='get'>\n  <time xmlns='urn:xmpp:time'/>\n" in request


async def test_the_list_has_all_groups_or_one(here: Stage) -> None:
    everything = "\n".join(await here.enter("/templates"))
    assert "muc.join" in everything
    assert "csi.active" in everything
    one = "\n".join(await here.enter("/templates muc"))
    assert "muc.join" in one
    assert "csi.active" not in one
    assert (await here.enter("/templates mucc"))[:1] == ["there is no group mucc"]


async def test_a_template_is_shown_with_who_gets_what(here: Stage) -> None:
    text = "\n".join(await here.enter("/template presence.available"))
    for part in ("RFC 6121 4.2", "-128 to 127", "away, chat, dnd or xa", "{priority}", "contacts"):
        assert part in text
    assert max(map(len, text.splitlines())) < 80


async def test_a_sent_stanza_becomes_a_template(online: Stage) -> None:
    await online.enter(
        "<message to='romeo@localhost' id='m1'><body>it is $5 {now}</body></message>"
    )
    said = await online.enter("/template save greet")
    (sent,) = (r for r in online.screen.records if b"id='m1'" in getattr(r.event, "data", b""))
    assert said == [f"saved {sent.number} as greet in greet.toml; /template greet shows it"]
    await online.enter("/t greet")
    await online.enter("/t greet to=nurse@localhost body=hush")
    assert online.screen.offered == [
        "<message to='romeo@localhost'><body>it is $5 {now}</body></message>",
        "<message to='nurse@localhost'><body>hush</body></message>",
    ]
    assert "greet" in "\n".join(await online.enter("/templates saved"))


async def test_a_received_stanza_is_turned_round(online: Stage) -> None:
    await online.enter("@romeo <message to='juliet@localhost/balcony'><body>Ay me</body></message>")
    found = []
    for _ in range(500):
        found = [r for r in online.desk.log.grep("Ay me") if r.session == "juliet"]
        if found:
            break
        await asyncio.sleep(0.01)
    await online.enter(f"/template save reply {found[0].number}")
    await online.enter("/t reply body=Sweet")
    (text,) = online.screen.offered
    assert text == "<message to='romeo@localhost/garden'><body>Sweet</body></message>"


async def test_own_addresses_become_variables(online: Stage) -> None:
    await online.enter("<iq type='get' to='juliet@localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
    number = next(iter(online.desk.log.stanzas(session="juliet"))).number
    for record in online.desk.log.stanzas(session="juliet"):
        if b"type='get'" in record.event.data:
            number = record.number
    await online.enter(f"/template save own {number}")
    text = (folder_of(online) / "own.toml").read_text()
    assert 'to = { kind = "jid", default = "$bare" }' in text


async def test_nothing_is_overwritten_silently(online: Stage) -> None:
    await online.enter("<presence id='p1'/>")
    await online.enter("/template save mine")
    before = (folder_of(online) / "mine.toml").read_bytes()
    await online.enter("<presence id='p2'><show>away</show></presence>")
    what, _, cure = await online.enter("/template save mine")
    assert what == "there is a mine.toml already"
    assert "--force" in cure
    assert (folder_of(online) / "mine.toml").read_bytes() == before
    await online.enter("/template save mine --force")
    assert b"away" in (folder_of(online) / "mine.toml").read_bytes()
    assert sorted(path.name for path in folder_of(online).iterdir()) == ["mine.toml"]
    told = await online.enter("/template save ping")
    assert told[0] == "there is a template ping, which comes with xmppshell"


async def test_no_secret_is_saved(online: Stage) -> None:
    await online.enter(
        "<iq type='set' id='r1'><query xmlns='jabber:iq:register'><username>juliet</username>"
        "<password>hunter2</password></query></iq>"
    )
    for record in online.desk.log.stanzas(session="juliet"):
        if b"hunter2" in record.event.data:
            said = await online.enter(f"/template save change {record.number}")
    assert said[-1] == "a secret in it was not saved: it is a field now"
    text = (folder_of(online) / "change.toml").read_text()
    assert "hunter2" not in text
    assert "<password>{secret}</password>" in text
    what, _, _ = await online.enter("/t change secret=x")
    assert what == "secret is a secret, which no command takes"


async def test_a_stanza_that_is_not_there_cannot_be_saved(here: Stage) -> None:
    assert (await here.enter("/template save x"))[0] == "there is no stanza to save"
    assert (await here.enter("/template save"))[0] == "what is the template to be called?"
    assert (await here.enter("/template ping pong"))[0] == "“pong” is one word too many"


async def test_a_bad_name_makes_no_file(online: Stage) -> None:
    await online.enter("<presence/>")
    told = await online.enter("/template save ../evil")
    assert told[0] == "“../evil” cannot be the name of a template"
    assert not folder_of(online).exists() or not list(folder_of(online).iterdir())


async def test_mistakes_in_own_files_are_told_once_and_in_the_list(
    here: Stage,
) -> None:
    folder_of(here).mkdir()
    (folder_of(here) / "my.toml").write_text("[template.x]\nxml = '<presence>'\n")
    await here.enter("/t ping")
    assert [p.what for p in here.screen.problems] == ["my.toml:2: the xml is not complete"]
    await here.enter("/t ping")
    assert len(here.screen.problems) == 1
    said = "\n".join(await here.enter("/t x"))
    assert "one with a mistake is left out: /templates tells which" in said
    here.screen.problems.clear()
    await here.enter("/templates my")
    assert [p.what for p in here.screen.problems] == ["my.toml:2: the xml is not complete"]


async def test_fields_and_their_values_are_suggested(online: Stage) -> None:
    desk = online.desk
    assert list(field_suggestions(desk, ["presence.available"], "")) == [
        "show=",
        "status=",
        "priority=",
        *("away", "chat", "dnd", "xa"),
    ]
    assert list(field_suggestions(desk, ["presence.available", "show=away"], "p")) == [
        "status=",
        "priority=",
    ]
    assert "show=xa" in field_suggestions(desk, ["presence.available"], "show=")
    assert "to=localhost" not in field_suggestions(desk, ["no.such"], "to=")
    desk.seen_jids["romeo@localhost/garden"] = None
    assert "to=romeo@localhost/garden" in field_suggestions(desk, ["ping"], "to=")
    assert "romeo@localhost/garden" in field_suggestions(desk, ["ping"], "ro")
    assert "romeo@localhost/garden" not in field_suggestions(desk, ["ping", "localhost"], "ro")
    assert "password=" not in field_suggestions(desk, ["ibr.set"], "")


async def test_suggestions_say_what_they_mean(here: Stage) -> None:
    desk = here.desk
    assert meaning_of(desk, "templates", [], "ping") == "see whether someone answers, and how fast"
    assert meaning_of(desk, "groups", [], "muc") == "Rooms"
    assert "your server" in meaning_of(desk, "fields", ["ping"], "to=")
    assert meaning_of(desk, "fields", ["presence.available"], "show=away") == ""
    assert meaning_of(desk, "jids", [], "a@b") == ""
