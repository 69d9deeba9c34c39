"""How much of what was said on a stream the catalogue knows, by distinct element and by use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .catalogue import canonical
from .explain_element import is_known

if TYPE_CHECKING:
    from lxml import etree


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often each element occurs, by Clark name: those that are known, and those that are not.

    The most frequent come first.
    """

    known: dict[str, int]
    unknown: dict[str, int]

    @property
    def distinct(self) -> int:
        """How many different elements there are."""
        return len(self.known) + len(self.unknown)

    @property
    def occurrences(self) -> int:
        """How many elements there are in all."""
        return sum(self.known.values()) + sum(self.unknown.values())

    @property
    def share_of_distinct(self) -> float:
        """The share of different elements that are known, from 0 to 1; 1 of none."""
        return len(self.known) / self.distinct if self.distinct else 1.0

    @property
    def share_of_occurrences(self) -> float:
        """The share of elements that are known, each counted as often as it occurs; 1 of none."""
        return sum(self.known.values()) / self.occurrences if self.occurrences else 1.0


def coverage(elements: Iterable[etree._Element]) -> Coverage:
    """Count the elements of these trees, the roots included."""
    known: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for root in elements:
        for element in root.iter():
            if isinstance(element.tag, str):
                counts = known if is_known(element) else unknown
                counts[canonical(element.tag)] += 1
    return Coverage(dict(known.most_common()), dict(unknown.most_common()))
