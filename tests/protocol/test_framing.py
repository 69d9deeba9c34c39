from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppshell.protocol.framing import Frame, FrameKind, Framer, FramingError

HEADER = (
    b"<?xml version='1.0'?>\n<stream:stream xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>"
)
END = b"</stream:stream>"


def kinds(frames: list[Frame]) -> list[tuple[str, bytes]]:
    return [(frame.kind.name, frame.data) for frame in frames]


def opened(**limits: int) -> Framer:
    framer = Framer(**limits)
    framer.feed(HEADER)
    return framer


def feed_all(framer: Framer, pieces: list[bytes]) -> list[Frame]:
    return [frame for piece in pieces for frame in framer.feed(piece)]


def fault_of(data: bytes, **limits: int) -> FramingError:
    """Return the error for `data` after the header; its offset then counts from there."""
    with pytest.raises(FramingError) as caught:
        opened(**limits).feed(data)
    caught.value.offset -= len(HEADER)
    return caught.value


# Frames.


def test_frames_are_exact_slices() -> None:
    stream = HEADER + b"<a/> \n<b x='1'>t</b>" + END
    assert kinds(Framer().feed(stream)) == [
        ("HEADER", HEADER),
        ("ELEMENT", b"<a/>"),
        ("WHITESPACE", b" \n"),
        ("ELEMENT", b"<b x='1'>t</b>"),
        ("END", END),
    ]


def test_a_frame_is_immutable_bytes() -> None:
    assert {type(frame.data) for frame in Framer().feed(HEADER + b"<a/> x<b/>" + END)} == {bytes}


def test_header_slice_has_the_declaration_and_the_white_space_before_the_root() -> None:
    for before in (b"", b" \n", b"<?xml version='1.0'?>", b"<?xml version='1.0'?>\r\n\t"):
        assert kinds(Framer().feed(before + b"<s>")) == [("HEADER", before + b"<s>")]


def test_a_self_closed_root_is_header_and_end() -> None:
    framer = Framer()
    assert kinds(framer.feed(b"<stream:stream/>")) == [
        ("HEADER", b"<stream:stream/>"),
        ("END", b""),
    ]
    assert framer.buffered == b""


@pytest.mark.parametrize(
    "element",
    [
        b"<a/>",
        b"<a />",
        b"<a></a>",
        b"<a></a \n>",
        b"<a b='>'/>",
        b"<a b='/>' c=\"'>\">x</a>",
        b"<a><![CDATA[</a><b>]]></a>",
        b"<a><![CDATA[]]]]><![CDATA[>]]></a>",
        b"<a>]]</a>",
        "<ä ö='ü'>日本語 🎭</ä>".encode(),
        b"<a><b><c><d><e><f><g/></f></e></d></c></b></a>",
        b"<a><b/><b>1</b> <b/>text<b><c/></b></a>",
        b"<a>\xc2\x9b\x01</a>",
        b"<a>></a>",
        b"<a\n\tb = '1'\n/>",
    ],
)
def test_an_element_is_one_frame_whole_or_byte_by_byte(element: bytes) -> None:
    for pieces in ([element], [element[i : i + 1] for i in range(len(element))]):
        framer = opened()
        assert kinds(feed_all(framer, pieces)) == [("ELEMENT", element)]
        assert framer.buffered == b""


def test_white_space_between_elements_is_handed_out_at_once() -> None:
    framer = opened()
    assert kinds(framer.feed(b" ")) == [("WHITESPACE", b" ")]
    assert kinds(framer.feed(b"\n\n")) == [("WHITESPACE", b"\n\n")]
    assert framer.buffered == b""


def test_text_between_elements_is_text_up_to_the_next_tag() -> None:
    framer = opened()
    assert kinds(framer.feed(b"<a/> hello world \n<b/>")) == [
        ("ELEMENT", b"<a/>"),
        ("WHITESPACE", b" "),
        ("TEXT", b"hello world \n"),
        ("ELEMENT", b"<b/>"),
    ]


