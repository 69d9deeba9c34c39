"""Finding templates, and the user's own: read again when they change, mistakes told once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xmppshell.templates.filling import fill
from xmppshell.templates.making import make
from xmppshell.templates.reading import read
from xmppshell.templates.shelf import CannotSave, Shelf, UnknownTemplate
from xmppshell.templates.telling import in_full, listing

HELLO = "[template.hello]\nsummary = 'say hello'\nxml = '<presence/>'\n"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Give a shelf whose folder is there and empty."""
    (tmp_path / "templates").mkdir()
    return Shelf(tmp_path / "templates", lambda path: path.name)


def write(shelf: Shelf, name: str, text: str, at: int = 1) -> None:
    assert shelf.folder is not None
    (shelf.folder / name).write_text(text)
    os.utime(shelf.folder / name, ns=(at, at))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("muc.join", "muc.join"),
        ("muc.j", "muc.join"),
        ("join", "muc.join"),
        ("headline", "message.headline"),
        ("ping", "ping"),
    ],
)
def test_a_name_may_be_its_beginning_or_end(typed: str, name: str) -> None:
    assert Shelf().find(typed).name == name


@pytest.mark.parametrize(
    ("typed", "cure"),
    [
        ("message", "message.chat or message.normal"),
        ("get", "iq.get or roster.get"),
        ("mesage.chat", "perhaps message.chat"),
        ("xyzzy", "/templates"),
        ("", "/templates"),
    ],
)
def test_an_unknown_name_gets_near_ones(typed: str, cure: str) -> None:
    with pytest.raises(UnknownTemplate) as caught:
        Shelf().find(typed)
    assert cure in caught.value.problem.cure


def test_groups_are_found_by_their_beginning() -> None:
    assert Shelf().group("mess").title == "Messages of the five types"
    for wrong in ("p", "mucc", ""):
        with pytest.raises(UnknownTemplate):
            Shelf().group(wrong)


def test_there_need_be_no_folder(tmp_path: Path) -> None:
    for shelf in (Shelf(), Shelf(tmp_path / "none")):
        assert len(shelf.names()) >= 78
        assert shelf.mistakes() == []


def test_a_template_of_the_user_is_found_and_listed(shelf: Shelf) -> None:
    write(shelf, "my.toml", HELLO)
    assert shelf.find("hello").source == "my.toml"
    assert shelf.names()[0] == "hello"
    assert "say hello" in listing([shelf.group("my")])
    assert "yours, from my.toml" in in_full(shelf.find("hello"), "/t")


def test_files_are_read_again_when_they_change(shelf: Shelf) -> None:
    write(shelf, "my.toml", HELLO)
    assert shelf.find("hello").xml == "<presence/>"
    write(shelf, "my.toml", HELLO.replace("presence", "message"), at=2)
    assert shelf.find("hello").xml == "<message/>"
    assert shelf.folder is not None
    (shelf.folder / "my.toml").unlink()
    assert "hello" not in shelf.names()


def test_files_that_did_not_change_are_not_read_again(shelf: Shelf) -> None:
    write(shelf, "my.toml", HELLO)
    first = shelf.find("hello")
    assert shelf.find("hello") is first


def test_one_stands_in_for_one_that_comes_with_the_program(shelf: Shelf) -> None:
    write(shelf, "my.toml", HELLO.replace("hello", "ping", 1))
    ping = shelf.find("ping")
    assert ping.xml == "<presence/>"
    assert shelf.stands_in(ping)
    assert "in the place of the one that comes with xmppshell" in in_full(
        ping, "/t", stands_in=True
    )
    assert shelf.names().count("ping") == 1
    assert "ping" not in [t.name for t in shelf.group("query").templates]
    assert not shelf.stands_in(shelf.find("version"))


def test_a_mistake_is_told_once_and_again_when_it_comes_back(shelf: Shelf) -> None:
    write(shelf, "my.toml", "[template.x]\nxml = '<a>'\n")
    write(shelf, "other.toml", HELLO)
    (problem,) = shelf.mistakes()
    assert problem.what == "my.toml:2: the xml is not complete"
    assert shelf.mistakes() == []
    assert shelf.find("hello").name == "hello"
    write(shelf, "my.toml", "", at=2)
    assert shelf.mistakes() == []
    write(shelf, "my.toml", "[template.x]\nxml = '<a>'\n", at=3)
    assert len(shelf.mistakes()) == 1


def test_of_two_with_one_name_the_first_file_counts(shelf: Shelf) -> None:
    write(shelf, "a.toml", HELLO)
    write(shelf, "b.toml", HELLO.replace("presence", "message"))
    assert shelf.find("hello").xml == "<presence/>"
    assert [p.what for p in shelf.mistakes()] == ["b.toml: there is a hello in a.toml, too"]


def test_a_file_that_cannot_be_used_is_told(shelf: Shelf) -> None:
    assert shelf.folder is not None
    (shelf.folder / "a.toml").write_bytes(b"\xff")
    (shelf.folder / "b.toml").mkdir()
    (shelf.folder / "notes.txt").write_text("not a template")
    told = [problem.what for problem in shelf.mistakes()]
    assert told[0] == "a.toml is not UTF-8 text"
    assert told[1].startswith("b.toml cannot be read: ")
    assert len(told) == 2


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    file = tmp_path / "templates"
    file.write_text("")
    shelf = Shelf(file, lambda path: path.name)
    (problem,) = shelf.mistakes()
    assert problem.what.startswith("templates cannot be read: ")
    with pytest.raises(CannotSave, match="cannot be written"):
        shelf.save("x", HELLO)


