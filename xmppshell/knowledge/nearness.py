"""Names that are written much like another one: for what is not known, and may be misspelt."""

from __future__ import annotations

from collections.abc import Iterable

from .catalogue import catalogue

_MOST = 3


_ALIKE = 0.72
_SHORT = 4
_ALIKE_IF_SHORT = 0.6
"""How alike words must be (`difflib.SequenceMatcher.ratio`): one slip tells more in a short one."""


def near(word: str, known: Iterable[str], cutoff: float | None = None) -> tuple[str, ...]:
    """Return up to three of `known` that are written much like `word`, the nearest first."""
    import difflib

    if cutoff is None:
        cutoff = _ALIKE if len(word) > _SHORT else _ALIKE_IF_SHORT
    by_case: dict[str, str] = {}
    for name in known:
        by_case.setdefault(name.casefold(), name)
    found = difflib.get_close_matches(word.casefold(), by_case, n=_MOST, cutoff=cutoff)
    return tuple(by_case[name] for name in found)


def near_namespaces(name: str) -> tuple[str, ...]:
    """Return namespaces that are written much like `name`: other versions of it come first."""
    known = catalogue().known_names()
    stem = name.rstrip("0123456789").rstrip(":#/")
    same = [other for other in known if other.rstrip("0123456789").rstrip(":#/") == stem]
    return tuple(dict.fromkeys([*same, *near(name, known, cutoff=0.87)]))[:_MOST]


def listed(names: Iterable[str], joint: str = "or") -> str:
    """Return names as a list in words: `a`, `a or b`, `a, b or c`; "" for none."""
    *first, last = [*names] or [""]
    return f"{', '.join(first)} {joint} {last}" if first else last
