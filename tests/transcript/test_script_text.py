"""A script that is put together, written and read again is the same script."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from xmppshell.transcript.reading import read_script
from xmppshell.transcript.script import (
    Actor,
    Block,
    Comment,
    Connects,
    Disconnects,
    Drops,
    Entry,
    Option,
    Prose,
    Receives,
    ReceivesNothing,
    ReceivesStream,
    Role,
    Script,
    Sends,
    SendsRaw,
    StreamPart,
)
from xmppshell.transcript.script_text import duration, write_script

CAST = (
    Actor(Role.CLIENT, "Juliet's phone", (Option("jid", "juliet@localhost"),)),
    Actor(
        Role.CLIENT,
        "Juliet",
        (Option("jid", "${env:JULIET}"), Comment("# hers"), Option("password", "a: b")),
    ),
    Actor(Role.COMPONENT, "sends", (Option("jid", "stage.localhost"),), gap=0),
)

WORDS = st.text(st.sampled_from("ab #>é'\"${}-:/.*"), max_size=12).map(str.strip)
GAPS = st.integers(0, 3)
NAMES = st.sampled_from([actor.name for actor in CAST])
SECONDS = st.one_of(
    st.none(), st.integers(1, 3000).map(float), st.integers(1, 5000).map(lambda n: n / 1000)
)
SENT = st.sampled_from(
    [
        ("<presence/>",),
        ('<message to="${Juliet\'s JID}">', "  <body>a {any} b</body>", "</message>"),
        ("<message>", "", "  <body>two", "lines</body>", "</message>", "", "<presence/>"),
    ]
)
RECEIVED = st.one_of(
    SENT,
    st.sampled_from(
        [
            ("<iq id='{capture:a}'/>", "<iq id='${a}'/>"),
            ("<a xmlns='urn:a'", "   scansion:strict='false'", "/>"),
            ("<a>{re:x{2}} {time} &#36;{</a>",),
        ]
    ),
)


def blocks(lines: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[Block]:
    return st.builds(
        Block,
        lines,
        inline=st.booleans(),
        indent=st.sampled_from(["    ", "\t", " ", " \t"]),
    ).filter(_without_common_indent)


def _without_common_indent(block: Block) -> bool:
    """Say whether a block is as it is read: what all lines below the verb have is no part of it."""
    below = [line for line in block.lines[block.inline :] if line]
    return not below or not all(line.startswith(" ") for line in below)


def commented(block: Block) -> Block:
    """Put a comment below the first line of a block that has others."""
    if len(block.lines) < 2:
        return block
    lines = (block.lines[0], "", *block.lines[1:])
    return Block(lines, block.inline, ((1, "// meanwhile"),), indent=block.indent)


RECEIVED_BLOCKS = blocks(RECEIVED) | blocks(RECEIVED).map(commented)
RAW = blocks(st.sampled_from([("<a", "# b"), ("\\x00\\n", "", "  ${Juliet's JID}"), ("raw",)]))
FEATURES = Block(("<stream:features/>",))
HEADER = Block(("<stream:stream from='{any}'>",))
CONDITIONS = st.sampled_from(["", "conflict"])

STEPS: st.SearchStrategy[Entry] = st.one_of(
    st.builds(Connects, NAMES, gap=GAPS),
    st.builds(Disconnects, NAMES, gap=GAPS),
    st.builds(Drops, NAMES, gap=GAPS),
    st.builds(Sends, NAMES, blocks(SENT), gap=GAPS),
    st.builds(SendsRaw, NAMES, RAW, gap=GAPS),
    st.builds(Receives, NAMES, RECEIVED_BLOCKS, st.just(False), st.booleans(), SECONDS, gap=GAPS),
    st.builds(Receives, NAMES, blocks(SENT), st.booleans(), st.booleans(), SECONDS, gap=GAPS),
    st.builds(ReceivesNothing, NAMES, SECONDS, gap=GAPS),
    st.builds(
        ReceivesStream, NAMES, st.just(StreamPart.FEATURES), st.just(FEATURES), within=SECONDS
    ),
    st.builds(ReceivesStream, NAMES, st.just(StreamPart.HEADER), st.just(HEADER)),
    st.builds(
        ReceivesStream, NAMES, st.just(StreamPart.ERROR), st.none(), CONDITIONS, within=SECONDS
    ),
    st.builds(ReceivesStream, NAMES, st.just(StreamPart.CLOSE), within=SECONDS),
    st.builds(Prose, st.lists(WORDS, min_size=1, max_size=3).map("\n".join), gap=GAPS),
    st.builds(Comment, WORDS.map(lambda words: f"# {words}".rstrip()), gap=GAPS),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(STEPS, max_size=8),
    st.lists(WORDS, max_size=2),
    st.dictionaries(st.sampled_from(["chat", "server"]), WORDS),
)
def test_a_script_comes_back_equal(
    steps: list[Entry], description: list[str], tags: dict[str, str]
) -> None:
    told = [line for line in description if not line.startswith("#")]
    script = Script.of("A title", CAST, steps, description=told, tags=tags)
    text = write_script(script)
    again = read_script(text, "x")
    assert again == script
    assert write_script(again) == text


def test_times_are_written_without_loss() -> None:
    assert [duration(seconds) for seconds in (1, 0.5, 90, 0.000001, 100)] == [
        "1s",
        "0.5s",
        "90s",
        "0.000001s",
        "100s",
    ]
