"""Reading a transcript: the superset of scansion's language, with all that is wrong named at once.

Names are looked up in the cast, since they may hold spaces and apostrophes; so the cast is read
before the steps, wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..knowledge.nearness import listed, near
from ..protocol.problem import Problem
from .cast import is_actor, read_actor
from .lines import LineKind, Paragraph, block_of, paragraphs
from .names import check_variables
from .patterns import Positions, patterns_of
from .phrases import VERBS, BadPhrase, Line, divide, reception, unexpected
from .places import Place, ScriptError, Source
from .script import (
    ESCAPE,
    Actor,
    Block,
    Comment,
    Connects,
    Disconnects,
    Drops,
    Entry,
    Include,
    Prose,
    Receives,
    ReceivesNothing,
    ReceivesStream,
    Script,
    Sends,
    SendsRaw,
    Stanza,
    Step,
    StreamPart,
    Tag,
    Title,
)

Opener: TypeAlias = Callable[[str, Place], tuple[str, str]]
"""Gives the file's name and the text for the path of an `include`, and the place of that line.

Raises `ScriptError` if there is no such file, or if it includes itself.
"""

_TITLE = re.compile(r"#(?!#) ?(.*)")
_TAG = re.compile(r"##[ \t]*([^\W\d][\w./-]*)[ \t]*(?::[ \t]*(.*?))?[ \t]*")
_INCLUDE = re.compile(r"include(?:\s*:\s*|\s+)(\S.*?)\s*")
_BACKSLASH = re.compile(r"\\")


def read_script(text: str, file: str, open_include: Opener | None = None) -> Script:
    """Return the script that `text` is; `file` is its name in places.

    What `include` names is read with `open_include`; without it, included scripts stay unread, and
    a name that is not in the cast is taken to come from one of them. Raises `ScriptError`, which
    has all mistakes that were found.
    """
    script, source = read_leniently(text, file, open_include)
    if source.faults:
        raise ScriptError(sorted(source.faults, key=lambda fault: fault.place.line))
    return script


def read_leniently(
    text: str, file: str, open_include: Opener | None = None
) -> tuple[Script, Source]:
    """Return what could be read of a script, and its source, in which the faults are."""
    source = Source.of(text, file)
    script = _Reader(source, open_include, frozenset()).read()
    check_variables(script, source)
    return script, source


@dataclass(slots=True)
class _Reader:
    """Reads one file; `known` are the actors of the script that includes it."""

    source: Source
    open_include: Opener | None
    known: Collection[str]
    actors: dict[int, Actor | None] = field(default_factory=dict)
    includes: dict[int, Include] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    unread: bool = False

    def read(self) -> Script:
        found = list(paragraphs(self.source))
        self._read_cast(found)
        entries: list[Entry] = []
        at = self._read_title(found, entries)
        played = False
        while at < len(found):
            paragraph = found[at]
            entry = self._entry(paragraph, played)
            if entry is not None:
                entries.append(entry)
                played = played or not isinstance(entry, Tag | Comment | Prose | Actor)
            at += 1
        return Script(tuple(entries), self.source.file)

    def _read_cast(self, found: list[Paragraph]) -> None:
        names = set(self.known)
        for paragraph in found:
            if paragraph.kind is LineKind.HEAD and is_actor(paragraph.text):
                actor = self.actors[paragraph.line] = read_actor(self.source, paragraph)
                if actor is not None and actor.name in names:
                    self._twice(actor)
                names |= set() if actor is None else {actor.name}
        for paragraph in found:
            if paragraph.kind is LineKind.HEAD and self._is_include(paragraph.text, names):
                include = self._include(paragraph, names)
                self.includes[paragraph.line] = include
                self.unread = self.unread or include.script is None
                names |= set() if include.script is None else set(include.script.cast)
        self.names = sorted(names, key=len, reverse=True)

    def _twice(self, actor: Actor) -> None:
        problem = Problem(f"{actor.name} is in the cast twice", "", "give one of them another name")
        self.source.fault(actor.place.line, actor.place.column, problem, len(actor.name))

    def _is_include(self, line: str, names: Collection[str]) -> bool:
        if _INCLUDE.fullmatch(line) is None:
            return False
        return not any(line.startswith(f"{name} ") for name in names)

    def _include(self, paragraph: Paragraph, names: Collection[str]) -> Include:
        found = _INCLUDE.fullmatch(paragraph.text)
        path, column = (found[1], found.start(1) + 1) if found is not None else ("", 1)
        place = self.source.place(paragraph.line, column)
        if paragraph.body:
            self._no_block(paragraph)
        include = Include(path, place=place, gap=paragraph.gap)
        if self.open_include is None:
            return include
        try:
            file, text = self.open_include(path, place)
        except ScriptError as error:
            self.source.faults += error.faults
            return include
        inner = Source.of(text, file)
        script = _Reader(inner, self.open_include, frozenset(names)).read()
        self.source.faults += inner.faults
        return replace(include, script=script)

    def _read_title(self, found: list[Paragraph], entries: list[Entry]) -> int:
        """Read the title and the description, and return the index of the paragraph after them."""
        title = _TITLE.fullmatch(found[0].text) if found else None
        if title is None or not title[1].strip():
            return 0
        description = []
        at = 1
        while at < len(found) and not found[at].gap:
            line = _TITLE.fullmatch(found[at].text)
            if line is None:
                break
            description.append(line[1].rstrip())
            at += 1
        place = self.source.place(found[0].line)
        text = title[1].rstrip()
        entries.append(Title(text, tuple(description), place=place, gap=found[0].gap))
        return at

    def _entry(self, paragraph: Paragraph, played: bool) -> Entry | None:
        place = self.source.place(paragraph.line)
        gap = paragraph.gap
        if paragraph.kind is LineKind.COMMENT:
            tag = None if played else _TAG.fullmatch(paragraph.text)
            if tag is not None:
                return Tag(tag[1], tag[2] or "", place=place, gap=gap)
            return Comment(paragraph.text.rstrip(), place=place, gap=gap)
        if paragraph.kind is LineKind.PROSE:
            lines = [paragraph.text, *paragraph.body]
            text = "\n".join(line[1:].removeprefix(" ").rstrip() for line in lines)
            return Prose(text, place=place, gap=gap)
        if paragraph.kind is LineKind.INDENTED:
            problem = Problem(
                "this text belongs to nothing",
                "an indented line goes on from a line before it, such as Juliet sends:",
                "write who sends or receives it above",
            )
            column = len(paragraph.text) - len(paragraph.text.lstrip()) + 1
            self.source.fault(paragraph.line, column, problem, len(paragraph.text.strip()))
            return None
        if paragraph.line in self.actors:
            actor = self.actors[paragraph.line]
            return actor and replace(actor, gap=gap)
        if paragraph.line in self.includes:
            return self.includes[paragraph.line]
        return self._step(paragraph)

    # Steps.

    def _step(self, paragraph: Paragraph) -> Step | None:
        actor, line = self._actor(paragraph)
        if line is None:
            return None
        try:
            step = self._act(paragraph, actor, line)
        except BadPhrase as error:
            word = error.word
            self.source.fault(paragraph.line, word.column, error.problem, len(word.text))
            step = self._salvaged(paragraph, actor, line)
        return None if step is None else replace(step, place=self.source.place(paragraph.line))

    def _actor(self, paragraph: Paragraph) -> tuple[str, Line | None]:
        """Return who acts, and the rest of the line; None, and a fault, if that cannot be told."""
        text = paragraph.text
        lines = [
            (name, line)
            for name in self.names
            if text.startswith(name) and (line := divide(text, len(name))) is not None
            if text[len(name) : len(name) + 1].isspace()
        ]
        for name, line in lines:
            if line.verb.text in VERBS:
                return name, line
        guess = re.search(rf"\s({'|'.join(VERBS)})(?=[\s:]|$)", text)
        if lines and guess is None:
            name, line = lines[0]
            self.source.fault(
                paragraph.line, line.verb.column, _no_verb(line.verb.text), len(line.verb.text)
            )
        elif guess is not None and text[: guess.start()].strip():
            name = text[: guess.start()].strip()
            if not self.unread:
                problem = self._nobody(name)
                self.source.fault(paragraph.line, 1, problem, len(name))
            return name, divide(text, guess.start())
        else:
            self.source.fault(paragraph.line, 1, self._no_step(text), len(text.rstrip()))
        return "", None

    def _nobody(self, name: str) -> Problem:
        close = near(name, self.names)
        cure = f"near: {listed(close)}" if close else f"add to the cast: [Client] {name}"
        known = f"the cast is {listed(sorted(self.names), 'and')}" if self.names else ""
        return Problem(f"nobody in the cast is called {name}", known, cure)

    def _no_step(self, text: str) -> Problem:
        name, _, rest = text.partition(" ")
        word = rest.strip().partition(" ")[0].rstrip(":")
        if near(word, VERBS) and name:
            return self._nobody(name)
        return Problem(
            "this line is no step",
            "a line at the first column is NAME VERB, [Client] NAME, include FILE, # a comment or "
            "> prose",
            f"expected is a name of the cast and {listed(VERBS)}",
        )

    def _act(self, paragraph: Paragraph, actor: str, line: Line) -> Step | None:
        gap = paragraph.gap
        verb = line.verb.text
        if verb == "receives":
            return self._receives(paragraph, actor, line)
        if verb == "sends":
            return self._sends(paragraph, actor, line)
        if line.words:
            word = line.words[0]
            problem = Problem(f"{word.text!r} was not expected here", "", f"{verb} stands alone")
            raise BadPhrase(word, problem)
        if line.inline or paragraph.body:
            self._no_block(paragraph)
        match verb:
            case "connects":
                return Connects(actor, gap=gap)
            case "disconnects":
                return Disconnects(actor, gap=gap)
        return Drops(actor, gap=gap)

    def _salvaged(self, paragraph: Paragraph, actor: str, line: Line) -> Step | None:
        """Return what a step with wrong words says all the same: its stanzas."""
        block = block_of(self.source, paragraph, line.inline, line.column)
        if block is None or line.verb.text not in ("sends", "receives"):
            return None
        sent = line.verb.text == "sends"
        block = self._with_stanzas(paragraph, block, wild=not sent)
        gap = paragraph.gap
        return Sends(actor, block, gap=gap) if sent else Receives(actor, block, gap=gap)

    def _no_block(self, paragraph: Paragraph) -> None:
        number = paragraph.line + 1 if paragraph.body else paragraph.line
        problem = Problem("nothing belongs below this line", "", "write sends or receives above it")
        self.source.fault(number, 1, problem)

    def _sends(self, paragraph: Paragraph, actor: str, line: Line) -> Step:
        block = block_of(self.source, paragraph, line.inline, line.column)
        raw = [word.text for word in line.words] == ["raw"]
        if line.words and not raw:
            raise BadPhrase(line.words[0], unexpected(line.words[0].text, ("raw", "a stanza")))
        if block is None:
            raise BadPhrase(line.verb, _missing("what is sent"))
        if raw:
            self._check_escapes(paragraph, block)
            return SendsRaw(actor, block, gap=paragraph.gap)
        block = self._with_stanzas(paragraph, block, wild=False)
        return Sends(actor, block, gap=paragraph.gap)

    def _receives(self, paragraph: Paragraph, actor: str, line: Line) -> Step:
        gap = paragraph.gap
        said = reception(line.words)
        block = block_of(self.source, paragraph, line.inline, line.column)
        if said.nothing or said.part is StreamPart.CLOSE:
            if block is not None:
                self._no_block(paragraph)
            if said.part is StreamPart.CLOSE:
                return ReceivesStream(actor, said.part, within=said.within, gap=gap)
            return ReceivesNothing(actor, said.seconds, gap=gap)
        if said.part is not None:
            header = said.part is StreamPart.HEADER
            if block is not None:
                block = self._with_stanzas(paragraph, block, wild=True, header=header)
                self._check_part(said.part, block)
            return ReceivesStream(actor, said.part, block, said.condition, said.within, gap=gap)
        if block is None:
            raise BadPhrase(line.verb, _missing("what is received"))
        block = self._with_stanzas(paragraph, block, wild=True)
        return Receives(actor, block, said.unordered, said.optionally, said.within, gap=gap)

    def _check_part(self, part: StreamPart, block: Block) -> None:
        """Note a fault if a block does not hold just the element that is asked for."""
        name = {"header": "stream", "features": "features"}.get(part.value, "error")
        for number, stanza in enumerate(block.stanzas):
            right = stanza.pattern.name.rpartition("}")[2] == name
            if number or not right:
                problem = Problem(f"the {part.value} is one <stream:{name}>, and nothing else")
                self.source.fault(stanza.place.line, stanza.place.column, problem)

    # Blocks.

    def _positions(self, paragraph: Paragraph, block: Block) -> Positions:
        first = paragraph.line if block.inline else paragraph.line + 1
        starts = [
            self.source.place(first + index, len(block.indent) + 1)
            for index in range(len(block.lines))
        ]
        starts[0] = block.place
        return Positions(block.text, starts)

    def _with_stanzas(
        self, paragraph: Paragraph, block: Block, *, wild: bool, header: bool = False
    ) -> Block:
        """Return a block with the stanzas that are in it."""
        text = block.text
        positions = self._positions(paragraph, block)
        cuts, faults = patterns_of(text, positions, wild=wild, header=header)
        for fault in faults:
            place = positions.place(fault.offset)
            self.source.fault(place.line, place.column, fault.problem, fault.width)
        stanzas = tuple(
            Stanza(text[cut.start : cut.end], cut.pattern, positions.place(cut.start))
            for cut in cuts
        )
        return replace(block, stanzas=stanzas)

    def _check_escapes(self, paragraph: Paragraph, block: Block) -> None:
        positions = self._positions(paragraph, block)
        text = block.text
        at = 0
        while (found := _BACKSLASH.search(text, at)) is not None:
            escape = ESCAPE.match(text, found.start())
            if escape is None:
                place = positions.place(found.start())
                problem = Problem(
                    "this escape is not known", "", r"expected is \xNN, \n, \r, \t or \\ itself"
                )
                self.source.fault(place.line, place.column, problem, 2)
            at = found.end() if escape is None else escape.end()


def _no_verb(word: str) -> Problem:
    close = near(word, VERBS)
    meant = f"; {close[0]} is near" if close else ""
    return Problem(f"{word!r} is no verb", "", f"expected is {listed(VERBS)}{meant}")


def _missing(what: str) -> Problem:
    return Problem(f"{what} is missing", "", "write it in the lines below, indented")