def test_saving_makes_a_private_file_and_replaces_none(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "new" / "templates", lambda path: path.name)
    path = shelf.save("hello", HELLO)
    assert path.stat().st_mode & 0o777 == 0o600
    assert shelf.find("hello").source == "hello.toml"
    with pytest.raises(CannotSave, match=r"there is a hello\.toml already"):
        shelf.save("hello", HELLO)
    shelf.save("hello", HELLO.replace("presence", "message"), replacing=True)
    assert "message" in path.read_text()
    assert [p.name for p in path.parent.iterdir()] == ["hello.toml"]


def test_a_template_of_another_file_is_not_replaced(shelf: Shelf) -> None:
    write(shelf, "my.toml", HELLO)
    with pytest.raises(CannotSave, match=r"there is a template hello in my\.toml"):
        shelf.save("hello", HELLO, replacing=True)


# Templates made of stanzas.


def made(text: str, *, received: bool = False, redacted: str = "[redacted]") -> str:
    own = {"juliet@l/balcony": "me", "juliet@l": "bare", "l": "domain"}
    return make("x", text, received=received, own=own, summary="s", redacted=redacted)


def filled(file: str, **values: str) -> str:
    reading = read(file, group="saved", file="x.toml")
    assert reading.problems == ()
    return fill(reading.group.templates[0], values)


@pytest.mark.parametrize(
    ("stanza", "again"),
    [
        (
            "<message to='r@l' id='j1' type='chat'><body>it's &lt;5&gt;</body></message>",
            "<message to='r@l' type='chat'><body>it's &lt;5&gt;</body></message>",
        ),
        ("<presence id='p'/>", "<presence/>"),
        (
            "<iq type='set' id='a'><query xmlns='q'><item jid='r@l'/><b/></query></iq>",
            "<iq type='set'><query xmlns='q'><item jid='r@l'/><b/></query></iq>",
        ),
        ("<iq to=\"juliet@l\" type='get'/>", "<iq to='$bare' type='get'/>"),
        ("<r xmlns='urn:xmpp:sm:3'/>", "<r xmlns='urn:xmpp:sm:3'/>"),
        ("<a b='{x} $me ‹y› $5'>{z}</a>", "<a b='{x} $$me &#8249;y› $5'>{z}</a>"),
        ("<message>\n  <body>a\nb</body>\n</message>",) * 2,
        ("<message to='a@@b'/>", "<message to='a@@b'/>"),
        ("<a>''''</a>", "<a>''''</a>"),
        ('<a>\\n "q" \\</a>', '<a>\\n "q" \\</a>'),
        ("<a><![CDATA[<x>]]></a>", "<a><![CDATA[<x>]]></a>"),
    ],
)
def test_a_template_of_a_stanza_gives_it_again(stanza: str, again: str) -> None:
    assert filled(made(stanza)) == again


def test_addresses_and_the_body_are_fields() -> None:
    file = made("<message to='r@l'><body>hi</body><x xmlns='c' jid='room@m'/></message>")
    text = filled(file, to="n@l", body="a<b", jid="other@m")
    assert text == "<message to='n@l'><body>a&lt;b</body><x xmlns='c' jid='other@m'/></message>"


def test_the_same_address_is_one_field() -> None:
    file = made("<a><b jid='r@l'/><c jid='r@l'/><d jid='n@l'/></a>")
    assert filled(file, jid="x@l") == "<a><b jid='x@l'/><c jid='x@l'/><d jid='n@l'/></a>"
    assert filled(file, jid2="x@l") == "<a><b jid='r@l'/><c jid='r@l'/><d jid='x@l'/></a>"


def test_what_was_received_is_turned_round() -> None:
    file = made(
        "<message xmlns='jabber:client' from='r@l/g' to='juliet@l/balcony' id='7'>"
        "<body>a</body></message>",
        received=True,
    )
    assert filled(file) == "<message to='r@l/g'><body>a</body></message>"


def test_an_answer_keeps_a_place_for_the_id_that_it_answers() -> None:
    file = made("<iq type='result' to='r@l/g' id='7'/>")
    assert filled(file, refid="8") == "<iq type='result' to='r@l/g' id='8'/>"
    assert "id='‹refid›'" in filled(file)


def test_secrets_are_fields_without_a_value() -> None:
    file = made("<q><password>[redacted]</password><x password='[redacted]'/></q>")
    assert filled(file) == "<q><password>‹secret›</password><x password='‹secret2›'/></q>"
    assert "redacted" not in file


# Telling of templates.


def test_a_group_without_a_title_is_called_by_its_name(shelf: Shelf) -> None:
    write(shelf, "my.toml", "[template.hello]\nxml = '<presence/>'\n")
    lines = listing([shelf.group("my"), shelf.group("storage")]).splitlines()
    assert lines == [
        "my",
        "  hello                  yours, from my.toml",
        "Private storage (storage)",
        "  private.get            fetch private XML, such as old bookmarks",
    ]


def test_all_about_a_template_is_told() -> None:
    told = in_full(Shelf().find("upload.slot"), "/t", width=60)
    assert told.splitlines()[:2] == [
        "upload.slot: ask where to upload a file by HTTP",
        "  XEP-0363 · group files · usually comes back: an iq result",
    ]
    for line in (
        "  size  its size in bytes, exactly",
        "        a number, 1 or more",
        "        one word; may be left out",
        "  /t upload.slot TO FILE SIZE [TYPE]",
    ):
        assert line in told.splitlines()
    prose = [line for line in told.splitlines() if "<" not in line and "='{" not in line]
    assert max(map(len, prose)) <= 60


def test_a_nonza_that_comes_back_is_named() -> None:
    assert "usually comes back: <enabled/>" in in_full(Shelf().find("sm.enable"), "/t")
    assert "usually comes back: nothing" in in_full(Shelf().find("message.chat"), "/t")
