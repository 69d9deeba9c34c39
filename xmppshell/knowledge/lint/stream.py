"""Rules of the stream: its header, and what stands on it and when (RFC 6120 4, 7, 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID, JIDError
from ...protocol.states import NEGOTIATION_ELEMENTS
from ...protocol.xml import StreamHeader, XmlError, parse_header
from ..model import STREAM as ON_THE_STREAM
from .model import Phase, Rule, error, received, sent, warning
from .wellformedness import DECLARATION
from .work import (
    CONTENT,
    STANZAS,
    Work,
    divided,
    known_element,
    known_namespace,
    meant,
    near,
    short,
    stanza_kind,
    tag_shown,
)

if TYPE_CHECKING:
    from lxml import etree

_ME: Final = JID("juliet", "capulet.example", "balcony")


def _header(attributes: str, tag: str = "stream:stream", stream: str = ns.STREAM) -> str:
    return f"<?xml version='1.0'?><{tag} {attributes} xmlns:stream='{stream}'>"


_HEADER: Final = _header("to='capulet.example' version='1.0' xmlns='jabber:client'")

STREAM_NAMESPACE = error(
    "stream-namespace",
    "the root of a stream is `stream` in its own namespace",
    "RFC 6120 4.8.1",
    "The namespace is http://etherx.jabber.org/streams, letter by letter; it is a name, not an "
    "address. With another one the server closes with invalid-namespace.",
    (
        sent(
            _header(
                "to='capulet.example' version='1.0' xmlns='jabber:client'",
                stream="http://etherx.jabber.org/stream",
            )
        ),
    ),
    (sent(_HEADER),),
)
CONTENT_NAMESPACE = error(
    "content-namespace",
    "the stream header declares the namespace of the stanzas",
    "RFC 6120 4.8.2",
    "A client declares xmlns='jabber:client', a component jabber:component:accept. Prosody lets "
    "another one pass and refuses the stanzas later; ejabberd closes the stream at once.",
    (
        sent(_header("to='capulet.example' version='1.0' xmlns='jabber:server'")),
        sent(_header("to='capulet.example' version='1.0'")),
        sent(_header("to='capulet.example' version='1.0' xmlns='jabber:client'"), component=True),
    ),
    (
        sent(_HEADER),
        sent(_header("to='echo.example' xmlns='jabber:component:accept'"), component=True),
    ),
)
HEADER_TO = error(
    "header-without-to",
    "the header of the side that opens the stream says whom it is for",
    "RFC 6120 4.7.2",
    "One machine may serve many domains. Without `to` servers answer improper-addressing and "
    "close.",
    (sent(_header("version='1.0' xmlns='jabber:client'")),),
    (sent(_HEADER), received(_header("id='1' version='1.0' xmlns='jabber:client'"))),
)
UNKNOWN_HOST = warning(
    "header-for-another-domain",
    "the header is for the domain of the account",
    "RFC 6120 4.9.3.6",
    "`to` is the domain of the JID, even where the machine has another name. A server that does "
    "not serve the domain answers host-unknown and closes.",
    (sent(_header("to='nope.example' version='1.0' xmlns='jabber:client'"), me=_ME),),
    (sent(_HEADER, me=_ME),),
)
NO_VERSION = warning(
    "header-without-version",
    "the stream header says version='1.0'",
    "RFC 6120 4.7.5",
    "Without a version the stream is of the kind before XMPP 1.0: there need not be any features, "
    "so neither TLS nor SASL. Prosody offers them all the same; ejabberd falls silent.",
    (sent(_header("to='capulet.example' xmlns='jabber:client'")),),
    (
        sent(_HEADER),
        sent(_header("to='echo.example' xmlns='jabber:component:accept'"), component=True),
    ),
)
VERSION = warning(
    "unknown-version",
    "the version of XMPP is 1.0",
    "RFC 6120 4.7.5",
    "There is no other version. ejabberd closes with unsupported-version, Prosody answers as if "
    "nothing was wrong.",
    (sent(_header("to='capulet.example' version='2.0' xmlns='jabber:client'")),),
    (sent(_HEADER),),
)
HEADER_FROM = error(
    "header-from-another",
    "`from` of a client's stream header is its own account, or not there",
    "RFC 6120 4.7.1",
    "It tells the server who is going to sign in; it proves nothing. Servers ignore another "
    "address, or close with invalid-from.",
    (
        sent(
            _header("from='nurse@other.example' to='capulet.example' version='1.0'"
                    " xmlns='jabber:client'"),
            me=_ME,
        ),
    ),
    (
        sent(
            _header("from='juliet@capulet.example' to='capulet.example' version='1.0'"
                    " xmlns='jabber:client'"),
            me=_ME,
        ),
    ),
)  # fmt: skip
HEADER_JID = error(
    "header-address",
    "`to` and `from` of a stream header are addresses",
    "RFC 6120 4.7",
    "Servers close with improper-addressing, invalid-from or invalid-xml, or ignore it.",
    (sent(_header("from='@@' to='capulet.example' version='1.0' xmlns='jabber:client'")),),
    (sent(_HEADER),),
)
SECOND_HEADER = error(
    "second-header",
    "a stream has one header",
    "RFC 6120 4.3.3",
    "A new header begins a new stream. It is due after TLS and after signing in; anywhere else it "
    "is an element that is never closed, and the stream ends.",
    (sent(_HEADER, phase=Phase.BOUND), sent(_HEADER, phase=Phase.FEATURES)),
    (sent(_HEADER, phase=Phase.START),),
)
TOP_ELEMENT = error(
    "unknown-top-element",
    "directly on a stream stand stanzas and what negotiates the stream",
    "RFC 6120 4.9.3.24",
    "The stanzas are iq, message and presence in lower case; everything else needs the namespace "
    "of a negotiation. Prosody closes with unsupported-stanza-type; ejabberd drops it without a "
    "word.",
    (
        sent("<Message to='romeo@example.net'/>"),
        sent("<mesage to='romeo@example.net'/>"),
        sent("<ping xmlns='urn:xmpp:ping'/>"),
        sent("<foo/>"),
    ),
    (
        sent("<message to='romeo@example.net'/>"),
        sent("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"),
        sent("<r xmlns='urn:xmpp:sm:3'/>"),
    ),
)
STANZA_NAMESPACE = error(
    "stanza-namespace",
    "a stanza is in the content namespace of its stream",
    "RFC 6120 4.8.3",
    "That is jabber:client between a client and its server. Prosody closes the stream for another; "
    "ejabberd lets jabber:server pass and answers an empty one with an error.",
    (
        sent("<message xmlns='jabber:server' to='romeo@example.net'/>"),
        sent("<presence xmlns=''/>"),
        sent("<iq type='get' id='1' xmlns='urn:xmpp:ping'><ping/></iq>"),
    ),
    (sent("<message xmlns='jabber:client' to='romeo@example.net'/>"),),
)
TOO_EARLY = error(
    "stanza-before-bind",
    "stanzas may be sent once a resource is bound",
    "RFC 6120 7.1",
    "Before that the client has no address. ejabberd closes with not-authorized, Prosody answers "
    "with an error. The exceptions are binding itself and registering an account.",
    (
        sent("<message to='romeo@example.net'/>", phase=Phase.FEATURES),
        sent(
            "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>", phase=Phase.UNBOUND
        ),
    ),
    (
        sent("<message to='romeo@example.net'/>", phase=Phase.BOUND),
        sent(f"<iq type='set' id='1'><bind xmlns='{ns.BIND}'/></iq>", phase=Phase.UNBOUND),
        sent("<iq type='get' id='1'><query xmlns='jabber:iq:register'/></iq>",
             phase=Phase.FEATURES),
    ),
)  # fmt: skip
SECOND_BIND = error(
    "second-bind",
    "a stream binds one resource",
    "RFC 6120 7.1",
    "The first binding holds for as long as the stream lives; servers answer a second one with an "
    "error. Another resource needs another connection.",
    (
        sent(
            f"<iq type='set' id='1'><bind xmlns='{ns.BIND}'><resource>two</resource></bind></iq>",
            phase=Phase.BOUND,
        ),
    ),
    (
        sent(
            f"<iq type='set' id='1'><bind xmlns='{ns.BIND}'><resource>two</resource></bind></iq>",
            phase=Phase.UNBOUND,
        ),
    ),
)
RESOURCE = error(
    "bad-resource",
    "the resource that a client asks for has to be one",
    "RFC 6120 7.7",
    "A resource has no invisible characters and at most 1023 bytes (RFC 7622 3.4). Prosody makes "
    "up another one instead; ejabberd answers bad-request.",
    (
        sent(
            f"<iq type='set' id='1'><bind xmlns='{ns.BIND}'><resource>\u200e\u200f</resource>"
            "</bind></iq>",
            phase=Phase.UNBOUND,
        ),
    ),
    (
        sent(
            f"<iq type='set' id='1'><bind xmlns='{ns.BIND}'><resource>balcony</resource></bind>"
            "</iq>",
            phase=Phase.UNBOUND,
        ),
    ),
)
SPEAKER = error(
    "wrong-speaker",
    "some elements are the server's to say, others the client's",
    "RFC 6120 4.3",
    "A client asks and a server grants: <proceed/>, <success/> or <enabled/> mean nothing from a "
    "client. Prosody and ejabberd close the stream or ignore it.",
    (sent(f"<success xmlns='{ns.SASL}'/>"), sent("<enabled xmlns='urn:xmpp:sm:3'/>")),
    (
        received(f"<success xmlns='{ns.SASL}'/>"),
        received("<enabled xmlns='urn:xmpp:sm:3'/>"),
        sent("<enable xmlns='urn:xmpp:sm:3'/>"),
    ),
)

RULES: Final[tuple[Rule, ...]] = (
    STREAM_NAMESPACE, CONTENT_NAMESPACE, HEADER_TO, UNKNOWN_HOST, NO_VERSION, VERSION, HEADER_FROM,
    HEADER_JID, SECOND_HEADER, TOP_ELEMENT, STANZA_NAMESPACE, TOO_EARLY, SECOND_BIND, RESOURCE,
    SPEAKER,
)  # fmt: skip

# The header.


def check_header(work: Work, start: int, end: int) -> None:
    """Judge a stream header, an XML declaration alone, or a stream end tag."""
    text = work.text[start:end]
    setting = work.setting
    is_open = setting.sent and setting.phase is not None and setting.phase > Phase.START
    is_last = start == work.reading.headers[-1][0]  # Else it is told of the header behind it.
    if text.endswith("?>") and is_open and is_last:
        what = "an XML declaration stands only before the stream header"
        work.report(DECLARATION, what, "leave it out", start)
    if text.startswith("</") or text.endswith("?>"):
        return
    try:
        header = parse_header(text.encode(errors="surrogatepass"))
    except XmlError:
        return  # Told as a fault of the XML.
    at = start + max(text.rfind("<"), 0)
    if is_open:
        work.report(SECOND_HEADER, "a stream header came before", "/close ends the stream", at)
    component = _of_component(work, header.content_namespace)
    wanted = ns.COMPONENT_ACCEPT if component else ns.CLIENT
    if header.content_namespace != wanted:
        has = f"is {short(header.content_namespace)}" if header.content_namespace else "is missing"
        work.report(
            CONTENT_NAMESPACE, f"the namespace of the stanzas {has}", f"write xmlns='{wanted}'", at
        )
    if not component:
        _check_version(work, header, at)
    _check_header_addresses(work, header, at)


def _of_component(work: Work, namespace: str) -> bool:
    """Say whether it is a component's stream; where nothing is known of it, the namespace tells."""
    setting = work.setting
    unknown = setting.context is None and setting.phase is None
    return setting.component or (unknown and namespace == ns.COMPONENT_ACCEPT)