def test_cdata_between_elements_is_text() -> None:
    assert kinds(opened().feed(b"<![CDATA[<a>]]><b/>")) == [
        ("TEXT", b"<![CDATA[<a>]]>"),
        ("ELEMENT", b"<b/>"),
    ]


def test_white_space_may_follow_the_end() -> None:
    framer = opened()
    assert kinds(framer.feed(END + b"\n")) == [("END", END), ("WHITESPACE", b"\n")]
    assert kinds(framer.feed(b" ")) == [("WHITESPACE", b" ")]


def test_the_end_tag_may_have_white_space() -> None:
    assert kinds(opened().feed(b"</stream:stream\n>")) == [("END", b"</stream:stream\n>")]


def test_buffered_is_what_belongs_to_no_frame_yet() -> None:
    framer = Framer()
    framer.feed(HEADER[:30])
    assert framer.buffered == HEADER[:30]
    framer.feed(HEADER[30:] + b"<proceed/><inj")
    assert framer.buffered == b"<inj"
    framer.feed(b"ected/>")
    assert framer.buffered == b""


def test_a_partial_character_is_buffered() -> None:
    framer = opened()
    assert kinds(framer.feed("é".encode()[:1])) == []
    assert framer.buffered == b"\xc3"
    assert kinds(framer.feed("é".encode()[1:])) == [("TEXT", "é".encode())]


def test_several_elements_in_one_feed() -> None:
    frames = opened().feed(b"<a/>" * 5000)
    assert len(frames) == 5000
    assert set(kinds(frames)) == {("ELEMENT", b"<a/>")}


def test_an_element_larger_than_the_quick_pattern_takes() -> None:
    element = b"<a>" + b"<b c='d'>text</b>" * 10_000 + b"</a>"
    assert kinds(opened().feed(element + b"<x/>")) == [("ELEMENT", element), ("ELEMENT", b"<x/>")]


# What is refused.


@pytest.mark.parametrize(
    ("data", "condition", "offset", "words"),
    [
        (b"<!-- x -->", "restricted-xml", 0, "comment"),
        (b"<a><!--", "restricted-xml", 3, "comment"),
        (b"<!DOCTYPE a>", "restricted-xml", 0, "DOCTYPE"),
        (b"<a><!ENTITY", "restricted-xml", 3, "DOCTYPE"),
        (b"<?php ?>", "restricted-xml", 0, "processing instruction"),
        (b"<a><?xml-style", "restricted-xml", 3, "processing instruction"),
        (b"<?xml version='1.0'?>", "not-well-formed", 0, "very start"),
        (b"<a b='<'/>", "not-well-formed", 6, "attribute value"),
        (b"<a b='x><c/>", "not-well-formed", 8, "attribute value"),
        (b"<a <b/>", "not-well-formed", 3, "inside a tag"),
        (b"<a></a<", "not-well-formed", 6, "inside a tag"),
        (b"<a>1 < 2</a>", "not-well-formed", 5, "begin a tag"),
        (b"<>", "not-well-formed", 0, "begin a tag"),
        (b"<![CDAT_", "not-well-formed", 0, "begin a tag"),
        (b"</other>", "not-well-formed", 0, "</other> closes nothing"),
        (b"</stream:streams>", "not-well-formed", 0, "closes nothing"),
        (END + b"<a/>", "not-well-formed", len(END), "after the closing stream tag"),
        (END + b" x", "not-well-formed", len(END) + 1, "after the closing stream tag"),
        (b"<a>\xff", "unsupported-encoding", 3, "0xFF"),
        (b"<a>caf\xe9</a>", "unsupported-encoding", 6, "0xE9"),
        (b"<a>\xed\xa0\x80</a>", "unsupported-encoding", 3, "0xED"),
        (b"<a>\xc0\xaf</a>", "unsupported-encoding", 3, "0xC0"),
    ],
)
def test_refuses(data: bytes, condition: str, offset: int, words: str) -> None:
    fault = fault_of(data)
    assert (fault.condition, fault.offset) == (condition, offset)
    assert words in str(fault)
    assert fault.problem.what
    assert fault.problem.cause
    assert fault.problem.cure
    assert fault.problem.reference.startswith("RFC 6120")


