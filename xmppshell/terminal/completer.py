"""Completion at the prompt: what `completing` offers, in the form of prompt_toolkit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ..commands.typed import context_of
from ..protocol.events import Direction
from .completing.command_line import command_offers, session_offers
from .completing.offers import Offer
from .placeholders import field_before
from .safe_text import safe_line

if TYPE_CHECKING:
    from ..commands.desk import Desk
    from ..session import Session
    from .completing.surroundings import Surroundings

ASKED = CompleteEvent(completion_requested=True)
UNASKED = CompleteEvent(text_inserted=True)
"""Why there are completions: Tab was pressed, or something was typed."""

MOST_OFFERED = 150
"""Nobody looks at more lines of a menu; who types on sees the others."""

LONGEST_TYPED = 100_000
"""In a longer text, in characters, nothing is offered before it is asked for."""


class ShellCompleter(Completer):
    """Completes what is typed at the prompt from the registry, the desk and the catalogue.

    Until it is `ready`, it offers for XML only what is asked for: the catalogue is not read yet,
    and nobody who just types is to wait for that.
    """

    def __init__(self, desk: Desk, *, ready: bool = True) -> None:
        self._desk = desk
        self.ready = ready

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Give what fits at the cursor; it takes the place of an open field that ends there."""
        asked = complete_event.completion_requested
        if not asked and len(document.text) > LONGEST_TYPED:
            return
        for offer in islice(self._offers(document, asked), MOST_OFFERED):
            yield Completion(
                offer.text,
                -offer.replaces,
                display=safe_line(offer.label),
                display_meta=safe_line(offer.meaning),
            )

    def _offers(self, document: Document, asked: bool) -> Iterator[Offer]:
        before = document.text_before_cursor
        if before.lstrip().startswith("/"):
            yield from command_offers(self._desk, before.lstrip())
            return
        sessions = session_offers(self._desk, before)
        if sessions is not None:
            yield from sessions
            return
        if "<" not in before or not (asked or self.ready):
            return
        # Not before there is XML: the prompt does not wait for the catalogue to be loaded.
        from .completing.xml import xml_offers

        field = field_before(document.text, document.cursor_position)
        length = 0 if field is None else field.end - field.start
        session, xml = self._desk.addressee(before[: len(before) - length])
        around = self._surroundings(session)
        text = xml + document.text_after_cursor
        for offer in xml_offers(text, len(xml), around, asked=asked):
            yield replace(offer, replaces=offer.replaces + length)

    def _surroundings(self, session: Session | None) -> Surroundings:
        from .completing.surroundings import Surroundings

        desk = self._desk
        if session is None:
            return Surroundings(
                jids=desk.seen_jids, namespaces=desk.seen_namespaces, entities=desk.known
            )
        return Surroundings(
            context=context_of(session),
            jids=desk.seen_jids,
            namespaces=desk.seen_namespaces,
            entities=desk.known,
            own=str((session.jid or session.settings.jid).bare),
            variables=lambda: desk.variables(session),
            waiting=lambda: session.exchanges.waiting(Direction.RECEIVED),
        )
