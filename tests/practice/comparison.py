"""Plays steps on a server and reduces what each of the two is told to what kind of thing it is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

from lxml import etree
from practice.comparison_steps import PARIS, ROSALINE, Step
from practice.raw_client import HEADER, STARTTLS, RawClient, plain

from xmppshell.network.discovery import Target
from xmppshell.network.tcp import connect
from xmppshell.protocol.errors import stanza_error

RESOURCES = {PARIS: "first", ROSALINE: "second"}
SETTLE = 0.02
"""Seconds in which a server passes on what it has taken, before it is asked for a sign of life."""

STAMPS = frozenset({"stanza-id", "occupant-id", "origin-id", "delay", "addresses", "archived", "c"})
"""What servers add to stanzas as they please."""

AVATAR = "{vcard-temp:x:update}x"
MUC_USER = "{http://jabber.org/protocol/muc#user}"
_SYNC = re.compile(r"<iq\b[^>]*\bid=['\"]sync-\d+['\"][^>]*>(?:</iq>)?")
_LAST = re.compile("<last>([^<]+)</last>")

Answer = tuple[str, ...]
"""What the two are told after a step: whom, and what, in order for each of them."""


class Place(Protocol):
    """What the steps are played on: the names are those of `RealServer`."""

    address: str
    c2s_port: int
    room_host: str
    accounts: dict[str, str]


@asynccontextmanager
async def _here(place: Place, ca_file: object) -> AsyncIterator[dict[str, RawClient]]:
    clients = {}
    target = Target(place.address, place.c2s_port, False, "comparison")
    try:
        for user, resource in RESOURCES.items():
            clients[user] = client = RawClient(await connect(target), ca_file)  # type: ignore[arg-type]
            await client.ask(HEADER, "</stream:features>")
            await client.ask(STARTTLS, "<proceed[^>]*>")
            await client.secure()
            await client.ask(HEADER, "</stream:features>")
            await client.ask(plain(user, place.accounts[user]), "<success[^>]*>")
            await client.ask(HEADER, "</stream:features>")
            await client.bind(resource)
        yield clients
    finally:
        for client in clients.values():
            await client.wire.close(abort=True)


async def play(place: Place, ca_file: object, steps: Iterable[Step]) -> dict[str, Answer]:
    """Let the two say all that, and return the answers by the names of the steps."""
    answers = {}
    last = ""
    async with _here(place, ca_file) as clients:
        number = 0
        for step in steps:
            text = step.text.replace("ROOMS", place.room_host).replace("LAST", last)
            await clients[step.who].say(text)
            told: list[str] = []
            heard = dict.fromkeys(clients, "")
            order = [step.who, *(user for user in clients if user != step.who)]
            for pause in (SETTLE, 0):
                for user in order:
                    number += 1
                    heard[user] += await _until_sync(clients[user], number)
                await asyncio.sleep(pause)
            for user in clients:
                found = _LAST.findall(heard[user])
                last = found[-1] if found else last
                told += (f"{user}: {kind}" for kind in kinds(heard[user]))
            answers[step.name] = tuple(told)
    return answers


async def _until_sync(client: RawClient, number: int) -> str:
    ping = f"<iq type='get' id='sync-{number}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
    heard = await client.ask(ping, f"<iq\\b[^>]*\\bid=['\"]sync-{number}['\"][^>]*>(?:</iq>)?")
    return _SYNC.sub("", heard)


def kinds(text: str) -> list[str]:
    """Reduce each of the stanzas in `text`."""
    wrapped = (
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
        f"{text}</stream:stream>"
    )
    found = [kind_of(element) for element in etree.fromstring(wrapped)]
    # Nothing says when a push or a reply comes, seen from messages and presence.
    return sorted(found, key=lambda kind: (kind.startswith("iq"), kind.startswith("iq set")))


def kind_of(element: etree._Element) -> str:
    """Say of what kind a stanza is: its type, error, payload elements, and what a room says."""
    name = etree.QName(element).localname
    kind = element.get("type", "")
    error = stanza_error(element) if kind == "error" else None
    if error is not None:
        return f"{name} error {error.type} {error.condition}"
    names = {_payload(child) for child in element} - STAMPS
    parts = [name, kind, *sorted(names)]
    return " ".join(part for part in parts if part)


def _payload(child: etree._Element) -> str:
    name = etree.QName(child).localname
    if child.tag == AVATAR:
        return "c"
    if child.tag == f"{MUC_USER}x":
        item = child.find(f"{MUC_USER}item")
        who = "" if item is None else f"{item.get('affiliation')}/{item.get('role')}"
        codes = sorted(status.get("code", "") for status in child.iter(f"{MUC_USER}status"))
        return f"x[{' '.join([who, *codes]).strip()}]"
    if name in ("fin", "prefs", "x", "result", "command"):
        return name
    inside = dict.fromkeys(etree.QName(c).localname for c in child if isinstance(c.tag, str))
    return f"{name}({' '.join(sorted(inside))})" if inside else name