@pytest.mark.parametrize(
    ("data", "condition", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "not-well-formed", "text before the stream header"),
        (b"\x15\x03\x03\x00\x02", "not-well-formed", "binary"),
        (b"</stream:stream>", "not-well-formed", "end tag before"),
        (b"<![CDATA[x]]>", "not-well-formed", "text before the stream header"),
        (b"<!DOCTYPE html>", "restricted-xml", "DOCTYPE"),
        (b"<!-- hello -->", "restricted-xml", "comment"),
        (b"<?php", "restricted-xml", "processing instruction"),
        (b" <?xml version='1.0'?>", "not-well-formed", "very start"),
        (b"<?xml version='1.0'?><?xml version='1.0'?>", "not-well-formed", "very start"),
        (b"<?xml version='1.0'>", "not-well-formed", "does not end"),
        (b"<?xml version='1.0'<a>", "not-well-formed", "does not end"),
        ("<a>".encode("utf-16"), "unsupported-encoding", "UTF-16"),
        ("<a>".encode("utf-16-le"), "unsupported-encoding", "UTF-16"),
        ("<a>".encode("utf-16-be"), "unsupported-encoding", "UTF-16"),
        (b"\xfe\xff\x00<", "unsupported-encoding", "UTF-16"),
        (b"\xef\xbb\xbf<a>", "not-well-formed", "byte order mark"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a>", "unsupported-encoding", "ISO-8859-1"),
        (b"\x80", "unsupported-encoding", "0x80"),
    ],
)
def test_refuses_at_the_start(data: bytes, condition: str, words: str) -> None:
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))]):
        with pytest.raises(FramingError, match=re.escape(words)) as caught:
            feed_all(Framer(), pieces)
        assert caught.value.condition == condition


@pytest.mark.parametrize("name", [b"utf-8", b"UTF-8", b"Utf-8"])
def test_utf_8_may_be_declared(name: bytes) -> None:
    data = b'<?xml version="1.0" encoding="' + name + b'"?><a>'
    assert kinds(Framer().feed(data)) == [("HEADER", data)]


def test_an_error_has_the_frames_before_it_and_the_rest() -> None:
    fault = fault_of(b"<a/> <b/><c><!-- x --></c><d/>")
    assert kinds(list(fault.frames)) == [
        ("ELEMENT", b"<a/>"),
        ("WHITESPACE", b" "),
        ("ELEMENT", b"<b/>"),
    ]
    assert fault.data == b"<c><!-- x --></c><d/>"


def test_after_an_error_every_feed_raises_it() -> None:
    framer = opened()
    with pytest.raises(FramingError) as first:
        framer.feed(b"<a/><!--")
    with pytest.raises(FramingError) as second:
        framer.feed(b"<b/>")
    assert second.value is not first.value
    assert second.value.problem == first.value.problem
    assert (second.value.condition, second.value.offset) == ("restricted-xml", len(HEADER) + 4)
    assert second.value.frames == ()
    assert second.value.data == b"<b/>"
    assert framer.buffered == b"<!--"


# Caps.


def test_an_element_of_the_maximal_size_passes() -> None:
    element = b"<a>" + b"x" * 93 + b"</a>"
    framer = Framer(max_size=100)
    framer.feed(b"<s>")
    assert kinds(framer.feed(element)) == [("ELEMENT", element)]


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize(
    "data",
    [
        b"<a>" + b"x" * 94 + b"</a>",
        b"<a>" + b"x" * 98,
        b"<a b='" + b"x" * 95,
        b"<a " + b"x" * 98,
        b"<a><![CDATA[" + b"x" * 89,
        b"<a></a" + b" " * 95,
        b"<a><b><c><d><e>" + b"x" * 86,
        b"<a>" + b"<b/>" * 24 + b"<!--",
    ],
)
def test_a_larger_one_is_refused_finished_or_not(data: bytes, step: int) -> None:
    framer = Framer(max_size=100)
    framer.feed(b"<s><ok/>")
    pieces = [data[start : start + step] for start in range(0, len(data), step)]
    with pytest.raises(FramingError, match="larger than 100 bytes") as caught:
        feed_all(framer, pieces)
    assert caught.value.condition == "policy-violation"
    assert caught.value.offset == len(b"<s><ok/>") + 100


