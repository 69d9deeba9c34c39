"""What is certainly wrong is told while it is typed, and Enter stops at an error once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from terminal.prompt_driver import Typist, typist

from xmppshell.knowledge.lint import lint
from xmppshell.terminal.live_lint import MOST_CHARACTERS, PAUSE_SECONDS, complaint
from xmppshell.terminal.remarks import remark_lines
from xmppshell.terminal.theme import Theme

WRONG = "<presence><priority>200</priority></presence>"


async def found(someone: Typist) -> list[str]:
    """Give the rules that the toolbar speaks of, once the typing pauses."""
    await asyncio.sleep(PAUSE_SECONDS + 0.3)
    return [finding.name for finding in someone.prompt.live._found]


async def test_what_is_wrong_is_told_when_the_typing_pauses(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<message type='chta")
        assert await found(someone) == []
        await someone.type("'")
        assert await found(someone) == ["message-type"]
        await someone.type("\x7f" * 3)
        assert await found(someone) == []


async def test_what_was_said_stands_until_the_text_is_judged_again(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<presence><priority>200</priority>")
        assert await found(someone) == ["priority-range"]
        await someone.type("<show>")
        assert [f.name for f in someone.prompt.live._found] == ["priority-range"]


async def test_nothing_is_said_of_commands_and_after_clearing(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type("<presence><priority>200</priority>")
        assert await found(someone) == ["priority-range"]
        await someone.type("\x03")
        assert someone.prompt.live.remark() is None
        await someone.type("/lint rules")
        assert await found(someone) == []


async def test_enter_stops_once_with_the_caret_and_the_reason(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        assert await someone.type(WRONG, "\r") == WRONG
        assert someone.buffer.cursor_position == WRONG.index("200")
        said = " ".join(someone.complaint.split())
        assert "! priority 200 is outside -128..127 (RFC 6121 4.7.2.3)" in said
        assert said.endswith("Enter again sends it anyway")
        await someone.type("\r")
        assert await someone.entered() == WRONG


async def test_enter_stops_again_at_another_text(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        await someone.type(WRONG, "\r")
        wrong_too = WRONG.replace("200", "2001")
        await someone.type(
            "\x05", "\x7f" * len("</priority></presence>"), "1</priority></presence>"
        )
        assert await someone.type("\r") == wrong_too
        await someone.type("\r")
        assert await someone.entered() == wrong_too


async def test_a_warning_stops_nobody(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        text = "<message to='romeo@localhost'><body>hi</body></message>"
        await someone.type(text, "\r")
        assert await someone.entered() == text


async def test_without_lint_nothing_stops(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        someone.prompt.desk.view.lint = False
        await someone.type("<presence><priority>200</priority>")
        assert await found(someone) == []
        await someone.type("</presence>", "\r")
        assert await someone.entered() == WRONG


async def test_fields_of_templates_and_variables_are_not_judged(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        text = (
            "<message type='‹type?›' to='$me' id='{id}'><‹name› xmlns='urn:xmpp:sm:3'/></message>"
        )
        assert someone.prompt.desk.linter.typed(None, text) == []


async def test_very_long_input_is_judged_at_its_end_only(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        text = f"<message type='chta'>{' ' * MOST_CHARACTERS}"
        await someone.type("\x1b[200~" + text + "\x1b[201~")
        assert await found(someone) == []


def test_a_complaint_has_the_reason_the_reference_and_the_cure() -> None:
    problem = complaint(lint("<message type='chta'/>")[0])
    assert problem.what == "chta is no type of message (RFC 6121 5.2.2)"
    assert problem.cure == "did you mean chat? · Enter again sends it anyway"


def test_many_remarks_are_counted() -> None:
    findings = lint("<message type='a'/>" * 5)
    lines = list(remark_lines(findings, Theme(False), 80, sent=True, where=" · /lint 7"))
    assert len(lines) == 4
    assert lines[0].startswith("  ! a is no type of message (RFC 6121 5.2.2)")
    assert lines[-1] == "  ! 2 more · /lint 7"


async def test_names_of_rules_complete(tmp_path: Path) -> None:
    async with typist(tmp_path) as someone:
        assert await someone.type("/lint priority-r\t") == "/lint priority-range"
