"""A wide but ordinary session of two people, for measuring what the shell knows against servers.

Everything in it is right: what Juliet and Romeo send is as the specifications have it, and goes
through the shell's own way of sending, with its ids. They sign in, fetch rosters, become friends,
write messages of each type, ask each other and the server, publish, keep and block, meet in a
room, page through archives, and leave.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree
from servers.real_server import RealServer

from xmppshell.commands.typed import send_composed, session_variables
from xmppshell.feed import Record
from xmppshell.protocol.events import Direction, ElementSeen
from xmppshell.protocol.jid import JID
from xmppshell.protocol.obligations import Policy
from xmppshell.session import Session
from xmppshell.settings import Settings
from xmppshell.transcript.capture import CaptureWriter
from xmppshell.transcript.writer import write_transcript

RECEIVED = Direction.RECEIVED
PATIENCE = 5.0
"""Seconds to wait for an answer; a server that is that slow fails the test."""

DISCO = "http://jabber.org/protocol/disco#"
PUBSUB = "http://jabber.org/protocol/pubsub"
MUC = "http://jabber.org/protocol/muc"


FEATURES = (
    f"{DISCO}info",
    "http://jabber.org/protocol/nick+notify",
    "urn:xmpp:bookmarks:1+notify",
    "urn:xmpp:ping",
)
NODE = "https://example.org/client"
VERIFICATION = base64.b64encode(
    hashlib.sha1("".join(f"{part}<" for part in ("client/pc//Quill", *FEATURES)).encode()).digest()
).decode()
"""What the client can do, by XEP-0115 5.1: the servers notify it of what it names."""


class Person:
    """One session with all its records; what it says is sent as the shell would send it."""

    def __init__(self, name: str, settings: Settings, captures: Path | None) -> None:
        self.session = Session(name, settings)
        self.records: list[Record] = []
        self.session.feed.subscribe(self.records.append)
        self.session.policies["disco-info"] = Policy.OFF
        self.session.feed.subscribe(self._tell_features)
        self._telling: set[asyncio.Task[None]] = set()
        self.capture: CaptureWriter | None = None
        if captures is not None:
            started = datetime.now(UTC)
            account = str(settings.jid.bare)
            self.capture = CaptureWriter(captures, account, started, _fail)
            self.session.feed.subscribe(self.capture.write)

    def _tell_features(self, record: Record) -> None:
        """Answer who asks what this client can do, as the presence promises."""
        event = record.event
        if not isinstance(event, ElementSeen) or event.direction is not RECEIVED:
            return
        query = event.element.find(f"{{{DISCO}info}}query")
        if query is None or event.element.get("type") != "get":
            return
        node = f" node='{query.get('node')}'" if query.get("node") else ""
        sender = event.element.get("from")
        features = "".join(f"<feature var='{feature}'/>" for feature in FEATURES)
        answer = (
            f"<iq type='result' id='{event.element.get('id')}'"
            + (f" to='{sender}'>" if sender else ">")
            + f"<query xmlns='{DISCO}info'{node}>"
            f"<identity category='client' type='pc' name='Quill'/>{features}</query></iq>"
        )
        task = asyncio.create_task(self.session.send(answer.encode()))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def says(self, text: str, **more: str) -> None:
        """Send a stanza, and wait until the server has taken it."""
        variables = session_variables(self.session) | more
        await send_composed(self.session, text, variables)

    async def asks(self, text: str, **more: str) -> etree._Element:
        """Send an iq and return its answer, a result or an error."""
        await self.says(text, **more)
        wanted = self.session.ids.last

        def answers(element: etree._Element) -> bool:
            kind = etree.QName(element).localname
            return kind == "iq" and element.get("id") == wanted and element.get("type") in ENDS

        return await self.waits_for(answers)

    async def waits_for(self, wanted: Callable[[etree._Element], bool]) -> etree._Element:
        """Return the newest element received that is `wanted`, when it has come."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            for record in reversed(self.records):
                event = record.event
                received = isinstance(event, ElementSeen) and event.direction is RECEIVED
                if received and wanted(event.element):
                    return event.element
            await asyncio.sleep(0.005)
        raise AssertionError(f"{self.session.name} waited in vain")

    async def settles(self) -> None:
        """Wait until the server has done what was sent before, by a ping."""
        await self.asks("<iq type='get' to='$domain'><ping xmlns='urn:xmpp:ping'/></iq>")

    @property
    def transcript(self) -> str:
        """What `/save` would write."""
        return write_transcript(
            self.records, title="A wide session", account=self.session.settings.jid
        )


ENDS = ("result", "error")


def _fail(problem: object) -> None:
    raise AssertionError(problem)


