"""What in a request may have provoked its error: the request held against the catalogue.

Nobody but the other side knows why it refused; so this says what is likely, and of what does not
fit the specification, that it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from lxml import etree

from ..protocol import namespaces as ns
from ..protocol.jid import JID, JIDError
from .catalogue import catalogue
from .explain_value import MUC, meaning_and_fault, short_name
from .explanation import Remark
from .model import Element
from .nearness import listed, near, near_namespaces

if TYPE_CHECKING:
    from ..protocol.errors import StanzaError
    from .circumstances import Circumstances

MOST: Final = 4
"""So many clues are given; what comes first explains what comes after."""


def clues(
    error: StanzaError, request: etree._Element, answer: etree._Element, around: Circumstances
) -> Iterator[Remark]:
    """Give what in `request` may have led to `error`, which the stanza `answer` carries."""
    if answer is request:  # The error repeats it, with the addresses turned round.
        to, me = request.get("from"), request.get("to")
    else:
        to, me = request.get("to"), answer.get("to")
    found = _Clues(error.condition, request, to or "", me or "", around)
    # An error of this side has no other to guess at.
    given = dict.fromkeys(found.give() if around.received else found.structure())
    yield from list(given)[:MOST]


class _Clues:
    """The search through one request that went to `to` from `me`."""

    def __init__(
        self, condition: str, request: etree._Element, to: str, me: str, around: Circumstances
    ) -> None:
        self._condition = condition
        self._request = request
        self._kind = etree.QName(request).localname
        self._type = request.get("type", "")
        self._to = to
        self._me = me
        self._around = around
        self._payloads = [
            child
            for child in request.iterchildren(etree.Element)
            if etree.QName(child).localname != "error"
        ]

    def give(self) -> Iterator[Remark]:
        """Give what there is, the likeliest first."""
        finders: dict[str, Callable[[], Iterator[Remark]]] = {
            "bad-request": self.structure,
            "feature-not-implemented": self.structure,
            "service-unavailable": self._unavailable,
            "item-not-found": self._item,
            "jid-malformed": self._addresses,
            "not-acceptable": self._acceptance,
            "conflict": self._name_taken,
            "remote-server-not-found": self._remote,
            "remote-server-timeout": self._remote,
            "forbidden": self._permission,
            "not-allowed": self._permission,
            "not-authorized": self._credentials,
            "registration-required": self._permission,
            "subscription-required": self._permission,
            "recipient-unavailable": self._addressee,
            "gone": self._addressee,
            "redirect": self._addressee,
            "unexpected-request": self.structure,
        }
        finder = finders.get(self._condition, self.structure)
        yield from finder()

    # What the catalogue says against the payload.

    def structure(self) -> Iterator[Remark]:
        """Give what in the payload is not as its specification has it."""
        if self._kind == "iq" and self._type in ("get", "set") and len(self._payloads) != 1:
            count = len(self._payloads) or "no"
            text = f"it has {count} children, and a {self._type} has exactly one payload"
            yield _clue(text, f"<iq type='{self._type}'>")
        for payload in self._payloads:
            yield from self._whole_payload(payload)
            yield from _faults(payload)

    def _whole_payload(self, payload: etree._Element) -> Iterator[Remark]:
        name, namespace = etree.QName(payload).localname, etree.QName(payload).namespace or ""
        space = catalogue().namespace(namespace)
        if namespace == ns.CLIENT and (space is None or name not in space.elements):
            others = sorted({e.namespace for e in catalogue().elements_named(name)})
            hint = f"; <{name}/> is an element of {listed(others[:3])}" if others else ""
            yield _clue(
                f"it has no xmlns of its own, so it is in jabber:client{hint}", f"<{name}/>"
            )
        elif space is None:
            like = near_namespaces(namespace)
            hint = f"; did you mean {listed(like)}?" if like else ""
            part = f"xmlns='{namespace}'"
            yield _clue(f"likely nobody serves this namespace, which is not known here{hint}", part)
        elif space.elements and name not in space.elements:
            like = near(name, space.elements)
            hint = f"; did you mean {listed(f'<{each}/>' for each in like)}?" if like else ""
            yield _clue(f"not an element of {namespace}{hint}", f"<{name}/>")
        elif name in space.elements:
            yield from self._wrong_type(space.elements[name])

    def _wrong_type(self, element: Element) -> Iterator[Remark]:
        """Say that the payload belongs in an iq of another type."""
        start = f"{{{ns.CLIENT}}}iq "
        types = [p.removeprefix(start) for p in element.places if p.startswith(start)]
        if self._kind == "iq" and types and self._type not in types:
            text = f"<{element.name}/> stands in an iq of type {listed(types)}"
            yield _clue(text, f"type='{self._type}'")

    # By condition.

    def _unavailable(self) -> Iterator[Remark]:
        found = list(self.structure())
        yield from found or self._addressee()
        if not found and self._what_was_asked() in (self._around.features or ()):
            yield from self._names()

    def _addressee(self) -> Iterator[Remark]:
        part = f"to='{self._to}'" if self._to else ""
        text = self._about_addressee()
        if text:
            yield _clue(text, part)

    def _about_addressee(self) -> str:
        what = self._what_was_asked()
        to, me = _jid(self._to), _jid(self._me)
        if self._to and to is None:
            return "this is not a JID"
        if to is None or (me is not None and to == me.bare):
            return f"your own server answers for your account; {self._guess(what)}"
        if not to.local and not to.resource:
            own = me is not None and me.domain == to.domain
            who = "your own server" if own else "the server or service"
            return f"{who} answers here; {self._guess(what)}"
        if to.resource:
            return self._about_full_jid(to, what)
        if self._kind == "message" and self._type == "groupchat":
            return "likely this is no room, and groupchat is for rooms only: a user gets type chat"
        if self._kind == "iq":
            return (
                f"the server of {to.domain} answers for this account: either it does not know"
                f" {what}, or there is no such account, which it does not tell apart on purpose"
            )
        return (
            "likely there is no such account, or nobody is online there and nothing is kept for"
            " later; a server does not tell which"
        )

    def _guess(self, what: str) -> str:
        """Say whether the addressee knows what was asked, by what it said of itself."""
        features = self._around.features
        if features is None or self._kind != "iq":
            return f"likely it does not know {what}"
        if what in features:
            return f"it lists {what} among its features, so likely it refuses this part of it"
        return f"it does not list {what} among its features"

    def _about_full_jid(self, to: JID, what: str) -> str:
        if self._around.presence == "available":
            return f"it was online by its last presence; {self._guess(what)}"
        if self._around.presence:
            return f"likely it is not online: its last presence here was {self._around.presence}"
        return (
            f"likely that resource is not online, or the client there does not know {what};"
            " who may not see its presence is told the same for both"
        )

    def _what_was_asked(self) -> str:
        if not self._payloads or self._kind != "iq":
            return f"such a{'n' if self._kind == 'iq' else ''} {self._kind}"
        name = etree.QName(self._payloads[0])
        return "such an iq" if name.namespace == ns.CLIENT else str(name.namespace)

    def _names(self) -> Iterator[Remark]:
        for element in self._inside():
            for name in ("node", "id", "sessionid", "item", "previd"):
                if element.get(name):
                    part = f"{name}='{element.get(name)}'"
                    yield _clue("likely there is nothing of that name there", part)

    def _item(self) -> Iterator[Remark]:
        yield from self._names()
        to = _jid(self._to)
        if to is not None and to.local:
            what = "room" if self._kind == "presence" else "account or room"
            yield _clue(f"likely there is no such {what}", f"to='{self._to}'")

    def _inside(self) -> Iterator[etree._Element]:
        for payload in self._payloads:
            yield from payload.iter(etree.Element)

    def _addresses(self) -> Iterator[Remark]:
        if self._to and _jid(self._to) is None:
            yield _clue(_why_no_jid(self._to), f"to='{self._to}'")
        to = _jid(self._to)
        if to is not None and self._kind == "presence" and self._has(MUC) and not to.resource:
            text = "the nickname is missing: a room is joined at ROOM@SERVICE/NICKNAME"
            yield _clue(text, f"to='{self._to}'")
        for element in self._inside():
            value = element.get("jid")
            if value is not None and _jid(value) is None:
                yield _clue(_why_no_jid(value), f"jid='{value}'")

    def _acceptance(self) -> Iterator[Remark]:
        if self._kind == "message" and self._type == "groupchat":
            yield _clue("likely you are not in that room; join it first", f"to='{self._to}'")
        yield from self.structure()

    def _name_taken(self) -> Iterator[Remark]:
        to = _jid(self._to)
        if self._kind == "presence" and to is not None and to.resource:
            yield _clue(f"likely somebody in the room is called {to.resource}", f"to='{self._to}'")
        for payload in self._payloads:
            for name in ("username", "resource", "nick"):
                text = payload.findtext(f".//{{*}}{name}")
                if text:
                    yield _clue("this is likely taken", f"<{name}>{text}</{name}>")
            node = payload.find(".//{*}create")
            if node is not None and node.get("node"):
                yield _clue("likely there is a node of that name", f"node='{node.get('node')}'")

    def _remote(self) -> Iterator[Remark]:
        to = _jid(self._to)
        if to is not None:
            yield _clue(f"your server could not reach {to.domain}", f"to='{self._to}'")

    def _permission(self) -> Iterator[Remark]:
        for payload in self._payloads:
            yield from self._wrong_type_of(payload)
        for element in self._inside():
            for name in ("role", "affiliation", "node"):
                if element.get(name):
                    part = f"{name}='{element.get(name)}'"
                    yield _clue("this is likely what you may not ask for there", part)
        if self._to:
            yield _clue("whoever answers there decides who may", f"to='{self._to}'")

    def _credentials(self) -> Iterator[Remark]:
        if self._has(MUC):
            given = self._request.find(f"{{{MUC}}}x/{{{MUC}}}password") is not None
            text = (
                "likely the password of the room is wrong"
                if given
                else "likely the room wants a <password/>"
            )
            yield _clue(text, f"<x xmlns='{MUC}'>")
        yield from self._permission()

    def _wrong_type_of(self, payload: etree._Element) -> Iterator[Remark]:
        known = catalogue().element(str(payload.tag))
        if known is not None:
            yield from self._wrong_type(known)

    def _has(self, namespace: str) -> bool:
        return any(etree.QName(payload).namespace == namespace for payload in self._payloads)


def _faults(payload: etree._Element) -> Iterator[Remark]:
    """Give what in the tree of a payload is not as the catalogue has it."""
    for element in payload.iter(etree.Element):
        known = catalogue().element(str(element.tag))
        if known is None:
            continue
        start = f"<{known.name}>"
        for name, attribute in known.attributes.items():
            if attribute.required and element.get(name) is None:
                yield _clue(f"the attribute {name} is missing", start)
        for need in known.needs:
            if element.find(need) is None:
                child = need.rpartition("}")[2]
                yield _clue(f"<{child}/> is missing in it", start)
        for name, value in element.attrib.items():
            key = short_name(str(name))
            if key in known.attributes:
                place = (str(element.tag), key)
                fault = meaning_and_fault(str(value), known.attributes[key].values, place)[1]
                if fault:
                    yield _clue(fault, f"{key}='{value}'")
        yield from _misplaced(element, known)


def _misplaced(element: etree._Element, known: Element) -> Iterator[Remark]:
    parent = element.getparent()
    outer = None if parent is None else catalogue().element(str(parent.tag))
    if parent is None or outer is None or outer.open or outer.namespace != known.namespace:
        return
    if known.places and str(parent.tag) not in known.places:
        yield _clue(f"does not belong in <{outer.name}/>", f"<{known.name}>")


def _clue(text: str, part: str) -> Remark:
    return Remark("request", text, part)


def _jid(text: str) -> JID | None:
    try:
        return JID.parse(text) if text else None
    except JIDError:
        return None


def _why_no_jid(text: str) -> str:
    try:
        JID.parse(text)
    except JIDError as error:
        return error.problem.what
    return ""
