"""What is offered at the cursor: a text, how it is called in the menu, and what it means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """A text that can take the place of the `replaces` characters before the cursor.

    `label` is what the menu calls it and `meaning` what it says beside that; both may be what a
    server sent, so whoever shows them makes them safe.
    """

    text: str
    replaces: int
    label: str
    meaning: str = ""


def matching(words: Iterable[str], word: str, end: str = "") -> Iterator[Offer]:
    """Offer those of `words` that begin with `word`, each with `end` after it."""
    for each in words:
        if each.startswith(word):
            yield Offer(each + end, len(word), each)
