"""The view of a session: each record of its feed as lines for a person, or nothing.

What was on the wire gets a line that says which way it went, what it is and what it answers, and
below it the XML. The negotiation is shown in steps unless its XML is asked for. Everything has
its secrets taken out and passes `safe_text`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from ..protocol import namespaces as ns
from ..protocol.errors import stanza_error
from ..protocol.events import (
    BrokenBytesSeen,
    Connected,
    Direction,
    ElementSeen,
    StreamEndSeen,
    StreamHeaderSeen,
    TextSeen,
    WhitespaceSeen,
    WireEvent,
)
from ..protocol.moves import MoveFamily
from ..transcript.redaction import redact
from .columns import LEAST_WIDTH, cells, fitted, shortened
from .pretty import Folded, pretty, pretty_folded
from .pretty import raw as coloured
from .problems import problem_block, problem_lines, stanza_error_lines
from .remarks import remark_lines
from .safe_text import safe_bytes, safe_line
from .sasl_lines import SaslLines
from .steps import Steps, duration
from .theme import Role, Theme, session_role

if TYPE_CHECKING:
    from ..commands.desk import ViewChoices
    from ..feed import Record
    from ..protocol.problem import Problem
    from ..protocol.stanza import Stanza

__all__ = ["View", "problem_lines", "render_json", "render_raw"]

FOLD_LINES: Final = 40
FOLD_CHARACTERS: Final = 2000
MARGIN: Final = 2
HEAD_MARGIN: Final = "    "
"""Where that goes on which does not fit on a head line."""

_ADDRESS_COLUMNS: Final = 60
_NEGOTIATION: Final = frozenset({ns.TLS, ns.SASL, ns.SASL2, ns.BIND2})
_NEGOTIATION_TAGS: Final = frozenset(
    {
        f"{{{ns.STREAM}}}features",
        f"{{{ns.COMPONENT_ACCEPT}}}handshake",
        *(
            f"{{{ns.STREAM_MANAGEMENT}}}{name}"
            for name in ("enable", "enabled", "resume", "resumed", "failed")
        ),
    }
)
_TAG_NAME: Final = re.compile(r"<([^\s/>]+)")


class View:
    """Renders the records of all sessions of one shell, in the order in which they come.

    `width` gives the columns of the terminal at the time; `choices` is read at each record, so
    that commands can change it. Where there are several sessions, each block begins with the
    name of its own; longer texts than `fold_lines` lines are folded.
    """

    def __init__(
        self,
        theme: Theme,
        width: Callable[[], int],
        choices: ViewChoices,
        *,
        fold_lines: int = FOLD_LINES,
    ) -> None:
        self.fold_lines = fold_lines
        self._theme = theme
        self._choices = choices
        self._terminal_width = width
        self._steps = Steps(theme, self._width)
        self._sasl = SaslLines(theme)
        self._margin = 0
        self._by_hand: set[str] = set()
        self._negotiating: set[int] = set()
        self._explained: set[str] = set()

    def render(self, record: Record) -> str | None:
        """Return what to show of `record` as it comes, or None if that is nothing."""
        event = record.event
        self._sasl.follow(record)
        if not isinstance(event, WireEvent):
            if isinstance(event, Connected):
                self._by_hand.discard(record.session)
            return self._step_lines(record)
        hidden = self._is_negotiation(record, event)
        if hidden and not self._choices.negotiation and record.session not in self._by_hand:
            return None
        return self._wire_lines(record, event, self._choices.raw, self.fold_lines)

    def in_full(self, record: Record, raw: bool = False) -> str | None:
        """Return all of `record`, whatever the choices hide or fold; `raw` shows exact text."""
        event = record.event
        if not isinstance(event, WireEvent):
            return self._step_lines(record)
        return self._wire_lines(record, event, raw, None)

    def told(self, problem: Problem) -> bool:
        """Say whether `problem` was shown last, so that it need not be shown again."""
        return self._steps.told(problem)

    def _width(self) -> int:
        return max(self._terminal_width() - self._margin, LEAST_WIDTH)

    # Whose it is.

    def _name(self, session: str) -> tuple[str, int]:
        """Return what begins a block of a session, and how wide it is: nothing, if it is alone."""
        if not self._choices.several_sessions:
            return "", 0
        name = safe_line(session)
        role = session_role(self._choices.session_number(session))
        return f"{self._theme.style(role, name)} ", cells(name) + 1

    def _step_lines(self, record: Record) -> str | None:
        """Return the lines of what was not on the wire, to the right of the session's name."""
        name, self._margin = self._name(record.session)
        try:
            lines = self._steps.render(record)
        finally:
            margin, self._margin = self._margin, 0
        return None if lines is None else name + lines.replace("\n", "\n" + " " * margin)

    # What is hidden.

    def _is_negotiation(self, record: Record, event: WireEvent) -> bool:
        """Say whether the event is told by a step; remember what the answer depends on.

        Once the user negotiates by hand, nothing of it is told by steps alone.
        """
        if isinstance(event, WhitespaceSeen | StreamEndSeen):
            return True
        sent = event.direction is Direction.SENT
        if isinstance(event, StreamHeaderSeen):
            negotiates = True
        elif not isinstance(event, ElementSeen):
            return False
        elif event.stanza is not None:
            return self._is_binding(record)
        else:
            tag = str(event.element.tag)
            negotiates = tag in _NEGOTIATION_TAGS or tag[1:].partition("}")[0] in _NEGOTIATION
        if negotiates and sent and record.move is None:
            self._by_hand.add(record.session)
        return negotiates or _negotiates(record)

    def _is_binding(self, record: Record) -> bool:
        """Say whether a stanza is part of the negotiation: resource binding, or its answer."""
        if record.answers is not None and record.answers.request in self._negotiating:
            self._negotiating.discard(record.answers.request)
            return True
        if not _negotiates(record):
            return False
        if record.number is not None:
            self._negotiating.add(record.number)
        return True

    # What is on the wire.

    def _wire_lines(
        self, record: Record, event: WireEvent, raw: bool, fold_lines: int | None
    ) -> str:
        """Return the head line, the XML, and what there is to say about it."""
        parts = [self._head(record, event)]
        data = redact(event.data)
        if not isinstance(event, WhitespaceSeen):
            body = self._body(event, data, raw, fold_lines)
            parts.append(body.text)
            parts.append(self._fold_note(body, record))
        parts.append(self._sasl.lines(record, self._width()))
        parts.append(self._explanation(event, briefly=fold_lines is not None))
        if fold_lines is not None:
            parts += self._remarks(record, event)
            if isinstance(event, BrokenBytesSeen) and event.direction is Direction.RECEIVED:
                self._steps.was_told(event.problem, record)
        return "\n".join(part for part in parts if part)

    def _head(self, record: Record, event: WireEvent) -> str:
        theme = self._theme
        role: Role = "sent" if event.direction is Direction.SENT else "received"
        arrow = theme.style(role, event.direction.arrow)
        name, margin = self._name(record.session)
        number = "" if record.number is None else f"{theme.style('number', str(record.number))} "
        stanza = event.stanza if isinstance(event, ElementSeen) else None
        bad = isinstance(event, TextSeen | BrokenBytesSeen) or (stanza and stanza.type == "error")
        line = f"{name}{arrow} {number}{theme.style('error' if bad else 'heading', _kind(event))}"
        used = margin + len(event.direction.arrow) + 1 + cells(_kind(event))
        used += 0 if record.number is None else len(str(record.number)) + 1
        time = f"{record.wall:%H:%M:%S}" if self._choices.timestamps else ""
        rest = ""
        for piece_role, text in _facts(record, event, stanza):
            if rest or used + 3 + cells(text) > self._width() - (len(time) + 2 if time else 0):
                text = fitted(HEAD_MARGIN + text, self._width())
                rest += "\n" + theme.style(piece_role, text)
            else:
                line += f"   {theme.style(piece_role, text)}"
                used += 3 + cells(text)
        if time:
            line += " " * max(self._width() - used - len(time), 2) + theme.style("time", time)
        return line + rest

    def _body(self, event: WireEvent, data: bytes, raw: bool, fold_lines: int | None) -> Folded:
        if isinstance(event, TextSeen | BrokenBytesSeen):
            return self._cut(safe_bytes(data), lambda text: text, fold_lines)
        text = data.decode("utf-8", "backslashreplace")
        if raw:
            return self._cut(text, lambda text: coloured(text, self._theme), fold_lines)
        if fold_lines is None:
            return Folded(pretty(text, self._theme, width=self._width(), margin=MARGIN), 0, 0)
        return pretty_folded(
            text,
            self._theme,
            max_lines=fold_lines,
            max_run=FOLD_CHARACTERS,
            width=self._width(),
            margin=MARGIN,
        )

    def _cut(self, text: str, paint: Callable[[str], str], fold_lines: int | None) -> Folded:
        """Cut exact text that is not laid out, by characters and by lines."""
        if fold_lines is None:
            return Folded(paint(text), 0, 0)
        lines = text[:FOLD_CHARACTERS].split("\n")
        shown = "\n".join(lines[:fold_lines])
        return Folded(paint(shown), 0, len(text) - len(shown))

    def _fold_note(self, body: Folded, record: Record) -> str:
        counts = []
        if body.more_lines:
            counts.append(f"{body.more_lines:,} more lines")
        if body.more_characters:
            counts.append(f"{body.more_characters:,} more characters")
        if not counts:
            return ""
        where = "" if record.number is None else f" · /show {record.number}"
        return self._theme.style("dim", f"  … {', '.join(counts)}{where}")

    def _remarks(self, record: Record, event: WireEvent) -> Iterator[str]:
        """Give what the rules say of a record as it comes."""
        found = self._choices.remarks(record)
        sent = event.direction is Direction.SENT
        where = "" if record.number is None else f" · /lint {record.number}"
        return remark_lines(found, self._theme, self._width(), sent=sent, where=where)

    def _explanation(self, event: WireEvent, briefly: bool) -> str:
        """Return what there is to say about an error; in brief, each condition once in full."""
        if isinstance(event, BrokenBytesSeen):
            return problem_block(event.problem, self._theme, self._width())
        if not isinstance(event, ElementSeen) or event.direction is Direction.SENT:
            return ""
        if event.stanza is None or event.stanza.type != "error":
            return ""
        error = stanza_error(event.element)
        if error is None:
            return ""
        known = error.condition in self._explained
        self._explained.add(error.condition)
        return stanza_error_lines(error, self._theme, self._width(), briefly=briefly and known)


