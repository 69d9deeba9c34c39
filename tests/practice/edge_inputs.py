"""Malformed and unusual input, and how it is answered.

Each case has the RFC's answer with the section that decides it, and those that Prosody 0.12.3 and
ejabberd 23.01 were measured to give where they are others. An answer is written as its pieces,
joined by " + ":

    features            the stream features, after the server's header
    header              the header without features
    stream CONDITION    a stream error, and the end of the stream
    TYPE CONDITION      a stanza error
    result              the result of an iq
    failure CONDITION   a SASL failure; challenge, success, failed CONDITION and enabled likewise
    presence            presence from somebody else, or one's own
    message, iq         a stanza that came back to its sender
    end                 the closing tag without an error
    delivered           the other user got what was sent
    silence             nothing at all
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

STREAMS = "http://etherx.jabber.org/streams"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
SM = "urn:xmpp:sm:3"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
OTHER = "romeo@localhost/orchard"


@dataclass(frozen=True)
class Case:
    """One input: `data` is what the client says; the rest are answers and the deciding section.

    `prosody` and `ejabberd` are "" where they answer as the RFC says.
    """

    name: str
    data: bytes
    rfc: str
    section: str
    prosody: str = ""
    ejabberd: str = ""

    def answer(self, profile: str) -> str:
        """Return the answer of a profile."""
        return {"prosody": self.prosody, "ejabberd": self.ejabberd}.get(profile) or self.rfc


def case(
    name: str, data: str | bytes, rfc: str, section: str, prosody: str = "", ejabberd: str = ""
) -> Case:
    encoded = data.encode() if isinstance(data, str) else data
    return Case(name, encoded, rfc, section, prosody, ejabberd)


def header(
    to: str = " to='localhost'",
    *,
    version: str = " version='1.0'",
    default: str = " xmlns='jabber:client'",
    stream: str = STREAMS,
    more: str = "",
    before: str = "<?xml version='1.0'?>",
) -> str:
    return f"{before}<stream:stream{to}{version}{default} xmlns:stream='{stream}'{more}>"


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def auth(payload: str, mechanism: str = "PLAIN") -> str:
    return f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{payload}</auth>"


def as_other(password: str) -> bytes:
    """Return a request of juliet to act as romeo."""
    return auth(base64_of(f"romeo@localhost\0juliet\0{password}")).encode()


HEADER = header()
WRONG = auth(base64_of("\0juliet\0guess"))
ABORT = f"<abort xmlns='{SASL}'/>"
EARLY = "<message to='romeo@localhost' id='m'><body>x</body></message>"
PING = "<ping xmlns='urn:xmpp:ping'/>"

HEADERS = (
    case("no to", header(""), "stream improper-addressing", "RFC 6120 4.9.3.7"),
    case("unknown host", header(" to='nope.example'"), "stream host-unknown", "RFC 6120 4.9.3.6"),
    case("bad stream ns", header(stream="urn:wrong"), "stream invalid-namespace", "RFC 6120 4.8.1"),
    case(
        "default ns jabber:server",
        header(default=" xmlns='jabber:server'"),
        "stream invalid-namespace",
        "RFC 6120 4.9.3.10",
        prosody="features",
    ),
    case(
        "no default ns",
        header(default=""),
        "features",
        "RFC 6120 4.8.2",
        ejabberd="stream invalid-namespace",
    ),
    case(
        "stream as default ns",
        f"<?xml version='1.0'?><stream to='localhost' version='1.0' xmlns='{STREAMS}'>",
        "features",
        "RFC 6120 4.8.2",
        ejabberd="stream invalid-xml",
    ),
    case(
        "no version",
        header(version=""),
        "stream unsupported-version",
        "RFC 6120 4.7.5, 4.9.3.25",
        prosody="features",
        ejabberd="header",
    ),
    case(
        "version 2.0",
        header(version=" version='2.0'"),
        "features",
        "RFC 6120 4.7.5",
        ejabberd="stream unsupported-version",
    ),
    case("from other domain", header(more=" from='a@other.example'"), "features", "RFC 6120 4.7.1"),
    case(
        "from garbage",
        header(more=" from='@@'"),
        "stream improper-addressing",
        "RFC 6120 4.9.3.7",
        prosody="features",
        ejabberd="stream invalid-xml",
    ),
    case(
        "doctype",
        header(before="<?xml version='1.0'?><!DOCTYPE x>"),
        "stream restricted-xml",
        "RFC 6120 11.1",
        prosody="stream not-well-formed",
        ejabberd="stream not-well-formed",
    ),
    case(
        "encoding iso-8859-1",
        header(before="<?xml version='1.0' encoding='iso-8859-1'?>"),
        "stream unsupported-encoding",
        "RFC 6120 11.6",
        prosody="stream not-well-formed",
        ejabberd="features",
    ),
    case(
        "leading whitespace before decl",
        " " + HEADER,
        "stream not-well-formed",
        "RFC 6120 11.3",
    ),
    case("not xml", "GET / HTTP/1.1\r\n\r\n", "stream not-well-formed", "RFC 6120 11.3"),
)
"""What opens a stream."""

BEFORE = (
    case(
        "stanza before auth",
        EARLY,
        "stream not-authorized",
        "RFC 6120 4.9.3.12",
        prosody="cancel service-unavailable",
    ),
    case(
        "iq before auth",
        f"<iq type='get' id='1' to='localhost'>{PING}</iq>",
        "stream not-authorized",
        "RFC 6120 4.9.3.12",
        prosody="cancel service-unavailable",
    ),
    case(
        "unknown toplevel before auth",
        "<x xmlns='urn:example:nope'/>",
        "stream unsupported-stanza-type",
        "RFC 6120 4.9.3.24",
        ejabberd="silence",
    ),
    case(
        "PLAIN w/o TLS",
        WRONG,
        "failure encryption-required",
        "RFC 6120 6.5.4",
        ejabberd="failure not-authorized",
    ),
    case("starttls+close", "</stream:stream>", "end", "RFC 6120 4.4"),
)
"""What is said before TLS, where that is required."""

SIGNING_IN = (
    case("unknown mech", auth("", "NOPE"), "failure invalid-mechanism", "RFC 6120 6.5.7"),
    case(
        "bad base64",
        auth("!!!"),
        "failure incorrect-encoding",
        "RFC 6120 6.5.5",
        ejabberd="failure not-authorized",
    ),
    case(
        "abort",
        auth(base64_of("n,,n=juliet,r=abcdefghijkl"), "SCRAM-SHA-1") + ABORT,
        "challenge + failure aborted",
        "RFC 6120 6.5.1",
    ),
    case(
        "IBR get",
        "<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>",
        "result",
        "XEP-0077 3.1",
    ),
    case(
        "wrong password",
        WRONG * 4,
        " + ".join(["failure not-authorized"] * 3 + ["stream policy-violation"]),
        "RFC 6120 6.4.5",
        prosody=" + ".join(["failure not-authorized"] * 4),
        ejabberd=" + ".join(["failure not-authorized"] * 4),
    ),
    case(
        "authzid other",
        as_other("verona"),
        "failure invalid-authzid",
        "RFC 6120 6.5.6",
        prosody="success",
        ejabberd="success",
    ),
)
"""What is said to sign in, once that may be done."""

BINDING = (
    case(
        "stanza before bind",
        EARLY,
        "stream not-authorized",
        "RFC 6120 4.9.3.12",
        prosody="cancel service-unavailable",
        ejabberd="silence",
    ),
    case(
        "bind bad resource",
        f"<iq type='set' id='b'><bind xmlns='{BIND}'><resource>\u200e\u200f</resource></bind></iq>",
        "modify bad-request",
        "RFC 6120 7.7.2.1",
        prosody="result",
    ),
)
"""What is said after signing in, before a resource is bound."""

MESSAGE = f"<message to='{OTHER}' id='m'><body>x</body></message>"


def iq(attributes: str, payload: str = PING) -> str:
    return f"<iq {attributes}>{payload}</iq>"


def message(attributes: str = f"to='{OTHER}'", content: str = "<body>x</body>") -> str:
    return f"<message {attributes}>{content}</message>"


ROSTER = "jabber:iq:roster"
DEEP = "<a>" * 3000 + "</a>" * 3000

BOUND = (
    case("iq no id", iq("type='get'"), "modify bad-request", "RFC 6120 8.2.3"),
    case("iq no type", iq("id='1'"), "modify bad-request", "RFC 6120 8.2.3"),
    case("iq bad type", iq("id='1' type='foo'"), "modify bad-request", "RFC 6120 8.2.3"),
    case("iq get 0 child", iq("id='1' type='get'", ""), "modify bad-request", "RFC 6120 8.2.3"),
    case(
        "iq get 2 child",
        iq("id='1' type='get'", PING + "<query xmlns='jabber:iq:version'/>"),
        "modify bad-request",
        "RFC 6120 8.2.3",
    ),
    case(
        "iq unknown ns",
        iq("id='1' type='get'", "<x xmlns='urn:example:nope'/>"),
        "cancel service-unavailable",
        "RFC 6120 8.4",
    ),
    case(
        "iq unknown ns to own full",
        iq("id='1' type='get' to='juliet@localhost/r'", "<x xmlns='urn:example:nope'/>"),
        "iq",
        "RFC 6121 8.5.3.1",
    ),
    case(
        "iq to bob bare ping",
        iq("id='1' type='get' to='romeo@localhost'"),
        "result",
        "RFC 6121 8.5.2.1.3",
    ),
    case(
        "iq to bob missing resource",
        iq("id='1' type='get' to='romeo@localhost/none'"),
        "cancel service-unavailable",
        "RFC 6121 8.5.3.2.3",
    ),
    case(
        "iq to nonexistent user",
        iq("id='1' type='get' to='nobody@localhost'"),
        "cancel service-unavailable",
        "RFC 6121 8.5.1",
        prosody="result",
        ejabberd="result",
    ),
    case(
        "unsolicited result",
        iq(f"id='zz' type='result' to='{OTHER}'", ""),
        "delivered",
        "RFC 6121 8.5.3.1",
    ),
    case(
        "iq error no child",
        iq(f"id='zz' type='error' to='{OTHER}'", ""),
        "delivered",
        "RFC 6121 8.5.3.1",
        prosody="silence",
    ),
    case("ping ok", iq("id='1' type='get' to='localhost'"), "result", "XEP-0199 4.2"),
    case(
        "from spoof other",
        message(f"from='romeo@localhost' to='{OTHER}'"),
        "stream invalid-from",
        "RFC 6120 8.1.2.1",
        prosody="delivered",
    ),
    case(
        "from own bare",
        message(f"from='juliet@localhost' to='{OTHER}'"),
        "delivered",
        "RFC 6120 8.1.2.1",
    ),
    case(
        "from own other res",
        message(f"from='juliet@localhost/other' to='{OTHER}'"),
        "stream invalid-from",
        "RFC 6120 8.1.2.1",
        prosody="delivered",
    ),
    case("msg type foo", message(f"type='foo' to='{OTHER}'"), "delivered", "RFC 6121 5.2.2"),
    case(
        "msg nonexist user",
        message("to='nobody@localhost'"),
        "cancel service-unavailable",
        "RFC 6121 8.5.1",
    ),
    case(
        "msg nonexist domain",
        message("to='x@nope.example'"),
        "cancel remote-server-not-found",
        "RFC 6120 10.4",
        prosody="cancel not-allowed",
    ),
    case(
        "msg invalid jid",
        message("to='@localhost'"),
        "modify jid-malformed",
        "RFC 6120 8.3.3.8",
        ejabberd="modify bad-request",
    ),
    case(
        "msg invalid jid 2",
        message("to='a b@localhost'"),
        "modify jid-malformed",
        "RFC 6120 8.3.3.8",
        ejabberd="modify bad-request",
    ),
    case(
        "msg to bob bad resource chat",
        message("type='chat' to='romeo@localhost/none'"),
        "delivered",
        "RFC 6121 8.5.3.2.1",
    ),
    case(
        "msg groupchat to user",
        message("type='groupchat' to='romeo@localhost'"),
        "cancel service-unavailable",
        "RFC 6121 8.5.2.1.1",
    ),
    case("pres type foo", "<presence type='foo'/>", "modify bad-request", "RFC 6121 4.7.1"),
    case(
        "pres type available",
        "<presence type='available'/>",
        "modify bad-request",
        "RFC 6121 4.7.1",
        ejabberd="presence + delivered",
    ),
    case(
        "priority 200",
        "<presence><priority>200</priority></presence>",
        "modify bad-request",
        "RFC 6121 4.7.2.3",
        prosody="presence + delivered",
        ejabberd="presence + delivered",
    ),
    case(
        "priority abc",
        "<presence><priority>abc</priority></presence>",
        "modify bad-request",
        "RFC 6121 4.7.2.3",
        prosody="presence + delivered",
    ),
    case(
        "show foo",
        "<presence><show>busy</show></presence>",
        "modify bad-request",
        "RFC 6121 4.7.2.1",
        prosody="presence + delivered",
    ),
    case(
        "subscribe to full",
        f"<presence type='subscribe' to='{OTHER}'/>",
        "silence",
        "RFC 6121 3.1.2, 3.1.3",
    ),
    case("probe", "<presence type='probe' to='romeo@localhost'/>", "presence", "RFC 6121 4.3.2"),
    case(
        "roster get",
        iq("id='1' type='get'", f"<query xmlns='{ROSTER}'/>"),
        "result",
        "RFC 6121 2.1.3",
    ),
    case(
        "roster set 2 items",
        iq(
            "id='1' type='set'",
            f"<query xmlns='{ROSTER}'><item jid='a@localhost'/><item jid='b@localhost'/></query>",
        ),
        "modify bad-request",
        "RFC 6121 2.3.3",
    ),
    case(
        "roster set for bob",
        iq(
            "id='1' type='set' to='romeo@localhost'",
            f"<query xmlns='{ROSTER}'><item jid='a@localhost'/></query>",
        ),
        "auth forbidden",
        "RFC 6121 2.3.3",
        prosody="cancel service-unavailable",
    ),
    case(
        "session iq",
        iq("id='1' type='set'", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>"),
        "result",
        "RFC 3921 3",
    ),
    case(
        "second bind",
        iq("id='1' type='set'", f"<bind xmlns='{BIND}'><resource>two</resource></bind>"),
        "cancel not-allowed",
        "RFC 6120 7.6.2.2",
        prosody="cancel service-unavailable",
        ejabberd="cancel service-unavailable",
    ),
    case(
        "wrong ns jabber:server",
        message(f"xmlns='jabber:server' to='{OTHER}'"),
        "stream unsupported-stanza-type",
        "RFC 6120 4.9.3.24",
        ejabberd="delivered",
    ),
    case(
        "empty ns",
        message(f"xmlns='' to='{OTHER}'"),
        "stream unsupported-stanza-type",
        "RFC 6120 4.9.3.24",
        ejabberd="modify bad-request",
    ),
    case(
        "unknown toplevel",
        "<x xmlns='urn:example:nope'/>",
        "stream unsupported-stanza-type",
        "RFC 6120 4.9.3.24",
        ejabberd="silence",
    ),
    case(
        "uppercase Message",
        f"<Message to='{OTHER}'><body>x</body></Message>",
        "stream unsupported-stanza-type",
        "RFC 6120 4.9.3.24",
        ejabberd="silence",
    ),
    case("whitespace ka", "  \n", "silence", "RFC 6120 4.6.1"),
    case(
        "text at stream level",
        "hello",
        "stream bad-format",
        "RFC 6120 4.9.3.1",
        prosody="silence",
        ejabberd="silence",
    ),
    case(
        "unescaped &",
        message(content="<body>a & b</body>"),
        "stream not-well-formed",
        "RFC 6120 11.3",
    ),
    case("undeclared prefix", message(content="<p:x/>"), "stream not-well-formed", "RFC 6120 11.3"),
    case(
        "undeclared entity",
        message(content="<body>&nope;</body>"),
        "stream not-well-formed",
        "RFC 6120 11.3",
    ),
    case(
        "numeric ctrl char",
        message(content="<body>&#1;</body>"),
        "stream not-well-formed",
        "RFC 6120 11.3",
    ),
    case(
        "dup attr", message(f"to='{OTHER}' to='{OTHER}'"), "stream not-well-formed", "RFC 6120 11.3"
    ),
    case(
        "comment",
        message(content="<body>a<!-- b --></body>"),
        "stream restricted-xml",
        "RFC 6120 11.1",
        prosody="stream not-well-formed",
        ejabberd="delivered",
    ),
    case(
        "PI",
        message(content="<body>a<?b c?></body>"),
        "stream restricted-xml",
        "RFC 6120 11.1",
        prosody="stream not-well-formed",
        ejabberd="delivered",
    ),
    case(
        "CDATA", message(content="<body><![CDATA[a & b <x>]]></body>"), "delivered", "RFC 6120 11.1"
    ),
    case(
        "bad utf8",
        f"<message to='{OTHER}'><body>".encode() + b"\xff</body></message>",
        "stream unsupported-encoding",
        "RFC 6120 4.9.3.22",
        prosody="stream not-well-formed",
        ejabberd="stream not-well-formed",
    ),
    case(
        "mismatched tag",
        f"<message to='{OTHER}'><body>x</message>",
        "stream not-well-formed",
        "RFC 6120 11.3",
    ),
    case(
        "huge 300k",
        message(content=f"<body>{'x' * 300_000}</body>"),
        "stream policy-violation",
        "RFC 6120 4.9.3.14, 13.12",
    ),
    case("deep 3000", message(content=DEEP), "stream policy-violation", "RFC 6120 13.12"),
    case(
        "deep 1500",
        message(content="<a>" * 1500 + "</a>" * 1500),
        "stream policy-violation",
        "RFC 6120 4.9.3.14, 13.12",
        prosody="delivered",
        ejabberd="delivered",
    ),
    case("restart header mid-stream", HEADER, "stream not-well-formed", "RFC 6120 11.3"),
    case("sm enable", f"<enable xmlns='{SM}'/>", "enabled", "XEP-0198 3"),
    case(
        "sm r before enable",
        f"<r xmlns='{SM}'/>",
        "failed unexpected-request",
        "XEP-0198 6",
        prosody="stream unsupported-stanza-type",
    ),
    case(
        "sm enable twice",
        f"<enable xmlns='{SM}'/>" * 2,
        "enabled + stream policy-violation",
        "XEP-0198 3",
        prosody="enabled + failed unexpected-request",
        ejabberd="enabled + failed unexpected-request",
    ),
    case(
        "sm enable + bad h",
        f"<enable xmlns='{SM}'/><a xmlns='{SM}' h='99'/>",
        "enabled + stream undefined-condition",
        "XEP-0198 4",
    ),
    case(
        "sm resume unknown",
        f"<resume xmlns='{SM}' previd='nope' h='0'/>",
        "failed unexpected-request",
        "XEP-0198 5",
    ),
    case("close", "</stream:stream>", "end", "RFC 6120 4.4"),
)
"""What is said once a resource is bound, without presence."""

AVAILABLE = (
    case("msg no to", "<message id='m'><body>x</body></message>", "message", "RFC 6120 10.3.1"),
)
"""What is said by a resource that is available."""

ALL = (*HEADERS, *BEFORE, *SIGNING_IN, *BINDING, *BOUND, *AVAILABLE)
