"""Whether what arrived is what the script expects; and if not, what differs, and where.

Names and namespaces have to be equal. An element that is not strict has to have the attributes
and children of the pattern, in any order and among others; a strict one has just these, in order.
Text is compared without the white space at its ends, and only if the pattern has some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from ..protocol import namespaces
from .patterns import AttributePattern, ElementPattern
from .places import NOWHERE, Place
from .variables import UnknownVariable, Value

if TYPE_CHECKING:
    from lxml import etree

    from ..protocol.xml.parsing import StreamHeader

ABSENT = "nothing"
"""What a difference says for an attribute or an element that is not there."""

# The default namespaces of streams: scripts write all stanzas in the first.
_CONTENT = (namespaces.CLIENT, namespaces.SERVER, namespaces.COMPONENT_ACCEPT)
_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: `path` is like `iq/query/item[2]/@jid`.

    `place` is where the script asks for it, with `width` characters.
    """

    path: str
    expected: str
    actual: str
    place: Place = NOWHERE
    width: int = 1

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, got {self.actual}"


@dataclass(frozen=True, slots=True)
class Match:
    """The element is what was expected; `captures` has what it gives for each captured name."""

    captures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The element is another one; `score`, from 0 to 1, says how much of the pattern it has.

    `differences` is never empty; the first is the one to show. `path`, `expected`, `actual` and
    `place` are those of the first.
    """

    differences: tuple[Difference, ...]
    score: float

    @property
    def path(self) -> str:
        """Where in the element it differs."""
        return self.differences[0].path

    @property
    def expected(self) -> str:
        """What the script expects there."""
        return self.differences[0].expected

    @property
    def actual(self) -> str:
        """What is there."""
        return self.differences[0].actual

    @property
    def place(self) -> Place:
        """Where the script says so."""
        return self.differences[0].place


Outcome: TypeAlias = Match | Mismatch


def match(
    pattern: ElementPattern, element: etree._Element, variables: Mapping[str, str]
) -> Outcome:
    """Compare an element with a pattern; `variables` has values by name (`Juliet's JID`).

    A variable without a value matches nothing.
    """
    found = _Comparison.of(pattern, element, variables)
    if found.differences:
        return Mismatch(tuple(found.below(_local(pattern.name))), found.score)
    return Match(found.captures)


def match_header(
    pattern: ElementPattern, header: StreamHeader, variables: Mapping[str, str]
) -> Outcome:
    """Compare a stream header with a pattern, as `match` does."""
    from lxml import etree

    return match(pattern, etree.Element(header.tag, header.attributes), variables)


def nearest(
    pattern: ElementPattern, elements: Sequence[etree._Element], variables: Mapping[str, str]
) -> tuple[int, Mismatch] | None:
    """Return the index of the element that differs least, the latest of equals, and how.

    None if there is none that differs.
    """
    best: tuple[int, Mismatch] | None = None
    for index, element in enumerate(elements):
        outcome = match(pattern, element, variables)
        if isinstance(outcome, Mismatch) and (best is None or outcome.score >= best[1].score):
            best = index, outcome
    return best


class _Comparison:
    """One comparison of a pattern with an element; the paths begin below the element.

    It counts what was asked for and what of it was right.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.captures: dict[str, str] = {}
        self.differences: list[Difference] = []
        self.asked = 0
        self.right = 0

    @classmethod
    def of(
        cls, pattern: ElementPattern, element: etree._Element, variables: Mapping[str, str]
    ) -> _Comparison:
        found = cls(variables)
        found.element(pattern, element)
        return found

    @property
    def score(self) -> float:
        return self.right / max(self.asked, 1)

    def below(self, path: str) -> list[Difference]:
        """Return the differences for an element that is at `path`."""
        return [replace(found, path=path + found.path) for found in self.differences]

    def _take(self, other: _Comparison, step: str) -> None:
        """Add the comparison of a child to that of its parent."""
        self.asked += other.asked
        self.right += other.right
        self.differences += other.below(f"/{step}")
        self.captures.update(other.captures)

    def element(self, pattern: ElementPattern, element: etree._Element) -> None:
        """Compare."""
        expected, actual = pattern.name, content_name(str(element.tag))
        # Another element is a worse mistake than another value.
        self.asked += 3
        if expected != actual:
            self._different_name(pattern, actual)
            self.asked += _weight(pattern)
            return
        self.right += 3
        self._attributes(pattern, element)
        self._text(pattern, element)
        children = [child for child in element if isinstance(child.tag, str)]
        if pattern.strict:
            self._children_in_order(pattern, children)
        else:
            self._children_in_any_order(pattern, children)

    def _different_name(self, pattern: ElementPattern, actual: str) -> None:
        expected = pattern.name
        if _local(expected) == _local(actual):
            shown = f"namespace {_namespace(expected)}", f"namespace {_namespace(actual)}"
        else:
            shown = f"<{_local(expected)}>", f"<{_local(actual)}>"
        self._differ("", *shown, pattern.place, len(pattern.written) + 1)

    def _differ(self, path: str, expected: str, actual: str, place: Place, width: int) -> None:
        self.differences.append(Difference(path, expected, actual, place, max(width, 1)))

    # Attributes and text.

    def _attributes(self, pattern: ElementPattern, element: etree._Element) -> None:
        for expected in pattern.attributes:
            actual = element.get(expected.name)
            here = f"/@{expected.written}"
            if actual is None:
                self.asked += 1
                shown = self._shown(expected.value)
                self._differ(here, shown, ABSENT, *_whole(expected))
            else:
                self._value(expected.value, actual, here)
        if pattern.strict:
            names = {attribute.name for attribute in pattern.attributes}
            for name, actual in element.attrib.items():
                if str(name) not in names:
                    here = f"/@{_local(str(name))}"
                    width = len(pattern.written) + 1
                    self._differ(here, ABSENT, _quoted(str(actual)), pattern.place, width)

    def _text(self, pattern: ElementPattern, element: etree._Element) -> None:
        if pattern.text is not None:
            self._value(pattern.text, text_of(element), "")

    def _value(self, expected: Value, actual: str, path: str) -> None:
        self.asked += 1
        try:
            captures = expected.match(actual, self._variables)
        except UnknownVariable as error:
            shown = f"${{{error.args[0]}}}, which has no value yet"
            self._differ(path, shown, _quoted(actual), expected.place, len(expected.source))
            return
        if captures is None:
            shown = self._shown(expected)
            self._differ(path, shown, _quoted(actual), expected.place, len(expected.source))
        else:
            self.right += 1
            self.captures.update(captures)

    def _shown(self, value: Value) -> str:
        return _quoted(value.expected(self._variables))

    # Children.

    def _children_in_order(self, pattern: ElementPattern, children: list[etree._Element]) -> None:
        seen: Counter[str] = Counter()
        numbered = _numbered(content_name(str(child.tag)) for child in children)
        for expected, child in zip(pattern.children, children, strict=False):
            seen[expected.name] += 1
            number = f"[{seen[expected.name]}]" if _repeats(pattern, expected) else ""
            compared = _Comparison.of(expected, child, self._variables)
            self._take(compared, f"{_local(expected.name)}{number}")
        for expected in pattern.children[len(children) :]:
            self._missing(expected)
        for child, step in list(zip(children, numbered, strict=True))[len(pattern.children) :]:
            shown = f"<{_local(str(child.tag))}>"
            width = len(pattern.written) + 1
            self._differ(f"/{step}", ABSENT, shown, pattern.place, width)

    def _children_in_any_order(
        self, pattern: ElementPattern, children: list[etree._Element]
    ) -> None:
        wanted = pattern.children
        outcomes = [
            [_Comparison.of(expected, child, self._variables) for child in children]
            for expected in wanted
        ]
        pairs = _pairs(outcomes)
        left = [index for index in range(len(children)) if index not in pairs.values()]
        seen: Counter[str] = Counter()
        for index, expected in enumerate(wanted):
            seen[expected.name] += 1
            number = f"[{seen[expected.name]}]" if _repeats(pattern, expected) else ""
            step = f"{_local(expected.name)}{number}"
            if index in pairs:
                self._take(outcomes[index][pairs[index]], step)
                continue
            near = _closest(expected, outcomes[index], left, children)
            if near is None:
                self._missing(expected)
            else:
                left.remove(near)
                self._take(outcomes[index][near], step)

    def _missing(self, expected: ElementPattern) -> None:
        self.asked += 3 + _weight(expected)
        name = _local(expected.name)
        width = len(expected.written) + 1
        self._differ(f"/{name}", f"<{name}>", ABSENT, expected.place, width)


