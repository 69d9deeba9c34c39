"""Each template is sent to Prosody, to ejabberd and to the practice server; each has its answer.

One session of Juliet's with one of Romeo's beside it goes through all of them, a step at a time: a
step ends when the server has answered a ping that followed it. What then came is the outcome, in
the words of `Template.expects`. `DIFFERENT` has the facts where a server answers otherwise than
the template says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree
from servers.real_server import RealServer
from wide_session import Person, people

from xmppshell.commands.typed import session_variables
from xmppshell.practice.server import PRACTICE_PASSWORD, PracticeServer
from xmppshell.protocol.errors import stanza_error
from xmppshell.protocol.events import Direction, ElementSeen, StreamErrorSeen
from xmppshell.protocol.jid import JID
from xmppshell.settings import Settings
from xmppshell.templates.filling import fill
from xmppshell.templates.placeholders import finished
from xmppshell.templates.shelf import Shelf, shipped

PATIENCE = 2.0
"""Seconds to wait for what a template expects, where a ping overtook it."""

PING = "<iq type='get' to='$domain'><ping xmlns='urn:xmpp:ping'/></iq>"
PLAIN = "with the options that every server knows"
AS_ROMEO = "as Romeo"
NODE = "urn:example:notes"


COMMANDS = {"prosody": "uptime", "ejabberd": "ping"}
"""A command of each server that everyone may run."""


@dataclass(frozen=True)
class Step:
    """One template with values; `by` is who sends it, `secret` what is typed into the XML.

    A `variant` tells two steps with the same template apart.
    """

    template: str
    values: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""
    by: str = "juliet"
    secret: str = ""

    @property
    def label(self) -> str:
        return f"{self.template} {self.variant}".strip()


def step(
    template: str, variant: str = "", *, by: str = "juliet", secret: str = "", **values: str
) -> Step:
    return Step(template, values, variant, by, secret)


STEPS = (
    step("roster.get"),
    step("presence.available", show="chat", status="at the window", priority="5"),
    step("caps.presence", ver="QgayPKawpkPSDYmwT/WM94uAlu0="),
    step("roster.set", jid="ROMEO", name="Romeo", group="Montague"),
    step("presence.subscribe", to="ROMEO", status="It is I"),
    step("presence.subscribed", by="romeo", to="JULIET"),
    step("presence.probe", to="ROMEO"),
    step("presence.directed", to="ROMEO/garden", show="away"),
    step("presence.error", to="ROMEO/garden", refid="p1"),
    step("message.chat", to="ROMEO", body="Wherefore & <why>?"),
    step("message.normal", to="ROMEO", subject="A letter", body="Dear Romeo"),
    step("message.headline", to="ROMEO", body="The nurse is near"),
    step("message.error", to="ROMEO/garden", refid="m1", text="not now"),
    step("message.thread", to="ROMEO", body="Therefore", parent="t0"),
    step("iq.get", payload="<time xmlns='urn:xmpp:time'/>", to="DOMAIN"),
    step(
        "iq.set",
        payload="<query xmlns='jabber:iq:private'><a xmlns='urn:example:a'>b</a></query>",
    ),
    step("iq.result", to="ROMEO/garden", refid="r1"),
    step("iq.error", to="ROMEO/garden", refid="r2"),
    step("disco.info"),
    step("disco.items"),
    step("disco.reply", to="ROMEO/garden", refid="r3"),
    step("ping"),
    step("version"),
    step("time"),
    step("last"),
    step("extdisco"),
    step("chatstate", to="ROMEO/garden"),
    step("receipt.request", to="ROMEO", body="Hear me"),
    step("receipt.ack", to="ROMEO/garden", refid="m2"),
    step("marker.displayed", to="ROMEO/garden", refid="m2"),
    step("correct", to="ROMEO", body="Hear me!"),
    step("react", to="ROMEO/garden", refid="m2", emoji="♥"),
    step("oob", to="ROMEO", url="https://example.org/?a=b&c=d"),
    step("muc.join", room="ROOM", nick="Juliet", history="0"),
    step("muc.unlock", room="ROOM"),
    step("muc.join", AS_ROMEO, by="romeo", room="ROOM", nick="Romeo"),
    step("muc.config", room="ROOM"),
    step("message.groupchat", room="ROOM", body="Good morrow"),
    step("muc.subject", room="ROOM", subject="The balcony"),
    step("muc.pm", room="ROOM", nick="Romeo", body="A word"),
    step("muc.invite", to="ROMEO", room="ROOM", reason="come"),
    step("muc.list", room="ROOM", affiliation="owner"),
    step("muc.affiliation", room="ROOM", jid="ROMEO", affiliation="member"),
    step("muc.selfping", room="ROOM", nick="Juliet"),
    step("muc.leave", room="ROOM", nick="Juliet", status="adieu"),
    step("mam.page", max="5"),
    step("mam.with", **{"with": "ROMEO", "start": "2026-01-01T00:00:00Z"}),
    step("mam.form"),
    step("carbons.enable"),
    step("nick.publish", name="Jule"),
    step("pubsub.publish", node=NODE, item="i1", payload="<note xmlns='urn:example:note'/>"),
    step("pubsub.items", node=NODE),
    step("pubsub.subscribe", node=NODE),
    step("pubsub.retract", node=NODE, item="i1"),
    step("pubsub.delete", node=NODE),
    step("bookmark.set", room="ROOM", name="Balcony", nick="Juliet"),
    step("bookmark.set", PLAIN, room="ROOM", name="Balcony", nick="Juliet", max="", last=""),
    step("bookmark.get"),
    step("private.get"),
    step("vcard.set", name="Juliet Capulet", nick="Jule", url="https://example.org/~juliet"),
    step("vcard.get"),
    step("block.list"),
    step("block.add", jid="tybalt@localhost"),
    step("block.remove", jid="tybalt@localhost"),
    step("privacy.lists"),
    step("upload.slot", to="UPLOAD", file="a picture.png", size="1000", type="image/png"),
    step("command.list"),
    step("command.execute", node="COMMAND"),
    step("command.form", node="COMMAND", session="s1", var="a", value="b"),
    step("ibr.get"),
    step("ibr.set", secret="PASSWORD"),
    step("presence.unsubscribe", to="ROMEO"),
    step("presence.unsubscribed", to="ROMEO"),
    step("roster.remove", jid="ROMEO"),
    step("presence.unavailable", status="adieu"),
    step("csi.inactive"),
    step("csi.active"),
    step("sm.enable"),
    step("sm.r"),
    step("sm.a", h="HANDLED"),
)

UNAVAILABLE = "error service-unavailable"
NO_SERVER = "error remote-server-not-found"

DIFFERENT: dict[str, dict[str, str]] = {
    "prosody": {
        # It has no privacy lists any more, and lets nobody register unless told to.
        "privacy.lists": UNAVAILABLE,
        "ibr.get": UNAVAILABLE,
        "ibr.set": UNAVAILABLE,
    },
    "ejabberd": {
        # It knows no max_items and no send_last_published_item among the publish options.
        "bookmark.set": "error resource-constraint",
        "ibr.get": UNAVAILABLE,
        "ibr.set": UNAVAILABLE,
        # The presence that ends a session is not shown to that session itself.
        "presence.unavailable": "nothing",
    },
    "practice": {
        # It stores no files and knows no servers for calls; privacy lists are deprecated.
        "extdisco": UNAVAILABLE,
        "privacy.lists": UNAVAILABLE,
        "upload.slot": NO_SERVER,
        # Nobody gave that session id away (XEP-0050 4.4).
        "command.form": "error bad-request",
    },
}
"""What a server answers where it is not what the template expects, as it was seen to."""


class Theatre:
    """A server with Juliet and Romeo on it, and what comes to them at each step."""

    def __init__(self, name: str, juliet: Person, romeo: Person, words: Mapping[str, str]) -> None:
        self.people = {"juliet": juliet, "romeo": romeo}
        self.words = words
        self._wanted = expected_of(name)

    async def begin(self) -> None:
        """Let Romeo be online, the two be strangers, and nothing be left of earlier tests."""
        juliet, romeo = self.people.values()
        await romeo.says("<presence/>")
        await romeo.settles()
        await juliet.says(
            "<iq type='set'><query xmlns='jabber:iq:roster'>"
            "<item jid='romeo@$domain' subscription='remove'/></query></iq>"
        )
        await juliet.asks(
            "<iq type='set'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'>"
            "<delete node='urn:xmpp:bookmarks:1'/></pubsub></iq>"
        )
        await juliet.settles()

    async def play(self, step: Step) -> str:
        """Send what the step has, and say what came back."""
        person = self.people[step.by]
        before = len(person.records)
        await person.says(self._text(step, person))
        sent_id = _elements(person, Direction.SENT, before)[0].get("id", "")
        await person.settles()
        expected = shipped(step.template).expects
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            came = _elements(person, Direction.RECEIVED, before)
            outcome = self._outcome(came, sent_id, step, expected)
            late = asyncio.get_running_loop().time() > deadline
            if outcome != "nothing" or outcome == self._wanted[step.label] or late:
                return outcome
            await asyncio.sleep(0.01)

    def _text(self, step: Step, person: Person) -> str:
        stream = person.session.stream
        assert stream is not None
        ledger = stream.management.ledger
        words = {**self.words, "HANDLED": str(ledger.received if ledger is not None else 0)}
        values = {name: _told(value, words) for name, value in step.values.items()}
        text = fill(shipped(step.template), values, session_variables(person.session))
        if step.secret:
            text = text.replace("‹password›", _told(step.secret, words))
        return finished(text)

    def _outcome(self, came: list[etree._Element], sent_id: str, step: Step, expected: str) -> str:
        for element in came:
            error = stanza_error(element) if element.get("type") == "error" else None
            if error is not None and element.get("id") == sent_id:
                return f"error {error.condition}"
        for element in came:
            kind = etree.QName(element).localname
            answered = kind == "iq" and element.get("id") == sent_id
            if answered and element.get("type") == "result":
                return "result"
            if expected == "iq set" and kind == "iq" and element.get("type") == "set":
                return "iq set"
            if kind == expected and self._concerns(element, step):
                return kind
        return "nothing"

    def _concerns(self, element: etree._Element, step: Step) -> bool:
        """Whether a presence or a message comes from where the step would have it come from."""
        place = step.values.get("room") or step.values.get("to") or "JULIET"
        sender = element.get("from")
        return sender is None or sender.partition("/")[0] == _told(place, self.words)

    def lost(self) -> list[str]:
        """Give the messages of Juliet's to Romeo that did not come to him."""
        sent = _elements(self.people["juliet"], Direction.SENT)
        received = _elements(self.people["romeo"], Direction.RECEIVED)
        ids = {element.get("id") for element in received}
        return [
            etree.tostring(element, encoding="unicode")
            for element in sent
            if etree.QName(element).localname == "message"
            and element.get("to", "").startswith(self.words["ROMEO"])
            and element.get("id") not in ids
        ]


