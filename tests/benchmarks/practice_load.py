"""Fifty learners on one practice server at once, beside the same load on Prosody.

    python tests/benchmarks/practice_load.py [--learners N] [--seconds S] [--only NAME]

Needs Debian's package `prosody` (or --only practice). Each server is a process of its own, the
practice server as `xmppshell serve` runs it; all learners are in this process. Each signs in under
TLS, sits in a room of five, and sends five stanzas a second: two pings of the server, a chat
message to a neighbour, one to the room and a presence, every other one into the room. Told is the
time from writing a stanza to its return: the result of the ping, the echo of the room, and the
arrival of the message at the neighbour. Other work on the machine shows in the highest values; how
late a task of this process woke that only slept tells how much of it there was. The aims are a 99th
percentile below 50 ms and less than 300 MB for the practice server.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from measuring import ROOT, now

sys.path.insert(0, str(ROOT))

from practice.raw_client import HEADER, STARTTLS, RawClient, plain
from servers.prosody import Prosody
from terminal.served import Served

from xmppshell.network.discovery import Target
from xmppshell.network.tcp import connect

AIM_SECONDS = 0.050
AIM_BYTES = 300e6
PER_SECOND = 5
SEATS = 5
ROOMS = "rooms.localhost"
PASSWORD = "verona"
TICKS = os.sysconf("SC_CLK_TCK")

REGISTER = (
    "<iq type='set' id='account'><query xmlns='jabber:iq:register'><username>{}</username>"
    f"<password>{PASSWORD}</password></query></iq>"
)
JOIN = "<presence to='{}'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
UNLOCK = (
    "<iq type='set' id='unlock' to='{}'><query xmlns='http://jabber.org/protocol/muc#owner'>"
    "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
)
STANZAS = (
    ("ping", "<iq type='get' id='{id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),
    ("chat", "<message type='chat' id='{id}' to='{friend}'><body>Line {id}</body></message>"),
    ("presence", "<presence id='{id}'><status>{id}</status></presence>"),
    ("ping", "<iq type='get' id='{id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),
    ("room", "<message type='groupchat' id='{id}' to='{room}'><body>{id}</body></message>"),
    ("ping", "<iq type='get' id='{id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),
    ("chat", "<message type='chat' id='{id}' to='{friend}'><body>Line {id}</body></message>"),
    ("presence", "<presence id='{id}' to='{room}/{nick}'><status>{id}</status></presence>"),
    ("ping", "<iq type='get' id='{id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"),
    ("room", "<message type='groupchat' id='{id}' to='{room}'><body>{id}</body></message>"),
)
"""What a learner sends in two seconds; what kind of return is awaited, and the text."""

MEASURED = ("ping", "room", "chat")
RETURNED = re.compile(rb"""<(?:iq|message)\b[^>]*\bid=["'](\w+)-(\d+)-(\d+)["'][^>]*>""")


class Server(NamedTuple):
    """Where a server is, and which process it is."""

    name: str
    pid: int
    port: int
    ca_file: Path


class Usage(NamedTuple):
    """What a process has used: bytes at its peak, and seconds of a processor."""

    peak: int
    processor: float


class Learner:
    """One session; `times` collects the seconds until the returns of all of them."""

    def __init__(self, number: int, client: RawClient, times: dict[str, list[float]]) -> None:
        self.number = number
        self.name = f"learner{number}"
        self.client = client
        self.room = f"class{number // SEATS}@{ROOMS}"
        first = number // SEATS * SEATS
        self.friend = f"learner{first + (number + 1) % SEATS}@localhost"
        self.sent = 0
        self._times = times
        self._waiting: dict[bytes, float] = {}

    async def enter(self) -> None:
        """Make the account, sign in, become available, and take a seat in the room."""
        client = self.client
        await client.ask(HEADER, "</stream:features>")
        await client.ask(STARTTLS, "<proceed[^>]*>")
        await client.secure()
        await client.ask(HEADER, "</stream:features>")
        said = await client.ask(REGISTER.format(self.name), r"id=.account.[^>]*>")
        assert "error" not in said, said
        await client.ask(plain(self.name, PASSWORD), "<success[^>]*>")
        await client.ask(HEADER, "</stream:features>")
        await client.bind("seat")
        await client.ask("<presence/>", r"<presence\b[^>]*>")
        await client.ask(JOIN.format(f"{self.room}/{self.name}"), "<subject")
        if self.number % SEATS == 0:
            said = await client.ask(UNLOCK.format(self.room), r"id=.unlock.[^>]*>")
            assert "error" not in said, said

    async def speak(self, until: float) -> None:
        """Send five stanzas a second until then."""
        due = now() + random.random() * len(STANZAS) / PER_SECOND
        while due < until:
            await asyncio.sleep(max(0.0, due - now()))
            due += 1 / PER_SECOND
            kind, text = STANZAS[self.sent % len(STANZAS)]
            stanza_id = f"{kind}-{self.number}-{self.sent}"
            data = text.format(id=stanza_id, friend=self.friend, room=self.room, nick=self.name)
            self.sent += 1
            if kind in MEASURED:
                self._waiting[stanza_id.encode()] = now()
            self.client.wire.write(data.encode())

    async def listen(self, learners: list[Learner]) -> None:
        """Note when what was sent returns; that of a friend is found here, too."""
        tail = b""
        while data := await self.client.wire.read():
            came = now()
            tail += data
            end = 0
            for found in RETURNED.finditer(tail):
                end = found.end()
                kind = found[1].decode()
                if kind in MEASURED and (kind == "chat" or int(found[2]) == self.number):
                    sender = learners[int(found[2])]
                    sent = sender._waiting.pop(b"-".join(found.groups()), None)
                    if sent is not None:
                        self._times[kind].append(came - sent)
            tail = tail[max(end, len(tail) - 500) :]

    @property
    def unanswered(self) -> int:
        """How many stanzas have not returned."""
        return len(self._waiting)


def usage(pid: int) -> Usage:
    """Read what a process has used, its children not included."""
    process = Path(f"/proc/{pid}")
    peak = re.search(r"VmHWM:\s*(\d+) kB", (process / "status").read_text())
    assert peak is not None
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return Usage(int(peak[1]) * 1024, (int(fields[11]) + int(fields[12])) / TICKS)


async def sleep_lightly(late: list[float]) -> None:
    """Note how late one wakes who sleeps 5 ms at a time, until cancelled."""
    while True:
        began = now()
        await asyncio.sleep(0.005)
        late.append(now() - began - 0.005)


async def play(server: Server, number: int, seconds: float) -> tuple[dict[str, list[float]], int]:
    """Let `number` learners speak for a while; give the times and how many sent nothing back."""
    random.seed(5)
    times: dict[str, list[float]] = {kind: [] for kind in MEASURED}
    target = Target("127.0.0.1", server.port, False, "benchmark")
    learners = [
        Learner(n, RawClient(await connect(target), server.ca_file), times) for n in range(number)
    ]
    for learner in learners:
        await learner.enter()
    listeners = [asyncio.create_task(learner.listen(learners)) for learner in learners]
    late: list[float] = []
    listeners.append(asyncio.create_task(sleep_lightly(late)))
    before = usage(server.pid)
    began = now()
    await asyncio.gather(*(learner.speak(began + seconds) for learner in learners))
    await asyncio.sleep(1.0)
    after = usage(server.pid)
    sent = sum(learner.sent for learner in learners)
    print(f"\n{server.name}: {number} learners, {sent} stanzas in {seconds:.0f} s")
    busy = (after.processor - before.processor) / seconds
    print(f"  peak memory {after.peak / 1e6:.0f} MB · processor {busy:.0%} of one core")
    print(
        f"  woke late here  p50 {percentile(late, 0.5) * 1000:6.1f} ms   "
        f"p99 {percentile(late, 0.99) * 1000:6.1f} ms   max {max(late) * 1000:6.1f} ms"
    )
    for listener in listeners:
        listener.cancel()
    for learner in learners:
        await learner.client.wire.close(abort=True)
    return times, sum(learner.unanswered for learner in learners)


def percentile(values: list[float], part: float) -> float:
    """Give the least of the values that at most 1 - `part` of them exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def tell(times: dict[str, list[float]], unanswered: int) -> float:
    """Print the times; give the worst 99th percentile."""
    for kind, values in times.items():
        shown = [percentile(values, part) * 1000 for part in (0.5, 0.99)]
        print(
            f"  {kind:<6} p50 {shown[0]:6.1f} ms   p99 {shown[1]:6.1f} ms   "
            f"max {max(values) * 1000:6.1f} ms   (n={len(values)})"
        )
    print(f"  without an answer: {unanswered}")
    return max(percentile(values, 0.99) for values in times.values())


@contextmanager
def practice_server(folder: Path) -> Iterator[Server]:
    """Run the practice server as `xmppshell serve` runs it."""
    with Served(folder) as served:
        yield Server("xmppshell serve", served.pid, served.port, served.ca_file)


@contextmanager
def prosody_server(folder: Path) -> Iterator[Server]:
    """Run Prosody with registration open."""
    with Prosody(allow_registration=True) as server:
        yield Server("Prosody", server.pid, server.c2s_port, server.ca_file)


SERVERS = {"practice": practice_server, "prosody": prosody_server}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only", choices=sorted(SERVERS))
    options = parser.parse_args()
    names = [options.only] if options.only else list(SERVERS)
    if "prosody" in names and shutil.which("prosody") is None:
        sys.exit("not installed: prosody")
    worst, peak = {}, {}
    print(f"{os.cpu_count()} processors, load of the last minute {os.getloadavg()[0]:.1f}")
    for name in names:
        with tempfile.TemporaryDirectory() as folder, SERVERS[name](Path(folder)) as server:
            worst[name] = tell(*asyncio.run(play(server, options.learners, options.seconds)))
            peak[name] = usage(server.pid).peak
    if "practice" in names:
        print(
            f"\nworst p99 {worst['practice'] * 1000:.1f} ms (aim: below {AIM_SECONDS * 1000:.0f}), "
            f"peak {peak['practice'] / 1e6:.0f} MB (aim: below {AIM_BYTES / 1e6:.0f})"
        )


if __name__ == "__main__":
    main()
