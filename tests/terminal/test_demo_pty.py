"""`xmppshell demo` in a real terminal: typing, pasting, sending, looking, leaving."""

from __future__ import annotations

import re
import signal
import stat
from collections.abc import Iterator

import pytest
from terminal.shell_driver import SGR, Demo, Shell

pytestmark = pytest.mark.pty

HELLO = "<message to='romeo@localhost' type='chat'><body>Hello!</body></message>"
PING = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
FIVE_LINES = """\
<iq type='get'
    to='localhost'
    id='info1'>
  <query xmlns='http://jabber.org/protocol/disco#info'/>
</iq>"""


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo(rows=40) as shell:
        yield shell


def sent(shell: Demo, kind: str) -> int:
    """Count the stanzas of a kind that were sent and not by the console itself."""
    lines = [each for each in shell.capture() if each.get("kind") == kind]
    return sum(each["dir"] == "sent" and "auto" not in each for each in lines)


def test_the_first_message_is_answered(demo):
    text = demo.text()
    for step in ("practice server on 127.0.0.1:", "connected", "secured", "signed in", "bound"):
        assert step in text
    assert "/help lists the commands" in text
    after = demo.enter(HELLO, re.compile(r"← \d+ message chat   r1   from romeo@localhost/orchard"))
    assert re.search(r"→ \d+ message chat   j2   to romeo@localhost", after)
    assert "<body>Juliet" in demo.after("from romeo", "</message>").replace("\n", " ")
    assert demo.leave() == 0
    assert demo.text().count("both sides closed the stream") == 1
    assert "Traceback" not in demo.text()


# Pasting.


def test_a_marked_paste_waits_for_enter_and_is_sent_once(demo):
    demo.paste(FIVE_LINES)
    demo.after("> <iq type='get'", "· </iq>")
    demo.settle()
    assert "→" not in demo.text()
    demo.press("enter")
    demo.wait_for("<identity category='server'")
    assert sent(demo, "iq") == 1
    data = next(each["data"] for each in demo.capture() if each.get("dir") == "sent"
                and "info1" in str(each.get("data")))  # fmt: skip
    assert data == FIVE_LINES


@pytest.mark.parametrize("end", ["", "\r", "\r\r"])
def test_a_paste_that_the_terminal_does_not_mark_is_not_sent_either(demo, end):
    several = FIVE_LINES + "\n<presence/>\n" + PING
    demo.send(several.replace("\n", "\r") + end)
    demo.after("> <iq type='get'", re.compile(r"· <iq .*</iq>"))
    demo.settle()
    assert "→" not in demo.text()
    demo.settle(0.15)
    demo.press("enter")
    demo.wait_for("<identity category='server'")
    demo.wait_for(re.compile(r"iq result +answers"), count=2)
    assert (sent(demo, "iq"), sent(demo, "presence")) == (2, 1)


def test_a_paste_of_a_thousand_lines(demo):
    lines = "\n".join(f"<item n='{n}'/>" for n in range(1000))
    demo.paste(f"<message to='$me'><x xmlns='urn:example:x'>\n{lines}\n</x></message>")
    demo.wait_for("</x></message>")
    assert "→" not in demo.text()
    demo.press("enter")
    demo.wait_for(re.compile(r"… [\d,]+ more lines · /show 19"))
    assert sent(demo, "message") == 1


def test_several_commands_in_one_paste_run_one_after_the_other(demo):
    demo.paste("/times on\n/raw on\n")
    demo.wait_for("/raw on")
    demo.press("enter")
    demo.wait_for("times are shown")
    demo.wait_for("exactly as they were on the wire")


# Typing.


