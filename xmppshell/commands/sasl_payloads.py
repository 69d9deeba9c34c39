"""What the payloads of SASL say, each read as what it is in its exchange, secrets masked."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from ..protocol import namespaces as ns
from ..protocol.events import Direction, ElementSeen
from ..protocol.sasl_explain import Field, explain
from ..protocol.states import Speaker

if TYPE_CHECKING:
    from lxml import etree

    from ..feed import Record

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


class SaslPayloads:
    """Follows the exchanges of all sessions, so that each payload is read as what it is."""

    def __init__(self) -> None:
        self._mechanisms: dict[str, str] = {}
        self._steps: dict[tuple[str, Speaker], int] = {}
        self._fields: dict[int, tuple[Field, ...]] = {}

    def follow(self, record: Record) -> None:
        """Take every record in order; a payload's fields are remembered, secrets masked."""
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

    def fields(self, record: Record) -> tuple[Field, ...]:
        """Return the fields of the payload of a record that was followed, none if it has none."""
        return self._fields.get(record.number or 0, ())


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
