"""What a SASL element says, decoded field by field, for the lines under it."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from ..protocol import namespaces as ns
from ..protocol.events import Direction, ElementSeen
from ..protocol.sasl_explain import Field, explain
from ..protocol.states import Speaker
from .columns import wrapped
from .safe_text import safe_line

if TYPE_CHECKING:
    from lxml import etree

    from ..feed import Record
    from .theme import Theme

_BEGINNINGS = (f"{{{ns.SASL}}}auth", f"{{{ns.SASL2}}}authenticate")
_ELEMENTS = frozenset(
    {
        *_BEGINNINGS,
        *(
            f"{{{namespace}}}{name}"
            for namespace in (ns.SASL, ns.SASL2)
            for name in ("challenge", "response", "success")
        ),
    }
)
_INNER = (f"{{{ns.SASL2}}}initial-response", f"{{{ns.SASL2}}}additional-data")


class SaslLines:
    """Follows the exchanges of all sessions, so that each payload is read as what it is."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._mechanisms: dict[str, str] = {}
        self._steps: dict[tuple[str, Speaker], int] = {}
        self._fields: dict[int, tuple[Field, ...]] = {}

    def follow(self, record: Record) -> None:
        """Take every record, shown or not; a payload's fields are remembered, secrets masked."""
        event = record.event
        if not isinstance(event, ElementSeen) or record.number is None:
            return
        tag = str(event.element.tag)
        if tag not in _ELEMENTS or record.number in self._fields:
            return
        if tag in _BEGINNINGS:
            self._mechanisms[record.session] = event.element.get("mechanism") or ""
            self._steps = {key: n for key, n in self._steps.items() if key[0] != record.session}
        payload = _payload(event.element)
        if payload is None:
            return
        speaker = Speaker.CLIENT if event.direction is Direction.SENT else Speaker.SERVER
        key = (record.session, speaker)
        step = self._steps.get(key, 0)
        self._steps[key] = step + 1
        mechanism = self._mechanisms.get(record.session, "")
        self._fields[record.number] = explain(mechanism, speaker, step, payload)

    def lines(self, record: Record, width: int) -> str:
        """Return the lines for a record that was followed, or ""."""
        fields = self._fields.get(record.number or 0, ())
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


def _payload(element: etree._Element) -> bytes | None:
    """Return the decoded payload, or None if the element has none or it is not base64."""
    inner = next((found for name in _INNER if (found := element.find(name)) is not None), None)
    text = ((element if inner is None else inner).text or "").strip()
    if not text:
        return None
    try:
        return b"" if text == "=" else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
