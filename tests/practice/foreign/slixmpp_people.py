"""Clients made with slixmpp, as its own documentation has them made; nothing here is ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from practice.raw_client import Stand
from slixmpp import ClientXMPP

from xmppshell.practice.accounts import PRACTICE_PASSWORD

PATIENCE = 5.0
"""Seconds to wait for anything."""

PLUGINS = (
    "xep_0012",  # last activity
    "xep_0030",  # service discovery
    "xep_0045",  # rooms
    "xep_0049",  # private storage
    "xep_0050",  # commands
    "xep_0054",  # cards
    "xep_0060",  # publish-subscribe
    "xep_0092",  # version
    "xep_0115",  # capabilities
    "xep_0163",  # personal eventing
    "xep_0172",  # nicknames
    "xep_0184",  # receipts
    "xep_0191",  # blocking
    "xep_0199",  # ping
    "xep_0202",  # time
    "xep_0280",  # carbons
    "xep_0313",  # archives
    "xep_0402",  # bookmarks
    "xep_0410",  # ping of oneself in a room
)

HEARD = ("message", "groupchat_subject", "presence", "groupchat_presence", "roster_update")
"""The events that have what others say to it."""


class Person(ClientXMPP):
    """One client, with what it was told by message, presence and roster push."""

    def __init__(
        self, jid: str, password: str, stand: Stand, plugins: tuple[str, ...], **options: Any
    ) -> None:
        super().__init__(jid, password, **options)
        self.ca_certs = stand.ca_file
        for plugin in plugins:
            self.register_plugin(plugin)
        self.heard: list[Any] = []
        for event in HEARD:
            self.add_event_handler(event, self.heard.append)
        self.failed: list[object] = []
        for event in ("failed_auth", "failed_all_auth", "stream_error", "connection_failed"):
            self.add_event_handler(event, self.failed.append)

    async def hears(self, wanted: Callable[[Any], bool]) -> Any:
        """Wait for a stanza that is `wanted`; return it, and forget it and those before."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for place, stanza in enumerate(self.heard):
                    if wanted(stanza):
                        del self.heard[: place + 1]
                        return stanza
                assert not self.failed, self.failed
                await asyncio.sleep(0.005)

    async def hears_body(self, body: str) -> Any:
        """Wait for the message with this body."""
        return await self.hears(lambda s: s.name == "message" and s["body"] == body)


@asynccontextmanager
async def person(
    stand: Stand,
    user: str,
    *,
    password: str = PRACTICE_PASSWORD,
    direct_tls_port: int | None = None,
    plugins: tuple[str, ...] = PLUGINS,
    **options: Any,
) -> AsyncIterator[Person]:
    """Sign a user in, by STARTTLS or direct TLS, and out in the end."""
    client = Person(f"{user}@localhost", password, stand, plugins, **options)
    client.enable_direct_tls = direct_tls_port is not None
    client.enable_starttls = direct_tls_port is None
    started = asyncio.ensure_future(client.wait_until("session_start", PATIENCE))
    client.connect(stand.server.address, direct_tls_port or stand.server.port)
    try:
        await started
        yield client
    finally:
        started.cancel()
        await client.disconnect()
