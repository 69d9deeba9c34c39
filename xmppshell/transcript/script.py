"""A transcript as a play: its cast, its steps, and all that was written between them.

A `Script` holds everything of its file, in order, so that it can be written again as it was.
Each node has its `place`, and in `gap` the number of blank lines before it; neither counts when
scripts are compared.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .patterns import ElementPattern
from .places import NOWHERE, Place
from .variables import VARIABLE, UnknownVariable, fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all parts of a script have."""

    place: Place = field(default=NOWHERE, compare=False, repr=False)
    gap: int = field(default=1, compare=False, repr=False)


# What is not played.


@dataclass(frozen=True, slots=True)
class Title(Node):
    """The title in the first line, and the lines of the description below it."""

    text: str
    description: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag(Node):
    """`## name` or `## name: value`, by which scripts are chosen; `value` may be ""."""

    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """One line for those who read the file, as it stands there: `# said twice`."""

    text: str


@dataclass(frozen=True, slots=True)
class Prose(Node):
    """Words for those who watch the play: Markdown, in lines that begin with `>`."""

    text: str


# The cast.


class Role(enum.Enum):
    """What an actor is; the value is what the script calls it."""

    CLIENT = "Client"
    COMPONENT = "Component"


REFERENCE = re.compile(r"\$\{(env|account):([^{}]+)\}")
"""What an option may hold in place of a value: of the environment, or of a configured account."""


@dataclass(frozen=True, slots=True)
class Option(Node):
    """One line below an actor: `key: value`.

    The value may hold references, `${env:NAME}` and `${account:NAME}`, which `resolved` resolves.
    The value of a password is not shown by `repr`.
    """

    key: str
    value: str
    value_place: Place = field(default=NOWHERE, compare=False, repr=False)

    @property
    def references(self) -> list[tuple[str, str]]:
        """The references in the value: ("env", NAME) or ("account", NAME)."""
        return [(found[1], found[2]) for found in REFERENCE.finditer(self.value)]

    def resolved(self, lookup: Callable[[str, str], str]) -> str:
        """Return the value with `lookup(kind, name)` in place of each reference."""
        return REFERENCE.sub(lambda found: lookup(found[1], found[2]), self.value)

    def __repr__(self) -> str:
        secret = self.key == "password" and not REFERENCE.fullmatch(self.value)
        return f"Option({self.key!r}, {'...' if secret else repr(self.value)})"


@dataclass(frozen=True, slots=True)
class Actor(Node):
    """One of the cast; `lines` are its options, and comments between them."""

    role: Role
    name: str
    lines: tuple[Option | Comment, ...] = ()

    @property
    def options(self) -> dict[str, Option]:
        """The options by their keys."""
        return {line.key: line for line in self.lines if isinstance(line, Option)}

    def option(self, key: str) -> str | None:
        """Return the value of an option with its references, or None if it is not given."""
        found = self.options.get(key)
        return None if found is None else found.value


# The steps.


@dataclass(frozen=True, slots=True)
class Stanza:
    """One stanza of a block: its exact text, variables and all, and what was read in it."""

    text: str
    pattern: ElementPattern
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def filled(self, variables: Mapping[str, str]) -> str:
        """Return the XML with the values of variables in it; raises `UnknownVariable`."""
        return fill(self.text, variables)


@dataclass(frozen=True, slots=True)
class Block:
    """The text that belongs to a verb, in lines without their common indentation.

    `inline` is true if its first line stands in that of the verb. `comments` are lines that only
    comment, by their index; in `lines` they are blank. `stanzas` are what was read in the text.
    """

    lines: tuple[str, ...]
    inline: bool = False
    comments: tuple[tuple[int, str], ...] = ()
    stanzas: tuple[Stanza, ...] = field(default=(), compare=False)
    indent: str = field(default="    ", compare=False)
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The text as a whole."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Connects(Node):
    """The actor connects, negotiates, and is ready to send stanzas."""

    actor: str


@dataclass(frozen=True, slots=True)
class Disconnects(Node):
    """The actor closes its stream, and waits for the other end to do the same."""

    actor: str


@dataclass(frozen=True, slots=True)
class Drops(Node):
    """The actor's connection breaks, without a word."""

    actor: str


@dataclass(frozen=True, slots=True)
class Sends(Node):
    """The actor sends the stanzas of a block, one after the other."""

    actor: str
    block: Block