def test_enter_goes_on_with_an_indented_line_while_the_xml_is_incomplete(demo):
    def at(row: int, column: int) -> None:
        column += len("juliet> ")
        demo.wait_until(lambda: demo.cursor == (row, column), "the cursor in the new line")

    row = demo.cursor.row
    demo.send("<iq type='get'>")
    at(row, len("<iq type='get'>"))
    demo.press("enter")
    at(row + 1, 2)
    demo.send("<query xmlns='jabber:iq:roster'>")
    at(row + 1, len("  <query xmlns='jabber:iq:roster'>"))
    demo.press("enter")
    at(row + 2, 4)
    demo.send("</")
    demo.after("> <iq type='get'>", re.compile(r"·   </query>\n"))
    demo.press("enter")
    at(row + 3, 2)
    demo.send("</")
    demo.after("> <iq type='get'>", re.compile(r"· </iq>\n"))
    assert "→" not in demo.text()
    demo.press("enter")
    demo.wait_for("<item jid='romeo@localhost'")


def test_a_closing_tag_completes_itself_and_may_be_typed_over(demo):
    demo.send("<message to='romeo@localhost'><body>a &lt; b</")
    demo.wait_for("a &lt; b</body>")
    assert demo.prompt.endswith("a &lt; b</body>")
    demo.send("body>")
    demo.send("</mess")
    demo.wait_for("</body></message>")
    demo.send("age>")
    demo.press("enter")
    demo.wait_for("from romeo@localhost")
    echoed = demo.text().rpartition("juliet> <message")[2].splitlines()[0]
    assert echoed == " to='romeo@localhost'><body>a &lt; b</body></message>"


def test_another_name_takes_the_place_of_the_completed_one(demo):
    demo.send("<message><body></mess")
    demo.wait_until(lambda: demo.prompt == "juliet> <message><body></mess", "what was typed")
    demo.press("ctrl-c")
    demo.send("<message><body></<x")
    demo.wait_until(lambda: demo.prompt == "juliet> <message><body></body><x", "both")


def test_a_caret_shows_the_line_of_a_mistake_in_a_paste(demo):
    demo.paste("<message>\n<body>1 < 2</body>\n</message>")
    demo.press("enter")
    demo.wait_for("   2 | <body>1 < 2</body>")
    assert "→" not in demo.text()
    assert demo.prompt.endswith("· <body>1 < 2</body>")


@pytest.mark.parametrize(
    ("typed", "caret_under", "reason"),
    [
        ("<iq type=get/>", "get/>", "the value of `type` must be in quotes"),
        ("<message><body>a & b</body></message>", "& b", "`&` must be written `&amp;`"),
        ("<message><body></message>", "</message>", "does not match <body>"),
    ],
)
def test_what_is_not_well_formed_is_not_sent_and_a_caret_shows_where(
    demo, typed, caret_under, reason
):
    demo.send(typed)
    demo.press("enter")
    demo.wait_for(reason)
    lines = demo.screen_lines()
    row = next(number for number, line in enumerate(lines) if line.strip() == "^")
    assert lines[row - 1][lines[row].index("^") :].startswith(caret_under)
    assert lines[demo.cursor.row][demo.cursor.column :].startswith(caret_under)
    assert "→" not in demo.text()
    demo.press("ctrl-c")
    demo.wait_until(lambda: reason not in demo.text(), "a clean prompt")
    assert demo.prompt == "juliet>"


def test_what_is_neither_xml_nor_a_command_gets_a_hint(demo):
    demo.send("hello romeo")
    demo.press("enter")
    demo.wait_for("XML begins with < and a command with /; nothing was sent")
    assert demo.prompt == "juliet> hello romeo"
    demo.press("ctrl-c", "ctrl-c")
    demo.wait_for("Ctrl-D or /quit leaves")


def test_ctrl_d_deletes_in_a_line_and_leaves_only_an_empty_one(demo):
    demo.send("/helpx")
    demo.press("left", "ctrl-d", "enter")
    demo.wait_for("Connecting and leaving")
    assert demo.leave() == 0