def test_the_header_is_capped() -> None:
    with pytest.raises(FramingError) as caught:
        Framer(max_size=100).feed(b" " * 101)
    assert caught.value.condition == "policy-violation"


def test_white_space_and_text_between_elements_are_not_held_so_not_capped() -> None:
    framer = Framer(max_size=100)
    framer.feed(b"<s>")
    assert kinds(framer.feed(b" " * 500)) == [("WHITESPACE", b" " * 500)]


def test_the_default_size_is_10_mib() -> None:
    framer = opened()
    framer.feed(b"<a>" + b"x" * (10 * 1024 * 1024 - 3))
    with pytest.raises(FramingError, match="10,485,760"):
        framer.feed(b"x")


def test_the_default_depth_is_256() -> None:
    deepest = b"<a>" * 256 + b"</a>" * 256
    assert kinds(opened().feed(deepest)) == [("ELEMENT", deepest)]
    fault = fault_of(b"<a>" * 256 + b"<b/>")
    assert (fault.condition, fault.offset) == ("policy-violation", 3 * 256)
    assert "256" in str(fault)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 8])
def test_depth_counts_the_top_level_element_as_one(depth: int) -> None:
    framer = opened(max_depth=depth)
    assert len(framer.feed(b"<a>" * depth + b"</a>" * depth)) == 1
    assert len(framer.feed(b"<a>" * (depth - 1) + b"<a/>" + b"</a>" * (depth - 1))) == 1
    with pytest.raises(FramingError, match="nested"):
        framer.feed(b"<a>" * depth + b"<a/>" + b"</a>" * depth)


# However the bytes are split.

names = st.sampled_from(["a", "body", "x:y", "ä"])
plain = st.text(st.sampled_from("ab >]/é日🎭\n'\"&"), max_size=8)
value = st.one_of(
    st.text(st.sampled_from("ab >/é日'\n"), max_size=6).map(lambda text: f'"{text}"'),
    st.text(st.sampled_from('ab >/é日"\n'), max_size=6).map(lambda text: f"'{text}'"),
)
attributes = st.lists(st.tuples(names, value).map(lambda pair: f" {pair[0]}={pair[1]}"), max_size=3)
cdata = st.text(st.sampled_from("a<>]é&"), max_size=8).map(
    lambda text: f"<![CDATA[{text.replace(']]>', '')}]]>"
)


@st.composite
def elements(draw: st.DrawFn, depth: int = 5) -> str:
    tag = draw(names) + "".join(draw(attributes))
    if draw(st.booleans()):
        return f"<{tag}/>"
    inner = st.one_of(plain, cdata, elements(depth - 1)) if depth else plain
    content = "".join(draw(st.lists(inner, max_size=3)))
    return f"<{tag}>{content}</{tag.split()[0]} >"


