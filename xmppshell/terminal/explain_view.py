"""Explanations in columns: an annotated tree of XML, and cards of words.

Each element stands on a line of its own with its reference at the right; below it, a little to
the right, what it is for, and each of its values with what that says. The addresses of all that
is referred to come last, each in one piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ..knowledge.explanation import Answer, Branch, Card, More, Run, Source
from .columns import LEAST_WIDTH, cells, shortened, wrapped
from .safe_text import safe_line

if TYPE_CHECKING:
    from ..knowledge.coverage import Coverage
    from ..knowledge.explanation import Remark, RemarkKind, Value
    from .theme import Role, Theme

WIDEST: Final = 100
"""Lines longer than this are hard to read, however wide the terminal is."""

INDENT: Final = 2
"""How much further right the children of an element stand, in columns."""

IN_FULL: Final = 3
"""So many meanings of a word are shown in full; if there are more, each has a line or two."""

LISTED: Final = 12
"""So many meanings of a word, or elements that are left out, are listed; the rest is named."""

LONGEST_VALUE: Final = 300
NAMED_AT_MOST: Final = 60

_LABELS: Final[dict[RemarkKind, tuple[str, Role]]] = {
    "note": ("", "dim"),
    "unknown": ("? ", "warning"),
    "wrong": ("! ", "error"),
    "usually": ("usually: ", "text"),
    "try": ("try: ", "text"),
    "request": ("in the request, ", "warning"),
}


class ExplainView:
    """Lays out explanations for a terminal of `width` columns."""

    def __init__(self, theme: Theme, width: int) -> None:
        self._theme = theme
        self._width = min(max(width, LEAST_WIDTH), WIDEST)
        self._sources: dict[str, str] = {}

    def lines(self, explanation: Branch | Card | Answer, head: str = "") -> str:
        """Return an explanation of any kind; `head` says of what a tree is."""
        if isinstance(explanation, Branch):
            return self.tree(explanation, head)
        if isinstance(explanation, Card):
            return self.answer(Answer(explanation.name, (explanation,)))
        return self.answer(explanation)

    def tree(self, branch: Branch, head: str = "") -> str:
        """Return an annotated tree, with a line before it if there is a `head`."""
        self._sources = {}
        lines = [self._theme.style("heading", self._wrapped(safe_line(head)))] if head else []
        lines += self._branch(branch, INDENT)
        return "\n".join([*lines, *self._addresses()])

    def answer(self, answer: Answer) -> str:
        """Return what a term can mean."""
        self._sources = {}
        if not answer.cards:
            return "\n".join(self._unknown(answer))
        lines: list[str] = []
        in_full = len(answer.cards) <= IN_FULL
        if not in_full:
            head = f"“{safe_line(answer.term)}” can be {len(answer.cards)} things"
            lines.append(self._theme.style("heading", self._wrapped(head)))
        for number, card in enumerate(answer.cards[:LISTED]):
            if in_full and number:
                lines.append("")
            lines += self._card(card) if in_full else self._card_in_brief(card)
        if answer.cards[LISTED:]:
            kinds = _some([card.kind for card in answer.cards[LISTED:]])
            text = f"and {len(answer.cards) - LISTED} more: {kinds}"
            lines.append(self._theme.style("dim", self._wrapped(text, INDENT, hang=INDENT)))
        if answer.related:
            head = self._wrapped("documents with that in their title", INDENT)
            lines += ["", self._theme.style("dim", head)]
            lines += self._rows(answer.related, 4, "value")
        return "\n".join([*lines, *(self._addresses() if in_full else ())])

    # Trees.

    def _branch(self, branch: Branch, margin: int) -> Iterator[str]:
        tag = self._tag(branch.name, branch.namespace)
        yield self._headed(margin, tag, _plain_tag(branch.name, branch.namespace), branch.source)
        inner = margin + INDENT
        if branch.why:
            yield self._wrapped(safe_line(branch.why), inner)
        for value in branch.values:
            self._note(value.source)
        yield from self._values(branch.values, inner)
        yield from self._remarks(branch.remarks, inner)
        for child in branch.children:
            if isinstance(child, Branch):
                yield from self._branch(child, inner)
            elif isinstance(child, Run):
                yield from self._run(child, inner)
            else:
                yield from self._more(child, inner)

    def _run(self, run: Run, margin: int) -> Iterator[str]:
        count = len(run.rows) + len(run.more)
        tag = self._tag(run.name, run.namespace)
        plain = f"{_plain_tag(run.name, run.namespace)}, {count} times"
        yield self._headed(margin, f"{tag}, {count} times", plain, run.source)
        if run.why:
            yield self._wrapped(safe_line(run.why), margin + INDENT)
        yield from self._remarks(run.remarks, margin + INDENT)
        yield from self._values(run.rows, margin + INDENT)
        if run.more:
            names = _some(run.more)
            text = self._wrapped(f"and {len(run.more)} more: {names}", margin + INDENT)
            yield self._theme.style("dim", text)
        if run.unknown:
            text = f"? not known here: {_some(run.unknown)}"
            yield self._theme.style("warning", self._wrapped(text, margin + INDENT))

    def _more(self, more: More, margin: int) -> Iterator[str]:
        text = f"and {len(more.which)} more <{safe_line(more.name)}>"
        rows = more.which[:LISTED] if any(value.meaning for value in more.which) else ()
        rest = _some([value.value for value in more.which[len(rows) :] if value.value])
        if not rows:
            text += f": {rest}" if rest else ""
            yield self._theme.style("dim", self._wrapped(text, margin))
            return
        yield self._theme.style("dim", self._wrapped(text, margin))
        yield from self._values(rows, margin + INDENT)
        if rest:
            text = self._wrapped(f"and {rest}", margin + INDENT)
            yield self._theme.style("dim", text)

    def _tag(self, name: str, namespace: str) -> str:
        shown = safe_line(name)
        if " " in shown:  # No element, but the end of the stream and the like.
            return self._theme.style("heading", shown)
        opening = self._theme.style("tag", f"<{shown}")
        closing = self._theme.style("tag", ">")
        if not namespace:
            return f"{opening}{closing}"
        declared = self._theme.style("namespace", f"xmlns='{safe_line(namespace)}'")
        return f"{opening} {declared}{closing}"

    def _headed(self, margin: int, text: str, plain: str, source: Source) -> str:
        """Return a line with its reference at the right, or right after it where that is narrow."""
        self._note(source)
        line = " " * margin + text
        if source.reference in ("", plain):
            return line
        used, reference = margin + cells(plain), safe_line(source.reference)
        space = self._width - used - cells(reference)
        if space < 2:
            return f"{line}\n{' ' * (margin + 2 * INDENT)}{self._theme.style('dim', reference)}"
        return f"{line}{' ' * space}{self._theme.style('dim', reference)}"

    def _values(self, values: Sequence[Value], margin: int) -> Iterator[str]:
        """Give a line for each value: its name and what stands there, and what that says.

        The meanings stand in a column, but for those of values that are too long for it.
        """
        written = [_written(value) for value in values]
        most = (self._width - margin) // 2
        column = max((cells(text) for text in written if cells(text) <= most), default=0)
        for value, text in zip(values, written, strict=True):
            yield from self._value(value, text, margin, column)

    def _value(self, value: Value, text: str, margin: int, column: int) -> Iterator[str]:
        said = safe_line(value.meaning)
        mark = "?" if value.doubt.startswith("not known") else "!"
        doubt = f"{mark} {safe_line(value.doubt)}" if value.doubt else ""
        painted = self._painted(value, text)
        meaning = " ".join(part for part in (said, doubt) if part)
        if not meaning:
            yield " " * margin + painted
            return
        role: Role = "warning" if doubt else "text"
        start = margin + column + 2
        if cells(text) <= column:
            pad = " " * (column - cells(text) + 2)
            body = wrapped(meaning, self._width, " " * start, " " * start)
            first, _, rest = body.partition("\n")
            line = " " * margin + painted + pad + self._theme.style(role, first[start:])
            yield line + (f"\n{self._theme.style(role, rest)}" if rest else "")
            return
        yield " " * margin + painted
        yield self._theme.style(role, self._wrapped(meaning, margin + 2 * INDENT))

    def _painted(self, value: Value, text: str) -> str:
        if not value.name:
            return self._theme.style("value", text)
        if value.name.startswith("payload"):
            name, _, rest = text.partition(" = ")
            return f"{self._theme.style('attribute', name)} = {self._theme.style('value', rest)}"
        name, _, rest = text.partition("=")
        return f"{self._theme.style('attribute', name)}={self._theme.style('value', rest)}"

    def _remarks(self, remarks: Iterable[Remark], margin: int) -> Iterator[str]:
        for remark in remarks:
            label, role = _LABELS[remark.kind]
            text = safe_line(remark.text)
            if remark.part:
                part = shortened(safe_line(remark.part), self._width - margin - 16)
                text = f"{part}: {text}" if remark.kind == "request" else f"{text}: {part}"
            yield self._theme.style(role, self._wrapped(label + text, margin, hang=INDENT))

    # Cards.

    def _card(self, card: Card) -> Iterator[str]:
        name = safe_line(card.name)
        self._note(card.source)
        yield self._headed(0, self._theme.style("heading", name), name, card.source)
        yield self._theme.style("dim", self._wrapped(safe_line(card.kind), INDENT))
        if card.why:
            yield self._wrapped(safe_line(card.why), INDENT)
        yield from self._remarks(card.remarks, INDENT)
        for part in card.parts:
            yield self._theme.style("dim", self._wrapped(safe_line(part.title), INDENT))
            yield from self._rows(part.rows, 2 * INDENT, "value")

    def _card_in_brief(self, card: Card) -> Iterator[str]:
        name, kind = safe_line(card.name), safe_line(card.kind)
        plain = f"{name}, {kind}"
        text = f"{self._theme.style('value', name)}, {self._theme.style('dim', kind)}"
        if INDENT + cells(plain) <= self._width:
            yield " " * INDENT + text
        else:
            yield self._wrapped(plain, INDENT, hang=INDENT)
        if card.why:
            yield self._wrapped(safe_line(card.why), 3 * INDENT)

    def _rows(self, rows: Sequence[tuple[str, str]], margin: int, role: Role) -> Iterator[str]:
        """Give rows of a name and what there is to say of it, in two columns where that fits."""
        most = max(self._width // 3, 12)
        names = [safe_line(name) for name, _ in rows]
        column = max((cells(name) for name in names if cells(name) <= most), default=0)
        for name, (_, text) in zip(names, rows, strict=True):
            head = " " * margin + self._theme.style(role, name)
            start = " " * (margin + column + 2)
            if not text:
                yield head
            elif cells(name) <= column:
                body = wrapped(safe_line(text), self._width, start, start)
                yield head + " " * (column - cells(name)) + body[margin + column :]
            else:
                yield f"{head}\n{wrapped(safe_line(text), self._width, start, start)}"

    def _unknown(self, answer: Answer) -> Iterator[str]:
        term = safe_line(answer.term)
        text = f"nothing is known here of “{term}”"
        yield self._theme.style("warning", self._wrapped(f"? {text}", 0, hang=INDENT))
        if answer.near:
            names = ", ".join(map(safe_line, answer.near))
            yield self._wrapped(f"written much like it: {names}", INDENT)
        else:
            yield self._wrapped(
                "elements, namespaces, conditions, status codes, mechanisms, features and"
                " documents are known: try another word, or part of one",
                INDENT,
            )

    # Coverage.

    def coverage(self, name: str, found: Coverage) -> str:
        """Return which elements of the file `name` are not known, and the shares of the known."""
        lines = [
            f"{safe_line(name)}: {found.occurrences} elements, {found.distinct} of them different",
            _share("different elements", len(found.known), found.distinct, found.share_of_distinct),
            _share(
                "occurrences",
                sum(found.known.values()),
                found.occurrences,
                found.share_of_occurrences,
            ),
        ]
        if found.unknown:
            lines.append("not known:")
        width = len(str(max(found.unknown.values(), default=0)))
        for tag, count in found.unknown.items():
            namespace, _, local = tag.removeprefix("{").rpartition("}")
            lines.append(f"  {count:{width}}  <{safe_line(local)} xmlns='{safe_line(namespace)}'>")
        return "\n".join(lines)

    # Addresses.

    def _note(self, source: Source) -> None:
        if source.reference and source.url:
            self._sources.setdefault(source.reference, source.url)

    def _addresses(self) -> Iterator[str]:
        """Give the addresses of what was referred to: of documents, and of sections of them."""
        if not self._sources:
            return
        yield self._theme.style("dim", "  where to read on")
        column = max(map(cells, self._sources))
        for reference, url in self._sources.items():
            pad = " " * (column - cells(reference))
            if 4 + column + 2 + cells(url) <= self._width:
                yield f"    {reference}{pad}  {self._theme.style('dim', url)}"
            else:
                yield f"    {reference}\n{self._theme.style('dim', url)}"

    def _wrapped(self, text: str, margin: int = 0, hang: int = 0) -> str:
        return wrapped(text, self._width, " " * margin, " " * (margin + hang))


def _plain_tag(name: str, namespace: str) -> str:
    if " " in name:
        return safe_line(name)
    return f"<{safe_line(name)} xmlns='{safe_line(namespace)}'>" if namespace else f"<{name}>"


def _written(value: Value) -> str:
    """Return a value as it stands in XML, cut if it is long."""
    text = shortened(safe_line(value.value), LONGEST_VALUE)
    if not value.name:
        return text if "='" in text else f"“{text}”"
    if value.name.startswith("payload"):
        return f"{safe_line(value.name)} = {text}"
    return f"{safe_line(value.name)}='{text}'"


def _some(names: Sequence[str]) -> str:
    """Return names in a list, not all of them if they are very many."""
    shown = ", ".join(shortened(safe_line(name), NAMED_AT_MOST) for name in names[:40])
    return f"{shown} and {len(names) - 40} more" if len(names) > 40 else shown


def _share(what: str, known: int, total: int, share: float) -> str:
    return f"  {share:7.1%} of {what} known ({known} of {total})"