def test_a_command_completes_while_it_is_typed(demo):
    demo.send("/histo")
    demo.wait_for(re.compile(r"/history +show what was typed"))
    demo.press("tab")
    demo.wait_until(lambda: demo.prompt == "juliet> /history", "the completed name")
    demo.press("ctrl-c")
    demo.send("/keys e\t")
    demo.wait_until(lambda: demo.prompt == "juliet> /keys emacs", "the completed value")
    demo.press("ctrl-c")
    demo.send("<mes\t ty\the\t")
    demo.wait_until(lambda: demo.prompt == "juliet> <message type='headline'", "the stanza")


def test_the_editor_gives_back_what_waits_for_enter(tmp_path):
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\ncat > "$1" <<.\n{PING}\n.\n')
    editor.chmod(0o755)
    with Demo(env={"EDITOR": str(editor)}) as shell:
        shell.send("<iq")
        shell.press("ctrl-x", "ctrl-e")
        shell.wait_until(lambda: PING in shell.prompt, "what the editor wrote")
        shell.settle()
        assert "→" not in shell.text()
        shell.press("enter")
        shell.wait_for("iq result")


def test_vi_keys(demo):
    demo.enter("/keys vi", "editing keys: vi")
    demo.send("/xtimes")
    demo.press("escape")
    demo.send("0lx")
    demo.wait_until(lambda: demo.prompt == "juliet> /times", "the x deleted")
    demo.press("enter")
    demo.wait_for("times are shown")


def test_the_history_is_searched_backwards(demo):
    demo.enter("/times off", "not shown")
    demo.enter("/raw off", "indented")
    demo.press("ctrl-r")
    demo.send("tim")
    demo.wait_for("juliet> /times off", count=2)
    demo.press("enter", "enter")
    demo.wait_for("times are not shown", count=2)


def test_a_narrower_terminal_keeps_the_line_that_is_typed(demo):
    demo.send(HELLO)
    demo.wait_for("</message>")
    demo.resize(rows=20, columns=40)
    demo.wait_until(lambda: demo.toolbar.startswith(" juliet@localhost/balcony"), "the toolbar")
    demo.resize(rows=30, columns=100)
    demo.wait_until(lambda: demo.prompt == f"juliet> {HELLO}", "the line")
    demo.press("enter")
    demo.wait_for("from romeo@localhost")


# Sending.


def test_ids_count_up_and_placeholders_are_filled_in(demo):
    demo.enter(PING, re.compile(r"→ 18 iq get   j2\n.*← 19 iq result   answers 18 in ", re.S))
    demo.enter("<presence/>", re.compile(r"presence   j3\n"))
    after = demo.enter(
        "<message to='$me' id='{id}'><body>$bare $domain $user $last $$ $5 {{id}}</body></message>",
        re.compile(r"(<body>[^<]*</body>).*\1", re.S),
    )
    assert "to='juliet@localhost/balcony' id='j4'" in after
    assert "<body>juliet@localhost localhost juliet j3 $ $5 {id}</body>" in after
    demo.enter("<message to='$from' id='mine'/>", "to='juliet@localhost/balcony' id='mine'")
    demo.enter("<message to='$me'><body>was $last</body></message>", "<body>was mine</body>")
    assert "id='j5'" in demo.text()


def test_nonzas_get_no_id_and_from_is_never_added(demo):
    demo.enter("<active xmlns='urn:xmpp:csi:0'/>", "→ 18 active")
    line = next(each for each in demo.capture() if each.get("n") == 18)
    assert line["data"] == "<active xmlns='urn:xmpp:csi:0'/>"


def test_send_raw_sends_broken_bytes_and_connect_opens_a_new_stream(demo):
    demo.enter(r"/send-raw <message>&</message>", "broken bytes")
    demo.wait_for("stream error not-well-formed")
    demo.wait_for("not connected  /connect opens it again")
    demo.wait_for("xmppshell>")
    line = next(each for each in demo.capture() if each.get("kind") == "broken")
    assert line["data"] == "<message>&</message>"
    demo.enter("/connect", "\njuliet>")
    assert "password for" not in demo.text()
    demo.enter(PING, "iq result")
    assert demo.leave() == 0


