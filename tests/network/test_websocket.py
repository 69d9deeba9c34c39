"""WebSocket as a wire, over real sockets on loopback, with good and bad peers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from web_servers import PATH, echo, serving, websocket_server

from xmppshell.network.discovery import Target
from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.tcp import Listener, Wire, connect
from xmppshell.network.websocket import WebSocketUrl, WebSocketWire, open_websocket


def url_of(listener: Listener, path: str = PATH) -> WebSocketUrl:
    return WebSocketUrl.parse(f"ws://127.0.0.1:{listener.port}{path}")


async def dial(listener: Listener, path: str = PATH, seconds: float = 5) -> WebSocketWire:
    wire = await connect(Target("127.0.0.1", listener.port, direct_tls=False, why=""))
    try:
        return await open_websocket(wire, url_of(listener, path), timeout=seconds)
    except ConnectionFailed:
        await wire.close(abort=True)
        raise


@asynccontextmanager
async def hand_made(*frames: bytes, subprotocol: str = "xmpp") -> AsyncIterator[Listener]:
    """Accept one WebSocket and send `frames` as they are."""

    async def serve(wire: Wire) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += await wire.read()
        key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        answer = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n"
        )
        if subprotocol:
            answer += f"Sec-WebSocket-Protocol: {subprotocol}\r\n"
        wire.write(answer.encode() + b"\r\n" + b"".join(frames))
        await wire.drain()
        while await wire.read():
            pass

    async with serving(serve) as listener:
        yield listener


@asynccontextmanager
async def says(answer: bytes) -> AsyncIterator[Listener]:
    """Answer the handshake with `answer` and close."""

    async def serve(wire: Wire) -> None:
        await wire.read()
        wire.write(answer)
        await wire.drain()

    async with serving(serve) as listener:
        yield listener


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """Return a server's frame (RFC 6455 5.2) with a short payload."""
    assert len(payload) < 126
    return bytes([opcode | (0x80 if fin else 0), len(payload)]) + payload


TEXT, CONTINUATION, BINARY, CLOSE, PING = 1, 0, 2, 8, 9


class TestUrls:
    @pytest.mark.parametrize(
        ("text", "secure", "host", "port"),
        [
            ("wss://example.org/ws", True, "example.org", 443),
            ("ws://example.org:5280/ws?x=1", False, "example.org", 5280),
            ("wss://[::1]:5443/ws", True, "::1", 5443),
            ("wss://münchen.example/", True, "xn--mnchen-3ya.example", 443),
        ],
    )
    def test_good_ones(self, text: str, secure: bool, host: str, port: int) -> None:
        url = WebSocketUrl.parse(text)
        assert (url.text, url.secure, url.host, url.port) == (text, secure, host, port)

    @pytest.mark.parametrize(
        "text",
        ["", "https://example.org/", "wss://", "example.org", "wss://x:99999/", "wss://x:y/",
         "wss://x/#part", "wss://a..b/"],
    )  # fmt: skip
    def test_bad_ones(self, text: str) -> None:
        with pytest.raises(ConnectionFailed) as caught:
            WebSocketUrl.parse(text)
        assert caught.value.kind == "websocket"
        assert "is not the address of a WebSocket" in caught.value.problem.what

    def test_a_password_in_the_address_is_refused_and_not_repeated(self) -> None:
        with pytest.raises(ConnectionFailed) as caught:
            WebSocketUrl.parse("wss://juliet:secret@example.org/ws")
        assert "secret" not in str(caught.value.problem)


