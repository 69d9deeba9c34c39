"""Completion of commands, of their options and arguments, and of the names of sessions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ...commands.templates import field_suggestions, meaning_of
from ...configuration.keys import DEFAULT_KEYS, LOOKS_KEYS
from ...configuration.reading import ConfigurationError
from ...protocol.errors import SASL_CONDITIONS, STANZA_CONDITIONS, STREAM_CONDITIONS
from .offers import Offer, matching

if TYPE_CHECKING:
    from ...commands.desk import Desk
    from ...commands.registry import Argument, Command

FEWEST_LETTERS = 2
"""Of very many words none is offered for fewer letters."""

_ADDRESS_START = re.compile(r"\s*@[^\s<]*")


def session_offers(desk: Desk, before: str) -> Iterator[Offer] | None:
    """Offer sessions if `before`, the text before the cursor, is the start of `@NAME`."""
    if not _ADDRESS_START.fullmatch(before):
        return None
    return matching(desk.sessions.names, before.lstrip().removeprefix("@"), " ")


def command_offers(desk: Desk, before: str) -> Iterator[Offer]:
    """Offer what fits at the end of `before`, a command that begins with `/`."""
    name, space, rest = before[1:].partition(" ")
    if space:
        command = desk.registry.commands.get(name)
        return iter(()) if command is None else _arguments(desk, command, rest)
    return (
        Offer(command.name, len(name), f"/{command.name}", command.summary)
        for command in desk.registry.commands.values()
        if command.name.startswith(name)
    )


def _arguments(desk: Desk, command: Command, rest: str) -> Iterator[Offer]:
    words = rest.split()
    word = "" if rest.endswith(" ") or not words else words.pop()
    option = next((o for o in command.options if words and o.name == words[-1]), None)
    if option is not None and (option.value or option.choices):
        yield from matching(option.choices, word)
        return
    if word.startswith("-"):
        for each in command.options:
            for name in (each.name, each.opposite) if each.negatable else (each.name,):
                if name.startswith(word):
                    yield Offer(name, len(word), name, each.meaning)
        return
    taken = sum(not w.startswith("--") for w in words)
    if command.arguments and command.arguments[-1].rest:
        taken = min(taken, len(command.arguments) - 1)
    if taken < len(command.arguments):
        argument = command.arguments[taken]
        offered = [*argument.choices, *_suggested(desk, argument, words, word)]
        for offer in matching(offered, word):
            yield replace(offer, meaning=meaning_of(desk, argument.suggest, words, offer.text))


def _suggested(desk: Desk, argument: Argument, words: list[str], word: str) -> Iterable[str]:
    """Give the list that an argument asks for; `words` are those before `word`, the last."""
    if argument.suggest == "commands":
        return desk.registry.commands
    if argument.suggest == "jids":
        return desk.seen_jids
    if argument.suggest == "sessions":
        return desk.sessions.names
    if argument.suggest == "accounts":
        return _accounts(desk)
    if argument.suggest == "settings":
        return [*LOOKS_KEYS, *DEFAULT_KEYS]
    if argument.suggest == "values":
        key = {**LOOKS_KEYS, **DEFAULT_KEYS}.get(words[0])
        return () if key is None else key.typed_choices
    if argument.suggest == "conditions":
        return sorted({*STANZA_CONDITIONS, *STREAM_CONDITIONS, *SASL_CONDITIONS})
    if argument.suggest == "templates":
        return desk.templates.names()
    if argument.suggest == "groups":
        return desk.templates.groups()
    if argument.suggest == "terms" and not words and len(word) >= FEWEST_LETTERS:
        from ...knowledge.explain_term import known_terms

        return known_terms()
    if argument.suggest == "rules" and not words:
        from ...knowledge.lint import RULES

        return ["on", "off", "rules", *RULES]
    if argument.suggest == "practice":
        from ...commands.practice import choices_of

        return choices_of(words[0])
    if argument.suggest == "fields":
        return field_suggestions(desk, words, word)
    return ()


def _accounts(desk: Desk) -> Iterable[str]:
    """Give what may be connected to: accounts of the file, sessions to open again, JIDs."""
    try:
        of_the_file = list(desk.preferences.load().accounts)
    except ConfigurationError:
        of_the_file = []  # `/connect` names the mistake.
    closed = [each.name for each in desk.sessions if not each.connected]
    return dict.fromkeys([*of_the_file, *closed, *desk.seen_jids])