def _negotiates(record: Record) -> bool:
    return record.move is not None and record.move.family is MoveFamily.NEGOTIATION


def _kind(event: WireEvent) -> str:
    """Return what the event is in a word or two, as safe text."""
    if isinstance(event, StreamHeaderSeen):
        return "stream header"
    if isinstance(event, StreamEndSeen):
        return "end of the stream"
    if isinstance(event, WhitespaceSeen):
        return "white space, a keepalive"
    if isinstance(event, TextSeen):
        return "text outside of any element"
    if isinstance(event, BrokenBytesSeen):
        return "broken bytes"
    if isinstance(event, ElementSeen) and event.stanza is not None:
        kind = event.stanza.kind
        return f"{kind} {_short(event.stanza.type)}" if event.stanza.type else kind
    name = _TAG_NAME.search(event.data.decode("utf-8", "replace"))
    return _short(name[1]) if name else "element"


def _facts(record: Record, event: WireEvent, stanza: Stanza | None) -> list[tuple[Role, str]]:
    """Return what else the head line says, with roles: id, addresses, answer, reason."""
    facts: list[tuple[Role, str]] = []
    answers = record.answers
    if answers is not None:
        facts.append(("ok", f"answers {answers.request} in {duration(answers.seconds)}"))
    elif stanza is not None and stanza.id:
        facts.append(("dim", _short(stanza.id)))
    if stanza is not None:
        if event.direction is Direction.RECEIVED and stanza.sender and answers is None:
            facts.append(("text", f"from {_short(stanza.sender)}"))
        elif event.direction is Direction.SENT and stanza.to and stanza.kind != "iq":
            facts.append(("text", f"to {_short(stanza.to)}"))
    if record.move is not None:
        facts.append(("auto", f"[auto] {safe_line(record.move.reason)}"))
    return facts


def _short(text: str | None) -> str:
    return shortened(safe_line(text or ""), _ADDRESS_COLUMNS)


def render_json(record: Record) -> str:
    """Return `record` as one line of JSON in ASCII, the same as in a capture, without secrets."""
    from ..transcript.capture import as_json

    return json.dumps(as_json(record), separators=(",", ":"))


def render_raw(record: Record, *, exact: bool = False) -> str | None:
    """Return the text that was on the wire, without secrets; None for what was not on it.

    Characters that act on a terminal are shown as code points unless `exact`, which is for
    output that does not go to one. Bytes that are not UTF-8 are shown in hex either way.
    """
    event = record.event
    if not isinstance(event, WireEvent):
        return None
    data = redact(event.data)
    if not exact:
        return safe_bytes(data)
    return data.decode("utf-8", "backslashreplace")
