"""Rules of messages (RFC 6121 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol.jid import JID, JIDError
from ...protocol.namespaces import CARBONS, XML
from .model import Rule, error, received, sent, warning
from .work import Work, divided, meant, short

if TYPE_CHECKING:
    from lxml import etree

TYPES: Final = ("chat", "error", "groupchat", "headline", "normal")
_LANG: Final = f"{{{XML}}}lang"
RECEIPTS: Final = "urn:xmpp:receipts"

TYPE = error(
    "message-type",
    "the type of a message is one of five",
    "RFC 6121 5.2.2",
    "chat, error, groupchat, headline or normal. Receivers take any other for normal; servers say "
    "nothing, Prosody passes the word on and ejabberd takes it out.",
    (sent("<message type='chta' to='romeo@example.net'><body>hi</body></message>"),),
    (sent("<message type='chat' to='romeo@example.net'><body>hi</body></message>"),),
)
NO_TYPE = warning(
    "body-without-type",
    "a message with a body says of which type it is",
    "RFC 6121 5.2.2",
    "Without a type it is normal: a single message, like a mail. A line of a conversation is of "
    "type chat; the two go to different windows, and servers treat them differently. A subject "
    "makes it a mail for certain.",
    (sent("<message to='romeo@example.net'><body>hi</body></message>"),),
    (
        sent("<message type='normal' to='romeo@example.net'><body>hi</body></message>"),
        sent("<message to='romeo@example.net'><subject>hi</subject><body>hi</body></message>"),
        sent("<message to='romeo@example.net'><composing xmlns="
             "'http://jabber.org/protocol/chatstates'/></message>"),
    ),
)  # fmt: skip
SAME_LANGUAGE = warning(
    "duplicate-text",
    "a message has one body and one subject for each language",
    "RFC 6121 5.2.3",
    "Several bodies are the same words in several languages (xml:lang). Of two in one language the "
    "receiver shows one, and nobody knows which.",
    (
        sent(
            "<message type='chat' to='romeo@example.net'><body>hi</body><body>ho</body></message>"
        ),
        sent(
            "<message type='chat' to='romeo@example.net' xml:lang='de'><subject>hi</subject>"
            "<subject xml:lang='de'>ho</subject></message>"
        ),
    ),
    (
        sent(
            "<message type='chat' to='romeo@example.net'><body>hi</body>"
            "<body xml:lang='cs'>ahoj</body></message>"
        ),
    ),
)
RECEIPT = warning(
    "receipt-without-id",
    "a message that asks for a receipt has an id",
    "XEP-0184 7",
    "The receipt names the message by its id; without one there is nothing to name.",
    (
        sent(
            "<message type='chat' to='romeo@example.net'><body>hi</body>"
            "<request xmlns='urn:xmpp:receipts'/></message>"
        ),
    ),
    (
        sent(
            "<message type='chat' to='romeo@example.net' id='1'><body>hi</body>"
            "<request xmlns='urn:xmpp:receipts'/></message>"
        ),
    ),
)
_ME: Final = JID("juliet", "capulet.example", "balcony")
_COPY: Final = (
    "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>"
    "<message xmlns='jabber:client' from='romeo@example.net/orchard' type='chat' "
    "to='juliet@capulet.example'><body>hi</body></message></forwarded></received></message>"
)
CARBON = error(
    "carbon-from-another",
    "a carbon comes from the own account",
    "XEP-0280 11",
    "The own server makes the copies, in the name of the bare JID. Whoever believes them from "
    "anybody else can be shown messages that nobody ever sent.",
    (received(f"<message from='mallory@example.net/x'>{_COPY}", me=_ME),),
    (
        received(f"<message from='juliet@capulet.example'>{_COPY}", me=_ME),
        received(f"<message>{_COPY}", me=_ME),
    ),
)

RULES: Final[tuple[Rule, ...]] = (TYPE, NO_TYPE, SAME_LANGUAGE, RECEIPT, CARBON)


def check_message(work: Work, message: etree._Element) -> None:
    """Judge a message."""
    kind = message.get("type")
    namespace = divided(str(message.tag))[0]
    if kind is not None and kind not in TYPES and not work.is_blank(kind):
        what = f"{short(kind)} is no type of message"
        work.report(TYPE, what, meant(kind, TYPES), message, "type")
    if kind is None and work.setting.sent:
        body = message.find(f"{{{namespace}}}body")
        subject = message.find(f"{{{namespace}}}subject")
        if body is not None and subject is None and work.is_complete(message):
            what = "a message with a body and no type counts as normal, not as chat"
            work.report(NO_TYPE, what, "type='chat', or type='normal' if that is meant", message)
    for name in ("body", "subject"):
        check_languages(work, message, f"{{{namespace}}}{name}")
    asks = message.find(f"{{{RECEIPTS}}}request")
    if asks is not None and not message.get("id") and not work.setting.stamped:
        what = "the message asks for a receipt and has no id"
        work.report(RECEIPT, what, "give the message an id", asks)
    if not work.setting.sent:
        _check_carbon(work, message)


def _check_carbon(work: Work, message: etree._Element) -> None:
    """Report a copy that does not come from the own bare JID."""
    me, sender = work.setting.me, message.get("from")
    copies = (message.find(f"{{{CARBONS}}}{way}") for way in ("received", "sent"))
    copy = next((copy for copy in copies if copy is not None), None)
    if me is None or sender is None or copy is None or _is(sender, me.bare):
        return
    what = f"this copy is forged: it comes from {short(sender)}, and not from {short(str(me.bare))}"
    work.report(CARBON, what, "do not believe it", message, "from")


def _is(address: str, jid: JID) -> bool:
    try:
        return JID.parse(address) == jid
    except JIDError:
        return False


def check_languages(work: Work, stanza: etree._Element, tag: str) -> None:
    """Report a child `tag` whose language an earlier one has already."""
    children = stanza.findall(tag)
    if len(children) < 2:
        return
    around = stanza.get(_LANG, "")
    seen = set()
    for child in children:
        if not work.has_all_attributes(child):
            continue
        language = child.get(_LANG, around).lower()
        if language in seen:
            name = divided(tag)[1]
            of = f" in the language {short(language)}" if language else " without xml:lang"
            what = f"there is a second <{name}/>{of}"
            work.report(SAME_LANGUAGE, what, "leave one, or say its language", child)
        seen.add(language)
