"""What the keys do at open fields and in the menu."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from terminal.prompt_driver import Typist, typist

from xmppshell.knowledge.catalogue import Catalogue, catalogue
from xmppshell.terminal import prompt
from xmppshell.terminal.completing import vocabulary

LEFT, RIGHT, UP, DOWN, BACK_TAB = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B", "\x1b[Z"
ADD = "<message to='‹to›'><subject>‹subject?›</subject><body>‹body›</body></message>"


def at(someone: Typist) -> str:
    """Return the text with the cursor as `|`."""
    before, after = someone.buffer.document.text_before_cursor, ""
    after = someone.buffer.document.text_after_cursor
    return f"{before}|{after}"


def menu(someone: Typist) -> list[str]:
    """Return what the open menu offers."""
    state = someone.buffer.complete_state
    return [] if state is None else [each.display_text for each in state.completions]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the catalogue be read as soon as there is a prompt."""
    for _ in vocabulary.read_ahead():
        pass
    monkeypatch.setattr(prompt, "IDLE_SECONDS", 0)


async def offered(someone: Typist, text: str) -> None:
    await someone.type("")
    assert someone.prompt.offer(text)


async def test_a_template_begins_at_its_first_field(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, ADD)
        assert at(someone).startswith("<message to='‹to›|'>")
    async with typist(tmp_path) as someone:
        someone.prompt.offer(ADD)
        await someone.type("")
        assert at(someone).startswith("<message to='‹to›|'>")


async def test_tab_goes_from_field_to_field(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, ADD)
        for field in ("‹subject?›|", "‹body›|", "‹to›|", "‹subject?›|"):
            await someone.type("\t")
            assert field in at(someone)
        for field in ("‹to›|", "‹body›|"):
            await someone.type(BACK_TAB)
            assert field in at(someone)
        assert someone.buffer.text == ADD


@pytest.mark.parametrize("mode", ["emacs", "vi"])
async def test_what_is_typed_takes_the_place_of_a_field(tmp_path: Path, mode: str) -> None:
    async with typist(tmp_path) as someone:
        someone.prompt.editing(mode)
        await offered(someone, ADD)
        await someone.type(*"ro@x", "\t", "\t", "/", *"me hi", "\r")
        assert await someone.entered() == "<message to='ro@x'><body>/me hi</body></message>"


async def test_a_paste_takes_the_place_of_a_field(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, ADD)
        assert "to='a@b'" in await someone.type("\x1b[200~a@b\x1b[201~")


@pytest.mark.parametrize("keys", ["\x7f", f"{LEFT}\x7f", f"{LEFT}\x1b[3~"])
async def test_a_field_is_deleted_whole(tmp_path: Path, keys: str) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, ADD)
        await someone.type(keys)
        assert at(someone).startswith("<message to='|'>")


async def test_typing_in_a_field_replaces_it_and_undo_brings_it_back(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, ADD)
        assert (await someone.type(LEFT, LEFT, "x")).startswith("<message to='x'>")
        assert await someone.type("\x1f") == ADD


async def test_enter_goes_to_a_required_field_and_says_what_it_is(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, "<presence to='‹to›' type='‹type?›'/>")
        await someone.type("\t", "\r")
        assert "to='‹to›|'" in at(someone)
        assert "‹to› is still open: " in someone.complaint
        assert "&#8249; is a ‹ that stays" in someone.complaint
        await someone.type("x@y", "\r")
        assert await someone.entered() == "<presence to='x@y'/>"


async def test_a_field_may_stand_for_a_name(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, "<message><‹name› xmlns='urn:x'/></message>")
        await someone.type("\r")
        assert "<‹name›|" in at(someone)
        assert await someone.type("b") == "<message><b xmlns='urn:x'/></message>"


