"""The framer for messages: one piece each, and what is wrong with everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.protocol.framing import Frame, FrameKind, FramingError
from xmppshell.protocol.message_framing import MessageFramer

FRAMING = b"urn:ietf:params:xml:ns:xmpp-framing"
OPEN = b"<open xmlns='" + FRAMING + b"' to='a>b' version='1.0'/>"
CLOSE = b"<close xmlns='" + FRAMING + b"'/>"


def error_of(message: bytes, **limits: int) -> FramingError:
    with pytest.raises(FramingError) as caught:
        MessageFramer(**limits).feed(message)
    assert caught.value.data == message
    assert caught.value.frames == ()
    return caught.value


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (OPEN, FrameKind.HEADER),
        (b'<open to="x" xmlns="' + FRAMING + b'"></open>', FrameKind.HEADER),
        (b"<f:open xmlns:f='" + FRAMING + b"'/>", FrameKind.HEADER),
        (CLOSE, FrameKind.END),
        (b"<close xmlns='" + FRAMING + b"' see-other-uri='wss://x/'/>", FrameKind.END),
        (b"<message xmlns='jabber:client'><body>a</body></message>", FrameKind.ELEMENT),
        (b"<open xmlns='urn:example:other'/>", FrameKind.ELEMENT),
        (b"<openness xmlns='" + FRAMING + b"'/>", FrameKind.ELEMENT),
        (b"<a xmlns='u'><![CDATA[<open>]]></a>", FrameKind.ELEMENT),
        (b" \n", FrameKind.WHITESPACE),
        ("nur Text ☃".encode(), FrameKind.TEXT),
    ],
)
def test_a_message_is_one_frame(message: bytes, kind: FrameKind) -> None:
    framer = MessageFramer()
    assert framer.feed(message) == [Frame(kind, message)]
    assert framer.buffered == b""


def test_white_space_around_an_element_is_kept_apart() -> None:
    assert MessageFramer().feed(b"\n<a/> ") == [
        Frame(FrameKind.WHITESPACE, b"\n"),
        Frame(FrameKind.ELEMENT, b"<a/>"),
        Frame(FrameKind.WHITESPACE, b" "),
    ]


@pytest.mark.parametrize(
    ("message", "condition", "words"),
    [
        (b"<a/><b/>", "bad-format", "more than one element"),
        (b"<a>", "not-well-formed", "not one complete element"),
        (b"<a", "not-well-formed", "not one complete element"),
        (b"</stream>", "not-well-formed", "not one complete element"),
        (b"<stream:stream to='x'>", "not-well-formed", "<stream:stream> tag"),
        (b"</stream:stream>", "not-well-formed", "<stream:stream> tag"),
        (b"<?xml version='1.0'?>" + OPEN, "not-well-formed", "XML declaration"),
        (b"<a><!-- x --></a>", "restricted-xml", "comment"),
        (b"<!DOCTYPE a><a/>", "restricted-xml", "DOCTYPE"),
        (b"<a>\xff</a>", "unsupported-encoding", "UTF-8"),
    ],
)
def test_what_is_refused(message: bytes, condition: str, words: str) -> None:
    error = error_of(message)
    assert error.condition == condition
    assert words in error.problem.what


def test_size_and_depth_are_capped() -> None:
    assert error_of(b"<a>" + b"x" * 100 + b"</a>", max_size=50).condition == "policy-violation"
    assert error_of(b"<a>" * 5 + b"</a>" * 5, max_depth=4).condition == "policy-violation"


def test_offsets_count_all_messages() -> None:
    framer = MessageFramer()
    framer.feed(OPEN)
    with pytest.raises(FramingError) as caught:
        framer.feed(b"<a>\xff</a>")
    assert caught.value.offset == len(OPEN) + 3


def test_a_broken_message_does_not_spoil_the_next() -> None:
    framer = MessageFramer()
    with pytest.raises(FramingError):
        framer.feed(b"<a>")
    assert framer.feed(b"<b/>") == [Frame(FrameKind.ELEMENT, b"<b/>")]


@given(st.lists(st.sampled_from([b"<a/>", b"<a>", b"</a>", b" ", b"t", b"<", b"\xc3", b"'"])))
def test_frames_or_the_error_hold_every_byte(pieces: list[bytes]) -> None:
    message = b"".join(pieces)
    try:
        pieces = [frame.data for frame in MessageFramer().feed(message)]
    except FramingError as error:
        pieces = [error.data]
    assert b"".join(pieces) == message