class TestMessages:
    async def test_each_write_is_one_read(self) -> None:
        async with websocket_server(echo) as listener:
            wire = await dial(listener)
            messages = [b"<a/>", "<b>☃</b>".encode(), b"x" * 200_000, b"\xff not UTF-8"]
            for message in messages:
                wire.write(message)
            await wire.drain()
            assert [await wire.read() for _ in messages] == messages
            assert wire.peer == f"127.0.0.1:{listener.port}"
            assert wire.tls is None
            await wire.close()

    async def test_fragments_are_one_message(self) -> None:
        frames = (
            frame(TEXT, b"<a>", fin=False),
            frame(PING, b"between"),
            frame(CONTINUATION, b"<b/>", fin=False),
            frame(CONTINUATION, b"</a>"),
            frame(TEXT, b"<c/>"),
        )
        async with hand_made(*frames) as listener:
            wire = await dial(listener)
            assert await wire.read() == b"<a><b/></a>"
            assert await wire.read() == b"<c/>"
            await wire.close(abort=True)

    async def test_what_comes_with_the_handshake_is_not_lost(self) -> None:
        async with hand_made(frame(TEXT, b"<early/>")) as listener:
            wire = await dial(listener)
            await asyncio.sleep(0.05)
            assert await wire.read() == b"<early/>"
            await wire.close(abort=True)

    async def test_a_ping_is_answered(self) -> None:
        ponged = asyncio.Event()

        async def ping(websocket: WebSocketWire) -> None:
            protocol = websocket._protocol
            protocol.send_ping(b"are you there")
            websocket._flush()
            real = protocol.recv_frame

            def watch(received: object) -> None:
                if getattr(received, "data", b"") == b"are you there":
                    ponged.set()
                real(received)

            protocol.recv_frame = watch
            await websocket.read()

        async with websocket_server(ping) as listener:
            wire = await dial(listener)
            reading = asyncio.create_task(wire.read())
            async with asyncio.timeout(5):
                await ponged.wait()
            await wire.close()
            assert await reading == b""


class TestEnds:
    async def test_closing_in_order(self) -> None:
        ends: list[tuple[bytes, bool]] = []

        async def serve(websocket: WebSocketWire) -> None:
            ends.append((await websocket.read(), websocket.truncated))

        async with websocket_server(serve) as listener:
            wire = await dial(listener)
            await wire.close()
            await asyncio.sleep(0.05)
        assert ends == [(b"", False)]
        with pytest.raises(ConnectionFailed) as caught:
            wire.write(b"<late/>")
        assert caught.value.kind == "closed"

    async def test_the_peer_closes_in_order(self) -> None:
        async def serve(websocket: WebSocketWire) -> None:
            websocket.write(b"<last/>")

        async with websocket_server(serve) as listener:
            wire = await dial(listener)
            assert await wire.read() == b"<last/>"
            assert await wire.read() == b""
            assert await wire.read() == b""
            assert not wire.truncated
            await wire.close()

    async def test_closing_while_another_task_reads(self) -> None:
        async with websocket_server(echo) as listener:
            wire = await dial(listener)
            reading = asyncio.create_task(wire.read())
            await asyncio.sleep(0)
            await wire.close()
            assert await reading == b""

    async def test_a_code_is_told_with_its_reason_after_what_came_before(self) -> None:
        close = frame(CLOSE, (1008).to_bytes(2, "big") + b"no comments here")
        async with hand_made(frame(TEXT, b"<a/>"), close) as listener:
            wire = await dial(listener)
            assert await wire.read() == b"<a/>"
            with pytest.raises(ConnectionFailed) as caught:
                await wire.read()
            assert "1008, policy violation" in caught.value.problem.what
            assert '"no comments here"' in caught.value.problem.what
            await wire.close()

    async def test_an_end_without_a_close_is_known(self) -> None:
        async def serve(websocket: WebSocketWire) -> None:
            await websocket._wire.close()

        async with websocket_server(serve) as listener:
            wire = await dial(listener)
            assert await wire.read() == b""
            assert wire.truncated
            await wire.close()

    async def test_a_reset_is_told(self) -> None:
        async def serve(websocket: WebSocketWire) -> None:
            await websocket.read()
            await websocket.close(abort=True)

        async with websocket_server(serve) as listener:
            wire = await dial(listener)
            wire.write(b"<a/>")
            with pytest.raises(ConnectionFailed) as caught:
                await wire.read()
            assert caught.value.kind == "reset"
            await wire.close()

    @pytest.mark.parametrize(
        ("frames", "words"),
        [
            ((frame(BINARY, b"<a/>"),), "binary"),
            ((frame(CONTINUATION, b"<a/>"),), "not WebSocket any more"),
            ((b"\xf1\x00",), "not WebSocket any more"),
            ((b"\x81\x7f" + (1 << 40).to_bytes(8, "big"),), "more than 10,485,760 bytes"),
        ],
    )
    async def test_a_peer_that_breaks_the_rules(
        self, frames: tuple[bytes, ...], words: str
    ) -> None:
        async with hand_made(*frames) as listener:
            wire = await dial(listener)
            with pytest.raises(ConnectionFailed) as caught:
                await wire.read()
            assert words in caught.value.problem.what
            await wire.close()

    async def test_tls_is_not_started_inside(self) -> None:
        from xmppshell.network.tls import TlsSettings

        async with websocket_server(echo) as listener:
            wire = await dial(listener)
            with pytest.raises(RuntimeError):
                await wire.start_tls(TlsSettings(), "localhost")
            await wire.close()


