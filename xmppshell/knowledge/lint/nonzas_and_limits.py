"""Rules of stream management, of namespaces that are out of use, and of sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.acknowledgements import COUNTS, count_of
from .model import Phase, Rule, error, sent, warning
from .work import Work, divided, document_of, out_of_use

if TYPE_CHECKING:
    from lxml import etree

SM: Final = ns.STREAM_MANAGEMENT
LARGE: Final = 10_000
"""How many bytes a server must take for one stanza, and need not take more (RFC 6120 13.12)."""
DEEP: Final = 100
_HALF: Final = COUNTS // 2


def _nested(depth: int) -> str:
    tag = "<a xmlns='urn:example:a'>"
    return f"<message to='a@b'>{tag * depth}{'</a>' * depth}</message>"


BEFORE_ENABLE = error(
    "sm-before-enable",
    "acknowledgements begin with <enable/>",
    "XEP-0198 3",
    "Until the server has answered <enabled/> nobody counts. Prosody closes the stream at an early "
    "<r/> or <a/>, ejabberd answers <failed/>.",
    (
        sent(f"<r xmlns='{SM}'/>", managed=False),
        sent(f"<a xmlns='{SM}' h='0'/>", managed=False),
    ),
    (sent(f"<r xmlns='{SM}'/>", managed=True), sent(f"<enable xmlns='{SM}'/>", managed=False)),
)
ENABLED = error(
    "sm-enabled-twice",
    "stream management is enabled once",
    "XEP-0198 3",
    "It counts from the first time on; servers answer a second <enable/> with <failed/>.",
    (sent(f"<enable xmlns='{SM}'/>", managed=True),),
    (sent(f"<enable xmlns='{SM}'/>", managed=False),),
)
ENABLE_EARLY = error(
    "sm-enable-before-bind",
    "stream management is enabled once a resource is bound",
    "XEP-0198 3",
    "Before that there is no session to manage; servers answer <failed/>.",
    (sent(f"<enable xmlns='{SM}'/>", phase=Phase.UNBOUND),),
    (sent(f"<enable xmlns='{SM}'/>", phase=Phase.BOUND),),
)
RESUME_LATE = error(
    "sm-resume-after-bind",
    "an earlier stream is resumed instead of binding a resource",
    "XEP-0198 5",
    "A stream with a resource is a session of its own; servers answer <failed/>.",
    (sent(f"<resume xmlns='{SM}' h='0' previd='x'/>", phase=Phase.BOUND),),
    (sent(f"<resume xmlns='{SM}' h='0' previd='x'/>", phase=Phase.UNBOUND),),
)
TOO_HIGH = error(
    "sm-count-too-high",
    "nobody acknowledges more stanzas than were sent",
    "XEP-0198 4",
    "`h` counts iqs, messages and presence since <enabled/>, and nothing else. Servers close the "
    "stream with undefined-condition.",
    (sent(f"<a xmlns='{SM}' h='99'/>", managed=True, countable=3),),
    (sent(f"<a xmlns='{SM}' h='3'/>", managed=True, countable=3),),
)
OBSOLETE = warning(
    "obsolete-namespace",
    "a protocol that is out of use is not used for anything new",
    "XEP-0001",
    "The document that defines the namespace is obsolete or deprecated. Servers and clients of "
    "today may not know it any more; mostly something better has taken its place.",
    (
        sent("<iq type='get' id='1' to='localhost'><query xmlns='jabber:iq:time'/></iq>"),
        sent("<iq type='get' id='1'><query xmlns='jabber:iq:privacy'/></iq>"),
        sent(f"<iq type='set' id='1'><session xmlns='{ns.SESSION}'/></iq>"),
    ),
    (sent("<iq type='get' id='1' to='localhost'><time xmlns='urn:xmpp:time'/></iq>"),),
)
SIZE = warning(
    "large-stanza",
    "a stanza has no more bytes than the server takes",
    "RFC 6120 13.12",
    "Every server takes 10,000 bytes; its limit, if it has a larger one, stands in its features "
    "(XEP-0478). What is larger may close the stream with policy-violation.",
    (
        sent(f"<message type='chat' to='a@b'><body>{'x' * LARGE}</body></message>"),
        sent(f"<message type='chat' to='a@b'><body>{'x' * 600}</body></message>", limit=500),
    ),
    (
        sent(f"<message type='chat' to='a@b'><body>{'x' * 600}</body></message>"),
        sent(f"<message type='chat' to='a@b'><body>{'x' * LARGE}</body></message>", limit=262144),
    ),
)
DEPTH = warning(
    "deep-nesting",
    f"elements are nested no more than {DEEP} deep",
    "RFC 6120 13.12",
    "No payload needs it. Servers pass such a stanza on, and programs that read XML by recursion "
    "fail at it.",
    (sent(_nested(200)),),
    (sent(_nested(20)),),
)

RULES: Final[tuple[Rule, ...]] = (
    BEFORE_ENABLE, ENABLED, ENABLE_EARLY, RESUME_LATE, TOO_HIGH, OBSOLETE, SIZE, DEPTH,
)  # fmt: skip


def check_management(work: Work, element: etree._Element) -> None:
    """Judge an element of stream management on the stream."""
    name, setting = divided(str(element.tag))[1], work.setting
    if name == "a":
        _check_count(work, element)
    if not setting.sent:
        return
    bound = None if setting.phase is None else setting.phase is Phase.BOUND
    if name in ("r", "a") and setting.managed is False:
        what = f"<{name}/> comes before <enable/>"
        work.report(BEFORE_ENABLE, what, f"send <enable xmlns='{SM}'/> first", element)
    elif name == "enable" and setting.managed:
        work.report(ENABLED, "stream management is enabled already", "", element)
    elif name == "enable" and bound is False:
        work.report(ENABLE_EARLY, "no resource is bound yet", "bind first", element)
    elif name == "resume" and bound:
        what = "a resource is bound already on this stream"
        work.report(RESUME_LATE, what, "connect again, and resume before binding", element)


def _check_count(work: Work, element: etree._Element) -> None:
    count, countable = count_of(work.value(element, "h")), work.setting.countable
    if count is None or countable is None:
        return
    if 0 < (count - countable) % COUNTS < _HALF:
        what = f"h='{count}' acknowledges more than the {countable} stanzas that came"
        work.report(TOO_HIGH, what, f"write h='{countable}'", element, "h")


# Namespaces out of use.

SUCCESSORS: Final = {
    "jabber:iq:auth": "sign in by SASL",
    "jabber:iq:time": "urn:xmpp:time",
    "jabber:x:delay": "urn:xmpp:delay",
    "jabber:iq:privacy": "urn:xmpp:blocking",
    "jabber:iq:agents": "http://jabber.org/protocol/disco#items",
    "jabber:iq:browse": "http://jabber.org/protocol/disco#items",
    "jabber:x:event": "http://jabber.org/protocol/chatstates and urn:xmpp:receipts",
    "jabber:x:encrypted": "OpenPGP for XMPP (XEP-0373) or OMEMO (XEP-0384)",
    "jabber:x:signed": "OpenPGP for XMPP (XEP-0373)",
    "jabber:x:roster": "http://jabber.org/protocol/rosterx",
    "storage:bookmarks": "urn:xmpp:bookmarks:1",
    "urn:xmpp:archive": "urn:xmpp:mam:2",
    "http://jabber.org/protocol/xhtml-im": "urn:xmpp:styling:0 (XEP-0393)",
    "http://jabber.org/protocol/si": "urn:xmpp:jingle:1",
    "http://jabber.org/protocol/si/profile/file-transfer": "urn:xmpp:http:upload:0 or Jingle",
    "http://jabber.org/protocol/physloc": "http://jabber.org/protocol/geoloc",
    "http://jabber.org/protocol/compress": "TLS does without; compression under it leaks secrets",
    "urn:ietf:params:xml:ns:xmpp-session": "nothing: a session begins with binding",
}


def check_obsolete(work: Work, element: etree._Element, namespace: str) -> None:
    """Judge the namespace of an element that stands in one of another namespace."""
    if not work.setting.sent:
        return
    document = document_of(namespace)
    if document is None or not out_of_use(namespace):
        return
    what = f"{namespace} is of {document.id}, which is {document.status.lower()}"
    cure = f"use instead: {SUCCESSORS[namespace]}" if namespace in SUCCESSORS else ""
    work.report(OBSOLETE, what, cure, element, "xmlns", reference=document.id)


# Sizes.


def check_size(work: Work, element: etree._Element, start: int, end: int) -> None:
    """Judge the size of a top-level element, which is the text from `start` to `end`."""
    limit = work.setting.limit or LARGE
    if not work.setting.sent or (end - start) * 4 <= limit:
        return
    size = len(work.text[start:end].encode(errors="surrogatepass"))
    if size > limit:
        whose = "this server takes" if work.setting.limit else "every server has to take"
        what = f"the stanza has {size:,} bytes, and {whose} {limit:,}"
        work.report(SIZE, what, "send it in smaller pieces", element)


def check_depth(work: Work, element: etree._Element) -> None:
    """Judge how deep elements are nested in a top-level element."""
    deepest = _deepest(element)
    if deepest > DEEP:
        work.report(DEPTH, f"elements are nested {deepest} deep", "", element)


def _deepest(element: etree._Element) -> int:
    """Return how deep elements are nested in `element`, which itself counts as 1."""
    depth = deepest = 1
    node = element
    while True:
        if len(node):
            node = node[0]
            depth += 1
            deepest = max(deepest, depth)
            continue
        while node is not element and node.getnext() is None:
            parent = node.getparent()
            assert parent is not None
            node = parent
            depth -= 1
        if node is element:
            return deepest
        following = node.getnext()
        assert following is not None
        node = following
