"""Measure the framer: its speed on small stanzas, and its time on pieces that never end.

Run `python tests/benchmarks/framing.py`. Every figure is the best of several runs in this
process, next to its peers on the same bytes: ratios say more than absolute figures.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from xmppshell.protocol.framing import FrameKind, Framer, FramingError
from xmppshell.protocol.xml import Context, parse_element, parse_header

HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' from='localhost' id='s1' version='1.0'>"
)
STANZAS = (
    b"<message from='romeo@localhost/orchard' to='juliet@localhost/balcony' type='chat' "
    b"id='m1'><body>Neither, fair saint, if either thee dislike &amp; so on.</body></message>",
    b"<presence from='romeo@localhost/orchard' to='juliet@localhost'><show>away</show>"
    b"<priority>5</priority></presence>",
    b"<iq type='result' id='j2' from='localhost' to='juliet@localhost/balcony'/>",
    b"<iq type='get' id='d7' from='juliet@localhost/balcony' to='localhost'>"
    b"<query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
)
COUNT = 60_000
MEGABYTE = 1_000_000
PIECE = 1_000


class OneRegexFramer:
    """The naive peer: on each feed it looks for tags from the start of the unfinished element."""

    _TAG = re.compile(rb"""<(/?)[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*(?<!/)(/?)>""")

    def __init__(self) -> None:
        self._buffer = b""
        self._opened = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the elements that `data` completes."""
        self._buffer += data
        frames = []
        start = depth = 0
        for tag in self._TAG.finditer(self._buffer):
            if not self._opened:
                self._opened = not tag[0].startswith(b"<?")
                start = tag.end()
                continue
            depth += -1 if tag[1] else 1
            if tag[0].endswith(b"/>"):
                depth -= 1
            if depth == 0:
                frames.append(self._buffer[start : tag.end()])
                start = tag.end()
        self._buffer = self._buffer[start:]
        return frames


def pieces(data: bytes, size: int) -> list[bytes]:
    """Return `data` cut into pieces of `size` bytes."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def best(run: Callable[[], object], times: int) -> float:
    """Return the shortest of several runs in seconds."""

    def once() -> float:
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    return min(once() for _ in range(times))


def frame(chunks: list[bytes]) -> int:
    """Frame the chunks; return the number of elements."""
    framer = Framer()
    return sum(
        1 for chunk in chunks for item in framer.feed(chunk) if item.kind is FrameKind.ELEMENT
    )


def frame_and_parse(chunks: list[bytes]) -> int:
    """Frame the chunks and parse each element; return the number of elements."""
    framer = Framer()
    context = Context.of(parse_header(HEADER))
    count = 0
    for chunk in chunks:
        for item in framer.feed(chunk):
            if item.kind is FrameKind.ELEMENT:
                parse_element(item.data, context)
                count += 1
    return count


def pull_parse(chunks: list[bytes]) -> int:
    """Parse the chunks with lxml's XMLPullParser, which keeps no bytes; return the number."""
    parser = etree.XMLPullParser(events=("start", "end"))
    count = depth = 0
    for chunk in chunks:
        parser.feed(chunk)
        for event, element in parser.read_events():
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 1:
                count += 1
                while element.getprevious() is not None:
                    del element.getparent()[0]
    return count


def frame_naively(chunks: list[bytes]) -> int:
    """Frame the chunks with the one-regex framer; return the number of elements."""
    framer = OneRegexFramer()
    return sum(len(framer.feed(chunk)) for chunk in chunks)


def show_speed() -> None:
    """Print the speed on small stanzas."""
    stream = HEADER + b"".join(STANZAS) * (COUNT // len(STANZAS))
    print(f"{COUNT:,} small stanzas, {len(stream) / MEGABYTE:.1f} MB\n")
    runs = (
        ("framer", frame),
        ("framer + parse_element", frame_and_parse),
        ("lxml XMLPullParser (parse only)", pull_parse),
        ("naive one-regex framer", frame_naively),
    )
    for size in (65_536, 4_096):
        chunks = pieces(stream, size)
        print(f"in chunks of {size:,} bytes{'stanzas/s':>23}   of the pull parser")
        seconds = {}
        for name, run in runs:
            assert run(chunks) == COUNT, name
            seconds[name] = best(lambda run=run, chunks=chunks: run(chunks), 2)  # type: ignore[misc]
        for name, taken in seconds.items():
            ratio = seconds["lxml XMLPullParser (parse only)"] / taken
            print(f"  {name:<33}{COUNT / taken:>12,.0f}   {ratio:6.2f}")
        print()


UNFINISHED = {
    "start tag": (b"<a ", b"b = 'c' "),
    "attribute value": (b"<a b='", b"value > "),
    "CDATA": (b"<a><![CDATA[", b"]] <b> >"),
    "text": (b"<a>", b"text ]> "),
    "element": (b"<a>", b"<b>1</b>"),
}


def endless(kind: str, size: int) -> list[bytes]:
    """Return about `size` bytes of an unfinished piece of this kind, in pieces of 1 kB."""
    opening, more = UNFINISHED[kind]
    return pieces(opening + more * (size // len(more)), PIECE)


def time_unfinished(make: Callable[[], Framer | OneRegexFramer], chunks: list[bytes]) -> float:
    """Return how long a framer takes for chunks that complete nothing, in seconds."""
    framer = make()
    framer.feed(HEADER)
    start = time.perf_counter()
    for chunk in chunks:
        framer.feed(chunk)
    return time.perf_counter() - start


def rows(make: Callable[[], Framer | OneRegexFramer], sizes: list[int], runs: int) -> Iterator[str]:
    """Yield a line for each kind of unfinished piece."""
    for kind in UNFINISHED:
        times = [
            min(time_unfinished(make, endless(kind, size)) for _ in range(runs)) for size in sizes
        ]
        cells = "".join(f"{taken * 1000:>10.1f}" for taken in times)
        yield f"  {kind:<20}{cells}{times[-1] / times[-2]:>10.1f}"


def show_linear_time() -> None:
    """Print the time on pieces that never end; linear time doubles when the size doubles."""
    sizes = [MEGABYTE // 2, MEGABYTE, 2 * MEGABYTE]
    print("unfinished, fed in pieces of 1 kB: ms for the framer")
    print(f"  {'':<20}{'0.5 MB':>10}{'1 MB':>10}{'2 MB':>10}{'2 MB/1 MB':>10}")
    for row in rows(Framer, sizes, 7):
        print(row)
    print("\nthe same for the naive one-regex framer, at a sixteenth of the size: ms")
    print(f"  {'':<20}{'31 kB':>10}{'62 kB':>10}{'125 kB':>10}{'last/prev':>10}")
    for row in rows(OneRegexFramer, [size // 16 for size in sizes], 1):
        print(row)


def show_comment() -> None:
    """Print how soon an unfinished comment is refused."""
    framer = Framer()
    framer.feed(HEADER)
    fed = 0
    for chunk in pieces(b"<!--" + b" no end " * (2 * MEGABYTE // 8), PIECE):
        fed += len(chunk)
        try:
            framer.feed(chunk)
        except FramingError as error:
            print(f"\nan unfinished comment is refused in its first {fed:,} bytes:")
            print(f"  {error.condition}: {error}")
            return
    raise AssertionError("the comment was not refused")


def main() -> None:
    """Print everything."""
    start = time.perf_counter()
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {version}, lxml {etree.__version__}\n")
    show_speed()
    show_linear_time()
    show_comment()
    print(f"\ntook {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