def _check_version(work: Work, header: StreamHeader, at: int) -> None:
    if header.version is None:
        work.report(NO_VERSION, "the stream header has no version", "write version='1.0'", at)
    elif header.version != "1.0" and not work.is_blank(header.version):
        what = f"the version {short(header.version)} does not exist"
        work.report(VERSION, what, "write version='1.0'", at)


def _check_header_addresses(work: Work, header: StreamHeader, at: int) -> None:
    setting = work.setting
    found: dict[str, JID] = {}
    for name, value in (("to", header.to), ("from", header.sender)):
        if value and not work.is_blank(value):
            try:
                found[name] = JID.parse(value)
            except JIDError as fault:
                work.report(HEADER_JID, fault.problem.what, fault.problem.cure, at)
    if not setting.sent:
        return
    me = setting.me
    if not header.to:
        domain = me.domain if me is not None else "the domain of your account"
        work.report(HEADER_TO, "the stream header has no `to`", f"write to='{domain}'", at)
    if me is None:
        return
    if "to" in found and found["to"].domain != me.domain:
        what = f"the stream header is for {found['to']} and the account is at {me.domain}"
        work.report(UNKNOWN_HOST, what, f"write to='{me.domain}'", at)
    if "from" in found and found["from"].bare != me.bare:
        what = f"the stream header is from {found['from']}, which is not {me.bare}"
        work.report(HEADER_FROM, what, f"write from='{me.bare}' or leave it out", at)