def settings_for(server: RealServer, user: str, **more: object) -> Settings:
    """Return the settings with which `user` signs in to `server` by STARTTLS."""
    return Settings(
        JID.parse(f"{user}@{server.host}"),
        password=server.accounts[user],
        host=server.address,
        port=server.c2s_port,
        ca_file=str(server.ca_file),
        **more,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def people(
    server: RealServer, captures: Path | None = None
) -> AsyncIterator[tuple[Person, Person]]:
    """Sign Juliet and Romeo in, and close their streams in the end."""
    both = [Person(u, settings_for(server, u), captures) for u in ("juliet", "romeo")]
    for person in both:
        await person.session.open()
    try:
        yield both[0], both[1]
    finally:
        for person in both:
            if person.session.connected:
                await person.session.close()
            if person.capture is not None:
                person.capture.close()


async def play_wide_session(server: RealServer, captures: Path | None = None) -> list[Person]:
    """Play it all on `server` and return the two with their records.

    With a folder for `captures`, each session's capture is written into it. It may be played again
    on the same server: it leaves no subscription, room or block behind.
    """
    async with people(server, captures) as (juliet, romeo):
        await _come(juliet, romeo)
        await _make_friends(juliet, romeo)
        await _write(juliet, romeo)
        await _ask_around(juliet, romeo, server)
        await _keep_and_publish(juliet, romeo, server)
        await _block(juliet)
        await _meet(juliet, romeo, server)
        await _look_back(juliet)
        await _part(juliet, romeo)
    return [juliet, romeo]


async def _come(juliet: Person, romeo: Person) -> None:
    for person in (juliet, romeo):
        await person.asks("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>")
        await person.asks("<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
        await person.says(
            "<presence><show>chat</show><status>here</status><priority>5</priority>"
            "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
            f"node='{NODE}' ver='{VERIFICATION}'/></presence>"
        )
        await person.says("<enable xmlns='urn:xmpp:sm:3'/>")
        await person.settles()
        await person.says("<r xmlns='urn:xmpp:sm:3'/>")


async def _make_friends(juliet: Person, romeo: Person) -> None:
    await juliet.asks(
        "<iq type='set'><query xmlns='jabber:iq:roster'>"
        "<item jid='romeo@$domain' name='Romeo'><group>Montague</group></item></query></iq>"
    )
    await juliet.says("<presence to='romeo@$domain' type='subscribe'/>")
    await juliet.settles()
    await romeo.settles()
    await romeo.says("<presence to='juliet@$domain' type='subscribed'/>")
    await romeo.says("<presence to='juliet@$domain' type='subscribe'/>")
    await romeo.settles()
    await juliet.says("<presence to='romeo@$domain' type='subscribed'/>")
    await juliet.settles()
    await juliet.says("<presence><show>away</show><status>at the window</status></presence>")
    await juliet.asks("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>")


async def _write(juliet: Person, romeo: Person) -> None:
    to = str(romeo.session.jid)
    messages = (
        "<message to='romeo@$domain' type='chat' id='{id}'><body>Wherefore?</body>"
        "<active xmlns='http://jabber.org/protocol/chatstates'/>"
        "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>"
        "<origin-id xmlns='urn:xmpp:sid:0' id='{id}'/></message>",
        "<message to='romeo@$domain'><subject>A letter</subject><body>Dear Romeo</body>"
        "<thread>letters</thread></message>",
        "<message to='romeo@$domain' type='headline'><body>The nurse is near</body></message>",
        "<message to='$romeo' type='chat'><composing "
        "xmlns='http://jabber.org/protocol/chatstates'/>"
        "<no-store xmlns='urn:xmpp:hints'/></message>",
    )
    for message in messages:
        await juliet.says(message, romeo=to)
    first = juliet.session.ids.last
    await juliet.says(
        "<message to='romeo@$domain' type='chat'><body>Therefore!</body>"
        "<replace xmlns='urn:xmpp:message-correct:0' id='$first'/></message>",
        first=first,
    )
    await juliet.settles()
    await romeo.settles()
    for payload in (
        "<received xmlns='urn:xmpp:receipts' id='$first'/>",
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='$first'/>",
        "<reactions xmlns='urn:xmpp:reactions:0' id='$first'><reaction>♥</reaction></reactions>",
        "<body>See https://example.org/</body>"
        "<x xmlns='jabber:x:oob'><url>https://example.org/</url></x>",
    ):
        await romeo.says(
            f"<message to='juliet@$domain' type='chat'>{payload}</message>", first=first
        )
    await juliet.says("<message to='nobody@$domain' type='chat'><body>Who?</body></message>")
    await juliet.says("<message to='$from' type='chat'><body>There</body></message>",
                      **{"from": to})  # fmt: skip
    await romeo.settles()
    await juliet.settles()


async def _ask_around(juliet: Person, romeo: Person, server: RealServer) -> None:
    to = str(romeo.session.jid)
    info, items = f"<query xmlns='{DISCO}info'/>", f"<query xmlns='{DISCO}items'/>"
    for host in ("$domain", server.room_host, server.upload_host, server.pubsub_host):
        await juliet.asks(f"<iq to='{host}' type='get'>{info}</iq>")
        await juliet.asks(f"<iq to='{host}' type='get'>{items}</iq>")
    await juliet.asks(f"<iq to='$bare' type='get'>{info}</iq>")
    await juliet.asks("<iq to='$romeo' type='get'><ping xmlns='urn:xmpp:ping'/></iq>", romeo=to)
    await juliet.asks(f"<iq to='$romeo' type='get'>{info}</iq>", romeo=to)
    for payload in (
        "<query xmlns='jabber:iq:version'/>",
        "<time xmlns='urn:xmpp:time'/>",
        "<query xmlns='jabber:iq:last'/>",
        "<services xmlns='urn:xmpp:extdisco:2'/>",
        "<query xmlns='jabber:iq:register'/>",
        f"<query xmlns='{DISCO}items' node='http://jabber.org/protocol/commands'/>",
    ):
        await juliet.asks(f"<iq to='$domain' type='get'>{payload}</iq>")
    await juliet.asks("<iq to='romeo@$domain' type='get'><query xmlns='jabber:iq:last'/></iq>")
    for node in ("uptime", "ping"):
        await juliet.asks(
            "<iq to='$domain' type='set'><command xmlns='http://jabber.org/protocol/commands' "
            f"node='{node}' action='execute'/></iq>"
        )
    await juliet.asks(
        f"<iq to='{server.upload_host}' type='get'><request xmlns='urn:xmpp:http:upload:0' "
        "filename='rose.txt' size='23' content-type='text/plain'/></iq>"
    )
    await juliet.asks("<iq to='$domain' type='get'><nonsense xmlns='urn:example:unknown'/></iq>")


async def _keep_and_publish(juliet: Person, romeo: Person, server: RealServer) -> None:
    await juliet.asks(
        "<iq type='set'><vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN>"
        "<NICKNAME>Jule</NICKNAME></vCard></iq>"
    )
    await romeo.asks("<iq to='juliet@$domain' type='get'><vCard xmlns='vcard-temp'/></iq>")
    await juliet.asks(
        "<iq type='set'><query xmlns='jabber:iq:private'><notes xmlns='urn:example:notes'>"
        "<note>balcony</note></notes></query></iq>"
    )
    await juliet.asks(
        "<iq type='get'><query xmlns='jabber:iq:private'>"
        "<storage xmlns='storage:bookmarks'/></query></iq>"
    )
    await juliet.asks(
        f"<iq type='set'><pubsub xmlns='{PUBSUB}'>"
        "<publish node='http://jabber.org/protocol/nick'><item id='current'>"
        "<nick xmlns='http://jabber.org/protocol/nick'>Jule</nick></item></publish></pubsub></iq>"
    )
    await juliet.asks(
        f"<iq type='set'><pubsub xmlns='{PUBSUB}'><publish node='urn:xmpp:bookmarks:1'>"
        f"<item id='orchard@{server.room_host}'><conference xmlns='urn:xmpp:bookmarks:1' "
        "name='The orchard' autojoin='true'><nick>Jule</nick></conference></item></publish>"
        "</pubsub></iq>"
    )
    await juliet.asks(
        f"<iq type='get'><pubsub xmlns='{PUBSUB}'>"
        "<items node='urn:xmpp:bookmarks:1'/></pubsub></iq>"
    )
    await juliet.asks(
        f"<iq type='set'><pubsub xmlns='{PUBSUB}'><retract node='urn:xmpp:bookmarks:1' "
        f"notify='true'><item id='orchard@{server.room_host}'/></retract></pubsub></iq>"
    )
    await juliet.asks(
        f"<iq type='get'><pubsub xmlns='{PUBSUB}'><items node='urn:example:none'/></pubsub></iq>"
    )
    await juliet.asks(
        f"<iq type='get'><pubsub xmlns='{PUBSUB}#owner'>"
        "<configure node='http://jabber.org/protocol/nick'/></pubsub></iq>"
    )
    await romeo.settles()


async def _block(juliet: Person) -> None:
    await juliet.asks("<iq type='get'><blocklist xmlns='urn:xmpp:blocking'/></iq>")
    for action in ("block", "unblock"):
        await juliet.asks(
            f"<iq type='set'><{action} xmlns='urn:xmpp:blocking'>"
            f"<item jid='tybalt@$domain'/></{action}></iq>"
        )


async def _meet(juliet: Person, romeo: Person, server: RealServer) -> None:
    room = f"orchard@{server.room_host}"
    await juliet.says(f"<presence to='{room}/Jule'><x xmlns='{MUC}'/></presence>")
    await juliet.waits_for(lambda e: _has_code(e, "110"))
    await juliet.asks(f"<iq to='{room}' type='get'><query xmlns='{MUC}#owner'/></iq>")
    await juliet.asks(
        f"<iq to='{room}' type='set'><query xmlns='{MUC}#owner'>"
        "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
    )
    await juliet.asks(f"<iq to='{room}' type='get'><query xmlns='{DISCO}info'/></iq>")
    await juliet.says(
        f"<message to='romeo@$domain'><x xmlns='jabber:x:conference' jid='{room}'/></message>"
    )
    await juliet.settles()
    await romeo.says(
        f"<presence to='{room}/Jule'><x xmlns='{MUC}'><history maxstanzas='5'/></x></presence>"
    )
    await romeo.waits_for(lambda e: e.find("{*}error/{*}conflict") is not None)
    await romeo.says(f"<presence to='{room}/Rom'><x xmlns='{MUC}'/></presence>")
    await romeo.waits_for(lambda e: _has_code(e, "110"))
    await romeo.says(f"<message to='{room}' type='groupchat'><body>Hello, all</body></message>")
    await romeo.says(f"<message to='{room}/Jule' type='chat'><body>Psst</body>"
                     f"<x xmlns='{MUC}#user'/></message>")  # fmt: skip
    await juliet.says(f"<message to='{room}' type='groupchat'><subject>Roses</subject></message>")
    await romeo.says(f"<presence to='{room}/Romeo'/>")
    await juliet.asks(f"<iq to='{room}/Jule' type='get'><ping xmlns='urn:xmpp:ping'/></iq>")
    await juliet.asks(
        f"<iq to='{room}' type='get'><query xmlns='{MUC}#admin'><item affiliation='owner'/>"
        "</query></iq>"
    )
    await juliet.asks(
        f"<iq to='{room}' type='set'><query xmlns='{MUC}#admin'>"
        "<item affiliation='member' jid='romeo@$domain'/></query></iq>"
    )
    await juliet.asks(
        f"<iq to='{room}' type='set'><query xmlns='{MUC}#admin'><item nick='Romeo' role='none'>"
        "<reason>The lark sings</reason></item></query></iq>"
    )
    await romeo.waits_for(lambda e: _has_code(e, "307"))
    await romeo.says(f"<message to='{room}' type='groupchat'><body>Still here?</body></message>")
    await romeo.settles()
    await juliet.asks(
        f"<iq to='{room}' type='set'><query xmlns='urn:xmpp:mam:2' queryid='{{id}}'/></iq>"
    )
    await juliet.asks(
        f"<iq to='{room}' type='set'><query xmlns='{MUC}#owner'>"
        "<destroy><reason>Morning</reason></destroy></query></iq>"
    )


def _has_code(element: etree._Element, code: str) -> bool:
    return any(status.get("code") == code for status in element.iter(f"{{{MUC}#user}}status"))


async def _look_back(juliet: Person) -> None:
    await juliet.asks("<iq type='get'><query xmlns='urn:xmpp:mam:2'/></iq>")
    answer = await juliet.asks(
        "<iq type='set'><query xmlns='urn:xmpp:mam:2' queryid='{id}'>"
        "<set xmlns='http://jabber.org/protocol/rsm'><max>2</max></set></query></iq>"
    )
    last = answer.findtext(".//{http://jabber.org/protocol/rsm}last")
    assert last, etree.tostring(answer)
    await juliet.asks(
        "<iq type='set'><query xmlns='urn:xmpp:mam:2' queryid='{id}'>"
        "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
        "<value>urn:xmpp:mam:2</value></field><field var='with'><value>romeo@$domain</value>"
        "</field></x><set xmlns='http://jabber.org/protocol/rsm'><max>2</max>"
        "<after>$last</after></set></query></iq>",
        last=last,
    )
    await juliet.asks("<iq type='get'><prefs xmlns='urn:xmpp:mam:2'/></iq>")


async def _part(juliet: Person, romeo: Person) -> None:
    stream = juliet.session.stream
    if stream is not None and stream.features.find("{urn:xmpp:csi:0}csi") is not None:
        await juliet.says("<inactive xmlns='urn:xmpp:csi:0'/>")
        await juliet.says("<active xmlns='urn:xmpp:csi:0'/>")
    for person, other in ((juliet, "romeo"), (romeo, "juliet")):
        await person.asks(
            "<iq type='set'><query xmlns='jabber:iq:roster'>"
            f"<item jid='{other}@$domain' subscription='remove'/></query></iq>"
        )
    for person in (juliet, romeo):
        await person.says("<presence type='unavailable'><status>good night</status></presence>")
        await person.settles()
