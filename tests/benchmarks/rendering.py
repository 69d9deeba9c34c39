"""How many small stanzas a second are framed, parsed, made pretty and coloured.

Run as a script: `python tests/benchmarks/rendering.py [--stanzas N] [--rounds N]`. Every figure is
the best of the rounds, which take turns. Pygments' XmlLexer on lxml's own indentation, what one
would use without a view of one's own, is measured in the same run for comparison.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable

from lxml import etree
from pygments import highlight
from pygments.formatters.terminal import TerminalFormatter
from pygments.lexers.html import XmlLexer

from xmppshell.protocol.framing import Frame, FrameKind, Framer
from xmppshell.protocol.xml import Context, parse_element
from xmppshell.terminal.pretty import pretty
from xmppshell.terminal.theme import Theme
from xmppshell.transcript.redaction import redact

READ_SIZE = 16_384
HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='s1' version='1.0'"
    b" from='localhost' xmlns:stream='http://etherx.jabber.org/streams'>"
)
KINDS = (
    "<iq type='result' id='j{n}' to='juliet@localhost/balcony' from='friend{n}@localhost/orchard'>"
    "<ping xmlns='urn:xmpp:ping'/></iq>",
    '<message from="romeo{n}@localhost/orchard" to="juliet@localhost" type="chat">'
    "<body>Neither, fair saint {n} &amp; {n}</body></message>",
    "<presence from='friend{n}@localhost/orchard' to='juliet@localhost/balcony'>"
    "<show>away</show><status>gone {n}</status></presence>",
    "<iq type='result' id='r{n}' to='juliet@localhost/balcony'><query xmlns='jabber:iq:version'>"
    "<name>server</name></query></iq>",
)


def stanzas(count: int) -> list[bytes]:
    """Return `count` stanzas of about 130 bytes, no two alike."""
    return [KINDS[n % len(KINDS)].format(n=n).encode() for n in range(count)]


def frame(stream: bytes) -> list[Frame]:
    """Frame a stream in pieces as they come off a socket."""
    framer = Framer()
    frames: list[Frame] = []
    for start in range(0, len(stream), READ_SIZE):
        frames += framer.feed(stream[start : start + READ_SIZE])
    return [found for found in frames if found.kind is FrameKind.ELEMENT]


def steps(data: list[bytes]) -> dict[str, Callable[[], object]]:
    """Return what is measured, by name; each does all of `data` once."""
    stream = HEADER + b"".join(data)
    texts = [piece.decode() for piece in data]
    context = Context.for_namespace()
    elements = [parse_element(piece, context) for piece in data]
    colour, plain = Theme(colour=True), Theme(colour=False)
    lexer, formatter = XmlLexer(), TerminalFormatter()

    def together() -> None:
        for found in frame(stream):
            parse_element(found.data, context)
            pretty(found.data.decode(), colour)

    def with_redaction() -> None:
        for found in frame(stream):
            parse_element(found.data, context)
            pretty(redact(found.data.decode()), colour, width=100, margin=2)

    def pygments() -> None:
        for element in elements:
            etree.indent(element)
            highlight(etree.tostring(element, encoding="unicode"), lexer, formatter)

    return {
        "framing": lambda: frame(stream),
        "parse_element": lambda: [parse_element(piece, context) for piece in data],
        "pretty, no colour": lambda: [pretty(text, plain) for text in texts],
        "pretty, colour": lambda: [pretty(text, colour) for text in texts],
        "redact": lambda: [redact(text) for text in texts],
        "framing + parse + pretty": together,
        "the same with redaction": with_redaction,
        "pygments + lxml indent": pygments,
    }


def main() -> None:
    """Measure and print one line for each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stanzas", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    data = stanzas(arguments.stanzas)
    measured = steps(data)
    best = dict.fromkeys(measured, float("inf"))
    for _ in range(arguments.rounds):
        for name, step in measured.items():
            gc.collect()
            begun = time.perf_counter()
            step()
            best[name] = min(best[name], time.perf_counter() - begun)
    size = sum(map(len, data)) / len(data)
    print(f"{len(data):,} stanzas of {size:.0f} bytes, best of {arguments.rounds} rounds")
    reference = best["pygments + lxml indent"]
    for name, seconds in best.items():
        rate = len(data) / seconds
        print(f"{name:26} {rate:10,.0f} stanzas/s   {reference / seconds:6.1f} times pygments")


if __name__ == "__main__":
    main()