# What stands on the stream.

_NONZAS: Final = NEGOTIATION_ELEMENTS | {
    f"{{{namespace}}}{name}"
    for namespace, names in (
        (ns.STREAM_MANAGEMENT, ("enable", "enabled", "r", "a")),
        (ns.CSI, ("active", "inactive")),
        (ns.FRAMING, ("open", "close")),
        ("http://jabber.org/protocol/compress", ("compress", "compressed", "failure")),
    )
    for name in names
}
"""Elements that stand directly on a stream, as far as the catalogue need not be asked."""


def check_stream_root(work: Work, root_tag: str, at: int) -> None:
    """Report a root called `stream` whose namespace is not that of streams."""
    what = f"the namespace of the root is {short(divided(root_tag)[0]) or 'missing'}"
    work.report(STREAM_NAMESPACE, what, f"write xmlns:stream='{ns.STREAM}'", at)


def check_top(work: Work, element: etree._Element) -> None:
    """Judge one element directly on the stream."""
    tag = str(element.tag)
    namespace, name = divided(tag)
    if stanza_kind(element):
        _check_content_namespace(work, element, namespace)
        _check_phase(work, element)
    elif name == "stream" and tag not in _NONZAS:
        if work.has_all_attributes(element):
            check_stream_root(work, tag, work.reading.place(element))
    elif _stands_on_a_stream(tag):
        _check_speaker(work, element)
    elif work.has_all_attributes(element):
        _report_top(work, element, namespace, name)


