"""Scripts are read as scansion's developers and ours write them, and mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppshell.transcript.loading import load_script
from xmppshell.transcript.places import ScriptError
from xmppshell.transcript.reading import read_leniently, read_script
from xmppshell.transcript.script import (
    Block,
    Comment,
    Connects,
    Disconnects,
    Drops,
    Receives,
    ReceivesNothing,
    ReceivesStream,
    Role,
    Sends,
    SendsRaw,
    StreamPart,
)
from xmppshell.transcript.script_text import write_script

SCANSION = """\
# Two phones and a friend
# The second line is the description

## chat
## server: prosody

[Client] Juliet's phone
\tpassword: verona
\tjid: juliet@localhost/phone
\tconnect_port: 5222

[Client] Juliet
    jid: juliet@localhost
    password: verona

// Another comment
-- and a third
-----

Juliet's phone connects

Juliet connects

Juliet sends
    <presence/>


    <iq type='get' id='1' to='${Juliet's phone's full JID}'>

      <ping xmlns='urn:xmpp:ping'/>
    </iq>

# Scene 2
Juliet's phone receives:
\t<message type="chat" from="${Juliet's JID}" id="{scansion:any}">
# in between
\t\t<body>Hello,
\t\t  ${Juliet's JID}</body>
\t</message>

Juliet receives: nothing

Juliet sends: <presence type='unavailable'/>
Juliet disconnects
"""

OURS = """\
# A component, and all that is ours
## practice

[Client] Romeo
    jid: ${env:ROMEO}@localhost
    password: ${account:romeo}
    mechanism: SCRAM-SHA-256
    tls: starttls
    host: 127.0.0.1
    port: 5222
# nothing more

[Component] Stage
    jid: stage.localhost
    password: curtain

-----

> A *word* before it begins,
>
> in two paragraphs.

Romeo connects
Stage connects
Romeo receives header:
    <stream:stream from='localhost' id='{id}' version='1.0'>

Romeo receives features within 3s:
    <stream:features scansion:strict='false'>
      <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>
    </stream:features>

Stage receives optionally unordered within 0.5s:
    <iq id='{capture:first}' type='get'/>
    <message><body>{re:[0-9]{4} <}</body></message>

Stage sends:
    <iq id='${first}' type='result' to="${Romeo's full JID}"/>

Romeo receives: nothing for 2s

Romeo sends raw: <message>\\x00\\n
Romeo receives stream error: not-well-formed
Romeo receives close within 10s
Stage drops
"""


def test_a_scansion_script_is_read() -> None:
    script = read_script(SCANSION, "two.scs")
    assert script.title == "Two phones and a friend"
    assert script.description == "The second line is the description"
    assert script.tags == {"chat": "", "server": "prosody"}
    assert list(script.cast) == ["Juliet's phone", "Juliet"]
    assert script.cast["Juliet's phone"].option("connect_port") == "5222"
    kinds = [type(step) for step in script.steps]
    assert kinds == [Connects, Connects, Sends, Receives, ReceivesNothing, Sends, Disconnects]
    sent = script.steps[2]
    assert isinstance(sent, Sends)
    assert [stanza.place.line for stanza in sent.block.stanzas] == [25, 28]
    filled = sent.block.stanzas[1].filled({"Juliet's phone's full JID": "a@b/it's"})
    assert "to='a@b/it&#x27;s'" in filled
    received = script.steps[3]
    assert isinstance(received, Receives)
    assert received.actor == "Juliet's phone"
    assert received.block.comments == ((1, "# in between"),)
    comments = [entry.text for entry in script.entries if isinstance(entry, Comment)]
    assert comments == ["// Another comment", "-- and a third", "-----", "# Scene 2"]


MORE = [
    # Names that hold names, verbs without colons, blocks of tabs, and the cast without gaps.
    """\
[Client] Romeo
\tjid: user@localhost
\tpassword: password
[Client] Romeo's laptop
\tjid: user@localhost/laptop
\tpassword: password
---------
Romeo connects
Romeo's laptop connects
Romeo sends
\t<iq id="bind" type='set' to="${Romeo's laptop's full JID}">
\t\t<query xmlns='urn:example' scansion:strict='false'/>
\t</iq>
\t<presence to='room@conference.localhost/Romeo'>
\t\t<x xmlns="http://jabber.org/protocol/muc"/>
\t</presence>
Romeo's laptop receives
\t<iq from="${Romeo's full JID}" id='bind'/>
Romeo disconnects
""",
    # No title; comments of all kinds, within and between; everything at the end of the line.
    """\
// first

[Client] Nurse
  jid: nurse@localhost
  password: x:y z
  connect_host: 127.0.0.1
  connect_port: 15222

-- Scene 1
Nurse connects
# waits
Nurse receives:   \t
 <message type='groupchat'>

  <stanza-id xmlns='urn:xmpp:sid:0' by="${Nurse's JID}" id='{scansion:capture:archive-id}'/>
-- in here
  <body>
    text
  </body>
 </message>

Nurse sends:
 <iq type='set' id='a'><query xmlns='urn:xmpp:mam:2' queryid='${archive-id}'/></iq>
Nurse receives: nothing
Nurse sends: <iq type="result" id='{scansion:any}'/>  """,
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("text", MORE)
def test_more_of_scansion_is_read(text: str, ending: str) -> None:
    script = read_script("\ufeff" + text.replace("\n", ending), "more.scs")
    assert len(script.steps) in (6, 5)
    assert script.steps[-1] in (
        Disconnects("Romeo"),
        Sends("Nurse", Block(("<iq type=\"result\" id='{scansion:any}'/>",), inline=True)),
    )
    assert read_script(write_script(script), "more.scs") == script


def test_what_is_ours_is_read() -> None:
    script = read_script(OURS.replace(" <}", " &lt;}"), "ours.scs")
    assert script.cast["Stage"].role is Role.COMPONENT
    jid = script.cast["Romeo"].options["jid"]
    assert jid.references == [("env", "ROMEO")]
    assert jid.resolved(lambda kind, name: f"{kind}-{name.lower()}") == "env-romeo@localhost"
    assert [prose.text for prose in script.prose] == [
        "A *word* before it begins,\n\nin two paragraphs."
    ]
    steps = script.steps
    assert isinstance(steps[2], ReceivesStream)
    assert steps[2].part is StreamPart.HEADER
    assert steps[2].block is not None
    assert steps[2].block.stanzas[0].pattern.attributes[1].value.source == "{id}"
    assert isinstance(steps[3], ReceivesStream)
    assert steps[3].within == 3
    group = steps[4]
    assert isinstance(group, Receives)
    assert (group.unordered, group.optionally, group.within) == (True, True, 0.5)
    assert steps[6] == ReceivesNothing("Romeo", 2)
    raw = steps[7]
    assert isinstance(raw, SendsRaw)
    assert raw.data({}) == b"<message>\0\n"
    assert steps[8] == ReceivesStream("Romeo", StreamPart.ERROR, condition="not-well-formed")
    assert steps[9] == ReceivesStream("Romeo", StreamPart.CLOSE, within=10)
    assert steps[10] == Drops("Stage")


def test_a_literal_password_is_not_in_what_a_debugger_shows() -> None:
    assert "verona" not in repr(read_script(SCANSION, "x"))
    assert "curtain" not in repr(read_script(OURS.replace(" <}", "}"), "x"))


def test_a_line_with_a_password_is_not_in_an_error() -> None:
    for line in ("pasword: hunter2", "hunter2", "password hunter2", "password = hunter2: 3"):
        with pytest.raises(ScriptError) as caught:
            read_script(f"[Client] Romeo\n    jid: a@b\n    {line}\n", "x")
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", [SCANSION, OURS.replace(" <}", " &lt;}")])
def test_what_is_written_is_read_as_the_same(text: str) -> None:
    script = read_script(text, "x")
    assert read_script(write_script(script), "x") == script


def test_our_own_style_comes_back_byte_for_byte() -> None:
    ours = OURS.replace(" <}", " &lt;}")
    assert write_script(read_script(ours, "x")) == ours
    for path in (Path(__file__).parents[2] / "transcripts").rglob("*.scs"):
        text = path.read_text("utf-8")
        assert write_script(load_script(path)) == text


HEAD = "[Client] Romeo\n    jid: romeo@localhost\n[Client] Juliet's phone\n    jid: j@localhost\n"


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("Romeo sendz:\n  <a/>", "5:7", "sends is near"),
        ("Romoe sends:\n  <a/>", "5:1", "near: Romeo"),
        ("Juliets phone connects", "5:1", "near: Juliet's phone"),
        ("Romeo", "5:1", "this line is no step"),
        ("    <a/>", "5:5", "this is no option"),
        ("# c\nRomeo connects\n    <a/>", "7:1", "nothing belongs below"),
        ("Romeo connects quickly", "5:16", "'quickly' was not expected here"),
        ("Romeo sends:", "5:7", "what is sent is missing"),
        ("Romeo receives", "5:7", "what is received is missing"),
        ("Romeo sends: <a>", "5:14", "<a> is not closed"),
        ("Romeo sends:\n    <a\n", "6:5", "this is not finished"),
        ("Romeo sends:\n    <a></b>", "6:8", "</b> does not match <a>"),
        ("Romeo sends:\n    <a/>\n\n    <a></b>", "8:8", "<a> in line 8"),
        ("Romeo sends:\n    <a x='1' x='2'/>", "6:14", "twice"),
        ("Romeo receives within 10 s: <a/>", "5:23", "10 is no time"),
        ("Romeo receives unorderd: <a/>", "5:16", "unordered is near"),
        ("Romeo receives: nothing with <a/>", "5:25", "'with' was not expected here"),
        ("Romeo receives stream error: confict", "5:30", "near: conflict"),
        ("Romeo receives unordered close", "5:16", "for stanzas"),
        ("Romeo receives within 1s nothing", "5:16", "together with something"),
        ("Romeo receives features: <stream:features/><stream:features/>", "5:44", "nothing else"),
        (
            "Romeo receives unordered: <a b='{capture:x}'/><a b='${x}'/>",
            "5:53",
            "not captured yet",
        ),
        ("Romeo receives features: <a/>", "5:26", "<stream:features>"),
        ("Romeo receives: <a b='{scansion:none}'/>", "5:23", "there is no wildcard"),
        ("Romeo receives: <a b='{re:[0'/>", "5:23", "no end"),
        ("Romeo receives: <a b='{re:[)}'/>", "5:23", "no regular expression"),
        ("Romeo receives: <a b='{capture:1}'/>", "5:23", "does not name what is captured"),
        ("Romeo receives: <a scansion:strict='yes'/>", "5:37", "true or false"),
        ("Romeo receives: <a scansion:other='yes'/>", "5:20", "there is no attribute"),
        ("Romeo sends: <a b='${x'/>", "5:20", "has no end"),
        ("Romeo sends: <a b='x${Rome's JID}'/>", "5:21", "near: ${Romeo's JID}"),
        ("Romeo sends: <a b='${x}'/>\nRomeo receives: <a b='{capture:x}'/>", "5:20", "later"),
        ("Romeo receives: <a b='{capture:x}' c='${x}'/>", "5:39", "the same stanza"),
        ("Romeo sends: <a b='${x}'/>", "5:20", "capture it before"),
        ("Romeo sends raw: a\\q", "5:19", "this escape is not known"),
        ("Romeo sends raw: ${x}", "5:18", "there is no variable"),
        ("[Client] Romeo\n    jid: a@b", "5:10", "in the cast twice"),
        ("[Client]", "5:9", "no name"),
        ("[Actor] X\n    jid: a@b", "5:2", "expected is [Client] or [Component]"),
        ("[Client X", "5:1", "no end"),
        ("[Client] X", "5:10", "X has no address"),
        ("[Client] X\n    jid: a@b\n    jid: a@c", "7:5", "given twice"),
        ("[Client] X\n    jid: a@b\n    prot: 1", "7:5", "port is near"),
        ("[Client] X\n    jid: a@b\n    port: 0", "7:11", "from 1 to 65535"),
        ("[Client] X\n    jid: a@b\n    tls: maybe", "7:10", "starttls, direct or none"),
        ("[Client] X\n    jid: @b", "6:10", "is not a JID"),
        ("[Client] X\n    jid: ${home:X}@b", "6:10", "is no reference"),
        ("[Component] X\n    jid: b\n    mechanism: PLAIN", "7:5", "there is no option mechanism"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, place: str, told: str) -> None:
    with pytest.raises(ScriptError) as caught:
        read_script(f"{HEAD}{text}\n", "play.scs")
    message = str(caught.value)
    assert message.startswith(f"play.scs:{place}: "), message
    assert told in message


def test_a_caret_stands_under_the_mistake_and_all_are_told() -> None:
    with pytest.raises(ScriptError) as caught:
        read_script(
            f"{HEAD}Romeo sendz:\nRomeo receives:\n\t<a b='{{int}}-{{scansion:x}}'/>\n", "x"
        )
    assert str(caught.value).splitlines() == [
        "x:5:7: 'sendz' is no verb",
        "    5 | Romeo sendz:",
        "      |       ^^^^^",
        "  expected is connects, disconnects, drops, sends or receives; sends is near",
        "x:7:14: there is no wildcard {scansion:x}",
        "    7 | \t<a b='{int}-{scansion:x}'/>",
        "      | \t" + " " * 12 + "^" * 12,
        "  after the brace is expected: any, capture:NAME, re:EXPRESSION, time, id or int",
    ]
    assert str(caught.value.problem) == "x:5:7: 'sendz' is no verb (and 1 more)"


# Any text.

PIECES = st.sampled_from(
    [
        *"\n \t#>:<&'\"{}$[]\\/=",
        *("\r\n", "    ", "# ", "## ", "[Client] ", "[Component] ", "Romeo", "Juliet's phone"),
        *(" connects", " sends", " sends raw", " receives", " nothing", " for ", " within ", "1s"),
        *("jid: a@b\n", "<a>", "</a>", "<a/>", "<a b='", "'/>", "${", "'s JID}", "{scansion:"),
        *("{re:", "{any}", "{capture:x}", "${x}", "include ", "xmlns='", " stream error", "é"),
        *("<![CDATA[", "]]>", "xmlns:scansion='x'", " scansion:strict='true'", "\u2028", "\x00"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text()), st.booleans())
def test_any_text_is_a_script_or_an_error(text: str, with_cast: bool) -> None:
    script, source = read_leniently(HEAD + text if with_cast else text, "any.scs")
    if source.faults:
        with pytest.raises(ScriptError, match=r"any\.scs:"):
            read_script(HEAD + text if with_cast else text, "any.scs")
    else:
        assert read_script(write_script(script), "any.scs") == script


def test_braces_within_braces_take_no_time() -> None:
    with pytest.raises(ScriptError):
        read_script(f"{HEAD}Romeo receives: <a b='{'{re:' * 3000}'/>\n", "x")


def test_elements_nested_too_deep_are_an_error() -> None:
    with pytest.raises(ScriptError, match="nested deeper"):
        read_script(f"{HEAD}Romeo sends: {'<a>' * 5000}{'</a>' * 5000}\n", "x")


# Included scripts.


def test_an_included_script_gives_its_cast_its_steps_and_its_captures(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "cast.scs").write_text(f"# Cast\n{HEAD}", "utf-8")
    (tmp_path / "parts" / "login.scs").write_text(
        "Romeo connects\nRomeo receives: <iq id='{capture:x}'/>\n", "utf-8"
    )
    main = tmp_path / "main.scs"
    main.write_text(
        "# Main\ninclude parts/cast.scs\ninclude parts/login.scs\nRomeo sends: <iq id='${x}'/>\n",
        "utf-8",
    )
    script = load_script(main)
    assert script.title == "Main"
    assert list(script.cast) == ["Romeo", "Juliet's phone"]
    assert [type(step) for step in script.steps] == [Connects, Receives, Sends]
    assert script.steps[0].place.file == str(tmp_path / "parts" / "login.scs")
    assert write_script(script) == main.read_text("utf-8")


def test_without_its_includes_a_script_may_use_names_that_it_does_not_know() -> None:
    text = "include cast.scs\nNurse connects\nNurse sends: <a b=\"${Nurse's JID}\" c='${x}'/>\n"
    script = read_script(text, "x.scs")
    assert script.steps[0] == Connects("Nurse")
    with pytest.raises(ScriptError, match="nobody in the cast"):
        read_script(text.partition("\n")[2], "x.scs")


def test_scripts_do_not_include_each_other_without_end(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.scs").write_text(f"include {number + 1}.scs\n", "utf-8")
    (tmp_path / "20.scs").write_text("# the last\n", "utf-8")
    with pytest.raises(ScriptError, match="more than 16 deep"):
        load_script(tmp_path / "0.scs")
    assert load_script(tmp_path / "10.scs").steps == []


def test_a_mistake_in_an_included_script_has_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "part.scs").write_text("Romeo sendz: <a/>\nRomeo sends: <a b='${y}'/>\n", "utf-8")
    main = tmp_path / "main.scs"
    main.write_text(f"{HEAD}include part.scs\n", "utf-8")
    with pytest.raises(ScriptError) as caught:
        load_script(main)
    assert f"{tmp_path / 'part.scs'}:1:7: 'sendz' is no verb" in str(caught.value)
    assert f"{tmp_path / 'part.scs'}:2:20: there is no variable" in str(caught.value)


def test_a_script_that_includes_itself_or_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    main, other = tmp_path / "main.scs", tmp_path / "other.scs"
    main.write_text("include other.scs\n", "utf-8")
    other.write_text("# x\ninclude main.scs\ninclude none.scs\n", "utf-8")
    with pytest.raises(ScriptError) as caught:
        load_script(main)
    assert f"{other}:2:9: main.scs includes itself" in str(caught.value)
    assert f"{other}:3:9: " in str(caught.value)
    assert "none.scs cannot be read" in str(caught.value)
    other.write_bytes(b"# \xff\n")
    with pytest.raises(ScriptError, match="is not UTF-8"):
        load_script(main)
    with pytest.raises(ScriptError, match="cannot be read"):
        load_script(tmp_path / "missing.scs")
