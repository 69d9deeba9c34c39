"""What typed input looks like, and that lines are read again only when they must be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.document import Document

from xmppshell.templates.placeholders import OPEN
from xmppshell.terminal import lexer
from xmppshell.terminal.lexer import InputLexer, State, lex_line
from xmppshell.terminal.theme import PROMPT_STYLES


def looks(text: str) -> list[tuple[str, str]]:
    """Return (role, text) pieces of all lines, with newlines left out."""
    get_line = InputLexer().lex_document(Document(text))
    pieces = [piece for number in range(text.count("\n") + 1) for piece in get_line(number)]
    return [(style.removeprefix("class:"), piece) for style, piece in pieces]


def test_a_stanza() -> None:
    assert looks("<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>") == [
        ("tag", "<iq"),
        ("attribute", " type="),
        ("value", "'get'"),
        ("tag", "><ping"),
        ("namespace", " xmlns='urn:xmpp:ping'"),
        ("tag", "/></iq>"),
    ]


def test_text_entities_and_variables() -> None:
    assert looks("<body to='$me' id='{id}'>a &amp; b $last{ ${Romeo's full JID}</body>") == [
        ("tag", "<body"),
        ("attribute", " to="),
        ("value", "'"),
        ("variable", "$me"),
        ("value", "'"),
        ("attribute", " id="),
        ("value", "'"),
        ("variable", "{id}"),
        ("value", "'"),
        ("tag", ">"),
        ("", "a "),
        ("entity", "&amp;"),
        ("", " b "),
        ("variable", "$last"),
        ("", "{ "),
        ("variable", "${Romeo's full JID}"),
        ("tag", "</body>"),
    ]


def test_open_fields() -> None:
    assert looks("<a to='‹to›'>‹body?› ‹ ‹not one›</a>") == [
        ("tag", "<a"),
        ("attribute", " to="),
        ("value", "'"),
        ("placeholder", "‹to›"),
        ("value", "'"),
        ("tag", ">"),
        ("placeholder", "‹body?›"),
        ("", " ‹ ‹not one›"),
        ("tag", "</a>"),
    ]


@given(st.text(st.sampled_from("‹›?ab1-_.: é"), max_size=8))
def test_an_open_field_is_what_templates_take_for_one(text: str) -> None:
    found = [piece for role, piece in looks(f"<a>{text}</a>") if role == "placeholder"]
    assert "".join(found) == "".join(field[0] for field in OPEN.finditer(text))


def test_what_cannot_be_xml_stands_out() -> None:
    assert ("error", "&") in looks("<a>x & y</a>")
    assert ("error", "<") in looks("<a b='x<y'/>")
    assert ("error", "<") in looks("<a>1 < 2</a>")
    assert ("error", "<") in looks("<a <b/>")


def test_a_tag_goes_on_over_lines() -> None:
    assert looks("<message\n  to='romeo@localhost\n/orchard'\n  type = \"chat\"\n/>") == [
        ("tag", "<message"),
        ("attribute", "  to="),
        ("value", "'romeo@localhost"),
        ("value", "/orchard'"),
        ("attribute", "  type = "),
        ("value", '"chat"'),
        ("tag", "/>"),
    ]


def test_sections_go_on_over_lines() -> None:
    assert looks("<a><![CDATA[x <b>\n& y]]>z<!-- c\nd -->") == [
        ("tag", "<a>"),
        ("cdata", "<![CDATA["),
        ("", "x <b>"),
        ("", "& y"),
        ("cdata", "]]>"),
        ("", "z"),
        ("comment", "<!-- c"),
        ("comment", "d -->"),
    ]


def test_a_declaration() -> None:
    assert looks("<?xml version='1.0'?><stream:stream to='localhost'>")[0] == (
        "dim",
        "<?xml version='1.0'?>",
    )


def test_a_command() -> None:
    assert looks("/grep a & $me 'x'") == [
        ("command", "/grep"),
        ("", " a & "),
        ("variable", "$me"),
        ("", " 'x'"),
    ]
    assert looks("\n /send-raw <a b='c'>") == [
        ("command", " /send-raw"),
        ("", " "),
        ("tag", "<a"),
        ("attribute", " b="),
        ("value", "'c'"),
        ("tag", ">"),
    ]
    assert ("command", "/etc") not in looks("<a>\n/etc</a>")


def test_every_style_is_in_the_palette() -> None:
    text = "/x <?y?><a b='&lt;$me' xmlns='z' < ><![CDATA[]]><!-- -->"
    assert {role for role, _ in looks(text)} <= {"", *PROMPT_STYLES}


def test_a_line_beyond_the_end_is_empty() -> None:
    assert InputLexer().lex_document(Document("<a/>"))(7) == []


xmlish = st.text(st.sampled_from("<>/&;='\"a:b $!{}id[]-? \t#x1\x9bé"), max_size=60)


@given(xmlish, st.sampled_from(State))
def test_no_character_is_lost_or_moved(line: str, state: State) -> None:
    fragments, _ = lex_line(line, state)
    assert "".join(fragment[1] for fragment in fragments) == line


@given(st.lists(xmlish, max_size=6))
def test_line_by_line_reads_like_the_whole(lines: list[str]) -> None:
    """The carried state is enough: asking for the last line first changes nothing."""
    document = Document("\n".join(lines))
    forwards = InputLexer().lex_document(document)
    backwards = InputLexer().lex_document(document)
    numbers = range(len(document.lines))
    assert [forwards(n) for n in numbers] == [backwards(n) for n in reversed(numbers)][::-1]


@pytest.fixture
def read_lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    real = lexer.lex_line

    def counting(line: str, state: State):
        seen.append(line)
        return real(line, state)

    monkeypatch.setattr(lexer, "lex_line", counting)
    return seen


def read_all(shared: InputLexer, lines: list[str]) -> None:
    get_line = shared.lex_document(Document("\n".join(lines)))
    for number in range(len(lines)):
        get_line(number)


def test_only_a_changed_line_is_read_again(read_lines: list[str]) -> None:
    shared = InputLexer()
    lines = ["<iq>", *(f"  <item n='{n}'/>" for n in range(100)), "</iq>"]
    read_all(shared, lines)
    read_lines.clear()
    lines[50] += " "
    read_all(shared, lines)
    assert read_lines == [lines[50]]


def test_a_changed_state_reads_the_lines_below_again(read_lines: list[str]) -> None:
    shared = InputLexer()
    lines = ["<iq>", "<a/>", "<b/>"]
    read_all(shared, lines)
    read_lines.clear()
    lines[0] = "<iq><!--"
    read_all(shared, lines)
    assert read_lines == lines


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexer, "REMEMBERED_LINES", 10)
    shared = InputLexer()
    for start in range(0, 100, 10):
        read_all(shared, [f"<a{n}/>" for n in range(start, start + 10)])
    assert len(shared._known) <= 20