def _pairs(outcomes: list[list[_Comparison]]) -> dict[int, int]:
    """Give each expected child a child of its own that matches, as far as that is possible.

    Each takes the first that is free; if there is none, those that have one move on (Kuhn 1955).
    """
    taken: dict[int, int] = {}

    def settle(index: int, tried: set[int]) -> bool:
        for child, outcome in enumerate(outcomes[index]):
            if outcome.differences or child in tried:
                continue
            tried.add(child)
            if child not in taken or settle(taken[child], tried):
                taken[child] = index
                return True
        return False

    for index in range(len(outcomes)):
        settle(index, set())
    return {index: child for child, index in taken.items()}


def _closest(
    expected: ElementPattern,
    outcomes: list[_Comparison],
    left: list[int],
    children: list[etree._Element],
) -> int | None:
    """Return which of the children that are left is most like the expected one; None if none."""
    alike = [index for index in left if _local(str(children[index].tag)) == _local(expected.name)]
    return max(alike, key=lambda index: outcomes[index].score, default=None)


def _weight(pattern: ElementPattern) -> int:
    """Return how much a pattern asks for besides its name."""
    own = len(pattern.attributes) + (pattern.text is not None)
    return own + sum(3 + _weight(child) for child in pattern.children)


def _repeats(pattern: ElementPattern, child: ElementPattern) -> bool:
    return sum(other.name == child.name for other in pattern.children) > 1


def _numbered(names: Iterable[str]) -> list[str]:
    """Return the steps of paths for children with these names: `item[2]`, or `x` if alone."""
    given = list(names)
    total, seen = Counter(given), Counter[str]()
    steps = []
    for name in given:
        seen[name] += 1
        steps.append(_local(name) + (f"[{seen[name]}]" if total[name] > 1 else ""))
    return steps


def content_name(name: str) -> str:
    """Return the Clark name of an element as scripts have it, on whatever kind of stream it was."""
    for namespace in _CONTENT[1:]:
        if name.startswith(f"{{{namespace}}}"):
            return f"{{{_CONTENT[0]}}}{_local(name)}"
    return name


def text_of(element: etree._Element) -> str:
    """Return the text directly in an element, without white space at its ends."""
    pieces = [element.text or "", *(child.tail or "" for child in element)]
    return "".join(pieces).strip(_SPACE)


def _whole(attribute: AttributePattern) -> tuple[Place, int]:
    return attribute.place, len(attribute.written)


def _quoted(text: str) -> str:
    return text if text and text.isprintable() and " " not in text else repr(text)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _namespace(name: str) -> str:
    return name.rpartition("}")[0].removeprefix("{") or "none"
