"""What the profiles say of Prosody and ejabberd, asked of the servers themselves."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from practice.edge_driver import END, joined, pieces_of
from practice.edge_inputs import (
    ALL,
    AVAILABLE,
    BEFORE,
    BINDING,
    HEADER,
    HEADERS,
    SIGNING_IN,
    Case,
    as_other,
)
from practice.raw_client import RawClient, plain
from servers.ejabberd import Ejabberd
from servers.prosody import Prosody
from servers.real_server import ACCOUNTS, RealServer
from servers.requirement import require

from xmppshell.network.discovery import Target
from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.tcp import connect

QUIET = 0.1
"""How many seconds of silence mean that nothing more comes."""

SERVERS: dict[str, type[RealServer]] = {"prosody": Prosody, "ejabberd": Ejabberd}

ELSEWHERE = {
    # The servers of the tests let nobody register.
    "IBR get",
    # The ejabberd of the tests refuses other servers otherwise, and takes stanzas of any size.
    "msg nonexist domain",
    "huge 300k",
    # The parser of the practice server has a limit where theirs have none.
    "deep 3000",
}
"""Inputs whose answer depends on how a server was set up."""


class Visitors:
    """The clients of one case, all without TLS."""

    def __init__(self, server: RealServer) -> None:
        self._server = server
        self._clients: list[RawClient] = []

    async def connect(self) -> RawClient:
        target = Target(self._server.address, self._server.c2s_port, False, "test")
        client = RawClient(await connect(target), Path(self._server.ca_file))
        self._clients.append(client)
        return client

    async def sign_in(self, user: str) -> RawClient:
        client = await self.connect()
        await client.ask(HEADER, "</stream:features>")
        await client.ask(plain(user, ACCOUNTS[user]), "<success[^>]*>")
        await client.ask(HEADER, "</stream:features>")
        return client

    async def enter(self, user: str, resource: str) -> RawClient:
        client = await self.sign_in(user)
        await client.bind(resource)
        own = f"<presence[^>]*from='{user}@localhost/{resource}'"
        await client.ask("<presence/>", own)
        return client

    async def leave(self) -> None:
        for client in self._clients:
            await client.wire.close(abort=True)
        self._clients.clear()


async def listen(client: RawClient) -> str:
    """Return what comes until the end or until there is silence."""
    heard, client.heard = client.heard.encode(), ""
    while True:
        try:
            async with asyncio.timeout(QUIET):
                data = await client.wire.read()
        except (TimeoutError, ConnectionFailed):
            break
        if not data:
            break
        heard += data
    return heard.decode()


async def befriend(visitors: Visitors) -> None:
    """Let juliet and romeo see each other's presence."""
    for one, other in (("juliet", "romeo"), ("romeo", "juliet")):
        first = await visitors.enter(one, "a")
        second = await visitors.enter(other, "b")
        await first.say(f"<presence type='subscribe' to='{other}@localhost'/>")
        await listen(second)
        await second.say(f"<presence type='subscribed' to='{one}@localhost'/>")
        await listen(first)
        await visitors.leave()


async def answer_of(visitors: Visitors, case: Case) -> str:
    if case in HEADERS or case in SIGNING_IN:
        client = await visitors.connect()
        if case in SIGNING_IN:
            await client.ask(HEADER, "</stream:features>")
        said = as_other(ACCOUNTS["juliet"]) if case.name == "authzid other" else case.data
        return await told(client, said, case, heard=case in SIGNING_IN)
    client = await visitors.sign_in("juliet")
    if case in BINDING:
        return await told(client, case.data, case)
    await client.bind("r")
    if case in AVAILABLE:
        await client.say("<presence/>")
        await listen(client)
    other = await visitors.enter("romeo", "orchard")
    await listen(other)
    if case in AVAILABLE:
        await listen(client)
    answer = await told(client, case.data, case)
    delivered = pieces_of(await listen(other))
    return f"{answer} + delivered".removeprefix("silence + ") if delivered else answer


async def told(client: RawClient, data: bytes, case: Case, *, heard: bool = True) -> str:
    with contextlib.suppress(ConnectionFailed):  # What it said before it hung up is heard below.
        await client.say(data)
    ends = data.endswith(END.encode())
    text = await client.hear_all() if ends else await listen(client)
    success = text.find("<success")
    text = text if success < 0 else text[: text.index(">", success) + 1]
    return joined(pieces_of(text, heard=heard), case)


@pytest.mark.real_server
@pytest.mark.parametrize("name", SERVERS)
async def test_the_server_answers_as_its_profile(name: str) -> None:
    require(SERVERS[name])
    wrong = []
    with SERVERS[name](password_hash=None, require_encryption=False) as server:
        visitors = Visitors(server)
        await befriend(visitors)
        for case in ALL:
            if case in BEFORE or case.name in ELSEWHERE:
                continue
            answer = await answer_of(visitors, case)
            await visitors.leave()
            if answer != case.answer(name):
                wrong.append((case.name, answer, case.answer(name)))
    assert not wrong, "\n".join(map(str, wrong))