def _stands_on_a_stream(tag: str) -> bool:
    if tag in _NONZAS:
        return True
    known = known_element(tag)
    return known is not None and ON_THE_STREAM in known.places and known.namespace not in CONTENT


def _report_top(work: Work, element: etree._Element, namespace: str, name: str) -> None:
    """Report an element that cannot stand on a stream, and what may be meant."""
    if name in STANZAS:
        has = f"is in the namespace {short(namespace)}" if namespace else "is in no namespace"
        cure = "leave the xmlns of the stanza out; it belongs to the payload"
        work.report(STANZA_NAMESPACE, f"<{name}/> {has}", cure, element)
        return
    what = f"{tag_shown(element)} cannot stand directly on a stream"
    described = known_namespace(namespace)
    if namespace in CONTENT:
        cure = meant(name, sorted(STANZAS))
        if not near(name, STANZAS):
            cure = "stanzas are <iq/>, <message/> and <presence/>"
    elif described is not None and known_element(str(element.tag)) is not None:
        cure = "put it into a stanza, such as <iq type='get'/>"
    elif described is not None and near(name, described.elements):
        cure = f"did you mean <{near(name, described.elements)}/>?"
    else:
        cure = "put it into a stanza: <iq/>, <message/> or <presence/>"
    work.report(TOP_ELEMENT, what, cure, element)


def _check_content_namespace(work: Work, element: etree._Element, namespace: str) -> None:
    wanted = ns.COMPONENT_ACCEPT if _of_component(work, namespace) else ns.CLIENT
    if namespace != wanted:
        what = f"{tag_shown(element)} is in the namespace {namespace}"
        work.report(STANZA_NAMESPACE, what, f"it is {wanted} on this stream", element)


def _check_phase(work: Work, stanza: etree._Element) -> None:
    phase = work.setting.phase
    if phase is None or not work.setting.sent or not work.is_complete(stanza):
        return
    payload = next((str(child.tag) for child in stanza), "")
    namespace = divided(payload)[0]
    binds = namespace == ns.BIND
    if binds and phase is Phase.BOUND:
        what = "a resource is bound on this stream already"
        work.report(SECOND_BIND, what, "open another connection for another resource", stanza)
    registers = namespace in (ns.REGISTER, "jabber:iq:auth")
    if phase is Phase.BOUND or (binds and phase is Phase.UNBOUND) or registers:
        return
    what = "no resource is bound yet" if phase is Phase.UNBOUND else "nobody has signed in yet"
    cure = "bind first" if phase is Phase.UNBOUND else "sign in and bind first"
    work.report(TOO_EARLY, f"{what}, so no stanza may be sent", cure, stanza)


def check_bind(work: Work, bind: etree._Element) -> None:
    """Judge the resource that is asked for."""
    resource = bind.find(f"{{{ns.BIND}}}resource")
    if resource is None:
        return
    text = work.text_of(resource)
    if not text:
        return
    try:
        JID("", "localhost", "").with_resource(text)
    except JIDError as fault:
        what = fault.problem.what.partition(" is not a JID: ")[2] or fault.problem.what
        cure = "leave it out, and the server chooses"
        work.report(RESOURCE, what, cure, resource, inside=True)


def _check_speaker(work: Work, element: etree._Element) -> None:
    known = known_element(str(element.tag))
    if known is None or not known.direction:
        return
    if (known.direction == "c2s") is not work.setting.sent:
        who = "the client" if known.direction == "c2s" else "the server"
        work.report(SPEAKER, f"{tag_shown(element)} is for {who} to say", "", element)
