"""What a SASL element says, decoded field by field, for the lines under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..commands.sasl_payloads import SaslPayloads
from .columns import wrapped
from .safe_text import safe_line

if TYPE_CHECKING:
    from ..feed import Record
    from ..protocol.sasl_explain import Field
    from .theme import Theme


class SaslLines:
    """Follows the exchanges of all sessions, and shows what their payloads say."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._payloads = SaslPayloads()

    def follow(self, record: Record) -> None:
        """Take every record, shown or not; a payload's fields are remembered, secrets masked."""
        self._payloads.follow(record)

    def lines(self, record: Record, width: int) -> str:
        """Return the lines for a record that was followed, or ""."""
        fields = self._payloads.fields(record)
        if not fields:
            return ""
        column = max(len(field.name) for field in fields)
        return "\n".join(self._line(field, column, width) for field in fields)

    def _line(self, field: Field, column: int, width: int) -> str:
        head = f"    {safe_line(field.name):<{column}}  "
        margin = " " * len(head)
        room = max(width - len(head), 20)
        value = safe_line(field.value)
        pieces = [value[at : at + room] for at in range(0, len(value), room)]
        said = (head + f"\n{margin}".join(pieces)).rstrip()
        return f"{said}\n{self._theme.style('dim', wrapped(field.meaning, width, margin, margin))}"