def _elements(person: Person, direction: Direction, start: int = 0) -> list[etree._Element]:
    return [
        record.event.element
        for record in person.records[start:]
        if isinstance(record.event, ElementSeen) and record.event.direction is direction
    ]


def _told(value: str, words: Mapping[str, str]) -> str:
    for word, meaning in words.items():
        value = value.replace(word, meaning)
    return value


@asynccontextmanager
async def theatre_of(server: RealServer) -> AsyncIterator[Theatre]:
    words = {
        "ROMEO/garden": "",
        "ROMEO": f"romeo@{server.host}",
        "JULIET": f"juliet@{server.host}",
        "ROOM": f"templates@{server.room_host}",
        "UPLOAD": server.upload_host,
        "DOMAIN": server.host,
        "PASSWORD": server.accounts["juliet"],
        "COMMAND": COMMANDS[server.name],
    }
    async with people(server) as (juliet, romeo):
        words["ROMEO/garden"] = str(romeo.session.jid)
        yield Theatre(server.name, juliet, romeo, words)


@asynccontextmanager
async def practice_theatre(folder: Path) -> AsyncIterator[Theatre]:
    server = PracticeServer(parts=(), registration=True)
    await server.start()
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(server.ca_pem)
    both = []
    for user in ("juliet", "romeo"):
        settings = Settings(
            JID.parse(f"{user}@localhost"),
            PRACTICE_PASSWORD,
            host="127.0.0.1",
            port=server.port,
            ca_file=str(ca_file),
        )
        both.append(Person(user, settings, None))
        await both[-1].session.open()
    try:
        words = {
            "ROMEO/garden": str(both[1].session.jid),
            "ROMEO": "romeo@localhost",
            "JULIET": "juliet@localhost",
            "ROOM": "templates@rooms.localhost",
            "UPLOAD": "upload.localhost",
            "DOMAIN": "localhost",
            "PASSWORD": PRACTICE_PASSWORD,
            "COMMAND": "uptime",
        }
        yield Theatre("practice", both[0], both[1], words)
    finally:
        for person in both:
            if person.session.connected:
                await person.session.close()
        await server.stop()


async def perform(theatre: Theatre) -> dict[str, str]:
    """Play every step; return the outcome of each template."""
    await theatre.begin()
    outcomes: dict[str, str] = {}
    for each in STEPS:
        outcomes[each.label] = await theatre.play(each)
    return outcomes


def expected_of(server: str) -> dict[str, str]:
    wanted = {each.label: shipped(each.template).expects for each in STEPS}
    return wanted | DIFFERENT[server]


def judge(theatre: Theatre, outcomes: dict[str, str], server: str) -> None:
    errors = [
        record.event
        for person in theatre.people.values()
        for record in person.records
        if isinstance(record.event, StreamErrorSeen)
    ]
    assert errors == []
    assert outcomes == expected_of(server)
    assert theatre.lost() == []


def test_every_template_has_its_step() -> None:
    assert {each.template for each in STEPS} == set(Shelf().names())


async def test_each_template_on_a_real_server(real_server: RealServer) -> None:
    async with theatre_of(real_server) as theatre:
        judge(theatre, await perform(theatre), real_server.name)


async def test_each_template_on_the_practice_server(tmp_path: Path) -> None:
    async with practice_theatre(tmp_path) as theatre:
        judge(theatre, await perform(theatre), "practice")
