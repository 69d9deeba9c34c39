"""Says what `edge_inputs` lists to a practice server, and tells how that was answered."""

from __future__ import annotations

from pathlib import Path

from practice.edge_inputs import (
    AVAILABLE,
    BEFORE,
    BINDING,
    BOUND,
    HEADER,
    HEADERS,
    SASL,
    SIGNING_IN,
    SM,
    STREAMS,
    Case,
)
from practice.raw_client import RawClient, Stand, plain, practice

from xmppshell.network.failures import ConnectionFailed
from xmppshell.practice.server import TlsOffer
from xmppshell.protocol.framing import FrameKind, Framer
from xmppshell.protocol.xml import Context, parse_element

END = "</stream:stream>"
CLIENT = "jabber:client"


async def answer_to(case: Case, folder: Path, **options: object) -> str:
    """Return what a practice server answers to one case.

    Each error must say why in words.
    """
    tls = TlsOffer.REQUIRED if case in BEFORE else TlsOffer.NONE
    async with practice(folder, tls=tls, registration=True, parts=(), **options) as stand:
        client = await stand.connect()
        if case in HEADERS:
            heard = await _rest(client, case)
            return joined(pieces_of(heard, heard=False), case)
        await client.ask(HEADER, "</stream:features>")
        if case in BEFORE or case in SIGNING_IN:
            return joined(pieces_of(await _rest(client, case)), case)
        await client.ask(plain("juliet"), "<success[^>]*>")
        await client.ask(HEADER, "</stream:features>")
        if case in BINDING:
            return joined(pieces_of(await _rest(client, case)), case)
        assert case in BOUND or case in AVAILABLE
        return await _bound(stand, client, case)


async def _bound(stand: Stand, client: RawClient, case: Case) -> str:
    await client.bind("r")
    if case in AVAILABLE:
        await client.say("<presence/>")
        await client.so_far()
    other = await _enter_other(stand)
    await client.so_far()
    pieces = pieces_of(await _rest(client, case))
    delivered = await other.so_far()
    if pieces_of(delivered):
        pieces.append("delivered")
    return joined(pieces, case)


async def _enter_other(stand: Stand) -> RawClient:
    """Let romeo in, without TLS, and available."""
    other = await stand.connect()
    await other.ask(HEADER, "</stream:features>")
    await other.ask(plain("romeo"), "<success[^>]*>")
    await other.ask(HEADER, "</stream:features>")
    await other.bind("orchard")
    await other.say("<presence/>")
    await other.so_far()
    return other


async def _rest(client: RawClient, case: Case) -> str:
    """Say the input and the closing tag, and return everything that came until the end."""
    client.heard = ""
    try:
        await client.say(case.data)
        await client.say("</stream>" if b"<stream " in case.data else END)
    except ConnectionFailed:
        pass  # the server hung up in the middle of it, which is an answer
    heard = await client.hear_all()
    failed = any(tag in heard for tag in ("<error ", "<stream:error>", "<failure ", "<failed "))
    assert not failed or "<text " in heard, heard
    success = heard.find("<success")
    return heard if success < 0 else heard[: heard.index(">", success) + 1]


def pieces_of(text: str, *, heard: bool = True) -> list[str]:
    """Return what was heard in a few words; `heard` says whether the header was before."""
    framer = Framer(max_depth=5000)
    context = Context({None: CLIENT, "stream": STREAMS})
    data = (HEADER + text if heard else text).encode()
    pieces: list[str] = []
    for frame in framer.feed(data):
        if frame.kind is FrameKind.HEADER and not heard:
            pieces.append("header")
        elif frame.kind is FrameKind.ELEMENT:
            pieces.append(_described(frame.data, context))
        elif frame.kind is FrameKind.END:
            pieces.append("end")
    return [piece for piece in pieces if piece]


def _described(data: bytes, context: Context) -> str:
    element = parse_element(data, context)
    namespace, _, name = str(element.tag).lstrip("{").rpartition("}")
    condition = str(element[0].tag).rpartition("}")[2] if len(element) else ""
    if namespace == STREAMS:
        return f"stream {condition}" if name == "error" else name
    if namespace in (SASL, SM):
        waits = name in ("failure", "failed")
        return f"{name} {condition}" if waits else "" if name in ("r", "a") else name
    assert namespace in (CLIENT, ""), data
    error = element.find("{*}error")
    if error is not None:
        return f"{error.get('type')} {str(error[0].tag).rpartition('}')[2]}"
    if element.get("type") == "result":
        return "result"
    return "" if element.get("type") == "unavailable" else name


def joined(pieces: list[str], case: Case) -> str:
    """Return the answer as the cases write it."""
    if "features" in pieces or any(piece.startswith("stream ") for piece in pieces):
        pieces = [piece for piece in pieces if piece != "header"]
    asked = case.data.decode(errors="replace").endswith(END)
    if pieces and not asked:
        pieces = [piece for piece in pieces if piece != "end"]
    once = [p for i, p in enumerate(pieces) if p != "presence" or "presence" not in pieces[:i]]
    return " + ".join(once) or "silence"
