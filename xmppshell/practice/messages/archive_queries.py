"""What is asked of an archive, and the answers (XEP-0313 4, 5).

Whoever has an archive decides who may ask; the rest is the same for users and rooms.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.data_forms import Form, parse_form
from ...protocol.jid import JID, JIDError
from ...protocol.values import check
from ...protocol.xml.tokens import quoted
from ..directory import Delivery
from ..envelope import Envelope
from ..refusals import Refused
from .archive import Archive, Entry, Filter
from .forwarding import delay, forwarded
from .paging import PageRequest, page_of, page_xml, read_request

if TYPE_CHECKING:
    from lxml import etree

FEATURES: Final = (ns.MAM, f"{ns.MAM}#extended")
"""What disco#info says of an address that has an archive."""

MAX_PAGE: Final = 50
"""How many messages are sent for one query at most."""

MAX_IDS: Final = 100
"""How many messages can be asked for by their UIDs."""

QUERY: Final = f"{{{ns.MAM}}}query"
METADATA: Final = f"{{{ns.MAM}}}metadata"

_FIELDS: Final = ("with", "start", "end", "before-id", "after-id", "ids")
_FORM: Final = (
    f"<query xmlns='{ns.MAM}'><x xmlns='{ns.DATA_FORM}' type='form'>"
    f"<field type='hidden' var='FORM_TYPE'><value>{ns.MAM}</value></field>"
    "<field type='jid-single' var='with'/><field type='text-single' var='start'/>"
    "<field type='text-single' var='end'/><field type='text-single' var='before-id'/>"
    "<field type='text-single' var='after-id'/><field type='list-multi' var='ids'>"
    f"<validate xmlns='{ns.VALIDATE}' datatype='xs:string'><open/></validate></field>"
    "</x></query>"
)


@dataclass(frozen=True, slots=True)
class Query:
    """A query: which entries, which page of them, whether the newest come first, and its id."""

    wanted: Filter
    page: PageRequest
    flipped: bool
    query_id: str | None


def answer_query(envelope: Envelope, archive: Archive, address: JID) -> list[Delivery]:
    """Answer the query of `envelope` to the archive of `address`: the messages, then the end."""
    try:
        query = read_query(envelope.element[0], archive)
        found = archive.find(query.wanted)
        page = page_of(len(found), query.page, MAX_PAGE, archive.places_in(found))
    except Refused as error:
        refusal = error.refusal
        return envelope.error(refusal.type, refusal.condition, refusal.text)
    entries = found[page.start : page.stop]
    order = entries[::-1] if query.flipped else entries
    results = [_result(envelope, entry, address, query.query_id) for entry in order]
    complete = " complete='true'" if page.complete else ""
    set_xml = page_xml(page, [entry.uid for entry in entries])
    return results + envelope.result(f"<fin xmlns='{ns.MAM}'{complete}>{set_xml}</fin>")


def answer_form(envelope: Envelope) -> list[Delivery]:
    """Say by which fields can be asked (XEP-0313 4.1.5)."""
    return envelope.result(_FORM)


def answer_metadata(envelope: Envelope, archive: Archive) -> list[Delivery]:
    """Say which message is the first, which the last (XEP-0313 5); neither if there is none."""
    if archive.ends is None:
        return envelope.result(f"<metadata xmlns='{ns.MAM}'/>")
    first, last = archive.ends
    ends = "".join(
        f"<{name} id={quoted(entry.uid)} timestamp='{entry.stamp}'/>"
        for name, entry in (("start", first), ("end", last))
    )
    return envelope.result(f"<metadata xmlns='{ns.MAM}'>{ends}</metadata>")


def read_query(element: etree._Element, archive: Archive) -> Query:
    """Return what a `<query/>` asks for; raises `Refused` if it cannot be answered."""
    form = element.find(f"{{{ns.DATA_FORM}}}x")
    return Query(
        Filter() if form is None else _filter(parse_form(form), archive),
        read_request(element),
        element.find(f"{{{ns.MAM}}}flip-page") is not None,
        element.get("queryid"),
    )


def _filter(form: Form, archive: Archive) -> Filter:
    if form.type != "submit" or form.form_type != ns.MAM:
        raise _bad(f"the form is one of type submit whose FORM_TYPE is {ns.MAM}")
    fields = {field.var: field.values for field in form.fields if field.var != "FORM_TYPE"}
    for name, values in fields.items():
        if name not in _FIELDS:
            text = f"the fields to ask by are {', '.join(_FIELDS)}"
            raise Refused("feature-not-implemented", "cancel", text)
        if len(values) > 1 and name != "ids":
            raise _bad(f"the field {name} has one value")
    uids = fields.get("ids", ())
    if len(uids) > MAX_IDS:
        raise Refused("policy-violation", "modify", f"ask for {MAX_IDS} ids at most")
    for uid in uids:
        _number(archive, uid)
    single = {name: values[0] for name, values in fields.items() if values and name != "ids"}
    return Filter(
        peer=_jid(single["with"]) if "with" in single else None,
        start=_time(single["start"]) if "start" in single else None,
        end=_time(single["end"]) if "end" in single else None,
        after=_number(archive, single["after-id"]) if "after-id" in single else None,
        before=_number(archive, single["before-id"]) if "before-id" in single else None,
        uids=frozenset(uids) if uids else None,
    )


def _jid(text: str) -> JID:
    try:
        return JID.parse(text)
    except JIDError as error:
        raise _bad(f"with: {error.problem.what}") from error


def _time(text: str) -> datetime:
    problem = check("date", text)
    if problem is not None:
        raise _bad(problem.what)
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _bad("a time is one of the years 1 to 9999") from error


def _number(archive: Archive, uid: str) -> int:
    number = archive.number_of(uid)
    if number is None:
        raise Refused("item-not-found", "cancel", "the archive has no message with this id")
    return number


def _bad(text: str) -> Refused:
    return Refused("bad-request", "modify", text)


def _result(envelope: Envelope, entry: Entry, address: JID, query_id: str | None) -> Delivery:
    asker = envelope.sender
    query_part = "" if query_id is None else f" queryid={quoted(query_id)}"
    text = (
        f"<message from={quoted(str(address))} to={quoted(str(asker.jid))}>"
        f"<result xmlns='{ns.MAM}'{query_part} id={quoted(entry.uid)}>"
        f"{forwarded(entry.data, delay(entry.stamp))}</result></message>"
    )
    return Delivery(asker, text.encode())