async def test_a_command_may_have_marks_like_those_of_fields(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("/grep ‹to›", "\r")
        assert await someone.entered() == "/grep ‹to›"


# The menu.


async def test_a_menu_opens_while_xml_is_typed_and_enter_sends_all_the_same(
    tmp_path: Path,
) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<")
        assert menu(someone)[:3] == ["message", "presence", "iq"]
        await someone.type("iq type='")
        assert menu(someone) == ["get", "set", "result", "error"]
        await someone.type("get'><ping xmlns='urn:xmpp:ping'/></iq>")
        assert menu(someone) == []
        await someone.type("\r")
        assert await someone.entered() == "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"


async def test_enter_with_an_open_menu_does_not_take_from_it(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<presence><show>")
        assert "away" in menu(someone)
        assert await someone.type("\r") == "<presence><show>\n    "


async def test_arrows_choose_and_enter_keeps(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<presence><show>", DOWN, DOWN)
        assert at(someone) == "<presence><show>away|"
        await someone.type(UP)
        assert at(someone) == "<presence><show>chat|"
        await someone.type("\r")
        assert at(someone) == "<presence><show>chat|"
        assert menu(someone) == []


async def test_what_fits_behind_something_chosen_is_offered_at_once(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<iq ", "\t", "\r")
        assert at(someone) == "<iq type='|"
        assert menu(someone) == ["get", "set", "result", "error"]
        await someone.type(DOWN, "\r", " t", "\t")
        assert at(someone) == "<iq type='get' to='|"


async def test_a_skeleton_is_entered_at_its_first_field(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<message><")
        await someone.type("\t")
        assert at(someone) == "<message><body>‹body›|</body>"
        await someone.type("\t")
        assert at(someone) == "<message><subject>‹subject›|</subject>"
        await someone.type("hi")
        assert at(someone) == "<message><subject>hi|</subject>"


async def test_values_are_offered_at_a_field(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<iq\t")
        assert at(someone) == "<iq type='‹type›|'"
        await asyncio.sleep(0.02)
        assert menu(someone) == ["get", "set", "result", "error"]
        await someone.type("\t")
        assert at(someone) == "<iq type='get|'"
        await someone.type("'>")
        assert at(someone) == "<iq type='get'>|"


async def test_tab_completes_what_is_begun_before_it_goes_on(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, "<iq type='‹type›' to='‹to›'/>")
        await someone.type("ge", "\t")
        assert at(someone) == "<iq type='get|' to='‹to›'/>"
        await someone.type("\r", "\t")
        assert at(someone) == "<iq type='get' to='‹to›|'/>"


async def test_escape_closes_the_menu_and_takes_back_what_was_chosen(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<presence><show>", DOWN, "\x1b")
        await asyncio.sleep(0.3)
        assert at(someone) == "<presence><show>|"
        assert menu(someone) == []


async def test_alt_enter_begins_a_line_whether_there_is_a_menu_or_not(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<presence><show>")
        assert menu(someone)
        assert await someone.type("\x1b\r") == "<presence><show>\n"


async def test_tab_leaves_a_finished_value(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, "<presence to='‹to›'/>")
        await someone.type("a@b", "\t")
        assert at(someone) == "<presence to='a@b'|/>"
    async with typist(tmp_path) as someone:
        await someone.type("<iq\t", DOWN, "\r", "\t")
        assert at(someone) == "<iq type='get'|"


async def test_another_quote_belongs_to_the_value(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await offered(someone, "<presence to='‹to›'/>")
        await someone.type('a"')
        assert at(someone) == "<presence to='a\"|'/>"
        assert await someone.type("'") == "<presence to='a\"'/>"


async def test_what_is_offered_from_is_read_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Catalogue(catalogue()._texts, {})
    monkeypatch.setattr(vocabulary, "catalogue", lambda: fresh)
    async with typist(tmp_path) as someone:
        await someone.type("<")
        assert menu(someone) == []
        assert not fresh._children
        for _ in range(500):
            await asyncio.sleep(0.02)
            if fresh._children:
                break
        assert set(fresh._read) == set(fresh.topics)
        await asyncio.sleep(0.2)
        assert menu(someone)[:2] == ["message", "presence"]
