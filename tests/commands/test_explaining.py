"""/explain and F1: the last stanza, one by its number, what is being typed, and words."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from commands.desk_driver import Stage, stage

from xmppshell.commands.explaining import explain_typed
from xmppshell.knowledge.explanation import Answer, Branch, Card
from xmppshell.practice.server import PRACTICE_PASSWORD
from xmppshell.protocol.events import ElementSeen, StreamEndSeen, StreamHeaderSeen, WireEvent
from xmppshell.protocol.problem import ProblemError
from xmppshell.terminal.completing.command_line import command_offers

ROOT = Path(__file__).resolve().parent.parent.parent
PING = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
WRONG = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:pingg'/></iq>"


@pytest.fixture
async def juliet(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as shell:
        await shell.connect("juliet@localhost/balcony")
        yield shell


async def answered(shell: Stage, text: str) -> int:
    """Send an iq and return the number of its answer, when that has come."""
    await shell.enter(text)
    sent = shell.desk.log.last_number
    async with asyncio.timeout(5):
        while (answer := shell.desk.log.answer_to(sent)) is None:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    assert answer.number is not None
    return answer.number


def tree(shell: Stage) -> Branch:
    """Return the tree that was shown last."""
    explanation, _ = shell.screen.explained[-1]
    assert isinstance(explanation, Branch)
    return explanation


def names(branch: Branch) -> Iterator[str]:
    yield branch.name
    for child in branch.children:
        if isinstance(child, Branch):
            yield from names(child)


async def test_the_last_stanza(juliet: Stage) -> None:
    number = await answered(juliet, PING)
    await juliet.enter("/explain")
    explanation, head = juliet.screen.explained[-1]
    assert isinstance(explanation, Branch)
    assert explanation.name == "iq"
    assert head == f"{number}, which answers {number - 1}"
    assert "to <ping/> an empty result" in explanation.remarks[0].text


async def test_a_stanza_by_its_number(juliet: Stage) -> None:
    number = await answered(juliet, PING)
    await juliet.enter(f"/explain {number - 1}")
    assert list(names(tree(juliet))) == ["iq", "ping"]


async def test_an_error_with_what_provoked_it(juliet: Stage) -> None:
    await answered(juliet, WRONG)
    await juliet.enter("/explain")
    error = next(c for c in tree(juliet).children if isinstance(c, Branch) and c.name == "error")
    clue = next(remark for remark in error.remarks if remark.kind == "request")
    assert clue.part == "xmlns='urn:xmpp:pingg'"
    assert "did you mean urn:xmpp:ping?" in clue.text


async def test_what_the_other_side_said_of_itself_is_made_use_of(juliet: Stage) -> None:
    info = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
    await answered(juliet, f"<iq type='get' to='localhost'>{info}</iq>")
    number = await answered(juliet, "<iq type='get' to='localhost'>"
                            "<query xmlns='jabber:iq:gateway'/></iq>")  # fmt: skip
    await juliet.enter(f"/explain {number}")
    error = next(c for c in tree(juliet).children if isinstance(c, Branch) and c.name == "error")
    clue = next(remark for remark in error.remarks if remark.kind == "request")
    assert "does not list jabber:iq:gateway among its features" in clue.text


async def test_everything_on_the_wire_is_explained_without_secrets(juliet: Stage) -> None:
    """Headers, features, SASL, the end: whatever has a number."""
    await answered(juliet, PING)
    await juliet.enter("/close")
    kinds = set()
    for record in list(juliet.desk.log.records):
        if record.number is None or not isinstance(record.event, WireEvent):
            continue
        await juliet.enter(f"/explain {record.number} all")
        assert tree(juliet).why, record.event.data
        assert PRACTICE_PASSWORD not in repr(tree(juliet))
        kinds.add(type(record.event))
    assert {StreamHeaderSeen, ElementSeen, StreamEndSeen} <= kinds


async def test_a_payload_of_sasl_is_told_field_by_field(juliet: Stage) -> None:
    auth = next(
        record
        for record in juliet.desk.log.records
        if isinstance(record.event, ElementSeen) and str(record.event.element.tag).endswith("}auth")
    )
    await juliet.enter(f"/explain {auth.number}")
    fields = {value.name: value.value for value in tree(juliet).values}
    assert fields["payload, n: user name"] == "juliet"
    assert all(not value.doubt for value in tree(juliet).values)


async def test_a_word(juliet: Stage) -> None:
    await juliet.enter("/explain service-unavailable")
    answer, _ = juliet.screen.explained[-1]
    assert isinstance(answer, Answer)
    assert answer.cards[0].kind == "stanza error condition"


async def test_a_number_without_a_record_is_a_word(juliet: Stage) -> None:
    await juliet.enter("/explain 110")
    answer, _ = juliet.screen.explained[-1]
    assert isinstance(answer, Answer)
    assert answer.cards[0].kind == "status code of rooms"


async def test_xml_after_the_command(juliet: Stage) -> None:
    await juliet.enter(f"/explain {PING}")
    assert list(names(tree(juliet))) == ["iq", "ping"]


async def test_before_anything_was_sent(tmp_path: Path) -> None:
    async with stage(tmp_path) as shell:
        assert (await shell.enter("/explain"))[0] == "no stanza was sent or received yet"
        await shell.enter("/explain ping")
        assert isinstance(shell.screen.explained[-1][0], Answer)


# What is being typed.


def at(text: str) -> tuple[str, int]:
    """Return the text and the place of the | in it."""
    return text.replace("|", ""), text.index("|")


@pytest.mark.parametrize(
    ("typed", "path", "card"),
    [
        ("<iq type='set'><query xmlns='jabber:iq:roster'><item jid='a' |", "iq query item", "item"),
        ("<iq type='set'><query xmlns='jabber:iq:roster'><it|em/></query></iq>", "iq query item",
         "item"),
        ("<iq type='g|et'><ping xmlns='urn:xmpp:ping'/></iq>", "iq", "iq"),
        ("<presence><show>aw|ay</show></presence>", "presence show", "show"),
        ("<presence><show>away</sh|ow></presence>", "presence show", "show"),
        ("<presence>\n  |\n</presence>", "presence", "presence"),
        ("<stream:fea|", "stream:fea", ""),
        ("<foo xmlns='urn:no:such'|", "foo", ""),
    ],
)  # fmt: skip
async def test_the_element_at_the_cursor(juliet: Stage, typed: str, path: str, card: str) -> None:
    explain_typed(juliet.desk, *at(typed))
    shown = [explanation for explanation, _ in juliet.screen.explained]
    assert isinstance(shown[0], Branch)
    assert " ".join(names(shown[0])) == path
    cards = [explanation.name for explanation in shown[1:] if isinstance(explanation, Card)]
    assert cards == ([f"<{card}/>"] if card else [])


async def test_a_whole_stanza_is_explained_as_a_whole(juliet: Stage) -> None:
    explain_typed(juliet.desk, PING, len(PING))
    assert list(names(tree(juliet))) == ["iq", "ping"]


async def test_open_fields_and_variables_are_not_judged(juliet: Stage) -> None:
    text = (
        "<message type='‹type›' to='$from' id='{id}'><delay xmlns='urn:xmpp:delay' stamp='‹when›'"
    )
    explain_typed(juliet.desk, text, len(text))
    branch, _ = juliet.screen.explained[0]
    assert isinstance(branch, Branch)
    inner = branch.children[0]
    assert isinstance(inner, Branch)
    assert not [value for value in (*branch.values, *inner.values) if value.doubt]


@pytest.mark.parametrize(
    "typed", ["<message type='caht' |", "<message type='caht|", "<message type='ca|ht' to='a@b'/>"]
)
async def test_a_wrong_value_is_flagged_while_it_is_typed(juliet: Stage, typed: str) -> None:
    explain_typed(juliet.desk, *at(typed))
    branch, _ = juliet.screen.explained[0]
    assert isinstance(branch, Branch)
    said = next(value for value in branch.values if value.name == "type")
    assert "did you mean chat?" in said.doubt


async def test_without_text_it_is_the_last_stanza(juliet: Stage) -> None:
    await answered(juliet, PING)
    explain_typed(juliet.desk, "  ", 0)
    assert tree(juliet).name == "iq"


@pytest.mark.parametrize("typed", ["/t muc.join hall@rooms.localhost", "/t! muc.join"])
async def test_a_template_is_explained_where_one_is_typed(juliet: Stage, typed: str) -> None:
    before = len(juliet.screen.said)
    explain_typed(juliet.desk, typed, len(typed))
    (told,) = juliet.screen.said[before:]
    assert told.startswith("muc.join: enter a room")
    explain_typed(juliet.desk, "/t nonsense", 3)
    assert juliet.screen.said[-1].startswith("/t TEMPLATE")


async def test_a_command_is_explained_by_its_help(juliet: Stage) -> None:
    explain_typed(juliet.desk, "/filter -presence", 3)
    assert juliet.screen.said[-1].startswith("/filter")
    explain_typed(juliet.desk, "/explain ping", 3)
    assert isinstance(juliet.screen.explained[-1][0], Answer)


async def test_a_plain_word_is_explained(juliet: Stage) -> None:
    explain_typed(juliet.desk, "ping", 4)
    assert isinstance(juliet.screen.explained[-1][0], Answer)


async def test_where_there_is_no_element(juliet: Stage) -> None:
    with pytest.raises(ProblemError):
        explain_typed(juliet.desk, "<", 1)


async def test_xml_for_another_session(juliet: Stage) -> None:
    text = f"@juliet {PING}"
    explain_typed(juliet.desk, text, text.index("ping") + 1)
    assert isinstance(juliet.screen.explained[0][0], Branch)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("/explain service-un", "service-unavailable"),
        ("/explain urn:xmpp:pin", "urn:xmpp:ping"),
        ("/explain SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"),
        ("/explain XEP-0198", "XEP-0198"),
    ],
)
async def test_terms_complete(juliet: Stage, typed: str, offered: str) -> None:
    assert offered in [offer.text for offer in command_offers(juliet.desk, typed)]
    assert not list(command_offers(juliet.desk, f"{typed} x"))


async def test_a_single_letter_offers_nothing(juliet: Stage) -> None:
    assert not list(command_offers(juliet.desk, "/explain s"))


def test_the_shell_starts_without_the_library() -> None:
    script = (
        "import sys, xmppshell.terminal.shell, xmppshell.terminal.prompt\n"
        "rooms = ('xmppshell.knowledge.expl', 'xmppshell.knowledge.gloss')\n"
        "print([name for name in sys.modules if name.startswith(rooms)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
