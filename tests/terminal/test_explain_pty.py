"""/explain and F1 in a real terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from terminal.shell_driver import SGR, Demo

pytestmark = pytest.mark.pty

PING = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
WRONG = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:pingg'/></iq>"


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo(rows=40) as shell:
        yield shell


def test_the_last_stanza_is_explained(demo: Demo) -> None:
    demo.enter(PING, re.compile(r"iq result +answers"))
    after = demo.enter("/explain", "where to read on")
    assert re.search(r"^\d+, which answers \d+$", after, re.M)
    assert re.search(r"^  <iq> +RFC 6120 8\.2\.3$", after, re.M)
    assert "type='result'" in after
    assert "https://www.rfc-editor.org/rfc/rfc6120#section-8.2.3" in after


def test_f1_without_input_explains_an_error_by_its_request(demo: Demo) -> None:
    demo.enter(WRONG, "service-unavailable (cancel)")
    demo.press("f1")
    demo.wait_for("where to read on")
    after = demo.text().rpartition("which answers")[2]
    said = " ".join(after.split())
    assert "in the request, xmlns='urn:xmpp:pingg': likely nobody serves" in said
    assert "did you mean urn:xmpp:ping?" in said
    assert "usually: " in said
    assert "try: " in said


def test_f1_explains_the_element_at_the_cursor_and_leaves_the_input_alone(demo: Demo) -> None:
    typed = "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='a@b' "
    demo.send(typed)
    demo.press("f1")
    after = demo.wait_for(re.compile(r"^<item/> +RFC 6121 2\.1\.2", re.M))
    assert re.search(r"^  <iq> ", after, re.M)
    assert re.search(r"^    <query xmlns='jabber:iq:roster'> ", after, re.M)
    assert "subscription" in after
    demo.wait_until(lambda: "item jid='a@b'" in "".join(demo.screen_lines()[-6:]), "the input")
    assert not [each for each in demo.capture() if "jabber:iq:roster' " in str(each.get("data"))]
    demo.press("ctrl-c")
    demo.enter(PING, re.compile(r"iq result +answers"))


def test_f1_in_a_value_that_is_wrong(demo: Demo) -> None:
    demo.send("<message type='caht")
    demo.press("f1")
    demo.wait_for(re.compile(r"did\s+you\s+mean\s+chat\?"))


def test_f1_on_a_command_shows_its_help(demo: Demo) -> None:
    demo.send("/filter ")
    demo.press("f1")
    demo.wait_for("/filter [TERMS]")


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("110", "status code of rooms"),
        ("service-unavailable", "stanza error condition"),
        ("xep 198", "Stream Management."),
        ("archive", "XEP-0313  Message Archive Management"),
        ("nonsense", "nothing is known here of “nonsense”"),
    ],
)
def test_words(demo: Demo, term: str, said: str) -> None:
    demo.enter(f"/explain {term}", said)


def test_the_negotiation_is_explained_without_the_password(demo: Demo) -> None:
    demo.enter("/show 1", "stream header")
    for number in range(1, 12):
        demo.enter(f"/explain {number}", re.compile(rf"^{number}(, which.*)?\n  <", re.M))
    demo.settle()
    text = demo.text().partition("/explain 1")[2]
    assert "payload, n: user name = juliet" in text
    assert "verona" not in text


def test_colour_can_be_switched_off() -> None:
    with Demo(env={"NO_COLOR": "1"}, rows=40) as shell:
        before = len(shell.raw_output)
        shell.enter("/explain ping", "where to read on")
        colours = {found for found in SGR.findall(shell.raw_output[before:]) if b"3" in found}
        assert not colours


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (50, 160), (20, 40)])
def test_lines_fit_the_terminal(rows: int, columns: int) -> None:
    with Demo(rows=rows, columns=columns) as shell:
        after = shell.enter("/explain message", "“message” can be")
        assert max(map(len, after.split("\n"))) <= columns


def test_the_toolbar_names_f1_where_there_is_room(demo: Demo) -> None:
    demo.wait_until(lambda: "F1 explain" in demo.toolbar, "the toolbar")
    demo.resize(40, 60)
    demo.press("ctrl-l")
    demo.wait_until(lambda: "F1" not in demo.toolbar, "a toolbar without F1")
