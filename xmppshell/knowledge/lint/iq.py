"""Rules of iq: requests and their answers (RFC 6120 8.2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol.jid import JID
from .model import Rule, error, received, sent, warning
from .work import Work, divided, meant, short

if TYPE_CHECKING:
    from lxml import etree

TYPES: Final = ("get", "set", "result", "error")
_ME: Final = JID("juliet", "capulet.example", "balcony")
_PING: Final = "<ping xmlns='urn:xmpp:ping'/>"

NO_ID = error(
    "iq-without-id",
    "an iq has an id",
    "RFC 6120 8.1.3",
    "The answer carries the same id; without one nobody knows what it answers. Servers refuse with "
    "bad-request.",
    (sent(f"<iq type='get' to='localhost'>{_PING}</iq>"),),
    (
        sent(f"<iq type='get' to='localhost' id='1'>{_PING}</iq>"),
        sent(f"<iq type='get' to='localhost'>{_PING}</iq>", stamped=True),
    ),
)
REUSED = warning(
    "id-reused",
    "an id is not used again while its answer is due",
    "RFC 6120 8.1.3",
    "With two requests of one id nobody can tell which of them an answer is for.",
    (sent(f"<iq type='get' to='localhost' id='7'>{_PING}</iq>", waiting=frozenset({"7"})),),
    (sent(f"<iq type='get' to='localhost' id='8'>{_PING}</iq>", waiting=frozenset({"7"})),),
)
TYPE = error(
    "iq-type",
    "the type of an iq is get, set, result or error",
    "RFC 6120 8.2.3",
    "An iq has no type that goes without saying. Servers refuse any other with bad-request.",
    (
        sent(f"<iq type='gte' to='localhost' id='1'>{_PING}</iq>"),
        sent(f"<iq to='localhost' id='1'>{_PING}</iq>"),
    ),
    (sent(f"<iq type='get' to='localhost' id='1'>{_PING}</iq>"),),
)
PAYLOAD = error(
    "iq-payload",
    "an iq of type get or set has exactly one child",
    "RFC 6120 8.2.3",
    "The child says what is asked for. Servers refuse none and more than one with bad-request.",
    (
        sent("<iq type='get' to='localhost' id='1'/>"),
        sent(f"<iq type='get' id='1'>{_PING}<query xmlns='jabber:iq:version'/></iq>"),
    ),
    (sent(f"<iq type='get' to='localhost' id='1'>{_PING}</iq>"),),
)
RESULT = error(
    "iq-result-payload",
    "an iq of type result has one child or none",
    "RFC 6120 8.2.3",
    "A result holds the answer, or nothing where there is nothing to say.",
    (sent(f"<iq type='result' id='1'>{_PING}<query xmlns='jabber:iq:version'/></iq>"),),
    (sent("<iq type='result' id='1'/>"),),
)
UNSOLICITED = warning(
    "unsolicited-answer",
    "a result or an error answers a request",
    "RFC 6120 8.2.3",
    "Nobody asked with that id, or it was answered already, or it comes from somebody else than "
    "was asked: receivers throw it away. Servers pass it on without a word.",
    (
        sent("<iq type='result' id='zz' to='romeo@example.net'/>", asked=frozenset()),
        received("<iq type='result' id='zz' from='romeo@example.net'/>", asked=frozenset({"a"})),
    ),
    (
        sent("<iq type='result' id='a' to='romeo@example.net'/>", asked=frozenset({"a"})),
        sent("<iq type='result' id='a' to='romeo@example.net'/>"),
    ),
)
_FORGED: Final = "<iq type='result' id='a' from='mallory@example.net/x'/>"
OTHER_SENDER = error(
    "answer-from-another",
    "an answer comes from whom was asked",
    "RFC 6120 8.2.3",
    "Ids can be guessed, and anybody may send a result: whoever matches answers by the id alone "
    "believes what a stranger says in the name of the server. Nothing was answered.",
    (
        received(_FORGED, asked=frozenset({"a"}), unmatched=True),
        received(
            "<iq type='error' id='a' from='mallory@example.net/x'><error type='cancel'>"
            "<gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
            asked=frozenset({"a"}),
            unmatched=True,
        ),
    ),
    (received(_FORGED, asked=frozenset({"a"})),),
)

RULES: Final[tuple[Rule, ...]] = (NO_ID, REUSED, TYPE, PAYLOAD, RESULT, UNSOLICITED, OTHER_SENDER)


def check_iq(work: Work, iq: etree._Element) -> None:
    """Judge an iq."""
    _check_type(work, iq)
    _check_id(work, iq)
    if work.is_complete(iq):
        _check_children(work, iq)


def _check_type(work: Work, iq: etree._Element) -> None:
    kind = iq.get("type")
    if kind in TYPES or not (kind is not None or work.has_all_attributes(iq)):
        return
    if kind is None:
        cure = "type='get' to ask for something, type='set' to change it"
        work.report(TYPE, "the iq has no type", cure, iq)
    elif not work.is_blank(kind):
        work.report(TYPE, f"{short(kind)} is no type of iq", meant(kind, TYPES), iq, "type")


def _check_id(work: Work, iq: etree._Element) -> None:
    setting, found = work.setting, iq.get("id")
    if not found:
        answers = iq.get("type") in ("result", "error")
        if work.has_all_attributes(iq) and (answers or not setting.stamped or found is not None):
            cure = "give it the id of the request" if answers else "give it an id, such as id='1'"
            work.report(NO_ID, "the iq has no id", cure, iq)
        return
    if work.is_blank(found):
        return
    if iq.get("type") not in ("result", "error"):
        if found in setting.waiting or (setting.sent and found in work.ids):
            what = f"the id {short(found)} is in use: its answer is due"
            work.report(REUSED, what, "give it another id", iq, "id")
        work.ids.add(found)
    elif setting.asked is not None and found not in setting.asked and work.is_complete(iq):
        what = f"no request with the id {short(found)} waits for an answer"
        work.report(UNSOLICITED, what, "", iq, "id")
    else:
        check_answerer(work, iq)


def check_answerer(work: Work, iq: etree._Element) -> None:
    """Judge whether an answer with the id of a request comes from whom was asked."""
    found, setting = iq.get("id"), work.setting
    if not setting.unmatched or setting.asked is None or found not in setting.asked:
        return
    what = f"this is no answer to {short(found)}: somebody else was asked than {_answerer(iq)}"
    work.report(OTHER_SENDER, what, "do not believe it", iq, "from" if iq.get("from") else "")


def _answerer(iq: etree._Element) -> str:
    return short(iq.get("from") or "the own account")


def _check_children(work: Work, iq: etree._Element) -> None:
    kind, count = iq.get("type"), len(iq)
    if kind in ("get", "set") and count != 1:
        if count == 0:
            what, cure = f"the iq of type {kind} has no child", "put in what is asked for"
        else:
            names = ", ".join(f"<{short(divided(str(child.tag))[1])}/>" for child in iq[:4])
            what, cure = f"the iq of type {kind} has {count} children: {names}", "leave one"
        work.report(PAYLOAD, what, cure, iq if count == 0 else iq[1])
    elif kind == "result" and count > 1:
        work.report(RESULT, f"the result has {count} children", "leave one at most", iq[1])