between = st.one_of(
    elements(), st.sampled_from([" ", "\n", "hi there", "é", "<![CDATA[x]]>"]), st.just("")
)
wrong = st.sampled_from(
    ["<!--", "<!DOCTYPE", "<?xml ?>", "<?x?>", "<a <", "<a b='<", "< ", "</b>", "</s>", "<![CD["]
)
streams = st.tuples(
    st.sampled_from(["<?xml version='1.0'?>\n<s>", "<s a='>'>", " <s>", "<s/>", "", "x"]),
    st.lists(between, max_size=6).map("".join),
    st.one_of(st.just(""), wrong),
    st.lists(between, max_size=2).map("".join),
    st.sampled_from(["", "</s>", "</s> \n", "</s>x", "<a"]),
).map(lambda parts: "".join(parts).encode())


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a stream, mostly with a byte or two changed."""
    data = bytearray(draw(streams))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 1))] = draw(
            st.sampled_from([b"<", b">", b"'", b"/", b"!", b"\xff", b"\xe2", b"\x80", b"\0", b""])
        )
    return bytes(data)


limits = st.fixed_dictionaries(
    {},
    optional={"max_size": st.integers(1, 60), "max_depth": st.integers(1, 6)},
)


def outcome(
    pieces: list[bytes], caps: dict[str, int]
) -> tuple[list[tuple[str, bytes]], tuple[str, str, int] | None]:
    """Return the frames, with adjacent runs joined, and the error; check that no byte is lost."""
    framer = Framer(**caps)
    frames: list[Frame] = []
    error = None
    fed = b""
    rest = None
    for piece in pieces:
        fed += piece
        try:
            frames += framer.feed(piece)
        except FramingError as raised:
            frames += raised.frames
            error = (raised.condition, str(raised), raised.offset)
            rest = raised.data
            break
    assert b"".join(frame.data for frame in frames) + framer.buffered == fed
    assert rest is None or rest == framer.buffered
    joined: list[tuple[str, bytes]] = []
    for kind, data in kinds(frames):
        if joined and joined[-1][0] == kind and kind in ("WHITESPACE", "TEXT"):
            data = joined.pop()[1] + data
        joined.append((kind, data))
    return joined, error


@settings(max_examples=600, deadline=None)
@given(data=damaged(), caps=limits, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_any_split_gives_the_same_frames_and_the_same_error(
    data: bytes, caps: dict[str, int], cuts: list[int]
) -> None:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    split = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    whole = outcome([data], caps)
    assert outcome(split, caps) == whole
    assert outcome([data[i : i + 1] for i in range(len(data))], caps) == whole


@settings(max_examples=200, deadline=None)
@given(parts=st.lists(elements(), max_size=6))
def test_each_element_comes_back_as_it_was_written(parts: list[str]) -> None:
    data = [part.encode() for part in parts]
    assert kinds(opened().feed(b"\n".join(data))) == [
        frame
        for part in data
        for frame in ([("WHITESPACE", b"\n")] if part is not data[0] else []) + [("ELEMENT", part)]
    ]


# Linear work: the number of bytes looked at, counted, not timed.


class CountingBytearray(bytearray):
    """Counts how many bytes `find` looks at."""

    looked_at = 0

    def find(self, sub: bytes, start: int, end: int) -> int:  # type: ignore[override]
        found = super().find(sub, start, end)
        self.looked_at += (end if found < 0 else found) - start
        return found


@pytest.mark.parametrize("opening", [b"<a>", b"<a><![CDATA["])
def test_nothing_is_scanned_twice(opening: bytes) -> None:
    framer = opened()
    counting = framer._buffer = CountingBytearray()
    framer.feed(opening)
    for _ in range(200):
        framer.feed(b"x" * 100)
    assert 20_000 <= counting.looked_at <= 21_000


@pytest.mark.parametrize("opening", [b"<a ", b"<a b='", b"<a></a"])
def test_scanning_resumes_inside_a_tag(opening: bytes) -> None:
    framer = opened()
    framer.feed(opening)
    for _ in range(50):
        framer.feed(b"x" * 100)
        assert framer._position == framer._end == len(opening) + framer._buffer.count(b"x")


@pytest.mark.parametrize(
    "element",
    [
        b"<a>" + b"<c/>" * 150_000,
        b"<a><b><c>" + b"<d/>" * 150_000,
        b"<a><b>" + b"<c>x</c>y" * 60_000 + b"</b",
        b"<a " + b"b='' " * 100_000 + b"'",
        b"<a>" + b"<b><c><d><e><f/></e></d></c></b>" * 15_000,
    ],
)
def test_large_unfinished_elements_take_no_quadratic_time(element: bytes) -> None:
    """Quadratic work on these would take minutes; linear work takes well under a second."""
    start = time.perf_counter()
    assert opened().feed(element) == []
    assert time.perf_counter() - start < 5


def test_kinds_are_the_five_of_the_stream() -> None:
    assert [kind.name for kind in FrameKind] == ["HEADER", "ELEMENT", "WHITESPACE", "TEXT", "END"]