# Looking.


def test_raw_and_times(demo):
    demo.enter("/raw", "exactly as they were on the wire")
    text = "<iq  type='get'  to=\"localhost\" id='a'><ping xmlns='urn:xmpp:ping'/></iq >"
    demo.enter(text, "iq result")
    assert f"→ 18 iq get   a\n{text}\n← 19" in demo.text()
    demo.enter("/raw off", "indented")
    demo.enter("/times on", "times are shown")
    after = demo.enter("<presence/>", "← ")
    head = next(line for line in after.splitlines() if "→" in line)
    assert re.search(r"→ \d+ presence   j\d+ +\d\d:\d\d:\d\d$", head)
    assert len(head) == 80


def test_long_payloads_are_folded_and_shown_in_full(demo):
    items = "".join(f"<item n='{n}'/>" for n in range(100))
    demo.send(f"<message to='$me'><x xmlns='urn:example:x'>{items}</x></message>")
    demo.press("enter")
    demo.wait_for(re.compile(r"… 6\d more lines · /show 19"))
    assert "n='99'" not in demo.text().rpartition("← 19")[2]
    after = demo.enter("/show 19", "</message>")
    assert all(f"<item n='{n}'/>" in after for n in range(100))
    demo.enter("/show 900", "there is no number 900")


def test_filter_and_grep(demo):
    demo.enter("/filter in message", "only what matches is shown")
    after = demo.enter(HELLO, "from romeo@localhost")
    assert "→" not in after
    demo.wait_until(lambda: "filter: 1 hidden" in demo.toolbar, "the number in the toolbar")
    demo.enter("/filter", "filter: in message · 1 hidden so far")
    after = demo.enter("/grep hello!", "1 found")
    assert re.search(r"→ 18 message chat   j2", after)
    demo.enter("/filter off", "filter off · 1 were hidden")
    demo.enter("/filter in nonsense", "“nonsense” is not a term of a filter")
    demo.enter("/grep nowhere to be seen", "was neither sent nor received")
    demo.enter("<presence/>", "→ ")


def test_pending_and_last(demo):
    demo.enter("/pending", "nothing is waiting for an answer")
    demo.enter("/last", "nothing was sent yet")
    with_no_answer = "<iq type='get' to='nurse@localhost/nowhere'><x xmlns='urn:x'/></iq>"
    demo.enter(with_no_answer, "iq error")
    demo.wait_for("service-unavailable (cancel)")
    after = demo.enter("/last", "← 19 iq error")
    assert "→ 18 iq get   j2" in after
    demo.wait_until(lambda: "0 pending" in demo.toolbar, "the number in the toolbar")


def test_auto_switches_the_answers(demo):
    demo.enter("/auto", re.compile(r"ping +on +an XMPP ping"))
    question = "<iq type='get' to='$me' id='{}'><ping xmlns='urn:xmpp:ping'/></iq>"
    demo.enter(question.format("p1"), re.compile(r"→ \d+ iq result   answers \d+ in .*\[auto\]"))
    demo.enter("/auto ping step", "step: proposed")
    demo.enter(question.format("p2"), "your move")
    demo.wait_until(lambda: "<iq type='result' id='p2'" in demo.prompt, "the proposal")
    demo.press("enter")
    demo.wait_for(re.compile(r"← \d+ iq result   answers \d+ in"), count=2)
    demo.enter("/auto ping off", "off: left to you")
    demo.enter(question.format("p3"), "← ")
    demo.enter("/pending", re.compile(r"→ \d+ +get p3 .*\n +← \d+ +get p3"))


def test_tls_and_features(demo):
    after = demo.enter("/tls", "verified")
    assert re.search(r"version +TLS 1\.3", after)
    assert re.search(r"SHA-256  ([0-9A-F]{2}:){23}\n {11}([0-9A-F]{2}:){8}[0-9A-F]{2}\n", after)
    assert re.search(r"verified +yes", after)
    demo.enter("/features", "urn:ietf:params:xml:ns:xmpp-bind")


