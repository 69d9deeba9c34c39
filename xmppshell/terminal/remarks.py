"""What the rules say of a stanza that was sent or came, in lines under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from .columns import shortened, wrapped
from .safe_text import safe_line

if TYPE_CHECKING:
    from ..knowledge.lint import Finding
    from .theme import Role, Theme

MOST: Final = 3
"""So many are told under a stanza; more are counted."""

LONGEST: Final = 200


def remark_lines(
    findings: Sequence[Finding], theme: Theme, width: int, *, sent: bool, where: str
) -> Iterator[str]:
    """Give the lines of `findings`, dim under what came; `where` is what to type for them all."""
    for finding in findings[:MOST]:
        role: Role = "error" if finding.is_error else "warning"
        text = shortened(safe_line(finding.sentence), LONGEST)
        yield theme.style(role if sent else "dim", wrapped(text, width, "  ! ", "    "))
    if len(findings) > MOST:
        yield theme.style("dim", f"  ! {len(findings) - MOST} more{where}")
