"""From what was typed to what is sent: variables, ids, and nothing else changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..protocol.dialects import CLIENT, Dialect
from ..protocol.features.base import escape
from ..protocol.problem import Problem
from ..protocol.stanza import stanza_of
from ..protocol.xml import Completeness, Context, add_attribute, examine, parse_element
from .registry import CommandError

_PLACEHOLDER = re.compile(r"\$\$|\$([a-z]+)|\{\{id\}\}|\{id\}")


@dataclass(frozen=True, slots=True)
class Composition:
    """What to send, and the ids that it was given or already had, in order.

    `messages` are what is handed to the transport, one after the other: over TCP the exact text
    in one piece, over WebSocket each element by itself.
    """

    messages: tuple[str, ...]
    ids: tuple[str, ...]


def substitute(text: str, variables: Mapping[str, str], next_id: Callable[[], str]) -> str:
    """Replace `$name` and `{id}`; `$$` and `{{id}}` stand for themselves.

    `{id}` gives the same fresh id everywhere in one text, so that it can be referred to. A name
    that is not in `variables` stays as it was typed, since `$` is also a currency sign.
    """
    fresh: list[str] = []

    def replacement(match: re.Match[str]) -> str:
        found = match.group()
        if found == "$$":
            return "$"
        if found == "{{id}}":
            return "{id}"
        if found == "{id}":
            if not fresh:
                fresh.append(next_id())
            return fresh[0]
        value = variables.get(match.group(1))
        return found if value is None else escape(value)

    return _PLACEHOLDER.sub(replacement, text)


def compose(
    text: str,
    variables: Mapping[str, str],
    next_id: Callable[[], str],
    context: Context,
    dialect: Dialect = CLIENT,
) -> Composition:
    """Fill in `text` and give an id to each stanza in it that has none.

    Where `dialect` lets stanzas inherit no namespace, they are given theirs. Raises `XmlError` if
    the text is not well-formed, and `CommandError` if it is not complete.
    """
    filled = substitute(text.strip(), variables, next_id)
    examination = examine(filled, context)
    if examination.error is not None:
        raise examination.error
    if examination.completeness is not Completeness.COMPLETE:
        raise CommandError(
            Problem(
                "the XML is not complete",
                f"still open: {', '.join(f'<{tag}>' for tag in examination.open_tags) or 'a tag'}",
                "close it; /send-raw sends a part",
            )
        )
    if examination.header:
        return Composition((filled,), ())
    parts: list[str] = []
    ids: list[str] = []
    rest = filled
    for element in examination.elements:
        before, _, rest = rest.partition(element)
        complete = dialect.complete(element.encode()).decode()
        stamped, stanza_id = _with_id(complete, next_id, context)
        parts += [before, stamped]
        ids += [stanza_id] if stanza_id else []
    packed = dialect.packed(*(part.encode() for part in [*parts, rest]))
    return Composition(tuple(message.decode() for message in packed), tuple(ids))


def _with_id(element: str, next_id: Callable[[], str], context: Context) -> tuple[str, str]:
    stanza = stanza_of(parse_element(element.encode(), context))
    if stanza is None:
        return element, ""
    if stanza.id is not None:
        return element, stanza.id
    fresh = next_id()
    return add_attribute(element, "id", fresh), fresh
