"""The lint in a real terminal: while typing, at Enter, and under what was sent and came."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from terminal.shell_driver import Demo

pytestmark = pytest.mark.pty

WRONG = "<presence><priority>200</priority></presence>"
REASON = "! priority 200 is outside -128..127 (RFC 6121 4.7.2.3)"


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo() as shell:
        yield shell


def test_what_is_wrong_is_told_while_it_is_typed(demo: Demo) -> None:
    demo.send("<message type='chta")
    demo.settle()
    assert "bound" in demo.toolbar
    demo.send("'")
    demo.wait_until(
        lambda: (
            demo.toolbar.strip()
            == "! chta is no type of message (RFC 6121 5.2.2) · did you mean chat?"
        ),
        "the toolbar's remark",
    )
    demo.press("ctrl-c")
    demo.wait_until(lambda: "bound" in demo.toolbar, "the toolbar as it was")


def test_the_remark_does_not_flicker_while_the_typing_goes_on(demo: Demo) -> None:
    demo.send("<presence><priority>200</priority>")
    demo.wait_until(lambda: "200 is outside" in demo.toolbar, "the toolbar's remark")
    before = len(demo.raw_output)
    for key in "<status>a b c":
        demo.send(key)
        demo.settle(0.05)
        assert "200 is outside" in demo.toolbar
    assert b" bound " not in demo.raw_output[before:]


def test_enter_stops_once_and_then_sends(demo: Demo) -> None:
    demo.enter(WRONG, "Enter again sends")
    text = demo.text()
    assert REASON in text
    assert "→" not in text
    demo.press("enter")
    demo.wait_for("presence error")
    sent = demo.after("→ 18 presence", "← 19")
    assert REASON in sent


def test_what_comes_is_judged_by_the_same_rules(demo: Demo) -> None:
    demo.romeo_sends("<message to='juliet@localhost/balcony' type='foo'><body>hi</body></message>")
    demo.wait_for("! foo is no type of message")


def test_lint_can_be_turned_off(demo: Demo) -> None:
    demo.enter("/lint off", "what is wrong is not told")
    demo.enter(WRONG, "presence error")
    assert "is outside" not in demo.text()
    demo.enter("/lint on", "what is wrong is told")
    demo.enter("/lint 18", REASON)
    demo.enter("/set lint", "lint: on")


def test_a_template_with_open_fields_is_not_complained_of(demo: Demo) -> None:
    demo.enter("/t message.chat", "‹to›")
    demo.settle(0.5)
    assert "!" not in demo.toolbar