@dataclass(frozen=True, slots=True)
class SendsRaw(Node):
    r"""The actor sends bytes as they are written, well-formed or not.

    In the text, `\n`, `\r`, `\t`, `\\` and `\xNN`, one byte, stand for what cannot be seen.
    """

    actor: str
    block: Block

    def data(self, variables: Mapping[str, str]) -> bytes:
        """Return the bytes, with the values of variables in them; raises `UnknownVariable`."""
        pieces = VARIABLE.split(self.block.text)
        found = bytearray()
        for index, piece in enumerate(pieces):
            if index % 2:
                if piece.strip() not in variables:
                    raise UnknownVariable(piece.strip())
                found += variables[piece.strip()].encode()
            else:
                found += _unescaped(piece)
        return bytes(found)


ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([nrt\\]))")
_ESCAPED = {"n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\"}


def _unescaped(text: str) -> bytes:
    found = bytearray()
    at = 0
    for escape in ESCAPE.finditer(text):
        found += text[at : escape.start()].encode(errors="surrogatepass")
        found += bytes.fromhex(escape[1]) if escape[1] else _ESCAPED[escape[2]]
        at = escape.end()
    return bytes(found + text[at:].encode(errors="surrogatepass"))


@dataclass(frozen=True, slots=True)
class Receives(Node):
    """The actor receives stanzas that match those of a block, in their order or in any.

    With `optionally` it is no mistake if they do not come. `within` is how many seconds they have,
    None for the player's own limit.
    """

    actor: str
    block: Block
    unordered: bool = False
    optionally: bool = False
    within: float | None = None


@dataclass(frozen=True, slots=True)
class ReceivesNothing(Node):
    """No stanza arrives for so many seconds; None is the player's own measure."""

    actor: str
    seconds: float | None = None


class StreamPart(enum.Enum):
    """What of a stream is expected that is no stanza; the value is what the script calls it."""

    HEADER = "header"
    FEATURES = "features"
    ERROR = "stream error"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class ReceivesStream(Node):
    """The actor receives something of the stream itself.

    `block` is the pattern of it, None if any will do; `condition` that of a stream error, or "".
    """

    actor: str
    part: StreamPart
    block: Block | None = None
    condition: str = ""
    within: float | None = None


@dataclass(frozen=True, slots=True)
class Include(Node):
    """Another script is played here; `script` is None if it was not read."""

    path: str
    script: Script | None = field(default=None, compare=False, repr=False)


Step: TypeAlias = (
    Connects | Disconnects | Drops | Sends | SendsRaw | Receives | ReceivesNothing | ReceivesStream
)
STEPS = (Connects, Disconnects, Drops, Sends, SendsRaw, Receives, ReceivesNothing, ReceivesStream)
Entry: TypeAlias = Title | Tag | Comment | Prose | Actor | Include | Step


@dataclass(frozen=True, slots=True)
class Script:
    """A whole transcript; `file` is what its places call it."""

    entries: tuple[Entry, ...] = ()
    file: str = field(default="", compare=False)

    @property
    def title(self) -> str:
        """The title, or ""."""
        return next((entry.text for entry in self.entries if isinstance(entry, Title)), "")

    @property
    def description(self) -> str:
        """The description below the title, or ""."""
        found = (entry.description for entry in self.entries if isinstance(entry, Title))
        return "\n".join(next(found, ()))

    @property
    def tags(self) -> dict[str, str]:
        """The tags with their values."""
        return {entry.name: entry.value for entry in self.entries if isinstance(entry, Tag)}

    @property
    def cast(self) -> dict[str, Actor]:
        """The actors by their names, those of included scripts among them."""
        return {entry.name: entry for entry in self.played() if isinstance(entry, Actor)}

    @property
    def steps(self) -> list[Step]:
        """The steps, with those of an included script where it is included."""
        return [entry for entry in self.played() if isinstance(entry, STEPS)]

    @property
    def prose(self) -> list[Prose]:
        """The prose."""
        return [entry for entry in self.entries if isinstance(entry, Prose)]

    def played(self) -> Iterator[Entry]:
        """Give the entries, with those of an included script in the place of each `Include`."""
        for entry in self.entries:
            if isinstance(entry, Include) and entry.script is not None:
                yield from entry.script.played()
            else:
                yield entry

    @classmethod
    def of(
        cls,
        title: str,
        cast: Iterable[Actor],
        steps: Iterable[Entry],
        *,
        description: Iterable[str] = (),
        tags: Mapping[str, str] | None = None,
    ) -> Script:
        """Put a script together, in the usual order: title, tags, cast, a divider, the steps."""
        head = [Title(title, tuple(description), gap=0)] if title else []
        told = [Tag(name, value, gap=0) for name, value in (tags or {}).items()]
        return cls((*head, *told, *cast, Comment("-----"), *steps))
