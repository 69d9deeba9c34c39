"""Actors: users who are online without a stream and answer what they get.

An actor is pure: it is given a stanza and gives the stanzas it says. What it says depends only
on what it was told before, so that the same conversation always goes the same way. Its answers
name what arrived (type, id, address), since that is what there is to learn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from .. import __version__
from ..protocol import namespaces as ns
from ..protocol.ids import IdCounter, prefix_for
from ..protocol.jid import JID, JIDError
from ..protocol.obligations import DUTIES, Facts, Policy, owed
from ..protocol.stanza import Stanza
from ..protocol.xml.tokens import quoted
from .contacts.roster import escape_text

if TYPE_CHECKING:
    from lxml import etree

_POLICIES: Final = {duty.name: Policy.ON for duty in DUTIES}


@dataclass(frozen=True, slots=True)
class Part:
    """A role to play: the localpart, the presence, and what there is to say.

    `show` and `status` are as in RFC 6121 4.7.2, "" for none. Each tuple of lines is gone through
    in turn; `{name}` stands for whom it is said to.
    """

    name: str
    resource: str
    show: str
    status: str
    greetings: tuple[str, ...]
    answers: tuple[str, ...]
    farewells: tuple[str, ...]
    remarks: tuple[str, ...]


ROMEO: Final = Part(
    name="romeo",
    resource="orchard",
    show="",
    status="under the balcony, mind the ivy",
    greetings=(
        "{name}! I hoped it would be you.",
        "Good evening, {name}. Quietly, the wall has ears.",
        "There you are, {name}. The night just got brighter.",
    ),
    answers=(
        "You ask me that, {name}? My answer is yes, whatever the question was.",
        "I would know if I had listened less to my heart and more to my tutor.",
        "Ask the moon, {name}; it has watched us both all evening.",
        "Better than an hour ago, {name}, since you wrote.",
    ),
    farewells=(
        "So soon, {name}? Then until tomorrow.",
        "Go safely, {name}. I shall stay and keep the orchard company.",
    ),
    remarks=(
        "I read that twice, {name}, and it was better the second time.",
        "Your words climb walls more easily than I do, {name}.",
        "Say more, {name}; nobody is looking for me yet.",
        "I would answer in verse, {name}, but the server has a size limit.",
    ),
)

NURSE: Final = Part(
    name="nurse",
    resource="chamber",
    show="away",
    status="looking for my fan",
    greetings=("Good day to you, {name}, and slowly, I have been on my feet since dawn.",),
    answers=(
        "One question at a time, {name}. My bones ache.",
        "I will tell you, {name}, as soon as I have caught my breath.",
    ),
    farewells=("Run along, {name}.",),
    remarks=("I carry messages all day, {name}; one more will not kill me.",),
)

PARTS: Final = (ROMEO, NURSE)
"""The parts that are played unless others are asked for."""

_LONGEST_SPOKEN_ID = 24

_GREETING = re.compile(r"\b(?:hello|hi|hey|hallo|greetings|good (?:morning|day|evening))\b", re.I)
_FAREWELL = re.compile(r"\b(?:bye|goodbye|farewell|good night|see you|adieu)\b", re.I)


class Actor:
    """One part, played at a full JID; `clock` gives the present as an aware time."""

    def __init__(self, part: Part, domain: str, clock: Callable[[], datetime]) -> None:
        self.part = part
        self.jid = JID.of(part.name, domain, part.resource)
        self._clock = clock
        self._ids = IdCounter(prefix_for(part.name))
        self._said: dict[str, int] = {}

    def presence(self) -> bytes:
        """Return the presence with which the actor comes online."""
        show = f"<show>{self.part.show}</show>" if self.part.show else ""
        status = f"<status>{escape_text(self.part.status)}</status>" if self.part.status else ""
        return f"<presence>{show}{status}</presence>".encode()

    def answer(self, stanza: Stanza, element: etree._Element) -> list[bytes]:
        """Return what the actor says to a stanza that it received."""
        if stanza.sender is None:
            return []
        if stanza.kind == "iq":
            return self._iq(stanza, element)
        if stanza.kind == "presence":
            return self._presence(stanza, stanza.sender)
        return self._message(stanza, stanza.sender, element)

    def _iq(self, stanza: Stanza, element: etree._Element) -> list[bytes]:
        """Answer as any well-behaved client would."""
        now = self._clock().astimezone(UTC)
        facts = Facts(__version__, f"{now:%Y-%m-%dT%H:%M:%SZ}", "+00:00", 0)
        answer = owed(stanza, element, self.jid, _POLICIES, facts)
        return [] if answer is None else [answer.move.data]

    def _presence(self, stanza: Stanza, sender: str) -> list[bytes]:
        """Let everyone see the actor's presence, and want to see theirs (RFC 6121 3.1)."""
        if stanza.type != "subscribe":
            return []
        to = quoted(sender)
        return [
            f"<presence type='subscribed' to={to}/>".encode(),
            f"<presence type='subscribe' to={to}/>".encode(),
        ]

    def _message(self, stanza: Stanza, sender: str, element: etree._Element) -> list[bytes]:
        """Answer a chat or normal message that has a body."""
        body = element.findtext(f"{{{ns.CLIENT}}}body")
        if not body or stanza.type in ("error", "headline", "groupchat"):
            return []
        text = f"{self._reaction(body, _name(sender))} {self._observation(stanza)}"
        kind = " type='chat'" if stanza.type == "chat" else ""
        thread = element.findtext(f"{{{ns.CLIENT}}}thread")
        same_thread = f"<thread>{escape_text(thread)}</thread>" if thread else ""
        return [
            f"<message to={quoted(sender)}{kind} id='{self._ids.next()}'>"
            f"<body>{escape_text(text)}</body>{same_thread}</message>".encode()
        ]

    def _reaction(self, body: str, name: str) -> str:
        if _GREETING.search(body):
            line = self._next("greetings", self.part.greetings)
        elif _FAREWELL.search(body):
            line = self._next("farewells", self.part.farewells)
        elif body.rstrip().endswith("?"):
            line = self._next("answers", self.part.answers)
        else:
            line = self._next("remarks", self.part.remarks)
        return line.format(name=name)

    def _observation(self, stanza: Stanza) -> str:
        """Say what arrived, as this actor's client shows it."""
        kind = {
            "chat": "a chat message",
            None: "a message without a type, which makes it normal",
            "normal": "a normal message",
        }.get(stanza.type, f"a message of type {stanza.type}, which nobody knows, so it is normal")
        id_part = "without an id"
        if stanza.id:
            short = len(stanza.id) <= _LONGEST_SPOKEN_ID
            id_part = f"with the id {stanza.id}" if short else "with a very long id"
        where = (
            "straight to my resource"
            if stanza.to == str(self.jid)
            else f"to my bare JID, and the server chose my resource {self.jid.resource}"
        )
        facts = (f"({_first_upper(kind)} {id_part}.)", f"({_first_upper(kind)}, sent {where}.)")
        return self._next("observations", facts)

    def _next(self, kind: str, lines: Iterable[str]) -> str:
        """Return the next of the lines of one kind, from the first again after the last."""
        choice = tuple(lines)
        count = self._said.get(kind, 0)
        self._said[kind] = count + 1
        return choice[count % len(choice)]


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _name(sender: str) -> str:
    """Return what to call somebody: the localpart, or the domain, with a capital letter."""
    try:
        jid = JID.parse(sender)
    except JIDError:
        return "stranger"
    return _first_upper(jid.local or jid.domain)
