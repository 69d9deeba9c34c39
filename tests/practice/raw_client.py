"""A client without a mind of its own: it says what it is told and shows what it hears."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from xmppshell.network.discovery import Target
from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.tcp import Wire, connect
from xmppshell.network.tls import TlsSettings
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.server import PracticeServer

HEADER = (
    "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
PING = "<iq type='get' id='{}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"


def plain(username: str, password: str = PRACTICE_PASSWORD) -> str:
    payload = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
    return f"<auth xmlns='{SASL}' mechanism='PLAIN'>{payload}</auth>"


class RawClient:
    """One connection; `heard` is all that came and was not asked for yet."""

    def __init__(self, wire: Wire, ca_file: Path) -> None:
        self.wire = wire
        self.ca_file = ca_file
        self.heard = ""
        self.ended = False

    async def say(self, text: str | bytes) -> None:
        self.wire.write(text.encode() if isinstance(text, str) else text)
        await self.wire.drain()

    async def hear(self, pattern: str) -> str:
        """Wait until `pattern` (a regular expression) came; return everything up to its end."""
        async with asyncio.timeout(5):
            while (found := re.search(pattern, self.heard)) is None:
                if not await self._read():
                    raise AssertionError(f"no {pattern} before the end: {self.heard}")
        text, self.heard = self.heard[: found.end()], self.heard[found.end() :]
        return text

    async def hear_all(self) -> str:
        """Wait for the end of the connection; return everything until then."""
        async with asyncio.timeout(5):
            while await self._read():
                pass
        text, self.heard = self.heard, ""
        return text

    async def ask(self, text: str, pattern: str) -> str:
        await self.say(text)
        return await self.hear(pattern)

    async def so_far(self) -> str:
        """Return everything that came until the server has answered a ping."""
        text = await self.ask(PING.format("sync"), "<iq type='result' id='sync'[^>]*>")
        return text.rpartition("<iq")[0]

    async def secure(self) -> None:
        settings = TlsSettings(ca_file=str(self.ca_file))
        await self.wire.start_tls(settings, "localhost")

    async def sign_in(self, username: str, resource: str = "") -> str:
        """Do all that comes before stanzas; return the full JID."""
        await self.ask(HEADER, "</stream:features>")
        await self.ask(STARTTLS, "<proceed[^>]*>")
        await self.secure()
        await self.ask(HEADER, "</stream:features>")
        await self.ask(plain(username), "<success[^>]*>")
        await self.ask(HEADER, "</stream:features>")
        return await self.bind(resource)

    async def bind(self, resource: str = "") -> str:
        wanted = f"<resource>{resource}</resource>" if resource else ""
        said = await self.ask(
            f"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{wanted}"
            "</bind></iq>",
            "</iq>",
        )
        return said.partition("<jid>")[2].partition("</jid>")[0]

    async def _read(self) -> bool:
        try:
            data = await self.wire.read()
        except ConnectionFailed:
            data = b""
        self.heard += data.decode()
        self.ended = not data
        return bool(data)


class Stand:
    """A running practice server and the clients that a test has let in."""

    def __init__(self, server: PracticeServer, ca_file: Path, notes: list[str]) -> None:
        self.server = server
        self.ca_file = ca_file
        self.notes = notes
        self._clients: list[RawClient] = []

    async def connect(self, port: int | None = None) -> RawClient:
        target = Target(self.server.address, port or self.server.port, False, "test")
        client = RawClient(await connect(target), self.ca_file)
        self._clients.append(client)
        return client

    async def enter(self, username: str, resource: str = "", priority: int = 0) -> RawClient:
        """Let a user in: signed in, with a resource, and available."""
        client = await self.connect()
        await client.sign_in(username, resource)
        await client.say(f"<presence><priority>{priority}</priority></presence>")
        assert "<presence" in await client.so_far()
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.wire.close(abort=True)


@asynccontextmanager
async def practice(
    folder: Path,
    *,
    direct_tls_port: int | None = None,
    websocket_port: int | None = None,
    component_port: int | None = None,
    **options: object,
) -> AsyncIterator[Stand]:
    """Run a practice server on a free port of loopback, and on others if given."""
    notes: list[str] = []
    server = PracticeServer(on_note=notes.append, **options)  # type: ignore[arg-type]
    await server.start(
        direct_tls_port=direct_tls_port,
        websocket_port=websocket_port,
        component_port=component_port,
    )
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(server.ca_pem)
    stand = Stand(server, ca_file, notes)
    try:
        yield stand
    finally:
        await stand.close()
        await server.stop()