class TestRefusals:
    async def refusal(self, listener: Listener, path: str = PATH) -> ConnectionFailed:
        with pytest.raises(ConnectionFailed) as caught:
            await dial(listener, path)
        return caught.value

    async def test_a_wrong_path(self) -> None:
        async with websocket_server(echo) as listener:
            failure = await self.refusal(listener, "/wrong")
        assert "404 Not Found" in failure.problem.what
        assert "/xmpp-websocket with Prosody" in failure.problem.cure

    async def test_no_agreement_on_xmpp(self) -> None:
        async with hand_made(subprotocol="") as listener:
            failure = await self.refusal(listener)
        assert "does not agree to speak XMPP" in failure.problem.what

    async def test_another_subprotocol(self) -> None:
        async with hand_made(subprotocol="mqtt") as listener:
            failure = await self.refusal(listener)
        assert "mqtt" in failure.problem.what

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 OK"),
            (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "behind it does not"),
            (
                b"HTTP/1.1 301 Moved\r\nLocation: https://other/\r\nContent-Length: 0\r\n\r\n",
                "on to https://other/, which is not followed",
            ),
            (b"<stream:stream><stream:error/></stream:stream>\r\n", "its answer is not HTTP"),
            (b"", "it closed the connection"),
            (
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
                "Sec-WebSocket-Accept",
            ),
        ],
    )
    async def test_what_else_answers(self, answer: bytes, words: str) -> None:
        async with says(answer) as listener:
            failure = await self.refusal(listener)
        assert failure.kind == "websocket"
        assert words in f"{failure.problem.what} {failure.problem.cause}"

    async def test_silence(self) -> None:
        async def silent(wire: Wire) -> None:
            while await wire.read():
                pass

        async with serving(silent) as listener:
            with pytest.raises(ConnectionFailed) as caught:
                await dial(listener, seconds=0.1)
        assert caught.value.kind == "timeout"

    @pytest.mark.parametrize(
        ("request_text", "status"),
        [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
            (f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n", b"426"),
            ("<stream:stream>\r\n\r\n", b""),
        ],
    )
    async def test_the_server_serves_nothing_else(self, request_text: str, status: bytes) -> None:
        async with websocket_server(echo) as listener:
            wire = await connect(Target("127.0.0.1", listener.port, direct_tls=False, why=""))
            wire.write(request_text.encode())
            answer = b""
            while data := await wire.read():
                answer += data
            assert status in answer.split(b"\r\n")[0]
            assert b"101" not in answer.split(b"\r\n")[0]
            await wire.close()
