"""Writing a script as text, in the house's own style.

What was read comes back as it was if it was in that style: one space after a name and a mark, a
colon where XML follows, no blank lines inside the cast.
"""

from __future__ import annotations

from collections.abc import Iterator

from .script import (
    Actor,
    Block,
    Comment,
    Connects,
    Disconnects,
    Drops,
    Entry,
    Include,
    Option,
    Prose,
    Receives,
    ReceivesNothing,
    ReceivesStream,
    Script,
    Sends,
    SendsRaw,
    Tag,
    Title,
)

_INDENT = "    "


def write_script(script: Script) -> str:
    """Return the text of a script; reading it gives an equal script."""
    written: list[str] = []
    before: Entry | None = None
    for entry in script.entries:
        written += [""] * _gap(entry, before)
        written += _entry(entry)
        before = entry
    return "\n".join(written) + "\n" if written else ""


def _gap(entry: Entry, before: Entry | None) -> int:
    """Return how many blank lines go before an entry; without one, some would flow together."""
    if before is None:
        return 0 if entry.gap == 1 else entry.gap
    one = (isinstance(before, Title) and isinstance(entry, Comment | Title)) or (
        isinstance(before, Prose) and isinstance(entry, Prose)
    )
    return max(entry.gap, 1) if one else entry.gap


def _entry(entry: Entry) -> Iterator[str]:
    match entry:
        case Title():
            yield from (f"# {line}".rstrip() for line in (entry.text, *entry.description))
        case Tag():
            yield f"## {entry.name}: {entry.value}" if entry.value else f"## {entry.name}"
        case Comment():
            yield entry.text
        case Prose():
            yield from (f"> {line}".rstrip() for line in entry.text.split("\n"))
        case Actor():
            yield f"[{entry.role.value}] {entry.name}"
            yield from map(_cast_line, entry.lines)
        case Include():
            yield f"include {entry.path}"
        case _:
            yield from _step(entry)


def _cast_line(line: Option | Comment) -> str:
    if isinstance(line, Comment):
        return line.text
    return f"{_INDENT}{line.key}: {line.value}".rstrip()


def _step(step: Entry) -> Iterator[str]:
    match step:
        case Connects():
            yield f"{step.actor} connects"
        case Disconnects():
            yield f"{step.actor} disconnects"
        case Drops():
            yield f"{step.actor} drops"
        case Sends():
            yield from _with_block(f"{step.actor} sends", step.block)
        case SendsRaw():
            yield from _with_block(f"{step.actor} sends raw", step.block)
        case Receives():
            yield from _with_block(f"{step.actor} receives{_modifiers(step)}", step.block)
        case ReceivesNothing():
            span = "" if step.seconds is None else f" for {duration(step.seconds)}"
            yield f"{step.actor} receives: nothing{span}"
        case ReceivesStream():
            yield from _stream(step)


def _modifiers(step: Receives) -> str:
    words = []
    if step.optionally:
        words.append(" optionally")
    if step.unordered:
        words.append(" unordered")
    return "".join(words) + _within(step.within)


def _within(seconds: float | None) -> str:
    return "" if seconds is None else f" within {duration(seconds)}"


def _stream(step: ReceivesStream) -> Iterator[str]:
    line = f"{step.actor} receives {step.part.value}"
    if step.block is not None:
        condition = f" {step.condition}" if step.condition else ""
        yield from _with_block(f"{line}{condition}{_within(step.within)}", step.block)
    else:
        condition = f": {step.condition}" if step.condition else ""
        yield f"{line}{_within(step.within)}{condition}"


def duration(seconds: float) -> str:
    """Return a span of time as a script has it: `0.5s`."""
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


def _with_block(head: str, block: Block) -> Iterator[str]:
    comments = dict(block.comments)
    lines = [
        comments.get(index, block.indent + line if line else "")
        for index, line in enumerate(block.lines)
    ]
    if block.inline:
        yield f"{head}: {block.lines[0]}"
        yield from lines[1:]
    else:
        yield f"{head}:"
        yield from lines