def test_help(demo):
    after = demo.enter("/help", "/help NAME says more of one")
    assert all(len(line) <= 80 for line in after.splitlines())
    assert re.search(r"/send-raw +send exactly these bytes", after)
    after = demo.enter("/help filter", "/filter in jid:romeo@localhost")
    assert "/filter [TERMS]" in after


def test_an_unknown_command_gets_near_names(demo):
    after = demo.enter("/fliter", "/fliter is no command")
    assert "try: /filter" in after
    demo.enter("/s", re.compile(r"/sasl or /save .*or /show"))
    demo.enter("/help nothing-like-it", "/help lists them all")
    demo.enter("/times maybe", "on or off, not “maybe”")


def test_the_toolbar_says_how_the_stream_stands(demo):
    stands = "juliet@localhost/balcony  TLS 1.3  bound  0 pending"
    demo.wait_until(
        lambda: demo.toolbar.split() == [*stands.split(), "F1", "explain", "/help"], "the toolbar"
    )
    demo.enter("/close", "both sides closed the stream")
    demo.wait_until(lambda: "not connected" in demo.toolbar, "the toolbar")
    assert demo.prompt == "xmppshell>"


# What comes in.


def test_what_acts_on_a_terminal_is_shown_and_never_reaches_it(demo):
    acts = "\u202e\u009b31m\u200b\u2066"
    shown = "⟨U+202E⟩⟨U+009B⟩31m⟨U+200B⟩⟨U+2066⟩"
    before = len(demo.raw_output)
    demo.romeo_sends(
        f"<message to='juliet@localhost/balcony' id='{acts}'><body>{acts}</body></message>",
        f"<presence to='juliet@localhost/balcony'><status>{acts}</status></presence>",
    )
    demo.wait_for(f"<status>{shown}</status>")
    demo.enter("/raw", "on the wire")
    demo.enter("/show 18", "from='romeo@localhost/balcony'><body>")
    demo.enter(f"/grep {acts}", "2 found")
    demo.paste(f"<message to='$me' type='{acts}'>\n<x xmlns='urn:{acts}'/></message>")
    demo.wait_for(f"type='{shown}'")
    demo.press("enter")
    demo.wait_for("is no type of message")
    demo.press("enter")
    demo.wait_for(f"urn:{shown}", count=3)
    demo.send("<message><x xmlns='ur")
    demo.press("tab")
    demo.wait_for(f"urn:{shown}", count=4)
    demo.press("ctrl-c")
    demo.enter("/history", "/raw")
    output = demo.raw_output[before:].decode()
    assert [c for c in acts if not c.isalnum() and c in output] == []
    assert "\x1b[31m\u200b" not in output


# Connecting again.


def test_close_and_connect_again_without_the_password(demo):
    demo.enter("/close", "both sides closed the stream")
    demo.enter(PING, "there is no connection")
    demo.enter("/connect", "ready for stanzas")
    demo.enter("/connect", "juliet is connected")
    assert "password for" not in demo.text()
    demo.enter(PING, re.compile(r"→ \d+ iq get   j\d+\n.*iq result", re.S))


def test_another_account_is_asked_for_its_password_and_each_is_remembered(demo):
    demo.enter("/close", "both sides closed")
    demo.enter("/connect romeo@localhost", "password for romeo@localhost:")
    demo.send("not this one")
    demo.press("enter")
    demo.wait_for("the user name or the password is wrong")
    demo.wait_for("not connected")
    demo.enter("/connect", "password for romeo@localhost:")
    demo.send("verona")
    demo.press("enter")
    demo.wait_for("\nromeo>")
    demo.enter("/close", "both sides closed")
    demo.enter("/connect juliet@localhost", "\njuliet>")
    demo.enter("/close", "both sides closed")
    demo.enter("/connect romeo@localhost", "\nromeo>")
    assert demo.text().count("password for") == 2
    assert b"not this one" not in demo.raw_output
    assert demo.raw_output.count(b"verona") == 1  # The greeting says it.
    assert b"***" not in demo.raw_output


