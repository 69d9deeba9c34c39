"""The practice server in the place of a real one, for scripts that play on either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from practice.raw_client import practice

from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.protocol.jid import JID


@dataclass(frozen=True)
class Venue:
    """What such a script asks of a server: the names are those of `RealServer`.

    There is no `upload_host` and no `pubsub_host` on a practice server: nobody answers there.
    """

    c2s_port: int
    direct_tls_port: int
    ca_file: Path
    accounts: dict[str, str]
    name: str = "practice"
    host: str = "localhost"
    address: str = "127.0.0.1"
    room_host: str = "rooms.localhost"
    upload_host: str = "upload.localhost"
    pubsub_host: str = "pubsub.localhost"


@asynccontextmanager
async def venue(folder: Path, users: tuple[str, ...] = ("juliet", "romeo")) -> AsyncIterator[Venue]:
    """Run a practice server on which nobody is played by an actor."""
    async with practice(folder, direct_tls_port=0, parts=(), registration=True) as stand:
        port = stand.server.direct_tls_port
        assert port is not None, "it was asked for"
        accounts = dict.fromkeys(users, PRACTICE_PASSWORD)
        for user, password in accounts.items():
            stand.server.accounts.add(JID.of(user, "localhost"), password)
        yield Venue(stand.server.port, port, stand.ca_file, accounts)
