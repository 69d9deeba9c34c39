"""82 inputs that were put to Prosody 0.12.3 and ejabberd 23.01, and what the console says first.

Each row has what was sent, where the stream stood, and every rule that it breaks. The answers of
the servers differ for a third of them; the rules do not depend on that.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

import pytest

from xmppshell.knowledge.lint import ANYWHERE, Phase, Setting, lint
from xmppshell.protocol import namespaces as ns
from xmppshell.protocol.jid import JID

ALICE = JID("alice", "localhost", "r")
START = replace(ANYWHERE, phase=Phase.START, me=ALICE.bare)
OPEN = replace(
    START,
    phase=Phase.FEATURES,
    encrypted=False,
    mechanisms=frozenset({"SCRAM-SHA-1", "PLAIN"}),
    managed=False,
    asked=frozenset(),
)
SIGNING_IN = replace(OPEN, phase=Phase.SASL, mechanisms=None)
SIGNED_IN = replace(OPEN, phase=Phase.UNBOUND, encrypted=True, mechanisms=None)
BOUND = replace(SIGNED_IN, phase=Phase.BOUND, me=ALICE)
COUNTING = replace(BOUND, managed=True, countable=0)

CLIENT = "xmlns='jabber:client'"
STREAM = f"xmlns:stream='{ns.STREAM}'"
PING = "<ping xmlns='urn:xmpp:ping'/>"
BODY = "<body>x</body>"
UNTYPED = "body-without-type"


def header(attributes: str, declaration: str = "<?xml version='1.0'?>") -> str:
    return f"{declaration}<stream:stream {attributes}>"


def plain(text: bytes) -> str:
    data = base64.b64encode(text).decode()
    return f"<auth xmlns='{ns.SASL}' mechanism='PLAIN'>{data}</auth>"


def iq(inside: str, attributes: str = "type='get' id='1'") -> str:
    return f"<iq {attributes}>{inside}</iq>"


def message(attributes: str = "id='m'", inside: str = BODY) -> str:
    return f"<message to='bob@localhost/bobres' {attributes}>{inside}</message>"


def roster(items: str) -> str:
    return f"<query xmlns='jabber:iq:roster'>{items}</query>"


@dataclass
class Row:
    label: str
    text: str | bytes
    setting: Setting
    rules: tuple[str, ...] = ()
    silent: bool = False
    """True where both servers let it pass without a word."""


TO, VERSION = "to='localhost'", "version='1.0'"
BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{}</bind>"

ROWS = [
    Row("no to", header(f"{VERSION} {CLIENT} {STREAM}"), START, ("header-without-to",)),
    Row("unknown host", header(f"to='nope.example' {VERSION} {CLIENT} {STREAM}"), START,
        ("header-for-another-domain",)),
    Row("bad stream ns", header(f"{TO} {VERSION} {CLIENT} xmlns:stream='urn:example:bad'"), START,
        ("stream-namespace",)),
    Row("default ns jabber:server", header(f"{TO} {VERSION} xmlns='jabber:server' {STREAM}"),
        START, ("content-namespace",)),
    Row("no default ns", header(f"{TO} {VERSION} {STREAM}"), START, ("content-namespace",)),
    Row("stream as default ns", f"<stream xmlns='{ns.STREAM}' {TO} {VERSION}>", START,
        ("content-namespace",)),
    Row("no version", header(f"{TO} {CLIENT} {STREAM}"), START, ("header-without-version",), True),
    Row("version 2.0", header(f"{TO} version='2.0' {CLIENT} {STREAM}"), START,
        ("unknown-version",)),
    Row("from other domain", header(f"{TO} from='x@other.example' {VERSION} {CLIENT} {STREAM}"),
        START, ("header-from-another",), True),
    Row("from garbage", header(f"{TO} from='@@@' {VERSION} {CLIENT} {STREAM}"), START,
        ("header-address",)),
    Row("doctype", f"<!DOCTYPE x>{header(f'{TO} {VERSION} {CLIENT} {STREAM}', '')}", START,
        ("doctype",)),
    Row("encoding iso-8859-1",
        header(f"{TO} {VERSION} {CLIENT} {STREAM}", "<?xml version='1.0' encoding='iso-8859-1'?>"),
        START, ("other-encoding",)),
    Row("leading whitespace before decl", f" {header(f'{TO} {VERSION} {CLIENT} {STREAM}')}", START,
        ("late-declaration",)),
    Row("not xml", "GET / HTTP/1.0\r\n\r\n", START, ("text-outside-elements",)),
    Row("stanza before auth", f"<message to='bob@localhost' type='chat'>{BODY}</message>", OPEN,
        ("stanza-before-bind",)),
    Row("iq before auth", iq(PING), OPEN, ("stanza-before-bind",)),
    Row("unknown toplevel, before auth", "<foo xmlns='urn:example:foo'/>", OPEN,
        ("unknown-top-element",)),
    Row("PLAIN w/o TLS", plain(b"\0alice\0secret"), OPEN, ("plain-without-tls",)),
    Row("unknown mech", f"<auth xmlns='{ns.SASL}' mechanism='X-NOPE'>AA==</auth>", OPEN,
        ("mechanism-not-offered",)),
    Row("bad base64", f"<auth xmlns='{ns.SASL}' mechanism='SCRAM-SHA-1'>***</auth>", OPEN,
        ("sasl-not-base64",)),
    Row("abort", f"<abort xmlns='{ns.SASL}'/>", SIGNING_IN),
    Row("IBR get", iq("<query xmlns='jabber:iq:register'/>"), OPEN),
    Row("starttls", f"<starttls xmlns='{ns.TLS}'/>", OPEN),
    Row("starttls+close", "</stream:stream>", OPEN),
    Row("wrong pw", plain(b"\0alice\0wrong"), replace(OPEN, encrypted=True)),
    Row("iq no id", f"<iq type='get'>{PING}</iq>", BOUND, ("iq-without-id",)),
    Row("iq no type", f"<iq id='1'>{PING}</iq>", BOUND, ("iq-type",)),
    Row("iq bad type", iq(PING, "type='foo' id='1'"), BOUND, ("iq-type",)),
    Row("iq get 0 child", "<iq type='get' id='1'/>", BOUND, ("iq-payload",)),
    Row("iq get 2 child", iq(f"{PING}<query xmlns='jabber:iq:version'/>"), BOUND, ("iq-payload",)),
    Row("iq unknown ns", iq("<x xmlns='urn:example:nope'/>"), BOUND),
    Row("iq unknown ns to own full",
        iq("<x xmlns='urn:example:nope'/>", "type='get' id='1' to='alice@localhost/r'"), BOUND),
    Row("iq to bob bare ping", iq(PING, "type='get' id='1' to='bob@localhost'"), BOUND),
    Row("iq to bob missing resource", iq(PING, "type='get' id='1' to='bob@localhost/none'"),
        BOUND),
    Row("iq to nonexistent user", iq(PING, "type='get' id='1' to='nobody@localhost'"), BOUND),
    Row("unsolicited result", "<iq type='result' id='zz' to='bob@localhost/bobres'/>", BOUND,
        ("unsolicited-answer",), True),
    Row("iq error no child", "<iq type='error' id='zz' to='bob@localhost/bobres'/>", BOUND,
        ("unsolicited-answer", "error-without-error"), True),
    Row("ping ok", iq(PING, "type='get' id='1' to='localhost'"), BOUND),
    Row("from spoof other", message("id='1' from='bob@localhost'"), BOUND,
        (UNTYPED, "foreign-from")),
    Row("from own bare", message("id='1' from='alice@localhost'"), BOUND,
        (UNTYPED, "needless-from"), True),
    Row("from own other res", message("id='1' from='alice@localhost/other'"), BOUND,
        (UNTYPED, "foreign-from")),
    Row("msg type foo", message("id='m' type='foo'"), BOUND, ("message-type",), True),
    Row("msg no to", f"<message id='m' type='chat'>{BODY}</message>", BOUND),
    Row("msg nonexist user", f"<message id='m' type='chat' to='nobody@localhost'>{BODY}</message>",
        BOUND),
    Row("msg nonexist domain", f"<message id='m' type='chat' to='x@nope.example'>{BODY}</message>",
        BOUND),
    Row("msg invalid jid", f"<message id='m' type='chat' to='@localhost'>{BODY}</message>", BOUND,
        ("malformed-jid",)),
    Row("msg invalid jid 2", f"<message id='m' type='chat' to='a b@localhost'>{BODY}</message>",
        BOUND, ("malformed-jid",)),
    Row("msg to bob bad resource chat",
        f"<message id='m' type='chat' to='bob@localhost/none'>{BODY}</message>", BOUND),
    Row("msg groupchat to user",
        f"<message id='m' type='groupchat' to='bob@localhost'>{BODY}</message>", BOUND,
        ("groupchat-to-account",)),
    Row("pres type foo", "<presence id='p' type='foo'/>", BOUND, ("presence-type",)),
    Row("pres type available", "<presence id='p' type='available'/>", BOUND, ("presence-type",)),
    Row("priority 200", "<presence id='p'><priority>200</priority></presence>", BOUND,
        ("priority-range",), True),
    Row("priority abc", "<presence id='p'><priority>abc</priority></presence>", BOUND,
        ("priority-not-a-number",)),
    Row("show foo", "<presence id='p'><show>busy</show></presence>", BOUND, ("presence-show",)),
    Row("subscribe to full", "<presence type='subscribe' to='bob@localhost/bobres'/>", BOUND,
        ("subscription-to-full-jid",), True),
    Row("probe", "<presence type='probe' to='bob@localhost'/>", BOUND, ("client-probe",), True),
    Row("roster get", iq(roster("")), BOUND),
    Row("roster set 2 items",
        iq(roster("<item jid='a@localhost'/><item jid='b@localhost'/>"), "type='set' id='1'"),
        BOUND, ("roster-set-items",)),
    Row("roster set for bob",
        iq(roster("<item jid='a@localhost'/>"), "type='set' id='1' to='bob@localhost'"), BOUND,
        ("roster-of-another",)),
    Row("session iq", iq(f"<session xmlns='{ns.SESSION}'/>", "type='set' id='1'"), BOUND,
        ("obsolete-namespace",), True),
    Row("second bind", iq(BIND.format("<resource>two</resource>"), "type='set' id='1'"), BOUND,
        ("second-bind",)),
    Row("wrong ns jabber:server",
        f"<message xmlns='jabber:server' to='bob@localhost/bobres'>{BODY}</message>", BOUND,
        ("stanza-namespace", UNTYPED)),
    Row("empty ns", f"<message xmlns='' to='bob@localhost/bobres'>{BODY}</message>", BOUND,
        ("stanza-namespace",)),
    Row("unknown toplevel", "<foo xmlns='urn:example:foo'/>", BOUND, ("unknown-top-element",)),
    Row("uppercase Message", f"<Message to='bob@localhost'>{BODY}</Message>", BOUND,
        ("unknown-top-element",)),
    Row("whitespace ka", " ", BOUND),
    Row("text at stream level", "hello", BOUND, ("text-outside-elements",), True),
    Row("unescaped &", message("", "<body>a & b</body>"), BOUND, ("bare-ampersand",)),
    Row("undeclared prefix", message("", "<x:y/>"), BOUND, ("undeclared-prefix",)),
    Row("undeclared entity", message("type='chat'", "<body>&nbsp;</body>"), BOUND,
        ("undefined-entity",)),
    Row("numeric ctrl char", message("type='chat'", "<body>&#1;</body>"), BOUND,
        ("forbidden-character",)),
    Row("dup attr", "<message to='a@localhost' to='b@localhost'/>", BOUND,
        ("duplicate-attribute",)),
    Row("comment", message("type='chat'", "<body>a<!-- c --></body>"), BOUND, ("comment",)),
    Row("PI", message("type='chat'", "<body>a<?pi x?></body>"), BOUND,
        ("processing-instruction",)),
    Row("CDATA", message("type='chat'", "<body><![CDATA[a & b <x>]]></body>"), BOUND),
    Row("bad utf8", message("type='chat'", "<body>\xff</body>").encode("latin-1"), BOUND,
        ("not-utf8",)),
    Row("mismatched tag", message("type='chat'", "<body>a</bodi>"), BOUND, ("bad-nesting",)),
    Row("huge 300k", message("type='chat'", f"<body>{'x' * 300_000}</body>"), BOUND,
        ("large-stanza",)),
    Row("deep 3000", message("", "<a xmlns='urn:example:a'>" + "<a>" * 2999 + "</a>" * 3000),
        BOUND, ("deep-nesting",), True),
    Row("restart header mid-stream", header(f"{TO} {VERSION} {CLIENT} {STREAM}"), BOUND,
        ("second-header",)),
    Row("sm enable", "<enable xmlns='urn:xmpp:sm:3'/>", BOUND),
    Row("sm r before enable", "<r xmlns='urn:xmpp:sm:3'/>", BOUND, ("sm-before-enable",)),
    Row("sm enable twice", "<enable xmlns='urn:xmpp:sm:3'/>", COUNTING, ("sm-enabled-twice",)),
    Row("sm enable + bad h", "<a xmlns='urn:xmpp:sm:3' h='99'/>", COUNTING,
        ("sm-count-too-high",)),
    Row("sm resume unknown", "<resume xmlns='urn:xmpp:sm:3' previd='nope' h='0'/>", BOUND,
        ("sm-resume-after-bind",)),
    Row("close", "</stream:stream>", BOUND),
    Row("conflict", iq(BIND.format("<resource>same</resource>"), "type='set' id='b'"), SIGNED_IN),
    Row("stanza before bind", f"<message to='bob@localhost' type='chat'>{BODY}</message>",
        SIGNED_IN, ("stanza-before-bind",)),
    Row("bind bad resource",
        iq(BIND.format("<resource>\u200e\u200f</resource>"), "type='set' id='b'"), SIGNED_IN,
        ("bad-resource",)),
    Row("authzid other", plain(b"bob@localhost\0alice\0secret"), replace(OPEN, encrypted=True),
        ("foreign-authzid",)),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_what_is_wrong_is_said_and_nothing_else(row: Row) -> None:
    assert {finding.name for finding in lint(row.text, row.setting)} == set(row.rules)


def test_all_inputs_are_here() -> None:
    labels = [row.label for row in ROWS]
    assert len(set(labels)) == len(labels)
    assert len(labels) >= 82


def test_where_both_servers_are_silent_the_console_is_not() -> None:
    silent = {row.label for row in ROWS if row.silent}
    assert silent >= {
        "no version", "from other domain", "msg type foo", "priority 200", "text at stream level"
    }  # fmt: skip
    assert all(row.rules for row in ROWS if row.silent)
