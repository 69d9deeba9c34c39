"""The round trips from SYN to a bound resource, through a proxy that makes the network slow.

    python tests/benchmarks/round_trips.py [--delay MS] [--server NAME]

Each way of signing in is gone once to warm up and then `--times` times; the time is the median.
It is divided by the round trip of the proxy, and should be the number of round trips and a little
for the work that both sides do; the proxy also counts the flights that pass it. Without
`--server`, the practice server is the other side; else it is prosody or ejabberd, or prosody13 or
ejabberd24 of Debian 13. SASL2, Bind 2 and FAST are tried where the server has them.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from measuring import ROOT

sys.path.insert(0, str(ROOT))

from delaying_proxy import DelayingProxy
from servers.debian13 import Ejabberd24, Prosody13
from servers.ejabberd import Ejabberd
from servers.prosody import Prosody
from servers.real_server import RealServer

from xmppshell.feed import Record
from xmppshell.network.discovery import TlsMode
from xmppshell.practice.server import PRACTICE_PASSWORD, PracticeServer
from xmppshell.protocol.credentials import FastToken
from xmppshell.protocol.events import FastTokenReceived, Online
from xmppshell.protocol.jid import JID
from xmppshell.session import Session
from xmppshell.settings import Settings

SERVERS: dict[str, type[RealServer]] = {
    "prosody": Prosody,
    "ejabberd": Ejabberd,
    "prosody13": Prosody13,
    "ejabberd24": Ejabberd24,
}
WITH_SASL2 = {"practice", "prosody13", "ejabberd24"}
CLIENT_ID = "d4565fa7-4d72-4749-b3d3-740edbf87770"


@dataclass(frozen=True)
class Way:
    """One way to sign in, and the round trips that it should take."""

    name: str
    aim: int
    direct: bool = False
    pipeline: bool = False
    sasl2: bool = False
    fast: bool = False


WAYS = (
    Way("STARTTLS, SCRAM", 9),
    Way("STARTTLS, SCRAM, pipelined", 6, pipeline=True),
    Way("direct TLS, SCRAM", 7, direct=True),
    Way("direct TLS, SCRAM, pipelined", 5, direct=True, pipeline=True),
    Way("direct TLS, SASL2 + Bind 2", 5, direct=True, sasl2=True),
    Way("direct TLS, SASL2 + Bind 2, pipelined", 4, direct=True, sasl2=True, pipeline=True),
    Way("direct TLS, FAST", 4, direct=True, sasl2=True, fast=True),
    Way("direct TLS, FAST, pipelined", 3, direct=True, sasl2=True, fast=True, pipeline=True),
)


@dataclass(frozen=True)
class House:
    """A running server: where it is, and juliet's password there."""

    address: str
    port: int
    direct_tls_port: int
    ca_file: Path
    password: str


@asynccontextmanager
async def running(name: str) -> AsyncIterator[House]:
    """Run a server by its name."""
    if name != "practice":
        with SERVERS[name]() as real:
            yield House(
                real.address,
                real.c2s_port,
                real.direct_tls_port,
                real.ca_file,
                real.accounts["juliet"],
            )
        return
    server = PracticeServer(sasl2=True, exporter=True)
    await server.start(direct_tls_port=0)
    with tempfile.TemporaryDirectory(prefix="xmppshell-") as folder:
        ca_file = Path(folder) / "ca.pem"
        ca_file.write_bytes(server.ca_pem)
        assert server.direct_tls_port is not None
        try:
            yield House(
                server.address, server.port, server.direct_tls_port, ca_file, PRACTICE_PASSWORD
            )
        finally:
            await server.stop()


@dataclass
class Login:
    """What one login took and brought."""

    seconds: float = 0.0
    round_trips: int = 0
    token: FastToken | None = None


async def sign_in(settings: Settings, proxy: DelayingProxy | None = None) -> Login:
    """Sign in once and leave."""
    login = Login()

    def observe(record: Record) -> None:
        if isinstance(record.event, Online):
            login.seconds = record.event.seconds
            login.round_trips = 0 if proxy is None else proxy.round_trips
        elif isinstance(record.event, FastTokenReceived):
            login.token = record.event.token

    session = Session("juliet", settings)
    session.feed.subscribe(observe)
    await session.open()
    await session.close()
    return login


async def measure(way: Way, house: House, delay: float, times: int) -> tuple[float, int]:
    """Go one way; give the median of the seconds that it took, and the flights counted."""
    target = house.direct_tls_port if way.direct else house.port
    settings = Settings(
        JID.parse("juliet@localhost"),
        house.password,
        host="127.0.0.1",
        port=target,
        tls=TlsMode.DIRECT if way.direct else TlsMode.STARTTLS,
        ca_file=str(house.ca_file),
        pipeline=way.pipeline,
        sasl2=way.sasl2,
        fast=way.fast,
        client_id=CLIENT_ID if way.sasl2 else "",
    )
    first = await sign_in(replace(settings, pipeline=False))
    if way.fast:
        assert first.token is not None, "the server gave no token"
        settings = replace(settings, fast_token=first.token)
    async with DelayingProxy(house.address, target, delay) as proxy:
        settings = replace(settings, port=proxy.port)
        logins = [await sign_in(settings, proxy) for _ in range(times)]
    seconds = statistics.median(login.seconds for login in logins)
    return seconds, max(login.round_trips for login in logins)


async def compare(name: str, delay: float, times: int) -> bool:
    """Print a line for each way that the server has; say whether all were as they should be."""
    right = True
    async with running(name) as house:
        print(f"{name}, {delay * 1000:.0f} ms each way")
        for way in WAYS:
            if way.sasl2 and name not in WITH_SASL2:
                continue
            seconds, counted = await measure(way, house, delay, times)
            trips = seconds / (2 * delay)
            mark = "" if int(trips) == counted == way.aim else "   <- not the aim"
            right = right and not mark
            print(
                f"  {way.name:<40} {seconds * 1000:7.1f} ms   {trips:5.2f} round trips, "
                f"{counted} counted (aim: {way.aim}){mark}"
            )
    return right


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--delay", type=float, default=50.0, metavar="MS", help="each way (50)")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--server", choices=["practice", *SERVERS], default="practice")
    options = parser.parse_args()
    if options.server != "practice":
        missing = SERVERS[options.server].absence()
        if missing:
            sys.exit(missing)
    right = asyncio.run(compare(options.server, options.delay / 1000, options.times))
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
