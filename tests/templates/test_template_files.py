"""Files of templates: their form, and every mistake in one with its line and a cure."""

from __future__ import annotations

import pytest

from xmppshell.templates.model import Field
from xmppshell.templates.reading import names_in, paragraphs, read

GOOD = '''\
title = "Mine"

# a comment
[template."my.hello"]
reference = "RFC 6121 5.2.2"
summary = "say hello"
explanation = """
It goes
to them.

Nothing comes back.
"""
expects = "nothing"
xml = \'\'\'
<message to='{to}'>
  <body>{body}</body>
</message>\'\'\'

[template."my.hello".fields]
to = { kind = "jid", meaning = "who  is\\n greeted" }
body = { kind = "string", default = "hello", optional = true }

[template.bare]
xml = "<presence/>"
'''


B = "[template.x]\nxml = '<a>{b}</a>'\n[template.x.fields]\n"


def problems(text: str) -> list[tuple[str, str]]:
    return [(p.what, p.cure) for p in read(text, group="my", file="my.toml").problems]


def test_a_file_gives_its_templates() -> None:
    reading = read(GOOD, group="my", file="my.toml", own=True)
    assert reading.problems == ()
    assert (reading.group.name, reading.group.title) == ("my", "Mine")
    hello, bare = reading.group.templates
    assert hello.xml == "<message to='{to}'>\n  <body>{body}</body>\n</message>"
    assert hello.explanation == "It goes to them.\nNothing comes back."
    assert hello.fields["to"] == Field("to", "jid", "who is greeted")
    assert hello.fields["body"].default == "hello"
    assert (bare.xml, bare.source, bare.group) == ("<presence/>", "my.toml", "my")
    assert names_in(GOOD) == ["my.hello", "bare"]


def test_a_file_may_name_its_group() -> None:
    reading = read(f'group = "saved"\n{GOOD}', group="my", file="my.toml")
    assert {t.group for t in reading.group.templates} == {"saved"}


def test_paragraphs_are_lines() -> None:
    assert paragraphs("\n a\n b \n \n\n c\n") == "a b\nc"


@pytest.mark.parametrize(
    ("text", "what", "cure"),
    [
        ("[template.x]\nxml = \n", "my.toml:2: this is not TOML: invalid value", "toml.io"),
        ("[template.x]\nxml = '<a/>", "my.toml:2: this is not TOML: ", "toml.io"),
        ("titel = 'x'\n", "my.toml:1: there is no titel here", "perhaps title"),
        ("title = 5\n", "my.toml:1: title is not a text", "title = "),
        ("template = 5\n", "my.toml:1: template is no table", "[template."),
        ("[template]\nx = 5\n", "my.toml:2: x is no table", '[template."x"]'),
        ("\n[template.x]\nsummary = 's'\n", "my.toml:2: x has no xml", "xml = "),
        (
            "[template.x]\nxml='<a/>'\nsumary = 's'\n",
            "my.toml:3: a template has no sumary",
            "summary",
        ),
        ("[template.x]\nxml = 5\n", "my.toml:2: xml is not a text", "xml = "),
        ('[template."a b"]\nxml = "<a/>"\n', "my.toml:1: “a b” cannot be the name", "letters"),
        ("[template.x]\nxml = '<a>'\n", "my.toml:2: the xml is not complete", "close <a>"),
        (
            "[template.x]\nxml = '''\n<a>\n</b>'''\n",
            "my.toml:2: the xml is not well-formed, its line 2",
            "",
        ),
        ("[template.x]\nxml = '<a>{b}</a>'\n", "my.toml:2: {b} is no field of x", "{{b}}"),
        (
            "[template.x]\nxml = '<a/>'\n[template.x.fields]\nb = { kind = 'jid' }\n",
            "my.toml:4: the field b is nowhere in the xml",
            "take it out",
        ),
        (
            B + "b = { kind = 'jdi' }\n",
            "my.toml:4: b: there is no kind jdi",
            "perhaps jid",
        ),
        (
            B + "b = { meaning = 'jid' }\n",
            "my.toml:4: b needs a kind or a list of values",
            "kind",
        ),
        (
            B + "b = { knid = 'jid' }\n",
            "my.toml:4: the field b has no knid",
            "perhaps kind",
        ),
        (
            B + "b = { kind = 'jid', least = 1 }\n",
            "my.toml:4: b: least and most are for numbers",
            "int",
        ),
        (
            B + "b = { one_of = ['c'], default = 'd' }\n",
            "my.toml:4: b: the default “d” is none of the list",
            "c",
        ),
        (
            B + "b = { kind = 'int', least = true }\n",
            "my.toml:4: least is not a whole number",
            "least = 5",
        ),
        (
            B + "b = 'jid'\n",
            "my.toml:4: b is no table",
            "kind",
        ),
        (
            "[template.x]\nxml = '<a>{id}</a>'\n[template.x.fields]\nid = { kind = 'id' }\n",
            "my.toml:4: “id” cannot be the name of a field",
            "small letters",
        ),
        (
            "[template.x]\nxml = \"<a b='{c}'/>\"\n[template.x.fields]\nc = { kind = 'xml' }\n",
            "my.toml:4: c is XML and stands inside a tag",
            "put it",
        ),
        (
            "[template.x]\nxml = '<{c}/>'\n[template.x.fields]\nc = { kind = 'token' }\n",
            "my.toml:4: c names an element, and has no list with a default",
            "put it",
        ),
    ],
)
def test_each_mistake_is_told_with_its_line(text: str, what: str, cure: str) -> None:
    found = problems(text)
    assert len(found) == 1, found
    assert found[0][0].startswith(what)
    assert cure in found[0][1]


def test_one_mistake_does_not_hide_the_others_or_the_good_ones() -> None:
    text = f"{GOOD}[template.a]\nxml = '<a>'\n[template.b]\nxml = '{{x}}'\n"
    reading = read(text, group="my", file="my.toml")
    assert [t.name for t in reading.group.templates] == ["my.hello", "bare"]
    assert len(reading.problems) >= 2


def test_lines_may_end_as_on_windows() -> None:
    reading = read(GOOD.replace("\n", "\r\n"), group="my", file="my.toml")
    assert reading.problems == ()
    assert "\r" not in reading.group.templates[0].xml
