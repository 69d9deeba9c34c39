"""What the keys of the prompt do, one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal.prompt_driver import Unhelpful, typist

PING = "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"


async def test_enter_takes_what_is_complete(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type(PING, "\r")
        assert await someone.entered() == PING
        await someone.type("/help", "\r")
        assert await someone.entered() == "/help"


async def test_enter_right_behind_the_text_is_enter(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type(PING + "\r")
        assert await someone.entered() == PING


async def test_what_a_terminal_answers_behind_enter_makes_no_paste(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type(PING + "\r\x1b[12;40R")
        assert await someone.entered() == PING


async def test_a_few_keys_behind_enter_make_no_paste(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type(PING + "\r/help")
        assert await someone.entered() == PING
        assert await someone.type("") == "/help"


async def test_many_keys_behind_enter_make_a_paste(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        text = await someone.type(f"{PING}\r{PING}\r{PING}\r")
        assert text == f"{PING}\n{PING}\n{PING}\n"


async def test_a_paste_may_come_in_pieces(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        text = await someone.type(f"{PING}\r{PING}", "\r", f"{PING}\r")
        assert text == f"{PING}\n{PING}\n{PING}\n"
        assert someone.complaint == ""


async def test_the_line_ends_after_a_paste_are_not_sent(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type(f"\x1b[200~{PING}\r\r\x1b[201~", "\r")
        assert await someone.entered() == PING


@pytest.mark.parametrize("text", ["", "   ", "hello", "<iq type=get/>", "<a></b>", "@nobody <iq/>"])
async def test_enter_sends_nothing_else(tmp_path: Path, text: str) -> None:
    async with typist(tmp_path) as someone:
        assert (await someone.type(text, "\r")).strip() == text.strip()
        assert (someone.complaint != "") == (text.strip() != "")
        assert someone.warnings == []


async def test_without_a_toolbar_what_is_wrong_is_said_above(tmp_path: Path) -> None:
    async with typist(tmp_path, Unhelpful()) as someone:
        assert await someone.type("<a>& ", "\r") == "<a>& "
        (warning,) = someone.warnings
        assert warning.splitlines()[:2] == ["   1 | <a>& ", "          ^"]
        assert "must be written" in warning


async def test_enter_goes_on_below(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        assert await someone.type("<message>", "\r") == "<message>\n  "
        assert await someone.type("<body>", "\r") == "<message>\n  <body>\n    "
        assert await someone.type("</") == "<message>\n  <body>\n  </body>"
        assert await someone.type("\r") == "<message>\n  <body>\n  </body>\n  "
        assert await someone.type("</") == "<message>\n  <body>\n  </body>\n</message>"
        await someone.type("\r")
        assert await someone.entered() == "<message>\n  <body>\n  </body>\n</message>"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("<a></", "<a></a>"),
        ("<a></a", "<a></a>"),
        ("<a></a>", "<a></a>"),
        ("<a><b>x</</", "<a><b>x</b></a>"),
        ("<a><b>x</b></a>", "<a><b>x</b></a>"),
        ("<a><b></c", "<a><b></c"),
        ("<ab><b></ab>", "<ab><b></ab>"),
        ("<a></ and", "<a></a> and"),
        ("<a></<b", "<a></a><b"),
        ("<ab></abc", "<ab></abc"),
        ("<x:a xmlns:x='u'></", "<x:a xmlns:x='u'></x:a>"),
        ("<a><![CDATA[</", "<a><![CDATA[</"),
        ("<a b='</", "<a b='</"),
        ("<a & </", "<a & </"),
        ("</", "</"),
        ("<a/></", "<a/></"),
        ("<a>  </", "<a>  </a>"),
    ],
)
async def test_a_closing_tag_completes_itself(tmp_path: Path, typed: str, text: str) -> None:
    async with typist(tmp_path) as someone:
        assert await someone.type(*typed) == text


async def test_an_indentation_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<a>", "\r", "\x7f")
        assert await someone.type("</") == "<a>\n </a>"


async def test_tab_inserts_the_only_completion_however_fast_it_comes(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        assert await someone.type("/histo\t") == "/history"
    async with typist(tmp_path) as someone:
        assert await someone.type("<mes\t ty\tch\t") == "<message type='chat'"


async def test_ctrl_c_clears_and_ctrl_d_leaves(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        assert await someone.type("<half", "\x03") == ""
        await someone.type("\x04")
        with pytest.raises(EOFError):
            await someone.entered()


async def test_what_is_offered_waits_for_an_empty_prompt(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<half")
        assert not someone.prompt.offer("<presence/>")
        await someone.type("\x03", "/help\r")
        assert await someone.entered() == "/help"
        assert await someone.type("") == "<presence/>"
        await someone.type("\x03")
        assert someone.prompt.offer("<iq/>")
        assert await someone.type("") == "<iq/>"


async def test_vi_keys_are_left_to_vi(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        assert someone.prompt.editing("vi") == "vi"
        await someone.type("<a></", "\x1b", "0", "x")
        assert someone.buffer.text == "a></a>"
        await someone.type("/")
        assert someone.buffer.text == "a></a>"