def test_drop_cuts_the_connection_and_is_no_failure(demo):
    demo.enter("/drop", "closed")
    demo.wait_for("xmppshell>")
    assert demo.leave() == 0


# Keeping.


def test_save_writes_a_transcript_without_secrets(demo):
    path = demo.home / "first.scs"
    demo.enter(HELLO, "from romeo@localhost")
    demo.enter(f"/save {path}", "saved to")
    text = path.read_text("utf-8")
    assert text.startswith("# A session of juliet@localhost\n")
    assert "[Client] Juliet" in text
    assert "Juliet sends:\n    <message to='romeo@localhost' type='chat' id='j2'>" in text
    assert "verona" not in text
    assert "<response" not in text
    demo.enter(f"/save {path}", "is there already")
    demo.enter(f"/save --force {path}", "saved to")
    demo.enter("/save /nowhere/at/all.scs", "there is no folder /nowhere/at")


def test_the_history_is_private_and_holds_no_secret(demo):
    secret = "AGp1bGlldAB3aGVyZWZvcmU="
    demo.enter("/times on", "times are shown")
    demo.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
    demo.press("enter")
    demo.wait_for(re.compile("→ 18 auth"))
    demo.wait_for("xmppshell>")
    demo.enter("/history", re.compile(r"/times on\n.*<auth", re.S))
    demo.leave()
    history = demo.state / "history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    text = history.read_text("utf-8")
    assert "/times on" in text
    assert "<auth" in text
    for path in [history, *(demo.state / "captures").iterdir()]:
        assert secret not in path.read_text("utf-8")


def test_the_capture_is_private_complete_and_redacted(demo):
    demo.enter(PING, "iq result")
    path = next((demo.state / "captures").iterdir())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    lines = demo.capture()
    numbers = [each["n"] for each in lines if "n" in each]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sum("urn:xmpp:ping" in str(each.get("data")) for each in lines) == 1
    assert "verona" not in path.read_text("utf-8")
    auth = next(str(each["data"]) for each in lines if "<auth" in str(each.get("data")))
    assert "redacted" in auth or re.search(r"<auth [^>]*>[^A-Za-z0-9]", auth)


# The terminal.


def test_no_color_gives_no_colour():
    with Demo(env={"NO_COLOR": "1"}) as shell:
        shell.enter(PING, "iq result")
        shell.enter("/help", "says more of one")
        shell.send("<iq type=x")
        shell.press("enter")
        shell.wait_for("must be in quotes")
        colours = [
            code
            for sequence in SGR.findall(shell.raw_output)
            for code in re.findall(rb"\d+", sequence)
            if 30 <= int(code) <= 38 or 40 <= int(code) <= 48 or int(code) >= 90
        ]
        assert colours == []


def test_colour_is_there_otherwise(demo):
    demo.enter(PING, "iq result")
    assert b"\x1b[94m<iq" in demo.raw_output


def test_sigterm_closes_the_stream_and_leaves(demo):
    demo.send("<half")
    demo.signal(signal.SIGTERM)
    assert demo.wait_exit() == 130
    demo.wait_until(lambda: "both sides closed the stream" in demo.text(), "the end")
    assert "Traceback" not in demo.text()


def test_the_unconnected_shell_says_what_one_can_do():
    with Shell() as shell:
        shell.wait_for("xmppshell>")
        shell.wait_until(lambda: "not connected  /connect JID" in shell.toolbar, "the toolbar")
        text = shell.text()
        assert "/connect juliet@example.org" in text
        assert all(len(line) <= 80 for line in text.splitlines())
        shell.enter("<presence/>", "there is no connection")
        shell.enter("/connect", "which account?")
        shell.enter("/connect not@a@jid", "is not a JID")
        shell.enter("/quit")
        assert shell.wait_exit() == 0
